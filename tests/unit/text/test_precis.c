#include "unit.h"

#include "base/mem.h"
#include "text/precis.h"

struct row {
	const char *spec;
	struct slice in;
	const char *want, *code; /* one of them */
};

static const struct row username_rows[] = {
	/* RFC 8265 3.6, table 1; 5 to 7 there: sigma is lower-cased, its final form is another letter */
	{"8265 3.6 ex.1", SL("juliet@example.com"), "juliet@example.com"},
	{"8265 3.6 ex.2", SL("fussball"), "fussball"},
	{"8265 3.6 ex.3", SL("fu\u00dfball"), "fu\u00dfball"},
	{"8265 3.6 ex.4", SL("\u03c0"), "\u03c0"},
	{"8265 3.6 ex.5", SL("\u03a3"), "\u03c3"},
	{"8265 3.6 ex.6", SL("\u03c3"), "\u03c3"},
	{"8265 3.6 ex.7", SL("\u03c2"), "\u03c2"},
	{"7622 3.5 (no rule for a final sigma)", SL("\u039f\u03a3"), "\u03bf\u03c3"},
	/* table 2 */
	{"8265 3.6 ex.8 (space)", SL("foo bar"), NULL, "disallowed-char"},
	{"8265 3.6 ex.9 (empty)", SL(""), NULL, "empty-part"},
	{"8265 3.6 ex.10 (roman numeral)", SL("henry\u2163"), NULL, "disallowed-char"},
	{"8265 3.6 ex.11 (symbol)", SL("\u221e"), NULL, "disallowed-char"},
	{"8265 3.3.1 (1) width", SL("\uff21\uff42\uff11"), "ab1"},
	{"8265 3.3.1 (1) half-width kana", SL("\uff76"), "\u30ab"},
	{"8265 3.3.1 (3) case", SL("J\u00dcRGEN"), "j\u00fcrgen"},
	{"8265 3.3.1 (3) one to two", SL("\u0130"), "i\u0307"},
	{"8265 3.3.1 (3) beyond the BMP", SL("\U00010400"), "\U00010428"},
	{"8265 3.3.1 (4) NFC", SL("u\u0308"), "\u00fc"},
	{"8265 3.3.1 (4) NFC after case", SL("U\u0308"), "\u00fc"},
	{"8265 3.3.1 (4) order of marks", SL("q\u0307\u0323"), "q\u0323\u0307"},
	{"8265 3.3.2 (2) before case: KELVIN SIGN", SL("\u212a"), NULL, "disallowed-char"},
	{"8265 3.3.2 (2) before NFC: ANGSTROM SIGN", SL("\u212b"), NULL, "disallowed-char"},
	{"8265 3.3.1 (5), 5893 2 rtl", SL("\u05d0\u05d1"), "\u05d0\u05d1"},
	{"5893 2 (1) begins with a digit", SL("1\u05d0"), NULL, "bad-bidi"},
	{"5893 2 (2) rtl with L", SL("\u05d0a"), NULL, "bad-bidi"},
	{"5893 2 (3) ends with a digit", SL("\u05d01"), "\u05d01"},
	{"5893 2 (3) ends with ES", SL("\u05d0-"), NULL, "bad-bidi"},
	{"5893 2 (3) ends with NSM", SL("\u05d0\u05b0"), "\u05d0\u05b0"},
	{"5893 2 (4) EN and AN", SL("\u05d01\u0661"), NULL, "bad-bidi"},
	{"5893 2 (5) ltr with R", SL("a\u05d0"), NULL, "bad-bidi"},
	{"5893 2 applies only with R, AL, AN", SL("1-"), "1-"},
	{"8264 9.12 control", SL("a\0b"), NULL, "disallowed-char"},
	{"8264 9.12 control", SL("a\nb"), NULL, "disallowed-char"},
	{"8264 9.12 DEL", SL("a\x7f"), NULL, "disallowed-char"},
	{"8264 9.12 C1", SL("a\xc2\x85"), NULL, "disallowed-char"},
	{"8264 9.13 ignorable", SL("foo\u200b"), NULL, "disallowed-char"},
	{"8264 9.13 soft hyphen", SL("a\u00ad"), NULL, "disallowed-char"},
	{"8264 9.13 BOM", SL("\ufeff"), NULL, "disallowed-char"},
	{"8264 9.13 noncharacter", SL("\ufdd0"), NULL, "disallowed-char"},
	{"8264 9.9 Jamo", SL("\u1100\u1161"), NULL, "disallowed-char"},
	{"8264 9.17 ligature", SL("\ufb01"), NULL, "disallowed-char"},
	{"8264 8 unassigned", SL("\u0378"), NULL, "disallowed-char"},
	{"8264 9.6 tatweel", SL("\u0628\u0640"), NULL, "disallowed-char"},
	{"5892 A.1 after virama", SL("\u0915\u094d\u200c\u0937"), "\u0915\u094d\u200c\u0937"},
	{"5892 A.1 between joining", SL("\u0628\u200c\u0628"), "\u0628\u200c\u0628"},
	{"5892 A.1 with transparent ones between", SL("\u0628\u064e\u200c\u064e\u0627"),
		"\u0628\u064e\u200c\u064e\u0627"},
	{"5892 A.1 alif joins not to its left", SL("\u0627\u200c\u0628"), NULL, "disallowed-char"},
	{"5892 A.1 nothing behind", SL("\u1820\u200c"), NULL, "disallowed-char"},
	{"5892 A.1 nowhere else", SL("a\u200cb"), NULL, "disallowed-char"},
	{"5892 A.2 after virama", SL("\u0915\u094d\u200d"), "\u0915\u094d\u200d"},
	{"5892 A.2 nowhere else", SL("\u0628\u200d\u0628"), NULL, "disallowed-char"},
	{"5892 A.3 between l", SL("col\u00b7lega"), "col\u00b7lega"},
	{"5892 A.3 after case mapping", SL("COL\u00b7LEGA"), "col\u00b7lega"},
	{"5892 A.3 nowhere else", SL("l\u00b7a"), NULL, "disallowed-char"},
	{"5892 A.3 at the edge", SL("\u00b7l"), NULL, "disallowed-char"},
	{"5892 A.4 before Greek", SL("\u0375\u03b1"), "\u0375\u03b1"},
	{"5892 A.4 last", SL("\u03b1\u0375"), NULL, "disallowed-char"},
	{"5892 A.5 after Hebrew", SL("\u05d0\u05f3"), "\u05d0\u05f3"},
	{"5892 A.6 first", SL("\u05f4\u05d0"), NULL, "disallowed-char"},
	{"5892 A.7 with kana", SL("\u30a2\u30fb\u30a2"), "\u30a2\u30fb\u30a2"},
	{"5892 A.7 by itself", SL("a\u30fba"), NULL, "disallowed-char"},
	{"5892 A.8", SL("\u0628\u0661\u0662"), "\u0628\u0661\u0662"},
	{"5893 2 (4), also 5892 A.8", SL("\u0628\u0661\u06f1"), NULL, "bad-bidi"},
	{"5892 A.9", SL("\u0628\u06f1"), "\u0628\u06f1"},
	{"3629 overlong", SL("a\xc0\xaf"), NULL, "bad-utf8"},
	{"3629 surrogate", SL("\xed\xa0\x80"), NULL, "bad-utf8"},
	{"3629 beyond", SL("\xf4\x90\x80\x80"), NULL, "bad-utf8"},
	{"3629 cut short", SL("a\xe2\x82"), NULL, "bad-utf8"},
};

static const struct row opaque_rows[] = {
	{"8265 4.3 ex.12", SL("correct horse battery staple"), "correct horse battery staple"},
	{"8265 4.3 ex.13", SL("Correct Horse"), "Correct Horse"},
	{"8265 4.3 ex.14", SL("\u03c0\u00df\u00e5"), "\u03c0\u00df\u00e5"},
	{"8265 4.3 ex.15 (symbol)", SL("Jack of \u2666s"), "Jack of \u2666s"},
	{"8265 4.3 ex.16 (ogham space)", SL("foo\u1680bar"), "foo bar"},
	{"8265 4.3 ex.17 (empty)", SL(""), NULL, "empty-part"},
	{"8265 4.3 ex.18 (control)", SL("my cat is a \t by"), NULL, "disallowed-char"},
	{"8265 4.2.1 (1) no width mapping", SL("\uff21"), "\uff21"},
	{"8265 4.2.1 (2) spaces", SL("\u00a0a\u3000b"), " a b"},
	{"8265 4.2.1 (3) no case mapping", SL("\u00c4A"), "\u00c4A"},
	{"8265 4.2.1 (4) NFC", SL("u\u0308"), "\u00fc"},
	{"8265 4.2.1 (5) no Bidi Rule", SL("a\u05d01-"), "a\u05d01-"},
	{"8264 9.17 in the FreeformClass", SL("\u2163\ufb01"), "\u2163\ufb01"},
	{"8264 9.13 ignorable", SL("a\u200b"), NULL, "disallowed-char"},
	{"8264 8 unassigned", SL("\u0378"), NULL, "disallowed-char"},
	{"5892 A.8", SL("\u0661\u0662"), "\u0661\u0662"},
	{"5892 A.8 mixed with A.9", SL("\u0661\u06f1"), NULL, "disallowed-char"},
	{"8264 9.12", SL("a\0"), NULL, "disallowed-char"},
	{"3629", SL("\xff"), NULL, "bad-utf8"},
};

typedef int form(struct slice *ret, struct arena *a, struct slice s, struct err *e);

static void run(form *f, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct row *r = &rows[i];
		struct slice got = SL_NONE;
		struct arena a = {0};
		struct err e = {0};
		int rc = f(&got, &a, r->in, &e);

		if (r->want ? rc < 0 || !slice_eqz(got, r->want) :
				rc == 0 || got.p || strcmp(e.code, r->code) != 0)
			fail_msg("RFC %s: got \"%.*s\" %s", r->spec, SLARG(got), e.code);
		if (r->want && slice_eq(r->in, got))
			assert_ptr_equal(got.p, r->in.p); /* a view where nothing changed */
		assert_int_equal(f(&got, &a, r->in, NULL), rc);
		arena_done(&a);
	}
}

static void username(void **state)
{
	run(precis_username, username_rows, ARRAY_LEN(username_rows));
}

static void opaque(void **state)
{
	run(precis_opaque, opaque_rows, ARRAY_LEN(opaque_rows));
}

/* ASCII that is in its form already costs no memory. */
static void ascii_is_free(void **state)
{
	struct arena a = {0};
	struct slice got;

	assert_int_equal(precis_username(&got, &a, SL("juliet!~"), NULL), 0);
	assert_int_equal(precis_opaque(&got, &a, SL("Balcony 1 ~"), NULL), 0);
	assert_int_equal(arena_bytes(&a), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(username),
		cmocka_unit_test(opaque),
		cmocka_unit_test(ascii_is_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
