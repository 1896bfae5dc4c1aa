#include "sip/dialog.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "sip/dialog_ways.h"
#include "sip/trans.h"

/* What a dialog knows. What it does when is in dialog_state.c. */

struct sip_dialog {
	uint8_t state;
	bool calling;
	bool early_routes;          /* its route set is that of a 1xx (13.2.2.4) */
	bool new_routes;            /* the peer's Record-Route counts each time */
	bool invite_in, invite_out; /* not answered yet */
	bool has_local, has_remote; /* numbers */
	uint32_t local_seq, remote_seq;
	uint32_t invite_seq; /* of our last INVITE, for its ACK */
	struct slice call_id, local_tag, remote_tag, local, remote; /* in one block */
	struct slice target;                                        /* a URI */
	/*
	 * The route set as it came, in the order of Route; absent: none. Its first, where that is a
	 * strict router, is the Request-URI instead, and the target stands behind the others in
	 * all.
	 */
	struct slice routes, strict, all;
	uint64_t due_again, due_end;
	unsigned interval;
};

/* ---- texts ---- */

static struct slice keep(struct slice s)
{
	return s.p ? slice_make(slice_dup(s), s.n) : SL_NONE;
}

static void drop(struct slice *s)
{
	free((char *)s->p);
	*s = SL_NONE;
}

static struct slice kept(struct buf *b)
{
	struct slice s = keep(buf_slice(b));

	buf_done(b);
	return s;
}

/* ---- the way (12.2.1.1) ---- */

/* The first route as a Request-URI. */
static struct slice strict_of(struct slice route)
{
	struct buf b = {0};
	struct sip_addr a;
	int bad = sip_addr_parse(route, &a);

	assert(bad == 0);
	dialog_add_clean(&b, a.uri);
	return kept(&b);
}

static void set_target(struct sip_dialog *d, struct slice uri)
{
	struct sip_uri u;
	struct slice method;
	struct buf b = {0};
	int bad = sip_uri_parse(uri, &u);

	assert(bad == 0);
	if (u.headers.p || sip_uri_param(&u, "method", &method))
		dialog_add_clean(&b, u);
	else
		buf_slice_add(&b, uri); /* byte for byte */
	drop(&d->target);
	d->target = kept(&b);
}

/* After each change of the two. */
static void find_way(struct sip_dialog *d)
{
	struct buf b = {0};

	drop(&d->all);
	if (!d->strict.p)
		return;
	buf_slice_add(&b, d->routes);
	buf_printf(&b, "%s<%.*s>", d->routes.n ? ", " : "", SLARG(d->target));
	d->all = kept(&b);
}

/* ---- what a message says of it ---- */

static void take_routes(struct sip_dialog *d, const struct dialog_ways *w)
{
	bool strict = w->n && !dialog_is_loose(w->routes[0]);
	struct buf b = {0};

	drop(&d->routes);
	drop(&d->strict);
	if (strict)
		d->strict = strict_of(w->routes[0]);
	for (unsigned i = strict; i < w->n; i++) {
		buf_str(&b, b.n ? ", " : "");
		buf_slice_add(&b, w->routes[i]);
	}
	if (b.n)
		d->routes = kept(&b);
	buf_done(&b);
}

static bool updates_routes(const struct sip_msg *m)
{
	return sip_msg_has(m, SIP_H_SUPPORTED, "ms-dialog-route-set-update");
}

/* A From or To without what belongs to the field: as "<uri>" with its display name. */
static void add_address(
	struct buf *out, const struct sip_msg *m, enum sip_header h, const struct sip_addr *a)
{
	struct slice value = sip_msg_get(m, h);

	if (!a->bracketed)
		buf_printf(out, "<%.*s>", SLARG(a->uri.text));
	else
		buf_add(out, value.p, (size_t)(a->uri.text.p + a->uri.text.n + 1 - value.p));
}

/* COMPAT: Lync tells the devices of a user apart by it; RFC 3261 lets it stand there. */
static void add_epid(struct buf *out, const struct sip_addr *a)
{
	struct slice epid;

	if (sip_param_get(a->params, "epid", &epid) && sip_is_token(epid))
		buf_printf(out, ";epid=%.*s", SLARG(epid));
}

/* ---- life ---- */

static struct slice put(char **at, struct slice s)
{
	struct slice kept = s;

	if (!s.p)
		return s;
	memcpy(*at, s.p, s.n);
	kept.p = *at;
	*at += s.n;
	return kept;
}

/* What never changes. */
static struct sip_dialog *dialog_new(struct slice call_id, struct slice local_tag,
	struct slice remote_tag, struct slice local, struct slice remote)
{
	size_t n = call_id.n + local_tag.n + remote_tag.n + local.n + remote.n;
	struct sip_dialog *d = xzalloc(sizeof *d + n);
	char *at = (char *)(d + 1);

	d->call_id = put(&at, call_id);
	d->local_tag = put(&at, local_tag);
	d->remote_tag = put(&at, remote_tag);
	d->local = put(&at, local);
	d->remote = put(&at, remote);
	d->due_again = d->due_end = UINT64_MAX;
	return d;
}

unsigned sip_dialog_new_called(struct sip_dialog **ret, const struct sip_msg *invite,
	struct slice local_tag, const char **ret_reason)
{
	struct buf local = {0}, remote = {0};
	struct dialog_ways w;
	struct sip_dialog *d;
	const char *bad = dialog_read_target(invite, &w.target);

	if (!bad && !w.target.p)
		bad = "Missing Contact"; /* 8.1.1.8 */
	if (!bad)
		bad = dialog_read_routes(invite, false, &w);
	if (bad) {
		*ret_reason = bad;
		return 400;
	}
	add_address(&local, invite, SIP_H_TO, &invite->to);
	add_address(&remote, invite, SIP_H_FROM, &invite->from);
	add_epid(&remote, &invite->from);
	d = dialog_new(invite->call_id, local_tag, invite->from.tag, buf_slice(&local),
		buf_slice(&remote));
	buf_done(&local);
	buf_done(&remote);
	d->invite_in = d->has_remote = true;
	d->remote_seq = invite->cseq;
	d->new_routes = updates_routes(invite);
	set_target(d, w.target);
	take_routes(d, &w);
	find_way(d);
	*ret = d;
	return 0;
}

/* Each time it was asked for credentials it has got one more (22.2). */
static uint32_t number_of(const struct sip_spec *invite, const struct sip_msg *response)
{
	enum { TIMES = 16 };
	uint32_t first = invite->cseq ? invite->cseq : 1;

	return response->cseq - first < TIMES ? response->cseq : first;
}

int sip_dialog_new_calling(
	struct sip_dialog **ret, const struct sip_spec *invite, const struct sip_msg *response)
{
	struct buf remote = {0};
	struct dialog_ways w;
	struct sip_dialog *d;

	assert(invite->call_id.p && invite->from_tag.p);
	if (!response->to.tag.p || dialog_read_target(response, &w.target) ||
		dialog_read_routes(response, true, &w))
		return -1;
	buf_slice_add(&remote, invite->to);
	add_epid(&remote, &response->to);
	d = dialog_new(invite->call_id, invite->from_tag, response->to.tag, invite->from,
		buf_slice(&remote));
	buf_done(&remote);
	d->calling = d->invite_out = d->has_local = true;
	d->early_routes = response->status < 200;
	d->new_routes = updates_routes(response);
	d->local_seq = d->invite_seq = number_of(invite, response);
	set_target(d, w.target.p ? w.target : invite->ruri); /* a 1xx may leave it out */
	take_routes(d, &w);
	find_way(d);
	*ret = d;
	return 0;
}

void sip_dialog_free(struct sip_dialog *d)
{
	if (!d)
		return;
	drop(&d->routes);
	drop(&d->strict);
	drop(&d->all);
	drop(&d->target);
	free(d);
}

size_t sip_dialog_bytes(const struct sip_dialog *d)
{
	return sizeof *d + d->call_id.n + d->local_tag.n + d->remote_tag.n + d->local.n +
	       d->remote.n + d->target.n + d->routes.n + d->strict.n + d->all.n;
}

struct slice sip_dialog_call_id(const struct sip_dialog *d)
{
	return d->call_id;
}

struct slice sip_dialog_target(const struct sip_dialog *d)
{
	return d->target;
}

enum sip_dialog_state sip_dialog_state(const struct sip_dialog *d)
{
	return d->state;
}

/* ---- identity ---- */

static struct slice tag_of(struct slice tag)
{
	return tag.p ? tag : SL(""); /* 12.1.1: none is a tag of its own, of RFC 2543 */
}

bool sip_dialog_has(const struct sip_dialog *d, const struct sip_msg *m)
{
	struct slice local = tag_of(m->request ? m->to.tag : m->from.tag),
		     remote = tag_of(m->request ? m->from.tag : m->to.tag);

	return slice_eq(d->call_id, m->call_id) && slice_eq(tag_of(d->local_tag), local) &&
	       slice_eq(tag_of(d->remote_tag), remote);
}

static uint64_t id_of(struct slice call_id, struct slice local, struct slice remote)
{
	struct buf b = {0};
	uint64_t id;

	buf_printf(&b, "%zu %zu ", call_id.n, local.n);
	buf_slice_add(&b, call_id);
	buf_slice_add(&b, local);
	buf_slice_add(&b, remote);
	id = hash_bytes(buf_slice(&b));
	buf_done(&b);
	return id;
}

uint64_t sip_dialog_id(const struct sip_dialog *d)
{
	return id_of(d->call_id, tag_of(d->local_tag), tag_of(d->remote_tag));
}

uint64_t sip_dialog_id_of(const struct sip_msg *m)
{
	return id_of(m->call_id, tag_of(m->request ? m->to.tag : m->from.tag),
		tag_of(m->request ? m->from.tag : m->to.tag));
}

/* ---- events ---- */

static void set_timers(struct sip_dialog *d, unsigned actions, uint64_t now)
{
	if (actions & SIP_DIALOG_START) {
		d->interval = SIP_T1;
		d->due_again = now + SIP_T1;
		d->due_end = now + SIP_64_T1;
	}
	if (actions & SIP_DIALOG_SEND_2XX) {
		d->interval = d->interval * 2 < SIP_T2 ? d->interval * 2 : SIP_T2;
		d->due_again = now + d->interval;
	}
	if (actions & SIP_DIALOG_STOP)
		d->due_again = d->due_end = UINT64_MAX;
}

/* Whose INVITE it was that has its answer now. */
static void answered(struct sip_dialog *d, enum sip_dialog_event event)
{
	if (event == SIP_DIALOG_SAID_2XX)
		d->invite_in = false;
	if (event == SIP_DIALOG_HEARD_2XX)
		d->invite_out = false;
	if (event == SIP_DIALOG_REFUSED)
		d->invite_in = d->invite_out = false;
}

unsigned sip_dialog_event(struct sip_dialog *d, enum sip_dialog_event event, uint64_t now_ms)
{
	const struct sip_dialog_step *step = &sip_dialog_steps[d->state][event];

	assert(!(step->actions & SIP_DIALOG_CANNOT_HAPPEN));
	answered(d, event);
	set_timers(d, step->actions, now_ms);
	d->state = step->next;
	return step->actions & ~(unsigned)(SIP_DIALOG_START | SIP_DIALOG_STOP);
}

uint64_t sip_dialog_deadline(const struct sip_dialog *d)
{
	return d->due_again < d->due_end ? d->due_again : d->due_end;
}

unsigned sip_dialog_tick(struct sip_dialog *d, uint64_t now_ms)
{
	if (d->due_end <= now_ms)
		return sip_dialog_event(d, SIP_DIALOG_NO_ACK, now_ms);
	if (d->due_again <= now_ms)
		return sip_dialog_event(d, SIP_DIALOG_AGAIN, now_ms);
	return 0;
}

/* ---- requests ---- */

unsigned sip_dialog_take(struct sip_dialog *d, const struct sip_msg *m, const char **ret_reason)
{
	*ret_reason = sip_reason(481);
	if (d->state == SIP_DIALOG_ENDED)
		return 481;
	*ret_reason = "CSeq Out Of Order";
	if (d->has_remote && m->cseq <= d->remote_seq) /* the same number is one we have had */
		return 500;
	d->has_remote = true;
	d->remote_seq = m->cseq;
	if (m->method != SIP_INVITE)
		return 0;
	*ret_reason = "Another INVITE Is Pending";
	if (d->invite_in)
		return 500; /* 14.2 */
	*ret_reason = sip_reason(491);
	if (d->invite_out)
		return 491;
	d->invite_in = true;
	return 0;
}

int sip_dialog_refresh(struct sip_dialog *d, const struct sip_msg *m)
{
	bool updates = d->new_routes || updates_routes(m), routes;
	struct dialog_ways w;

	routes = (d->early_routes && !m->request && m->status >= 200) ||
		 (updates && m->first[SIP_H_RECORD_ROUTE]);
	if (dialog_read_target(m, &w.target) || (routes && dialog_read_routes(m, !m->request, &w)))
		return -1;
	d->new_routes = updates;
	if (w.target.p)
		set_target(d, w.target);
	if (routes) {
		take_routes(d, &w);
		d->early_routes = false;
	}
	find_way(d);
	return 0;
}

void sip_dialog_reroute(struct sip_dialog *d, const struct sip_msg *m)
{
	struct dialog_ways w;

	d->new_routes = d->new_routes || updates_routes(m);
	if (!d->new_routes || !m->first[SIP_H_RECORD_ROUTE] || dialog_read_routes(m, false, &w))
		return;
	take_routes(d, &w);
	find_way(d);
}

/* 12.2.1.1: one more than the last; the first is any below 2^31. */
uint32_t sip_dialog_next_cseq(struct sip_dialog *d, enum sip_method method)
{
	if (method == SIP_ACK)
		return d->invite_seq;
	d->local_seq = d->has_local ? d->local_seq + 1 : 1;
	d->has_local = true;
	if (method == SIP_INVITE) {
		d->invite_seq = d->local_seq;
		d->invite_out = true;
	}
	return d->local_seq;
}

void sip_dialog_request(struct sip_dialog *d, enum sip_method method, struct sip_spec *ret,
	struct sip_out *ret_route)
{
	struct slice route = d->strict.p ? d->all : d->routes;

	assert(method != SIP_CANCEL);
	*ret_route = (struct sip_out){SL("Route"), route};
	*ret = (struct sip_spec){
		.method = method,
		.ruri = d->strict.p ? d->strict : d->target,
		.from = d->local,
		.to = d->remote,
		.from_tag = d->local_tag,
		.to_tag = d->remote_tag,
		.call_id = d->call_id,
		.cseq = sip_dialog_next_cseq(d, method),
		.fields = ret_route,
		.n_fields = route.p ? 1 : 0,
		.dialog = d,
	};
}

size_t sip_dialog_echo(const struct sip_msg *invite, struct sip_out *ret, size_t max)
{
	size_t n = 0;

	for (uint16_t i = invite->first[SIP_H_RECORD_ROUTE]; i && n < max;
		i = invite->fields[i - 1].next)
		ret[n++] = (struct sip_out){SL("Record-Route"), invite->fields[i - 1].value};
	return n;
}
