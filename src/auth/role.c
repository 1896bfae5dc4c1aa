#include "auth/role.h"

#include "base/mem.h"

#define R(id) RIGHT_BIT(RIGHT_##id)

/* What the deployment is and how it does: no accounts, no audit. */
#define DEPLOYMENT                                                                                 \
	(R(STATUS_READ) | R(GATEWAY_READ) | R(ACCESS_READ) | R(ROUTE_READ) | R(DOMAIN_READ) |      \
		R(PARTNER_READ) | R(POLICY_READ) | R(GRANT_READ) | R(ALLOW_READ) |                 \
		R(STREAM_READ) | R(CERTIFICATE_READ))
#define HISTORY (R(GENERATION_READ) | R(EXPORT_READ))

#define ALIASES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* clang-format off */
const struct role builtin_roles[] = {
	{"administrator", "May do everything.",
		ALIASES("CsAdministrator", "RTCUniversalServerAdmins"), RIGHTS_ALL},
	{"server-operator", "Sees the deployment and keeps it running: reads certificates again, closes "
		"streams, tests partners.",
		ALIASES("CsServerAdministrator"),
		DEPLOYMENT | HISTORY | R(CERTIFICATE_RELOAD) | R(STREAM_CLOSE) | R(TEST_RUN)},
	{"policy-assigner", "Gives users existing policies; changes neither policies nor partners.",
		ALIASES("CsUserAdministrator", "RTCUniversalUserAdmins"),
		R(STATUS_READ) | R(ACCESS_READ) | R(DOMAIN_READ) | R(PARTNER_READ) | R(POLICY_READ) |
		R(GRANT_READ) | R(GRANT_WRITE) | R(ALLOW_READ) | R(CONFIG_CHANGE)},
	{"viewer", "Sees the deployment and changes nothing.",
		ALIASES("CsViewOnlyAdministrator", "RTCUniversalReadOnlyAdmins"), DEPLOYMENT | HISTORY},
	{"helpdesk", "Sees the deployment and tests partners.",
		ALIASES("CsHelpDesk"), DEPLOYMENT | R(TEST_RUN)},
	{"auditor", "Sees the audit log and nothing else.", ALIASES(NULL), R(AUDIT_READ)},
};
/* clang-format on */

const size_t builtin_roles_n = ARRAY_LEN(builtin_roles);

static bool is_called(const struct role *r, struct slice name)
{
	if (slice_ieq(name, slice_of(r->name)))
		return true;
	for (const char *const *a = r->aliases; *a; a++)
		if (slice_ieq(name, slice_of(*a)))
			return true;
	return false;
}

const struct role *role_find(struct slice name)
{
	for (size_t i = 0; i < builtin_roles_n; i++)
		if (is_called(&builtin_roles[i], name))
			return &builtin_roles[i];
	return NULL;
}

static bool may_stand_in_a_name(char c, size_t at)
{
	return (c >= 'a' && c <= 'z') || (at && (ascii_digit(c) || c == '-'));
}

int role_check_name(struct slice name, struct err *e)
{
	if (role_find(name))
		return err_code(e, ERR_CONFLICT, "role_builtin", "name",
			"%.*s is a name of a built-in role, which cannot be changed", SLARG(name));
	for (size_t i = 0; i < name.n; i++)
		if (!may_stand_in_a_name(name.p[i], i))
			name.n = 0;
	if (name.n == 0 || name.n > NAME_CHARS_MAX)
		return err_code(e, ERR_INVALID, "bad_name", "name",
			"a role's name is made of small letters, digits and '-', at most %d, a "
			"letter first",
			NAME_CHARS_MAX);
	return 0;
}

int rights_read(struct slice text, right_set *ret, struct err *e)
{
	struct slice word;
	right_set all = 0;
	enum right r;

	while (slice_split(&text, ',', &word)) {
		word = slice_trim(word);
		if (!word.n)
			continue;
		if (!right_find(word, &r))
			return err_code(e, ERR_INVALID, "right_unknown", "rights",
				"there is no right '%.*s'", SLARG(slice_cut(word, 60)));
		all |= RIGHT_BIT(r);
	}
	*ret = all;
	return 0;
}

void rights_text(right_set rights, char sep, struct buf *ret)
{
	bool first = true;

	for (enum right r = 0; r < RIGHT__N; r++) {
		if (!(rights & RIGHT_BIT(r)))
			continue;
		if (!first)
			buf_chr(ret, sep);
		buf_str(ret, right_name(r));
		first = false;
	}
}
