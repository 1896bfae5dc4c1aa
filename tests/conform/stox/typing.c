#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "dialog.h"
#include "gateway/composing.h"
#include "xml/document.h"

/*
 * Who is typing, through the gateway: in a session (RFC 7573 6, here with MESSAGE in the dialog),
 * with KeyboardActivity (lync-sip-profile 5.4), and in pager mode. An idle, or anything that ends
 * typing, means something only to who was typing: there it begins.
 */
struct play {
	struct vector *v;
	struct dialog d;
	bool pager, lync;
};

static void begin(struct play *p, struct vector *v, const char *call_id)
{
	const char *mode = take_string(v, v->in, "mode"),
		   *types = take_string(v, v->in, "peer_accept_types");

	*p = (struct play){.v = v,
		.pager = mode && strcmp(mode, "pager") == 0,
		.lync = strncmp(v->id, "LY-", 3) == 0};
	p->d = (struct dialog){.v = v,
		.r = xmalloc(sizeof *p->d.r),
		.call_id = call_id ? call_id : "typing",
		.types = types};
	rig_init(p->d.r, &(struct rig_options){.kind = p->lync ? "microsoft-pool" : NULL});
	if (!p->pager)
		dialog_establish(&p->d);
}

static void end(struct play *p)
{
	rig_done(p->d.r);
	free(p->d.r);
}

/* ---- from SIP ---- */

static void user_types(struct play *p, const char *state, json_t *refresh)
{
	struct arena *a = &p->v->arena;
	const char *seconds = "";

	if (json_is_integer(refresh))
		seconds = arena_printf(
			a, "<refresh>%lld</refresh>", (long long)json_integer_value(refresh));
	dialog_request(&p->d, "MESSAGE", COMPOSING_TYPE,
		arena_printf(a,
			"<isComposing xmlns='" NS_ISCOMPOSING "'><state>%s</state>%s</isComposing>",
			state, seconds));
	if (rig_status(p->d.r) != 200)
		fail(p->v, "answered %u", rig_status(p->d.r));
}

static void user_writes(struct play *p)
{
	dialog_request(&p->d, "MESSAGE", "text/plain", "content");
}

static void one_document(struct play *p, const char *state)
{
	struct vector *v = p->v;
	json_t *refresh = take(v, v->in, "refresh"), *elapsed = take(v, v->in, "elapsed");
	struct rig *r = p->d.r;

	if (strcmp(state, "active") != 0)
		user_types(p, "active", NULL);
	else
		user_types(p, state, refresh);
	r->n_xml = 0;
	if (strcmp(state, "active") != 0)
		user_types(p, state, refresh);
	if (elapsed) {
		/* a step of the clock has been taken since */
		rig_advance(r, (uint64_t)json_integer_value(elapsed) * 1000 - 2);
		if (r->n_xml)
			fail(v, "something is told too early");
		rig_advance(r, 1);
	}
	compare_stanza(v, r, v->out);
}

/* The chat states of stanzas without a text, one after the other. */
static void compare_states(struct play *p, json_t *expected)
{
	struct vector *v = p->v;
	size_t n = 0;

	for (unsigned i = 0; i < p->d.r->n_xml; i++) {
		const struct xml_elem *e = rig_xml(p->d.r, i);
		enum chatstate state = chatstate_read(e);

		if (xml_child(e, SL("jabber:server"), SL("body")))
			continue;
		if (!state || !slice_eqz(slice_of(chatstate_name(state)),
				      json_string_value(json_array_get(expected, n))))
			fail(v, "stanza %zu is %s", n, p->d.r->xml[i]);
		n++;
	}
	if (n != json_array_size(expected))
		fail(v, "%zu states are told", n);
}

static void documents(struct play *p, json_t *sequence)
{
	struct vector *v = p->v;
	json_t *one, *states = take(v, v->out, "chatstates");
	json_t *composing = json_pack("[s]", "composing");
	size_t i;

	json_array_foreach(sequence, i, one) {
		struct slice step = slice_of(json_string_value(one));

		if (slice_starts(step, SL("iscomposing ")))
			user_types(p, slice_from(step, 12).p, NULL);
		else if (slice_eqz(step, "content message"))
			user_writes(p);
		else
			fail(v, "unknown step '%.*s'", SLARG(step));
	}
	if (states)
		compare_states(p, states);
	if (take_flag(v, v->out, "no_extra_idle_stanza")) {
		/* nor later: the contact's side is idle by the text */
		play_written(p->d.r);
		rig_advance(p->d.r, COMPOSING_REFRESH_S * 1000);
		compare_states(p, composing);
		compare(v, v->out, (struct field[]){{"receiver_state", SL("idle")}}, 1);
	}
	json_decref(composing);
}

/* ---- from XMPP ---- */

static void contact_says(struct play *p, const char *state)
{
	json_t *stanza = json_pack("{s:s, s:s, s:s, s:s}", "from", "juliet@example.com/x", "to",
		"romeo@example.net", "type", "chat", "chatstate", state);

	play_stanza(p->v, p->d.r, "message", stanza);
	rig_advance(p->d.r, 1);
	json_decref(stanza);
}

/* The request that tells the user, by the parts that vectors name. */
static void compare_document(struct play *p, const struct sip_msg *m)
{
	struct vector *v = p->v;
	const struct xml_elem *root = xml_document_read(&v->arena, m->body);
	struct slice state = xml_child_text(root, SL(NS_ISCOMPOSING), SL("state"), &v->arena);
	struct field fields[] = {
		{"method", m->method_name},
		{"content_type", sip_msg_get(m, SIP_H_CONTENT_TYPE)},
		{"status", root ? xml_attr(xml_first(root), SL("status")) : SL_NONE},
		{"state", state},
		{"iscomposing", state},
		{"root", root ? slice_of(arena_printf(&v->arena, "{%.*s}%.*s", SLARG(root->ns),
					SLARG(root->name)))
			      : SL_NONE},
	};
	json_t *info = take(v, v->out, "info");

	compare(v, info ? info : v->out, fields, ARRAY_LEN(fields));
}

/* In pager mode: his side has it, but he wrote to nobody. */
static void user_typed_before(struct play *p)
{
	json_t *request = json_pack("{s:s, s:s}", "content_type", COMPOSING_TYPE, "body",
		"<isComposing xmlns='" NS_ISCOMPOSING "'><state>active</state></isComposing>");

	play_request(p->v, p->d.r, request);
	json_decref(request);
}

static void state_in(struct play *p, const char *state)
{
	struct vector *v = p->v;
	json_t *earlier = take(v, v->in, "earlier_message_from_peer");
	json_t *response = take(v, v->in, "earlier_response");
	json_t *request = take(v, v->out, "request");
	bool no_request = take_flag(v, v->out, "no_request");
	bool nothing = take_flag(v, v->out, "no_msrp") || no_request;
	struct rig *r = p->d.r;
	enum sip_method method = p->lync ? SIP_INFO : SIP_MESSAGE;

	if (p->pager && !json_is_false(earlier))
		fail(v, "only without an earlier message");
	if (p->pager)
		user_typed_before(p);
	if (response) {
		contact_says(p, "composing");
		dialog_respond(&p->d, method, (unsigned)json_integer_value(response));
		contact_says(p, "paused");
		rig_advance(r, COMPOSING_AGAIN_MS);
	} else if (strcmp(state, "composing") != 0) {
		contact_says(p, "composing");
		if (!dialog_sent(&p->d, method))
			fail(v, "typing is not told");
		else
			dialog_respond(&p->d, method, 200);
	}
	r->n_sip = 0;
	contact_says(p, state);
	if (nothing && rig_count(r, true))
		fail(v, "something is said");
	if (request)
		dialog_compare(&p->d, request);
	if (dialog_sent(&p->d, method))
		compare_document(p, dialog_sent(&p->d, method));
	else
		compare(v, v->out, (struct field[]){{"iscomposing", SL_NONE}}, 1);
}

/* INFO of a user of Lync. */
static void info_in(struct play *p, json_t *info)
{
	struct vector *v = p->v;
	const char *type = take_string(v, info, "content_type"),
		   *status = take_string(v, info, "status");
	static const char form[] =
		"<?xml version=\"1.0\"?><KeyboardActivity><status status=\"%s\"/>"
		"</KeyboardActivity>";

	if (strcmp(status, "idle") == 0)
		dialog_request(&p->d, "INFO", type, arena_printf(&v->arena, form, "type"));
	p->d.r->n_sip = p->d.r->n_xml = 0;
	dialog_request(&p->d, "INFO", type, arena_printf(&v->arena, form, status));
	compare(v, v->out, (struct field[]){{"response", number(v, rig_status(p->d.r))}}, 1);
	compare_stanza(v, p->d.r, v->out);
}

/* RC-006: a receipt about nothing. */
static void stray_receipt(struct play *p, json_t *message)
{
	json_object_set_new(message, "from", json_string("juliet@example.com/x"));
	json_object_set_new(message, "to", json_string("romeo@example.net"));
	play_stanza(p->v, p->d.r, "message", message);
	rig_advance(p->d.r, 1);
	if (!take_flag(p->v, p->v->out, "no_msrp") || rig_count(p->d.r, true))
		fail(p->v, "something is told");
}

void run_typing(struct vector *v)
{
	const char *document = take_string(v, v->in, "iscomposing"),
		   *state = take_string(v, v->in, "chatstate");
	json_t *sequence = take(v, v->in, "sequence"), *message = take(v, v->in, "message"),
	       *info = take(v, v->in, "info");
	struct play p;

	begin(&p, v, NULL);
	if (document)
		one_document(&p, document);
	else if (sequence)
		documents(&p, sequence);
	else if (state)
		state_in(&p, state);
	else if (info)
		info_in(&p, info);
	else if (message)
		stray_receipt(&p, message);
	else
		fail(v, "there is nothing to play");
	end(&p);
}
