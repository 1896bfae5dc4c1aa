#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"

/* What was done and by whom, the settings of before, and the settings as a whole. */

/* "?a=b&c=d" of the options that were given, at the end of a path; the caller frees it. */
static char *with_options(const struct invocation *in, const char *path)
{
	struct buf out = {0};
	const char *name, *between = "?";
	json_t *v;
	char *ret;

	buf_str(&out, path);
	json_object_foreach(in->settings, name, v) {
		char *value = percent(json_string_value(v));

		buf_printf(&out, "%s%s=%s", between, name, value);
		between = "&";
		free(value);
	}
	ret = buf_dup(&out);
	buf_done(&out);
	return ret;
}

static int no_what_if(const struct invocation *in)
{
	return in->what_if ? usage_error(in, "--what-if is for changes; this is none") : 0;
}

static int list(struct invocation *in, const char *path, const struct column *columns, size_t n)
{
	char *whole = with_options(in, path);
	struct answer a;
	int code = no_what_if(in);

	if (code == 0)
		code = answer_get(in, whole, &a);
	free(whole);
	return code == EXIT_DONE ? answer_list(in, &a, columns, n) : code;
}

/* ---- the audit log ---- */

int cmd_audit_list(struct invocation *in)
{
	static const struct column columns[] = {{"ID", "id"}, {"AT", "at"}, {"WHO", "who"},
		{"FROM", "from"}, {"WAY", "way"}, {"VERB", "verb"}, {"KIND", "kind"},
		{"KEY", "key"}, {"GENERATION", "generation"}, {"RESULT", "result"},
		{"CODE", "code"}, {"TIMES", "times"}};

	return list(in, "/api/v1/audit", columns, ARRAY_LEN(columns));
}

static void show_verdict(json_t *verdict)
{
	static const struct column columns[] = {{"CODE", "code"}, {"LINE", "id"}, {"TEXT", "text"}};
	json_t *problems = json_object_get(verdict, "problems");
	long long lines = json_integer_value(json_object_get(verdict, "lines"));

	if (json_array_size(problems))
		print_table(columns, ARRAY_LEN(columns), problems);
	else
		printf("%lld lines, as they were written\n", lines);
}

int cmd_audit_verify(struct invocation *in)
{
	char *path = with_options(in, "/api/v1/audit/verify");
	struct answer a;
	int code = no_what_if(in);

	if (code == 0)
		code = answer_get(in, path, &a);
	free(path);
	if (code != EXIT_DONE)
		return code;
	if (in->json)
		answer_raw(&a);
	else
		show_verdict(a.json);
	code = json_is_true(json_object_get(a.json, "ok")) ? EXIT_DONE : EXIT_NO;
	answer_done(&a);
	return code;
}

/* ---- generations ---- */

int cmd_generation_list(struct invocation *in)
{
	static const struct column columns[] = {{"GENERATION", "generation"}, {"AT", "at"},
		{"WHO", "who"}, {"WAY", "way"}, {"SUMMARY", "summary"}};

	return list(in, "/api/v1/generations", columns, ARRAY_LEN(columns));
}

/* "/api/v1/generations/7/diff", with the options; the caller frees it. */
static char *generation_path(const struct invocation *in, const char *what)
{
	char *one = api_path("generations", in->argv[0]);
	char *path = xasprintf("%s%s", one, what), *whole = with_options(in, path);

	free(one);
	free(path);
	return whole;
}

/* changes, as a plan has them; null: they are not known. */
static void show_changes(json_t *o)
{
	struct answer a = {
		.json = json_pack("{s:{s:O}}", "plan", "changes", json_object_get(o, "changes"))};
	const struct invocation plain = {0};

	answer_changes(&plain, &a);
	json_decref(a.json);
}

static int show(struct invocation *in, const char *what, const char *const *names, size_t n)
{
	char *path = generation_path(in, what);
	struct field f[8];
	struct answer a;
	int code = no_what_if(in);

	if (code == 0)
		code = answer_get(in, path, &a);
	free(path);
	if (code != EXIT_DONE)
		return code;
	if (in->json) {
		answer_raw(&a);
	} else {
		for (size_t i = 0; i < n; i++)
			f[i] = (struct field){names[i], json_object_get(a.json, names[i])};
		print_fields(f, n);
		if (json_is_array(json_object_get(a.json, "changes")))
			show_changes(a.json);
	}
	answer_done(&a);
	return EXIT_DONE;
}

int cmd_generation_show(struct invocation *in)
{
	static const char *const names[] = {"generation", "at", "who", "from", "way", "summary"};

	return show(in, "", names, ARRAY_LEN(names));
}

int cmd_generation_diff(struct invocation *in)
{
	static const char *const names[] = {"from", "to"};

	return show(in, "/diff", names, ARRAY_LEN(names));
}

static int change(struct invocation *in, const char *path, json_t *body)
{
	struct answer a;
	int code;

	if (!confirm_change(in, "POST", path, body))
		return EXIT_NO;
	request(in, "POST", path, body, &a);
	code = answer_code(in, &a);
	if (code == EXIT_DONE)
		answer_changes(in, &a);
	answer_done(&a);
	return code;
}

int cmd_generation_restore(struct invocation *in)
{
	char *path = generation_path(in, "/restore");
	int code = change(in, path, NULL);

	free(path);
	return code;
}

/* ---- the settings as a whole ---- */

int cmd_export(struct invocation *in)
{
	struct answer a;
	int code = no_what_if(in);

	if (code == 0)
		code = answer_get(in, "/api/v1/export", &a);
	if (code != EXIT_DONE)
		return code;
	answer_raw(&a);
	answer_done(&a);
	return EXIT_DONE;
}

/* "-": of standard input. */
static json_t *read_file(const char *path, json_error_t *why)
{
	if (strcmp(path, "-") == 0)
		return json_loadf(stdin, JSON_REJECT_DUPLICATES, why);
	return json_load_file(path, JSON_REJECT_DUPLICATES, why);
}

int cmd_import(struct invocation *in)
{
	json_error_t why;
	json_t *body = read_file(in->argv[0], &why);
	int code;

	if (!body)
		return usage_error(in, "%s, line %d: %s", in->argv[0], why.line, why.text);
	code = change(in, "/api/v1/changes", body);
	json_decref(body);
	return code;
}

/* ---- health ---- */

int cmd_health(struct invocation *in)
{
	static const struct column columns[] = {{"CODE", "code"}, {"TEXT", "text"}};
	struct answer a;
	bool ready;
	int code = no_what_if(in);

	if (code == 0)
		code = answer_get(in, "/api/v1/health", &a);
	if (code != EXIT_DONE)
		return code;
	ready = json_is_true(json_object_get(a.json, "ready"));
	if (in->json) {
		answer_raw(&a);
	} else {
		puts(json_string_value(json_object_get(a.json, "state")));
		if (json_array_size(json_object_get(a.json, "problems")))
			print_table(
				columns, ARRAY_LEN(columns), json_object_get(a.json, "problems"));
	}
	answer_done(&a);
	return ready ? EXIT_DONE : EXIT_NO;
}
