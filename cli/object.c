#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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
	return answer_list(in, &a, columns, n);
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

/* EXIT_NO: a person was asked, and did not want it. */
static int change(struct invocation *in, const char *method, const char *path, json_t *body)
{
	struct answer a;
	int code;

	if (!confirm_change(in, method, path, body))
		return EXIT_NO;
	request(in, method, path, body, &a);
	code = answer_code(in, &a);
	if (code == EXIT_DONE)
		answer_changes(in, &a);
	answer_done(&a);
	return code;
}

static bool turns_bodies_on(const struct invocation *in)
{
	static const char *const yes[] = {"true", "yes", "on", "1"};
	const char *v = json_string_value(
		json_object_get(in->settings, "enable_logging_all_message_bodies"));

	for (size_t i = 0; v && i < ARRAY_LEN(yes); i++)
		if (strcasecmp(v, yes[i]) == 0)
			return true;
	return false;
}

/* Other people's words are written to a file: that is said twice, or refused by the daemon. */
static const char *bodies_confirmed(const struct invocation *in)
{
	if (in->what_if || !turns_bodies_on(in))
		return "";
	return confirm_aloud(in,
		       "The text of every message will be written to a file, where whoever may read "
		       "it sees what people say to each other. Turn that on?")
		       ? "?confirm=log-bodies"
		       : "";
}

static int change_one(struct invocation *in, const char *method, const char *key, json_t *body)
{
	char *plain = api_path(in->kind->plural, key);
	char *path = xasprintf("%s%s", plain, bodies_confirmed(in));
	int code = change(in, method, path, body);

	free(plain);

	free(path);
	return code;
}

/* Several objects are changed as one: all or none. */
static int change_all(struct invocation *in, const char *verb, json_t *settings)
{
	json_t *list = json_array(), *body = json_pack("{s:o}", "changes", list);
	char *path = api_path("changes", NULL);
	int code;

	for (int i = 0; i < in->names; i++)
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:O}", "verb", verb, "kind",
				      in->kind->name, "key", in->argv[i], "settings", settings));
	code = change(in, "POST", path, body);
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
