#include "stream_rig.h"

#include <sys/socket.h>

#include "peer.h"
#include "sipnet/sipnet_priv.h"

/*
 * SIP over TCP, in clear: the route "main" is what listens at a door of ours on 127.0.0.1;
 * 127.0.0.9 is nobody. sip.lab is ours.
 */
static struct rig rig;
static struct door door;
static struct line line;

static void use_main(uint16_t port)
{
	char *hop = xasprintf("sip:127.0.0.1:%u", port);

	rig_routes(&rig,
		&(struct rig_route){
			.name = "main", .next_hop = hop, .transport = "tcp", .domain = "sip.lab"},
		1);
	xfree(hop);
}

static int setup(void **state)
{
	rig_open(&rig);
	door_open(&door, &rig, 0);
	use_main(door.port);
	line_open(&line, &rig, "127.0.0.1", "127.0.0.3", rig.tcp);
	return 0;
}

static int teardown(void **state)
{
	line_close(&line);
	door_close(&door);
	rig_close(&rig);
	return 0;
}

static void request(unsigned n)
{
	line_request(&line, "TCP", n, "MESSAGE", "sip.lab", "", "");
}

static size_t connections(void)
{
	const struct sipnet_connection_view *v;
	size_t n;

	return sipnet_connections(rig.net, &v, &n);
}

static const struct sipnet_connection_view *connection(size_t i)
{
	const struct sipnet_connection_view *v;
	size_t n;

	sipnet_connections(rig.net, &v, &n);
	assert_true(i < n);
	return &v[i];
}

/* ---- in ---- */

static void answers_come_on_the_same_connection(void **state)
{
	request(1);
	until(&rig, rig.requests == 1);
	assert_string_equal(rig.route, "main");
	assert_int_equal(line_status(&line), 0);
	sipnet_reply(rig.net, rig.txn[0], &(struct sip_reply){.status = 200});
	assert_int_equal(line_status(&line), 200);
	assert_false(line.eof);
	assert_int_equal(connection(0)->messages_in, 1);
	assert_int_equal(connection(0)->messages_out, 1);
	assert_false(connection(0)->ours);
	assert_string_equal(connection(0)->route, "main");
}

static void ipv6(void **state)
{
	struct line six;

	rig_routes(&rig,
		&(struct rig_route){.name = "main",
			.next_hop = "sip:[::1]:9",
			.transport = "tcp",
			.domain = "sip.lab"},
		1);
	line_open(&six, &rig, "::1", "::1", rig.tcp6);
	rig.answer = 200;
	line_request(&six, "TCP", 1, "MESSAGE", "sip.lab", "", "");
	assert_int_equal(line_status(&six), 200);
	line_close(&six);
}

static void every_byte_alone(void **state)
{
	static const char text[] =
		"\r\nOPTIONS sip:j@xmpp.lab SIP/2.0\r\n"
		"Via: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK1\r\n"
		"From: <sip:romeo@sip.lab>;tag=1\r\nTo: <sip:j@xmpp.lab>\r\n"
		"Call-ID: c\r\nCSeq: 1 OPTIONS\r\nc: text/plain\r\nl:\r\n 3\r\n\r\nabc"
		"\r\n\r\n";

	for (size_t i = 0; text[i]; i++)
		line_say(&line, (char[]){text[i], 0});
	assert_int_equal(line_status(&line), 200);
	assert_slice(buf_slice(&line.got), "\r\n"); /* the pong */
}

static void say_many(unsigned n)
{
	struct buf all = {0};
	char *text;

	for (unsigned i = 0; i < n; i++)
		buf_printf(&all,
			"MESSAGE sip:j@xmpp.lab SIP/2.0\r\n"
			"Via: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK%u\r\n"
			"From: <sip:romeo@sip.lab>;tag=1\r\nTo: <sip:j@xmpp.lab>\r\n"
			"Call-ID: c%u\r\nCSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\n"
			"Content-Length: 2\r\n\r\nhi",
			i, i);
	text = buf_dup(&all);
	rig.answer = 200;
	line_say(&line, text);
	xfree(text);
	buf_done(&all);
}

static void a_thousand_in_one_go(void **state)
{
	say_many(1000);
	until(&rig, rig.requests == 1000);
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(line_status(&line), 200);
	assert_int_equal(line_status(&line), 0);
}

/* Who says much at once does not hold up who says little. */
static void a_few_a_turn(void **state)
{
	struct line other;
	unsigned before;

	line_open(&other, &rig, "127.0.0.1", "127.0.0.3", rig.tcp);
	rig_settle(&rig);
	say_many(200);
	until(&rig, rig.requests > 0);
	line_request(&other, "TCP", 1000, "MESSAGE", "sip.lab", "", "");
	until(&rig, other.got.n > 0);
	assert_in_range(rig.requests, 2, 6 * FLOW_TURN);
	while (rig.requests < 201) {
		before = rig.requests;
		loop_turn(rig.loop, false);
		/* The last of what was there, and the first of what is read then. */
		assert_in_range(rig.requests - before, 0, 2 * FLOW_TURN);
	}
	for (unsigned i = 0; i < 200; i++)
		assert_int_equal(line_status(&line), 200);
	line_close(&other);
}

/* The time of the half message behind them begins when it is come to. */
static void a_half_one_behind_many(void **state)
{
	say_many(50);
	line_say(&line, "MESSAGE sip:j@xmpp.lab SIP/2.0\r\n");
	until(&rig, rig.requests == 50);
	loop_fake_advance(rig.loop, FLOW_MESSAGE_MS - 1000);
	rig_settle(&rig);
	assert_int_equal(connections(), 1);
	loop_fake_advance(rig.loop, 1100);
	rig_settle(&rig);
	assert_int_equal(connections(), 0);
}

static void all_of_them_before_the_end(void **state)
{
	say_many(200);
	shutdown(line.fd, SHUT_WR);
	until(&rig, rig.requests == 200);
	for (unsigned i = 0; i < 200; i++)
		assert_int_equal(line_status(&line), 200);
	until(&rig, line.eof);
}

#define HEAD                                                                                       \
	"MESSAGE sip:j@xmpp.lab SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK1\r\n"         \
	"From: <sip:romeo@sip.lab>;tag=1\r\nTo: <sip:j@xmpp.lab>\r\nCall-ID: c\r\n"                \
	"CSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\n"

/* RFC 3261 18.3, 20.14, 21.5.7: it is told, and the connection ends, for nobody knows where the
 * next message begins. */
static void where_the_next_begins_is_not_known(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text;
		unsigned status;
		const char *reason;
		size_t more; /* bytes of one more header field */
	} cases[] = {
		{HEAD "\r\nhi", 400, "Missing Content-Length", 0},
		{HEAD "Content-Length: x\r\n\r\nhi", 400, "Bad Content-Length", 0},
		{HEAD "Content-Length: 2\r\nl: 2\r\n\r\nhi", 400, "Bad Content-Length", 0},
		{HEAD "Content-Length: -1\r\n\r\nhi", 400, "Bad Content-Length", 0},
		{HEAD "Content-Length: 65536\r\n\r\nhi", 513, "Message Too Large", 0},
		{HEAD "Content-Length: 99999999999\r\n\r\nhi", 400, "Bad Content-Length", 0},
		{HEAD, 513, "Message Too Large", 70000},
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct line l;
		const char *heard;
		char *more = xmalloc(cases[i].more + 1);

		memset(more, 'x', cases[i].more);
		more[cases[i].more] = 0;
		line_open(&l, &rig, "127.0.0.1", "127.0.0.3", rig.tcp);
		line_say(&l, cases[i].text);
		if (cases[i].more) {
			line_say(&l, "X-Long: ");
			line_say(&l, more);
		}
		until(&rig, l.eof);
		heard = line_hear(&l);
		assert_int_equal(strncmp(heard, "SIP/2.0 ", 8), 0);
		assert_int_equal(atoi(heard + 8), cases[i].status);
		assert_int_equal(strncmp(heard + 12, cases[i].reason, strlen(cases[i].reason)), 0);
		free(more);
		line_close(&l);
	}
	assert_int_equal(rig.requests, 0);
	request(7); /* the others go on */
	until(&rig, rig.requests == 1);
}

static void rubbish_is_ended(void **state)
{
	char *much = xmalloc(70001);

	memset(much, 'x', 70000);
	much[70000] = 0;
	line_say(&line, much);
	until(&rig, line.eof || line.closed);
	assert_string_equal(line_hear(&line), "");
	free(much);
}

/* ---- strangers ---- */

static void strangers_are_told_and_sent_away(void **state)
{
	struct line l;

	line_open(&l, &rig, "127.0.0.9", "127.0.0.3", rig.tcp);
	line_request(&l, "TCP", 1, "MESSAGE", "sip.lab", "", "");
	until(&rig, l.eof);
	assert_non_null(strstr(line_hear(&l), "403 Not a known peer"));
	assert_int_equal(rig.requests, 0);
	line_close(&l);
}

/* A route speaks over the transport that it has, and no other. */
static void datagrams_are_not_of_it(void **state)
{
	struct peer p;
	char *heard;

	peer_open(&p, "127.0.0.1");
	peer_send(&p, "127.0.0.1", sipnet_port(rig.net, 0),
		"OPTIONS sip:j@xmpp.lab SIP/2.0\r\nVia: SIP/2.0/UDP x.lab;rport;branch=z9hG4bK1\r\n"
		"From: <sip:romeo@sip.lab>;tag=1\r\nTo: <sip:j@xmpp.lab>\r\nCall-ID: c\r\n"
		"CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n");
	rig_settle(&rig);
	heard = peer_take(&p);
	assert_non_null(heard);
	assert_non_null(strstr(heard, "403 Not a known peer"));
	peer_close(&p);
}

static void strangers_have_ten_seconds(void **state)
{
	struct line l;

	line_open(&l, &rig, "127.0.0.9", "127.0.0.3", rig.tcp);
	line_say(&l, "\r\n\r\nMESSAGE sip:"); /* its pings are not answered */
	rig_settle(&rig);
	assert_int_equal(connections(), 2);
	loop_fake_advance(rig.loop, FLOW_FIRST_MS - 1);
	assert_int_equal(connections(), 2);
	loop_fake_advance(rig.loop, 2);
	until(&rig, l.eof || l.closed);
	assert_int_equal(l.got.n, 0);
	assert_int_equal(connections(), 1);
	line_close(&l);
}

static void strangers_are_few(void **state)
{
	static struct line l[70];
	unsigned open = 0;

	for (unsigned i = 0; i < 70; i++) {
		line_open(&l[i], &rig, "127.0.0.9", "127.0.0.3", rig.tcp);
		rig_settle(&rig);
	}
	for (unsigned i = 0; i < 70; i++)
		open += !l[i].eof && !l[i].closed;
	assert_int_equal(open, 64);
	request(1); /* who is known comes in all the same */
	until(&rig, rig.requests == 1);
	for (unsigned i = 0; i < 70; i++)
		line_close(&l[i]);
}

/* ---- peers that take their time ---- */

static bool comes_in(struct line *l)
{
	line_open(l, &rig, "127.0.0.1", "127.0.0.3", rig.tcp);
	rig_settle(&rig);
	return !l->eof && !l->closed;
}

/* Also those of whom a route knows the address. */
static void who_connects_in_vain_is_slowed(void **state)
{
	struct line l;

	rig.answer = 200;
	for (unsigned i = 0; i < 60; i++) { /* these are of use */
		assert_true(comes_in(&l));
		line_request(&l, "TCP", i, "MESSAGE", "sip.lab", "", "");
		assert_int_equal(line_status(&l), 200);
		line_close(&l);
	}
	for (unsigned i = 0; i < 30; i++) {
		assert_true(comes_in(&l));
		line_close(&l);
	}
	rig_settle(&rig);
	assert_false(comes_in(&l));
	line_close(&l);
	request(1000); /* the one that was there */
	assert_int_equal(line_status(&line), 200);
	loop_fake_advance(rig.loop, 1100);
	assert_true(comes_in(&l));
	line_close(&l);
	rig_settle(&rig);
	assert_false(comes_in(&l));
	line_close(&l);
}

static void a_message_has_to_end(void **state)
{
	line_say(&line, HEAD);
	rig_settle(&rig);
	loop_fake_advance(rig.loop, FLOW_MESSAGE_MS - 1);
	assert_int_equal(connections(), 1);
	loop_fake_advance(rig.loop, 2);
	until(&rig, line.eof || line.closed);
}

static void silence_is_allowed(void **state)
{
	rig_settle(&rig);
	for (unsigned i = 0; i < 30; i++)
		loop_fake_advance(rig.loop, 60000);
	request(1);
	until(&rig, rig.requests == 1);
	loop_fake_advance(rig.loop, FLOW_IDLE_MS + 1);
	until(&rig, line.eof);
}

/* Who does not read is not read, and is ended when he goes on with it. */
static void slow_readers_are_ended(void **state)
{
	enum { LONG = 8000 };
	char via[LONG + 4] = ";x=";
	size_t most = 0;
	unsigned n = 0;

	memset(via + 3, 'x', LONG); /* answers repeat it */
	rig.answer = 200;
	conn_pause(line.conn);
	rig_settle(&rig);
	for (; n < 3000 && connection(0)->pending <= FLOW_OUT_PAUSE; n++)
		line_request(&line, "TCP", n, "MESSAGE", "sip.lab", via, "");
	assert_true(connection(0)->pending > FLOW_OUT_PAUSE);
	for (unsigned i = 0; i < 500; i++) {
		line_request(&line, "TCP", n++, "MESSAGE", "sip.lab", via, "");
		most = connection(0)->pending > most ? connection(0)->pending : most;
	}
	assert_in_range(most, FLOW_OUT_PAUSE, FLOW_OUT_PAUSE + 64 * 1024);
	assert_true(rig.requests < n - 400);
	loop_fake_advance(rig.loop, FLOW_READ_MS - 1000);
	assert_int_equal(connections(), 1);
	loop_fake_advance(rig.loop, 2000);
	rig_settle(&rig);
	assert_int_equal(connections(), 0);
}

/* As slow_readers_are_ended(), where the route's connections hold what they may already. */
static void slow_readers_are_read_less_where_there_is_no_room(void **state)
{
	enum { LONG = 8000 };
	char via[LONG + 4] = ";x=";
	unsigned n = 0;

	line_close(&line);
	rig_settle(&rig);
	rig.net->flows.held_max = 0;
	line_open(&line, &rig, "127.0.0.1", "127.0.0.3", rig.tcp);
	memset(via + 3, 'x', LONG);
	rig.answer = 200;
	conn_pause(line.conn);
	rig_settle(&rig);
	for (; n < 3000 && connection(0)->pending <= FLOW_CROWDED; n++)
		line_request(&line, "TCP", n, "MESSAGE", "sip.lab", via, "");
	for (unsigned i = 0; i < 50; i++)
		line_request(&line, "TCP", n++, "MESSAGE", "sip.lab", via, "");
	assert_in_range(connection(0)->pending, FLOW_CROWDED, FLOW_CROWDED + 64 * 1024);
	conn_resume(line.conn);
	until(&rig, rig.requests == n);
	assert_int_equal(connections(), 1);
}

/* What the connections of a route hold together has an end. */
static void half_messages_have_their_room(void **state)
{
	enum { N = 5, EACH = 14000 };
	char body[EACH + 1] = "";
	struct line many[N], more;

	line_close(&line);
	rig_settle(&rig);
	rig.net->flows.held_max = 64 * 1024;
	memset(body, 'x', EACH);
	for (unsigned i = 0; i < N; i++) {
		line_open(&many[i], &rig, "127.0.0.1", "127.0.0.3", rig.tcp);
		line_say(&many[i], body);
	}
	rig_settle(&rig);
	assert_int_equal(connections(), N);
	line_open(&more, &rig, "127.0.0.1", "127.0.0.3", rig.tcp);
	until(&rig, more.eof || more.closed);
	line_close(&more);
	assert_int_equal(connections(), N);
	line_say(&many[0], body);
	until(&rig, many[0].eof || many[0].closed);
	assert_int_equal(connections(), N - 1);
	line_open(&more, &rig, "127.0.0.1", "127.0.0.3", rig.tcp); /* there is room again */
	rig.answer = 200;
	line_request(&more, "TCP", 1, "MESSAGE", "sip.lab", "", "");
	assert_int_equal(line_status(&more), 200);
	line_close(&more);
	for (unsigned i = 0; i < N; i++)
		line_close(&many[i]);
	rig_settle(&rig);
	assert_int_equal(connections(), 0);
	line_open(&line, &rig, "127.0.0.1", "127.0.0.3", rig.tcp);
}

/* ---- ends ---- */

static void a_half_closed_one_is_answered(void **state)
{
	request(1);
	until(&rig, rig.requests == 1);
	shutdown(line.fd, SHUT_WR);
	rig_settle(&rig);
	assert_int_equal(connections(), 1);
	assert_false(line.eof);
	sipnet_reply(rig.net, rig.txn[0], &(struct sip_reply){.status = 200});
	assert_int_equal(line_status(&line), 200);
	until(&rig, line.eof);
	line_close(&line);
	rig_settle(&rig);
	assert_int_equal(connections(), 0);
}

static void one_that_asked_nothing_ends_with_the_peer(void **state)
{
	rig.answer = 200;
	request(1);
	assert_int_equal(line_status(&line), 200);
	shutdown(line.fd, SHUT_WR);
	until(&rig, line.eof);
	assert_int_equal(rig.requests, 1);
}

static void say_with_way_back(void)
{
	char *text = xasprintf("MESSAGE sip:j@xmpp.lab SIP/2.0\r\n"
			       "Via: SIP/2.0/TCP elsewhere.lab:%u;branch=z9hG4bK1\r\n"
			       "From: <sip:romeo@sip.lab>;tag=1\r\nTo: <sip:j@xmpp.lab>\r\n"
			       "Call-ID: c\r\nCSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\n"
			       "Content-Length: 2\r\n\r\nhi",
		door.port);
	line_say(&line, text);
	xfree(text);
	until(&rig, rig.requests == 1);
}

/* 18.2.2: the answer goes to the address it came from, at the port of sent-by. */
static void expect_another_way(void)
{
	struct line back;

	sipnet_reply(rig.net, rig.txn[0], &(struct sip_reply){.status = 202});
	until(&rig, door_take(&door, &back));
	assert_int_equal(line_status(&back), 202);
	line_close(&back);
}

static void an_answer_finds_another_way(void **state)
{
	say_with_way_back();
	line_reset(&line);
	rig_settle(&rig);
	assert_int_equal(connections(), 0);
	expect_another_way();
}

/* We have said our last on it, and the peer has not ended it yet. */
static void an_answer_does_not_wait_for_the_end(void **state)
{
	say_with_way_back();
	line_say(&line, "MESSAGE sip:j@xmpp.lab SIP/2.0\r\n\r\n"); /* without a length */
	until(&rig, line.eof);
	assert_int_equal(connections(), 1);
	expect_another_way();
}

/* ---- keep-alive ---- */

static void answer(struct line *l, const char *request, unsigned status)
{
	char head[4096] = "";

	for (const char *p = request; (p = strstr(p, "\r\n")); p += 2) {
		const char *end = strstr(p + 2, "\r\n");

		if (end && (!strncmp(p + 2, "Via:", 4) || !strncmp(p + 2, "From:", 5) ||
				   !strncmp(p + 2, "To:", 3) || !strncmp(p + 2, "Call-ID:", 8) ||
				   !strncmp(p + 2, "CSeq:", 5)))
			snprintf(head + strlen(head), sizeof head - strlen(head), "%.*s",
				(int)(end - p), p);
	}
	char *text = xasprintf("SIP/2.0 %u X%s\r\nContent-Length: 0\r\n\r\n", status, head);
	line_say(l, text);
	xfree(text);
}

static void pings_are_answered(void **state)
{
	rig_settle(&rig);
	line_say(&line, "\r\n\r\n");
	until(&rig, line.got.n == 2);
	assert_slice(buf_slice(&line.got), "\r\n");
}

/* COMPAT: Lync and Skype for Business (MS-SIPRE). */
static void ms_keep_alive_is_answered(void **state)
{
	/* clang-format off */
	static const struct {
		const char *field;
		bool answered;
	} cases[] = {
		{"ms-keep-alive: UAC;hop-hop=yes\r\n", true},
		{"Ms-Keep-Alive: UAC; hop-hop=YES; end-end=no\r\n", true},
		{"ms-keep-alive: UAC;hop-hop=no\r\n", false},
		{"ms-keep-alive: UAC\r\n", false},
		{"ms-keep-alive: UAS;hop-hop=yes\r\n", false},
		{"", false},
	};
	/* clang-format on */

	rig.answer = 200;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *heard;

		line_request(&line, "TCP", (unsigned)i, "MESSAGE", "sip.lab", "", cases[i].field);
		heard = line_hear(&line);
		assert_int_equal(strncmp(heard, "SIP/2.0 200 ", 12), 0);
		assert_int_equal(strstr(heard, "\r\nms-keep-alive: UAS; tcp=no; hop-hop=yes; "
					       "end-end=no; timeout=300\r\n") != NULL,
			cases[i].answered);
	}
}

/* RFC 5626 4.4.1: ours; who has answered one before has to go on with it. */
static void we_ping(void **state)
{
	struct line peer;

	rig_call(&rig, "main", 10);
	until(&rig, door_take(&door, &peer));
	answer(&peer, line_hear(&peer), 200);
	until(&rig, rig.dones == 1);
	line_say(&peer, "\r\n"); /* no pong: nothing was asked */
	rig_settle(&rig);
	loop_fake_advance(rig.loop, FLOW_PING_MS + FLOW_PING_MS / 4);
	until(&rig, peer.got.n == 4);
	assert_slice(buf_slice(&peer.got), "\r\n\r\n");
	buf_reset(&peer.got);
	loop_fake_advance(rig.loop, FLOW_PONG_MS + 1); /* it may not know what that is */
	rig_settle(&rig);
	assert_false(peer.eof);
	line_say(&peer, "\r\n");
	rig_settle(&rig);
	loop_fake_advance(rig.loop, FLOW_PING_MS + FLOW_PING_MS / 4);
	until(&rig, peer.got.n == 4);
	loop_fake_advance(rig.loop, FLOW_PONG_MS + 1);
	until(&rig, peer.eof || peer.closed);
	line_close(&peer);
}

/* ---- out ---- */

static void requests_go_out_on_one_connection(void **state)
{
	struct line peer, other;
	struct netaddr ours;

	rig_call(&rig, "main", 5000); /* over 1300 bytes: a stream may */
	rig_call(&rig, "main", 5);
	until(&rig, door_take(&door, &peer));
	assert_int_equal(netaddr_parse_host(&ours, SL("127.0.0.3"), 0), 0);
	assert_true(netaddr_eq_host(&peer.peer, &ours)); /* from where we listen */
	for (unsigned i = 0; i < 2; i++) {
		const char *text = line_hear(&peer);

		assert_non_null(strstr(text, "Via: SIP/2.0/TCP 127.0.0.3:"));
		answer(&peer, text, 200);
	}
	until(&rig, rig.dones == 2);
	assert_int_equal(rig.result.end, SIP_FINAL);
	rig_call(&rig, "main", 5);
	answer(&peer, line_hear(&peer), 202);
	until(&rig, rig.dones == 3);
	assert_int_equal(rig.result.status, 202);
	assert_false(door_take(&door, &other));
	/* Requests of theirs come on it, too. */
	rig.answer = 200;
	line_request(&peer, "TCP", 1, "MESSAGE", "sip.lab", "", "");
	assert_int_equal(line_status(&peer), 200);
	loop_fake_advance(rig.loop, FLOW_PING_MS);
	line_say(&peer, "\r\n");
	for (unsigned i = 0; i < 20; i++) {
		loop_fake_advance(rig.loop, 60000);
		line_say(&peer, "\r\n");
	}
	until(&rig, peer.eof); /* idle */
	line_close(&peer);
}

static void a_refused_connection_has_taken_nothing(void **state)
{
	struct door closed;

	door_open(&closed, &rig, 0);
	use_main(closed.port);
	door_close(&closed);
	rig_call(&rig, "main", 5);
	until(&rig, rig.dones == 1);
	assert_int_equal(rig.result.end, SIP_UNREACHABLE);
	assert_false(rig.result.may_have_arrived);
}

/* What the kernel has taken may have arrived. */
static void a_connection_that_breaks(void **state)
{
	struct line peer;

	rig_call(&rig, "main", 5);
	until(&rig, door_take(&door, &peer));
	rig_settle(&rig);
	line_reset(&peer);
	until(&rig, rig.dones == 1);
	assert_int_equal(rig.result.end, SIP_UNREACHABLE);
	assert_true(rig.result.may_have_arrived);
}

static size_t pending_of_ours(void)
{
	return connection(connection(0)->ours ? 0 : 1)->pending;
}

/* A connection of ours with a request in it of which the kernel has not taken all. */
static void leave_some_pending(struct line *peer)
{
	static const int small = 8192;

	setsockopt(door.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	rig_call(&rig, "main", 5);
	until(&rig, door_take(&door, peer));
	conn_pause(peer->conn);
	rig_settle(&rig);
	for (unsigned n = 0; n < 800 && !pending_of_ours(); n++) {
		rig_call(&rig, "main", 40000);
		rig_settle(&rig);
	}
	assert_true(pending_of_ours() > 0);
	assert_int_equal(connections(), 2);
	assert_int_equal(rig.dones, 0);
}

/* Nobody else may have it: it is still on its way. */
static void what_goes_out_after_the_end_may_arrive(void **state)
{
	struct line peer;

	leave_some_pending(&peer);
	rig_routes(&rig,
		&(struct rig_route){.name = "other",
			.next_hop = "sip:192.0.2.1",
			.transport = "tcp",
			.domain = "sip.lab"},
		1);
	until(&rig, rig.dones > 0);
	assert_int_equal(rig.result.end, SIP_UNREACHABLE);
	assert_true(rig.result.may_have_arrived);
	line_close(&peer);
}

static void what_goes_out_to_a_half_closed_one_may_arrive(void **state)
{
	struct line peer;

	leave_some_pending(&peer);
	shutdown(peer.fd, SHUT_WR);
	until(&rig, rig.dones > 0);
	assert_int_equal(rig.result.end, SIP_UNREACHABLE);
	assert_true(rig.result.may_have_arrived);
	line_close(&peer);
}

/* RFC 5923: who says alias is asked on the connection that he made; at his own address only. */
static void the_connection_of_theirs_is_used(void **state)
{
	struct line peer;
	char *text = xasprintf("MESSAGE sip:j@xmpp.lab SIP/2.0\r\n"
			       "Via: SIP/2.0/TCP 127.0.0.1:%u;branch=z9hG4bK1;alias\r\n"
			       "From: <sip:romeo@sip.lab>;tag=1\r\nTo: <sip:j@xmpp.lab>\r\n"
			       "Call-ID: c\r\nCSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\n"
			       "Content-Length: 2\r\n\r\nhi",
		door.port);
	rig.answer = 200;
	line_say(&line, text);
	assert_int_equal(line_status(&line), 200);
	rig_call(&rig, "main", 5);
	answer(&line, line_hear(&line), 200);
	until(&rig, rig.dones == 1);
	assert_int_equal(rig.result.end, SIP_FINAL);
	assert_false(door_take(&door, &peer));
	xfree(text);
}

/* A second connection is opened only while the first has much to send. */
static void several_connections(void **state)
{
	static const int small = 8192;
	struct line peer[5];
	unsigned n = 0;

	setsockopt(door.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	rig_call(&rig, "main", 5);
	until(&rig, door_take(&door, &peer[n]));
	n++;
	conn_pause(peer[0].conn);
	for (unsigned i = 0; i < 800; i++) {
		rig_call(&rig, "main", 40000);
		loop_turn(rig.loop, false);
		if (i % 8 == 0)
			loop_fake_advance(rig.loop, 1); /* for connecting */
		while (n < 5 && door_take(&door, &peer[n]))
			conn_pause(peer[n++].conn);
	}
	assert_int_equal(n, 4); /* FLOWS_OURS_ADDRESS */
	rig_settle(&rig);
	assert_true(rig.dones > 0); /* those for which there was no room */
	assert_false(rig.result.may_have_arrived);
	for (unsigned i = 0; i < n; i++)
		line_close(&peer[i]);
}

/* A burst is no trouble of a peer that reads: nothing of it fails, and it stays up. */
static void a_burst_goes_out(void **state)
{
	struct line peer;

	rig_call(&rig, "main", 5);
	until(&rig, door_take(&door, &peer));
	rig_settle(&rig);
	for (unsigned i = 0; i < 2000; i++)
		rig_call(&rig, "main", 500);
	rig_settle(&rig);
	assert_int_equal(rig.dones, 0);
	line_close(&peer);
}

static void a_route_that_goes_takes_its_connections_along(void **state)
{
	struct line peer;

	rig_call(&rig, "main", 5);
	until(&rig, door_take(&door, &peer));
	rig_settle(&rig);
	assert_int_equal(connections(), 2);
	rig_routes(&rig,
		&(struct rig_route){.name = "other",
			.next_hop = "sip:192.0.2.1",
			.transport = "tcp",
			.domain = "sip.lab"},
		1);
	until(&rig, peer.eof && line.eof);
	line_close(&peer);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(answers_come_on_the_same_connection),
		T(ipv6),
		T(every_byte_alone),
		T(a_thousand_in_one_go),
		T(a_few_a_turn),
		T(a_half_one_behind_many),
		T(all_of_them_before_the_end),
		T(who_connects_in_vain_is_slowed),
		T(where_the_next_begins_is_not_known),
		T(rubbish_is_ended),
		T(strangers_are_told_and_sent_away),
		T(datagrams_are_not_of_it),
		T(strangers_have_ten_seconds),
		T(strangers_are_few),
		T(a_message_has_to_end),
		T(silence_is_allowed),
		T(slow_readers_are_ended),
		T(slow_readers_are_read_less_where_there_is_no_room),
		T(half_messages_have_their_room),
		T(a_half_closed_one_is_answered),
		T(one_that_asked_nothing_ends_with_the_peer),
		T(an_answer_finds_another_way),
		T(an_answer_does_not_wait_for_the_end),
		T(pings_are_answered),
		T(ms_keep_alive_is_answered),
		T(we_ping),
		T(requests_go_out_on_one_connection),
		T(a_refused_connection_has_taken_nothing),
		T(a_connection_that_breaks),
		T(what_goes_out_after_the_end_may_arrive),
		T(what_goes_out_to_a_half_closed_one_may_arrive),
		T(the_connection_of_theirs_is_used),
		T(several_connections),
		T(a_burst_goes_out),
		T(a_route_that_goes_takes_its_connections_along),
	};

	return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
