#include "fuzz.h"

#include "base/mem.h"
#include "sip/sip.h"

static struct sip_msg m, again;

static void check_within(const char *copy, size_t n)
{
	assert(m.n_fields <= SIP_MAX_HEADERS);
	for (unsigned i = 0; i < m.n_fields; i++) {
		const struct sip_field *f = &m.fields[i];

		assert(f->name.p >= copy && f->name.p + f->name.n <= copy + n);
		assert(f->value.p >= copy && f->value.p + f->value.n <= copy + n);
		assert(!memchr(f->value.p, '\n', f->value.n) &&
			!memchr(f->value.p, '\r', f->value.n));
	}
	for (unsigned h = 1; h < SIP_H__N; h++) {
		struct sip_items it = sip_msg_items(&m, (enum sip_header)h);
		struct slice item;

		while (sip_items_next(&it, &item) > 0)
			assert(item.n && item.p >= copy && item.p + item.n <= copy + n);
	}
}

/* What a request is answered with is a response to it, and one message only. */
static void check_answer(enum sip_parsed parsed)
{
	const struct sip_seen seen = {SL("192.0.2.1"), m.via.rport ? 9 : 0, SL("tag")};
	const struct sip_reply reply = {.status = 200};
	struct buf echo = {0}, out = {0};

	sip_write_echo(&echo, &m, &seen);
	sip_write_reply(&out, &reply, buf_slice(&echo), SL_NONE);
	assert(sip_msg_parse(&again, out.p, out.n) == SIP_GOOD || parsed == SIP_BAD);
	assert(!again.request && again.status == 200 && again.body.n == 0);
	if (parsed == SIP_GOOD) {
		assert(slice_eq(again.call_id, m.call_id) && again.cseq == m.cseq);
		assert(slice_eq(again.from.tag, m.from.tag) && again.to.tag.n);
		assert(slice_eq(again.via.branch, m.via.branch));
		assert(slice_eq(again.via.sent_by, m.via.sent_by));
		assert(slice_eqz(again.via.received, "192.0.2.1"));
	}
	buf_done(&echo);
	buf_done(&out);
}

/* ---- the same bytes given to a stack ---- */

static unsigned sent;

static uint64_t on_send(void *arg, const struct sip_hop *to, struct slice bytes)
{
	char *copy = slice_dup(bytes);

	sent++;
	sip_msg_parse(&again, copy, bytes.n);
	assert(!again.request && again.status >= 200);
	xfree(copy);
	return 0;
}

static struct sip_verdict on_admit(
	void *arg, const struct sip_msg *msg, const struct sip_hop *from, void *ctx)
{
	return (struct sip_verdict){0};
}

static void on_request(void *arg, struct sip_server *txn, const struct sip_msg *msg,
	const struct sip_hop *from, void *ctx)
{
	sip_server_reply(txn, &(struct sip_reply){.status = 404}, 0);
}

static void on_random(void *arg, void *p, size_t n)
{
	memset(p, 7, n);
}

/* Answered at most once, and the same request again the same way. */
static void check_stack(const uint8_t *p, size_t n)
{
	static const struct sip_stack_ops ops = {on_send, on_admit, on_request, on_random};
	static const enum sip_method allow[] = {SIP_MESSAGE, SIP_M_OTHER};
	static const char *const supported[] = {NULL};
	static const struct sip_caps caps = {allow, supported, "text/plain"};
	const struct slice sent_by = SL("192.0.2.1:5060");
	const struct sip_stack_config config = {.node = 'a',
		.shard = '0',
		.caps = &caps,
		.sent_by = &sent_by,
		.n_sockets = 1,
		.max_servers = 9,
		.max_clients = 9};
	struct sip_stack *s = sip_stack_new(&config, &ops, NULL);
	struct sip_hop from;

	sip_hop_make(SL("192.0.2.7"), 5060, SIP_UDP, &from);
	for (unsigned round = 1, first = 0; round <= 2; round++) {
		char *copy = xmalloc(n ? n : 1);

		memcpy(copy, p, n);
		sent = 0;
		sip_stack_rx(s, &from, copy, n, NULL, 0);
		assert(sent <= 1 && (round == 1 || sent == first));
		first = sent;
		xfree(copy);
	}
	sip_stack_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char *copy = xmalloc(n ? n : 1);
	enum sip_parsed parsed;

	memcpy(copy, p, n);
	parsed = sip_msg_parse(&m, copy, n);
	assert((parsed == SIP_GOOD) == !m.bad);
	check_within(copy, n);
	if (m.request && parsed != SIP_DROP)
		check_answer(parsed);
	xfree(copy);
	check_stack(p, n);
	return 0;
}
