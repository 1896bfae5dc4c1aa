#include "edge/keepalive.h"

#include <stdio.h>

#include "base/rand.h"
#include "edge/edge_priv.h"
#include "xml/writer.h"
#include "xmpp/ns.h"

/* Ids of the gateway begin with a letter or a digit, so no answer to one of its requests has it. */
#define PING_ID "-ka-"

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* ---- the decision ---- */

enum keepalive_step keepalive_judge(
	const struct keepalive *k, uint64_t now_ms, uint64_t *ret_next_ms)
{
	bool asked = k->pinged_ms > k->heard_ms;
	uint64_t inactive = k->stanza_ms + k->inactivity_ms;
	uint64_t space = k->sent_ms + k->interval_ms;
	uint64_t silent = UINT64_MAX;

	if (k->pings)
		silent = asked ? k->pinged_ms + KEEPALIVE_ANSWER_MS : k->heard_ms + k->interval_ms;
	if (now_ms >= inactive)
		return KEEPALIVE_INACTIVE;
	if (now_ms >= silent)
		return asked ? KEEPALIVE_DEAD : KEEPALIVE_PING;
	if (now_ms >= space)
		return KEEPALIVE_SPACE;
	*ret_next_ms = sooner(sooner(inactive, silent), space);
	return KEEPALIVE_WAIT;
}

/* ---- what comes ---- */

static bool is_ping(const struct xml_elem *iq)
{
	return slice_eqz(xml_attr(iq, SL("type")), "get") &&
	       xml_is(xml_first(iq), SL(NS_PING), SL("ping"));
}

static bool is_answer(const struct xml_elem *iq)
{
	struct slice type = xml_attr(iq, SL("type"));

	return (slice_eqz(type, "result") || slice_eqz(type, "error")) &&
	       slice_starts(xml_attr(iq, SL("id")), SL(PING_ID));
}

bool keepalive_on_stanza(struct stream *s, const struct xstream_event *ev)
{
	bool iq = ev->kind == STANZA_IQ;

	if (iq && is_answer(ev->elem))
		return true;
	if (!iq || !is_ping(ev->elem))
		s->last_stanza_ms = loop_now(s->edge->loop);
	return false;
}

/* ---- asking ---- */

struct domains {
	struct slice local, remote;
};

/* Whom a stream is asked for: those it was opened for or, when they have left it, others of it. */
static struct domains domains_of(const struct stream *s)
{
	struct domains d = {slice_of(s->local), slice_of(s->remote)};

	if (!xstream_pair_has(s->x, d.remote, d.local))
		xstream_pair_any(s->x, &d.remote, &d.local);
	return d;
}

/* When the partner was heard on this stream, or for an outbound one on an inbound of its pair. */
static uint64_t heard(const struct stream *s)
{
	struct domains d = domains_of(s);
	uint64_t last = s->heard_ms;

	if (s->inbound)
		return last;
	list_each(&s->partner->streams, it) {
		const struct stream *t = container_of(it, struct stream, partner_node);

		if (t->inbound && t->authenticated && xstream_pair_has(t->x, d.remote, d.local))
			last = later(last, t->heard_ms);
	}
	return last;
}

/* Another stream that is asked for the same pair, either way. */
static bool of_same_pair(const struct stream *s, const struct stream *t)
{
	struct domains a = domains_of(s), b;

	if (t == s || !t->authenticated)
		return false;
	b = domains_of(t);
	return slice_eq(a.local, b.local) && slice_eq(a.remote, b.remote);
}

/* A ping for this pair is under way: that of its other stream. */
static bool is_asked(const struct stream *s)
{
	uint64_t now = loop_now(s->edge->loop);

	list_each(&s->partner->streams, it) {
		const struct stream *t = container_of(it, struct stream, partner_node);

		if (of_same_pair(s, t) && t->pinged_ms && now < t->pinged_ms + KEEPALIVE_ANSWER_MS)
			return true;
	}
	return false;
}

void keepalive_begin(struct stream *s)
{
	uint64_t last = 0;

	if (!s->partner)
		return; /* whose it is dialback will tell */
	list_each(&s->partner->streams, it) {
		const struct stream *t = container_of(it, struct stream, partner_node);

		if (of_same_pair(s, t))
			last = later(last, t->last_stanza_ms);
	}
	if (last)
		s->last_stanza_ms = last;
}

static void ping(struct stream *s)
{
	struct edge *e = s->edge;
	struct buf b = {0};
	struct link_down *d;
	struct domains of = domains_of(s);
	bool asked = is_asked(s);
	char id[32];

	s->pinged_ms = loop_now(e->loop);
	if (asked)
		return;
	snprintf(id, sizeof id, PING_ID "%016llx", (unsigned long long)rand_u64());
	buf_str(&b, "<iq type='get'");
	xml_put_attr(&b, "from", of.local);
	xml_put_attr(&b, "to", of.remote);
	xml_put_attr(&b, "id", slice_of(id));
	buf_str(&b, "><ping xmlns='" NS_PING "'/></iq>");
	d = link_down_new(of.local, of.remote, buf_slice(&b));
	d->internal = d->quiet = true;
	d->deadline_ms = s->pinged_ms + KEEPALIVE_ANSWER_MS;
	buf_done(&b);
	pair_send(e, d);
}

/* Nobody between us forgets the connection (RFC 6120 4.6.1). */
static void put_space(struct stream *s)
{
	if (conn_pending(s->conn) == 0)
		conn_write(s->conn, SL(" "));
	s->last_sent_ms = loop_now(s->edge->loop);
}

/* ---- watching ---- */

static struct keepalive keepalive_of(const struct stream *s)
{
	const struct snapshot *snapshot = s->edge->snapshot;
	const struct gateway_settings *g = snapshot_gateway(snapshot);
	const struct partner *p = snapshot_partner(snapshot, slice_of(s->remote));

	return (struct keepalive){
		.heard_ms = heard(s),
		.sent_ms = s->last_sent_ms,
		.stanza_ms = s->last_stanza_ms,
		.pinged_ms = s->pinged_ms,
		.interval_ms = g->keep_alive_interval * UINT64_C(1000),
		.inactivity_ms = g->stream_inactivity_timeout * UINT64_C(1000),
		.pings = p && p->keep_alive,
	};
}

static void act(struct stream *s, enum keepalive_step step)
{
	switch (step) {
	case KEEPALIVE_WAIT:
		break;
	case KEEPALIVE_SPACE:
		put_space(s);
		break;
	case KEEPALIVE_PING:
		ping(s);
		break;
	case KEEPALIVE_DEAD:
		stream_finish(s, STREAM_CONNECTION_TIMEOUT, "no answer to a ping", "no-answer");
		break;
	case KEEPALIVE_INACTIVE:
		stream_close(s, STREAM_OK, NULL, "inactivity");
		break;
	}
}

void keepalive_tick(struct stream *s)
{
	enum keepalive_step step = KEEPALIVE_SPACE;
	uint64_t now = loop_now(s->edge->loop), next = 0;

	while (step != KEEPALIVE_WAIT && stream_may_send(s)) {
		struct keepalive k = keepalive_of(s);

		step = keepalive_judge(&k, now, &next);
		act(s, step);
	}
	if (stream_may_send(s))
		loop_timer_at(&s->idle_timer, next);
}

void keepalive_watch(struct stream *s)
{
	loop_timer_in(&s->idle_timer, 0);
}
