#pragma once

/* cmocka wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/slice.h"

/* A slice against a string; both are shown where they differ. NULL: it must be absent. */
static inline void expect_slice(struct slice got, const char *want, const char *file, int line)
{
	if (!want == !got.p && slice_eqz(got, want))
		return;
	if (!got.p)
		got = SL("(absent)");
	print_error("got \"%.*s\", want \"%s\"\n", SLARG(got), want ? want : "(absent)");
	_fail(file, line);
}
#define assert_slice(got, want) expect_slice((got), (want), __FILE__, __LINE__)
