#include "sipnet/target.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "federation/route.h"

enum { SIP_PORT = 5060, AGAIN_MS = 60000, SOON_MS = 5000 };

static void ask(void *arg);

/* ---- addresses of a name ---- */

static void add_address(struct target *t, const struct netaddr *a)
{
	for (unsigned i = 0; i < t->n_next; i++)
		if (netaddr_eq(&t->next[i], a))
			return;
	if (t->n_next < TARGET_ADDRS)
		t->next[t->n_next++] = *a;
}

/* The address in use stays in use while DNS still names it. */
static void adopt(struct target *t)
{
	struct netaddr old = t->n ? t->addr[t->at] : (struct netaddr){0};

	if (t->n_next) {
		memcpy(t->addr, t->next, t->n_next * sizeof *t->addr);
		t->n = t->n_next;
		t->at = 0;
		for (unsigned i = 0; i < t->n; i++)
			if (netaddr_eq(&t->addr[i], &old))
				t->at = i;
	}
	loop_timer_in(&t->refresh, t->n_next ? AGAIN_MS : SOON_MS);
}

static void ask_host(struct target *t, const char *host, uint16_t port);

static void on_addresses(
	void *arg, enum dns_status status, bool secure, const struct netaddr *v, size_t n)
{
	struct target *t = arg;

	(void)secure; /* SIP over UDP gains nothing from it */
	t->query = NULL;
	for (size_t i = 0; status == DNS_OK && i < n; i++)
		add_address(t, &v[i]);
	if (++t->srv_at < t->n_srv)
		ask_host(t, t->srv[t->srv_at].target, t->srv[t->srv_at].port);
	else
		adopt(t);
}

static void ask_host(struct target *t, const char *host, uint16_t port)
{
	t->query = dns_addrs(t->dns, host, port, on_addresses, t);
}

static void on_srv(void *arg, enum dns_status status, bool secure, const struct srv *v, size_t n)
{
	struct target *t = arg;

	(void)secure;
	t->query = NULL;
	if (status == DNS_OK && n == 1 && !v[0].target[0]) {
		adopt(t); /* "there is no such service" (RFC 2782): no address */
	} else if (status == DNS_OK) {
		memcpy(t->srv, v, n * sizeof *v);
		t->n_srv = n;
		ask_host(t, v[0].target, v[0].port);
	} else {
		ask_host(t, t->route->next_hop.host, SIP_PORT);
	}
}

static void ask(void *arg)
{
	struct target *t = arg;
	const struct host_port *h = &t->route->next_hop;

	t->n_next = 0;
	t->n_srv = t->srv_at = 0;
	if (h->port)
		ask_host(t, h->host, h->port);
	else
		t->query = dns_srv(t->dns, "_sip._udp", h->host, on_srv, t);
}

/* ---- life ---- */

struct target *target_new(struct loop *loop, struct dns *dns, const struct route *r)
{
	struct target *t = xzalloc(sizeof *t);
	const struct host_port *h = &r->next_hop;

	t->route = r;
	t->dns = dns;
	loop_timer_init(&t->refresh, loop, ask, t);
	if (netaddr_parse_host(&t->addr[0], slice_of(h->host), h->port ? h->port : SIP_PORT) == 0)
		t->n = 1;
	else if (dns)
		ask(t);
	return t;
}

void target_free(struct target *t)
{
	dns_cancel(t->query);
	loop_timer_stop(&t->refresh);
	list_remove(&t->node);
	free(t);
}

void target_set_route(struct target *t, const struct route *r)
{
	t->route = r;
}

/* ---- use ---- */

const struct netaddr *target_addr(const struct target *t)
{
	return t->n ? &t->addr[t->at] : NULL;
}

void target_failed(struct target *t, const struct netaddr *a)
{
	if (t->n > 1 && netaddr_eq(&t->addr[t->at], a))
		t->at = (t->at + 1) % t->n;
}

bool target_has_source(const struct target *t, const struct netaddr *from)
{
	uint8_t mapped[16];

	if (t->route->sources.n) {
		netaddr_mapped(from, mapped);
		return network_list_has(&t->route->sources, mapped);
	}
	for (unsigned i = 0; i < t->n; i++)
		if (netaddr_eq_host(&t->addr[i], from))
			return true;
	return false;
}

bool target_take(struct target *t, uint64_t now_ms)
{
	if (t->taken_second != now_ms / 1000) {
		t->taken_second = now_ms / 1000;
		t->taken = 0;
	}
	t->taken++;
	return !t->route->receive_rate || t->taken <= t->route->receive_rate;
}
