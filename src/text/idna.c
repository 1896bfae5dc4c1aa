#include "text/idna.h"

#include <arpa/inet.h>
#include <idn2.h>

#include "base/mem.h"
#include "text/chars.h"
#include "text/utf8.h"

/* Both forms of a name while it is put together, label by label; both stay below their limits. */
struct name {
	char ascii[IDNA_NAME_MAX + 1];
	char unicode[IDNA_UNICODE_MAX + 1];
	size_t an, un;
	bool rtl; /* a label has right-to-left characters */
};

static int bad(struct err *e, const char *code, const char *text)
{
	return err_code(e, ERR_INVALID, code, NULL, "%s", text);
}

static int too_long(struct err *e)
{
	return bad(e, "too-long", "a domain name has at most 253 bytes, a part of it at most 63");
}

static int refused(int rc, struct err *e)
{
	if (rc == IDN2_TOO_BIG_LABEL || rc == IDN2_TOO_BIG_DOMAIN || rc == IDN2_PUNYCODE_BIG_OUTPUT)
		return too_long(e);
	return err_code(e, ERR_INVALID, "bad-domain", NULL, "not a domain name: %s",
		idn2_strerror(rc));
}

static bool ldh(char c)
{
	return ascii_alnum(c) || c == '-';
}

/* Lower-case letters, digits and hyphens that are neither first nor last. */
static int check_ldh(struct slice label, struct err *e)
{
	for (size_t i = 0; i < label.n; i++) {
		unsigned char c = (unsigned char)label.p[i];

		if (ldh((char)c))
			continue;
		if (c > ' ' && c < 0x7f)
			return err_code(e, ERR_INVALID, "bad-domain", NULL,
				"'%c' is not allowed in a domain name, which has letters, digits "
				"and hyphens", c);
		return err_code(e, ERR_INVALID, "bad-domain", NULL,
			"U+%04X is not allowed in a domain name", c);
	}
	if (label.p[0] == '-' || label.p[label.n - 1] == '-')
		return bad(e, "bad-domain",
			"no part of a domain name begins or ends with a hyphen");
	return 0;
}

static bool is_alabel(struct slice label)
{
	return slice_istarts(label, SL("xn--"));
}

static bool put(char *to, size_t *n, size_t max, struct slice label)
{
	size_t dot = *n > 0;

	if (label.n + dot > max - *n)
		return false;
	if (dot)
		to[(*n)++] = '.';
	slice_copy(to + *n, label);
	*n += label.n;
	return true;
}

static int add_label(struct name *to, struct slice ascii, struct slice unicode, struct err *e)
{
	if (ascii.n > IDNA_LABEL_MAX || !put(to->ascii, &to->an, IDNA_NAME_MAX, ascii) ||
		!put(to->unicode, &to->un, IDNA_UNICODE_MAX, unicode))
		return too_long(e);
	return 0;
}

/*
 * The A-label of a mapped U-label, by the rules for registration (RFC 5891 4.2): those for look-up
 * let pass what no registry may have. NULL: it is none. The caller frees it with idn2_free().
 */
static char *alabel_of(const char *ulabel, struct err *e)
{
	uint8_t *alabel = NULL;
	int rc = idn2_register_u8((const uint8_t *)ulabel, NULL, &alabel, IDN2_NO_TR46);

	if (rc == IDN2_OK)
		return (char *)alabel;
	idn2_free(alabel);
	refused(rc, e);
	return NULL;
}

/* label: a NUL-terminated copy, mapped, not all ASCII. */
static int add_ulabel(struct name *to, struct arena *a, struct slice label, struct err *e)
{
	struct chars c;
	char *alabel;
	int rc;

	for (size_t i = 0; i < label.n; i++)
		if (!(label.p[i] & 0x80) && !ldh(label.p[i]))
			return check_ldh(slice_make(label.p + i, 1), e);
	alabel = alabel_of(label.p, e);
	if (!alabel)
		return -1;
	rc = add_label(to, slice_of(alabel), label, e);
	idn2_free(alabel);
	to->rtl = to->rtl || (chars_decode(&c, a, label) && chars_rtl(&c));
	return rc;
}

/*
 * label: a NUL-terminated copy, lower case. It must be what its U-label gives back (RFC 5891 5.4).
 */
static int add_alabel(struct name *to, struct arena *a, struct slice label, struct err *e)
{
	char *u = NULL, *back = NULL;
	int rc = -1;

	if (idn2_to_unicode_8z8z(label.p, &u, IDN2_NO_TR46) == IDN2_OK && !utf8_ascii(slice_of(u)))
		back = alabel_of(u, NULL);
	if (back && slice_eqz(label, back))
		rc = add_ulabel(to, a, slice_of(u), e);
	else
		err_code(e, ERR_INVALID, "bad-domain", NULL,
			"'%s' is not the encoded form of any name", label.p);
	idn2_free(back);
	idn2_free(u);
	return rc;
}

static int add(struct name *to, struct arena *a, struct slice label, struct err *e)
{
	if (label.n == 0)
		return bad(e, "bad-domain", "a part of the domain name is empty");
	if (!utf8_ascii(label))
		return add_ulabel(to, a, slice_make(arena_dup(a, label), label.n), e);
	if (check_ldh(label, e) < 0)
		return -1;
	if (label.n > IDNA_LABEL_MAX)
		return too_long(e);
	if (is_alabel(label))
		return add_alabel(to, a, slice_make(arena_dup(a, label), label.n), e);
	return add_label(to, label, label, e);
}

/* In a name with a right-to-left label every label obeys the Bidi Rule (RFC 5893 2). */
static int check_bidi(const struct name *n, struct arena *a, struct err *e)
{
	struct slice rest = slice_make(n->unicode, n->un), label;

	while (n->rtl && slice_split(&rest, '.', &label)) {
		struct chars c;

		if (!chars_decode(&c, a, label) || !chars_bidi_rule(&c))
			return bad(e, "bad-domain",
				"the name mixes right-to-left and other characters");
	}
	return 0;
}

/* What looks like an IPv4 address must be one, or two readers may read it differently. */
static int check_numeric(const struct name *n, struct err *e)
{
	struct slice name = slice_make(n->ascii, n->an), last = name;
	char z[IDNA_NAME_MAX + 1];
	struct in_addr ip;

	if (slice_rfind(name, '.') < name.n)
		last = slice_from(name, slice_rfind(name, '.') + 1);
	for (size_t i = 0; i < last.n; i++)
		if (!ascii_digit(last.p[i]))
			return 0;
	memcpy(z, name.p, name.n);
	z[name.n] = '\0';
	if (inet_pton(AF_INET, z, &ip) != 1)
		return bad(e, "bad-domain", "a domain name does not end with a number");
	return 0;
}

/* Width, case and composition (RFC 7622 3.2.2); all ASCII: case alone. */
static int map(struct slice *ret, struct arena *a, struct slice s, struct err *e)
{
	struct chars c;
	char *p;

	if (utf8_ascii(s)) {
		p = arena_dup(a, s);
		ascii_lower(p, s.n);
		*ret = slice_make(p, s.n);
		return 0;
	}
	if (!chars_decode(&c, a, s))
		return bad(e, "bad-utf8", "the domain name is not UTF-8");
	chars_width(&c);
	chars_lower_dns(&c, a);
	chars_nfc(&c, a);
	*ret = chars_encode(&c, a);
	return 0;
}

static struct slice without_dot(struct slice s)
{
	return slice_ends(s, SL(".")) ? slice_cut(s, s.n - 1) : s;
}

static int build(struct name *to, struct arena *a, struct slice domain, struct err *e)
{
	struct slice rest, label;

	if (domain.n > 4 * IDNA_UNICODE_MAX) /* nothing this long maps to something short enough */
		return too_long(e);
	if (map(&rest, a, domain, e) < 0)
		return -1;
	rest = without_dot(rest); /* only now, for a full-width dot ends a name as well */
	while (slice_split(&rest, '.', &label))
		if (add(to, a, label, e) < 0)
			return -1;
	if (check_bidi(to, a, e) < 0)
		return -1;
	return check_numeric(to, e);
}

/* A: letter, D: digit, H: hyphen, of the lower-case ones; 0: none of them. */
enum { A = 1, D, H };
static const uint8_t plain_class[256] = {['a' ... 'z'] = A, ['0' ... '9'] = D, ['-'] = H};

/* Length of the plain label in front, up to a dot or the end; 0: it is none. */
static size_t plain_label(const char *p, size_t n, bool *ret_number)
{
	size_t i = 0;
	unsigned seen = 0, c = 0;

	for (; i < n && p[i] != '.'; i++) {
		c = plain_class[(unsigned char)p[i]];
		if (c == 0)
			return 0;
		seen |= 1u << c;
	}
	if (i == 0 || i > IDNA_LABEL_MAX || p[0] == '-' || c == H)
		return 0;
	if (seen & 1u << H && is_alabel(slice_make(p, i)))
		return 0;
	*ret_number = seen == 1u << D;
	return i;
}

bool idna_plain(struct slice domain)
{
	bool number = true; /* perhaps an IPv4 address: look closer */
	size_t at = 0;

	if (domain.n > IDNA_NAME_MAX)
		return false;
	while (at < domain.n) {
		size_t n = plain_label(domain.p + at, domain.n - at, &number);

		if (n == 0)
			return false;
		at += n + 1;
	}
	return at == domain.n + 1 && !number;
}

/* The large struct stays out of the way of names that need no work. */
__attribute__((noinline))
static int convert(struct slice *ret, struct arena *a, struct slice domain, bool unicode,
	struct err *e)
{
	struct name n = {0};
	struct slice out;

	if (build(&n, a, domain, e) < 0)
		return -1;
	out = unicode ? slice_make(n.unicode, n.un) : slice_make(n.ascii, n.an);
	*ret = slice_starts(domain, out) ? slice_cut(domain, out.n) : arena_slice(a, out);
	return 0;
}

static int to_form(struct slice *ret, struct arena *a, struct slice domain, bool unicode,
	struct err *e)
{
	struct slice name = without_dot(domain);

	if (name.n == 0)
		return bad(e, "empty-part", "the domain name is empty");
	if (!idna_plain(name))
		return convert(ret, a, domain, unicode, e);
	*ret = name;
	return 0;
}

int idna_to_ascii(struct slice *ret, struct arena *a, struct slice domain, struct err *e)
{
	return to_form(ret, a, domain, false, e);
}

int idna_to_unicode(struct slice *ret, struct arena *a, struct slice domain, struct err *e)
{
	return to_form(ret, a, domain, true, e);
}

/* UTS 46 mapping; what it makes is checked like any other name. */
static int map_typed(struct slice *ret, struct arena *a, struct slice typed, struct err *e)
{
	char *mapped = NULL;
	int rc;

	if (!utf8_valid(typed))
		return bad(e, "bad-utf8", "the domain name is not UTF-8");
	if (typed.n > IDNA_UNICODE_MAX)
		return too_long(e);
	if (memchr(typed.p, '\0', typed.n))
		return bad(e, "bad-domain", "U+0000 is not allowed in a domain name");
	rc = idn2_to_ascii_8z(arena_dup(a, typed), &mapped, IDN2_NONTRANSITIONAL);
	if (rc == IDN2_OK)
		*ret = arena_slice(a, slice_of(mapped));
	else
		refused(rc, e);
	idn2_free(mapped);
	return rc == IDN2_OK ? 0 : -1;
}

int idna_admin(struct slice *ret, struct arena *a, struct slice typed, struct err *e)
{
	typed = slice_trim(typed);
	if (!utf8_ascii(typed) && map_typed(&typed, a, typed, e) < 0)
		return -1;
	return idna_to_ascii(ret, a, typed, e);
}
