#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"

/* entente test: steps are shown as they come; then what to do first. */
struct showing {
	const struct invocation *in;
	json_t *steps;       /* all of them, for --json */
	json_t *end;         /* the last line; NULL: it has not come */
	json_t *first_fault; /* borrowed; the first that failed, else the first warning */
	json_t *records;     /* evidence of the steps "record" */
};

static const char *member(json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s ? s : "";
}

static const char *mark_of(const char *result)
{
	static const char *const marks[][2] = {
		{"pass", "PASS"}, {"warn", "WARN"}, {"fail", "FAIL"}, {"skipped", "SKIP"}};

	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (strcmp(marks[i][0], result) == 0)
			return marks[i][1];
	return "????";
}

static bool is_fault(const char *result)
{
	return strcmp(result, "warn") == 0 || strcmp(result, "fail") == 0;
}

static void show_step(json_t *s)
{
	const char *result = member(s, "result");
	struct buf out = {0};

	buf_printf(&out, "%s  %-9s ", mark_of(result), member(s, "step"));
	if (json_object_get(s, "ms"))
		buf_printf(&out, "%6lld ms  ",
			(long long)json_integer_value(json_object_get(s, "ms")));
	if (is_fault(result) || (strcmp(result, "skipped") == 0 && !*member(s, "evidence")))
		buf_printf(&out, "%s%s", member(s, "code"), *member(s, "evidence") ? ": " : "");
	print_safe(slice_of(member(s, "evidence")), &out);
	if (is_fault(result)) {
		buf_str(&out, "\n      -> ");
		print_safe(slice_of(member(s, "remedy")), &out);
	}
	buf_chr(&out, '\n');
	print_out(&out);
	fflush(stdout);
	buf_done(&out);
}

static void keep_first_fault(struct showing *w, json_t *s)
{
	const char *result = member(s, "result");
	bool fails = strcmp(result, "fail") == 0;

	if (is_fault(result) &&
		(!w->first_fault ||
			(fails && strcmp(member(w->first_fault, "result"), "warn") == 0)))
		w->first_fault = s;
}

static bool on_line(void *arg, json_t *s)
{
	struct showing *w = arg;

	if (json_is_true(json_object_get(s, "end"))) {
		json_decref(w->end);
		w->end = json_incref(s);
		return true;
	}
	json_array_append(w->steps, s);
	keep_first_fault(w, s);
	if (strcmp(member(s, "step"), "record") == 0 && strcmp(member(s, "result"), "pass") == 0)
		json_array_append(w->records, json_object_get(s, "evidence"));
	else if (!w->in->json)
		show_step(s);
	return true;
}

static void show_summary(const struct showing *w)
{
	static const char *const names[][2] = {
		{"pass", "passed"}, {"warn", "warned"}, {"fail", "failed"}, {"skipped", "skipped"}};
	struct buf out = {0};
	json_t *record;
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++)
		buf_printf(&out, "%s%lld %s", i ? ", " : "\n",
			(long long)json_integer_value(json_object_get(w->end, names[i][0])),
			names[i][1]);
	buf_chr(&out, '\n');
	if (w->first_fault) {
		buf_printf(&out, "first: %s: ", member(w->first_fault, "step"));
		print_safe(slice_of(member(w->first_fault, "remedy")), &out);
		buf_chr(&out, '\n');
	}
	if (json_array_size(w->records))
		buf_str(&out, "\nDNS records to publish:\n");
	json_array_foreach(w->records, i, record) {
		print_safe(slice_of(json_string_value(record)), &out);
		buf_chr(&out, '\n');
	}
	print_out(&out);
	buf_done(&out);
}

static void show_json(const struct showing *w)
{
	json_t *whole = json_copy(w->end);
	char *text;

	json_object_del(whole, "end");
	json_object_set(whole, "steps", w->steps);
	text = json_dumps(whole, JSON_INDENT(2));
	puts(text);
	xfree(text);
	json_decref(whole);
}

static int outcome(const struct showing *w)
{
	if (!w->end) {
		fputs("entente: the answer ended before the test did\n", stderr);
		return EXIT_NO;
	}
	if (w->in->json)
		show_json(w);
	else
		show_summary(w);
	return strcmp(member(w->end, "result"), "fail") == 0 ? EXIT_NO : EXIT_DONE;
}

int test_lines(struct invocation *in, const char *path, json_t *body)
{
	struct showing w = {.in = in, .steps = json_array(), .records = json_array()};
	struct answer a;
	int code;

	request_lines(in, "POST", path, body, on_line, &w, &a);
	code = a.status == 200 ? outcome(&w) : answer_code(in, &a);
	answer_done(&a);
	json_decref(w.steps);
	json_decref(w.records);
	json_decref(w.end);
	return code;
}

static int test(struct invocation *in, const char *kind)
{
	json_t *body = json_pack("{s:s}", kind, in->argv[0]);
	int code;

	if (in->local)
		json_object_set_new(body, "local", json_string(in->local));
	code = test_lines(in, "/api/v1/tests", body);
	json_decref(body);
	return code;
}

int cmd_test_partner(struct invocation *in)
{
	return test(in, "partner");
}

int cmd_test_domain(struct invocation *in)
{
	return test(in, "domain");
}

int cmd_test_route(struct invocation *in)
{
	return test(in, "route");
}
