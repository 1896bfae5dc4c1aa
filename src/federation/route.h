#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "federation/object.h"
#include "federation/value.h"

/* A trusted SIP peer: where messages for our users go, and from whom we take theirs. */
enum route_transport {
	ROUTE_UDP,
	ROUTE_TCP,
	ROUTE_TLS,
	ROUTE_LOCATED /* "auto": as the next hop's domain says in DNS (RFC 3263 4.1) */
};
enum route_kind { ROUTE_GENERIC, ROUTE_MICROSOFT_EDGE, ROUTE_MICROSOFT_POOL };
enum route_mode { ROUTE_PAGER, ROUTE_SESSION, ROUTE_AUTO }; /* gateway/carriage.h */
enum route_late_error { ROUTE_LATE_MESSAGE, ROUTE_LATE_OFF };

struct route {
	struct object object;
	char *name; /* the key */
	char *description;
	struct host_port next_hop; /* port 0: the transport's own (RFC 3263) */
	enum route_transport transport;
	struct network_list sources;     /* empty: the resolved next hop */
	struct domain_list from_domains; /* empty: the local domains that use this route */
	struct domain_list
		tls_names; /* the peer's, in its certificate; empty: the next hop's host */
	enum route_kind kind;
	enum route_mode message_mode;
	uint32_t receive_rate; /* requests a second taken from it; 0: no limit */
	uint32_t send_rate;    /* messages a second; 0: the kind's, see route_send_rate() */
	uint32_t sender_rate;  /* requests a second of one sender; 0: no limit */
	uint32_t error_wait;   /* ms an answer waits for an error stanza (design: error window) */
	enum route_late_error late_error;
	bool congestion_safe; /* the path to it controls congestion hop by hop (RFC 3428 4) */
	/* A [certificate NAME] of the bootstrap file, in lower case; NULL: by local domain. */
	char *certificate;
	char *digest_user;     /* whom we say we are when it asks (RFC 7616); NULL: nobody */
	char *digest_password; /* a secret; never shown, logged or exported */
	/* It is of our trust domain (RFC 3325 2.3): P-Asserted-Identity is believed and sent. */
	bool trust_identity;
};

extern const struct object_class route_class;

/*
 * Messages a second that it is sent; 0: no limit. A Microsoft Edge Server takes 20 of a partner
 * that it does not list, so that is what it gets unless send_rate says more.
 */
enum { ROUTE_EDGE_RATE = 20 };
uint32_t route_send_rate(const struct route *r);

static inline const struct route *route_of(const struct object *o)
{
	return (const struct route *)o;
}
