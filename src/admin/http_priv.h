#pragma once

#include <netinet/in.h>

#include "admin/http.h"
#include "base/hash.h"
#include "base/list.h"
#include "loop/loop.h"
#include "net/address.h"

/*
 * What the files of the server share. http.c: requests and answers; http_head.c: the fields of
 * answers; http_listen.c: listeners and their limits; http1.c: HTTP/1.1, the one file that knows
 * libwebsockets; http2.c: HTTP/2, the one that knows nghttp2; wire.c: connections inside TLS, which
 * carry one or the other; bridge.c: what joins a connection inside TLS to libwebsockets.
 */
struct door;
struct http1;
struct wire;

enum {
	HTTP_HEAD_BYTES = 16 * 1024,          /* of a request's and of an answer's header */
	HTTP_ARGS_MAX = 32,                   /* of a query */
	HTTP_DOORS_MAX = 40,                  /* the socket; TLS and metrics: 32 and 4 at most */
	HTTP_BODIES_BYTES = 64 * 1024 * 1024, /* of all requests together that are there */
	HTTP_WRITE_CHUNK = 64 * 1024,         /* of an answer given to a connection at a time */
};

/* The fields that are kept, in the order of their names. */
enum http_field {
	HF_ACCEPT_ENCODING,
	HF_ACCEPT_LANGUAGE,
	HF_AUTHORIZATION,
	HF_CONTENT_LENGTH,
	HF_CONTENT_TYPE,
	HF_COOKIE,
	HF_FORWARDED,
	HF_HOST,
	HF_IF_MATCH,
	HF_IF_NONE_MATCH,
	HF_LAST_EVENT_ID,
	HF_ORIGIN,
	HF_SEC_FETCH_DEST,
	HF_SEC_FETCH_MODE,
	HF_SEC_FETCH_SITE,
	HF_USER_AGENT,
	HF_X_CSRF_TOKEN,
	HF_X_ENTENTE_BACKGROUND,
	HF_X_FORWARDED_FOR,
	HF__N
};
extern const char *const http_field_name[HF__N];

/* Names, in lower case, of fields that proxies add. */
extern const char *const http_proxy_field[];
extern const size_t http_proxy_field_n;

struct http {
	struct loop *loop;
	struct http_limits limits;
	struct http1 *http1;
	struct list doors;
	unsigned n_doors;
	struct table addresses; /* struct http_address */
	struct list wires;
	struct list requests; /* all there are, also those nobody waits for any more */
	uint64_t swept_ms; /* addresses */
	size_t body_bytes; /* of the requests that are there */
	bool ending;
	/* http_set_tls(), http_set_proxies() */
	struct ssl_ctx_st *tls;
	bool hsts;
	const struct proxy_networks *proxies;
	/* http_set_knows() */
	http_knows *knows;
	void *knows_arg;
};

/* ---- a request, whoever carries it ---- */

enum http_req_state { REQ_READING, REQ_HANDLING, REQ_ANSWERED, REQ_IN_PIECES };

/* What carries a request and its answer; conn is its own word for where. */
struct http_carrier {
	const char *version;
	/* r is answered: status, type, fields and out say what; takes r. */
	void (*reply)(struct http_req *r);
	/* r's fields and type are there; put() and end() follow. */
	void (*begin)(struct http_req *r);
	void (*put)(struct http_req *r, struct slice bytes);
	size_t (*room)(const struct http_req *r);
	void (*end)(struct http_req *r); /* what was put still goes out; takes r */
	int (*fd)(const struct http_req *r);
};

struct http_req {
	struct list node; /* of http->requests */
	struct http *http; /* NULL, like door: has ended, and the answer is dropped */
	struct door *door;
	enum http_way way;
	const struct http_carrier *carrier;
	void *conn;               /* the carrier's; NULL: the client has gone */
	struct http_place *place; /* of its connection, as long as that is there */
	enum http_req_state state;
	const char *method; /* static */
	char *path;
	char *arg[HTTP_ARGS_MAX]; /* "name=value" */
	size_t args;
	char *field[HF__N];
	char client[INET6_ADDRSTRLEN];
	bool forwarded;
	bool old;   /* HTTP/1.0: takes no chunks (RFC 9112 6.1) */
	bool close; /* after the answer: what follows on the connection is not a request */
	struct buf body;
	/* the answer */
	unsigned status;
	const char *type;
	struct buf fields; /* "name\0value\0" ... */
	char nonce[32];    /* http_nonce() */
	struct buf out;
	struct slice still; /* of http_reply_still(), in place of out */
	size_t length;
	/* ... in pieces */
	struct pieces *pieces; /* http1.c */
	bool ended;            /* by the handler */
	bool told;             /* gone() has run */
	struct loop_task late; /* it was gone before the answer began */
	http_gone *gone;
	void *gone_arg;
};

/* http.c. method: of http_method_name(). */
struct http_req *http_req_new(struct door *d, const struct http_carrier *carrier, void *conn,
	struct http_place *place, const char *method, struct slice path);
void http_req_free(struct http_req *r); /* NULL is fine */

/* The static name of a method that is served; NULL: it is not. */
const char *http_method_name(struct slice method);

/* Adds a line of a field; those that are not kept are looked at for proxies only. */
void http_req_field(struct http_req *r, struct slice name, struct slice value);

/* Takes a target ("/path?a=b", RFC 9112 3.2.1) apart; -1: it is none. */
int http_req_target(struct http_req *r, struct slice target);

/* "OK" for 200. */
const char *http_reason(unsigned status);

/* Finds out whose it is, when all fields are there. peer NULL: a unix socket. */
void http_req_place(struct http_req *r, const struct netaddr *peer);

/* Adds to the body; -1: more than may be. */
int http_req_body(struct http_req *r, const void *p, size_t n);

/* Gives it to its handler. */
void http_req_dispatch(struct http_req *r);

/* Answers instead of the handler; the connection is closed after it (HTTP/1). */
void http_req_refuse(struct http_req *r, unsigned status, const char *text);

/* Nobody reads an answer in pieces any more: tells the handler, or frees r when it has ended it. */
void http_req_gone(struct http_req *r);

/* The connection of a request has gone. */
void http_req_cut(struct http_req *r);

bool http_req_head_only(const struct http_req *r);

/* What of a whole answer is to be sent yet, and that n bytes of it are. */
struct slice http_req_left(const struct http_req *r);
void http_req_sent(struct http_req *r, size_t n);

/* The server ends before the handler has answered: node of its list, which it has left. */
void http_req_orphan(struct list *node);

/* ---- http_head.c: the fields of an answer ---- */

/* Calls add() for each field of r's answer, those of security among them. */
void http_head_each(const struct http_req *r,
	void (*add)(void *arg, const char *name, const char *value), void *arg);

/* The same fields for a page of a carrier's own; ends with a NULL name. */
struct http_head_field {
	const char *name, *value;
};
extern const struct http_head_field http_head_error[];

/* ---- http_listen.c ---- */

/* Who holds connections, by address (an IPv6 one by its /64). */
struct http_address {
	struct table_node node;
	struct http *http;
	uint8_t key[16];
	unsigned connections; /* that carry no answer in pieces */
	unsigned held;        /* all that point here */
	/* What may be done at once, and since when it has grown. */
	double may_connect, may_ask;
	uint64_t filled_ms;
};

/* A listening socket. */
struct door {
	struct list node;
	struct http *http;
	int fd;
	struct loop_poll *poll;
	struct loop_timer retry;
	enum http_way way;
	http_handler *fn;
	void *arg;
	unsigned connections; /* that carry no answer in pieces */
	unsigned streaming;   /* that do */
};

/* One connection's part in the limits. */
struct http_place {
	struct door *door;
	struct http_address *address; /* NULL: not limited by it */
	unsigned streams;             /* answers in pieces that it carries */
};

/* peer NULL: a unix socket. False: too many already, or too fast; then nothing is held. */
bool http_place_take(struct http_place *p, struct door *d, const struct netaddr *peer);
void http_place_leave(struct http_place *p);

/* An answer in pieces begins or ends. False: there are too many. */
bool http_place_stream(struct http_place *p);
void http_place_unstream(struct http_place *p);

/* Is there a request too many from where this comes, of those that bring no credentials? */
bool http_place_may_ask(struct http_place *p);

/* ---- http1.c ---- */
int http1_new(struct http1 **ret, struct http *h, struct err *e);
void http1_free(struct http1 *x); /* runs turns of the loop; NULL is fine */

/*
 * A connection that speaks HTTP/1.1 in clear; fd is taken over, also when it cannot be served. peer
 * is copied; NULL: a unix socket.
 */
void http1_accept(struct door *d, int fd, const struct netaddr *peer);

/*
 * The same for the clear text of a wire, whose limits count. *back says where it is and becomes
 * NULL when it is no more.
 */
struct http1_conn;
void http1_join(struct wire *w, int fd, struct http1_conn **back);
/* The wire ends before it. */
void http1_leave(struct http1_conn *c);

/* ---- wire.c: a connection inside TLS ---- */
void wire_accept(struct door *d, int fd, const struct netaddr *peer);
void wires_free(struct http *h);

/* What it carries, chosen by ALPN. */
struct wire_ops {
	void (*data)(void *arg, struct slice bytes);
	void (*flushed)(void *arg); /* some output has gone */
	void (*free)(void *arg);    /* the connection has ended; not inside a wire_ function */
};

struct http *wire_http(const struct wire *w);
struct door *wire_door(const struct wire *w);
struct http_place *wire_place(struct wire *w);
const struct netaddr *wire_peer(const struct wire *w);

void *wire_carried(const struct wire *w);

/* Never blocks; the carrier looks at what waits before it gives more. */
void wire_write(struct wire *w, struct slice bytes);
size_t wire_pending(const struct wire *w);
void wire_pause(struct wire *w, bool pause); /* no data() */

/* What was written still goes out; free() follows. Nothing is written after it. */
void wire_end(struct wire *w);
/* Closed at once; free() follows. */
void wire_kill(struct wire *w);

/* ---- bridge.c, http2.c: what a wire may carry ---- */
extern const struct wire_ops bridge_ops, http2_ops;
void *bridge_new(struct wire *w); /* NULL: out of descriptors */

/*
 * Lines that begin with "forwarded:" and came over the wire so far. libwebsockets shows the first
 * of several in a request, which is the one that the client wrote.
 */
unsigned bridge_forwarded_lines(const struct wire *w);
void *http2_new(struct wire *w);
