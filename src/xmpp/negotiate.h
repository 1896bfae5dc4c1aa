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

/*
 * The settings of a partner and what we are able to, reduced to what a stream asks. As recipient,
 * tls is XTLS_OFF also when there is no certificate of ours for the domain.
 */
struct xstream_policy {
	enum xtls_policy tls;
	bool external;       /* SASL EXTERNAL; only ever inside TLS and with a good certificate */
	bool dialback_tls;   /* dialback inside TLS, whatever the certificate */
	bool dialback_clear; /* dialback without TLS */
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

/*
 * The recipient's features. False: there is no way this peer could authenticate; the stream is
 * closed with policy-violation instead of waiting for a time-out (RFC 6120 6.4.5), *ret_why says it
 * in words.
 */
bool xneg_offer(const struct xstream_policy *p, enum xstream_phase phase, enum xstream_cert cert,
	struct xstream_features *ret, const char **ret_why);

/* The initiator's next step. */
enum xneg_step {
	XNEG_STARTTLS,
	XNEG_EXTERNAL,
	XNEG_DIALBACK, /* nothing but dialback is left, and the policy allows it here */
	XNEG_READY,    /* negotiation is over */
	XNEG_FAIL,     /* see enum xneg_fail */
};

enum xneg_fail {
	XNEG_OK,
	XNEG_NO_TLS,   /* we need TLS and the peer has none, or the reverse */
	XNEG_BAD_CERT, /* the peer's certificate is not good, and the policy does not tolerate it */
	XNEG_NO_EXTERNAL, /* the peer does not offer EXTERNAL (it may not like our certificate) */
	XNEG_SASL_FAILED, /* it refused us, and no other way is left */
};

/*
 * offer NULL: the peer speaks XMPP 0.9, there are no features. external_failed: EXTERNAL was tried
 * on this stream and refused. Never a step from TLS back to clear text.
 */
enum xneg_step xneg_choose(const struct xstream_policy *p, enum xstream_phase phase,
	enum xstream_cert cert, const struct xstream_features *offer, bool external_failed,
	enum xneg_fail *ret_fail);

const char *xneg_fail_text(enum xneg_fail f);

/* <stream:features> on the wire. */
void xneg_put(struct buf *b, const struct xstream_features *f);
void xneg_read(const struct xml_elem *features, struct xstream_features *ret);
