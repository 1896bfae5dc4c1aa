#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "xml/elem.h"
#include "xml/reader.h"
#include "xmpp/errors.h"
#include "xmpp/negotiate.h"
#include "xmpp/stanza.h"

/*
 * One server-to-server stream (RFC 6120, XEP-0178, XEP-0220), either role, without a socket: bytes
 *and the time go in, events and bytes come out. What the driver (src/edge) does:
 *
 *	xstream_feed(x, bytes, now);
 *	while (xstream_event(x, &ev))
 *		...deal with it...
 *	write xstream_output(x), then xstream_sent(x, n)
 *	arm a timer for xstream_deadline(x), which calls xstream_tick(x, now) and the same two lines
 *
 * Input is parsed only when an event is asked for: a driver that may not take stanzas now (no
 *credit) stops calling xstream_event() and stops reading. Every call may produce output.
 *
 * Output is only what the engine says itself. Stanzas are serialised straight into the connection's
 * buffer by the driver, whenever xstream_may_send(), after all output so far has been moved there.
 *
 * Slices in an event are valid until the next call of any function with this x, except where said.
 * Domains in events are canonical (RFC 7622: lower case, U-labels).
 */

enum xstream_role {
	XSTREAM_INITIATOR, /* we connected */
	XSTREAM_RECIPIENT, /* they did */
};

/* How a domain pair was authenticated. */
enum xstream_method { XSTREAM_EXTERNAL, XSTREAM_DIALBACK };

struct xstream_cfg {
	enum xstream_role role;
	/*
	 * Initiator: our domain and theirs. Recipient: local is what we call ourselves in the
	 * header when the peer asks for a domain that is not ours (may be empty), remote is not
	 * looked at.
	 */
	struct slice local, remote;
	struct slice lang;            /* of our texts; absent: "en" */
	struct xstream_policy policy; /* initiator; a recipient gets it with xstream_accept() */
	struct xml_limits limits;     /* zeroes: the defaults */
	size_t preauth_bytes;         /* what a peer may send before it is authenticated [65536] */
	unsigned sasl_tries;   /* failed SASL attempts after which the stream is closed [3] */
	uint32_t establish_ms; /* from new to authenticated [60000] */
	uint32_t close_ms;     /* from our end tag to theirs [10000] */
	uint8_t seed[32];      /* random, of this stream only: stream ids come from it */
};

enum xstream_event_type {
	/*
	 * A peer's header, with from, to, id, lang, version. Recipient, before authentication: the
	 * engine stands still until xstream_accept() or xstream_refuse(), which may be called at
	 * once or later. It comes before TLS and again inside: only the second `from` is to be
	 * believed (RFC 6120 4.3.6, 13.7.2.1), and `to` may differ from the first. from is SL_NONE
	 * when the peer did not say. After authentication, and for the initiator, it is only for
	 * the record.
	 */
	XSTREAM_HEADER,
	/*
	 * Send what is in the output in clear, then do the TLS handshake, then xstream_tls_done()
	 * or xstream_tls_failed(). Clear bytes that were fed and not parsed are already forgotten;
	 * the driver forgets what it has itself, and feeds nothing meanwhile.
	 */
	XSTREAM_NEED_TLS,
	/* Initiator: only dialback is left, and the policy allows it. See xstream_db_*, or close.
	 */
	XSTREAM_NEED_DIALBACK,
	/* The pair (from, to) is authenticated by method: stanzas may pass. */
	XSTREAM_AUTHENTICATED,
	/*
	 * SASL, either role: an attempt failed with sasl_cond; text is what the peer said with it.
	 * Other events say how it goes on.
	 */
	XSTREAM_AUTH_FAILED,
	/*
	 * elem in arena, both the driver's from now on (arena_done). kind, from, to: the pair,
	 * whose domains have been compared with the elem's addresses; these two slices are in arena
	 * as well. xml:lang is on the element if the stream had one. The local and resource parts
	 * of its addresses have not been looked at.
	 */
	XSTREAM_STANZA,
	XSTREAM_DB_RESULT, /* db: what it says. At any time after the headers, see xstream_db_*() */
	XSTREAM_DB_VERIFY,
	/* The stream is ending: nothing may be sent from now on. reason, cond, text. Exactly once.
	 */
	XSTREAM_CLOSING,
	/*
	 * It has ended, after XSTREAM_CLOSING: send what is left of the output, then close TLS and
	 * TCP. Exactly once, the last event. abrupt: drop the connection without close_notify.
	 */
	XSTREAM_CLOSED,
};

/* Why a stream ended. */
enum xstream_reason {
	XSTREAM_R_NONE,
	XSTREAM_R_LOCAL,       /* xstream_close() without a condition */
	XSTREAM_R_LOCAL_ERROR, /* we sent the stream error cond, with text */
	XSTREAM_R_PEER,        /* the peer closed it in order */
	XSTREAM_R_PEER_ERROR,  /* the peer sent the stream error cond, with text */
	XSTREAM_R_TLS_REFUSED, /* STARTTLS answered by failure, by them or by us */
	XSTREAM_R_TLS_FAILED,  /* xstream_tls_failed() */
	XSTREAM_R_NO_METHOD,   /* no way to authenticate that both accept; text says what is missing
				*/
	XSTREAM_R_BAD_CERT,    /* the peer's certificate is not good enough */
	XSTREAM_R_SASL,        /* the peer refused us: sasl_cond, text */
	XSTREAM_R_TIMEOUT,     /* not authenticated in time */
	XSTREAM_R_LOST,        /* the connection ended without a word */
	XSTREAM_R__N
};

/* A db:result or db:verify (XEP-0220 2.1). Absent attributes are SL_NONE. */
struct xstream_db {
	struct slice from, to; /* as they stand */
	struct slice id;
	struct slice type; /* SL_NONE: a request; "valid", "invalid", "error" or anything */
	struct slice key;
	enum stanza_cond cond; /* type error: its condition */
};

struct xstream_event {
	enum xstream_event_type type;
	struct slice from, to;
	struct slice id, lang;
	unsigned version_major, version_minor; /* 0, 9 when the header had none */
	enum xstream_method method;
	enum stanza_kind kind;
	struct xml_elem *elem;
	struct arena arena;
	size_t size; /* STANZA: its bytes on the wire */
	struct xstream_db db;
	enum xstream_reason reason;
	enum stream_cond cond;
	enum sasl_cond sasl_cond;
	struct slice text; /* of the peer: for logs, never interpreted; of ours: what we sent */
	bool abrupt;
};

struct xstream;

/* Everything in cfg is copied. An initiator's header is in the output at once. */
struct xstream *xstream_new(const struct xstream_cfg *cfg, uint64_t now_ms);
void xstream_free(struct xstream *x); /* NULL is fine */

/* ---- bytes, events, time ---- */

/* Bytes of the peer, decrypted. Ignored once closed. */
void xstream_feed(struct xstream *x, struct slice bytes, uint64_t now_ms);

/* The connection has ended; what was fed before is still parsed. */
void xstream_eof(struct xstream *x, uint64_t now_ms);

bool xstream_event(struct xstream *x, struct xstream_event *ret);

/* What is to be written now; empty when nothing. Valid until the next call with x. */
struct slice xstream_output(struct xstream *x);
void xstream_sent(struct xstream *x, size_t n);

uint64_t xstream_deadline(const struct xstream *x); /* UINT64_MAX: none */
void xstream_tick(struct xstream *x, uint64_t now_ms);

/* ---- answers to XSTREAM_HEADER (recipient; asserted) ---- */

/*
 * Go on under this policy. cert: the verdict on the peer's certificate for the `from` of this very
 * header (XCERT_NONE before TLS).
 */
void xstream_accept(struct xstream *x, const struct xstream_policy *policy, enum xstream_cert cert);

/*
 * Sends a header of ours, the error and the end. host-unknown and host-gone: the header is from
 * cfg.local; else from what the peer asked for. text may be SL_NONE.
 */
void xstream_refuse(struct xstream *x, enum stream_cond cond, struct slice text);

/* ---- answers to XSTREAM_NEED_TLS (asserted) ---- */

/* The handshake is done. cert: initiator: the verdict on the peer's certificate for cfg.remote. */
void xstream_tls_done(struct xstream *x, enum xstream_cert cert);
/* It failed: the stream ends without another byte (RFC 6120 5.4.3.2). */
void xstream_tls_failed(struct xstream *x);

/* ---- domain pairs ---- */

/*
 * A further pair that may be used on this stream, with the remote domain first: stanzas from
 * `remote` to `local` are accepted (recipient) or may be sent (initiator). The pair of the headers
 * is added by the engine when SASL succeeds. Domains are canonical, at most 1023 bytes.
 */
void xstream_pair_add(struct xstream *x, struct slice remote, struct slice local);
bool xstream_pair_has(const struct xstream *x, struct slice remote, struct slice local);
void xstream_pair_remove(struct xstream *x, struct slice remote, struct slice local);

/* ---- dialback: the engine carries its elements, the driver knows what they mean ---- */

/*
 * Emits <db:result/> or <db:verify/> (XSTREAM_DB_RESULT, XSTREAM_DB_VERIFY) with what db says: cond
 * only with type "error". Not once closing.
 */
void xstream_db_send(struct xstream *x, enum xstream_event_type which, const struct xstream_db *db);

/*
 * Dialback made (remote, local) valid: the pair is added, and when the stream was not authenticated
 * yet it is now (XSTREAM_AUTHENTICATED follows).
 */
void xstream_db_valid(struct xstream *x, struct slice remote, struct slice local);

/* ---- sending and closing ---- */

/* Authenticated and not closing: the driver may write stanzas. */
bool xstream_may_send(const struct xstream *x);

/*
 * Closes: with a condition other than STREAM_OK an error first (and a header of ours before it, if
 * none was sent), then the end tag. What the peer still sends is read until its end tag, at most
 * cfg.close_ms; after an error it is not looked at. Stanzas the driver has written before are
 * before it. Nothing happens when the stream is closing already.
 */
void xstream_close(struct xstream *x, enum stream_cond cond, struct slice text);

/* ---- what it is like ---- */

const char *xstream_state_name(const struct xstream *x); /* "opening", "tls", "open", ... */
bool xstream_encrypted(const struct xstream *x);
bool xstream_authenticated(const struct xstream *x);
struct slice xstream_id(const struct xstream *x); /* of the last response header; may be empty */
const struct xstream_features *xstream_offer(const struct xstream *x); /* the peer's (initiator) */
const char *xstream_reason_name(enum xstream_reason r);                /* "peer-error", for logs */
