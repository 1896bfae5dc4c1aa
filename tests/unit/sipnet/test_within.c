#include "stream_rig.h"

#include <sys/socket.h>

/*
 * Dialogs on connections: INVITEs of theirs, what is within a dialog, by which connection ours
 * goes, and our Contact (RFC 3261 12.2, 13.3, 18.2.2; RFC 5923). "main" is pbx.lab over TLS and
 * "clear" is reached over TCP; both next hops are the door.
 */
#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct rig rig;
static struct door door;
static struct tls_set *pbx;

static int make(void **state)
{
	rig_setup(state);
	pbx = line_set("pbx", &(struct pki_spec){.dns = NAMES("pbx.lab")});
	return 0;
}

static int unmake(void **state)
{
	tls_set_unref(pbx);
	return rig_teardown(state);
}

static void use(const char *kind, const char *mode)
{
	char *hop = xasprintf("sip:127.0.0.1:%u", door.port);

	rig_routes(&rig,
		(const struct rig_route[]){
			{.name = "main",
				.next_hop = hop,
				.transport = "tls",
				.tls_names = "pbx.lab",
				.kind = kind,
				.domain = "sip.lab"},
			{.name = "clear",
				.next_hop = hop,
				.transport = "tcp",
				.sources = "127.0.0.1, 127.0.0.5",
				.mode = mode,
				.domain = "clear.lab"},
		},
		2);
	xfree(hop);
}

static void use_routes(const char *kind)
{
	use(kind, NULL);
}

static void use_mode(const char *mode)
{
	use("generic", mode);
}

static int setup(void **state)
{
	rig_open_calls(&rig, NULL);
	door_open(&door, &rig, 0);
	use_routes("generic");
	return 0;
}

static int teardown(void **state)
{
	door_close(&door);
	rig_close(&rig);
	return 0;
}

/* ---- what they say ---- */

static void open_tls(struct line *l)
{
	line_open(l, &rig, "127.0.0.7", "127.0.0.1", rig.tls_port);
	line_tls(l, pbx, "ours.lab");
	until(&rig, l->secure);
	rig_settle(&rig);
}

static void open_tcp(struct line *l)
{
	line_open(l, &rig, "127.0.0.5", "127.0.0.3", rig.tcp);
}

struct said {
	const char *method, *domain, *ruri, *to_tag, *branch, *cseq, *via, *fields;
};

static void say(struct line *l, const char *transport, const struct said *s)
{
	char *text = xasprintf(
		"%s %s SIP/2.0\r\nVia: SIP/2.0/%s 127.0.0.1:%u;branch=z9hG4bK%s%s\r\n"
		"From: <sip:romeo@%s>;tag=r\r\nTo: <sip:j@xmpp.lab>%s%s\r\nCall-ID: c1\r\n"
		"CSeq: %s\r\nContact: <sip:romeo@127.0.0.1>\r\n%sContent-Length: 0\r\n\r\n",
		s->method, s->ruri ? s->ruri : "sip:j@xmpp.lab", transport, door.port, s->branch,
		s->via ? s->via : "", s->domain, s->to_tag ? ";tag=" : "",
		s->to_tag ? s->to_tag : "", s->cseq, s->fields ? s->fields : "");

	line_say(l, text);
	xfree(text);
	rig_settle(&rig);
}

static const struct said tcp_invite = {
	.method = "INVITE", .domain = "clear.lab", .branch = "1", .cseq = "1 INVITE"};

static void reply(unsigned txn, unsigned status)
{
	sipnet_reply(rig.net, rig.txn[txn], &(struct sip_reply){.status = status});
}

/* 13.3.1.4: the 2xx again until the ACK, which has the To tag that we have given. */
static void an_invite_of_theirs(void **state)
{
	struct buf tag = {0};
	struct line l;
	char *in_answer;

	open_tcp(&l);
	say(&l, "TCP", &tcp_invite);
	assert_int_equal(rig.requests, 1);
	assert_string_equal(rig.route, "clear");
	assert_int_equal(sipnet_busy(rig.net), 1);
	sip_server_tag(rig.txn[0], &tag);
	buf_chr(&tag, 0);
	sipnet_progress(rig.net, rig.txn[0], &(struct sip_reply){.status = 180});
	assert_int_equal(line_status(&l), 180);
	reply(0, 200);
	in_answer = xasprintf("To: <sip:j@xmpp.lab>;tag=%s\r\n", tag.p);
	assert_non_null(strstr(line_hear(&l), in_answer));
	assert_int_equal(sipnet_busy(rig.net), 0);
	reply(0, 200);
	assert_int_equal(line_status(&l), 200);
	assert_int_equal(sipnet_busy(rig.net), 0); /* counted once */
	say(&l, "TCP",
		&(struct said){.method = "ACK",
			.domain = "clear.lab",
			.to_tag = tag.p,
			.branch = "2",
			.cseq = "1 ACK"});
	rig_expect_told(&rig, "ack-of-clear ");
	loop_fake_advance(rig.loop, 32000);
	rig_settle(&rig);
	rig_expect_told(&rig, "gone ");
	xfree(in_answer);
	buf_done(&tag);
	line_close(&l);
}

/* An ACK of somebody who may not speak for its From is nobody's. */
static void an_ack_of_another(void **state)
{
	struct line l;

	open_tcp(&l);
	say(&l, "TCP",
		&(struct said){.method = "ACK",
			.domain = "sip.lab",
			.to_tag = "x",
			.branch = "2",
			.cseq = "1 ACK"});
	rig_expect_told(&rig, "");
	assert_string_equal(line_hear(&l), "");
	line_close(&l);
}

/* 9.2: the CANCEL is answered, and the INVITE. */
static void a_cancel_of_theirs(void **state)
{
	struct said cancel = tcp_invite;
	struct line l;

	open_tcp(&l);
	say(&l, "TCP", &tcp_invite);
	cancel.method = "CANCEL";
	cancel.cseq = "1 CANCEL";
	say(&l, "TCP", &cancel);
	assert_int_equal(line_status(&l), 200);
	assert_int_equal(line_status(&l), 487);
	rig_expect_told(&rig, "cancelled ");
	assert_int_equal(sipnet_busy(rig.net), 0);
	reply(0, 200); /* in vain */
	assert_int_equal(sipnet_busy(rig.net), 0);
	assert_string_equal(line_hear(&l), "");
	say(&l, "TCP",
		&(struct said){
			.method = "ACK", .domain = "clear.lab", .branch = "1", .cseq = "1 ACK"});
	rig_expect_told(&rig, "gone ");
	line_close(&l);
}

/* Who ends his side of the connection gets the answer, and then its end. */
static void half_closed(void **state)
{
	static const unsigned final[] = {200, 486};

	for (size_t i = 0; i < ARRAY_LEN(final); i++) {
		struct said invite = tcp_invite;
		struct line l;

		open_tcp(&l);
		invite.branch = i ? "8" : "7";
		invite.cseq = i ? "8 INVITE" : "7 INVITE";
		say(&l, "TCP", &invite);
		shutdown(l.fd, SHUT_WR);
		rig_settle(&rig);
		assert_false(l.eof);
		sipnet_progress(
			rig.net, rig.txn[rig.requests - 1], &(struct sip_reply){.status = 180});
		assert_int_equal(line_status(&l), 180);
		assert_false(l.eof);
		reply(rig.requests - 1, final[i]);
		assert_int_equal(line_status(&l), final[i]);
		until(&rig, l.eof || l.closed);
		line_close(&l);
	}
}

/* 18.2.2: the connection has gone: the answer goes by a new one to its host and the port of Via. */
static void gone_before_the_answer(void **state)
{
	struct line l, back;

	line_open(&l, &rig, "127.0.0.1", "127.0.0.3", rig.tcp);
	say(&l, "TCP", &tcp_invite);
	line_reset(&l);
	rig_settle(&rig);
	reply(0, 200);
	until(&rig, door_take(&door, &back));
	until(&rig, back.got.n > 0);
	assert_int_equal(line_status(&back), 200);
	assert_int_equal(sipnet_busy(rig.net), 0);
	line_close(&back);
}

/* ---- within a dialog ---- */

/* Its Request-URI is our Contact, which may be at any host: in a local domain, too. */
static void the_uri_within(void **state)
{
	static const struct {
		const char *ruri, *to_tag, *domain;
		unsigned status; /* 0: handed out */
	} rows[] = {
		{"sip:clear.lab:5061", "x", "clear.lab", 0},
		{"sip:clear.lab:5061", NULL, "clear.lab", 403},
		{"sip:ours.lab:5061;transport=tls", "x", "clear.lab", 0},
		{"sip:ours.lab:5061", "x", "sip.lab", 403}, /* From is judged there, too */
	};
	struct line l;

	open_tcp(&l);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		unsigned before = rig.requests;
		char branch[] = {'a', (char)('0' + i), 0};

		say(&l, "TCP",
			&(struct said){.method = "INFO",
				.domain = rows[i].domain,
				.ruri = rows[i].ruri,
				.to_tag = rows[i].to_tag,
				.branch = branch,
				.cseq = i % 2 ? "2 INFO" : "3 INFO",
				.fields = i % 2 ? "x: 90\r\n" : "x: 91\r\n"});
		if (rig.requests == before + 1)
			reply(before, 481);
		assert_int_equal(rig.requests - before, !rows[i].status);
		assert_int_equal(line_status(&l), rows[i].status ? rows[i].status : 481);
	}
	line_close(&l);
}

/* A node that is going takes no new sessions, and goes on with those it has. */
static void draining(void **state)
{
	struct line l;

	open_tcp(&l);
	sipnet_drain(rig.net);
	say(&l, "TCP", &tcp_invite);
	assert_int_equal(line_status(&l), 500);
	say(&l, "TCP",
		&(struct said){.method = "BYE",
			.domain = "clear.lab",
			.to_tag = "x",
			.branch = "2",
			.cseq = "2 BYE"});
	assert_int_equal(rig.requests, 1);
	reply(0, 200);
	assert_int_equal(line_status(&l), 200);
	line_close(&l);
}

/* 11.2 */
static void options(void **state)
{
	static const char accept[] = "Accept: application/sdp\r\n";
	struct said ask = {.method = "OPTIONS",
		.domain = "clear.lab",
		.branch = "1",
		.cseq = "1 OPTIONS",
		.fields = accept};
	struct line l;
	const char *text;

	open_tcp(&l);
	rig.sdp = "v=0 %s\r\n";
	say(&l, "TCP", &ask);
	text = line_hear(&l);
	assert_memory_equal(text, "SIP/2.0 200 ", 12);
	assert_non_null(strstr(
		text, "Allow: INVITE, ACK, BYE, CANCEL, MESSAGE, INFO, UPDATE, OPTIONS\r\n"));
	assert_non_null(strstr(text, "Content-Type: application/sdp\r\n"));
	assert_non_null(strstr(text, "Content-Length: 11\r\n"));
	ask.domain = "clear.lab.pool.example"; /* a server asks in its own name */
	ask.branch = "2";
	say(&l, "TCP", &ask);
	assert_non_null(strstr(line_hear(&l), "Content-Length: 11\r\n"));
	ask.domain = "clear.lab";
	ask.fields = NULL;
	ask.branch = "4"; /* a probe, of a route without sessions */
	say(&l, "TCP", &ask);
	assert_non_null(strstr(line_hear(&l), "Content-Length: 0\r\n"));
	use_mode("auto");
	ask.branch = "5";
	say(&l, "TCP", &ask);
	assert_non_null(strstr(line_hear(&l), "Content-Length: 11\r\n"));
	ask.to_tag = "x";
	ask.branch = "3";
	say(&l, "TCP", &ask);
	assert_int_equal(rig.requests, 1); /* of a dialog: it is the gateway's */
	reply(0, 481);
	assert_int_equal(line_status(&l), 481);
	line_close(&l);
}

/* ---- by which connection ours goes ---- */

static unsigned done_status;
static uint32_t done_flow;

static void on_done(void *arg, const struct sip_result *r)
{
	if (r->end == SIP_FINAL) {
		done_status = r->status;
		done_flow = r->flow;
	}
}

static void send_within(const char *route, const struct sipnet_way *way, const char *next)
{
	const struct sip_spec info = {.method = SIP_INFO,
		.ruri = SL("sip:romeo@127.0.0.1"),
		.from = SL("<sip:j@xmpp.lab>"),
		.from_tag = SL("j"),
		.to = SL("<sip:romeo@sip.lab>"),
		.to_tag = SL("r"),
		.call_id = SL("c1"),
		.cseq = 5};

	done_status = 0;
	sipnet_within(rig.net, snapshot_route(rig.snapshot, slice_of(route)), way,
		next ? slice_of(next) : SL_NONE, &info, 0, on_done, NULL);
	rig_settle(&rig);
}

/* Answers the request that comes on l next; false: none has come. */
static bool answer_on(struct line *l)
{
	char via[500], cseq[100], *text;
	const char *heard = line_hear(l);

	if (strncmp(heard, "INFO ", 5) != 0)
		return false;
	sscanf(strstr(heard, "\r\nVia: ") + 7, "%499[^\r]", via);
	sscanf(strstr(heard, "\r\nCSeq: ") + 8, "%99[^\r]", cseq);
	text = xasprintf("SIP/2.0 202 OK\r\nVia: %s\r\nFrom: <sip:j@xmpp.lab>;tag=j\r\n"
			 "To: <sip:romeo@sip.lab>;tag=r\r\nCall-ID: c1\r\nCSeq: %s\r\n"
			 "Content-Length: 0\r\n\r\n",
		via, cseq);
	line_say(l, text);
	xfree(text);
	rig_settle(&rig);
	return true;
}

/* The door opens for a new connection of ours, which serves. */
static void expect_new(struct line *l, bool tls)
{
	until(&rig, door_take(&door, l));
	if (tls) {
		line_tls(l, pbx, NULL);
		until(&rig, l->secure);
	}
	until(&rig, l->got.n > 0);
	assert_true(answer_on(l));
	until(&rig, done_status == 202);
}

/* RFC 5923 5, profile T4: against its direction only by who says so, or a Microsoft server. */
static void against_the_direction(void **state)
{
	static const struct {
		const char *what, *kind, *via;
		bool tls, same;
	} rows[] = {
		{"TCP, nothing said", "generic", "", false, false},
		{"TCP, alias: it leads to his own address", "generic", ";alias", false, true},
		{"TLS, nothing said", "generic", "", true, false},
		{"TLS, alias", "generic", ";alias", true, true},
		{"TLS of a pool", "microsoft-pool", "", true, true},
		{"TLS of an Edge", "microsoft-edge", "", true, true},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *route = rows[i].tls ? "main" : "clear";
		struct said message = {.method = "MESSAGE",
			.domain = rows[i].tls ? "sip.lab" : "clear.lab",
			.via = rows[i].via,
			.branch = "1",
			.cseq = "1 MESSAGE"};
		struct line l, fresh = {0};

		use_routes(rows[i].kind);
		rig.answer = 200;
		if (rows[i].tls)
			open_tls(&l);
		else
			open_tcp(&l);
		say(&l, rows[i].tls ? "TLS" : "TCP", &message);
		if (line_status(&l) != 200)
			fail_msg("%s", rows[i].what);
		send_within(route, &rig.way, "sip:romeo@127.0.0.1");
		if (answer_on(&l) != rows[i].same)
			fail_msg("%s", rows[i].what);
		if (rows[i].same) {
			assert_int_equal(done_status, 202);
			assert_int_equal(done_flow, rig.way.flow);
			line_reset(&l); /* and when it has gone */
			rig_settle(&rig);
			send_within(route, &rig.way, "sip:romeo@127.0.0.1");
		}
		expect_new(&fresh, rows[i].tls);
		if (!rows[i].same)
			line_close(&l);
		line_close(&fresh);
		rig_settle(&rig);
	}
}

/* The way of what we have asked is the one that the answer came by; not another's. */
static void along_the_direction(void **state)
{
	struct sipnet_way way = {0};
	struct line l, other;

	send_within("clear", NULL, NULL);
	expect_new(&l, false);
	assert_int_not_equal(done_flow, 0);
	way.flow = done_flow;
	send_within("clear", &way, "sip:romeo@192.0.2.66");
	assert_true(answer_on(&l));
	assert_int_equal(done_status, 202);
	send_within("main", &way, NULL); /* it is not this route's */
	assert_false(answer_on(&l));
	expect_new(&other, true);
	line_close(&other);
	line_close(&l);
}

/* Whatever they name, only the route's addresses are connected to. */
static void never_elsewhere(void **state)
{
	struct door evil;
	struct line l, none;
	char next[200];

	door_open(&evil, &rig, 0);
	snprintf(next, sizeof next, "<sip:127.0.0.66:%u;lr>, <sip:x.example;lr>", evil.port);
	send_within("clear", &(struct sipnet_way){.flow = 77}, next);
	expect_new(&l, false);
	assert_false(door_take(&evil, &none));
	snprintf(next, sizeof next, "<sip:127.0.0.1:%u;lr>",
		evil.port); /* the host is, the port not */
	send_within("clear", NULL, next);
	assert_true(answer_on(&l));
	assert_false(door_take(&evil, &none));
	send_within("clear", NULL, "rubbish<");
	assert_true(answer_on(&l));
	line_close(&l);
	door_close(&evil);
}

static void an_ack_by_the_way(void **state)
{
	const struct sip_spec ack = {.method = SIP_ACK,
		.ruri = SL("sip:romeo@127.0.0.1"),
		.from = SL("<sip:j@xmpp.lab>"),
		.from_tag = SL("j"),
		.to = SL("<sip:romeo@sip.lab>"),
		.to_tag = SL("r"),
		.call_id = SL("c1"),
		.cseq = 5};
	const struct route *clear = snapshot_route(rig.snapshot, SL("clear"));
	struct line l;
	char first[65536];

	sipnet_ack(rig.net, clear, NULL, SL("sip:romeo@127.0.0.1"), &ack);
	until(&rig, door_take(&door, &l));
	until(&rig, l.got.n > 0);
	strcpy(first, line_hear(&l));
	assert_memory_equal(first, "ACK sip:romeo@127.0.0.1 ", 24);
	sipnet_ack(rig.net, clear, &(struct sipnet_way){99}, SL_NONE, &ack);
	assert_string_equal(line_hear(&l), first);
	line_close(&l);
}

/* ---- our Contact ---- */

static void expect_contact(const char *route, const struct sipnet_way *way, const char *host,
	unsigned port, const char *end)
{
	char *want = xasprintf("<sip:%s:%u%s>", host, port, end);
	struct buf got = {0};

	assert_true(
		sipnet_contact(rig.net, snapshot_route(rig.snapshot, slice_of(route)), way, &got));
	assert_slice(buf_slice(&got), want);
	buf_done(&got);
	xfree(want);
}

static void contact(void **state)
{
	struct line l;

	expect_contact("main", NULL, "127.0.0.1", rig.tls_port, ";transport=tls");
	expect_contact("clear", NULL, "127.0.0.3", rig.tcp, ";transport=tcp");
	open_tls(&l);
	rig.answer = 200;
	say(&l, "TLS",
		&(struct said){.method = "MESSAGE",
			.domain = "sip.lab",
			.branch = "1",
			.cseq = "1 MESSAGE"});
	expect_contact("main", &rig.way, "127.0.0.1", rig.tls_port, ";transport=tls");
	line_close(&l);
	rig_routes(&rig,
		(const struct rig_route[]){
			{.name = "main", .next_hop = "sip:127.0.0.1:9", .domain = "sip.lab"},
			{.name = "clear",
				.next_hop = "sip:[::1]:9",
				.transport = "tcp",
				.domain = "clear.lab"}},
		2);
	expect_contact("main", NULL, "127.0.0.1", sipnet_port(rig.net, 0), "");
	expect_contact("clear", NULL, "[::1]", rig.tcp6, ";transport=tcp");
}

static void contact_host(void **state)
{
	rig_close(&rig);
	rig_open_calls(&rig, "gw.example");
	use_routes("generic");
	expect_contact("main", NULL, "gw.example", rig.tls_port, ";transport=tls");
	expect_contact("clear", NULL, "gw.example", rig.tcp, ";transport=tcp");
}

/* Who does not listen for TLS says so, and where he would be. */
static void contact_without_listener(void **state)
{
	const struct slice listen[] = {SL("udp:127.0.0.1:0")};
	static const enum sip_method methods[] = {SIP_MESSAGE, SIP_M_OTHER};
	static const char *const no_options[] = {NULL};
	static const struct sip_caps caps = {methods, no_options, "text/plain"};
	static const struct sipnet_ops ops = {0};
	struct sipnet_config config = {.listen = listen,
		.n_listen = 1,
		.node = 'a',
		.shard = '0',
		.caps = &caps,
		.contact_host = "gw.example"};
	struct buf got = {0};
	struct sipnet *net;
	struct err e;

	assert_int_equal(sipnet_new(&net, rig.loop, NULL, &config, &ops, NULL, &e), 0);
	sipnet_set_snapshot(net, rig.snapshot);
	assert_false(sipnet_contact(
		net, snapshot_route(rig.snapshot, SL("main")), &(struct sipnet_way){5}, &got));
	assert_slice(buf_slice(&got), "<sip:gw.example;transport=tls>");
	buf_reset(&got);
	assert_false(sipnet_contact(net, snapshot_route(rig.snapshot, SL("clear")), NULL, &got));
	assert_slice(buf_slice(&got), "<sip:gw.example;transport=tcp>");
	buf_done(&got);
	sipnet_free(net);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(an_invite_of_theirs),
		TEST(an_ack_of_another),
		TEST(a_cancel_of_theirs),
		TEST(half_closed),
		TEST(gone_before_the_answer),
		TEST(the_uri_within),
		TEST(draining),
		TEST(options),
		TEST(against_the_direction),
		TEST(along_the_direction),
		TEST(never_elsewhere),
		TEST(an_ack_by_the_way),
		TEST(contact),
		TEST(contact_host),
		TEST(contact_without_listener),
	};

	return cmocka_run_group_tests(tests, make, unmake);
}
