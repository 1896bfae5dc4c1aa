#include "gateway/cpim.h"

#include <string.h>

#include "base/mem.h"
#include "gateway/date.h"
#include "text/utf8.h"

#define IMDN "urn:ietf:params:imdn"

/* What is being read, and the prefix that IMDN's headers have here; absent: none was declared. */
struct reader {
	struct cpim *c;
	struct arena *a;
	struct slice imdn;
};

/* Takes a line off the front, without its end. False at the end of the text. */
static bool take_line(struct slice *rest, struct slice *ret)
{
	if (!slice_split(rest, '\n', ret))
		return false;
	if (ret->n && ret->p[ret->n - 1] == '\r')
		ret->n--;
	return true;
}

/* Four hexadecimal digits as a character; those that are none (surrogates) count as U+FFFD. */
static bool four_digits(struct slice s, uint32_t *ret)
{
	uint32_t c = 0;

	if (s.n < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		int d = ascii_hex(s.p[i]);

		if (d < 0)
			return false;
		c = c << 4 | (uint32_t)d;
	}
	*ret = c >= 0xd800 && c <= 0xdfff ? 0xfffd : c;
	return true;
}

static char short_escape(char c)
{
	switch (c) {
	case 'b':
		return '\b';
	case 't':
		return '\t';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	default:
		return c; /* an unknown escape stands for the character behind it */
	}
}

struct slice cpim_unescape(struct arena *a, struct slice s)
{
	size_t i, n = 0;
	uint32_t c;
	char *p;

	if (slice_find(s, '\\') == s.n)
		return s;
	p = arena_alloc(a, s.n);
	for (i = 0; i < s.n; i++) {
		if (s.p[i] != '\\') {
			p[n++] = s.p[i];
			continue;
		}
		if (++i == s.n)
			break; /* a lone backslash at the end is dropped */
		if (s.p[i] == 'u' && four_digits(slice_from(s, i + 1), &c)) {
			n += utf8_put(p + n, c);
			i += 4;
		} else {
			p[n++] = short_escape(s.p[i]);
		}
	}
	return slice_make(p, n);
}

/* Formal-name <URI>, or a URI alone. */
static struct slice uri_of(struct slice value)
{
	size_t open = slice_rfind(value, '<');
	struct slice uri;

	if (open == value.n)
		return slice_trim(value);
	uri = slice_from(value, open + 1);
	return slice_cut(uri, slice_find(uri, '>'));
}

/* ";lang=fr words" or " words" */
static void read_subject(struct cpim *c, struct arena *a, struct slice value)
{
	struct cpim_subject s = {.lang = SL_NONE};

	if (slice_starts(value, SL(";lang="))) {
		s.lang = slice_from(value, 6);
		s.lang = slice_cut(s.lang, slice_find(s.lang, ' '));
		value = slice_from(value, 6 + s.lang.n);
	}
	if (c->subject.p && c->n_subjects == CPIM_SUBJECTS && (s.lang.p || !c->subject_lang.p))
		return;
	s.text = cpim_unescape(a, slice_trim(value));
	if (c->n_subjects < CPIM_SUBJECTS)
		c->subjects[c->n_subjects++] = s;
	if (c->subject.p && (s.lang.p || !c->subject_lang.p))
		return;
	c->subject = s.text;
	c->subject_lang = s.lang;
}

/* "imdn <urn:ietf:params:imdn>": a prefix may be declared anew, and then means another. */
static void read_ns(struct reader *r, struct slice value)
{
	struct slice prefix = slice_trim(slice_cut(value, slice_find(value, '<')));

	if (slice_eqz(uri_of(value), IMDN))
		r->imdn = prefix.n ? prefix : SL_NONE;
	else if (prefix.n && slice_eq(prefix, r->imdn))
		r->imdn = SL_NONE;
}

/* RFC 5438 6; name without its prefix. */
static void read_imdn(struct cpim *c, struct slice name, struct slice value)
{
	if (slice_eqz(name, "Message-ID")) {
		c->imdn_id = slice_trim(value);
	} else if (slice_eqz(name, "Disposition-Notification")) {
		c->imdn_wish = slice_trim(value);
	} else if (slice_eqz(name, "Original-To")) {
		c->original_to = uri_of(value);
	} else if (slice_eqz(name, "IMDN-Record-Route")) {
		if (c->n_routes < CPIM_ROUTES)
			c->routes[c->n_routes] = slice_trim(value);
		c->n_routes++;
	}
}

/* Is it one of those above, or of RFC 3862's own? */
static bool known(const struct reader *r, struct slice name)
{
	static const char *const own[] = {"From", "To", "DateTime", "Subject", "NS", "Require"};
	static const char *const imdn[] = {
		"Message-ID", "Disposition-Notification", "Original-To", "IMDN-Record-Route"};
	size_t dot = slice_find(name, '.');
	bool theirs = dot < name.n && r->imdn.p && slice_eq(slice_cut(name, dot), r->imdn);
	const char *const *names = theirs ? imdn : own;
	size_t n = theirs ? ARRAY_LEN(imdn) : ARRAY_LEN(own);

	if (theirs)
		name = slice_from(name, dot + 1);
	for (size_t i = 0; i < n; i++)
		if (slice_eqz(name, names[i]))
			return true;
	return false;
}

static void read_require(struct reader *r, struct slice names)
{
	struct slice one;

	while (slice_split(&names, ',', &one))
		if (!known(r, slice_trim(one)))
	r->c->requires = true;
}

static void read_header(struct reader *r, struct slice name, struct slice value)
{
	size_t dot = slice_find(name, '.');
	struct cpim *c = r->c;

	if (dot < name.n) {
		if (r->imdn.p && slice_eq(slice_cut(name, dot), r->imdn))
			read_imdn(c, slice_from(name, dot + 1), value);
	} else if (slice_eqz(name, "From")) {
		c->from = uri_of(value);
	} else if (slice_eqz(name, "To")) {
		if (!c->to.p)
			c->to = uri_of(value);
	} else if (slice_eqz(name, "DateTime")) {
		c->datetime = slice_trim(value);
	} else if (slice_eqz(name, "Subject")) {
		read_subject(c, r->a, value);
	} else if (slice_eqz(name, "NS")) {
		read_ns(r, value);
	} else if (slice_eqz(name, "Require")) {
		read_require(r, value);
	}
}

/* RFC 3862 3.6 Header-name: [prefix "."] name, of letters, digits and these. */
static bool name_ok(struct slice name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!ascii_alnum(name.p[i]) && !(name.p[i] && strchr("!#$%&'+,-^_`|~.", name.p[i])))
			return false;
	return name.n > 0;
}

static bool read_headers(struct reader *r, struct slice *rest)
{
	struct slice line;

	while (take_line(rest, &line)) {
		size_t colon = slice_find(line, ':');

		if (line.n == 0)
			return true;
		if (colon == line.n || !name_ok(slice_cut(line, colon)))
			return false;
		read_header(r, slice_cut(line, colon), slice_from(line, colon + 1));
	}
	return false; /* no empty line */
}

/* The inner part is MIME: names in any case. */
static bool read_part(struct cpim *c, struct slice *rest)
{
	struct slice line;

	while (take_line(rest, &line)) {
		size_t colon = slice_find(line, ':');
		struct slice name = slice_trim(slice_cut(line, colon));

		if (line.n == 0)
			return true;
		if (slice_ieq(name, SL("Content-Type")))
			c->content_type = slice_trim(slice_from(line, colon + 1));
		else if (slice_ieq(name, SL("Content-Disposition")))
			c->disposition = slice_trim(slice_from(line, colon + 1));
	}
	return false;
}

bool cpim_read(struct cpim *ret, struct arena *a, struct slice s)
{
	struct cpim c = {0};
	struct reader r = {.c = &c, .a = a};

	if (!read_headers(&r, &s) || !read_part(&c, &s))
		return false;
	ret->requires = c.requires;
	if (c.requires)
		return false;
	c.body = s.p ? s : SL("");
	*ret = c;
	return true;
}

/* ---- writing ---- */

void cpim_escape(struct buf *out, struct slice text)
{
	static const char letters[] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\r'] = 'r'};

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c == '\\')
			buf_str(out, "\\\\");
		else if (c < sizeof letters && letters[c])
			buf_printf(out, "\\%c", letters[c]);
		else if (c < 0x20 || c == 0x7f)
			buf_printf(out, "\\u%04x", c);
		else
			buf_chr(out, (char)c);
	}
}

static void put_line(struct buf *out, const char *name, struct slice value)
{
	if (!value.p)
		return;
	buf_str(out, name);
	buf_str(out, ": ");
	buf_slice_add(out, value);
	buf_str(out, "\r\n");
}

static void put_uri(struct buf *out, const char *name, struct slice uri)
{
	if (uri.p)
		buf_printf(out, "%s: <%.*s>\r\n", name, SLARG(uri));
}

/* Without the blank at either end that 2.2 forbids. */
static void put_subject(struct buf *out, struct slice subject)
{
	subject = slice_trim(subject);
	if (subject.n == 0)
		return;
	buf_str(out, "Subject: ");
	cpim_escape(out, subject);
	buf_str(out, "\r\n");
}

static void put_imdn(struct buf *out, const struct cpim_out *c)
{
	if (!c->imdn_id.p)
		return;
	buf_str(out, "NS: imdn <" IMDN ">\r\n");
	put_line(out, "imdn.Message-ID", c->imdn_id);
	put_line(out, "imdn.Disposition-Notification", slice_of(c->imdn_wish));
	for (unsigned i = 0; i < c->n_routes; i++)
		put_line(out, "imdn.IMDN-Route", c->routes[i]);
}

void cpim_write(struct buf *out, const struct cpim_out *c)
{
	char date[DATE_ISO_LEN];

	put_uri(out, "From", c->from);
	put_uri(out, "To", c->to);
	if (c->date_ms != UINT64_MAX) {
		date_print_iso(date, c->date_ms);
		put_line(out, "DateTime", slice_make(date, sizeof date));
	}
	put_subject(out, c->subject);
	put_imdn(out, c);
	buf_str(out, "\r\n");
	put_line(out, "Content-Type", c->content_type);
	put_line(out, "Content-Disposition", slice_of(c->disposition));
	buf_printf(out, "Content-Length: %zu\r\n\r\n", c->body.n);
	buf_slice_add(out, c->body);
}
