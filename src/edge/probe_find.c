#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "edge/probe_priv.h"

/*
 * What DNS says: SRV records, the addresses of their targets, and whether that is signed. What is
 * used when there is no record is what lookup.c uses.
 */

/* An answer is slow when it takes this part of a step's time. */
enum { SLOW_PART = 5 };

struct target {
	struct probe_find *find;
	struct dns_query *query; /* NULL: answered */
	size_t host;             /* index into the probe's */
	enum dns_status status;
	struct dns_about about;
	char why[160], alias[SRV_TARGET_MAX + 1];
	uint64_t ms;
	struct netaddr addrs[DNS_ADDRS_MAX];
	size_t n;
};

struct probe_find {
	struct probe *probe;
	struct dns_query *srv_query;
	uint64_t asked_ms;
	bool fallback;  /* there is no SRV record: the domain itself */
	int srv_secure; /* -1: there is none */
	struct target targets[PROBE_HOSTS_MAX];
	size_t open;
};

static bool is_slow(const struct probe *p, uint64_t ms)
{
	return ms > probe_config(p->edge)->step_ms / SLOW_PART;
}

static void say_slow(struct probe *p, enum probe_step step, const char *name, uint64_t ms)
{
	if (is_slow(p, ms))
		probe_say(p, step, PC_DNS_SLOW, "%s: answered after %llu ms", name,
			(unsigned long long)ms);
}

/* ---- dnssec ---- */

static void say_bogus(struct probe *p, bool mild, const char *name, const struct dns_about *about)
{
	if (about->bogus)
		probe_say_mild(
			p, mild, PROBE_STEP_DNSSEC, PC_DNSSEC_BOGUS, "%s: %s", name, about->why);
	else
		probe_say_mild(p, mild, PROBE_STEP_DNSSEC, PC_DNSSEC_NEEDED,
			"%s: not signed, and dnssec = require", name);
}

static void put_security(struct buf *out, const char *name, bool secure)
{
	buf_printf(out, "%s%s: %s", out->n ? "; " : "", name, secure ? "secure" : "not signed");
}

static void say_dnssec(struct probe_find *f)
{
	struct probe *p = f->probe;
	struct buf text = {0};

	if (dns_mode(p->dns) == DNS_SEC_OFF) {
		probe_say(p, PROBE_STEP_DNSSEC, PC_NOT_IN_SETTINGS, "dnssec = off");
		return;
	}
	if (f->srv_secure >= 0)
		put_security(&text, "SRV", f->srv_secure);
	for (size_t i = 0; i < p->n_hosts; i++)
		if (f->targets[i].status == DNS_OK)
			put_security(&text, p->hosts[i].name, f->targets[i].about.secure);
	if (dns_trust(p->dns) == DNS_TRUST_NONE)
		probe_say(p, PROBE_STEP_DNSSEC, PC_DNSSEC_UNCHECKED,
			"the DNS servers in use pass on no signatures");
	else if (text.n)
		probe_say(p, PROBE_STEP_DNSSEC, PC_OK, "%.*s", SLARG(buf_slice(&text)));
	buf_done(&text);
}

/* ---- addresses ---- */

static void put_addresses(const struct target *t, struct buf *out)
{
	char text[NETADDR_TEXT];

	for (size_t i = 0; i < t->n; i++)
		buf_printf(out, "%s%s", i ? ", " : "", netaddr_print_host(&t->addrs[i], text));
}

static void say_target(struct probe_find *f, struct target *t, bool mild)
{
	struct probe *p = f->probe;
	const char *name = p->hosts[t->host].name;
	struct buf text = {0};

	if (t->n && t->alias[0]) {
		put_addresses(t, &text);
		probe_say(p, PROBE_STEP_ADDRESS, f->fallback ? PC_OK : PC_ADDRESS_ALIAS,
			"%s is an alias of %s: %.*s", name, t->alias, SLARG(buf_slice(&text)));
	} else if (t->n) {
		put_addresses(t, &text);
		probe_say(p, PROBE_STEP_ADDRESS, PC_OK, "%s: %.*s", name, SLARG(buf_slice(&text)));
	} else if (t->status == DNS_FAILED) {
		probe_say_mild(p, mild, PROBE_STEP_ADDRESS,
			t->about.timed_out ? PC_DNS_TIMEOUT : PC_DNS_FAILED, "%s", name);
	} else if (t->status != DNS_BOGUS) {
		probe_say_mild(p, mild, PROBE_STEP_ADDRESS, PC_ADDRESS_NONE, "%s: %s", name,
			t->status == DNS_NO_NAME ? "there is no such name" : "no A, no AAAA");
	}
	say_slow(p, PROBE_STEP_ADDRESS, name, t->ms);
	buf_done(&text);
}

static void add_places(struct probe *p, const struct target *t)
{
	for (size_t i = 0; i < t->n && p->n_places < PROBE_PLACES_MAX; i++)
		p->places[p->n_places++] = (struct probe_place){t->addrs[i], t->host, false};
}

/* Without a record the domain's own address decides whether that is a failure. */
static void say_no_srv(struct probe_find *f)
{
	struct probe *p = f->probe;

	if (p->n_places)
		probe_say(p, PROBE_STEP_SRV, PC_SRV_NONE, "none; %s, port %u, is used instead",
			p->hosts[0].name, p->hosts[0].port);
	else
		probe_say(p, PROBE_STEP_SRV, PC_SRV_MISSING, "none, and %s has no address either",
			p->hosts[0].name);
}

static void all_answered(struct probe_find *f)
{
	struct probe *p = f->probe;
	bool some;

	for (size_t i = 0; i < p->n_hosts; i++)
		add_places(p, &f->targets[i]);
	some = p->n_places > 0;
	if (f->fallback && !p->proxy)
		say_no_srv(f);
	if (probe_went_well(p, PROBE_STEP_SRV) || p->proxy)
		for (size_t i = 0; i < p->n_hosts; i++)
			say_target(f, &f->targets[i], some);
	for (size_t i = 0; i < p->n_hosts; i++)
		if (f->targets[i].status == DNS_BOGUS)
			say_bogus(p, some, p->hosts[i].name, &f->targets[i].about);
	if (!probe_was_said(p, PROBE_STEP_DNSSEC))
		say_dnssec(f);
	probe_next(p);
}

static void on_addrs(
	void *arg, enum dns_status status, bool secure, const struct netaddr *v, size_t n)
{
	struct target *t = arg;
	struct probe_find *f = t->find;

	dns_about(t->query, &t->about);
	snprintf(t->why, sizeof t->why, "%s", t->about.why);
	snprintf(t->alias, sizeof t->alias, "%s", t->about.alias);
	t->about.why = t->why;
	t->query = NULL;
	t->status = status;
	t->ms = probe_now(f->probe) - f->asked_ms;
	t->n = n;
	if (n)
		memcpy(t->addrs, v, n * sizeof *v);
	if (--f->open == 0)
		all_answered(f);
}

static void ask_host(struct probe_find *f, const char *name, uint16_t port)
{
	struct probe *p = f->probe;
	struct target *t = &f->targets[p->n_hosts];
	struct probe_host *h = &p->hosts[p->n_hosts];

	snprintf(h->name, sizeof h->name, "%s", name);
	h->port = port;
	t->find = f;
	t->host = p->n_hosts++;
	f->open++;
	f->asked_ms = probe_now(p);
	t->query = dns_addrs(p->dns, name, port, on_addrs, t);
}

/* ---- SRV ---- */

static void say_record(struct probe *p, const struct srv *s)
{
	probe_say(p, PROBE_STEP_SRV, PC_OK, "%u %u %u %s", s->priority, s->weight, s->port,
		s->target);
}

static void take_records(struct probe_find *f, const struct srv *v, size_t n, uint64_t ms)
{
	struct probe *p = f->probe;

	if (!v[0].target[0]) {
		probe_say(p, PROBE_STEP_SRV, PC_SRV_DOT, "%u %u %u .", v[0].priority, v[0].weight,
			v[0].port);
		say_dnssec(f);
		probe_next(p);
		return;
	}
	for (size_t i = 0; i < n; i++)
		say_record(p, &v[i]);
	say_slow(p, PROBE_STEP_SRV, "SRV", ms);
	for (size_t i = 0; i < n && i < PROBE_HOSTS_MAX; i++)
		ask_host(f, v[i].target, v[i].port);
}

static void on_srv(void *arg, enum dns_status status, bool secure, const struct srv *v, size_t n)
{
	struct probe_find *f = arg;
	struct probe *p = f->probe;
	uint64_t ms = probe_now(p) - f->asked_ms;
	struct dns_about about;

	dns_about(f->srv_query, &about);
	f->srv_query = NULL;
	f->srv_secure = status == DNS_OK ? secure : -1;
	switch (status) {
	case DNS_OK:
		take_records(f, v, n, ms);
		return;
	case DNS_BOGUS:
		say_bogus(p, false, about.name, &about);
		break;
	case DNS_FAILED:
		probe_say(p, PROBE_STEP_SRV, about.timed_out ? PC_DNS_TIMEOUT : PC_DNS_FAILED,
			about.timed_out ? "%s: no answer within %llu ms"
					: "%s: the servers failed, after %llu ms",
			about.name, (unsigned long long)ms);
		break;
	default:
		f->fallback = true;
		ask_host(f, p->domain_ascii, p->edge->default_port);
		return;
	}
	probe_next(p);
}

void probe_find_new(struct probe *p)
{
	struct probe_find *f = xzalloc(sizeof *f);

	p->find = f;
	f->probe = p;
	f->srv_secure = -1;
	f->asked_ms = probe_now(p);
	if (p->proxy) {
		probe_say(p, PROBE_STEP_SRV, PC_NOT_NEEDED, "the partner's proxy %s is used",
			p->proxy);
		ask_host(f, p->proxy, p->proxy_port ? p->proxy_port : p->edge->default_port);
	} else {
		f->srv_query = dns_srv(p->dns, "_xmpp-server._tcp", p->domain_ascii, on_srv, f);
	}
}

void probe_find_free(struct probe_find *f)
{
	if (!f)
		return;
	dns_cancel(f->srv_query);
	for (size_t i = 0; i < PROBE_HOSTS_MAX; i++)
		dns_cancel(f->targets[i].query);
	free(f);
}
