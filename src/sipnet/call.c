#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "federation/route.h"
#include "sipnet/sipnet_priv.h"

/* Requests of ours. */

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
	struct target *t = sipnet_target(c->net, slice_of(c->route));

	if (t)
		count_end(t, c, r);
	call_end(c, r);
}

/* Those that fail while these are told wait for the next turn. */
void sipnet_tell_failed(void *arg)
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

static enum sip_transport transport_of(const struct route *r)
{
	return r->transport == ROUTE_TLS   ? SIP_TLS
	       : r->transport == ROUTE_TCP ? SIP_TCP
					   : SIP_UDP;
}

struct sipnet_call *sipnet_request(struct sipnet *n, const struct route *route,
	const struct sip_spec *spec, unsigned timeout_ms, sip_done *done, void *arg)
{
	struct target *t = sipnet_target(n, slice_of(route->name));
	const struct netaddr *to = t ? target_addr(t) : NULL;
	struct sipnet_call *c = xzalloc(sizeof *c);
	struct sip_hop hop;

	c->net = n;
	c->done = done;
	c->arg = arg;
	n->called++;
	if (!to || !sipnet_hop_to(n, route, transport_of(route), to, &hop)) {
		list_append(&n->failed, &c->node);
		loop_task_queue(n->loop, &n->tell);
		return c;
	}
	memcpy(c->route, route->name, strlen(route->name) + 1);
	c->to = *to;
	list_append(&n->calls, &c->node);
	t->requests_out++;
	c->client = sip_stack_request(n->stack, &hop, spec, timeout_ms, on_done, c, sipnet_now(n));
	sipnet_touched(n);
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

void sipnet_free_calls(struct list *calls)
{
	struct list *l;

	while ((l = list_pop(calls)))
		free(container_of(l, struct sipnet_call, node));
}
