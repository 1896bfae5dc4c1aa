#include "gateway/lang.h"

bool lang_valid(struct slice s)
{
	struct slice part;
	bool first = true;

	if (s.n == 0)
		return false;
	for (; slice_split(&s, '-', &part); first = false) {
		if (part.n == 0 || part.n > 8)
			return false;
		for (size_t i = 0; i < part.n; i++)
			if (!ascii_alpha(part.p[i]) && (first || !ascii_digit(part.p[i])))
				return false;
	}
	return true;
}

struct slice lang_first(struct slice list)
{
	struct slice tag = slice_trim(slice_cut(list, slice_find(list, ',')));

	return lang_valid(tag) ? tag : SL_NONE;
}
