#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"

enum { LINE_MAX_BYTES = 8192, VALUE_MAX = 512 };

static const char *const level_name[] = {"error", "warn", "info", "debug"};
static atomic_int level_now = LOG_INFO;
static atomic_int fd_now = STDERR_FILENO;

bool log_enabled(enum log_level level)
{
	return (int)level <= atomic_load_explicit(&level_now, memory_order_relaxed);
}

void log_level_set(enum log_level level)
{
	atomic_store(&level_now, (int)level);
}

bool log_level_parse(struct slice name, enum log_level *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(level_name); i++) {
		if (slice_eqz(name, level_name[i])) {
			*ret = (enum log_level)i;
			return true;
		}
	}
	return false;
}

void log_fd_set(int fd)
{
	atomic_store(&fd_now, fd);
}

static bool plain(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c == '"' || c == '\\' || c == '=' || c >= 0x7f)
			return false;
	}
	return s.n > 0;
}

/* U+0080 to U+009F, U+2028 to U+202E, U+2066 to U+2069: what obeys them shows another line. */
static bool harmful(struct slice character)
{
	const unsigned char *p = (const unsigned char *)character.p;

	if (character.n == 2)
		return p[0] == 0xc2 && p[1] < 0xa0;
	return character.n == 3 && p[0] == 0xe2 &&
		((p[1] == 0x80 && p[2] >= 0xa8 && p[2] <= 0xae) ||
			(p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9));
}

/* Adds what s begins with; returns the bytes of it. */
static size_t add_char(struct buf *b, struct slice s)
{
	struct slice c = slice_cut(s, slice_char(s));
	unsigned char first = (unsigned char)s.p[0];

	if (first == '"' || first == '\\') {
		buf_chr(b, '\\');
		buf_chr(b, (char)first);
	} else if (c.n == 0 || first < ' ' || first == 0x7f || harmful(c)) {
		buf_printf(b, "\\x%02x", first);
		return 1; /* the rest of a harmful one is no character then */
	} else {
		buf_slice_add(b, c);
	}
	return c.n;
}

/*
 * Quoted where it has to be; controls and what is not UTF-8 as \xNN, so that a value can neither
 * end a line nor a field, nor play with the terminal that shows it.
 */
static void add_value(struct buf *b, struct slice s)
{
	bool cut = s.n > VALUE_MAX;

	s = slice_cut(s, VALUE_MAX);
	if (plain(s) && !cut) {
		buf_slice_add(b, s);
		return;
	}
	buf_chr(b, '"');
	while (s.n)
		s = slice_from(s, add_char(b, s));
	buf_str(b, cut ? "...\"" : "\"");
}

void log_init(struct log *l, const struct log *parent)
{
	*l = (struct log){.parent = parent};
}

void log_done(struct log *l)
{
	free(l->fields);
	l->fields = NULL;
}

/* Length of the field that starts at the space s points to. */
static size_t field_len(const char *s)
{
	bool quoted = false;
	size_t i = 1;

	for (; s[i] && (quoted || s[i] != ' '); i++) {
		if (quoted && s[i] == '\\')
			i++;
		else if (s[i] == '"')
			quoted = !quoted;
	}
	return i;
}

void log_set(struct log *l, const char *key, struct slice value)
{
	struct buf b = {0};
	size_t klen = strlen(key);

	for (const char *s = l->fields; s && *s; s += field_len(s))
		if (strncmp(s + 1, key, klen) != 0 || s[1 + klen] != '=')
			buf_add(&b, s, field_len(s));
	if (value.p) {
		buf_printf(&b, " %s=", key);
		add_value(&b, value);
	}
	free(l->fields);
	l->fields = b.n ? buf_dup(&b) : NULL;
	buf_done(&b);
}

void log_setf(struct log *l, const char *key, const char *fmt, ...)
{
	char tmp[VALUE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(tmp, sizeof tmp, fmt, ap);
	va_end(ap);
	log_set(l, key, slice_of(tmp));
}

static void add_chain(struct buf *b, const struct log *l)
{
	if (!l)
		return;
	add_chain(b, l->parent);
	if (l->fields)
		buf_str(b, l->fields);
}

/* Whole or not at all: a line that is full ends between two fields. */
static void add_field(struct buf *b, const struct log_field *f)
{
	size_t before = b->n;

	if (f->type == LF_SLICE && !f->s.p)
		return;
	buf_printf(b, " %s=", f->key);
	if (f->type == LF_SLICE)
		add_value(b, f->s);
	else if (f->type == LF_UINT)
		buf_printf(b, "%llu", (unsigned long long)f->i);
	else
		buf_printf(b, "%lld", (long long)f->i);
	if (b->over)
		b->n = before;
}

void log_write(const struct log *l, enum log_level level, const char *event,
	const struct log_field *fields)
{
	struct buf b;
	char when[32];

	if (!log_enabled(level))
		return;
	buf_init(&b, LINE_MAX_BYTES);
	clock_iso(clock_wall_ms(), when);
	buf_printf(&b, "%s %s %s", when, level_name[level], event);
	add_chain(&b, l);
	for (; fields && fields->key; fields++)
		add_field(&b, fields);
	b.over = false;
	b.max++;
	buf_chr(&b, '\n');
	/* A full disk or a closed pipe must not stop the service. */
	if (write(atomic_load(&fd_now), buf_slice(&b).p, b.n) < 0)
		(void)0;
	buf_done(&b);
}
