#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "base/mem.h"
#include "cli/cli.h"

/* A code point of s at *at; -1 (and one byte further) where it is not UTF-8. */
static int32_t code_point(struct slice s, size_t *at)
{
	static const uint8_t lead[] = {0x80, 0xe0, 0xf0, 0xf8}, tag[] = {0x00, 0xc0, 0xe0, 0xf0};
	static const int32_t least[] = {0, 0x80, 0x800, 0x10000};
	uint8_t c = (uint8_t)s.p[*at];
	int32_t u;
	size_t more = 0;

	while (more < 4 && (c & lead[more]) != tag[more])
		more++;
	if (more == 4 || *at + more >= s.n)
		return (*at)++, -1;
	u = more ? c & (0x3f >> more) : c;
	for (size_t i = 1; i <= more; i++) {
		if (((uint8_t)s.p[*at + i] & 0xc0) != 0x80)
			return (*at)++, -1;
		u = u << 6 | ((uint8_t)s.p[*at + i] & 0x3f);
	}
	if (u < least[more])
		return (*at)++, -1;
	*at += 1 + more;
	return u;
}

/* Controls, and what turns the direction of the text around them. */
static bool acts_on_terminal(int32_t u)
{
	return u < 0x20 || (u >= 0x7f && u < 0xa0) || u == 0x61c || u == 0x200e || u == 0x200f ||
	       (u >= 0x2028 && u <= 0x202e) || (u >= 0x2066 && u <= 0x2069);
}

void print_safe(struct slice s, struct buf *out)
{
	for (size_t at = 0, from; at < s.n;) {
		from = at;
		if (acts_on_terminal(code_point(s, &at)))
			for (size_t i = from; i < at; i++)
				buf_printf(out, "\\x%02x", (uint8_t)s.p[i]);
		else
			buf_add(out, s.p + from, at - from);
	}
}

/* Columns of a terminal. */
static size_t width(struct slice s)
{
	size_t n = 0;

	for (size_t at = 0; at < s.n;) {
		int w = wcwidth((wchar_t)code_point(s, &at));

		n += w > 0 ? (size_t)w : w == 0 ? 0 : 1;
	}
	return n;
}

static void pad(struct buf *out, size_t from, size_t to)
{
	while (from++ < to)
		buf_chr(out, ' ');
}

void print_out(const struct buf *b)
{
	fwrite(buf_slice(b).p, 1, b->n, stdout);
}

static void scalar(json_t *v, struct buf *out)
{
	if (json_is_string(v))
		print_safe(slice_make(json_string_value(v), json_string_length(v)), out);
	else if (json_is_boolean(v))
		buf_str(out, json_is_true(v) ? "true" : "false");
	else if (json_is_integer(v))
		buf_printf(out, "%lld", (long long)json_integer_value(v));
}

void print_value(json_t *v, struct buf *out)
{
	size_t before = out->n, i;
	json_t *item;

	if (json_is_array(v)) {
		json_array_foreach(v, i, item) {
			buf_str(out, i ? ", " : "");
			scalar(item, out);
		}
	} else {
		scalar(v, out);
	}
	if (out->n == before)
		buf_chr(out, '-');
}

static size_t cell_width(json_t *v)
{
	struct buf cell = {0};
	size_t n;

	print_value(v, &cell);
	n = width(buf_slice(&cell));
	buf_done(&cell);
	return n;
}

/* The last column is not padded. */
static void add_cell(struct buf *out, struct slice text, size_t to, bool last)
{
	buf_slice_add(out, text);
	if (last)
		buf_chr(out, '\n');
	else
		pad(out, width(text), to + 2);
}

static void add_row(
	struct buf *out, const struct column *columns, size_t n, const size_t *widths, json_t *row)
{
	for (size_t i = 0; i < n; i++) {
		struct buf cell = {0};

		print_value(json_object_get(row, columns[i].member), &cell);
		add_cell(out, buf_slice(&cell), widths[i], i + 1 == n);
		buf_done(&cell);
	}
}

void print_table(const struct column *columns, size_t n, json_t *rows)
{
	size_t *widths = xcalloc(n, sizeof *widths), r;
	struct buf out = {0};
	json_t *row;

	for (size_t i = 0; i < n; i++) {
		widths[i] = strlen(columns[i].title);
		json_array_foreach(rows, r, row) {
			size_t w = cell_width(json_object_get(row, columns[i].member));

			widths[i] = w > widths[i] ? w : widths[i];
		}
	}
	for (size_t i = 0; i < n; i++)
		add_cell(&out, slice_of(columns[i].title), widths[i], i + 1 == n);
	json_array_foreach(rows, r, row)
		add_row(&out, columns, n, widths, row);
	print_out(&out);
	buf_done(&out);
	xfree(widths);
}

void print_fields(const struct field *fields, size_t n)
{
	struct buf out = {0};
	size_t widest = 0;

	for (size_t i = 0; i < n; i++)
		widest = strlen(fields[i].name) > widest ? strlen(fields[i].name) : widest;
	for (size_t i = 0; i < n; i++) {
		buf_str(&out, fields[i].name);
		pad(&out, strlen(fields[i].name), widest + 2);
		print_value(fields[i].value, &out);
		buf_chr(&out, '\n');
	}
	print_out(&out);
	buf_done(&out);
}
