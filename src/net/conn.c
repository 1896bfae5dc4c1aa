#include "net/conn.h"

#include <assert.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/conn_priv.h"

enum {
	RECORD = 16 * 1024,      /* plaintext of one TLS record: what one write takes */
	/*
	 * Of one connection in a turn. Who has more to say waits until no other connection has
	 * anything, and is then read by turns with its like. It also bounds what a read of TLS goes
	 * through before it has something to give: records that carry none, such as requests to
	 * change keys.
	 */
	TURN_BYTES = RECORD + 1024,
	TCP_IDLE_S = 300, /* without a byte; then the kernel asks the peer's */
	USER_TIMEOUT_MS = 60000, /* the kernel gives up on a peer that acknowledges nothing */
};

const char *conn_end_name(enum conn_end e)
{
	static const char *const names[] = {
		[CONN_END_CLOSED] = "closed",
		[CONN_END_CLOSE_TIMEOUT] = "close-timeout",
		[CONN_END_CONNECT_FAILED] = "connect-failed",
		[CONN_END_EOF] = "eof",
		[CONN_END_ERROR] = "connection-error",
		[CONN_END_TLS_FAILED] = "tls-failed",
		[CONN_END_TLS_ALERT] = "tls-alert",
	};

	return names[e];
}

/* ---- the socket ---- */

ssize_t conn_recv(struct conn *c, void *p, size_t n)
{
	size_t left = TURN_BYTES - c->turn_bytes;
	ssize_t got;

	if (!left) {
		errno = EAGAIN;
		return -1;
	}
	got = recv(c->fd, p, n < left ? n : left, 0);
	if (got > 0) {
		c->bytes_in += (size_t)got;
		c->turn_bytes += (size_t)got;
	} else if (got == 0)
		c->saw_fin = true;
	return got;
}

ssize_t conn_send(struct conn *c, const void *p, size_t n)
{
	ssize_t sent;

	if (c->write_error) {
		errno = c->write_error;
		return -1;
	}
	sent = send(c->fd, p, n, MSG_NOSIGNAL);
	if (sent > 0)
		c->bytes_out += (size_t)sent;
	else if (sent < 0 && errno != EAGAIN && errno != EINTR)
		c->write_error = errno;
	return sent;
}

/*
 * What the poll must tell: a TLS handshake reads whatever the owner wants, but not while it is
 * thought about.
 */
void conn_watch(struct conn *c)
{
	bool writes = c->blocked && !(c->write_error && c->bulk);
	bool reads = (c->state == CONN_HANDSHAKE && !handshake_busy(c)) ||
		     ((c->state == CONN_CLEAR || c->state == CONN_SECURE) &&
			     (!c->paused || c->closing) && !c->saw_eof && !c->read_blocked &&
			     !c->bulk);

	if (c->poll)
		loop_poll_set(c->poll, (reads ? LOOP_READ : 0u) | (writes ? LOOP_WRITE : 0u));
}

static void release(struct conn *c)
{
	c->state = CONN_DEAD;
	loop_task_stop(&c->flush_task);
	loop_task_stop(&c->read_task);
	loop_timer_stop(&c->close_timer);
	dial_free(c->dial);
	c->dial = NULL;
	loop_poll_free(c->poll);
	c->poll = NULL;
	if (c->fd >= 0) {
		c->unacked_at_end = conn_unacked(c);
		close(c->fd);
	}
	c->fd = -1;
}

static void tell_flushed(struct conn *c)
{
	if (c->flushed == c->told || c->freed)
		return;
	c->told = c->flushed;
	c->ops->flushed(c->arg, c->flushed);
}

void conn_end(struct conn *c, enum conn_end end, const char *text)
{
	if (c->state == CONN_DEAD)
		return;
	tell_flushed(c); /* it may end while it writes */
	if (c->state == CONN_DEAD)
		return;
	release(c);
	c->ops->closed(c->arg, end, text);
}

/* ---- input ---- */

static enum conn_io read_some(struct conn *c, char *p, size_t size, size_t *ret_n)
{
	ssize_t n;

	if (c->state == CONN_SECURE)
		return conn_tls_read(c, p, size, ret_n);
	n = conn_recv(c, p, size);
	if (n > 0) {
		*ret_n = (size_t)n;
		return CONN_IO_OK;
	}
	if (n == 0)
		return CONN_IO_EOF;
	if (errno == EAGAIN || errno == EINTR)
		return CONN_IO_AGAIN;
	conn_end(c, CONN_END_ERROR, strerror(errno));
	return CONN_IO_FAILED;
}

bool conn_saw_end(const struct conn *c)
{
	return c->saw_eof;
}

static void on_eof(struct conn *c)
{
	c->saw_eof = true;
	if (c->closing)
		loop_task_queue(c->loop, &c->flush_task);
	else
		c->ops->eof(c->arg, !c->ssl || !c->saw_fin);
}

static bool may_read(const struct conn *c)
{
	return (c->state == CONN_CLEAR || c->state == CONN_SECURE) && !c->saw_eof &&
	       (!c->paused || c->closing || c->write_error);
}

/* Reads and hands out as much as a turn allows; false when there was nothing more. */
static bool read_input(struct conn *c)
{
	char bytes[RECORD];
	size_t n = 0, given = 0;

	c->turn_bytes = 0;
	for (; given < RECORD; given += n) {
		if (!may_read(c))
			return false;
		switch (read_some(c, bytes, sizeof bytes, &n)) {
		case CONN_IO_OK:
			if (!c->closing)
				c->ops->data(c->arg, slice_make(bytes, n));
			break;
		case CONN_IO_EOF:
			on_eof(c);
			return false;
		case CONN_IO_AGAIN:
			return c->turn_bytes == TURN_BYTES;
		case CONN_IO_FAILED:
			return false;
		}
	}
	return true;
}

/*
 * Of what there is more the poll tells nothing meanwhile: those with little to say, whom it tells
 * of, go first.
 */
static void read_some_input(struct conn *c)
{
	c->bulk = read_input(c) && c->state != CONN_DEAD;
	if (c->bulk)
		loop_task_queue_slow(c->loop, &c->read_task);
	if (c->write_blocked && c->state != CONN_DEAD) {
		c->write_blocked = false;
		loop_task_queue(c->loop, &c->flush_task);
	}
}

static void read_turn(void *arg)
{
	struct conn *c = arg;

	read_some_input(c);
	if (c->state != CONN_DEAD && c->write_error && !c->bulk)
		conn_end(c, CONN_END_ERROR, strerror(c->write_error));
	if (c->state != CONN_DEAD)
		conn_watch(c);
}

void conn_pause(struct conn *c)
{
	c->paused = true;
	conn_watch(c);
}

void conn_resume(struct conn *c)
{
	if (!c->paused)
		return;
	c->paused = false;
	if (c->state == CONN_DEAD)
		return;
	if (c->bulk)
		loop_task_queue_slow(c->loop, &c->read_task);
	else
		loop_task_queue(c->loop, &c->read_task);
}

/* ---- output ---- */

static enum conn_io write_piece(struct conn *c, struct slice piece)
{
	ssize_t n;

	if (c->state == CONN_SECURE) {
		/* A write that could not go on must be repeated with what it was given. */
		if (c->retry)
			piece.n = c->retry;
		else if (piece.n > RECORD)
			piece.n = RECORD;
		c->retry = piece.n;
		if (conn_tls_write(c, piece.p, piece.n) != CONN_IO_OK)
			return CONN_IO_AGAIN;
		c->retry = 0;
	} else {
		n = conn_send(c, piece.p, piece.n);
		if (n < 0) {
			c->blocked = true;
			return CONN_IO_AGAIN;
		}
		piece.n = (size_t)n;
	}
	buf_take(&c->out, piece.n);
	c->flushed += piece.n;
	return CONN_IO_OK;
}

/* Writing is over; what the peer said before is still handed out. */
static void broken(struct conn *c)
{
	read_some_input(c);
	if (c->state != CONN_DEAD && !c->bulk)
		conn_end(c, CONN_END_ERROR, strerror(c->write_error));
}

/* All is written: the next step of a TLS start or of a close. */
static void after_output(struct conn *c)
{
	if (c->state == CONN_BEFORE_TLS) {
		c->state = CONN_HANDSHAKE;
		handshake_step(c);
		return;
	}
	if (!c->closing || (c->peer_first && !c->saw_eof))
		return;
	if (!c->shut) {
		if (c->state == CONN_SECURE && conn_tls_shutdown(c) != CONN_IO_OK)
			return;
		shutdown(c->fd, SHUT_WR);
		c->shut = true;
		read_some_input(c);
	}
	if (c->state != CONN_DEAD && c->saw_eof)
		conn_end(c, CONN_END_CLOSED, "closed");
}

static void flush_turn(void *arg)
{
	struct conn *c = arg;

	if (c->state == CONN_DEAD || c->state == CONN_DIALING || c->state == CONN_HANDSHAKE)
		return;
	c->blocked = c->write_blocked = false;
	if (c->read_blocked) {
		c->read_blocked = false;
		loop_task_queue(c->loop, &c->read_task);
	}
	while (c->out.n && c->state != CONN_DEAD && !c->write_error &&
		write_piece(c, buf_slice(&c->out)) == CONN_IO_OK)
		;
	if (!c->out.n)
		buf_done(&c->out); /* one burst must not be paid for ever after */
	tell_flushed(c);
	if (c->state != CONN_DEAD && !c->write_error && !c->out.n)
		after_output(c);
	if (c->state != CONN_DEAD && c->write_error)
		broken(c);
	if (c->state != CONN_DEAD)
		conn_watch(c);
}

struct buf *conn_out(struct conn *c)
{
	return &c->out;
}

uint64_t conn_added(struct conn *c)
{
	assert(!c->closing);
	if (c->state != CONN_DEAD && !c->blocked)
		loop_task_queue(c->loop, &c->flush_task);
	return c->flushed + c->out.n;
}

uint64_t conn_write(struct conn *c, struct slice bytes)
{
	buf_slice_add(&c->out, bytes);
	return conn_added(c);
}

uint64_t conn_flushed(const struct conn *c)
{
	return c->flushed;
}

size_t conn_pending(const struct conn *c)
{
	return c->out.n;
}

size_t conn_unacked(const struct conn *c)
{
	int n = 0;

	if (c->fd < 0)
		return c->unacked_at_end;
	return ioctl(c->fd, SIOCOUTQ, &n) < 0 ? 0 : (size_t)n;
}

/* ---- TLS ---- */

void conn_tls_start(
	struct conn *c, enum conn_role role, struct tls_set *set, SSL_CTX *ctx, struct slice sni)
{
	assert(c->state == CONN_CLEAR || c->state == CONN_DEAD);
	if (c->state == CONN_DEAD)
		return;
	c->state = CONN_BEFORE_TLS;
	c->role = role;
	c->set = tls_set_ref(set);
	conn_tls_begin(c, ctx, sni);
	conn_watch(c);
	loop_task_queue(c->loop, &c->flush_task);
}

const struct conn_tls_info *conn_tls_info(const struct conn *c)
{
	return &c->info;
}

/* ---- life ---- */

static void on_ready(void *arg, unsigned events)
{
	struct conn *c = arg;

	if (c->state == CONN_HANDSHAKE) {
		handshake_step(c);
	} else {
		if (events & LOOP_READ)
			read_some_input(c);
		if ((events & LOOP_WRITE) && c->blocked)
			flush_turn(c);
	}
	if (c->state != CONN_DEAD)
		conn_watch(c);
}

static void close_timed_out(void *arg)
{
	struct conn *c = arg;

	if (!c->peer_first) {
		conn_end(c, CONN_END_CLOSE_TIMEOUT, "the peer did not close in time");
		return;
	}
	c->peer_first = false;
	loop_timer_in(&c->close_timer, c->close_ms);
	if (!c->blocked)
		loop_task_queue(c->loop, &c->flush_task);
}

static void attach(struct conn *c, int fd)
{
	static const int on = 1;
	static const unsigned user_timeout = USER_TIMEOUT_MS;
	static const int idle_s = TCP_IDLE_S;

	c->fd = fd;
	c->state = CONN_CLEAR;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout, sizeof user_timeout);
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
	c->poll = loop_poll_new(c->loop, fd, on_ready, c);
	conn_watch(c);
}

static void dialed(void *arg, int fd, const struct netaddr *peer, const char *why)
{
	struct conn *c = arg;
	struct dial *d = c->dial;

	c->dial = NULL;
	loop_dispose(c->loop, d, (void (*)(void *))dial_free);
	if (fd < 0) {
		conn_end(c, CONN_END_CONNECT_FAILED, why);
		return;
	}
	c->peer = *peer;
	attach(c, fd);
	c->ops->connected(c->arg);
	if (c->state == CONN_CLEAR && (c->out.n || c->closing))
		loop_task_queue(c->loop, &c->flush_task);
}

static struct conn *new_conn(struct loop *l, const struct conn_ops *ops, void *arg)
{
	struct conn *c = xzalloc(sizeof *c);

	c->loop = l;
	c->ops = ops;
	c->arg = arg;
	c->fd = -1;
	loop_task_init(&c->flush_task, flush_turn, c);
	loop_task_init(&c->read_task, read_turn, c);
	loop_timer_init(&c->close_timer, l, close_timed_out, c);
	return c;
}

struct conn *conn_connect(struct loop *l, const struct conn_target *targets, size_t n,
	const struct conn_ops *ops, void *arg)
{
	struct conn *c = new_conn(l, ops, arg);

	c->dial = dial_new(l, targets, n < CONN_TARGETS_MAX ? n : CONN_TARGETS_MAX, dialed, c);
	return c;
}

struct conn *conn_accept(
	struct loop *l, int fd, const struct netaddr *peer, const struct conn_ops *ops, void *arg)
{
	struct conn *c = new_conn(l, ops, arg);

	c->peer = *peer;
	attach(c, fd);
	return c;
}

void conn_close(struct conn *c, unsigned peer_first_ms, unsigned ms)
{
	if (c->state == CONN_DEAD || c->closing)
		return;
	c->closing = true;
	c->peer_first = peer_first_ms > 0;
	c->close_ms = ms;
	loop_timer_in(&c->close_timer, peer_first_ms ? peer_first_ms : ms);
	if (!c->blocked)
		loop_task_queue(c->loop, &c->flush_task);
	conn_watch(c);
}

void conn_destroy(void *arg)
{
	struct conn *c = arg;

	conn_tls_done(c);
	buf_done(&c->out);
	free(c);
}

void conn_free(struct conn *c)
{
	if (!c || c->freed)
		return;
	c->freed = true;
	release(c);
	if (!handshake_busy(c)) /* else when it is done */
		loop_dispose(c->loop, c, conn_destroy);
}

const struct netaddr *conn_peer(const struct conn *c)
{
	return &c->peer;
}

uint64_t conn_bytes_in(const struct conn *c)
{
	return c->bytes_in;
}

uint64_t conn_bytes_out(const struct conn *c)
{
	return c->bytes_out;
}
