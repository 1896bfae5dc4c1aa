#include "gateway/pager.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "gateway/backlog.h"
#include "gateway/callid.h"
#include "gateway/carriage.h"
#include "gateway/core.h"
#include "gateway/pacer.h"

struct target {
	struct table_node node;
	struct gateway *gateway;
	struct backlog texts; /* while busy, the first of them is under way */
	bool busy;
	struct pacer_turn turn;
	char uri[];
};

static void target_go(void *arg);

/* ---- targets ---- */

static struct target *target_find(const struct gateway *g, struct slice uri)
{
	struct table_node *n = table_get(&g->targets, uri);

	return n ? container_of(n, struct target, node) : NULL;
}

static struct target *target_find_or_new(struct gateway *g, struct slice uri)
{
	struct target *t = target_find(g, uri);

	if (t)
		return t;
	assert(uri.p);
	t = xzalloc(sizeof *t + uri.n);
	t->gateway = g;
	backlog_init(&t->texts, g);
	t->turn.fn = target_go;
	t->turn.arg = t;
	memcpy(t->uri, uri.p, uri.n);
	table_put(&g->targets, &t->node, slice_make(t->uri, uri.n));
	return t;
}

static void target_free(struct target *t)
{
	pacer_leave(&t->turn);
	table_remove(&t->gateway->targets, &t->node);
	free(t);
}

/* The head cannot be sent. */
static void target_fail(struct target *t, enum stanza_cond cond, const char *text)
{
	struct outgoing *o = backlog_head(&t->texts);

	outgoing_fail(t->gateway, o, cond, slice_of(text));
	backlog_drop(&t->texts, o);
}

/* ---- one request ---- */

static void request_done(void *arg, const struct sip_result *r)
{
	struct target *t = arg;
	struct outgoing *o = backlog_head(&t->texts);

	gateway_scratch(t->gateway);
	t->busy = false;
	if (outgoing_ended(t->gateway, o, r))
		backlog_drop(&t->texts, o);
	target_go(t);
}

/* One thread is one Call-ID, whose CSeq grows (RFC 7572 4, decision of callid.h). */
static void set_call_id(struct gateway *g, const struct outgoing *o, struct sip_spec *spec)
{
	if (!o->thread.n)
		return;
	buf_reset(&g->callid);
	callid_from_thread(&g->callid, o->thread);
	spec->call_id = buf_slice(&g->callid);
	spec->cseq = cseq_next(&g->cseq, spec->call_id, gateway_wall(g));
}

static void request_send(struct target *t, const struct route *route)
{
	const struct outgoing *o = backlog_head(&t->texts);
	struct gateway *g = t->gateway;
	struct outgoing_words words;
	struct slice asserted = outgoing_asserted(o, route, &g->scratch);
	struct sip_spec spec = {
		.method = SIP_MESSAGE,
		.ruri = o->uri,
		.from = o->from,
		.max_size = route->congestion_safe ? 0 : CARRIAGE_PAGER_MAX, /* RFC 3428 8 */
	};

	outgoing_say(g, o, &words);
	if (asserted.p)
		words.fields[words.n_fields++] =
			(struct sip_out){SL("P-Asserted-Identity"), asserted};
	set_call_id(g, o, &spec);
	buf_reset(&g->uri);
	buf_chr(&g->uri, '<');
	buf_slice_add(&g->uri, o->uri);
	buf_chr(&g->uri, '>');
	spec.to = buf_slice(&g->uri);
	spec.fields = words.fields;
	spec.n_fields = words.n_fields;
	spec.content_type = words.content_type;
	spec.body = words.body;
	t->busy = true;
	g->ops->request(g->ops_arg, route, &spec, outgoing_left(g, o), request_done, t);
}

/* May the head go now? Else it waits its turn, or, when that would be too late, fails. */
static bool paced(struct target *t, const struct route *route)
{
	switch (pacer_ask(t->gateway, route, &t->turn, backlog_head(&t->texts)->deadline_ms)) {
	case PACER_GO:
		return true;
	case PACER_WAIT:
		return false;
	case PACER_TOO_LATE:
		break;
	}
	target_fail(t, STANZA_RESOURCE_CONSTRAINT, "too many messages to this user's server");
	return false;
}

/* Sends the head, or what is behind it when that cannot be sent; an empty target is gone. */
static void target_go(void *arg)
{
	struct target *t = arg;
	struct gateway *g = t->gateway;

	while (t->texts.n && !pacer_waits(&t->turn)) {
		const struct outgoing *o = backlog_head(&t->texts);
		const struct route *route =
			g->snapshot ? snapshot_route_of(g->snapshot, outgoing_user_domain(o))
				    : NULL;

		if (!outgoing_left(g, o)) {
			target_fail(
				t, STANZA_REMOTE_SERVER_TIMEOUT, "earlier messages took too long");
		} else if (!route) {
			target_fail(t, STANZA_SERVICE_UNAVAILABLE,
				"this user cannot be reached by SIP");
		} else if (paced(t, route)) {
			request_send(t, route);
			return;
		}
	}
	if (t->texts.n == 0)
		target_free(t);
}

/* ---- what goes in ---- */

/* One has been added, or none after all. */
static void target_fed(struct target *t)
{
	if (t->texts.n == 0)
		target_free(t);
	else if (t->texts.n == 1)
		target_go(t);
}

bool pager_put(struct gateway *g, const struct outgoing *o)
{
	struct target *t = target_find_or_new(g, o->uri);
	bool room = backlog_put(&t->texts, o);

	if (room || t->texts.n == 0)
		target_fed(t);
	return room;
}

bool pager_take(struct gateway *g, struct backlog *b)
{
	struct target *t = target_find_or_new(g, backlog_head(b)->uri);
	bool room = backlog_move(b, &t->texts);

	if (room || t->texts.n == 0)
		target_fed(t);
	return room;
}

bool pager_has_of(const struct gateway *g, struct slice uri, struct slice contact)
{
	const struct target *t = target_find(g, uri);

	return t && backlog_has_of(&t->texts, contact);
}

unsigned pager_targets(const struct gateway *g)
{
	return (unsigned)g->targets.count;
}

/* What is under way ends by itself, as a message of which nobody is told. */
static void target_stop(struct target *t)
{
	struct outgoing *head = backlog_head(&t->texts);

	while (t->texts.n > (t->busy ? 1 : 0)) {
		struct outgoing *o =
			t->busy ? backlog_next(&t->texts, head) : backlog_head(&t->texts);

		outgoing_fail(
			t->gateway, o, STANZA_RESOURCE_CONSTRAINT, SL("the gateway is ending"));
		backlog_drop(&t->texts, o);
	}
	if (!t->busy) {
		target_free(t);
		return;
	}
	outgoing_fail(t->gateway, head, STANZA_REMOTE_SERVER_TIMEOUT,
		SL("the gateway is ending; the message may have arrived"));
	head->kind = OUTGOING_NOTICE;
}

void pager_stop(struct gateway *g)
{
	table_each(&g->targets, it)
		target_stop(container_of(it, struct target, node));
}

/* ---- life ---- */

void pager_init(struct gateway *g)
{
	table_init(&g->targets);
	cseq_init(&g->cseq, 65536);
}

void pager_done(struct gateway *g)
{
	table_each(&g->targets, it) {
		struct target *t = container_of(it, struct target, node);

		backlog_done(&t->texts);
		target_free(t);
	}
	table_done(&g->targets);
	cseq_done(&g->cseq);
}
