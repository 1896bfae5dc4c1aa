#include "unit.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "base/mem.h"
#include "federation/snapshot.h"
#include "loop/loop.h"
#include "sipnet/sipnet.h"
#include "view/metrics.h"

#include "dnsdouble.h"
#include "peer.h"

/*
 * Requests to a route with two targets, a and b, at two ports of loopback: real sockets, a clock
 * and a DNS of our own. b is there only for those that a did not take.
 */
enum { A, B, PEERS };

struct rig {
	struct loop *loop;
	struct sipnet *net;
	struct peer peer[PEERS];
	struct snapshot *snapshot;
	uint16_t port;

	unsigned requests; /* that came in */
	unsigned dones;
	struct sip_result result;
	unsigned overloaded; /* dones */
	bool had_response;
	char text[65536]; /* what a peer has got last */
};

static const char *const no_options[] = {NULL};
static const enum sip_method methods[] = {SIP_MESSAGE, SIP_OPTIONS, SIP_M_OTHER};
static const struct sip_caps caps = {methods, no_options, "text/plain"};

static void on_request(void *arg, struct sip_server *txn, const struct sip_msg *m,
	const struct route *route, const struct sipnet_way *way)
{
	struct rig *r = arg;

	r->requests++;
	sipnet_reply(r->net, txn, &(struct sip_reply){.status = 200});
}

static const struct sipnet_ops ops = {on_request};

static void set(struct object *o, const char *name, const char *value)
{
	struct err e;

	if (value && object_set(o, slice_of(name), slice_of(value), &e) < 0)
		fail_msg("%s: %s", name, e.text);
}

struct settings {
	const char *next_hop, *user, *password, *sender_rate, *transport;
	bool second; /* one more route, to b */
};

static void put_second(struct rig *r, struct config *c)
{
	struct object *o = object_new(&route_class);
	char hop[64];

	snprintf(hop, sizeof hop, "sip:127.0.0.1:%u", r->peer[B].port);
	set(o, "name", "second");
	set(o, "next_hop", hop);
	config_put(c, o);
}

static void use(struct rig *r, const struct settings *s)
{
	struct config *c = config_new();
	struct object *o = object_new(&route_class), *d = object_new(&local_domain_class);
	struct err e;

	set(o, "name", "main");
	set(o, "next_hop", s->next_hop ? s->next_hop : "sip:example.net");
	set(o, "sources", "127.0.0.1");
	set(o, "digest_user", s->user);
	set(o, "digest_password", s->password);
	set(o, "sender_rate", s->sender_rate);
	set(o, "transport", s->transport);
	config_put(c, o);
	if (s->second)
		put_second(r, c);
	set(d, "domain", "sip.lab");
	set(d, "route", "main");
	config_put(c, d);
	snapshot_unref(r->snapshot);
	if (snapshot_build(&r->snapshot, c, 1, NULL, &e) < 0)
		fail_msg("%s", e.text);
	config_free(c);
	sipnet_set_snapshot(r->net, r->snapshot);
}

/* a before b, as SRV says it. */
static void locate(struct rig *r)
{
	const struct srv v[] = {a_record(10, 0, r->peer[A].port, "a.example.net"),
		a_record(20, 0, r->peer[B].port, "b.example.net")};

	answer_srv(DNS_OK, v, 2);
	answer_addrs(DNS_OK, (const char *const[]){"127.0.0.1", NULL});
	answer_addrs(DNS_OK, (const char *const[]){"127.0.0.1", NULL});
}

static void open_rig_with(struct rig *r, size_t memory)
{
	const struct slice listen[] = {SL("udp:127.0.0.1:0")};
	const struct sipnet_config config = {.listen = listen,
		.n_listen = 1,
		.node = 'a',
		.shard = '0',
		.caps = &caps,
		.transactions_memory = memory};
	struct err e;

	memset(r, 0, sizeof *r);
	r->loop = loop_new_fake("test", 1000);
	if (sipnet_new(&r->net, r->loop, (struct dns *)r, &config, &ops, r, &e) < 0)
		fail_msg("%s", e.text);
	r->port = sipnet_port(r->net, 0);
	for (unsigned i = 0; i < PEERS; i++)
		peer_open(&r->peer[i], "127.0.0.1");
}

static void open_rig(struct rig *r)
{
	open_rig_with(r, 0);
	use(r, &(struct settings){0});
	locate(r);
}

/* One target, which asks for credentials. */
static void open_rig_digest(struct rig *r, const char *password)
{
	char hop[64];

	open_rig_with(r, 0);
	snprintf(hop, sizeof hop, "sip:127.0.0.1:%u", r->peer[A].port);
	use(r, &(struct settings){hop, "gateway", password});
}

static void close_rig(struct rig *r)
{
	sipnet_free(r->net);
	snapshot_unref(r->snapshot);
	loop_turn(r->loop, false);
	loop_free(r->loop);
	for (unsigned i = 0; i < PEERS; i++)
		peer_close(&r->peer[i]);
}

static void turn(struct rig *r)
{
	for (unsigned i = 0; i < 4; i++)
		loop_turn(r->loop, false);
}

/* ---- requests ---- */

static const struct sip_out fields[] = {{{"Subject", 7}, {"hello", 5}}};
static const struct sip_spec spec = {
	.method = SIP_MESSAGE,
	.ruri = {"sip:romeo@sip.lab", 17},
	.from = {"<sip:juliet@xmpp.lab>", 21},
	.to = {"<sip:romeo@sip.lab>", 19},
	.fields = fields,
	.n_fields = 1,
	.content_type = {"text/plain", 10},
	.body = {"hi", 2},
};

static void on_done(void *arg, const struct sip_result *result)
{
	struct rig *r = arg;

	r->dones++;
	r->result = *result;
	r->had_response = result->response;
	r->overloaded += result->end == SIP_OVERLOADED;
}

static struct sipnet_call *call(struct rig *r)
{
	struct sipnet_call *c = sipnet_request(
		r->net, snapshot_route(r->snapshot, SL("main")), &spec, 20000, on_done, r);

	turn(r);
	return c;
}

/* The next MESSAGE that has come to a peer, into r->text; false: none. */
static bool took(struct rig *r, unsigned peer)
{
	const char *text;

	while ((text = peer_take(&r->peer[peer]))) {
		if (strncmp(text, "MESSAGE ", 8) != 0)
			continue;
		snprintf(r->text, sizeof r->text, "%s", text);
		return true;
	}
	return false;
}

/* The value of a field of what was taken; "" when it is not there. */
static const char *field(struct rig *r, const char *name)
{
	static char value[4][1024];
	static unsigned next;
	char *ret = value[next++ % 4];
	const char *at = strstr(r->text, name);

	ret[0] = 0;
	if (at)
		sscanf(at + strlen(name), "%*[: ]%1023[^\r\n]", ret);
	return ret;
}

/* Answers what was taken. more: complete lines. */
static void answer(struct rig *r, unsigned peer, const char *status, const char *more)
{
	char *from = xstrdup(field(r, "\r\nFrom")), *to = xstrdup(field(r, "\r\nTo"));
	char *text;

	text = xasprintf("SIP/2.0 %s\r\nVia: %s\r\nFrom: %s\r\nTo: %s;tag=x\r\nCall-ID: %s\r\n"
			 "CSeq: %s\r\n%sContent-Length: 0\r\n\r\n",
		status, field(r, "\r\nVia"), from, to, field(r, "\r\nCall-ID"),
		field(r, "\r\nCSeq"), more);
	peer_send(&r->peer[peer], "127.0.0.1", r->port, text);
	xfree(text);
	xfree(from);
	xfree(to);
	turn(r);
}

static const struct sipnet_route_view *view(struct rig *r)
{
	static struct sipnet_view v;

	sipnet_view(r->net, &v);
	assert_true(v.n_routes > 0);
	return &v.routes[0];
}

static void expect_status(struct rig *r, unsigned dones, unsigned status)
{
	assert_int_equal(r->dones, dones);
	assert_int_equal(r->result.end, SIP_FINAL);
	assert_int_equal(r->result.status, status);
}

/* ---- within a dialog, and INVITEs ---- */

/* The next request of another method that has come; it is left in r->text. */
static bool took_of(struct rig *r, unsigned peer, const char *method)
{
	const char *text;

	while ((text = peer_take(&r->peer[peer]))) {
		if (strncmp(text, method, strlen(method)) != 0)
			continue;
		snprintf(r->text, sizeof r->text, "%s", text);
		return true;
	}
	return false;
}

static void call_within(struct rig *r, const char *next)
{
	struct sip_spec within = spec;

	within.from_tag = SL("j");
	within.call_id = SL("c1");
	within.cseq = 5;
	sipnet_within(r->net, snapshot_route(r->snapshot, SL("main")), NULL, slice_of(next),
		&within, 0, on_done, r);
	turn(r);
}

/* What a Route or a Contact names is asked for first, if it is the route's; by name or address. */
static void test_within_named(void **state)
{
	struct {
		const char *next; /* with the port of b */
		unsigned goes;
	} rows[] = {
		{"<sip:b.example.net;lr>", B},
		{"<sip:B.EXAMPLE.NET.:5070;lr;ms-fe=x>;p=\"q, r\", <sip:a.example.net;lr>", B},
		{"sip:user@127.0.0.1:%u", B},
		{"sip:127.0.0.1:1", A}, /* the host is, the port is not: the first */
		{"sip:a.example.net", A},
		{"sip:c.example.net", A}, /* not the route's: as any other */
		{"sip:192.0.2.66", A},
		{"tel:+12015550123", A},
		{"", A},
		{"rubbish<", A},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char next[200];
		struct rig r;

		open_rig(&r);
		snprintf(next, sizeof next, rows[i].next, r.peer[B].port);
		call_within(&r, next);
		if (!took(&r, rows[i].goes) || took(&r, !rows[i].goes))
			fail_msg("%s", next);
		close_rig(&r);
	}
}

/* The next one, as long as nobody can have had it; after a 503 there is none. */
static void test_within_failover(void **state)
{
	int64_t failovers = atomic_load(&metric_value[M_SIP_FAILOVERS]);
	struct rig r;

	open_rig(&r);
	peer_close(&r.peer[B]);
	call_within(&r, "sip:b.example.net");
	assert_true(took(&r, A));
	answer(&r, A, "503 Service Unavailable", "");
	expect_status(&r, 1, 503);
	assert_false(took(&r, A));
	assert_int_equal(view(&r)->failovers, 1);
	assert_int_equal(atomic_load(&metric_value[M_SIP_FAILOVERS]) - failovers, 1);
	peer_open(&r.peer[B], "127.0.0.1");
	close_rig(&r);
}

/* A server that is known to be dead is not asked first, though it is named. */
static void test_within_dead(void **state)
{
	struct rig r;

	open_rig(&r);
	call(&r);
	assert_true(took(&r, A));
	answer(&r, A, "503 Service Unavailable", "Retry-After: 10\r\n");
	assert_true(took(&r, B));
	answer(&r, B, "200 OK", "");
	call_within(&r, "sip:a.example.net");
	assert_false(took(&r, A));
	assert_true(took(&r, B));
	close_rig(&r);
}

static void on_invite(void *arg, const struct sip_result *result)
{
	if (result->end != SIP_GONE)
		on_done(arg, result);
}

static struct sipnet_call *invite(struct rig *r)
{
	struct sip_spec s = spec;
	struct sipnet_call *c;

	s.method = SIP_INVITE;
	s.call_id = SL("c1");
	s.from_tag = SL("j");
	c = sipnet_invite(r->net, snapshot_route(r->snapshot, SL("main")), &s, 0, on_invite, r);
	turn(r);
	return c;
}

/* RFC 3263 4.3, 17.1.1.3: the 503 has its ACK, and is not told; the next one gets the same INVITE.
 */
static void test_invite_failover(void **state)
{
	struct rig r;

	open_rig(&r);
	invite(&r);
	assert_true(took_of(&r, A, "INVITE "));
	answer(&r, A, "503 Service Unavailable", "");
	assert_true(took_of(&r, A, "ACK "));
	assert_int_equal(r.dones, 0);
	assert_true(took_of(&r, B, "INVITE "));
	assert_string_equal(field(&r, "\r\nCSeq"), "1 INVITE");
	assert_string_equal(field(&r, "\r\nCall-ID"), "c1");
	answer(&r, B, "200 OK", "");
	expect_status(&r, 1, 200);
	assert_int_equal(view(&r)->failovers, 1);
	assert_int_equal(view(&r)->answered, 1);
	for (unsigned i = 0; i < PEERS; i++)
		assert_int_equal(view(&r)->targets[i].under_way, 0);
	close_rig(&r);
}

/* Who is not wanted any more goes nowhere else. */
static void test_invite_cancelled(void **state)
{
	struct rig r;
	struct sipnet_call *c;

	open_rig(&r);
	c = invite(&r);
	assert_true(took_of(&r, A, "INVITE "));
	sipnet_cancel(c);
	answer(&r, A, "503 Service Unavailable", "");
	expect_status(&r, 1, 503);
	assert_false(took_of(&r, B, "INVITE "));
	close_rig(&r);
}

/* ---- another target ---- */

/* RFC 3263 4.3: nobody listens there, so nobody has taken it. */
static void test_unreachable(void **state)
{
	struct rig r;

	open_rig(&r);
	peer_close(&r.peer[A]);
	call(&r);
	assert_true(took(&r, B));
	answer(&r, B, "200 OK", "");
	expect_status(&r, 1, 200);
	assert_int_equal(view(&r)->failovers, 1);
	assert_int_equal(view(&r)->requests_out, 1);
	assert_int_equal(view(&r)->answered, 1);
	assert_int_equal(view(&r)->unreachable, 0);
	assert_int_equal(view(&r)->targets[0].state, SIPNET_SUSPECT);
	assert_int_equal(view(&r)->targets[0].unreachable, 1);
	assert_int_equal(view(&r)->targets[1].state, SIPNET_UP);
	call(&r); /* the next goes there at once */
	assert_true(took(&r, B));
	assert_int_equal(view(&r)->failovers, 1);
	peer_open(&r.peer[A], "127.0.0.1");
	close_rig(&r);
}

/* RFC 3261 21.5.4: 503 has not served it. The same request, but of another branch. */
static void test_503(void **state)
{
	char id[1024], from[1024], via[1024];
	struct rig r;

	open_rig(&r);
	call(&r);
	assert_true(took(&r, A));
	snprintf(id, sizeof id, "%s", field(&r, "\r\nCall-ID"));
	snprintf(from, sizeof from, "%s", field(&r, "\r\nFrom"));
	snprintf(via, sizeof via, "%s", field(&r, "\r\nVia"));
	answer(&r, A, "503 Service Unavailable", "");
	assert_int_equal(r.dones, 0);
	assert_true(took(&r, B));
	assert_string_equal(field(&r, "\r\nCall-ID"), id);
	assert_string_equal(field(&r, "\r\nFrom"), from);
	assert_string_equal(field(&r, "\r\nCSeq"), "1 MESSAGE");
	assert_string_not_equal(field(&r, "\r\nVia"), via);
	assert_string_equal(field(&r, "\r\nSubject"), "hello");
	assert_non_null(strstr(r.text, "\r\n\r\nhi"));
	answer(&r, B, "503 Service Unavailable", "");
	expect_status(&r, 1, 503); /* no third one */
	assert_true(r.had_response);
	assert_int_equal(view(&r)->targets[0].busy, 1);
	assert_int_equal(view(&r)->targets[0].state, SIPNET_UP); /* without Retry-After */
	call(&r);
	assert_true(took(&r, A));
	close_rig(&r);
}

static void test_retry_after(void **state)
{
	struct rig r;

	open_rig(&r);
	call(&r);
	assert_true(took(&r, A));
	answer(&r, A, "503 Service Unavailable", "Retry-After: 10 (soon)\r\n");
	assert_true(took(&r, B));
	answer(&r, B, "200 OK", "");
	assert_int_equal(view(&r)->targets[0].state, SIPNET_RESTING);
	assert_int_equal(view(&r)->targets[0].rest_in, 10000);
	call(&r);
	assert_true(took(&r, B));
	assert_false(took(&r, A));
	answer(&r, B, "503 Service Unavailable", "Retry-After: 5\r\n");
	expect_status(&r, 2, 503);
	call(&r); /* all rest: known at once, and nothing goes out */
	assert_int_equal(r.dones, 3);
	assert_int_equal(r.result.end, SIP_ALL_DOWN);
	assert_false(took(&r, A) || took(&r, B));
	assert_int_equal(view(&r)->errors[0].code, SIPNET_E_ALL_DOWN);
	loop_fake_advance(r.loop, 5000);
	call(&r);
	assert_true(took(&r, B));
	loop_fake_advance(r.loop, 5000);
	call(&r);
	assert_true(took(&r, A));
	close_rig(&r);
}

/* What the server has answered, whatever it is, is the answer. */
static void test_answers(void **state)
{
	static const char *const status[] = {"200 OK", "480 Temporarily Unavailable",
		"500 Server Internal Error", "486 Busy Here", "600 Busy Everywhere",
		"504 Server Time-out"};
	struct rig r;

	open_rig(&r);
	for (unsigned i = 0; i < ARRAY_LEN(status); i++) {
		call(&r);
		assert_true(took(&r, A));
		answer(&r, A, status[i], "Retry-After: 30\r\n");
		expect_status(&r, i + 1, (unsigned)atoi(status[i]));
		assert_false(took(&r, B));
	}
	assert_int_equal(view(&r)->failovers, 0);
	assert_int_equal(view(&r)->targets[0].state, SIPNET_UP);
	close_rig(&r);
}

/* It may have arrived: it never goes anywhere else. Others do, while its target is looked at. */
static void test_silence(void **state)
{
	struct rig r;

	open_rig(&r);
	call(&r);
	for (unsigned i = 0; i < 200; i++) {
		loop_fake_advance(r.loop, 100);
		turn(&r);
	}
	assert_int_equal(r.dones, 1);
	assert_int_equal(r.result.end, SIP_TIMEOUT);
	assert_true(r.result.may_have_arrived);
	assert_false(took(&r, B));
	assert_int_equal(view(&r)->failovers, 0);
	call(&r);
	assert_true(took(&r, B));
	for (unsigned i = 0; i < 50; i++) {
		loop_fake_advance(r.loop, 100);
		turn(&r);
	}
	assert_int_equal(view(&r)->targets[0].state, SIPNET_DEAD);
	assert_int_equal(view(&r)->targets[0].probes_failed, 1);
	close_rig(&r);
}

/* A probe that is answered by anything but 503 brings it back. */
static void test_revival(void **state)
{
	const char *text;
	struct rig r;

	open_rig(&r);
	call(&r);
	for (unsigned i = 0; i < 200; i++) {
		loop_fake_advance(r.loop, 100);
		turn(&r);
	}
	loop_fake_advance(r.loop, 1);
	turn(&r);
	while ((text = peer_take(&r.peer[A])) && strncmp(text, "OPTIONS ", 8) != 0)
		;
	assert_non_null(text);
	snprintf(r.text, sizeof r.text, "%s", text);
	assert_non_null(strstr(field(&r, "\r\nFrom"), "<sip:sip.lab>"));
	answer(&r, A, "405 Method Not Allowed", "");
	assert_int_equal(view(&r)->targets[0].state, SIPNET_UP);
	assert_int_equal(view(&r)->targets[0].probes, 1);
	call(&r);
	assert_true(took(&r, A));
	close_rig(&r);
}

/* All tries share one time: with next to nothing left there is no other. */
static void test_deadline(void **state)
{
	struct rig r;

	open_rig(&r);
	call(&r);
	loop_fake_advance(r.loop, 19600);
	turn(&r);
	assert_true(took(&r, A));
	answer(&r, A, "503 Service Unavailable", "");
	expect_status(&r, 1, 503);
	assert_false(took(&r, B));
	while (took(&r, A)) /* retransmissions */
		;

	call(&r);
	loop_fake_advance(r.loop, 15000);
	turn(&r);
	assert_true(took(&r, A));
	answer(&r, A, "503 Service Unavailable", "");
	assert_true(took(&r, B));
	loop_fake_advance(r.loop, 4999);
	turn(&r);
	assert_int_equal(r.dones, 1);
	loop_fake_advance(r.loop, 1);
	turn(&r);
	assert_int_equal(r.dones, 2);
	assert_int_equal(r.result.end, SIP_TIMEOUT);
	close_rig(&r);
}

/* RFC 2782: by weight, each request for itself. */
static void test_weights(void **state)
{
	unsigned got[PEERS] = {0};
	struct srv v[2];
	struct rig r;

	open_rig_with(&r, 0);
	use(&r, &(struct settings){0});
	v[0] = a_record(10, 30, r.peer[A].port, "a.example.net");
	v[1] = a_record(10, 10, r.peer[B].port, "b.example.net");
	answer_srv(DNS_OK, v, 2);
	answer_addrs(DNS_OK, (const char *const[]){"127.0.0.1", NULL});
	answer_addrs(DNS_OK, (const char *const[]){"127.0.0.1", NULL});
	for (unsigned i = 0; i < 400; i++) {
		call(&r);
		for (unsigned p = 0; p < PEERS; p++)
			while (took(&r, p)) {
				got[p]++;
				answer(&r, p, "200 OK", "");
			}
	}
	assert_int_equal(r.dones, 400);
	assert_int_equal(got[A] + got[B], 400);
	assert_in_range(got[B], 60, 140);
	close_rig(&r);
}

/* A dead one takes a few requests, lest it be dead for ever; the others fail at once. */
static void test_all_dead(void **state)
{
	unsigned sent = 0;
	char hop[64];
	struct rig r;

	open_rig_with(&r, 0);
	snprintf(hop, sizeof hop, "sip:127.0.0.1:%u", r.peer[A].port);
	use(&r, &(struct settings){.next_hop = hop});
	call(&r);
	for (unsigned i = 0; i < 300; i++) { /* the request, then the probe, unanswered */
		loop_fake_advance(r.loop, 100);
		turn(&r);
	}
	assert_int_equal(view(&r)->targets[0].state, SIPNET_DEAD);
	while (took(&r, A))
		;
	for (unsigned i = 0; i < 10; i++)
		call(&r);
	while (took(&r, A))
		sent++;
	assert_int_equal(sent, 4);
	assert_int_equal(r.dones, 1 + 6);
	assert_int_equal(r.result.end, SIP_ALL_DOWN);
	answer(&r, A, "503 Service Unavailable", ""); /* the last of them: it is not back */
	assert_int_equal(view(&r)->targets[0].state, SIPNET_DEAD);
	call(&r);
	assert_true(took(&r, A));
	answer(&r, A, "200 OK", "");
	assert_int_equal(view(&r)->targets[0].state, SIPNET_UP);
	call(&r);
	assert_true(took(&r, A));
	close_rig(&r);
}

static void test_forget(void **state)
{
	struct rig r;

	open_rig(&r);
	sipnet_forget(call(&r));
	assert_true(took(&r, A));
	answer(&r, A, "503 Service Unavailable", "");
	assert_false(took(&r, B)); /* nobody wants it any more */
	assert_int_equal(r.dones, 0);
	assert_int_equal(sipnet_busy(r.net), 0);
	assert_int_equal(view(&r)->targets[0].under_way, 0);
	close_rig(&r);
}

/* The route goes elsewhere while a request is under way: it ends where it is. */
static void test_route_changes(void **state)
{
	struct rig r;

	open_rig(&r);
	call(&r);
	assert_true(took(&r, A));
	use(&r, &(struct settings){.next_hop = "sip:192.0.2.1"});
	answer(&r, A, "503 Service Unavailable", "");
	expect_status(&r, 1, 503);
	assert_int_equal(view(&r)->targets[0].under_way, 0);
	assert_int_equal(view(&r)->requests_out, 0);
	close_rig(&r);
}

/* ---- over connections ---- */

/* A peer that takes connections. */
struct door {
	int fd, conn;
	uint16_t port;
	char text[4096];
};

static void door_open(struct door *d)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof in;

	*d = (struct door){.conn = -1};
	d->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(d->fd, (struct sockaddr *)&in, sizeof in), 0);
	assert_int_equal(listen(d->fd, 8), 0);
	assert_int_equal(getsockname(d->fd, (struct sockaddr *)&in, &len), 0);
	d->port = ntohs(in.sin_port);
}

static void door_close(struct door *d)
{
	if (d->conn >= 0)
		close(d->conn);
	d->conn = -1;
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
}

/* A connection has come, and what it carries, which begins with a MESSAGE; false: none. */
static bool door_took(struct rig *r, struct door *d)
{
	for (unsigned i = 0; i < 50; i++) {
		ssize_t n;

		loop_fake_advance(r->loop, 1); /* connections are begun by a timer */
		turn(r);
		if (d->conn < 0)
			d->conn = accept4(d->fd, NULL, NULL, SOCK_NONBLOCK);
		if (d->conn < 0)
			continue;
		n = recv(d->conn, d->text, sizeof d->text - 1, 0);
		if (n <= 0)
			continue;
		d->text[n] = 0;
		snprintf(r->text, sizeof r->text, "%s", d->text);
		return strncmp(d->text, "MESSAGE ", 8) == 0;
	}
	return false;
}

static void door_answer(struct rig *r, struct door *d, const char *status)
{
	char *text = xasprintf("SIP/2.0 %s\r\nVia: %s\r\nFrom: %s\r\nTo: <sip:a@b>;tag=x\r\n"
			       "Call-ID: %s\r\nCSeq: %s\r\nContent-Length: 0\r\n\r\n",
		status, field(r, "\r\nVia"), field(r, "\r\nFrom"), field(r, "\r\nCall-ID"),
		field(r, "\r\nCSeq"));
	unsigned before = r->dones;

	assert_int_equal(send(d->conn, text, strlen(text), 0), strlen(text));
	for (unsigned i = 0; i < 50 && r->dones == before; i++)
		turn(r);
	xfree(text);
}

static void open_doors(struct rig *r, struct door d[static PEERS])
{
	struct srv v[PEERS];

	open_rig_with(r, 0);
	for (unsigned i = 0; i < PEERS; i++)
		door_open(&d[i]);
	use(r, &(struct settings){.transport = "tcp"});
	v[0] = a_record(10, 0, d[A].port, "a.example.net");
	v[1] = a_record(20, 0, d[B].port, "b.example.net");
	assert_string_equal(query.name, "_sip._tcp.example.net");
	answer_srv(DNS_OK, v, PEERS);
	answer_addrs(DNS_OK, (const char *const[]){"127.0.0.1", NULL});
	answer_addrs(DNS_OK, (const char *const[]){"127.0.0.1", NULL});
}

static void close_doors(struct rig *r, struct door d[static PEERS])
{
	close_rig(r);
	for (unsigned i = 0; i < PEERS; i++)
		door_close(&d[i]);
}

/* No connection, so nothing was taken. */
static void test_tcp_refused(void **state)
{
	struct door d[PEERS];
	struct rig r;

	open_doors(&r, d);
	door_close(&d[A]);
	call(&r);
	assert_true(door_took(&r, &d[B]));
	assert_non_null(strstr(r.text, "\r\nVia: SIP/2.0/TCP "));
	door_answer(&r, &d[B], "200 OK");
	expect_status(&r, 1, 200);
	assert_int_equal(view(&r)->failovers, 1);
	assert_string_equal(view(&r)->targets[0].transport, "tcp");
	assert_int_equal(view(&r)->targets[0].state, SIPNET_SUSPECT);
	close_doors(&r, d);
}

/* A connection that took all of it and ended may have delivered it: told, not sent again. */
static void test_tcp_lost(void **state)
{
	struct door d[PEERS];
	struct rig r;

	open_doors(&r, d);
	call(&r);
	assert_true(door_took(&r, &d[A]));
	close(d[A].conn);
	d[A].conn = -1;
	for (unsigned i = 0; i < 50 && !r.dones; i++)
		turn(&r);
	assert_int_equal(r.dones, 1);
	assert_int_equal(r.result.end, SIP_UNREACHABLE);
	assert_true(r.result.may_have_arrived);
	assert_false(door_took(&r, &d[B]));
	close_doors(&r, d);
}

static void test_tcp_503(void **state)
{
	struct door d[PEERS];
	struct rig r;

	open_doors(&r, d);
	call(&r);
	assert_true(door_took(&r, &d[A]));
	door_answer(&r, &d[A], "503 Service Unavailable");
	assert_true(door_took(&r, &d[B]));
	door_answer(&r, &d[B], "200 OK");
	expect_status(&r, 1, 200);
	close_doors(&r, d);
}

/* ---- credentials ---- */

#define ASK(nonce) "WWW-Authenticate: Digest realm=\"r\", nonce=\"" nonce "\", qop=\"auth\"\r\n"
#define STALE(nonce)                                                                               \
	"WWW-Authenticate: Digest realm=\"r\", nonce=\"" nonce "\", qop=\"auth\", stale=true\r\n"

static void md5_hex(char ret[static 33], const char *text)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	assert_int_equal(EVP_Digest(text, strlen(text), md, &n, EVP_md5(), NULL), 1);
	for (unsigned i = 0; i < 16; i++)
		snprintf(ret + 2 * i, 3, "%02x", md[i]);
}

static void param(char ret[static 128], const char *value, const char *name)
{
	const char *at = strstr(value, name);

	assert_non_null(at);
	assert_int_equal(sscanf(at + strlen(name), "%127[^\", ]", ret), 1);
}

/* RFC 7616 3.4.1, reckoned here: HEX(MD5(HA1:nonce:nc:cnonce:auth:HA2)). */
static void expect_login(
	struct rig *r, const char *name, const char *nonce, const char *nc, const char *password)
{
	char a1[33], a2[33], want[33], got[128], cnonce[128], *text;
	char value[1024];

	snprintf(value, sizeof value, "%s", field(r, name));
	text = xasprintf("gateway:r:%s", password);
	md5_hex(a1, text);
	xfree(text);
	md5_hex(a2, "MESSAGE:sip:romeo@sip.lab");
	param(cnonce, value, "cnonce=\"");
	param(got, value, " nonce=\"");
	assert_string_equal(got, nonce);
	param(got, value, " nc=");
	assert_string_equal(got, nc);
	text = xasprintf("%s:%s:%s:%s:auth:%s", a1, nonce, nc, cnonce, a2);
	md5_hex(want, text);
	xfree(text);
	param(got, value, "response=\"");
	assert_string_equal(got, want);
}

static void test_login(void **state)
{
	char id[1024];
	struct rig r;

	open_rig_digest(&r, "secret");
	call(&r);
	assert_true(took(&r, A));
	assert_string_equal(field(&r, "\r\nAuthorization"), "");
	snprintf(id, sizeof id, "%s", field(&r, "\r\nCall-ID"));
	answer(&r, A, "401 Unauthorized", ASK("n1"));
	assert_int_equal(r.dones, 0);
	assert_true(took(&r, A));
	expect_login(&r, "\r\nAuthorization", "n1", "00000001", "secret");
	assert_string_equal(field(&r, "\r\nCall-ID"), id); /* RFC 3261 22.2 */
	assert_string_equal(field(&r, "\r\nCSeq"), "2 MESSAGE");
	answer(&r, A, "200 OK", "");
	expect_status(&r, 1, 200);
	call(&r); /* the next one knows what it will be asked */
	assert_true(took(&r, A));
	expect_login(&r, "\r\nAuthorization", "n1", "00000002", "secret");
	answer(&r, A, "401 Unauthorized", STALE("n2"));
	assert_true(took(&r, A));
	expect_login(&r, "\r\nAuthorization", "n2", "00000001", "secret");
	answer(&r, A, "200 OK", "");
	expect_status(&r, 2, 200);
	call(&r); /* an old nonce without stale is no wrong password either */
	assert_true(took(&r, A));
	answer(&r, A, "401 Unauthorized", ASK("n3"));
	assert_true(took(&r, A));
	expect_login(&r, "\r\nAuthorization", "n3", "00000001", "secret");
	answer(&r, A, "200 OK", "");
	assert_int_equal(view(&r)->challenged, 3);
	assert_int_equal(view(&r)->n_errors, 0);
	close_rig(&r);
}

/* RFC 3261 22.3: a proxy and the server behind it, each for itself. */
static void test_proxy_and_server(void **state)
{
	struct rig r;

	open_rig_digest(&r, "secret");
	call(&r);
	assert_true(took(&r, A));
	answer(&r, A, "407 Proxy Authentication Required",
		"Proxy-Authenticate: Digest realm=\"r\", nonce=\"p1\", qop=\"auth\"\r\n");
	assert_true(took(&r, A));
	expect_login(&r, "\r\nProxy-Authorization", "p1", "00000001", "secret");
	assert_string_equal(field(&r, "\r\nAuthorization"), "");
	answer(&r, A, "401 Unauthorized", ASK("s1"));
	assert_true(took(&r, A));
	expect_login(&r, "\r\nProxy-Authorization", "p1", "00000002", "secret");
	expect_login(&r, "\r\nAuthorization", "s1", "00000001", "secret");
	assert_string_equal(field(&r, "\r\nCSeq"), "3 MESSAGE");
	answer(&r, A, "202 Accepted", "");
	expect_status(&r, 1, 202);
	close_rig(&r);
}

/* It is told, seen, and not tried again for a while; new settings are tried at once. */
static void test_wrong_password(void **state)
{
	struct rig r;
	char hop[64];

	open_rig_digest(&r, "wrong");
	call(&r);
	assert_true(took(&r, A));
	answer(&r, A, "401 Unauthorized", ASK("n1"));
	assert_true(took(&r, A));
	answer(&r, A, "401 Unauthorized", ASK("n2"));
	expect_status(&r, 1, 401);
	assert_false(took(&r, A));
	assert_int_equal(view(&r)->errors[0].code, SIPNET_E_CREDENTIALS);
	assert_null(strstr(view(&r)->errors[0].text, "wrong\""));
	assert_int_equal(view(&r)->digest_wait_in, 30000);
	for (unsigned i = 0; i < 5; i++) {
		call(&r);
		assert_true(took(&r, A));
		assert_string_equal(field(&r, "\r\nAuthorization"), "");
		answer(&r, A, "401 Unauthorized", ASK("n3"));
		expect_status(&r, 2 + i, 401);
	}
	loop_fake_advance(r.loop, 30000);
	call(&r);
	assert_true(took(&r, A));
	answer(&r, A, "401 Unauthorized", ASK("n4"));
	assert_true(took(&r, A));
	answer(&r, A, "401 Unauthorized", ASK("n5"));
	assert_int_equal(view(&r)->digest_wait_in, 60000);

	snprintf(hop, sizeof hop, "sip:127.0.0.1:%u", r.peer[A].port);
	use(&r, &(struct settings){hop, "gateway", "right"});
	call(&r);
	assert_true(took(&r, A));
	answer(&r, A, "401 Unauthorized", ASK("n6"));
	assert_true(took(&r, A));
	expect_login(&r, "\r\nAuthorization", "n6", "00000001", "right");
	answer(&r, A, "200 OK", "");
	expect_status(&r, 8, 200);
	assert_true(view(&r)->digest_wait_in == SIPNET_NEVER);
	close_rig(&r);
}

/* Who asks again and again is not answered for ever. */
static void test_login_loop(void **state)
{
	struct rig r;
	unsigned sent = 0;

	open_rig_digest(&r, "secret");
	call(&r);
	while (took(&r, A) && sent < 20) {
		sent++;
		answer(&r, A, "401 Unauthorized", STALE("n"));
	}
	assert_int_equal(sent, 3);
	expect_status(&r, 1, 401);
	assert_int_equal(view(&r)->errors[0].code, SIPNET_E_CHALLENGE);
	close_rig(&r);
}

/* clang-format off */
static const struct {
	const char *what, *status, *challenge;
} unanswerable[] = {
	{"RFC 3261 22: never Basic", "401 Unauthorized", "WWW-Authenticate: Basic realm=\"r\"\r\n"},
	{"no challenge at all", "401 Unauthorized", ""},
	{"one of the other kind", "407 Proxy Authentication Required", ASK("n")},
	{"an algorithm nobody knows", "401 Unauthorized",
		"WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm=ROT13\r\n"},
};
/* clang-format on */

static void test_unanswerable(void **state)
{
	struct rig r;

	for (size_t i = 0; i < ARRAY_LEN(unanswerable); i++) {
		open_rig_digest(&r, "secret");
		call(&r);
		assert_true(took(&r, A));
		answer(&r, A, unanswerable[i].status, unanswerable[i].challenge);
		if (r.dones != 1 || r.result.status / 100 != 4 || took(&r, A) ||
			view(&r)->errors[0].code != SIPNET_E_CHALLENGE)
			fail_msg("%s", unanswerable[i].what);
		close_rig(&r);
	}
}

/* Without credentials the answer is passed on, and what is missing is said. */
static void test_no_credentials(void **state)
{
	struct rig r;

	open_rig(&r);
	call(&r);
	assert_true(took(&r, A));
	answer(&r, A, "401 Unauthorized", ASK("n1"));
	expect_status(&r, 1, 401);
	assert_true(r.had_response);
	assert_int_equal(view(&r)->errors[0].code, SIPNET_E_CHALLENGE);
	assert_non_null(strstr(view(&r)->errors[0].text, "digest_user"));
	close_rig(&r);
}

/* Of several challenges the best that is known (RFC 8760 2.4), whatever stands first. */
static void test_best_challenge(void **state)
{
	struct rig r;

	open_rig_digest(&r, "secret");
	call(&r);
	assert_true(took(&r, A));
	answer(&r, A, "401 Unauthorized",
		"WWW-Authenticate: Basic realm=\"r\"\r\n" ASK(
			"md5") "WWW-Authenticate: Digest realm=\"r\", nonce=\"sha\", "
			       "algorithm=SHA-256, qop=\"auth\"\r\n");
	assert_true(took(&r, A));
	assert_non_null(strstr(field(&r, "\r\nAuthorization"), "nonce=\"sha\""));
	assert_non_null(strstr(field(&r, "\r\nAuthorization"), "algorithm=SHA-256"));
	close_rig(&r);
}

/* Until they are known to be good, one request tries them: servers lock accounts. */
static void test_held(void **state)
{
	unsigned plain = 0;
	struct rig r;

	open_rig_digest(&r, "wrong");
	for (unsigned i = 0; i < 50; i++)
		call(&r);
	assert_true(took(&r, A));
	assert_false(took(&r, A)); /* 49 wait */
	answer(&r, A, "401 Unauthorized", ASK("n1"));
	assert_true(took(&r, A));
	assert_non_null(strstr(r.text, "\r\nAuthorization:"));
	answer(&r, A, "401 Unauthorized", ASK("n2"));
	expect_status(&r, 1, 401);
	while (took(&r, A)) {
		assert_null(strstr(r.text, "\r\nAuthorization:"));
		plain++;
		answer(&r, A, "401 Unauthorized", ASK("n3"));
	}
	assert_int_equal(plain, 49);
	assert_int_equal(r.dones, 50);
	close_rig(&r);
}

/* Good ones let all go; so does a server that takes its time, after two seconds. */
static void test_held_goes(void **state)
{
	struct sipnet_call *held;
	struct rig r;

	open_rig_digest(&r, "secret");
	call(&r);
	call(&r);
	assert_true(took(&r, A));
	assert_false(took(&r, A));
	answer(&r, A, "200 OK", ""); /* it does not ask at all */
	assert_int_equal(r.dones, 1);
	assert_true(took(&r, A));
	answer(&r, A, "200 OK", "");
	assert_int_equal(r.dones, 2);
	close_rig(&r);

	open_rig_digest(&r, "secret");
	call(&r);
	call(&r);
	held = call(&r);
	sipnet_forget(held);
	assert_true(took(&r, A));
	loop_fake_advance(r.loop, 2000);
	turn(&r);
	while (took(&r, A) && strstr(field(&r, "\r\nCSeq"), "1 MESSAGE"))
		r.requests++;
	assert_int_equal(r.requests, 3); /* two retransmissions of the first, and the second */
	close_rig(&r);                   /* with calls under way */
}

/* Who tries is not wanted any more: the next one tries. */
static void test_held_forgotten(void **state)
{
	struct sipnet_call *first;
	struct rig r;

	open_rig_digest(&r, "secret");
	first = call(&r);
	call(&r);
	call(&r);
	assert_true(took(&r, A));
	assert_false(took(&r, A));
	sipnet_forget(first);
	turn(&r);
	assert_true(took(&r, A));
	assert_false(took(&r, A)); /* one again */
	answer(&r, A, "401 Unauthorized", ASK("n1"));
	assert_true(took(&r, A));
	expect_login(&r, "\r\nAuthorization", "n1", "00000001", "secret");
	answer(&r, A, "200 OK", "");
	assert_true(took(&r, A)); /* the third, and it knows what is asked */
	expect_login(&r, "\r\nAuthorization", "n1", "00000002", "secret");
	answer(&r, A, "200 OK", "");
	assert_int_equal(r.dones, 2);
	assert_int_equal(sipnet_busy(r.net), 0);
	close_rig(&r);
}

/* The next one has no time left: it is the turn of the one behind it, at once. */
static void test_held_too_late(void **state)
{
	struct sipnet_call *first;
	struct rig r;

	open_rig_digest(&r, "secret");
	first = call(&r);
	sipnet_request(r.net, snapshot_route(r.snapshot, SL("main")), &spec, 400, on_done, &r);
	call(&r);
	assert_true(took(&r, A));
	assert_false(took(&r, A));
	sipnet_forget(first);
	turn(&r);
	assert_int_equal(r.dones, 1);
	assert_int_equal(r.result.end, SIP_ALL_DOWN);
	assert_true(took(&r, A));
	answer(&r, A, "200 OK", "");
	assert_int_equal(r.dones, 2);
	close_rig(&r);
}

/* The route goes while they wait. */
static void test_held_ends(void **state)
{
	struct rig r;

	open_rig_digest(&r, "secret");
	call(&r);
	call(&r);
	use(&r, &(struct settings){.next_hop = "sip:192.0.2.1"});
	turn(&r);
	assert_int_equal(r.dones, 1);
	assert_int_equal(r.result.end, SIP_NO_TARGET);
	close_rig(&r);
	open_rig_digest(&r, "secret");
	call(&r);
	call(&r);
	close_rig(&r);
}

/* ---- too much ---- */

static void send_message(struct rig *r, const char *from, const char *to_tag, unsigned n)
{
	char *text = xasprintf("MESSAGE sip:j@xmpp.lab SIP/2.0\r\n"
			       "Via: SIP/2.0/UDP x.lab;rport;branch=z9hG4bK%u\r\n"
			       "From: <%s>;tag=1\r\nTo: <sip:j@xmpp.lab>%s\r\nCall-ID: c%u\r\n"
			       "CSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\n"
			       "Content-Length: 2\r\n\r\nhi",
		n, from, to_tag, n);

	peer_send(&r->peer[A], "127.0.0.1", r->port, text);
	xfree(text);
	turn(r);
}

static unsigned status_at(struct rig *r)
{
	unsigned status = 0;
	const char *text = peer_take(&r->peer[A]);

	if (text) {
		snprintf(r->text, sizeof r->text, "%s", text);
		assert_int_equal(sscanf(text, "SIP/2.0 %u ", &status), 1);
	}
	return status;
}

/* One sender who sends too much takes nothing from another; his host's capitals do not help. */
static void test_sender_rate(void **state)
{
	static const char *const as[] = {
		"sip:romeo@sip.lab", "sip:romeo@SIP.Lab", "sip:romeo@sip.lab.;x=y"};
	struct rig r;

	open_rig_with(&r, 0);
	use(&r, &(struct settings){.next_hop = "sip:192.0.2.1", .sender_rate = "3"});
	for (unsigned i = 0; i < 9; i++) {
		send_message(&r, as[i % 3], "", i);
		assert_int_equal(status_at(&r), i < 3 ? 200 : 500);
	}
	assert_non_null(strstr(r.text, "\r\nRetry-After: "));
	send_message(&r, "sip:mercutio@sip.lab", "", 20);
	assert_int_equal(status_at(&r), 200);
	assert_int_equal(view(&r)->over_sender_rate, 6);
	loop_fake_advance(r.loop, 1000);
	send_message(&r, as[0], "", 30);
	assert_int_equal(status_at(&r), 200);
	close_rig(&r);
}

/* Memory for transactions has an end, at any rate: 500 with Retry-After, and then it goes on. */
static void test_memory(void **state)
{
	unsigned fine = 0, shed = 0;
	struct sipnet_view v;
	struct rig r;

	open_rig_with(&r, 64 << 10);
	use(&r, &(struct settings){.next_hop = "sip:192.0.2.1"});
	for (unsigned i = 0; i < 3000; i++) {
		unsigned status;

		send_message(&r, "sip:romeo@sip.lab", "", i);
		status = status_at(&r);
		fine += status == 200;
		shed += status == 500;
	}
	assert_int_equal(fine + shed, 3000);
	assert_in_range(fine, 200, 1000);
	assert_non_null(strstr(r.text, "\r\nRetry-After: "));
	sipnet_view(r.net, &v);
	assert_in_range(v.stack.bytes, 50 << 10, 64 << 10);
	send_message(&r, "sip:romeo@sip.lab", "", 1); /* what was answered is answered again */
	assert_int_equal(status_at(&r), 200);
	loop_fake_advance(r.loop, 33000);
	send_message(&r, "sip:romeo@sip.lab", "", 9999);
	assert_int_equal(status_at(&r), 200);
	close_rig(&r);
}

/* The same for what we send: what there is no room for is told at once. */
static void test_memory_out(void **state)
{
	struct sipnet_view v;
	int64_t shed = atomic_load(&metric_value[M_SIP_SHED_OUT]);
	unsigned sent = 0;
	char hop[64];
	struct rig r;

	open_rig_with(&r, 64 << 10);
	snprintf(hop, sizeof hop, "sip:127.0.0.1:%u", r.peer[A].port);
	use(&r, &(struct settings){.next_hop = hop});
	for (unsigned i = 0; i < 500; i++)
		call(&r);
	while (took(&r, A))
		sent++;
	assert_in_range(sent, 30, 300);
	assert_int_equal(r.overloaded, 500 - sent);
	assert_int_equal(view(&r)->requests_out, sent); /* the others were none */
	assert_int_equal(atomic_load(&metric_value[M_SIP_SHED_OUT]) - shed, 500 - sent);
	assert_int_equal(r.dones, 500 - sent);
	sipnet_view(r.net, &v);
	assert_in_range(v.stack.bytes, 55 << 10, 64 << 10);
	send_message(&r, "sip:romeo@sip.lab", "", 1); /* answers have precedence */
	assert_int_equal(status_at(&r), 500);
	for (unsigned i = 0; i < 400; i++) {
		loop_fake_advance(r.loop, 100);
		turn(&r);
	}
	assert_int_equal(r.dones, 500);
	sipnet_view(r.net, &v);
	assert_in_range(v.stack.bytes, 0, 4 << 10);
	close_rig(&r);
}

/* What nobody answers on one route leaves room for the other. */
static void test_share(void **state)
{
	const struct route *second;
	unsigned taken;
	char hop[64];
	struct rig r;

	open_rig_with(&r, 256 << 10);
	snprintf(hop, sizeof hop, "sip:127.0.0.1:%u", r.peer[A].port);
	use(&r, &(struct settings){.next_hop = hop, .second = true});
	for (unsigned i = 0; i < 500; i++)
		call(&r);
	taken = r.dones;
	assert_in_range(taken, 100, 480); /* refused at half of the memory */
	assert_int_equal(r.overloaded, taken);
	second = snapshot_route(r.snapshot, SL("second"));
	for (unsigned i = 0; i < 50; i++)
		sipnet_request(r.net, second, &spec, 20000, on_done, &r);
	turn(&r);
	assert_int_equal(r.overloaded, taken);
	for (unsigned i = 0; i < 50; i++)
		assert_true(took(&r, B));
	close_rig(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_within_named),
		cmocka_unit_test(test_within_failover),
		cmocka_unit_test(test_within_dead),
		cmocka_unit_test(test_invite_failover),
		cmocka_unit_test(test_invite_cancelled),
		cmocka_unit_test(test_unreachable),
		cmocka_unit_test(test_503),
		cmocka_unit_test(test_retry_after),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_revival),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_weights),
		cmocka_unit_test(test_all_dead),
		cmocka_unit_test(test_forget),
		cmocka_unit_test(test_route_changes),
		cmocka_unit_test(test_tcp_refused),
		cmocka_unit_test(test_tcp_lost),
		cmocka_unit_test(test_tcp_503),
		cmocka_unit_test(test_login),
		cmocka_unit_test(test_proxy_and_server),
		cmocka_unit_test(test_wrong_password),
		cmocka_unit_test(test_login_loop),
		cmocka_unit_test(test_unanswerable),
		cmocka_unit_test(test_no_credentials),
		cmocka_unit_test(test_best_challenge),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_held_goes),
		cmocka_unit_test(test_held_forgotten),
		cmocka_unit_test(test_held_too_late),
		cmocka_unit_test(test_held_ends),
		cmocka_unit_test(test_sender_rate),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_memory_out),
		cmocka_unit_test(test_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
