#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"

static const struct {
	long status;
	int code;
} exit_of[] = {
	{400, EXIT_REFUSED},
	{401, EXIT_NOT_ALLOWED},
	{403, EXIT_NOT_ALLOWED},
	{404, EXIT_NOT_FOUND},
	{409, EXIT_REFUSED},
	{412, EXIT_CHANGED},
	{413, EXIT_REFUSED},
	{415, EXIT_REFUSED},
	{422, EXIT_REFUSED},
	{428, EXIT_REFUSED},
	{429, EXIT_REFUSED},
};

static int code_of(const struct answer *a)
{
	if (a->status == 0)
		return a->refused == EACCES || a->refused == EPERM ? EXIT_NOT_ALLOWED
								   : EXIT_UNREACHABLE;
	if (a->status == 204)
		return EXIT_DONE;
	if (a->status < 300)
		return a->json ? EXIT_DONE : EXIT_NO; /* something else listens there */
	for (size_t i = 0; i < ARRAY_LEN(exit_of); i++)
		if (exit_of[i].status == a->status)
			return exit_of[i].code;
	return EXIT_NO;
}

void answer_raw(const struct answer *a)
{
	print_out(&a->body);
}

static void print_json(json_t *j)
{
	char *text = json_dumps(j, JSON_INDENT(2));

	puts(text);
	free(text);
}

void answer_items(const struct answer *a)
{
	print_json(json_object_get(a->json, "items"));
}

void answer_item(const struct answer *a)
{
	json_t *o = json_copy(json_object_get(a->json, "item")), *v;
	const char *name;

	json_object_foreach(a->json, name, v)
		if (strcmp(name, "item") != 0)
			json_object_set(o, name, v);
	print_json(o);
	json_decref(o);
}

static const char *member(json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s ? s : "";
}

/* ---- ways out, as commands to paste ---- */

static void shell_word(const char *s, struct buf *out)
{
	bool plain = *s;

	for (const char *p = s; *p; p++)
		plain = plain && (ascii_alnum(*p) || strchr("-._~:/@,+=[]", *p));
	if (plain) {
		buf_str(out, s);
		return;
	}
	buf_chr(out, '\'');
	for (; *s; s++) {
		if (*s == '\'')
			buf_str(out, "'\\''");
		else
			buf_chr(out, *s);
	}
	buf_chr(out, '\'');
}

/* Does this word of the command line set what the way out sets? */
static bool replaced(const struct invocation *in, const char *word, json_t *settings)
{
	struct slice name = slice_of(word);
	const struct cli_setting *s;

	if (!in->kind || !slice_starts(name, SL("--")))
		return false;
	name = slice_from(slice_cut(name, slice_find(name, '=')), 2);
	s = kind_setting(in->kind, name);
	return s && json_object_get(settings, s->name);
}

/* The command as it was typed, with the settings of the way out in place of its own. */
static void way_out(const struct invocation *in, json_t *way, struct buf *out)
{
	json_t *settings = json_object_get(way, "settings"), *v;
	const char *name;

	buf_str(out, "    entente");
	for (int i = 0; i < in->n_typed; i++) {
		if (replaced(in, in->typed[i], settings)) {
			i += !strchr(in->typed[i], '=');
			continue;
		}
		buf_chr(out, ' ');
		shell_word(in->typed[i], out);
	}
	json_object_foreach(settings, name, v) {
		const struct cli_setting *s =
			in->kind ? kind_setting(in->kind, slice_of(name)) : NULL;

		buf_printf(out, " --%s ", s ? s->option : name);
		print_value(v, out);
	}
	buf_str(out, "\n        # ");
	print_value(json_object_get(way, "methods"), out);
	buf_chr(out, '\n');
}

static void explain(const struct invocation *in, const struct answer *a)
{
	json_t *ways = json_object_get(a->json, "ways_out"), *way;
	struct buf out = {0};
	size_t i;

	buf_str(&out, "entente: ");
	if (a->status == 0)
		buf_str(&out, a->problem);
	else if (*member(a->json, "detail"))
		print_safe(slice_of(member(a->json, "detail")), &out);
	else
		buf_printf(&out, "entented answered %ld", a->status);
	if (*member(a->json, "code")) {
		buf_str(&out, " (");
		print_safe(slice_of(member(a->json, "code")), &out);
		buf_chr(&out, ')');
	}
	buf_chr(&out, '\n');
	if (json_array_size(ways))
		buf_str(&out,
			"Ways out, safest first; agree with the partner's administrator before:\n");
	json_array_foreach(ways, i, way)
		way_out(in, way, &out);
	fwrite(buf_slice(&out).p, 1, out.n, stderr);
	buf_done(&out);
}

int answer_code(const struct invocation *in, const struct answer *a)
{
	int code = code_of(a);

	if (code == EXIT_DONE)
		return code;
	if (in->json && a->json)
		answer_raw(a);
	else
		explain(in, a);
	return code;
}

int answer_get(const struct invocation *in, const char *path, struct answer *ret)
{
	int code;

	request(in, "GET", path, NULL, ret);
	code = answer_code(in, ret);
	if (code != EXIT_DONE)
		answer_done(ret);
	return code;
}

int answer_list(const struct invocation *in, struct answer *a, const struct column *columns, size_t n)
{
	json_t *items = json_object_get(a->json, "items");
	int code = filter_items(in, columns[0].member, items);

	if (code == EXIT_DONE && in->json)
		answer_items(a);
	else if (code == EXIT_DONE)
		print_table(columns, n, items);
	answer_done(a);
	return code;
}

/* ---- changes ---- */

static void show_field(json_t *f, struct buf *out)
{
	buf_str(out, "    ");
	print_safe(slice_of(member(f, "name")), out);
	buf_str(out, ": ");
	print_value(json_object_get(f, "before"), out);
	buf_str(out, " -> ");
	print_value(json_object_get(f, "after"), out);
	buf_chr(out, '\n');
}

static void show_change(json_t *change, bool planned, struct buf *out)
{
	static const char *const done[][2] = {
		{"add", "added"}, {"set", "changed"}, {"remove", "removed"}};
	const char *verb = member(change, "verb");
	json_t *fields = json_object_get(change, "fields"), *f;
	size_t i = 0;

	while (i < ARRAY_LEN(done) - 1 && strcmp(done[i][0], verb) != 0)
		i++;
	buf_printf(out, "%s ", member(change, "kind"));
	print_safe(slice_of(member(change, "key")), out);
	buf_printf(out, " %s%s\n", planned ? "would be " : "", done[i][1]);
	if (strcmp(verb, "set") == 0)
		json_array_foreach(fields, i, f)
			show_field(f, out);
}

static void show_warnings(json_t *warnings)
{
	struct buf out = {0};
	json_t *w;
	size_t i;

	json_array_foreach(warnings, i, w) {
		buf_printf(&out, "warning: ");
		print_safe(slice_of(member(w, "key")), &out);
		buf_str(&out, ": ");
		print_safe(slice_of(member(w, "text")), &out);
		buf_printf(&out, " (%s)\n", member(w, "code"));
	}
	fwrite(buf_slice(&out).p, 1, out.n, stderr);
	buf_done(&out);
}

void answer_changes(const struct invocation *in, const struct answer *a)
{
	json_t *plan = json_object_get(a->json, "plan");
	json_t *changes = json_object_get(plan, "changes"), *change;
	struct buf out = {0};
	size_t i;

	if (in->json) {
		answer_raw(a);
		return;
	}
	json_array_foreach(changes, i, change)
		show_change(change, in->what_if, &out);
	if (json_array_size(changes) == 0)
		buf_str(&out, "nothing is different\n");
	print_out(&out);
	buf_done(&out);
	show_warnings(json_object_get(plan, "warnings"));
}
