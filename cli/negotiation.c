#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/cli.h"

/* What a choice of TLS, SASL and dialback would leave. */

static char *query_of(json_t *settings)
{
	struct buf out = {0};
	const char *name;
	json_t *v;
	char *r;

	buf_str(&out, "/api/v1/negotiation");
	json_object_foreach(settings, name, v) {
		char *value = percent(json_string_value(v) ? json_string_value(v) : "");

		buf_printf(&out, "%c%s=%s", slice_find(buf_slice(&out), '?') == out.n ? '?' : '&',
			name, value);
		free(value);
	}
	r = buf_dup(&out);
	buf_done(&out);
	return r;
}

/* "  tcp-dialback: not encrypted, servers are verified by dialback" */
static void show_meaning(json_t *code)
{
	const char *z = json_string_value(code);

	for (const struct cli_text *t = cli_negotiation; z && t->code; t++)
		if (strcmp(t->code, z) == 0)
			printf("  %s: %s\n", t->code, t->text);
}

static void show_meanings(json_t *codes)
{
	json_t *code;
	size_t i;

	json_array_foreach(codes, i, code)
		show_meaning(code);
}

/* "  --tls Required --sasl Required --dialback true" */
static void show_ways_out(json_t *ways)
{
	json_t *way;
	size_t i;

	if (json_array_size(ways))
		puts("\nAccepted would be, safest first:");
	json_array_foreach(ways, i, way) {
		struct buf out = {0};

		buf_str(&out, "  --tls ");
		print_value(json_object_get(way, "tls_negotiation"), &out);
		buf_str(&out, " --sasl ");
		print_value(json_object_get(way, "sasl_negotiation"), &out);
		buf_str(&out, " --dialback ");
		print_value(json_object_get(way, "support_dialback_negotiation"), &out);
		buf_chr(&out, '\n');
		print_out(&out);
		buf_done(&out);
	}
}

static void show_verdict(json_t *verdict)
{
	struct field f[] = {
		{"refused", json_object_get(verdict, "refused")},
		{"methods", json_object_get(verdict, "methods")},
		{"warnings", json_object_get(verdict, "warnings")},
	};

	print_fields(f, ARRAY_LEN(f));
	putchar('\n');
	show_meaning(f[0].value);
	show_meanings(f[1].value);
	show_meanings(f[2].value);
	show_ways_out(json_object_get(verdict, "ways_out"));
}

int cmd_methods(struct invocation *in)
{
	char *path = query_of(in->settings);
	struct answer a;
	int code;

	in->what_if = false; /* it never changes anything */
	request(in, "GET", path, NULL, &a);
	free(path);
	code = answer_code(in, &a);
	if (code == EXIT_DONE && json_string_value(json_object_get(a.json, "refused")))
		code = EXIT_NO;
	if (a.status == 200 && in->json)
		answer_raw(&a);
	else if (a.status == 200)
		show_verdict(a.json);
	answer_done(&a);
	return code;
}

/* ---- all choices ---- */

/* A row for the table: what was chosen and what it leaves, or why it is refused. */
static json_t *matrix_row(json_t *item)
{
	json_t *row = json_copy(json_object_get(item, "settings"));
	json_t *verdict = json_object_get(item, "verdict");

	json_object_set(row, "row", json_object_get(item, "row"));
	json_object_set(row, "methods", json_object_get(verdict, "methods"));
	json_object_set(row, "refused", json_object_get(verdict, "refused"));
	json_object_set(row, "warnings", json_object_get(verdict, "warnings"));
	return row;
}

int cmd_matrix(struct invocation *in)
{
	static const struct column columns[] = {{"ROW", "row"}, {"TLS", "tls_negotiation"},
		{"SASL", "sasl_negotiation"}, {"DIALBACK", "support_dialback_negotiation"},
		{"METHODS", "methods"}, {"REFUSED", "refused"}, {"WARNINGS", "warnings"}};
	struct answer a;
	json_t *rows, *item;
	size_t i;
	int code = answer_get(in, "/api/v1/negotiation/matrix", &a);

	if (code != EXIT_DONE)
		return code;
	rows = json_array();
	json_array_foreach(json_object_get(a.json, "items"), i, item)
		json_array_append_new(rows, matrix_row(item));
	if (in->json)
		answer_items(&a);
	else
		print_table(columns, ARRAY_LEN(columns), rows);
	json_decref(rows);
	answer_done(&a);
	return EXIT_DONE;
}
