#include "vector.h"

#include <inttypes.h>
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

void fail(struct vector *v, const char *fmt, ...)
{
	va_list ap;

	printf("%s: ", v->id);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	v->failed = true;
}

json_t *take(struct vector *v, json_t *o, const char *key)
{
	json_t *value = json_object_get(o, key);

	if (!value)
		return NULL;
	json_array_append(v->pool, value);
	json_object_del(o, key);
	return value;
}

const char *take_string(struct vector *v, json_t *o, const char *key)
{
	json_t *value = take(v, o, key);

	if (value && !json_is_string(value))
		fail(v, "'%s' is no string", key);
	return json_string_value(value);
}

bool take_flag(struct vector *v, json_t *o, const char *key)
{
	json_t *value = take(v, o, key);

	if (value && !json_is_true(value))
		fail(v, "'%s' is not true", key);
	return json_is_true(value);
}

struct slice number(struct vector *v, uint64_t n)
{
	return slice_of(arena_printf(&v->arena, "%" PRIu64, n));
}

struct slice yes(bool b)
{
	return b ? SL("true") : SL_NONE;
}

/* An expected value as the text a field would have. */
static struct slice text_of(struct vector *v, json_t *want)
{
	if (json_is_string(want))
		return slice_make(json_string_value(want), json_string_length(want));
	if (json_is_integer(want))
		return number(v, (uint64_t)json_integer_value(want));
	return yes(json_is_true(want));
}

static bool equal(struct vector *v, json_t *want, struct slice got)
{
	struct slice text = text_of(v, want);
	size_t i;
	json_t *one;

	if (json_is_array(want)) {
		json_array_foreach(want, i, one)
			if (equal(v, one, got) || (!got.p && slice_eqz(text_of(v, one), "absent")))
				return true;
		return false;
	}
	if (json_is_null(want) || json_is_false(want))
		return !got.p;
	if (slice_eqz(text, "nonempty"))
		return got.n > 0;
	return got.p && slice_eq(got, text);
}

/*
 * The vectors' expressions are of the common kind, with backslashes in brackets; POSIX has none
 * there:
 * "]" goes first, "-" last.
 */
static const char *bracket(struct buf *out, const char *p)
{
	bool close = false, dash = false;
	struct buf rest;

	buf_init(&rest, 0);
	for (; *p && *p != ']'; p++) {
		bool escaped = *p == '\\' && p[1];

		p += escaped;
		if (*p == ']')
			close = true;
		else if (*p == '-' && (escaped || p[1] == ']'))
			dash = true;
		else
			buf_chr(&rest, *p);
	}
	buf_printf(out, "[%s%.*s%s]", close ? "]" : "", SLARG(buf_slice(&rest)), dash ? "-" : "");
	buf_done(&rest);
	return *p ? p + 1 : p;
}

static char *posix(struct vector *v, const char *p)
{
	struct buf out;
	char *s;

	buf_init(&out, 0);
	while (*p) {
		if (*p == '[') {
			p = bracket(&out, p + 1);
			continue;
		}
		if (*p == '\\' && p[1])
			buf_chr(&out, *p++);
		buf_chr(&out, *p++);
	}
	s = arena_dup(&v->arena, buf_slice(&out));
	buf_done(&out);
	return s;
}

static bool matches(struct vector *v, json_t *want, struct slice got)
{
	const char *s = arena_dup(&v->arena, got);
	regex_t re;
	bool yes_it_does;

	if (!got.p ||
		regcomp(&re, posix(v, json_string_value(want)), REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	yes_it_does = regexec(&re, s, 0, NULL, 0) == 0;
	regfree(&re);
	return yes_it_does;
}

/* How many of the strings (one, or a list) are in got. */
static size_t contained(struct vector *v, json_t *want, struct slice got)
{
	size_t i, n = 0;
	json_t *one;

	if (!json_is_array(want))
		return slice_contains(got, text_of(v, want));
	json_array_foreach(want, i, one)
		n += slice_contains(got, text_of(v, one));
	return n;
}

static bool all_contained(struct vector *v, json_t *want, struct slice got)
{
	return got.p &&
	       contained(v, want, got) == (json_is_array(want) ? json_array_size(want) : 1);
}

static bool none_contained(struct vector *v, json_t *want, struct slice got)
{
	return contained(v, want, got) == 0;
}

static bool not_equal(struct vector *v, json_t *want, struct slice got)
{
	return !equal(v, want, got);
}

static bool of_class(struct vector *v, json_t *want, struct slice got)
{
	return got.n == 3 && got.p[0] == '0' + json_integer_value(want);
}

/* "false" says that it must be absent or empty. */
static bool not_empty(struct vector *v, json_t *want, struct slice got)
{
	return json_is_true(want) == (got.n > 0);
}

/* The forms of an expectation; "" is the plain one and comes last. */
static const struct form {
	const char *suffix;
	bool (*holds)(struct vector *v, json_t *want, struct slice got);
} forms[] = {
	{"_in",       equal         },
	{"_not",      not_equal     },
	{"_matches",  matches       },
	{"_includes", all_contained },
	{"_contains", all_contained },
	{"_has_no",   none_contained},
	{"_class",    of_class      },
	{"_nonempty", not_empty     },
	{"",          equal         },
};

static const struct field *field_of(
	struct slice key, const struct field *fields, size_t n, const struct form **ret_form)
{
	for (size_t f = 0; f < ARRAY_LEN(forms); f++) {
		struct slice suffix = slice_of(forms[f].suffix);

		if (!slice_ends(key, suffix))
			continue;
		*ret_form = &forms[f];
		for (size_t i = 0; i < n; i++)
			if (slice_eqz(slice_cut(key, key.n - suffix.n), fields[i].name))
				return &fields[i];
	}
	return NULL;
}

void compare(struct vector *v, json_t *expected, const struct field *fields, size_t n)
{
	const char *key;
	json_t *want;
	void *tmp;

	json_object_foreach_safe(expected, tmp, key, want) {
		const struct form *form;
		const struct field *f = field_of(slice_of(key), fields, n, &form);
		char *shown;

		if (!f)
			continue;
		if (!form->holds(v, want, f->value)) {
			shown = json_dumps(want, JSON_ENCODE_ANY | JSON_COMPACT);
			fail(v, "%s is %s%.*s%s, want %s", key, f->value.p ? "\"" : "",
				SLARG(f->value.p ? f->value : SL("absent")), f->value.p ? "\"" : "",
				shown);
			free(shown);
		}
		take(v, expected, key);
	}
}
