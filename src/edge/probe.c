#include "edge/probe.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "edge/probe_hooks.h"
#include "edge/probe_priv.h"
#include "text/idna.h"

enum { PER_MINUTE_MAX = 600, MINUTE_MS = 60000 };

/* Those of an edge. */
struct probes {
	struct probe_config config;
	struct list list;
	uint64_t begun_ms[PER_MINUTE_MAX]; /* a ring: when the last tests were begun */
	unsigned next;
};

/* ---- limits ---- */

static bool too_many(const struct probes *all, uint64_t now)
{
	unsigned n = all->config.per_minute;
	uint64_t before = all->begun_ms[(all->next + PER_MINUTE_MAX - n) % PER_MINUTE_MAX];

	return before && now < before + MINUTE_MS;
}

static void count(struct probes *all, uint64_t now)
{
	all->begun_ms[all->next] = now;
	all->next = (all->next + 1) % PER_MINUTE_MAX;
}

/* Of one partner, or one of our domains, there is one test at a time. */
static bool same_subject(const struct probe *a, const struct probe *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->partner && b->partner)
		return strcmp(a->partner, b->partner) == 0;
	if (!a->domain_ascii || !b->domain_ascii)
		return strcmp(a->typed, b->typed) == 0;
	return strcmp(a->domain_ascii, b->domain_ascii) == 0;
}

static int may_begin(struct probes *all, const struct probe *p, struct err *err)
{
	const struct edge *e = p->edge;

	if (!e->snapshot || e->draining)
		return err_code(err, ERR_UNAVAILABLE, "test_not_now", NULL,
			"no test can be made now: the service starts or ends");
	list_each(&all->list, it)
		if (same_subject(p, container_of(it, struct probe, node)))
			return err_code(err, ERR_CONFLICT, "test_running", NULL,
				"%s is being tested already; wait for its end", p->typed);
	if (too_many(all, probe_now(p)))
		return err_code(err, ERR_LIMIT, "test_rate", NULL,
			"%u tests were begun in the last minute, which is the most; wait a little",
			all->config.per_minute);
	return 0;
}

/* ---- the first steps: what the settings say ---- */

/* Letters of different alphabets in one label, where they are often taken for one another. */
static bool mixes_alphabets(struct slice name)
{
	bool latin = false, other = false;

	for (size_t i = 0; i < name.n;) {
		size_t n = slice_char(slice_from(name, i));
		uint8_t c = (uint8_t)name.p[i];

		if (name.p[i] == '.')
			latin = other = false;
		else if (n <= 1)
			latin = latin || ascii_alpha(name.p[i]);
		else /* Greek and Cyrillic: U+0370 to U+052F */
			other = other || (n == 2 && c >= 0xcd && c <= 0xd4);
		if (latin && other)
			return true;
		i += n ? n : 1;
	}
	return false;
}

static void read_name(struct probe *p, const char *typed, struct slice *ret, const char **ret_ascii,
	struct err *e)
{
	struct slice ascii, unicode;

	if (idna_admin(&ascii, &p->arena, slice_of(typed), e) < 0 ||
		idna_to_unicode(&unicode, &p->arena, ascii, e) < 0)
		return;
	*ret = arena_slice(&p->arena, unicode);
	*ret_ascii = arena_dup(&p->arena, ascii);
}

static bool say_syntax(struct probe *p)
{
	if (!p->domain_ascii) {
		probe_say(p, PROBE_STEP_SYNTAX, PC_SYNTAX_BAD, "%s", p->fault);
		return false;
	}
	probe_say(p, PROBE_STEP_SYNTAX, mixes_alphabets(p->domain) ? PC_SYNTAX_MIXED : PC_OK,
		slice_eqz(p->domain, p->domain_ascii) ? "%s" : "%s (%.*s)", p->domain_ascii,
		SLARG(p->domain));
	return true;
}

static bool is_below(const char *name, const char *parent)
{
	size_t n = strlen(name), m = strlen(parent);

	return n > m && name[n - m - 1] == '.' && strcmp(name + n - m, parent) == 0;
}

/* A domain of ours or of another partner that stands above or below this one. */
static const char *overlap_with(const struct probe *p, const char **ret_whose)
{
	const struct object *const *v;
	size_t n = snapshot_list(p->edge->snapshot, OBJECT_DOMAIN, &v);

	*ret_whose = "ours";
	for (size_t i = 0; i < n; i++) {
		const char *d = local_domain_of(v[i])->domain.a;

		if (is_below(p->domain_ascii, d) || is_below(d, p->domain_ascii))
			return d;
	}
	*ret_whose = "another partner's";
	n = snapshot_list(p->edge->snapshot, OBJECT_PARTNER, &v);
	for (size_t i = 0; i < n; i++) {
		const char *d = partner_of(v[i])->domain.a;

		if (strcmp(d, p->partner) != 0 &&
			(is_below(p->domain_ascii, d) || is_below(d, p->domain_ascii)))
			return d;
	}
	return NULL;
}

static bool say_partner(struct probe *p)
{
	const struct partner *partner = snapshot_partner(p->edge->snapshot, p->domain);
	const char *whose, *other;

	if (snapshot_local(p->edge->snapshot, p->domain)) {
		probe_say(p, PROBE_STEP_PARTNER, PC_IS_LOCAL, "%s is ours", p->domain_ascii);
		return false;
	}
	if (!partner) {
		probe_say(p, PROBE_STEP_PARTNER, PC_NOT_LISTED, "no partner has this domain");
		return false;
	}
	if (!partner->enabled) {
		probe_say(p, PROBE_STEP_PARTNER, PC_DISABLED, "partner %s", p->partner);
		return false;
	}
	other = overlap_with(p, &whose);
	if (other)
		probe_say(p, PROBE_STEP_PARTNER, PC_OVERLAP, "partner %s; %s is %s", p->partner,
			other, whose);
	else
		probe_say(p, PROBE_STEP_PARTNER, PC_OK, "partner %s, %s", p->partner,
			partner_type_words[partner->type]);
	return true;
}

static bool say_local(struct probe *p)
{
	if (p->local_ascii && snapshot_local(p->edge->snapshot, p->local))
		return true;
	if (*p->typed_local)
		probe_say(
			p, PROBE_STEP_PARTNER, PC_LOCAL_UNKNOWN, "%s is not ours", p->typed_local);
	else
		probe_say(p, PROBE_STEP_PARTNER, PC_LOCAL_NONE, "there is no domain of ours");
	return false;
}

static bool may_do_without(const struct probe *p)
{
	return negotiation_allows(p->negotiation, METHOD_TCP_DIALBACK);
}

static void put_methods(const struct negotiation_verdict *v, struct buf *out)
{
	for (size_t i = 0; i < v->n_methods; i++)
		buf_printf(out, "%s%s", i ? ", " : "", negotiation_method_name(v->methods[i]));
	for (size_t i = 0; i < v->n_warnings; i++)
		buf_printf(out, "%s%s",
			i ? ", " : "; warnings: ", negotiation_warning_code(v->warnings[i]));
}

static bool say_settings(struct probe *p)
{
	struct negotiation_verdict v = negotiation_judge(p->negotiation);
	struct edge *e = p->edge;
	struct buf text = {0};
	enum probe_code code = v.n_warnings ? PC_SETTINGS_WARN : PC_OK;

	buf_printf(&text, "as %s: ", p->local_ascii);
	negotiation_format(p->negotiation, &text);
	buf_str(&text, ": ");
	put_methods(&v, &text);
	if (!v.n_methods)
		code = PC_NO_METHOD;
	probe_say(p, PROBE_STEP_SETTINGS, code, "%.*s", SLARG(buf_slice(&text)));
	buf_done(&text);
	if (p->negotiation.tls != NEGOTIATION_NOT_SUPPORTED &&
		!tls_set_for(p->tls, slice_of(p->local_ascii)))
		probe_say_mild(p, may_do_without(p), PROBE_STEP_SETTINGS, PC_NO_CERTIFICATE,
			"%s has no certificate", p->local_ascii);
	if (p->negotiation.dialback && !e->secrets.has)
		probe_say_mild(p, negotiation_allows(p->negotiation, METHOD_SASL_OVER_TLS),
			PROBE_STEP_SETTINGS, PC_NO_PASSPHRASE, "there is no passphrase");
	return probe_went_well(p, PROBE_STEP_SETTINGS);
}

static void first_local(struct probe *p)
{
	const struct object *const *v;

	if (snapshot_list(p->edge->snapshot, OBJECT_DOMAIN, &v) > 0)
		read_name(p, local_domain_of(v[0])->domain.a, &p->local, &p->local_ascii, NULL);
}

/* The settings it is made under; what changes meanwhile does not change a test under way. */
static void take_settings(struct probe *p, const struct partner *partner)
{
	p->partner = xstrdup(partner->domain.a);
	p->negotiation = partner->negotiation;
	p->proxy = partner->proxy.host ? xstrdup(partner->proxy.host) : NULL;
	p->proxy_port = partner->proxy.port;
}

static void prepare_partner(struct probe *p)
{
	const struct partner *partner;

	if (*p->typed_local)
		read_name(p, p->typed_local, &p->local, &p->local_ascii, NULL);
	else
		first_local(p);
	partner = p->domain_ascii ? snapshot_partner(p->edge->snapshot, p->domain) : NULL;
	if (partner)
		take_settings(p, partner);
}

static void begin_partner(struct probe *p)
{
	if (say_syntax(p) && say_partner(p) && say_local(p))
		say_settings(p);
	probe_next(p);
}

static void begin_domain(struct probe *p)
{
	const struct local_domain *d;

	probe_next(p);
	if (!say_syntax(p))
		return;
	d = snapshot_local(p->edge->snapshot, p->domain);
	if (!d) {
		probe_say(
			p, PROBE_STEP_DOMAIN, PC_DOMAIN_UNKNOWN, "%s is not ours", p->domain_ascii);
		return;
	}
	probe_say(p, PROBE_STEP_DOMAIN, PC_OK, "%s is ours", p->domain_ascii);
	if (d->route && snapshot_route_of(p->edge->snapshot, p->domain))
		probe_say(p, PROBE_STEP_ROUTE, PC_OK, "%s", d->route);
	else
		probe_say(p, PROBE_STEP_ROUTE, PC_ROUTE_NONE, "messages to its users are refused");
}

/* ---- the last steps ---- */

static const struct stream *inbound_of(const struct probe *p)
{
	list_each(&p->edge->streams, it) {
		const struct stream *s = container_of(it, struct stream, node);

		if (s->inbound && s->authenticated && s->partner &&
			strcmp(s->partner->name, p->partner) == 0)
			return s;
	}
	return NULL;
}

static void say_inbound(struct probe *p)
{
	const struct table_node *n = table_get(&p->edge->partners, slice_of(p->partner));
	const struct sight_partner *known =
		n ? &container_of(n, struct partner_state, node)->sight : NULL;
	const struct stream *s = inbound_of(p);
	char iso[32], peer[NETADDR_TEXT];

	clock_iso(s ? s->since_ms : known ? known->last_in_ms : 0, iso);
	if (s)
		probe_say(p, PROBE_STEP_INBOUND, PC_OK, "%s from %s, since %s", s->id,
			netaddr_print(conn_peer(s->conn), peer), iso);
	else if (known && known->in_failed)
		probe_say(p, PROBE_STEP_INBOUND, PC_INBOUND_FAILED, "%s: %s", known->error,
			known->error_text);
	else if (known && known->last_in_ms)
		probe_say(p, PROBE_STEP_INBOUND, PC_OK, "the last one ended in order, %s", iso);
	else
		probe_say(p, PROBE_STEP_INBOUND, PC_INBOUND_NEVER, "none since the start");
}

/* ---- one part after the other ---- */

static void free_parts(struct probe *p)
{
	probe_find_free(p->find);
	probe_reach_free(p->reach);
	probe_talk_free(p->talk);
	probe_own_free(p->own);
	p->find = NULL;
	p->reach = NULL;
	p->talk = NULL;
	p->own = NULL;
}

static void destroy(void *arg)
{
	struct probe *p = arg;

	tls_set_unref(p->tls);
	arena_done(&p->arena);
	free(p->typed);
	free(p->typed_local);
	free(p->partner);
	free(p->proxy);
	free(p);
}

static void finish(struct probe *p)
{
	if (p->over)
		return;
	p->over = true;
	if (p->partner && probe_went_well(p, PROBE_STEP_PARTNER))
		say_inbound(p);
	probe_say_rest(p, p->unfinished == PC_OK ? PC_BLOCKED : p->unfinished);
	free_parts(p);
	loop_timer_stop(&p->whole_timer);
	loop_task_stop(&p->next_task);
	list_remove(&p->node);
	log_info(&p->edge->log, "test-over", LF_Z("domain", p->domain_ascii));
	dns_free(p->dns);
	p->on_done(p->arg);
	loop_dispose(p->edge->loop, p, destroy);
}

/* A name that is not listed yet may be looked up; it is not connected to. */
static void find(struct probe *p)
{
	bool known = p->kind == PROBE_DOMAIN ? probe_went_well(p, PROBE_STEP_DOMAIN)
					     : probe_went_well(p, PROBE_STEP_SYNTAX);
	struct err e;

	if (!known) {
		probe_next(p);
	} else if (dns_fresh(&p->dns, p->edge->dns, probe_config(p->edge)->step_ms, &e) < 0) {
		probe_say(p, PROBE_STEP_SRV, PC_DNS_FAILED, "%s", e.text);
		probe_next(p);
	} else {
		probe_find_new(p);
	}
}

static void reach(struct probe *p)
{
	enum probe_step needed =
		probe_went_well(p, PROBE_STEP_PARTNER) ? PROBE_STEP_SETTINGS : PROBE_STEP_PARTNER;

	if (p->n_places && probe_went_well(p, needed)) {
		probe_reach_new(p);
		return;
	}
	if (p->n_places)
		probe_block(p, PROBE_STEP_TCP, needed);
	probe_next(p);
}

static void talk(struct probe *p)
{
	if (probe_went_well(p, PROBE_STEP_TCP))
		probe_talk_new(p);
	else
		probe_next(p);
}

static void own(struct probe *p)
{
	if (probe_went_well(p, PROBE_STEP_DOMAIN))
		probe_own_new(p);
	else
		probe_next(p);
}

typedef void part(struct probe *p);
static part *const parts[][5] = {
	[PROBE_PARTNER] = {begin_partner, find, reach, talk, finish},
	[PROBE_DOMAIN] = {begin_domain, find, own, finish},
};

static void on_next(void *arg)
{
	struct probe *p = arg;

	free_parts(p);
	parts[p->kind][p->part++](p);
}

void probe_next(struct probe *p)
{
	loop_task_queue(p->edge->loop, &p->next_task);
}

static void cut(struct probe *p, enum probe_code why)
{
	if (p->over)
		return;
	p->unfinished = why;
	finish(p);
}

static void whole_time_over(void *arg)
{
	cut(arg, PC_TIME_OVER);
}

void probe_stop(struct probe *p)
{
	cut(p, PC_STOPPED);
}

/* ---- life ---- */

static struct probe *new_probe(struct edge *e, const struct probe_question *q)
{
	struct probe *p = xzalloc(sizeof *p);
	struct err fault = {0};

	p->edge = e;
	p->kind = q->kind;
	p->on_step = q->on_step;
	p->on_done = q->on_done;
	p->arg = q->arg;
	p->typed = slice_dup(q->domain);
	p->typed_local = slice_dup(q->local);
	p->begun_ms = loop_now(e->loop);
	for (size_t i = 0; i < PROBE_STEP__N; i++)
		p->cause[i] = PROBE_STEP_NONE;
	p->tls = tls_set_ref(e->tls);
	arena_init(&p->arena, 512);
	loop_timer_init(&p->whole_timer, e->loop, whole_time_over, p);
	loop_task_init(&p->next_task, on_next, p);
	read_name(p, p->typed, &p->domain, &p->domain_ascii, &fault);
	snprintf(p->fault, sizeof p->fault, "%s", fault.text);
	if (p->kind == PROBE_DOMAIN) {
		p->local = p->domain;
		p->local_ascii = p->domain_ascii;
	} else if (e->snapshot) {
		prepare_partner(p);
	}
	return p;
}

int probe_new(struct probe **ret, struct edge *e, const struct probe_question *q, struct err *err)
{
	struct probe *p = new_probe(e, q);
	struct probes *all = e->probes;

	if (may_begin(all, p, err) < 0) {
		destroy(p);
		return -1;
	}
	count(all, probe_now(p));
	list_append(&all->list, &p->node);
	loop_timer_in(&p->whole_timer, all->config.whole_ms);
	log_info(&e->log, "test-begun",
		LF_Z("kind", p->kind == PROBE_PARTNER ? "partner" : "domain"),
		LF_Z("domain", p->domain_ascii));
	probe_next(p);
	*ret = p;
	return 0;
}

const struct probe_config *probe_config(const struct edge *e)
{
	return &e->probes->config;
}

struct probes *probes_new(const struct probe_config *config)
{
	struct probes *all = xzalloc(sizeof *all);

	all->config = *config;
	if (!all->config.step_ms)
		all->config.step_ms = 10000;
	if (!all->config.whole_ms)
		all->config.whole_ms = 60000;
	if (!all->config.per_minute)
		all->config.per_minute = 6;
	assert(all->config.per_minute <= PER_MINUTE_MAX);
	list_init(&all->list);
	return all;
}

void probes_stop(struct edge *e)
{
	struct list *it;

	while (e->probes && (it = list_first(&e->probes->list)))
		probe_stop(container_of(it, struct probe, node));
}

void probes_free(struct edge *e)
{
	probes_stop(e);
	free(e->probes);
	e->probes = NULL;
}

/* ---- what comes in on ordinary streams ---- */

static bool concerns(const struct probe *p, struct slice remote, struct slice local)
{
	return p->talk && slice_eq(p->domain, remote) && slice_eq(p->local, local);
}

void probe_verified(struct edge *e, struct slice receiving, struct slice originating,
	struct slice id, struct slice key, bool valid)
{
	list_each(&e->probes->list, it) {
		struct probe *p = container_of(it, struct probe, node);

		if (concerns(p, receiving, originating))
			probe_talk_verified(p->talk, id, key, valid);
	}
}

bool probe_took_stanza(struct edge *e, const struct xstream_event *ev)
{
	if (list_empty(&e->probes->list) || ev->kind != STANZA_IQ)
		return false;
	list_each(&e->probes->list, it) {
		struct probe *p = container_of(it, struct probe, node);

		if (concerns(p, ev->from, ev->to) && probe_talk_stanza(p->talk, ev))
			return true;
	}
	return false;
}
