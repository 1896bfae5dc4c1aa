#include "fuzz.h"

#include "text/idna.h"

/*
 * Both forms exist or neither; each gives back the other; what was typed ends as an A-label form.
 */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct slice in = slice_make(p, n), ascii, unicode, again;
	struct arena a = {0};
	int rc = idna_to_ascii(&ascii, &a, in, NULL);

	assert(rc == idna_to_unicode(&unicode, &a, in, NULL));
	if (rc == 0) {
		assert(ascii.n <= IDNA_NAME_MAX && unicode.n <= IDNA_UNICODE_MAX);
		assert(idna_to_unicode(&again, &a, ascii, NULL) == 0 && slice_eq(again, unicode));
		assert(idna_to_ascii(&again, &a, unicode, NULL) == 0 && slice_eq(again, ascii));
	}
	if (idna_admin(&ascii, &a, in, NULL) == 0)
		assert(idna_to_ascii(&again, &a, ascii, NULL) == 0 && slice_eq(again, ascii));
	arena_done(&a);
	return 0;
}
