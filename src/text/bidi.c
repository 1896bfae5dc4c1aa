#include <unictype.h>

#include "text/chars.h"

#define CLASS(c) (1u << UC_BIDI_##c)

static unsigned class_of(uint32_t c)
{
	return 1u << uc_bidi_class(c);
}

bool chars_rtl(const struct chars *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (class_of(s->p[i]) & (CLASS(R) | CLASS(AL) | CLASS(AN)))
			return true;
	return false;
}

/* The class of the last character that is no NSM; 0 when there is none. */
static unsigned last_class(const struct chars *s)
{
	for (size_t i = s->n; i > 0; i--) {
		unsigned c = class_of(s->p[i - 1]);

		if (c != CLASS(NSM))
			return c;
	}
	return 0;
}

bool chars_bidi_rule(const struct chars *s)
{
	const unsigned either = CLASS(EN) | CLASS(ES) | CLASS(CS) | CLASS(ET) | CLASS(ON) |
		CLASS(BN) | CLASS(NSM);
	const unsigned rtl = CLASS(R) | CLASS(AL);
	unsigned first, seen = 0;

	if (s->n == 0)
		return false;
	first = class_of(s->p[0]);
	for (size_t i = 0; i < s->n; i++)
		seen |= class_of(s->p[i]);
	if (first & rtl) /* conditions 2, 3, 4 */
		return !(seen & ~(either | rtl | CLASS(AN))) &&
			(last_class(s) & (rtl | CLASS(EN) | CLASS(AN))) &&
			!((seen & CLASS(EN)) && (seen & CLASS(AN)));
	/* conditions 1, 5, 6 */
	return first == CLASS(L) && !(seen & ~(either | CLASS(L))) &&
		(last_class(s) & (CLASS(L) | CLASS(EN)));
}
