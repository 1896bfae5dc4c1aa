#include "admin/admin_priv.h"

/* ---- how partners are ---- */

void partner_state_json(const struct view_partner *p, struct buf *out)
{
	buf_printf(out, "{\"state\": \"%s\", \"inbound\": \"%s\", \"outbound\": \"%s\"",
		view_health_name(p->health), view_health_name(p->in), view_health_name(p->out));
	json_text(out, "domain", p->domain);
	json_number(out, "streams_in", p->streams_in);
	json_number(out, "streams_out", p->streams_out);
	json_number(out, "stanzas_in", p->stanzas_in);
	json_number(out, "stanzas_out", p->stanzas_out);
	json_number(out, "queued", p->queued);
	json_number(out, "queued_bytes", p->queued_bytes);
	json_number(out, "failures", p->failures);
	json_when(out, "last_inbound", p->last_in_ms);
	json_when(out, "last_outbound", p->last_out_ms);
	json_text(out, "last_error", p->last_error);
	json_text(out, "last_error_text", p->last_error_text);
	json_when(out, "last_error_at", p->last_error_ms);
	json_when(out, "next_attempt", p->retry_ms);
	buf_chr(out, '}');
}

static void all_answer(struct api_call *c, struct view_ask *a)
{
	struct buf json = {0};

	buf_str(&json, "{\"items\": [");
	for (size_t i = 0; i < a->partners->n; i++) {
		buf_str(&json, i ? ",\n" : "\n");
		partner_state_json(&a->partners->v[i], &json);
	}
	buf_str(&json, "]}");
	call_answer(c, 200, &json);
}

void partner_states_get(struct api_call *c)
{
	edge_question(c, VIEW_ASK_PARTNERS, SL_NONE, all_answer);
}

static void one_answer(struct api_call *c, struct view_ask *a)
{
	struct buf json = {0};

	partner_state_json(&a->partners->v[0], &json);
	call_answer(c, 200, &json);
}

void partner_state_get_one(struct api_call *c)
{
	edge_question(c, VIEW_ASK_PARTNERS, c->param, one_answer);
}

/* ---- what was tried ---- */

static void step_json(const struct view_step *s, struct buf *out)
{
	buf_printf(out, "{\"step\": \"%s\", \"result\": \"%s\"", s->step, s->result);
	json_number(out, "ms", s->ms);
	json_text(out, "text", s->text);
	buf_chr(out, '}');
}

static void attempt_json(const struct view_attempt *a, struct buf *out)
{
	buf_printf(out, "{\"direction\": \"%s\", \"outcome\": \"%s\"", view_dir_name(a->dir),
		a->outcome);
	json_text(out, "id", a->stream);
	json_text(out, "local_domain", a->local);
	json_text(out, "remote_domain", a->remote);
	json_text(out, "peer", a->peer);
	json_when(out, "began", a->began_ms);
	json_text(out, "reason", a->reason);
	buf_str(out, ", \"steps\": [");
	for (size_t i = 0; i < a->n_steps; i++) {
		buf_str(out, i ? ", " : "");
		step_json(&a->steps[i], out);
	}
	buf_str(out, "]}");
}

static void attempts_answer(struct api_call *c, struct view_ask *a)
{
	struct buf json = {0};

	buf_str(&json, "{\"items\": [");
	for (size_t i = 0; i < a->attempts->n; i++) {
		buf_str(&json, i ? ",\n" : "\n");
		attempt_json(&a->attempts->v[i], &json);
	}
	buf_str(&json, "]}");
	call_answer(c, 200, &json);
}

void partner_attempts_get(struct api_call *c)
{
	edge_question(c, VIEW_ASK_ATTEMPTS, c->param, attempts_answer);
}
