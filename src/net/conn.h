#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "net/address.h"
#include "net/cert.h"
#include "net/tls.h"

/*
 * A TCP connection, in clear or inside TLS: bytes both ways. Of one loop.
 *
 * Output goes into a buffer that is written once at the end of the loop's turn, in TLS records of
 * 16 KiB. Its bytes are numbered from the connection's first; what has been flushed the kernel has
 * taken whole (a TLS record counts when its last byte is gone: nobody can read a part of one). When
 * a connection ends, what lies beyond the flushed offset has not been received by anybody, and what
 * lies below may have been.
 *
 * Callbacks run on the loop, never inside a function of this header. After closed() nothing
 * follows, and the owner calls conn_free(); conn_free() may be called at any time, also in a
 * callback.
 */
struct loop;
struct conn;

enum conn_end {
	CONN_END_CLOSED,         /* conn_close() is through, the peer has closed too */
	CONN_END_CLOSE_TIMEOUT,  /* conn_close(), and the peer did not close in time */
	CONN_END_CONNECT_FAILED, /* no address took the connection */
	CONN_END_EOF,            /* the peer's end, during a handshake */
	CONN_END_ERROR,          /* reset, time-out */
	CONN_END_TLS_FAILED,     /* handshake or record: our side refused */
	CONN_END_TLS_ALERT,      /* the peer refused: its alert is in text */
};
const char *conn_end_name(enum conn_end e);

struct conn_ops {
	void (*connected)(void *arg); /* conn_connect() only; peer and local address are known */
	void (*secure)(void *arg);    /* the handshake is done; see conn_tls_info() */
	void (*data)(void *arg, struct slice bytes); /* the callee's to change, for the call */
	/* All output up to offset is the kernel's. At most once per turn. */
	void (*flushed)(void *arg, uint64_t offset);
	/*
	 * The peer has ended its direction; output is still possible. clean: with close_notify
	 * inside TLS. The owner calls conn_close() or conn_free() sooner or later.
	 */
	void (*eof)(void *arg, bool clean);
	/* text: for people and logs, valid for the call. */
	void (*closed)(void *arg, enum conn_end end, const char *text);
};

/* Where to connect to. Addresses of one group race (250 ms apart); the next group waits 5 s. */
struct conn_target {
	struct netaddr addr;
	unsigned group;
	struct netaddr from; /* our address, without port; zeroed: the kernel's choice */
};
enum { CONN_TARGETS_MAX = 64 };

/* targets are copied; ops is borrowed for good. */
struct conn *conn_connect(struct loop *l, const struct conn_target *targets, size_t n,
	const struct conn_ops *ops, void *arg);

/* fd becomes the connection's. Reading begins at once. */
struct conn *conn_accept(
	struct loop *l, int fd, const struct netaddr *peer, const struct conn_ops *ops, void *arg);

/* No callback any more; the socket is closed at once, unsent output is dropped. NULL is fine. */
void conn_free(struct conn *c);

/* ---- output ---- */

/* To append to; conn_added() afterwards. Not after conn_close(). */
struct buf *conn_out(struct conn *c);
/* Returns the offset of the end of all output so far. */
uint64_t conn_added(struct conn *c);
uint64_t conn_write(struct conn *c, struct slice bytes);

uint64_t conn_flushed(const struct conn *c);
/* Bytes of output that are not flushed. The owner stops writing above a mark of its own. */
size_t conn_pending(const struct conn *c);
/*
 * Bytes that the kernel has and the peer has not acknowledged; of the wire, so TLS included. When
 * the connection has ended: at that moment.
 */
size_t conn_unacked(const struct conn *c);

/* ---- input ---- */
void conn_pause(struct conn *c); /* no data(), no eof() until conn_resume() */
void conn_resume(struct conn *c);

/* ---- TLS ---- */
enum conn_role { CONN_CLIENT, CONN_SERVER };

/*
 * Begins a handshake after all output so far has gone out in clear. Bytes received in clear and not
 * handed out yet are dropped (RFC 6120 5.4.3.3). sni: client: the domain (A-labels; empty: none). A
 * server asks for a certificate and goes on without. No output until secure(). set is referenced;
 * NULL: ctx is of none, and does not ask for a certificate.
 */
void conn_tls_start(
	struct conn *c, enum conn_role role, struct tls_set *set, SSL_CTX *ctx, struct slice sni);

/* The protocol agreed on by ALPN (RFC 7301); empty: none. After secure(). */
struct slice conn_tls_alpn(const struct conn *c);

struct conn_tls_info {
	const char *version; /* "TLSv1.3" */
	const char *cipher;
	X509 *peer; /* NULL: none */
	STACK_OF(X509) * shown; /* all that came; of a server itself first; NULL: nothing */
	enum cert_verdict chain;
	int chain_code;      /* X509_V_* */
	int64_t expires;     /* the first end of validity in the chain, s since 1970; 0: not good */
	bool crl_gap;        /* whether one in the chain was revoked could not be looked up */
	enum cert_ocsp ocsp; /* what the stapled response says */
	const char *own;     /* the name of the certificate we have shown; NULL: none */
};
/* After secure(); valid as long as the connection. */
const struct conn_tls_info *conn_tls_info(const struct conn *c);

/*
 * The peer's chain judged anew, by the trust and the revocation lists of another set, now; an OCSP
 * response counts no more. After secure().
 */
enum cert_verdict conn_tls_judge(const struct conn *c, const struct tls_set *set);

/* The peer's chain in words, as cert_chain_text() has them, now. Nothing when there is none. */
void conn_tls_chain_text(const struct conn *c, struct buf *out);

/* ---- the end ---- */

/*
 * Sends what is in the buffer, waits at most peer_first_ms for the peer to end its direction first
 * (0: not at all), then sends close_notify and FIN, and waits for the peer's at most ms. closed()
 * follows. Input that still comes is dropped.
 *
 * Who lets the peer go first learns more: nothing of ours comes after what it had to read, so if
 * its kernel resets the connection, something was left unread.
 */
void conn_close(struct conn *c, unsigned peer_first_ms, unsigned ms);

/*
 * The peer has ended its direction without a reset: its kernel had nothing left that the program
 * had not read.
 */
bool conn_saw_end(const struct conn *c);

const struct netaddr *conn_peer(const struct conn *c);
uint64_t conn_bytes_in(const struct conn *c);
uint64_t conn_bytes_out(const struct conn *c);
