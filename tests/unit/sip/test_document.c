#include "unit.h"

#include "document.h"

/* The tests that docs/sip-conformance.md names are there. */

/* `sip_NAME/test_FUNCTION` at p; NULL: it is something else. */
static const char *read_name(const char *p, char *file, char *function)
{
	int n = 0;

	if (sscanf(p, "`sip_%30[a-z0-9_]/%60[a-z0-9_]`%n", file, function, &n) != 2 || !n)
		return NULL;
	return p + n;
}

static void expect_test(const char *file, const char *function)
{
	char *path = xasprintf("%s/test_%s.c", UNIT, file), *text = document_read(path),
	     *use = xasprintf("cmocka_unit_test(%s)", function);

	if (!strstr(text, use))
		fail_msg("%s has no %s", path, function);
	xfree(path);
	xfree(text);
	xfree(use);
}

static void test_names(void **state)
{
	char *all = document_read(DOCUMENT), file[31], function[61];
	unsigned found = 0;

	for (const char *p = all, *next; (p = strstr(p, "`sip_")); p = next) {
		next = read_name(p, file, function);
		if (!next) {
			next = p + 1;
			continue;
		}
		expect_test(file, function);
		found++;
	}
	assert_true(found > 100);
	xfree(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_names)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
