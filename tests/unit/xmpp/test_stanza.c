#include "unit.h"

#include <stdlib.h>

#include "base/mem.h"
#include "script.h"
#include "xmpp/header.h"
#include "xmpp/pairs.h"

static struct xml_elem *read_elem(const char *text, struct arena *ret)
{
	static const struct xml_limits lim;
	struct xml_reader *r = xml_reader_new(&lim);
	struct xml_event ev;

	xml_reader_feed(r, SL(THEIR_HEAD));
	xml_reader_feed(r, slice_of(text));
	assert_true(xml_reader_next(r, &ev) && xml_reader_next(r, &ev));
	assert_int_equal(ev.type, XML_EVENT_ELEMENT);
	xml_reader_free(r);
	*ret = ev.arena;
	return ev.elem;
}

/* ---- conditions: names and types from RFC 6120 8.3.3 ---- */

/* clang-format off */
static const struct {
	const char *name, *type;
} stanza_conditions[] = {
	{"bad-request", "modify"}, {"conflict", "cancel"}, {"feature-not-implemented", "cancel"},
	{"forbidden", "auth"}, {"gone", "cancel"}, {"internal-server-error", "cancel"},
	{"item-not-found", "cancel"}, {"jid-malformed", "modify"}, {"not-acceptable", "modify"},
	{"not-allowed", "cancel"}, {"not-authorized", "auth"}, {"policy-violation", "modify"},
	{"recipient-unavailable", "wait"}, {"redirect", "modify"}, {"registration-required", "auth"},
	{"remote-connection-failed", "cancel"}, /* XEP-0220 2.5 */
	{"remote-server-not-found", "cancel"}, {"remote-server-timeout", "wait"},
	{"resource-constraint", "wait"}, {"service-unavailable", "cancel"},
	{"subscription-required", "auth"}, {"undefined-condition", "cancel"},
	{"unexpected-request", "wait"},
};
/* clang-format on */

static void stanza_conditions_and_their_types(void **state)
{
	assert_int_equal(ARRAY_LEN(stanza_conditions), 22 + 1);
	assert_int_equal(STANZA_COND__N, 1 + 22 + 1);
	for (size_t i = 0; i < ARRAY_LEN(stanza_conditions); i++) {
		enum stanza_cond c = stanza_cond_parse(slice_of(stanza_conditions[i].name));
		enum stanza_error_type t;

		assert_string_equal(stanza_cond_name(c), stanza_conditions[i].name);
		assert_string_equal(
			stanza_error_type_name(stanza_cond_type(c)), stanza_conditions[i].type);
		assert_true(stanza_error_type_parse(slice_of(stanza_conditions[i].type), &t));
		assert_int_equal(t, stanza_cond_type(c));
	}
	assert_int_equal(stanza_cond_parse(SL("tea-time")), STANZA_UNDEFINED_CONDITION);
	assert_int_equal(stanza_cond_parse(SL("")), STANZA_UNDEFINED_CONDITION);
	(void)state;
}

static void stream_and_sasl_conditions(void **state)
{
	assert_int_equal(STREAM_COND__N - 1, 25);
	assert_int_equal(SASL_COND__N - 1, 11);
	for (int c = STREAM_OK + 1; c < STREAM_COND__N; c++)
		assert_int_equal(
			stream_cond_parse(slice_of(stream_cond_name((enum stream_cond)c))), c);
	for (int c = SASL_OK + 1; c < SASL_COND__N; c++)
		assert_int_equal(sasl_cond_parse(slice_of(sasl_cond_name((enum sasl_cond)c))), c);
	assert_int_equal(stream_cond_parse(SL("tea-time")), STREAM_UNDEFINED_CONDITION);
	assert_int_equal(sasl_cond_parse(SL("tea-time")), SASL_NOT_AUTHORIZED);
	(void)state;
}

/* ---- stanzas ---- */

static void reading(void **state)
{
	struct stanza s;
	struct arena a;
	struct xml_elem *e = read_elem(
		"<iq type='get' from='a' to='b' id='c' xml:lang='d'><q xmlns='urn:q'/></iq>", &a);

	assert_true(stanza_read(e, &s));
	assert_int_equal(s.kind, STANZA_IQ);
	assert_slice(s.type, "get");
	assert_slice(s.from, "a");
	assert_slice(s.to, "b");
	assert_slice(s.id, "c");
	assert_slice(s.lang, "d");
	arena_done(&a);
	e = read_elem("<message/>", &a);
	assert_true(stanza_read(e, &s));
	assert_int_equal(s.kind, STANZA_MESSAGE);
	assert_slice(s.to, NULL);
	arena_done(&a);
	e = read_elem("<message xmlns='jabber:client'/>", &a);
	assert_false(stanza_read(e, &s));
	arena_done(&a);
	(void)state;
}

/* 8.3.1: addresses swapped, id kept, never to an error or a result. */
/* clang-format off */
static const struct {
	const char *in, *want; /* NULL: no answer */
} answers[] = {
	{"<message from='a@x/1' to='b@y' id='7' type='chat'><body>x</body></message>",
		"<message from='b@y' to='a@x/1' id='7' type='error'><error type='cancel'><item-not-found "
		"xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"},
	{"<presence from='a@x' to='b@y'/>",
		"<presence from='b@y' to='a@x' type='error'><error type='cancel'><item-not-found "
		"xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>"},
	{"<iq from='a@x' to='b@y' type='get'/>",
		"<iq from='b@y' to='a@x' id='' type='error'><error type='cancel'><item-not-found "
		"xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"},
	{"<message from=\"o'neill@x\" to='b&amp;@y'/>",
		"<message from='b&amp;@y' to='o&apos;neill@x' type='error'><error type='cancel'>"
		"<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"},
	{"<message from='a@x' to='b@y' type='error'/>", NULL},
	{"<iq from='a@x' to='b@y' type='error'/>", NULL},
	{"<presence from='a@x' to='b@y' type='error'/>", NULL},
	{"<iq from='a@x' to='b@y' type='result'/>", NULL},
	{"<other/>", NULL},
};
/* clang-format on */

static void answering(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		struct buf b = {0};
		struct arena a;
		struct xml_elem *e = read_elem(answers[i].in, &a);

		assert_int_equal(stanza_error_put(&b, e, STANZA_ITEM_NOT_FOUND, SL_NONE),
			answers[i].want != NULL);
		assert_slice(buf_slice(&b), answers[i].want ? answers[i].want : "");
		arena_done(&a);
		buf_done(&b);
	}
	(void)state;
}

static void an_error_with_everything(void **state)
{
	struct stanza_error_out o = {.kind = STANZA_MESSAGE,
		.from = SL("b@y"),
		.to = SL("a@x"),
		.cond = STANZA_GONE,
		.has_type = true,
		.type = STANZA_TYPE_WAIT,
		.text = SL("a < b"),
		.by = SL("y"),
		.uri = SL("xmpp:c@y")};
	struct stanza_error back;
	struct buf b = {0};
	struct arena a;
	struct xml_elem *e;
	char *text;

	stanza_error_out(&b, &o);
	assert_slice(buf_slice(&b),
		"<message from='b@y' to='a@x' type='error'><error by='y' type='wait'><gone "
		"xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>xmpp:c@y</gone><text "
		"xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>a &lt; b</text></error>"
		"</message>");
	text = buf_dup(&b);
	e = read_elem(text, &a);
	assert_true(stanza_error_read(e, &a, &back));
	assert_int_equal(back.cond, STANZA_GONE);
	assert_true(back.has_type);
	assert_int_equal(back.type, STANZA_TYPE_WAIT);
	assert_slice(back.text, "a < b");
	assert_slice(back.by, "y");
	assert_slice(back.uri, "xmpp:c@y");
	assert_null(back.app);
	arena_done(&a);
	free(text);
	buf_done(&b);
	(void)state;
}

/* clang-format off */
static const struct {
	const char *in;
	enum stanza_cond cond;
	enum stanza_error_type type;
	const char *app;
} errors_read[] = {
	{"<iq type='error'/>", STANZA_UNDEFINED_CONDITION, STANZA_TYPE_CANCEL, NULL},
	{"<iq type='error'><error type='wait'/></iq>", STANZA_UNDEFINED_CONDITION, STANZA_TYPE_WAIT,
		NULL},
	{"<iq type='error'><error type='often'><forbidden "
	 "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
		STANZA_FORBIDDEN, STANZA_TYPE_AUTH, NULL},
	{"<iq type='error'><error><too-hot xmlns='urn:app'/><not-a-condition "
	 "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
		STANZA_UNDEFINED_CONDITION, STANZA_TYPE_CANCEL, "too-hot"},
	{"<iq type='error'><error><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>t</text><conflict "
	 "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
		STANZA_CONFLICT, STANZA_TYPE_CANCEL, NULL},
};
/* clang-format on */

static void errors_of_others(void **state)
{
	struct stanza_error err;
	struct arena a;

	for (size_t i = 0; i < ARRAY_LEN(errors_read); i++) {
		assert_true(stanza_error_read(read_elem(errors_read[i].in, &a), &a, &err));
		assert_int_equal(err.cond, errors_read[i].cond);
		assert_int_equal(err.type, errors_read[i].type);
		assert_slice(err.app ? err.app->name : SL_NONE, errors_read[i].app);
		arena_done(&a);
	}
	assert_false(stanza_error_read(read_elem("<iq type='result'/>", &a), &a, &err));
	arena_done(&a);
	(void)state;
}

/* RFC 7622 3.1: the first slash, then the first at. */
static void domains(void **state)
{
	/* clang-format off */
	static const char *const rows[][2] = {{"b.lab", "b.lab"}, {"a@b.lab", "b.lab"},
		{"a@b.lab/r", "b.lab"}, {"b.lab/a@c", "b.lab"}, {"a@b.lab/c/d@e", "b.lab"},
		{"a@b@c", "b@c"}, {"a@", ""}, {"/r", ""}, {"", ""}};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_true(slice_eqz(stanza_domain(slice_of(rows[i][0])), rows[i][1]));
	assert_int_equal(stanza_domain(SL_NONE).n, 0);
	(void)state;
}

/* ---- pairs ---- */

#define BUECHER "b\xc3\xbc\143her.lab"

/* clang-format off */
static const struct {
	const char *from, *to;
	enum stream_cond want;
} checks[] = {
	{"a@x.lab/r", "b@y.lab", STREAM_OK},
	{"x.lab", "y.lab", STREAM_OK},
	{"a@X.LAB", "b@y.lab.", STREAM_OK},
	{"a@b\xc3\xbc\143her.lab", "b@y.lab", STREAM_OK},
	{"a@xn--bcher-kva.lab", "b@y.lab", STREAM_OK},
	{"a@B\xc3\x9c" "cher.lab", "b@y.lab", STREAM_OK},
	{"a@z.lab", "b@y.lab", STREAM_INVALID_FROM},
	{"a@sub.x.lab", "b@y.lab", STREAM_INVALID_FROM},
	{"x.lab@z.lab", "b@y.lab", STREAM_INVALID_FROM},
	{"a@x.lab", "b@z.lab", STREAM_HOST_UNKNOWN},
	{"a@x.lab", "b@y.lab.z.lab", STREAM_HOST_UNKNOWN},
	{"a@x.lab", "b@other.lab", STREAM_HOST_UNKNOWN}, /* a pair of another's */
	{NULL, "b@y.lab", STREAM_IMPROPER_ADDRESSING},
	{"a@x.lab", NULL, STREAM_IMPROPER_ADDRESSING},
	{"", "b@y.lab", STREAM_IMPROPER_ADDRESSING},
	{"a@x.lab", "", STREAM_IMPROPER_ADDRESSING},
	{"a@", "b@y.lab", STREAM_IMPROPER_ADDRESSING},
	{"a@x..lab", "b@y.lab", STREAM_IMPROPER_ADDRESSING},
	{"a@x.lab", "b@y lab", STREAM_IMPROPER_ADDRESSING},
};
/* clang-format on */

static void addresses_against_pairs(void **state)
{
	struct pairs p = {0};
	struct pair hit;

	pairs_add(&p, SL("x.lab"), SL("y.lab"));
	pairs_add(&p, SL("x.lab"), SL("y.lab"));
	pairs_add(&p, SL(BUECHER), SL("y.lab"));
	pairs_add(&p, SL("w.lab"), SL("other.lab"));
	assert_int_equal(p.n, 3);
	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		struct arena a = {0};
		enum stream_cond got =
			pairs_check(&p, slice_of(checks[i].from), slice_of(checks[i].to), &a, &hit);

		if (got != checks[i].want)
			fail_msg("%s to %s: %s, wanted %s", checks[i].from, checks[i].to,
				stream_cond_name(got), stream_cond_name(checks[i].want));
		if (got == STREAM_OK)
			assert_slice(hit.local, "y.lab");
		arena_done(&a);
	}
	pairs_remove(&p, SL("x.lab"), SL("y.lab"));
	assert_false(pairs_have(&p, SL("x.lab"), SL("y.lab")));
	assert_true(pairs_have(&p, SL("w.lab"), SL("other.lab")));
	pairs_remove(&p, SL("x.lab"), SL("y.lab"));
	assert_int_equal(p.n, 2);
	pairs_done(&p);
	(void)state;
}

/* ---- stream ids (4.7.3) ---- */

static void ids_do_not_repeat(void **state)
{
	uint8_t seed[2][32] = {{1}, {2}};
	char id[2 * 500][STREAM_ID_LEN + 1];

	for (unsigned i = 0; i < 1000; i++) {
		header_make_id(seed[i / 500], i % 500, id[i]);
		assert_int_equal(strlen(id[i]), STREAM_ID_LEN);
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(id[i], id[k]);
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stanza_conditions_and_their_types),
		cmocka_unit_test(stream_and_sasl_conditions),
		cmocka_unit_test(reading),
		cmocka_unit_test(answering),
		cmocka_unit_test(an_error_with_everything),
		cmocka_unit_test(errors_of_others),
		cmocka_unit_test(domains),
		cmocka_unit_test(addresses_against_pairs),
		cmocka_unit_test(ids_do_not_repeat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
