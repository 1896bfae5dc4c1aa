#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"

static void show_hints(json_t *hints)
{
	struct buf out = {0};
	json_t *h;
	size_t i;

	json_array_foreach(hints, i, h) {
		buf_str(&out, "hint: ");
		print_value(json_object_get(h, "text"), &out);
		buf_str(&out, "\n    ");
		print_value(json_object_get(h, "command"), &out);
		buf_chr(&out, '\n');
	}
	print_out(&out);
	buf_done(&out);
}

static void show_status(json_t *status)
{
	static const char *const first[] = {"state", "version", "node", "roles", "pid", "since",
		"generation", "partners", "partners_enabled", "domains", "routes"};
	struct field f[ARRAY_LEN(first) + 32];
	size_t n = 0;
	const char *name;
	json_t *v;

	for (; n < ARRAY_LEN(first); n++)
		f[n] = (struct field){first[n], json_object_get(status, first[n])};
	json_object_foreach(json_object_get(status, "counters"), name, v)
		if (n < ARRAY_LEN(f) && json_is_integer(v))
			f[n++] = (struct field){name, v};
	print_fields(f, n);
	show_hints(json_object_get(status, "hints"));
}

int cmd_status(struct invocation *in)
{
	struct answer a;
	const char *state;
	int code;

	request(in, "GET", "/api/v1/status", NULL, &a);
	code = answer_code(in, &a);
	if (code == EXIT_DONE) {
		state = json_string_value(json_object_get(a.json, "state"));
		if (in->json)
			answer_raw(&a);
		else
			show_status(a.json);
		if (!state || strcmp(state, "ready") != 0)
			code = EXIT_NO;
	}
	answer_done(&a);
	return code;
}
