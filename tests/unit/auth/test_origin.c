/* Where a request of a browser comes from. */

#include "auth/origin.h"
#include "base/mem.h"
#include "unit.h"

static void urls(void **state)
{
	/* clang-format off */
	static const struct { const char *typed, *text, *host; unsigned port; } cases[] = {
		{"https://entente.example", "https://entente.example", "entente.example", 443},
		{"https://entente.example/", "https://entente.example", "entente.example", 443},
		{"https://entente.example:443", "https://entente.example", "entente.example", 443},
		{"HTTPS://Entente.Example:8443", "https://entente.example:8443", "entente.example", 8443},
		{"https://bücher.example:1", "https://xn--bcher-kva.example:1", "xn--bcher-kva.example", 1},
		{"https://127.0.0.1:8443", "https://127.0.0.1:8443", "127.0.0.1", 8443},
		{"https://[::1]:8443", "https://[::1]:8443", "[::1]", 8443},
		{"https://[2001:DB8::1]", "https://[2001:db8::1]", "[2001:db8::1]", 443},
		{"https://localhost", "https://localhost", "localhost", 443},
		{"http://entente.example", NULL, NULL, 0}, {"entente.example", NULL, NULL, 0},
		{"", NULL, NULL, 0}, {"https://", NULL, NULL, 0}, {"https:///", NULL, NULL, 0},
		{"https://entente.example/panel", NULL, NULL, 0}, {"https://a.example?x", NULL, NULL, 0},
		{"https://a.example#x", NULL, NULL, 0}, {"https://me@a.example", NULL, NULL, 0},
		{"https://a.example:0", NULL, NULL, 0}, {"https://a.example:65536", NULL, NULL, 0},
		{"https://a.example:", NULL, NULL, 0}, {"https://a.example:8443x", NULL, NULL, 0},
		{"https://[::1", NULL, NULL, 0}, {"https://[]", NULL, NULL, 0}, {"https://[nonsense]", NULL, NULL, 0},
		{"https://a b.example", NULL, NULL, 0}, {"https://::1", NULL, NULL, 0},
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct origin_url u = {0};
		struct err e = {0};
		int r = origin_url_parse(&u, slice_of(cases[i].typed), &e);

		if ((r == 0) != (cases[i].text != NULL))
			fail_msg("'%s': %s", cases[i].typed, r ? e.text : "was accepted");
		if (r < 0) {
			assert_true(*e.text);
			continue;
		}
		assert_string_equal(u.text, cases[i].text);
		assert_string_equal(u.host, cases[i].host);
		assert_int_equal(u.port, cases[i].port);
	}
}

static void hosts(void **state)
{
	/* clang-format off */
	static const struct { const char *url, *host; bool same; } cases[] = {
		{"https://a.example", "a.example", true}, {"https://a.example", "A.EXAMPLE:443", true},
		{"https://a.example", "a.example.", true}, {"https://a.example", "a.example:8443", false},
		{"https://a.example", "b.example", false}, {"https://a.example", "x.a.example", false},
		{"https://a.example", "a.example:", false}, {"https://a.example", "a.example:443,a.example", false},
		{"https://a.example", "", false}, {"https://a.example", "user@a.example", false},
		{"https://a.example:8443", "a.example:8443", true}, {"https://a.example:8443", "a.example", false},
		{"https://[::1]:8443", "[::1]:8443", true}, {"https://[::1]:8443", "[::1]", false},
		{"https://127.0.0.1:8443", "127.0.0.1:8443", true}, {"https://127.0.0.1:8443", "localhost:8443", false},
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct origin_url u;

		assert_int_equal(origin_url_parse(&u, slice_of(cases[i].url), NULL), 0);
		if (origin_host_is(&u, slice_of(cases[i].host)) != cases[i].same)
			fail_msg("%s and %s", cases[i].url, cases[i].host);
	}
}

/* NULL: the field is not there; "ours" in origin and host stands for what is right. */
struct ask {
	enum origin_caller by;
	const char *method, *host, *origin, *site, *type, *csrf;
	enum origin_verdict want;
};

#define US   "https://a.example:8443"
#define HERE "a.example:8443"
#define JSON "application/json"
#define S    ORIGIN_SESSION
#define N    ORIGIN_NOBODY
#define T    ORIGIN_TOKEN

/* clang-format off */
static const struct ask asks[] = {
	/* reading */
	{S, "GET", HERE, NULL, "same-origin", NULL, NULL, ORIGIN_OK},
	{S, "GET", HERE, NULL, "none", NULL, NULL, ORIGIN_OK},
	{S, "GET", HERE, NULL, NULL, NULL, NULL, ORIGIN_OK},
	{S, "HEAD", HERE, US, "same-origin", NULL, NULL, ORIGIN_OK},
	{S, "GET", HERE, NULL, "cross-site", NULL, NULL, ORIGIN_CROSS_SITE},
	{S, "GET", HERE, NULL, "same-site", NULL, NULL, ORIGIN_CROSS_SITE},
	{S, "GET", HERE, NULL, "", NULL, NULL, ORIGIN_CROSS_SITE},
	{S, "GET", HERE, "https://evil.example", NULL, NULL, NULL, ORIGIN_ORIGIN_MISMATCH},
	{S, "GET", "evil.example:8443", NULL, "same-origin", NULL, NULL, ORIGIN_HOST_MISMATCH},
	{S, "GET", NULL, NULL, "same-origin", NULL, NULL, ORIGIN_HOST_MISMATCH},
	{N, "GET", HERE, NULL, "same-origin", NULL, NULL, ORIGIN_OK},
	{T, "GET", HERE, NULL, NULL, NULL, NULL, ORIGIN_OK},
	/* changing, with a session */
	{S, "POST", HERE, US, "same-origin", JSON, "right", ORIGIN_OK},
	{S, "PATCH", HERE, US, NULL, JSON, "right", ORIGIN_OK},
	{S, "PUT", HERE, NULL, "same-origin", JSON, "right", ORIGIN_OK},
	{S, "DELETE", HERE, US, "same-origin", NULL, "right", ORIGIN_OK},
	{S, "POST", HERE, US, "same-origin", "application/json; charset=utf-8", "right", ORIGIN_OK},
	{S, "POST", HERE, US, "same-origin", "Application/JSON", "right", ORIGIN_OK},
	{S, "POST", HERE, NULL, NULL, JSON, "right", ORIGIN_UNKNOWN},
	{S, "POST", HERE, "null", "same-origin", JSON, "right", ORIGIN_ORIGIN_MISMATCH},
	{S, "POST", HERE, "", "same-origin", JSON, "right", ORIGIN_ORIGIN_MISMATCH},
	{S, "POST", HERE, "http://a.example:8443", "same-origin", JSON, "right", ORIGIN_ORIGIN_MISMATCH},
	{S, "POST", HERE, "https://a.example", "same-origin", JSON, "right", ORIGIN_ORIGIN_MISMATCH},
	{S, "POST", HERE, US ".evil.example", "same-origin", JSON, "right", ORIGIN_ORIGIN_MISMATCH},
	{S, "POST", HERE, US, "none", JSON, "right", ORIGIN_CROSS_SITE},
	{S, "POST", HERE, US, "same-site", JSON, "right", ORIGIN_CROSS_SITE},
	{S, "POST", HERE, US, "cross-site", JSON, "right", ORIGIN_CROSS_SITE},
	{S, "POST", HERE, US, "same-origin", NULL, "right", ORIGIN_NOT_JSON},
	{S, "POST", HERE, US, "same-origin", "text/plain", "right", ORIGIN_NOT_JSON},
	{S, "POST", HERE, US, "same-origin", "application/x-www-form-urlencoded", "right", ORIGIN_NOT_JSON},
	{S, "POST", HERE, US, "same-origin", "multipart/form-data; boundary=application/json", "right", ORIGIN_NOT_JSON},
	{S, "POST", HERE, US, "same-origin", "application/jsonp", "right", ORIGIN_NOT_JSON},
	{S, "POST", HERE, US, "same-origin", JSON, NULL, ORIGIN_CSRF_MISSING},
	{S, "POST", HERE, US, "same-origin", JSON, "", ORIGIN_CSRF_MISSING},
	{S, "POST", HERE, US, "same-origin", JSON, "wrong", ORIGIN_CSRF_BAD},
	{S, "POST", HERE, US, "same-origin", JSON, "righ", ORIGIN_CSRF_BAD},
	{S, "POST", HERE, US, "same-origin", JSON, "right,right", ORIGIN_CSRF_BAD},
	{S, "DELETE", HERE, US, "same-origin", NULL, NULL, ORIGIN_CSRF_MISSING},
	/* a method nobody knows changes something */
	{S, "BREW", HERE, US, "same-origin", JSON, NULL, ORIGIN_CSRF_MISSING},
	/* signing in */
	{N, "POST", HERE, US, "same-origin", JSON, NULL, ORIGIN_OK},
	{N, "POST", HERE, "https://evil.example", "cross-site", JSON, NULL, ORIGIN_ORIGIN_MISMATCH},
	{N, "POST", HERE, NULL, NULL, JSON, NULL, ORIGIN_UNKNOWN},
	{N, "POST", HERE, US, "same-origin", "text/plain", NULL, ORIGIN_NOT_JSON},
	/* a token, which nobody sends unasked */
	{T, "POST", HERE, NULL, NULL, JSON, NULL, ORIGIN_OK},
	{T, "POST", "evil.example", NULL, NULL, JSON, NULL, ORIGIN_HOST_MISMATCH},
	{T, "POST", HERE, "https://evil.example", NULL, JSON, NULL, ORIGIN_ORIGIN_MISMATCH},
	{T, "POST", HERE, NULL, "cross-site", JSON, NULL, ORIGIN_CROSS_SITE},
	{T, "POST", HERE, NULL, NULL, "text/plain", NULL, ORIGIN_NOT_JSON},
};
/* clang-format on */

static void requests(void **state)
{
	struct origin_url url;

	assert_int_equal(origin_url_parse(&url, SL(US), NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(asks); i++) {
		const struct ask *a = &asks[i];
		struct origin_request q = {
			.url = &url,
			.caller = a->by,
			.body = a->type || strcmp(a->method, "POST") == 0,
			.method = slice_of(a->method),
			.host = slice_of(a->host),
			.origin = slice_of(a->origin),
			.fetch_site = slice_of(a->site),
			.content_type = slice_of(a->type),
			.csrf = slice_of(a->csrf),
			.csrf_expected = a->by == S ? SL("right") : SL_NONE,
		};
		struct err e = {0};

		if (origin_judge(&q) != a->want)
			fail_msg("row %zu (%s, %s): %d, not %d", i, a->method,
				a->origin ? a->origin : "-", origin_judge(&q), a->want);
		assert_int_equal(origin_check(&q, &e), a->want == ORIGIN_OK ? 0 : -1);
		assert_true(a->want == ORIGIN_OK || (*e.code && *e.text));
	}
}

/* A link from elsewhere leads to the page, and to nothing else. */
static void links(void **state)
{
	struct origin_url url;
	struct origin_request q = {
		.url = &url,
		.page = true,
		.method = SL("GET"),
		.host = SL(HERE),
		.fetch_site = SL("cross-site"),
		.fetch_mode = SL("navigate"),
		.fetch_dest = SL("document"),
	};

	assert_int_equal(origin_url_parse(&url, SL(US), NULL), 0);
	assert_int_equal(origin_judge(&q), ORIGIN_OK);
	q.fetch_dest = SL("iframe");
	assert_int_equal(origin_judge(&q), ORIGIN_CROSS_SITE);
	q.fetch_dest = SL("document");
	q.fetch_mode = SL("no-cors");
	assert_int_equal(origin_judge(&q), ORIGIN_CROSS_SITE);
	q.fetch_mode = SL("navigate");
	q.method = SL("POST");
	assert_int_equal(origin_judge(&q), ORIGIN_CROSS_SITE);
	q.method = SL("GET");
	q.page = false;
	assert_int_equal(origin_judge(&q), ORIGIN_CROSS_SITE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls),
		cmocka_unit_test(hosts),
		cmocka_unit_test(requests),
		cmocka_unit_test(links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
