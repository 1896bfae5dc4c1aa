#include "sipnet/flows.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/tls.h"
#include "sipnet/sipnet_priv.h"
#include "view/metrics.h"

enum {
	JUDGED_AT_ONCE = 8,
	/* One that has carried nothing and ends before was in vain; an address has so many, then so
	   many in that time. */
	VAIN_MS = 60000,
	VAIN = 30,
	VAIN_SECONDS = 30,
	LISTED_RATE = 200, /* new ones a second of an address that is a route's source */
};

static void judge_some(void *arg);

void flows_init(struct sipnet *n, unsigned vain)
{
	unsigned many = vain ? vain : VAIN, rate = (many + VAIN_SECONDS - 1) / VAIN_SECONDS;
	struct stranger_limits strangers = {.all = 1024,
		.per_address = 64,
		.rate = 50,
		.burst = 100,
		.vain = many,
		.vain_rate = rate};
	struct stranger_limits listed = {.all = 1,
		.per_address = 1,
		.rate = LISTED_RATE,
		.burst = FLOWS_THEIRS,
		.vain = many,
		.vain_rate = rate};
	struct flows *all = &n->flows;

	table_init(&all->by_number);
	table_init(&all->groups);
	list_init(&all->all);
	all->strangers = strangers_new(&strangers);
	all->listed = strangers_new(&listed);
	all->held_max = FLOWS_HELD;
	loop_task_init(&all->judge, judge_some, n);
}

void flows_done(struct sipnet *n)
{
	struct flows *all = &n->flows;
	struct list *l;

	while ((l = list_first(&all->all)))
		flows_remove(n, container_of(l, struct flow, node));
	loop_task_stop(&all->judge);
	strangers_free(all->strangers);
	strangers_free(all->listed);
	table_done(&all->by_number);
	table_done(&all->groups);
	tls_set_unref(all->tls);
	free(all->view);
}

/* ---- by number ---- */

static struct slice key_of(const uint32_t *number)
{
	return slice_make(number, sizeof *number);
}

struct flow *flows_get(const struct sipnet *n, uint32_t number)
{
	struct table_node *node = number ? table_get(&n->flows.by_number, key_of(&number)) : NULL;

	return node ? container_of(node, struct flow, by_number) : NULL;
}

uint32_t flows_number(struct sipnet *n)
{
	struct flows *all = &n->flows;

	do
		all->last++;
	while (!all->last || flows_get(n, all->last));
	return all->last;
}

struct sip_hop flow_hop(const struct flow *f)
{
	struct sip_hop h = {.transport = f->transport, .socket = f->socket, .flow = f->number};

	if (f->peer.sa.sa_family == AF_INET6)
		h.in6 = f->peer.in6;
	else
		h.in4 = f->peer.in4;
	return h;
}

void flows_add(struct sipnet *n, struct flow *f)
{
	struct flows *all = &n->flows;

	table_put(&all->by_number, &f->by_number, key_of(&f->number));
	list_append(&all->all, &f->node);
	f->judged = all->trust;
	all->n++;
	metric_add(M_SIP_CONNECTIONS, 1);
}

/* ---- by route ---- */

static struct flow_group *group_of(const struct sipnet *n, const char *route)
{
	struct table_node *node = table_get(&n->flows.groups, slice_of(route));

	return node ? container_of(node, struct flow_group, by_name) : NULL;
}

static struct flow_group *group_get(struct sipnet *n, const char *route)
{
	struct flow_group *g = group_of(n, route);

	if (g)
		return g;
	g = xzalloc(sizeof *g);
	memcpy(g->name, route, strlen(route) + 1);
	g->room.max = n->flows.held_max;
	list_init(&g->usable);
	table_put(&n->flows.groups, &g->by_name, slice_of(g->name));
	return g;
}

static void leave(struct sipnet *n, struct flow *f)
{
	struct flow_group *g = f->group;

	list_remove(&f->usable);
	flow_set_room(f, NULL);
	f->group = NULL;
	if (!g)
		return;
	(*(f->ours ? &g->ours : &g->theirs))--;
	if (g->ours + g->theirs)
		return;
	table_remove(&n->flows.groups, &g->by_name);
	free(g);
}

static bool has_place(const struct flow_group *g, bool ours)
{
	if (ours)
		return g->ours < FLOWS_OURS;
	return g->theirs < FLOWS_THEIRS && !flow_room_full(&g->room);
}

bool flows_have_place(const struct sipnet *n, const char *route)
{
	const struct flow_group *g = group_of(n, route);

	return !g || has_place(g, false);
}

bool flows_join(struct sipnet *n, struct flow *f, const char *route)
{
	struct flow_group *g = group_of(n, route);

	if (g && g == f->group)
		return true;
	if (g && !has_place(g, f->ours))
		return false;
	leave(n, f);
	f->group = group_get(n, route);
	flow_set_room(f, &f->group->room);
	(*(f->ours ? &f->group->ours : &f->group->theirs))++;
	return true;
}

void flows_usable(struct flow *f)
{
	if (list_linked(&f->usable))
		return;
	if (f->ours)
		list_prepend(&f->group->usable, &f->usable);
	else
		list_append(&f->group->usable, &f->usable);
}

/* Who has asked us something gets the answer on a new way, if need be (18.2.2). */
static void remember(struct flows *all, const struct flow *f)
{
	struct flow_ended *e = &all->ended[f->number % FLOWS_ENDED];

	if (!f->asked || !f->group)
		return;
	e->number = f->number;
	memcpy(e->route, f->group->name, sizeof e->route);
}

struct strangers *flows_gate(const struct flows *all, bool listed)
{
	return listed ? all->listed : all->strangers;
}

/* A handshake is dear, and who connects time and again to say nothing is slowed (stranger.h). */
static void note_vain(struct flows *all, const struct flow *f, uint64_t now)
{
	uint8_t key[16];

	if (!f->ours && !f->of_use && now - f->since_ms < VAIN_MS)
		strangers_in_vain(
			flows_gate(all, f->listed), netaddr_limit_key(&f->peer, key), now);
}

void flows_remove(struct sipnet *n, struct flow *f)
{
	struct flows *all = &n->flows;

	remember(all, f);
	stranger_leave(all->strangers, &f->stranger, sipnet_now(n));
	note_vain(all, f, sipnet_now(n));
	leave(n, f);
	table_remove(&all->by_number, &f->by_number);
	list_remove(&f->node);
	all->n--;
	metric_add(M_SIP_CONNECTIONS, -1);
	flow_free(f);
}

/* ---- for our requests ---- */

static bool leads_to(const struct flow *f, const struct netaddr *to)
{
	return f->state <= FLOW_OPEN && netaddr_eq(f->ours ? &f->peer : &f->alias, to);
}

static struct flow *connect_to(
	struct sipnet *n, const struct route *r, const struct sender *s, const struct netaddr *to)
{
	struct flow_start start = {.loop = n->loop,
		.ops = &stream_ops,
		.arg = n,
		.number = flows_number(n),
		.socket = s->index};
	struct netaddr from = sipnet_source(s);
	struct flow *f;

	if (s->transport == SIP_TLS) {
		if (!n->flows.tls)
			return NULL;
		start.set = n->flows.tls;
		start.ctx = peer_context(n, r, &start.sni);
	}
	f = flow_connect(&start, &from, to);
	flows_add(n, f);
	flows_join(n, f, r->name);
	flows_usable(f);
	return f;
}

/* Open before begun; while none has little to send, that with the least. */
static bool is_better(const struct flow *a, const struct flow *b)
{
	bool a_free = flow_pending(a) <= FLOW_OUT_BUSY;

	if (!b)
		return true;
	if (a_free != (flow_pending(b) <= FLOW_OUT_BUSY))
		return a_free;
	if (!a_free)
		return flow_pending(a) < flow_pending(b);
	return a->state == FLOW_OPEN && b->state != FLOW_OPEN;
}

/* The best of those that there are; NULL: none takes more. *ret_ours: how many of them we made. */
static struct flow *best_of(const struct flow_group *g, const struct sender *s,
	const struct netaddr *to, unsigned *ret_ours)
{
	struct flow *best = NULL;

	for (struct list *it = g->usable.next; it != &g->usable; it = it->next) {
		struct flow *f = container_of(it, struct flow, usable);

		if (f->transport != s->transport || !leads_to(f, to))
			continue;
		*ret_ours += f->ours;
		if (flow_takes_more(f) && is_better(f, best))
			best = f;
		if (best && best->state == FLOW_OPEN && flow_pending(best) <= FLOW_OUT_BUSY)
			break;
	}
	return best;
}

struct flow *flows_take(
	struct sipnet *n, const struct route *r, const struct sender *s, const struct netaddr *to)
{
	struct flow_group *g = group_of(n, r->name);
	unsigned ours = 0;
	struct flow *best = g ? best_of(g, s, to, &ours) : NULL;

	if (best)
		best->of_use = true;
	if (best && flow_pending(best) <= FLOW_OUT_BUSY)
		return best;
	if (ours >= FLOWS_OURS_ADDRESS || (g && g->ours >= FLOWS_OURS) || n->flows.n >= FLOWS_ALL)
		return best;
	return connect_to(n, r, s, to);
}

/* ---- new settings, new certificates ---- */

/* Ours: as long as its route is there and the peer still is who the route wants. */
static bool still_ours(const struct sipnet *n, const struct flow *f)
{
	const struct route *r = snapshot_route(n->snapshot, slice_of(f->group->name));

	if (!r || !sipnet_route_speaks(r, (enum sip_transport)f->transport))
		return false;
	return f->transport != SIP_TLS || f->state < FLOW_OPEN || peer_has_name(f, r);
}

static bool still_theirs(struct sipnet *n, struct flow *f)
{
	struct sip_hop hop = flow_hop(f);
	const char *route = sipnet_route_at(n, &hop);

	return route && flows_join(n, f, route);
}

void flows_rejudge(struct sipnet *n)
{
	for (struct list *it = n->flows.all.next, *next; it != &n->flows.all; it = next) {
		struct flow *f = container_of(it, struct flow, node);

		next = it->next; /* closing one only queues what follows */
		if (f->group && !(f->ours ? still_ours(n, f) : still_theirs(n, f)))
			flow_close(f, "route-changed");
	}
}

/* By turns: looking at a chain takes a while. Who is no longer trusted stays, who is revoked not.
 */
static void judge_some(void *arg)
{
	struct sipnet *n = arg;
	struct flows *all = &n->flows;

	for (int i = 0; i < JUDGED_AT_ONCE; i++) {
		struct list *l = list_first(&all->all);
		struct flow *f = l ? container_of(l, struct flow, node) : NULL;

		if (!f || f->judged == all->trust)
			return;
		f->judged = all->trust;
		list_remove(&f->node);
		list_append(&all->all, &f->node);
		if (flow_tls(f) && all->tls && conn_tls_judge(f->conn, all->tls) == CERT_REVOKED)
			flow_close(f, "certificate-revoked");
	}
	loop_task_queue_slow(n->loop, &all->judge);
}

void sipnet_set_tls(struct sipnet *n, struct tls_set *tls)
{
	struct flows *all = &n->flows;

	tls_set_ref(tls);
	tls_set_unref(all->tls);
	all->tls = tls;
	all->trust++;
	loop_task_queue_slow(n->loop, &all->judge);
}

size_t flows_pending(const struct sipnet *n)
{
	size_t bytes = 0;

	list_each(&n->flows.all, it)
		bytes += flow_pending(container_of(it, struct flow, node));
	return bytes;
}
