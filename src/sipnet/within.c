#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "federation/route.h"
#include "sipnet/again.h"
#include "sipnet/credentials.h"
#include "sipnet/flows.h"
#include "sipnet/sipnet_priv.h"

/* Requests within a dialog: by which connection, to which of the route's addresses. */

/* ---- by a connection ---- */

/*
 * May requests go against the direction that it was made in? When he who made it said so (RFC 5923
 * 5), or when he is a server that proved its name: COMPAT: those of Microsoft have one set of
 * connections for both directions, and say nothing.
 */
static bool carries_ours(const struct flow *f, const struct route *r)
{
	if (f->ours || list_linked(&f->usable))
		return true;
	return f->transport == SIP_TLS && f->proven && r->kind != ROUTE_GENERIC;
}

/* Ours was made for a route; theirs is of every route whose peer it proves to be. */
static bool is_of(const struct sipnet *n, const struct flow *f, const struct route *r)
{
	struct sip_hop hop = flow_hop(f);

	if (f->group && strcmp(f->group->name, r->name) == 0)
		return true;
	return sipnet_flow_is_of(n, &hop, r);
}

struct flow *within_flow(const struct sipnet *n, const struct route *r, uint32_t flow)
{
	struct flow *f = flows_get(n, flow);

	if (!f || f->state > FLOW_OPEN || !carries_ours(f, r) || !is_of(n, f, r) ||
		!flow_takes_more(f))
		return NULL;
	return f;
}

/* ---- to an address ---- */

struct endpoint *within_endpoint(const struct target *t, const struct flow *f)
{
	const struct netaddr *to = f->ours || !list_linked(&f->usable) ? &f->peer : &f->alias;
	struct endpoint *host = NULL;

	for (unsigned i = 0; i < t->n; i++) {
		if (t->v[i]->at.transport != f->transport)
			continue;
		if (netaddr_eq(&t->v[i]->at.addr, to))
			return t->v[i];
		if (!host && netaddr_eq_host(&t->v[i]->at.addr, to))
			host = t->v[i];
	}
	return host;
}

/* The URI of the first Route, or of the remote target, which has no brackets. */
static int read_next(struct slice next, struct sip_addr *ret)
{
	struct slice first;

	if (!next.n || sip_list_next(&next, &first) != 1)
		return -1;
	return sip_addr_parse(first, ret);
}

static bool is_named(const struct endpoint *e, const struct sip_uri *u)
{
	char host[256], found[256];
	struct slice name = sipnet_plain_host(u->host, host, sizeof host);
	struct netaddr a;

	if (netaddr_parse_host(&a, name, 0) == 0)
		return netaddr_eq_host(&a, &e->at.addr);
	return name.n &&
	       slice_eq(sipnet_plain_host(slice_of(e->at.host), found, sizeof found), name);
}

/* Of several at that address or of that name the one with the port, too; else the first. */
struct endpoint *within_named(const struct target *t, struct slice next)
{
	struct endpoint *first = NULL;
	struct sip_addr a;

	if (read_next(next, &a) < 0)
		return NULL;
	for (unsigned i = 0; i < t->n; i++) {
		struct endpoint *e = t->v[i];

		if (!is_named(e, &a.uri))
			continue;
		if (a.uri.port && a.uri.port == netaddr_port(&e->at.addr))
			return e;
		first = first ? first : e;
	}
	return first;
}

static struct endpoint *named(const struct sipnet *n, const struct route *route, struct slice next)
{
	const struct target *t = sipnet_target(n, slice_of(route->name));

	return t ? within_named(t, next) : NULL;
}

/* ---- requests ---- */

struct sipnet_call *sipnet_within(struct sipnet *n, const struct route *route,
	const struct sipnet_way *way, struct slice next, const struct sip_spec *spec,
	unsigned timeout_ms, sip_done *done, void *arg)
{
	struct sipnet_call *c = sipnet_call_new(n, route, spec, timeout_ms, done, arg);
	const struct endpoint *e = NULL;

	c->within = true;
	c->flow = way ? way->flow : 0;
	if (!within_flow(n, route, c->flow))
		e = named(n, route, next);
	c->named = e ? e->id : 0;
	sipnet_call_begin(c, spec);
	return c;
}

static struct endpoint *ack_endpoint(
	const struct target *t, const struct flow *f, struct slice next)
{
	struct endpoint *e = f ? within_endpoint(t, f) : within_named(t, next);

	return e || f ? e : target_choose(t, NULL, 0, rand_u64());
}

static bool ack_hop(struct sipnet *n, const struct target *t, const struct flow *f,
	const struct endpoint *e, struct sip_hop *ret)
{
	if (f)
		*ret = flow_hop(f);
	return f || (e && sipnet_hop_to(n, t->route, (enum sip_transport)e->at.transport,
				  &e->at.addr, ret));
}

/* 13.2.2.4: with the credentials that its INVITE had. */
static void send_ack_as(struct sipnet *n, struct endpoint *e, const struct sip_hop *hop,
	const struct sip_spec *spec)
{
	struct sipnet_call c = {.net = n, .again = again_new(spec, SL_NONE, SL_NONE)};
	struct buf lines = {0};

	c.again->spec.method = SIP_INVITE;
	credentials_put(&c, e, &lines);
	c.again->spec.method = SIP_ACK;
	sip_stack_ack(n->stack, hop, &c.again->spec);
	credentials_wipe(&lines);
	free(c.again);
}

/* Nobody answers it: what could not be sent is asked for by the same 2xx once more. */
void sipnet_ack(struct sipnet *n, const struct route *route, const struct sipnet_way *way,
	struct slice next, const struct sip_spec *spec)
{
	struct flow *f = way ? within_flow(n, route, way->flow) : NULL;
	struct target *t = sipnet_target(n, slice_of(route->name));
	struct endpoint *e = t ? ack_endpoint(t, f, next) : NULL;
	struct sip_hop hop;

	assert(spec->method == SIP_ACK);
	if (!t || !ack_hop(n, t, f, e, &hop))
		return;
	if (e && t->route->digest_user)
		send_ack_as(n, e, &hop, spec);
	else
		sip_stack_ack(n->stack, &hop, spec);
	sipnet_touched(n);
}

/* ---- our Contact ---- */

static enum sip_transport transport_of(const struct target *t)
{
	static const enum sip_transport of[] = {[ROUTE_UDP] = SIP_UDP,
		[ROUTE_TCP] = SIP_TCP,
		[ROUTE_TLS] = SIP_TLS,
		[ROUTE_LOCATED] = SIP_TLS};

	return t->n ? (enum sip_transport)t->v[0]->at.transport : of[t->route->transport];
}

/* Of those that listen, else of those that do not; the last, where there is none. */
static const struct sender *any_sender(const struct sipnet *n, enum sip_transport t)
{
	unsigned i = 0;

	while (i + 1 < n->n_senders && n->sender[i].transport != t)
		i++;
	return &n->sender[i];
}

/* A connection of ours is made from the listener's address, if there is one that fits. */
static const struct sender *contact_sender(
	const struct sipnet *n, const struct route *route, const struct sipnet_way *way)
{
	const struct flow *f = way ? flows_get(n, way->flow) : NULL;
	const struct target *t = sipnet_target(n, slice_of(route->name));
	const struct sender *s = NULL;

	if (f && !n->sender[f->socket].silent)
		return &n->sender[f->socket];
	if (!f && t && t->n)
		s = sipnet_sender_for(n, transport_of(t), &t->v[0]->at.addr);
	if (s && !s->silent)
		return s;
	return any_sender(n, f ? (enum sip_transport)f->transport : t ? transport_of(t) : SIP_TLS);
}

bool sipnet_contact(
	struct sipnet *n, const struct route *route, const struct sipnet_way *way, struct buf *out)
{
	const struct sender *s = contact_sender(n, route, way);
	static const char *const transport[] = {
		[SIP_UDP] = "", [SIP_TCP] = ";transport=tcp", [SIP_TLS] = ";transport=tls"};

	if (!n->contact_host)
		buf_printf(out, "<sip:%s%s>", s->sent_by, transport[s->transport]);
	else if (s->silent)
		buf_printf(out, "<sip:%s%s>", n->contact_host, transport[s->transport]);
	else
		buf_printf(out, "<sip:%s:%u%s>", n->contact_host, netaddr_port(&s->addr),
			transport[s->transport]);
	return !s->silent;
}
