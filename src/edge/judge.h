#pragma once

#include <stdbool.h>

#include "federation/snapshot.h"
#include "net/cert.h"
#include "xmpp/errors.h"
#include "xmpp/negotiate.h"
#include "xmpp/stream.h"

/*
 * Who may talk to us, and how: pure functions of the settings and of what a peer says. There is no
 * other place that decides it.
 */

/* Why the edge refuses a stream of its own accord: X(SUFFIX, name, stream condition, text) */
#define EDGE_REFUSALS(X)                                                                           \
	X(HOST_UNKNOWN, "host-unknown", HOST_UNKNOWN, "this domain is not served here")            \
	X(NO_FROM, "no-from", IMPROPER_ADDRESSING, "the stream header does not say who you are")   \
	X(NOT_PARTNER, "not-partner", POLICY_VIOLATION, "this domain is not a partner")            \
	X(PARTNER_DISABLED, "partner-disabled", POLICY_VIOLATION, "this partner is disabled")      \
	X(CONNECTION_LIMIT, "connection-limit", RESOURCE_CONSTRAINT, "too many connections")       \
	X(PARTNER_LIMIT, "partner-connection-limit", RESOURCE_CONSTRAINT,                          \
		"too many connections of this partner")                                            \
	X(PARTNER_RATE, "partner-connection-rate", RESOURCE_CONSTRAINT,                            \
		"too many new connections of this partner")                                        \
	X(NO_HEADER, "no-header", CONNECTION_TIMEOUT, "no stream header came in time")             \
	X(HOST_GONE, "host-gone", HOST_GONE, "this domain is no longer served here")               \
	X(NO_LONGER_PARTNER, "no-longer-partner", POLICY_VIOLATION,                                \
		"this domain is no longer a partner")                                              \
	X(CERT_EXPIRED, "certificate-expired", RESET,                                              \
		"your certificate, or one above it, has expired")                                  \
	X(CERT_REVOKED, "certificate-revoked", RESET,                                              \
		"your certificate, or one above it, has been revoked")                             \
	X(SETTINGS_CHANGED, "settings-changed", RESET,                                             \
		"the settings for this partner have changed")                                      \
	X(SHUTDOWN, "shutdown", SYSTEM_SHUTDOWN, "the server is being stopped")

/* clang-format off */
enum edge_refusal {
	EDGE_OK,
#define X(suffix, ...) EDGE_##suffix,
	EDGE_REFUSALS(X)
#undef X
	EDGE_REFUSAL__N
};
/* clang-format on */

const char *edge_refusal_name(enum edge_refusal r); /* stable, for logs */
const char *edge_refusal_text(enum edge_refusal r); /* for the peer's administrator */
enum stream_cond edge_refusal_cond(enum edge_refusal r);

/* Exactly the methods that a partner's three settings leave. */
struct xstream_policy edge_policy(struct negotiation n, bool has_cert);

struct edge_verdict {
	enum edge_refusal refusal;
	const struct partner *partner; /* of the snapshot; NULL when there is none */
	struct xstream_policy policy;
};

/*
 * A peer's stream header. from SL_NONE: it did not say, which will do only before TLS (encrypted
 * false): every dialback request says from whom it is, and is judged by that. has_cert: we have a
 * certificate for `to`.
 */
struct edge_verdict edge_judge_header(const struct snapshot *s, struct slice from, struct slice to,
	bool encrypted, bool has_cert);

/*
 * May we open a stream from one of our domains to a partner's? HOST_GONE: `local` is not ours.
 * The policy is that of an initiator with a certificate and without a past: see its bare and floor.
 */
struct edge_verdict edge_judge_pair(
	const struct snapshot *s, struct slice local, struct slice remote);

/*
 * Why a dialback request is refused: X(SUFFIX, name, condition). The answer is a dialback error
 * with this condition (XEP-0220 2.5), the stream stays.
 */
#define EDGE_DB_REFUSALS(X)                                                                        \
	X(MALFORMED, "malformed", BAD_REQUEST)                                                     \
	X(HOST_UNKNOWN, "host-unknown", ITEM_NOT_FOUND)                                            \
	X(NOT_PARTNER, "not-partner", POLICY_VIOLATION)                                            \
	X(PARTNER_DISABLED, "partner-disabled", POLICY_VIOLATION)                                  \
	X(OTHER_PARTNER, "other-partner", POLICY_VIOLATION)                                        \
	X(NOT_ALLOWED, "dialback-not-allowed", POLICY_VIOLATION)                                   \
	X(NEEDS_TLS, "dialback-needs-tls", POLICY_VIOLATION)                                       \
	X(NO_ROOM, "connection-limit", RESOURCE_CONSTRAINT)                                        \
	X(TOO_MANY, "too-many-pairs", RESOURCE_CONSTRAINT)                                         \
	X(TOO_FAST, "too-many-requests", RESOURCE_CONSTRAINT)

/* clang-format off */
enum edge_db {
	EDGE_DB_OK,
#define X(suffix, ...) EDGE_DB_##suffix,
	EDGE_DB_REFUSALS(X)
#undef X
	EDGE_DB__N
};
/* clang-format on */

const char *edge_db_name(enum edge_db r); /* stable, for logs */
enum stanza_cond edge_db_cond(enum edge_db r);

/* What one stream may hold of pairs that are proved, and of keys that are being verified. */
enum { EDGE_PAIRS_MAX = 256, EDGE_PENDING_MAX = 16 };

/* A db:result that asks us to believe its sender, and the stream on which it came. */
struct edge_claim {
	struct slice from, to; /* canonical; SL_NONE: absent, or no domain */
	bool has_key;
	struct slice
		partner; /* whose stream it is: the primary domain, A-labels; SL_NONE: not known */
	bool encrypted;
	bool external;  /* the stream is authenticated by SASL EXTERNAL */
	bool cert_good; /* the peer's certificate is good for `from` too */
	bool room;      /* the connection limits leave room, or the stream is counted already */
	unsigned pairs, pending;
};

struct edge_claim_verdict {
	enum edge_db refusal;
	const struct partner *partner; /* of the snapshot; NULL when there is none */
	bool proved; /* by the certificate: the key need not be verified (XEP-0220 2.2.1) */
};
struct edge_claim_verdict edge_judge_claim(const struct snapshot *s, const struct edge_claim *c);

/*
 * A db:verify that asks us, as the authority for `to`, about a key for `from`; both canonical, or
 * SL_NONE. EDGE_DB_OK: answer.
 */
enum edge_db edge_judge_question(const struct snapshot *s, struct slice from, struct slice to,
	bool complete, bool encrypted);

/*
 * May a pair that was authenticated like this go on under the settings in force? partner: as in
 * struct edge_claim.
 */
enum edge_refusal edge_judge_kept(const struct snapshot *s, struct slice local, struct slice remote,
	struct slice partner, enum negotiation_method method);

/*
 * Has a stream that we opened failed for a security reason? Nothing weaker is then tried with that
 * server before it has worked, or the settings are others: somebody may be in the way who wants
 * just that (docs/decisions/0072). Of all our streams, those that only verify keys too.
 */
struct edge_failure {
	enum xstream_reason reason;
	bool tls_failed;     /* in the handshake, or the peer refused what it had agreed to in it */
	bool tls_broken_off; /* STARTTLS was offered, or more, and there is no TLS */
};
bool edge_failed_insecurely(const struct edge_failure *f);

/* The peer's certificate as the stream engine asks for it: chain and name. */
enum xstream_cert edge_judge_cert(enum cert_verdict verdict);
