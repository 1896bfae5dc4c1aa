#include "text/precis_class.h"

#include <unictype.h>
#include <uninorm.h>

#include "base/mem.h"

/* RFC 5892 2.6, which RFC 8264 9.6 takes over. */
static const struct {
	uint32_t from, to;
	enum precis_prop prop;
} exceptions[] = {
	{0x00b7, 0x00b7, PRECIS_CONTEXTO},
	{0x00df, 0x00df, PRECIS_PVALID},
	{0x0375, 0x0375, PRECIS_CONTEXTO},
	{0x03c2, 0x03c2, PRECIS_PVALID},
	{0x05f3, 0x05f4, PRECIS_CONTEXTO},
	{0x0640, 0x0640, PRECIS_DISALLOWED},
	{0x0660, 0x0669, PRECIS_CONTEXTO},
	{0x06f0, 0x06f9, PRECIS_CONTEXTO},
	{0x06fd, 0x06fe, PRECIS_PVALID},
	{0x07fa, 0x07fa, PRECIS_DISALLOWED},
	{0x0f0b, 0x0f0b, PRECIS_PVALID},
	{0x3007, 0x3007, PRECIS_PVALID},
	{0x302e, 0x302f, PRECIS_DISALLOWED},
	{0x3031, 0x3035, PRECIS_DISALLOWED},
	{0x303b, 0x303b, PRECIS_DISALLOWED},
	{0x30fb, 0x30fb, PRECIS_CONTEXTO},
};

static bool in_range(uint32_t c, uint32_t from, uint32_t to)
{
	return c >= from && c <= to;
}

/* Hangul_Syllable_Type L, V or T. */
static bool conjoining_jamo(uint32_t c)
{
	return in_range(c, 0x1100, 0x11ff) || in_range(c, 0xa960, 0xa97c) ||
		in_range(c, 0xd7b0, 0xd7c6) || in_range(c, 0xd7cb, 0xd7fb);
}

/* toNFKC(c) != c */
static bool has_compat(uint32_t c)
{
	uint32_t buf[UC_DECOMPOSITION_MAX_LENGTH], *got;
	size_t n = ARRAY_LEN(buf);
	bool same;
	int tag;

	if (uc_decomposition(c, &tag, buf) < 0) /* most have none, and this is quicker */
		return false;
	got = u32_normalize(UNINORM_NFKC, &c, 1, buf, &n);
	same = got == buf && n == 1 && buf[0] == c;
	if (got != buf)
		xfree(got);
	return !same;
}

/* The rest of the order of RFC 8264 8, from LetterDigits on. */
static enum precis_prop by_category(uint32_t c)
{
	if (uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Ll | UC_CATEGORY_MASK_Lu |
			UC_CATEGORY_MASK_Lo | UC_CATEGORY_MASK_Nd | UC_CATEGORY_MASK_Lm |
			UC_CATEGORY_MASK_Mn | UC_CATEGORY_MASK_Mc))
		return PRECIS_PVALID;
	if (uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Lt | UC_CATEGORY_MASK_Nl |
			UC_CATEGORY_MASK_No | UC_CATEGORY_MASK_Me | UC_CATEGORY_MASK_Zs |
			UC_CATEGORY_MASK_S | UC_CATEGORY_MASK_P))
		return PRECIS_FREE;
	return PRECIS_DISALLOWED;
}

/* The order of the tests is that of RFC 8264 8 and matters; ASCII, in no table, goes ahead. */
enum precis_prop precis_prop(uint32_t c)
{
	if (c < 0x80)
		return in_range(c, 0x21, 0x7e) ? PRECIS_PVALID :
			c == ' ' ? PRECIS_FREE : PRECIS_DISALLOWED;
	for (size_t i = 0; i < ARRAY_LEN(exceptions); i++)
		if (in_range(c, exceptions[i].from, exceptions[i].to))
			return exceptions[i].prop;
	if (uc_is_property_not_a_character(c))
		return PRECIS_DISALLOWED;
	if (uc_is_general_category(c, UC_UNASSIGNED))
		return PRECIS_UNASSIGNED;
	if (in_range(c, 0x200c, 0x200d))
		return PRECIS_CONTEXTJ;
	if (conjoining_jamo(c) || uc_is_property_default_ignorable_code_point(c) ||
		uc_is_general_category(c, UC_CONTROL))
		return PRECIS_DISALLOWED;
	if (has_compat(c))
		return PRECIS_FREE;
	return by_category(c);
}

static bool after_virama(const struct chars *s, size_t at)
{
	return at > 0 && uc_combining_class(s->p[at - 1]) == UC_CCC_VR;
}

/* (Joining_Type:{L,D})(Joining_Type:T)* ZWNJ (Joining_Type:T)*(Joining_Type:{R,D}) */
static bool between_joining(const struct chars *s, size_t at)
{
	size_t before = at, after = at + 1;
	int left, right;

	while (before > 0 && uc_joining_type(s->p[before - 1]) == UC_JOINING_TYPE_T)
		before--;
	while (after < s->n && uc_joining_type(s->p[after]) == UC_JOINING_TYPE_T)
		after++;
	if (before == 0 || after == s->n)
		return false;
	left = uc_joining_type(s->p[before - 1]);
	right = uc_joining_type(s->p[after]);
	return (left == UC_JOINING_TYPE_L || left == UC_JOINING_TYPE_D) &&
		(right == UC_JOINING_TYPE_R || right == UC_JOINING_TYPE_D);
}

static bool is_script(uint32_t c, const char *name)
{
	const uc_script_t *script = uc_script(c);

	return script && strcmp(script->name, name) == 0;
}

struct precis_seen precis_look(const struct chars *s)
{
	struct precis_seen seen = {0};

	for (size_t i = 0; i < s->n; i++) {
		uint32_t c = s->p[i];

		seen.arabic = seen.arabic || in_range(c, 0x0660, 0x0669);
		seen.extended = seen.extended || in_range(c, 0x06f0, 0x06f9);
		seen.japanese = seen.japanese || is_script(c, "Hiragana") ||
			is_script(c, "Katakana") || is_script(c, "Han");
	}
	return seen;
}

bool precis_context(const struct chars *s, size_t at, const struct precis_seen *seen)
{
	uint32_t c = s->p[at];
	uint32_t before = at > 0 ? s->p[at - 1] : 0, after = at + 1 < s->n ? s->p[at + 1] : 0;

	switch (c) {
	case 0x200c: /* A.1 */
		return after_virama(s, at) || between_joining(s, at);
	case 0x200d: /* A.2 */
		return after_virama(s, at);
	case 0x00b7: /* A.3 */
		return before == 'l' && after == 'l';
	case 0x0375: /* A.4 */
		return is_script(after, "Greek");
	case 0x05f3: /* A.5 */
	case 0x05f4: /* A.6 */
		return is_script(before, "Hebrew");
	case 0x30fb: /* A.7 */
		return seen->japanese;
	default:
		if (in_range(c, 0x0660, 0x0669)) /* A.8 */
			return !seen->extended;
		return in_range(c, 0x06f0, 0x06f9) && !seen->arabic; /* A.9 */
	}
}
