#include "gateway/multipart.h"

#include <stdbool.h>

/* Takes a line off the front; *ret is without its end. False at the end of the text. */
static bool take_line(struct slice *rest, struct slice *ret)
{
	if (!slice_split(rest, '\n', ret))
		return false;
	if (ret->n && ret->p[ret->n - 1] == '\r')
		ret->n--;
	return true;
}

enum line { LINE_OTHER, LINE_DELIMITER, LINE_END };

/* "--boundary", white space may follow; "--boundary--" ends the last part. */
static enum line kind_of(struct slice line, struct slice boundary)
{
	struct slice rest;

	if (!slice_starts(line, SL("--")) || !slice_starts(slice_from(line, 2), boundary))
		return LINE_OTHER;
	rest = slice_from(line, 2 + boundary.n);
	if (slice_starts(rest, SL("--")))
		return slice_trim(slice_from(rest, 2)).n ? LINE_OTHER : LINE_END;
	return slice_trim(rest).n ? LINE_OTHER : LINE_DELIMITER;
}

/* Takes all up to the next line of the boundary; the line end before that is the boundary's. */
static enum line take_part(struct slice *rest, struct slice boundary, struct slice *ret)
{
	const char *begin = rest->p;
	struct slice line;

	while (take_line(rest, &line)) {
		enum line kind = kind_of(line, boundary);
		size_t n = (size_t)(line.p - begin);

		if (kind == LINE_OTHER)
			continue;
		n -= n && begin[n - 1] == '\n';
		n -= n && begin[n - 1] == '\r';
		*ret = slice_make(begin, n);
		return kind;
	}
	return LINE_OTHER;
}

/* Where the value of this header goes; NULL: it is none we read. */
static struct slice *field_of(struct multipart_part *p, struct slice name)
{
	if (slice_ieq(name, SL("Content-Type")))
		return &p->type;
	if (slice_ieq(name, SL("Content-Disposition")))
		return &p->disposition;
	if (slice_ieq(name, SL("Content-Transfer-Encoding")))
		return &p->encoding;
	return slice_ieq(name, SL("Content-ID")) ? &p->id : NULL;
}

/*
 * Headers, an empty line, the body; without headers it begins with the empty line (5.1). A folded
 * value goes on to the end of its last line.
 */
static struct multipart_part read_part(struct slice text)
{
	struct multipart_part p = {0};
	struct slice line, *field = NULL;

	while (take_line(&text, &line) && line.n) {
		size_t colon = slice_find(line, ':');

		if (line.p[0] != ' ' && line.p[0] != '\t') {
			field = field_of(&p, slice_trim(slice_cut(line, colon)));
			if (field)
				*field = slice_trim(slice_from(line, colon + 1));
		} else if (field && field->p) {
			field->n = (size_t)(line.p + line.n - field->p);
		}
	}
	p.body = text.p ? text : SL("");
	return p;
}

int multipart_read(
	struct multipart_part ret[MULTIPART_PARTS], struct slice boundary, struct slice body)
{
	struct slice text;
	enum line kind;
	int n = 0;

	if (boundary.n == 0 || boundary.n > MULTIPART_BOUNDARY || body.n == 0)
		return -1;
	kind = take_part(&body, boundary, &text); /* the preamble */
	while (kind == LINE_DELIMITER) {
		if (n == MULTIPART_PARTS)
			return -1;
		kind = take_part(&body, boundary, &text);
		if (kind != LINE_OTHER)
			ret[n++] = read_part(text);
	}
	return kind == LINE_END && n ? n : -1;
}
