#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"

/* What partners are like, beyond their settings. */

static char *partner_path(const char *domain, const char *what)
{
	char *key = percent(domain), *path = xasprintf("/api/v1/partners/%s/%s", key, what);

	free(key);
	return path;
}

/* ---- states ---- */

static int all_states(struct invocation *in)
{
	static const struct column columns[] = {{"DOMAIN", "domain"}, {"STATE", "state"},
		{"INBOUND", "inbound"}, {"OUTBOUND", "outbound"}, {"IN", "stanzas_in"},
		{"OUT", "stanzas_out"}, {"QUEUED", "queued"}, {"FAILURES", "failures"},
		{"NEXT ATTEMPT", "next_attempt"}, {"LAST ERROR", "last_error"}};
	struct answer a;
	int code = answer_get(in, "/api/v1/partner-states", &a);

	return code == EXIT_DONE ? answer_list(in, &a, columns, ARRAY_LEN(columns)) : code;
}

static int one_state(struct invocation *in, const char *domain)
{
	char *path = partner_path(domain, "state");
	struct field f[64];
	struct answer a;
	const char *name;
	json_t *v;
	size_t n = 0;
	int code = answer_get(in, path, &a);

	free(path);
	if (code != EXIT_DONE)
		return code;
	json_object_foreach(a.json, name, v)
		if (n < ARRAY_LEN(f))
			f[n++] = (struct field){name, v};
	if (in->json)
		answer_raw(&a);
	else
		print_fields(f, n);
	answer_done(&a);
	return EXIT_DONE;
}

int cmd_partner_state(struct invocation *in)
{
	return in->names ? one_state(in, in->argv[0]) : all_states(in);
}

/* ---- attempts ---- */

/* Keeps the youngest n, which come first. */
static void keep_last(json_t *attempts, size_t n)
{
	while (json_array_size(attempts) > n)
		json_array_remove(attempts, json_array_size(attempts) - 1);
}

static void member(json_t *o, const char *before, const char *name, struct buf *out)
{
	buf_str(out, before);
	print_value(json_object_get(o, name), out);
}

/* "      1250 ms  connect      FAIL  refused" */
static void show_step(json_t *step, struct buf *out)
{
	const char *name = json_string_value(json_object_get(step, "step"));
	const char *result = json_string_value(json_object_get(step, "result"));
	const char *shown = "ok";

	if (result && strcmp(result, "ok") != 0)
		shown = strcmp(result, "warn") == 0 ? "WARN" : "FAIL";
	buf_printf(out, "  %8lld ms  %-11s  %-4s  ",
		(long long)json_integer_value(json_object_get(step, "ms")), name ? name : "-",
		shown);
	print_value(json_object_get(step, "text"), out);
	buf_chr(out, '\n');
}

static void show_attempt(json_t *attempt, struct buf *out)
{
	json_t *step;
	size_t i;

	member(attempt, "", "began", out);
	member(attempt, "  ", "id", out);
	member(attempt, "  ", "direction", out);
	member(attempt, "  ", "local_domain", out);
	member(attempt, "  ", "remote_domain", out);
	member(attempt, "  ", "peer", out);
	member(attempt, "  ", "outcome", out);
	if (json_is_string(json_object_get(attempt, "reason")))
		member(attempt, ": ", "reason", out);
	buf_chr(out, '\n');
	json_array_foreach(json_object_get(attempt, "steps"), i, step)
		show_step(step, out);
}

/* The youngest is last: it is what one sees above the prompt. */
static void show_attempts(json_t *attempts)
{
	struct buf out = {0};

	for (size_t i = json_array_size(attempts); i-- > 0;) {
		show_attempt(json_array_get(attempts, i), &out);
		if (i)
			buf_chr(&out, '\n');
	}
	if (!json_array_size(attempts))
		buf_str(&out, "no stream was tried since the start\n");
	print_out(&out);
	buf_done(&out);
}

int cmd_partner_attempts(struct invocation *in)
{
	char *path;
	struct answer a;
	uint64_t last = 50;
	int code;

	if (in->last && (slice_u64(slice_of(in->last), 50, &last) < 0 || !last))
		return usage_error(in, "--last takes a number from 1 to 50");
	path = partner_path(in->argv[0], "attempts");
	code = answer_get(in, path, &a);
	free(path);
	if (code != EXIT_DONE)
		return code;
	keep_last(json_object_get(a.json, "items"), last);
	if (in->json)
		answer_items(&a);
	else
		show_attempts(json_object_get(a.json, "items"));
	answer_done(&a);
	return EXIT_DONE;
}
