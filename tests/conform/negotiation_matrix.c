/*
 * negotiation_matrix FILE: holds the truth table of the negotiation settings against the function
 * that decides. A line per row that differs; ends "N passed, N failed". A key it does not know is a
 * failure, so that nothing in the file goes untested.
 */

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "federation/negotiation.h"

struct row {
	json_t *json;
	int number;
	bool failed;
};

static void fail(struct row *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void fail(struct row *r, const char *fmt, ...)
{
	va_list ap;

	printf("row %d: ", r->number);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	r->failed = true;
}

static void check_keys(struct row *r, json_t *object, const char *const *known)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value) {
		size_t i = 0;

		while (known[i] && strcmp(known[i], key) != 0)
			i++;
		if (!known[i])
			fail(r, "unknown key '%s'", key);
	}
}

static int read_level(struct row *r, json_t *object, const char *key)
{
	const char *word = json_string_value(json_object_get(object, key));

	for (int i = 0; word && negotiation_level_words[i]; i++)
		if (strcmp(word, negotiation_level_words[i]) == 0)
			return i;
	fail(r, "%s is none of the three words", key);
	return 0;
}

static struct negotiation read_settings(struct row *r, json_t *object)
{
	json_t *dialback = json_object_get(object, "dialback");

	if (!json_is_boolean(dialback))
		fail(r, "dialback is not true or false");
	return (struct negotiation){
		.tls = (enum negotiation_level)read_level(r, object, "tls"),
		.sasl = (enum negotiation_level)read_level(r, object, "sasl"),
		.dialback = json_is_true(dialback),
	};
}

static void compare(struct row *r, const char *what, size_t i, const char *got, json_t *want)
{
	const char *word = json_string_value(want);

	if (!word || strcmp(word, got) != 0)
		fail(r, "%s %zu: got %s, want %s", what, i + 1, got, word ? word : "nothing");
}

static bool same_length(struct row *r, const char *what, size_t got, json_t *want)
{
	if (want && !json_is_array(want))
		fail(r, "%s is not a list", what);
	if (got != json_array_size(want))
		fail(r, "%s: got %zu, want %zu", what, got, json_array_size(want));
	return got == json_array_size(want);
}

static void check_ways_out(struct row *r, const struct negotiation_verdict *v)
{
	static const char *const keys[] = {"tls", "sasl", "dialback", NULL};
	json_t *want = json_object_get(r->json, "ways_out");

	if (!same_length(r, "ways_out", v->n_ways_out, want))
		return;
	for (size_t i = 0; i < v->n_ways_out; i++) {
		json_t *way = json_array_get(want, i);

		check_keys(r, way, keys);
		if (!negotiation_eq(v->ways_out[i], read_settings(r, way)))
			fail(r, "way out %zu is another", i + 1);
	}
}

static void check_row(struct row *r)
{
	static const char *const keys[] = {"row", "tls", "sasl", "dialback", "refused", "methods",
		"warnings", "ways_out", NULL};
	struct negotiation n = read_settings(r, r->json);
	struct negotiation_verdict v = negotiation_judge(n);
	json_t *methods = json_object_get(r->json, "methods");
	json_t *warnings = json_object_get(r->json, "warnings");
	json_t *refused = json_object_get(r->json, "refused");

	check_keys(r, r->json, keys);
	if (v.refused != NEGOTIATION_ACCEPTED || !json_is_null(refused))
		compare(r, "refused", 0, negotiation_refusal_code(v.refused), refused);
	if (same_length(r, "methods", v.n_methods, methods))
		for (size_t i = 0; i < v.n_methods; i++)
			compare(r, "method", i, negotiation_method_name(v.methods[i]),
				json_array_get(methods, i));
	if (same_length(r, "warnings", v.n_warnings, warnings))
		for (size_t i = 0; i < v.n_warnings; i++)
			compare(r, "warning", i, negotiation_warning_code(v.warnings[i]),
				json_array_get(warnings, i));
	check_ways_out(r, &v);
}

/* Returns how many rows failed. */
static size_t check_rows(json_t *rows)
{
	size_t failed = 0, i;
	json_t *json;

	json_array_foreach(rows, i, json) {
		struct row r = {json, (int)json_integer_value(json_object_get(json, "row")), false};

		check_row(&r);
		failed += r.failed;
	}
	return failed;
}

static size_t check_file(json_t *file, size_t *ret_passed)
{
	static const char *const keys[] = {"what", "rows", NULL};
	json_t *rows = json_object_get(file, "rows");
	struct row top = {file, 0, false};
	size_t failed = check_rows(rows);

	check_keys(&top, file, keys);
	*ret_passed = json_array_size(rows) - failed;
	return failed + top.failed;
}

int main(int argc, char **argv)
{
	size_t passed, failed;
	json_error_t e;
	json_t *file;

	if (argc != 2) {
		fprintf(stderr, "usage: negotiation_matrix FILE\n");
		return 2;
	}
	file = json_load_file(argv[1], JSON_REJECT_DUPLICATES, &e);
	if (!file) {
		fprintf(stderr, "%s:%d: %s\n", argv[1], e.line, e.text);
		return 2;
	}
	failed = check_file(file, &passed);
	json_decref(file);
	printf("%zu passed, %zu failed\n", passed, failed);
	return failed || !passed ? 1 : 0;
}
