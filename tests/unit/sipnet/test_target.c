#include "unit.h"

#include <stdio.h>

#include "base/mem.h"
#include "federation/route.h"
#include "sipnet/target.h"

#include "dnsdouble.h"

/* ---- */

struct rig {
	struct loop *loop;
	struct route route;
	struct target *t;
	struct endpoint *probed; /* whom an OPTIONS was sent to */
	unsigned probes, forgotten, released;
	bool fails_at_once;
};

static void on_probe(void *arg, struct endpoint *e)
{
	struct rig *r = arg;

	r->probes++;
	r->probed = e;
	if (r->fails_at_once)
		target_probed(e, "no answer", 0);
	else
		e->probe = (struct sip_client *)r;
}

static void on_forget(void *arg, struct sip_client *probe)
{
	struct rig *r = arg;

	r->forgotten++;
}

static void on_release(void *arg, struct target *t)
{
	struct rig *r = arg;

	r->released++;
}

static const struct target_ops ops = {on_probe, on_forget, on_release};

static void open_rig_by(
	struct rig *r, const char *host, uint16_t port, enum route_transport transport)
{
	*r = (struct rig){.loop = loop_new_fake("test", 1000)};
	r->route = (struct route){
		.name = (char *)"main",
		.next_hop = {.host = (char *)host, .port = port},
		.transport = transport,
	};
	asked = 0;
	r->t = target_new(r->loop, (struct dns *)r, &ops, r, &r->route);
}

static void open_rig(struct rig *r, const char *host, uint16_t port)
{
	open_rig_by(r, host, port, ROUTE_UDP);
}

static void close_rig(struct rig *r)
{
	target_free(r->t);
	loop_turn(r->loop, false);
	loop_free(r->loop);
}

static struct endpoint *next_of(struct rig *r)
{
	return target_choose(r->t, NULL, 0, 0);
}

static void expect_target(struct rig *r, const char *want)
{
	const struct endpoint *e = next_of(r);
	char text[NETADDR_TEXT];

	if (!e)
		assert_null(want);
	else
		assert_string_equal(netaddr_print(&e->at.addr, text), want ? want : "none");
}

static void test_literal(void **state)
{
	struct rig r;

	open_rig(&r, "192.0.2.1", 0);
	expect_target(&r, "192.0.2.1:5060");
	assert_int_equal(asked, 0);
	close_rig(&r);
	open_rig(&r, "2001:db8::1", 5070);
	expect_target(&r, "[2001:db8::1]:5070");
	close_rig(&r);
}

/* RFC 3263 4.2: with a port the name has addresses; refreshed every minute. */
static void test_name_with_port(void **state)
{
	struct rig r;

	open_rig(&r, "sip.example.net", 5070);
	expect_target(&r, NULL);
	assert_string_equal(query.name, "sip.example.net");
	answer_addrs(DNS_OK, (const char *const[]){"192.0.2.1", "192.0.2.2", NULL});
	expect_target(&r, "192.0.2.1:5070");
	loop_fake_advance(r.loop, 59999);
	assert_int_equal(asked, 1);
	loop_fake_advance(r.loop, 1);
	assert_int_equal(asked, 2);
	answer_addrs(DNS_OK, (const char *const[]){"192.0.2.9", NULL});
	expect_target(&r, "192.0.2.9:5070");
	close_rig(&r);
}

/* RFC 3263 4.2: without a port SRV first, and then the name itself. */
static void test_name_without_port(void **state)
{
	struct srv v[2] = {0};
	struct rig r;

	open_rig(&r, "example.net", 0);
	assert_string_equal(query.name, "_sip._udp.example.net");
	snprintf(v[0].target, sizeof v[0].target, "a.example.net");
	snprintf(v[1].target, sizeof v[1].target, "b.example.net");
	v[0].port = 5070;
	v[1].port = 5071;
	query.srv(query.arg, DNS_OK, false, v, 2);
	assert_string_equal(query.name, "a.example.net");
	answer_addrs(DNS_OK, (const char *const[]){"192.0.2.1", NULL});
	expect_target(&r, NULL); /* not before all are known */
	assert_string_equal(query.name, "b.example.net");
	answer_addrs(DNS_OK, (const char *const[]){"192.0.2.2", NULL});
	expect_target(&r, "192.0.2.1:5070");
	target_event(next_of(&r), ENDPOINT_FAILED);
	expect_target(&r, "192.0.2.2:5071");
	close_rig(&r);

	open_rig(&r, "example.net", 0);
	query.srv(query.arg, DNS_NO_NAME, false, NULL, 0);
	assert_string_equal(query.name, "example.net");
	answer_addrs(DNS_OK, (const char *const[]){"192.0.2.1", NULL});
	expect_target(&r, "192.0.2.1:5060");
	close_rig(&r);
}

/* RFC 2782: a target of "." says that there is no such service. Asked again soon. */
static void test_no_service(void **state)
{
	struct srv v = {0};
	struct rig r;

	open_rig(&r, "example.net", 0);
	query.srv(query.arg, DNS_OK, false, &v, 1);
	expect_target(&r, NULL);
	assert_int_equal(asked, 1);
	loop_fake_advance(r.loop, 5000);
	assert_int_equal(asked, 2);
	close_rig(&r);
}

/* The last good answer stays while DNS fails; then it is asked every five seconds. */
static void test_dns_fails(void **state)
{
	struct rig r;

	open_rig(&r, "sip.example.net", 5060);
	answer_addrs(DNS_FAILED, NULL);
	expect_target(&r, NULL);
	loop_fake_advance(r.loop, 5000);
	answer_addrs(DNS_OK, (const char *const[]){"192.0.2.1", NULL});
	expect_target(&r, "192.0.2.1:5060");
	loop_fake_advance(r.loop, 60000);
	answer_addrs(DNS_FAILED, NULL);
	expect_target(&r, "192.0.2.1:5060");
	loop_fake_advance(r.loop, 5000);
	assert_int_equal(asked, 4);
	close_rig(&r);
	assert_true(query.cancelled);
}

/* ---- how they stand ---- */

static const char *const both[] = {"192.0.2.1", "192.0.2.2", NULL};

/* One that does not answer is left for the next; what DNS still names stays as it is. */
static void test_failed(void **state)
{
	struct rig r;

	open_rig(&r, "sip.example.net", 5060);
	answer_addrs(DNS_OK, both);
	target_event(next_of(&r), ENDPOINT_FAILED);
	expect_target(&r, "192.0.2.2:5060");
	loop_fake_advance(r.loop, 60000);
	answer_addrs(DNS_OK, both);
	expect_target(&r, "192.0.2.2:5060");
	target_event(next_of(&r), ENDPOINT_FAILED);
	expect_target(&r, "192.0.2.1:5060"); /* better a suspect one than none */
	close_rig(&r);
}

/* A failure is followed by a probe, that by others at growing distances; an answer ends them. */
static void test_probes(void **state)
{
	uint64_t sum = 0, before;
	struct endpoint *e;
	struct rig r;

	open_rig(&r, "192.0.2.1", 5060);
	e = next_of(&r);
	target_event(e, ENDPOINT_FAILED);
	assert_int_equal(e->state, SIPNET_SUSPECT);
	loop_fake_advance(r.loop, 1);
	assert_int_equal(r.probes, 1);
	target_event(e, ENDPOINT_FAILED); /* one is under way */
	loop_fake_advance(r.loop, 10000);
	assert_int_equal(r.probes, 1);
	for (unsigned i = 0; i < 10; i++) {
		uint64_t wait = i < 6 ? 1000u << i : 60000;

		before = loop_now(r.loop);
		target_probed(e, "no answer", 0);
		assert_int_equal(e->state, SIPNET_DEAD);
		assert_in_range(e->probe_due - before, wait / 2, wait + wait / 2);
		sum += e->probe_due - before;
		loop_fake_advance(r.loop, e->probe_due - before);
		assert_int_equal(r.probes, i + 2);
	}
	assert_true(sum < 500000);
	target_probed(e, NULL, 0);
	assert_int_equal(e->state, SIPNET_UP);
	loop_fake_advance(r.loop, 200000);
	assert_int_equal(r.probes, 11);
	assert_int_equal(e->probes_failed, 10);
	target_event(e, ENDPOINT_FAILED); /* from the beginning */
	loop_fake_advance(r.loop, 1);
	before = loop_now(r.loop);
	target_probed(e, "no answer", 0);
	assert_in_range(e->probe_due - before, 500, 1500);
	close_rig(&r);
}

/* An answer to a request makes the probe that is under way needless. */
static void test_revived(void **state)
{
	struct endpoint *e;
	struct rig r;

	open_rig(&r, "192.0.2.1", 5060);
	e = next_of(&r);
	target_event(e, ENDPOINT_FAILED);
	loop_fake_advance(r.loop, 1);
	assert_int_equal(r.probes, 1);
	target_event(e, ENDPOINT_ANSWERED);
	assert_int_equal(r.forgotten, 1);
	assert_int_equal(e->state, SIPNET_UP);
	loop_fake_advance(r.loop, 100000);
	assert_int_equal(r.probes, 1);
	close_rig(&r);
}

/* Where nothing can be sent at all, probes fail inside the call, and come less and less often. */
static void test_probe_fails_at_once(void **state)
{
	struct rig r;

	open_rig(&r, "192.0.2.1", 5060);
	r.fails_at_once = true;
	target_event(next_of(&r), ENDPOINT_FAILED);
	loop_fake_advance(r.loop, 600000);
	assert_in_range(r.probes, 8, 30);
	close_rig(&r);
}

/* A dead one takes a few requests, as long as nothing else is there; no others after a failure. */
static void test_dead(void **state)
{
	struct endpoint *e;
	struct rig r;
	uint32_t tried;

	open_rig(&r, "sip.example.net", 5060);
	answer_addrs(DNS_OK, both);
	e = next_of(&r);
	target_event(e, ENDPOINT_FAILED);
	target_probed(e, "no answer", 0);
	expect_target(&r, "192.0.2.2:5060");
	tried = next_of(&r)->id;
	assert_null(target_choose(r.t, &tried, 1, 0)); /* not to a dead one afterwards */
	e = next_of(&r);
	target_event(e, ENDPOINT_FAILED);
	target_probed(e, "no answer", 0);
	expect_target(&r, "192.0.2.1:5060");
	for (unsigned i = 0; i < 2; i++)
		r.t->v[i]->under_way = ENDPOINT_TRIALS;
	expect_target(&r, NULL);
	r.t->v[1]->under_way--;
	expect_target(&r, "192.0.2.2:5060");
	close_rig(&r);
}

/* RFC 3261 21.5.4: not asked for anything while it says so, but not for ever. */
static void test_rest(void **state)
{
	struct endpoint *e;
	struct rig r;

	open_rig(&r, "192.0.2.1", 5060);
	e = next_of(&r);
	endpoint_rest(e, 0, loop_now(r.loop)); /* without Retry-After it is as a 500 */
	expect_target(&r, "192.0.2.1:5060");
	endpoint_rest(e, 7, loop_now(r.loop));
	assert_int_equal(endpoint_state(e, loop_now(r.loop)), SIPNET_RESTING);
	loop_fake_advance(r.loop, 6999);
	expect_target(&r, NULL);
	loop_fake_advance(r.loop, 1);
	expect_target(&r, "192.0.2.1:5060");
	endpoint_rest(e, UINT32_MAX, loop_now(r.loop));
	loop_fake_advance(r.loop, 59999);
	expect_target(&r, NULL);
	loop_fake_advance(r.loop, 1);
	expect_target(&r, "192.0.2.1:5060");
	close_rig(&r);
}

/* Nor is it probed: its 503 to an OPTIONS says when it wants to be asked again. */
static void test_rest_of_probes(void **state)
{
	struct endpoint *e;
	struct rig r;

	open_rig(&r, "192.0.2.1", 5060);
	e = next_of(&r);
	target_event(e, ENDPOINT_FAILED);
	loop_fake_advance(r.loop, 1);
	target_probed(e, "503", 30);
	assert_int_equal(e->state, SIPNET_DEAD);
	loop_fake_advance(r.loop, 29000);
	assert_int_equal(r.probes, 1);
	loop_fake_advance(r.loop, 1100);
	assert_int_equal(r.probes, 2);
	close_rig(&r);
}

/* One that DNS names no more is gone, its probe too; its number is nobody else's. */
static void test_gone(void **state)
{
	struct endpoint *e;
	uint32_t id, other;
	struct rig r;

	open_rig(&r, "sip.example.net", 5060);
	answer_addrs(DNS_OK, both);
	e = next_of(&r);
	id = e->id;
	other = r.t->v[1]->id;
	target_event(e, ENDPOINT_FAILED);
	loop_fake_advance(r.loop, 1);
	loop_fake_advance(r.loop, 60000);
	answer_addrs(DNS_OK, (const char *const[]){"192.0.2.2", "192.0.2.3", NULL});
	assert_int_equal(r.forgotten, 1);
	assert_null(target_endpoint(r.t, id));
	assert_int_equal(target_endpoint(r.t, other)->id, other);
	assert_int_not_equal(r.t->v[1]->id, id);
	close_rig(&r);
}

/* RFC 3263 4.1 and 4.2, as the setting says; and which of them an address alone may speak for. */
static void test_transports(void **state)
{
	static const struct {
		enum route_transport transport;
		const char *asks;
		bool clear;
	} rows[] = {
		{ROUTE_UDP, "_sip._udp.example.net", true},
		{ROUTE_TCP, "_sip._tcp.example.net", true},
		{ROUTE_TLS, "_sips._tcp.example.net", false},
		{ROUTE_LOCATED, "example.net", false}, /* NAPTR; nothing is known yet */
	};
	const struct srv s = a_record(0, 0, 5061, "a.example.net");
	struct rig r;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		open_rig_by(&r, "example.net", 0, rows[i].transport);
		assert_string_equal(query.name, rows[i].asks);
		assert_int_equal(target_is_clear(r.t), rows[i].clear);
		close_rig(&r);
	}
	open_rig_by(&r, "example.net", 0, ROUTE_LOCATED);
	answer_naptr(DNS_NO_DATA, NULL, 0);
	answer_srv(DNS_OK, &s, 1);
	answer_addrs(DNS_OK, both);
	assert_int_equal(next_of(&r)->at.transport, SIP_TLS);
	assert_false(target_is_clear(r.t));
	close_rig(&r);
}

static void test_errors(void **state)
{
	struct sipnet_error_view v[SIPNET_ERRORS];
	struct rig r;

	open_rig(&r, "sip.example.net", 5060);
	answer_addrs(DNS_FAILED, NULL);
	loop_fake_advance(r.loop, 5000);
	answer_addrs(DNS_FAILED, NULL);
	loop_fake_advance(r.loop, 1000);
	assert_int_equal(trouble_view(&r.t->trouble, loop_now(r.loop), v), 1);
	assert_int_equal(v[0].code, SIPNET_E_RESOLVE);
	assert_int_equal(v[0].times, 2);
	assert_int_equal(v[0].ago, 1000);
	assert_string_equal(v[0].target, "");
	assert_non_null(strstr(v[0].text, "sip.example.net"));
	close_rig(&r);
}

/* New credentials are tried at once, the same ones are not. */
static void test_credentials_change(void **state)
{
	struct route other;
	struct rig r;

	open_rig(&r, "192.0.2.1", 5060);
	r.route.digest_user = (char *)"us";
	r.route.digest_password = (char *)"secret";
	r.t->login_wait = 99999;
	r.t->proven = true;
	other = r.route;
	target_set_route(r.t, &other);
	assert_int_equal(r.t->login_wait, 99999);
	assert_true(r.t->proven);
	r.route.digest_password = (char *)"other";
	target_set_route(r.t, &r.route);
	assert_int_equal(r.t->login_wait, 0);
	assert_false(r.t->proven);
	close_rig(&r);
}

/* ---- where requests come from ---- */

/* Without a list of sources: the addresses of the next hop, from any port. */
static void test_sources(void **state)
{
	struct netaddr a;
	struct rig r;

	open_rig(&r, "sip.example.net", 5060);
	assert_int_equal(netaddr_parse_host(&a, SL("192.0.2.2"), 40000), 0);
	assert_false(target_has_source(r.t, &a));
	answer_addrs(DNS_OK, (const char *const[]){"192.0.2.1", "192.0.2.2", NULL});
	assert_true(target_has_source(r.t, &a));
	assert_int_equal(netaddr_parse_host(&a, SL("192.0.2.3"), 5060), 0);
	assert_false(target_has_source(r.t, &a));
	close_rig(&r);
}

static void test_rate(void **state)
{
	struct rig r;

	open_rig(&r, "192.0.2.1", 5060);
	for (unsigned i = 0; i < 100; i++)
		assert_true(target_take(r.t, 1000));
	r.route.receive_rate = 3;
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(target_take(r.t, 2000 + i), i < 3);
	assert_true(target_take(r.t, 3004));
	assert_int_equal(r.t->over_rate, 2);
	r.route.sender_rate = 1;
	assert_true(target_take_of(r.t, 77, 4000));
	assert_false(target_take_of(r.t, 77, 4001));
	assert_true(target_take_of(r.t, 78, 4001));
	assert_int_equal(r.t->over_sender_rate, 1);
	close_rig(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_literal),
		cmocka_unit_test(test_name_with_port),
		cmocka_unit_test(test_name_without_port),
		cmocka_unit_test(test_no_service),
		cmocka_unit_test(test_dns_fails),
		cmocka_unit_test(test_failed),
		cmocka_unit_test(test_probes),
		cmocka_unit_test(test_revived),
		cmocka_unit_test(test_probe_fails_at_once),
		cmocka_unit_test(test_dead),
		cmocka_unit_test(test_rest),
		cmocka_unit_test(test_rest_of_probes),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_transports),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_credentials_change),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
