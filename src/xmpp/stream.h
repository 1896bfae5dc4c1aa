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
 * and the time go in, events and bytes come out. What the driver (src/edge) does:
 *
 *   xstream_feed(x, bytes, now);
 *   while (xstream_event(x, &ev)) ...
 *   write xstream_output(x), then xstream_sent(x, n)
 *   arm a timer for xstream_deadline(x), which calls xstream_tick(x, now) and the same two lines
 *
 * Input is parsed only when an event is asked for: a driver that may not take stanzas now (it has
 * no credit) stops calling xstream_event() and stops reading. Every call may produce output and
 * events.
 *
 * Output is only what the engine says itself. Stanzas are serialised straight into the connection's
 * buffer by the driver, whenever xstream_may_send(), after all output so far has been moved there.
 *
 * Slices in an event are valid until the next xstream_event(), except where said. Domains in events
 * are canonical (RFC 7622: lower case, U-labels).
 */

enum xstream_role {
	XSTREAM_INITIATOR, /* we connected */
	XSTREAM_RECIPIENT, /* they did */
};

/* How a domain pair was authenticated. */
enum xstream_method { XSTREAM_EXTERNAL, XSTREAM_DIALBACK };

/* 0 means the default in brackets. */
struct xstream_cfg {
	enum xstream_role role;
	/*
	 * Initiator: our domain and theirs, canonical. Recipient: local is what we call ourselves
	 * in the header when the peer asks for a domain that is not ours (may be empty).
	 */
	struct slice local, remote;
	struct xstream_policy policy; /* initiator; a recipient gets it with xstream_accept() */
	struct xml_limits limits;
	struct xml_pool *parsers; /* borrowed for good; NULL: the stream keeps one of its own */
	size_t preauth_bytes;  /* what a peer may send before it is authenticated [65536] */
	unsigned preauth_elements; /* ... and of first-level elements, but for dialback [64] */
	unsigned sasl_tries;   /* SASL attempts; one more, and the stream is closed [3] */
	uint32_t establish_ms; /* from new to authenticated [60000] */
	uint32_t close_ms;     /* from our end tag to theirs, in an orderly close [10000] */
	uint8_t seed[32];      /* random, for this stream only: stream ids come from it */
};

enum xstream_event_type {
	/*
	 * Recipient: a peer's header, with from, to, lang and version. The engine stands still
	 * until xstream_accept() or xstream_refuse(), at once or later. It comes before TLS and
	 * again inside: only the second `from` is to be believed (RFC 6120 4.3.6, 13.7.2.1), and
	 * `to` may differ from the first. from is SL_NONE when the peer did not say. `to` is a
	 * valid domain, not known to be one of ours. After authentication a header is not asked
	 * about: it must name the same pair.
	 */
	XSTREAM_HEADER,
	/*
	 * Send what is in the output in clear, then do the TLS handshake, then xstream_tls_done()
	 * or xstream_tls_failed(). Clear bytes that were fed and not parsed are already forgotten;
	 * the driver forgets what it has itself, and feeds nothing meanwhile.
	 */
	XSTREAM_NEED_TLS,
	/*
	 * Initiator: only dialback is left, and the policy allows it: xstream_db_send(), or close.
	 */
	XSTREAM_NEED_DIALBACK,
	/* The pair (from, to), initiating domain first, is authenticated by method. */
	XSTREAM_AUTHENTICATED,
	/*
	 * SASL, either role: an attempt failed with sasl_cond; text is what the peer said with it.
	 * Other events say how it goes on.
	 */
	XSTREAM_AUTH_FAILED,
	/*
	 * Recipient: elem in arena, both the driver's from now on (arena_done). kind; from and to:
	 * the pair, whose domains have been compared with the elem's addresses; these two slices
	 * are in arena as well. xml:lang is on the element if the stream had one. The local and
	 * resource parts of its addresses have not been looked at.
	 */
	XSTREAM_STANZA,
	/* db: what it says. At any time after the headers; see xstream_db_send(). */
	XSTREAM_DB_RESULT,
	XSTREAM_DB_VERIFY,
	/*
	 * The stream is ending: nothing may be sent from now on; why is in reason, cond, sasl_cond
	 * and text. Exactly once.
	 */
	XSTREAM_CLOSING,
	/*
	 * It has ended, after XSTREAM_CLOSING: send what is left of the output, then close TLS and
	 * TCP. Exactly once, the last event. abrupt: there is nothing to send, and no close_notify.
	 */
	XSTREAM_CLOSED,
};

/* Why a stream ended. */
enum xstream_reason {
	XSTREAM_R_NONE,
	XSTREAM_R_LOCAL,       /* xstream_close() without a condition */
	XSTREAM_R_LOCAL_ERROR, /* we sent the stream error cond, with text (may be SL_NONE) */
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
	struct slice lang;                     /* HEADER */
	unsigned version_major, version_minor; /* HEADER; 0, 9 when it had none */
	enum xstream_method method;            /* AUTHENTICATED */
	enum stanza_kind kind;                 /* STANZA */
	struct xml_elem *elem;
	struct arena arena;
	size_t size;          /* STANZA: its bytes on the wire */
	struct xstream_db db; /* DB_RESULT, DB_VERIFY */
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

/* Another time until which it has to be authenticated; nothing happens when it is already. */
void xstream_establish_by(struct xstream *x, uint64_t by_ms);

uint64_t xstream_deadline(const struct xstream *x); /* UINT64_MAX: none */
void xstream_tick(struct xstream *x, uint64_t now_ms);

/* ---- answers to XSTREAM_HEADER (recipient), asserted; after XSTREAM_CLOSING nothing happens ----
 */

/*
 * Go on under this policy. cert: the verdict on the peer's certificate for the `from` of this very
 * header (XCERT_NONE before TLS).
 */
void xstream_accept(struct xstream *x, const struct xstream_policy *policy, enum xstream_cert cert);

/*
 * Sends a header of ours, the error and the end. host-unknown and host-gone: the header is from
 * cfg.local; else from what the peer asked for, which is ours then. text may be SL_NONE.
 */
void xstream_refuse(struct xstream *x, enum stream_cond cond, struct slice text);

/* ---- answers to XSTREAM_NEED_TLS, asserted; after XSTREAM_CLOSING nothing happens ---- */

/*
 * The handshake is done. cert: initiator: the verdict on the peer's certificate for cfg.remote;
 * recipient: not looked at, it comes with xstream_accept().
 */
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
/* One of them, as long as it is there; false: there is none. */
bool xstream_pair_any(const struct xstream *x, struct slice *ret_remote, struct slice *ret_local);
void xstream_pair_remove(struct xstream *x, struct slice remote, struct slice local);

/* ---- dialback: the engine carries its elements, the driver knows what they mean ---- */

/*
 * Emits <db:result/> or <db:verify/> (XSTREAM_DB_RESULT, XSTREAM_DB_VERIFY) with what db says: cond
 * only with type "error". Nothing is sent once closing, nor while the stream begins anew (it has
 * another id then).
 */
void xstream_db_send(struct xstream *x, enum xstream_event_type which, const struct xstream_db *db);

/*
 * Dialback made (remote, local) valid: the pair is added, and when the stream was not authenticated
 * yet it is now (XSTREAM_AUTHENTICATED follows). False, and nothing happens, when the stream has
 * been restarted or closed since: the key was for another stream id.
 */
bool xstream_db_valid(struct xstream *x, struct slice remote, struct slice local);

/* ---- sending and closing ---- */

/* Authenticated and not closing: the driver may write stanzas. */
bool xstream_may_send(const struct xstream *x);

/*
 * Closes. Without a condition (STREAM_OK) the end tag is sent, and what the peer sends is read
 * until its own end tag, at most cfg.close_ms. With one: a header of ours if none was sent, the
 * error, the end tag; XSTREAM_CLOSED follows at once, and nothing is read any more. What the driver
 * has written before stands before it. During a TLS handshake nothing can be said: the end is
 * abrupt. Nothing happens when the stream is closing already.
 */
void xstream_close(struct xstream *x, enum stream_cond cond, struct slice text);

/* ---- what it is like ---- */

const char *xstream_state_name(const struct xstream *x); /* "opening", "tls", "open", ... */
bool xstream_encrypted(const struct xstream *x);
bool xstream_authenticated(const struct xstream *x);
struct slice xstream_id(const struct xstream *x); /* of the last response header; may be empty */
const struct xstream_features *xstream_offer(const struct xstream *x); /* the peer's, or ours */
const char *xstream_reason_name(enum xstream_reason r);                /* "peer-error", for logs */
