#include "unit.h"

#include <stdlib.h>

#include "base/mem.h"
#include "script.h"

/*
 * Every state of the engine and everything that may arrive in it. The cells are written from the
 * specification, not from the engine's table:
 *	-                    passed over
 *	an event's name      that event
 *	<name>               we say that element
 *	a stream condition   we close with that error
 *	closing REASON       the stream ends for that reason
 * several of them joined by a blank.
 */
#define FROM_TO    " from='a@xmpp.lab' to='b@sip.lab'"
#define STANZA_ERR "urn:ietf:params:xml:ns:xmpp-stanzas"

enum input {
	FEATURES,
	ERR,
	TLS_ASK,
	TLS_GO,
	TLS_NO,
	AUTH,
	RESPONSE,
	ABORT,
	CHALLENGE,
	OK,
	NO,
	DB_RESULT,
	DB_VERIFY,
	STANZA,
	CLIENT,
	OTHER,
	NO_STANZA,
	END,
	COMMENT,
	TEXT,
	SPACE,
	EOF_NOW,
	INPUT__N
};

static const char *const input[INPUT__N] = {
	[FEATURES] = "<stream:features/>",
	[ERR] = ERROR("reset"),
	[TLS_ASK] = STARTTLS,
	[TLS_GO] = PROCEED,
	[TLS_NO] = TLS_FAILURE,
	[AUTH] = AUTH_THEIRS,
	[RESPONSE] = "<response xmlns='" SASL_NS "'>=</response>",
	[ABORT] = "<abort xmlns='" SASL_NS "'/>",
	[CHALLENGE] = "<challenge xmlns='" SASL_NS "'/>",
	[OK] = SUCCESS,
	[NO] = SASL_FAIL("not-authorized"),
	[DB_RESULT] = "<db:result" FROM_TO ">k</db:result>",
	[DB_VERIFY] = "<db:verify id='i'" FROM_TO ">k</db:verify>",
	[STANZA] = "<message" FROM_TO "/>",
	[CLIENT] = "<message xmlns='jabber:client'" FROM_TO "/>",
	[OTHER] = "<other xmlns='urn:other'/>",
	[NO_STANZA] = "<other/>",
	[END] = BYE,
	[COMMENT] = "<!-- -->",
	[TEXT] = "text",
	[SPACE] = " \n",
	[EOF_NOW] = NULL,
};

#define U    "unsupported-stanza-type"
#define N    "not-authorized"
#define LOST "closing lost"
#define PEER "</stream:stream> closing peer"
#define ERRD "</stream:stream> closing peer-error"
#define REST [COMMENT] = "restricted-xml", [TEXT] = "bad-format", [SPACE] = "-"
#define DB   [DB_RESULT] = "db-result", [DB_VERIFY] = "db-verify"
#define NODB [DB_RESULT] = U, [DB_VERIFY] = U

/* clang-format off */
static const struct row {
	struct script way; /* to the state */
	const char *state; /* its name */
	const char *cell[INPUT__N];
} rows[] = {
	/* ---- recipient ---- */
	{{"in clear, TLS optional", XSTREAM_RECIPIENT, ANYTHING,
		 {{IN THEIR_HEAD}, {EV "header xmpp.lab sip.lab de 1.0"}, {DO "accept none"},
			 {OUT OUR_ANSWER(0) "<stream:features>" STARTTLS
					    "<dialback xmlns='urn:xmpp:features:dialback'><errors/>"
					    "</dialback></stream:features>"}}},
		"offered",
		{[FEATURES] = U, [ERR] = ERRD, [TLS_ASK] = "<proceed> need-tls", [TLS_GO] = U,
			[TLS_NO] = U, [AUTH] = "<failure> auth-failed", [RESPONSE] = "<failure> auth-failed",
			[ABORT] = "<failure> auth-failed", [CHALLENGE] = U, [OK] = U, [NO] = U, DB,
			[STANZA] = N, [CLIENT] = "invalid-namespace", [OTHER] = "-", [NO_STANZA] = "-",
			[END] = PEER, REST, [EOF_NOW] = LOST}},
	{{"in clear, TLS required", XSTREAM_RECIPIENT, EXTERNAL_ONLY,
		 {{IN THEIR_HEAD}, {EV "header xmpp.lab sip.lab de 1.0"}, {DO "accept none"},
			 {OUT OUR_ANSWER(0) STARTTLS_REQUIRED}}},
		"offered",
		{[FEATURES] = U, [ERR] = ERRD, [TLS_ASK] = "<proceed> need-tls", [TLS_GO] = U,
			[TLS_NO] = U, [AUTH] = "<failure> auth-failed", [RESPONSE] = "<failure> auth-failed",
			[ABORT] = "<failure> auth-failed", [CHALLENGE] = U, [OK] = U, [NO] = U, DB,
			[STANZA] = N, [CLIENT] = "invalid-namespace", [OTHER] = "-", [NO_STANZA] = "-",
			[END] = PEER, REST, [EOF_NOW] = LOST}},
	{{"in TLS", XSTREAM_RECIPIENT, EXTERNAL_ONLY, {INBOUND_TO_AUTH}}, "offered",
		{[FEATURES] = U, [ERR] = ERRD, [TLS_ASK] = "<failure> closing tls-refused", [TLS_GO] = U,
			[TLS_NO] = U, [AUTH] = "<success>", [RESPONSE] = "<failure> auth-failed",
			[ABORT] = "<failure> auth-failed", [CHALLENGE] = U, [OK] = U, [NO] = U, DB,
			[STANZA] = N, [CLIENT] = "invalid-namespace", [OTHER] = "-", [NO_STANZA] = "-",
			[END] = PEER, REST, [EOF_NOW] = LOST}},
	{{"challenged", XSTREAM_RECIPIENT, EXTERNAL_ONLY,
		 {INBOUND_TO_AUTH, {IN "<auth xmlns='" SASL_NS "' mechanism='EXTERNAL'/>"},
			 {OUT "<challenge xmlns='" SASL_NS "'/>"}}},
		"challenged",
		{[FEATURES] = U, [ERR] = ERRD, [TLS_ASK] = "<failure> closing tls-refused", [TLS_GO] = U,
			[TLS_NO] = U, [AUTH] = "<success>", [RESPONSE] = "<success>",
			[ABORT] = "<failure> auth-failed", [CHALLENGE] = U, [OK] = U, [NO] = U, DB,
			[STANZA] = N, [CLIENT] = "invalid-namespace", [OTHER] = "-", [NO_STANZA] = "-",
			[END] = PEER, REST, [EOF_NOW] = LOST}},
	{{"authenticated", XSTREAM_RECIPIENT, EXTERNAL_ONLY, {INBOUND_OPEN}}, "open",
		{[FEATURES] = U, [ERR] = ERRD, [TLS_ASK] = U, [TLS_GO] = U, [TLS_NO] = U, [AUTH] = U,
			[RESPONSE] = U, [ABORT] = U, [CHALLENGE] = U, [OK] = U, [NO] = U, DB,
			[STANZA] = "stanza", [CLIENT] = "invalid-namespace", [OTHER] = U, [NO_STANZA] = U,
			[END] = PEER, REST, [EOF_NOW] = LOST}},
	{{"version 0.9, which has dialback only", XSTREAM_RECIPIENT, ANYTHING,
		 {{IN "<stream:stream" NSES " from='xmpp.lab' to='sip.lab'>"},
			 {EV "header xmpp.lab sip.lab - 0.9"}, {DO "accept none"},
			 {OUT DECL "<stream:stream" NSES
				   " from='sip.lab' to='xmpp.lab' id='$0' xml:lang='en'>"}}},
		"offered",
		{[FEATURES] = U, [ERR] = ERRD, [TLS_ASK] = "<failure> closing tls-refused", [TLS_GO] = U,
			[TLS_NO] = U, [AUTH] = "<failure> auth-failed", [RESPONSE] = "<failure> auth-failed",
			[ABORT] = "<failure> auth-failed", [CHALLENGE] = U, [OK] = U, [NO] = U, DB,
			[STANZA] = N, [CLIENT] = "invalid-namespace", [OTHER] = "-", [NO_STANZA] = "-",
			[END] = PEER, REST, [EOF_NOW] = LOST}},
	{{"authenticated by dialback in clear", XSTREAM_RECIPIENT, CLEAR_DIALBACK,
		 {{IN THEIR_HEAD}, {EV "header xmpp.lab sip.lab de 1.0"}, {DO "accept none"},
			 {OUT OUR_ANSWER(0) OFFER_DIALBACK}, {DO "valid xmpp.lab sip.lab"},
			 {EV "authenticated xmpp.lab sip.lab dialback"}}},
		"open",
		{[FEATURES] = U, [ERR] = ERRD, [TLS_ASK] = U, [TLS_GO] = U, [TLS_NO] = U, [AUTH] = U,
			[RESPONSE] = U, [ABORT] = U, [CHALLENGE] = U, [OK] = U, [NO] = U, DB,
			[STANZA] = "stanza", [CLIENT] = "invalid-namespace", [OTHER] = U, [NO_STANZA] = U,
			[END] = PEER, REST, [EOF_NOW] = LOST}},
	{{"authenticated by dialback while it was asked who it is", XSTREAM_RECIPIENT,
		 EXTERNAL_OR_DIALBACK,
		 {INBOUND_TO_TLS, {DO "accept good"},
			 {OUT OUR_ANSWER(1) "<stream:features><mechanisms xmlns='" SASL_NS "'>"
					    "<mechanism>EXTERNAL</mechanism></mechanisms>"
					    "<dialback xmlns='urn:xmpp:features:dialback'><errors/>"
					    "</dialback></stream:features>"},
			 {IN "<auth xmlns='" SASL_NS "' mechanism='EXTERNAL'/>"},
			 {OUT "<challenge xmlns='" SASL_NS "'/>"}, {DO "valid xmpp.lab sip.lab"},
			 {EV "authenticated xmpp.lab sip.lab dialback"}}},
		"open",
		{[FEATURES] = U, [ERR] = ERRD, [TLS_ASK] = U, [TLS_GO] = U, [TLS_NO] = U, [AUTH] = U,
			[RESPONSE] = U, [ABORT] = U, [CHALLENGE] = U, [OK] = U, [NO] = U, DB,
			[STANZA] = "stanza", [CLIENT] = "invalid-namespace", [OTHER] = U, [NO_STANZA] = U,
			[END] = PEER, REST, [EOF_NOW] = LOST}},
	{{"closing after authentication", XSTREAM_RECIPIENT, EXTERNAL_ONLY,
		 {INBOUND_OPEN, {DO "close"}, {OUT BYE}, {EV "closing local"}}},
		"closing",
		{[FEATURES] = "-", [ERR] = "-", [TLS_ASK] = "-", [TLS_GO] = "-", [TLS_NO] = "-",
			[AUTH] = "-", [RESPONSE] = "-", [ABORT] = "-", [CHALLENGE] = "-", [OK] = "-",
			[NO] = "-", [DB_RESULT] = "-", [DB_VERIFY] = "-", [STANZA] = "stanza",
			[CLIENT] = "-", [OTHER] = "-", [NO_STANZA] = "-", [END] = "closed",
			[COMMENT] = "closed", [TEXT] = "closed", [SPACE] = "-", [EOF_NOW] = "closed"}},
	{{"closing before authentication", XSTREAM_RECIPIENT, EXTERNAL_ONLY,
		 {INBOUND_TO_AUTH, {DO "close"}, {OUT BYE}, {EV "closing local"}}},
		"closing",
		{[FEATURES] = "-", [ERR] = "-", [TLS_ASK] = "-", [TLS_GO] = "-", [TLS_NO] = "-",
			[AUTH] = "-", [RESPONSE] = "-", [ABORT] = "-", [CHALLENGE] = "-", [OK] = "-",
			[NO] = "-", [DB_RESULT] = "-", [DB_VERIFY] = "-", [STANZA] = "-", [CLIENT] = "-",
			[OTHER] = "-", [NO_STANZA] = "-", [END] = "closed", [COMMENT] = "closed",
			[TEXT] = "closed", [SPACE] = "-", [EOF_NOW] = "closed"}},

	/* ---- initiator ---- */
	{{"features awaited in clear", XSTREAM_INITIATOR, EXTERNAL_ONLY,
		 {{OUT OUR_HEAD}, {IN THEIR_ANSWER}}},
		"features",
		{[FEATURES] = "<starttls>", [ERR] = ERRD, [TLS_ASK] = U, [TLS_GO] = U, [TLS_NO] = U,
			[AUTH] = U, [RESPONSE] = U, [ABORT] = U, [CHALLENGE] = U, [OK] = U, [NO] = U, DB,
			[STANZA] = N, [CLIENT] = "invalid-namespace", [OTHER] = "-", [NO_STANZA] = "-",
			[END] = PEER, REST, [EOF_NOW] = LOST}},
	{{"asked for TLS", XSTREAM_INITIATOR, EXTERNAL_ONLY,
		 {{OUT OUR_HEAD}, {IN THEIR_ANSWER STARTTLS_REQUIRED}, {OUT STARTTLS}}},
		"starttls",
		{[FEATURES] = U, [ERR] = ERRD, [TLS_ASK] = U, [TLS_GO] = "need-tls",
			[TLS_NO] = "</stream:stream> closing tls-refused", [AUTH] = U, [RESPONSE] = U,
			[ABORT] = U, [CHALLENGE] = U, [OK] = U, [NO] = U, NODB, [STANZA] = N,
			[CLIENT] = "invalid-namespace", [OTHER] = "-", [NO_STANZA] = "-", [END] = PEER,
			REST, [EOF_NOW] = LOST}},
	{{"features awaited in TLS", XSTREAM_INITIATOR, EXTERNAL_OR_DIALBACK, {OUTBOUND_TO_FEATURES}},
		"features",
		{[FEATURES] = "need-dialback", [ERR] = ERRD, [TLS_ASK] = U, [TLS_GO] = U, [TLS_NO] = U,
			[AUTH] = U, [RESPONSE] = U, [ABORT] = U, [CHALLENGE] = U, [OK] = U, [NO] = U, DB,
			[STANZA] = N, [CLIENT] = "invalid-namespace", [OTHER] = "-", [NO_STANZA] = "-",
			[END] = PEER, REST, [EOF_NOW] = LOST}},
	{{"asked for EXTERNAL", XSTREAM_INITIATOR, EXTERNAL_ONLY, {OUTBOUND_TO_AUTH}}, "auth",
		{[FEATURES] = U, [ERR] = ERRD, [TLS_ASK] = U, [TLS_GO] = U, [TLS_NO] = U, [AUTH] = U,
			[RESPONSE] = U, [ABORT] = U, [CHALLENGE] = "<response>", [OK] = "<stream:stream>",
			[NO] = "</stream:stream> auth-failed closing sasl", DB, [STANZA] = N,
			[CLIENT] = "invalid-namespace", [OTHER] = "-", [NO_STANZA] = "-", [END] = PEER,
			REST, [EOF_NOW] = LOST}},
	{{"features awaited after SASL", XSTREAM_INITIATOR, EXTERNAL_ONLY,
		 {OUTBOUND_TO_AUTH, {IN SUCCESS}, {OUT OUR_HEAD}, {IN THEIR_ANSWER}}},
		"features",
		{[FEATURES] = "authenticated", [ERR] = ERRD, [TLS_ASK] = U, [TLS_GO] = U, [TLS_NO] = U,
			[AUTH] = U, [RESPONSE] = U, [ABORT] = U, [CHALLENGE] = U, [OK] = U, [NO] = U, DB,
			[STANZA] = N, [CLIENT] = "invalid-namespace", [OTHER] = "-", [NO_STANZA] = "-",
			[END] = PEER, REST, [EOF_NOW] = LOST}},
	{{"only dialback is left", XSTREAM_INITIATOR, EXTERNAL_OR_DIALBACK,
		 {OUTBOUND_TO_FEATURES, {IN OFFER_DIALBACK}, {EV "need-dialback"}}},
		"dialback",
		{[FEATURES] = U, [ERR] = ERRD, [TLS_ASK] = U, [TLS_GO] = U, [TLS_NO] = U, [AUTH] = U,
			[RESPONSE] = U, [ABORT] = U, [CHALLENGE] = U, [OK] = U, [NO] = U, DB,
			[STANZA] = N, [CLIENT] = "invalid-namespace", [OTHER] = "-", [NO_STANZA] = "-",
			[END] = PEER, REST, [EOF_NOW] = LOST}},
	{{"authenticated", XSTREAM_INITIATOR, EXTERNAL_ONLY, {OUTBOUND_OPEN}}, "open",
		{[FEATURES] = "-", [ERR] = ERRD, [TLS_ASK] = U, [TLS_GO] = U, [TLS_NO] = U, [AUTH] = U,
			[RESPONSE] = U, [ABORT] = U, [CHALLENGE] = U, [OK] = U, [NO] = U, DB,
			[STANZA] = N, [CLIENT] = "invalid-namespace", [OTHER] = U, [NO_STANZA] = U,
			[END] = PEER, REST, [EOF_NOW] = LOST}},
	{{"EXTERNAL refused, then dialback", XSTREAM_INITIATOR, EXTERNAL_OR_DIALBACK,
		 {OUTBOUND_TO_AUTH, {IN SASL_FAIL("not-authorized")},
			 {EV "auth-failed not-authorized"}, {EV "need-dialback"},
			 {DO "valid xmpp.lab sip.lab"}, {EV "authenticated sip.lab xmpp.lab dialback"}}},
		"open",
		{[FEATURES] = "-", [ERR] = ERRD, [TLS_ASK] = U, [TLS_GO] = U, [TLS_NO] = U, [AUTH] = U,
			[RESPONSE] = U, [ABORT] = U, [CHALLENGE] = U, [OK] = U, [NO] = U, DB,
			[STANZA] = N, [CLIENT] = "invalid-namespace", [OTHER] = U, [NO_STANZA] = U,
			[END] = PEER, REST, [EOF_NOW] = LOST}},
	{{"closing", XSTREAM_INITIATOR, EXTERNAL_ONLY,
		 {OUTBOUND_OPEN, {DO "close"}, {OUT BYE}, {EV "closing local"}}},
		"closing",
		{[FEATURES] = "-", [ERR] = "-", [TLS_ASK] = "-", [TLS_GO] = "-", [TLS_NO] = "-",
			[AUTH] = "-", [RESPONSE] = "-", [ABORT] = "-", [CHALLENGE] = "-", [OK] = "-",
			[NO] = "-", [DB_RESULT] = "-", [DB_VERIFY] = "-", [STANZA] = "-", [CLIENT] = "-",
			[OTHER] = "-", [NO_STANZA] = "-", [END] = "closed", [COMMENT] = "closed",
			[TEXT] = "closed", [SPACE] = "-", [EOF_NOW] = "closed"}},
};
/* clang-format on */

/* "<name>" of the first tag; nothing when it is an error, which the event says better. */
static void print_said(struct buf *out, struct slice said)
{
	size_t n = 0;

	if (!said.n || slice_contains(said, SL("<stream:error>")))
		return;
	if (slice_starts(said, SL("<?xml")))
		said = slice_from(said, slice_find(said, '>') + 1);
	while (n < said.n && !strchr(" >", said.p[n]) && !(n > 1 && said.p[n] == '/'))
		n++;
	buf_printf(out, "%.*s> ", SLARG(slice_cut(said, n)));
}

static void print_short(struct buf *out, struct xstream_event *ev)
{
	struct buf line = {0};
	struct slice words, word;

	event_print(&line, ev);
	words = buf_slice(&line);
	if (ev->type == XSTREAM_CLOSING && ev->reason == XSTREAM_R_LOCAL_ERROR) {
		buf_str(out, stream_cond_name(ev->cond));
	} else if (ev->type == XSTREAM_CLOSING) {
		buf_printf(out, "closing %s", xstream_reason_name(ev->reason));
	} else {
		slice_split(&words, ' ', &word);
		buf_slice_add(out, word);
	}
	buf_chr(out, ' ');
	buf_done(&line);
}

/* CLOSED goes without saying where CLOSING was told. */
static void print_events(struct buf *out, struct xstream *x)
{
	struct xstream_event ev;
	bool closing = false;

	while (xstream_event(x, &ev)) {
		if (ev.type != XSTREAM_CLOSED || !closing)
			print_short(out, &ev);
		closing = closing || ev.type == XSTREAM_CLOSING;
	}
}

static void check_cell(const struct row *row, size_t i)
{
	struct xstream *x = script_play(&row->way);
	struct buf events = {0}, got = {0};

	assert_string_equal(xstream_state_name(x), row->state);
	if (input[i])
		xstream_feed(x, slice_of(input[i]), 1000);
	else
		xstream_eof(x, 1000);
	print_events(&events, x);
	print_said(&got, xstream_output(x));
	buf_slice_add(&got, buf_slice(&events));
	if (!got.n)
		buf_str(&got, "- ");
	got.n--;
	buf_chr(&got, '\0');
	if (strcmp(got.p + got.off, row->cell[i]) != 0)
		fail_msg("%s, %s: %s, wanted %s", row->way.name,
			input[i] ? input[i] : "end of the connection", got.p + got.off,
			row->cell[i]);
	buf_done(&events);
	buf_done(&got);
	xstream_free(x);
}

static void every_state_and_every_input(void **state)
{
	for (size_t r = 0; r < ARRAY_LEN(rows); r++)
		for (size_t i = 0; i < INPUT__N; i++) {
			assert_non_null(rows[r].cell[i]);
			check_cell(&rows[r], i);
		}
	(void)state;
}

/* Where the peer's header is awaited, any of these is the root of a document. */
/* clang-format off */
static const struct {
	struct script way;
} openings[] = {
	{{"recipient, first", XSTREAM_RECIPIENT, EXTERNAL_ONLY, {{OP_END, NULL}}}},
	{{"recipient, in TLS", XSTREAM_RECIPIENT, EXTERNAL_ONLY,
		{{IN THEIR_HEAD}, {EV "header xmpp.lab sip.lab de 1.0"}, {DO "accept none"},
			{OUT OUR_ANSWER(0) STARTTLS_REQUIRED}, {IN STARTTLS}, {EV "need-tls"},
			{OUT PROCEED}, {DO "tls none"}}}},
	{{"recipient, after SASL", XSTREAM_RECIPIENT, EXTERNAL_ONLY,
		{INBOUND_TO_AUTH, {IN AUTH_THEIRS}, {OUT SUCCESS}}}},
	{{"initiator, first", XSTREAM_INITIATOR, EXTERNAL_ONLY, {{OUT OUR_HEAD}}}},
	{{"initiator, in TLS", XSTREAM_INITIATOR, EXTERNAL_ONLY,
		{OUTBOUND_TO_TLS, {DO "tls good"}, {OUT OUR_HEAD}}}},
	{{"initiator, after SASL", XSTREAM_INITIATOR, EXTERNAL_ONLY,
		{OUTBOUND_TO_AUTH, {IN SUCCESS}, {OUT OUR_HEAD}}}},
};
/* clang-format on */

/* clang-format off */
static const struct {
	const char *text;
	enum stream_cond cond;
} roots[] = {
	{STARTTLS, STREAM_INVALID_NAMESPACE},
	{AUTH_THEIRS, STREAM_INVALID_NAMESPACE},
	{SUCCESS, STREAM_INVALID_NAMESPACE},
	{"<message" FROM_TO "/>", STREAM_INVALID_NAMESPACE},
	{"<f:features xmlns:f='http://etherx.jabber.org/streams'/>", STREAM_BAD_FORMAT},
	{"<stream:features/>", STREAM_NOT_WELL_FORMED},
	{"</stream:stream>", STREAM_NOT_WELL_FORMED},
	{"text ", STREAM_NOT_WELL_FORMED},
	{"<!-- -->", STREAM_RESTRICTED_XML},
	{"<!DOCTYPE x>", STREAM_RESTRICTED_XML},
};
/* clang-format on */

static void no_header_where_one_is_due(void **state)
{
	for (size_t o = 0; o < ARRAY_LEN(openings); o++)
		for (size_t i = 0; i < ARRAY_LEN(roots); i++) {
			struct xstream *x = script_play(&openings[o].way);
			struct xstream_event ev;

			assert_string_equal(xstream_state_name(x), "opening");
			xstream_feed(x, slice_of(roots[i].text), 1000);
			assert_true(xstream_event(x, &ev));
			assert_int_equal(ev.type, XSTREAM_CLOSING);
			assert_int_equal(ev.cond, roots[i].cond);
			assert_true(slice_contains(xstream_output(x), SL("<stream:error>")));
			/* Its own header stands before it, now or before. */
			if (openings[o].way.role == XSTREAM_RECIPIENT)
				assert_true(
					slice_starts(xstream_output(x), SL(DECL "<stream:stream")));
			xstream_free(x);
		}
	(void)state;
}

/* While the driver is asked nothing is read, however much comes. */
static void standing_still(void **state)
{
	/* clang-format off */
	static const struct script asking = {"asking", XSTREAM_RECIPIENT, EXTERNAL_ONLY,
		{{IN THEIR_HEAD "<message" FROM_TO "/>"}, {EV "header xmpp.lab sip.lab de 1.0"}}};
	static const struct script tls = {"in the handshake", XSTREAM_INITIATOR, EXTERNAL_ONLY,
		{OUTBOUND_TO_TLS}};
	/* clang-format on */
	struct xstream *a = script_play(&asking), *t = script_play(&tls);
	struct xstream_event ev;

	assert_string_equal(xstream_state_name(a), "asking");
	assert_string_equal(xstream_state_name(t), "tls");
	xstream_feed(a, SL("<<<"), 1000);
	xstream_feed(t, SL("<<<"), 1000);
	assert_false(xstream_event(a, &ev));
	assert_false(xstream_event(t, &ev));
	/* Clear bytes during the handshake are nothing (5.4.3.3). */
	xstream_tls_done(t, XCERT_GOOD);
	assert_false(xstream_event(t, &ev));
	xstream_accept(a, &(struct xstream_policy)EXTERNAL_ONLY, XCERT_NONE);
	assert_true(xstream_event(a, &ev));
	assert_int_equal(ev.cond, STREAM_NOT_AUTHORIZED);
	xstream_free(a);
	xstream_free(t);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_and_every_input),
		cmocka_unit_test(no_header_where_one_is_due),
		cmocka_unit_test(standing_still),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
