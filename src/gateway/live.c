#include "base/clock.h"
#include "gateway/core.h"
#include "sipnet/sipnet.h"

/* The real neighbours: the link, SIP on the network, the clock. */

const struct sipnet_ops gateway_sipnet_ops = {
	.request = gateway_request,
	.invite = gateway_invite,
	.ack = gateway_ack,
	.options = gateway_options,
};

static bool live_send(void *arg, struct link_down *d)
{
	struct gateway *g = arg;

	return link_send(g->link, d);
}

static void live_up_done(void *arg, struct link_up *up)
{
	struct gateway *g = arg;

	link_up_done(g->link, up);
}

static void live_reply(void *arg, struct sip_server *txn, const struct sip_reply *reply)
{
	struct gateway *g = arg;

	sipnet_reply(g->sipnet, txn, reply);
}

static void live_request(void *arg, const struct route *route, const struct sip_spec *spec,
	unsigned timeout_ms, sip_done *done, void *done_arg)
{
	struct gateway *g = arg;

	sipnet_request(g->sipnet, route, spec, timeout_ms, done, done_arg);
}

static struct sipnet_call *live_invite(void *arg, const struct route *route,
	const struct sip_spec *spec, unsigned timeout_ms, sip_done *done, void *done_arg)
{
	struct gateway *g = arg;

	return sipnet_invite(g->sipnet, route, spec, timeout_ms, done, done_arg);
}

static void live_cancel(void *arg, struct sipnet_call *invite)
{
	sipnet_cancel(invite);
}

static struct sipnet_call *live_within(void *arg, const struct route *route,
	const struct sipnet_way *way, struct slice next, const struct sip_spec *spec,
	unsigned timeout_ms, sip_done *done, void *done_arg)
{
	struct gateway *g = arg;

	return sipnet_within(g->sipnet, route, way, next, spec, timeout_ms, done, done_arg);
}

static void live_ack(void *arg, const struct route *route, const struct sipnet_way *way,
	struct slice next, const struct sip_spec *spec)
{
	struct gateway *g = arg;

	sipnet_ack(g->sipnet, route, way, next, spec);
}

static void live_contact(
	void *arg, const struct route *route, const struct sipnet_way *way, struct buf *out)
{
	struct gateway *g = arg;

	sipnet_contact(g->sipnet, route, way, out);
}

static void live_id(void *arg, struct buf *out)
{
	struct gateway *g = arg;

	sipnet_id(g->sipnet, out);
}

static uint64_t live_wall(void *arg)
{
	return clock_wall_ms();
}

static const struct gateway_ops live = {
	.send = live_send,
	.up_done = live_up_done,
	.reply = live_reply,
	.request = live_request,
	.wall_ms = live_wall,
	.invite = live_invite,
	.cancel = live_cancel,
	.within = live_within,
	.ack = live_ack,
	.contact = live_contact,
	.id = live_id,
};

void gateway_connect(struct gateway *g, struct link *link, struct sipnet *sipnet)
{
	g->link = link;
	g->sipnet = sipnet;
	gateway_set_ops(g, &live, g);
	link_local_gateway(link, g->loop, &gateway_link_ops, g);
}
