#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "net/dns.h"
#include "sip/sip.h"
#include "sipnet/endpoint.h"

/*
 * The addresses of a next hop by DNS: asks what sip/locate says. Of one loop;
 * embedded, its owner sets it up with find_start() and calls find_stop() before
 * it goes.
 */
enum { FIND_MAX = 16 };

enum find_end {
	FIND_FOUND,  /* at least one address */
	FIND_NONE,   /* DNS says that there is none: text says more */
	FIND_FAILED, /* DNS does not say */
};

struct find;
/* Borrowed for the call; find_start() may be called in it. */
typedef void find_done(void *arg, enum find_end end, const struct found *v, size_t n);

struct find {
	struct dns *dns;
	find_done *done;
	void *arg;
	char text[340]; /* why there is none, for people */

	struct dns_query *query; /* the rest is find.c's */
	struct sip_locate locate;
	struct srv srv[DNS_SRV_MAX];
	size_t n_srv, at_srv;
	struct found found[FIND_MAX];
	size_t n;
	bool failed;
};

/* done() runs once, not inside this call, unless find_stop() comes first. host:
 * no literal. */
void find_start(struct find *f, struct dns *dns, const char *host, uint16_t port,
	enum sip_locate_way way, find_done *done, void *arg);
void find_stop(struct find *f); /* also of a zeroed one */

/* A host that is an address: one place, found at once. False: it is a name. */
bool find_literal(const char *host, uint16_t port, enum sip_locate_way way, struct found *ret);
