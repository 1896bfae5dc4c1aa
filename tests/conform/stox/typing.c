#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "gateway/composing.h"
#include "gateway/receipt.h"
#include "vector.h"
#include "xml/document.h"

/*
 * Who is typing, on the machine that sessions will ask; no session is built, so what a session says
 * and answers by itself is not played. An idle, or anything that ends typing, means something only
 * to who was typing: there it begins.
 */
const char *const parts_session[] = {"TY-", "RC-006", NULL};
const char *const parts_lync[] = {"LY-003", "LY-004", NULL};

/* ---- from SIP ---- */

static void hear_document(struct vector *v, struct composing *c, const char *state, json_t *refresh,
	unsigned *ret_actions)
{
	struct composing_doc doc;
	struct buf b = {0};

	buf_printf(&b,
		"<isComposing xmlns='urn:ietf:params:xml:ns:im-iscomposing'><state>%s</state>",
		state);
	if (json_is_integer(refresh))
		buf_printf(&b, "<refresh>%lld</refresh>", (long long)json_integer_value(refresh));
	buf_str(&b, "</isComposing>");
	if (!composing_read(&doc, &v->arena, buf_slice(&b)))
		fail(v, "the document cannot be read");
	else
		*ret_actions = composing_heard(
			c, doc.active ? HEARD_EV_TYPING : HEARD_EV_IDLE, doc.refresh_s, 0);
	buf_done(&b);
}

/* The chat state that actions tell; SL_NONE: none. */
static struct slice told(const struct composing *c, unsigned actions)
{
	if (actions & COMPOSING_TELL_TYPING)
		return slice_of(chatstate_name(CHATSTATE_COMPOSING));
	if (actions & COMPOSING_TELL_STOPPED)
		return slice_of(chatstate_name(composing_stopped(c)));
	return SL_NONE;
}

static void one_document(struct vector *v, const char *state)
{
	json_t *refresh = take(v, v->in, "refresh"), *elapsed = take(v, v->in, "elapsed");
	unsigned actions = 0;
	struct composing c;

	composing_init(&c, COMPOSING_SESSION);
	if (strcmp(state, "active") != 0)
		composing_heard(&c, HEARD_EV_TYPING, COMPOSING_REFRESH_S, 0);
	hear_document(v, &c, state, refresh, &actions);
	if (elapsed) {
		uint64_t end = (uint64_t)json_integer_value(elapsed) * 1000;

		if (composing_tick(&c, end - 1))
			fail(v, "something is told too early");
		actions = composing_tick(&c, end);
	}
	compare(v, v->out, (struct field[]){{"chatstate", told(&c, actions)}}, 1);
}

/* What was told, one after the other, with spaces between. */
static void documents(struct vector *v, json_t *sequence)
{
	struct buf all = {0};
	struct composing c;
	json_t *one;
	size_t i;

	composing_init(&c, COMPOSING_SESSION);
	json_array_foreach(sequence, i, one) {
		struct slice step = slice_of(json_string_value(one));
		unsigned actions = 0;

		if (slice_starts(step, SL("iscomposing ")))
			hear_document(v, &c, slice_from(step, 12).p, NULL, &actions);
		else if (slice_eqz(step, "content message"))
			actions = composing_heard(&c, HEARD_EV_CONTENT, 0, 0);
		else
			fail(v, "unknown step '%.*s'", SLARG(step));
		buf_printf(&all, "%s%.*s", all.n && actions ? " " : "", SLARG(told(&c, actions)));
	}
	one = take(v, v->out, "chatstates");
	if (one && !slice_eqz(buf_slice(&all), json_string_value(json_array_get(one, 0))))
		fail(v, "told: %.*s", SLARG(buf_slice(&all)));
	if (take_flag(v, v->out, "no_extra_idle_stanza") &&
		!slice_eqz(buf_slice(&all), "composing"))
		fail(v, "told: %.*s", SLARG(buf_slice(&all)));
	compare(v, v->out,
		(struct field[]){
			{"receiver_state", c.heard == HEARD_TYPING ? SL("active") : SL("idle")}},
		1);
	buf_done(&all);
}

/* ---- from XMPP ---- */

static enum composing_carriage carriage_of(struct vector *v)
{
	const char *mode = take_string(v, v->in, "mode"),
		   *types = take_string(v, v->in, "peer_accept_types");

	if (mode && strcmp(mode, "pager") == 0)
		return COMPOSING_PAGER;
	if (types && !composing_accepted(slice_of(types)))
		return COMPOSING_NOT;
	return strncmp(v->id, "LY-", 3) == 0 ? COMPOSING_KEYBOARD : COMPOSING_SESSION;
}

static unsigned say(struct vector *v, struct composing *c, const char *state)
{
	const struct xml_elem *e = xml_document_read(&v->arena,
		slice_of(arena_printf(&v->arena,
			"<message><%s xmlns='http://jabber.org/protocol/chatstates'/></message>",
			state)));

	return composing_stanza(c, chatstate_read(e), false, COMPOSING_AGAIN_MS);
}

/* The document that was made, by the parts that vectors name. */
static void compare_document(struct vector *v, const struct composing *c, bool active)
{
	struct buf b = {0};
	struct composing_form form = composing_form(c, active, &b);
	const struct xml_elem *root = xml_document_read(&v->arena, buf_slice(&b));
	struct slice state = xml_child_text(root, SL(NS_ISCOMPOSING), SL("state"), &v->arena);
	struct field fields[] = {
		{"method", slice_of(sip_method_name(form.method))},
		{"content_type", slice_of(form.type)},
		{"status", xml_attr(xml_first(root), SL("status"))},
		{"state", state},
		{"iscomposing", state},
		{"root", slice_of(arena_printf(
				 &v->arena, "{%.*s}%.*s", SLARG(root->ns), SLARG(root->name)))},
	};
	json_t *info = take(v, v->out, "info");

	compare(v, info ? info : v->out, fields, ARRAY_LEN(fields));
	buf_done(&b);
}

static void state_in(struct vector *v, const char *state)
{
	json_t *earlier = take(v, v->in, "earlier_message_from_peer"), *request;
	json_t *response = take(v, v->in, "earlier_response");
	bool no_request = take_flag(v, v->out, "no_request");
	bool no_msrp = take_flag(v, v->out, "no_msrp");
	struct composing c;
	unsigned actions;

	composing_init(&c, carriage_of(v));
	if (!json_is_false(earlier)) /* RFC 3994 7: a page may only answer */
		composing_said(&c, SAID_EV_UP, 0);
	if (response && json_integer_value(response) == 415)
		composing_said(&c, SAID_EV_REFUSED, 0);
	if (strcmp(state, "composing") != 0)
		composing_said(&c, SAID_EV_COMPOSING, 0);
	actions = say(v, &c, state);
	if ((no_request || no_msrp) && actions)
		fail(v, "something is said: %#x", actions);
	if (actions & (COMPOSING_SAY_ACTIVE | COMPOSING_SAY_IDLE))
		compare_document(v, &c, actions & COMPOSING_SAY_ACTIVE);
	else
		compare(v, v->out, (struct field[]){{"iscomposing", SL_NONE}}, 1);
	request = take(v, v->out, "request");
	if (request)
		compare(v, request,
			(struct field[]){{"method", actions & COMPOSING_END ? SL("BYE") : SL_NONE}},
			1);
}

/* RC-006: a receipt about nothing. */
static void stray_receipt(struct vector *v, json_t *message)
{
	const char *id = take_string(v, message, "received_id");
	enum imdn_kind kind;
	enum imdn_status status;

	if (!id || !take_flag(v, v->out, "no_msrp") ||
		receipt_give(NULL, RECEIPT_EV_RECEIVED, true, &kind, &status) == RECEIPT_GOOD)
		fail(v, "something is told");
}

void run_typing(struct vector *v)
{
	const char *document = take_string(v, v->in, "iscomposing"),
		   *state = take_string(v, v->in, "chatstate");
	json_t *sequence = take(v, v->in, "sequence"), *message = take(v, v->in, "message");

	if (document)
		one_document(v, document);
	else if (sequence)
		documents(v, sequence);
	else if (state)
		state_in(v, state);
	else if (message)
		stray_receipt(v, message);
	else
		fail(v, "there is nothing to play");
}
