#include "unit.h"

#include "base/mem.h"
#include "text/idna.h"
#include "text/precis.h"
#include "text/precis_class.h"

#include "oracle.h"

/* Every code point that Unicode 14 knows; a later library may know more, but not others. */
static void derived_properties(void **state)
{
	static const char letters[] = {
		[PRECIS_PVALID] = 'V', [PRECIS_FREE] = 'X', [PRECIS_CONTEXTJ] = 'J',
		[PRECIS_CONTEXTO] = 'O', [PRECIS_DISALLOWED] = 'N', [PRECIS_UNASSIGNED] = 'U',
	};
	uint32_t c = 0;
	size_t checked = 0;

	for (const char *p = oracle_props; *p; p++) {
		uint32_t run = 0;

		for (; ascii_hex(*p) >= 0; p++)
			run = run * 16 + (uint32_t)ascii_hex(*p);
		for (; run > 0; run--, c++) {
			if (*p == '-')
				continue;
			checked++;
			if (letters[precis_prop(c)] != *p)
				fail_msg("U+%04X is %c, not %c", c, *p, letters[precis_prop(c)]);
		}
	}
	assert_int_equal(c, 0x110000);
	assert_true(checked > 280000);
}

typedef int form(struct slice *ret, struct arena *a, struct slice s, struct err *e);

/* want NULL: the oracle refuses it. Returns whether we agree. */
static bool same(const char *name, form *f, const char *in, const char *want)
{
	struct slice got = SL_NONE, twice = SL_NONE;
	struct arena a = {0};
	struct err e = {0};
	int rc = f(&got, &a, slice_of(in), &e);
	bool ok = want ? rc == 0 && slice_eqz(got, want) : rc < 0 && *e.code;

	if (!ok)
		print_error("%s(\"%s\"): want %s, got %.*s %s %s\n", name, in, want ? want : "refused",
			SLARG(got), e.code, e.text);
	/* What comes out is stable, and then a view of the input. */
	if (ok && want && (f(&twice, &a, got, &e) < 0 || twice.p != got.p || twice.n != got.n)) {
		print_error("%s(\"%s\") is not stable\n", name, want);
		ok = false;
	}
	arena_done(&a);
	return ok;
}

static void precis(void **state)
{
	unsigned differ = 0;

	for (size_t i = 0; i < ARRAY_LEN(oracle_precis); i++) {
		const char *in = oracle_precis[i].in;

		differ += !same("username", precis_username, in, oracle_precis[i].username);
		differ += !same("opaque", precis_opaque, in, oracle_precis[i].opaque);
	}
	assert_int_equal(differ, 0);
}

/* U-labels give the same A-labels, and come back from them. */
static bool round_trip(const char *in)
{
	struct slice ascii, unicode, again;
	struct arena a = {0};
	bool ok = idna_to_ascii(&ascii, &a, slice_of(in), NULL) < 0 ||
		(idna_to_unicode(&unicode, &a, slice_of(in), NULL) == 0 &&
			idna_to_ascii(&again, &a, unicode, NULL) == 0 && slice_eq(again, ascii) &&
			idna_to_unicode(&again, &a, ascii, NULL) == 0 && slice_eq(again, unicode));

	if (!ok)
		print_error("\"%s\" does not come back\n", in);
	arena_done(&a);
	return ok;
}

static void idna(void **state)
{
	unsigned differ = 0;

	for (size_t i = 0; i < ARRAY_LEN(oracle_idna); i++) {
		const char *in = oracle_idna[i].in;

		differ += !same("to_ascii", idna_to_ascii, in, oracle_idna[i].ascii);
		differ += !same("admin", idna_admin, in, oracle_idna[i].admin);
		differ += !round_trip(in);
	}
	assert_int_equal(differ, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(derived_properties),
		cmocka_unit_test(precis),
		cmocka_unit_test(idna),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
