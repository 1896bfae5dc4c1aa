#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"

/* What SIP routes are like, beyond their settings. */

static char *state_path(const char *name)
{
	char *key = percent(name), *path = xasprintf("/api/v1/routes/%s/state", key);

	free(key);
	return path;
}

static int all_states(struct invocation *in)
{
	static const struct column columns[] = {{"NAME", "name"}, {"STATE", "state"},
		{"TARGET", "target"}, {"IN", "requests_in"}, {"OUT", "requests_out"},
		{"ANSWERED", "answered"}, {"TIMEOUTS", "timeouts"}, {"FAILOVERS", "failovers"},
		{"LAST ERROR", "last_error"}, {"AT", "last_error_at"}};
	struct answer a;
	int code = answer_get(in, "/api/v1/route-states", &a);

	return code == EXIT_DONE ? answer_list(in, &a, columns, ARRAY_LEN(columns)) : code;
}

static void show_list(json_t *whole, const char *member, const struct column *columns, size_t n)
{
	json_t *rows = json_object_get(whole, member);
	struct buf title = {0};

	if (!json_array_size(rows))
		return;
	buf_printf(&title, "\n%s\n", member);
	print_out(&title);
	buf_done(&title);
	print_table(columns, n, rows);
}

static void show_lists(json_t *state)
{
	static const struct column targets[] = {{"ADDRESS", "address"}, {"HOST", "host"},
		{"BY", "transport"}, {"STATE", "state"}, {"SINCE", "since"},
		{"REQUESTS", "requests"}, {"ANSWERED", "answered"}, {"TIMEOUTS", "timeouts"},
		{"UNREACHABLE", "unreachable"}, {"BUSY", "busy"}, {"NEXT PROBE", "next_probe"}};
	static const struct column connections[] = {{"PEER", "peer"}, {"DIR", "direction"},
		{"STATE", "state"}, {"TLS", "tls"}, {"NAMES", "names"}, {"SINCE", "since"},
		{"EXPIRES", "certificate_expires"}, {"IN", "messages_in"}, {"OUT", "messages_out"}};
	static const struct column errors[] = {{"AT", "at"}, {"TIMES", "times"}, {"CODE", "code"},
		{"TARGET", "target"}, {"TEXT", "text"}};

	show_list(state, "targets", targets, ARRAY_LEN(targets));
	show_list(state, "connections", connections, ARRAY_LEN(connections));
	show_list(state, "errors", errors, ARRAY_LEN(errors));
}

static void show_state(json_t *state)
{
	struct field f[64];
	const char *name;
	json_t *v;
	size_t n = 0;

	json_object_foreach(state, name, v)
		if (n < ARRAY_LEN(f) && !json_is_array(v))
			f[n++] = (struct field){name, v};
	print_fields(f, n);
	show_lists(state);
}

static int one_state(struct invocation *in, const char *name)
{
	char *path = state_path(name);
	struct answer a;
	int code = answer_get(in, path, &a);

	free(path);
	if (code != EXIT_DONE)
		return code;
	if (in->json)
		answer_raw(&a);
	else
		show_state(a.json);
	answer_done(&a);
	return EXIT_DONE;
}

int cmd_route_state(struct invocation *in)
{
	return in->names ? one_state(in, in->argv[0]) : all_states(in);
}

/* The settings, then how it is, where that can be told; a script gets the settings alone. */
int cmd_route_show(struct invocation *in)
{
	int code = cmd_show(in);
	struct answer a;
	char *path;

	if (code != EXIT_DONE || in->json)
		return code;
	path = state_path(in->argv[0]);
	request(in, "GET", path, NULL, &a);
	free(path);
	if (a.status == 200 && a.json) {
		struct buf space = {0};

		buf_chr(&space, '\n');
		print_out(&space);
		buf_done(&space);
		json_object_del(a.json, "name");
		json_object_del(a.json, "next_hop");
		json_object_del(a.json, "transport");
		show_state(a.json);
	}
	answer_done(&a);
	return EXIT_DONE;
}
