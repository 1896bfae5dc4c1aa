#include "unit.h"

#include <stdio.h>

#include "base/mem.h"
#include "gateway/callid.h"
#include "gateway/charset.h"
#include "gateway/cpim.h"
#include "gateway/cseq.h"
#include "gateway/date.h"
#include "gateway/lang.h"
#include "sip/sip.h"

static void iso_dates(void **state)
{
	static const struct {
		const char *s;
		uint64_t ms; /* UINT64_MAX: refused */
	} rows[] = {
		{"1970-01-01T00:00:00Z",        0              },
		{"2000-12-13T21:40:00Z",        976743600000   },
		{"2000-12-13T13:40:00-08:00",   976743600000   },
		{"2000-12-13T23:40:00+02:00",   976743600000   },
		{"2024-02-29T23:59:60Z",        1709251200000  },
		{"2026-01-31T12:00:00.25Z",     1769860800250  },
		{"2026-01-31t12:00:00.123456z", 1769860800123  },
		{"9999-12-31T23:59:59Z",        253402300799000},
		{"2023-02-29T00:00:00Z",        UINT64_MAX     },
		{"1900-01-01T00:00:00Z",        UINT64_MAX     },
		{"1970-01-01T00:30:00+01:00",   UINT64_MAX     },
		{"2000-12-13T21:40:00",         UINT64_MAX     },
		{"2000-12-13 21:40:00Z",        UINT64_MAX     },
		{"2000-12-13T24:00:00Z",        UINT64_MAX     },
		{"2000-12-13T21:40:00.Z",       UINT64_MAX     },
		{"2000-12-13T21:40:00+1:00",    UINT64_MAX     },
		{"20001213T21:40:00Z",          UINT64_MAX     },
		{"",			    UINT64_MAX     },
	};
	char out[DATE_ISO_LEN];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t ms = UINT64_MAX;

		assert_int_equal(
			date_parse_iso(slice_of(rows[i].s), &ms), rows[i].ms != UINT64_MAX);
		assert_int_equal(ms, rows[i].ms);
	}
	date_print_iso(out, 976743600999);
	assert_slice(slice_make(out, sizeof out), "2000-12-13T21:40:00Z");
}

/* Every day of 130 years prints as what it is read from. */
static void dates_there_and_back(void **state)
{
	for (uint64_t day = 0; day < 130 * 366; day++) {
		uint64_t ms = day * 86400000 + day % 86400 * 1000, back;
		char out[DATE_ISO_LEN];

		date_print_iso(out, ms);
		assert_true(date_parse_iso(slice_make(out, sizeof out), &back));
		assert_int_equal(back, ms);
	}
}

static struct slice callid_of(struct arena *a, struct slice thread)
{
	struct slice s;
	struct buf b;

	buf_init(&b, 0);
	callid_from_thread(&b, thread);
	s = arena_slice(a, buf_slice(&b));
	buf_done(&b);
	return s;
}

static void threads(void **state)
{
	static const char *const kept[] = {
		"t1", "29377446-0CBB-4296-8958-590D79094C50", "a@b", "<x>\"{}"};
	static const char *const escaped[] = {
		"thread with spaces\xc3\xa9",
		"a@b@c",
		"@",
		"a@",
		"x-thread:%41",
		"a,b",
		"%\n",
		" ",
	};
	struct arena a = {0};

	for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
		assert_slice(callid_of(&a, slice_of(kept[i])), kept[i]);
		assert_slice(callid_to_thread(&a, slice_of(kept[i])), kept[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(escaped); i++) {
		struct slice id = callid_of(&a, slice_of(escaped[i]));

		assert_true(sip_is_call_id(id));
		assert_true(id.n <= CALLID_MAX);
		assert_slice(callid_to_thread(&a, id), escaped[i]);
	}
	assert_slice(callid_of(&a, SL("a b")), "x-thread:a%20b");
	arena_done(&a);
}

static void long_threads(void **state)
{
	struct arena a = {0};
	char x[2000], y[2000];
	struct slice id;

	memset(x, 'x', sizeof x);
	memset(y, 'x', sizeof y);
	y[1999] = 'y';
	id = callid_of(&a, slice_make(x, sizeof x));
	assert_true(sip_is_call_id(id));
	assert_true(id.n <= CALLID_MAX);
	assert_true(slice_eq(id, callid_of(&a, slice_make(x, sizeof x))));
	assert_false(slice_eq(id, callid_of(&a, slice_make(y, sizeof y))));
	assert_int_equal(callid_of(&a, slice_make(x, CALLID_MAX)).n, CALLID_MAX);
	/* what nobody could have made out of a thread stays what it is */
	assert_slice(callid_to_thread(&a, SL("x-thread:%4")), "x-thread:%4");
	assert_slice(callid_to_thread(&a, SL("x-thread:")), "x-thread:");
	arena_done(&a);
}

static void charsets(void **state)
{
	static const struct {
		const char *charset, *in, *out; /* out NULL: verdict */
		enum charset_verdict verdict;
	} rows[] = {
		{NULL,         "a\xc3\xa9",    "a\xc3\xa9", CHARSET_GOOD   },
		{"utf-8",      "a",            "a",         CHARSET_GOOD   },
		{"UTF-8",      "\xff",         NULL,        CHARSET_BAD    },
		{NULL,         "\xc0\xaf",     NULL,        CHARSET_BAD    },
		{"us-ascii",   "a",            "a",         CHARSET_GOOD   },
		{"us-ascii",   "\xc3\xa9",     "\xc3\xa9",  CHARSET_GOOD   },
		{"us-ascii",   "\xe9",         NULL,        CHARSET_BAD    },
		{"ISO-8859-1", "\xe9\x41\xff",
                 "\xc3\xa9"
			"A\xc3\xbf",			CHARSET_GOOD   },
		{"utf-16",     "a",            NULL,        CHARSET_UNKNOWN},
		{"koi8-r",     "a",            NULL,        CHARSET_UNKNOWN},
		{"",           "a",            NULL,        CHARSET_UNKNOWN},
	};
	struct arena a = {0};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct slice out = SL_NONE;

		assert_int_equal(
			charset_decode(&out, &a, slice_of(rows[i].charset), slice_of(rows[i].in)),
			rows[i].verdict);
		assert_slice(out, rows[i].out);
	}
	assert_slice(charset_lines(&a, SL("a\r\nb\rc\nd\r\n\r")), "a\nb\nc\nd\n\n");
	assert_slice(charset_lines(&a, SL("abc")), "abc");
	assert_slice(charset_lines(&a, SL("\r")), "\n");
	arena_done(&a);
}

static void languages(void **state)
{
	assert_true(lang_valid(SL("cs")));
	assert_true(lang_valid(SL("zh-Hant-TW")));
	assert_true(lang_valid(SL("de-1996")));
	assert_false(lang_valid(SL("")));
	assert_false(lang_valid(SL("1a")));
	assert_false(lang_valid(SL("en-")));
	assert_false(lang_valid(SL("en_GB")));
	assert_false(lang_valid(SL("toolonglanguage")));
	assert_false(lang_valid(SL("en\r\nX: y")));
	assert_slice(lang_first(SL("cs, en")), "cs");
	assert_slice(lang_first(SL(" en-GB ")), "en-GB");
	assert_slice(lang_first(SL("*")), NULL);
	assert_slice(lang_first(SL_NONE), NULL);
}

static void cpim(void **state)
{
	static const char text[] = "From: Piglet <im:piglet@100akerwood.com>\r\n"
				   "To: Depressed Donkey <im:eeyore@100akerwood.com>\r\n"
				   "To: <im:second@x.example>\r\n"
				   "DateTime: 2000-12-13T13:40:00-08:00\r\n"
				   "Subject:;lang=fr beau temps prevu\r\n"
				   "Subject: the \\\"weather\\\" will be fine\\u00e9\r\n"
				   "NS: MyFeatures <mid:MessageFeatures@id.foo.com>\r\n"
				   "MyFeatures.WackyMessageOption: Use-silly-font\r\n"
				   "\r\n"
				   "Content-type: text/xml; charset=utf-8\r\n"
				   "Content-ID: <1234567890@foo.com>\r\n"
				   "\r\n"
				   "<body>\r\nHere\r\n</body>";
	struct arena a = {0};
	struct cpim c;

	assert_true(cpim_read(&c, &a, slice_of(text)));
	assert_slice(c.from, "im:piglet@100akerwood.com");
	assert_slice(c.to, "im:eeyore@100akerwood.com");
	assert_slice(c.datetime, "2000-12-13T13:40:00-08:00");
	assert_slice(c.subject, "the \"weather\" will be fine\xc3\xa9");
	assert_slice(c.content_type, "text/xml; charset=utf-8");
	assert_slice(c.body, "<body>\r\nHere\r\n</body>");
	arena_done(&a);
}

static void cpim_corners(void **state)
{
	static const struct {
		const char *in;
		bool good;
		const char *from, *subject, *type, *body;
	} rows[] = {
		{"From: <im:a@b>\n\n\nx",                true,                                  "im:a@b", NULL, NULL, "x"},
		{"Subject:;lang=fr bonjour\n\n\n",                                  true,								   NULL, "bonjour", NULL, ""},
		{"from: <im:a@b>\n\n\nx",                                      true,                                            NULL, NULL, NULL,
                 "x"}, /* names are case-sensitive */
		{"X: y\n\ncontent-TYPE: text/html\n\nz",                                  true,NULL, NULL, "text/html", "z"},
		{"From: <im:a@b>\nRequire: MyFeatures.VitalMessageOption\n\n\nx",                                    false                                                                        },
		{"From <im:a@b>\n\n\nx",false},
		{": x\n\n\nx",				  false									  },
		{"From: <im:a@b>", false},
		{"From: <im:a@b>\n\nContent-Type: text/plain",                                  false                                                           },
		{"",				      false            },
	};
	struct arena a = {0};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cpim c;

		assert_int_equal(cpim_read(&c, &a, slice_of(rows[i].in)), rows[i].good);
		if (!rows[i].good)
			continue;
		assert_slice(c.from, rows[i].from);
		assert_slice(c.subject, rows[i].subject);
		assert_slice(c.content_type, rows[i].type);
		assert_slice(c.body, rows[i].body);
	}
	assert_slice(cpim_unescape(&a, SL("a\\\\b\\tc\\n")), "a\\b\tc\n");
	assert_slice(cpim_unescape(&a, SL("tail\\")), "tail");
	assert_slice(cpim_unescape(&a, SL("\\ud800\\u12\\x")), "\xef\xbf\xbdu12x");
	arena_done(&a);
}

static void cseq_grows(void **state)
{
	const uint64_t now = 1769860800000;
	struct cseq_table t;
	uint32_t a1, a2, a3, b1;

	cseq_init(&t, 2);
	a1 = cseq_next(&t, SL("a"), now);
	a2 = cseq_next(&t, SL("a"), now);
	b1 = cseq_next(&t, SL("b"), now - 5000);
	a3 = cseq_next(&t, SL("a"), now - 86400000); /* the clock was set back */
	assert_int_equal(a2, a1 + 1);
	assert_int_equal(a3, a2 + 1);
	assert_int_equal(b1, a1 - 5);
	/* full: the one not used for longest goes, and comes back higher as time has passed */
	cseq_next(&t, SL("c"), now);
	assert_int_equal(t.table.count, 2);
	assert_int_equal(cseq_next(&t, SL("b"), now + 60000), a1 + 60);
	cseq_done(&t);
	/* the same after a restart */
	cseq_init(&t, 2);
	assert_true(cseq_next(&t, SL("a"), now + 10000) > a3);
	assert_int_equal(cseq_next(&t, SL("old"), 0), 1);
	cseq_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(iso_dates),
		cmocka_unit_test(dates_there_and_back),
		cmocka_unit_test(threads),
		cmocka_unit_test(long_threads),
		cmocka_unit_test(charsets),
		cmocka_unit_test(languages),
		cmocka_unit_test(cpim),
		cmocka_unit_test(cpim_corners),
		cmocka_unit_test(cseq_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
