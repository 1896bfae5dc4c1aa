#pragma once

#include "link/link.h"
#include "net/conn.h"
#include "net/dns.h"

/*
 * Where to connect to for a partner's domain (RFC 6120 3.2): its SRV records in their order, each a
 * group of addresses; without any, the addresses of the domain itself; or those of the proxy that
 * an administrator has named. Private to the edge.
 */
struct lookup;
struct loop;

/*
 * fail LINK_R_NONE: n > 0 targets. Else LINK_R_NO_SUCH_SERVER or LINK_R_DNS_FAILED, why says more.
 * Runs once, never inside lookup_new(); the lookup is gone then.
 */
typedef void lookup_done(void *arg, enum link_reason fail, const char *why,
	const struct conn_target *targets, size_t n);

/* domain: A-labels. proxy NULL: none; port 0: default_port. */
struct lookup *lookup_new(struct loop *l, struct dns *dns, const char *domain, const char *proxy,
	uint16_t port, uint16_t default_port, lookup_done *done, void *arg);

/* Only in done(): were all answers DNSSEC-secure? */
bool lookup_secure(const struct lookup *k);

/* done() does not run. NULL is fine. */
void lookup_cancel(struct lookup *k);
