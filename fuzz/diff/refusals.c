/*
 * What we refuse and others take. That we refuse it is not enough for a class: it must not be
 * well-formed by valid.h either, in the message as it stands, without our reader.
 */
#include "base/mem.h"
#include "predicates.h"
#include "sip/sip.h"
#include "valid.h"

static bool told(const struct difference *d, const char *why)
{
	return d->ours->why && strcmp(d->ours->why, why) == 0;
}

/* ---- the message as it stands ---- */

static char text[SIP_MAX_MESSAGE + 1];

/* The lines of the head, unfolded, without the start line; the caller splits it at '\n'. */
static struct slice fields_of(const struct difference *d)
{
	struct slice head = head_of(d), line = start_line_of(d);
	size_t n = 0;

	head = slice_from(head, line.n + 1);
	for (size_t i = 0; i < head.n && n + 1 < sizeof text; i++) {
		char c = head.p[i];

		if (c == '\r' && i + 1 < head.n && head.p[i + 1] == '\n')
			continue;
		if (c == '\n' && i + 1 < head.n && (head.p[i + 1] == ' ' || head.p[i + 1] == '\t'))
			c = ' ';
		text[n++] = c;
	}
	return slice_make(text, n);
}

/* How many fields of that name; *ret is the value of the first. */
static unsigned find_fields(
	const struct difference *d, const char *name, char compact, struct slice *ret)
{
	struct slice rest = fields_of(d), line;
	unsigned n = 0;

	*ret = SL_NONE;
	while (slice_split(&rest, '\n', &line)) {
		struct slice found = slice_trim(slice_cut(line, slice_find(line, ':')));

		if (!line.n)
			break;
		if (!slice_ieq(found, slice_of(name)) &&
			!(compact && found.n == 1 && ascii_lower1(*found.p) == compact))
			continue;
		if (!n++)
			*ret = slice_trim(slice_from(line, slice_find(line, ':') + 1));
	}
	return n;
}

static struct slice value_of(const struct difference *d, const char *name, char compact)
{
	struct slice value;

	find_fields(d, name, compact, &value);
	return value;
}

static struct slice first_line(const struct difference *d)
{
	struct slice line = start_line_of(d);

	return slice_ends(line, SL("\r")) ? slice_cut(line, line.n - 1) : line;
}

static struct slice method_of(const struct difference *d)
{
	struct slice line = first_line(d);

	return slice_cut(line, slice_find(line, ' '));
}

/* What stands between the first and the last space. */
static struct slice ruri_of(const struct difference *d)
{
	struct slice line = first_line(d);
	size_t first = slice_find(line, ' '), last = slice_rfind(line, ' ');

	return first < last ? slice_make(line.p + first + 1, last - first - 1) : SL_NONE;
}

/* ---- the start line ---- */

bool is_version(const struct difference *d)
{
	return told(d, "Version Not Supported") && !valid_start_line(first_line(d)) &&
	       !slice_ends(first_line(d), SL(" SIP/2.0"));
}

bool is_request_line(const struct difference *d)
{
	return told(d, "Bad Request-Line") && !valid_start_line(first_line(d));
}

bool is_status_line(const struct difference *d)
{
	return told(d, "Bad Status-Line") && !valid_start_line(first_line(d));
}

bool is_ruri_space(const struct difference *d)
{
	struct slice ruri = ruri_of(d);

	return told(d, "Bad Request-URI") && slice_find(ruri, ' ') < ruri.n;
}

bool is_ruri(const struct difference *d)
{
	return told(d, "Bad Request-URI") && !valid_uri(ruri_of(d));
}

bool is_ruri_headers(const struct difference *d)
{
	struct slice ruri = ruri_of(d);

	return told(d, "Header Fields in Request-URI") && slice_find(ruri, '?') < ruri.n;
}

/* ---- lines ---- */

static bool has_empty_line(struct slice s)
{
	return slice_contains(s, SL("\n\r\n")) || slice_contains(s, SL("\n\n"));
}

bool is_no_end(const struct difference *d)
{
	return told(d, "Missing Empty Line") && !has_empty_line(head_of(d));
}

static bool has_lone_cr(struct slice s)
{
	for (size_t i = 0; i + 1 < s.n; i++)
		if (s.p[i] == '\r' && s.p[i + 1] != '\n')
			return true;
	return false;
}

/* The Via may stand behind the CR, in the line before. */
bool is_line_break(const struct difference *d)
{
	return (told(d, "Missing Via") || told(d, "Bad Line Break")) && has_lone_cr(head_of(d));
}

bool is_header_field(const struct difference *d)
{
	struct slice rest = fields_of(d), line;

	if (!told(d, "Bad Header Field"))
		return false;
	while (slice_split(&rest, '\n', &line) && line.n)
		if (!valid_field_line(line))
			return true;
	return false;
}

bool is_multiple(const struct difference *d)
{
	static const struct {
		const char *name;
		char compact;
	} once[] = {{"From", 'f'}, {"To", 't'}, {"Call-ID", 'i'}, {"CSeq", 0}, {"Max-Forwards", 0},
		{"Content-Length", 'l'}, {"Content-Type", 'c'}};
	struct slice value;

	for (unsigned i = 0; i < ARRAY_LEN(once); i++)
		if (find_fields(d, once[i].name, once[i].compact, &value) > 1)
			return d->ours->why && strncmp(d->ours->why, "Multiple ", 9) == 0;
	return false;
}

/* ---- a Via that is not found ---- */

/* The message ends within the line of its Via. */
bool is_via_cut(const struct difference *d)
{
	struct slice last = slice_from(d->input, slice_rfind(d->input, '\n') + 1);

	return told(d, "Missing Via") && last.n &&
	       (ascii_lower1(*last.p) == 'v' || *last.p == ' ' || *last.p == '\t');
}

/* The first field begins with white space, as if it went on with the start line. */
bool is_start_fold(const struct difference *d)
{
	size_t n = start_line_of(d).n;
	struct slice head = head_of(d);

	return told(d, "Missing Via") && n + 1 < head.n &&
	       (head.p[n + 1] == ' ' || head.p[n + 1] == '\t');
}

/* An empty line comes before the Via. */
bool is_via_behind(const struct difference *d)
{
	struct slice rest = head_of(d), line;

	rest.n = (size_t)(d->input.p + d->input.n - rest.p);
	while (slice_split(&rest, '\n', &line))
		if (!slice_trim(line).n && (!line.n || *line.p == '\r'))
			return told(d, "Missing Via") && rest.n;
	return false;
}

/* ---- fields ---- */

bool is_via(const struct difference *d)
{
	return told(d, "Bad Via") && !valid_via(value_of(d, "Via", 'v'));
}

/* What stands before the parameters is fine. */
bool is_via_params(const struct difference *d)
{
	struct slice via = value_of(d, "Via", 'v');

	return is_via(d) && valid_via(slice_trim(slice_cut(via, slice_find(via, ';'))));
}

static bool is_address_of(const struct difference *d, const char *name, char compact)
{
	AUTO(xfree) char *bad = xasprintf("Bad %s", name);

	return told(d, bad) && !valid_address(value_of(d, name, compact));
}

bool is_address(const struct difference *d)
{
	return is_address_of(d, "From", 'f') || is_address_of(d, "To", 't');
}

/* Without its parameters it is one. */
static bool has_address(struct slice s)
{
	size_t end = slice_rfind(s, '>');

	end = end < s.n ? end + 1 : slice_find(s, ';');
	return end < s.n && valid_address(slice_trim(slice_cut(s, end)));
}

bool is_address_params(const struct difference *d)
{
	return is_address(d) &&
	       has_address(told(d, "Bad From") ? value_of(d, "From", 'f') : value_of(d, "To", 't'));
}

bool is_call_id(const struct difference *d)
{
	return told(d, "Bad Call-ID") && !valid_call_id(value_of(d, "Call-ID", 'i'));
}

bool is_cseq(const struct difference *d)
{
	return told(d, "Bad CSeq") && !valid_cseq(value_of(d, "CSeq", 0), SL_NONE);
}

bool is_cseq_method(const struct difference *d)
{
	return told(d, "CSeq Method Mismatch") && !valid_cseq(value_of(d, "CSeq", 0), method_of(d));
}

bool is_max_forwards(const struct difference *d)
{
	return told(d, "Bad Max-Forwards") && !valid_number(value_of(d, "Max-Forwards", 0), 255);
}

/* No number, or more than there is behind the empty line. */
bool is_content_length(const struct difference *d)
{
	struct slice head = head_of(d);
	size_t left = (size_t)(d->input.p + d->input.n - head.p) - head.n;

	return told(d, "Bad Content-Length") &&
	       !valid_number(value_of(d, "Content-Length", 'l'), left);
}
