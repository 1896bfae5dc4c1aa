#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "xml/elem.h"

/*
 * What may be negotiated on a stream, as pure functions of (our policy, where the stream is, what
 * the peer offers, the verdict on its certificate). There is no other place that decides it.
 */

enum xtls_policy {
	XTLS_OFF,      /* not offered, not asked for */
	XTLS_OPTIONAL, /* used whenever both can */
	XTLS_REQUIRED, /* nothing else before it */
};

/* The settings of a partner, reduced to what a stream asks, and what we are able to. */
struct xstream_policy {
	enum xtls_policy tls;
	bool external;       /* SASL EXTERNAL; only ever inside TLS and with a good certificate */
	bool dialback_tls;   /* dialback inside TLS, whatever the certificate */
	bool dialback_clear; /* dialback without TLS */
	/*
	 * We have no certificate for our domain: a recipient has no TLS then, an initiator has, but
	 * nothing to show for EXTERNAL.
	 */
	bool bare;
	/*
	 * A stronger channel has failed for a security reason in the present streak of failures:
	 * nothing is done in clear until it works, or the settings change.
	 */
	bool floor;
};

/* The driver's verdict on the peer's certificate: chain and identity (RFC 6120 13.7.2). */
enum xstream_cert {
	XCERT_NONE, /* none was presented, or there is no TLS */
	XCERT_BAD,
	XCERT_GOOD,
};

/* Where a stream is when features are offered. */
enum xstream_phase {
	XPHASE_CLEAR, /* before TLS */
	XPHASE_TLS,   /* inside TLS, nobody authenticated */
	XPHASE_DONE,  /* after SASL */
};

/* Features, ours or the peer's. */
struct xstream_features {
	bool starttls, starttls_required;
	bool external;
	bool mechanisms; /* SASL is offered at all */
	bool dialback, dialback_errors;
};

/* X(SUFFIX, text): why nothing is left. */
#define XNEG_FAILS(X)                                                                              \
	X(NO_TLS, "one side requires TLS and the other does not offer it")                         \
	X(TLS_IMPOSSIBLE, "TLS is not possible here, and nothing is accepted without")             \
	X(TLS_REFUSED, "one side asks for TLS and the other refuses it")                           \
	X(TLS_ABORTED, "one side ends the TLS handshake because of the other's certificate")       \
	X(BAD_CERT, "the peer's certificate is not accepted")                                      \
	X(CERT_MISSING, "a certificate is required")                                               \
	X(CERT_REFUSED, "the certificate is not accepted")                                         \
	X(NO_OWN_CERT, "there is no certificate for the own domain")                               \
	X(NO_EXTERNAL, "the peer does not offer SASL EXTERNAL")                                    \
	X(SASL_FAILED, "the peer refused SASL EXTERNAL")                                           \
	X(NO_DIALBACK, "the other side does not take part in dialback")

/* clang-format off */
enum xneg_fail {
	XNEG_OK,
#define X(suffix, ...) XNEG_##suffix,
	XNEG_FAILS(X)
#undef X
	XNEG_FAIL__N
};
/* clang-format on */

const char *xneg_fail_text(enum xneg_fail f);

/* ---- the verdict ---- */

/* What one end knows at one moment of a stream. */
struct xneg_view {
	const struct xstream_policy *policy;
	bool initiator;
	enum xstream_phase phase;
	enum xstream_cert cert; /* on the peer's; XCERT_NONE before TLS */
	bool external_failed;   /* it was tried on this stream, and refused */
};

/* What that end will take part in now. Nothing: why says why. */
struct xneg_verdict {
	bool tls;      /* to begin it */
	bool external; /* to authenticate by it */
	bool dialback;
	enum xneg_fail why;
};

/* The one place that decides; all else here follows from it. Never from TLS back to clear text. */
struct xneg_verdict xneg_judge(const struct xneg_view *v);

/*
 * The recipient's features. Not XNEG_OK: there is no way this peer could authenticate; the stream
 * is closed with policy-violation instead of waiting for a time-out (RFC 6120 6.4.5).
 */
enum xneg_fail xneg_offer(const struct xstream_policy *p, enum xstream_phase phase,
	enum xstream_cert cert, struct xstream_features *ret);

/* The initiator's next step. */
enum xneg_step {
	XNEG_STARTTLS,
	XNEG_EXTERNAL,
	XNEG_DIALBACK, /* nothing but dialback is left, and the policy allows it here */
	XNEG_READY,    /* negotiation is over */
	XNEG_FAIL,     /* see enum xneg_fail */
};

/* offer NULL: the peer speaks XMPP 0.9, there are no features. */
enum xneg_step xneg_choose(const struct xstream_policy *p, enum xstream_phase phase,
	enum xstream_cert cert, const struct xstream_features *offer, bool external_failed,
	enum xneg_fail *ret_fail);

/* ---- two ends ---- */

/* One end as the other sees it. */
struct xneg_end {
	struct xstream_policy policy; /* bare is not looked at: see cert */
	enum xstream_cert cert;       /* how the other judges its certificate; XCERT_NONE: none */
	bool strict;                  /* it ends the handshake when the other's is XCERT_BAD */
};

enum xneg_outcome {
	XNEG_NONE,
	XNEG_PLAIN_DIALBACK,
	XNEG_TLS_DIALBACK,
	XNEG_TLS_EXTERNAL,
};
const char *xneg_outcome_name(enum xneg_outcome o); /* "none", "plain-dialback", ... */

/*
 * What comes of it when these two meet, by the verdicts of either at every step. XNEG_NONE:
 * *ret_why says why; may be NULL.
 */
enum xneg_outcome xneg_meet(const struct xneg_end *initiator, const struct xneg_end *recipient,
	enum xneg_fail *ret_why);

/* ---- the wire ---- */

/* <stream:features> on the wire. */
void xneg_put(struct buf *b, const struct xstream_features *f);
void xneg_read(const struct xml_elem *features, struct xstream_features *ret);
