#pragma once

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/*
 * The certificate of a peer: does its chain lead to somebody we trust, and is it this domain's? Our
 * own rules, not the TLS library's: RFC 6120 13.7.2 with RFC 6125, XEP-0178; what the certificate
 * is meant for (extended key usage) is not looked at, since public authorities issue none for
 * clients any more. Pure: time is passed in.
 */

/* Why a peer's certificate is not good; CERT_GOOD is 0. */
enum cert_verdict {
	CERT_GOOD,
	CERT_NONE,    /* no certificate was presented */
	CERT_EXPIRED, /* it or one above it, also not yet valid */
	CERT_SELF_SIGNED,
	CERT_UNTRUSTED, /* no chain to a trusted authority */
	CERT_WEAK,      /* key or signature too weak */
	CERT_REVOKED,
	CERT_INVALID,    /* anything else with the chain */
	CERT_WRONG_NAME, /* the chain is good, the domain is not in it */
	CERT__N
};
const char *cert_verdict_name(enum cert_verdict v); /* "good", "self-signed", ... */
const char *cert_verdict_text(enum cert_verdict v); /* for people */

/*
 * Judges the chain of leaf at now (seconds since 1970). others: what came with it, may be NULL.
 * ret_code: X509_V_*. Does not look at names.
 */
enum cert_verdict cert_judge_chain(
	X509_STORE *trust, X509 *leaf, STACK_OF(X509) *others, int64_t now, int *ret_code);

/*
 * Is leaf a certificate for this domain as an XMPP server? domain in A-labels. Matched, case
 * insensitively: dNSName, also with "*" as its complete left-most label; SRVName
 * "_xmpp-server." + domain; xmppAddr equal to the domain (compared as A-labels). Not the common
 * name, not _xmpp-client, no name with a NUL or other control character in it.
 */
bool cert_is_for(X509 *leaf, struct slice domain);

/* All names in it, for people: "dns:im.example srv:_xmpp-server.im.example xmpp:im.example". */
void cert_names(X509 *leaf, struct buf *out);

/* One dNSName (or the domain of an SRVName, wildcard false) against a domain in A-labels. */
bool cert_dns_match(struct slice name, struct slice domain, bool wildcard);
