#include "leg_scene.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "gateway/core.h"

/* ---- the owner ---- */

static void note(struct scene *s, const char *what)
{
	size_t n = strlen(s->told);

	snprintf(s->told + n, sizeof s->told - n, "%s%s", n ? " " : "", what);
}

static void up(void *arg, unsigned accepts, const struct sip_msg *response)
{
	struct scene *s = arg;

	assert(response->status / 100 == 2);
	note(s, accepts == (OFFER_PLAIN | OFFER_HTML) ? "up" : "up?");
}

static void refused(void *arg, const struct sip_result *r)
{
	struct scene *s = arg;
	char text[32];

	if (r->end == SIP_FINAL)
		snprintf(text, sizeof text, "refused(%u)", r->status);
	else
		snprintf(text, sizeof text, "refused(%s)",
			r->end == SIP_TIMEOUT ? "timeout" : "else");
	s->leg = NULL;
	note(s, text);
}

static void acked(void *arg)
{
	note(arg, "acked");
}

static void unacked(void *arg)
{
	note(arg, "unacked");
}

static void request(
	void *arg, struct sip_server *txn, const struct sip_msg *m, const struct route *route)
{
	struct scene *s = arg;
	char text[32];

	snprintf(text, sizeof text, "request(%.*s)", SLARG(m->method_name));
	note(s, text);
	if (s->hold)
		s->request = txn;
	else
		sip_server_reply(txn, &(struct sip_reply){.status = 200}, rig_now(&s->r));
}

static void ended(void *arg, enum leg_end why)
{
	struct scene *s = arg;
	static const char *const words[] = {[LEG_BYE] = "ended(bye)",
		[LEG_CANCELLED] = "ended(cancel)",
		[LEG_LOST] = "ended(lost)"};

	s->leg = NULL;
	note(s, words[why]);
}

static void left(void *arg)
{
	struct scene *s = arg;

	s->leg = NULL;
	note(s, "left");
}

static const struct leg_ops owner = {.up = up,
	.refused = refused,
	.acked = acked,
	.unacked = unacked,
	.request = request,
	.ended = ended,
	.left = left};

/* ---- their INVITE ---- */

static struct scene *scene_of(struct rig *r)
{
	return container_of(r, struct scene, r);
}

static void invited(struct rig *r, struct sip_server *txn, const struct sip_msg *m,
	const struct route *route, const struct sipnet_way *way)
{
	struct scene *s = scene_of(r);
	struct arena *a = gateway_scratch(r->g);
	struct offer o;
	const struct leg_invited i = {.owner = {&owner, s},
		.txn = txn,
		.invite = m,
		.offer = &o,
		.route = route,
		.way = way,
		.partner = SL("example.com")};

	s->refusal = (struct message_refusal){0};
	if (offer_read(&o, a, m, &s->refusal) && leg_heard(&s->leg, r->g, &i, &s->refusal)) {
		if (!s->hold)
			leg_answer(s->leg, s->first);
		return;
	}
	sip_server_reply(txn,
		&(struct sip_reply){.status = s->refusal.status,
			.reason = s->refusal.reason,
			.fields = &s->refusal.field,
			.n_fields = s->refusal.field.name.p ? 1 : 0},
		rig_now(r));
}

/* ---- life ---- */

void scene_init(struct scene *s, const struct rig_options *o)
{
	*s = (struct scene){.theirs = "their1"};
	rig_init(&s->r, o);
	s->r.invited = invited;
}

void scene_done(struct scene *s)
{
	rig_done(&s->r);
}

/* ---- what is said ---- */

void scene_call(struct scene *s)
{
	const struct leg_spec spec = {
		.owner = {&owner, s},
		.route = rig_route(&s->r),
		.partner = SL("example.com"),
		.ruri = SL("sip:romeo@example.net"),
		.from = SL("<sip:juliet@example.com;gr=balcony>"),
		.timeout_ms = 60000,
	};

	gateway_scratch(s->r.g);
	s->calling = true;
	s->invite = s->r.n_sip;
	s->leg = leg_invite(s->r.g, &spec);
	if (s->leg)
		s->ours = s->r.sip[s->invite].m->from.tag;
}

void scene_answer(
	struct scene *s, unsigned status, const char *tag, const char *headers, const char *body)
{
	const char *lines =
		arena_printf(&s->r.arena, "%s%s%s", status / 100 == 2 ? ROUTES CONTACT : "",
			body ? "Content-Type: application/sdp\r\n" : "", headers ? headers : "");

	rig_answer(&s->r, scene_last_index(s, SIP_INVITE), status, tag, lines, body);
}

static void say(struct scene *s, const char *method, unsigned cseq, unsigned branch,
	const char *to_tag, const char *headers, const char *body)
{
	struct slice call_id = s->calling ? s->r.sip[s->invite].m->call_id : SL("call-1");

	rig_sip_in(&s->r,
		slice_of(arena_printf(&s->r.arena,
			"%s sip:192.0.2.9:5060 SIP/2.0\r\nVia: SIP/2.0/UDP "
			"192.0.2.1;branch=z9hG4bKp%u\r\nMax-Forwards: 70\r\n"
			"From: <sip:romeo@example.net>;tag=%s\r\n"
			"To: <sip:juliet@example.com%s>%s%s\r\nCall-ID: %.*s\r\n"
			"CSeq: %u %s\r\n%sContent-Length: %zu\r\n\r\n%s",
			method, branch, s->theirs, s->calling ? ";gr=balcony" : "",
			to_tag ? ";tag=" : "", to_tag ? to_tag : "", SLARG(call_id), cseq, method,
			headers ? headers : "", body ? strlen(body) : 0, body ? body : "")));
}

void scene_invited(struct scene *s, const char *headers, const char *body)
{
	s->calling = false;
	s->cseq = 1;
	s->invite_branch = ++s->branch;
	say(s, "INVITE", 1, s->invite_branch, NULL,
		arena_printf(&s->r.arena, "%s%s%s", ROUTES CONTACT,
			body ? "Content-Type: application/sdp\r\n" : "", headers ? headers : ""),
		body);
	if (rig_status(&s->r))
		s->ours = s->r.sip[s->r.n_sip - 1].m->to.tag;
}

void scene_within_as(
	struct scene *s, const char *method, unsigned cseq, const char *headers, const char *body)
{
	char tag[64];

	snprintf(tag, sizeof tag, "%.*s", SLARG(s->ours));
	say(s, method, cseq, ++s->branch, tag, headers, body);
}

void scene_within(struct scene *s, const char *method, const char *headers, const char *body)
{
	scene_within_as(s, method, ++s->cseq, headers, body);
}

void scene_ack(struct scene *s)
{
	scene_within_as(s, "ACK", s->cseq, NULL, NULL);
}

void scene_cancel(struct scene *s)
{
	say(s, "CANCEL", 1, s->invite_branch, NULL, NULL, NULL);
}

/* ---- what is seen ---- */

const char *scene_sent(struct scene *s)
{
	char last[32] = "", one[32];
	size_t n = 0;

	rig_advance(&s->r, 0);
	s->sent[0] = '\0';
	for (; s->seen < s->r.n_sip; s->seen++) {
		const struct sip_msg *m = s->r.sip[s->seen].m;

		if (m->request)
			snprintf(one, sizeof one, "%.*s", SLARG(m->method_name));
		else
			snprintf(one, sizeof one, "%u/%s", m->status, sip_method_name(m->method));
		if (strcmp(one, last))
			n += (size_t)snprintf(
				s->sent + n, sizeof s->sent - n, "%s%s", n ? " " : "", one);
		strcpy(last, one);
	}
	return s->sent;
}

const char *scene_told(struct scene *s)
{
	char *copy;

	rig_advance(&s->r, 0);
	copy = arena_dup(&s->r.arena, slice_of(s->told));
	s->told[0] = '\0';
	return copy;
}

const struct sip_msg *scene_last(const struct scene *s, enum sip_method method, bool request)
{
	for (unsigned i = s->r.n_sip; i-- > 0;)
		if (s->r.sip[i].m->method == method && s->r.sip[i].m->request == request)
			return s->r.sip[i].m;
	return NULL;
}

unsigned scene_last_index(const struct scene *s, enum sip_method method)
{
	unsigned i = s->r.n_sip;

	while (i-- > 0)
		if (s->r.sip[i].m->method == method && s->r.sip[i].m->request)
			return i;
	assert(!"no such request");
	return 0;
}

/* ---- states ---- */

void scene_forget(struct scene *s)
{
	leg_forget(s->leg);
	s->leg = NULL;
}

void scene_bring_to(struct scene *s, enum scene_state state)
{
	switch (state) {
	case CALLING:
		scene_call(s);
		break;
	case RINGING:
	case CANCELLING:
		scene_call(s);
		scene_answer(s, 180, "their1", NULL, NULL);
		if (state == CANCELLING)
			leg_bye(s->leg);
		break;
	case HEARD:
		s->hold = true;
		scene_invited(s, NULL, SDP_TEXT);
		break;
	case UP_CALLING:
		scene_call(s);
		scene_answer(s, 200, "their1", NULL, SDP_TEXT);
		break;
	default:
		scene_invited(s, NULL, SDP_TEXT);
		if (state == UP || state == REASKED || state == BYE)
			scene_ack(s);
		if (state == REASKED)
			scene_within(s, "INVITE", CONTACT, NULL);
		if (state == LEAVING || state == BYE)
			leg_bye(s->leg);
		break;
	}
	scene_sent(s);
	scene_told(s);
}

void scene_text(struct scene *s, const char *text, sip_done *done, void *arg)
{
	const struct sip_out field = {SL("Content-Language"), SL("en")};

	leg_send(s->leg,
		&(struct leg_request){.method = SIP_MESSAGE,
			.content_type = SL("text/plain"),
			.body = slice_of(text),
			.fields = &field,
			.n_fields = 1},
		30000, done, arg);
}

unsigned scene_legs(struct scene *s)
{
	struct legs_view v;

	legs_view(s->r.g, &v);
	assert(v.legs || !v.bytes);
	return v.legs;
}
