#include "edge/expiry.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "edge/edge_priv.h"
#include "view/metrics.h"

enum { DAY = 86400, LOOK_MS = 3600 * 1000, FIRST_LOOK_MS = 1000 };

/* An end that was told of. Its certificate's owner and that end are the key. */
struct told {
	struct table_node node;
	int64_t expires;
	unsigned near;
	char key[];
};

static int64_t wall_s(const struct expiry *x)
{
	return (int64_t)(x->wall_ms() / 1000);
}

unsigned expiry_near(int64_t expires, int64_t now)
{
	static const unsigned days[] = {1, 7, 14, 30};

	for (size_t i = 0; i < ARRAY_LEN(days); i++)
		if (expires - now <= (int64_t)days[i] * DAY)
			return days[i];
	return 0;
}

/* ---- the end of a stream's certificate ---- */

static void arm(struct expiry *x, uint64_t due)
{
	if (!loop_timer_armed(&x->end_timer) || due < x->end_timer.wheel.due)
		loop_timer_at(&x->end_timer, due);
}

/* When it ends by the clock on the wall, on the scale of the loop's. */
static uint64_t due_of(const struct expiry *x, int64_t expires)
{
	int64_t left_ms = expires * 1000 - (int64_t)x->wall_ms();

	return loop_now(x->edge->loop) + (left_ms > 0 ? (uint64_t)left_ms : 0);
}

static bool watched(const struct stream *s)
{
	return s->cert_due_ms && s->authenticated && !s->ended && !s->end.closing;
}

static void check_stream(struct expiry *x, struct stream *s)
{
	int64_t expires = conn_tls_info(s->conn)->expires;

	if (s->cert_due_ms > loop_now(x->edge->loop)) {
		arm(x, s->cert_due_ms);
	} else if (expires * 1000 > (int64_t)x->wall_ms()) {
		s->cert_due_ms = due_of(x, expires); /* the wall clock was set back meanwhile */
		arm(x, s->cert_due_ms);
	} else {
		metric_add(M_STREAMS_CERT_EXPIRED, 1);
		stream_close(s, edge_refusal_cond(EDGE_CERT_EXPIRED),
			edge_refusal_text(EDGE_CERT_EXPIRED), edge_refusal_name(EDGE_CERT_EXPIRED));
	}
}

static void each_watched(struct expiry *x, void (*fn)(struct expiry *x, struct stream *s))
{
	struct list *all = &x->edge->streams, *next;

	for (struct list *it = all->next; it != all; it = next) {
		struct stream *s = container_of(it, struct stream, node);

		next = it->next;
		if (watched(s))
			fn(x, s);
		/* The end of one may be that of another. */
		if (next != all && !list_linked(next))
			next = all->next;
	}
}

static void on_end_timer(void *arg)
{
	each_watched(arg, check_stream);
}

/* ---- telling in time ---- */

/* True when nobody has been told yet that it is so near. */
static bool is_news(struct expiry *x, struct slice owner, int64_t expires, unsigned near)
{
	struct buf key = {0};
	struct table_node *n;
	struct told *t;
	bool news;

	buf_printf(&key, "%.*s %lld", SLARG(owner), (long long)expires);
	n = table_get(&x->told, buf_slice(&key));
	t = n ? container_of(n, struct told, node) : NULL;
	news = !t || near < t->near;
	if (!t) {
		t = xzalloc(sizeof *t + buf_slice(&key).n);
		memcpy(t->key, buf_slice(&key).p, buf_slice(&key).n);
		t->expires = expires;
		table_put(&x->told, &t->node, slice_make(t->key, buf_slice(&key).n));
	}
	t->near = near;
	buf_done(&key);
	return news;
}

static void tell_own(struct expiry *x, const char *name, int64_t expires)
{
	int64_t left = expires - wall_s(x);
	unsigned near = expiry_near(expires, wall_s(x));
	struct slice owner = slice_of(name);
	char when[32];

	if (!near || !is_news(x, owner, expires, near))
		return;
	metric_add(M_CERT_WARNINGS_OWN, 1);
	clock_iso((uint64_t)expires * 1000, when);
	log_event(&x->edge->log, left > 0 ? LOG_WARN : LOG_ERROR, "certificate-expires",
		LF_Z("certificate", name), LF_Z("not_after", when),
		LF_U("days", left > 0 ? (uint64_t)left / DAY : 0));
}

static void tell_partner(struct expiry *x, struct stream *s)
{
	int64_t expires = conn_tls_info(s->conn)->expires, left = expires - wall_s(x);
	unsigned near = expiry_near(expires, wall_s(x));
	char *owner, when[32];

	if (!near)
		return;
	/* No section of the file can have this name: no two owners are taken for one. */
	owner = xasprintf("partner %s", s->remote);
	if (is_news(x, slice_of(owner), expires, near)) {
		metric_add(M_CERT_WARNINGS_PARTNER, 1);
		clock_iso((uint64_t)expires * 1000, when);
		log_warn(&s->log, "partner-certificate-expires", LF_Z("not_after", when),
			LF_U("days", left > 0 ? (uint64_t)left / DAY : 0));
	}
	free(owner);
}

static void forget_past(struct expiry *x)
{
	table_each(&x->told, it) {
		struct told *t = container_of(it, struct told, node);

		if (t->expires + DAY < wall_s(x)) {
			table_remove(&x->told, it);
			free(t);
		}
	}
}

static void on_look_timer(void *arg)
{
	struct expiry *x = arg;
	const struct tls_set *tls = x->edge->tls;

	forget_past(x);
	metric_set(M_CERT_END, tls_set_expires(tls));
	for (size_t i = 0; i < tls_set_count(tls); i++)
		tell_own(x, tls_set_own(tls, i)->name, tls_set_own(tls, i)->expires);
	each_watched(x, tell_partner);
	loop_timer_in(&x->look_timer, LOOK_MS);
}

/* ---- from outside ---- */

void expiry_watch(struct stream *s)
{
	struct expiry *x = &s->edge->expiry;
	int64_t expires = conn_tls_info(s->conn)->expires;

	if (s->cert_due_ms || !expires)
		return;
	s->cert_due_ms = due_of(x, expires);
	arm(x, s->cert_due_ms);
	tell_partner(x, s);
}

static void judge_again(struct expiry *x, struct stream *s)
{
	enum cert_verdict v = conn_tls_judge(s->conn, x->edge->tls);

	if (v == CERT_REVOKED) {
		metric_add(M_STREAMS_CERT_REVOKED, 1);
		stream_close(s, edge_refusal_cond(EDGE_CERT_REVOKED),
			edge_refusal_text(EDGE_CERT_REVOKED), edge_refusal_name(EDGE_CERT_REVOKED));
	} else if (v != CERT_GOOD) {
		log_warn(&s->log, "certificate-no-longer-good", LF_Z("cert", cert_verdict_name(v)));
	}
}

void expiry_trust_changed(struct expiry *x)
{
	each_watched(x, judge_again);
	loop_timer_in(&x->look_timer, FIRST_LOOK_MS); /* our own may be others */
}

/* ---- life ---- */

void expiry_init(struct expiry *x, struct edge *e)
{
	x->edge = e;
	x->wall_ms = clock_wall_ms;
	table_init(&x->told);
	loop_timer_init(&x->end_timer, e->loop, on_end_timer, x);
	loop_timer_init(&x->look_timer, e->loop, on_look_timer, x);
	loop_timer_in(&x->look_timer, FIRST_LOOK_MS);
}

void expiry_done(struct expiry *x)
{
	loop_timer_stop(&x->end_timer);
	loop_timer_stop(&x->look_timer);
	table_each(&x->told, it) {
		table_remove(&x->told, it);
		free(container_of(it, struct told, node));
	}
	table_done(&x->told);
}
