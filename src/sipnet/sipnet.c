#include "sipnet/sipnet.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rand.h"
#include "sipnet/route_test.h"
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

bool sipnet_stranger(struct sipnet *n)
{
	n->unlisted++;
	metric_add(M_SIP_UNLISTED, 1);
	if (!stranger_may_be_answered(n))
		return false;
	n->unlisted_answered++;
	return true;
}

bool sipnet_receive(
	struct sipnet *n, const struct sip_hop *from, char *p, size_t len, const char *stranger)
{
	struct target *admitted = NULL;

	metric_add(M_SIP_RX, 1);
	if (!sipnet_route_at(n, from)) {
		if (sipnet_stranger(n)) {
			sip_stack_refuse(n->stack, from, p, len, 403, stranger);
			sipnet_touched(n);
		}
		return false;
	}
	sip_stack_rx(n->stack, from, p, len, &admitted, sipnet_now(n));
	sipnet_touched(n);
	return true;
}

static void on_datagram(void *arg, const struct netaddr *from, char *p, size_t len)
{
	struct sender *s = arg;
	struct sip_hop hop = sipnet_hop(s, from);

	sipnet_receive(s->net, &hop, p, len, "Not a known peer");
}

static void on_undelivered(void *arg, const struct netaddr *to, struct slice bytes)
{
	struct sender *s = arg;
	struct sipnet *n = s->net;
	struct sip_hop hop = sipnet_hop(s, to);

	sip_stack_undelivered(n->stack, &hop, bytes, sipnet_now(n));
	sipnet_touched(n);
}

const struct udp_ops sipnet_udp_ops = {.datagram = on_datagram, .undelivered = on_undelivered};

/* ---- out ---- */

static uint64_t send_bytes(void *arg, const struct sip_hop *to, struct slice bytes)
{
	struct sipnet *n = arg;
	struct netaddr a;

	if (to->transport != SIP_UDP)
		return streams_send(n, to, bytes);
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

static void make_stack(struct sipnet *n, const struct sipnet_config *c)
{
	static const struct sip_stack_ops ops = {.send = send_bytes,
		.admit = sipnet_admit,
		.request = sipnet_take,
		.random = random_bytes,
		.invite = sipnet_invite_event,
		.ack = sipnet_take_ack,
		.options = sipnet_describe};
	struct slice sent_by[SENDERS_MAX];
	struct sip_stack_config config = {.node = c->node,
		.shard = c->shard,
		.caps = c->caps,
		.sent_by = sent_by,
		.n_sockets = n->n_senders,
		.server = SIPNET_AGENT,
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

	assert(ops->invite || !sip_caps_allow(config->caps, SIP_INVITE));
	assert(config->n_listen >= 1 && config->n_listen <= LISTEN_MAX);
	n->loop = loop;
	n->dns = dns;
	n->ops = ops;
	n->arg = arg;
	n->budget = config->transactions_memory ? config->transactions_memory : BUDGET;
	if (config->contact_host && *config->contact_host)
		n->contact_host = xstrdup(config->contact_host);
	log_init(&n->log, config->log);
	flows_init(n, config->vain_connections);
	list_init(&n->targets);
	table_init(&n->targets_by_name);
	list_init(&n->calls);
	list_init(&n->failed);
	loop_task_init(&n->tell, sipnet_tell_failed, n);
	loop_task_init(&n->turn, end_turn, n);
	loop_timer_init(&n->timer, loop, on_timer, n);
	for (unsigned i = 0; i < config->n_listen; i++) {
		if (sipnet_listen(n, config->listen[i], e) < 0) {
			sipnet_free(n);
			return -1;
		}
	}
	n->n_listeners = n->n_senders;
	sipnet_add_silent(n);
	make_stack(n, config);
	sipnet_set_tls(n, config->tls);
	*ret = n;
	return 0;
}

void sipnet_free(struct sipnet *n)
{
	if (!n)
		return;
	route_test_drop(n->testing);
	sipnet_close_senders(n);
	flows_done(n);
	sipnet_free_targets(n, &n->targets);
	table_done(&n->targets_by_name);
	loop_timer_stop(&n->timer);
	loop_task_stop(&n->tell);
	loop_task_stop(&n->turn);
	sip_stack_free(n->stack);
	sipnet_free_calls(&n->calls);
	sipnet_free_calls(&n->failed);
	snapshot_unref(n->snapshot);
	free(n->listener_view);
	free(n->route_view);
	free(n->target_view);
	free(n->error_view);
	free(n->contact_host);
	log_done(&n->log);
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
	return n->asked + n->called + (n->draining && flows_pending(n) > 0);
}
