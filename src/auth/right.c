#include "auth/right.h"

const char *right_name(enum right r)
{
	static const char *const name[RIGHT__N] = {
#define RIGHT(id, text, ...) text,
		RIGHTS(RIGHT)
#undef RIGHT
	};

	return name[r];
}

const char *right_help(enum right r)
{
	static const char *const help[RIGHT__N] = {
#define RIGHT(id, name, text) text,
		RIGHTS(RIGHT)
#undef RIGHT
	};

	return help[r];
}

bool right_find(struct slice name, enum right *ret)
{
	for (enum right r = 0; r < RIGHT__N; r++) {
		if (!slice_eqz(name, right_name(r)))
			continue;
		*ret = r;
		return true;
	}
	return false;
}
