#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/conn.h"
#include "net/listener.h"
#include "rig.h"
#include "xmpp/dialback.h"

/*
 * Dialback as receiving and as authoritative server (XEP-0220 2.1 to 2.6), to the byte: one edge, a
 * scripted client that wants to be believed, and a scripted server that is asked about its keys.
 * The numbers are those of the points on dialback in the checklist for s2s (74 to 93).
 */
static struct rig rig;
static struct side a;

/* One end of a connection that the test plays. */
struct end {
	struct conn *conn; /* NULL: gone */
	struct buf got;
	bool connected, secure, ended;
};

static struct end client;

enum { AUTHORITIES = 8 };
static struct authority {
	struct listener *listener;
	uint16_t port;
	struct end ends[AUTHORITIES];
	unsigned n;
	const char *header;   /* what it says first; NULL: HEADER_OF_AUTHORITY and FEATURES */
	const char *features; /* NULL: none but dialback */
	unsigned headers[AUTHORITIES];
} authority;

static void on_connected(void *arg)
{
	((struct end *)arg)->connected = true;
}

static void on_secure(void *arg)
{
	((struct end *)arg)->secure = true;
}

#define NS_HEADER                                                                                  \
	"xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "                   \
	"xmlns:db='jabber:server:dialback'"
#define DIALBACK_FEATURE "<dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>"

static bool has(const struct end *e, const char *text)
{
	return slice_contains(buf_slice(&e->got), slice_of(text));
}

static void say(struct end *e, const char *text)
{
	conn_write(e->conn, slice_of(text));
}

/* The authority answers headers by itself; all else is the test's. */
static void on_data(void *arg, struct slice bytes)
{
	struct end *e = arg;
	const char *features = authority.features ? authority.features : DIALBACK_FEATURE;
	char text[1000];

	buf_slice_add(&e->got, bytes);
	if (e == &client || !has(e, "<stream:stream"))
		return;
	buf_reset(&e->got);
	if (authority.header)
		snprintf(text, sizeof text, "%s", authority.header);
	else
		snprintf(text, sizeof text,
			"<stream:stream " NS_HEADER " from='xmpp.lab' to='sip.lab' id='authority' "
			"version='1.0'><stream:features>%s</stream:features>",
			features);
	say(e, text);
}

static void on_flushed(void *arg, uint64_t offset)
{
}

static void on_eof(void *arg, bool clean)
{
	((struct end *)arg)->ended = true;
}

static void on_closed(void *arg, enum conn_end end, const char *text)
{
	((struct end *)arg)->ended = true;
}

static const struct conn_ops ops = {
	on_connected, on_secure, on_data, on_flushed, on_eof, on_closed};

static void end_free(struct end *e)
{
	conn_free(e->conn);
	buf_done(&e->got);
	*e = (struct end){0};
}

static void on_accept(void *arg, int fd, const struct netaddr *peer)
{
	struct end *e = &authority.ends[authority.n];

	assert_true(authority.n < AUTHORITIES);
	authority.n++;
	e->conn = conn_accept(rig.loop, fd, peer, &ops, e);
}

static void authority_start(void)
{
	struct netaddr any;
	struct err e;

	authority = (struct authority){0};
	netaddr_parse_host(&any, SL("127.0.0.1"), 0);
	if (listener_new(&authority.listener, rig.loop, &any, on_accept, NULL, &e) < 0)
		fail_msg("%s", e.text);
	any = listener_address(authority.listener);
	authority.port = netaddr_port(&any);
}

/* Partner xmpp.lab with conf.xmpp.lab; another one that has nothing to do with it. */
static struct side_partner other = {
	.domain = "other.lab", .tls = "NotSupported", .sasl = "NotSupported", .dialback = "true"};

static struct side_partner partner(const char *tls, const char *sasl, const char *dialback)
{
	return (struct side_partner){
		.domain = "xmpp.lab",
		.more_domains = "conf.xmpp.lab",
		.port = authority.port,
		.tls = tls,
		.sasl = sasl,
		.dialback = dialback,
		.second_local = "more.lab",
		.also = &other,
	};
}

static void settings(const char *tls, const char *sasl, const char *dialback)
{
	struct side_partner p = partner(tls, sasl, dialback);

	side_settings(&a, &p);
}

static int setup(void **state)
{
	rig_init(&rig);
	authority_start();
	side_init(&a, &rig, &(struct side_options){.domain = "sip.lab"});
	settings("NotSupported", "NotSupported", "true");
	return 0;
}

static int teardown(void **state)
{
	end_free(&client);
	side_done(&a);
	listener_free(authority.listener);
	for (unsigned i = 0; i < authority.n; i++)
		end_free(&authority.ends[i]);
	rig_done(&rig);
	return 0;
}

/* ---- what is said and read ---- */

static void dial(void)
{
	struct conn_target t = {0};

	end_free(&client);
	netaddr_parse_host(&t.addr, SL("127.0.0.1"), side_port(&a));
	client.conn = conn_connect(rig.loop, &t, 1, &ops, &client);
	rig_until(&rig, client.connected);
}

/* The value of an attribute in what was read, the last of that name. */
static const char *attr(const struct end *e, const char *name)
{
	static char value[200];
	char mark[40], *text = buf_dup(&e->got), *at = NULL, *next;

	snprintf(mark, sizeof mark, " %s='", name);
	for (next = text; (next = strstr(next, mark)); next++)
		at = next;
	if (!at)
		fail_msg("no %s in %s", name, text);
	snprintf(value, sizeof value, "%s", at + strlen(mark));
	value[strcspn(value, "'")] = 0;
	free(text);
	return value;
}

static void expect(struct end *e, const char *want)
{
	char *got;

	rig_until(&rig, e->got.n >= strlen(want) || e->ended);
	got = buf_dup(&e->got);
	assert_string_equal(got, want);
	free(got);
	buf_reset(&e->got);
}

/* Nothing comes, however long (of turns) it is waited for. */
static void expect_nothing(struct end *e)
{
	rig_turns(&rig, 30);
	if (e->got.n || e->ended)
		fail_msg("%.*s", SLARG(buf_slice(&e->got)));
}

#define FEATURES(what) "<stream:features>" what "</stream:features>"
static char stream_id[200]; /* of the last header that the edge gave the client */

static void greet_as(const char *header, const char *until)
{
	say(&client, header);
	rig_until(&rig, has(&client, until));
	snprintf(stream_id, sizeof stream_id, "%s", attr(&client, "id"));
	buf_reset(&client.got);
}

#define HEADER_FROM(from) "<stream:stream " NS_HEADER " from='" from "' to='sip.lab' version='1.0'>"

static void connect_in_clear(void)
{
	dial();
	greet_as(HEADER_FROM("xmpp.lab"), "</stream:features>");
}

#define RESULT(from, to)       "<db:result from='" from "' to='" to "'>the key</db:result>"
#define ANSWER(from, to, type) "<db:result from='" from "' to='" to "' type='" type "'/>"
#define DB_ERROR(what, from, to, kind, cond)                                                       \
	"<db:" what " from='" from "' to='" to "' type='error'><error type='" kind "'><" cond      \
	" xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:" what ">"
#define REFUSED(from, to, kind, cond) DB_ERROR("result", from, to, kind, cond)
#define END                           "</stream:stream>"
#define BARE(cond)                                                                                 \
	"<stream:error><" cond " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>" END

/* The question that comes to the authority, on this connection of it. */
static void expect_question(unsigned i, const char *local, const char *remote)
{
	char want[600];

	rig_until(&rig, authority.n > i && has(&authority.ends[i], "</db:verify>"));
	snprintf(want, sizeof want, "<db:verify from='%s' to='%s' id='%s'>the key</db:verify>",
		local, remote, stream_id);
	expect(&authority.ends[i], want);
}

static void answer_question(
	unsigned i, const char *local, const char *remote, const char *id, const char *type)
{
	char text[600];

	snprintf(text, sizeof text, "<db:verify from='%s' to='%s' id='%s' type='%s'/>", remote,
		local, id, type);
	say(&authority.ends[i], text);
}

/* xmpp.lab is believed. */
static void prove(void)
{
	say(&client, RESULT("xmpp.lab", "sip.lab"));
	expect_question(0, "sip.lab", "xmpp.lab");
	answer_question(0, "sip.lab", "xmpp.lab", stream_id, "valid");
	expect(&client, ANSWER("sip.lab", "xmpp.lab", "valid"));
}

static void message_comes_up(const char *from, unsigned id)
{
	char text[200];
	size_t before = a.n_ups;

	snprintf(text, sizeof text, "<message from='a@%s' to='b@sip.lab' id='m%u'/>", from, id);
	say(&client, text);
	rig_until(&rig, a.n_ups == before + 1);
	assert_int_equal(side_received(&a, id), 1);
}

/* ---- the receiving server ---- */

/* 74, 75, 76, 80, 88: asked about the id that we gave, and believed for the whole stream. */
static void a_key_that_is_right(void **state)
{
	connect_in_clear();
	prove();
	message_comes_up("xmpp.lab", 1);
	expect_nothing(&client);
}

/* 76 */
static void no_stanza_before_the_answer(void **state)
{
	connect_in_clear();
	say(&client, RESULT("xmpp.lab", "sip.lab") "<message from='a@xmpp.lab' to='b@sip.lab'/>");
	expect(&client, BARE("not-authorized"));
	assert_int_equal(a.n_ups, 0);
}

/* 85 */
static void a_key_that_is_false(void **state)
{
	connect_in_clear();
	say(&client, RESULT("xmpp.lab", "sip.lab"));
	expect_question(0, "sip.lab", "xmpp.lab");
	answer_question(0, "sip.lab", "xmpp.lab", stream_id, "invalid");
	expect(&client, ANSWER("sip.lab", "xmpp.lab", "invalid") END);
	assert_int_equal(a.n_ups, 0);
}

/* 85, 86, 88: for a further pair, while the first is in use before, meanwhile and after. */
static void a_false_key_beside_a_right_one(void **state)
{
	connect_in_clear();
	prove();
	say(&client, RESULT("conf.xmpp.lab", "sip.lab"));
	expect_question(1, "sip.lab", "conf.xmpp.lab");
	message_comes_up("xmpp.lab", 1);
	answer_question(1, "sip.lab", "conf.xmpp.lab", stream_id, "invalid");
	expect(&client, ANSWER("sip.lab", "conf.xmpp.lab", "invalid"));
	message_comes_up("xmpp.lab", 2);
	say(&client, "<message from='a@conf.xmpp.lab' to='b@sip.lab'/>");
	expect(&client, BARE("invalid-from"));
}

/* 88: sender and target multiplexing without negotiation; one connection asks for all of a domain.
 */
static void further_pairs(void **state)
{
	connect_in_clear();
	say(&client, RESULT("xmpp.lab", "sip.lab") RESULT("xmpp.lab", "more.lab"));
	rig_until(&rig, authority.n > 0 && has(&authority.ends[0], "'more.lab'"));
	assert_int_equal(authority.n, 1);
	answer_question(0, "more.lab", "xmpp.lab", stream_id, "valid");
	expect(&client, ANSWER("more.lab", "xmpp.lab", "valid"));
	answer_question(0, "sip.lab", "xmpp.lab", stream_id, "valid");
	expect(&client, ANSWER("sip.lab", "xmpp.lab", "valid"));
	message_comes_up("xmpp.lab", 1);
	assert_int_equal(authority.n, 1);
}

/* As they were asked, so that the peer recognises its request; compared in canonical form. */
static void addresses_in_another_form(void **state)
{
	connect_in_clear();
	say(&client, RESULT("XMPP.Lab", "SIP.lab"));
	expect_question(0, "sip.lab", "xmpp.lab");
	answer_question(0, "SIP.lab", "Xmpp.lab", stream_id, "valid");
	expect(&client, ANSWER("SIP.lab", "XMPP.Lab", "valid"));
	message_comes_up("xmpp.lab", 1);
}

/* 84, 87: refused at once, nobody is asked, and the stream stays. */
static void requests_that_are_refused(void **state)
{
	static const struct {
		const char *says, *reads;
	} cases[] = {
		{RESULT("xmpp.lab", "nobody.lab"),
			REFUSED("nobody.lab", "xmpp.lab", "cancel", "item-not-found")},
		{RESULT("stranger.lab", "sip.lab"),
			REFUSED("sip.lab", "stranger.lab", "modify", "policy-violation")},
		{RESULT("other.lab", "sip.lab"),
			REFUSED("sip.lab", "other.lab", "modify", "policy-violation")},
		{RESULT("a@xmpp.lab", "sip.lab"),
			REFUSED("sip.lab", "a@xmpp.lab", "modify", "bad-request")},
		{"<db:result from='xmpp.lab' to='sip.lab'/>",
			REFUSED("sip.lab", "xmpp.lab", "modify", "bad-request")},
		{"<db:result to='sip.lab'>k</db:result>",
			"<db:result from='sip.lab' type='error'><error type='modify'><bad-request "
			"xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:result>"},
	};

	connect_in_clear();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		say(&client, cases[i].says);
		expect(&client, cases[i].reads);
	}
	assert_int_equal(authority.n, 0);
	prove();
}

/* 92: TLS Required. Dialback False: nobody is asked. */
static void dialback_where_it_is_not_allowed(void **state)
{
	static const char *const cases[][2] = {
		{"Optional", "NotSupported"}, {"Required", "Required"}, {"Required", "Optional"}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		settings(cases[i][0], cases[i][1], i == 0 ? "true" : "false");
		if (i == 0)
			settings("Required", "NotSupported", "true");
		connect_in_clear();
		say(&client, RESULT("xmpp.lab", "sip.lab"));
		expect(&client, REFUSED("sip.lab", "xmpp.lab", "modify", "policy-violation"));
		expect_nothing(&client); /* TLS is left to it */
	}
	assert_int_equal(authority.n, 0);
}

/* The setting is changed while nothing else is left: closed, nobody waits for a time-out. */
static void nothing_is_left(void **state)
{
	dial();
	greet_as("<stream:stream " NS_HEADER " to='sip.lab' version='0.9'>", ">");
	say(&client, RESULT("stranger.lab", "sip.lab"));
	expect(&client,
		REFUSED("sip.lab", "stranger.lab", "modify",
			"policy-violation") "<stream:error><policy-violation "
					    "xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
					    "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams' "
					    "xml:lang='en'>"
					    "dialback is not accepted "
					    "here</text></stream:error>" END);
}

/* A peer of version 0.9: no version, no features, dialback only; it may not even say who it is. */
static void an_old_peer(void **state)
{
	static const char *const headers[] = {
		"<stream:stream " NS_HEADER " from='xmpp.lab' to='sip.lab'>",
		"<stream:stream " NS_HEADER " to='sip.lab'>",
	};

	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		dial();
		greet_as(headers[i], "xml:lang='en'>");
		expect_nothing(&client);
		say(&client, RESULT("xmpp.lab", "sip.lab"));
		expect_question(0, "sip.lab", "xmpp.lab");
		answer_question(0, "sip.lab", "xmpp.lab", stream_id, "valid");
		expect(&client, ANSWER("sip.lab", "xmpp.lab", "valid"));
		message_comes_up("xmpp.lab", (unsigned)i + 1);
	}
}

/* XEP-0220 3.1: what was never asked is not believed, whoever says it. */
static void unasked_answers(void **state)
{
	connect_in_clear();
	say(&client, ANSWER("xmpp.lab", "sip.lab", "valid"));
	say(&client, "<db:verify from='xmpp.lab' to='sip.lab' id='1' type='valid'/>");
	expect_nothing(&client);
	say(&client, RESULT("xmpp.lab", "sip.lab"));
	expect_question(0, "sip.lab", "xmpp.lab");
	/* ... not even on the stream that asks. */
	say(&client, "<db:verify from='xmpp.lab' to='sip.lab' id='");
	say(&client, stream_id);
	say(&client, "' type='valid'/>");
	expect_nothing(&client);
	/* 81: another id, another domain, of either side. */
	answer_question(0, "sip.lab", "xmpp.lab", "another", "valid");
	answer_question(0, "more.lab", "xmpp.lab", stream_id, "valid");
	answer_question(0, "sip.lab", "conf.xmpp.lab", stream_id, "valid");
	expect_nothing(&client);
	answer_question(0, "sip.lab", "xmpp.lab", stream_id, "invalid");
	/* Twice, and the other way: too late. */
	answer_question(0, "sip.lab", "xmpp.lab", stream_id, "valid");
	expect(&client, ANSWER("sip.lab", "xmpp.lab", "invalid") END);
}

/* ---- when it cannot be verified ---- */

static void ask(void)
{
	connect_in_clear();
	say(&client, RESULT("xmpp.lab", "sip.lab"));
	expect_question(0, "sip.lab", "xmpp.lab");
}

/* 82, 87: an error, the end, an error of the stream: told, and it may try again. */
static void the_authority_fails(void **state)
{
	static const struct {
		const char *says;
		bool end;
		const char *reads;
	} cases[] = {
		{DB_ERROR("verify", "xmpp.lab' id='%s", "sip.lab", "cancel", "item-not-found"),
			false, REFUSED("sip.lab", "xmpp.lab", "cancel", "remote-server-not-found")},
		{END, false, REFUSED("sip.lab", "xmpp.lab", "wait", "remote-server-timeout")},
		{"", true, REFUSED("sip.lab", "xmpp.lab", "wait", "remote-server-timeout")},
		{BARE("host-unknown"), false,
			REFUSED("sip.lab", "xmpp.lab", "cancel", "remote-server-not-found")},
		{BARE("internal-server-error"), false,
			REFUSED("sip.lab", "xmpp.lab", "wait", "remote-server-timeout")},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[600];
		unsigned on;

		connect_in_clear();
		on = authority.n;
		say(&client, RESULT("xmpp.lab", "sip.lab"));
		expect_question(on, "sip.lab", "xmpp.lab");
		snprintf(text, sizeof text, cases[i].says, stream_id);
		say(&authority.ends[on], text);
		if (cases[i].end)
			conn_close(authority.ends[on].conn, 0, 0);
		expect(&client, cases[i].reads);
		expect_nothing(&client);
		rig_pass(&rig, 5000); /* it is not kept */
	}
}

static void nobody_is_there(void **state)
{
	struct side_partner p = partner("NotSupported", "NotSupported", "true");

	p.port = 0;
	side_settings(&a, &p);
	connect_in_clear();
	say(&client, RESULT("xmpp.lab", "sip.lab"));
	expect(&client, REFUSED("sip.lab", "xmpp.lab", "cancel", "remote-connection-failed"));
	expect_nothing(&client);
}

/* 82: each request has its own 30 s; what comes later is too late, and the stream stays. */
static void silence(void **state)
{
	ask();
	rig_pass(&rig, 29000);
	expect_nothing(&client);
	rig_pass(&rig, 1100);
	expect(&client, REFUSED("sip.lab", "xmpp.lab", "wait", "remote-server-timeout"));
	answer_question(0, "sip.lab", "xmpp.lab", stream_id, "valid");
	expect_nothing(&client);
	say(&client, "<message from='a@xmpp.lab' to='b@sip.lab'/>");
	expect(&client, BARE("not-authorized"));
}

/* The client is gone: nobody is told, and the connection that asked goes. */
static void nobody_wants_to_know(void **state)
{
	ask();
	end_free(&client);
	rig_turns(&rig, 20);
	answer_question(0, "sip.lab", "xmpp.lab", stream_id, "valid");
	rig_pass(&rig, 3000);
	rig_until(&rig, authority.ends[0].ended);
}

static void keys_under_way_are_bounded(void **state)
{
	connect_in_clear();
	for (int i = 0; i < 17; i++) {
		char text[200];

		/* One domain with many names: of ours there are two only. */
		snprintf(text, sizeof text, "<db:result from='%s' to='%s'>the key</db:result>",
			i & 1 ? "xmpp.lab" : "conf.xmpp.lab", i & 2 ? "sip.lab" : "more.lab");
		say(&client, text);
	}
	rig_turns(&rig, 30);
	/* The same pair again while it is being verified: asked once. */
	assert_int_equal(authority.n, 2);
}

/* Each may cost us a connection: whoever has proved nothing yet may ask a few times only. */
static void requests_of_strangers_are_few(void **state)
{
	connect_in_clear();
	for (int i = 0; i < 33; i++)
		say(&client, RESULT("xmpp.lab", "sip.lab"));
	expect(&client, REFUSED("sip.lab", "xmpp.lab", "wait", "resource-constraint"));
	expect_question(0, "sip.lab", "xmpp.lab");
	assert_int_equal(authority.n, 1);
}

/* ---- on a stream that is there ---- */

/* The authority is asked on our own stream to it, when that is authenticated. */
static void on_our_own_stream(void **state)
{
	side_send(&a, "xmpp.lab", 1, 20000);
	rig_until(&rig, authority.n == 1 && has(&authority.ends[0], "</db:result>"));
	buf_reset(&authority.ends[0].got);
	say(&authority.ends[0], ANSWER("xmpp.lab", "sip.lab", "valid"));
	rig_until(&rig, a.n_fates == 1 && has(&authority.ends[0], "</message>"));
	buf_reset(&authority.ends[0].got);
	connect_in_clear();
	prove();
	assert_int_equal(authority.n, 1);
}

/* It ends with the question on it: asked once more, on a connection of its own. */
static void our_own_stream_ends(void **state)
{
	side_send(&a, "xmpp.lab", 1, 20000);
	rig_until(&rig, authority.n == 1 && has(&authority.ends[0], "</db:result>"));
	buf_reset(&authority.ends[0].got);
	say(&authority.ends[0], ANSWER("xmpp.lab", "sip.lab", "valid"));
	rig_until(&rig, a.n_fates == 1 && has(&authority.ends[0], "</message>"));
	buf_reset(&authority.ends[0].got);
	ask();
	say(&authority.ends[0], END);
	expect_question(1, "sip.lab", "xmpp.lab");
	answer_question(1, "sip.lab", "xmpp.lab", stream_id, "valid");
	expect(&client, ANSWER("sip.lab", "xmpp.lab", "valid"));
	message_comes_up("xmpp.lab", 1);
}

/* ---- TLS ---- */

static struct tls_set *certificate(const char *name, const struct pki_spec *spec)
{
	struct pki_files f = pki_issue(rig.pki, name, spec);
	struct tls_cert_files files = {.name = name, .chain = f.chain, .key = f.key};
	struct tls_set *set;
	struct err e;

	if (tls_set_load(&set, &files, 1, pki_trust(rig.pki), &e) < 0)
		fail_msg("%s", e.text);
	return set;
}

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define STARTTLS   "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
#define PROCEED    "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"

static void into_tls(struct tls_set *set)
{
	connect_in_clear();
	say(&client, STARTTLS);
	expect(&client, PROCEED);
	conn_tls_start(client.conn, CONN_CLIENT, set, tls_set_client(set, SL("x")), SL("sip.lab"));
	rig_until(&rig, client.secure);
	greet_as(HEADER_FROM("xmpp.lab"), "</stream:features>");
}

/* The authority's side of STARTTLS. */
static void authority_tls(unsigned i, struct tls_set *set)
{
	rig_until(&rig, authority.n > i && has(&authority.ends[i], "<starttls"));
	expect(&authority.ends[i], STARTTLS);
	authority.features = DIALBACK_FEATURE;
	say(&authority.ends[i], PROCEED);
	conn_tls_start(
		authority.ends[i].conn, CONN_SERVER, set, tls_set_client(set, SL("x")), SL_NONE);
	rig_until(&rig, authority.ends[i].secure);
}

/* 92, RFC 7590 3.4: the certificate may be anybody's; the key goes inside TLS, at either place. */
static void inside_tls(void **state)
{
	struct tls_set *set = certificate(
		"self", &(struct pki_spec){.dns = NAMES("nobody.lab"), .self_signed = true});

	settings("Required", "NotSupported", "true");
	authority.features = STARTTLS;
	into_tls(set);
	say(&client, RESULT("xmpp.lab", "sip.lab"));
	authority_tls(0, set);
	expect_question(0, "sip.lab", "xmpp.lab");
	answer_question(0, "sip.lab", "xmpp.lab", stream_id, "valid");
	expect(&client, ANSWER("sip.lab", "xmpp.lab", "valid"));
	message_comes_up("xmpp.lab", 1);
	tls_set_unref(set);
}

/* TLS Required: the authority without TLS is not shown a key. */
static void no_key_in_clear(void **state)
{
	struct tls_set *set = certificate(
		"self2", &(struct pki_spec){.dns = NAMES("nobody.lab"), .self_signed = true});

	settings("Required", "NotSupported", "true");
	into_tls(set);
	say(&client, RESULT("xmpp.lab", "sip.lab"));
	rig_until(&rig, authority.n > 0 && has(&authority.ends[0], "<starttls"));
	expect(&authority.ends[0], STARTTLS);
	say(&authority.ends[0], "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>" END);
	expect(&client, REFUSED("sip.lab", "xmpp.lab", "cancel", "remote-connection-failed"));
	assert_false(has(&authority.ends[0], "the key"));
	assert_int_equal(authority.n, 1);
	tls_set_unref(set);
}

/* TLS Optional: once it has failed, no key in clear, though TLS is not offered any more. */
static void no_key_in_clear_after_a_failure(void **state)
{
	settings("Optional", "NotSupported", "true");
	authority.features = STARTTLS;
	connect_in_clear();
	say(&client, RESULT("xmpp.lab", "sip.lab"));
	rig_until(&rig, authority.n == 1 && has(&authority.ends[0], "<starttls"));
	say(&authority.ends[0], PROCEED "this is no TLS");
	expect(&client, REFUSED("sip.lab", "xmpp.lab", "cancel", "remote-connection-failed"));
	authority.features = DIALBACK_FEATURE;
	say(&client, RESULT("xmpp.lab", "sip.lab"));
	rig_until(&rig, authority.n == 2 && has(&authority.ends[1], "<starttls"));
	expect(&authority.ends[1], STARTTLS);
	say(&authority.ends[1], "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>" END);
	expect(&client, REFUSED("sip.lab", "xmpp.lab", "cancel", "remote-connection-failed"));
	assert_false(has(&authority.ends[1], "the key"));
	/* The administrator has changed something: a new chance. */
	settings("Optional", "Optional", "true");
	connect_in_clear();
	say(&client, RESULT("xmpp.lab", "sip.lab"));
	expect_question(2, "sip.lab", "xmpp.lab");
}

/* The key was for the stream before it began anew: its verification says nothing about this one. */
static void begun_anew_meanwhile(void **state)
{
	struct tls_set *set = certificate("good", &(struct pki_spec){.dns = NAMES("xmpp.lab")});
	char before[200];

	settings("Optional", "NotSupported", "true");
	ask();
	snprintf(before, sizeof before, "%s", stream_id);
	say(&client, STARTTLS);
	expect(&client, PROCEED);
	conn_tls_start(client.conn, CONN_CLIENT, set, tls_set_client(set, SL("x")), SL("sip.lab"));
	rig_until(&rig, client.secure);
	answer_question(0, "sip.lab", "xmpp.lab", before, "valid");
	rig_turns(&rig, 20);
	greet_as(HEADER_FROM("xmpp.lab"), "</stream:features>");
	assert_string_not_equal(before, stream_id);
	expect_nothing(&client);
	say(&client, "<message from='a@xmpp.lab' to='b@sip.lab'/>");
	expect(&client, BARE("not-authorized"));
	tls_set_unref(set);
}

#define AUTH_EXTERNAL                                                                              \
	"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>eG1wcC5sYWI=</auth>"

static void by_external(struct tls_set *set)
{
	into_tls(set);
	say(&client, AUTH_EXTERNAL);
	expect(&client, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
	greet_as(HEADER_FROM("xmpp.lab"), "</stream:features>");
}

/* 93: a certificate that has both names speaks for both; nobody is asked. */
static void by_the_certificate(void **state)
{
	struct tls_set *set =
		certificate("both", &(struct pki_spec){.dns = NAMES("xmpp.lab", "conf.xmpp.lab")});

	settings("Optional", "Optional", "true");
	by_external(set);
	say(&client, RESULT("conf.xmpp.lab", "sip.lab"));
	expect(&client, ANSWER("sip.lab", "conf.xmpp.lab", "valid"));
	message_comes_up("conf.xmpp.lab", 1);
	message_comes_up("xmpp.lab", 2);
	assert_int_equal(authority.n, 0);
	tls_set_unref(set);
}

static void a_name_that_the_certificate_has_not(void **state)
{
	struct tls_set *set = certificate("one", &(struct pki_spec){.dns = NAMES("xmpp.lab")});

	settings("Optional", "Optional", "true");
	by_external(set);
	say(&client, RESULT("conf.xmpp.lab", "sip.lab"));
	expect_question(0, "sip.lab", "conf.xmpp.lab");
	answer_question(0, "sip.lab", "conf.xmpp.lab", stream_id, "valid");
	expect(&client, ANSWER("sip.lab", "conf.xmpp.lab", "valid"));
	message_comes_up("conf.xmpp.lab", 1);
	tls_set_unref(set);
}

/* The stream begins anew after SASL as well: a key for the id before it proves nothing. */
static void by_external_meanwhile(void **state)
{
	struct tls_set *set = certificate("one", &(struct pki_spec){.dns = NAMES("xmpp.lab")});
	char before[200];

	settings("Optional", "Optional", "true");
	into_tls(set);
	say(&client, RESULT("conf.xmpp.lab", "sip.lab"));
	expect_question(0, "sip.lab", "conf.xmpp.lab");
	snprintf(before, sizeof before, "%s", stream_id);
	say(&client, AUTH_EXTERNAL);
	expect(&client, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
	greet_as(HEADER_FROM("xmpp.lab"), "</stream:features>");
	answer_question(0, "sip.lab", "conf.xmpp.lab", before, "valid");
	expect_nothing(&client);
	message_comes_up("xmpp.lab", 1);
	say(&client, "<message from='a@conf.xmpp.lab' to='b@sip.lab'/>");
	expect(&client, BARE("invalid-from"));
	tls_set_unref(set);
}

/* ---- limits and settings ---- */

/* At the limit a stream may still come to verify keys; it is not believed. */
static void no_room(void **state)
{
	struct side_partner p = partner("NotSupported", "NotSupported", "true");

	p.limit = 1;
	side_settings(&a, &p);
	connect_in_clear();
	prove();
	{
		struct end first = client;

		client = (struct end){0};
		/* Callbacks of the first one go where nobody looks. */
		conn_pause(first.conn);
		connect_in_clear();
		say(&client, RESULT("xmpp.lab", "sip.lab"));
		expect(&client, REFUSED("sip.lab", "xmpp.lab", "wait", "resource-constraint"));
		say(&client, "<db:verify from='xmpp.lab' to='sip.lab' id='1'>k</db:verify>");
		expect(&client, "<db:verify from='sip.lab' to='xmpp.lab' id='1' type='invalid'/>");
		end_free(&first);
	}
}

static void settings_that_end_it(void **state)
{
	static const char text[] = "<stream:error><reset "
				   "xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
				   "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams' "
				   "xml:lang='en'>the settings for this partner have changed"
				   "</text></stream:error>" END;

	connect_in_clear();
	prove();
	settings("NotSupported", "NotSupported", "true"); /* the same: nothing happens */
	message_comes_up("xmpp.lab", 1);
	settings("Required", "NotSupported", "true"); /* not in clear any more */
	expect(&client, text);
}

/* Of two pairs one is not allowed any more: the other goes on. */
static void settings_that_end_one_pair(void **state)
{
	struct side_partner p = partner("NotSupported", "NotSupported", "true");

	connect_in_clear();
	prove();
	say(&client, RESULT("conf.xmpp.lab", "sip.lab"));
	expect_question(1, "sip.lab", "conf.xmpp.lab");
	answer_question(1, "sip.lab", "conf.xmpp.lab", stream_id, "valid");
	expect(&client, ANSWER("sip.lab", "conf.xmpp.lab", "valid"));
	message_comes_up("conf.xmpp.lab", 1);
	p.more_domains = NULL;
	side_settings(&a, &p);
	message_comes_up("xmpp.lab", 2);
	say(&client, "<message from='a@conf.xmpp.lab' to='b@sip.lab'/>");
	expect(&client, BARE("invalid-from"));
}

/* Who did not say his name in the header is judged by the settings of the name he claims. */
static void settings_that_stay_meanwhile(void **state)
{
	dial();
	greet_as("<stream:stream " NS_HEADER " to='sip.lab'>", "xml:lang='en'>");
	say(&client, RESULT("xmpp.lab", "sip.lab"));
	expect_question(0, "sip.lab", "xmpp.lab");
	settings("NotSupported", "NotSupported", "true");
	expect_nothing(&client);
	answer_question(0, "sip.lab", "xmpp.lab", stream_id, "valid");
	expect(&client, ANSWER("sip.lab", "xmpp.lab", "valid"));
	message_comes_up("xmpp.lab", 1);
}

/* They change while the key is being verified: judged by what is in force then. */
static void settings_that_change_meanwhile(void **state)
{
	struct side_partner p = partner("NotSupported", "NotSupported", "true");

	connect_in_clear();
	prove();
	say(&client, RESULT("conf.xmpp.lab", "sip.lab"));
	expect_question(1, "sip.lab", "conf.xmpp.lab");
	p.more_domains = NULL;
	side_settings(&a, &p);
	answer_question(1, "sip.lab", "conf.xmpp.lab", stream_id, "valid");
	rig_until(&rig, client.got.n > 0);
	assert_true(has(&client, "type='error'"));
	assert_false(has(&client, "type='valid'"));
}

/* ---- the authoritative server ---- */

static const char *key_of(const char *passphrase, const char *receiving, const char *originating)
{
	static char key[DIALBACK_KEY_SIZE];
	struct dialback_secret s;

	dialback_secret_make(&s, slice_of(passphrase));
	dialback_key(&s, slice_of(receiving), slice_of(originating), SL("17"), key);
	return key;
}

static void verify(const char *from, const char *to, const char *key, const char *type)
{
	char text[600];

	snprintf(text, sizeof text, "<db:verify from='%s' to='%s' id='17'>%s</db:verify>", from, to,
		key);
	say(&client, text);
	snprintf(text, sizeof text, "<db:verify from='%s' to='%s' id='17' type='%s'/>", to, from,
		type);
	expect(&client, text);
}

/* 83, 90: from the key alone; before and after the stream is authenticated. */
static void keys_of_ours(void **state)
{
	static const char ours[] = "the passphrase of sip.lab";

	connect_in_clear();
	for (int i = 0; i < 2; i++) {
		verify("xmpp.lab", "sip.lab", key_of(ours, "xmpp.lab", "sip.lab"), "valid");
		verify("xmpp.lab", "more.lab", key_of(ours, "xmpp.lab", "more.lab"), "valid");
		verify("Xmpp.LAB", "sip.lab", key_of(ours, "xmpp.lab", "sip.lab"), "valid");
		verify("xmpp.lab", "more.lab", key_of(ours, "xmpp.lab", "sip.lab"), "invalid");
		verify("conf.xmpp.lab", "sip.lab", key_of(ours, "xmpp.lab", "sip.lab"), "invalid");
		verify("xmpp.lab", "sip.lab", key_of("another", "xmpp.lab", "sip.lab"), "invalid");
		verify("xmpp.lab", "sip.lab", "x", "invalid");
		if (i == 0)
			prove();
	}
}

/* 84, 87 */
static void questions_that_are_refused(void **state)
{
	static const struct {
		const char *says, *reads;
	} cases[] = {
		{"<db:verify from='xmpp.lab' to='nobody.lab' id='17'>k</db:verify>",
			DB_ERROR("verify", "nobody.lab", "xmpp.lab' id='17", "cancel",
				"item-not-found")},
		{"<db:verify from='stranger.lab' to='sip.lab' id='17'>k</db:verify>",
			DB_ERROR("verify", "sip.lab", "stranger.lab' id='17", "modify",
				"policy-violation")},
		{"<db:verify from='xmpp.lab' to='sip.lab'>k</db:verify>",
			DB_ERROR("verify", "sip.lab", "xmpp.lab", "modify", "bad-request")},
		{"<db:verify from='xmpp.lab' to='sip.lab' id='17'/>",
			DB_ERROR("verify", "sip.lab", "xmpp.lab' id='17", "modify", "bad-request")},
		{"<db:verify id='17'>k</db:verify>",
			"<db:verify id='17' type='error'><error type='modify'><bad-request "
			"xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:verify>"},
	};

	connect_in_clear();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		say(&client, cases[i].says);
		expect(&client, cases[i].reads);
	}
	verify("xmpp.lab", "sip.lab", "x", "invalid"); /* the stream has stayed */
}

static void too_many_questions(void **state)
{
	connect_in_clear();
	for (int i = 0; i < 101; i++)
		say(&client, "<db:verify from='xmpp.lab' to='sip.lab' id='17'>k</db:verify>");
	rig_until(&rig, has(&client, "resource-constraint"));
	buf_reset(&client.got);
	rig_pass(&rig, 1000);
	verify("xmpp.lab", "sip.lab", "x", "invalid");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_key_that_is_right),
		T(no_stanza_before_the_answer),
		T(a_key_that_is_false),
		T(a_false_key_beside_a_right_one),
		T(further_pairs),
		T(addresses_in_another_form),
		T(requests_that_are_refused),
		T(dialback_where_it_is_not_allowed),
		T(nothing_is_left),
		T(an_old_peer),
		T(unasked_answers),
		T(the_authority_fails),
		T(nobody_is_there),
		T(silence),
		T(nobody_wants_to_know),
		T(keys_under_way_are_bounded),
		T(requests_of_strangers_are_few),
		T(on_our_own_stream),
		T(our_own_stream_ends),
		T(inside_tls),
		T(no_key_in_clear),
		T(no_key_in_clear_after_a_failure),
		T(begun_anew_meanwhile),
		T(by_the_certificate),
		T(by_external_meanwhile),
		T(a_name_that_the_certificate_has_not),
		T(no_room),
		T(settings_that_end_it),
		T(settings_that_end_one_pair),
		T(settings_that_change_meanwhile),
		T(settings_that_stay_meanwhile),
		T(keys_of_ours),
		T(questions_that_are_refused),
		T(too_many_questions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
