#include "unit.h"

#include <stdio.h>

#include "base/mem.h"
#include "federation/snapshot.h"
#include "loop/loop.h"
#include "sipnet/sipnet.h"
#include "view/metrics.h"

#include "peer.h"

/*
 * sipnet with real sockets on loopback and a clock of our own. The route "main" is 127.0.0.1 and
 * accepts users of sip.lab; 127.0.0.9 is nobody.
 */
struct rig {
	struct loop *loop;
	struct sipnet *net;
	struct peer peer, stranger;
	struct snapshot *snapshot;
	uint16_t port;

	unsigned requests;
	struct sip_server *txn[256];
	char route[64], from[128];
	unsigned answer; /* inside request(); 0: none */

	unsigned dones;
	struct sip_result result;
	bool again; /* inside done() */
};

static const char *const no_options[] = {NULL};
static const enum sip_method methods[] = {SIP_MESSAGE, SIP_OPTIONS, SIP_M_OTHER};
static const struct sip_caps caps = {methods, no_options, "text/plain"};

static void on_request(void *arg, struct sip_server *txn, const struct sip_msg *m,
	const struct route *route, const struct sipnet_way *way)
{
	struct rig *r = arg;

	r->txn[r->requests++ % 256] = txn;
	snprintf(r->route, sizeof r->route, "%s", route->name);
	snprintf(r->from, sizeof r->from, "%.*s", SLARG(m->from.uri.text));
	if (r->answer)
		sipnet_reply(r->net, txn, &(struct sip_reply){.status = r->answer});
}

static void on_invite(void *arg, struct sip_server *txn, enum sip_invite_event event)
{
}

static const struct sipnet_ops ops = {on_request, on_invite};

static void set(struct object *o, const char *name, const char *value)
{
	struct err e;

	if (value && object_set(o, slice_of(name), slice_of(value), &e) < 0)
		fail_msg("%s: %s", name, e.text);
}

static void put_route(struct config *c, const char *name, const char *next_hop, const char *sources,
	const char *rate)
{
	struct object *o = object_new(&route_class);

	set(o, "name", name);
	set(o, "next_hop", next_hop);
	set(o, "sources", sources);
	set(o, "receive_rate", rate);
	config_put(c, o);
}

static void put_local(struct config *c, const char *domain, const char *route)
{
	struct object *o = object_new(&local_domain_class);

	set(o, "domain", domain);
	set(o, "route", route);
	config_put(c, o);
}

/* sip.lab and other.lab are ours; sip.lab's users are reached by main, other.lab's by second. */
static void use_routes(struct rig *r, const char *next_hop, const char *sources, const char *rate)
{
	struct config *c = config_new();
	struct err e;

	put_route(c, "main", next_hop, sources, rate);
	put_route(c, "second", "sip:192.0.2.99:5060", NULL, NULL);
	put_local(c, "sip.lab", "main");
	put_local(c, "other.lab", "second");
	snapshot_unref(r->snapshot);
	if (snapshot_build(&r->snapshot, c, 1, NULL, &e) < 0)
		fail_msg("%s", e.text);
	config_free(c);
	sipnet_set_snapshot(r->net, r->snapshot);
}

static void use_peer(struct rig *r)
{
	char hop[64];

	snprintf(hop, sizeof hop, "sip:127.0.0.1:%u", r->peer.port);
	use_routes(r, hop, NULL, NULL);
}

static void open_with(struct rig *r, const struct sip_caps *known, size_t memory)
{
	const struct slice listen[] = {SL("udp:127.0.0.1:0"), SL("udp:[::1]:0")};
	const struct sipnet_config config = {.listen = listen,
		.n_listen = 2,
		.node = 'a',
		.shard = '0',
		.transactions_memory = memory,
		.caps = known};
	struct err e;

	memset(r, 0, sizeof *r);
	r->loop = loop_new_fake("test", 1000);
	if (sipnet_new(&r->net, r->loop, NULL, &config, &ops, r, &e) < 0)
		fail_msg("%s", e.text);
	r->port = sipnet_port(r->net, 0);
	peer_open(&r->peer, "127.0.0.1");
	peer_open(&r->stranger, "127.0.0.9");
	use_peer(r);
}

static void open_rig(struct rig *r)
{
	open_with(r, &caps, 0);
}

/* One that takes INVITE and dialogs. */
static void open_dialogs(struct rig *r, size_t memory)
{
	static const enum sip_method served[] = {SIP_INVITE, SIP_ACK, SIP_BYE, SIP_CANCEL,
		SIP_MESSAGE, SIP_INFO, SIP_UPDATE, SIP_M_OTHER};
	static const struct sip_caps dialogs = {served, no_options, "text/plain", .dialogs = true};

	open_with(r, &dialogs, memory);
}

static void close_rig(struct rig *r)
{
	sipnet_free(r->net);
	snapshot_unref(r->snapshot);
	loop_turn(r->loop, false);
	loop_free(r->loop);
	peer_close(&r->peer);
	peer_close(&r->stranger);
}

static void turn(struct rig *r)
{
	loop_turn(r->loop, false);
	loop_turn(r->loop, false);
}

static void send_request(struct rig *r, struct peer *p, const char *method, const char *ruri,
	const char *from, unsigned n)
{
	char *text = xasprintf("%s %s SIP/2.0\r\nVia: SIP/2.0/UDP x.lab;rport;branch=z9hG4bK%u\r\n"
			       "From: <%s>;tag=1\r\nTo: <%s>\r\nCall-ID: c%u\r\nCSeq: 1 %s\r\n"
			       "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi",
		method, ruri, n, from, ruri, n, method);

	peer_send(p, "127.0.0.1", r->port, text);
	xfree(text);
}

/* The status of what came back; 0: nothing did. */
static unsigned status_at(struct peer *p)
{
	unsigned status = 0;
	char *text = peer_take(p);

	if (text)
		assert_int_equal(sscanf(text, "SIP/2.0 %u ", &status), 1);
	return status;
}

static struct sipnet_view view(struct rig *r)
{
	struct sipnet_view v;

	sipnet_view(r->net, &v);
	return v;
}

static const struct sipnet_route_view *main_view(struct rig *r)
{
	struct sipnet_view v = view(r);

	for (unsigned i = 0; i < v.n_routes; i++)
		if (slice_eqz(v.routes[i].name, "main"))
			return &v.routes[i];
	return NULL;
}

/* ---- in ---- */

static void test_request(void **state)
{
	struct rig r;

	open_rig(&r);
	send_request(&r, &r.peer, "MESSAGE", "sip:j@xmpp.lab", "sip:romeo@SIP.Lab.", 1);
	turn(&r);
	assert_int_equal(r.requests, 1);
	assert_string_equal(r.route, "main");
	assert_string_equal(r.from, "sip:romeo@SIP.Lab.");
	assert_int_equal(sipnet_busy(r.net), 1);
	assert_int_equal(status_at(&r.peer), 0);
	send_request(&r, &r.peer, "MESSAGE", "sip:j@xmpp.lab", "sip:romeo@SIP.Lab.", 1); /* again */
	turn(&r);
	assert_int_equal(r.requests, 1);
	sipnet_reply(r.net, r.txn[0], &(struct sip_reply){.status = 200});
	turn(&r);
	assert_int_equal(status_at(&r.peer), 200);
	assert_int_equal(sipnet_busy(r.net), 0);
	assert_int_equal(main_view(&r)->requests_in, 1);
	assert_int_equal(view(&r).stack.rx_retrans, 1);
	assert_int_equal(view(&r).stack.servers_lingering, 1);
	loop_fake_advance(r.loop, 33000); /* J, by the loop's timer */
	assert_int_equal(view(&r).stack.servers_lingering, 0);
	close_rig(&r);
}

/* Design section 9: who may say what. */
/* clang-format off */
static const struct {
	const char *what, *method, *ruri, *from;
	unsigned status; /* 0: it gets to request() */
} rules[] = {
	{"ours to theirs", "MESSAGE", "sip:j@xmpp.lab", "sip:romeo@sip.lab", 0},
	{"another domain of ours, of another route", "MESSAGE", "sip:j@xmpp.lab",
		"sip:romeo@other.lab", 403},
	{"a partner's domain", "MESSAGE", "sip:j@xmpp.lab", "sip:juliet@xmpp.lab", 403},
	{"a domain under ours", "MESSAGE", "sip:j@xmpp.lab", "sip:romeo@x.sip.lab", 403},
	{"no host at all", "MESSAGE", "sip:j@xmpp.lab", "tel:+12015550123", 403},
	{"to our own users", "MESSAGE", "sip:j@sip.lab", "sip:romeo@sip.lab", 403},
	{"to our own users of the other route", "MESSAGE", "sip:j@OTHER.lab", "sip:romeo@sip.lab",
		403},
	{"OPTIONS whoever asks", "OPTIONS", "sip:xmpp.lab", "sip:pinger@localhost", 200},
	{"what is not served", "INVITE", "sip:j@xmpp.lab", "sip:romeo@sip.lab", 405},
};
/* clang-format on */

static void test_rules(void **state)
{
	struct rig r;

	open_rig(&r);
	r.answer = 202;
	for (unsigned i = 0; i < ARRAY_LEN(rules); i++) {
		unsigned before = r.requests, status;

		send_request(&r, &r.peer, rules[i].method, rules[i].ruri, rules[i].from, i);
		turn(&r);
		status = status_at(&r.peer);
		if (status != (rules[i].status ? rules[i].status : 202) ||
			r.requests - before != !rules[i].status)
			fail_msg("%s: %u", rules[i].what, status);
	}
	assert_int_equal(main_view(&r)->forged_from, 4);
	close_rig(&r);
}

/* What another Entente sends in the name of our users it had from us (docs/decisions/0266). */
static void test_loop(void **state)
{
	static const char *const text =
		"MESSAGE sip:j@xmpp.lab SIP/2.0\r\nVia: SIP/2.0/UDP "
		"x.lab;rport;branch=z9hG4bK%u\r\n"
		"From: <sip:romeo@sip.lab>;tag=1\r\nTo: <sip:j@xmpp.lab>\r\nCall-ID: loop%u\r\n"
		"CSeq: 1 MESSAGE\r\nUser-Agent: %s\r\nContent-Type: text/plain\r\n"
		"Content-Length: 2\r\n\r\nhi";
	static const struct {
		const char *agent;
		unsigned status;
	} row[] = {{"Entente", 482}, {"Entente/2.0 (later)", 482}, {"x Entente", 202}};
	struct rig r;

	open_rig(&r);
	r.answer = 202;
	for (unsigned i = 0; i < ARRAY_LEN(row); i++) {
		char *m = xasprintf(text, i, i, row[i].agent);

		peer_send(&r.peer, "127.0.0.1", r.port, m);
		xfree(m);
		turn(&r);
		assert_int_equal(status_at(&r.peer), row[i].status);
	}
	assert_int_equal(r.requests, 1);
	close_rig(&r);
}

/* Ten answers a second to all strangers together, then silence; nothing of theirs gets through. */
static void test_strangers(void **state)
{
	struct rig r;
	unsigned answers = 0;

	open_rig(&r);
	for (unsigned i = 0; i < 25; i++)
		send_request(&r, &r.stranger, i % 2 ? "MESSAGE" : "OPTIONS", "sip:j@xmpp.lab",
			"sip:romeo@sip.lab", i);
	turn(&r);
	for (unsigned status; (status = status_at(&r.stranger)); answers++)
		assert_int_equal(status, 403);
	assert_int_equal(answers, 10);
	assert_int_equal(r.requests, 0);
	assert_int_equal(view(&r).unlisted, 25);
	assert_int_equal(view(&r).unlisted_answered, 10);
	assert_int_equal(view(&r).stack.bytes, 0);
	send_request(&r, &r.peer, "MESSAGE", "sip:j@xmpp.lab", "sip:romeo@sip.lab", 99);
	turn(&r);
	assert_int_equal(r.requests, 1);
	loop_fake_advance(r.loop, 1000);
	send_request(&r, &r.stranger, "MESSAGE", "sip:j@xmpp.lab", "sip:romeo@sip.lab", 1);
	turn(&r);
	assert_int_equal(status_at(&r.stranger), 403);
	close_rig(&r);
}

/* Without settings everybody is one. */
static void test_no_snapshot(void **state)
{
	const struct slice listen = SL("udp:127.0.0.1:0");
	const struct sipnet_config config = {
		.listen = &listen, .n_listen = 1, .node = 'a', .shard = '0', .caps = &caps};
	struct rig r = {.loop = loop_new_fake("test", 1000)};
	struct err e;

	assert_int_equal(sipnet_new(&r.net, r.loop, NULL, &config, &ops, &r, &e), 0);
	r.port = sipnet_port(r.net, 0);
	peer_open(&r.peer, "127.0.0.1");
	peer_open(&r.stranger, "127.0.0.9");
	send_request(&r, &r.peer, "MESSAGE", "sip:j@xmpp.lab", "sip:romeo@sip.lab", 1);
	turn(&r);
	assert_int_equal(status_at(&r.peer), 403);
	assert_int_equal(r.requests, 0);
	close_rig(&r);
}

static void test_sources(void **state)
{
	struct rig r;

	open_rig(&r);
	use_routes(&r, "sip:192.0.2.1:5060", "127.0.0.8/30", NULL);
	send_request(&r, &r.stranger, "MESSAGE", "sip:j@xmpp.lab", "sip:romeo@sip.lab", 1);
	send_request(&r, &r.peer, "MESSAGE", "sip:j@xmpp.lab", "sip:romeo@sip.lab", 2);
	turn(&r);
	assert_int_equal(r.requests, 1);
	assert_int_equal(status_at(&r.peer), 403);
	close_rig(&r);
}

static void test_receive_rate(void **state)
{
	int64_t shed = atomic_load(&metric_value[M_SIP_SHED_IN]);
	struct rig r;
	char hop[64];

	open_rig(&r);
	snprintf(hop, sizeof hop, "sip:127.0.0.1:%u", r.peer.port);
	use_routes(&r, hop, NULL, "3");
	r.answer = 200;
	for (unsigned i = 0; i < 5; i++) {
		send_request(&r, &r.peer, "MESSAGE", "sip:j@xmpp.lab", "sip:romeo@sip.lab", i);
		turn(&r);
		assert_int_equal(status_at(&r.peer), i < 3 ? 200 : 500);
	}
	send_request(&r, &r.peer, "OPTIONS", "sip:xmpp.lab", "sip:romeo@sip.lab", 9);
	turn(&r);
	assert_int_equal(status_at(&r.peer), 200);
	assert_int_equal(atomic_load(&metric_value[M_SIP_SHED_IN]) - shed, 2);
	close_rig(&r);
}

/* ---- what says that it belongs to a dialog ---- */

static void send_within(struct rig *r, const char *method, unsigned n)
{
	char *text = xasprintf("%s sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP x.lab;rport;"
			       "branch=z9hG4bKw%u\r\nFrom: <sip:romeo@sip.lab>;tag=1\r\n"
			       "To: <sip:j@xmpp.lab>;tag=t%u\r\nCall-ID: w%u\r\nCSeq: 2 %s\r\n"
			       "Contact: <sip:romeo@127.0.0.1>\r\nContent-Length: 0\r\n\r\n",
		method, n, n, n, method);

	peer_send(&r->peer, "127.0.0.1", r->port, text);
	turn(r);
	xfree(text);
}

/* What a session says counts as what is said outside; what keeps it or ends it does not. */
static void test_rate_within(void **state)
{
	static const struct {
		const char *method;
		unsigned status;
	} rows[] = {{"MESSAGE", 200}, {"INFO", 200}, {"UPDATE", 200}, {"MESSAGE", 200},
		{"MESSAGE", 500}, {"INFO", 500}, {"INVITE", 500}, {"UPDATE", 200}, {"BYE", 200}};
	struct rig r;
	char hop[64];

	open_dialogs(&r, 0);
	snprintf(hop, sizeof hop, "sip:127.0.0.1:%u", r.peer.port);
	use_routes(&r, hop, NULL, "3");
	r.answer = 200;
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		send_within(&r, rows[i].method, i);
		assert_int_equal(status_at(&r.peer), rows[i].status);
	}
	close_rig(&r);
}

/* Requests of dialogs that do not exist fill the memory only so far, for an INVITE waits for its
 * ACK. */
static void test_memory_within(void **state)
{
	enum { MEMORY = 65536 };
	unsigned refused = 0;
	struct rig r;

	open_dialogs(&r, MEMORY);
	r.answer = 481;
	for (unsigned i = 0; i < 500; i++) {
		send_within(&r, "INVITE", i);
		refused += status_at(&r.peer) == 500;
	}
	assert_true(refused > 300);
	assert_true(view(&r).stack.bytes <= MEMORY);
	send_within(&r, "BYE", 500); /* it makes less of it */
	assert_int_equal(status_at(&r.peer), 481);
	close_rig(&r);
}

static void test_drain(void **state)
{
	struct rig r;

	open_rig(&r);
	send_request(&r, &r.peer, "MESSAGE", "sip:j@xmpp.lab", "sip:romeo@sip.lab", 1);
	turn(&r);
	sipnet_drain(r.net);
	send_request(&r, &r.peer, "MESSAGE", "sip:j@xmpp.lab", "sip:romeo@sip.lab", 2);
	turn(&r);
	assert_non_null(strstr(peer_take(&r.peer), "\r\nRetry-After: 2\r\n"));
	assert_int_equal(sipnet_busy(r.net), 1);
	/* Who asks whether to send more is told to go elsewhere (RFC 3261 21.5.4). */
	send_request(&r, &r.peer, "OPTIONS", "sip:xmpp.lab", "sip:romeo@sip.lab", 3);
	turn(&r);
	assert_non_null(strstr(peer_take(&r.peer), "SIP/2.0 503 "));
	sipnet_reply(r.net, r.txn[0], &(struct sip_reply){.status = 200});
	turn(&r);
	assert_int_equal(status_at(&r.peer), 200);
	assert_int_equal(sipnet_busy(r.net), 0);
	close_rig(&r);
}

/* All of a burst, answered inside request(). */
static void test_burst(void **state)
{
	struct rig r;
	unsigned answers = 0;

	open_rig(&r);
	r.answer = 200;
	for (unsigned i = 0; i < 150; i++)
		send_request(&r, &r.peer, "MESSAGE", "sip:j@xmpp.lab", "sip:romeo@sip.lab", i);
	turn(&r);
	turn(&r); /* 64 in each turn of the loop */
	while (status_at(&r.peer) == 200)
		answers++;
	assert_int_equal(r.requests, 150);
	assert_int_equal(answers, 150);
	assert_int_equal(view(&r).listeners[0].received, 150);
	assert_int_equal(view(&r).listeners[0].sent, 150);
	close_rig(&r);
}

/* ---- out ---- */

static const struct sip_spec spec = {
	.method = SIP_MESSAGE,
	.ruri = {"sip:romeo@sip.lab", 17},
	.from = {"<sip:juliet@xmpp.lab>", 21},
	.to = {"<sip:romeo@sip.lab>", 19},
	.content_type = {"text/plain", 10},
	.body = {"hi", 2},
};

static void on_done(void *arg, const struct sip_result *result);

static struct sipnet_call *call(struct rig *r, const char *route)
{
	return sipnet_request(
		r->net, snapshot_route(r->snapshot, slice_of(route)), &spec, 0, on_done, r);
}

static void on_done(void *arg, const struct sip_result *result)
{
	struct rig *r = arg;

	r->dones++;
	r->result = *result;
	if (r->again) {
		r->again = false;
		call(r, "main");
	}
}

/* What the peer got, sent back as a response. */
static void peer_answer(struct rig *r, const char *status)
{
	char *text = peer_take(&r->peer), *via, *end, *answer;

	assert_non_null(text);
	via = strstr(text, "Via:");
	end = strstr(text, "Content-Type:");
	answer = xasprintf(
		"SIP/2.0 %s\r\n%.*sContent-Length: 0\r\n\r\n", status, (int)(end - via), via);
	peer_send(&r->peer, "127.0.0.1", r->port, answer);
	xfree(answer);
}

static void test_call(void **state)
{
	struct rig r;

	open_rig(&r);
	call(&r, "main");
	assert_int_equal(sipnet_busy(r.net), 1);
	turn(&r);
	peer_answer(&r, "404 Not Found");
	turn(&r);
	assert_int_equal(r.dones, 1);
	assert_int_equal(r.result.end, SIP_FINAL);
	assert_int_equal(r.result.status, 404);
	assert_int_equal(sipnet_busy(r.net), 0);
	assert_int_equal(main_view(&r)->requests_out, 1);
	assert_int_equal(main_view(&r)->answered, 1);
	close_rig(&r);
}

/* The Via names the socket by which it goes, so the peer may answer without rport. */
static void test_call_ipv6(void **state)
{
	char hop[64], want[64];
	struct peer six;
	struct rig r;

	open_rig(&r);
	peer_open(&six, "::1");
	snprintf(hop, sizeof hop, "sip:[::1]:%u", six.port);
	use_routes(&r, hop, NULL, NULL);
	call(&r, "main");
	turn(&r);
	snprintf(want, sizeof want, "\r\nVia: SIP/2.0/UDP [::1]:%u;branch=", sipnet_port(r.net, 1));
	assert_non_null(strstr(peer_take(&six), want));
	peer_close(&six);
	close_rig(&r);
}

static void test_call_unanswered(void **state)
{
	struct rig r;
	unsigned sent = 0, probes = 0;
	const char *text;

	open_rig(&r);
	call(&r, "main");
	for (unsigned i = 0; i < 330; i++) {
		loop_fake_advance(r.loop, 100);
		turn(&r);
		while ((text = peer_take(&r.peer))) {
			sent += strncmp(text, "MESSAGE ", 8) == 0;
			probes += strncmp(text, "OPTIONS ", 8) == 0;
		}
	}
	assert_int_equal(sent, 11);  /* 17.1.2.2 */
	assert_int_equal(probes, 2); /* in the second that is left */
	assert_int_equal(r.dones, 1);
	assert_int_equal(r.result.end, SIP_TIMEOUT);
	assert_int_equal(main_view(&r)->timeouts, 1);
	assert_int_equal(main_view(&r)->retransmissions, 10);
	assert_int_equal(main_view(&r)->targets[0].state, SIPNET_SUSPECT);
	assert_int_equal(main_view(&r)->errors[0].code, SIPNET_E_TIMEOUT);
	close_rig(&r);
}

/* Nobody listens at the next hop: known at once, and what is sent then is a call of its own. */
static void test_call_unreachable(void **state)
{
	struct rig r;

	open_rig(&r);
	peer_close(&r.peer);
	r.again = true;
	call(&r, "main");
	for (unsigned i = 0; i < 6; i++)
		turn(&r);
	assert_int_equal(r.dones, 2);
	assert_int_equal(r.result.end, SIP_UNREACHABLE);
	assert_false(r.result.may_have_arrived);
	assert_int_equal(main_view(&r)->unreachable, 2);
	peer_open(&r.peer, "127.0.0.1");
	close_rig(&r);
}

static void test_call_no_target(void **state)
{
	struct rig r;

	open_rig(&r);
	use_routes(&r, "sip:nowhere.example:5060", "127.0.0.1", NULL);
	r.again = true;
	call(&r, "main");
	assert_int_equal(r.dones, 0); /* not inside the call */
	turn(&r);
	turn(&r);
	assert_int_equal(r.dones, 2);
	assert_int_equal(r.result.end, SIP_NO_TARGET);
	assert_int_equal(sipnet_busy(r.net), 0);
	close_rig(&r);
}

static void test_forget(void **state)
{
	struct rig r;

	open_rig(&r);
	sipnet_forget(call(&r, "main"));
	assert_int_equal(sipnet_busy(r.net), 0);
	turn(&r);
	peer_answer(&r, "200 OK");
	turn(&r);
	use_routes(&r, "sip:nowhere.example:5060", "127.0.0.1", NULL);
	sipnet_forget(call(&r, "main"));
	turn(&r);
	assert_int_equal(r.dones, 0);
	close_rig(&r);
}

/* Settings change under way: what is under way ends well; counters of the same next hop stay. */
static void test_snapshot(void **state)
{
	struct rig r;

	open_rig(&r);
	call(&r, "main");
	turn(&r);
	use_peer(&r);
	peer_answer(&r, "200 OK");
	turn(&r);
	assert_int_equal(r.dones, 1);
	assert_int_equal(main_view(&r)->requests_out, 1);
	assert_int_equal(main_view(&r)->answered, 1);

	call(&r, "main");
	turn(&r);
	use_routes(&r, "sip:192.0.2.1:5060", NULL, NULL); /* the peer is a stranger now */
	assert_int_equal(main_view(&r)->requests_out, 0);
	send_request(&r, &r.peer, "MESSAGE", "sip:j@xmpp.lab", "sip:romeo@sip.lab", 1);
	turn(&r);
	assert_int_equal(r.requests, 0);
	close_rig(&r);
}

/* Freed with calls and requests under way: no callback runs. */
static void test_free_under_way(void **state)
{
	struct rig r;

	open_rig(&r);
	call(&r, "main");
	send_request(&r, &r.peer, "MESSAGE", "sip:j@xmpp.lab", "sip:romeo@sip.lab", 1);
	turn(&r);
	close_rig(&r);
	assert_int_equal(r.dones, 0);
	assert_int_equal(r.requests, 1);
}

static void test_view(void **state)
{
	struct rig r;
	struct sipnet_view v;
	char want[64];

	open_rig(&r);
	v = view(&r);
	assert_int_equal(v.n_listeners, 2);
	snprintf(want, sizeof want, "udp:127.0.0.1:%u", r.port);
	assert_slice(v.listeners[0].address, want);
	snprintf(want, sizeof want, "127.0.0.1:%u", r.peer.port);
	assert_string_equal(main_view(&r)->target, want);
	close_rig(&r);
}

static void test_bad_listener(void **state)
{
	static const char *const bad[] = {
		"sctp:127.0.0.1:5060", "127.0.0.1:5060", "udp:nowhere", "tls:127.0.0.1:99999"};
	struct loop *loop = loop_new_fake("test", 1000);

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		const struct slice listen = slice_of(bad[i]);
		const struct sipnet_config config = {
			.listen = &listen, .n_listen = 1, .node = 'a', .shard = '0', .caps = &caps};
		struct sipnet *n = NULL;
		struct err e;

		assert_int_equal(sipnet_new(&n, loop, NULL, &config, &ops, NULL, &e), -1);
		assert_null(n);
		assert_true(e.text[0]);
	}
	loop_turn(loop, false);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_loop),
		cmocka_unit_test(test_strangers),
		cmocka_unit_test(test_no_snapshot),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_receive_rate),
		cmocka_unit_test(test_rate_within),
		cmocka_unit_test(test_memory_within),
		cmocka_unit_test(test_drain),
		cmocka_unit_test(test_burst),
		cmocka_unit_test(test_call),
		cmocka_unit_test(test_call_ipv6),
		cmocka_unit_test(test_call_unanswered),
		cmocka_unit_test(test_call_unreachable),
		cmocka_unit_test(test_call_no_target),
		cmocka_unit_test(test_forget),
		cmocka_unit_test(test_snapshot),
		cmocka_unit_test(test_free_under_way),
		cmocka_unit_test(test_view),
		cmocka_unit_test(test_bad_listener),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
