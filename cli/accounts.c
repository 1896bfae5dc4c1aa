#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"

/* Administrators, roles and tokens: they are of no generation, so there is no what-if of them. */

static int no_what_if(const struct invocation *in)
{
	if (!in->what_if)
		return 0;
	return usage_error(in, "--what-if is for settings; who administers is none");
}

static int list(struct invocation *in, const char *path, const struct column *columns, size_t n)
{
	struct answer a;
	int code = answer_get(in, path, &a);

	return code == EXIT_DONE ? answer_list(in, &a, columns, n) : code;
}

static void show_fields(json_t *o, const char *const *names, size_t n)
{
	struct field *f = xcalloc(n, sizeof *f);

	for (size_t i = 0; i < n; i++)
		f[i] = (struct field){names[i], json_object_get(o, names[i])};
	print_fields(f, n);
	xfree(f);
}

static int show(struct invocation *in, const char *prefix, const char *const *names, size_t n)
{
	char *path = api_path(prefix, in->argv[0]);
	struct answer a;
	int code = answer_get(in, path, &a);

	free(path);
	if (code != EXIT_DONE)
		return code;
	if (in->json)
		answer_item(&a);
	else
		show_fields(json_object_get(a.json, "item"), names, n);
	answer_done(&a);
	return EXIT_DONE;
}

/* Sends a change and says in a sentence what was done, unless the answer is to be shown. */
static int send(struct invocation *in, const char *method, const char *path, json_t *body,
	const char *name, const char *done)
{
	struct buf out = {0};
	struct answer a;
	int code;

	request(in, method, path, body, &a);
	code = answer_code(in, &a);
	if (code == EXIT_DONE && in->json && a.body.n) {
		answer_raw(&a);
	} else if (code == EXIT_DONE && !in->json) {
		print_safe(slice_of(name), &out);
		buf_printf(&out, " %s\n", done);
		print_out(&out);
	}
	buf_done(&out);
	answer_done(&a);
	return code;
}

/* One after the other; the first that is refused ends it. */
static int send_each(struct invocation *in, const char *method, const char *prefix, json_t *body,
	const char *done)
{
	int code = no_what_if(in);

	for (int i = 0; i < in->names && code == EXIT_DONE; i++) {
		char *path = api_path(prefix, in->argv[i]);

		code = send(in, method, path, body, in->argv[i], done);
		free(path);
	}
	return code;
}

static int nothing_to_set(const struct invocation *in)
{
	return json_object_size(in->settings) ? 0 : usage_error(in, "nothing to set");
}

/* ---- administrators ---- */

int cmd_admin_list(struct invocation *in)
{
	static const struct column columns[] = {
		{"NAME", "name"},
		{"ROLES", "roles"},
		{"ENABLED", "enabled"},
		{"SECOND FACTOR", "totp"},
		{"LAST SIGN-IN", "last_sign_in"},
		{"DESCRIPTION", "description"},
	};

	return list(in, "/api/v1/administrators", columns, ARRAY_LEN(columns));
}

int cmd_admin_show(struct invocation *in)
{
	static const char *const names[] = {"name", "description", "roles", "enabled", "totp",
		"last_sign_in", "created", "one_time_expires"};

	return show(in, "administrators", names, ARRAY_LEN(names));
}

/* The one thing on standard output is the password, so that a script may take it. */
static int show_one_time(struct invocation *in, struct answer *a)
{
	json_t *item = json_object_get(a->json, "item");
	const char *password = json_string_value(json_object_get(item, "one_time_password"));
	const char *until = json_string_value(json_object_get(item, "one_time_expires"));
	int code = answer_code(in, a);

	if (code == EXIT_DONE && in->json) {
		answer_raw(a);
	} else if (code == EXIT_DONE) {
		fprintf(stderr,
			"One-time password, good until %s and only for setting another one:\n",
			until ? until : "?");
		puts(password ? password : "");
	}
	answer_done(a);
	return code;
}

int cmd_admin_create(struct invocation *in)
{
	struct answer a;

	if (no_what_if(in))
		return EXIT_USAGE;
	json_object_set_new(in->settings, "name", json_string(in->argv[0]));
	if (!json_object_get(in->settings, "roles"))
		json_object_set_new(in->settings, "roles", json_pack("[s]", "administrator"));
	request(in, "POST", "/api/v1/administrators", in->settings, &a);
	return show_one_time(in, &a);
}

int cmd_admin_reset(struct invocation *in)
{
	char *account, *path;
	struct answer a;

	if (no_what_if(in))
		return EXIT_USAGE;
	account = api_path("administrators", in->argv[0]);
	path = xasprintf("%s/reset", account);
	request(in, "POST", path, in->settings, &a);
	free(path);
	free(account);
	return show_one_time(in, &a);
}

int cmd_admin_set(struct invocation *in)
{
	if (nothing_to_set(in))
		return EXIT_USAGE;
	return send_each(in, "PATCH", "administrators", in->settings, "changed");
}

int cmd_admin_enable(struct invocation *in)
{
	json_object_set_new(in->settings, "enabled", json_true());
	return send_each(in, "PATCH", "administrators", in->settings, "enabled");
}

int cmd_admin_disable(struct invocation *in)
{
	json_object_set_new(in->settings, "enabled", json_false());
	return send_each(in, "PATCH", "administrators", in->settings, "disabled");
}

int cmd_admin_remove(struct invocation *in)
{
	return send_each(in, "DELETE", "administrators", NULL, "removed");
}

/* ---- roles ---- */

int cmd_role_list(struct invocation *in)
{
	static const struct column columns[] = {
		{"NAME", "name"},
		{"BUILT IN", "builtin"},
		{"NEEDS SECOND FACTOR", "requires_totp"},
		{"ALIASES", "aliases"},
		{"TITLE", "title"},
	};

	return list(in, "/api/v1/roles", columns, ARRAY_LEN(columns));
}

int cmd_role_show(struct invocation *in)
{
	static const char *const names[] = {
		"name", "title", "builtin", "aliases", "requires_totp", "rights"};

	return show(in, "roles", names, ARRAY_LEN(names));
}

int cmd_role_add(struct invocation *in)
{
	if (no_what_if(in))
		return EXIT_USAGE;
	json_object_set_new(in->settings, "name", json_string(in->argv[0]));
	return send(in, "POST", "/api/v1/roles", in->settings, in->argv[0], "added");
}

int cmd_role_set(struct invocation *in)
{
	if (nothing_to_set(in))
		return EXIT_USAGE;
	return send_each(in, "PATCH", "roles", in->settings, "changed");
}

int cmd_role_remove(struct invocation *in)
{
	return send_each(in, "DELETE", "roles", NULL, "removed");
}

int cmd_role_rights(struct invocation *in)
{
	static const struct column columns[] = {{"RIGHT", "name"}, {"WHAT IT PERMITS", "help"}};

	return list(in, "/api/v1/rights", columns, ARRAY_LEN(columns));
}

/* ---- tokens ---- */

int cmd_token_list(struct invocation *in)
{
	static const struct column columns[] = {
		{"ID", "id"},
		{"NAME", "name"},
		{"OWNER", "owner"},
		{"EXPIRES", "expires"},
		{"LAST USED", "last_used"},
		{"REVOKED", "revoked"},
		{"RIGHTS", "rights"},
	};

	return list(in, "/api/v1/tokens", columns, ARRAY_LEN(columns));
}

int cmd_token_add(struct invocation *in)
{
	struct answer a;
	int code;

	if (no_what_if(in))
		return EXIT_USAGE;
	json_object_set_new(in->settings, "name", json_string(in->argv[0]));
	if (in->expires)
		when_read(in->expires, in->settings);
	request(in, "POST", "/api/v1/tokens", in->settings, &a);
	code = answer_code(in, &a);
	if (code == EXIT_DONE && in->json) {
		answer_raw(&a);
	} else if (code == EXIT_DONE) {
		const char *token = json_string_value(json_object_get(a.json, "token"));

		fputs("This is shown once; keep it where only its user can read it:\n", stderr);
		puts(token ? token : "");
	}
	answer_done(&a);
	return code;
}

int cmd_token_revoke(struct invocation *in)
{
	return send_each(in, "DELETE", "tokens", NULL, "revoked");
}

/* ---- who one is ---- */

int cmd_session_show(struct invocation *in)
{
	static const char *const names[] = {
		"name", "source", "way", "roles", "rights", "body_logging"};
	struct answer a;
	int code = answer_get(in, "/api/v1/session", &a);

	if (code != EXIT_DONE)
		return code;
	if (in->json)
		answer_raw(&a);
	else
		show_fields(a.json, names, ARRAY_LEN(names));
	answer_done(&a);
	return EXIT_DONE;
}
