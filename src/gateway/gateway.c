#include "gateway/gateway.h"

#include <stdlib.h>

#include "base/mem.h"
#include "gateway/bodies.h"
#include "gateway/conversation.h"
#include "gateway/core.h"
#include "gateway/leg.h"
#include "gateway/message.h"
#include "gateway/pager.h"
#include "gateway/session.h"
#include "view/metrics.h"
#include "view/routes.h"

/* ---- what SIP user agents are told about us ---- */

/* REFER is answered, always with 603 (lync-sip-profile 5.5). */
static const enum sip_method allowed[] = {SIP_INVITE, SIP_ACK, SIP_BYE, SIP_CANCEL, SIP_MESSAGE,
	SIP_INFO, SIP_OPTIONS, SIP_UPDATE, SIP_REFER, SIP_M_OTHER};
static const char *const supported[] = {"timer", NULL};

const struct sip_caps gateway_caps = {
	.allow = allowed,
	.supported = supported,
	.accept = MESSAGE_ACCEPT ", application/sdp",
	.dialogs = true,
	.microsoft = true,
};

/* ---- common parts ---- */

enum { LOG_LINES = 50 };

bool gateway_may_log(struct gateway *g)
{
	uint64_t second = gateway_now(g) / 1000;

	if (g->log_second != second) {
		g->log_second = second;
		g->log_lines = 0;
	}
	if (++g->log_lines == LOG_LINES + 1)
		log_warn(&g->log, "log-lines-left-out");
	return g->log_lines <= LOG_LINES;
}

struct arena *gateway_scratch(struct gateway *g)
{
	arena_reset(&g->scratch);
	return &g->scratch;
}

struct slice gateway_pair_key(struct gateway *g, struct slice user, struct slice contact)
{
	size_t n = user.n + 1 + contact.n;
	char *key = arena_alloc(&g->scratch, n), *at = slice_copy(key, user);

	*at++ = '/';
	slice_copy(at, contact);
	return slice_make(key, n);
}

static bool invited(void *arg, struct slice user, struct slice contact)
{
	const struct gateway *g = arg;

	return invites_has(g->invites, user, contact, gateway_wall(g));
}

struct permission gateway_permission(struct gateway *g, struct slice user, struct slice contact,
	enum permission_direction direction)
{
	return permission_check(g->snapshot, invited, g, user, contact, direction);
}

void gateway_bounce(struct gateway *g, const struct xml_elem *e, struct slice from_domain,
	struct slice to_domain, enum stanza_cond cond, struct slice text)
{
	buf_reset(&g->xml);
	if (stanza_error_put(&g->xml, e, cond, text))
		gateway_send_xml(g, to_domain, from_domain, buf_slice(&g->xml));
}

/* ---- stanzas nobody asks about ---- */

enum { ANSWER_MS = 20000, FLEETING_MS = 10000, HELD_MAX = 4096, HELD_RETRY_MS = 50 };

static void held_flush(struct gateway *g)
{
	while (g->held) {
		struct link_down *d = g->held, *next = d->next;

		if (!g->ops->send(g->ops_arg, d)) {
			loop_timer_in(&g->held_timer, HELD_RETRY_MS);
			return;
		}
		g->n_held--;
		g->held = next;
		if (!next)
			g->held_end = &g->held;
	}
}

static void held_fires(void *arg)
{
	held_flush(arg);
}

static void send_answer(struct gateway *g, struct link_down *d)
{
	d->deadline_ms = gateway_now(g) + ANSWER_MS;
	if (!g->held && g->ops->send(g->ops_arg, d))
		return;
	if (g->n_held == HELD_MAX) {
		metric_add(M_ANSWERS_DROPPED, 1);
		if (gateway_may_log(g))
			log_warn(&g->log, "answer-dropped", LF_S("partner", d->to_domain));
		link_down_free(d);
		return;
	}
	d->next = NULL;
	*g->held_end = d;
	g->held_end = &d->next;
	g->n_held++;
	if (!loop_timer_armed(&g->held_timer))
		loop_timer_in(&g->held_timer, HELD_RETRY_MS);
}

void gateway_send_xml(
	struct gateway *g, struct slice from_domain, struct slice to_domain, struct slice xml)
{
	send_answer(g, link_down_new(from_domain, to_domain, xml));
}

void gateway_send_quiet(
	struct gateway *g, struct slice from_domain, struct slice to_domain, struct slice xml)
{
	struct link_down *d = link_down_new(from_domain, to_domain, xml);

	d->quiet = true;
	send_answer(g, d);
}

void gateway_send_fleeting(
	struct gateway *g, struct slice from_domain, struct slice to_domain, struct slice xml)
{
	struct link_down *d = link_down_new(from_domain, to_domain, xml);

	d->deadline_ms = gateway_now(g) + FLEETING_MS;
	if (g->held || !g->ops->send(g->ops_arg, d))
		link_down_free(d);
}

/* ---- events ---- */

void gateway_request(void *gateway, struct sip_server *txn, const struct sip_msg *m,
	const struct route *route, const struct sipnet_way *way)
{
	struct gateway *g = gateway;

	if (m->to.tag.p)
		legs_request(g, txn, m, route, way);
	else if (m->method == SIP_INVITE)
		session_invited(g, txn, m, route, way);
	else if (m->method == SIP_MESSAGE)
		toxmpp_request(g, txn, m, route);
	else /* BYE, INFO, UPDATE: of no dialog */
		g->ops->reply(g->ops_arg, txn,
			&(struct sip_reply){.status = m->method == SIP_REFER ? 603 : 481});
}

void gateway_invite(void *gateway, struct sip_server *txn, enum sip_invite_event event)
{
	legs_invite(gateway, txn, event);
}

void gateway_ack(void *gateway, const struct sip_msg *m, const struct route *route)
{
	legs_ack(gateway, m, route);
}

void gateway_options(void *gateway, const struct sip_msg *m, const struct route *route,
	const struct sipnet_way *way, struct buf *sdp)
{
	legs_describe(gateway, m, route, way, sdp);
}

static void fate(void *arg, struct link_down *d)
{
	toxmpp_fate(arg, d);
}

static void lost(void *arg, enum link_reason reason, const uint64_t *ids, size_t n)
{
	toxmpp_lost(arg, reason, ids, n);
}

/* The addresses of a stanza; without one in from there is nobody to answer. */
static bool read_addresses(
	struct gateway *g, const struct link_up *up, struct jid *from, struct jid *to)
{
	struct arena *a = gateway_scratch(g);
	const struct xml_elem *e = up->stanza;

	if (jid_parse(from, a, xml_attr(e, SL("from")), NULL) < 0) {
		if (gateway_may_log(g))
			log_info(
				&g->log, "stanza-without-sender", LF_S("partner", up->from_domain));
		return false;
	}
	if (jid_parse(to, a, xml_attr(e, SL("to")), NULL) < 0) {
		gateway_bounce(g, e, up->from_domain, up->to_domain, STANZA_JID_MALFORMED, SL_NONE);
		return false;
	}
	return true;
}

static void handle_stanza(struct gateway *g, const struct link_up *up)
{
	const struct xml_elem *e = up->stanza;
	struct jid from, to;

	if (!read_addresses(g, up, &from, &to))
		return;
	switch (stanza_kind(e)) {
	case STANZA_MESSAGE:
		if (stanza_is_error(e))
			toxmpp_error(g, e, &from, &to);
		else
			tosip_message(g, e, &from, &to);
		break;
	case STANZA_PRESENCE:
		service_presence(g, e, &from, &to);
		break;
	case STANZA_IQ:
		service_iq(g, e, &from, &to);
		break;
	case STANZA_KIND_NONE:
		break; /* the stream engine lets nothing else through */
	}
}

static void stanza(void *arg, struct link_up *up)
{
	struct gateway *g = arg;

	handle_stanza(g, up);
	g->ops->up_done(g->ops_arg, up);
}

const struct link_gateway_ops gateway_link_ops = {.fate = fate, .lost = lost, .stanza = stanza};

/* ---- life ---- */

void gateway_set_ops(struct gateway *g, const struct gateway_ops *ops, void *arg)
{
	g->ops = ops;
	g->ops_arg = arg;
}

static void default_limits(struct gateway_limits *l)
{
	static const struct gateway_limits defaults = {
		.pending = 100000,
		.late = 262144,
		.late_ms = 75000,
		.target_msgs = 256,
		.target_bytes = 256 * 1024,
		.queued_msgs = 100000,
		.queued_bytes = (size_t)128 << 20,
		.late_pairs = 16384,
		.sessions = 100000,
		.legs = 131072,
		.legs_bytes = (size_t)512 << 20,
		.session_idle_ms = 600000,
		.conversations = 65536,
		.memos = 65536,
	};

#define DEFAULT(field) l->field = l->field ? l->field : defaults.field
	DEFAULT(pending);
	DEFAULT(late);
	DEFAULT(late_ms);
	DEFAULT(target_msgs);
	DEFAULT(target_bytes);
	DEFAULT(queued_msgs);
	DEFAULT(queued_bytes);
	DEFAULT(late_pairs);
	DEFAULT(sessions);
	DEFAULT(legs);
	DEFAULT(legs_bytes);
	DEFAULT(session_idle_ms);
	DEFAULT(conversations);
	DEFAULT(memos);
#undef DEFAULT
}

int gateway_new(struct gateway **ret, struct loop *loop, const struct gateway_config *config,
	const struct log *log, struct err *e)
{
	struct gateway *g = xzalloc(sizeof *g);

	g->loop = loop;
	g->node = config->node;
	g->shard = config->shard;
	g->limits = config->limits;
	default_limits(&g->limits);
	log_init(&g->log, log);
	arena_init(&g->scratch, 16384);
	buf_init(&g->xml, 0);
	buf_init(&g->uri, 0);
	buf_init(&g->callid, 0);
	buf_init(&g->wrapped, 0);
	g->held_end = &g->held;
	loop_timer_init(&g->held_timer, loop, held_fires, g);
	toxmpp_init(g, config->seed);
	legs_init(g);
	tosip_init(g);
	late_init(g);
	conversation_init(g);
	g->invites = invites_new(g, config->memory, config->worker, e);
	if (!g->invites) {
		gateway_free(g);
		return -1;
	}
	if (config->body_file)
		g->bodies = bodies_new(
			g, config->body_worker, config->body_file, config->body_keep_days);
	*ret = g;
	return 0;
}

void gateway_free(struct gateway *g)
{
	if (!g)
		return;
	loop_timer_stop(&g->held_timer);
	while (g->held) {
		struct link_down *d = g->held;

		g->held = d->next;
		link_down_free(d);
	}
	late_done(g);
	legs_done(g);
	conversation_done(g);
	tosip_done(g);
	toxmpp_done(g);
	bodies_free(g->bodies);
	invites_free(g->invites);
	snapshot_unref(g->snapshot);
	buf_done(&g->xml);
	buf_done(&g->uri);
	buf_done(&g->callid);
	buf_done(&g->wrapped);
	arena_done(&g->scratch);
	log_done(&g->log);
	free(g);
}

void gateway_set_snapshot(struct gateway *g, struct snapshot *s)
{
	struct snapshot *old = g->snapshot;

	g->snapshot = snapshot_ref(s);
	invites_rejudge(g->invites, old, s);
	bodies_set(g->bodies, snapshot_gateway(s)->enable_logging_all_message_bodies);
	snapshot_unref(old);
}

void gateway_drain(struct gateway *g)
{
	g->draining = true;
	session_drain(g);
	bodies_stop(g->bodies);
}

void gateway_stop(struct gateway *g)
{
	gateway_scratch(g);
	session_stop(g);
	pager_stop(g);
}

unsigned gateway_busy(const struct gateway *g)
{
	return g->n_unanswered + g->n_queued + g->n_held + session_count(g) +
	       invites_busy(g->invites);
}

unsigned gateway_writes(const struct gateway *g)
{
	return invites_busy(g->invites) + bodies_busy(g->bodies);
}

/* ---- commands and views ---- */

void gateway_allow_put(struct gateway *g, struct slice user, struct slice contact,
	uint64_t expires_ms, struct slice by, gateway_stored *done, void *arg)
{
	invites_put(g->invites, user, contact, expires_ms, by, done, arg);
}

void gateway_allow_remove(
	struct gateway *g, struct slice user, struct slice contact, gateway_stored *done, void *arg)
{
	invites_remove(g->invites, user, contact, done, arg);
}

void gateway_allow_each(struct gateway *g,
	void (*fn)(void *arg, struct slice user, struct slice contact, uint64_t expires_ms),
	void *arg)
{
	invites_each(g->invites, gateway_wall(g), fn, arg);
}

void gateway_view(const struct gateway *g, struct gateway_view *ret)
{
	*ret = (struct gateway_view){
		.generation = g->snapshot ? snapshot_generation(g->snapshot) : 0,
		.pending = g->n_unanswered,
		.window = g->n_window,
		.late = g->n_late,
		.late_pairs = (unsigned)g->late_pairs.count,
		.sessions = session_count(g),
		.targets = pager_targets(g),
		.queued = g->n_queued,
		.queued_bytes = g->queued_bytes,
		.invitations = invites_count(g->invites),
		.draining = g->draining,
	};
}

static int by_name(const void *key, const void *row)
{
	return slice_cmp(*(const struct slice *)key, ((const struct view_route *)row)->name);
}

static void count_session(void *arg, const struct route *route)
{
	struct view_routes *l = arg;
	struct slice name = slice_of(route->name);
	struct view_route *row = bsearch(&name, l->v, l->n, sizeof *l->v, by_name);

	if (row)
		row->sessions++;
}

void gateway_view_routes(const struct gateway *g, struct view_routes *routes)
{
	session_each_up(g, count_session, routes);
}
