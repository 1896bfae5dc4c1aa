#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "admin/route.h"
#include "base/mem.h"
#include "federation/object.h"

static bool ends(const char *s, const char *end)
{
	return slice_ends(slice_of(s), slice_of(end));
}

static void no_two_routes_are_the_same(void **state)
{
	for (size_t i = 0; i < api_routes_n; i++) {
		for (size_t k = 0; k < i; k++) {
			assert_string_not_equal(api_routes[i].id, api_routes[k].id);
			assert_false(strcmp(api_routes[i].path, api_routes[k].path) == 0 &&
				     strcmp(api_routes[i].method, api_routes[k].method) == 0);
		}
	}
}

/* Looking needs the right to look, everything else the right to change. */
static void the_right_of_a_route_fits_its_method(void **state)
{
	for (size_t i = 0; i < api_routes_n; i++) {
		const struct api_route *r = &api_routes[i];
		bool none = r->flags & (API_PUBLIC | API_SIGNED_IN);
		const char *right = none ? "" : right_name(r->right);

		assert_int_equal(none, r->right == RIGHT__N);
		if (none)
			; /* it says so */
		else if (strcmp(r->method, "GET") == 0)
			assert_true(ends(right, ".read"));
		else
			assert_false(ends(right, ".read"));
		if (r->kind >= 0)
			assert_true(slice_starts(
				slice_of(right), slice_of(object_classes[r->kind]->name)));
		assert_non_null(r->handle);
		assert_true(strlen(r->help) > 10 && ends(r->help, "."));
		assert_null(strchr(r->help, '\''));
		assert_true(none || strlen(right_help(r->right)) > 10);
	}
}

static void every_kind_of_object_has_its_routes(void **state)
{
	for (size_t kind = 0; kind < OBJECT__N; kind++) {
		unsigned n = 0;

		for (size_t i = 0; i < api_routes_n; i++)
			n += api_routes[i].kind == (int)kind;
		assert_int_equal(n, object_classes[kind]->single ? 2 : 5);
	}
}

/* clang-format off */
static const struct {
	const char *method, *path, *id, *param, *allow;
} found[] = {
	{"GET", "/api/v1/partners", "listPartners", NULL, ""},
	{"HEAD", "/api/v1/partners", "listPartners", NULL, ""},
	{"GET", "/api/v1/partners/x.lab", "getPartner", "x.lab", ""},
	{"DELETE", "/api/v1/partners/x.lab", "removePartner", "x.lab", ""},
	{"PATCH", "/api/v1/gateway", "setGateway", NULL, ""},
	{"PUT", "/api/v1/partners/x.lab", NULL, NULL, "GET, PATCH, DELETE"},
	{"DELETE", "/api/v1/partners", NULL, NULL, "GET, POST"},
	{"get", "/api/v1/partners", NULL, NULL, "GET, POST"},
	{"GET", "/api/v1/partners/", NULL, NULL, ""},
	{"GET", "/api/v1/partners/a/b", NULL, NULL, ""},
	{"GET", "/api/v1/partnersx", NULL, NULL, ""},
	{"GET", "/api/v1/", NULL, NULL, ""},
	{"GET", "/", NULL, NULL, ""},
	{"GET", "", NULL, NULL, ""},
};
/* clang-format on */

static void a_request_finds_its_route(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(found); i++) {
		struct buf allow = {0};
		struct slice param;
		const struct api_route *r = api_route_find(
			slice_of(found[i].method), slice_of(found[i].path), &param, &allow);

		if (found[i].id)
			assert_string_equal(r->id, found[i].id);
		else
			assert_null(r);
		assert_true(slice_eq(param, slice_of(found[i].param)));
		assert_true(!found[i].id == !param.p || !found[i].param);
		if (!found[i].id)
			assert_true(slice_eqz(buf_slice(&allow), found[i].allow));
		buf_done(&allow);
	}
}

/* docs/openapi.yaml is the tables' own word. */
static void the_openapi_document_is_up_to_date(void **state)
{
	const char *path = getenv("OPENAPI");
	FILE *f = path ? fopen(path, "re") : NULL;
	struct buf now = {0}, kept = {0};
	size_t n;

	assert_non_null(f);
	do {
		n = fread(buf_room(&kept, 4096), 1, 4096, f);
		buf_added(&kept, n);
	} while (n);
	fclose(f);
	api_openapi(&now);
	if (!slice_eq(buf_slice(&now), buf_slice(&kept)))
		fail_msg("docs/openapi.yaml differs from the route table; write it anew: "
			 "build/src/daemon/gen openapi > docs/openapi.yaml");
	buf_done(&now);
	buf_done(&kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_two_routes_are_the_same),
		cmocka_unit_test(the_right_of_a_route_fits_its_method),
		cmocka_unit_test(every_kind_of_object_has_its_routes),
		cmocka_unit_test(a_request_finds_its_route),
		cmocka_unit_test(the_openapi_document_is_up_to_date),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
