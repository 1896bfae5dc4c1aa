#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "rig.h"

/* Two edges that are each other's partner, over loopback, with real certificates. */
static struct rig rig;
static struct side a, b;

static int setup(void **state)
{
	rig_init(&rig);
	return 0;
}

static int teardown(void **state)
{
	side_done(&a);
	side_done(&b);
	rig_done(&rig);
	return 0;
}

static void sides(const struct side_options *for_a, const struct side_options *for_b)
{
	struct side_options oa = for_a ? *for_a : (struct side_options){0};
	struct side_options ob = for_b ? *for_b : (struct side_options){0};

	oa.domain = "sip.lab";
	ob.domain = "xmpp.lab";
	side_init(&a, &rig, &oa);
	side_init(&b, &rig, &ob);
}

static struct side_partner partner_of_a(void)
{
	return (struct side_partner){.domain = "xmpp.lab", .port = side_port(&b)};
}

static struct side_partner partner_of_b(void)
{
	return (struct side_partner){.domain = "sip.lab", .port = side_port(&a)};
}

static void settings(const struct side_partner *for_a, const struct side_partner *for_b)
{
	struct side_partner pa = partner_of_a(), pb = partner_of_b();

	side_settings(&a, for_a ? for_a : &pa);
	side_settings(&b, for_b ? for_b : &pb);
}

static void both(void)
{
	sides(NULL, NULL);
	settings(NULL, NULL);
}

static void expect_fate(uint64_t id, enum link_fate_kind fate, enum link_reason reason)
{
	struct fate f = side_fate(&a, id);

	if (f.fate != fate || f.reason != reason)
		fail_msg("%s (%s), not %s (%s)", link_fate_name(f.fate), link_reason_name(f.reason),
			link_fate_name(fate), link_reason_name(reason));
}

/* Sends one and waits for its fate. */
static void send_and_expect(unsigned deadline_ms, enum link_fate_kind fate, enum link_reason reason)
{
	static uint64_t id = 1000;

	a.n_fates = 0;
	side_send(&a, "xmpp.lab", ++id, deadline_ms);
	rig_until(&rig, a.n_fates == 1);
	expect_fate(id, fate, reason);
}

static size_t streams(struct side *s)
{
	struct view_streams *v = edge_view(s->edge);
	size_t n = 0;

	for (size_t i = 0; i < v->n; i++)
		n += v->v[i].state != VIEW_WAITING;
	view_streams_free(v);
	return n;
}

/* ---- the straight path ---- */

static void a_message_goes_each_way(void **state)
{
	both();
	side_send(&a, "xmpp.lab", 1, 5000);
	rig_until(&rig, a.n_fates == 1 && b.n_ups == 1);
	expect_fate(1, LINK_WRITTEN, LINK_R_NONE);
	assert_string_equal(b.ups[0], "<message from='romeo@sip.lab' to='juliet@xmpp.lab' id='m1' "
				      "xml:lang='en'><body>hello</body></message>");
	side_send(&b, "sip.lab", 2, 5000);
	rig_until(&rig, b.n_fates == 1 && a.n_ups == 1);
	assert_int_equal(b.fates[0].fate, LINK_WRITTEN);
	assert_int_equal(streams(&a), 2);
}

static void one_stream_in_order(void **state)
{
	enum { N = SIDE_MAX / 2 - 10 }; /* of the link's credits one partner may hold half */

	both();
	for (uint64_t i = 1; i <= N; i++)
		side_send(&a, "xmpp.lab", i, 5000);
	rig_until(&rig, a.n_fates == N && b.n_ups == N);
	for (uint64_t i = 1; i <= N; i++) {
		char mark[32];

		snprintf(mark, sizeof mark, "id='m%llu' ", (unsigned long long)i);
		assert_non_null(strstr(b.ups[i - 1], mark));
		assert_int_equal(a.fates[i - 1].id, i);
		assert_int_equal(a.fates[i - 1].fate, LINK_WRITTEN);
	}
	assert_int_equal(streams(&a), 1);
	assert_int_equal(a.n_lost, 0);
}

static void fate_id_0_is_not_told(void **state)
{
	both();
	side_send(&a, "xmpp.lab", 0, 5000);
	side_send(&a, "nobody.lab", 0, 5000);
	rig_until(&rig, b.n_ups == 1);
	rig_turns(&rig, 5);
	assert_int_equal(a.n_fates, 0);
}

static void view_shows_how_streams_are_secured(void **state)
{
	struct view_streams *v;

	both();
	send_and_expect(5000, LINK_WRITTEN, LINK_R_NONE);
	v = edge_view(a.edge);
	assert_int_equal(v->n, 1);
	assert_slice(v->v[0].partner, "xmpp.lab");
	assert_slice(v->v[0].local, "sip.lab");
	assert_slice(v->v[0].tls, "TLSv1.3");
	assert_slice(v->v[0].method, "sasl-over-tls");
	assert_slice(v->v[0].verdict, "valid");
	assert_int_equal(v->v[0].dir, VIEW_OUT);
	assert_int_equal(v->v[0].state, VIEW_UP);
	assert_int_equal(v->v[0].stanzas_out, 1);
	view_streams_free(v);
}

/* ---- who may ---- */

static void refused_by_the_settings(void **state)
{
	static const struct {
		struct side_partner p;
		const char *to;
		enum link_reason reason;
	} cases[] = {
		{{.domain = "xmpp.lab"}, "other.lab", LINK_R_NOT_PARTNER},
		{{.domain = "xmpp.lab"}, "sub.xmpp.lab", LINK_R_NOT_PARTNER},
		{{.domain = "xmpp.lab", .disabled = true}, "xmpp.lab", LINK_R_NOT_PARTNER},
		{{.no_partner = true}, "xmpp.lab", LINK_R_NOT_PARTNER},
	};

	sides(NULL, NULL);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		side_settings(&a, &cases[i].p);
		a.n_fates = 0;
		side_send(&a, cases[i].to, i + 1, 5000);
		rig_until(&rig, a.n_fates == 1);
		expect_fate(i + 1, LINK_REFUSED, cases[i].reason);
	}
	assert_int_equal(streams(&a), 0);
}

static void additional_domains_are_partners_too(void **state)
{
	struct side_partner p;

	sides(NULL, NULL);
	p = partner_of_a();
	p.domain = "primary.lab";
	p.more_domains = "xmpp.lab";
	settings(&p, NULL);
	send_and_expect(5000, LINK_WRITTEN, LINK_R_NONE);
}

static void not_our_domain(void **state)
{
	sides(NULL, NULL);
	settings(NULL, NULL);
	a.domain = "elsewhere.lab";
	send_and_expect(5000, LINK_REFUSED, LINK_R_NOT_LOCAL);
}

static void too_big(void **state)
{
	struct side_options o = {.limits = {.stanza_bytes = 10000}};
	static char xml[10002];

	memset(xml, ' ', sizeof xml - 1);
	memcpy(xml, "<message/>", 10);
	sides(&o, NULL);
	settings(NULL, NULL);
	side_send_xml(&a, "xmpp.lab", 1, 5000, xml);
	rig_until(&rig, a.n_fates == 1);
	expect_fate(1, LINK_REFUSED, LINK_R_TOO_BIG);
}

static void what_comes_before_the_settings_waits(void **state)
{
	sides(NULL, NULL);
	side_send(&a, "xmpp.lab", 1, 5000);
	rig_turns(&rig, 5);
	assert_int_equal(a.n_fates, 0);
	settings(NULL, NULL);
	rig_until(&rig, a.n_fates == 1);
	expect_fate(1, LINK_WRITTEN, LINK_R_NONE);
}

static void connection_limit(void **state)
{
	struct side_partner p;

	sides(NULL, NULL);
	p = partner_of_a();
	p.limit = 1;
	settings(&p, NULL);
	send_and_expect(5000, LINK_WRITTEN, LINK_R_NONE);
	/* The one in the other direction would be the second. */
	side_send(&b, "sip.lab", 2, 1500);
	rig_until(&rig, b.n_fates == 1);
	assert_int_equal(b.fates[0].fate, LINK_UNSENT);
	assert_int_equal(a.n_ups, 0);
}

/* ---- certificates ---- */

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* b's certificate is not good: a does not speak to it. */
static void their_certificate(void **state)
{
	const struct {
		const char *name;
		struct pki_spec spec;
		enum link_fate_kind fate;
		enum link_reason reason;
	} cases[] = {
		{"srv", {.srv = NAMES("_xmpp-server.xmpp.lab")}, LINK_WRITTEN, LINK_R_NONE},
		{"xmppaddr", {.xmpp = NAMES("xmpp.lab")}, LINK_WRITTEN, LINK_R_NONE},
		{"server-only", {.dns = NAMES("xmpp.lab"), .eku = "serverAuth"}, LINK_WRITTEN,
			LINK_R_NONE},
		{"chain", {.dns = NAMES("xmpp.lab"), .by_intermediate = true}, LINK_WRITTEN,
			LINK_R_NONE},
		{"wrong", {.dns = NAMES("other.lab")}, LINK_UNSENT, LINK_R_AUTH_FAILED},
		{"expired", {.dns = NAMES("xmpp.lab"), .from_days = -9, .to_days = -1}, LINK_UNSENT,
			LINK_R_AUTH_FAILED},
		{"self", {.dns = NAMES("xmpp.lab"), .self_signed = true}, LINK_UNSENT,
			LINK_R_AUTH_FAILED},
		{"client", {.srv = NAMES("_xmpp-client.xmpp.lab")}, LINK_UNSENT,
			LINK_R_AUTH_FAILED},
	};

	sides(NULL, NULL);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct pki_files f = pki_issue(rig.pki, cases[i].name, &cases[i].spec);

		side_done(&a);
		side_done(&b);
		sides(NULL, &(struct side_options){.cert = &f});
		settings(NULL, NULL);
		send_and_expect(5000, cases[i].fate, cases[i].reason);
		if (cases[i].fate == LINK_UNSENT)
			assert_int_equal(b.n_ups, 0);
		else
			rig_until(&rig, b.n_ups == 1);
	}
}

/* Ours is not good in b's eyes: b closes with policy-violation and gets nothing. */
static void our_certificate(void **state)
{
	const struct {
		const char *name;
		struct pki_spec spec;
		bool good;
	} cases[] = {
		{"our-srv", {.srv = NAMES("_xmpp-server.sip.lab")}, true},
		{"our-server-only", {.dns = NAMES("*.lab", "sip.lab"), .eku = "serverAuth"}, true},
		{"our-wrong", {.dns = NAMES("other.lab")}, false},
		{"our-expired", {.dns = NAMES("sip.lab"), .from_days = -9, .to_days = -1}, false},
		{"our-self", {.dns = NAMES("sip.lab"), .self_signed = true}, false},
	};

	sides(NULL, NULL);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct pki_files f = pki_issue(rig.pki, cases[i].name, &cases[i].spec);

		side_done(&a);
		side_done(&b);
		sides(&(struct side_options){.cert = &f}, NULL);
		settings(NULL, NULL);
		if (cases[i].good) {
			send_and_expect(5000, LINK_WRITTEN, LINK_R_NONE);
			continue;
		}
		send_and_expect(5000, LINK_UNSENT, LINK_R_STREAM_ERROR);
		assert_int_equal(b.n_ups, 0);
	}
}

/* b's certificate is not good, and b takes no dialback. */
static void dialback_is_not_taken(void **state)
{
	struct pki_files f =
		pki_issue(rig.pki, "bad", &(struct pki_spec){.dns = NAMES("other.lab")});
	struct side_partner p;

	sides(NULL, &(struct side_options){.cert = &f});
	p = partner_of_a();
	p.sasl = "Optional";
	p.dialback = "true";
	settings(&p, NULL);
	send_and_expect(5000, LINK_UNSENT, LINK_R_DIALBACK_FAILED);
}

static void partner_that_offers_no_tls(void **state)
{
	struct side_partner p;

	sides(NULL, NULL);
	p = partner_of_b();
	p.tls = "NotSupported";
	p.sasl = "NotSupported";
	p.dialback = "true";
	settings(NULL, &p);
	send_and_expect(5000, LINK_UNSENT, LINK_R_TLS_FAILED);
	assert_int_equal(b.n_ups, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_message_goes_each_way),
		T(one_stream_in_order),
		T(fate_id_0_is_not_told),
		T(view_shows_how_streams_are_secured),
		T(refused_by_the_settings),
		T(additional_domains_are_partners_too),
		T(not_our_domain),
		T(too_big),
		T(what_comes_before_the_settings_waits),
		T(connection_limit),
		T(their_certificate),
		T(our_certificate),
		T(dialback_is_not_taken),
		T(partner_that_offers_no_tls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
