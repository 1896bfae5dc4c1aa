#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "loop/worker.h"
#include "net/conn_priv.h"

/*
 * One step: what has come is given to the library, on a thread of the helper, and what it has to say
 * is sent afterwards. The thread reads and writes these buffers, never the socket.
 */
enum { INPUT = 16 * 1024 /* of one step */ };

enum step { STEP_MORE, STEP_DONE, STEP_EOF, STEP_FAILED };

struct handshake {
	struct worker_job job;
	struct conn *c;
	bool busy;          /* the job is on its way: nothing of c that it uses is touched */
	bool over;          /* the connection reads and writes itself again */
	bool begun;         /* a first step has been made */
	bool fin;           /* the peer has ended its direction */
	struct buf in, out;
	enum step result;   /* of the last step */
	unsigned long code; /* the library's error, of STEP_FAILED */
};

/* ---- what the library sees ---- */

ssize_t handshake_read(struct conn *c, void *p, size_t n)
{
	struct handshake *h = c->handshake;

	if (h->in.n) {
		if (n > h->in.n)
			n = h->in.n;
		memcpy(p, buf_slice(&h->in).p, n);
		buf_take(&h->in, n);
		return (ssize_t)n;
	}
	if (h->over)
		return conn_recv(c, p, n);
	if (h->fin)
		return 0;
	errno = EAGAIN;
	return -1;
}

bool handshake_write(struct conn *c, const void *p, size_t n)
{
	struct handshake *h = c->handshake;

	if (h->over)
		return false;
	buf_add(&h->out, p, n);
	return true;
}

bool handshake_left(const struct conn *c)
{
	return c->handshake && c->handshake->in.n > 0;
}

/* ---- a step ---- */

static enum step result_of(SSL *ssl, int result)
{
	if (result == 1)
		return STEP_DONE;
	switch (SSL_get_error(ssl, result)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return STEP_MORE;
	case SSL_ERROR_ZERO_RETURN:
		return STEP_EOF;
	default:
		return STEP_FAILED;
	}
}

static void work(struct worker_job *j)
{
	struct handshake *h = container_of(j, struct handshake, job);
	struct conn *c = h->c;

	ERR_clear_error();
	h->result = result_of(c->ssl, SSL_do_handshake(c->ssl));
	h->code = h->result == STEP_FAILED ? ERR_peek_error() : 0;
	ERR_clear_error();
	if (h->result == STEP_DONE)
		conn_tls_note_peer(c);
}

/* True when all is out. */
static bool put_output(struct conn *c)
{
	struct buf *out = &c->handshake->out;

	c->blocked = false;
	while (out->n) {
		struct slice s = buf_slice(out);
		ssize_t n = conn_send(c, s.p, s.n);

		if (n < 0) {
			c->blocked = true;
			return false;
		}
		buf_take(out, (size_t)n);
	}
	buf_done(out);
	return true;
}

static void secure(struct conn *c)
{
	c->handshake->over = true;
	c->state = CONN_SECURE;
	/* What came with the last flight is read in the next turn, after secure() has been dealt
	 * with. */
	loop_task_queue(c->loop, &c->read_task);
	c->ops->secure(c->arg);
}

/* What the step has come to, and its output, of which an alert may be the last. */
static void go_on(struct conn *c)
{
	struct handshake *h = c->handshake;
	bool out = put_output(c);

	if (h->result == STEP_FAILED)
		conn_tls_failed(c, h->code);
	else if (h->result == STEP_EOF)
		conn_end(c, CONN_END_EOF, "closed during the handshake");
	else if (c->write_error)
		conn_end(c, CONN_END_ERROR, strerror(c->write_error));
	else if (out && h->result == STEP_DONE)
		secure(c);
}

static void done(struct worker_job *j)
{
	struct handshake *h = container_of(j, struct handshake, job);
	struct conn *c = h->c;

	h->busy = false;
	if (c->freed)
		loop_dispose(c->loop, c, conn_destroy);
	else if (c->state != CONN_DEAD)
		go_on(c);
	if (c->state != CONN_DEAD)
		conn_watch(c);
}

static void start(struct conn *c)
{
	struct handshake *h = c->handshake;
	struct worker *helper = loop_helper(c->loop);

	h->begun = h->busy = true;
	h->job.work = work;
	h->job.done = done;
	if (helper) {
		worker_post(helper, c->loop, &h->job);
		return;
	}
	work(&h->job);
	done(&h->job);
}

/* Something new to think about? */
static bool take_input(struct conn *c)
{
	struct handshake *h = c->handshake;
	ssize_t n;

	c->turn_bytes = 0;
	n = conn_recv(c, buf_room(&h->in, INPUT), INPUT);
	if (n > 0)
		buf_added(&h->in, (size_t)n);
	h->fin = c->saw_fin;
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		conn_end(c, CONN_END_ERROR, strerror(errno));
	return n >= 0;
}

/* A server has nothing to say first. */
static bool speaks_first(const struct conn *c)
{
	return c->role == CONN_CLIENT && !c->handshake->begun;
}

void handshake_step(struct conn *c)
{
	struct handshake *h = c->handshake;

	if (h->busy)
		return;
	if (h->out.n)
		go_on(c);
	if (c->state == CONN_HANDSHAKE && !h->out.n && (speaks_first(c) || take_input(c)))
		start(c);
}

/* ---- life ---- */

bool handshake_busy(const struct conn *c)
{
	return c->handshake && c->handshake->busy;
}

void handshake_begin(struct conn *c)
{
	c->handshake = xzalloc(sizeof *c->handshake);
	c->handshake->c = c;
}

void handshake_free(struct conn *c)
{
	struct handshake *h = c->handshake;

	if (!h)
		return;
	c->handshake = NULL;
	buf_done(&h->in);
	buf_done(&h->out);
	free(h);
}
