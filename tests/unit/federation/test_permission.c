/*
 * The permission chain against a table written from the design (section 7): every combination of
 * the off switch, the policy's two rights, the partner, its type, the invitation, WriteInvites and
 * the direction.
 */

#include <stdio.h>

#include "base/mem.h"
#include "build.h"
#include "federation/permission.h"
#include "unit.h"

struct asked {
	bool answer;
	unsigned times;
};

static bool invited(void *arg, struct slice user, struct slice contact)
{
	struct asked *a = arg;

	a->times++;
	assert_slice(user, "romeo@sip.lab");
	assert_slice(contact, "juliet@xmpp.lab");
	return a->answer;
}

struct world {
	bool on, federation, xmpp, write_invites, listed, enabled;
	unsigned type; /* enum partner_type */
	bool invited;
	enum permission_direction direction;
};

static struct world world_of(unsigned bits)
{
	return (struct world){
		.on = bits & 1,
		.federation = bits & 2,
		.xmpp = bits & 4,
		.write_invites = bits & 8,
		.listed = bits & 16,
		.enabled = bits & 32,
		.invited = bits & 64,
		.direction = bits & 128 ? PERMISSION_TO_USER : PERMISSION_TO_CONTACT,
		.type = bits >> 8,
	};
}

static const char *word(bool b)
{
	return b ? "true" : "false";
}

static struct snapshot *snapshot_of(const struct world *w)
{
	char access[64], policy[128], partner[128];
	/* clang-format off */
	const struct line lines[] = {
		{OBJECT_ACCESS, "", access},
		{OBJECT_DOMAIN, "sip.lab", NULL},
		{OBJECT_POLICY, "global", policy},
		{OBJECT_PARTNER, w->listed ? "xmpp.lab" : "other.lab", partner},
	};
	/* clang-format on */
	struct snapshot *s;
	struct config *c;

	snprintf(access, sizeof access, "allow_federated_users=%s", word(w->on));
	snprintf(policy, sizeof policy, "federation=%s|xmpp=%s|write_invites=%s",
		word(w->federation), word(w->xmpp), word(w->write_invites));
	snprintf(partner, sizeof partner, "type=%s|enabled=%s", partner_type_words[w->type],
		word(w->enabled));
	c = build(lines, ARRAY_LEN(lines));
	assert_int_equal(snapshot_build(&s, c, 1, NULL, NULL), 0);
	config_free(c);
	return s;
}

static enum permission_link expected(const struct world *w, bool *ret_invites)
{
	*ret_invites = false;
	if (!w->on)
		return PERMISSION_FEDERATION_OFF;
	if (!w->federation)
		return PERMISSION_NO_FEDERATION_ACCESS;
	if (!w->xmpp)
		return PERMISSION_NO_XMPP_ACCESS;
	if (!w->listed)
		return PERMISSION_NOT_PARTNER;
	if (!w->enabled)
		return PERMISSION_PARTNER_DISABLED;
	if (w->type != PARTNER_PUBLIC_UNVERIFIED || w->invited)
		return PERMISSION_GRANTED;
	*ret_invites = w->write_invites && w->direction == PERMISSION_TO_CONTACT;
	return *ret_invites ? PERMISSION_GRANTED : PERMISSION_NOT_INVITED;
}

static void every_combination(void **state)
{
	for (unsigned bits = 0; bits < 3 << 8; bits++) {
		struct world w = world_of(bits);
		struct snapshot *s = snapshot_of(&w);
		struct asked asked = {w.invited, 0};
		struct permission p;
		bool invites;
		enum permission_link want = expected(&w, &invites);

		p = permission_check(s, invited, &asked, SL("romeo@sip.lab"), SL("juliet@xmpp.lab"),
			w.direction);
		assert_int_equal(p.link, want);
		assert_int_equal(p.invites, invites);
		/* What the chain did not reach is not told; the list is asked only where it
		 * decides. */
		assert_int_equal(p.policy != NULL, want != PERMISSION_FEDERATION_OFF);
		assert_int_equal(p.partner != NULL, want == PERMISSION_GRANTED ||
							    want == PERMISSION_PARTNER_DISABLED ||
							    want == PERMISSION_NOT_INVITED);
		assert_int_equal(
			asked.times, p.partner && w.enabled && w.type == PARTNER_PUBLIC_UNVERIFIED);
		snapshot_unref(s);
	}
}

static bool nobody(void *arg, struct slice user, struct slice contact)
{
	return false;
}

/* clang-format off */
static const struct line some[] = {
	{OBJECT_ACCESS, "", "allow_federated_users=true"},
	{OBJECT_DOMAIN, "sip.lab", NULL},
	{OBJECT_DOMAIN, "bücher.example", NULL},
	{OBJECT_PARTNER, "xmpp.lab", "type=Federated|domains=müller.example"},
	{OBJECT_POLICY, "global", "federation=true|xmpp=true"},
	{OBJECT_POLICY, "domain:bücher.example", "federation=true"},
	{OBJECT_POLICY, "tag:none", NULL},
	{OBJECT_POLICY, "tag:all", "federation=true|xmpp=true"},
	{OBJECT_GRANT, "banned@sip.lab", "policy=tag:none"},
	{OBJECT_GRANT, "anna@bücher.example", "policy=tag:all"},
};
/* clang-format on */

static void who_and_whom(void **state)
{
	/* clang-format off */
	static const struct {
		const char *user, *contact;
		enum permission_link link;
	} cases[] = {
		{"romeo@sip.lab", "juliet@xmpp.lab", PERMISSION_GRANTED},
		{"romeo@sip.lab", "juliet@müller.example", PERMISSION_GRANTED},
		{"romeo@sip.lab", "xmpp.lab", PERMISSION_GRANTED}, /* the server itself */
		{"romeo@sip.lab", "juliet@chat.xmpp.lab", PERMISSION_NOT_PARTNER},
		{"romeo@sip.lab", "mercutio@sip.lab", PERMISSION_NOT_PARTNER},
		{"romeo@elsewhere.lab", "juliet@xmpp.lab", PERMISSION_NOT_LOCAL},
		{"juliet@xmpp.lab", "romeo@sip.lab", PERMISSION_NOT_LOCAL},
		/* User over domain over global, both ways. */
		{"banned@sip.lab", "juliet@xmpp.lab", PERMISSION_NO_FEDERATION_ACCESS},
		{"bert@bücher.example", "juliet@xmpp.lab", PERMISSION_NO_XMPP_ACCESS},
		{"anna@bücher.example", "juliet@xmpp.lab", PERMISSION_GRANTED},
		{"anna@sip.lab@bücher.example", "juliet@xmpp.lab", PERMISSION_NOT_LOCAL},
	};
	/* clang-format on */
	struct config *c = build(some, ARRAY_LEN(some));
	struct snapshot *s;

	assert_int_equal(snapshot_build(&s, c, 1, NULL, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct permission p = permission_check(s, nobody, NULL, slice_of(cases[i].user),
			slice_of(cases[i].contact), PERMISSION_TO_CONTACT);

		if (p.link != cases[i].link)
			fail_msg("%s to %s: %s", cases[i].user, cases[i].contact,
				permission_link_name(p.link));
	}
	config_free(c);
	snapshot_unref(s);
}

static void every_link_has_its_words(void **state)
{
	for (enum permission_link l = 0; l < PERMISSION__N; l++) {
		assert_true(strlen(permission_link_name(l)) > 5);
		assert_true(strlen(permission_link_text(l)) > 10);
		for (enum permission_link m = 0; m < l; m++)
			assert_string_not_equal(permission_link_name(l), permission_link_name(m));
	}
	assert_string_equal(permission_link_text(PERMISSION_NOT_INVITED), "add the contact first");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_combination),
		cmocka_unit_test(who_and_whom),
		cmocka_unit_test(every_link_has_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
