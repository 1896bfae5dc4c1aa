#include "unit.h"

#include "base/mem.h"
#include "xmpp/jid.h"

struct row {
	const char *spec;
	struct slice in;
	const char *local, *domain, *resource;
	const char *code, *part; /* of the error; then no domain */
};

/* Section numbers without more are of RFC 7622. */
static const struct row rows[] = {
	{"3.5 ex.1", SL("juliet@example.com"), "juliet", "example.com", NULL},
	{"3.5 ex.2", SL("juliet@example.com/foo"), "juliet", "example.com", "foo"},
	{"3.5 ex.3", SL("juliet@example.com/foo bar"), "juliet", "example.com", "foo bar"},
	{"3.5 ex.4", SL("juliet@example.com/foo@bar"), "juliet", "example.com", "foo@bar"},
	{"3.5 ex.5", SL("foo\\20bar@example.com"), "foo\\20bar", "example.com", NULL},
	{"3.5 ex.6", SL("fussball@example.com"), "fussball", "example.com", NULL},
	{"3.5 ex.7", SL("fu\u00dfball@example.com"), "fu\u00dfball", "example.com", NULL},
	{"3.5 ex.8", SL("\u03c0@example.com"), "\u03c0", "example.com", NULL},
	{"3.5 ex.9", SL("\u03a3@example.com/foo"), "\u03c3", "example.com", "foo"},
	{"3.5 ex.10", SL("\u03c3@example.com/foo"), "\u03c3", "example.com", "foo"},
	{"3.5 ex.11", SL("\u03c2@example.com/foo"), "\u03c2", "example.com", "foo"},
	{"3.5 ex.12", SL("king@example.com/\u265a"), "king", "example.com", "\u265a"},
	{"3.5 ex.13", SL("example.com"), NULL, "example.com", NULL},
	{"3.5 ex.14", SL("example.com/foobar"), NULL, "example.com", "foobar"},
	{"3.5 ex.15", SL("a.example.com/b@example.net"), NULL, "a.example.com", "b@example.net"},
	{"3.5 ex.16", SL("\"juliet\"@example.com"), .code = "disallowed-char", .part = "local"},
	{"3.5 ex.17", SL("foo bar@example.com"), .code = "disallowed-char", .part = "local"},
	/* The table calls it wrong, but no rule does: RFC 8265 4.2 has spaces anywhere. Refusing would
	 * cut off rooms whose nicknames begin so. */
	{"3.5 ex.18", SL("juliet@example.com/ foo"), "juliet", "example.com", " foo"},
	{"3.5 ex.19", SL("@example.com/"), .code = "empty-part", .part = "local"},
	{"3.5 ex.20", SL("henry\u2163@example.com"), .code = "disallowed-char", .part = "local"},
	{"3.5 ex.21", SL("\u265a@example.com"), .code = "disallowed-char", .part = "local"},
	{"3.5 ex.22", SL("juliet@"), .code = "empty-part", .part = "domain"},
	{"3.5 ex.23", SL("/foobar"), .code = "empty-part", .part = "domain"},
	{"3.1 nothing", SL(""), .code = "empty-part", .part = "domain"},
	{"3.1 only separators", SL("@/"), .code = "empty-part", .part = "domain"},
	{"3.2 first slash, then first at sign", SL("a@b/c/d@e"), "a", "b", "c/d@e"},
	{"3.2 second at sign is of the domain", SL("a@b@c"), .code = "bad-domain", .part = "domain"},
	{"3.2 at sign behind the slash", SL("b/@"), NULL, "b", "@"},
	{"3.1 separators before mapping: U+FF20", SL("a\uff20b@c"), .code = "disallowed-char",
		.part = "local"},
	{"3.1 separators before mapping: U+FF0F", SL("b\uff0fc"), .code = "bad-domain", .part = "domain"},
	{"3.4 resource empty", SL("a@b/"), .code = "empty-part", .part = "resource"},
	{"3.2 case", SL("Juliet@EXAMPLE.com/Balcony"), "juliet", "example.com", "Balcony"},
	{"3.2 dot at the end", SL("a@example.com./x"), "a", "example.com", "x"},
	{"3.2.1 A-label", SL("a@xn--bcher-kva.example"), "a", "b\u00fccher.example", NULL},
	{"3.2.2 case and NFC", SL("a@BU\u0308CHER.example"), "a", "b\u00fccher.example", NULL},
	{"3.2.2 width", SL("a@\uff42.example"), "a", "b.example", NULL},
	{"3.2.1 no A-label of anything", SL("a@xn--abc.example"), .code = "bad-domain", .part = "domain"},
	{"3.2.1 symbol", SL("a@\u2603.example"), .code = "bad-domain", .part = "domain"},
	{"3.2.1 underscore", SL("a@x_y.example"), .code = "bad-domain", .part = "domain"},
	{"3.2 empty label", SL("a@b..c"), .code = "bad-domain", .part = "domain"},
	{"3.2 space", SL("a@ b"), .code = "bad-domain", .part = "domain"},
	{"3.1 IPv4", SL("a@192.0.2.1/x"), "a", "192.0.2.1", "x"},
	{"3.1 no IPv4", SL("a@192.0.2.1.5"), .code = "bad-domain", .part = "domain"},
	{"3.1 IPv6", SL("a@[2001:db8::1]/x"), "a", "[2001:db8::1]", "x"},
	{"5952 4", SL("a@[2001:0DB8:0:0:0:0:0:1]"), "a", "[2001:db8::1]", NULL},
	{"5952 5", SL("[::ffff:192.0.2.1]"), NULL, "[::ffff:192.0.2.1]", NULL},
	{"3.1 longest IPv6", SL("[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]"), NULL,
		"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]", NULL},
	{"3.1 IPv6 without brackets", SL("a@2001:db8::1"), .code = "bad-domain", .part = "domain"},
	{"3.1 bracket not closed", SL("a@[::1"), .code = "bad-domain", .part = "domain"},
	{"3.1 only brackets", SL("[]"), .code = "bad-domain", .part = "domain"},
	{"3.1 only a bracket", SL("["), .code = "bad-domain", .part = "domain"},
	{"3.1 behind the bracket", SL("[::1]x"), .code = "bad-domain", .part = "domain"},
	{"3.1 IPv4 in brackets", SL("[192.0.2.1]"), .code = "bad-domain", .part = "domain"},
	{"6874 zone", SL("[fe80::1%25eth0]"), .code = "bad-domain", .part = "domain"},
	{"3986 IPvFuture", SL("[v1.x]"), .code = "bad-domain", .part = "domain"},
	{"NUL in brackets", SL("[::1\0]"), .code = "bad-domain", .part = "domain"},
	{"3.3.1 ampersand", SL("a&b@c"), .code = "disallowed-char", .part = "local"},
	{"3.3.1 apostrophe", SL("a'b@c"), .code = "disallowed-char", .part = "local"},
	{"3.3.1 colon", SL("a:b@c"), .code = "disallowed-char", .part = "local"},
	{"3.3.1 less-than", SL("a<b@c"), .code = "disallowed-char", .part = "local"},
	{"3.3.1 greater-than", SL("a>b@c"), .code = "disallowed-char", .part = "local"},
	{"3.3.1 after mapping: U+FF06", SL("a\uff06b@c"), .code = "disallowed-char", .part = "local"},
	{"3.3 what is left of ASCII", SL("!#$%()*+,-.09;=?[\\]^_`az{|}~@c"),
		"!#$%()*+,-.09;=?[\\]^_`az{|}~", "c", NULL},
	{"8264 control", SL("a\0b@c"), .code = "disallowed-char", .part = "local"},
	{"8264 control in the resource", SL("a@b/x\ny"), .code = "disallowed-char", .part = "resource"},
	{"5893 bidi", SL("a\u05d0@c"), .code = "disallowed-char", .part = "local"},
	{"5893 bidi in the resource is free", SL("a@c/a\u05d0"), "a", "c", "a\u05d0"},
	{"0106 space first", SL("\\20ab@c"), .code = "space-at-edge", .part = "local"},
	{"0106 space last", SL("ab\\20@c"), .code = "space-at-edge", .part = "local"},
	{"0106 space alone", SL("\\20@c"), .code = "space-at-edge", .part = "local"},
	{"0106 escaped backslash first", SL("\\5c20ab@c"), "\\5c20ab", "c", NULL},
	{"0106 in the resource it means nothing", SL("a@c/\\20"), "a", "c", "\\20"},
	{"3629 local", SL("a\xff@c"), .code = "bad-utf8", .part = "local"},
	{"3629 domain", SL("a@c\xc0\xaf"), .code = "bad-utf8", .part = "domain"},
	{"3629 resource", SL("a@c/\xed\xa0\x80"), .code = "bad-utf8", .part = "resource"},
};

static void check(const struct row *r, int rc, const struct jid *j, const struct err *e)
{
	if (r->domain) {
		if (rc < 0)
			fail_msg("%s: %s %s", r->spec, e->code, e->text);
		assert_slice(j->local, r->local);
		assert_slice(j->domain, r->domain);
		assert_slice(j->resource, r->resource);
	} else if (rc == 0 || strcmp(e->code, r->code) != 0 || strcmp(e->field, r->part) != 0) {
		fail_msg("%s: got %d \"%s\" of \"%s\"", r->spec, rc, e->code, e->field);
	} else {
		assert_int_equal(e->kind, ERR_INVALID);
		assert_null(j->domain.p);
	}
}

/* What is printed parses to the same, and then every part is a view of it. */
static void check_stable(const struct jid *j, struct arena *a)
{
	struct slice full = jid_full(a, j);
	struct buf b = {0};
	struct jid again;

	jid_print(&b, j);
	assert_true(slice_eq(buf_slice(&b), full));
	assert_int_equal(jid_parse(&again, a, full, NULL), 0);
	assert_true(jid_eq(&again, j));
	assert_true(again.domain.p >= full.p && again.domain.p < full.p + full.n);
	assert_true(!again.local.p || again.local.p == full.p);
	assert_true(!again.resource.p || again.resource.p + again.resource.n == full.p + full.n);
	buf_reset(&b);
	jid_print_bare(&b, j);
	assert_true(slice_eq(buf_slice(&b), jid_bare(a, j)));
	assert_int_equal(jid_parse(&again, a, buf_slice(&b), NULL), 0);
	assert_true(jid_eq_bare(&again, j));
	buf_done(&b);
}

static void parse(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena a = {0};
		struct jid j = {0};
		struct err e = {0};
		int rc = jid_parse(&j, &a, rows[i].in, &e);

		check(&rows[i], rc, &j, &e);
		assert_int_equal(jid_parse(&j, &a, rows[i].in, NULL), rc);
		if (rc == 0)
			check_stable(&j, &a);
		arena_done(&a);
	}
}

/* n times what, between before and after. */
static struct slice many(struct arena *a, const char *before, const char *what, size_t n,
	const char *after)
{
	struct buf b = {0};
	struct slice s;

	buf_str(&b, before);
	while (n--)
		buf_str(&b, what);
	buf_str(&b, after);
	s = arena_slice(a, buf_slice(&b));
	buf_done(&b);
	return s;
}

static const char *code_of(struct slice s)
{
	static struct err e;
	struct arena a = {0};
	struct jid j;
	int rc = jid_parse(&j, &a, s, &e);

	arena_done(&a);
	return rc == 0 ? "ok" : e.code;
}

/* RFC 7622 3.1: 1 to 1023 bytes a part, after mapping; 3071 in all. */
static void lengths(void **state)
{
	static const struct {
		const char *before, *what;
		size_t n;
		const char *after, *want;
	} sizes[] = {
		{"", "a", 1023, "@b", "ok"},
		{"", "a", 1024, "@b", "too-long"},
		{"", "A", 1023, "@b", "ok"},
		{"", "A", 1024, "@b", "too-long"},
		{"", "\u00fc", 511, "@b", "ok"},
		{"", "\u00fc", 512, "@b", "too-long"},
		{"", "\uff41", 1022, "@b", "ok"}, /* 3066 bytes before mapping */
		{"", "u\u0308", 511, "@b", "ok"},
		{"", "\u0130", 341, "@b", "ok"}, /* two bytes become three */
		{"", "\u0130", 342, "@b", "too-long"},
		{"", "\\26", 341, "@b", "ok"},
		{"", "\\26", 342, "@b", "too-long"},
		{"a@b/", "x", 1023, "", "ok"},
		{"a@b/", "x", 1024, "", "too-long"},
		{"a@b/", "\u265a", 341, "", "ok"},
		{"a@b/", "\u265a", 342, "", "too-long"},
		{"a@b/", "x", 3067, "", "too-long"},
		{"a@b/", "x", 3068, "", "too-long"},
		{"a@b/", "x", 100000, "", "too-long"},
		{"a@", "b.", 126, "c/x", "ok"},
		{"a@", "b.", 127, "c/x", "too-long"}, /* RFC 1034 3.1 */
		{"a@", "b", 64, "", "too-long"},
		{"a@[", "1", 100, "]", "bad-domain"},
		{"", "/", 1, "", "empty-part"},
	};

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct arena a = {0};

		if (strcmp(code_of(many(&a, sizes[i].before, sizes[i].what, sizes[i].n, sizes[i].after)),
			    sizes[i].want) != 0)
			fail_msg("%zu of \"%s\"", sizes[i].n, sizes[i].what);
		arena_done(&a);
	}
}

static void from_parts(void **state)
{
	struct arena a = {0};
	struct jid j = {0};
	struct err e;

	assert_int_equal(jid_make(&j, &a, SL("A\\40b"), SL("Example.com"), SL("x@y/z"), &e), 0);
	assert_slice(j.local, "a\\40b");
	assert_slice(j.domain, "example.com");
	assert_slice(j.resource, "x@y/z");
	assert_int_equal(jid_make(&j, &a, SL_NONE, SL("example.com"), SL_NONE, &e), 0);
	assert_slice(j.local, NULL);
	assert_slice(j.resource, NULL);
	assert_int_equal(jid_make(&j, &a, SL("a@b"), SL("c"), SL_NONE, &e), -1);
	assert_string_equal(e.code, "disallowed-char");
	assert_int_equal(jid_make(&j, &a, SL("a/b"), SL("c"), SL_NONE, &e), -1);
	assert_string_equal(e.code, "disallowed-char");
	assert_int_equal(jid_make(&j, &a, SL("a"), SL("b/c"), SL_NONE, &e), -1);
	assert_string_equal(e.code, "bad-domain");
	assert_int_equal(jid_make(&j, &a, SL(""), SL("c"), SL_NONE, &e), -1);
	assert_string_equal(e.code, "empty-part");
	assert_int_equal(jid_make(&j, &a, SL_NONE, SL_NONE, SL_NONE, &e), -1);
	assert_string_equal(e.code, "empty-part");
	assert_slice(j.domain, "example.com"); /* untouched by failures */
	arena_done(&a);
}

static void equality(void **state)
{
	static const struct {
		const char *x, *y;
		bool full, bare;
	} pairs[] = {
		{"a@b/c", "A@B/c", true, true},
		{"a@b/c", "a@b/C", false, true},
		{"a@b/c", "a@b", false, true},
		{"a@b", "b", false, false},
		{"a@b", "a@c", false, false},
		{"a@b", "b/a", false, false},
		{"fu\u00dfball@b", "fussball@b", false, false},
		{"a@xn--bcher-kva.example", "a@B\u00dcCHER.example.", true, true},
		{"a@[2001:DB8::0]", "a@[2001:db8:0::]", true, true},
	};

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		struct arena a = {0};
		struct jid x, y, copy;

		assert_int_equal(jid_parse(&x, &a, slice_of(pairs[i].x), NULL), 0);
		assert_int_equal(jid_parse(&y, &a, slice_of(pairs[i].y), NULL), 0);
		assert_int_equal(jid_eq(&x, &y), pairs[i].full);
		assert_int_equal(jid_eq_bare(&x, &y), pairs[i].bare);
		copy = jid_copy(&a, &x);
		assert_true(jid_eq(&x, &copy));
		assert_ptr_not_equal(copy.domain.p, x.domain.p);
		assert_true(!copy.local.p == !x.local.p && !copy.resource.p == !x.resource.p);
		arena_done(&a);
	}
}

static void domain_as_alabels(void **state)
{
	static const char *const pairs[][2] = {
		{"a@example.com/x", "example.com"},
		{"a@B\u00dcCHER.example", "xn--bcher-kva.example"},
		{"[2001:DB8::1]", "[2001:db8::1]"},
		{"192.0.2.1", "192.0.2.1"},
	};

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		struct arena a = {0};
		struct jid j;

		assert_int_equal(jid_parse(&j, &a, slice_of(pairs[i][0]), NULL), 0);
		assert_slice(jid_domain_ascii(&a, &j), pairs[i][1]);
		arena_done(&a);
	}
}

/* Left what is meant, right the localpart. */
static const char *const escapes[][2] = {
	{"space cadet", "space\\20cadet"},
	{"call me \"ishmael\"", "call\\20me\\20\\22ishmael\\22"},
	{"at&t guy", "at\\26t\\20guy"},
	{"d'artagnan", "d\\27artagnan"},
	{"/.fanboy", "\\2f.fanboy"},
	{"::foo::", "\\3a\\3afoo\\3a\\3a"},
	{"<foo>", "\\3cfoo\\3e"},
	{"user@host", "user\\40host"},
	{"c:\\net", "c\\3a\\net"},
	{"c:\\\\net", "c\\3a\\\\net"},
	{"c:\\cool stuff", "c\\3a\\cool\\20stuff"},
	{"c:\\5commas", "c\\3a\\5c5commas"},
	{"\\3and\\2is\\5cool", "\\5c3and\\2is\\5c5cool"},
	{"\\2plus\\2is\\4", "\\2plus\\2is\\4"},
	{"foo\\bar", "foo\\bar"},
	{"foob\\41r", "foob\\41r"},
	{"a\\27b", "a\\5c27b"},
	{"a\\5cb", "a\\5c5cb"},
	{"a\\5Cb", "a\\5c5Cb"}, /* case mapping would make the sequence */
	{"a\\2Fb", "a\\5c2Fb"},
	{"\\", "\\"},
	{"\\2", "\\2"},
	{"\\\\20", "\\\\5c20"},
	{"", ""},
	{"f\u00fc", "f\u00fc"},
};

static void escape_and_back(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(escapes); i++) {
		struct buf b = {0};

		jid_escape(&b, slice_of(escapes[i][0]));
		assert_slice(buf_slice(&b), escapes[i][1]);
		buf_reset(&b);
		jid_unescape(&b, slice_of(escapes[i][1]));
		assert_slice(buf_slice(&b), escapes[i][0]);
		buf_done(&b);
	}
}

/* All byte strings of three over what escaping is about, behind a backslash too. */
static void every_short_text_comes_back(void **state)
{
	static const char alphabet[] = "\\2057cCaF @\"";
	const size_t n = sizeof alphabet - 1;

	for (size_t i = 0; i < n * n * n * n; i++) {
		const char text[] = {alphabet[i % n], alphabet[i / n % n], alphabet[i / n / n % n],
			alphabet[i / n / n / n], '\0'};
		struct buf out = {0}, back = {0};

		jid_escape(&out, slice_of(text));
		assert_int_equal(slice_find(buf_slice(&out), ' '), out.n);
		assert_int_equal(slice_find(buf_slice(&out), '@'), out.n);
		assert_int_equal(slice_find(buf_slice(&out), '"'), out.n);
		jid_unescape(&back, buf_slice(&out));
		assert_slice(buf_slice(&back), text);
		/* and after the case mapping of a localpart, but for case */
		ascii_lower(out.p, out.n);
		buf_reset(&back);
		jid_unescape(&back, buf_slice(&out));
		assert_true(slice_ieq(buf_slice(&back), slice_of(text)));
		buf_done(&out);
		buf_done(&back);
	}
}

static void common_addresses_cost_no_memory(void **state)
{
	struct arena a = {0};
	struct jid j;

	assert_int_equal(jid_parse(&j, &a, SL("juliet.capulet@xmpp.example.com/Balcony 1"), NULL), 0);
	jid_domain_ascii(&a, &j);
	assert_int_equal(arena_bytes(&a), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse),
		cmocka_unit_test(lengths),
		cmocka_unit_test(from_parts),
		cmocka_unit_test(equality),
		cmocka_unit_test(domain_as_alabels),
		cmocka_unit_test(escape_and_back),
		cmocka_unit_test(every_short_text_comes_back),
		cmocka_unit_test(common_addresses_cost_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
