#include "auth/dn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/fold.h"
#include "text/utf8.h"

static void hex_escape(struct buf *out, char c)
{
	buf_printf(out, "\\%02x", (unsigned char)c);
}

/* ---- filters ---- */

/* Bytes over 0x7f as well: then it does not matter what the server thinks of broken UTF-8. */
void filter_escape(struct buf *out, struct slice value)
{
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (ascii_alnum(c) || (c && strchr(" -._@+=,/:", c)))
			buf_chr(out, c);
		else
			hex_escape(out, c);
	}
}

static int bad_filter(struct err *e, const char *why)
{
	return err_code(e, ERR_INVALID, "filter_syntax", "user_filter",
		"the filter %s; write one like (|(sAMAccountName=%%s)(uid=%%s))", why);
}

int filter_check(struct slice pattern, struct err *e)
{
	unsigned places = 0, depth = 0;

	if (pattern.n > FILTER_MAX)
		return bad_filter(e, "is too long");
	if (!pattern.n || pattern.p[0] != '(')
		return bad_filter(e, "does not begin with '('");
	for (size_t i = 0; i < pattern.n; i++) {
		char c = pattern.p[i];

		if (!c || (c == '%' && (i + 1 == pattern.n || pattern.p[i + 1] != 's')))
			return bad_filter(e, "has a '%' that is not '%s'");
		places += c == '%';
		depth += c == '(';
		if (c == ')' && depth-- == 0)
			return bad_filter(e, "closes what was not opened");
		if (c == ')' && depth == 0 && i + 1 < pattern.n)
			return bad_filter(e, "has something behind its last ')'");
	}
	if (depth)
		return bad_filter(e, "lacks a ')'");
	return places ? 0 : bad_filter(e, "has no '%s', the place of the name");
}

void filter_make(struct buf *out, struct slice pattern, struct slice name)
{
	for (size_t i = 0; i < pattern.n; i++) {
		if (pattern.p[i] != '%') {
			buf_chr(out, pattern.p[i]);
			continue;
		}
		filter_escape(out, name);
		i++;
	}
}

/* ---- distinguished names: writing ---- */

void dn_escape(struct buf *out, struct slice value)
{
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];
		bool end = i == 0 || i + 1 == value.n;

		if (!c)
			buf_str(out, "\\00");
		else if (strchr("\"+,;<>\\", c) || (c == ' ' && end) || (c == '#' && i == 0))
			buf_printf(out, "\\%c", c);
		else
			buf_chr(out, c);
	}
}

/* ---- reading ---- */

/* RFC 4514 3, and what the field writes besides. */
static const struct {
	const char *name, *same;
} types[] = {
	{"2.5.4.3", "cn"},
	{"commonname", "cn"},
	{"2.5.4.7", "l"},
	{"localityname", "l"},
	{"2.5.4.8", "st"},
	{"stateorprovincename", "st"},
	{"2.5.4.10", "o"},
	{"organizationname", "o"},
	{"2.5.4.11", "ou"},
	{"organizationalunitname", "ou"},
	{"2.5.4.6", "c"},
	{"countryname", "c"},
	{"2.5.4.9", "street"},
	{"streetaddress", "street"},
	{"0.9.2342.19200300.100.1.25", "dc"},
	{"domaincomponent", "dc"},
	{"0.9.2342.19200300.100.1.1", "uid"},
	{"userid", "uid"},
};

struct parser {
	const char *p, *end;
	struct buf value; /* of the attribute in hand, unescaped */
};

static void skip_spaces(struct parser *x)
{
	while (x->p < x->end && *x->p == ' ')
		x->p++;
}

static bool read_type(struct parser *x, struct buf *out)
{
	char name[64];
	size_t n = 0;

	skip_spaces(x);
	for (; x->p < x->end && (ascii_alnum(*x->p) || *x->p == '-' || *x->p == '.'); x->p++) {
		if (n + 1 == sizeof name)
			return false;
		name[n++] = ascii_lower1(*x->p);
	}
	name[n] = '\0';
	skip_spaces(x);
	if (!n || x->p == x->end || *x->p++ != '=')
		return false;
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (strcmp(types[i].name, name) == 0)
			return buf_str(out, types[i].same), true;
	buf_str(out, name);
	return true;
}

/* "\," or "\2c". */
static bool read_pair(struct parser *x)
{
	int byte;

	if (x->end - x->p < 2)
		return false;
	if (strchr("\"+,;<>\\ #=", x->p[1])) {
		buf_chr(&x->value, x->p[1]);
		x->p += 2;
		return true;
	}
	if (x->end - x->p < 3 || (byte = ascii_hex2(x->p + 1)) < 0)
		return false;
	buf_chr(&x->value, (char)byte);
	x->p += 3;
	return true;
}

static bool read_string(struct parser *x)
{
	while (x->p < x->end && *x->p != ',' && *x->p != '+') {
		if (!*x->p || strchr("\";<>", *x->p))
			return false;
		if (*x->p == '\\') {
			if (!read_pair(x))
				return false;
		} else {
			buf_chr(&x->value, *x->p++);
		}
	}
	return true;
}

/* A BER string of the kinds that stand for text, short form: its contents; others are refused. */
static bool ber_text(struct buf *value)
{
	struct slice v = buf_slice(value);
	bool text = v.n >= 2 && (v.p[0] == 0x0c || v.p[0] == 0x13 || v.p[0] == 0x16) &&
		    (unsigned char)v.p[1] == v.n - 2 && v.n < 130;

	if (text)
		buf_take(value, 2);
	return text;
}

/* "#0403...": the value's BER. */
static bool read_hex(struct parser *x)
{
	x->p++;
	for (; x->end - x->p >= 2 && ascii_hex2(x->p) >= 0; x->p += 2)
		buf_chr(&x->value, (char)ascii_hex2(x->p));
	skip_spaces(x);
	return (x->p == x->end || *x->p == ',' || *x->p == '+') && ber_text(&x->value);
}

/* RFC 4518 2.6.1, and so that ',' '+' and '=' stand for nothing else. */
static void write_value(struct buf *out, struct slice folded)
{
	folded = slice_trim(folded);
	for (size_t i = 0; i < folded.n; i++) {
		char c = folded.p[i];

		if (c == ' ' && i && folded.p[i - 1] == ' ')
			continue;
		if ((unsigned char)c < ' ' || strchr("\"+,;<>\\=#", c))
			hex_escape(out, c);
		else
			buf_chr(out, c);
	}
}

static bool read_part(struct parser *x, struct buf *out)
{
	struct buf folded = {0};
	bool good;

	if (!read_type(x, out))
		return false;
	buf_chr(out, '=');
	skip_spaces(x);
	buf_reset(&x->value);
	good = x->p < x->end && *x->p == '#' ? read_hex(x) : read_string(x);
	good = good && x->value.n && text_fold(&folded, buf_slice(&x->value)) == 0;
	if (good)
		write_value(out, buf_slice(&folded));
	buf_done(&folded);
	return good;
}

enum { PARTS_MAX = 8 };

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The parts of one RDN, in order: "cn=a+ou=b". */
static bool read_rdn(struct parser *x, struct buf *out)
{
	char *part[PARTS_MAX] = {0};
	size_t n = 0;
	bool good = true, more = true;

	while (good && more) {
		struct buf one = {0};

		good = n < PARTS_MAX && read_part(x, &one);
		if (good)
			part[n++] = buf_dup(&one);
		buf_done(&one);
		more = x->p < x->end && *x->p == '+';
		x->p += more;
	}
	qsort(part, n, sizeof *part, by_text);
	for (size_t i = 0; i < n; i++) {
		buf_printf(out, "%s%s", i ? "+" : "", part[i]);
		xfree(part[i]);
	}
	return good;
}

static bool read_dn(struct parser *x, struct buf *out)
{
	while (read_rdn(x, out)) {
		if (x->p == x->end)
			return true;
		if (*x->p++ != ',')
			return false;
		buf_chr(out, ',');
	}
	return false;
}

int dn_canonical(struct buf *out, struct slice dn, struct err *e)
{
	struct parser x = {.p = dn.p, .end = dn.p + dn.n};
	struct buf made = {0};
	bool good = dn.n && dn.n <= DN_MAX && read_dn(&x, &made);

	if (good)
		buf_slice_add(out, buf_slice(&made));
	buf_done(&made);
	buf_done(&x.value);
	if (good)
		return 0;
	return err_code(e, ERR_INVALID, "dn_syntax", NULL,
		"'%.*s' is no distinguished name; write one like "
		"CN=Admins,OU=Groups,DC=example,DC=com",
		SLARG(utf8_valid(dn) ? utf8_cut(dn, 100) : SL("")));
}

bool dn_under(struct slice dn, struct slice base)
{
	if (!base.n || dn.n < base.n || !slice_ends(dn, base))
		return false;
	return dn.n == base.n || dn.p[dn.n - base.n - 1] == ',';
}

/* ---- security identifiers ---- */

/* Revision 1, the number of parts, six bytes of authority (big endian), parts (little endian). */
enum { SID_HEAD = 8, SID_PARTS_MAX = 15 };

int sid_text(struct buf *out, struct slice bytes)
{
	const unsigned char *p = (const unsigned char *)bytes.p;
	uint64_t authority = 0;

	if (bytes.n < SID_HEAD || p[0] != 1 || p[1] > SID_PARTS_MAX ||
		bytes.n != SID_HEAD + 4u * p[1])
		return -1;
	for (int i = 2; i < SID_HEAD; i++)
		authority = authority << 8 | p[i];
	buf_printf(out, "S-1-%llu", (unsigned long long)authority);
	for (unsigned i = 0; i < p[1]; i++) {
		const unsigned char *part = p + SID_HEAD + 4 * i;

		buf_printf(out, "-%lu", (unsigned long)part[0] | (unsigned long)part[1] << 8 |
						(unsigned long)part[2] << 16 |
						(unsigned long)part[3] << 24);
	}
	return 0;
}

bool sid_like(struct slice text)
{
	return slice_istarts(text, SL("S-1-"));
}

/* Numbers without leading zeros: one text for one SID. */
static bool number(struct slice s, uint64_t max, uint64_t *ret)
{
	return s.n && (s.n == 1 || s.p[0] != '0') && slice_u64(s, max, ret) == 0;
}

int sid_bytes(struct buf *out, struct slice text)
{
	unsigned char made[SID_HEAD + 4 * SID_PARTS_MAX] = {1};
	struct slice rest = slice_from(text, 4), part;
	unsigned n = 0;
	uint64_t v;

	if (!sid_like(text) || !slice_split(&rest, '-', &part) ||
		!number(part, ((uint64_t)1 << 48) - 1, &v))
		return -1;
	for (int i = SID_HEAD; i-- > 2; v >>= 8)
		made[i] = (unsigned char)v;
	for (; slice_split(&rest, '-', &part); n++) {
		if (n == SID_PARTS_MAX || !number(part, UINT32_MAX, &v))
			return -1;
		for (int i = 0; i < 4; i++, v >>= 8)
			made[SID_HEAD + 4 * n + i] = (unsigned char)v;
	}
	if (!n || text.p[text.n - 1] == '-')
		return -1;
	made[1] = (unsigned char)n;
	buf_add(out, made, SID_HEAD + 4 * n);
	return 0;
}

bool capability_is_active_directory(struct slice oid)
{
	/* LDAP_CAP_ACTIVE_DIRECTORY_OID; an AD LDS says ...1851 instead, and has no accounts. */
	return slice_eqz(oid, "1.2.840.113556.1.4.800");
}
