#include "unit.h"

#include "base/mem.h"
#include "text/idna.h"

#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define N253 L63 "." L63 "." L63 "." "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

struct row {
	const char *spec;
	struct slice in;
	const char *ascii, *unicode, *code; /* both forms, or the error */
};

static const struct row rows[] = {
	{"1034 3.5", SL("example.com"), "example.com", "example.com"},
	{"1123 2.1 digit first", SL("3com.com"), "3com.com", "3com.com"},
	{"a name without a dot", SL("localhost"), "localhost", "localhost"},
	{"4343 case", SL("EXAMPLE.com"), "example.com", "example.com"},
	{"7622 3.2 dot at the end", SL("example.com."), "example.com", "example.com"},
	{"7622 3.2 only one", SL("example.com.."), NULL, NULL, "bad-domain"},
	{"5890 2.3.2.1", SL("b\u00fccher.example"), "xn--bcher-kva.example", "b\u00fccher.example"},
	{"5890 A-label", SL("xn--bcher-kva.example"), "xn--bcher-kva.example", "b\u00fccher.example"},
	{"5890 A-label in capitals", SL("XN--BCHER-KVA.EXAMPLE"), "xn--bcher-kva.example",
		"b\u00fccher.example"},
	{"5895 2 (1) case", SL("B\u00dcCHER.example"), "xn--bcher-kva.example", "b\u00fccher.example"},
	{"5895 2 (2) width", SL("\uff42\u00fc\uff43her.example"), "xn--bcher-kva.example",
		"b\u00fccher.example"},
	{"5895 2 (3) NFC", SL("bu\u0308cher.example"), "xn--bcher-kva.example", "b\u00fccher.example"},
	{"5891: sharp s stays", SL("fa\u00df.de"), "xn--fa-hia.de", "fa\u00df.de"},
	{"5895: no more than that", SL("\u2163.example"), NULL, NULL, "bad-domain"},
	{"full-width dot", SL("a\uff0eb"), "a.b", "a.b"},
	{"other full stops are for people, not for the wire", SL("a\u3002b"), NULL, NULL, "bad-domain"},
	{"1034 3.1 label of 63", SL(L63 ".b"), L63 ".b", L63 ".b"},
	{"1034 3.1 label of 64", SL(L63 "a.b"), NULL, NULL, "too-long"},
	{"1034 3.1 name of 253", SL(N253), N253, N253},
	{"1034 3.1 name of 253 and a dot", SL(N253 "."), N253, N253},
	{"1034 3.1 name of 254", SL(N253 "a"), NULL, NULL, "too-long"},
	{"A-label of more than 63", SL("\u00fc\u00e4\u00f6" L63), NULL, NULL, "too-long"},
	{"empty", SL(""), NULL, NULL, "empty-part"},
	{"empty", SL("."), NULL, NULL, "empty-part"},
	{"empty label", SL("a..b"), NULL, NULL, "bad-domain"},
	{"empty label", SL(".a"), NULL, NULL, "bad-domain"},
	{"LDH underscore", SL("a_b.c"), NULL, NULL, "bad-domain"},
	{"LDH underscore beside a U-label", SL("b\u00fcch_er.c"), NULL, NULL, "bad-domain"},
	{"LDH space", SL("a b.c"), NULL, NULL, "bad-domain"},
	{"LDH NUL", SL("a\0.c"), NULL, NULL, "bad-domain"},
	{"LDH NUL beside a U-label", SL("\u00fc\0.c"), NULL, NULL, "bad-domain"},
	{"LDH at sign", SL("a@b.c"), NULL, NULL, "bad-domain"},
	{"LDH slash", SL("a/b.c"), NULL, NULL, "bad-domain"},
	{"LDH wildcard", SL("*.c"), NULL, NULL, "bad-domain"},
	{"LDH hyphen first", SL("-a.c"), NULL, NULL, "bad-domain"},
	{"LDH hyphen last", SL("a-.c"), NULL, NULL, "bad-domain"},
	{"LDH hyphens inside", SL("r3---a.c"), "r3---a.c", "r3---a.c"},
	{"5891 4.2.3.1 hyphen first", SL("-\u00fc.c"), NULL, NULL, "bad-domain"},
	{"5891 4.2.3.1 hyphens in place 3 and 4", SL("\u00fcx--\u00fc.c"), NULL, NULL, "bad-domain"},
	{"5891 4.2.3.2 mark first", SL("\u0301a.c"), NULL, NULL, "bad-domain"},
	{"5892 disallowed", SL("\u2603.net"), NULL, NULL, "bad-domain"},
	{"5892 disallowed, encoded", SL("xn--n3h.net"), NULL, NULL, "bad-domain"},
	{"5891 5.4 capital, encoded", SL("xn--example.com"), NULL, NULL, "bad-domain"},
	{"5892 2.2 Cherokee has capitals", SL("xn--bcekc"), "xn--bcekc", "\u13eb\u13f1\u13f0"},
	{"5891 5.4 nothing encoded", SL("xn--.com"), NULL, NULL, "bad-domain"},
	{"5891 5.4 ASCII encoded", SL("xn--abc-.com"), NULL, NULL, "bad-domain"},
	{"5891 5.4 A-label encoded", SL("xn--xn--bcher-kva-abc.com"), NULL, NULL, "bad-domain"},
	{"3492 overflow", SL("xn--99999999999999.com"), NULL, NULL, "bad-domain"},
	{"5892 A.1", SL("\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.com"), "xn--mgba3gch31f060k.com",
		"\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.com"},
	{"5892 A.1 refused", SL("a\u200cb.com"), NULL, NULL, "bad-domain"},
	{"5892 A.3", SL("col\u00b7lega.cat"), "xn--collega-xma.cat", "col\u00b7lega.cat"},
	{"5892 A.3 refused", SL("a\u00b7b.cat"), NULL, NULL, "bad-domain"},
	{"5893 2", SL("\u05d0\u05d1.com"), "xn--4dbc.com", "\u05d0\u05d1.com"},
	{"5893 2 (4)", SL("\u05d01\u0661.com"), NULL, NULL, "bad-domain"},
	{"5893 2 also for other labels", SL("3com.\u05d0\u05d1"), NULL, NULL, "bad-domain"},
	{"791 address", SL("192.0.2.1"), "192.0.2.1", "192.0.2.1"},
	{"791 address and a dot", SL("192.0.2.1."), "192.0.2.1", "192.0.2.1"},
	{"791 full-width digits", SL("\uff11.2.3.4"), "1.2.3.4", "1.2.3.4"},
	{"a number last", SL("a.1"), NULL, NULL, "bad-domain"},
	{"no address", SL("192.0.2"), NULL, NULL, "bad-domain"},
	{"no address", SL("192.0.2.256"), NULL, NULL, "bad-domain"},
	{"no address", SL("192.0.2.01"), NULL, NULL, "bad-domain"},
	{"no address", SL("1"), NULL, NULL, "bad-domain"},
	{"digits first", SL("1.a"), "1.a", "1.a"},
	{"3629", SL("a\xff.c"), NULL, NULL, "bad-utf8"},
	{"3629 encoded surrogate", SL("\xed\xa0\x80.c"), NULL, NULL, "bad-utf8"},
};

typedef int form(struct slice *ret, struct arena *a, struct slice domain, struct err *e);

static void check(form *f, const char *spec, struct slice in, const char *want, const char *code)
{
	struct slice got = SL_NONE;
	struct arena a = {0};
	struct err e = {0};
	int rc = f(&got, &a, in, &e);

	if (want ? rc < 0 || !slice_eqz(got, want) : rc == 0 || got.p || strcmp(e.code, code) != 0)
		fail_msg("%s: got \"%.*s\" %s %s", spec, SLARG(got), e.code, e.text);
	if (want && slice_eq(in, got))
		assert_ptr_equal(got.p, in.p);
	assert_int_equal(f(&got, &a, in, NULL), rc);
	arena_done(&a);
}

static void both_ways(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *r = &rows[i];

		check(idna_to_ascii, r->spec, r->in, r->ascii, r->code);
		check(idna_to_unicode, r->spec, r->in, r->unicode, r->code);
	}
}

static void what_is_typed(void **state)
{
	static const struct {
		const char *what;
		struct slice in;
		const char *want, *code;
	} typed[] = {
		{"as it is", SL("example.com"), "example.com"},
		{"white space around", SL(" \texample.com\r\n"), "example.com"},
		{"case", SL("B\u00dcCHER.Example"), "xn--bcher-kva.example"},
		{"U+3002", SL("b\u00fccher\u3002example"), "xn--bcher-kva.example"},
		{"U+FF0E", SL("a\uff0eb"), "a.b"},
		{"U+FF61 last", SL("a\uff61b\uff61"), "a.b"},
		{"full width", SL("\uff25\uff58\uff41\uff4d\uff50\uff4c\uff45.com"), "example.com"},
		{"full-width hyphen", SL("a\uff0db.c"), "a-b.c"},
		{"compatibility", SL("\ufb01sh.example"), "fish.example"},
		{"zero width space", SL("exa\u200bmple.com"), "example.com"},
		{"sharp s is no ss", SL("fa\u00df.de"), "xn--fa-hia.de"},
		{"dotted capital I", SL("\u0130.com"), "xn--i-9bb.com"},
		{"full-width address", SL("\uff11\uff0e2.3.4"), "1.2.3.4"},
		{"nothing", SL(""), NULL, "empty-part"},
		{"blanks", SL("  "), NULL, "empty-part"},
		{"a URL", SL("https://example.com/"), NULL, "bad-domain"},
		{"an address", SL("juliet@example.com"), NULL, "bad-domain"},
		{"a port", SL("example.com:5269"), NULL, "bad-domain"},
		{"underscore", SL("ex_ample.com"), NULL, "bad-domain"},
		{"underscore beside a U-label", SL("b\u00fcch_er.com"), NULL, "bad-domain"},
		{"a symbol", SL("\u2603.net"), NULL, "bad-domain"},
		{"only what is mapped to nothing", SL("\u200b"), NULL, "empty-part"},
		{"NUL after a U-label", SL("\u00fc\0x.c"), NULL, "bad-domain"},
		{"not UTF-8", SL("b\xfc" "cher.de"), NULL, "bad-utf8"},
		{"long label", SL("\u00fc\u00e4\u00f6" L63 ".de"), NULL, "too-long"},
	};

	for (size_t i = 0; i < ARRAY_LEN(typed); i++)
		check(idna_admin, typed[i].what, typed[i].in, typed[i].want, typed[i].code);
}

static void says_what_is_wrong(void **state)
{
	struct arena a = {0};
	struct slice got;
	struct err e;

	idna_admin(&got, &a, SL("ex_ample.com"), &e);
	assert_string_equal(e.text,
		"'_' is not allowed in a domain name, which has letters, digits and hyphens");
	idna_admin(&got, &a, SL("a b"), &e);
	assert_string_equal(e.text, "U+0020 is not allowed in a domain name");
	idna_admin(&got, &a, SL("-a.b"), &e);
	assert_string_equal(e.text, "no part of a domain name begins or ends with a hyphen");
	idna_admin(&got, &a, SL("xn--abc.b"), &e);
	assert_string_equal(e.text, "'xn--abc' is not the encoded form of any name");
	arena_done(&a);
}

/* idna_plain() says exactly when both forms are the name itself. */
static void plain(void **state)
{
	struct arena a = {0};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *r = &rows[i];

		if (idna_plain(r->in)) {
			assert_slice(r->in, r->ascii);
			assert_slice(r->in, r->unicode);
		}
	}
	assert_true(idna_plain(SL("a-1.example9.b3")));
	assert_true(idna_plain(SL(N253)));
	assert_false(idna_plain(SL("a.xn--4dbc")));
	assert_false(idna_plain(SL("A.b")));
	assert_false(idna_plain(SL("a.b.")));
	assert_false(idna_plain(SL("1.2.3.4")));
	assert_int_equal(idna_to_ascii(&(struct slice){0}, &a, SL("xmpp.example.com."), NULL), 0);
	assert_int_equal(arena_bytes(&a), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways),
		cmocka_unit_test(what_is_typed),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
