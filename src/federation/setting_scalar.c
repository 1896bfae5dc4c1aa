/* Settings that are one number, word or string. */

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "federation/address.h"
#include "federation/setting_ops.h"
#include "text/utf8.h"

void string_put(void *field, struct slice value)
{
	char **s = field;

	xfree(*s);
	*s = slice_dup(value);
}

void string_format(const struct setting *s, const void *field, struct buf *ret)
{
	const char *const *value = field;

	if (*value)
		buf_str(ret, *value);
}

void string_clear(void *field)
{
	char **s = field;

	xfree(*s);
	*s = NULL;
}

/* Without regard to case, '-', '_' and space: people write "not supported", JSON "NotSupported". */
static bool same_word(struct slice typed, const char *word)
{
	for (; typed.n; typed = slice_from(typed, 1)) {
		if (strchr("-_ ", *typed.p) && *typed.p)
			continue;
		while (*word && strchr("-_", *word))
			word++;
		if (!*word || ascii_lower1(*typed.p) != ascii_lower1(*word))
			return false;
		word++;
	}
	return !*word;
}

static int not_in_range(const struct setting *s, struct slice text, const char *code, struct err *e)
{
	struct buf right = {0};

	setting_range(s, &right);
	setting_bad(s, e, code, "'%.*s' will not do; right would be %.*s",
		SLARG(setting_shown(text)), SLARG(buf_slice(&right)));
	buf_done(&right);
	return -1;
}

/* ---- bool ---- */

static int bool_parse(const struct setting *s, void *field, struct slice text, struct err *e)
{
	/* clang-format off */
	static const struct {
		const char *word;
		bool value;
	} words[] = {
		{"true", true}, {"false", false}, {"yes", true}, {"no", false},
		{"on", true}, {"off", false}, {"1", true}, {"0", false},
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (slice_ieq(text, slice_of(words[i].word))) {
			*(bool *)field = words[i].value;
			return 0;
		}
	return not_in_range(s, text, "not_boolean", e);
}

static void bool_format(const struct setting *s, const void *field, struct buf *ret)
{
	buf_str(ret, *(const bool *)field ? "true" : "false");
}

static void bool_clear(void *field)
{
	*(bool *)field = false;
}

const struct setting_ops setting_bool = {"boolean", bool_parse, bool_format, bool_clear};

/* ---- number ---- */

static int number_parse(const struct setting *s, void *field, struct slice text, struct err *e)
{
	uint64_t n;

	for (size_t i = 0; i < text.n; i++)
		if (!ascii_digit(text.p[i]) && !(i == 0 && text.p[i] == '-' && text.n > 1))
			return not_in_range(s, text, "not_number", e);
	if (slice_u64(text, s->max, &n) < 0 || n < s->min)
		return not_in_range(s, text, "out_of_range", e);
	*(uint32_t *)field = (uint32_t)n;
	return 0;
}

static void number_format(const struct setting *s, const void *field, struct buf *ret)
{
	uint32_t n = *(const uint32_t *)field;

	if (n || !(s->flags & SETTING_NONE))
		buf_u64(ret, n);
}

static void number_clear(void *field)
{
	*(uint32_t *)field = 0;
}

const struct setting_ops setting_number = {"integer", number_parse, number_format, number_clear};

/* ---- word ---- */

static int word_parse(const struct setting *s, void *field, struct slice text, struct err *e)
{
	for (uint32_t i = 0; s->words[i]; i++)
		if (same_word(text, s->words[i])) {
			memcpy(field, &i, sizeof i);
			return 0;
		}
	return not_in_range(s, text, "not_one_of", e);
}

static void word_format(const struct setting *s, const void *field, struct buf *ret)
{
	uint32_t i;

	memcpy(&i, field, sizeof i);
	buf_str(ret, s->words[i]);
}

const struct setting_ops setting_word = {"string", word_parse, word_format, number_clear};

/* ---- text and secret ---- */

static int check_characters(
	const struct setting *s, struct slice text, const char *allowed, struct err *e)
{
	struct slice rest = text;
	uint32_t c;
	size_t n = 0;

	for (; rest.n; n++) {
		if (!utf8_next(&rest, &c))
			return setting_bad(
				s, e, "not_utf8", "is not UTF-8 at byte %zu", text.n - rest.n + 1);
		if ((c < 0x20 && !(c && strchr(allowed, (int)c))) || (c >= 0x7f && c < 0xa0))
			return setting_bad(s, e, "control_character",
				"has a control character (U+%04X) at character %zu; leave it out",
				c, n + 1);
	}
	if (n > s->max)
		return setting_bad(
			s, e, "too_long", "has %zu characters; at most %u are kept", n, s->max);
	if (n < s->min)
		return setting_bad(
			s, e, "too_short", "has %zu characters; at least %u are needed", n, s->min);
	return 0;
}

/* Line ends become '\n', so that a description from another system compares equal. */
static void text_put(char **field, struct slice text)
{
	char *out = xmalloc(text.n + 1), *p = out;

	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] != '\r')
			*p++ = text.p[i];
		else if (i + 1 == text.n || text.p[i + 1] != '\n')
			*p++ = '\n';
	*p = '\0';
	xfree(*field);
	*field = out;
}

static int text_parse(const struct setting *s, void *field, struct slice text, struct err *e)
{
	if (check_characters(s, text, "\t\r\n", e) < 0)
		return -1;
	text_put(field, text);
	return 0;
}

const struct setting_ops setting_text = {"string", text_parse, string_format, string_clear};

static int secret_parse(const struct setting *s, void *field, struct slice text, struct err *e)
{
	if (check_characters(s, text, "", e) < 0)
		return -1;
	setting_secret.clear(field);
	string_put(field, text);
	return 0;
}

static void secret_clear(void *field)
{
	char **s = field;

	if (*s)
		mem_wipe(*s, strlen(*s));
	string_clear(field);
}

const struct setting_ops setting_secret = {"string", secret_parse, string_format, secret_clear};

/* ---- names ---- */

bool name_read(struct slice typed, size_t max, struct arena *a, struct slice *ret)
{
	char *copy;

	if (!typed.n || typed.n > max || !ascii_alnum(*typed.p))
		return false;
	for (size_t i = 0; i < typed.n; i++)
		if (!ascii_alnum(typed.p[i]) && (!typed.p[i] || !strchr("-_.", typed.p[i])))
			return false;
	copy = arena_dup(a, typed);
	ascii_lower(copy, typed.n);
	*ret = slice_make(copy, typed.n);
	return true;
}

static int name_parse(const struct setting *s, void *field, struct slice text, struct err *e)
{
	struct arena a = {0};
	struct slice name = SL_NONE;
	int rc = -1;

	if (name_read(text, s->max, &a, &name)) {
		string_put(field, name);
		rc = 0;
	} else {
		not_in_range(s, text, "name_syntax", e);
	}
	arena_done(&a);
	return rc;
}

const struct setting_ops setting_name = {"string", name_parse, string_format, string_clear};

/* ---- policy identities ---- */

enum { POLICY_NAME_MAX = 64 };

static int policy_bad(const struct setting *s, struct slice text, struct err *e)
{
	if (slice_istarts(text, SL("site:")))
		return setting_bad(s, e, "policy_syntax",
			"'%.*s': there are no sites here; right would be domain:NAME of a local "
			"domain",
			SLARG(setting_shown(text)));
	return setting_bad(s, e, "policy_syntax",
		"'%.*s' names no policy; right would be global, domain:NAME or tag:NAME (letters, "
		"digits, '-', '_', '.')",
		SLARG(setting_shown(text)));
}

/* The canonical identity: a lower-case prefix, a domain in A-labels. */
static int policy_read(const struct setting *s, struct slice text, struct arena *a,
	struct slice *ret, struct err *e)
{
	size_t colon = slice_find(text, ':');
	struct slice scope = slice_cut(text, colon), name = slice_from(text, colon + 1);

	if (slice_ieq(text, SL("global"))) {
		*ret = SL("global");
		return 0;
	}
	if (slice_ieq(scope, SL("domain")) && domain_read(s, a, name, &name, e) < 0)
		return -1;
	else if (slice_ieq(scope, SL("tag")) && !name_read(name, POLICY_NAME_MAX, a, &name))
		return policy_bad(s, text, e);
	else if (!slice_ieq(scope, SL("domain")) && !slice_ieq(scope, SL("tag")))
		return policy_bad(s, text, e);
	*ret = slice_of(arena_printf(a, "%s:%.*s", scope.n == 3 ? "tag" : "domain", SLARG(name)));
	return 0;
}

static int policy_parse(const struct setting *s, void *field, struct slice text, struct err *e)
{
	struct arena a = {0};
	struct slice id = SL_NONE;
	int rc = policy_read(s, text, &a, &id, e);

	if (rc == 0)
		string_put(field, id);
	arena_done(&a);
	return rc;
}

const struct setting_ops setting_policy = {"string", policy_parse, string_format, string_clear};

/* ---- users ---- */

static int user_parse(const struct setting *s, void *field, struct slice text, struct err *e)
{
	struct arena a = {0};
	struct slice address = SL_NONE;
	struct err why;
	int rc = address_admin(&address, &a, text, &why);

	if (rc == 0)
		string_put(field, address);
	else
		setting_bad(s, e, why.code, "%s", why.text);
	arena_done(&a);
	return rc;
}

const struct setting_ops setting_user = {"string", user_parse, string_format, string_clear};
