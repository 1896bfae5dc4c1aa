#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

static int ends[2];
static char got[65536];

static int open_pipe(void **state)
{
	log_fd_set(pipe(ends) == 0 ? ends[1] : -1);
	return 0;
}

static int close_pipe(void **state)
{
	log_fd_set(STDERR_FILENO);
	close(ends[0]);
	close(ends[1]);
	return 0;
}

/* What was logged since, without the time in front of it. */
static const char *line(void)
{
	ssize_t n = read(ends[0], got, sizeof got - 1);

	assert_true(n > 25);
	got[n] = '\0';
	assert_int_equal(got[23], 'Z');
	return got + 25;
}

static void fields_of_the_whole_chain(void **state)
{
	struct log parent, l;

	log_init(&parent, NULL);
	log_init(&l, &parent);
	log_set(&parent, "partner", SL("xmpp.lab"));
	log_set(&l, "stream", SL("o17"));
	log_warn(&l, "stream-closed", LF_Z("reason", "conflict"), LF_U("n", UINT64_MAX),
		LF_I("i", -5), LF_S("gone", SL_NONE));
	assert_string_equal(line(), "warn stream-closed partner=xmpp.lab stream=o17 reason=conflict "
				    "n=18446744073709551615 i=-5\n");
	log_info(NULL, "started");
	assert_string_equal(line(), "info started\n");
	log_done(&l);
	log_done(&parent);
	log_done(&parent);
}

static void setting_replaces(void **state)
{
	struct log l;

	log_init(&l, NULL);
	log_set(&l, "a", SL("x \" a=1"));
	log_set(&l, "ab", SL("2"));
	log_set(&l, "a", SL("new"));
	log_setf(&l, "c", "%d", 3);
	log_set(&l, "ab", SL_NONE);
	log_info(&l, "e");
	assert_string_equal(line(), "info e a=new c=3\n");
	log_set(&l, "a", SL_NONE);
	log_set(&l, "c", SL_NONE);
	assert_null(l.fields);
	log_done(&l);
}

static void values_are_escaped(void **state)
{
	static const struct {
		struct slice in;
		const char *want;
	} rows[] = {
		{SL("plain/value@x:1"), "v=plain/value@x:1\n"},
		{SL(""), "v=\"\"\n"},
		{SL("two words"), "v=\"two words\"\n"},
		{SL("a=b"), "v=\"a=b\"\n"},
		{SL("\"\\"), "v=\"\\\"\\\\\"\n"},
		{SL("x\n2026-01-01T00:00:00.000Z error forged"),
			"v=\"x\\x0a2026-01-01T00:00:00.000Z error forged\"\n"},
		{SL("\r\t\0\x7f\x1b[2J"), "v=\"\\x0d\\x09\\x00\\x7f\\x1b[2J\"\n"},
		{SL("b\xc3\xbc""cher"), "v=\"b\xc3\xbc""cher\"\n"},
		{SL("\x9b" "2J"), "v=\"\\x9b2J\"\n"},             /* CSI in one byte */
		{SL("\xc2\x9b" "2J"), "v=\"\\xc2\\x9b2J\"\n"},     /* ... and as U+009B */
		{SL("\xe2\x80\xa8x"), "v=\"\\xe2\\x80\\xa8x\"\n"}, /* line separator */
		{SL("\xe2\x80\xae"), "v=\"\\xe2\\x80\\xae\"\n"},   /* right-to-left override */
		{SL("\xe2\x81\xa6"), "v=\"\\xe2\\x81\\xa6\"\n"},
		{SL("\xe2\x82\xac"), "v=\"\xe2\x82\xac\"\n"},
		{SL("\xc0\xaf\xff"), "v=\"\\xc0\\xaf\\xff\"\n"},
		{SL("\xed\xa0\x80"), "v=\"\\xed\\xa0\\x80\"\n"},
		{SL("\xf0\x9f\x98\x80"), "v=\"\xf0\x9f\x98\x80\"\n"},
		{SL("cut\xe2\x82"), "v=\"cut\\xe2\\x82\"\n"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		log_info(NULL, "e", LF_S("v", rows[i].in));
		assert_string_equal(line() + strlen("info e "), rows[i].want);
	}
}

static void long_values_are_cut(void **state)
{
	char many[2000];
	const char *s;

	memset(many, 'x', sizeof many);
	log_info(NULL, "e", LF_S("v", slice_make(many, sizeof many)), LF_U("n", 1));
	s = line();
	assert_non_null(strstr(s, "x...\" n=1\n"));
	assert_true(strlen(s) < 600);
}

/* One line, under the limit, that ends between two fields. */
static void long_lines_end_between_fields(void **state)
{
	char many[512];
	struct log_field f[41] = {0};
	const char *s;
	size_t quotes = 0;

	memset(many, '"', sizeof many);
	for (int i = 0; i < 40; i++)
		f[i] = LF_S("v", slice_make(many, sizeof many));
	log_write(NULL, LOG_INFO, "e", f);
	s = line();
	assert_true(strlen(s) < 8300);
	assert_int_equal(s[strlen(s) - 1], '\n');
	for (size_t i = 1; s[i]; i++)
		quotes += s[i] == '"' && s[i - 1] != '\\';
	assert_true(quotes > 0 && quotes % 2 == 0);
}

static void levels(void **state)
{
	enum log_level level = LOG_ERROR;

	assert_true(log_level_parse(SL("debug"), &level));
	assert_int_equal(level, LOG_DEBUG);
	assert_false(log_level_parse(SL("Debug"), &level));
	assert_false(log_level_parse(SL(""), &level));
	assert_int_equal(level, LOG_DEBUG);
	assert_false(log_enabled(LOG_DEBUG));
	log_debug(NULL, "hidden");
	log_level_set(LOG_DEBUG);
	log_debug(NULL, "shown");
	assert_string_equal(line(), "debug shown\n");
	log_level_set(LOG_ERROR);
	log_info(NULL, "hidden");
	log_error(NULL, "shown");
	assert_string_equal(line(), "error shown\n");
	log_level_set(LOG_INFO);
}

static void a_closed_descriptor_is_no_end(void **state)
{
	log_fd_set(-1);
	log_info(NULL, "lost");
	log_fd_set(ends[1]);
	log_info(NULL, "kept");
	assert_string_equal(line(), "info kept\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_of_the_whole_chain),
		cmocka_unit_test(setting_replaces),
		cmocka_unit_test(values_are_escaped),
		cmocka_unit_test(long_values_are_cut),
		cmocka_unit_test(long_lines_end_between_fields),
		cmocka_unit_test(levels),
		cmocka_unit_test(a_closed_descriptor_is_no_end),
	};

	return cmocka_run_group_tests(tests, open_pipe, close_pipe);
}
