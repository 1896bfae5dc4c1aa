#include "text/fold.h"

#include <stdlib.h>
#include <unicase.h>
#include <uninorm.h>

#include "base/mem.h"
#include "text/utf8.h"

static void fold_ascii(struct buf *out, struct slice s)
{
	char *to = buf_room(out, s.n);

	if (!to)
		return;
	slice_copy(to, s);
	ascii_lower(to, s.n);
	buf_added(out, s.n);
}

int text_fold(struct buf *out, struct slice s)
{
	uint8_t *folded;
	size_t n;

	if (utf8_ascii(s)) {
		fold_ascii(out, s);
		return 0;
	}
	if (!utf8_valid(s))
		return -1;
	folded = u8_casefold((const uint8_t *)s.p, s.n, NULL, UNINORM_NFKC, NULL, &n);
	if (!folded)
		return -1;
	buf_add(out, folded, n);
	xfree(folded);
	return 0;
}
