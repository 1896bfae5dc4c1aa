#include "unit.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/mem.h"
#include "sip/sip.h"

/*
 * Two stacks and a network between them that loses, doubles, delays and turns round what it
 * carries, by a fixed sequence of random numbers. Whatever it does: every request is told its end
 * exactly once, a request reaches its server's user at most once, and not at all when it is said
 * not to have arrived; by a connection that stays it does; and when all timers have run nothing is
 * held.
 */
enum { CALLS = 300, SEEDS = 5, END_MS = 400000 };

struct packet {
	struct list node;
	uint64_t at;
	unsigned to; /* side */
	bool back;   /* ICMP: to who sent it */
	struct sip_hop from;
	uint64_t mark;
	size_t n;
	char bytes[];
};

struct side {
	struct world *world;
	unsigned index;
	struct sip_stack *stack;
	uint64_t written, arrived; /* by the connection there is */
};

struct call {
	struct world *world;
	struct sip_client *client; /* of an INVITE, until GONE */
	bool invite, ended;
	unsigned finals, asked; /* told; times the server's user got it */
};

struct world {
	uint64_t now, seed;
	unsigned loss, twice, max_delay, icmp, closes; /* percent; ms; percent */
	uint32_t flow;
	enum sip_transport transport;
	struct side side[2];
	struct list packets;
	struct call calls[CALLS];
	struct list waiting; /* requests to be answered */
	unsigned gone_servers, asked_invites, acks;
};

struct waiting {
	struct list node;
	uint64_t at;
	struct sip_server *txn;
	bool invite;
};

static unsigned roll(struct world *w, unsigned below)
{
	w->seed = w->seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(w->seed >> 33) % below;
}

/* ---- the network ---- */

static struct sip_hop hop_of(const struct world *w, unsigned side)
{
	struct sip_hop h;

	sip_hop_make(side ? SL("192.0.2.2") : SL("192.0.2.1"), 5060, w->transport, &h);
	h.flow = w->transport == SIP_UDP ? 0 : w->flow;
	return h;
}

static void carry(struct world *w, unsigned to, bool back, struct slice bytes)
{
	bool stream = w->transport != SIP_UDP;
	struct packet *p = xmalloc(sizeof *p + bytes.n);

	*p = (struct packet){.at = w->now + (stream ? 5 : roll(w, w->max_delay)),
		.to = to,
		.back = back,
		.from = hop_of(w, !to),
		.mark = w->side[!to].written,
		.n = bytes.n};
	memcpy(p->bytes, bytes.p, bytes.n);
	list_append(&w->packets, &p->node);
}

static uint64_t on_send(void *arg, const struct sip_hop *to, struct slice bytes)
{
	struct side *s = arg;
	struct world *w = s->world;
	unsigned copies = roll(w, 100) < w->twice ? 2 : 1;

	if (w->transport != SIP_UDP) {
		s->written += bytes.n;
		carry(w, !s->index, false, bytes);
		return s->written;
	}
	if (roll(w, 100) < w->loss) {
		if (roll(w, 100) < w->icmp)
			carry(w, s->index, true, bytes);
		return 0;
	}
	for (unsigned i = 0; i < copies; i++)
		carry(w, !s->index, false, bytes);
	return 0;
}

/* What is on its way is lost; what is said to have gone out is this, or more than arrived. */
static void close_connection(struct world *w)
{
	struct sip_hop old[2] = {hop_of(w, 1), hop_of(w, 0)};
	struct list *l;

	w->flow++;
	while ((l = list_pop(&w->packets)))
		xfree(container_of(l, struct packet, node));
	for (unsigned i = 0; i < 2; i++) {
		struct side *s = &w->side[i];
		uint64_t flushed = s->arrived + roll(w, (unsigned)(s->written - s->arrived) + 1);

		s->written = s->arrived = 0;
		sip_stack_closed(s->stack, &old[i], flushed, w->now);
	}
}

static struct packet *next_packet(struct world *w)
{
	struct packet *best = NULL;

	list_each(&w->packets, it) {
		struct packet *p = container_of(it, struct packet, node);

		if (p->at <= w->now && (!best || p->at < best->at))
			best = p;
	}
	return best;
}

/* ---- the server's user ---- */

static struct sip_verdict on_admit(
	void *arg, const struct sip_msg *m, const struct sip_hop *from, void *ctx)
{
	return (struct sip_verdict){0};
}

static void on_request(void *arg, struct sip_server *txn, const struct sip_msg *m,
	const struct sip_hop *from, void *ctx)
{
	struct side *s = arg;
	struct world *w = s->world;
	struct waiting *r = xzalloc(sizeof *r);
	uint64_t number;

	assert_int_equal(slice_u64(m->ruri.user, CALLS - 1, &number), 0);
	assert_int_equal(++w->calls[number].asked, 1);
	r->txn = txn;
	r->invite = m->method == SIP_INVITE;
	w->asked_invites += r->invite;
	r->at = w->now + roll(w, 20) * roll(w, 20) * roll(w, 60);
	list_append(&w->waiting, &r->node);
}

static void on_invite(void *arg, struct sip_server *txn, enum sip_invite_event event)
{
	struct side *s = arg;

	s->world->gone_servers += event == SIP_INVITE_GONE;
	/* Who has not been answered yet is answered in vain; then the handle is kept no longer. */
	list_each_safe(&s->world->waiting, it) {
		struct waiting *r = container_of(it, struct waiting, node);

		if (r->txn != txn || event == SIP_INVITE_NO_ACK)
			continue;
		if (event == SIP_INVITE_CANCELLED)
			sip_server_reply(txn, &(struct sip_reply){.status = 200}, s->world->now);
		list_remove(&r->node);
		xfree(r);
	}
}

static void on_ack(void *arg, struct sip_server *txn, const struct sip_msg *m,
	const struct sip_hop *from, void *ctx)
{
	struct side *s = arg;

	s->world->acks++;
}

static void answer(struct world *w)
{
	list_each_safe(&w->waiting, it) {
		struct waiting *r = container_of(it, struct waiting, node);
		unsigned dice = roll(w, 10);

		if (r->at > w->now)
			continue;
		if (r->invite && dice < 4) {
			sip_server_progress(
				r->txn, &(struct sip_reply){.status = dice < 2 ? 180 : 183});
			r->at = w->now + roll(w, 3000);
			continue;
		}
		list_remove(&r->node);
		sip_server_reply(
			r->txn, &(struct sip_reply){.status = dice < 7 ? 200 : 486}, w->now);
		xfree(r);
	}
}

/* ---- the client's user ---- */

static void ack(struct call *c, const struct sip_msg *m)
{
	struct world *w = c->world;
	struct sip_hop to = hop_of(w, 1);
	struct sip_spec spec = {.method = SIP_ACK,
		.ruri = SL("sip:0@192.0.2.2"),
		.from = m->from.uri.text,
		.from_tag = m->from.tag,
		.to = m->to.uri.text,
		.to_tag = m->to.tag,
		.call_id = m->call_id,
		.cseq = m->cseq};

	sip_stack_ack(w->side[0].stack, &to, &spec);
}

static void on_done(void *arg, const struct sip_result *r)
{
	struct call *c = arg;

	assert_false(c->ended);
	assert_true(r->may_have_arrived || r->end == SIP_FINAL || !c->asked);
	if (r->end == SIP_PROVISIONAL) {
		assert_true(c->invite && !c->finals);
		if (roll(c->world, 4) == 0)
			sip_client_cancel(c->client, c->world->now);
		return;
	}
	if (r->end == SIP_FINAL) {
		assert_true(c->asked); /* nobody else answers */
		assert_true(!c->finals || (c->invite && r->status < 300));
		c->finals++;
		if (c->invite && r->status < 300)
			ack(c, r->response);
	}
	if (!c->invite || r->end != SIP_FINAL)
		c->ended = true;
}

static void call(struct world *w, unsigned i)
{
	char ruri[40], from[40];
	struct sip_spec spec = {.to = SL("<sip:romeo@192.0.2.2>")};
	struct sip_hop to = hop_of(w, 1);
	struct call *c = &w->calls[i];

	*c = (struct call){.world = w, .invite = roll(w, 2)};
	snprintf(ruri, sizeof ruri, "sip:%u@192.0.2.2", i);
	snprintf(from, sizeof from, "<sip:%u@192.0.2.1>", i);
	spec.method = c->invite ? SIP_INVITE : SIP_MESSAGE;
	spec.ruri = slice_of(ruri);
	spec.from = slice_of(from);
	c->client = sip_stack_request(w->side[0].stack, &to, &spec, 0, on_done, c, w->now);
	if (c->invite && roll(w, 5) == 0)
		sip_client_cancel(c->client, w->now);
}

/* ---- time ---- */

static void on_random(void *arg, void *p, size_t n)
{
	struct side *s = arg;

	for (size_t i = 0; i < n; i++)
		((uint8_t *)p)[i] = (uint8_t)roll(s->world, 256);
}

static void deliver(struct world *w)
{
	struct packet *p;

	while ((p = next_packet(w))) {
		list_remove(&p->node);
		w->side[!p->to].arrived = p->mark;
		if (p->back) {
			struct sip_hop to = hop_of(w, !p->to);

			sip_stack_undelivered(
				w->side[p->to].stack, &to, slice_make(p->bytes, p->n), w->now);
		} else {
			sip_stack_rx(w->side[p->to].stack, &p->from, p->bytes, p->n, NULL, w->now);
		}
		xfree(p);
	}
}

/* The next moment at which anything is due. */
static uint64_t next_time(struct world *w)
{
	uint64_t next = END_MS;

	for (unsigned i = 0; i < 2; i++)
		if (sip_stack_deadline(w->side[i].stack) < next)
			next = sip_stack_deadline(w->side[i].stack);
	list_each(&w->packets, it)
		if (container_of(it, struct packet, node)->at < next)
			next = container_of(it, struct packet, node)->at;
	list_each(&w->waiting, it)
		if (container_of(it, struct waiting, node)->at < next)
			next = container_of(it, struct waiting, node)->at;
	return next > w->now ? next : w->now + 1;
}

static void run(struct world *w, uint64_t until)
{
	while (w->now < until) {
		uint64_t next = next_time(w);

		w->now = next < until ? next : until;
		deliver(w);
		answer(w);
		for (unsigned i = 0; i < 2; i++)
			sip_stack_tick(w->side[i].stack, w->now);
	}
}

static void make(struct world *w)
{
	static const enum sip_method allow[] = {SIP_INVITE, SIP_MESSAGE, SIP_M_OTHER};
	static const char *const supported[] = {NULL};
	static const struct sip_caps caps = {allow, supported, "text/plain"};
	static const struct sip_stack_ops ops = {
		on_send, on_admit, on_request, on_random, on_invite, on_ack};
	static const struct slice sent_by[] = {SL("192.0.2.1:5060"), SL("192.0.2.2:5060")};

	list_init(&w->packets);
	list_init(&w->waiting);
	for (unsigned i = 0; i < 2; i++) {
		w->side[i] = (struct side){.world = w, .index = i};
		w->side[i].stack = sip_stack_new(&(struct sip_stack_config){.node = 'a',
							 .shard = '0',
							 .caps = &caps,
							 .sent_by = &sent_by[i],
							 .n_sockets = 1,
							 .max_servers = 10000,
							 .max_clients = 10000},
			&ops, &w->side[i]);
	}
}

/* It has rung long enough: a 2xx that was lost is not said again here (test_dialog). */
static void give_up(struct world *w)
{
	for (unsigned i = 0; i < CALLS; i++)
		if (w->calls[i].invite && !w->calls[i].ended)
			sip_client_cancel(w->calls[i].client, w->now);
}

static void expect_ends(struct world *w)
{
	for (unsigned i = 0; i < CALLS; i++) {
		assert_true(w->calls[i].ended);
		if (w->transport != SIP_UDP && !w->closes)
			assert_int_equal(w->calls[i].asked, 1);
	}
	assert_int_equal(w->gone_servers, w->asked_invites);
	assert_true(list_empty(&w->waiting) && list_empty(&w->packets));
	for (unsigned i = 0; i < 2; i++) {
		struct sip_stack_stats s;

		sip_stack_stats(w->side[i].stack, &s);
		assert_int_equal(s.bytes, 0);
		assert_int_equal(s.servers_active + s.servers_lingering, 0);
		assert_int_equal(s.clients_active + s.clients_lingering, 0);
		assert_int_equal(sip_stack_deadline(w->side[i].stack), UINT64_MAX);
	}
}

/* clang-format off */
static const struct {
	const char *what;
	enum sip_transport transport;
	unsigned loss, twice, max_delay, icmp, closes;
} networks[] = {
	{"good", SIP_UDP, 0, 0, 20, 0, 0},
	{"lossy", SIP_UDP, 30, 10, 100, 0, 0},
	{"slow", SIP_UDP, 5, 20, 490, 0, 0}, /* under T1: what takes longer may come after J and L */
	{"bad", SIP_UDP, 60, 30, 490, 0, 0},
	{"dead", SIP_UDP, 100, 0, 20, 0, 0},
	{"gone, and said so", SIP_UDP, 50, 10, 100, 80, 0},
	{"a connection", SIP_TCP, 0, 0, 1, 0, 0},
	{"connections that end", SIP_TLS, 0, 0, 1, 0, 20},
};
/* clang-format on */

static void play(struct world *w)
{
	make(w);
	for (unsigned c = 0; c < CALLS; c++) {
		call(w, c);
		run(w, w->now + roll(w, 200));
		if (roll(w, 100) < w->closes)
			close_connection(w);
	}
	run(w, END_MS / 2);
	give_up(w);
	run(w, END_MS);
	expect_ends(w);
	for (unsigned s = 0; s < 2; s++)
		sip_stack_free(w->side[s].stack);
}

static void test_networks(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(networks); i++) {
		for (unsigned seed = 0; seed < SEEDS; seed++) {
			struct world *w = xzalloc(sizeof *w);

			w->seed = seed;
			w->flow = 1;
			w->transport = networks[i].transport;
			w->loss = networks[i].loss;
			w->twice = networks[i].twice;
			w->max_delay = networks[i].max_delay;
			w->icmp = networks[i].icmp;
			w->closes = networks[i].closes;
			play(w);
			xfree(w);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_networks)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
