#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sip/locate.h"

/*
 * RFC 3263 4 as conversations: what is asked, what DNS says, what is asked then. An answer is a
 * letter: f found, a absent, d denied ("."), x failed; n: the NAPTR records of the row are found.
 */
struct row {
	const char *what; /* with its section */
	uint16_t port;
	enum sip_locate_way way;
	const char *naptr;   /* "order preference flags service replacement; ..." */
	const char *answers; /* one for each question */
	const char *want;    /* questions and end */
};

/* clang-format off */
static const struct row rows[] = {
	/* 4.2: with a port there is nothing to be found but addresses */
	{"4.2 port, udp", 5070, SIP_BY_UDP, "", "", "HOST example.net UDP 5070"},
	{"4.2 port, tcp", 5070, SIP_BY_TCP, "", "", "HOST example.net TCP 5070"},
	{"4.2 port, tls", 5070, SIP_BY_TLS, "", "", "HOST example.net TLS 5070"},
	{"4.1 port, no transport: UDP", 5070, SIP_BY_AUTO, "", "", "HOST example.net UDP 5070"},

	/* 4.2: a transport that was chosen: its SRV, else the name at the default port */
	{"4.2 udp", 0, SIP_BY_UDP, "", "f", "SRV _sip._udp.example.net, RECORDS UDP"},
	{"4.2 tcp", 0, SIP_BY_TCP, "", "f", "SRV _sip._tcp.example.net, RECORDS TCP"},
	{"4.2 tls", 0, SIP_BY_TLS, "", "f", "SRV _sips._tcp.example.net, RECORDS TLS"},
	{"4.2 udp without SRV", 0, SIP_BY_UDP, "", "a",
		"SRV _sip._udp.example.net, HOST example.net UDP 5060"},
	{"4.2 tcp without SRV", 0, SIP_BY_TCP, "", "a",
		"SRV _sip._tcp.example.net, HOST example.net TCP 5060"},
	{"4.2 tls without SRV", 0, SIP_BY_TLS, "", "a",
		"SRV _sips._tcp.example.net, HOST example.net TLS 5061"},
	{"RFC 2782: the target . means no", 0, SIP_BY_TLS, "", "d",
		"SRV _sips._tcp.example.net, NONE"},
	{"a failure is not a no", 0, SIP_BY_TLS, "", "x", "SRV _sips._tcp.example.net, FAILED"},

	/* 4.1: NAPTR */
	{"4.1 NAPTR, TLS preferred", 0, SIP_BY_AUTO,
		"50 50 s SIPS+D2T _sips._tcp.a.net;90 50 s SIP+D2T _sip._tcp.a.net;"
		"100 50 s SIP+D2U _sip._udp.a.net", "nf",
		"NAPTR example.net, SRV _sips._tcp.a.net, RECORDS TLS"},
	{"4.1 NAPTR, records in any order", 0, SIP_BY_AUTO,
		"100 50 s SIP+D2U _sip._udp.a.net;50 50 s SIP+D2T _sip._tcp.a.net", "nf",
		"NAPTR example.net, SRV _sip._tcp.a.net, RECORDS TCP"},
	{"RFC 3403 4.1 preference within an order", 0, SIP_BY_AUTO,
		"10 20 s SIP+D2T _sip._tcp.a.net;10 10 s SIP+D2U _sip._udp.a.net", "nf",
		"NAPTR example.net, SRV _sip._udp.a.net, RECORDS UDP"},
	{"4.1 what is not spoken here does not count", 0, SIP_BY_AUTO,
		"10 10 s SIP+D2S _sip._sctp.a.net;20 10 s SIP+D2W _sip._ws.a.net;"
		"30 10 s SIP+D2T _sip._tcp.a.net", "nf",
		"NAPTR example.net, SRV _sip._tcp.a.net, RECORDS TCP"},
	{"4.1 nor does another application", 0, SIP_BY_AUTO, "10 10 u E2U+sip x.a.net", "naaa",
		"NAPTR example.net, SRV _sips._tcp.example.net, SRV _sip._tcp.example.net, "
		"SRV _sip._udp.example.net, HOST example.net UDP 5060"},
	{"RFC 3403 4.1 flags: only s has SRV behind it", 0, SIP_BY_AUTO,
		"10 10 a SIP+D2U a.net;20 10 S sip+d2t _sip._tcp.a.net", "nf",
		"NAPTR example.net, SRV _sip._tcp.a.net, RECORDS TCP"},
	{"the next of the same order when the first has no server", 0, SIP_BY_AUTO,
		"10 10 s SIPS+D2T _sips._tcp.a.net;10 20 s SIP+D2T _sip._tcp.a.net", "ndf",
		"NAPTR example.net, SRV _sips._tcp.a.net, SRV _sip._tcp.a.net, RECORDS TCP"},
	{"RFC 3403 4.1 but none of a higher order", 0, SIP_BY_AUTO,
		"10 10 s SIPS+D2T _sips._tcp.a.net;20 10 s SIP+D2U _sip._udp.a.net", "na",
		"NAPTR example.net, SRV _sips._tcp.a.net, NONE"},
	{"a failure behind NAPTR is no way to another transport", 0, SIP_BY_AUTO,
		"10 10 s SIPS+D2T _sips._tcp.a.net;10 20 s SIP+D2U _sip._udp.a.net", "nx",
		"NAPTR example.net, SRV _sips._tcp.a.net, FAILED"},

	/* 4.1: no NAPTR: SRV of each transport */
	{"4.1 no NAPTR, TLS", 0, SIP_BY_AUTO, "", "af",
		"NAPTR example.net, SRV _sips._tcp.example.net, RECORDS TLS"},
	{"4.1 no NAPTR, TCP", 0, SIP_BY_AUTO, "", "aaf",
		"NAPTR example.net, SRV _sips._tcp.example.net, SRV _sip._tcp.example.net, "
		"RECORDS TCP"},
	{"4.1 no NAPTR, UDP", 0, SIP_BY_AUTO, "", "aaaf",
		"NAPTR example.net, SRV _sips._tcp.example.net, SRV _sip._tcp.example.net, "
		"SRV _sip._udp.example.net, RECORDS UDP"},
	{"4.1 nothing: UDP at the default port", 0, SIP_BY_AUTO, "", "aaaa",
		"NAPTR example.net, SRV _sips._tcp.example.net, SRV _sip._tcp.example.net, "
		"SRV _sip._udp.example.net, HOST example.net UDP 5060"},
	{"RFC 2782 . for UDP: nothing over UDP", 0, SIP_BY_AUTO, "", "aaad",
		"NAPTR example.net, SRV _sips._tcp.example.net, SRV _sip._tcp.example.net, "
		"SRV _sip._udp.example.net, NONE"},
	{"RFC 2782 . for TLS says nothing of the others", 0, SIP_BY_AUTO, "", "ada",
		"NAPTR example.net, SRV _sips._tcp.example.net, SRV _sip._tcp.example.net, "
		"SRV _sip._udp.example.net"},
	{"NAPTR fails: it is not known what is preferred", 0, SIP_BY_AUTO, "", "x",
		"NAPTR example.net, FAILED"},
	{"the question for TLS fails: nothing in clear", 0, SIP_BY_AUTO, "", "ax",
		"NAPTR example.net, SRV _sips._tcp.example.net, FAILED"},
};
/* clang-format on */

static size_t read_naptr(char *text, struct sip_naptr *v)
{
	size_t n = 0;
	char *save = NULL;

	for (char *r = strtok_r(text, ";", &save); r; r = strtok_r(NULL, ";", &save), n++) {
		char *field = NULL;

		v[n].order = (uint16_t)atoi(strtok_r(r, " ", &field));
		v[n].preference = (uint16_t)atoi(strtok_r(NULL, " ", &field));
		v[n].flags = slice_of(strtok_r(NULL, " ", &field));
		v[n].service = slice_of(strtok_r(NULL, " ", &field));
		v[n].regexp = SL("");
		v[n].replacement = slice_of(strtok_r(NULL, " ", &field));
	}
	return n;
}

static void say(struct buf *out, const struct sip_locate *l)
{
	static const char *const words[] = {"NAPTR", "SRV", "HOST", "RECORDS", "NONE", "FAILED"};

	buf_printf(out, "%s%s", out->n ? ", " : "", words[l->ask]);
	if (l->ask <= SIP_ASK_HOST)
		buf_printf(out, " %s", l->name);
	if (l->ask == SIP_ASK_HOST || l->ask == SIP_ASK_RECORDS)
		buf_printf(out, " %s", sip_transport_name(l->transport));
	if (l->ask == SIP_ASK_HOST)
		buf_printf(out, " %u", l->port);
}

static enum sip_dns answer_of(char c)
{
	switch (c) {
	case 'a':
		return SIP_DNS_ABSENT;
	case 'd':
		return SIP_DNS_DENIED;
	case 'x':
		return SIP_DNS_FAILED;
	default:
		return SIP_DNS_FOUND;
	}
}

static void test_questions(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sip_naptr naptr[SIP_NAPTR_MAX];
		char *text = xstrdup(rows[i].naptr);
		size_t n = read_naptr(text, naptr);
		struct buf got = {0};
		struct sip_locate l;

		sip_locate_start(&l, "example.net", rows[i].port, rows[i].way);
		say(&got, &l);
		for (const char *a = rows[i].answers; *a; a++) {
			sip_locate_answer(&l, answer_of(*a), naptr, *a == 'n' ? n : 0);
			say(&got, &l);
		}
		if (!slice_eqz(buf_slice(&got), rows[i].want))
			fail_msg("%s: %.*s", rows[i].what, SLARG(buf_slice(&got)));
		buf_done(&got);
		xfree(text);
	}
}

/* As many as there may be, and one with a name as long as DNS has; more are left out. */
static void test_naptr_limits(void **state)
{
	struct sip_naptr v[40];
	struct sip_locate l;
	char longest[300];

	memset(longest, 'a', sizeof longest);
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		v[i] = (struct sip_naptr){10, (uint16_t)(100 - i), SL("s"), SL("SIP+D2U"), SL(""),
			slice_make(longest, i == 3 ? 254 : 253)};
	sip_locate_start(&l, "example.net", 0, SIP_BY_AUTO);
	sip_locate_answer(&l, SIP_DNS_FOUND, v, ARRAY_LEN(v));
	assert_int_equal(l.ask, SIP_ASK_SRV);
	assert_int_equal(strlen(l.name), 253);
	assert_int_equal(l.n_naptr, SIP_NAPTR_MAX - 1);
	for (unsigned i = 0; i < SIP_NAPTR_MAX - 1; i++) {
		assert_int_equal(l.ask, SIP_ASK_SRV);
		sip_locate_answer(&l, SIP_DNS_ABSENT, NULL, 0);
	}
	assert_int_equal(l.ask, SIP_LOCATE_NONE);
}

static void test_literal(void **state)
{
	static const struct {
		enum sip_locate_way way;
		uint16_t port, want_port;
		enum sip_transport want;
	} lit[] = {
		{SIP_BY_UDP, 0, 5060, SIP_UDP},
		{SIP_BY_TCP, 0, 5060, SIP_TCP},
		{SIP_BY_TLS, 0, 5061, SIP_TLS},
		{SIP_BY_AUTO, 0, 5060, SIP_UDP}, /* 4.1 */
		{SIP_BY_TLS, 5070, 5070, SIP_TLS},
		{SIP_BY_AUTO, 5061, 5061, SIP_UDP},
	};

	for (size_t i = 0; i < ARRAY_LEN(lit); i++) {
		uint16_t port = lit[i].port;

		assert_int_equal(sip_locate_literal(lit[i].way, &port), lit[i].want);
		assert_int_equal(port, lit[i].want_port);
	}
}

/* ---- the choice ---- */

/* clang-format off */
static const struct {
	const char *what;
	struct sip_candidate v[6]; /* priority, weight, record, rank, out; ends with record 99 */
	uint64_t random;
	int want;
} picks[] = {
	{"nobody", {{.record = 99}}, 0, -1},
	{"all are out", {{10, 0, 0, 0, true}, {20, 0, 1, 0, true}, {.record = 99}}, 7, -1},
	{"RFC 2782 the lowest priority", {{20, 9, 0, 0, 0}, {10, 0, 1, 0, 0}, {.record = 99}}, 5, 1},
	{"RFC 3263 4.3 the next one when it is out",
		{{20, 9, 0, 0, 0}, {10, 0, 1, 0, true}, {.record = 99}}, 5, 0},
	{"one that is up before any priority",
		{{10, 9, 0, 1, 0}, {20, 0, 1, 0, 0}, {.record = 99}}, 5, 1},
	{"RFC 3263 4.2 of a record its first address",
		{{10, 5, 0, 0, 0}, {10, 5, 0, 0, 0}, {.record = 99}}, 5, 0},
	{"then its second", {{10, 5, 0, 0, true}, {10, 5, 0, 0, 0}, {.record = 99}}, 5, 1},
	/* RFC 2782: sums 0, 10, 100; the first that is not below the number in 0..100 */
	{"weights, 0: the one of weight 0",
		{{1, 90, 0, 0, 0}, {1, 0, 1, 0, 0}, {1, 10, 2, 0, 0}, {.record = 99}}, 0, 1},
	{"weights, 1", {{1, 10, 0, 0, 0}, {1, 0, 1, 0, 0}, {1, 90, 2, 0, 0}, {.record = 99}}, 1, 0},
	{"weights, 10", {{1, 10, 0, 0, 0}, {1, 0, 1, 0, 0}, {1, 90, 2, 0, 0}, {.record = 99}}, 10, 0},
	{"weights, 11", {{1, 10, 0, 0, 0}, {1, 0, 1, 0, 0}, {1, 90, 2, 0, 0}, {.record = 99}}, 11, 2},
	{"weights, 100", {{1, 10, 0, 0, 0}, {1, 0, 1, 0, 0}, {1, 90, 2, 0, 0}, {.record = 99}}, 100, 2},
	{"weights, 101: round", {{1, 10, 0, 0, 0}, {1, 0, 1, 0, 0}, {1, 90, 2, 0, 0}, {.record = 99}},
		101, 1},
	{"addresses of a record do not count twice",
		{{1, 1, 0, 0, 0}, {1, 1, 0, 0, 0}, {1, 1, 1, 0, 0}, {.record = 99}}, 2, 2},
	{"a weight that is out does not count",
		{{1, 90, 0, 0, true}, {1, 10, 1, 0, 0}, {.record = 99}}, 10, 1},
	{"no weights: each in turn", {{1, 0, 0, 0, 0}, {1, 0, 1, 0, 0}, {.record = 99}}, 1, 1},
};
/* clang-format on */

static void test_pick(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(picks); i++) {
		size_t n = 0;
		int got;

		while (picks[i].v[n].record != 99)
			n++;
		got = sip_locate_pick(picks[i].v, n, picks[i].random);
		if (got != picks[i].want)
			fail_msg("%s: %d", picks[i].what, got);
	}
}

/* RFC 2782: who has three times the weight is taken three times as often. */
static void test_shares(void **state)
{
	const struct sip_candidate v[] = {
		{.priority = 1, .weight = 30, .record = 0},
		{.priority = 1, .weight = 10, .record = 1},
	};
	unsigned got[2] = {0};

	srand(5);
	for (unsigned i = 0; i < 20000; i++)
		got[sip_locate_pick(v, 2, (uint64_t)rand())]++;
	assert_in_range(got[0], 14400, 15600);
	assert_in_range(got[1], 4400, 5600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_naptr_limits),
		cmocka_unit_test(test_literal),
		cmocka_unit_test(test_pick),
		cmocka_unit_test(test_shares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
