#pragma once

#include "loop/loop.h"
#include "net/conn.h"
#include "net/dial.h"

enum conn_state {
	CONN_DIALING,
	CONN_CLEAR,
	CONN_BEFORE_TLS, /* what is in the buffer goes out in clear, then the handshake begins */
	CONN_HANDSHAKE,
	CONN_SECURE,
	CONN_DEAD, /* closed() has been told, or the owner has freed it */
};

struct conn {
	struct loop *loop;
	const struct conn_ops *ops;
	void *arg;
	enum conn_state state;
	bool freed;
	struct netaddr peer;
	struct dial *dial;
	int fd;
	struct loop_poll *poll;
	uint64_t bytes_in, bytes_out; /* on the wire */
	size_t unacked_at_end;        /* when the socket was closed */

	struct buf out;
	uint64_t flushed, told; /* what flushed() has told of it */
	size_t retry;           /* what SSL_write() was given when it could not go on */
	bool blocked;           /* the kernel takes no more: waits for writability */
	bool read_blocked;      /* ... and reading TLS has to write first */
	bool write_blocked;     /* writing TLS has to read first */
	int write_error;
	struct loop_task flush_task;

	size_t turn_bytes; /* read from the socket in this turn */
	bool paused, saw_eof;
	bool bulk; /* had more to say than a turn allows: read_task goes on */
	bool saw_fin; /* the TCP stream has ended */
	struct loop_task read_task;

	bool closing, shut;
	bool peer_first;   /* closing, and the peer is given time to do it first */
	unsigned close_ms; /* for its answer to ours */
	struct loop_timer close_timer;

	enum conn_role role;
	struct tls_set *set;
	struct handshake *handshake; /* NULL: none, or long over */
	SSL *ssl;
	struct conn_tls_info info;
};

/* What one read or write came to. */
enum conn_io { CONN_IO_OK, CONN_IO_AGAIN, CONN_IO_EOF, CONN_IO_FAILED };

/* Reports closed() once; c has no socket afterwards. */
void conn_end(struct conn *c, enum conn_end end, const char *text);

/* Asks the poll for what the state calls for. */
void conn_watch(struct conn *c);

/*
 * The socket as the TLS library sees it and as clear text does. -1 with errno; EAGAIN also when
 * enough was read in this turn.
 */
ssize_t conn_recv(struct conn *c, void *p, size_t n);
ssize_t conn_send(struct conn *c, const void *p, size_t n);

/* conn_tls.c. Failures have ended the connection when they return. */
void conn_tls_begin(struct conn *c, SSL_CTX *ctx, struct slice sni);
void conn_tls_note_peer(struct conn *c); /* after the handshake, on any thread: fills c->info */
void conn_tls_failed(struct conn *c, unsigned long code); /* the library's first error: ends c */
enum conn_io conn_tls_read(struct conn *c, void *p, size_t size, size_t *ret_n);
enum conn_io conn_tls_write(struct conn *c, const void *p, size_t n);
enum conn_io conn_tls_shutdown(struct conn *c);
void conn_tls_done(struct conn *c);
void conn_destroy(void *c);

/*
 * handshake.c: the handshake of a connection, on a thread of the loop's helper: it takes a
 * millisecond, in which the loop could have moved a hundred messages. Between c's BEFORE_TLS and
 * secure(); what the library reads and writes meanwhile passes through here.
 */
void handshake_begin(struct conn *c);
void handshake_step(struct conn *c); /* something can be read or written; secure() in the end */
bool handshake_busy(const struct conn *c); /* the helper has c->ssl and c->info: hands off */
ssize_t handshake_read(struct conn *c, void *p, size_t n);
bool handshake_write(struct conn *c, const void *p, size_t n); /* false: over, to the socket */
bool handshake_left(const struct conn *c); /* input that came with the last flight */
void handshake_free(struct conn *c);
