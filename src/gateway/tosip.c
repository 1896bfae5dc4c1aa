#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "gateway/address.h"
#include "gateway/bodies.h"
#include "gateway/callid.h"
#include "gateway/core.h"
#include "gateway/error.h"
#include "gateway/message.h"
#include "view/metrics.h"

/*
 * MESSAGEs towards SIP. A target is a Request-URI: one MESSAGE of ours at a time is under way to it
 * (RFC 3428 8), the others wait behind it. A route with a rate makes targets wait for their turn.
 */
enum {
	DEADLINE_MS = 40000,    /* of a message, from the arrival of its stanza */
	TRANSACTION_MS = 32000, /* 64*T1 */
};

/* What the contacts of one partner have waiting, for all targets together. */
struct stake {
	struct table_node node;
	unsigned n;
	size_t bytes;
	char name[]; /* of the partner */
};

/* A message on its way: one block, everything in it copied. */
struct outgoing {
	struct list node;
	struct stake *stake;
	uint64_t deadline_ms;
	size_t block;
	bool notice;     /* of our own making: nobody is told how it ends */
	bool authorized; /* the sender may know whether the user is there */
	bool dated;
	uint64_t date_ms;
	struct slice from; /* "<sip:...>" */
	uint32_t aor; /* of from, without its device: what we assert where that is believed; 0: nobody */
	bool open; /* a Federated partner's: its sender hears what the SIP side said */
	struct slice call_id, subject, lang, body;
	struct slice xmpp_from, xmpp_to, id; /* as they stood in the stanza */
	struct slice contact_domain;
};

struct target {
	struct table_node node;
	struct gateway *gateway;
	struct list queue; /* outgoing.node */
	unsigned n;
	size_t bytes;
	bool busy;           /* the first of the queue is under way */
	struct list waiting; /* in the queue of a pacer */
	struct slice uri, domain;
	char text[]; /* uri, domain */
};

/* The rate of a route: a message may go when now >= next_us - burst (GCRA). */
struct pacer {
	struct table_node node;
	struct gateway *gateway;
	uint32_t rate;
	uint64_t next_us;
	struct list queue; /* target.waiting */
	unsigned n;
	struct loop_timer timer;
	char name[];
};

static void target_go(struct target *t);

/* ---- outgoing ---- */

static struct slice put(char **at, struct slice s)
{
	struct slice copy = {*at, s.n};

	if (!s.p)
		return SL_NONE;
	memcpy(*at, s.p, s.n);
	*at += s.n;
	return copy;
}

/* A copy of o with all it points to. */
static struct outgoing *outgoing_new(const struct outgoing *o)
{
	size_t block = sizeof *o + o->from.n + o->call_id.n + o->subject.n + o->lang.n + o->body.n +
		       o->xmpp_from.n + o->xmpp_to.n + o->id.n + o->contact_domain.n;
	struct outgoing *c = xmalloc(block);
	char *at = (char *)(c + 1);

	*c = *o;
	c->block = block;
	c->node = (struct list){0};
	c->from = put(&at, o->from);
	c->call_id = put(&at, o->call_id);
	c->subject = put(&at, o->subject);
	c->lang = put(&at, o->lang);
	c->body = put(&at, o->body);
	c->xmpp_from = put(&at, o->xmpp_from);
	c->xmpp_to = put(&at, o->xmpp_to);
	c->id = put(&at, o->id);
	c->contact_domain = put(&at, o->contact_domain);
	return c;
}

static void tell_error(struct gateway *g, const struct outgoing *o, struct slice user_domain,
	const struct error_xmpp *e)
{
	struct stanza_error_out out = {
		.kind = STANZA_MESSAGE,
		.from = o->xmpp_to,
		.to = o->xmpp_from,
		.id = o->id,
		.cond = e->cond,
		.text = e->text,
		.uri = e->uri,
	};

	if (o->notice)
		return;
	metric_add(M_XMPP_ERRORS, 1);
	buf_reset(&g->xml);
	stanza_error_out(&g->xml, &out);
	gateway_send_xml(g, user_domain, o->contact_domain, buf_slice(&g->xml));
}

/* ---- stakes ---- */

static struct stake *stake_find_or_new(struct gateway *g, struct slice domain)
{
	const struct partner *p = g->snapshot ? snapshot_partner(g->snapshot, domain) : NULL;
	struct slice name = p ? slice_of(p->domain.a) : domain;
	struct table_node *n = table_get(&g->stakes, name);
	struct stake *s;

	assert(name.p);
	if (n)
		return container_of(n, struct stake, node);
	s = xzalloc(sizeof *s + name.n);
	memcpy(s->name, name.p, name.n);
	table_put(&g->stakes, &s->node, slice_make(s->name, name.n));
	return s;
}

static void stake_add(struct gateway *g, struct outgoing *o)
{
	o->stake->n++;
	o->stake->bytes += o->block;
	g->n_queued++;
	g->queued_bytes += o->block;
}

static void stake_free_empty(struct gateway *g, struct stake *s)
{
	if (s->n)
		return;
	table_remove(&g->stakes, &s->node);
	free(s);
}

static void stake_take(struct gateway *g, struct outgoing *o)
{
	o->stake->n--;
	o->stake->bytes -= o->block;
	g->n_queued--;
	g->queued_bytes -= o->block;
	stake_free_empty(g, o->stake);
}

/*
 * A partner may hold as much as is still free: one alone half of it all, two a third each, and for
 * any other there is always something left. So none can shut the others out with messages to users
 * who do not answer.
 */
static bool stake_may_grow(const struct gateway *g, const struct stake *s, size_t block)
{
	return s->n + g->n_queued < g->limits.queued_msgs &&
	       s->bytes + g->queued_bytes + block <= g->limits.queued_bytes;
}

/* ---- targets ---- */

static struct target *target_find_or_new(struct gateway *g, struct slice uri, struct slice domain)
{
	struct table_node *n = table_get(&g->targets, uri);
	struct target *t;
	char *at;

	if (n)
		return container_of(n, struct target, node);
	t = xmalloc(sizeof *t + uri.n + domain.n);
	*t = (struct target){.gateway = g};
	list_init(&t->queue);
	at = t->text;
	t->uri = put(&at, uri);
	t->domain = put(&at, domain);
	table_put(&g->targets, &t->node, t->uri);
	return t;
}

static void target_free(struct target *t)
{
	table_remove(&t->gateway->targets, &t->node);
	free(t);
}

static struct outgoing *target_head(const struct target *t)
{
	return container_of(list_first(&t->queue), struct outgoing, node);
}

static void target_pop(struct target *t)
{
	struct outgoing *o = target_head(t);
	struct gateway *g = t->gateway;

	list_remove(&o->node);
	t->n--;
	t->bytes -= o->block;
	stake_take(g, o);
	free(o);
}

static bool has_room(const struct gateway *g, const struct target *t, const struct outgoing *o)
{
	return t->n < g->limits.target_msgs && t->bytes + o->block <= g->limits.target_bytes &&
	       stake_may_grow(g, o->stake, o->block);
}

static bool target_put(struct target *t, const struct outgoing *spec)
{
	struct gateway *g = t->gateway;
	struct outgoing *o = outgoing_new(spec);

	o->stake = stake_find_or_new(g, o->contact_domain);
	if (!has_room(g, t, o)) {
		stake_free_empty(g, o->stake);
		free(o);
		if (t->n == 0)
			target_free(t);
		return false;
	}
	list_append(&t->queue, &o->node);
	t->n++;
	t->bytes += o->block;
	stake_add(g, o);
	if (t->n == 1)
		target_go(t);
	return true;
}

/* The head cannot be sent. */
static void target_fail(struct target *t, enum stanza_cond cond, struct slice text)
{
	struct error_xmpp e = {.cond = cond, .text = text};

	tell_error(t->gateway, target_head(t), t->domain, &e);
	target_pop(t);
}

/* ---- one request ---- */

static void request_done(void *arg, const struct sip_result *r)
{
	struct target *t = arg;
	struct gateway *g = t->gateway;
	const struct outgoing *o = target_head(t);
	struct error_xmpp e;

	t->busy = false;
	if (!error_result_to_stanza(&e, gateway_scratch(g), r, o->authorized)) {
		metric_add(M_SIP_DELIVERED, 1);
	} else {
		if (o->open && r->end == SIP_FINAL)
			e.text = error_detail(&g->scratch, e.text, r->response);
		tell_error(g, o, t->domain, &e);
	}
	log_debug(&g->log, "message-answered", LF_S("to", t->uri),
		LF_U("status", error_end_status(r)));
	target_pop(t);
	target_go(t);
}

static void request_send(struct target *t, const struct route *route)
{
	const struct outgoing *o = target_head(t);
	struct gateway *g = t->gateway;
	uint64_t left = o->deadline_ms - gateway_now(g);
	struct sip_out fields[4];
	struct sip_spec spec = {
		.method = SIP_MESSAGE,
		.from = o->from,
		.call_id = o->call_id,
		.cseq = o->call_id.p ? cseq_next(&g->cseq, o->call_id, gateway_wall(g)) : 0,
		.fields = fields,
		.content_type = message_content_type(o->body),
		.body = o->body,
	};

	buf_reset(&g->uri);
	buf_chr(&g->uri, '<');
	buf_slice_add(&g->uri, t->uri);
	buf_chr(&g->uri, '>');
	spec.ruri = t->uri;
	spec.to = buf_slice(&g->uri);
	if (o->subject.n)
		fields[spec.n_fields++] = (struct sip_out){SL("Subject"), o->subject};
	if (o->lang.n)
		fields[spec.n_fields++] = (struct sip_out){SL("Content-Language"), o->lang};
	if (o->dated) {
		buf_reset(&g->xml);
		sip_date_write(&g->xml, o->date_ms / 1000);
		fields[spec.n_fields++] = (struct sip_out){SL("Date"), buf_slice(&g->xml)};
	}
	if (route->trust_identity && o->aor)
		fields[spec.n_fields++] = (struct sip_out){SL("P-Asserted-Identity"),
			slice_of(arena_printf(&g->scratch, "%.*s>", (int)o->aor, o->from.p))};
	t->busy = true;
	g->ops->request(g->ops_arg, route, &spec,
		left < TRANSACTION_MS ? (unsigned)left : TRANSACTION_MS, request_done, t);
}

/* ---- rates ---- */

static void pacer_fires(void *arg);

static struct pacer *pacer_of(struct gateway *g, const struct route *r)
{
	struct slice name = slice_of(r->name);
	struct table_node *n = table_get(&g->pacers, name);
	struct pacer *p;

	assert(name.p);
	if (n) {
		p = container_of(n, struct pacer, node);
	} else {
		p = xzalloc(sizeof *p + name.n);
		memcpy(p->name, name.p, name.n);
		p->gateway = g;
		list_init(&p->queue);
		loop_timer_init(&p->timer, g->loop, pacer_fires, p);
		table_put(&g->pacers, &p->node, slice_make(p->name, name.n));
	}
	p->rate = route_send_rate(r); /* it may have changed */
	return p;
}

/* Takes one message out of the rate. At most a quarter of a second's messages go at once. */
static bool pacer_take(struct pacer *p, uint64_t now_ms)
{
	uint64_t now = now_ms * 1000;

	if (p->next_us < now)
		p->next_us = now;
	if (p->next_us > now + 250000)
		return false;
	p->next_us += 1000000 / p->rate;
	return true;
}

static void pacer_arm(struct pacer *p)
{
	if (p->n)
		loop_timer_at(&p->timer, (p->next_us - 250000) / 1000 + 1);
}

static void pacer_fires(void *arg)
{
	struct pacer *p = arg;
	unsigned n = p->n;

	while (n-- && p->next_us <= gateway_now(p->gateway) * 1000 + 250000) {
		struct list *first = list_pop(&p->queue);

		p->n--;
		target_go(container_of(first, struct target, waiting));
	}
	pacer_arm(p);
}

/* May the head of t go now? Else it waits its turn, or, when that would be too late, fails. */
static bool paced(struct target *t, const struct route *route)
{
	struct gateway *g = t->gateway;
	uint64_t now = gateway_now(g);
	struct pacer *p;

	if (!route_send_rate(route))
		return true;
	p = pacer_of(g, route);
	if (pacer_take(p, now))
		return true;
	if (now + (uint64_t)(p->n + 1) * 1000 / p->rate > target_head(t)->deadline_ms) {
		target_fail(t, STANZA_RESOURCE_CONSTRAINT,
			SL("too many messages to this user's server"));
		return false;
	}
	list_append(&p->queue, &t->waiting);
	p->n++;
	pacer_arm(p);
	return false;
}

/* Sends the head, or what is behind it when that cannot be sent; an empty target is gone. */
static void target_go(struct target *t)
{
	struct gateway *g = t->gateway;

	while (t->n && !list_linked(&t->waiting)) {
		const struct route *route =
			g->snapshot ? snapshot_route_of(g->snapshot, t->domain) : NULL;

		if (gateway_now(g) >= target_head(t)->deadline_ms) {
			target_fail(t, STANZA_REMOTE_SERVER_TIMEOUT,
				SL("earlier messages took too long"));
		} else if (!route) {
			target_fail(t, STANZA_SERVICE_UNAVAILABLE,
				SL("this user cannot be reached by SIP"));
		} else if (paced(t, route)) {
			request_send(t, route);
			return;
		}
	}
	if (t->n == 0)
		target_free(t);
}

unsigned tosip_targets(const struct gateway *g)
{
	return (unsigned)g->targets.count;
}

/* ---- stanzas ---- */

static bool from_federated(const struct gateway *g, struct slice domain)
{
	const struct partner *p = snapshot_partner(g->snapshot, domain);

	return p && p->type == PARTNER_FEDERATED;
}

/* Does the partner know its users well enough that we stand for them (RFC 3325 4)? */
static bool knows_its_users(const struct gateway *g, struct slice domain)
{
	const struct partner *p = snapshot_partner(g->snapshot, domain);

	return p && p->type != PARTNER_PUBLIC_UNVERIFIED;
}

/* Only a Federated partner's contact hears which rule it was. */
static bool permitted(struct gateway *g, const struct xml_elem *e, const struct jid *from,
	const struct jid *to, struct slice user, struct slice contact)
{
	struct permission p = gateway_permission(g, user, contact, PERMISSION_TO_USER);
	bool open = from_federated(g, from->domain);

	if (p.link == PERMISSION_GRANTED)
		return true;
	metric_add(M_DENIED, 1);
	metric_add(M_XMPP_ERRORS, 1);
	if (gateway_may_log(g))
		log_info(&g->log, "message-denied", LF_Z("direction", "to-sip"), LF_S("user", user),
			LF_S("contact", contact), LF_Z("link", permission_link_name(p.link)));
	gateway_bounce(g, e, from->domain, to->domain,
		open ? STANZA_FORBIDDEN : STANZA_SERVICE_UNAVAILABLE,
		open ? SL("this user does not use federation") : SL_NONE);
	return false;
}

static void bounce(struct gateway *g, const struct xml_elem *e, const struct jid *from,
	const struct jid *to, enum stanza_cond cond, const char *text)
{
	metric_add(M_XMPP_ERRORS, 1);
	gateway_bounce(g, e, from->domain, to->domain, cond, slice_of(text));
}

/* The target and everything about the message, as views. */
static void describe(struct gateway *g, struct outgoing *o, const struct xml_elem *e,
	const struct message_out *m, const struct jid *from)
{
	struct arena *a = &g->scratch;
	struct buf b;

	buf_init(&b, 0);
	buf_chr(&b, '<');
	address_to_aor(&b, a, from);
	o->aor = knows_its_users(g, from->domain) ? (uint32_t)b.n : 0;
	buf_reset(&b);
	buf_chr(&b, '<');
	address_to_sip(&b, a, from);
	buf_chr(&b, '>');
	o->from = arena_slice(a, buf_slice(&b));
	if (m->thread.n) {
		buf_reset(&b);
		callid_from_thread(&b, m->thread);
		o->call_id = arena_slice(a, buf_slice(&b));
	}
	buf_done(&b);
	o->deadline_ms = gateway_now(g) + DEADLINE_MS;
	o->subject = m->subject;
	o->lang = m->lang;
	o->body = m->body;
	o->dated = m->dated;
	o->date_ms = m->date_ms;
	o->contact_domain = from->domain;
	o->xmpp_from = xml_attr(e, SL("from"));
	o->xmpp_to = xml_attr(e, SL("to"));
	o->id = xml_attr(e, SL("id"));
}

static struct target *target_of(struct gateway *g, const struct jid *to)
{
	buf_reset(&g->uri);
	address_to_sip(&g->uri, &g->scratch, to);
	return target_find_or_new(g, buf_slice(&g->uri), to->domain);
}

void tosip_message(
	struct gateway *g, const struct xml_elem *e, const struct jid *from, const struct jid *to)
{
	struct arena *a = &g->scratch;
	struct slice user = jid_bare(a, to), contact = jid_bare(a, from);
	struct outgoing o = {0};
	struct message_out m;

	switch (message_out_read(&m, a, e)) {
	case MESSAGE_CONSUME:
		return;
	case MESSAGE_BOUNCE:
		bounce(g, e, from, to, m.cond, m.text);
		return;
	case MESSAGE_SEND:
		break;
	}
	if (g->draining || !g->snapshot) {
		bounce(g, e, from, to, STANZA_RESOURCE_CONSTRAINT,
			"the gateway is not taking messages now");
		return;
	}
	if (!permitted(g, e, from, to, user, contact))
		return;
	if (!to->local.p) {
		bounce(g, e, from, to, STANZA_SERVICE_UNAVAILABLE, "no user is named");
		return;
	}
	metric_add(M_XMPP_MESSAGES_IN, 1);
	bodies_note(g->bodies, BODIES_TO_SIP, contact, user, from->domain, m.subject, m.body);
	describe(g, &o, e, &m, from);
	o.open = from_federated(g, from->domain);
	o.authorized = o.open || invites_has(g->invites, user, contact, gateway_wall(g));
	if (!target_put(target_of(g, to), &o))
		bounce(g, e, from, to, STANZA_RESOURCE_CONSTRAINT,
			"too many messages are waiting for this user");
}

bool tosip_notice(
	struct gateway *g, const struct jid *contact, const struct jid *user, struct slice text)
{
	struct outgoing o = {.notice = true, .body = text, .contact_domain = contact->domain};
	struct arena *a = &g->scratch;
	struct buf b;

	buf_init(&b, 0);
	buf_chr(&b, '<');
	address_to_sip(&b, a, contact);
	buf_chr(&b, '>');
	o.from = arena_slice(a, buf_slice(&b));
	buf_done(&b);
	o.deadline_ms = gateway_now(g) + DEADLINE_MS;
	return target_put(target_of(g, user), &o);
}

/* ---- life ---- */

void tosip_init(struct gateway *g)
{
	table_init(&g->targets);
	table_init(&g->pacers);
	table_init(&g->stakes);
	cseq_init(&g->cseq, 65536);
}

void tosip_done(struct gateway *g)
{
	table_each(&g->targets, it) {
		struct target *t = container_of(it, struct target, node);

		while (t->n)
			target_pop(t);
		target_free(t);
	}
	table_each(&g->pacers, it) {
		struct pacer *p = container_of(it, struct pacer, node);

		loop_timer_stop(&p->timer);
		table_remove(&g->pacers, it);
		free(p);
	}
	table_done(&g->targets);
	table_done(&g->pacers);
	table_done(&g->stakes);
	cseq_done(&g->cseq);
}
