#include <stdlib.h>

#include "admin/admin_priv.h"
#include "base/mem.h"
#include "view/routes.h"

/* How SIP routes are: their targets, connections, rates and last errors. */

static void word(struct buf *out, const char *name, const char *s)
{
	json_text(out, name, s && *s ? slice_of(s) : SL_NONE);
}

/* A limit in force; none is null. */
static void limit(struct buf *out, const char *name, uint32_t n)
{
	if (n)
		json_number(out, name, n);
	else
		json_text(out, name, SL_NONE);
}

static void target_json(const struct view_route_target *t, struct buf *out)
{
	buf_printf(out, "{\"state\": \"%s\"", t->state);
	json_text(out, "address", t->address);
	json_text(out, "host", t->host);
	word(out, "transport", t->transport);
	json_number(out, "priority", t->priority);
	json_number(out, "weight", t->weight);
	json_when(out, "since", t->since_ms);
	json_when(out, "last_probe", t->last_probe_ms);
	json_when(out, "next_probe", t->next_probe_ms);
	json_when(out, "rests_until", t->rest_until_ms);
	json_number(out, "under_way", t->under_way);
	json_number(out, "requests", t->requests);
	json_number(out, "answered", t->answered);
	json_number(out, "timeouts", t->timeouts);
	json_number(out, "unreachable", t->unreachable);
	json_number(out, "busy", t->busy);
	json_number(out, "retransmissions", t->retransmissions);
	json_number(out, "probes", t->probes);
	json_number(out, "probes_failed", t->probes_failed);
	buf_chr(out, '}');
}

static void error_json(const struct view_route_error *e, struct buf *out)
{
	buf_printf(out, "{\"code\": \"%s\"", e->code);
	json_when(out, "at", e->at_ms);
	json_number(out, "times", e->times);
	json_text(out, "target", e->target);
	json_text(out, "text", e->text);
	buf_chr(out, '}');
}

static void connection_json(const struct view_route_connection *x, struct buf *out)
{
	buf_printf(out, "{\"direction\": \"%s\", \"state\": \"%s\"", x->direction, x->state);
	word(out, "transport", x->transport);
	json_text(out, "peer", x->peer);
	json_text(out, "tls", x->tls);
	json_text(out, "cipher", x->cipher);
	json_text(out, "names", x->names);
	json_text(out, "subject", x->subject);
	json_text(out, "own_certificate", x->own);
	json_when(out, "since", x->since_ms);
	json_when(out, "certificate_expires", x->expires_ms);
	json_number(out, "bytes_in", x->bytes_in);
	json_number(out, "bytes_out", x->bytes_out);
	json_number(out, "messages_in", x->messages_in);
	json_number(out, "messages_out", x->messages_out);
	buf_chr(out, '}');
}

static void counts_json(const struct view_route *r, struct buf *out)
{
	json_number(out, "requests_in", r->requests_in);
	json_number(out, "requests_out", r->requests_out);
	json_number(out, "answered", r->answered);
	json_number(out, "timeouts", r->timeouts);
	json_number(out, "unreachable", r->unreachable);
	json_number(out, "failovers", r->failovers);
	json_number(out, "retransmissions", r->retransmissions);
	json_number(out, "challenged", r->challenged);
	json_number(out, "forged_from", r->forged_from);
	json_number(out, "over_rate", r->over_rate);
	json_number(out, "over_sender_rate", r->over_sender_rate);
	json_number(out, "sessions", r->sessions);
}

#define LIST_JSON(out, name, v, n, fn)                                                             \
	do {                                                                                       \
		buf_str(out, ", \"" name "\": [");                                                 \
		for (size_t i = 0; i < (n); i++) {                                                 \
			buf_str(out, i ? ", " : "");                                               \
			fn(&(v)[i], out);                                                          \
		}                                                                                  \
		buf_chr(out, ']');                                                                 \
	} while (0)

static void route_json(const struct view_route *r, struct buf *out)
{
	const struct view_route_error *last = r->n_errors ? &r->errors[0] : NULL;

	buf_str(out, "{\"name\": ");
	json_quote(out, r->name);
	word(out, "state", r->state);
	json_text(out, "next_hop", r->next_hop);
	word(out, "transport", r->transport);
	json_text(out, "target", r->target);
	json_when(out, "resolved", r->resolved_ms);
	json_when(out, "credentials_refused_until", r->digest_wait_ms);
	limit(out, "receive_rate", r->receive_rate);
	limit(out, "sender_rate", r->sender_rate);
	limit(out, "send_rate", r->send_rate);
	counts_json(r, out);
	word(out, "last_error", last ? last->code : NULL);
	json_when(out, "last_error_at", last ? last->at_ms : 0);
	LIST_JSON(out, "targets", r->targets, r->n_targets, target_json);
	LIST_JSON(out, "connections", r->connections, r->n_connections, connection_json);
	LIST_JSON(out, "errors", r->errors, r->n_errors, error_json);
	buf_chr(out, '}');
}

/* ---- asking ---- */

struct question {
	struct view_routes_ask ask;
	struct api_call *call;
	char *name; /* NULL: all of them */
};

static void answer_all(struct api_call *c, const struct view_routes *l)
{
	struct buf json = {0};

	buf_str(&json, "{\"items\": [");
	for (size_t i = 0; i < l->n; i++) {
		buf_str(&json, i ? ",\n" : "\n");
		route_json(&l->v[i], &json);
	}
	buf_str(&json, "]}");
	call_answer(c, 200, &json);
}

static void answer_one(struct api_call *c, const struct view_routes *l, const char *name)
{
	struct buf json = {0};
	struct err e;

	for (size_t i = 0; i < l->n; i++)
		if (slice_eqz(l->v[i].name, name)) {
			route_json(&l->v[i], &json);
			call_answer(c, 200, &json);
			return;
		}
	err_code(&e, ERR_NOT_FOUND, "not_found", NULL, "there is no SIP route %.64s", name);
	call_problem(c, &e, NULL);
}

static void on_answer(struct view_routes_ask *a)
{
	struct question *q = container_of(a, struct question, ask);

	q->call->admin->asked--;
	if (q->name)
		answer_one(q->call, a->routes, q->name);
	else
		answer_all(q->call, a->routes);
	view_routes_free(a->routes);
	free(q->name);
	free(q);
}

static void ask(struct api_call *c, struct slice name)
{
	struct admin *a = c->admin;
	struct question *q;
	struct err e;

	if (!a->hooks->routes || a->ending) {
		err_code(&e, ERR_UNAVAILABLE, "no_gateway", NULL,
			"this process has no gateway, so it has no SIP routes");
		call_problem(c, &e, NULL);
		return;
	}
	q = xzalloc(sizeof *q);
	q->call = c;
	q->name = name.p ? slice_dup(name) : NULL;
	q->ask.done = on_answer;
	a->asked++;
	a->hooks->routes(a->hooks_arg, a->loop, &q->ask);
}

void route_states_get(struct api_call *c)
{
	ask(c, SL_NONE);
}

void route_state_get_one(struct api_call *c)
{
	ask(c, c->param);
}
