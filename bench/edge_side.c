#include "edge_side.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "federation/snapshot.h"
#include "proc.h"

enum { CREDITS = 65536, DEADLINE_MS = 60000 };

static void need(int result, const struct err *e)
{
	if (result >= 0)
		return;
	fprintf(stderr, "bench: %s\n", e->text);
	exit(1);
}

/* ---- settings ---- */

static void set(struct object *o, const char *name, const char *value)
{
	struct err e;

	need(object_set(o, slice_of(name), slice_of(value), &e), &e);
}

static void put_partner(struct config *c, const char *domain)
{
	struct object *o = object_new(&partner_class);

	set(o, "domain", domain);
	set(o, "tls", "Required");
	set(o, "sasl", "Required");
	set(o, "dialback", "false");
	config_put(c, o);
}

static struct snapshot *settings(unsigned partners)
{
	struct config *c = config_new();
	struct object *g = object_copy(config_find(c, OBJECT_GATEWAY, SL("global")));
	struct object *local = object_new(&local_domain_class);
	struct snapshot *s;
	struct err e;

	set(g, "connection_limit", "1000000");
	set(g, "partner_connection_limit", "1000000");
	set(g, "stream_inactivity_timeout", "604800");
	set(g, "keep_alive_interval", "86400");
	config_put(c, g);
	set(local, "domain", "sip.bench");
	config_put(c, local);
	put_partner(c, "xmpp.bench");
	for (unsigned i = 0; i < partners; i++) {
		char domain[64];

		snprintf(domain, sizeof domain, "p%u.xmpp.bench", i);
		put_partner(c, domain);
	}
	need(snapshot_build(&s, c, 1, NULL, &e), &e);
	config_free(c);
	return s;
}

/* ---- life ---- */

static struct tls_set *certificates(const char *dir)
{
	char ca[256], cert[256], key[256];
	struct tls_cert_files f = {.name = "bench", .chain = cert, .key = key};
	struct tls_set *set;
	struct err e;

	snprintf(ca, sizeof ca, "%s/ca.pem", dir);
	snprintf(cert, sizeof cert, "%s/cert.pem", dir);
	snprintf(key, sizeof key, "%s/key.pem", dir);
	need(tls_set_load(&set, &f, 1, ca, &e), &e);
	return set;
}

static void *run(void *arg)
{
	struct edge_side *s = arg;

	proc_pin(0);
	loop_run(s->edge_loop);
	return NULL;
}

void edge_side_start(struct edge_side *s, const struct edge_side_config *c)
{
	struct netaddr listen, dns;
	struct edge_config config = {
		.listen = &listen,
		.n_listen = 1,
		.dns = {.dnssec = DNS_SEC_OFF, .forward = &dns, .n_forward = 1},
		.limits = {.unauthenticated = 20000,
			.address_connections = 20000,
			.connection_rate = 100000,
			.vain_connections = 100000},
	};
	struct snapshot *snapshot;
	struct netaddr bound;
	struct err e;

	log_level_set(LOG_ERROR);
	netaddr_parse_host(&listen, SL("127.0.0.1"), 0);
	netaddr_parse_host(&dns, SL("127.0.0.1"), c->dns_port);
	s->edge_loop = loop_new("edge");
	s->loop = loop_new("double");
	s->link = link_local_new((struct link_limits){CREDITS, CREDITS});
	link_local_gateway(s->link, s->loop, c->ops, c->arg);
	s->tls = config.tls = certificates(c->dir);
	need(edge_new(&s->edge, s->edge_loop, &config, s->link, NULL, &e), &e);
	snapshot = settings(c->partners);
	edge_set_snapshot(s->edge, snapshot);
	snapshot_unref(snapshot);
	bound = edge_address(s->edge, 0);
	s->port = netaddr_port(&bound);
	if (pthread_create(&s->thread, NULL, run, s) != 0)
		exit(1);
}

void edge_side_stop(struct edge_side *s)
{
	loop_stop(s->edge_loop);
	pthread_join(s->thread, NULL);
	edge_free(s->edge);
	loop_turn(s->edge_loop, false);
	loop_turn(s->loop, false);
	link_local_free(s->link);
	tls_set_unref(s->tls);
	loop_free(s->edge_loop);
	loop_free(s->loop);
}

uint64_t edge_side_cpu_ns(const struct edge_side *s)
{
	struct timespec t;
	clockid_t id;

	if (pthread_getcpuclockid(s->thread, &id) != 0 || clock_gettime(id, &t) != 0)
		return 0;
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

bool edge_side_send(struct edge_side *s, const char *domain, const char *xml, size_t n)
{
	struct link_down *d =
		link_down_new(SL("sip.bench"), slice_of(domain), slice_make(xml, n));

	d->fate_id = 1;
	/* The double's loop may stand still for long; the clock does not. */
	d->deadline_ms = bench_now_ns() / 1000000 + DEADLINE_MS;
	if (link_send(s->link, d))
		return true;
	link_down_free(d);
	return false;
}
