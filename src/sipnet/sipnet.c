#include "sipnet/sipnet.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rand.h"
#include "federation/route.h"
#include "loop/loop.h"
#include "sipnet/target.h"
#include "sipnet/udp.h"
#include "view/metrics.h"

enum {
	LISTEN_MAX = 16,
	STRANGERS = 10, /* answers a second to addresses that are no route's */
	SERVERS = 1000000,
	CLIENTS = 100000,
	RETRY_AFTER_S = 2,
};

struct sender {
	struct udp *udp;
	struct sipnet *net;
	uint8_t index;
	char name[NETADDR_TEXT + 8]; /* "udp:127.0.0.1:5060" */
	char sent_by[300];           /* of our Via */
};

/* A request of ours. Those that fail before anything was sent wait in `failed` for the turn's end.
 */
struct sipnet_call {
	struct list node;
	struct sipnet *net;
	struct sip_client *client; /* NULL: failed at once */
	char route[65];            /* routes come and go meanwhile */
	struct netaddr to;
	sip_done *done;
	void *arg;
};

struct sipnet {
	struct loop *loop;
	struct dns *dns;
	struct sip_stack *stack;
	const struct sipnet_ops *ops;
	void *arg;
	struct snapshot *snapshot;
	struct sender sender[LISTEN_MAX];
	unsigned n_senders;
	struct list targets;
	struct list calls, failed;
	struct loop_task tell, turn;
	struct loop_timer timer;
	bool draining;
	unsigned asked;  /* requests handed out and not answered */
	unsigned called; /* calls without done() */
	uint64_t strangers_second;
	unsigned strangers;
	uint64_t unlisted, unlisted_answered;
	struct sip_stack_stats counted; /* what the metrics have already */
	struct sipnet_listener_view *listener_view;
	struct sipnet_route_view *route_view;
};

static uint64_t now(const struct sipnet *n)
{
	return loop_now(n->loop);
}

/* ---- the stack's time and counters ---- */

/* The stack was called: when it is due next, and what it counted, is seen to at the end of the
 * turn. */
static void touched(struct sipnet *n)
{
	loop_task_queue(n->loop, &n->turn);
}

static void count(struct sipnet *n)
{
	struct sip_stack_stats s;

	sip_stack_stats(n->stack, &s);
	metric_add(M_SIP_RETRANS_RX, (int64_t)(s.rx_retrans - n->counted.rx_retrans));
	metric_add(M_SIP_RETRANS_TX, (int64_t)(s.tx_retrans - n->counted.tx_retrans));
	metric_add(M_SIP_BAD, (int64_t)(s.bad + s.dropped - n->counted.bad - n->counted.dropped));
	metric_set(M_SIP_TRANSACTIONS, (int64_t)s.servers_active + s.servers_lingering +
					       s.clients_active + s.clients_lingering);
	n->counted = s;
}

/* At the end of every turn in which the stack was called. */
static void end_turn(void *arg)
{
	struct sipnet *n = arg;
	uint64_t due = sip_stack_deadline(n->stack);

	if (due == UINT64_MAX)
		loop_timer_stop(&n->timer);
	else
		loop_timer_at(&n->timer, due);
	count(n);
}

static void on_timer(void *arg)
{
	struct sipnet *n = arg;

	sip_stack_tick(n->stack, now(n));
	touched(n);
}

/* ---- addresses and hops ---- */

static struct sip_hop hop_of(const struct sender *s, const struct netaddr *a)
{
	struct sip_hop h = {.transport = SIP_UDP, .socket = s->index};

	if (a->sa.sa_family == AF_INET6)
		h.in6 = a->in6;
	else
		h.in4 = a->in4;
	return h;
}

static bool address_of(const struct sip_hop *h, struct netaddr *ret)
{
	return netaddr_from(ret, &h->sa) == 0;
}

/* A socket bound to loopback reaches loopback alone, and the other way about. */
static const struct sender *sender_for(const struct sipnet *n, const struct netaddr *to)
{
	const struct sender *wild = NULL;

	for (unsigned i = 0; i < n->n_senders; i++) {
		const struct netaddr *a = udp_address(n->sender[i].udp);

		if (a->sa.sa_family != to->sa.sa_family)
			continue;
		if (netaddr_is_any(a))
			wild = wild ? wild : &n->sender[i];
		else if (netaddr_is_loopback(a) == netaddr_is_loopback(to))
			return &n->sender[i];
	}
	return wild;
}

/* ---- routes ---- */

static struct target *target_find(const struct sipnet *n, struct slice name)
{
	list_each(&n->targets, it) {
		struct target *t = container_of(it, struct target, node);

		if (slice_eqz(name, t->route->name))
			return t;
	}
	return NULL;
}

static bool is_listed(const struct sipnet *n, const struct netaddr *from)
{
	list_each(&n->targets, it)
		if (target_has_source(container_of(it, struct target, node), from))
			return true;
	return false;
}

/* The route by which a request of this source and From domain comes; *ret_source: one has the
 * source. */
static struct target *target_for(const struct sipnet *n, const struct netaddr *from,
	struct slice domain, struct target **ret_source)
{
	*ret_source = NULL;
	list_each(&n->targets, it) {
		struct target *t = container_of(it, struct target, node);

		if (!target_has_source(t, from))
			continue;
		if (!*ret_source)
			*ret_source = t;
		if (snapshot_route_accepts(n->snapshot, t->route, domain))
			return t;
	}
	return NULL;
}

/* Hosts in SIP may have capitals and a dot at the end; the snapshot's keys have not. */
static struct slice plain_host(struct slice host, char *buf, size_t size)
{
	if (host.n && host.p[host.n - 1] == '.')
		host.n--;
	if (!host.p || host.n > size)
		return SL("");
	memcpy(buf, host.p, host.n);
	ascii_lower(buf, host.n);
	return slice_make(buf, host.n);
}

static bool same_next_hop(const struct route *a, const struct route *b)
{
	return a->next_hop.port == b->next_hop.port &&
	       strcmp(a->next_hop.host, b->next_hop.host) == 0;
}

/* The target of a route that goes where it went before, with its addresses and counters; or a new
 * one. */
static struct target *target_of(struct sipnet *n, struct list *old, const struct route *r)
{
	list_each(old, it) {
		struct target *t = container_of(it, struct target, node);

		if (strcmp(t->route->name, r->name) != 0 || !same_next_hop(t->route, r))
			continue;
		list_remove(&t->node);
		target_set_route(t, r);
		return t;
	}
	return target_new(n->loop, n->dns, r);
}

static void free_targets(struct list *targets)
{
	struct list *l;

	while ((l = list_first(targets)))
		target_free(container_of(l, struct target, node));
}

void sipnet_set_snapshot(struct sipnet *n, struct snapshot *snapshot)
{
	const struct object *const *v;
	size_t n_routes = snapshot_list(snapshot, OBJECT_ROUTE, &v);
	struct list old, *l;

	list_init(&old);
	while ((l = list_pop(&n->targets)))
		list_append(&old, l);
	for (size_t i = 0; i < n_routes; i++)
		list_append(&n->targets, &target_of(n, &old, route_of(v[i]))->node);
	free_targets(&old);
	snapshot_ref(snapshot);
	snapshot_unref(n->snapshot);
	n->snapshot = snapshot;
}

/* ---- in ---- */

static bool stranger_may_be_answered(struct sipnet *n)
{
	if (n->strangers_second != now(n) / 1000) {
		n->strangers_second = now(n) / 1000;
		n->strangers = 0;
	}
	return n->strangers++ < STRANGERS;
}

static void on_stranger(struct sipnet *n, const struct sip_hop *hop, char *p, size_t len)
{
	n->unlisted++;
	metric_add(M_SIP_UNLISTED, 1);
	if (!stranger_may_be_answered(n))
		return;
	n->unlisted_answered++;
	sip_stack_refuse(n->stack, hop, p, len, 403, "Not a known peer");
	touched(n);
}

static void on_datagram(void *arg, const struct netaddr *from, char *p, size_t len)
{
	struct sender *s = arg;
	struct sipnet *n = s->net;
	struct sip_hop hop = hop_of(s, from);
	struct target *admitted = NULL;

	metric_add(M_SIP_RX, 1);
	if (!is_listed(n, from)) {
		on_stranger(n, &hop, p, len);
		return;
	}
	sip_stack_rx(n->stack, &hop, p, len, &admitted, now(n));
	touched(n);
}

static void on_unreachable(void *arg, const struct netaddr *to)
{
	struct sender *s = arg;
	struct sipnet *n = s->net;
	struct sip_hop hop = hop_of(s, to);

	sip_stack_unreachable(n->stack, &hop, now(n));
	touched(n);
}

static const struct udp_ops udp_ops = {.datagram = on_datagram, .unreachable = on_unreachable};

/* ctx is where request() finds the target by which it came. */
static struct sip_verdict admit(
	void *arg, const struct sip_msg *m, const struct sip_hop *from, void *ctx)
{
	struct sipnet *n = arg;
	struct target *t, *source;
	struct netaddr a;
	char host[256];

	if (n->draining)
		return (struct sip_verdict){500, "Shutting down", RETRY_AFTER_S};
	address_of(from, &a);
	t = target_for(n, &a, plain_host(m->from.uri.host, host, sizeof host), &source);
	if (!t) {
		metric_add(M_SIP_FORGED_FROM, 1);
		source->forged_from++;
		return (struct sip_verdict){403, "From is not of a domain of this route", 0};
	}
	if (snapshot_local(n->snapshot, plain_host(m->ruri.host, host, sizeof host)))
		return (struct sip_verdict){
			403, "Users of this domain are not reached this way", 0};
	if (!target_take(t, now(n)))
		return (struct sip_verdict){500, "Too many requests", RETRY_AFTER_S};
	*(struct target **)ctx = t;
	return (struct sip_verdict){0};
}

static void on_request(void *arg, struct sip_server *txn, const struct sip_msg *m,
	const struct sip_hop *from, void *ctx)
{
	struct target *t = *(struct target **)ctx;
	struct sipnet *n = arg;

	t->requests_in++;
	n->asked++;
	n->ops->request(n->arg, txn, m, t->route);
}

void sipnet_reply(struct sipnet *n, struct sip_server *txn, const struct sip_reply *reply)
{
	n->asked--;
	sip_server_reply(txn, reply, now(n));
	touched(n);
}

/* ---- out ---- */

static void send_bytes(void *arg, const struct sip_hop *to, struct slice bytes)
{
	struct sipnet *n = arg;
	struct netaddr a;

	if (address_of(to, &a))
		udp_send(n->sender[to->socket].udp, &a, bytes.p, bytes.n);
}

static void random_bytes(void *arg, void *p, size_t n)
{
	(void)arg;
	rand_bytes(p, n);
}

static void call_end(struct sipnet_call *c, const struct sip_result *r)
{
	sip_done *done = c->done;
	void *arg = c->arg;

	c->net->called--;
	list_remove(&c->node);
	free(c);
	done(arg, r);
}

static void count_end(struct target *t, const struct sipnet_call *c, const struct sip_result *r)
{
	if (r->end == SIP_FINAL) {
		t->answered++;
	} else if (r->end == SIP_TIMEOUT) {
		t->timeouts++;
		target_failed(t, &c->to);
	} else if (r->end == SIP_UNREACHABLE) {
		t->unreachable++;
		target_failed(t, &c->to);
	}
}

static void on_done(void *arg, const struct sip_result *r)
{
	struct sipnet_call *c = arg;
	struct target *t = target_find(c->net, slice_of(c->route));

	if (t)
		count_end(t, c, r);
	call_end(c, r);
}

/* Those that fail while these are told wait for the next turn. */
static void tell_failed(void *arg)
{
	struct sipnet *n = arg;
	static const struct sip_result no_target = {.end = SIP_NO_TARGET};
	struct list now_told, *l;

	list_init(&now_told);
	while ((l = list_pop(&n->failed)))
		list_append(&now_told, l);
	while ((l = list_first(&now_told)))
		call_end(container_of(l, struct sipnet_call, node), &no_target);
}

struct sipnet_call *sipnet_request(struct sipnet *n, const struct route *route,
	const struct sip_spec *spec, unsigned timeout_ms, sip_done *done, void *arg)
{
	struct target *t = target_find(n, slice_of(route->name));
	const struct netaddr *to = t ? target_addr(t) : NULL;
	const struct sender *s = to ? sender_for(n, to) : NULL;
	struct sipnet_call *c = xzalloc(sizeof *c);
	struct sip_hop hop;

	c->net = n;
	c->done = done;
	c->arg = arg;
	n->called++;
	if (!s) {
		list_append(&n->failed, &c->node);
		loop_task_queue(n->loop, &n->tell);
		return c;
	}
	memcpy(c->route, route->name, strlen(route->name) + 1);
	c->to = *to;
	list_append(&n->calls, &c->node);
	t->requests_out++;
	hop = hop_of(s, to);
	c->client = sip_stack_request(n->stack, &hop, spec, timeout_ms, on_done, c, now(n));
	touched(n);
	return c;
}

static void call_free(struct sipnet_call *c)
{
	c->net->called--;
	list_remove(&c->node);
	free(c);
}

void sipnet_forget(struct sipnet_call *c)
{
	if (c->client)
		sip_client_forget(c->client);
	call_free(c);
}

void sipnet_id(struct sipnet *n, struct buf *out)
{
	sip_stack_id(n->stack, out);
}

/* ---- life ---- */

/* What our Via says: the address, or for a wildcard the name of this host. */
static void name_sender(struct sender *s)
{
	const struct netaddr *a = udp_address(s->udp);
	char text[NETADDR_TEXT], host[256] = "localhost";

	netaddr_print(a, text);
	snprintf(s->name, sizeof s->name, "udp:%s", text);
	if (netaddr_is_any(a)) {
		if (gethostname(host, sizeof host - 1) < 0 ||
			sip_host_kind(slice_of(host)) == SIP_HOST_NONE)
			strcpy(host, "localhost");
		snprintf(s->sent_by, sizeof s->sent_by, "%s:%u", host, netaddr_port(a));
	} else {
		snprintf(s->sent_by, sizeof s->sent_by, "%s", text);
	}
}

static int listen_on(struct sipnet *n, struct slice text, struct err *e)
{
	struct sender *s = &n->sender[n->n_senders];
	struct netaddr a;

	if (!slice_starts(text, SL("udp:")))
		return err_set(
			e, ERR_INVALID, "'%.*s': right would be udp:ADDRESS:PORT", SLARG(text));
	if (netaddr_parse(&a, slice_from(text, 4), 5060, e) < 0)
		return err_in(e, "SIP listener");
	s->net = n;
	s->index = (uint8_t)n->n_senders;
	if (udp_new(&s->udp, n->loop, &a, &udp_ops, s, e) < 0)
		return err_in(e, "SIP listener");
	name_sender(s);
	n->n_senders++;
	return 0;
}

static void make_stack(struct sipnet *n, const struct sipnet_config *c)
{
	static const struct sip_stack_ops ops = {
		.send = send_bytes, .admit = admit, .request = on_request, .random = random_bytes};
	struct slice sent_by[LISTEN_MAX];
	struct sip_stack_config config = {.node = c->node,
		.shard = c->shard,
		.caps = c->caps,
		.sent_by = sent_by,
		.n_sockets = n->n_senders,
		.server = "Entente",
		.max_servers = c->max_servers ? c->max_servers : SERVERS,
		.max_clients = c->max_clients ? c->max_clients : CLIENTS};

	for (unsigned i = 0; i < n->n_senders; i++)
		sent_by[i] = slice_of(n->sender[i].sent_by);
	n->stack = sip_stack_new(&config, &ops, n);
}

int sipnet_new(struct sipnet **ret, struct loop *loop, struct dns *dns,
	const struct sipnet_config *config, const struct sipnet_ops *ops, void *arg, struct err *e)
{
	struct sipnet *n = xzalloc(sizeof *n);

	assert(config->n_listen >= 1 && config->n_listen <= LISTEN_MAX);
	n->loop = loop;
	n->dns = dns;
	n->ops = ops;
	n->arg = arg;
	list_init(&n->targets);
	list_init(&n->calls);
	list_init(&n->failed);
	loop_task_init(&n->tell, tell_failed, n);
	loop_task_init(&n->turn, end_turn, n);
	loop_timer_init(&n->timer, loop, on_timer, n);
	for (unsigned i = 0; i < config->n_listen; i++) {
		if (listen_on(n, config->listen[i], e) < 0) {
			sipnet_free(n);
			return -1;
		}
	}
	make_stack(n, config);
	*ret = n;
	return 0;
}

void sipnet_free(struct sipnet *n)
{
	if (!n)
		return;
	for (unsigned i = 0; i < n->n_senders; i++)
		udp_free(n->sender[i].udp);
	loop_timer_stop(&n->timer);
	loop_task_stop(&n->tell);
	loop_task_stop(&n->turn);
	sip_stack_free(n->stack);
	while (!list_empty(&n->calls))
		call_free(container_of(n->calls.next, struct sipnet_call, node));
	while (!list_empty(&n->failed))
		call_free(container_of(n->failed.next, struct sipnet_call, node));
	free_targets(&n->targets);
	snapshot_unref(n->snapshot);
	free(n->listener_view);
	free(n->route_view);
	free(n);
}

void sipnet_drain(struct sipnet *n)
{
	n->draining = true;
}

unsigned sipnet_busy(const struct sipnet *n)
{
	return n->asked + n->called;
}

uint16_t sipnet_port(const struct sipnet *n, unsigned index)
{
	return netaddr_port(udp_address(n->sender[index].udp));
}

/* ---- what is seen from outside ---- */

static void view_listeners(struct sipnet *n)
{
	free(n->listener_view);
	n->listener_view = xcalloc(n->n_senders, sizeof *n->listener_view);
	for (unsigned i = 0; i < n->n_senders; i++) {
		const struct udp_stats *s = udp_stats(n->sender[i].udp);

		n->listener_view[i] = (struct sipnet_listener_view){slice_of(n->sender[i].name),
			s->received, s->sent, s->kernel_drops, s->send_errors, s->receive_buffer};
	}
}

static unsigned view_routes(struct sipnet *n)
{
	unsigned count_routes = 0, i = 0;

	list_each(&n->targets, it)
		count_routes++;
	free(n->route_view);
	n->route_view = xcalloc(count_routes, sizeof *n->route_view);
	list_each(&n->targets, it) {
		const struct target *t = container_of(it, struct target, node);
		struct sipnet_route_view *v = &n->route_view[i++];
		char text[NETADDR_TEXT];

		*v = (struct sipnet_route_view){.name = slice_of(t->route->name),
			.next_hop = slice_of(t->route->next_hop.host),
			.requests_in = t->requests_in,
			.requests_out = t->requests_out,
			.forged_from = t->forged_from,
			.answered = t->answered,
			.timeouts = t->timeouts,
			.unreachable = t->unreachable};
		if (target_addr(t))
			snprintf(v->target, sizeof v->target, "%s",
				netaddr_print(target_addr(t), text));
	}
	return count_routes;
}

void sipnet_view(struct sipnet *n, struct sipnet_view *ret)
{
	count(n);
	view_listeners(n);
	*ret = (struct sipnet_view){.unlisted = n->unlisted,
		.unlisted_answered = n->unlisted_answered,
		.n_listeners = n->n_senders,
		.listeners = n->listener_view};
	ret->n_routes = view_routes(n);
	ret->routes = n->route_view;
	sip_stack_stats(n->stack, &ret->stack);
}
