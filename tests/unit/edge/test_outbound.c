#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/conn.h"
#include "net/listener.h"
#include "rig.h"
#include "xmpp/dialback.h"

/* Partners that answer by a script: what their oddities come to for the stanza that waits. */
static struct rig rig;
static struct side a;

/* A step: when this has been read, that is said. */
struct step {
	const char *reads, *says;
	bool tls;   /* then the handshake begins */
	bool close; /* then the connection is closed, in order; stop: without a word */
	bool stop;
};

static struct {
	struct listener *listener;
	struct conn *conn;
	struct buf got, all; /* since the last step, and all of this test */
	const struct step *steps;
	struct tls_set *set;
	SSL_CTX *ctx;
	bool ended;
	int connections;
} partner;

static void on_data(void *arg, struct slice bytes)
{
	const struct step *s = partner.steps;

	buf_slice_add(&partner.got, bytes);
	buf_slice_add(&partner.all, bytes);
	if (!s->reads || !slice_contains(buf_slice(&partner.got), slice_of(s->reads)))
		return;
	buf_reset(&partner.got);
	partner.steps++;
	if (s->says)
		conn_write(partner.conn, slice_of(s->says));
	if (s->tls)
		conn_tls_start(partner.conn, CONN_SERVER, partner.set, partner.ctx, SL_NONE);
	if (s->close)
		conn_close(partner.conn, 0, 1000);
	if (s->stop) {
		conn_free(partner.conn);
		partner.conn = NULL;
	}
}

static void on_secure(void *arg)
{
}

static void on_flushed(void *arg, uint64_t offset)
{
}

static void on_eof(void *arg, bool clean)
{
	conn_close(partner.conn, 0, 1000);
}

static void on_closed(void *arg, enum conn_end end, const char *text)
{
	partner.ended = true;
}

static const struct conn_ops ops = {NULL, on_secure, on_data, on_flushed, on_eof, on_closed};

static void on_accept(void *arg, int fd, const struct netaddr *peer)
{
	partner.connections++;
	conn_free(partner.conn);
	partner.conn = conn_accept(rig.loop, fd, peer, &ops, NULL);
}

static void settings(const char *tls, const char *sasl, const char *dialback)
{
	struct netaddr at = listener_address(partner.listener);

	side_settings(&a, &(struct side_partner){.domain = "xmpp.lab",
				  .port = netaddr_port(&at),
				  .tls = tls,
				  .sasl = sasl,
				  .dialback = dialback,
				  .establishment = "10"});
}

static int setup(void **state)
{
	static const char *const names[] = {"xmpp.lab", NULL};
	struct netaddr any;
	struct pki_files f;
	struct err e;

	rig_init(&rig);
	memset(&partner, 0, sizeof partner);
	netaddr_parse_host(&any, SL("127.0.0.1"), 0);
	f = pki_issue(rig.pki, "xmpp", &(struct pki_spec){.dns = names});
	if (listener_new(&partner.listener, rig.loop, &any, on_accept, NULL, &e) < 0 ||
		tls_set_load(&partner.set,
			&(struct tls_cert_files){.name = "x", .chain = f.chain, .key = f.key}, 1,
			pki_trust(rig.pki), &e) < 0)
		return -1;
	partner.ctx = tls_set_for(partner.set, SL("xmpp.lab"));
	side_init(&a, &rig, &(struct side_options){.domain = "sip.lab"});
	settings(NULL, NULL, NULL);
	return 0;
}

static int teardown(void **state)
{
	conn_free(partner.conn);
	listener_free(partner.listener);
	tls_set_unref(partner.set);
	buf_done(&partner.got);
	buf_done(&partner.all);
	side_done(&a);
	rig_done(&rig);
	return 0;
}

#define HEADER                                                                                     \
	"<?xml version='1.0'?><stream:stream xmlns='jabber:server' "                               \
	"xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback' "       \
	"from='xmpp.lab' to='sip.lab' id='1' version='1.0'>"
#define STARTTLS "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
#define PROCEED  "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
#define EXTERNAL                                                                                   \
	"<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"                   \
	"<mechanism>EXTERNAL</mechanism></mechanisms></stream:features>"
#define SUCCESS "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"
#define ERROR(cond)                                                                                \
	"<stream:error><" cond " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
#define END "</stream:stream>"

#define INTO_TLS                                                                                   \
	{"<stream:stream ", HEADER "<stream:features>" STARTTLS "</stream:features>"},             \
	{                                                                                          \
		"<starttls ", PROCEED, .tls = true                                                 \
	}
#define AUTHENTICATED                                                                              \
	INTO_TLS, {"<stream:stream ", HEADER EXTERNAL}, {"c2lwLmxhYg==</auth>", SUCCESS},          \
	{                                                                                          \
		"<stream:stream ", HEADER "<stream:features/>"                                     \
	}

/* Sends message 1 to a partner with this script and waits for its fate. */
static void expect(const struct step *steps, enum link_fate_kind fate, enum link_reason reason)
{
	struct fate f;

	partner.steps = steps;
	side_send(&a, "xmpp.lab", 1, 5000);
	rig_until(&rig, a.n_fates == 1);
	f = side_fate(&a, 1);
	if (f.fate != fate || f.reason != reason)
		fail_msg("%s (%s)", link_fate_name(f.fate), link_reason_name(f.reason));
	assert_int_equal(partner.connections, 1);
}

static void the_usual(void **state)
{
	static const struct step steps[] = {AUTHENTICATED, {"id='m1'", NULL}, {0}};

	expect(steps, LINK_WRITTEN, LINK_R_NONE);
	rig_until(&rig, !partner.steps->reads);
}

/* RFC 7590 3.1: asked for where it is required, also when it is not offered. */
static void tls_is_asked_for_unoffered(void **state)
{
	static const struct step steps[] = {{"<stream:stream ", HEADER "<stream:features/>"},
		{"<starttls ", PROCEED, .tls = true}, {"<stream:stream ", HEADER EXTERNAL},
		{"</auth>", SUCCESS}, {"<stream:stream ", HEADER "<stream:features/>"}, {0}};

	expect(steps, LINK_WRITTEN, LINK_R_NONE);
}

static void tls_refused(void **state)
{
	static const struct step steps[] = {
		{"<stream:stream ", HEADER "<stream:features>" STARTTLS "</stream:features>"},
		{"<starttls ", "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>" END}, {0}};

	expect(steps, LINK_UNSENT, LINK_R_TLS_FAILED);
}

/* Text in clear after <proceed/> is not TLS: nothing of it is believed, and nothing is sent. */
static void clear_text_after_proceed(void **state)
{
	static const struct step steps[] = {
		{"<stream:stream ", HEADER "<stream:features>" STARTTLS "</stream:features>"},
		{"<starttls ", PROCEED}, {"\x16\x03", HEADER "<stream:features/>"}, {0}};

	expect(steps, LINK_UNSENT, LINK_R_TLS_FAILED);
}

/*
 * TLS 1.3: a server that demands a certificate it trusts says no when the handshake is over for the
 * client. It is a failure of TLS with a reason, not a connection that happened to close.
 */
static void our_certificate_refused_by_tls(void **state)
{
	static const struct step steps[] = {INTO_TLS, {0}};
	struct pki *other = pki_new();

	SSL_CTX_set_verify(partner.ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_cert_verify_callback(partner.ctx, NULL, NULL); /* the library's own again */
	SSL_CTX_set1_cert_store(partner.ctx, pki_store(other));
	expect(steps, LINK_UNSENT, LINK_R_TLS_FAILED);
	pki_free(other);
}

static void connection_dropped_in_the_handshake(void **state)
{
	static const struct step steps[] = {
		{"<stream:stream ", HEADER "<stream:features>" STARTTLS "</stream:features>"},
		{"<starttls ", PROCEED}, {"\x16\x03", NULL, .stop = true}, {0}};

	expect(steps, LINK_UNSENT, LINK_R_TLS_FAILED);
}

static void no_external(void **state)
{
	static const struct step steps[] = {
		INTO_TLS, {"<stream:stream ", HEADER "<stream:features/>"}, {0}};

	expect(steps, LINK_UNSENT, LINK_R_AUTH_FAILED);
}

static void sasl_refused(void **state)
{
	static const struct step steps[] = {INTO_TLS, {"<stream:stream ", HEADER EXTERNAL},
		{"</auth>", "<failure "
			    "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>"},
		{0}};

	expect(steps, LINK_UNSENT, LINK_R_AUTH_FAILED);
}

static void stream_errors_before_authentication(void **state)
{
	static const struct step steps[] = {
		{"<stream:stream ", HEADER ERROR("host-unknown") END, .close = true}, {0}};

	expect(steps, LINK_UNSENT, LINK_R_STREAM_ERROR);
}

/* One that may pass is tried again while there is time. */
static void a_partner_that_is_just_restarting(void **state)
{
	static const struct step steps[] = {
		{"<stream:stream ", HEADER ERROR("system-shutdown") END, .close = true},
		AUTHENTICATED, {0}};

	partner.steps = steps;
	side_send(&a, "xmpp.lab", 1, 5000);
	rig_until(&rig, partner.connections == 1);
	rig_pass(&rig, 3000);
	rig_until(&rig, a.n_fates == 1);
	assert_int_equal(partner.connections, 2);
	assert_int_equal(side_fate(&a, 1).fate, LINK_WRITTEN);
}

static void not_xml_at_all(void **state)
{
	static const struct step steps[] = {
		{"<stream:stream ", "220 mail.lab ESMTP\r\n", .close = true}, {0}};

	expect(steps, LINK_UNSENT, LINK_R_STREAM_ERROR);
}

/* Their direction of our stream is not authenticated: they have a stream of their own for stanzas.
 */
static void stanza_on_our_stream(void **state)
{
	static const struct step steps[] = {AUTHENTICATED,
		{"id='m1'", "<message from='x@xmpp.lab' to='y@sip.lab'><body>x</body></message>"},
		{"not-authorized", NULL}, {0}};

	expect(steps, LINK_WRITTEN, LINK_R_NONE);
	rig_until(&rig, !partner.steps->reads);
	rig_turns(&rig, 20);
	assert_int_equal(a.n_ups, 0);
}

/* An orderly end by the partner: the next stanza opens the next stream. */
static void orderly_end_by_the_partner(void **state)
{
	static const struct step steps[] = {AUTHENTICATED, {"id='m1'", NULL}, {"id='m2'", END},
		{END, NULL, .close = true}, AUTHENTICATED, {"id='m3'", NULL}, {0}};

	expect(steps, LINK_WRITTEN, LINK_R_NONE);
	rig_pass(&rig, 10000);
	side_send(&a, "xmpp.lab", 2, 5000);
	rig_until(&rig, a.n_lost == 1);
	/* 1 was long ago; 2 came while it ended, and may have been read or not. */
	assert_true(side_lost(&a, 2));
	assert_int_equal(side_fate(&a, 2).fate, LINK_WRITTEN);
	side_send(&a, "xmpp.lab", 3, 5000);
	rig_until(&rig, !partner.steps->reads);
	assert_int_equal(partner.connections, 2);
}

/* ---- dialback (XEP-0220 2.1.1) ---- */

#define DIALBACK               "<dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>"
#define ONLY_DIALBACK          "<stream:features>" DIALBACK "</stream:features>"
#define RESULT(from, to, type) "<db:result from='" from "' to='" to "' type='" type "'/>"
#define DB_ERROR                                                                                   \
	"<db:result from='xmpp.lab' to='sip.lab' type='error'><error type='cancel'>"               \
	"<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:result>"
#define IN_CLEAR                                                                                   \
	{                                                                                          \
		"<stream:stream ", HEADER ONLY_DIALBACK                                            \
	}

static bool heard(const char *text)
{
	return slice_contains(buf_slice(&partner.all), slice_of(text));
}

/* Waits for our db:result, which has the right key for the stream id 1. */
static void expect_key(void)
{
	struct dialback_secret secret;
	char key[DIALBACK_KEY_SIZE], element[256];

	dialback_secret_make(&secret, SL("the passphrase of sip.lab"));
	dialback_key(&secret, SL("xmpp.lab"), SL("sip.lab"), SL("1"), key);
	snprintf(element, sizeof element, "<db:result from='sip.lab' to='xmpp.lab'>%s</db:result>",
		key);
	rig_until(&rig, heard(element));
}

static void say(const char *text)
{
	conn_write(partner.conn, slice_of(text));
	rig_turns(&rig, 20);
}

/* Point 76: the key, and no stanza before it is found valid. */
static void dialback_inside_tls(void **state)
{
	static const struct step steps[] = {
		INTO_TLS, {"<stream:stream ", HEADER ONLY_DIALBACK}, {0}};

	settings("Required", "Optional", "true");
	partner.steps = steps;
	side_send(&a, "xmpp.lab", 1, 5000);
	expect_key();
	rig_turns(&rig, 50);
	assert_false(heard("<message"));
	assert_int_equal(a.n_fates, 0);
	say(RESULT("xmpp.lab", "sip.lab", "valid"));
	rig_until(&rig, a.n_fates == 1 && heard("id='m1'"));
	assert_int_equal(side_fate(&a, 1).fate, LINK_WRITTEN);
	assert_int_equal(partner.connections, 1);
}

static void dialback_in_clear(void **state)
{
	static const struct step steps[] = {IN_CLEAR,
		{"</db:result>", RESULT("XMPP.lab", "sip.lab", "valid")}, {"id='m1'", NULL}, {0}};

	settings("NotSupported", "NotSupported", "true");
	expect(steps, LINK_WRITTEN, LINK_R_NONE);
	expect_key();
	rig_until(&rig, !partner.steps->reads);
}

/* A peer of version 0.9 has no features; dialback is what it knows. */
static void dialback_with_an_old_peer(void **state)
{
	static const struct step steps[] = {
		{"<stream:stream ", "<stream:stream xmlns='jabber:server' "
				    "xmlns:stream='http://etherx.jabber.org/streams' "
				    "xmlns:db='jabber:server:dialback' id='1'>"},
		{"</db:result>", RESULT("xmpp.lab", "sip.lab", "valid")}, {"id='m1'", NULL}, {0}};

	settings("Optional", "Optional", "true");
	expect(steps, LINK_WRITTEN, LINK_R_NONE);
	expect_key();
}

/* Points 78, 79, and what comes instead of an answer. */
static void keys_that_are_refused(void **state)
{
	static const struct step invalid[] = {IN_CLEAR,
		{"</db:result>", RESULT("xmpp.lab", "sip.lab", "invalid")},
		{END, END, .close = true}, {0}};
	static const struct step error[] = {
		IN_CLEAR, {"</db:result>", DB_ERROR}, {END, END, .close = true}, {0}};
	static const struct step closed[] = {
		IN_CLEAR, {"</db:result>", DB_ERROR END, .close = true}, {0}};
	static const struct step unsaid[] = {IN_CLEAR, {"</db:result>", END, .close = true}, {0}};
	static const struct step lost[] = {IN_CLEAR, {"</db:result>", NULL, .stop = true}, {0}};
	static const struct step fatal[] = {
		IN_CLEAR, {"</db:result>", ERROR("policy-violation") END, .close = true}, {0}};
	static const struct step odd[] = {
		IN_CLEAR, {"</db:result>", RESULT("xmpp.lab", "sip.lab", "perhaps")}, {0}};
	static const struct {
		const struct step *steps;
		enum link_reason reason;
		const char *condition;
	} cases[] = {
		{invalid, LINK_R_DIALBACK_INVALID, "internal-server-error"},
		{error, LINK_R_DIALBACK_FAILED, "remote-server-timeout"},
		{closed, LINK_R_DIALBACK_FAILED, "remote-server-timeout"},
		{unsaid, LINK_R_DIALBACK_FAILED, "remote-server-timeout"},
		{lost, LINK_R_DIALBACK_FAILED, "remote-server-timeout"},
		{fatal, LINK_R_STREAM_ERROR, "remote-server-timeout"},
		{odd, LINK_R_DIALBACK_FAILED, "remote-server-timeout"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		a.n_fates = 0;
		partner.connections = 0;
		settings("NotSupported", "NotSupported", "true");
		expect(cases[i].steps, LINK_UNSENT, cases[i].reason);
		assert_string_equal(link_reason_condition(cases[i].reason), cases[i].condition);
		rig_pass(&rig, 3000);
		assert_false(heard("<message"));
		if (cases[i].steps == invalid || cases[i].steps == error)
			assert_true(heard(END) && partner.ended); /* nobody else is on it */
		buf_reset(&partner.all);
		partner.ended = false;
		settings("Optional", "NotSupported", "true"); /* a new chance */
	}
}

/* It is the pair's time that ends, and its failure. */
static void a_key_without_an_answer(void **state)
{
	static const struct step steps[] = {IN_CLEAR, {"</db:result>", NULL}, {0}};

	settings("NotSupported", "NotSupported", "true");
	partner.steps = steps;
	side_send(&a, "xmpp.lab", 1, 20000);
	expect_key();
	rig_pass(&rig, 9000);
	assert_int_equal(a.n_fates, 0);
	rig_pass(&rig, 2000);
	rig_until(&rig, a.n_fates == 1);
	assert_int_equal(side_fate(&a, 1).reason, LINK_R_DIALBACK_FAILED);
}

/* Point 77 (XEP-0220 3.1): answers to what was not asked, on this stream, in this direction. */
static void answers_to_other_questions(void **state)
{
	static const struct step steps[] = {
		{"<stream:stream ", HEADER RESULT("xmpp.lab", "sip.lab", "valid") ONLY_DIALBACK},
		{"</db:result>", NULL}, {0}};
	static const char *const others[] = {
		RESULT("sip.lab", "xmpp.lab", "valid"),
		RESULT("xmpp.lab", "other.lab", "valid"),
		RESULT("other.lab", "sip.lab", "valid"),
		RESULT("xmpp.lab", "sip.lab/x", "valid"),
		RESULT("", "", "valid"),
		"<db:result type='valid'/>",
		"<db:result from='xmpp.lab' to='sip.lab'>key</db:result>",
		"<db:verify from='xmpp.lab' to='sip.lab' id='1' type='valid'/>",
	};

	settings("NotSupported", "NotSupported", "true");
	partner.steps = steps;
	side_send(&a, "xmpp.lab", 1, 5000);
	expect_key();
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		say(others[i]);
	assert_false(heard("<message"));
	assert_int_equal(a.n_fates, 0);
	say(RESULT("xmpp.lab", "sip.lab", "valid") RESULT("xmpp.lab", "sip.lab", "invalid"));
	rig_until(&rig, a.n_fates == 1 && heard("id='m1'"));
	side_send(&a, "xmpp.lab", 2, 5000); /* the second answer was to no question any more */
	rig_until(&rig, a.n_fates == 2 && heard("id='m2'"));
	assert_int_equal(partner.connections, 1);
}

#define EXTERNAL_AND_DIALBACK                                                                      \
	"<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"                   \
	"<mechanism>EXTERNAL</mechanism></mechanisms>" DIALBACK "</stream:features>"
#define FAILURE "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>"

/* COMPAT: ejabberd 23.01 offers EXTERNAL and refuses it for what the certificate is for. */
static void external_refused_then_dialback(void **state)
{
	static const struct step steps[] = {INTO_TLS,
		{"<stream:stream ", HEADER EXTERNAL_AND_DIALBACK}, {"</auth>", FAILURE},
		{"</db:result>", RESULT("xmpp.lab", "sip.lab", "valid")}, {"id='m1'", NULL}, {0}};

	settings("Required", "Optional", "true");
	expect(steps, LINK_WRITTEN, LINK_R_NONE);
	expect_key();
}

/* ... and not where the policy says no. */
static void external_refused_and_no_dialback(void **state)
{
	static const struct step steps[] = {INTO_TLS,
		{"<stream:stream ", HEADER EXTERNAL_AND_DIALBACK}, {"</auth>", FAILURE}, {0}};

	settings("Required", "Required", "false");
	expect(steps, LINK_UNSENT, LINK_R_AUTH_FAILED);
	assert_false(heard("<db:"));
}

/* TLS Required: a key is never shown in clear. */
static void no_key_in_clear(void **state)
{
	static const struct step steps[] = {IN_CLEAR,
		{"<starttls ", "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>" END}, {0}};

	settings("Required", "Optional", "true");
	expect(steps, LINK_UNSENT, LINK_R_TLS_FAILED);
	assert_false(heard("<db:"));
}

/* ---- never weaker after a security failure ---- */

static void fails_insecurely(const struct step *steps, enum link_reason reason)
{
	static const struct step stripped[] = {IN_CLEAR,
		{"<starttls ", "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>" END,
			.close = true},
		{0}};
	static const struct step clear[] = {IN_CLEAR,
		{"</db:result>", RESULT("xmpp.lab", "sip.lab", "valid")}, {"id='m3'", NULL}, {0}};

	a.n_fates = 0;
	partner.connections = 0;
	settings("Optional", "Optional", "true");
	expect(steps, LINK_UNSENT, reason);
	/* The next time TLS is not even offered: it is insisted on. */
	rig_pass(&rig, 3000);
	partner.steps = stripped;
	side_send(&a, "xmpp.lab", 2, 5000);
	rig_until(&rig, a.n_fates == 2);
	assert_int_equal(side_fate(&a, 2).reason, LINK_R_TLS_FAILED);
	assert_false(heard("<db:"));
	/* Somebody has looked at it. */
	settings("NotSupported", "NotSupported", "true");
	settings("Optional", "Optional", "true");
	partner.steps = clear;
	side_send(&a, "xmpp.lab", 3, 5000);
	rig_until(&rig, a.n_fates == 3 && heard("id='m3'"));
	buf_reset(&partner.all);
}

static void nothing_in_clear_after_tls_was_refused(void **state)
{
	static const struct step steps[] = {
		{"<stream:stream ",
			HEADER "<stream:features>" STARTTLS DIALBACK "</stream:features>"},
		{"<starttls ", "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>" END,
			.close = true},
		{0}};

	fails_insecurely(steps, LINK_R_TLS_FAILED);
}

static void nothing_in_clear_after_a_broken_handshake(void **state)
{
	static const struct step steps[] = {
		{"<stream:stream ",
			HEADER "<stream:features>" STARTTLS DIALBACK "</stream:features>"},
		{"<starttls ", PROCEED}, {"\x16\x03", NULL, .stop = true}, {0}};

	fails_insecurely(steps, LINK_R_TLS_FAILED);
}

static void nothing_in_clear_after_tls_refused_our_certificate(void **state)
{
	static const struct step steps[] = {INTO_TLS, {0}};
	struct pki *another = pki_new();

	SSL_CTX_set_verify(partner.ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_cert_verify_callback(partner.ctx, NULL, NULL); /* the library's own again */
	SSL_CTX_set1_cert_store(partner.ctx, pki_store(another));
	fails_insecurely(steps, LINK_R_TLS_FAILED);
	pki_free(another);
}

static void nothing_in_clear_after_the_answer_was_cut_off(void **state)
{
	static const struct step steps[] = {
		{"<stream:stream ",
			HEADER "<stream:features>" STARTTLS DIALBACK "</stream:features>"},
		{"<starttls ", NULL, .stop = true}, {0}};

	partner.steps = steps;
	settings("Optional", "Optional", "true");
	side_send(&a, "xmpp.lab", 1, 300);
	rig_until(&rig, a.n_fates == 1);
	rig_pass(&rig, 3000);
	partner.steps = (const struct step[]){IN_CLEAR, {"<starttls ", NULL}, {0}};
	side_send(&a, "xmpp.lab", 2, 5000);
	rig_until(&rig, heard("<starttls ") && partner.connections == 2);
	rig_turns(&rig, 50);
	assert_false(heard("<db:"));
}

/* A domain of ours goes: what is known of the partner's server holds for the others. */
static void the_floor_outlives_a_domain_of_ours(void **state)
{
	static const struct step broken[] = {
		{"<stream:stream ",
			HEADER "<stream:features>" STARTTLS DIALBACK "</stream:features>"},
		{"<starttls ", PROCEED}, {"\x16\x03", NULL, .stop = true}, {0}};
	struct netaddr at = listener_address(partner.listener);
	struct side_partner p = {.domain = "xmpp.lab",
		.port = netaddr_port(&at),
		.tls = "Optional",
		.sasl = "Optional",
		.dialback = "true",
		.second_local = "two.lab"};

	side_settings(&a, &p);
	partner.steps = broken;
	side_send_from(&a, "two.lab", "xmpp.lab", 1, 5000);
	rig_until(&rig, a.n_fates == 1);
	assert_int_equal(side_fate(&a, 1).reason, LINK_R_TLS_FAILED);
	p.second_local = NULL;
	side_settings(&a, &p);
	partner.steps = (const struct step[]){IN_CLEAR, {"<starttls ", NULL}, {0}};
	buf_reset(&partner.all);
	side_send(&a, "xmpp.lab", 2, 5000);
	rig_until(&rig, heard("<starttls ") || heard("<db:"));
	assert_false(heard("<db:"));
}

/* A success over TLS ends it: the peer may be without TLS again. */
static void a_success_lifts_the_floor(void **state)
{
	static const struct step broken[] = {
		{"<stream:stream ",
			HEADER "<stream:features>" STARTTLS DIALBACK "</stream:features>"},
		{"<starttls ", PROCEED}, {"\x16\x03", NULL, .stop = true}, {0}};
	static const struct step good[] = {INTO_TLS, {"<stream:stream ", HEADER ONLY_DIALBACK},
		{"</db:result>", RESULT("xmpp.lab", "sip.lab", "valid")},
		{"id='m2'", END, .close = true}, {0}};
	static const struct step clear[] = {IN_CLEAR,
		{"</db:result>", RESULT("xmpp.lab", "sip.lab", "valid")}, {"id='m3'", NULL}, {0}};

	settings("Optional", "Optional", "true");
	expect(broken, LINK_UNSENT, LINK_R_TLS_FAILED);
	rig_pass(&rig, 3000);
	partner.steps = good;
	side_send(&a, "xmpp.lab", 2, 5000);
	rig_until(&rig, a.n_fates == 2 && !partner.steps->reads);
	rig_pass(&rig, 9000);
	partner.steps = clear;
	side_send(&a, "xmpp.lab", 3, 5000);
	rig_until(&rig, a.n_fates == 3 && heard("id='m3'"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_usual),
		T(tls_is_asked_for_unoffered),
		T(tls_refused),
		T(clear_text_after_proceed),
		T(our_certificate_refused_by_tls),
		T(connection_dropped_in_the_handshake),
		T(no_external),
		T(sasl_refused),
		T(stream_errors_before_authentication),
		T(a_partner_that_is_just_restarting),
		T(not_xml_at_all),
		T(stanza_on_our_stream),
		T(orderly_end_by_the_partner),
		T(dialback_inside_tls),
		T(dialback_in_clear),
		T(dialback_with_an_old_peer),
		T(keys_that_are_refused),
		T(a_key_without_an_answer),
		T(answers_to_other_questions),
		T(external_refused_then_dialback),
		T(external_refused_and_no_dialback),
		T(no_key_in_clear),
		T(nothing_in_clear_after_tls_was_refused),
		T(nothing_in_clear_after_a_broken_handshake),
		T(nothing_in_clear_after_tls_refused_our_certificate),
		T(nothing_in_clear_after_the_answer_was_cut_off),
		T(the_floor_outlives_a_domain_of_ours),
		T(a_success_lifts_the_floor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
