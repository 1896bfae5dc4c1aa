#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "sip/stack_priv.h"

/* What comes in finds its transaction, or begins one, or is refused. */

enum { RETRY_AFTER_MIN = 5, RETRY_AFTER_SPREAD = 8 };

/* ---- making and ending ---- */

static void copy_sent_by(struct sip_stack *s, const struct sip_stack_config *config)
{
	s->sent_by = xcalloc(config->n_sockets, sizeof *s->sent_by);
	for (unsigned i = 0; i < config->n_sockets; i++)
		s->sent_by[i] = slice_make(slice_dup(config->sent_by[i]), config->sent_by[i].n);
}

static void init_lists(struct sip_stack *s)
{
	list_init(&s->trying);
	list_init(&s->proceeding);
	list_init(&s->late);
	list_init(&s->completed);
	list_init(&s->absorbing);
	list_init(&s->failed);
}

struct sip_stack *sip_stack_new(
	const struct sip_stack_config *config, const struct sip_stack_ops *ops, void *arg)
{
	struct sip_stack *s = xzalloc(sizeof *s);

	assert(ascii_alnum(config->node) && ascii_alnum(config->shard) && config->n_sockets);
	assert(ops->invite || !sip_caps_allow(config->caps, SIP_INVITE));
	s->ops = ops;
	s->arg = arg;
	s->config = *config;
	copy_sent_by(s, config);
	init_lists(s);
	if (config->server)
		sip_write_field(&s->lines, "Server", slice_of(config->server));
	s->server_line = s->lines.n;
	sip_caps_write(&s->lines, config->caps);
	s->pool_used = sizeof s->pool;
	ops->random(arg, s->salt, sizeof s->salt);
	return s;
}

void sip_stack_free(struct sip_stack *s)
{
	if (!s)
		return;
	sip_server_free_all(s);
	sip_client_free_all(s);
	sip_flow_free_all(s);
	sip_index_done(&s->servers);
	sip_index_done(&s->merges);
	sip_index_done(&s->clients);
	sip_index_done(&s->flows);
	sip_heap_done(&s->timers);
	sip_heap_done(&s->invites);
	for (unsigned i = 0; i < s->config.n_sockets; i++)
		free((char *)s->sent_by[i].p);
	free(s->sent_by);
	buf_done(&s->lines);
	buf_done(&s->out);
	buf_done(&s->extra);
	buf_done(&s->scratch);
	buf_done(&s->body);
	free(s);
}

/* ---- sending ---- */

uint64_t sip_stack_send(struct sip_stack *s, const struct sip_hop *to, struct slice bytes)
{
	s->stats.tx++;
	return s->ops->send(s->arg, to, bytes);
}

struct slice sip_stack_server_line(const struct sip_stack *s)
{
	return slice_cut(buf_slice(&s->lines), s->server_line);
}

static void answer(struct sip_rx *rx, const struct sip_reply *reply, struct slice extra)
{
	struct sip_stack *s = rx->stack;

	buf_reset(&s->scratch);
	sip_write_echo(&s->scratch, rx->m, &rx->seen);
	buf_reset(&s->out);
	sip_write_reply(&s->out, reply, buf_slice(&s->scratch), extra);
	sip_stack_send(s, &rx->back, buf_slice(&s->out));
}

void sip_stack_answer(struct sip_rx *rx, unsigned status, const char *reason, struct slice extra)
{
	struct sip_reply reply = {.status = status, .reason = slice_of(reason)};

	answer(rx, &reply, extra);
}

/* A refusal, with the lines in s->extra. */
static void refuse(struct sip_rx *rx, unsigned status, const char *reason)
{
	rx->stack->stats.refused++;
	buf_slice_add(&rx->stack->extra, sip_stack_server_line(rx->stack));
	sip_stack_answer(rx, status, reason, buf_slice(&rx->stack->extra));
}

/* Different senders come back at different times. */
static void refuse_overload(struct sip_rx *rx)
{
	rx->stack->stats.shed++;
	buf_printf(&rx->stack->extra, "Retry-After: %u\r\n",
		(unsigned)(RETRY_AFTER_MIN + rx->id.a % RETRY_AFTER_SPREAD));
	refuse(rx, 500, "Overloaded");
}

/* ---- the way back ---- */

/*
 * 18.2.1, RFC 3581 4: received when the first Via names another host than the packet came from, and
 * always beside rport.
 * 18.2.2: a response by UDP goes to the source address, to the source port where rport was asked
 * for, else to that of sent-by. By a connection it goes back on that one (the flow is kept); when
 * it has gone, to the source address and the port of sent-by: rport is for datagrams (RFC 3581 4).
 * maddr is not followed: it is for multicast (18.1.1), which we do not take part in, and would let
 * anybody aim our responses at anybody.
 */
static void find_way_back(struct sip_rx *rx)
{
	const struct sip_via *v = &rx->m->via;
	struct slice source = slice_of(sip_hop_address(rx->from, rx->received));

	rx->back = *rx->from;
	if (v->rport)
		rx->seen.rport = sip_hop_port(rx->from);
	if (!v->rport || sip_hop_reliable(rx->from))
		sip_hop_set_port(&rx->back, v->port ? v->port : sip_hop_default_port(rx->from));
	if (v->rport || !sip_host_equal(v->host, source))
		rx->seen.received = source;
}

/* What the request is known by; the look-ups come a little later, when memory has had its time. */
static void identify(struct sip_rx *rx)
{
	struct sip_stack *s = rx->stack;

	sip_ident_of(s, rx->m, rx->m->method_name, &rx->id);
	sip_index_hint(&s->servers, rx->id.a);
	rx->merge_id = sip_ident_merge(s, rx->m);
	sip_index_hint(&s->merges, rx->merge_id);
	sip_ident_tag(s, &rx->id, rx->to_tag);
	rx->seen.to_tag = slice_make(rx->to_tag, sizeof rx->to_tag);
	find_way_back(rx);
}

/* ---- requests ---- */

/*
 * 9.2: 200 when there is what it cancels, with the same To tag; a non-INVITE goes on all the same.
 * 22.1: nobody can be asked who he is here, so it has to come from where the INVITE came from.
 */
static void take_cancel(struct sip_rx *rx)
{
	struct sip_stack *s = rx->stack;
	const enum sip_method *allow = s->config.caps->allow;
	struct sip_server *t;
	struct sip_ident id;

	for (; *allow != SIP_M_OTHER; allow++) {
		sip_ident_of(s, rx->m, slice_of(sip_method_name(*allow)), &id);
		t = sip_server_find(s, &id);
		if (!t || (t->is_invite && !sip_server_invite_is_from(t, rx->from)))
			continue;
		sip_ident_tag(s, &id, rx->to_tag);
		sip_stack_answer(rx, 200, NULL, sip_stack_server_line(s));
		if (t->is_invite)
			sip_server_invite_cancel(t, rx->now);
		return;
	}
	refuse(rx, 481, NULL);
}

/* Of a refused INVITE that left nothing behind, it is dropped; of a 2xx, it is our user's. */
static void take_ack(struct sip_rx *rx)
{
	const struct sip_stack_ops *ops = rx->stack->ops;

	if (!sip_server_invite_ack(rx) && ops->ack)
		ops->ack(rx->stack->arg, NULL, rx->m, rx->from, rx->ctx);
}

/* What the owner thinks of it; false: refused. */
static bool is_admitted(struct sip_rx *rx)
{
	struct sip_stack *s = rx->stack;
	struct sip_verdict v = s->ops->admit(s->arg, rx->m, rx->from, rx->ctx);

	if (!v.status)
		return true;
	if (v.retry_after)
		buf_printf(&s->extra, "Retry-After: %u\r\n", v.retry_after);
	refuse(rx, v.status, v.reason);
	return false;
}

/* 11.2: to who takes a session description; 20.1: or does not say what he takes. */
static bool wants_description(const struct sip_msg *m)
{
	struct sip_items it = sip_msg_items(m, SIP_H_ACCEPT);
	struct slice item;
	struct sip_media media;

	if (!m->first[SIP_H_ACCEPT])
		return true;
	while (sip_items_next(&it, &item) > 0)
		if (sip_media_parse(item, &media) == 0 &&
			sip_media_is(&media, "application", "sdp"))
			return true;
	return false;
}

static void answer_options(struct sip_rx *rx)
{
	struct sip_stack *s = rx->stack;
	struct sip_reply reply = {.status = 200};

	buf_reset(&s->body);
	if (s->ops->options && wants_description(rx->m))
		s->ops->options(s->arg, rx->m, rx->from, rx->ctx, &s->body);
	if (s->body.n) {
		reply.content_type = SL("application/sdp");
		reply.body = buf_slice(&s->body);
	}
	answer(rx, &reply, buf_slice(&s->lines));
}

/* Of a dialog they are its owner's. */
static bool asks_what_we_can(const struct sip_rx *rx)
{
	return rx->m->method == SIP_OPTIONS &&
	       !(rx->m->to.tag.p && rx->stack->config.caps->dialogs);
}

static void take_new(struct sip_rx *rx)
{
	struct sip_stack *s = rx->stack;
	const char *reason = NULL;
	unsigned status = sip_check_request(rx->m, s->config.caps, &reason, &s->extra);

	if (status) {
		refuse(rx, status, reason);
		return;
	}
	if (!is_admitted(rx))
		return;
	if (asks_what_we_can(rx))
		answer_options(rx);
	else if (sip_server_merges(s, rx->merge_id))
		refuse(rx, 482, NULL);
	else if (s->n_servers >= s->config.max_servers)
		refuse_overload(rx);
	else
		sip_server_start(rx);
}

/* COMPAT: a NOTIFY of Lync that wants no answer, and must not get one, not even a refusal. */
static bool wants_no_answer(const struct sip_msg *m)
{
	return slice_eqz(m->method_name, "BENOTIFY");
}

static void take_request(struct sip_rx *rx)
{
	struct sip_server *t;

	if (rx->m->method == SIP_ACK) {
		take_ack(rx);
		return;
	}
	if (wants_no_answer(rx->m)) {
		rx->stack->stats.dropped++;
		return;
	}
	identify(rx);
	t = sip_server_find(rx->stack, &rx->id);
	if (t) {
		rx->stack->stats.rx_retrans++;
		sip_server_again(t, rx);
	} else if (rx->m->method == SIP_CANCEL) {
		take_cancel(rx);
	} else {
		take_new(rx);
	}
}

static void take_bad(struct sip_rx *rx)
{
	rx->stack->stats.bad++;
	if (wants_no_answer(rx->m))
		return;
	identify(rx);
	refuse(rx, rx->m->bad_status, rx->m->bad);
}

void sip_stack_rx(struct sip_stack *s, const struct sip_hop *from, char *p, size_t n, void *ctx,
	uint64_t now_ms)
{
	struct sip_rx rx = {.stack = s, .m = &s->msg, .from = from, .ctx = ctx, .now = now_ms};

	s->stats.rx++;
	buf_reset(&s->extra);
	switch (sip_msg_parse(&s->msg, p, n)) {
	case SIP_DROP:
		s->stats.dropped++;
		break;
	case SIP_BAD:
		take_bad(&rx);
		break;
	case SIP_GOOD:
		if (s->msg.request)
			take_request(&rx);
		else if (!sip_client_response(s, &s->msg, from, now_ms))
			s->stats.stray_responses++;
		break;
	}
}

void sip_stack_refuse(struct sip_stack *s, const struct sip_hop *from, char *p, size_t n,
	unsigned status, const char *reason)
{
	struct sip_rx rx = {.stack = s, .m = &s->msg, .from = from};

	s->stats.rx++;
	buf_reset(&s->extra);
	if (sip_msg_parse(&s->msg, p, n) == SIP_DROP || !s->msg.request ||
		s->msg.method == SIP_ACK || wants_no_answer(&s->msg)) {
		s->stats.dropped++;
		return;
	}
	identify(&rx);
	refuse(&rx, status, reason);
}

/* ---- time and sight ---- */

uint64_t sip_stack_deadline(const struct sip_stack *s)
{
	uint64_t a = sip_server_deadline(s), b = sip_client_deadline(s);

	return a < b ? a : b;
}

void sip_stack_tick(struct sip_stack *s, uint64_t now_ms)
{
	sip_server_tick(s, now_ms);
	sip_client_tick(s, now_ms);
}

void sip_stack_stats(const struct sip_stack *s, struct sip_stack_stats *ret)
{
	*ret = s->stats;
	ret->servers_active = s->n_servers - s->n_completed;
	ret->servers_lingering = s->n_completed;
	ret->clients_active = s->n_clients - s->n_absorbing;
	ret->clients_lingering = s->n_absorbing;
}
