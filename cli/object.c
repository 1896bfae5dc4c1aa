#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"

/* The managed objects, all kinds alike. */

/* clang-format off */
static const struct {
	const char *kind;
	struct column v[8];
} list_columns[] = {
	{"partner", {{"DOMAIN", "domain"}, {"TYPE", "partner_type"}, {"TLS", "tls_negotiation"},
		{"SASL", "sasl_negotiation"}, {"DIALBACK", "support_dialback_negotiation"},
		{"ENABLED", "enabled"}, {"ADDITIONAL DOMAINS", "additional_domains"}}},
	{"domain", {{"DOMAIN", "domain"}, {"ROUTE", "route"}, {"DESCRIPTION", "description"}}},
	{"route", {{"NAME", "name"}, {"NEXT HOP", "next_hop"}, {"TRANSPORT", "transport"},
		{"SOURCES", "sources"}, {"KIND", "kind"}, {"MODE", "message_mode"},
		{"ERROR WAIT", "error_wait"}}},
	{"policy", {{"IDENTITY", "identity"}, {"FEDERATION", "enable_federation_access"},
		{"XMPP", "enable_xmpp_access"}, {"WRITE INVITES", "write_invites"},
		{"DESCRIPTION", "description"}}},
	{"grant", {{"USER", "user"}, {"POLICY", "policy"}}},
};
/* clang-format on */

static const struct column *columns_of(const struct cli_kind *k, size_t *ret_n)
{
	size_t i = 0, n = 0;

	while (strcmp(list_columns[i].kind, k->name) != 0)
		i++;
	while (n < ARRAY_LEN(list_columns[i].v) && list_columns[i].v[n].title)
		n++;
	*ret_n = n;
	return list_columns[i].v;
}

/* Asks; on anything but success explains, frees the answer and returns the exit code. */
static int ask(struct invocation *in, const char *method, const char *key, json_t *body,
	struct answer *ret)
{
	char *path = api_path(in->kind->plural, key);
	int code;

	request(in, method, path, body, ret);
	free(path);
	code = answer_code(in, ret);
	if (code != EXIT_DONE)
		answer_done(ret);
	return code;
}

int cmd_list(struct invocation *in)
{
	struct answer a;
	const struct column *columns;
	size_t n;
	int code = ask(in, "GET", NULL, NULL, &a);

	if (code != EXIT_DONE)
		return code;
	columns = columns_of(in->kind, &n);
	if (in->json)
		answer_items(&a);
	else
		print_table(columns, n, json_object_get(a.json, "items"));
	answer_done(&a);
	return EXIT_DONE;
}

static void show_item(json_t *answer)
{
	struct field f[64];
	size_t n = 0, i;
	const char *name;
	json_t *v, *item = json_object_get(answer, "item");
	json_t *methods = json_object_get(json_object_get(answer, "negotiation"), "methods");

	json_object_foreach(item, name, v)
		if (n < ARRAY_LEN(f) - 1)
			f[n++] = (struct field){name, v};
	if (methods)
		f[n++] = (struct field){"methods", methods};
	print_fields(f, n);
	json_array_foreach(json_object_get(answer, "warnings"), i, v) {
		struct buf out = {0};

		buf_str(&out, "warning: ");
		print_value(json_object_get(v, "text"), &out);
		buf_chr(&out, '\n');
		print_out(&out);
		buf_done(&out);
	}
}

int cmd_show(struct invocation *in)
{
	struct answer a;
	int code = ask(in, "GET", in->kind->single ? NULL : in->argv[0], NULL, &a);

	if (code != EXIT_DONE)
		return code;
	if (in->json)
		answer_item(&a);
	else
		show_item(a.json);
	answer_done(&a);
	return EXIT_DONE;
}

/* ---- changes ---- */

static int change_one(struct invocation *in, const char *method, const char *key, json_t *body)
{
	struct answer a;
	int code = ask(in, method, key, body, &a);

	if (code != EXIT_DONE)
		return code;
	answer_changes(in, &a);
	answer_done(&a);
	return EXIT_DONE;
}

/* Several objects are changed as one: all or none. */
static int change_all(struct invocation *in, const char *verb, json_t *settings)
{
	json_t *list = json_array(), *body = json_pack("{s:o}", "changes", list);
	char *path = api_path("changes", NULL);
	struct answer a;
	int code;

	for (int i = 0; i < in->names; i++)
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:O}", "verb", verb, "kind",
				      in->kind->name, "key", in->argv[i], "settings", settings));
	request(in, "POST", path, body, &a);
	code = answer_code(in, &a);
	if (code == EXIT_DONE)
		answer_changes(in, &a);
	answer_done(&a);
	json_decref(body);
	free(path);
	return code;
}

int cmd_add(struct invocation *in)
{
	const struct cli_setting *key = in->kind->settings;

	json_object_set_new(in->settings, key->name, json_string(in->argv[0]));
	return change_one(in, "POST", NULL, in->settings);
}

int cmd_set(struct invocation *in)
{
	if (json_object_size(in->settings) == 0)
		return usage_error(in, "nothing to set; 'entente help %s set' shows the settings",
			in->command->noun);
	if (in->names > 1)
		return change_all(in, "set", in->settings);
	return change_one(in, "PATCH", in->kind->single ? NULL : in->argv[0], in->settings);
}

int cmd_remove(struct invocation *in)
{
	json_t *none = json_object();
	int code = in->names > 1 ? change_all(in, "remove", none)
				 : change_one(in, "DELETE", in->argv[0], NULL);

	json_decref(none);
	return code;
}

static int set_enabled(struct invocation *in, bool on)
{
	json_object_set_new(in->settings, "enabled", json_boolean(on));
	return cmd_set(in);
}

int cmd_enable(struct invocation *in)
{
	return set_enabled(in, true);
}

int cmd_disable(struct invocation *in)
{
	return set_enabled(in, false);
}

/* ---- what a choice would leave ---- */

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
