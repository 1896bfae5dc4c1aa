#pragma once

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/*
 * The certificate of a peer: does its chain lead to somebody we trust, has it been revoked, and is
 * it this domain's? Our own rules, not the TLS library's: RFC 6120 13.7.2 with RFC 6125, XEP-0178;
 * what the certificate is meant for (extended key usage) is not looked at, since public authorities
 * issue none for clients any more. Pure: time is passed in, as seconds since 1970.
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
	CERT_UNPROVEN,   /* whether it was revoked had to be known, and is not */
	CERT_INVALID,    /* anything else with the chain */
	CERT_WRONG_NAME, /* the chain is good, the domain is not in it */
	CERT__N
};
const char *cert_verdict_name(enum cert_verdict v); /* "good", "self-signed", ... */
const char *cert_verdict_text(enum cert_verdict v); /* for people */

/* ---- the chain ---- */

/*
 * What is done with the revocation lists in a store of authorities (RFC 5280 6.3). A certificate
 * that a list names is revoked, also when the list is out of its time. Where an authority has no
 * list, or none that is in its time and properly signed:
 */
enum cert_crls {
	CERT_CRLS_NONE,    /* there are no lists at all: nothing is looked up */
	CERT_CRLS_AUTO,    /* counts as not revoked, and is noted */
	CERT_CRLS_REQUIRE, /* unproven */
};
void cert_use_crls(X509_STORE *trust, enum cert_crls how);

/* What a stapled OCSP response says of a certificate (RFC 6960 3.2, RFC 6066 8). */
enum cert_ocsp {
	CERT_OCSP_NONE, /* there is none */
	CERT_OCSP_GOOD,
	CERT_OCSP_REVOKED,
	CERT_OCSP_UNKNOWN, /* the responder does not know the certificate, or did not answer */
	CERT_OCSP_STALE,   /* too old, or from the future */
	CERT_OCSP_BAD,     /* cannot be read, is about another, or is not signed by who may */
	CERT_OCSP__N
};
const char *cert_ocsp_name(enum cert_ocsp o); /* "none", "good", ... */

/* issuer: as in the verified chain. der: the response. */
enum cert_ocsp cert_judge_ocsp(struct slice der, X509 *leaf, X509 *issuer, int64_t now);

/* What a peer has shown. */
struct cert_shown {
	X509 *leaf;
	STACK_OF(X509) * others; /* what came with it; may be NULL */
	struct slice ocsp;       /* the stapled response; empty: none */
	/*
	 * It was asked for one: a certificate that promises to come with a good response (RFC 7633)
	 * is unproven without.
	 */
	bool asked_ocsp;
};

struct cert_judged {
	enum cert_verdict verdict;
	int code;        /* X509_V_*: the first thing that is wrong */
	int depth;       /* with which certificate: 0 is the peer's own */
	int64_t expires; /* the first end of validity in the chain; 0: verdict is not CERT_GOOD */
	bool crl_gap;    /* CERT_CRLS_AUTO: something could not be looked up */
	enum cert_ocsp ocsp;
};

/* Does not look at names. */
void cert_judge(
	X509_STORE *trust, const struct cert_shown *shown, int64_t now, struct cert_judged *ret);

/* The same without OCSP; ret_code: X509_V_*. */
enum cert_verdict cert_judge_chain(
	X509_STORE *trust, X509 *leaf, STACK_OF(X509) * others, int64_t now, int *ret_code);

/*
 * The same in words, the whole chain and all that is wrong with it, for the log and for tests of a
 * partner: "0: CN=im.example, until 2026-03-01: certificate has expired; 1: CN=Lab Root CA, until
 * 2027-01-01, trusted".
 */
void cert_chain_text(
	X509_STORE *trust, X509 *leaf, STACK_OF(X509) * others, int64_t now, struct buf *out);

/* ---- names ---- */

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

/*
 * The same for SIP (RFC 5922 7.1, 7.2; cert_sip.c): the hosts a certificate stands for, in lower
 * case, each followed by a NUL: SIP URIs without user part; where there are none dNSNames without
 * wildcard, and addresses as inet_ntop() writes them; and the common name only where there is no
 * subjectAltName at all.
 */
void cert_sip_names(X509 *leaf, struct buf *out);
bool cert_sip_has(struct slice names, struct slice host);

/* ---- what else is in one, for people (cert_text.c) ---- */

void cert_subject(X509 *x, struct buf *out); /* "CN=im.example,O=Example", printable UTF-8 */
void cert_issuer(X509 *x, struct buf *out);
void cert_name_text(X509_NAME *name, struct buf *out); /* the same of any name */
void cert_key(X509 *x, struct buf *out);               /* "EC 256", "RSA 2048" */

/*
 * What it is meant for: "serverAuth emailProtection"; nothing for one that does not say. Returns
 * CERT_FOR_SERVER and CERT_FOR_CLIENT as bits; both when it does not say.
 */
enum { CERT_FOR_SERVER = 1, CERT_FOR_CLIENT = 2 };
unsigned cert_purposes(X509 *x, struct buf *out);

/* SHA-256 in lower-case hexadecimal digits. */
enum { CERT_FINGERPRINT = 64 };
void cert_fingerprint(X509 *x, char ret[CERT_FINGERPRINT + 1]);

int64_t cert_not_before(X509 *x);
int64_t cert_not_after(X509 *x);
/* When the first of these ends; leaf and others NULL: none. INT64_MAX: there are none. */
int64_t cert_first_end(X509 *leaf, STACK_OF(X509) * others);
