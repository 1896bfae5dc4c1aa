#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"

/* The directory that administrators sign in by. Of no generation, so there is no what-if of it. */

enum { PASSWORD_MAX = 4096 };

static int no_what_if(const struct invocation *in)
{
	if (!in->what_if)
		return 0;
	return usage_error(in, "--what-if is for settings; 'entente directory test' tries this");
}

/* ---- settings ---- */

static void show_settings(json_t *d)
{
	static const char *const names[] = {"enabled", "servers", "ca_file", "bind_dn",
		"bind_password_set", "user_base", "user_filter", "group_base", "timeout"};
	struct field f[ARRAY_LEN(names)];

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		f[i] = (struct field){names[i], json_object_get(d, names[i])};
	print_fields(f, ARRAY_LEN(names));
}

int cmd_directory_show(struct invocation *in)
{
	struct answer a;
	int code = answer_get(in, "/api/v1/directory", &a);

	if (code != EXIT_DONE)
		return code;
	if (in->json)
		answer_raw(&a);
	else
		show_settings(a.json);
	answer_done(&a);
	return EXIT_DONE;
}

/* The first line of the file; "-": of standard input. A command line is for everybody to read. */
static int read_password(const struct invocation *in, const char *path)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char line[PASSWORD_MAX];
	bool read = f && fgets(line, sizeof line, f);

	if (!f)
		return usage_error(in, "%s: %s", path, strerror(errno));
	if (f != stdin)
		fclose(f);
	if (!read)
		return usage_error(in, "%s is empty", path);
	line[strcspn(line, "\r\n")] = '\0';
	json_object_set_new(in->settings, "bind_password", json_string(line));
	mem_wipe(line, sizeof line);
	return 0;
}

static int take_password(const struct invocation *in)
{
	json_t *path = json_incref(json_object_get(in->settings, "bind_password_file"));
	int code = 0;

	json_object_del(in->settings, "bind_password_file");
	if (path)
		code = read_password(in, json_string_value(path));
	json_decref(path);
	return code;
}

int cmd_directory_set(struct invocation *in)
{
	struct answer a;
	int code = no_what_if(in);

	if (code == 0)
		code = take_password(in);
	if (code == 0 && !json_object_size(in->settings))
		code = usage_error(in, "nothing to set");
	if (code)
		return code;
	request(in, "PATCH", "/api/v1/directory", in->settings, &a);
	code = answer_code(in, &a);
	if (code == EXIT_DONE && in->json)
		answer_raw(&a);
	else if (code == EXIT_DONE)
		show_settings(a.json);
	answer_done(&a);
	return code;
}

int cmd_directory_test(struct invocation *in)
{
	json_t *body = json_pack("{s:s}", "name", in->names ? in->argv[0] : "");
	int code = test_lines(in, "/api/v1/directory/test", body);

	json_decref(body);
	return code;
}

/* ---- groups and their roles ---- */

int cmd_directory_bindings(struct invocation *in)
{
	static const struct column columns[] = {
		{"KEY", "key"}, {"GROUP", "group"}, {"ROLE", "role"}, {"CONFIRMED", "confirmed"}};
	struct answer a;
	int code = answer_get(in, "/api/v1/directory/bindings", &a);

	return code == EXIT_DONE ? answer_list(in, &a, columns, ARRAY_LEN(columns)) : code;
}

static int send(struct invocation *in, const char *method, const char *path, json_t *body,
	const char *done)
{
	struct buf out = {0};
	struct answer a;
	int code = no_what_if(in);

	if (code)
		return code;
	request(in, method, path, body, &a);
	code = answer_code(in, &a);
	if (code == EXIT_DONE && in->json && a.body.n) {
		answer_raw(&a);
	} else if (code == EXIT_DONE && !in->json) {
		print_safe(slice_of(in->argv[0]), &out);
		buf_printf(&out, " %s\n", done);
		print_out(&out);
	}
	buf_done(&out);
	answer_done(&a);
	return code;
}

int cmd_directory_bind(struct invocation *in)
{
	json_t *body = json_pack("{s:s, s:s}", "group", in->argv[0], "role", in->argv[1]);
	int code = send(in, "POST", "/api/v1/directory/bindings", body, "is bound");

	json_decref(body);
	return code;
}

int cmd_directory_confirm(struct invocation *in)
{
	char *path = api_path("directory/bindings", in->argv[0]);
	json_t *body = json_pack("{s:b}", "confirmed", 1);
	int code;

	if (in->names > 1)
		json_object_set_new(body, "group", json_string(in->argv[1]));
	code = send(in, "PATCH", path, body, "is confirmed");
	json_decref(body);
	free(path);
	return code;
}

int cmd_directory_unbind(struct invocation *in)
{
	char *path = api_path("directory/bindings", in->argv[0]);
	int code = send(in, "DELETE", path, NULL, "is removed");

	free(path);
	return code;
}
