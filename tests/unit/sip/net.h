#pragma once

#include <stdio.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sip/sip.h"

/* A stack with a clock of our own, whose other end is this test. */

#define DIALOG_LINES                                                                               \
	"From: <sip:romeo@example.net>;tag=r\r\nTo: <sip:juliet@example.com>\r\nCall-ID: c1\r\n"
#define REQUEST(method, ruri, via, rest)                                                           \
	method " " ruri " SIP/2.0\r\nVia: SIP/2.0/UDP " via "\r\n" DIALOG_LINES "CSeq: 1 " method  \
	       "\r\n" rest "\r\n"
#define REQUEST_ID(method, via, id, cseq, rest)                                                    \
	method " sip:juliet@example.com SIP/2.0\r\nVia: SIP/2.0/UDP " via "\r\n"                   \
	       "From: <sip:romeo@example.net>;tag=r\r\nTo: "                                       \
	       "<sip:juliet@example.com>\r\nCall-ID: " id "\r\nCSeq: " #cseq " " method            \
	       "\r\n" rest "\r\n"

enum { NET_MAX = 64 };

struct net {
	struct sip_stack *stack;
	uint64_t now;
	uint8_t next_random;
	struct sip_verdict verdict;
	unsigned answer;  /* given inside request(); 0: none */
	uint64_t written; /* by connections, all of them together */
	bool gone;        /* there is no connection any more */

	struct {
		struct sip_hop to;
		uint64_t at;
		char *text;
	} sent[NET_MAX];
	unsigned n_sent;
	struct {
		struct sip_server *txn;
	} requests[NET_MAX];
	unsigned n_requests, n_admits;
	char *tagless;
	const char *sdp; /* NULL: none */
	struct buf told; /* of INVITE: "cancelled gone ack ack-of-nothing " */
};

static inline uint64_t net_on_send(void *arg, const struct sip_hop *to, struct slice bytes)
{
	struct net *n = arg;

	if (to->flow && n->gone)
		return SIP_NOT_SENT;
	if (n->n_sent == NET_MAX)
		return 0;
	xfree(n->sent[n->n_sent].text);
	n->sent[n->n_sent].to = *to;
	n->sent[n->n_sent].at = n->now;
	n->sent[n->n_sent].text = slice_dup(bytes);
	n->n_sent++;
	return to->flow ? n->written += bytes.n : 0;
}

static inline struct sip_verdict net_on_admit(
	void *arg, const struct sip_msg *m, const struct sip_hop *from, void *ctx)
{
	struct net *n = arg;

	n->n_admits++;
	return n->verdict;
}

static inline void net_on_request(void *arg, struct sip_server *txn, const struct sip_msg *m,
	const struct sip_hop *from, void *ctx)
{
	struct net *n = arg;

	n->requests[n->n_requests % NET_MAX].txn = txn;
	n->n_requests++;
	if (n->answer)
		sip_server_reply(txn, &(struct sip_reply){.status = n->answer}, n->now);
}

static inline void net_on_random(void *arg, void *p, size_t count)
{
	struct net *n = arg;

	for (size_t i = 0; i < count; i++)
		((uint8_t *)p)[i] = n->next_random += 37;
}

static inline void net_on_invite(void *arg, struct sip_server *txn, enum sip_invite_event event)
{
	static const char *const names[] = {"cancelled ", "no-ack ", "gone "};
	struct net *n = arg;

	buf_str(&n->told, names[event]);
}

static inline void net_on_ack(void *arg, struct sip_server *txn, const struct sip_msg *m,
	const struct sip_hop *from, void *ctx)
{
	struct net *n = arg;

	assert_int_equal(m->method, SIP_ACK);
	buf_str(&n->told, txn ? "ack " : "ack-of-nothing ");
}

static inline void net_on_options(
	void *arg, const struct sip_msg *m, const struct sip_hop *from, void *ctx, struct buf *sdp)
{
	struct net *n = arg;

	buf_str(sdp, n->sdp ? n->sdp : "");
}

static const struct sip_stack_ops net_ops = {
	net_on_send,
	net_on_admit,
	net_on_request,
	net_on_random,
	net_on_invite,
	net_on_ack,
	net_on_options,
};

static inline struct net *net_new_with(
	const struct sip_caps *caps, unsigned max_servers, unsigned max_clients)
{
	const struct slice sent_by[] = {SL("192.0.2.1:5060"), SL("[2001:db8::1]:5060")};
	const struct sip_stack_config config = {
		.node = 'a',
		.shard = '0',
		.caps = caps,
		.sent_by = sent_by,
		.n_sockets = 2,
		.server = "Entente",
		.max_servers = max_servers,
		.max_clients = max_clients,
	};
	struct net *n = xzalloc(sizeof *n);

	n->now = 1000;
	n->stack = sip_stack_new(&config, &net_ops, n);
	return n;
}

static inline struct net *net_new_sized(unsigned max_servers, unsigned max_clients)
{
	static const enum sip_method allow[] = {SIP_MESSAGE, SIP_OPTIONS, SIP_M_OTHER};
	static const char *const supported[] = {NULL};
	static const struct sip_caps caps = {allow, supported, "text/plain"};

	return net_new_with(&caps, max_servers, max_clients);
}

static inline struct net *net_new(void)
{
	return net_new_sized(1000, 1000);
}

/* One that takes INVITE, too. */
static inline struct net *net_new_calls(void)
{
	static const enum sip_method allow[] = {
		SIP_INVITE, SIP_ACK, SIP_BYE, SIP_CANCEL, SIP_MESSAGE, SIP_M_OTHER};
	static const char *const supported[] = {NULL};
	static const struct sip_caps caps = {allow, supported, "application/sdp"};

	return net_new_with(&caps, 1000, 1000);
}

static inline void net_free(struct net *n)
{
	sip_stack_free(n->stack);
	for (unsigned i = 0; i < NET_MAX; i++)
		xfree(n->sent[i].text);
	xfree(n->tagless);
	buf_done(&n->told);
	xfree(n);
}

/* What was told since this was asked last. */
static inline void net_expect_told(struct net *n, const char *want)
{
	char *got = slice_dup(buf_slice(&n->told));

	buf_reset(&n->told);
	if (strcmp(got, want) != 0)
		fail_msg("told \"%s\", want \"%s\"", got, want);
	xfree(got);
}

/* 192.0.2.20:5060 by UDP, which is what most tests talk to. */
static inline const struct sip_hop *net_peer(void)
{
	static struct sip_hop peer;

	sip_hop_make(SL("192.0.2.20"), 5060, SIP_UDP, &peer);
	return &peer;
}
#define PEER net_peer()

static inline void net_rx_from(struct net *n, const struct sip_hop *from, const char *text)
{
	char *copy = xstrdup(text);

	sip_stack_rx(n->stack, from, copy, strlen(copy), NULL, n->now);
	xfree(copy);
}

static inline void net_rx(struct net *n, const struct sip_hop *from, const char *text)
{
	net_rx_from(n, from, text);
}

static inline void net_reply(struct net *n, unsigned request, unsigned status)
{
	sip_server_reply(n->requests[request].txn, &(struct sip_reply){.status = status}, n->now);
}

/* Time goes on, from one deadline to the next. */
static inline void net_run(struct net *n, uint64_t ms)
{
	uint64_t end = n->now + ms, due;

	while ((due = sip_stack_deadline(n->stack)) <= end) {
		if (due > n->now)
			n->now = due;
		sip_stack_tick(n->stack, n->now);
	}
	n->now = end;
}

static inline char *net_text(struct net *n, unsigned i)
{
	assert_true(i < n->n_sent);
	return n->sent[i].text;
}

static inline unsigned net_status(struct net *n, unsigned i)
{
	unsigned status = 0;

	assert_int_equal(sscanf(net_text(n, i), "SIP/2.0 %u ", &status), 1);
	return status;
}

/* What was sent, with our To tag (18 characters that begin with node and shard) written TAG. */
static inline const char *net_tagless(struct net *n, unsigned i)
{
	char *text = net_text(n, i), *tag = strstr(text, ";tag=a0");

	assert_non_null(tag);
	assert_int_equal(strspn(tag + 5, "abcdefghijklmnopqrstuvwxyz0123456789"), 18);
	xfree(n->tagless);
	n->tagless = xasprintf("%.*s;tag=TAG%s", (int)(tag - text), text, tag + 5 + 18);
	return n->tagless;
}

static inline struct sip_stack_stats net_stats(struct net *n)
{
	struct sip_stack_stats s;

	sip_stack_stats(n->stack, &s);
	return s;
}
