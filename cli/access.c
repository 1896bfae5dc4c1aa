#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"

/*
 * The federation switch and the global policy are two objects, and one page to an administrator:
 * shown together, changed together, all or nothing.
 */

static int get(struct invocation *in, const char *prefix, const char *key, struct answer *ret)
{
	char *path = api_path(prefix, key);
	int code;

	request(in, "GET", path, NULL, ret);
	free(path);
	code = answer_code(in, ret);
	if (code != EXIT_DONE)
		answer_done(ret);
	return code;
}

static json_t *both(json_t *access, json_t *policy)
{
	json_t *o = json_object();

	json_object_set(o, "generation", json_object_get(access, "generation"));
	json_object_set(o, "access", json_object_get(access, "item"));
	json_object_set(o, "policy", json_object_get(policy, "item"));
	return o;
}

static void show(json_t *o)
{
	struct field f[32];
	size_t n = 0;
	const char *name;
	json_t *v;

	json_object_foreach(json_object_get(o, "access"), name, v)
		if (n < ARRAY_LEN(f))
			f[n++] = (struct field){name, v};
	json_object_foreach(json_object_get(o, "policy"), name, v)
		if (n < ARRAY_LEN(f))
			f[n++] = (struct field){strcmp(name, "identity") ? name : "policy", v};
	print_fields(f, n);
}

int cmd_access_show(struct invocation *in)
{
	struct answer access, policy;
	json_t *o;
	char *text;
	int code = get(in, "access", NULL, &access);

	if (code != EXIT_DONE)
		return code;
	code = get(in, "policies", "global", &policy);
	if (code == EXIT_DONE) {
		o = both(access.json, policy.json);
		text = json_dumps(o, JSON_INDENT(2));
		if (in->json)
			puts(text);
		else
			show(o);
		free(text);
		json_decref(o);
		answer_done(&policy);
	}
	answer_done(&access);
	return code;
}

/* The part of the settings that belongs to a kind, as a change of it; nothing when there is none.
 */
static void add_change(json_t *changes, const char *kind, const char *key, json_t *settings)
{
	const struct cli_kind *k = kind_find(kind);
	json_t *part = json_object(), *v;
	const char *name;

	json_object_foreach(settings, name, v)
		if (kind_setting(k, slice_of(name)))
			json_object_set(part, name, v);
	if (json_object_size(part))
		json_array_append_new(changes, json_pack("{s:s, s:s, s:s, s:O}", "verb", "set",
						       "kind", kind, "key", key, "settings", part));
	json_decref(part);
}

int cmd_access_set(struct invocation *in)
{
	json_t *changes, *body;
	struct answer a;
	int code;

	if (json_object_size(in->settings) == 0)
		return usage_error(
			in, "nothing to set; 'entente help access set' shows the settings");
	changes = json_array();
	body = json_pack("{s:o}", "changes", changes);
	add_change(changes, "access", "global", in->settings);
	add_change(changes, "policy", "global", in->settings);
	request(in, "POST", "/api/v1/changes", body, &a);
	code = answer_code(in, &a);
	if (code == EXIT_DONE)
		answer_changes(in, &a);
	answer_done(&a);
	json_decref(body);
	return code;
}
