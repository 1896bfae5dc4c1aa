#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sip/frame.h"
#include "sip/message.h"
#include "unit.h"

#define START "MESSAGE sip:a SIP/2.0\r\n"

/* Events as letters: p pong, P ping, M(bytes) message, B(fault) broken, - more is wanted. */
/* clang-format off */
static const struct {
	const char *bytes, *events;
} streams[] = {
	/* RFC 3261 18.3, 20.14 */
	{START "Content-Length: 0\r\n\r\n", "M(44)"},
	{START "Content-Length: 5\r\n\r\nhello", "M(49)"},
	{START "l: 5\r\n\r\nhello", "M(36)"},
	{START "CONTENT-LENGTH  :\t5 \r\n\r\nhello", "M(52)"},
	{START "Content-Length: 00005\r\n\r\nhello", "M(53)"},
	{START "l: 0\r\n\r\n" START "l: 2\r\n\r\nhi" START "l: 0\r\n\r\n", "M(31)M(33)M(31)"},
	{START "l: 9\r\n\r\nhello", "-"},
	{START "l: 9\r\n", "-"},
	{START "l: 9", "-"},
	/* 7.3.1: folded before and behind the number; another field that is folded is not it */
	{START "l:\r\n 5\r\n\r\nhello", "M(38)"},
	{START "l: 5\r\n \r\n\r\nhello", "M(39)"},
	{START "Subject: x\r\n l: 9\r\nl: 2\r\n\r\nhi", "M(52)"},
	{"SIP/2.0 200 OK\r\nl: 0\r\n\r\n", "M(24)"},
	/* lines that end with a line feed alone, as the reader of messages takes them */
	{"SIP/2.0 200 OK\nl: 2\n\nhi", "M(23)"},
	/* what cannot be framed */
	{START "Subject: x\r\n\r\n", "B(Missing Content-Length)"},
	{START "\r\n", "B(Missing Content-Length)"},
	{START "l: x\r\n\r\n", "B(Bad Content-Length)"},
	{START "l: -1\r\n\r\n", "B(Bad Content-Length)"},
	{START "l: +1\r\n\r\n", "B(Bad Content-Length)"},
	{START "l: 1 2\r\n\r\n", "B(Bad Content-Length)"},
	{START "l: 1\r\n 2\r\n\r\n", "B(Bad Content-Length)"},
	{START "l:\r\n\r\n", "B(Bad Content-Length)"},
	{START "l: 0\r\nl: 0\r\n\r\n", "B(Bad Content-Length)"},
	{START "l: 0\r\nContent-Length: 5\r\n\r\nhello", "B(Bad Content-Length)"},
	{START "l: 4294967296\r\n\r\n", "B(Bad Content-Length)"},
	{START "l: 4294967295\r\n\r\n", "B(Message Too Long)"},
	{START "l: 65535\r\n\r\n", "B(Message Too Long)"},
	/* RFC 5626 4.4.1, RFC 3261 7.5 */
	{"\r\n", "p"},
	{"\r\n\r\n", "pP"},
	{"\r\n\r\n\r\n", "pPp"},
	{"\r\n\r\n\r\n\r\n", "pPpP"},
	{"\r\n" START "l: 0\r\n\r\n", "pM(31)"},
	{"\r\n" START "l: 0\r\n\r\n\r\n", "pM(31)p"}, /* what is between them makes no ping */
	{START "l: 0\r\n\r\n\r\n\r\n", "M(31)pP"},
	{"\n", "p"},
	{"\r", "-"},
	{"", ""},
};
/* clang-format on */

static void note(struct buf *out, const struct sip_frame *f, enum sip_frame_event event, size_t used)
{
	if (event == SIP_FRAME_PONG || event == SIP_FRAME_PING)
		buf_chr(out, event == SIP_FRAME_PONG ? 'p' : 'P');
	else if (event == SIP_FRAME_MESSAGE)
		buf_printf(out, "M(%zu)", used);
	else
		buf_printf(out, "B(%s)", sip_frame_fault_text(f->fault));
}

/* The bytes come step at a time. */
static char *events_of(struct slice bytes, size_t step)
{
	struct sip_frame f = {0};
	struct buf in = {0}, out = {0};
	enum sip_frame_event event = SIP_FRAME_MORE;
	size_t used;
	char *s;

	for (size_t at = 0; at < bytes.n && event != SIP_FRAME_BROKEN; at += step) {
		buf_slice_add(&in, slice_cut(slice_from(bytes, at), step));
		while ((event = sip_frame_look(&f, buf_slice(&in).p, in.n, &used)) !=
			SIP_FRAME_MORE) {
			note(&out, &f, event, used);
			if (event == SIP_FRAME_BROKEN)
				break;
			buf_take(&in, used);
		}
	}
	if (event == SIP_FRAME_MORE && in.n)
		buf_chr(&out, '-');
	s = buf_dup(&out);
	buf_done(&in);
	buf_done(&out);
	return s;
}

/* However the bytes come in, the events are the same. */
static void messages_are_found(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
		struct slice bytes = slice_of(streams[i].bytes);

		for (size_t step = 1; step <= bytes.n + 1; step++) {
			char *got = events_of(bytes, step);

			if (strcmp(got, streams[i].events) != 0)
				fail_msg("%s\n%zu at a time: %s, not %s", streams[i].bytes, step,
					got, streams[i].events);
			free(got);
		}
	}
}

static char *long_message(size_t padding, size_t length)
{
	char *pad = xmalloc(padding + 1), *s;

	memset(pad, 'x', padding);
	pad[padding] = '\0';
	s = xasprintf(START "Subject: %s\r\nl: %zu\r\n\r\n", pad, length);
	free(pad);
	return s;
}

/* The limit is on head and body together; a head without end is not waited for. */
static void what_is_too_long_is_broken(void **state)
{
	const size_t rest = strlen(START "Subject: \r\nl: 0\r\n\r\n");
	/* clang-format off */
	const struct {
		size_t padding, length;
		const char *events;
	} rows[] = {
		{SIP_MAX_MESSAGE - rest, 0, "M(65535)"},
		{SIP_MAX_MESSAGE - rest + 1, 0, "B(Message Too Long)"},
		{SIP_MAX_MESSAGE - rest, 1, "B(Message Too Long)"},
		{3 * SIP_MAX_MESSAGE, 0, "B(Message Too Long)"},
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *text = long_message(rows[i].padding, rows[i].length);
		char *got = events_of(slice_of(text), 1000);

		assert_string_equal(got, rows[i].events);
		free(got);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_found),
		cmocka_unit_test(what_is_too_long_is_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
