#include "admin/admin_priv.h"
#include "view/certificates.h"

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

/* ---- our own certificates ---- */

static void certificate_json(const struct view_certificate *x, struct buf *out)
{
	buf_str(out, "{\"name\": ");
	json_quote(out, x->name);
	buf_str(out, ", \"domains\": [");
	for (size_t i = 0; i < x->n_domains; i++) {
		buf_str(out, i ? ", " : "");
		json_quote(out, x->domains[i]);
	}
	buf_chr(out, ']');
	json_text(out, "subject", x->subject);
	json_text(out, "issuer", x->issuer);
	json_text(out, "names", x->names);
	json_text(out, "key", x->key);
	json_text(out, "purposes", x->purposes);
	json_text(out, "fingerprint", x->fingerprint);
	json_when(out, "not_before", x->not_before > 0 ? (uint64_t)x->not_before * 1000 : 0);
	json_when(out, "not_after", x->not_after > 0 ? (uint64_t)x->not_after * 1000 : 0);
	buf_printf(out, ", \"days_left\": %d", (int)x->days_left);
	json_text(out, "lacks", x->lacks);
	json_text(out, "warning", slice_of(x->warning));
	buf_chr(out, '}');
}

void certificates_get(struct api_call *c)
{
	const struct admin_hooks *h = c->admin->hooks;
	struct view_certificates *l;
	struct buf json = {0};

	if (!h->certificates) {
		edge_missing(c);
		return;
	}
	l = h->certificates(c->admin->hooks_arg);
	buf_str(&json, "{\"items\": [");
	for (size_t i = 0; i < l->n; i++) {
		buf_str(&json, i ? ",\n" : "\n");
		certificate_json(&l->v[i], &json);
	}
	buf_str(&json, "]}");
	view_certificates_free(l);
	call_answer(c, 200, &json);
}
