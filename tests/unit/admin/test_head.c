/* What every answer says beside what it is about. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/http_priv.h"
#include "base/mem.h"
#include "unit.h"

static struct http http;
static enum http_way way;
static struct buf said;

static void note(void *arg, const char *name, const char *value)
{
	buf_printf(&said, "%s: %s\n", name, value);
}

static char *head_of(struct http_req *r)
{
	buf_reset(&said);
	r->http = &http;
	r->way = way;
	http_head_each(r, note, NULL);
	return buf_dup(&said);
}

static bool says(const char *head, const char *line)
{
	return strstr(head, line) != NULL;
}

static void in_clear_there_is_little_to_protect(void **state)
{
	struct http_req r = {.type = "application/json", .state = REQ_ANSWERED};
	char *head;

	way = HTTP_UNIX;
	head = head_of(&r);
	assert_string_equal(head, "content-type: application/json\ncache-control: no-store\n"
				  "x-content-type-options: nosniff\n");
	free(head);
}

static void an_answer_of_the_api_is_no_page(void **state)
{
	struct http_req r = {.type = "application/json", .state = REQ_ANSWERED};
	char *head;

	way = HTTP_TLS;
	head = head_of(&r);
	assert_true(says(head, "content-security-policy: default-src 'none'; base-uri 'none'; "
			       "form-action 'none'; frame-ancestors 'none'\n"));
	assert_true(says(head, "x-frame-options: DENY\n"));
	assert_true(says(head, "referrer-policy: no-referrer\n"));
	assert_true(says(head, "cross-origin-opener-policy: same-origin\n"));
	assert_true(says(head, "cross-origin-resource-policy: same-origin\n"));
	free(head);
}

static void a_page_has_its_nonce(void **state)
{
	struct http_req r = {.type = "text/html", .state = REQ_ANSWERED};
	const char *nonce = http_nonce(&r);
	char *head, *script = xasprintf("script-src 'self' 'nonce-%s';", nonce);
	char *style = xasprintf("style-src 'self' 'nonce-%s';", nonce);

	way = HTTP_TLS;
	assert_int_equal(strlen(nonce), 30);
	assert_ptr_equal(http_nonce(&r), nonce);
	head = head_of(&r);
	assert_true(says(head, script) && says(head, style));
	assert_true(says(head, "require-trusted-types-for 'script'; trusted-types 'none'\n"));
	assert_false(says(head, "unsafe"));
	free(head);
	free(script);
	free(style);
}

/* Who was told so once cannot be shown a certificate of our own making any more. */
static void https_is_promised_only_where_everybody_believes_us(void **state)
{
	struct http_req r = {.type = "text/html", .state = REQ_ANSWERED};
	char *head;

	way = HTTP_TLS;
	http.hsts = false;
	head = head_of(&r);
	assert_false(says(head, "strict-transport-security"));
	free(head);
	http.hsts = true;
	head = head_of(&r);
	assert_true(says(head, "strict-transport-security: max-age=31536000\n"));
	free(head);
	way = HTTP_METRICS;
	head = head_of(&r);
	assert_false(says(head, "strict-transport-security"));
	free(head);
	http.hsts = false;
}

static void what_the_handler_says_of_caches_holds(void **state)
{
	struct http_req r = {.state = REQ_ANSWERED};
	char *head;

	way = HTTP_TLS;
	http_reply_header(&r, "cache-control", "no-cache");
	http_reply_header(&r, "etag", "\"1\"");
	head = head_of(&r);
	assert_true(says(head, "cache-control: no-cache\netag: \"1\"\n"));
	assert_false(says(head, "no-store"));
	assert_false(says(head, "content-type: "));
	free(head);
	buf_done(&r.fields);
}

static int clean(void **state)
{
	buf_done(&said);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_clear_there_is_little_to_protect),
		cmocka_unit_test(an_answer_of_the_api_is_no_page),
		cmocka_unit_test(a_page_has_its_nonce),
		cmocka_unit_test(https_is_promised_only_where_everybody_believes_us),
		cmocka_unit_test(what_the_handler_says_of_caches_holds),
	};

	return cmocka_run_group_tests(tests, NULL, clean);
}
