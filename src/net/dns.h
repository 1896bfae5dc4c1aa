#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/log.h"
#include "net/address.h"
#include "net/rdata.h"
#include "net/srv.h"

/*
 * DNS by libunbound, asynchronous, with validation where it can be had. Of one loop.
 *
 * Contract of the questions: done() runs exactly once, on the loop, never before the function that
 * asked has returned, also for failures; after dns_cancel() it does not run. What it is given is
 * borrowed for the call. Names are A-labels (text/idna.h); a question takes at most timeout_ms.
 */
struct loop;
struct dns;
struct dns_query;

enum dns_mode {
	/* Validates unless the servers pass on no signatures: logged, tried again every 10 min. */
	DNS_SEC_AUTO,
	DNS_SEC_OFF,
	DNS_SEC_REQUIRE, /* an answer that is not secure is a failure */
};

/* What answers are checked against. */
enum dns_trust {
	DNS_TRUST_NONE, /* nothing is validated */
	DNS_TRUST_OWN,  /* the trust anchors of the administrator: their zones alone */
	DNS_TRUST_ROOT, /* also the root's */
};

struct dns_config {
	enum dns_mode dnssec;
	/* Zones that are not validated: private ones. */
	const char *const *insecure_zones;
	size_t n_insecure_zones;
	/*
	 * A file with DS or DNSKEY records: keys of zones that are signed and not reached from the
	 * root, such as private ones. NULL: none. They hold also where the root's cannot be had.
	 */
	const char *trust_anchors;
	/* Servers that are asked. None: those of /etc/resolv.conf, and /etc/hosts is read. */
	const struct netaddr *forward;
	size_t n_forward;
	unsigned timeout_ms; /* 0: 8000 */
};

int dns_new(struct dns **ret, struct loop *loop, const struct dns_config *config,
	const struct log *log, struct err *e);
/* Questions under way are cancelled. NULL is fine; not in a callback of its own. */
void dns_free(struct dns *d);

/*
 * Another one on the same loop with d's settings, which remembers no answer yet: for who wants to
 * see what DNS says now. Where d has found that signatures cannot be had, it does without as well.
 */
int dns_fresh(struct dns **ret, const struct dns *d, unsigned timeout_ms, struct err *e);

enum dns_trust dns_trust(const struct dns *d);
enum dns_mode dns_mode(const struct dns *d); /* as it was configured */

enum dns_status {
	DNS_OK,
	DNS_NO_NAME, /* the name does not exist */
	DNS_NO_DATA, /* it exists and has no such record */
	DNS_FAILED,  /* no answer in time, or the servers could not answer */
	DNS_BOGUS, /* signed, and the signatures are wrong; or not secure where that is required */
};

enum { DNS_SRV_MAX = 32, DNS_NAPTR_MAX = 16, DNS_ADDRS_MAX = 16 };

/*
 * The SRV records of "_xmpp-server._tcp." + domain, in the order in which to try them. status
 * DNS_OK: at least one record, of which a single one with target "" says that there is no such
 * service; such a record among others is left out.
 */
typedef void dns_srv_done(
	void *arg, enum dns_status status, bool secure, const struct srv *v, size_t n);
struct dns_query *dns_srv(
	struct dns *d, const char *service, const char *domain, dns_srv_done *done, void *arg);

/* The NAPTR records of a domain (RFC 3403), as they came. DNS_OK: at least one. */
typedef void dns_naptr_done(
	void *arg, enum dns_status status, bool secure, const struct naptr *v, size_t n);
struct dns_query *dns_naptr(struct dns *d, const char *domain, dns_naptr_done *done, void *arg);

/*
 * All addresses of a host, IPv6 and IPv4 taking turns, with this port. DNS_OK: at least one; one
 * family that fails does not spoil the other. A literal address is its own answer.
 */
typedef void dns_addrs_done(
	void *arg, enum dns_status status, bool secure, const struct netaddr *v, size_t n);
struct dns_query *dns_addrs(
	struct dns *d, const char *host, uint16_t port, dns_addrs_done *done, void *arg);

void dns_cancel(struct dns_query *q); /* NULL is fine; not after done() */

/* More about the answer that done() is being told, for people; strings live as long as q. */
struct dns_about {
	bool secure;       /* signed, and the signatures are good */
	bool bogus;        /* signed, and they are wrong: why says more */
	bool timed_out;    /* nobody answered in time */
	const char *why;   /* "": nothing to say */
	const char *name;  /* what was asked */
	const char *alias; /* the name that the answer is of, where that is another; "" */
	bool no_family[2]; /* addresses: there are none of IPv6, of IPv4 */
};
void dns_about(const struct dns_query *q, struct dns_about *ret);
