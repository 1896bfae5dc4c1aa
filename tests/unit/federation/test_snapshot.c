#include <pthread.h>

#include "base/mem.h"
#include "build.h"
#include "federation/snapshot.h"
#include "unit.h"

/* clang-format off */
static const struct line lines[] = {
	{OBJECT_ROUTE, "main", "next_hop=sip:127.0.0.1"},
	{OBJECT_ROUTE, "second", "next_hop=sip:127.0.0.2"},
	{OBJECT_DOMAIN, "sip.lab", "route=main"},
	{OBJECT_DOMAIN, "bücher.example", "route=second"},
	{OBJECT_DOMAIN, "mute.lab", NULL},
	{OBJECT_ROUTE, "second", "from_domains=mute.lab,bücher.example"},
	{OBJECT_PARTNER, "xmpp.lab", "domains=chat.xmpp.lab,müller.example"},
	{OBJECT_PARTNER, "off.lab", "enabled=false"},
	{OBJECT_POLICY, "domain:bücher.example", "federation=true"},
	{OBJECT_POLICY, "tag:chat", "federation=true|xmpp=true"},
	{OBJECT_GRANT, "romeo@sip.lab", "policy=tag:chat"},
	{OBJECT_GRANT, "anna@bücher.example", "policy=tag:chat"},
};
/* clang-format on */

static int setup(void **state)
{
	struct config *c = build(lines, ARRAY_LEN(lines));
	struct snapshot *s;

	assert_int_equal(snapshot_build(&s, c, 42, NULL, NULL), 0);
	config_free(c); /* the snapshot has its own */
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	snapshot_unref(*state);
	return 0;
}

static void partners(void **state)
{
	/* clang-format off */
	static const struct {
		const char *domain, *partner;
	} cases[] = {
		{"xmpp.lab", "xmpp.lab"}, {"chat.xmpp.lab", "xmpp.lab"}, {"müller.example", "xmpp.lab"},
		{"xn--mller-kva.example", "xmpp.lab"}, {"off.lab", "off.lab"},
		{"sub.xmpp.lab", NULL}, {"lab", NULL}, {"", NULL}, {"sip.lab", NULL},
		{"bücher.example", NULL}, {"other.example", NULL}, {"xmpp.lab.", NULL},
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct partner *p = snapshot_partner(*state, slice_of(cases[i].domain));

		assert_int_equal(p != NULL, cases[i].partner != NULL);
		if (p)
			assert_string_equal(p->domain.a, cases[i].partner);
	}
}

static void locals_and_routes(void **state)
{
	/* clang-format off */
	static const struct {
		const char *domain;
		bool local;
		const char *route;
	} cases[] = {
		{"sip.lab", true, "main"}, {"bücher.example", true, "second"},
		{"xn--bcher-kva.example", true, "second"}, {"mute.lab", true, NULL},
		{"xmpp.lab", false, NULL}, {"a.sip.lab", false, NULL},
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice domain = slice_of(cases[i].domain);
		const struct route *r = snapshot_route_of(*state, domain);

		assert_int_equal(snapshot_local(*state, domain) != NULL, cases[i].local);
		assert_int_equal(r != NULL, cases[i].route != NULL);
		if (r)
			assert_ptr_equal(r, snapshot_route(*state, slice_of(cases[i].route)));
	}
	assert_null(snapshot_route(*state, SL("third")));
}

/* Design section 9: who may say what. */
static void from_rules(void **state)
{
	const struct route *first = snapshot_route(*state, SL("main"));
	const struct route *second = snapshot_route(*state, SL("second"));

	assert_true(snapshot_route_accepts(*state, first, SL("sip.lab"))); /* uses it */
	assert_false(
		snapshot_route_accepts(*state, first, SL("bücher.example"))); /* uses another */
	assert_false(snapshot_route_accepts(*state, first, SL("mute.lab")));  /* uses none */
	assert_false(snapshot_route_accepts(*state, first, SL("xmpp.lab")));  /* a partner's */
	assert_false(snapshot_route_accepts(*state, first, SL("other.lab")));
	assert_true(snapshot_route_accepts(*state, second, SL("mute.lab"))); /* listed */
	assert_true(snapshot_route_accepts(*state, second, SL("bücher.example")));
	assert_true(snapshot_route_accepts(*state, second, SL("xn--bcher-kva.example")));
	assert_false(snapshot_route_accepts(*state, second, SL("sip.lab")));
}

static void policies(void **state)
{
	/* clang-format off */
	static const struct {
		const char *user, *policy;
	} cases[] = {
		{"romeo@sip.lab", "tag:chat"}, {"mercutio@sip.lab", "global"},
		{"bert@bücher.example", "domain:xn--bcher-kva.example"},
		{"anna@bücher.example", "tag:chat"}, /* user over domain */
		{"juliet@xmpp.lab", "global"}, {"sip.lab", "global"},
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(snapshot_policy(*state, slice_of(cases[i].user))->identity,
			cases[i].policy);
}

static void whole(void **state)
{
	const struct object *const *v;

	assert_int_equal(snapshot_generation(*state), 42);
	assert_int_equal(snapshot_gateway(*state)->connection_limit, 1000);
	assert_false(snapshot_access(*state)->allow_federated_users);
	assert_int_equal(snapshot_list(*state, OBJECT_PARTNER, &v), 2);
	assert_string_equal(object_key(v[0]), "off.lab");
	assert_non_null(snapshot_find(*state, OBJECT_PARTNER, SL("XMPP.LAB")));
	assert_null(snapshot_find(*state, OBJECT_PARTNER, SL("chat.xmpp.lab"))); /* no key */
	assert_null(snapshot_find(*state, OBJECT_PARTNER, SL("*")));
	assert_non_null(snapshot_find(*state, OBJECT_GATEWAY, SL("")));
}

/* A config with contradictions never becomes a snapshot. */
static void refuses(void **state)
{
	struct config *c = config_new();
	struct object *a = object_new(&partner_class), *b = object_new(&partner_class);
	struct snapshot *s = NULL;
	struct err e;

	object_set(a, SL("domain"), SL("a.example"), NULL);
	object_set(a, SL("domains"), SL("b.example"), NULL);
	object_set(b, SL("domain"), SL("b.example"), NULL);
	config_put(c, a);
	config_put(c, b);
	assert_int_equal(snapshot_build(&s, c, 1, NULL, &e), -1);
	assert_string_equal(e.code, "domain_taken");
	assert_null(s);
	config_free(c);
}

/* Old generations live as long as somebody holds them, and share what did not change. */
static void generations(void **state)
{
	struct config *c = config_copy(snapshot_config(*state));
	struct snapshot *next, *held = snapshot_ref(*state);
	const struct partner *before = snapshot_partner(held, SL("xmpp.lab"));
	const struct line off = {OBJECT_PARTNER, "off.lab", "enabled=true"};

	build_line(c, &off);
	assert_int_equal(snapshot_build(&next, c, 43, NULL, NULL), 0);
	config_free(c);
	assert_false(snapshot_partner(held, SL("off.lab"))->enabled);
	assert_true(snapshot_partner(next, SL("off.lab"))->enabled);
	assert_ptr_equal(snapshot_partner(next, SL("xmpp.lab")), before);
	snapshot_unref(held);
	snapshot_unref(next);
}

static void *hold_and_drop(void *arg)
{
	for (int i = 0; i < 10000; i++) {
		struct snapshot *s = snapshot_ref(arg);

		if (!snapshot_partner(s, SL("xmpp.lab")))
			return arg;
		snapshot_unref(s);
	}
	return NULL;
}

static void threads(void **state)
{
	pthread_t t[4];
	void *failed;

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		assert_int_equal(pthread_create(&t[i], NULL, hold_and_drop, *state), 0);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		pthread_join(t[i], &failed);
		assert_null(failed);
	}
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(partners),
		test(locals_and_routes),
		test(from_rules),
		test(policies),
		test(whole),
		test(refuses),
		test(generations),
		test(threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
