#include "admin/right.h"

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
