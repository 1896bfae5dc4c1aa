#include "auth/directory.h"

#include <string.h>

#include "auth/dn.h"
#include "base/mem.h"
#include "text/utf8.h"

enum { SERVERS_MAX = 16, SERVER_MAX = 250 };

const struct directory_settings directory_defaults = {
#define X(name, deflt, help) .name = (deflt),
	DIRECTORY_TEXTS(X)
#undef X
	.timeout = DIRECTORY_TIMEOUT,
};

static bool separates(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',' || c == ';';
}

bool directory_server(struct slice *rest, struct slice *ret)
{
	size_t n = 0;

	while (rest->n && separates(rest->p[0]))
		*rest = slice_from(*rest, 1);
	while (n < rest->n && !separates(rest->p[n]))
		n++;
	*ret = slice_cut(*rest, n);
	*rest = slice_from(*rest, n);
	return n;
}

/* ---- servers ---- */

/* A name, an IPv4 address, or an IPv6 address in brackets; then perhaps a port. */
static bool host_good(struct slice s)
{
	struct slice port = SL_NONE;
	size_t n = 0;
	uint64_t number;

	if (s.n && s.p[0] == '[') {
		n = slice_find(s, ']') + 1;
		for (size_t i = 1; i + 1 < n; i++)
			if (ascii_hex(s.p[i]) < 0 && s.p[i] != ':' && s.p[i] != '.')
				return false;
	} else {
		while (n < s.n && (ascii_alnum(s.p[n]) || s.p[n] == '-' || s.p[n] == '.'))
			n++;
	}
	if (n == 0 || n > s.n)
		return false;
	if (n < s.n && s.p[n] != ':')
		return false;
	if (n < s.n)
		port = slice_from(s, n + 1);
	return !port.p || (slice_u64(port, 65535, &number) == 0 && number > 0);
}

static int check_server(struct slice s, struct err *e)
{
	bool ldaps = slice_istarts(s, SL("ldaps://")), ldap = slice_istarts(s, SL("ldap://"));

	if (s.n > SERVER_MAX || !(ldaps || ldap) || !host_good(slice_from(s, ldaps ? 8 : 7)))
		return err_code(e, ERR_INVALID, "server_syntax", "servers",
			"'%.*s' is no server; write ldaps://HOST[:PORT], or ldap://HOST[:PORT] for "
			"StartTLS",
			SLARG(slice_cut(s, 100)));
	return 0;
}

static int check_servers(const struct directory_settings *d, struct err *e)
{
	struct slice rest = slice_of(d->servers), s;
	unsigned n = 0;

	for (; directory_server(&rest, &s); n++) {
		if (check_server(s, e) < 0)
			return -1;
		if (n == SERVERS_MAX)
			return err_code(e, ERR_INVALID, "too_many_servers", "servers",
				"there are more than %d servers", SERVERS_MAX);
	}
	if (!n && d->enabled)
		return err_code(e, ERR_INVALID, "required", "servers",
			"there is no server; give one, like ldaps://dc1.example.com");
	return 0;
}

/* ---- the others ---- */

static int check_text(const char *field, const char *s, struct err *e)
{
	struct slice v = slice_of(s);

	for (size_t i = 0; i < v.n; i++)
		if ((unsigned char)v.p[i] < ' ' || v.p[i] == 0x7f)
			v.n = DIRECTORY_TEXT_MAX + 1;
	if (v.n <= DIRECTORY_TEXT_MAX && utf8_valid(v))
		return 0;
	return err_code(e, ERR_INVALID, "bad_text", field,
		"%s is longer than %d bytes, or has characters that no such text has", field,
		DIRECTORY_TEXT_MAX);
}

static int check_dn(const char *field, const char *dn, bool required, struct err *e)
{
	struct buf out = {0};
	int r = 0;

	if (*dn)
		r = dn_canonical(&out, slice_of(dn), e);
	else if (required)
		return err_code(e, ERR_INVALID, "required", field,
			"%s is not set; without it nobody could sign in by a group", field);
	if (r < 0)
		err_code(e, ERR_INVALID, "dn_syntax", field,
			"%s is no distinguished name; write one like OU=Admins,DC=example,DC=com",
			field);
	buf_done(&out);
	return r;
}

static int check_bind(const struct directory_settings *d, struct err *e)
{
	if (check_dn("bind_dn", d->bind_dn, false, e) < 0)
		return -1;
	if (*d->bind_dn && !*d->bind_password && d->enabled)
		return err_code(e, ERR_INVALID, "required", "bind_password",
			"bind_dn has no password; set bind_password");
	return 0;
}

int directory_check(const struct directory_settings *d, struct err *e)
{
#define X(name, deflt, help)                                                                       \
	if (check_text(#name, d->name, e) < 0)                                                     \
		return -1;
	DIRECTORY_TEXTS(X)
#undef X
	if (check_servers(d, e) < 0 || check_bind(d, e) < 0 ||
		check_dn("user_base", d->user_base, d->enabled, e) < 0 ||
		check_dn("group_base", d->group_base, d->enabled, e) < 0 ||
		(*d->user_filter && filter_check(slice_of(d->user_filter), e) < 0))
		return -1;
	if (*d->ca_file && *d->ca_file != '/')
		return err_code(e, ERR_INVALID, "path_syntax", "ca_file",
			"ca_file is no absolute path; empty: the system's authorities");
	if (d->timeout < 1 || d->timeout > DIRECTORY_TIMEOUT_MAX)
		return err_code(e, ERR_INVALID, "out_of_range", "timeout",
			"timeout is 1 to %d seconds", DIRECTORY_TIMEOUT_MAX);
	return 0;
}

bool directory_trusts_others(
	const struct directory_settings *before, const struct directory_settings *after)
{
	return strcmp(before->servers, after->servers) != 0 ||
	       strcmp(before->ca_file, after->ca_file) != 0 ||
	       strcmp(before->bind_dn, after->bind_dn) != 0;
}
