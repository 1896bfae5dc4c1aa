#include "federation/setting.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "federation/setting_ops.h"
#include "text/utf8.h"

static const struct setting_ops *const ops_of[SETTING_TYPE__N] = {
	[SETTING_BOOL] = &setting_bool,
	[SETTING_NUMBER] = &setting_number,
	[SETTING_WORD] = &setting_word,
	[SETTING_TEXT] = &setting_text,
	[SETTING_NAME] = &setting_name,
	[SETTING_DOMAIN] = &setting_domain,
	[SETTING_DOMAINS] = &setting_domains,
	[SETTING_HOST] = &setting_host,
	[SETTING_NEXT_HOP] = &setting_next_hop,
	[SETTING_NETWORKS] = &setting_networks,
	[SETTING_POLICY] = &setting_policy,
	[SETTING_USER] = &setting_user,
	[SETTING_SECRET] = &setting_secret,
};

int setting_bad(const struct setting *s, struct err *e, const char *code, const char *fmt, ...)
{
	char text[sizeof e->text];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return err_code(e, ERR_INVALID, code, s->name, "%s: %s", s->name, text);
}

struct slice setting_shown(struct slice typed)
{
	typed = slice_cut(typed, 80);
	return slice_cut(typed, utf8_prefix(typed));
}

static void *field_of(const struct setting *s, void *object)
{
	return (char *)object + s->offset;
}

static const void *cfield_of(const struct setting *s, const void *object)
{
	return (const char *)object + s->offset;
}

/* ---- names ---- */

static bool name_next(struct slice *s, char *ret)
{
	while (s->n && (*s->p == '-' || *s->p == '_'))
		*s = slice_from(*s, 1);
	if (!s->n)
		return false;
	*ret = ascii_lower1(*s->p);
	*s = slice_from(*s, 1);
	return true;
}

static bool same_name(struct slice typed, const char *name)
{
	struct slice want = slice_of(name);
	char x = 0, y = 0;

	for (;;) {
		bool more_x = name_next(&typed, &x), more_y = name_next(&want, &y);

		if (!more_x || !more_y)
			return more_x == more_y;
		if (x != y)
			return false;
	}
}

const struct setting *setting_find(const struct setting *table, size_t n, struct slice name)
{
	if (!name.n)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (same_name(name, table[i].name) ||
			(table[i].alias && same_name(name, table[i].alias)))
			return &table[i];
	return NULL;
}

/* ---- lists ---- */

bool setting_is_list(const struct setting *s)
{
	return ops_of[s->type]->build != NULL;
}

struct items {
	struct slice *v;
	size_t n;
};

static bool items_has(const struct items *l, struct slice item)
{
	for (size_t i = 0; i < l->n; i++)
		if (slice_eq(l->v[i], item))
			return true;
	return false;
}

/* Comma, semicolon, white space, and U+3001, the comma of people who write Chinese or Japanese. */
static size_t separator(struct slice s)
{
	if (slice_starts(s, SL("\xe3\x80\x81")))
		return 3;
	return s.n && strchr(",; \t\r\n", *s.p) && *s.p ? 1 : 0;
}

static bool next_item(struct slice *rest, struct slice *ret)
{
	size_t n;

	while ((n = separator(*rest)))
		*rest = slice_from(*rest, n);
	if (!rest->n)
		return false;
	for (n = 0; n < rest->n && !separator(slice_from(*rest, n)); n++)
		;
	*ret = slice_cut(*rest, n);
	*rest = slice_from(*rest, n);
	return true;
}

static size_t count_items(struct slice text)
{
	struct slice item;
	size_t n = 0;

	while (next_item(&text, &item))
		n++;
	return n;
}

/* What the field has now, as items in the arena, with room for `more`. */
static struct items items_of(
	const struct setting *s, const void *field, size_t more, struct arena *a)
{
	struct items l = {0};
	struct buf text = {0};
	struct slice rest, item;

	ops_of[s->type]->format(s, field, &text);
	rest = arena_slice(a, buf_slice(&text));
	buf_done(&text);
	l.v = arena_alloc(a, (count_items(rest) + more + 1) * sizeof *l.v);
	while (next_item(&rest, &item))
		l.v[l.n++] = item;
	return l;
}

static int too_many(const struct setting *s, size_t n, struct err *e)
{
	return setting_bad(
		s, e, "too_many", "%zu is too many; at most %u can be listed", n, s->max);
}

/* Puts the items of text behind those of l. strict: one that is there is a mistake, not fine. */
static int items_add(const struct setting *s, struct items *l, struct slice text, bool strict,
	struct arena *a, struct err *e)
{
	struct slice typed, item = SL_NONE;

	while (next_item(&text, &typed)) {
		if (ops_of[s->type]->item(s, a, typed, &item, e) < 0)
			return -1;
		if (!items_has(l, item))
			l->v[l->n++] = item;
		else if (strict)
			return setting_bad(s, e, "duplicate",
				"'%.*s' is listed twice; name it once",
				SLARG(setting_shown(typed)));
	}
	return l->n > s->max ? too_many(s, l->n, e) : 0;
}

static void build(const struct setting *s, void *object, const struct items *l)
{
	ops_of[s->type]->clear(field_of(s, object));
	ops_of[s->type]->build(field_of(s, object), l->v, l->n);
}

/* Comparing each with each is fine for s->max items, not for whatever somebody sends. */
static int parse_list(const struct setting *s, void *object, struct slice text, bool keep,
	bool strict, struct err *e)
{
	size_t n = count_items(text);
	struct arena a = {0};
	struct items l = {0};
	int rc = -1;

	if (n > s->max)
		return too_many(s, n, e);
	if (keep)
		l = items_of(s, cfield_of(s, object), n, &a);
	else
		l.v = arena_alloc(&a, (n + 1) * sizeof *l.v);
	if (items_add(s, &l, text, strict, &a, e) == 0) {
		build(s, object, &l);
		rc = 0;
	}
	arena_done(&a);
	return rc;
}

int setting_add(const struct setting *s, void *object, struct slice text, struct err *e)
{
	if (!setting_is_list(s))
		return setting_bad(s, e, "not_a_list", "is not a list; set its value instead");
	return parse_list(s, object, text, true, false, e);
}

static int items_remove(
	const struct setting *s, struct items *l, struct slice text, struct arena *a, struct err *e)
{
	struct slice typed, item = SL_NONE;
	size_t i;

	while (next_item(&text, &typed)) {
		if (ops_of[s->type]->item(s, a, typed, &item, e) < 0)
			return -1;
		for (i = 0; i < l->n && !slice_eq(l->v[i], item); i++)
			;
		if (i == l->n)
			return setting_bad(s, e, "not_in_list", "'%.*s' is not listed",
				SLARG(setting_shown(typed)));
		memmove(l->v + i, l->v + i + 1, (--l->n - i) * sizeof *l->v);
	}
	return 0;
}

int setting_remove(const struct setting *s, void *object, struct slice text, struct err *e)
{
	struct arena a = {0};
	struct items l;
	int rc;

	if (!setting_is_list(s))
		return setting_bad(s, e, "not_a_list", "is not a list; set its value instead");
	l = items_of(s, cfield_of(s, object), 0, &a);
	rc = items_remove(s, &l, text, &a, e);
	if (rc == 0)
		build(s, object, &l);
	arena_done(&a);
	return rc;
}

/* ---- values ---- */

int setting_parse(const struct setting *s, void *object, struct slice text, struct err *e)
{
	bool verbatim = s->type == SETTING_TEXT || s->type == SETTING_SECRET;

	if (setting_is_list(s))
		return parse_list(s, object, text, false, true, e);
	if (!verbatim)
		text = slice_trim(text);
	if (text.n)
		return ops_of[s->type]->parse(s, field_of(s, object), text, e);
	if (!(s->flags & SETTING_NONE)) {
		struct buf right = {0};

		setting_range(s, &right);
		setting_bad(s, e, "required", "needs a value: %.*s", SLARG(buf_slice(&right)));
		buf_done(&right);
		return -1;
	}
	setting_clear(s, object);
	return 0;
}

void setting_format(const struct setting *s, const void *object, struct buf *ret)
{
	ops_of[s->type]->format(s, cfield_of(s, object), ret);
}

bool setting_is_set(const struct setting *s, const void *object)
{
	struct buf text = {0};
	bool set;

	setting_format(s, object, &text);
	set = text.n > 0;
	buf_done(&text);
	return set;
}

void setting_clear(const struct setting *s, void *object)
{
	ops_of[s->type]->clear(field_of(s, object));
}

/* ---- words for people ---- */

static void range_words(const struct setting *s, struct buf *ret)
{
	for (const char *const *w = s->words; *w; w++) {
		if (w != s->words)
			buf_str(ret, w[1] ? ", " : " or ");
		buf_str(ret, *w);
	}
}

void setting_range(const struct setting *s, struct buf *ret)
{
	switch (s->type) {
	case SETTING_BOOL:
		buf_str(ret, "true or false");
		break;
	case SETTING_NUMBER:
		buf_printf(ret, "%u to %u", s->min, s->max);
		break;
	case SETTING_WORD:
		range_words(s, ret);
		break;
	case SETTING_TEXT:
		buf_printf(ret, "at most %u characters", s->max);
		break;
	case SETTING_SECRET:
		buf_printf(ret, "%u to %u characters", s->min, s->max);
		break;
	case SETTING_NAME:
		buf_printf(ret, "at most %u letters, digits, '-', '_' and '.'", s->max);
		break;
	case SETTING_DOMAIN:
		buf_str(ret, "a domain, such as example.com");
		break;
	case SETTING_DOMAINS:
		buf_printf(ret, "at most %u domains", s->max);
		break;
	case SETTING_HOST:
		buf_str(ret, "host or host:port");
		break;
	case SETTING_NEXT_HOP:
		buf_str(ret, "sip:host or sip:host:port");
		break;
	case SETTING_NETWORKS:
		buf_printf(ret, "at most %u addresses or networks, such as 192.0.2.0/24", s->max);
		break;
	case SETTING_POLICY:
		buf_str(ret, "global, domain:NAME or tag:NAME");
		break;
	case SETTING_USER:
		buf_str(ret, "an address, such as romeo@example.com");
		break;
	case SETTING_TYPE__N:
		assert(!"no such type");
	}
	if (s->flags & SETTING_NONE)
		buf_str(ret, ", or empty");
}

/* ---- JSON ---- */

static void json_char(struct buf *ret, uint32_t c)
{
	char utf8[UTF8_MAX];

	if (c == '"' || c == '\\')
		buf_printf(ret, "\\%c", (char)c);
	else if (c == '\n')
		buf_str(ret, "\\n");
	else if (c == '\t')
		buf_str(ret, "\\t");
	else if (c < 0x20 || (c >= 0x7f && c < 0xa0))
		buf_printf(ret, "\\u%04x", c);
	else
		buf_add(ret, utf8, utf8_put(utf8, c));
}

void json_quote(struct buf *ret, struct slice s)
{
	uint32_t c;

	buf_chr(ret, '"');
	while (s.n) {
		size_t plain = 0;

		/* Nearly all there is to say needs no looking at. */
		while (plain < s.n && s.p[plain] >= ' ' && s.p[plain] < 0x7f && s.p[plain] != '"' &&
			s.p[plain] != '\\')
			plain++;
		buf_add(ret, s.p, plain);
		s = slice_from(s, plain);
		if (!s.n)
			break;
		if (!utf8_next(&s, &c)) {
			c = 0xfffd;
			s = slice_from(s, 1);
		}
		json_char(ret, c);
	}
	buf_chr(ret, '"');
}

const char *setting_json_type(const struct setting *s)
{
	return ops_of[s->type]->json;
}

static void json_list(struct slice text, struct buf *ret)
{
	struct slice item;
	const char *between = "";

	buf_chr(ret, '[');
	while (next_item(&text, &item)) {
		buf_str(ret, between);
		json_quote(ret, item);
		between = ", ";
	}
	buf_chr(ret, ']');
}

void setting_json(const struct setting *s, const void *object, bool unicode, struct buf *ret)
{
	const char *type = setting_json_type(s);
	struct buf text = {0};

	assert(!(s->flags & SETTING_WRITE_ONLY));
	if (unicode && s->type == SETTING_DOMAIN)
		domain_format_unicode(cfield_of(s, object), &text);
	else if (unicode && s->type == SETTING_DOMAINS)
		domains_format_unicode(cfield_of(s, object), &text);
	else
		setting_format(s, object, &text);
	if (setting_is_list(s))
		json_list(buf_slice(&text), ret);
	else if (!text.n)
		buf_str(ret, "null");
	else if (*type == 's')
		json_quote(ret, buf_slice(&text));
	else
		buf_slice_add(ret, buf_slice(&text));
	buf_done(&text);
}
