#include "sip/dialog.h"

#include <assert.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "sip/trans.h"

/* What a dialog knows. What it does when is in dialog_state.c. */

enum { ROUTES_MAX = 32 }; /* of a route set; 70 hops are the most there can be */

struct sip_dialog {
	uint8_t state;
	bool calling;
	bool early_routes;          /* its route set is that of a 1xx (13.2.2.4) */
	bool new_routes;            /* the peer's Record-Route counts each time */
	bool invite_in, invite_out; /* not answered yet */
	bool has_local, has_remote; /* numbers */
	uint32_t local_seq, remote_seq;
	uint32_t invite_seq; /* of our last INVITE, for its ACK */
	struct slice call_id, local_tag, remote_tag, local, remote;
	struct slice target; /* a URI */
	unsigned n_routes;
	struct slice routes[ROUTES_MAX]; /* as they came, in the order of Route */
	struct slice ruri, route;        /* made of these */
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

static bool is_loose(struct slice route)
{
	struct sip_addr a;
	struct slice lr;

	return sip_addr_parse(route, &a) == 0 && sip_uri_param(&a.uri, "lr", &lr);
}

/* Without what may not stand in a Request-URI, nor in a Contact within a dialog (19.1.1). */
static void add_clean(struct buf *out, struct sip_uri u)
{
	struct buf params = {0};
	struct slice rest = u.params, one;

	while (rest.n) {
		one = slice_cut(rest, slice_find(rest, ';'));
		rest = slice_from(rest, one.n + 1);
		if (slice_istarts(one, SL("method=")))
			continue;
		buf_str(&params, params.n ? ";" : "");
		buf_slice_add(&params, one);
	}
	u.params = params.n ? buf_slice(&params) : SL_NONE;
	u.headers = SL_NONE;
	sip_uri_print(out, &u);
	buf_done(&params);
}

/* The first route as a Request-URI. */
static void add_strict(struct buf *out, struct slice route)
{
	struct sip_addr a;
	int bad = sip_addr_parse(route, &a);

	assert(bad == 0);
	add_clean(out, a.uri);
}

static void set_target(struct sip_dialog *d, struct slice uri)
{
	struct sip_uri u;
	struct slice method;
	struct buf b = {0};
	int bad = sip_uri_parse(uri, &u);

	assert(bad == 0);
	if (u.headers.p || sip_uri_param(&u, "method", &method))
		add_clean(&b, u);
	else
		buf_slice_add(&b, uri); /* byte for byte */
	drop(&d->target);
	d->target = kept(&b);
}

static void find_way(struct sip_dialog *d)
{
	bool strict = d->n_routes && !is_loose(d->routes[0]);
	struct buf ruri = {0}, route = {0};

	for (unsigned i = strict; i < d->n_routes; i++) {
		buf_str(&route, route.n ? ", " : "");
		buf_slice_add(&route, d->routes[i]);
	}
	if (strict) {
		add_strict(&ruri, d->routes[0]);
		buf_printf(&route, "%s<%.*s>", route.n ? ", " : "", SLARG(d->target));
	} else {
		buf_slice_add(&ruri, d->target);
	}
	drop(&d->ruri);
	drop(&d->route);
	d->ruri = kept(&ruri);
	if (route.n)
		d->route = kept(&route);
	buf_done(&route);
}

/* ---- what a message says of it ---- */

/* What is read of one before anything is changed. */
struct ways {
	struct slice target; /* absent: no Contact */
	unsigned n;
	struct slice routes[ROUTES_MAX];
};

static const char *read_target(const struct sip_msg *m, struct slice *ret)
{
	struct sip_items it = sip_msg_items(m, SIP_H_CONTACT);
	struct slice item, second;
	struct sip_addr a;

	*ret = SL_NONE;
	if (!m->first[SIP_H_CONTACT])
		return NULL;
	if (sip_items_next(&it, &item) != 1 || sip_items_next(&it, &second) != 0 ||
		sip_addr_parse(item, &a) < 0 || a.uri.scheme != SIP_SCHEME_SIP)
		return "Bad Contact";
	*ret = a.uri.text;
	return NULL;
}

static const char *read_routes(const struct sip_msg *m, bool reversed, struct ways *w)
{
	struct sip_items it = sip_msg_items(m, SIP_H_RECORD_ROUTE);
	struct slice item;
	struct sip_addr a;
	int more;

	w->n = 0;
	while ((more = sip_items_next(&it, &item)) > 0) {
		if (sip_addr_parse(item, &a) < 0 || w->n == ROUTES_MAX)
			return "Bad Record-Route";
		w->routes[w->n++] = item;
	}
	for (unsigned i = 0; reversed && i < w->n / 2; i++) {
		item = w->routes[i];
		w->routes[i] = w->routes[w->n - 1 - i];
		w->routes[w->n - 1 - i] = item;
	}
	return more ? "Bad Record-Route" : NULL;
}

static void take_routes(struct sip_dialog *d, const struct ways *w)
{
	for (unsigned i = 0; i < d->n_routes; i++)
		drop(&d->routes[i]);
	d->n_routes = w->n;
	for (unsigned i = 0; i < w->n; i++)
		d->routes[i] = keep(w->routes[i]);
}

static bool updates_routes(const struct sip_msg *m)
{
	return sip_msg_has(m, SIP_H_SUPPORTED, "ms-dialog-route-set-update");
}

/* A From or To without what belongs to the field: as "<uri>" with its display name. */
static struct slice address_of(const struct sip_msg *m, enum sip_header h, const struct sip_addr *a)
{
	struct slice value = sip_msg_get(m, h);
	struct buf b = {0};

	if (!a->bracketed)
		buf_printf(&b, "<%.*s>", SLARG(a->uri.text));
	else
		buf_add(&b, value.p, (size_t)(a->uri.text.p + a->uri.text.n + 1 - value.p));
	return kept(&b);
}

/* ---- life ---- */

static struct sip_dialog *dialog_new(void)
{
	struct sip_dialog *d = xzalloc(sizeof *d);

	d->due_again = d->due_end = UINT64_MAX;
	return d;
}

unsigned sip_dialog_new_called(struct sip_dialog **ret, const struct sip_msg *invite,
	struct slice local_tag, const char **ret_reason)
{
	struct ways w;
	struct sip_dialog *d;
	const char *bad = read_target(invite, &w.target);

	if (!bad && !w.target.p)
		bad = "Missing Contact"; /* 8.1.1.8 */
	if (!bad)
		bad = read_routes(invite, false, &w);
	if (bad) {
		*ret_reason = bad;
		return 400;
	}
	d = dialog_new();
	d->invite_in = d->has_remote = true;
	d->remote_seq = invite->cseq;
	d->new_routes = updates_routes(invite);
	d->call_id = keep(invite->call_id);
	d->local_tag = keep(local_tag);
	d->remote_tag = keep(invite->from.tag);
	d->local = address_of(invite, SIP_H_TO, &invite->to);
	d->remote = address_of(invite, SIP_H_FROM, &invite->from);
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
	struct ways w;
	struct sip_dialog *d;

	assert(invite->call_id.p && invite->from_tag.p);
	if (!response->to.tag.p || read_target(response, &w.target) ||
		read_routes(response, true, &w))
		return -1;
	d = dialog_new();
	d->calling = d->invite_out = d->has_local = true;
	d->early_routes = response->status < 200;
	d->new_routes = updates_routes(response);
	d->local_seq = d->invite_seq = number_of(invite, response);
	d->call_id = keep(invite->call_id);
	d->local_tag = keep(invite->from_tag);
	d->remote_tag = keep(response->to.tag);
	d->local = keep(invite->from);
	d->remote = keep(invite->to);
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
	take_routes(d, &(struct ways){0});
	drop(&d->call_id);
	drop(&d->local_tag);
	drop(&d->remote_tag);
	drop(&d->local);
	drop(&d->remote);
	drop(&d->target);
	drop(&d->ruri);
	drop(&d->route);
	free(d);
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
	struct ways w;

	routes = (d->early_routes && !m->request && m->status >= 200) ||
		 (updates && m->first[SIP_H_RECORD_ROUTE]);
	if (read_target(m, &w.target) || (routes && read_routes(m, !m->request, &w)))
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
	assert(method != SIP_CANCEL);
	*ret_route = (struct sip_out){SL("Route"), d->route};
	*ret = (struct sip_spec){
		.method = method,
		.ruri = d->ruri,
		.from = d->local,
		.to = d->remote,
		.from_tag = d->local_tag,
		.to_tag = d->remote_tag,
		.call_id = d->call_id,
		.cseq = sip_dialog_next_cseq(d, method),
		.fields = ret_route,
		.n_fields = d->route.p ? 1 : 0,
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
