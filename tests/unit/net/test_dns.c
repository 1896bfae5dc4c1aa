#include "unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "loop/loop.h"
#include "net/dns.h"

enum { A = 1, NS = 2, CNAME = 5, AAAA = 28, SRV = 33, DNSKEY = 48 };

/* ---- a DNS server with a few records, on the test's own loop ---- */

struct record {
	const char *name;
	int type;
	const char *rdata; /* A, AAAA: address; SRV: "priority weight port target" */
};

static const struct record records[] = {
	{"host.lab",                    A,    "192.0.2.1"      },
	{"host.lab",                    A,    "192.0.2.2"      },
	{"host.lab",                    AAAA, "2001:db8::1"    },
	{"v4.lab",		      A,    "192.0.2.3"      },
	{"_xmpp-server._tcp.multi.lab", SRV,  "20 0 5270 b.lab"},
	{"_xmpp-server._tcp.multi.lab", SRV,  "10 0 5269 a.lab"},
	{"_xmpp-server._tcp.multi.lab", SRV,  "5 0 0 ."        },
	{"_xmpp-server._tcp.none.lab",  SRV,  "0 0 0 ."        },
	{"host.test",                   A,    "192.0.2.9"      },
};

static int sock;
static struct loop_poll *server;
static bool answers_aaaa; /* false: questions for AAAA are not answered */
static int questions;

static void put_name(struct buf *b, const char *name)
{
	struct slice rest = slice_of(name), label;

	while (slice_split(&rest, '.', &label) && label.n) {
		buf_chr(b, (char)label.n);
		buf_slice_add(b, label);
	}
	if (rest.p && rest.n) {
		buf_chr(b, (char)rest.n);
		buf_slice_add(b, rest);
	}
	buf_chr(b, 0);
}

static void put16(struct buf *b, unsigned v)
{
	buf_chr(b, (char)(v >> 8));
	buf_chr(b, (char)v);
}

static void put_rdata(struct buf *b, const struct record *r)
{
	struct buf data = {0};
	uint8_t addr[16];
	unsigned v[3];
	char target[64];

	if (r->type == SRV) {
		assert_int_equal(sscanf(r->rdata, "%u %u %u %63s", &v[0], &v[1], &v[2], target), 4);
		for (int i = 0; i < 3; i++)
			put16(&data, v[i]);
		put_name(&data, strcmp(target, ".") ? target : "");
	} else {
		assert_int_equal(inet_pton(r->type == A ? AF_INET : AF_INET6, r->rdata, addr), 1);
		buf_add(&data, addr, r->type == A ? 4 : 16);
	}
	put16(b, (unsigned)data.n);
	buf_slice_add(b, buf_slice(&data));
	buf_done(&data);
}

/* The name of the question as text; returns where its type stands. */
static size_t read_question(const uint8_t *p, size_t n, char *name)
{
	size_t at = 12, out = 0;

	while (at < n && p[at]) {
		if (out)
			name[out++] = '.';
		memcpy(name + out, p + at + 1, p[at]);
		out += p[at];
		at += p[at] + 1u;
	}
	name[out] = 0;
	return at + 1;
}

static void answer(const uint8_t *q, size_t n, const struct sockaddr *to, socklen_t len)
{
	struct buf b = {0};
	char name[256];
	size_t at = read_question(q, n, name);
	int type = q[at] << 8 | q[at + 1], found = 0;
	bool exists = false, broken = !strcasecmp(name, "_xmpp-server._tcp.broken.lab");

	questions++;
	if (!strcasecmp(name, "silent.lab") || (type == AAAA && !answers_aaaa))
		return;
	for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
		exists |= !strcasecmp(records[i].name, name);
		found += !strcasecmp(records[i].name, name) && records[i].type == type;
	}
	buf_add(&b, q, 2);
	put16(&b, 0x8180u | (broken ? 2 : exists ? 0 : 3));
	put16(&b, 1);
	put16(&b, (unsigned)found);
	put16(&b, 0);
	put16(&b, 0);
	buf_add(&b, q + 12, at + 4 - 12);
	for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
		if (strcasecmp(records[i].name, name) || records[i].type != type)
			continue;
		put16(&b, 0xc00c);
		put16(&b, (unsigned)type);
		put16(&b, 1);
		put16(&b, 0);
		put16(&b, 60);
		put_rdata(&b, &records[i]);
	}
	sendto(sock, buf_slice(&b).p, b.n, 0, to, len);
	buf_done(&b);
}

static void on_question(void *arg, unsigned events)
{
	uint8_t q[1500];
	struct sockaddr_storage from;
	socklen_t len = sizeof from;
	ssize_t n = recvfrom(sock, q, sizeof q, MSG_DONTWAIT, (struct sockaddr *)&from, &len);

	if (n > 12)
		answer(q, (size_t)n, (struct sockaddr *)&from, len);
}

/* ---- the client ---- */

static struct loop *loop;
static struct loop_timer ticker;
static struct dns *dns;

static struct {
	int calls;
	enum dns_status status;
	bool secure;
	struct srv srv[DNS_SRV_MAX];
	struct netaddr addrs[DNS_ADDRS_MAX];
	size_t n;
} got;

static void on_srv(void *arg, enum dns_status status, bool secure, const struct srv *v, size_t n)
{
	got.calls++;
	got.status = status;
	got.secure = secure;
	got.n = n;
	if (n)
		memcpy(got.srv, v, n * sizeof *v);
}

static void on_addrs(
	void *arg, enum dns_status status, bool secure, const struct netaddr *v, size_t n)
{
	got.calls++;
	got.status = status;
	got.n = n;
	if (n)
		memcpy(got.addrs, v, n * sizeof *v);
}

static void tick(void *arg)
{
	loop_timer_in(&ticker, 5);
}

static void until_called(void)
{
	uint64_t end = clock_mono_ms() + 8000;

	while (!got.calls) {
		loop_turn(loop, true);
		assert_true(clock_mono_ms() < end);
	}
}

static struct netaddr server_address(void)
{
	struct sockaddr_in in = {0};
	socklen_t len = sizeof in;
	struct netaddr a;

	getsockname(sock, (struct sockaddr *)&in, &len);
	netaddr_from(&a, (struct sockaddr *)&in);
	return a;
}

static void start(enum dns_mode mode, unsigned timeout_ms, const char *insecure)
{
	struct netaddr a = server_address();
	struct dns_config c = {.dnssec = mode,
		.forward = &a,
		.n_forward = 1,
		.timeout_ms = timeout_ms,
		.insecure_zones = &insecure,
		.n_insecure_zones = insecure ? 1 : 0};
	struct err e = {0};

	if (dns_new(&dns, loop, &c, NULL, &e) < 0)
		fail_msg("%s", e.text);
}

static int setup(void **state)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	memset(&got, 0, sizeof got);
	answers_aaaa = true;
	questions = 0;
	loop = loop_new("t");
	loop_timer_init(&ticker, loop, tick, NULL);
	loop_timer_in(&ticker, 5);
	sock = socket(AF_INET, SOCK_DGRAM, 0);
	if (bind(sock, (struct sockaddr *)&in, sizeof in) < 0)
		return -1;
	server = loop_poll_new(loop, sock, on_question, NULL);
	loop_poll_set(server, LOOP_READ);
	return 0;
}

static int teardown(void **state)
{
	dns_free(dns);
	dns = NULL;
	loop_poll_free(server);
	close(sock);
	loop_timer_stop(&ticker);
	loop_free(loop);
	return 0;
}

static void ask_srv(const char *domain)
{
	got.calls = 0;
	assert_non_null(dns_srv(dns, "_xmpp-server._tcp", domain, on_srv, NULL));
	assert_int_equal(got.calls, 0); /* never before the call has returned */
	until_called();
}

static void ask_addrs(const char *host)
{
	got.calls = 0;
	assert_non_null(dns_addrs(dns, host, 5269, on_addrs, NULL));
	assert_int_equal(got.calls, 0);
	until_called();
}

static void srv_in_order_without_the_dot(void **state)
{
	start(DNS_SEC_OFF, 0, NULL);
	ask_srv("multi.lab");
	assert_int_equal(got.status, DNS_OK);
	assert_int_equal(got.n, 2);
	assert_string_equal(got.srv[0].target, "a.lab");
	assert_int_equal(got.srv[0].port, 5269);
	assert_string_equal(got.srv[1].target, "b.lab");
	assert_int_equal(got.srv[1].port, 5270);
	assert_false(got.secure);
}

static void srv_dot_alone_says_there_is_none(void **state)
{
	start(DNS_SEC_OFF, 0, NULL);
	ask_srv("none.lab");
	assert_int_equal(got.status, DNS_OK);
	assert_int_equal(got.n, 1);
	assert_string_equal(got.srv[0].target, "");
}

static void no_name_no_data_and_failure(void **state)
{
	start(DNS_SEC_OFF, 0, NULL);
	ask_srv("nobody.lab");
	assert_int_equal(got.status, DNS_NO_NAME);
	got.calls = 0;
	dns_srv(dns, "host", "lab", on_srv, NULL);
	until_called();
	assert_int_equal(got.status, DNS_NO_DATA);
	ask_srv("broken.lab");
	assert_int_equal(got.status, DNS_FAILED);
	ask_addrs("nobody.lab");
	assert_int_equal(got.status, DNS_NO_NAME);
}

static void addresses_take_turns(void **state)
{
	char text[NETADDR_TEXT];

	start(DNS_SEC_OFF, 0, NULL);
	ask_addrs("host.lab");
	assert_int_equal(got.status, DNS_OK);
	assert_int_equal(got.n, 3);
	assert_string_equal(netaddr_print(&got.addrs[0], text), "[2001:db8::1]:5269");
	assert_int_equal(got.addrs[1].sa.sa_family, AF_INET);
	assert_int_equal(got.addrs[2].sa.sa_family, AF_INET);
}

static void one_family_is_enough(void **state)
{
	uint64_t begin;

	start(DNS_SEC_OFF, 0, NULL);
	ask_addrs("v4.lab"); /* no AAAA */
	assert_int_equal(got.status, DNS_OK);
	assert_int_equal(got.n, 1);
	answers_aaaa = false; /* no answer at all: it is not waited for */
	begin = clock_mono_ms();
	ask_addrs("host.test");
	assert_int_equal(got.status, DNS_OK);
	assert_int_equal(got.n, 1);
	assert_true(clock_mono_ms() - begin < 3000);
}

static void literal_is_its_own_answer(void **state)
{
	char text[NETADDR_TEXT];

	start(DNS_SEC_OFF, 0, NULL);
	ask_addrs("2001:db8::7");
	assert_int_equal(got.n, 1);
	assert_string_equal(netaddr_print(&got.addrs[0], text), "[2001:db8::7]:5269");
	assert_int_equal(questions, 0);
}

static void silence_is_bounded(void **state)
{
	uint64_t begin = clock_mono_ms();

	start(DNS_SEC_OFF, 300, NULL);
	ask_addrs("silent.lab");
	assert_int_equal(got.status, DNS_FAILED);
	assert_in_range(clock_mono_ms() - begin, 290, 3000);
}

static void cancelled_is_not_told(void **state)
{
	struct dns_query *q;

	start(DNS_SEC_OFF, 0, NULL);
	q = dns_srv(dns, "_xmpp-server._tcp", "multi.lab", on_srv, NULL);
	dns_cancel(q);
	q = dns_addrs(dns, "192.0.2.1", 1, on_addrs, NULL);
	dns_cancel(q);
	ask_srv("none.lab");
	assert_int_equal(got.calls, 1);
}

/* The server knows no signatures: auto goes on without, require does not. */
static void auto_goes_on_without_dnssec(void **state)
{
	start(DNS_SEC_AUTO, 0, NULL);
	ask_srv("multi.lab");
	assert_int_equal(got.status, DNS_OK);
	assert_int_equal(got.n, 2);
	assert_false(got.secure);
}

static void require_refuses_what_is_not_secure(void **state)
{
	start(DNS_SEC_REQUIRE, 5000, NULL);
	ask_srv("multi.lab");
	assert_true(got.status == DNS_BOGUS || got.status == DNS_FAILED);
	assert_int_equal(got.n, 0);
}

static void insecure_zones_are_exempt(void **state)
{
	start(DNS_SEC_REQUIRE, 5000, "lab");
	ask_srv("multi.lab");
	assert_int_equal(got.status, DNS_OK);
	assert_int_equal(got.n, 2);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(srv_in_order_without_the_dot),
		T(srv_dot_alone_says_there_is_none),
		T(no_name_no_data_and_failure),
		T(addresses_take_turns),
		T(one_family_is_enough),
		T(literal_is_its_own_answer),
		T(silence_is_bounded),
		T(cancelled_is_not_told),
		T(auto_goes_on_without_dnssec),
		T(require_refuses_what_is_not_secure),
		T(insecure_zones_are_exempt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
