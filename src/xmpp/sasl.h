#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "xml/elem.h"
#include "xmpp/errors.h"
#include "xmpp/negotiate.h"

/* SASL EXTERNAL between servers (RFC 6120 section 6, XEP-0178 section 3, RFC 4422 appendix A). */

/* What the recipient knows when a request comes. */
struct sasl_ctx {
	const struct xstream_policy *policy;
	bool tls;               /* inside TLS */
	enum xstream_cert cert; /* the verdict on the peer's certificate for `from` */
	struct slice from;      /* of the protected header, canonical; SL_NONE: it did not say */
};

enum sasl_verdict { SASL_SUCCESS, SASL_CHALLENGE, SASL_FAILURE };

/* Judges an <auth/>. On SASL_FAILURE *ret_cond is the reason. a: for what is decoded. */
enum sasl_verdict sasl_on_auth(const struct sasl_ctx *ctx, const struct xml_elem *auth,
	struct arena *a, enum sasl_cond *ret_cond);

/* Judges a <response/> to our challenge: success or failure. */
enum sasl_verdict sasl_on_response(const struct sasl_ctx *ctx, const struct xml_elem *response,
	struct arena *a, enum sasl_cond *ret_cond);

/* <auth mechanism='EXTERNAL'> or <response> with authzid, base64. */
void sasl_put_auth(struct buf *b, struct slice authzid);
void sasl_put_response(struct buf *b, struct slice authzid);
void sasl_put_challenge(struct buf *b); /* empty: "who are you?" */
void sasl_put_success(struct buf *b);
void sasl_put_failure(struct buf *b, enum sasl_cond c);

/* The condition of a <failure/>, and its text (SL_NONE: none). */
enum sasl_cond sasl_read_failure(
	const struct xml_elem *failure, struct arena *a, struct slice *ret_text);

/*
 * RFC 4648 section 4 and no other: padded, no white space, unused bits zero (RFC 6120 6.3.5). False
 * when s is not that.
 */
bool base64_decode(struct slice s, struct arena *a, struct slice *ret);
void base64_put(struct buf *b, struct slice s);
