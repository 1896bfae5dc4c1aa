#include "store/accounts.h"
#include "unit.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/mem.h"
#include "store/argon.h"
#include "store/directory.h"
#include "store/store.h"

enum { NOW = 1000000000 };
#define ROLES(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct store *store;
static const struct store_actor actor = {"root", "uid 0 pid 1", "cli"};

static struct accounts *held; /* what get() gave is of it */

static int start(void **state)
{
	struct err e;

	assert_int_equal(store_open(&store, &(struct store_options){.backend = "ram"}, &e), 0);
	return 0;
}

static int stop(void **state)
{
	accounts_unref(held);
	held = NULL;
	store_close(store);
	return 0;
}

static struct accounts_change change(enum accounts_verb verb, const char *key)
{
	static const char *const administrator[] = {"administrator", NULL};

	return (struct accounts_change){.verb = verb,
		.actor = actor,
		.own = RIGHTS_ALL,
		.now_ms = NOW,
		.key = key,
		.password = verb == ACCOUNT_ADD ? "hash" : NULL,
		.roles = verb == ACCOUNT_ADD ? administrator : NULL};
}

/* code NULL: it is made. */
static void expect(struct accounts_change c, const char *code)
{
	struct err e = {0};
	int rc = store_accounts_change(store, &c, NULL, &e);

	if ((rc == 0) != !code || (code && strcmp(e.code, code) != 0))
		fail_msg("%d %s: %d %s %s", c.verb, c.key, rc, e.code, e.text);
}

static struct accounts *now(void)
{
	struct accounts *a;
	struct err e;

	assert_int_equal(store_accounts(store, &a, &e), 0);
	return a;
}

static struct account get(const char *name)
{
	const struct account *a;

	accounts_unref(held);
	held = now();
	a = account_find(accounts_view(held), slice_of(name));
	return a ? *a : (struct account){0};
}

static char *dump(void)
{
	struct buf out = {0};
	struct err e;
	char *text;

	assert_int_equal(store_dump(store, &out, &e), 0);
	text = buf_dup(&out);
	buf_done(&out);
	return text;
}

/* ---- accounts ---- */

static void accounts_are_added_changed_and_removed(void **state)
{
	struct accounts_change c = change(ACCOUNT_ADD, "alice");
	struct account a;

	c.description = "On call";
	c.one_time_until_ms = NOW + 5;
	expect(c, NULL);
	a = get("alice");
	assert_string_equal(a.description, "On call");
	assert_string_equal(a.roles[0], "administrator");
	assert_true(a.enabled && a.one_time_until_ms == NOW + 5 && a.epoch == NOW);
	expect(c, "exists");
	c.key = "bob";
	c.roles = ROLES("CsViewOnlyAdministrator", "viewer", "helpdesk");
	expect(c, NULL);
	a = get("bob");
	assert_string_equal(a.roles[0], "viewer");
	assert_string_equal(a.roles[1], "helpdesk");
	assert_null(a.roles[2]);
	c = change(ACCOUNT_SET, "bob");
	c.enabled = BOOL_NO;
	expect(c, NULL);
	assert_true(!get("bob").enabled && get("bob").epoch > NOW);
	expect(change(ACCOUNT_REMOVE, "bob"), NULL);
	assert_null(get("bob").name);
	expect(change(ACCOUNT_REMOVE, "bob"), "not_found");
}

static void bad_accounts_are_refused(void **state)
{
	struct accounts_change c = change(ACCOUNT_ADD, "Alice");
	char *before = dump(), *after;

	expect(c, "bad_name");
	c.key = "alice";
	c.roles = ROLES("king");
	expect(c, "role_unknown");
	c.roles = ROLES(NULL);
	expect(c, "required");
	c.roles = ROLES("viewer", "administrator");
	c.own = role_find(SL("viewer"))->rights;
	expect(c, "rights_exceeded");
	after = dump();
	assert_string_equal(before, after);
	xfree(before);
	xfree(after);
}

/* Who may change accounts but is no administrator cannot become one by another's account. */
static void nobody_reaches_above_himself(void **state)
{
	right_set lower = RIGHTS_ALL & ~RIGHT_BIT(RIGHT_BODIES_WRITE);
	struct accounts_change c;

	expect(change(ACCOUNT_ADD, "alice"), NULL);
	for (enum accounts_verb v = ACCOUNT_SET; v <= ACCOUNT_RESET; v++) {
		c = change(v, "alice");
		c.own = lower;
		c.password = "other";
		c.may_lock_out = true;
		expect(c, "rights_exceeded");
	}
	assert_string_equal(get("alice").password, "hash");
}

static void the_last_administrator_stays(void **state)
{
	struct accounts_change c;

	expect(change(ACCOUNT_ADD, "alice"), NULL);
	expect(change(ACCOUNT_REMOVE, "alice"), "last_administrator");
	c = change(ACCOUNT_SET, "alice");
	c.enabled = BOOL_NO;
	expect(c, "last_administrator");
	c.enabled = BOOL_STAYS;
	c.roles = ROLES("viewer");
	expect(c, "last_administrator");
	assert_true(get("alice").enabled);
	expect(change(ACCOUNT_ADD, "bob"), NULL);
	expect(change(ACCOUNT_REMOVE, "alice"), NULL);
	c = change(ACCOUNT_REMOVE, "bob");
	c.may_lock_out = true;
	expect(c, NULL);
}

/* ---- signing in ---- */

static void a_one_time_password_is_good_once_for_a_day(void **state)
{
	struct accounts_change c = change(ACCOUNT_ADD, "alice"),
			       in = change(ACCOUNT_SIGN_IN, "alice");
	struct account a;

	c.one_time_until_ms = NOW + 1000;
	expect(c, NULL);
	expect(in, "password_must_change");
	in.password = "new";
	in.now_ms = NOW + 1000;
	expect(in, "bad_credentials");
	in.now_ms = NOW + 999;
	in.epoch = NOW;
	expect(in, NULL);
	a = get("alice");
	assert_string_equal(a.password, "new");
	assert_true(!a.one_time_until_ms && a.last_sign_in_ms == NOW + 999);
	/* the same sign-in once more is of an account that has gone on meanwhile */
	expect(in, "bad_credentials");
}

static const uint8_t secret[TOTP_SECRET] = "12345678901234567890";

static struct slice code_at(uint64_t ms, char text[8])
{
	snprintf(text, 8, "%06u", totp_code(secret, ms / 1000 / TOTP_STEP));
	return slice_of(text);
}

static void set_totp(const char *recovery)
{
	struct accounts_change c = change(ACCOUNT_TOTP, "alice");
	char text[8];

	c.totp_secret = secret;
	c.recovery = recovery;
	c.code = SL("000000");
	expect(c, "totp_bad");
	c.code = code_at(NOW, text);
	expect(c, NULL);
	expect(c, "totp_on");
}

static void a_code_is_good_once(void **state)
{
	struct accounts_change in = change(ACCOUNT_SIGN_IN, "alice");
	char text[8];

	expect(change(ACCOUNT_ADD, "alice"), NULL);
	expect(in, NULL);
	set_totp("");
	expect(in, "totp_required");
	in.code = code_at(NOW, text); /* the one it was set up with */
	expect(in, "totp_bad");
	in.now_ms = NOW + 30000;
	in.code = code_at(in.now_ms, text);
	expect(in, NULL);
	expect(in, "totp_bad");
	in.now_ms += 30000;
	expect(in, "totp_bad");
	expect(change(ACCOUNT_NO_TOTP, "alice"), NULL);
	in.code = SL_NONE;
	expect(in, NULL);
	expect(change(ACCOUNT_NO_TOTP, "alice"), "totp_off");
}

static void recovery_codes_are_good_once(void **state)
{
	struct accounts_change in = change(ACCOUNT_SIGN_IN, "alice");
	char kept[3 * 64 + 1];

	expect(change(ACCOUNT_ADD, "alice"), NULL);
	recovery_hash(SL("alice"), SL("AAAA-BBBB-CCCC-DDDD"), kept);
	recovery_hash(SL("alice"), SL("1111-2222-3333-4444"), kept + 64);
	recovery_hash(SL("alice"), SL("5555-6666-7777-8888"), kept + 128);
	set_totp(kept);
	in.code = SL("1111-2222-3333-4445");
	expect(in, "totp_bad");
	in.code = SL("1111-2222-3333-4444");
	expect(in, NULL);
	expect(in, "totp_bad");
	assert_int_equal(strlen(get("alice").recovery), 128);
	in.code = SL("aaaabbbbccccdddd");
	expect(in, NULL);
	in.code = SL("5555 6666 7777 8888");
	expect(in, NULL);
	assert_string_equal(get("alice").recovery, "");
}

static void a_reset_ends_what_was(void **state)
{
	struct accounts_change c = change(ACCOUNT_RESET, "alice"), in;

	expect(change(ACCOUNT_ADD, "alice"), NULL);
	set_totp("");
	c.password = "once";
	c.one_time_until_ms = NOW + 10;
	expect(c, NULL);
	assert_non_null(get("alice").totp);
	in = change(ACCOUNT_SIGN_IN, "alice");
	in.epoch = NOW;
	expect(in, "bad_credentials");
	c.drop_totp = true;
	expect(c, NULL);
	assert_null(get("alice").totp);
}

static void the_disabled_do_not_sign_in(void **state)
{
	struct accounts_change c = change(ACCOUNT_SET, "alice");

	expect(change(ACCOUNT_ADD, "alice"), NULL);
	c.enabled = BOOL_NO;
	c.may_lock_out = true;
	expect(c, NULL);
	expect(change(ACCOUNT_SIGN_IN, "alice"), "bad_credentials");
	expect(change(ACCOUNT_SIGN_IN, "nobody"), "bad_credentials");
}

/* ---- roles ---- */

static struct accounts_change role(
	enum accounts_verb verb, const char *key, const right_set *rights)
{
	struct accounts_change c = change(verb, key);

	c.rights = rights;
	return c;
}

static void roles_of_ones_own(void **state)
{
	static const right_set none = 0, some = RIGHT_BIT(RIGHT_TEST_RUN), all = RIGHTS_ALL;
	struct accounts_change c = role(ROLE_ADD, "tester", &some), a = change(ACCOUNT_ADD, "t");

	expect(c, NULL);
	expect(c, "exists");
	expect(role(ROLE_ADD, "viewer", &some), "role_builtin");
	expect(role(ROLE_ADD, "cshelpdesk", &some), "role_builtin");
	expect(role(ROLE_ADD, "Tester", &some), "bad_name");
	expect(role(ROLE_ADD, "nothing", &none), "required");
	a.roles = ROLES("tester");
	expect(a, NULL);
	expect(change(ROLE_REMOVE, "tester"), "role_in_use");
	c = role(ROLE_SET, "tester", &all);
	c.own = some;
	expect(c, "rights_exceeded");
	c.own = RIGHTS_ALL;
	c.requires_totp = BOOL_YES;
	expect(c, NULL);
	/* to weaken a role above oneself is as little allowed */
	c = role(ROLE_SET, "tester", &some);
	c.own = some;
	expect(c, "rights_exceeded");
	expect(change(ACCOUNT_REMOVE, "t"), NULL);
	expect(change(ROLE_REMOVE, "tester"), NULL);
	expect(change(ROLE_REMOVE, "tester"), "not_found");
}

static void bind(enum store_directory_verb verb, uint64_t id, const char *role, const char *code)
{
	struct store_directory_change c = {.verb = verb,
		.actor = actor,
		.id = id,
		.group = verb == BINDING_ADD ? "S-1-5-21-1-2-3-1104" : NULL,
		.role = role};
	struct store_directory *after = NULL;
	struct err e = {0};
	int rc = store_directory_change(store, &c, &after, &e);

	store_directory_free(after);
	if ((rc == 0) != !code || (code && strcmp(e.code, code) != 0))
		fail_msg("%d %s: %d %s %s", verb, role, rc, e.code, e.text);
}

/* Else whoever makes a role of this name again gives it to a group he does not know of. */
static void a_role_that_a_group_has_stays(void **state)
{
	static const right_set some = RIGHT_BIT(RIGHT_TEST_RUN);

	expect(role(ROLE_ADD, "tester", &some), NULL);
	bind(BINDING_ADD, 0, "nobody", "role_unknown");
	bind(BINDING_ADD, 0, "tester", NULL);
	bind(BINDING_SET, 3, "nobody", "role_unknown");
	expect(change(ROLE_REMOVE, "tester"), "role_in_use");
	bind(BINDING_SET, 3, "viewer", NULL);
	expect(change(ROLE_REMOVE, "tester"), NULL);
	bind(BINDING_SET, 3, "tester", "role_unknown");
}

static void built_in_roles_stay_as_they_are(void **state)
{
	static const right_set some = RIGHT_BIT(RIGHT_TEST_RUN);
	struct accounts_change c = role(ROLE_SET, "administrator", &some);
	AUTO(accounts_unref) struct accounts *a = NULL;

	expect(c, "role_builtin");
	expect(change(ROLE_REMOVE, "CsAdministrator"), "role_builtin");
	c.rights = NULL;
	c.requires_totp = BOOL_YES;
	expect(c, NULL);
	a = now();
	assert_true(account_grant(accounts_view(a), ROLES("administrator")).requires_totp);
	assert_true(account_grant(accounts_view(a), ROLES("administrator")).rights == RIGHTS_ALL);
}

/* ---- tokens ---- */

static struct accounts_change token(const char *id, const right_set *rights, const char *owner)
{
	struct accounts_change c = change(TOKEN_ADD, id);

	c.token_name = "ci";
	c.token_hash = "0123";
	c.owner = owner;
	c.rights = rights;
	c.expires_ms = NOW + 1000;
	return c;
}

static void tokens_end_with_their_owner(void **state)
{
	static const right_set some = RIGHT_BIT(RIGHT_TEST_RUN);
	struct accounts_change c = token("id1", &some, "alice");
	AUTO(accounts_unref) struct accounts *a = NULL;

	expect(c, "token_needs_account");
	expect(change(ACCOUNT_ADD, "alice"), NULL);
	expect(change(ACCOUNT_ADD, "bob"), NULL);
	expect(c, NULL);
	c.key = "id2";
	c.owner = "bob";
	expect(c, NULL);
	c.own = 0;
	expect(c, "rights_exceeded");
	expect(change(ACCOUNT_REMOVE, "alice"), NULL);
	a = now();
	assert_true(account_token_find(accounts_view(a), SL("id1"))->revoked_ms == NOW);
	assert_true(account_token_find(accounts_view(a), SL("id2"))->revoked_ms == 0);
	/* one who gets the name again gets no token with it */
	expect(change(ACCOUNT_ADD, "alice"), NULL);
	expect(change(TOKEN_REVOKE, "id1"), "token_revoked");
}

static void a_revoked_token_stays_dead(void **state)
{
	static const right_set some = RIGHT_BIT(RIGHT_TEST_RUN);
	struct accounts_change c = token("id1", &some, "root");
	AUTO(accounts_unref) struct accounts *a = NULL;

	c.of_socket = true;
	expect(c, NULL);
	expect(change(TOKEN_USED, "id1"), NULL);
	expect(change(TOKEN_REVOKE, "id1"), NULL);
	expect(change(TOKEN_USED, "id1"), NULL);
	a = now();
	assert_true(account_token_find(accounts_view(a), SL("id1"))->revoked_ms == NOW);
	assert_true(account_token_find(accounts_view(a), SL("id1"))->last_used_ms == NOW);
	expect(change(TOKEN_REVOKE, "id9"), "not_found");
}

/* ---- what is written ---- */

static void on_line(void *arg, const struct store_audit *a)
{
	struct buf *out = arg;

	buf_printf(out, "%s %s %s %s|", a->verb, a->kind, a->key, a->after);
}

static void every_change_has_its_line_without_secrets(void **state)
{
	static const right_set some = RIGHT_BIT(RIGHT_TEST_RUN);
	struct buf out = {0};
	struct err e;
	char *text;

	expect(change(ACCOUNT_ADD, "alice"), NULL);
	set_totp("");
	expect(role(ROLE_ADD, "tester", &some), NULL);
	expect(token("id1", &some, "alice"), NULL);
	expect(change(TOKEN_USED, "id1"), NULL);
	expect(change(TOKEN_REVOKE, "id1"), NULL);
	assert_int_equal(store_audit_list(store, 0, 100, on_line, &out, &e), 0);
	text = buf_dup(&out);
	assert_non_null(strstr(text, "add administrator alice {\"description\": \"\", \"roles\": "
				     "[\"administrator\"], \"enabled\": true"));
	assert_non_null(strstr(text, "totp-on administrator alice"));
	assert_non_null(strstr(text, "add role tester"));
	assert_non_null(strstr(text, "add token id1"));
	assert_non_null(strstr(text, "revoke token id1"));
	assert_null(strstr(text, "hash"));
	assert_null(strstr(text, "0123"));
	assert_null(strstr(text, "used"));
	xfree(text);
	buf_done(&out);
	text = dump();
	assert_null(memmem(text, strlen(text), secret, sizeof secret)); /* sealed */
	assert_null(strstr(text, "\"hash\""));
	assert_null(strstr(text, "0123\""));
	xfree(text);
}

static void passwords_are_hashed(void **state)
{
	char one[ARGON_TEXT], two[ARGON_TEXT];

	assert_true(argon_make(SL("twelve chars"), one));
	assert_true(argon_make(SL("twelve chars"), two));
	assert_string_not_equal(one, two);
	assert_true(slice_starts(slice_of(one), SL("$argon2id$v=19$m=65536,t=3,p=1$")));
	assert_true(argon_is(one, SL("twelve chars")));
	assert_false(argon_is(one, SL("twelve charS")));
	assert_false(argon_is(one, SL("")));
	assert_false(argon_is(argon_nobody(), SL("")));
	assert_true(slice_starts(slice_of(argon_nobody()), SL("$argon2id$v=19$m=65536,t=3,p=1$")));
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(accounts_are_added_changed_and_removed),
		CASE(bad_accounts_are_refused),
		CASE(nobody_reaches_above_himself),
		CASE(the_last_administrator_stays),
		CASE(a_one_time_password_is_good_once_for_a_day),
		CASE(a_code_is_good_once),
		CASE(recovery_codes_are_good_once),
		CASE(a_reset_ends_what_was),
		CASE(the_disabled_do_not_sign_in),
		CASE(roles_of_ones_own),
		CASE(a_role_that_a_group_has_stays),
		CASE(built_in_roles_stay_as_they_are),
		CASE(tokens_end_with_their_owner),
		CASE(a_revoked_token_stays_dead),
		CASE(every_change_has_its_line_without_secrets),
		CASE(passwords_are_hashed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
