#include <openssl/ssl.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin/http_priv.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/conn.h"

enum { CLOSE_MS = 2000 }; /* for the client's answer to our close_notify */

struct wire {
	struct list node;
	struct door *door;
	struct conn *conn;
	struct http_place place;
	const struct wire_ops *ops; /* NULL: the handshake goes on */
	void *carried;
	struct loop_timer timer; /* for the handshake; then while output waits */
	struct loop_task over;
};

struct http *wire_http(const struct wire *w)
{
	return w->door->http;
}

struct door *wire_door(const struct wire *w)
{
	return w->door;
}

struct http_place *wire_place(struct wire *w)
{
	return &w->place;
}

const struct netaddr *wire_peer(const struct wire *w)
{
	return conn_peer(w->conn);
}

void *wire_carried(const struct wire *w)
{
	return w->carried;
}

/* ---- the end ---- */

static void destroy(struct wire *w)
{
	loop_timer_stop(&w->timer);
	loop_task_stop(&w->over);
	list_remove(&w->node);
	if (w->ops)
		w->ops->free(w->carried);
	conn_free(w->conn);
	http_place_leave(&w->place);
	free(w);
}

static void on_over(void *arg)
{
	destroy(arg);
}

static void over(struct wire *w)
{
	loop_task_queue(wire_http(w)->loop, &w->over);
}

void wire_kill(struct wire *w)
{
	loop_timer_stop(&w->timer);
	over(w);
}

void wire_end(struct wire *w)
{
	conn_close(w->conn, 0, CLOSE_MS);
}

static void on_timer(void *arg)
{
	wire_kill(arg);
}

/* ---- output ---- */

static void be_patient(struct wire *w)
{
	loop_timer_in(&w->timer, wire_http(w)->limits.idle_secs * 1000);
}

void wire_write(struct wire *w, struct slice bytes)
{
	if (!conn_pending(w->conn))
		be_patient(w);
	conn_write(w->conn, bytes);
}

size_t wire_pending(const struct wire *w)
{
	return conn_pending(w->conn);
}

void wire_pause(struct wire *w, bool pause)
{
	if (pause)
		conn_pause(w->conn);
	else
		conn_resume(w->conn);
}

/* ---- the connection ---- */

static void on_secure(void *arg)
{
	struct wire *w = arg;
	bool h2 = slice_eqz(conn_tls_alpn(w->conn), "h2");

	loop_timer_stop(&w->timer);
	w->carried = h2 ? http2_new(w) : bridge_new(w);
	if (w->carried)
		w->ops = h2 ? &http2_ops : &bridge_ops;
	else
		wire_kill(w);
}

static void on_data(void *arg, struct slice bytes)
{
	struct wire *w = arg;

	if (w->ops)
		w->ops->data(w->carried, bytes);
}

static void on_flushed(void *arg, uint64_t offset)
{
	struct wire *w = arg;

	if (!w->ops)
		return;
	if (conn_pending(w->conn))
		be_patient(w);
	else
		loop_timer_stop(&w->timer);
	w->ops->flushed(w->carried);
}

static void on_eof(void *arg, bool clean)
{
	over(arg);
}

static void on_closed(void *arg, enum conn_end end, const char *text)
{
	struct wire *w = arg;

	if (!w->ops)
		log_event(NULL, LOG_DEBUG, "http-handshake-failed", LF_Z("end", conn_end_name(end)),
			LF_Z("text", text));
	over(w);
}

static const struct conn_ops conn_ops = {
	.secure = on_secure,
	.data = on_data,
	.flushed = on_flushed,
	.eof = on_eof,
	.closed = on_closed,
};

void wire_accept(struct door *d, int fd, const struct netaddr *peer)
{
	struct http *h = d->http;
	struct http_place place;
	struct wire *w;

	if (!h->tls || !http_place_take(&place, d, peer)) {
		close(fd);
		return;
	}
	w = xzalloc(sizeof *w);
	w->door = d;
	w->place = place;
	loop_timer_init(&w->timer, h->loop, on_timer, w);
	loop_task_init(&w->over, on_over, w);
	list_append(&h->wires, &w->node);
	w->conn = conn_accept(h->loop, fd, peer, &conn_ops, w);
	conn_tls_start(w->conn, CONN_SERVER, NULL, h->tls, SL_NONE);
	loop_timer_in(&w->timer, h->limits.request_secs * 1000);
}

void wires_free(struct http *h)
{
	list_each_safe(&h->wires, it)
		destroy(container_of(it, struct wire, node));
}
