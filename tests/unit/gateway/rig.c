#include "rig.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "federation/snapshot.h"
#include "loop/loop.h"
#include "sipnet/sipnet.h"
#include "xml/reader.h"
#include "xmpp/stanza.h"

enum { START_MS = 1000 };

/* ---- the settings ---- */

static void set(struct object *o, const char *name, const char *value)
{
	struct err e;

	if (value && object_set(o, slice_of(name), slice_of(value), &e) < 0) {
		fprintf(stderr, "%s: %s\n", name, e.text);
		abort();
	}
}

static struct object *copy_of(struct config *c, enum object_kind kind)
{
	return object_copy(config_find(c, kind, SL("global")));
}

static void put_partner(
	struct config *c, const struct rig_options *o, const char *domain, const char *more)
{
	struct object *p = object_new(&partner_class);

	set(p, "domain", domain);
	set(p, "additional_domains", more);
	set(p, "partner_type", o->partner_type ? o->partner_type : "Federated");
	set(p, "enabled", o->partner_off ? "false" : "true");
	config_put(c, p);
}

static const char *route_name(const struct rig_options *o)
{
	return o->route_name ? o->route_name : "main";
}

static void put_local(struct config *c, const struct rig_options *o, const char *domain)
{
	struct object *d = object_new(&local_domain_class);

	set(d, "domain", domain);
	set(d, "route", route_name(o));
	config_put(c, d);
}

static void put_route(struct config *c, const struct rig_options *o, const char *name)
{
	struct object *r = object_new(&route_class);

	set(r, "name", name);
	set(r, "next_hop", "sip:192.0.2.1:5060");
	set(r, "error_wait", o->error_wait);
	set(r, "late_error", o->late_error);
	set(r, "send_rate", o->send_rate);
	set(r, "trust_identity", o->trust_identity);
	set(r, "kind", o->kind);
	set(r, "transport", o->kind ? "tls" : NULL);
	set(r, "message_mode", o->message_mode);
	config_put(c, r);
}

static void put_access(struct config *c, const struct rig_options *o)
{
	struct object *access = copy_of(c, OBJECT_ACCESS), *policy = copy_of(c, OBJECT_POLICY);

	set(access, "allow_federated_users", o->no_federation ? "false" : "true");
	set(policy, "enable_federation_access", "true");
	set(policy, "enable_xmpp_access", o->no_xmpp ? "false" : "true");
	set(policy, "write_invites", o->write_invites ? "true" : "false");
	config_put(c, access);
	config_put(c, policy);
}

void rig_settings(struct rig *r, const struct rig_options *o)
{
	struct config *c = config_new();
	struct snapshot *s;
	struct err e;

	put_route(c, o, route_name(o));
	if (o->other_route)
		put_route(c, o, o->other_route);
	put_local(c, o, "example.net");
	put_local(c, o, "example.org");
	put_local(c, o, "sip.example");
	if (!o->no_partner)
		put_partner(c, o, "example.com", "muc.example.com");
	put_partner(c, o, "xmpp.example", NULL);
	put_access(c, o);
	if (snapshot_build(&s, c, 1, NULL, &e) < 0) {
		fprintf(stderr, "snapshot: %s\n", e.text);
		abort();
	}
	config_free(c);
	snapshot_unref(r->snapshot);
	r->snapshot = s;
	gateway_set_snapshot(r->g, s);
}

/* ---- SIP without a network ---- */

static struct sip_hop next_hop(void)
{
	struct sip_hop h;
	int bad = sip_hop_make(SL("192.0.2.1"), 5060, SIP_UDP, &h);

	assert(bad == 0);
	return h;
}

static uint64_t sip_send(void *arg, const struct sip_hop *to, struct slice bytes)
{
	struct rig *r = arg;
	struct rig_sip *s = &r->sip[r->n_sip++];

	assert(r->n_sip < RIG_MAX);
	s->text = arena_dup(&r->arena, bytes);
	s->m = arena_zalloc(&r->arena, sizeof *s->m);
	if (sip_msg_parse(s->m, arena_dup(&r->arena, bytes), bytes.n) != SIP_GOOD) {
		fprintf(stderr, "not SIP: %s\n", s->text);
		abort();
	}
	return 0;
}

static struct sip_verdict sip_admit(
	void *arg, const struct sip_msg *m, const struct sip_hop *from, void *ctx)
{
	return (struct sip_verdict){0};
}

static void sip_request(void *arg, struct sip_server *txn, const struct sip_msg *m,
	const struct sip_hop *from, void *ctx)
{
	const struct sipnet_way way = {from->flow};
	struct rig *r = arg;

	if (r->invited && m->method == SIP_INVITE && !m->to.tag.p)
		r->invited(r, txn, m, rig_route(r), &way);
	else
		gateway_request(r->g, txn, m, rig_route(r), &way);
}

static void sip_invite(void *arg, struct sip_server *txn, enum sip_invite_event event)
{
	struct rig *r = arg;

	gateway_invite(r->g, txn, event);
}

static void sip_ack(void *arg, struct sip_server *txn, const struct sip_msg *m,
	const struct sip_hop *from, void *ctx)
{
	struct rig *r = arg;

	gateway_ack(r->g, m, rig_route(r));
}

static void sip_options(
	void *arg, const struct sip_msg *m, const struct sip_hop *from, void *ctx, struct buf *sdp)
{
	struct rig *r = arg;

	gateway_options(r->g, m, rig_route(r), &(struct sipnet_way){from->flow}, sdp);
}

static void sip_random(void *arg, void *p, size_t n)
{
	struct rig *r = arg;

	for (size_t i = 0; i < n; i++) {
		r->random = r->random * 1664525 + 1013904223;
		((unsigned char *)p)[i] = (unsigned char)(r->random >> 16);
	}
}

static const struct sip_stack_ops stack_ops = {.send = sip_send,
	.admit = sip_admit,
	.request = sip_request,
	.random = sip_random,
	.invite = sip_invite,
	.ack = sip_ack,
	.options = sip_options};

/* ---- what the gateway asks ---- */

static bool take_down(void *arg, struct link_down *d)
{
	struct rig *r = arg;

	if (r->no_credit) {
		d->fate = LINK_UNSENT;
		d->reason = LINK_R_QUEUE_FULL;
		return false;
	}
	assert(r->n_xml < RIG_MAX && r->n_down < RIG_MAX);
	assert(d->deadline_ms > rig_now(r));
	r->xml[r->n_xml++] = arena_dup(&r->arena, d->xml);
	if (d->fate_id)
		r->down[r->n_down++] = d;
	else
		link_down_free(d);
	return true;
}

static void up_done(void *arg, struct link_up *up)
{
	struct rig *r = arg;

	r->n_up_done++;
	arena_done(&up->arena);
	free(up);
}

static void reply(void *arg, struct sip_server *txn, const struct sip_reply *reply)
{
	struct rig *r = arg;

	sip_server_reply(txn, reply, rig_now(r));
}

static void request(void *arg, const struct route *route, const struct sip_spec *spec,
	unsigned timeout_ms, sip_done *done, void *done_arg)
{
	struct rig *r = arg;
	struct sip_hop to = next_hop();

	sip_stack_request(r->stack, &to, spec, timeout_ms, done, done_arg, rig_now(r));
}

static struct sipnet_call *call(struct rig *r, const struct sip_spec *spec, unsigned timeout_ms,
	sip_done *done, void *done_arg)
{
	struct sip_hop to = next_hop();

	return (struct sipnet_call *)sip_stack_request(
		r->stack, &to, spec, timeout_ms, done, done_arg, rig_now(r));
}

static struct sipnet_call *invite(void *arg, const struct route *route, const struct sip_spec *spec,
	unsigned timeout_ms, sip_done *done, void *done_arg)
{
	return call(arg, spec, timeout_ms, done, done_arg);
}

static void cancel(void *arg, struct sipnet_call *invite)
{
	struct rig *r = arg;

	sip_client_cancel((struct sip_client *)invite, rig_now(r));
}

static void note_way(struct rig *r, const struct sipnet_way *way, struct slice next)
{
	r->next = arena_slice(&r->arena, next);
	r->within_flow = way->flow;
}

static struct sipnet_call *within(void *arg, const struct route *route,
	const struct sipnet_way *way, struct slice next, const struct sip_spec *spec,
	unsigned timeout_ms, sip_done *done, void *done_arg)
{
	note_way(arg, way, next);
	return call(arg, spec, timeout_ms, done, done_arg);
}

static void ack(void *arg, const struct route *route, const struct sipnet_way *way,
	struct slice next, const struct sip_spec *spec)
{
	struct rig *r = arg;
	struct sip_hop to = next_hop();

	note_way(r, way, next);
	sip_stack_ack(r->stack, &to, spec);
}

static void contact(
	void *arg, const struct route *route, const struct sipnet_way *way, struct buf *out)
{
	buf_str(out, "<sip:192.0.2.9:5060>");
}

static void id(void *arg, struct buf *out)
{
	struct rig *r = arg;

	sip_stack_id(r->stack, out);
}

static uint64_t wall_ms(void *arg)
{
	struct rig *r = arg;

	return r->wall_ms + rig_now(r) - r->start_ms;
}

static const struct gateway_ops ops = {.send = take_down,
	.up_done = up_done,
	.reply = reply,
	.request = request,
	.wall_ms = wall_ms,
	.invite = invite,
	.cancel = cancel,
	.within = within,
	.ack = ack,
	.contact = contact,
	.id = id};

/* ---- life and time ---- */

void rig_init(struct rig *r, const struct rig_options *o)
{
	static const struct slice sent_by = SL("192.0.2.9:5060");
	const struct gateway_config config = {
		.node = 'a',
		.shard = '0',
		.seed = 7,
		.limits = o->limits,
		.memory = o->memory,
		.worker = o->worker,
		.body_file = o->body_file,
		.body_worker = o->body_worker,
		.body_keep_days = 7,
	};
	struct err e;

	*r = (struct rig){.wall_ms = 1769860800000,
		.start_ms = START_MS,
		.workers = o->worker || o->body_worker};
	r->loop = loop_new_fake("gateway", START_MS);
	r->stack = sip_stack_new(&(struct sip_stack_config){.node = 'a',
					 .shard = '0',
					 .caps = &gateway_caps,
					 .sent_by = &sent_by,
					 .n_sockets = 1,
					 .max_servers = 10000,
					 .max_clients = 10000},
		&stack_ops, r);
	if (gateway_new(&r->g, r->loop, &config, NULL, &e) < 0) {
		fprintf(stderr, "gateway: %s\n", e.text);
		abort();
	}
	gateway_set_ops(r->g, &ops, r);
	rig_settings(r, o);
}

void rig_done(struct rig *r)
{
	sip_stack_free(r->stack);
	gateway_free(r->g);
	for (unsigned i = 0; i < r->n_down; i++)
		link_down_free(r->down[i]);
	snapshot_unref(r->snapshot);
	loop_free(r->loop);
	arena_done(&r->arena);
}

const struct route *rig_route(const struct rig *r)
{
	return snapshot_route(r->snapshot, SL("main"));
}

uint64_t rig_now(const struct rig *r)
{
	return loop_now(r->loop);
}

void rig_advance(struct rig *r, uint64_t ms)
{
	uint64_t end = rig_now(r) + ms;

	for (;;) {
		uint64_t due, now = rig_now(r);

		/* The end of the turn; where there are workers, their mails are for who waits. */
		if (!r->workers)
			loop_turn(r->loop, false);
		due = sip_stack_deadline(r->stack);
		if (due <= now)
			sip_stack_tick(r->stack, now);
		else if (now == end)
			return;
		else
			loop_fake_advance(r->loop, (due < end ? due : end) - now);
	}
}

/* ---- what comes in ---- */

void rig_sip_in(struct rig *r, struct slice datagram)
{
	struct sip_hop from = next_hop();
	char *copy;

	from.flow = r->flow;
	copy = malloc(datagram.n ? datagram.n : 1);

	memcpy(copy, datagram.p, datagram.n);
	sip_stack_rx(r->stack, &from, copy, datagram.n, NULL, rig_now(r));
	free(copy);
}

void rig_message(
	struct rig *r, const char *ruri, const char *from, const char *headers, const char *body)
{
	unsigned n = ++r->random;

	body = body ? body : "x";
	rig_sip_in(r,
		slice_of(arena_printf(&r->arena,
			"MESSAGE %s SIP/2.0\r\nVia: SIP/2.0/UDP "
			"192.0.2.1;branch=z9hG4bK%u\r\nMax-Forwards: 70\r\n"
			"From: %s\r\nTo: <sip:juliet@example.com>\r\nCall-ID: c%u\r\nCSeq: 1 "
			"MESSAGE\r\n%s"
			"Content-Length: %zu\r\n\r\n%s",
			ruri ? ruri : "sip:juliet@example.com", n,
			from ? from : "<sip:romeo@example.net>;tag=1", n,
			headers ? headers : "Content-Type: text/plain\r\n", strlen(body), body)));
}

static void respond(struct rig *r, unsigned i, unsigned status, const char *reason, const char *tag,
	const char *headers, const char *body)
{
	const struct sip_msg *m = r->sip[i].m;
	bool tagged = m->to.tag.p || !tag;

	assert(m->request);
	rig_sip_in(r, slice_of(arena_printf(&r->arena,
			      "SIP/2.0 %u %s\r\nVia: %.*s\r\nFrom: %.*s\r\nTo: "
			      "%.*s%s%s\r\nCall-ID: %.*s\r\n"
			      "CSeq: %u %.*s\r\n%sContent-Length: %zu\r\n\r\n%s",
			      status, reason, SLARG(sip_msg_get(m, SIP_H_VIA)),
			      SLARG(sip_msg_get(m, SIP_H_FROM)), SLARG(sip_msg_get(m, SIP_H_TO)),
			      tagged ? "" : ";tag=", tagged ? "" : tag, SLARG(m->call_id), m->cseq,
			      SLARG(m->method_name), headers, strlen(body), body)));
}

void rig_respond(
	struct rig *r, unsigned i, unsigned status, const char *reason, const char *headers)
{
	respond(r, i, status, reason, "t", headers ? headers : "", "");
}

void rig_answer(struct rig *r, unsigned i, unsigned status, const char *tag, const char *headers,
	const char *body)
{
	respond(r, i, status, sip_reason(status), tag, headers ? headers : "", body ? body : "");
}

void rig_unreachable(struct rig *r)
{
	struct sip_hop to = next_hop();

	for (unsigned i = 0, n = r->n_sip; i < n; i++)
		sip_stack_undelivered(r->stack, &to, slice_of(r->sip[i].text), rig_now(r));
}

unsigned rig_status(const struct rig *r)
{
	return r->n_sip && !r->sip[r->n_sip - 1].m->request ? r->sip[r->n_sip - 1].m->status : 0;
}

unsigned rig_count(const struct rig *r, bool requests)
{
	unsigned n = 0;

	for (unsigned i = 0; i < r->n_sip; i++)
		n += r->sip[i].m->request == requests;
	return n;
}

static struct xml_elem *read_xml(struct slice xml, struct arena *ret_arena)
{
	struct xml_reader *reader = xml_reader_new(&(struct xml_limits){0});
	struct xml_event ev;

	xml_reader_feed(reader, SL("<s xmlns='jabber:server'>"));
	xml_reader_feed(reader, xml);
	if (!xml_reader_next(reader, &ev) || !xml_reader_next(reader, &ev) ||
		ev.type != XML_EVENT_ELEMENT) {
		fprintf(stderr, "not a stanza: %.*s\n", SLARG(xml));
		abort();
	}
	xml_reader_free(reader);
	*ret_arena = ev.arena;
	return ev.elem;
}

void rig_stanza(struct rig *r, const char *xml)
{
	struct link_up *up = xzalloc(sizeof *up);

	up->stanza = read_xml(slice_of(xml), &up->arena);
	up->from_domain = stanza_domain(xml_attr(up->stanza, SL("from")));
	up->to_domain = stanza_domain(xml_attr(up->stanza, SL("to")));
	up->arrived_ms = rig_now(r);
	gateway_link_ops.stanza(r->g, up);
}

void rig_fate(struct rig *r, enum link_fate_kind kind, enum link_reason reason)
{
	struct link_down *d = r->down[0];

	assert(r->n_down > 0);
	memmove(r->down, r->down + 1, --r->n_down * sizeof *r->down);
	d->fate = kind;
	d->reason = reason;
	gateway_link_ops.fate(r->g, d);
}

void rig_lost(struct rig *r, enum link_reason reason, uint64_t fate_id)
{
	gateway_link_ops.lost(r->g, reason, &fate_id, 1);
}

const struct xml_elem *rig_xml(struct rig *r, unsigned i)
{
	struct xml_elem *e, *copy;
	struct arena a;

	assert(i < r->n_xml);
	e = read_xml(slice_of(r->xml[i]), &a);
	copy = xml_copy(&r->arena, e);
	arena_done(&a);
	return copy;
}
