#include "sipnet/find.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

static void ask(struct find *f);

bool find_literal(const char *host, uint16_t port, enum sip_locate_way way, struct found *ret)
{
	enum sip_transport t = sip_locate_literal(way, &port);

	*ret = (struct found){.transport = (uint8_t)t};
	return netaddr_parse_host(&ret->addr, slice_of(host), port) == 0;
}

/* ---- the end ---- */

static void end(struct find *f, enum find_end how)
{
	f->done(f->arg, how, f->found, f->n);
}

static void end_without(struct find *f, enum find_end how, const char *why)
{
	snprintf(f->text, sizeof f->text, "%s: %s", f->locate.name, why);
	f->n = 0;
	end(f, how);
}

static void end_with_addresses(struct find *f)
{
	if (f->n)
		end(f, FIND_FOUND);
	else if (f->failed)
		end_without(f, FIND_FAILED, "DNS does not answer, or not credibly");
	else
		end_without(f, FIND_NONE, "has no address");
}

/* ---- addresses ---- */

static void add(struct find *f, const struct netaddr *a, const char *host)
{
	struct found *new = &f->found[f->n];
	const struct srv *srv = f->n_srv ? &f->srv[f->at_srv] : NULL;

	for (size_t i = 0; i < f->n; i++)
		if (netaddr_eq(&f->found[i].addr, a))
			return;
	if (f->n == FIND_MAX)
		return;
	*new = (struct found){.addr = *a,
		.transport = (uint8_t)f->locate.transport,
		.record = (uint8_t)f->at_srv,
		.priority = srv ? srv->priority : 0,
		.weight = srv ? srv->weight : 0};
	snprintf(new->host, sizeof new->host, "%s", host);
	f->n++;
}

static void ask_addresses(struct find *f);

static void on_addresses(
	void *arg, enum dns_status status, bool secure, const struct netaddr *v, size_t n)
{
	struct find *f = arg;
	const char *host = f->n_srv ? f->srv[f->at_srv].target : f->locate.name;

	(void)secure; /* who is there is told by its certificate or by the route's sources */
	f->query = NULL;
	for (size_t i = 0; status == DNS_OK && i < n; i++)
		add(f, &v[i], host);
	if (status == DNS_FAILED || status == DNS_BOGUS)
		f->failed = true;
	f->at_srv++;
	ask_addresses(f);
}

/* Of each SRV record in turn, or of the one host. */
static void ask_addresses(struct find *f)
{
	const struct srv *s = &f->srv[f->at_srv];

	if (f->at_srv >= (f->n_srv ? f->n_srv : 1))
		end_with_addresses(f);
	else if (f->n_srv)
		f->query = dns_addrs(f->dns, s->target, s->port, on_addresses, f);
	else
		f->query = dns_addrs(f->dns, f->locate.name, f->locate.port, on_addresses, f);
}

/* ---- services ---- */

static enum sip_dns meaning(enum dns_status s)
{
	switch (s) {
	case DNS_OK:
		return SIP_DNS_FOUND;
	case DNS_NO_NAME:
	case DNS_NO_DATA:
		return SIP_DNS_ABSENT;
	case DNS_FAILED:
	case DNS_BOGUS:
		break;
	}
	return SIP_DNS_FAILED;
}

static void on_srv(void *arg, enum dns_status status, bool secure, const struct srv *v, size_t n)
{
	struct find *f = arg;
	bool denied = status == DNS_OK && n == 1 && !v[0].target[0];

	(void)secure;
	f->query = NULL;
	if (status == DNS_OK && !denied) {
		memcpy(f->srv, v, n * sizeof *v);
		f->n_srv = n;
	}
	sip_locate_answer(&f->locate, denied ? SIP_DNS_DENIED : meaning(status), NULL, 0);
	ask(f);
}

static void on_naptr(
	void *arg, enum dns_status status, bool secure, const struct naptr *v, size_t n)
{
	struct find *f = arg;
	struct sip_naptr naptr[SIP_NAPTR_MAX];
	size_t n_naptr = status == DNS_OK ? n < SIP_NAPTR_MAX ? n : SIP_NAPTR_MAX : 0;

	(void)secure;
	f->query = NULL;
	for (size_t i = 0; i < n_naptr; i++)
		naptr[i] = (struct sip_naptr){v[i].order, v[i].preference, slice_of(v[i].flags),
			slice_of(v[i].service), v[i].has_regexp ? SL("!") : SL(""),
			slice_of(v[i].replacement)};
	sip_locate_answer(&f->locate, meaning(status), naptr, n_naptr);
	ask(f);
}

/* A name of SRV records without a dot has no domain, and cannot be asked for. */
static void ask_srv(struct find *f)
{
	char service[SIP_LOCATE_NAME + 16];
	char *dot;

	snprintf(service, sizeof service, "%s", f->locate.name);
	dot = strchr(service, '.');
	if (!dot) {
		sip_locate_answer(&f->locate, SIP_DNS_ABSENT, NULL, 0);
		ask(f);
		return;
	}
	*dot = 0;
	f->query = dns_srv(f->dns, service, dot + 1, on_srv, f);
}

static void ask(struct find *f)
{
	switch (f->locate.ask) {
	case SIP_ASK_NAPTR:
		f->query = dns_naptr(f->dns, f->locate.name, on_naptr, f);
		break;
	case SIP_ASK_SRV:
		ask_srv(f);
		break;
	case SIP_ASK_HOST:
	case SIP_ASK_RECORDS:
		ask_addresses(f);
		break;
	case SIP_LOCATE_NONE:
		end_without(f, FIND_NONE, "DNS says that there is no such service");
		break;
	case SIP_LOCATE_FAILED:
		end_without(f, FIND_FAILED, "DNS does not answer, or not credibly");
		break;
	}
}

void find_start(struct find *f, struct dns *dns, const char *host, uint16_t port,
	enum sip_locate_way way, find_done *done, void *arg)
{
	f->dns = dns;
	f->done = done;
	f->arg = arg;
	f->query = NULL;
	f->n = f->n_srv = f->at_srv = 0;
	f->failed = false;
	f->text[0] = 0;
	sip_locate_start(&f->locate, host, port, way);
	ask(f); /* a question to DNS: never answered inside the call */
}

void find_stop(struct find *f)
{
	dns_cancel(f->query);
	f->query = NULL;
}
