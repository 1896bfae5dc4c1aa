#include "gateway/cpim.h"

#include <string.h>

#include "text/utf8.h"

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
	struct slice lang = SL_NONE;
	bool tagged = slice_starts(value, SL(";lang="));

	if (c->subject.p && (tagged || !c->subject_lang.p))
		return;
	if (tagged) {
		lang = slice_from(value, 6);
		lang = slice_cut(lang, slice_find(lang, ' '));
		value = slice_from(value, 6 + lang.n);
	}
	c->subject = cpim_unescape(a, slice_trim(value));
	c->subject_lang = lang;
}

static bool read_header(struct cpim *c, struct arena *a, struct slice name, struct slice value)
{
	if (slice_eqz(name, "From")) {
		c->from = uri_of(value);
	} else if (slice_eqz(name, "To")) {
		if (!c->to.p)
			c->to = uri_of(value);
	} else if (slice_eqz(name, "DateTime")) {
		c->datetime = slice_trim(value);
	} else if (slice_eqz(name, "Subject")) {
		read_subject(c, a, value);
	} else if (slice_eqz(name, "Require")) {
		return false; /* no feature that could be required is known here */
	}
	return true;
}

/* RFC 3862 3.6 Header-name: [prefix "."] name, of letters, digits and these. */
static bool name_ok(struct slice name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!ascii_alnum(name.p[i]) && !(name.p[i] && strchr("!#$%&'+,-^_`|~.", name.p[i])))
			return false;
	return name.n > 0;
}

static bool read_headers(struct cpim *c, struct arena *a, struct slice *rest)
{
	struct slice line;

	while (take_line(rest, &line)) {
		size_t colon = slice_find(line, ':');

		if (line.n == 0)
			return true;
		if (colon == line.n || !name_ok(slice_cut(line, colon)))
			return false;
		if (!read_header(c, a, slice_cut(line, colon), slice_from(line, colon + 1)))
			return false;
	}
	return false; /* no empty line */
}

/* The inner part is MIME: names in any case, only Content-Type matters. */
static bool read_part(struct cpim *c, struct slice *rest)
{
	struct slice line;

	while (take_line(rest, &line)) {
		size_t colon = slice_find(line, ':');

		if (line.n == 0)
			return true;
		if (slice_ieq(slice_trim(slice_cut(line, colon)), SL("Content-Type")))
			c->content_type = slice_trim(slice_from(line, colon + 1));
	}
	return false;
}

bool cpim_read(struct cpim *ret, struct arena *a, struct slice s)
{
	struct cpim c = {0};

	if (!read_headers(&c, a, &s) || !read_part(&c, &s))
		return false;
	c.body = s.p ? s : SL("");
	*ret = c;
	return true;
}
