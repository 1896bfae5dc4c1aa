#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cli.h"

/* Questions are asked of a person at a terminal only: a script has made up its mind. */

static bool somebody_is_there(void)
{
	return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

bool confirm(const struct invocation *in, const char *question)
{
	char line[16];

	if (in->yes || !somebody_is_there())
		return true;
	fprintf(stderr, "%s [y/N] ", question);
	return fgets(line, sizeof line, stdin) && (line[0] == 'y' || line[0] == 'Y');
}

bool confirm_aloud(const struct invocation *in, const char *question)
{
	return in->yes || (somebody_is_there() && confirm(in, question));
}

static void show_stream(json_t *stream, struct buf *out)
{
	static const char *const shown[] = {"id", "local", "remote", "reason"};

	buf_str(out, " ");
	for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
		json_t *v = json_object_get(stream, shown[i]);

		buf_str(out, " ");
		if (v)
			print_value(v, out);
	}
	buf_chr(out, '\n');
}

static void show_streams(json_t *streams)
{
	struct buf out = {0};
	json_t *stream;
	size_t i;

	buf_str(&out, "This closes:\n");
	json_array_foreach(streams, i, stream)
		show_stream(stream, &out);
	fwrite(buf_slice(&out).p, 1, out.n, stderr);
	buf_done(&out);
}

bool confirm_change(const struct invocation *in, const char *method, const char *path, json_t *body)
{
	struct invocation dry = *in;
	struct answer a;
	json_t *streams;
	bool go_on = true;

	if (in->yes || in->what_if || !somebody_is_there())
		return true;
	dry.what_if = true;
	request(&dry, method, path, body, &a);
	streams = json_object_get(json_object_get(a.json, "plan"), "streams");
	if (json_array_size(streams)) {
		show_streams(streams);
		go_on = confirm(in, "Go on?");
	}
	answer_done(&a);
	if (!go_on)
		fputs("entente: nothing was changed\n", stderr);
	return go_on;
}
