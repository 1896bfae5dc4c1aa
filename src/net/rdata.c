#include "net/rdata.h"

#include <string.h>

bool rdata_name(struct slice wire, char ret[static SRV_TARGET_MAX + 1])
{
	size_t at = 0, out = 0;

	while (at < wire.n && wire.p[at]) {
		size_t label = (unsigned char)wire.p[at++];

		if (label > 63 || at + label >= wire.n || out + label + 1 > SRV_TARGET_MAX)
			return false;
		for (size_t i = 0; i < label; i++)
			if (wire.p[at + i] <= ' ' || wire.p[at + i] >= 0x7f ||
				wire.p[at + i] == '.')
				return false;
		if (out)
			ret[out++] = '.';
		memcpy(ret + out, wire.p + at, label);
		out += label;
		at += label;
	}
	ret[out] = 0;
	return at < wire.n;
}

static uint16_t read_u16(const char *p)
{
	return (uint16_t)((unsigned char)p[0] << 8 | (unsigned char)p[1]);
}

bool rdata_srv(struct slice wire, struct srv *ret)
{
	if (wire.n < 7 || !rdata_name(slice_from(wire, 6), ret->target))
		return false;
	ret->priority = read_u16(wire.p);
	ret->weight = read_u16(wire.p + 2);
	ret->port = read_u16(wire.p + 4);
	return true;
}

/* Takes a character-string (RFC 1035 3.3) off the wire; false: broken. */
static bool take_string(struct slice *wire, struct slice *ret)
{
	size_t n = wire->n ? (unsigned char)*wire->p : 0;

	if (n >= wire->n)
		return false;
	*ret = slice_make(wire->p + 1, n);
	*wire = slice_from(*wire, n + 1);
	return true;
}

/* One that does not fit, or holds a NUL, becomes "?": no flag and no service is called so. */
static void put_string(char *ret, size_t max, struct slice s)
{
	if (s.n > max || (s.n && memchr(s.p, 0, s.n)))
		s = SL("?");
	if (s.n)
		memcpy(ret, s.p, s.n);
	ret[s.n] = 0;
}

bool rdata_naptr(struct slice wire, struct naptr *ret)
{
	struct slice rest, flags, service, regexp;

	if (wire.n < 4)
		return false;
	rest = slice_from(wire, 4);
	if (!take_string(&rest, &flags) || !take_string(&rest, &service) ||
		!take_string(&rest, &regexp) || !rdata_name(rest, ret->replacement))
		return false;
	ret->order = read_u16(wire.p);
	ret->preference = read_u16(wire.p + 2);
	put_string(ret->flags, NAPTR_FLAGS_MAX, flags);
	put_string(ret->service, NAPTR_SERVICE_MAX, service);
	ret->has_regexp = regexp.n > 0;
	return true;
}
