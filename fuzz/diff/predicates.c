#include "predicates.h"

#include "base/mem.h"
#include "sip/sip.h"

/* ---- what the predicates go by: the message once more, as our own reader has it ---- */

static struct sip_msg m;
static char copy[SIP_MAX_MESSAGE];

static const struct sip_msg *read_again(const struct difference *d)
{
	size_t n = d->input.n < sizeof copy ? d->input.n : sizeof copy;

	memcpy(copy, d->input.p, n);
	sip_msg_parse(&m, copy, n);
	return &m;
}

struct slice head_of(const struct difference *d)
{
	struct slice s = d->input;
	const char *end;

	while (s.n && (*s.p == '\r' || *s.p == '\n'))
		s = slice_from(s, 1);
	end = s.n ? memmem(s.p, s.n, "\r\n\r\n", 4) : NULL;
	return end ? slice_make(s.p, (size_t)(end + 4 - s.p)) : s;
}

struct slice start_line_of(const struct difference *d)
{
	struct slice s = head_of(d);

	return slice_cut(s, slice_find(s, '\n'));
}

/* ---- they refuse ---- */

bool is_nul(const struct difference *d)
{
	return d->input.n && memchr(d->input.p, 0, d->input.n);
}

bool is_other_via(const struct difference *d)
{
	const struct sip_msg *msg = read_again(d);

	for (unsigned at = msg->first[SIP_H_VIA]; at; at = msg->fields[at - 1].next) {
		struct slice rest = msg->fields[at - 1].value;
		struct sip_via v;

		do {
			if (sip_via_next(&rest, &v) < 0)
				return true;
		} while (rest.n);
	}
	return false;
}

static bool is_broken_address(enum sip_header h)
{
	struct sip_items it = sip_msg_items(&m, h);
	struct sip_addr a;
	struct slice item;
	int more;

	while ((more = sip_items_next(&it, &item)) > 0)
		if (!slice_eqz(item, "*") && sip_addr_parse(item, &a) < 0)
			return true;
	return more < 0 || (m.first[h] && !sip_msg_get(&m, h).n);
}

/* A field that our reader leaves to whoever wants it, and that cannot be read. */
bool is_other_field(const struct difference *d)
{
	read_again(d);
	return is_broken_address(SIP_H_CONTACT) || is_broken_address(SIP_H_ROUTE) ||
	       is_broken_address(SIP_H_RECORD_ROUTE);
}

bool is_content_type(const struct difference *d)
{
	struct sip_media media;
	struct slice type = sip_msg_get(read_again(d), SIP_H_CONTENT_TYPE);

	return type.p && sip_media_parse(type, &media) < 0;
}

bool is_two_types(const struct difference *d)
{
	return read_again(d)->first[SIP_H_CONTENT_TYPE] != m.last[SIP_H_CONTENT_TYPE];
}

static bool is_odd_scheme(struct slice scheme)
{
	return scheme.n && !slice_ieq(scheme, SL("sip")) && !slice_ieq(scheme, SL("sips"));
}

typedef bool of_address(const struct sip_addr *a);

/* Of any address in the fields that say where messages go. */
static bool has_address(of_address *is)
{
	static const enum sip_header fields[] = {
		SIP_H_FROM, SIP_H_TO, SIP_H_CONTACT, SIP_H_ROUTE, SIP_H_RECORD_ROUTE};

	for (unsigned i = 0; i < ARRAY_LEN(fields); i++) {
		struct sip_items it = sip_msg_items(&m, fields[i]);
		struct sip_addr a;
		struct slice item;

		while (sip_items_next(&it, &item) > 0)
			if (sip_addr_parse(item, &a) == 0 && is(&a))
				return true;
	}
	return is(&(struct sip_addr){.uri = m.ruri}) || is(&m.from) || is(&m.to);
}

static bool of_scheme(const struct sip_addr *a)
{
	return is_odd_scheme(a->uri.scheme_name);
}

static bool of_empty_password(const struct sip_addr *a)
{
	return a->uri.password.p && !a->uri.password.n;
}

bool is_empty_password(const struct difference *d)
{
	read_again(d);
	return has_address(of_empty_password);
}

bool is_version_case(const struct difference *d)
{
	struct slice line = start_line_of(d);

	return !slice_starts(line, SL("SIP/2.0")) && slice_istarts(line, SL("sip/2.0"));
}

bool is_multipart(const struct difference *d)
{
	read_again(d);
	return slice_istarts(sip_msg_get(&m, SIP_H_CONTENT_TYPE), SL("multipart"));
}

bool is_scheme(const struct difference *d)
{
	read_again(d);
	return has_address(of_scheme);
}

bool is_method(const struct difference *d)
{
	return read_again(d)->method == SIP_M_OTHER;
}

/* A display name without quotes that is not tokens and spaces: we let it through. */
static bool is_loose(struct slice display)
{
	if (!display.p || *display.p == '"')
		return false;
	for (size_t i = 0; i < display.n; i++)
		if (!ascii_alnum(display.p[i]) && !memchr("-.!%*_+`'~ \t", display.p[i], 12))
			return true;
	return false;
}

static bool of_loose(const struct sip_addr *a)
{
	return is_loose(a->display);
}

bool is_display(const struct difference *d)
{
	read_again(d);
	return has_address(of_loose);
}

bool is_tab(const struct difference *d)
{
	struct slice head = head_of(d);

	return slice_find(head, '\t') < head.n;
}

/* A line of nothing but white space goes on with a field. */
bool is_blank_fold(const struct difference *d)
{
	struct slice rest = head_of(d), line;

	while (slice_split(&rest, '\n', &line)) {
		size_t n = 0;

		while (n < line.n && (line.p[n] == ' ' || line.p[n] == '\t' || line.p[n] == '\r'))
			n++;
		if (n == line.n && n > 0 && *line.p != '\r')
			return true;
	}
	return false;
}

/* COMPAT: a status line may end behind the code. */
bool is_reason_space(const struct difference *d)
{
	return !read_again(d)->request && slice_trim(start_line_of(d)).n == 11;
}

static bool of_short_uri(const struct sip_addr *a)
{
	return a->uri.text.p && a->uri.text.n < 6;
}

bool is_short_uri(const struct difference *d)
{
	read_again(d);
	return has_address(of_short_uri);
}

/* COMPAT: a line may end with LF alone. */
bool is_line_feed(const struct difference *d)
{
	struct slice head = head_of(d);

	for (size_t i = 0; i < head.n; i++)
		if (head.p[i] == '\n' && (i == 0 || head.p[i - 1] != '\r'))
			return true;
	return false;
}

/* ---- values ---- */

bool is_line_end(const struct difference *d)
{
	struct slice s = d->theirs->value[d->aspect];

	return (d->aspect == A_FROM_HOST || d->aspect == A_TO_HOST) && s.n &&
	       (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\r');
}

bool is_nul_escape(const struct difference *d)
{
	return (d->aspect == A_RURI_USER || d->aspect == A_FROM_USER || d->aspect == A_TO_USER) &&
	       slice_find(d->ours->value[d->aspect], 0) < d->ours->value[d->aspect].n;
}

bool is_folded_type(const struct difference *d)
{
	struct slice type = sip_msg_get(read_again(d), SIP_H_CONTENT_TYPE);

	/* The line break of a fold is white space when it has been read. */
	return d->aspect == A_CONTENT_TYPE && slice_find(d->input, '\n') < d->input.n &&
	       !d->theirs->value[d->aspect].p && slice_find(type, ' ') < type.n;
}

bool is_display_value(const struct difference *d)
{
	return (d->aspect == A_FROM_SCHEME || d->aspect == A_TO_SCHEME) && is_display(d);
}

bool is_body_untyped(const struct difference *d)
{
	return d->aspect == A_BODY && !sip_msg_get(read_again(d), SIP_H_CONTENT_TYPE).n;
}
