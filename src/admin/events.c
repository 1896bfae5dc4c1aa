#include "admin/events.h"

#include <stdlib.h>

#include "admin/admin_priv.h"
#include "admin/events_priv.h"
#include "base/clock.h"
#include "base/mem.h"
#include "federation/gateway.h"
#include "federation/setting.h"
#include "view/metrics.h"

enum {
	TICK_MS = 100,
	TICK_CLIENTS = 64, /* counters are told to so many at a time: no long turns */
	COUNTERS_MS = 2000,
	SILENCE_MS = 15000, /* then a comment shows that the connection lives */
	RECHECK_MS = 5000,  /* whether the session is still good */
	CERTIFICATE_TICKS = 100,
};

/* clang-format off */
static const struct {
	const char *name;
	enum right right; /* RIGHT__N: everybody who is signed in */
} topics[TOPIC__N] = {
	[TOPIC_PARTNER_STATE] = {"partner-state", RIGHT_STREAM_READ},
	[TOPIC_STREAM] = {"stream", RIGHT_STREAM_READ},
	[TOPIC_GENERATION] = {"generation", RIGHT_STATUS_READ},
	[TOPIC_COUNTERS] = {"counters", RIGHT_STATUS_READ},
	[TOPIC_CERTIFICATE] = {"certificate", RIGHT_CERTIFICATE_READ},
	[TOPIC_AUDIT] = {"audit", RIGHT_AUDIT_READ},
	[TOPIC_SESSION] = {"session", RIGHT__N},
	[TOPIC_BODY_LOGGING] = {"body-logging", RIGHT__N},
};
/* clang-format on */

#define TOPIC_BIT(t) (1u << (t))

struct client {
	struct list node;
	struct events *events;
	struct api_call *call;
	unsigned topics;
	right_set rights; /* as they were when it came */
	uint64_t counters_ms, silent_ms, recheck_ms; /* due */
	bool missed;
};

const char *topic_name(enum topic t)
{
	return topics[t].name;
}

/* ---- one client ---- */

static struct client *client_of(struct list *node)
{
	return container_of(node, struct client, node);
}

/* text: whole lines, without the empty one that ends an event. False: no room. */
static bool put(struct client *k, struct slice text)
{
	if (call_stream_room(k->call) < text.n)
		return false;
	call_stream_put(k->call, text);
	k->silent_ms = loop_now(k->events->admin->loop) + SILENCE_MS;
	return true;
}

static bool put_event(struct client *k, const char *name, struct slice json)
{
	struct buf text = {0};
	bool room;

	buf_printf(&text, "event: %s\ndata: ", name);
	buf_slice_add(&text, json);
	buf_chr(&text, '\n');
	room = put(k, buf_slice(&text));
	buf_done(&text);
	return room;
}

static void tell(struct client *k, enum topic t, struct slice json)
{
	if (!(k->topics & TOPIC_BIT(t)))
		return;
	if (k->missed)
		k->missed = !put_event(k, "missed", SL("{}"));
	k->missed = k->missed || !put_event(k, topics[t].name, json);
}

static void client_leave(struct client *k)
{
	struct events *e = k->events;

	list_remove(&k->node);
	call_stream_end(k->call);
	free(k);
	if (list_empty(&e->clients))
		loop_timer_stop(&e->timer);
	if (!events_wanted(e, TOPIC_STREAM) && !events_wanted(e, TOPIC_PARTNER_STATE))
		edge_events_stop(&e->edge);
}

static void on_gone(void *arg)
{
	client_leave(arg);
}

/*
 * The topics of the rights he has now. Who has lost a right or his session is told and sent away:
 * what comes next is for a request of its own to decide.
 */
static bool still_good(struct client *k)
{
	right_set now = call_rights_now(k->call);

	if ((now & k->rights) == k->rights && now)
		return true;
	put_event(k, topics[TOPIC_SESSION].name,
		now ? SL("{\"state\": \"changed\"}") : SL("{\"state\": \"ended\"}"));
	return false;
}

/* ---- counters ---- */

static void counters_json(struct buf *out)
{
	static const struct {
		const char *name;
		enum metric metric;
	} shown[] = {
		{"messages_from_sip", M_SIP_MESSAGES_IN},
		{"messages_from_xmpp", M_XMPP_MESSAGES_IN},
		{"delivered_to_sip", M_SIP_DELIVERED},
		{"delivered_to_xmpp", M_XMPP_DELIVERED},
		{"errors_told_to_sip", M_SIP_ERRORS},
		{"errors_told_to_xmpp", M_XMPP_ERRORS},
		{"denied", M_DENIED},
		{"streams_in", M_STREAMS_IN},
		{"streams_out", M_STREAMS_OUT},
		{"queued", M_QUEUED},
	};
	char now[32];

	clock_iso(clock_wall_ms(), now);
	buf_printf(out, "{\"at\": \"%s\"", now);
	for (size_t i = 0; i < ARRAY_LEN(shown); i++)
		buf_printf(out, ", \"%s\": %lld", shown[i].name,
			(long long)metric_get(shown[i].metric));
	buf_chr(out, '}');
}

/* ---- the hub ---- */

bool events_wanted(const struct events *e, enum topic t)
{
	list_each(&e->clients, it)
		if (client_of(it)->topics & TOPIC_BIT(t))
			return true;
	return false;
}

void events_tell(struct events *e, enum topic t, struct slice json)
{
	list_each(&e->clients, it)
		tell(client_of(it), t, json);
}

static void look_after(struct client *k, uint64_t now, struct slice counters)
{
	if (now >= k->recheck_ms) {
		k->recheck_ms = now + RECHECK_MS;
		if (!still_good(k)) {
			client_leave(k);
			return;
		}
	}
	if (now >= k->counters_ms && k->topics & TOPIC_BIT(TOPIC_COUNTERS)) {
		k->counters_ms = now + COUNTERS_MS;
		tell(k, TOPIC_COUNTERS, counters);
	}
	if (now >= k->silent_ms)
		put(k, SL(": here\n"));
}

static bool is_due(const struct client *k, uint64_t now)
{
	return now >= k->recheck_ms || now >= k->silent_ms ||
	       (now >= k->counters_ms && k->topics & TOPIC_BIT(TOPIC_COUNTERS));
}

/*
 * Once round at most. Whose turn was goes to the end, so those who wait longest come first; nobody
 * is out of the list meanwhile, for who leaves is who sees what the others want.
 */
static void look_after_some(struct events *e)
{
	uint64_t now = loop_now(e->admin->loop);
	struct list *last = e->clients.prev, *it;
	struct buf counters = {0};
	unsigned done = 0;
	bool round = false;

	counters_json(&counters);
	while (!round && done < TICK_CLIENTS && (it = list_pop(&e->clients))) {
		struct client *k = client_of(it);

		round = it == last;
		list_append(&e->clients, it);
		if (!is_due(k, now))
			continue;
		done++;
		look_after(k, now, buf_slice(&counters)); /* it may be gone */
	}
	buf_done(&counters);
}

/* FNV-1a; nobody gains by a collision. */
static uint64_t hash_more(uint64_t h, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (uint8_t)s.p[i]) * 0x100000001b3u;
	return h;
}

static uint64_t certificates_hash(const struct view_certificates *l)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < l->n; i++) {
		h = hash_more(h, l->v[i].name);
		h = hash_more(h, l->v[i].fingerprint);
	}
	return h;
}

static void look_at_certificates(struct events *e)
{
	const struct admin_hooks *h = e->admin->hooks;
	struct view_certificates *l;
	uint64_t is;

	if (!h->certificates || e->admin->ending)
		return;
	l = h->certificates(e->admin->hooks_arg);
	is = certificates_hash(l);
	view_certificates_free(l);
	if (e->certificates && e->certificates != is)
		events_tell(e, TOPIC_CERTIFICATE, SL("{}"));
	e->certificates = is;
}

static void on_tick(void *arg)
{
	struct events *e = arg;

	look_after_some(e);
	if (e->ticks++ % CERTIFICATE_TICKS == 0 && events_wanted(e, TOPIC_CERTIFICATE))
		look_at_certificates(e);
	if (!list_empty(&e->clients))
		loop_timer_in(&e->timer, TICK_MS);
}

static bool logs_bodies(const struct snapshot *s)
{
	return snapshot_gateway(s)->enable_logging_all_message_bodies;
}

void events_settings(struct events *e, const struct snapshot *now)
{
	struct buf json = {0};

	buf_printf(&json, "{\"generation\": %llu}", (unsigned long long)snapshot_generation(now));
	events_tell(e, TOPIC_GENERATION, buf_slice(&json));
	events_tell(e, TOPIC_AUDIT, SL("{}"));
	buf_done(&json);
	if (e->bodies == logs_bodies(now))
		return;
	e->bodies = !e->bodies;
	events_tell(e, TOPIC_BODY_LOGGING, e->bodies ? SL("{\"on\": true}") : SL("{\"on\": false}"));
}

struct events *events_new(struct admin *a)
{
	struct events *e = xzalloc(sizeof *e);

	e->admin = a;
	e->bodies = logs_bodies(a->snapshot);
	list_init(&e->clients);
	loop_timer_init(&e->timer, a->loop, on_tick, e);
	edge_events_init(&e->edge, e);
	return e;
}

void events_free(struct events *e)
{
	if (!e)
		return;
	loop_timer_stop(&e->timer);
	edge_events_done(&e->edge);
	free(e);
}

/* ---- a client comes ---- */

static int read_topic(struct slice name, unsigned *ret, struct err *e)
{
	for (enum topic t = 0; t < TOPIC__N; t++) {
		if (!slice_eqz(name, topics[t].name))
			continue;
		*ret |= TOPIC_BIT(t);
		return 0;
	}
	return err_code(e, ERR_INVALID, "unknown_topic", "topics", "there is no topic '%.*s'",
		SLARG(slice_cut(name, 40)));
}

/* "stream,counters"; absent: all. */
static int read_topics(struct slice list, unsigned *ret, struct err *e)
{
	size_t n;

	*ret = list.p ? 0 : TOPIC_BIT(TOPIC__N) - 1;
	for (; list.p && list.n; list = slice_from(list, n + (n < list.n))) {
		n = slice_find(list, ',');
		if (read_topic(slice_cut(list, n), ret, e) < 0)
			return -1;
	}
	return 0;
}

static unsigned permitted(unsigned asked, right_set rights)
{
	unsigned ret = TOPIC_BIT(TOPIC_SESSION);

	for (enum topic t = 0; t < TOPIC__N; t++)
		if (topics[t].right == RIGHT__N || rights & RIGHT_BIT(topics[t].right))
			ret |= asked & TOPIC_BIT(t);
	return ret;
}

/* What he will hear of. */
static void greet(struct client *k)
{
	struct buf json = {0};
	const char *comma = "";

	buf_str(&json, "{\"topics\": [");
	for (enum topic t = 0; t < TOPIC__N; t++) {
		if (!(k->topics & TOPIC_BIT(t)))
			continue;
		buf_printf(&json, "%s\"%s\"", comma, topics[t].name);
		comma = ", ";
	}
	buf_str(&json, "]}");
	put_event(k, "hello", buf_slice(&json));
	buf_done(&json);
}

static void client_new(struct events *e, struct api_call *c, unsigned topics_asked)
{
	uint64_t now = loop_now(e->admin->loop);
	struct client *k = xzalloc(sizeof *k);

	k->events = e;
	k->call = c;
	k->rights = c->rights;
	k->topics = permitted(topics_asked, c->rights);
	k->counters_ms = now; /* the first ones at once */
	k->recheck_ms = now + RECHECK_MS;
	k->silent_ms = now + SILENCE_MS;
	list_append(&e->clients, &k->node);
	call_stream_begin_as(c, "text/event-stream", on_gone, k);
	greet(k);
	if (!loop_timer_armed(&e->timer))
		loop_timer_in(&e->timer, TICK_MS);
	if (k->topics & (TOPIC_BIT(TOPIC_STREAM) | TOPIC_BIT(TOPIC_PARTNER_STATE)))
		edge_events_start(&e->edge);
}

void events_get(struct api_call *c)
{
	unsigned asked;
	struct err e;

	if (c->admin->ending) {
		err_code(&e, ERR_UNAVAILABLE, "ending", NULL, "the service ends");
		call_problem(c, &e, NULL);
	} else if (read_topics(http_query(c->req, "topics"), &asked, &e) < 0) {
		call_problem(c, &e, NULL);
	} else {
		client_new(c->admin->events, c, asked);
	}
}
