#include "admin/admin_priv.h"
#include "base/clock.h"
#include "federation/setting.h"

static void text(struct buf *out, const char *name, struct slice s)
{
	buf_printf(out, ", \"%s\": ", name);
	if (s.p)
		json_quote(out, s);
	else
		buf_str(out, "null");
}

static void when(struct buf *out, const char *name, uint64_t wall_ms)
{
	char iso[32];

	clock_iso(wall_ms, iso);
	text(out, name, wall_ms ? slice_of(iso) : SL_NONE);
}

static void number(struct buf *out, const char *name, uint64_t n)
{
	buf_printf(out, ", \"%s\": %llu", name, (unsigned long long)n);
}

static void stream_json(const struct view_stream *s, struct buf *out)
{
	buf_printf(out, "{\"direction\": \"%s\", \"state\": \"%s\"", view_dir_name(s->dir),
		view_state_name(s->state));
	text(out, "id", s->id);
	text(out, "partner", s->partner);
	text(out, "local_domain", s->local);
	text(out, "remote_domain", s->remote);
	text(out, "peer", s->peer);
	text(out, "method", s->method);
	text(out, "tls", s->tls);
	text(out, "cipher", s->cipher);
	text(out, "certificate", s->verdict);
	text(out, "last_error", s->error);
	when(out, "since", s->since_ms);
	when(out, "next_attempt", s->retry_ms);
	number(out, "stanzas_in", s->stanzas_in);
	number(out, "stanzas_out", s->stanzas_out);
	number(out, "bytes_in", s->bytes_in);
	number(out, "bytes_out", s->bytes_out);
	number(out, "queued", s->queued);
	buf_chr(out, '}');
}

static void on_streams(void *arg, struct view_streams *l)
{
	struct api_call *c = arg;
	struct buf json = {0};

	c->admin->asked--;
	buf_str(&json, "{\"items\": [");
	for (size_t i = 0; i < l->n; i++) {
		buf_str(&json, i ? ",\n" : "\n");
		stream_json(&l->v[i], &json);
	}
	buf_str(&json, "]}");
	view_streams_free(l);
	call_answer(c, 200, &json);
}

void streams_get(struct api_call *c)
{
	const struct admin_hooks *h = c->admin->hooks;
	struct err e;

	if (h->streams) {
		c->admin->asked++;
		h->streams(c->admin->hooks_arg, c->admin->loop, on_streams, c);
		return;
	}
	err_code(&e, ERR_UNAVAILABLE, "no_edge", NULL,
		"this process has no edge, so it has no streams");
	call_problem(c, &e, NULL);
}
