#include "edge/lookup.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "loop/loop.h"

enum {
	HOSTS_MAX = 16, /* SRV targets that are looked up */
	/* One target is known: how long the others are waited for. */
	OTHERS_MS = 1000,
};

struct host {
	struct lookup *lookup;
	struct dns_query *query; /* NULL: answered */
	enum dns_status status;
	struct netaddr addrs[DNS_ADDRS_MAX];
	size_t n;
};

struct lookup {
	struct loop *loop;
	struct dns *dns;
	char *domain;
	uint16_t default_port;
	lookup_done *done;
	void *arg;
	struct dns_query *srv_query;
	struct loop_timer others_timer;
	enum dns_status srv_status;
	struct host hosts[HOSTS_MAX];
	size_t n_hosts, open;
	bool insecure;
};

static void stop(struct lookup *k)
{
	dns_cancel(k->srv_query);
	k->srv_query = NULL;
	for (size_t i = 0; i < k->n_hosts; i++) {
		dns_cancel(k->hosts[i].query);
		k->hosts[i].query = NULL;
	}
	loop_timer_stop(&k->others_timer);
}

static void destroy(void *arg)
{
	struct lookup *k = arg;

	free(k->domain);
	free(k);
}

bool lookup_secure(const struct lookup *k)
{
	return !k->insecure;
}

void lookup_cancel(struct lookup *k)
{
	if (!k)
		return;
	stop(k);
	loop_dispose(k->loop, k, destroy);
}

static void fail(struct lookup *k, enum link_reason reason, const char *why)
{
	stop(k);
	k->done(k->arg, reason, why, NULL, 0);
	loop_dispose(k->loop, k, destroy);
}

/* None of the hosts has an address: is that what DNS says, or does DNS not say? */
static void fail_hosts(struct lookup *k)
{
	enum dns_status worst = k->srv_status == DNS_FAILED ? DNS_FAILED : DNS_NO_NAME;

	for (size_t i = 0; i < k->n_hosts; i++)
		if (k->hosts[i].status > worst)
			worst = k->hosts[i].status;
	if (worst == DNS_BOGUS)
		fail(k, LINK_R_DNS_FAILED, "the answer is not authentic (DNSSEC)");
	else if (worst == DNS_FAILED)
		fail(k, LINK_R_DNS_FAILED, "DNS does not answer");
	else
		fail(k, LINK_R_NO_SUCH_SERVER, "no address is known");
}

static void finish(void *arg)
{
	struct lookup *k = arg;
	struct conn_target targets[CONN_TARGETS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < k->n_hosts; i++)
		for (size_t j = 0; j < k->hosts[i].n && n < CONN_TARGETS_MAX; j++)
			targets[n++] = (struct conn_target){k->hosts[i].addrs[j], (unsigned)i};
	if (!n) {
		fail_hosts(k);
		return;
	}
	stop(k);
	k->done(k->arg, LINK_R_NONE, NULL, targets, n);
	loop_dispose(k->loop, k, destroy);
}

static void on_addrs(
	void *arg, enum dns_status status, bool secure, const struct netaddr *v, size_t n)
{
	struct host *h = arg;
	struct lookup *k = h->lookup;

	h->query = NULL;
	h->status = status;
	h->n = n;
	k->insecure |= !secure;
	if (n)
		memcpy(h->addrs, v, n * sizeof *v);
	if (--k->open == 0)
		finish(k);
	else if (n && !loop_timer_armed(&k->others_timer))
		loop_timer_in(&k->others_timer, OTHERS_MS);
}

static void ask_host(struct lookup *k, const char *name, uint16_t port)
{
	struct host *h = &k->hosts[k->n_hosts++];

	*h = (struct host){.lookup = k, .status = DNS_FAILED};
	k->open++;
	h->query = dns_addrs(k->dns, name, port, on_addrs, h);
}

static void on_srv(void *arg, enum dns_status status, bool secure, const struct srv *v, size_t n)
{
	struct lookup *k = arg;

	k->srv_query = NULL;
	k->srv_status = status;
	k->insecure |= !secure;
	if (status == DNS_BOGUS) {
		fail(k, LINK_R_DNS_FAILED, "the answer is not authentic (DNSSEC)");
		return;
	}
	if (status != DNS_OK) {
		/* No SRV record, or no answer: the domain itself (RFC 6120 3.2.1 (9), 3.2.2). */
		ask_host(k, k->domain, k->default_port);
		return;
	}
	if (!v[0].target[0]) {
		fail(k, LINK_R_NO_SUCH_SERVER, "the domain's SRV record says that there is none");
		return;
	}
	for (size_t i = 0; i < n && i < HOSTS_MAX; i++)
		ask_host(k, v[i].target, v[i].port);
}

struct lookup *lookup_new(struct loop *l, struct dns *dns, const char *domain, const char *proxy,
	uint16_t port, uint16_t default_port, lookup_done *done, void *arg)
{
	struct lookup *k = xzalloc(sizeof *k);

	k->loop = l;
	k->dns = dns;
	k->domain = xstrdup(domain);
	k->default_port = default_port;
	k->done = done;
	k->arg = arg;
	k->srv_status = DNS_NO_NAME;
	loop_timer_init(&k->others_timer, l, finish, k);
	if (proxy)
		ask_host(k, proxy, port ? port : default_port);
	else
		k->srv_query = dns_srv(dns, "_xmpp-server._tcp", domain, on_srv, k);
	return k;
}
