#include "sipnet/target.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rand.h"
#include "federation/route.h"

enum { AGAIN_MS = 60000, SOON_MS = 5000 };

static void find_again(void *arg);
static void run_probes(void *arg);
static void release(void *arg);

static uint64_t now_of(const struct target *t)
{
	return loop_now(t->loop);
}

/* ---- what DNS found ---- */

static struct endpoint *same_as(struct endpoint *const *v, unsigned n, const struct found *f)
{
	for (unsigned i = 0; i < n; i++)
		if (v[i] && v[i]->at.transport == f->transport &&
			netaddr_eq(&v[i]->at.addr, &f->addr))
			return v[i];
	return NULL;
}

static void drop(struct target *t, struct endpoint *e)
{
	if (e->probe)
		t->ops->forget(t->arg, e->probe);
	endpoint_free(e);
}

/* One that is named again stays what it is. */
static void adopt(struct target *t, const struct found *v, size_t n)
{
	struct endpoint *old[FIND_MAX];
	unsigned n_old = t->n;

	memcpy(old, t->v, sizeof old);
	t->n = 0;
	for (size_t i = 0; i < n; i++) {
		struct endpoint *e = same_as(old, n_old, &v[i]);

		for (unsigned j = 0; e && j < n_old; j++)
			if (old[j] == e)
				old[j] = NULL;
		if (e)
			e->at = v[i];
		t->v[t->n++] = e ? e : endpoint_new(t, ++t->last_id, &v[i], now_of(t));
	}
	for (unsigned j = 0; j < n_old; j++)
		if (old[j])
			drop(t, old[j]);
}

static void on_found(void *arg, enum find_end end, const struct found *v, size_t n)
{
	struct target *t = arg;

	if (end == FIND_FOUND) {
		adopt(t, v, n);
		t->found_at = now_of(t);
	} else {
		target_trouble(t, NULL, SIPNET_E_RESOLVE, t->find.text);
	}
	loop_timer_in(&t->refresh, end == FIND_FOUND ? AGAIN_MS : SOON_MS);
}

static enum sip_locate_way way_of(const struct route *r)
{
	static const enum sip_locate_way way[] = {[ROUTE_UDP] = SIP_BY_UDP,
		[ROUTE_TCP] = SIP_BY_TCP,
		[ROUTE_TLS] = SIP_BY_TLS,
		[ROUTE_LOCATED] = SIP_BY_AUTO};

	return way[r->transport];
}

static void find_again(void *arg)
{
	struct target *t = arg;
	const struct host_port *h = &t->route->next_hop;

	find_start(&t->find, t->dns, h->host, h->port, way_of(t->route), on_found, t);
}

/* ---- life ---- */

struct target *target_new(struct loop *loop, struct dns *dns, const struct target_ops *ops,
	void *arg, const struct route *r)
{
	struct target *t = xzalloc(sizeof *t);
	struct found literal;

	t->route = r;
	t->loop = loop;
	t->dns = dns;
	t->ops = ops;
	t->arg = arg;
	t->serial = (uint32_t)rand_u64();
	list_init(&t->held);
	loop_timer_init(&t->refresh, loop, find_again, t);
	loop_timer_init(&t->probes, loop, run_probes, t);
	loop_timer_init(&t->hold, loop, release, t);
	if (find_literal(r->next_hop.host, r->next_hop.port, way_of(r), &literal))
		adopt(t, &literal, 1);
	else if (dns)
		find_again(t);
	return t;
}

void target_free(struct target *t)
{
	find_stop(&t->find);
	loop_timer_stop(&t->refresh);
	loop_timer_stop(&t->probes);
	loop_timer_stop(&t->hold);
	list_remove(&t->node);
	for (unsigned i = 0; i < t->n; i++)
		drop(t, t->v[i]);
	sender_rate_free(t->by_sender);
	trouble_done(&t->trouble);
	free(t);
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

void target_set_route(struct target *t, const struct route *r)
{
	if (!same_text(r->digest_user, t->route->digest_user) ||
		!same_text(r->digest_password, t->route->digest_password)) {
		t->proven = false;
		t->login_wait = 0;
		t->login_failed = 0;
	}
	t->route = r;
}

/* ---- where requests go ---- */

struct endpoint *target_endpoint(const struct target *t, uint32_t id)
{
	for (unsigned i = 0; i < t->n; i++)
		if (t->v[i]->id == id)
			return t->v[i];
	return NULL;
}

static bool is_in(uint32_t id, const uint32_t *v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (v[i] == id)
			return true;
	return false;
}

struct endpoint *target_choose(
	const struct target *t, const uint32_t *tried, unsigned n_tried, uint64_t random)
{
	struct sip_candidate c[FIND_MAX];
	int i;

	for (unsigned k = 0; k < t->n; k++) {
		const struct endpoint *e = t->v[k];

		c[k] = (struct sip_candidate){.priority = e->at.priority,
			.weight = e->at.weight,
			.record = e->at.record,
			.rank = (uint8_t)e->state,
			.out = !endpoint_takes(e, now_of(t)) ||
			       (n_tried && e->state == SIPNET_DEAD) ||
			       is_in(e->id, tried, n_tried)};
	}
	i = sip_locate_pick(c, t->n, random);
	return i < 0 ? NULL : t->v[i];
}

/* ---- probes ---- */

static void arm_probes(struct target *t)
{
	uint64_t due = UINT64_MAX;

	for (unsigned i = 0; i < t->n; i++)
		if (!t->v[i]->probe && t->v[i]->probe_due < due)
			due = t->v[i]->probe_due;
	if (due == UINT64_MAX)
		loop_timer_stop(&t->probes);
	else
		loop_timer_at(&t->probes, due);
}

static void probe(struct target *t, struct endpoint *e)
{
	e->probe_due = UINT64_MAX;
	e->probed = now_of(t);
	e->probes++;
	t->ops->probe(t->arg, e);
}

static void run_probes(void *arg)
{
	struct target *t = arg;
	uint64_t now = now_of(t);

	for (unsigned i = 0; i < t->n; i++) {
		struct endpoint *e = t->v[i];

		if (e->probe || e->probe_due > now)
			continue;
		if (endpoint_rests(e, now))
			e->probe_due = e->rest_until;
		else
			probe(t, e);
	}
	arm_probes(t);
}

void target_event(struct endpoint *e, enum endpoint_event event)
{
	struct target *t = e->target;

	if (!endpoint_event(e, event, now_of(t), rand_u64()))
		return;
	if (e->probe && e->state == SIPNET_UP) {
		t->ops->forget(t->arg, e->probe);
		e->probe = NULL;
	}
	arm_probes(t);
}

void target_probed(struct endpoint *e, const char *failed, uint32_t after_s)
{
	e->probe = NULL;
	endpoint_rest(e, after_s, now_of(e->target));
	if (failed) {
		e->probes_failed++;
		target_trouble(e->target, e, SIPNET_E_PROBE, failed);
	}
	target_event(e, failed ? ENDPOINT_PROBE_FAILED : ENDPOINT_ANSWERED);
}

void target_trouble(
	struct target *t, const struct endpoint *e, enum sipnet_error_code code, const char *text)
{
	char address[NETADDR_TEXT] = "";

	if (e)
		netaddr_print(&e->at.addr, address);
	trouble_note(&t->trouble, now_of(t), code, address, "%s", text);
}

static void release(void *arg)
{
	struct target *t = arg;

	t->ops->release(t->arg, t);
}

/* ---- where they come from ---- */

bool target_is_clear(const struct target *t)
{
	if (t->route->transport == ROUTE_LOCATED)
		return t->n && t->v[0]->at.transport != SIP_TLS;
	return t->route->transport != ROUTE_TLS;
}

bool target_has_source(const struct target *t, const struct netaddr *from)
{
	uint8_t mapped[16];

	if (t->route->sources.n) {
		netaddr_mapped(from, mapped);
		return network_list_has(&t->route->sources, mapped);
	}
	for (unsigned i = 0; i < t->n; i++)
		if (netaddr_eq_host(&t->v[i]->at.addr, from))
			return true;
	return false;
}

bool target_take(struct target *t, uint64_t now_ms)
{
	uint32_t rate = t->route->receive_rate;

	if (!rate || rate_take(&t->received, rate, rate, now_ms))
		return true;
	t->over_rate++;
	return false;
}

bool target_take_of(struct target *t, uint64_t sender, uint64_t now_ms)
{
	uint32_t rate = t->route->sender_rate;

	if (!rate)
		return true;
	if (!t->by_sender)
		t->by_sender = sender_rate_new();
	if (sender_rate_take(t->by_sender, sender, rate, now_ms))
		return true;
	t->over_sender_rate++;
	return false;
}
