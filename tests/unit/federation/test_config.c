/* Changes, plans, rules between objects, export. */

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "federation/config.h"
#include "federation/gateway.h"
#include "federation/partner.h"
#include "federation/policy.h"
#include "unit.h"

#define SET(name, value)                                                                           \
	{                                                                                          \
		SL(name), ASSIGN_SET, SL(value)                                                    \
	}
#define CHANGE(verb, kind, key, ...)                                                               \
	(&(struct change){CHANGE_##verb, OBJECT_##kind, SL(key),                                   \
		(const struct assign[]){__VA_ARGS__ __VA_OPT__(, ){SL_NONE}},                      \
		sizeof((const struct assign[]){__VA_ARGS__ __VA_OPT__(, ){SL_NONE}}) /             \
				sizeof(struct assign) -                                            \
			1})

static struct plan apply(struct config *c, const struct change *ch)
{
	struct plan plan = {0};
	struct err e;

	if (config_apply(c, ch, 1, &plan, &e) < 0)
		fail_msg("%s: %s", e.code, e.text);
	return plan;
}

static void done(struct config *c, const struct change *ch)
{
	struct plan plan = apply(c, ch);

	plan_done(&plan);
}

static void refused(struct config *c, const struct change *changes, size_t n, const char *code,
	const char *field)
{
	struct plan plan = {0};
	struct err e = {0};

	assert_int_equal(config_apply(c, changes, n, &plan, &e), -1);
	assert_string_equal(e.code, code);
	assert_string_equal(e.field, field);
	assert_int_equal(plan.n, 0);
	assert_int_equal(plan.warnings.n, 0);
}

static char *text_of(void (*write)(const struct plan *, struct buf *), const struct plan *p)
{
	struct buf text = {0};
	char *ret;

	write(p, &text);
	ret = buf_dup(&text);
	buf_done(&text);
	return ret;
}

static void plan_is(struct plan plan, const char *want)
{
	char *got = text_of(plan_json, &plan);

	assert_string_equal(got, want);
	free(got);
	plan_done(&plan);
}

static int setup(void **state)
{
	struct config *c = config_new();

	done(c, CHANGE(ADD, ROUTE, "main", SET("next_hop", "sip:127.0.0.1:5060")));
	done(c, CHANGE(ADD, DOMAIN, "sip.lab", SET("route", "main")));
	done(c, CHANGE(ADD, PARTNER, "xmpp.lab", SET("type", "Federated"),
			SET("dialback", "false")));
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	config_free(*state);
	return 0;
}

static void plans_say_what_changes(void **state)
{
	struct config *c = *state;

	plan_is(apply(c, CHANGE(ADD, PARTNER, "Bücher.example", SET("dialback", "no"),
				 SET("description", "a \"b\""))),
		"{\"generation\": 0, \"changes\": [{\"verb\": \"add\", \"kind\": \"partner\", "
		"\"key\": "
		"\"xn--bcher-kva.example\", \"fields\": ["
		"{\"name\": \"domain\", \"before\": \"\", \"after\": \"xn--bcher-kva.example\"}, "
		"{\"name\": \"description\", \"before\": \"\", \"after\": \"a \\\"b\\\"\"}, "
		"{\"name\": \"partner_type\", \"before\": \"\", \"after\": \"PublicUnverified\"}, "
		"{\"name\": \"tls_negotiation\", \"before\": \"\", \"after\": \"Required\"}, "
		"{\"name\": \"sasl_negotiation\", \"before\": \"\", \"after\": \"Required\"}, "
		"{\"name\": \"support_dialback_negotiation\", \"before\": \"\", \"after\": "
		"\"false\"}, "
		"{\"name\": \"enable_keep_alive\", \"before\": \"\", \"after\": \"true\"}, "
		"{\"name\": \"enabled\", \"before\": \"\", \"after\": \"true\"}]}], \"warnings\": "
		"[]}");
	plan_is(apply(c, CHANGE(SET, PARTNER, "BÜCHER.example", SET("tls", "Optional"))),
		"{\"generation\": 0, \"changes\": [{\"verb\": \"set\", \"kind\": \"partner\", "
		"\"key\": "
		"\"xn--bcher-kva.example\", \"fields\": [{\"name\": \"tls_negotiation\", "
		"\"before\": \"Required\", \"after\": \"Optional\"}]}], \"warnings\": ["
		"{\"code\": \"sasl_needs_tls_optional_may_fail\", \"kind\": \"partner\", \"key\": "
		"\"xn--bcher-kva.example\", \"field\": \"tls_negotiation\", \"text\": "
		"\"SASL needs TLS: where TLS is only optional, negotiation may fail\"}]}");
	plan_is(apply(c, CHANGE(REMOVE, DOMAIN, "sip.lab")),
		"{\"generation\": 0, \"changes\": [{\"verb\": \"remove\", \"kind\": \"domain\", "
		"\"key\": "
		"\"sip.lab\", \"fields\": [{\"name\": \"domain\", \"before\": \"sip.lab\", "
		"\"after\": \"\"}, "
		"{\"name\": \"route\", \"before\": \"main\", \"after\": \"\"}]}], \"warnings\": "
		"[]}");
}

static void nothing_changes(void **state)
{
	const struct object *before = config_find(*state, OBJECT_PARTNER, SL("xmpp.lab"));
	struct plan plan =
		apply(*state, CHANGE(SET, PARTNER, "xmpp.lab", SET("dialback", "off"),
				      SET("type", "federated"), SET("domain", "XMPP.LAB")));

	assert_int_equal(plan.n, 0);
	assert_int_equal(plan.warnings.n, 0);
	assert_ptr_equal(config_find(*state, OBJECT_PARTNER, SL("xmpp.lab")), before);
	plan_done(&plan);
}

/* Add and remove again in one list is no change either; set after add is one addition. */
static void a_list_of_changes_is_one(void **state)
{
	const struct change back[] = {
		*CHANGE(ADD, PARTNER, "a.example"),
		*CHANGE(SET, PARTNER, "a.example", SET("enabled", "false")),
		*CHANGE(REMOVE, PARTNER, "a.example"),
	};
	struct plan plan = {0};

	assert_int_equal(config_apply(*state, back, 3, &plan, NULL), 0);
	assert_int_equal(plan.n, 0);
	assert_int_equal(config_apply(*state, back, 2, &plan, NULL), 0);
	assert_int_equal(plan.n, 1);
	assert_int_equal(plan.v[0].verb, CHANGE_ADD);
	assert_false(partner_of(plan.v[0].after)->enabled);
	plan_done(&plan);
}

static void renaming_is_one_step(void **state)
{
	const struct change rename[] = {
		*CHANGE(REMOVE, PARTNER, "xmpp.lab"),
		*CHANGE(ADD, PARTNER, "new.lab", SET("additional_domains", "xmpp.lab")),
	};
	struct plan plan = {0};

	refused(*state, rename + 1, 1, "domain_taken", "additional_domains");
	assert_int_equal(config_apply(*state, rename, 2, &plan, NULL), 0);
	assert_int_equal(plan.n, 2);
	assert_null(config_find(*state, OBJECT_PARTNER, SL("xmpp.lab")));
	assert_non_null(config_find(*state, OBJECT_PARTNER, SL("new.lab")));
	plan_done(&plan);
}

/* A domain that moves from one partner to another in one list is free by then. */
static void domains_move(void **state)
{
	const struct change move[] = {
		*CHANGE(SET, PARTNER, "b.example", SET("domains", "shared.example")),
		*CHANGE(SET, PARTNER, "a.example", SET("domains", "")),
	};
	struct plan plan = {0};

	done(*state, CHANGE(ADD, PARTNER, "a.example", SET("domains", "shared.example")));
	done(*state, CHANGE(ADD, PARTNER, "b.example"));
	refused(*state, move, 1, "domain_taken", "additional_domains");
	assert_int_equal(config_apply(*state, move, 2, &plan, NULL), 0);
	plan_done(&plan);
}

/* Who was changed is told, whichever comes first by name. */
static void blame_goes_to_the_change(void **state)
{
	done(*state, CHANGE(ADD, PARTNER, "m.example"));
	refused(*state, CHANGE(ADD, PARTNER, "a.example", SET("domains", "m.example")), 1,
		"domain_taken", "additional_domains");
	refused(*state, CHANGE(ADD, PARTNER, "z.example", SET("domains", "m.example")), 1,
		"domain_taken", "additional_domains");
	refused(*state, CHANGE(ADD, DOMAIN, "m.example"), 1, "domain_is_partner", "domain");
	refused(*state, CHANGE(ADD, PARTNER, "z.example", SET("domains", "sip.lab")), 1,
		"domain_is_local", "additional_domains");
}

static void defaults_come_back(void **state)
{
	struct config *c = *state;
	/* clang-format off */
	const struct assign back[] = {
		{SL("type"), ASSIGN_DEFAULT}, {SL("description"), ASSIGN_DEFAULT},
		{SL("additional_domains"), ASSIGN_DEFAULT}, {SL("connection_limit"), ASSIGN_DEFAULT},
	};
	/* clang-format on */
	const struct change reset = {
		CHANGE_SET, OBJECT_PARTNER, SL("xmpp.lab"), back, ARRAY_LEN(back)};
	const struct assign none = {SL("next_hop"), ASSIGN_DEFAULT};
	const struct change no_hop = {CHANGE_SET, OBJECT_ROUTE, SL("main"), &none, 1};
	const struct partner *p;

	done(c, CHANGE(SET, PARTNER, "xmpp.lab", SET("description", "x"),
			SET("domains", "a.xmpp.lab"), SET("connection_limit", "5")));
	done(c, &reset);
	p = partner_of(config_find(c, OBJECT_PARTNER, SL("xmpp.lab")));
	assert_int_equal(p->type, PARTNER_PUBLIC_UNVERIFIED);
	assert_null(p->description);
	assert_int_equal(p->additional_domains.n, 0);
	assert_int_equal(p->connection_limit, 0);
	assert_false(p->negotiation.dialback); /* what was not named stays */
	refused(c, &no_hop, 1, "required", "next_hop");
}

static void the_global_policy_stays(void **state)
{
	struct config *c = *state;

	done(c, CHANGE(SET, POLICY, "Global", SET("federation", "true"), SET("xmpp", "true")));
	assert_true(policy_of(config_find(c, OBJECT_POLICY, SL("global")))->enable_xmpp_access);
	done(c, CHANGE(REMOVE, POLICY, "Global"));
	assert_false(policy_of(config_find(c, OBJECT_POLICY, SL("global")))->enable_xmpp_access);
}

static void limits_that_are_never_reached(void **state)
{
	struct plan plan =
		apply(*state, CHANGE(SET, PARTNER, "xmpp.lab", SET("connection_limit", "1001")));

	assert_non_null(notes_find(&plan.warnings, "limit_above_total"));
	plan_done(&plan);
	plan = apply(*state, CHANGE(SET, PARTNER, "xmpp.lab", SET("connection_limit", "1000")));
	assert_null(notes_find(&plan.warnings, "limit_above_total"));
	plan_done(&plan);
	plan = apply(*state, CHANGE(SET, GATEWAY, "", SET("connection_limit", "999")));
	assert_non_null(notes_find(&plan.warnings, "limit_above_total"));
	plan_done(&plan);
	/* Somebody else's warning is not repeated at every change. */
	plan = apply(*state, CHANGE(ADD, PARTNER, "b.example", SET("dialback", "false")));
	assert_int_equal(plan.warnings.n, 0);
	plan_done(&plan);
}

static void secrets_are_not_in_plans(void **state)
{
	struct plan plan =
		apply(*state, CHANGE(SET, GATEWAY, "global",
				      SET("dialback_passphrase", "correct horse battery")));
	char *json = text_of(plan_json, &plan);

	assert_int_equal(plan.n, 1);
	assert_null(strstr(json, "horse"));
	assert_non_null(strstr(json, "\"before\": \"\", \"after\": \"(secret)\""));
	free(json);
	plan_done(&plan);
	/* Another one is a change, though both look alike. */
	plan = apply(*state,
		CHANGE(SET, GATEWAY, "", SET("dialback_passphrase", "another long secret")));
	assert_int_equal(plan.n, 1);
	plan_done(&plan);
}

static void lists_are_ordered(void **state)
{
	static const char *const names[] = {"m.example", "a.example", "z.example", "b.example"};
	const struct object *const *v;
	size_t n;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct change ch = {CHANGE_ADD, OBJECT_PARTNER, slice_of(names[i]), NULL, 0};

		done(*state, &ch);
	}
	n = config_list(*state, OBJECT_PARTNER, &v);
	assert_int_equal(n, 5);
	for (size_t i = 1; i < n; i++)
		assert_true(strcmp(object_key(v[i - 1]), object_key(v[i])) < 0);
	assert_int_equal(config_list(*state, OBJECT_GRANT, &v), 0);
}

static void exports(void **state)
{
	struct config *c = *state;
	struct buf text = {0};
	char *json;

	done(c, CHANGE(SET, GATEWAY, "", SET("dialback_passphrase", "correct horse battery")));
	config_json(c, 7, &text);
	json = buf_dup(&text);
	assert_int_equal(strncmp(json,
				 "{\"format\": \"entente-config\", \"version\": 1, "
				 "\"generation\": 7, \"changes\": [\n"
				 "{\"verb\": \"set\", \"kind\": \"gateway\", \"key\": \"global\", "
				 "\"settings\": {\"connection_limit\": 1000, ",
				 160),
		0);
	assert_non_null(strstr(json,
		"{\"verb\": \"set\", \"kind\": \"access\", \"key\": \"global\", "
		"\"settings\": {\"allow_federated_users\": false}},\n"));
	assert_non_null(strstr(json,
		"{\"verb\": \"add\", \"kind\": \"domain\", \"key\": \"sip.lab\", "
		"\"settings\": {\"description\": null, \"route\": \"main\"}},\n"));
	assert_non_null(strstr(
		json, "{\"verb\": \"set\", \"kind\": \"policy\", \"key\": \"global\", "));
	assert_null(strstr(json, "dialback_passphrase"));
	assert_null(strstr(json, "horse"));
	free(json);
	buf_done(&text);
}

static void differences(void **state)
{
	struct config *c = *state;
	AUTO(config_free) struct config *before = config_copy(c);
	struct plan plan = {0}, back = {0};

	config_diff(before, c, &plan);
	assert_int_equal(plan.n, 0);
	done(c, CHANGE(SET, PARTNER, "xmpp.lab", SET("description", "x")));
	done(c, CHANGE(ADD, PARTNER, "new.lab"));
	done(c, CHANGE(REMOVE, DOMAIN, "sip.lab"));
	config_diff(before, c, &plan);
	assert_int_equal(plan.n, 3);
	assert_int_equal(plan.v[0].verb, CHANGE_REMOVE);
	assert_string_equal(plan_item_key(&plan.v[0]), "sip.lab");
	assert_int_equal(plan.v[1].verb, CHANGE_ADD);
	assert_string_equal(plan_item_key(&plan.v[1]), "new.lab");
	assert_int_equal(plan.v[2].verb, CHANGE_SET);
	assert_int_equal(plan.v[2].n_fields, 1);
	assert_string_equal(plan.v[2].fields[0].setting->name, "description");
	config_diff(c, before, &back);
	assert_int_equal(back.n, 3);
	assert_int_equal(back.v[0].verb, CHANGE_ADD);
	assert_int_equal(back.v[1].verb, CHANGE_REMOVE);
	plan_done(&plan);
	plan_done(&back);
}

/* Ten thousand partners at once: linear enough to be at ease. */
static void many(void **state)
{
	enum { N = 10000 };
	struct change *changes = xcalloc(N, sizeof *changes);
	char(*names)[32] = xcalloc(N, sizeof *names);
	const struct object *const *v;
	struct plan plan = {0};

	for (int i = 0; i < N; i++) {
		snprintf(names[i], sizeof names[i], "p%d.example", i);
		changes[i] =
			(struct change){CHANGE_ADD, OBJECT_PARTNER, slice_of(names[i]), NULL, 0};
	}
	assert_int_equal(config_apply(*state, changes, N, &plan, NULL), 0);
	assert_int_equal(plan.n, N);
	assert_int_equal(config_list(*state, OBJECT_PARTNER, &v), N + 1);
	plan_done(&plan);
	xfree(names);
	xfree(changes);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(plans_say_what_changes),
		test(nothing_changes),
		test(a_list_of_changes_is_one),
		test(renaming_is_one_step),
		test(domains_move),
		test(blame_goes_to_the_change),
		test(defaults_come_back),
		test(the_global_policy_stays),
		test(limits_that_are_never_reached),
		test(secrets_are_not_in_plans),
		test(lists_are_ordered),
		test(exports),
		test(differences),
		test(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
