#include "fuzz.h"

#include <stdio.h>

#include "base/mem.h"
#include "sip/sip.h"

/*
 * The stack with somebody on either side of it who does anything in any order: requests, answers,
 * CANCEL, ACK, connections that end, datagrams that come back, bytes that are no message, time.
 * Each handle must have the life that sip/stack.h promises, all that is sent must be a message, and
 * in the end nothing may be held.
 */
enum { CLIENTS = 6, SERVERS = 6, KEPT = 8, FLOWS = 3, DRAIN_MAX = 20000 };

struct client {
	struct sip_client *txn;
	bool open, invite, final, forgotten;
};

struct server {
	struct sip_server *txn;
	bool open, invite;
};

struct kept {
	char bytes[1400];
	size_t n;
	struct sip_hop to;
};

static struct world {
	const uint8_t *p, *end;
	struct sip_stack *s;
	uint64_t now;
	struct client clients[CLIENTS];
	struct server servers[SERVERS];
	struct kept requests[KEPT]; /* that we sent, the last ones */
	unsigned n_requests;
	uint64_t flow_bytes[FLOWS + 1];
	bool flow_gone[FLOWS + 1];
} w;

static struct sip_msg m, again;

static unsigned take(void)
{
	return w.p < w.end ? *w.p++ : 0;
}

static struct sip_hop any_hop(void)
{
	unsigned which = take() % 4;
	struct sip_hop h;
	int rc = sip_hop_make(which == 1 ? SL("2001:db8::7") : SL("192.0.2.7"), 5060,
		which < 2 ? SIP_UDP : SIP_TCP, &h);

	assert(rc == 0);
	if (which >= 2)
		h.flow = 1 + take() % FLOWS;
	return h;
}

/* ---- what the stack calls ---- */

static uint64_t on_send(void *arg, const struct sip_hop *to, struct slice bytes)
{
	char *copy = slice_dup(bytes);
	enum sip_parsed parsed = sip_msg_parse(&again, copy, bytes.n);

	assert(to->flow <= FLOWS && sip_hop_reliable(to) == (to->transport == SIP_TCP));
	if (again.request) {
		struct kept *k = &w.requests[w.n_requests++ % KEPT];

		assert(parsed == SIP_GOOD && bytes.n < sizeof k->bytes);
		memcpy(k->bytes, bytes.p, bytes.n);
		k->n = bytes.n;
		k->to = *to;
	} else {
		assert(again.status >= 100 && again.status <= 699);
	}
	xfree(copy);
	if (!sip_hop_reliable(to))
		return 0;
	if (w.flow_gone[to->flow])
		return SIP_NOT_SENT;
	return w.flow_bytes[to->flow] += bytes.n;
}

static struct sip_verdict on_admit(
	void *arg, const struct sip_msg *msg, const struct sip_hop *from, void *ctx)
{
	return (struct sip_verdict){.status = take() % 8 == 7 ? 403 : 0};
}

static void on_request(void *arg, struct sip_server *txn, const struct sip_msg *msg,
	const struct sip_hop *from, void *ctx)
{
	assert(msg->request && msg->method != SIP_ACK && msg->method != SIP_CANCEL);
	for (unsigned i = 0; i < SERVERS; i++)
		if (!w.servers[i].open) {
			w.servers[i] = (struct server){txn, true, msg->method == SIP_INVITE};
			return;
		}
	/* Nobody keeps it: an INVITE's handle is forgotten, GONE comes all the same. */
	sip_server_reply(txn, &(struct sip_reply){.status = 500}, w.now);
}

static void on_invite(void *arg, struct sip_server *txn, enum sip_invite_event event)
{
	for (unsigned i = 0; i < SERVERS; i++) {
		if (!w.servers[i].open || w.servers[i].txn != txn)
			continue;
		assert(w.servers[i].invite);
		if (event == SIP_INVITE_GONE)
			w.servers[i].open = false;
		return;
	}
}

static void on_ack(void *arg, struct sip_server *txn, const struct sip_msg *msg,
	const struct sip_hop *from, void *ctx)
{
	assert(msg->request && msg->method == SIP_ACK);
}

static void on_random(void *arg, void *p, size_t n)
{
	static uint64_t state;
	uint8_t *at = p;

	while (n--)
		*at++ = (uint8_t)((state += 0x9e3779b97f4a7c15u) >> 56);
}

static void on_done(void *arg, const struct sip_result *r)
{
	struct client *c = arg;
	bool more = c->invite && (r->end == SIP_FINAL || r->end == SIP_PROVISIONAL);

	assert(c->open && !c->forgotten);
	assert(c->invite || (r->end != SIP_PROVISIONAL && r->end != SIP_GONE));
	if (r->end == SIP_FINAL || r->end == SIP_PROVISIONAL)
		assert(r->response && r->response->status == r->status && !r->response->request);
	assert(!c->final || r->end == SIP_FINAL || r->end == SIP_GONE);
	assert(c->final || r->end != SIP_GONE);
	c->final |= r->end == SIP_FINAL;
	c->open = more;
}

/* ---- what happens ---- */

static void receive(const struct sip_hop *from, struct slice bytes)
{
	char *copy = xmalloc(bytes.n ? bytes.n : 1);

	memcpy(copy, bytes.p, bytes.n);
	sip_stack_rx(w.s, from, copy, bytes.n, NULL, w.now);
	xfree(copy);
}

static void hear_request(void)
{
	static const char *const methods[] = {
		"INVITE", "ACK", "CANCEL", "MESSAGE", "OPTIONS", "BYE", "PRACK", "NONSENSE"};
	static const char *const branches[] = {"z9hG4bK1", "z9hG4bK2", "z9hG4bK3", "old"};
	static const char *const tags[] = {"", ";tag=t1", ";tag=t2"};
	const char *method = methods[take() % ARRAY_LEN(methods)];
	const char *branch = branches[take() % ARRAY_LEN(branches)];
	const char *tag = tags[take() % ARRAY_LEN(tags)];
	struct sip_hop from = any_hop();
	struct buf b = {0};

	buf_printf(&b,
		"%s sip:a@b.example SIP/2.0\r\nVia: SIP/2.0/%s 192.0.2.7;branch=%s%s\r\n"
		"From: <sip:x@y.example>;tag=f\r\nTo: <sip:a@b.example>%s\r\nCall-ID: c%u\r\n"
		"CSeq: %u %s\r\nContact: <sip:x@192.0.2.7>\r\nContent-Length: 0\r\n\r\n",
		method, sip_transport_name(from.transport), branch, take() % 2 ? ";rport" : "", tag,
		take() % 2, 1 + take() % 2, method);
	receive(&from, buf_slice(&b));
	buf_done(&b);
}

/* A response to one of the last requests that we sent. */
static void hear_response(void)
{
	static const unsigned statuses[] = {100, 180, 200, 200, 302, 404, 487, 503, 600, 401};
	unsigned status = statuses[take() % ARRAY_LEN(statuses)], tag = take() % 3;
	const struct kept *k = &w.requests[take() % KEPT];
	const struct sip_seen seen = {.to_tag = slice_make(&"abc"[tag], 1)};
	struct buf b = {0};
	struct sip_hop from = k->to;
	char *copy;

	if (!k->n)
		return;
	copy = xmalloc(k->n);
	memcpy(copy, k->bytes, k->n);
	sip_msg_parse(&m, copy, k->n);
	buf_printf(&b, "SIP/2.0 %u x\r\n", status);
	sip_write_echo(&b, &m, &seen);
	buf_str(&b, "Content-Length: 0\r\n\r\n");
	if (take() % 8 == 7)
		from = any_hop();
	receive(&from, buf_slice(&b));
	buf_done(&b);
	xfree(copy);
}

static void hear_bytes(void)
{
	struct sip_hop from = any_hop();
	size_t n = take() * 4u, left = (size_t)(w.end - w.p);

	n = n < left ? n : left;
	w.p += n;
	receive(&from, slice_make(w.p - n, n));
}

static void wait_a_while(void)
{
	unsigned how = take();

	w.now += (uint64_t)(1 + how % 32) << (how / 32 * 2);
	sip_stack_tick(w.s, w.now);
}

static void say_request(void)
{
	static const enum sip_method methods[] = {SIP_MESSAGE, SIP_INVITE, SIP_OPTIONS, SIP_BYE};
	const struct sip_spec spec = {.method = methods[take() % ARRAY_LEN(methods)],
		.ruri = SL("sip:x@y.example"),
		.from = SL("<sip:a@b.example>"),
		.to = SL("<sip:x@y.example>")};
	struct sip_hop to = any_hop();
	unsigned timeout = take() % 2 ? 0 : 5000;

	for (unsigned i = 0; i < CLIENTS; i++) {
		struct client *c = &w.clients[i];

		if (c->open)
			continue;
		*c = (struct client){.open = true, .invite = spec.method == SIP_INVITE};
		c->txn = sip_stack_request(w.s, &to, &spec, timeout, on_done, c, w.now);
		assert(c->open && c->txn);
		return;
	}
}

static void say_answer(void)
{
	static const unsigned statuses[] = {200, 202, 302, 404, 408, 486, 603};
	struct server *server = &w.servers[take() % SERVERS];
	unsigned how = take();
	const struct sip_reply reply = {.status = statuses[how / 2 % ARRAY_LEN(statuses)]};

	if (!server->open)
		return;
	if (server->invite && how % 2) {
		sip_server_progress(server->txn, &(struct sip_reply){.status = 180});
		return;
	}
	server->open = server->invite; /* an INVITE's until GONE */
	sip_server_reply(server->txn, &reply, w.now);
}

static void cancel(void)
{
	struct client *c = &w.clients[take() % CLIENTS];

	if (c->open && c->invite)
		sip_client_cancel(c->txn, w.now);
}

static void forget(void)
{
	struct client *c = &w.clients[take() % CLIENTS];

	if (!c->open || (c->invite && !c->final))
		return;
	c->forgotten = true;
	c->open = false;
	sip_client_forget(c->txn);
	*c = (struct client){0};
}

static void close_flow(unsigned flow)
{
	struct sip_hop h;

	sip_hop_make(SL("192.0.2.7"), 5060, SIP_TCP, &h);
	h.flow = flow;
	if (w.flow_gone[flow])
		return;
	w.flow_gone[flow] = true;
	sip_stack_closed(w.s, &h, w.flow_bytes[flow] * take() / 255, w.now);
}

static void end_flow(void)
{
	close_flow(1 + take() % FLOWS);
}

static void bounce(void)
{
	const struct kept *k = &w.requests[take() % KEPT];

	if (k->n && !sip_hop_reliable(&k->to))
		sip_stack_undelivered(w.s, &k->to,
			slice_cut(slice_make(k->bytes, k->n), 28 + take() * 4u), w.now);
}

/* ---- the end ---- */

static void finish(void)
{
	struct sip_stack_stats stats;
	uint64_t deadline;

	for (unsigned i = 0; i < SERVERS; i++)
		if (w.servers[i].open) {
			w.servers[i].open = w.servers[i].invite;
			sip_server_reply(
				w.servers[i].txn, &(struct sip_reply){.status = 500}, w.now);
		}
	for (unsigned i = 0; i < CLIENTS; i++)
		if (w.clients[i].open && w.clients[i].invite)
			sip_client_cancel(w.clients[i].txn, w.now);
	for (unsigned flow = 1; flow <= FLOWS; flow++)
		close_flow(flow);
	for (unsigned i = 0; (deadline = sip_stack_deadline(w.s)) != UINT64_MAX; i++) {
		assert(i < DRAIN_MAX);
		w.now = deadline > w.now ? deadline : w.now;
		sip_stack_tick(w.s, w.now);
	}
	for (unsigned i = 0; i < CLIENTS; i++)
		assert(!w.clients[i].open);
	for (unsigned i = 0; i < SERVERS; i++)
		assert(!w.servers[i].open);
	sip_stack_stats(w.s, &stats);
	assert(!stats.servers_active && !stats.servers_lingering);
	assert(!stats.clients_active && !stats.clients_lingering && !stats.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static void (*const happenings[])(void) = {hear_request, hear_request, hear_response,
		hear_response, hear_bytes, wait_a_while, wait_a_while, say_request, say_answer,
		cancel, forget, end_flow, bounce};
	static const struct sip_stack_ops ops = {.send = on_send,
		.admit = on_admit,
		.request = on_request,
		.random = on_random,
		.invite = on_invite,
		.ack = on_ack};
	static const enum sip_method allow[] = {
		SIP_INVITE, SIP_ACK, SIP_CANCEL, SIP_MESSAGE, SIP_OPTIONS, SIP_BYE, SIP_M_OTHER};
	static const char *const supported[] = {NULL};
	static const struct sip_caps caps = {allow, supported, "text/plain"};
	const struct slice sent_by = SL("192.0.2.1:5060");
	const struct sip_stack_config config = {.node = 'a',
		.shard = '0',
		.caps = &caps,
		.sent_by = &sent_by,
		.n_sockets = 1,
		.max_servers = 5,
		.max_clients = 5};

	w = (struct world){.p = p, .end = p + n, .now = 1000};
	w.s = sip_stack_new(&config, &ops, NULL);
	while (w.p < w.end)
		happenings[take() % ARRAY_LEN(happenings)]();
	finish();
	sip_stack_free(w.s);
	return 0;
}
