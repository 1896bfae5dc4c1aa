#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dialog.h"

/*
 * Sessions: how they begin, end and break. Of group session what does not need MSRP; whatever does
 * waits for it: CH-001 to 004, 006 to 008, 011 to 017, 019, and receipts as REPORTs, RC-001 to 005
 * and 007, whose rules IMDN-001 to 009 hold without it. Of group lync all but presence.
 */
const char *const parts_session[] = {"TY-", "RC-006", "CH-005", "CH-009", "CH-010", "CH-018", NULL};
const char *const parts_lync[] = {
	"LY-001", "LY-002", "LY-003", "LY-004", "LY-005", "LY-006", "LY-007", "LY-008", NULL};

enum { IDLE_MS = 600 * 1000 };

/* ---- how it ends ---- */

static void compare_stanzas(struct dialog *d, json_t *expected)
{
	json_t *one;
	size_t i;

	if (d->r->n_xml != json_array_size(expected))
		fail(d->v, "%u stanzas left", d->r->n_xml);
	json_array_foreach(expected, i, one)
		if (i < d->r->n_xml)
			compare_one_stanza(d->v, rig_xml(d->r, (unsigned)i), one);
}

static void user_leaves(struct dialog *d, json_t *request)
{
	struct vector *v = d->v;
	json_t *response = take(v, v->out, "response"), *stanzas = take(v, v->out, "stanzas");
	const struct sip_msg *m;

	if (strcmp(take_string(v, request, "method"), "BYE") != 0)
		fail(v, "only BYE");
	dialog_request(d, "BYE", NULL, "");
	m = only_response(v, d->r);
	if (m)
		compare_response(v, m, response);
	compare_stanzas(d, stanzas);
}

static void contact_leaves(struct dialog *d, json_t *message)
{
	play_stanza(d->v, d->r, "message", message);
	rig_advance(d->r, 1);
	dialog_compare(d, take(d->v, d->v->out, "request"));
}

static void nobody_speaks(struct dialog *d, const char *event)
{
	if (!strstr(event, "idle limit"))
		fail(d->v, "unknown event");
	rig_advance(d->r, IDLE_MS);
	dialog_compare(d, take(d->v, d->v->out, "request"));
}

/* ---- how it begins ---- */

static const char *join(struct vector *v, json_t *list)
{
	const char *all = "";
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
		all = arena_printf(&v->arena, "%s%s%s", all, i ? ", " : "", json_string_value(one));
	return all;
}

static void invited(struct dialog *d, json_t *invite)
{
	struct vector *v = d->v;
	const char *media = take_string(v, invite, "sdp_media"),
		   *text = take_string(v, invite, "ms_text_format");
	json_t *supported = take(v, invite, "supported"), *message = take(v, v->out, "message");
	const struct sip_msg *m;

	dialog_invite(d, media,
		arena_printf(&v->arena, "%s%s%s%s%s%s", text ? "ms-text-format: " : "",
			text ? text : "", text ? "\r\n" : "", supported ? "Supported: " : "",
			join(v, supported), supported ? "\r\n" : ""));
	m = only_response(v, d->r);
	if (m)
		compare_response(v, m, take(v, v->out, "response"));
	if (message)
		compare_stanza(v, d->r, message);
	else if (take_flag(v, v->out, "no_stanza") && d->r->n_xml)
		fail(v, "a stanza left: %s", d->r->xml[0]);
}

/* ---- within ---- */

static void message_within(struct dialog *d, json_t *message)
{
	struct vector *v = d->v;
	const struct sip_msg *m;

	dialog_request(d, "MESSAGE", take_string(v, message, "content_type"), "x");
	m = only_response(v, d->r);
	if (m)
		compare_response(v, m, take(v, v->out, "response"));
	if (take_flag(v, v->out, "no_stanza") && d->r->n_xml)
		fail(v, "a stanza left: %s", d->r->xml[0]);
}

/* The text is under way in the dialog that is there now; its Call-ID. */
static const char *under_way(struct dialog *d, const char *text)
{
	const struct sip_msg *m = dialog_sent(d, SIP_MESSAGE);

	if (!m || !slice_eqz(m->body, text)) {
		fail(d->v, "the text is not sent");
		return "";
	}
	return arena_dup(&d->v->arena, m->call_id);
}

static void dialog_dies(struct dialog *d, json_t *response)
{
	struct vector *v = d->v;
	unsigned status = (unsigned)json_integer_value(take(v, response, "status"));
	const char *first;

	compare(v, v->out,
		(struct field[]){
			{"dialog", SL("dropped")}, {"then", SL("new INVITE, message resent once")}},
		2);
	rig_stanza(d->r, "<message type='chat' id='m' from='juliet@example.com/x' "
			 "to='romeo@example.net'><body>once</body></message>");
	rig_advance(d->r, 1);
	first = under_way(d, "once");
	dialog_respond(d, SIP_MESSAGE, status);
	if (!dialog_accept(d) || strcmp(under_way(d, "once"), first) == 0)
		fail(v, "there is no new dialog");
	dialog_respond(d, SIP_MESSAGE, status);
	/* not a third time: its sender is told */
	if (d->r->n_xml != 1 || !slice_eqz(xml_attr(rig_xml(d->r, 0), SL("type")), "error"))
		fail(v, "the contact is not told");
}

/* ---- the vectors ---- */

/* Of what the vector is about: its dialog's Call-ID, which its thread is. */
static const char *call_id_of(struct vector *v)
{
	json_t *request = json_object_get(v->in, "request"),
	       *message = json_object_get(v->in, "message");
	const char *id = take_string(v, request, "call_id");

	return id ? id : json_string_value(json_object_get(message, "thread"));
}

static void play(struct dialog *d)
{
	struct vector *v = d->v;
	json_t *invite = take(v, v->in, "invite"), *request = take(v, v->in, "request"),
	       *message = take(v, v->in, "message"), *within = take(v, v->in, "message_in_dialog"),
	       *response = take(v, v->in, "message_response");
	const char *session = take_string(v, v->in, "session"),
		   *event = take_string(v, v->in, "event");

	if (session && strcmp(session, "established") != 0)
		fail(v, "only with a session that is established");
	if (invite) {
		invited(d, invite);
		return;
	}
	dialog_establish(d);
	if (request)
		user_leaves(d, request);
	else if (message)
		contact_leaves(d, message);
	else if (within)
		message_within(d, within);
	else if (response)
		dialog_dies(d, response);
	else if (event)
		nobody_speaks(d, event);
	else
		fail(v, "there is nothing to play");
}

static bool is_typing(const struct vector *v)
{
	return strncmp(v->id, "TY-", 3) == 0 || strncmp(v->id, "RC-", 3) == 0 ||
	       json_object_get(v->in, "info") || json_object_get(v->in, "chatstate");
}

void run_session(struct vector *v)
{
	const char *call_id = call_id_of(v);
	bool lync = strncmp(v->id, "LY-", 3) == 0;
	struct dialog d = {.v = v, .call_id = call_id ? call_id : "session"};

	if (is_typing(v)) {
		run_typing(v);
		return;
	}
	d.r = xmalloc(sizeof *d.r);
	rig_init(d.r, &(struct rig_options){
			      .kind = lync ? "microsoft-pool" : NULL, .message_mode = "session"});
	play(&d);
	rig_done(d.r);
	free(d.r);
}
