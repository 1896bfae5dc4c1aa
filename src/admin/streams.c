#include "admin/admin_priv.h"

static void all_answer(struct api_call *c, struct view_ask *a)
{
	const struct view_streams *l = a->streams;
	struct buf json = {0};

	buf_str(&json, "{\"items\": [");
	for (size_t i = 0; i < l->n; i++) {
		buf_str(&json, i ? ",\n" : "\n");
		stream_json(&l->v[i], &json);
	}
	buf_str(&json, "]}");
	call_answer(c, 200, &json);
}

/* "?partner=im.example": any domain of the partner. */
void streams_get(struct api_call *c)
{
	edge_question(c, VIEW_ASK_STREAMS, http_query(c->req, "partner"), all_answer);
}

static void one_answer(struct api_call *c, struct view_ask *a)
{
	struct buf json = {0};

	stream_json(&a->streams->v[0], &json);
	call_answer(c, 200, &json);
}

void stream_get(struct api_call *c)
{
	edge_question(c, VIEW_ASK_STREAM, c->param, one_answer);
}

static void close_answer(struct api_call *c, struct view_ask *a)
{
	struct buf json = {0};

	call_audit(c, "close", "stream", a->key, NULL);
	buf_str(&json, "{\"state\": \"closing\"");
	json_text(&json, "id", a->key);
	buf_chr(&json, '}');
	call_answer(c, 200, &json);
}

/* What would be closed, and is not. */
static void would_close_answer(struct api_call *c, struct view_ask *a)
{
	struct buf json = {0};

	buf_printf(&json, "{\"dry_run\": true, \"state\": \"%s\"",
		view_state_name(a->streams->v[0].state));
	json_text(&json, "id", a->key);
	buf_chr(&json, '}');
	call_answer(c, 200, &json);
}

void stream_close_one(struct api_call *c)
{
	bool dry_run;

	if (!call_dry_run(c, &dry_run))
		return;
	if (dry_run)
		edge_question(c, VIEW_ASK_STREAM, c->param, would_close_answer);
	else
		edge_question(c, VIEW_ASK_CLOSE, c->param, close_answer);
}
