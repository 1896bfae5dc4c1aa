#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cli.h"

int cmd_streams(struct invocation *in)
{
	static const struct column columns[] = {{"ID", "id"}, {"DIR", "direction"},
		{"STATE", "state"}, {"LOCAL", "local_domain"}, {"REMOTE", "remote_domain"},
		{"PEER", "peer"}, {"METHOD", "method"}, {"TLS", "tls"}, {"IN", "stanzas_in"},
		{"OUT", "stanzas_out"}, {"QUEUED", "queued"}, {"SINCE", "since"},
		{"NEXT ATTEMPT", "next_attempt"}, {"LAST ERROR", "last_error"}};
	char *partner = in->partner ? percent(in->partner) : NULL;
	char *path = xasprintf(
		"/api/v1/streams%s%s", partner ? "?partner=" : "", partner ? partner : "");
	struct answer a;
	int code = answer_get(in, path, &a);

	free(partner);
	free(path);
	return code == EXIT_DONE ? answer_list(in, &a, columns, ARRAY_LEN(columns)) : code;
}

/* ---- one stream ---- */

static void show_pairs(json_t *pairs)
{
	static const struct column columns[] = {{"LOCAL", "local_domain"},
		{"REMOTE", "remote_domain"}, {"METHOD", "method"}, {"SINCE", "since"}};

	if (!json_array_size(pairs))
		return;
	puts("\ndomain pairs");
	print_table(columns, ARRAY_LEN(columns), pairs);
}

static void show_certificate(json_t *cert)
{
	struct field f[16];
	const char *name;
	json_t *v;
	size_t n = 0;

	if (!cert)
		return;
	puts("\ncertificate of the peer");
	json_object_foreach(cert, name, v)
		if (n < ARRAY_LEN(f))
			f[n++] = (struct field){name, v};
	print_fields(f, n);
}

int cmd_stream_show(struct invocation *in)
{
	char *path = api_path("streams", in->argv[0]);
	struct field f[64];
	struct answer a;
	const char *name;
	json_t *v;
	size_t n = 0;
	int code = answer_get(in, path, &a);

	free(path);
	if (code != EXIT_DONE)
		return code;
	if (in->json) {
		answer_raw(&a);
	} else {
		json_object_foreach(a.json, name, v)
			if (n < ARRAY_LEN(f) && !json_is_object(v) && !json_is_array(v))
				f[n++] = (struct field){name, v};
		print_fields(f, n);
		show_pairs(json_object_get(a.json, "pairs"));
		show_certificate(json_object_get(a.json, "peer_certificate"));
	}
	answer_done(&a);
	return EXIT_DONE;
}

/* ---- closing ---- */

static int close_one(struct invocation *in, const char *id)
{
	char *path = api_path("streams", id);
	struct buf out = {0};
	struct answer a;
	int code;

	request(in, "DELETE", path, NULL, &a);
	free(path);
	code = answer_code(in, &a);
	if (code == EXIT_DONE && in->json) {
		answer_raw(&a);
	} else if (code == EXIT_DONE) {
		buf_str(&out, "stream ");
		print_safe(slice_of(id), &out);
		buf_str(&out, " closes\n");
		print_out(&out);
		buf_done(&out);
	}
	answer_done(&a);
	return code;
}

/* All of them, also when one has gone meanwhile; the first refusal is the exit code. */
int cmd_stream_close(struct invocation *in)
{
	int code = EXIT_DONE;

	if (in->what_if)
		return usage_error(
			in, "--what-if is for settings; what waits opens another stream");
	for (int i = 0; i < in->names; i++) {
		int r = close_one(in, in->argv[i]);

		code = code == EXIT_DONE ? r : code;
	}
	return code;
}

/* ---- watching ---- */

static void add_member(json_t *o, const char *name, struct buf *out)
{
	buf_str(out, "  ");
	print_value(json_object_get(o, name), out);
}

static void show_event(json_t *line, struct buf *out)
{
	static const char *const shown[] = {"state", "id", "direction", "local_domain",
		"remote_domain", "peer", "method", "tls"};
	json_t *s = json_object_get(line, "stream");

	print_value(json_object_get(line, "time"), out);
	add_member(line, "event", out);
	for (size_t i = 0; s && i < ARRAY_LEN(shown); i++)
		add_member(s, shown[i], out);
	if (json_is_string(json_object_get(s, "last_error")))
		add_member(s, "last_error", out);
	buf_chr(out, '\n');
}

static bool on_event(void *arg, json_t *line)
{
	const struct invocation *in = arg;
	struct buf out = {0};
	bool goes_on;

	if (in->json) {
		char *text = json_dumps(line, JSON_COMPACT);

		buf_printf(&out, "%s\n", text);
		free(text);
	} else {
		show_event(line, &out);
	}
	print_out(&out);
	buf_done(&out);
	goes_on = fflush(stdout) == 0; /* who reads us has gone */
	return goes_on;
}

/* What was told is out: every line is flushed. */
static void on_signal(int signum)
{
	_exit(EXIT_DONE);
}

int cmd_stream_watch(struct invocation *in)
{
	struct answer a;
	int code;

	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	signal(SIGPIPE, on_signal);
	request_lines(in, "GET", "/api/v1/streams/watch", NULL, on_event, in, &a);
	code = answer_code(in, &a);
	answer_done(&a);
	return code;
}
