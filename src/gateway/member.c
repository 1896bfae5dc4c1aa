#include "gateway/member.h"

static struct slice unquoted(struct slice s)
{
	bool quoted = s.n > 1 && s.p[0] == '"' && s.p[s.n - 1] == '"';

	return quoted ? slice_make(s.p + 1, s.n - 2) : s;
}

struct slice member_of(struct slice list, const char *name)
{
	struct slice one;

	while (slice_split(&list, ';', &one)) {
		size_t is = slice_find(one, '=');

		if (is < one.n && slice_ieq(slice_trim(slice_cut(one, is)), slice_of(name)))
			return unquoted(slice_trim(slice_from(one, is + 1)));
	}
	return SL_NONE;
}
