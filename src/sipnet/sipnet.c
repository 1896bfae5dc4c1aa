#include "sipnet/sipnet.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rand.h"
#include "sipnet/sipnet_priv.h"
#include "view/metrics.h"

enum {
	STRANGERS = 10,     /* answers a second to addresses that are no route's */
	BUDGET = 512 << 20, /* sipnet_config.transactions_memory */
};

/* ---- the stack's time and counters ---- */

void sipnet_touched(struct sipnet *n)
{
	loop_task_queue(n->loop, &n->turn);
}

void sipnet_count(struct sipnet *n)
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
	sipnet_count(n);
}

static void on_timer(void *arg)
{
	struct sipnet *n = arg;

	sip_stack_tick(n->stack, sipnet_now(n));
	sipnet_touched(n);
}

/* ---- addresses and hops ---- */

struct sip_hop sipnet_hop(const struct sender *s, const struct netaddr *a)
{
	struct sip_hop h = {.transport = SIP_UDP, .socket = s->index};

	if (a->sa.sa_family == AF_INET6)
		h.in6 = a->in6;
	else
		h.in4 = a->in4;
	return h;
}

bool sipnet_address(const struct sip_hop *h, struct netaddr *ret)
{
	return netaddr_from(ret, &h->sa) == 0;
}

/* ---- in ---- */

static bool stranger_may_be_answered(struct sipnet *n)
{
	if (n->strangers_second != sipnet_now(n) / 1000) {
		n->strangers_second = sipnet_now(n) / 1000;
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
	sipnet_touched(n);
}

static void on_datagram(void *arg, const struct netaddr *from, char *p, size_t len)
{
	struct sender *s = arg;
	struct sipnet *n = s->net;
	struct sip_hop hop = sipnet_hop(s, from);
	struct target *admitted = NULL;

	metric_add(M_SIP_RX, 1);
	if (!sipnet_is_listed(n, from)) {
		on_stranger(n, &hop, p, len);
		return;
	}
	sip_stack_rx(n->stack, &hop, p, len, &admitted, sipnet_now(n));
	sipnet_touched(n);
}

static void on_unreachable(void *arg, const struct netaddr *to)
{
	struct sender *s = arg;
	struct sipnet *n = s->net;
	struct sip_hop hop = sipnet_hop(s, to);

	sip_stack_unreachable(n->stack, &hop, sipnet_now(n));
	sipnet_touched(n);
}

static const struct udp_ops udp_ops = {.datagram = on_datagram, .unreachable = on_unreachable};

/* ---- out ---- */

static uint64_t send_bytes(void *arg, const struct sip_hop *to, struct slice bytes)
{
	struct sipnet *n = arg;
	struct netaddr a;

	if (sipnet_address(to, &a))
		udp_send(n->sender[to->socket].udp, &a, bytes.p, bytes.n);
	return 0;
}

static void random_bytes(void *arg, void *p, size_t n)
{
	(void)arg;
	rand_bytes(p, n);
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
	static const struct sip_stack_ops ops = {.send = send_bytes,
		.admit = sipnet_admit,
		.request = sipnet_take,
		.random = random_bytes};
	struct slice sent_by[LISTEN_MAX];
	struct sip_stack_config config = {.node = c->node,
		.shard = c->shard,
		.caps = c->caps,
		.sent_by = sent_by,
		.n_sockets = n->n_senders,
		.server = "Entente",
		.max_servers = UINT_MAX, /* bytes are what counts: sipnet_has_room() */
		.max_clients = UINT_MAX};

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
	n->budget = config->transactions_memory ? config->transactions_memory : BUDGET;
	list_init(&n->targets);
	list_init(&n->calls);
	list_init(&n->failed);
	loop_task_init(&n->tell, sipnet_tell_failed, n);
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
	sipnet_free_calls(&n->calls);
	sipnet_free_calls(&n->failed);
	sipnet_free_targets(&n->targets);
	snapshot_unref(n->snapshot);
	free(n->listener_view);
	free(n->route_view);
	free(n);
}

void sipnet_id(struct sipnet *n, struct buf *out)
{
	sip_stack_id(n->stack, out);
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
