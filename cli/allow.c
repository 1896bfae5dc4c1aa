#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "cli/cli.h"

enum { TIME_TEXT = 32 };

/* "12h", "30d": from now on. */
static bool span(struct slice s, time_t *ret)
{
	static const struct {
		char unit;
		time_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 7 * 86400}};
	uint64_t n;

	if (s.n < 2 || slice_u64(slice_cut(s, s.n - 1), 100000, &n) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (s.p[s.n - 1] == units[i].unit) {
			*ret = time(NULL) + (time_t)n * units[i].seconds;
			return true;
		}
	}
	return false;
}

/* The end of that day, where the administrator sits. */
static bool day(const char *s, time_t *ret)
{
	struct tm tm = {0};
	const char *end = strptime(s, "%Y-%m-%d", &tm);

	if (!end || *end)
		return false;
	tm.tm_hour = 23;
	tm.tm_min = tm.tm_sec = 59;
	tm.tm_isdst = -1;
	*ret = mktime(&tm);
	return *ret != (time_t)-1;
}

/* As the API takes it; what is none of these is a time for the API to judge. */
void when_read(const char *s, json_t *body)
{
	char text[TIME_TEXT];
	struct tm utc;
	time_t t;

	if (strcmp(s, "never") == 0) {
		json_object_set_new(body, "expires", json_null());
	} else if (span(slice_of(s), &t) || day(s, &t)) {
		strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&t, &utc));
		json_object_set_new(body, "expires", json_string(text));
	} else {
		json_object_set_new(body, "expires", json_string(s));
	}
}

static int no_what_if(struct invocation *in)
{
	if (!in->what_if)
		return 0;
	return usage_error(in, "--what-if is for settings; an invitation can be taken back");
}

static void show_entry(const char *what, json_t *entry)
{
	struct buf out = {0};

	print_value(json_object_get(entry, "user"), &out);
	buf_printf(&out, " %s ", what);
	print_value(json_object_get(entry, "contact"), &out);
	if (json_is_string(json_object_get(entry, "expires"))) {
		buf_str(&out, " until ");
		print_value(json_object_get(entry, "expires"), &out);
	}
	buf_chr(&out, '\n');
	print_out(&out);
	buf_done(&out);
}

static int finish(struct invocation *in, struct answer *a, const char *what)
{
	int code = answer_code(in, a);

	if (code == EXIT_DONE && in->json)
		answer_raw(a);
	else if (code == EXIT_DONE)
		show_entry(what, a->json);
	answer_done(a);
	return code;
}

int cmd_allow(struct invocation *in)
{
	json_t *body;
	struct answer a;

	if (no_what_if(in))
		return EXIT_USAGE;
	body = json_pack("{s:s, s:s}", "user", in->argv[0], "contact", in->argv[1]);
	if (in->expires)
		when_read(in->expires, body);
	request(in, "PUT", "/api/v1/allow", body, &a);
	json_decref(body);
	return finish(in, &a, "allows");
}

int cmd_allow_remove(struct invocation *in)
{
	char *user, *contact, *path;
	struct answer a;

	if (no_what_if(in))
		return EXIT_USAGE;
	user = percent(in->argv[0]);
	contact = percent(in->argv[1]);
	path = xasprintf("/api/v1/allow?user=%s&contact=%s", user, contact);
	request(in, "DELETE", path, NULL, &a);
	free(user);
	free(contact);
	free(path);
	return finish(in, &a, "no longer allows");
}

int cmd_allow_list(struct invocation *in)
{
	static const struct column columns[] = {
		{"USER", "user"}, {"CONTACT", "contact"}, {"EXPIRES", "expires"}};
	struct answer a;
	int code;

	request(in, "GET", "/api/v1/allow", NULL, &a);
	code = answer_code(in, &a);
	if (code == EXIT_DONE && in->json)
		answer_items(&a);
	else if (code == EXIT_DONE)
		print_table(columns, ARRAY_LEN(columns), json_object_get(a.json, "items"));
	answer_done(&a);
	return code;
}
