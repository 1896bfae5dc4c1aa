#include "text/chars.h"

#include <assert.h>
#include <stdlib.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>

#include "base/mem.h"
#include "text/utf8.h"

bool chars_decode(struct chars *ret, struct arena *a, struct slice s)
{
	struct chars to = {arena_alloc(a, s.n * sizeof *to.p), 0};

	while (s.n) {
		if (!utf8_next(&s, &to.p[to.n]))
			return false;
		to.n++;
	}
	*ret = to;
	return true;
}

struct slice chars_encode(const struct chars *s, struct arena *a)
{
	char *p = arena_alloc(a, s->n * UTF8_MAX);
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += utf8_put(p + n, s->p[i]);
	return slice_make(p, n);
}

bool chars_eq(const struct chars *x, const struct chars *y)
{
	return x->n == y->n && (x->n == 0 || memcmp(x->p, y->p, x->n * sizeof *x->p) == 0);
}

void chars_width(struct chars *s)
{
	for (size_t i = 0; i < s->n; i++) {
		ucs4_t to[UC_DECOMPOSITION_MAX_LENGTH];
		int tag;

		/* Every such decomposition is one character. */
		if (s->p[i] >= 0x80 && uc_decomposition(s->p[i], &tag, to) == 1 &&
			(tag == UC_DECOMP_WIDE || tag == UC_DECOMP_NARROW))
			s->p[i] = to[0];
	}
}

void chars_space(struct chars *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->p[i] >= 0x80 && uc_is_general_category(s->p[i], UC_SPACE_SEPARATOR))
			s->p[i] = ' ';
}

static bool folded(uint32_t c)
{
	uint32_t one[8];
	size_t n = ARRAY_LEN(one);
	const uint32_t *got = u32_casefold(&c, 1, NULL, NULL, one, &n);

	assert(got == one);
	return n == 1 && one[0] == c;
}

static void lower(struct chars *s, struct arena *a, bool (*stays)(uint32_t c))
{
	enum { LONGEST = 3 }; /* of one character's lower case; today's longest is 2 */
	struct chars to = {arena_alloc(a, s->n * LONGEST * sizeof *to.p), 0};

	for (size_t i = 0; i < s->n; i++) {
		uint32_t one[8] = {s->p[i]};
		size_t n = 1;

		if (!stays || !stays(s->p[i])) {
			const uint32_t *got;

			n = ARRAY_LEN(one);
			got = u32_tolower(&s->p[i], 1, NULL, NULL, one, &n);
			assert(got == one && n <= LONGEST);
		}
		memcpy(to.p + to.n, one, n * sizeof *one);
		to.n += n;
	}
	*s = to;
}

void chars_lower(struct chars *s, struct arena *a)
{
	lower(s, a, NULL);
}

void chars_lower_dns(struct chars *s, struct arena *a)
{
	lower(s, a, folded);
}

void chars_nfc(struct chars *s, struct arena *a)
{
	size_t n = 0;
	uint32_t *got;

	if (s->n == 0)
		return;
	got = u32_normalize(UNINORM_NFC, s->p, s->n, NULL, &n);
	assert(got); /* it fails only when memory is out, which ends the process elsewhere too */
	s->p = arena_alloc(a, n * sizeof *got);
	memcpy(s->p, got, n * sizeof *got);
	s->n = n;
	free(got);
}
