#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "gateway/core.h"
#include "view/metrics.h"

/*
 * A user who had his 200 learns by a MESSAGE from the contact that it was too good. At most one for
 * each pair in ten seconds: what comes meanwhile is counted, and told together at the end of them.
 */
enum { QUIET_MS = 10000, WHY_MAX = 200 };

struct late_pair {
	struct table_node node; /* user/contact: bare addresses have no slash */
	struct list due;
	struct gateway *gateway;
	uint64_t due_ms; /* end of the quiet time */
	unsigned failed, doubtful;
	uint64_t first_ms, last_ms; /* when the messages came, wall clock */
	char why[WHY_MAX];          /* of the last one */
	struct slice user, contact;
	char text[];
};

/* ---- words ---- */

static void put_time(struct buf *out, uint64_t wall_ms)
{
	unsigned s = (unsigned)(wall_ms / 1000 % 86400);

	buf_printf(out, "%02u:%02u:%02u UTC", s / 3600, s / 60 % 60, s % 60);
}

static void put_one(struct buf *out, const struct late_pair *p)
{
	buf_printf(out,
		p->doubtful ? "It is not certain that your message to %.*s of "
			    : "Your message to %.*s of ",
		SLARG(p->contact));
	put_time(out, p->last_ms);
	buf_printf(out, p->doubtful ? " arrived: %s." : " was not delivered: %s.", p->why);
}

static void put_many(struct buf *out, const struct late_pair *p)
{
	buf_printf(out, "Of your messages to %.*s between ", SLARG(p->contact));
	put_time(out, p->first_ms);
	buf_str(out, " and ");
	put_time(out, p->last_ms);
	if (p->failed)
		buf_printf(
			out, ", %u %s not delivered", p->failed, p->failed == 1 ? "was" : "were");
	if (p->doubtful)
		buf_printf(out, ", %u may not have arrived", p->doubtful);
	buf_printf(out, ". The last reason: %s.", p->why);
}

static void tell(struct late_pair *p)
{
	struct gateway *g = p->gateway;
	struct arena a = {0};
	struct jid user, contact;
	struct buf text;

	buf_init(&text, 0);
	if (p->failed + p->doubtful == 1)
		put_one(&text, p);
	else
		put_many(&text, p);
	if (jid_parse(&user, &a, p->user, NULL) == 0 &&
		jid_parse(&contact, &a, p->contact, NULL) == 0 &&
		tosip_notice(g, &contact, &user, buf_slice(&text)))
		metric_add(M_LATE_ERRORS_TOLD, 1);
	p->failed = p->doubtful = 0;
	buf_done(&text);
	arena_done(&a);
}

/* ---- pairs ---- */

static struct late_pair *pair_find(const struct gateway *g, struct slice key)
{
	struct table_node *n = table_get(&g->late_pairs, key);

	return n ? container_of(n, struct late_pair, node) : NULL;
}

static struct late_pair *pair_new(struct gateway *g, struct slice key, size_t user_n)
{
	struct late_pair *p = xzalloc(sizeof *p + key.n);

	assert(key.p);
	p->gateway = g;
	memcpy(p->text, key.p, key.n);
	p->user = slice_make(p->text, user_n);
	p->contact = slice_make(p->text + user_n + 1, key.n - user_n - 1);
	table_put(&g->late_pairs, &p->node, slice_make(p->text, key.n));
	return p;
}

static void pair_free(struct late_pair *p)
{
	table_remove(&p->gateway->late_pairs, &p->node);
	list_remove(&p->due);
	free(p);
}

static void arm(struct gateway *g)
{
	const struct list *first = list_first(&g->late_due);

	if (first && !loop_timer_armed(&g->late_timer))
		loop_timer_at(&g->late_timer, container_of(first, struct late_pair, due)->due_ms);
}

/* The list stays in the order of the times: all wait equally long. */
static void pair_quiet(struct late_pair *p)
{
	struct gateway *g = p->gateway;

	list_remove(&p->due);
	p->due_ms = gateway_now(g) + QUIET_MS;
	list_append(&g->late_due, &p->due);
	arm(g);
}

static void late_fires(void *arg)
{
	struct gateway *g = arg;

	gateway_scratch(g);
	list_each_safe(&g->late_due, it) {
		struct late_pair *p = container_of(it, struct late_pair, due);

		if (p->due_ms > gateway_now(g))
			break;
		if (p->failed + p->doubtful == 0) {
			pair_free(p);
		} else {
			tell(p);
			pair_quiet(p);
		}
	}
	arm(g);
}

static void add(struct late_pair *p, uint64_t wall_ms, bool doubt, struct slice why)
{
	struct slice cut = slice_cut(why, WHY_MAX - 1);

	if (p->failed + p->doubtful == 0)
		p->first_ms = wall_ms;
	p->last_ms = wall_ms;
	*(doubt ? &p->doubtful : &p->failed) += 1;
	if (cut.n)
		memcpy(p->why, cut.p, cut.n);
	p->why[cut.n] = 0;
}

/* Whether the route of the user's domain wants them told. */
static bool wanted(const struct gateway *g, struct slice user)
{
	struct slice domain = slice_from(user, slice_find(user, '@') + 1);
	const struct route *r = g->snapshot ? snapshot_route_of(g->snapshot, domain) : NULL;

	return r && r->late_error == ROUTE_LATE_MESSAGE;
}

void late_report(struct gateway *g, struct slice user, struct slice contact, uint64_t wall_ms,
	bool doubt, struct slice why, bool told)
{
	struct slice key;
	struct late_pair *p;
	bool fresh;

	metric_add(M_LATE_ERRORS, 1);
	if (gateway_may_log(g))
		log_info(&g->log, "late-error", LF_S("user", user), LF_S("contact", contact),
			LF_Z("certain", doubt ? "no" : "yes"), LF_S("why", why));
	if (told || !wanted(g, user))
		return;
	key = gateway_pair_key(g, user, contact);
	p = pair_find(g, key);
	fresh = !p;
	if (fresh && g->late_pairs.count >= g->limits.late_pairs) {
		if (gateway_may_log(g))
			log_warn(&g->log, "late-error-untold", LF_S("user", user),
				LF_S("contact", contact));
		return;
	}
	if (fresh)
		p = pair_new(g, key, user.n);
	add(p, wall_ms, doubt, why);
	if (fresh) {
		tell(p);
		pair_quiet(p);
	}
}

void late_init(struct gateway *g)
{
	table_init(&g->late_pairs);
	list_init(&g->late_due);
	loop_timer_init(&g->late_timer, g->loop, late_fires, g);
}

void late_done(struct gateway *g)
{
	loop_timer_stop(&g->late_timer);
	list_each_safe(&g->late_due, it)
		pair_free(container_of(it, struct late_pair, due));
	table_done(&g->late_pairs);
}
