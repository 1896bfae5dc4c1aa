#include "federation/address.h"

#include <stdarg.h>
#include <stdio.h>

#include "federation/setting_ops.h"
#include "text/idna.h"
#include "text/precis.h"

enum { PART_MAX = 1023 }; /* RFC 7622 3 */

/* RFC 7622 3.3.1 excludes them from a localpart; XEP-0106 has an escape for each. */
static const char excluded[] = "\"&'/:<>@ ";

static int bad(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int bad(struct err *e, const char *fmt, ...)
{
	struct err text;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text.text, sizeof text.text, fmt, ap);
	va_end(ap);
	return err_code(e, ERR_INVALID, "address_syntax", "address", "%s", text.text);
}

static struct slice without_scheme(struct slice s)
{
	if (slice_istarts(s, SL("sip:")))
		return slice_from(s, 4);
	if (slice_istarts(s, SL("xmpp:")))
		return slice_from(s, 5);
	return s;
}

static int local_part(struct slice *ret, struct arena *a, struct slice local, struct err *e)
{
	struct err why;

	for (size_t i = 0; i < local.n; i++)
		if (local.p[i] && strchr(excluded, local.p[i]))
			return bad(e,
				"'%c' cannot stand in an address; write it \\%02x, as partners see "
				"it",
				local.p[i], (unsigned char)local.p[i]);
	if (precis_username(ret, a, local, &why) < 0)
		return bad(e, "'%.*s' cannot be a user's name: %s", SLARG(setting_shown(local)),
			why.text);
	if (ret->n > PART_MAX)
		return bad(e, "the user's name is too long; at most %d bytes", PART_MAX);
	return 0;
}

static int domain_part(struct slice *ret, struct arena *a, struct slice domain, struct err *e)
{
	struct slice ascii;
	struct err why;

	if (idna_admin(&ascii, a, domain, &why) < 0 || idna_to_unicode(ret, a, ascii, &why) < 0)
		return bad(e, "'%.*s' is not a domain: %s", SLARG(setting_shown(domain)), why.text);
	return 0;
}

int address_admin(struct slice *ret, struct arena *a, struct slice typed, struct err *e)
{
	struct slice whole = without_scheme(slice_trim(typed)), local = SL_NONE, domain = SL_NONE;
	size_t at = slice_rfind(whole, '@');

	if (at == whole.n || at == 0 || at + 1 == whole.n)
		return bad(e, "'%.*s' is not an address; right would be user@domain",
			SLARG(setting_shown(typed)));
	if (slice_find(slice_from(whole, at), '/') < whole.n - at)
		return bad(e, "'%.*s' names one device; right would be the address without '/...'",
			SLARG(setting_shown(typed)));
	if (local_part(&local, a, slice_cut(whole, at), e) < 0 ||
		domain_part(&domain, a, slice_from(whole, at + 1), e) < 0)
		return -1;
	*ret = slice_of(arena_printf(a, "%.*s@%.*s", SLARG(local), SLARG(domain)));
	return 0;
}

struct slice address_domain(struct slice address)
{
	const char *at = address.n ? memchr(address.p, '@', address.n) : NULL;

	return at ? slice_from(address, (size_t)(at + 1 - address.p)) : address;
}
