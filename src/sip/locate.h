#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "sip/value.h"

/*
 * Where a next hop is: RFC 3263 section 4 as questions to DNS, one after the other, and the choice
 * among what they found. Pure: who asks DNS, and the random numbers, are the caller's.
 *
 * What is asked (4.1, 4.2):
 *   a port was given         host's addresses, port as given; auto: over UDP
 *   udp, tcp, tls            SRV of that service, else host's addresses at the default port
 *   auto                     NAPTR; the record that is preferred names the SRV records.
 *                            None that can be used: SRV of TLS, TCP, UDP in turn; the first that
 *                            has records is it. None of them: host's addresses over UDP, 5060.
 * A literal address is never asked about: sip_locate_literal().
 *
 * A transport is chosen once, for all targets: when those of TLS do not answer, nothing goes over
 * UDP instead. And an answer that failed is not "there is none", as whoever is on the way could
 * make it fail: the search ends there, and what was known stays (SIP_LOCATE_FAILED).
 */
enum sip_locate_way { SIP_BY_UDP, SIP_BY_TCP, SIP_BY_TLS, SIP_BY_AUTO };

enum sip_locate_ask {
	SIP_ASK_NAPTR,     /* of name */
	SIP_ASK_SRV,       /* of name, the service included: "_sips._tcp.example.net" */
	SIP_ASK_HOST,      /* the end: the addresses of name, at port */
	SIP_ASK_RECORDS,   /* the end: the addresses of the hosts of the SRV records just found */
	SIP_LOCATE_NONE,   /* the end: DNS says that there is no such service */
	SIP_LOCATE_FAILED, /* the end: DNS did not answer, or not credibly */
};

/* What became of a question. */
enum sip_dns {
	SIP_DNS_FOUND,
	SIP_DNS_ABSENT, /* no such name, no such record */
	SIP_DNS_DENIED, /* SRV with the target "." (RFC 2782): decidedly no such service */
	SIP_DNS_FAILED,
};

/* A NAPTR record (RFC 3403); texts without the dot at the end. */
struct sip_naptr {
	uint16_t order, preference;
	struct slice flags, service, regexp, replacement;
};

enum { SIP_NAPTR_MAX = 16, SIP_LOCATE_NAME = 254 };

struct sip_locate {
	enum sip_locate_ask ask;
	enum sip_transport transport; /* of SIP_ASK_HOST and SIP_ASK_RECORDS, and of the SRV */
	uint16_t port;
	char name[SIP_LOCATE_NAME + 16]; /* what is asked about */

	const char *host; /* the rest is locate.c's */
	enum sip_locate_way way;
	unsigned next; /* of the transports of auto */
	bool denied_udp, denied;
	struct {
		enum sip_transport transport;
		char name[SIP_LOCATE_NAME];
	} naptr[SIP_NAPTR_MAX];
	unsigned n_naptr, at_naptr;
};

/* port 0: none was given. host: no literal, A-labels; borrowed until the end. Sets the question. */
void sip_locate_start(
	struct sip_locate *l, const char *host, uint16_t port, enum sip_locate_way way);

/* The answer to SIP_ASK_NAPTR or SIP_ASK_SRV; v is of the first only. Sets the next question. */
void sip_locate_answer(
	struct sip_locate *l, enum sip_dns answer, const struct sip_naptr *v, size_t n);

/* How a literal address is reached (4.1): its port, else the default; auto: over UDP. */
enum sip_transport sip_locate_literal(enum sip_locate_way way, uint16_t *port);

/*
 * One target as the choice among them sees it. Those of one SRV record stand together, have its
 * number in record, and are in the order of DNS.
 */
struct sip_candidate {
	uint16_t priority, weight; /* as in SRV */
	uint8_t record;
	uint8_t rank; /* 0 is best; a better one goes before any priority */
	bool out;     /* not to be chosen */
};

/*
 * The one to take (RFC 2782, RFC 3263 4.2, 4.3): of those not out, of the best rank, of the lowest
 * priority, one record by weight, and of it the first address. random: even over all of uint64_t.
 * -1: all are out. At most 256 candidates.
 */
int sip_locate_pick(const struct sip_candidate *v, size_t n, uint64_t random);
