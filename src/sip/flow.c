#include <stdlib.h>

#include "base/mem.h"
#include "sip/stack_priv.h"

/* What happens to requests when the network says that it does not carry them. */

/* ---- connections ---- */

static struct sip_flow *of_number(struct sip_index_node *n)
{
	return container_of(n, struct sip_flow, by_number);
}

static struct sip_flow *flow_new(struct sip_stack *s, uint32_t number)
{
	struct sip_flow *f = xmalloc(sizeof *f);

	list_init(&f->clients);
	sip_index_put(&s->flows, &f->by_number, number);
	return f;
}

/* One is kept until its connection ends: a request needs no memory for it. */
void sip_flow_join(struct sip_client *c)
{
	struct sip_stack *s = c->stack;
	struct sip_index_node *n;

	if (!c->to.flow)
		return;
	n = sip_index_get(&s->flows, c->to.flow);
	list_append(&(n ? of_number(n) : flow_new(s, c->to.flow))->clients, &c->on_flow);
}

void sip_stack_closed(
	struct sip_stack *s, const struct sip_hop *hop, uint64_t flushed, uint64_t now_ms)
{
	struct sip_index_node *n = sip_index_get(&s->flows, hop->flow);
	struct list *l;

	if (!n)
		return;
	sip_index_remove(&s->flows, n);
	while ((l = list_pop(&of_number(n)->clients))) {
		struct sip_client *c = container_of(l, struct sip_client, on_flow);

		c->to.flow = 0; /* an INVITE lives on: its CANCEL goes by any other */
		sip_client_lost(c, c->mark <= flushed, now_ms);
	}
	free(of_number(n));
}

void sip_flow_free_all(struct sip_stack *s)
{
	struct sip_index_node *n;

	while ((n = sip_index_pop(&s->flows)))
		free(of_number(n));
}

/* ---- datagrams ---- */

/* The line at the front, when all of it is there, and *rest behind it. */
static bool take_line(struct slice *rest, struct slice *ret)
{
	size_t n = slice_find(*rest, '\n');

	if (n >= rest->n || !n)
		return false;
	*ret = slice_cut(*rest, n - 1);
	*rest = slice_from(*rest, n + 1);
	return true;
}

/* Of a request as sip_write_request() makes it: its method, and its Via, which is the second line.
 */
static bool read_head(struct slice bytes, enum sip_method *ret_method, struct sip_via *ret_via)
{
	struct slice start, via;

	if (!take_line(&bytes, &start) || !take_line(&bytes, &via) ||
		!slice_starts(via, SL("Via: ")))
		return false;
	via = slice_from(via, 5);
	*ret_method = sip_method_find(slice_cut(start, slice_find(start, ' ')));
	return *ret_method != SIP_M_OTHER && sip_via_next(&via, ret_via) == 0;
}

/* An INVITE is news while it is sent, an ACK while that is: the first may have had its answer. */
static bool is_news(const struct sip_client *c, enum sip_method sent)
{
	if (c->method != SIP_INVITE)
		return true;
	return sent == SIP_ACK ? c->state == SIP_IC_COMPLETED : c->state == SIP_IC_CALLING;
}

void sip_stack_undelivered(
	struct sip_stack *s, const struct sip_hop *hop, struct slice bytes, uint64_t now_ms)
{
	enum sip_method method;
	struct sip_via via;
	struct sip_client *c;

	if (!read_head(bytes, &method, &via))
		return;
	c = sip_client_find(s, via.branch, method == SIP_ACK ? SIP_INVITE : method);
	if (c && sip_hop_equal(&c->to, hop) && is_news(c, method))
		sip_client_lost(c, c->times > 1, now_ms);
}
