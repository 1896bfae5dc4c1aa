#pragma once

#include <stdbool.h>

#include "federation/snapshot.h"
#include "net/cert.h"
#include "xmpp/errors.h"
#include "xmpp/negotiate.h"

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
 * The policy is that of an initiator: what it allows of dialback it would do.
 */
struct edge_verdict edge_judge_pair(
	const struct snapshot *s, struct slice local, struct slice remote);

/* The peer's certificate as the stream engine asks for it: chain and name. */
enum xstream_cert edge_judge_cert(enum cert_verdict verdict);
