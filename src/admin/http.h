#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/*
 * The HTTP server of the admin loop: requests come in whole, answers go out whole or in pieces.
 * HTTP/1.1 in clear, HTTP/1.1 and HTTP/2 inside TLS; handlers need not know which. Everything runs
 * on the loop it was made for. Which file knows what: http_priv.h.
 */
struct http;
struct http_req;
struct loop;
struct proxy_networks;
struct ssl_ctx_st;

struct http_limits {
	size_t body;           /* bytes of a request body; more is answered 413 */
	unsigned connections;  /* at once per listener; more wait in the backlog */
	unsigned request_secs; /* for a request to be there, else the connection is dropped */
	unsigned idle_secs;    /* between requests; also for a client to take some of an answer */
	/* Of listeners of TLS; 0: none. */
	unsigned streams; /* answers in pieces at once, per listener; not counted above */
	unsigned address_connections; /* of one address, without those that carry such an answer */
	unsigned address_rate;        /* a second: connections; requests of who is not known */
};

int http_new(struct http **ret, struct loop *l, struct http_limits limits, struct err *e);

/*
 * Closes listeners and connections; runs turns of the loop, which loop_run() has left. A request
 * that a handler still has may be answered afterwards: the answer is dropped. NULL is fine.
 */
void http_free(struct http *h);

/*
 * Called once for each request, when its body is there. The handler calls http_reply() exactly
 * once, at once or later; until then r is valid, also when the client has gone.
 */
typedef void http_handler(void *arg, struct http_req *r);

/*
 * By which door a request came. HTTP_UNIX and HTTP_METRICS speak HTTP/1.1 in clear, HTTP_TLS the
 * version that the client wants.
 */
enum http_way { HTTP_UNIX, HTTP_TLS, HTTP_METRICS };

/* Serves a listening socket, which is taken over. At most 40 of them (asserted). */
void http_serve(struct http *h, int fd, enum http_way way, http_handler *fn, void *arg);

/*
 * The context of new connections of HTTP_TLS, referenced; those that are there keep theirs. Without
 * one they are closed. trusted: the certificate leads to an authority that browsers know, and names
 * our host: then HTTPS is promised for the future (RFC 6797).
 */
void http_set_tls(struct http *h, struct ssl_ctx_st *ctx, bool trusted);

/* Whose X-Forwarded-For and Forwarded are believed; borrowed. NULL: nobody's. */
void http_set_proxies(struct http *h, const struct proxy_networks *proxies);

/*
 * Whether a request is of somebody who is known, by its credentials: for those of an address that
 * are not, there is address_rate. Until it is set, of nobody. It changes nothing.
 */
typedef bool http_knows(void *arg, const struct http_req *r);
void http_set_knows(struct http *h, http_knows *fn, void *arg);

/* No new connections; those there are go on. */
void http_stop_listening(struct http *h);

/* ---- a request; slices are valid until http_reply() ---- */

struct slice http_method(const struct http_req *r); /* "GET" */
struct slice http_path(const struct http_req *r);   /* percent-decoded, without the query */

/* A query argument, percent-decoded; absent when there is none, empty for "?x" and "?x=". */
struct slice http_query(const struct http_req *r, const char *name);

/*
 * A header field, absent when there is none; several lines of one name are joined by ",". Kept are
 * (asserted): accept-encoding, accept-language, authorization, content-type, forwarded, host (of
 * HTTP/2 :authority), if-match, if-none-match, last-event-id, origin, sec-fetch-dest,
 * sec-fetch-mode, sec-fetch-site, user-agent, x-csrf-token, x-entente-background, x-forwarded-for.
 */
struct slice http_header(const struct http_req *r, const char *name);

/* The value of a cookie (RFC 6265 4.2), the first of the name; absent when there is none. */
struct slice http_cookie(const struct http_req *r, const char *name);

enum http_way http_way(const struct http_req *r);
bool http_secure(const struct http_req *r);         /* inside TLS */
const char *http_version(const struct http_req *r); /* "1.0", "1.1", "2" */

/*
 * Whose it is: the address of the other end as text, or, where that is a trusted proxy, of whom it
 * speaks for (auth/proxy.h). "" on a unix socket.
 */
const char *http_client(const struct http_req *r);

/* Did it come through a proxy, by what its header says? */
bool http_forwarded(const struct http_req *r);

struct slice http_body(const struct http_req *r);

/*
 * The connection's descriptor, to ask the kernel about it; only while the handler is called. -1 but
 * for HTTP_UNIX.
 */
int http_fd(const struct http_req *r);

/* ---- its answer ---- */

/*
 * Adds a field to the answer; name in lower case, value without line breaks. Those that protect the
 * client and "cache-control: no-store" are there anyway; a cache-control of the handler's wins.
 */
void http_reply_header(struct http_req *r, const char *name, const char *value);

/*
 * Makes the answer a page whose scripts and styles may be ours or carry this nonce; without it a
 * browser runs nothing of it. As long as r.
 */
const char *http_nonce(struct http_req *r);

/* Sends the answer; body is emptied (NULL: none) and r is gone. */
void http_reply(struct http_req *r, unsigned status, const char *type, struct buf *body);

/*
 * The same with bytes that are there for ever: they are not copied, so that clients who ask for
 * much and take little of it cost nothing.
 */
void http_reply_still(struct http_req *r, unsigned status, const char *type, struct slice bytes);

/* ---- an answer in pieces ---- */

/* What waits for the client at most; who lets it grow over that is dropped. */
enum { HTTP_STREAM_BYTES = 1024 * 1024 };

/*
 * Begins an answer with status 200 whose end is not known yet, instead of http_reply(): the head
 * goes out at once, the rest as it is put, in chunks (RFC 9112 7.1; to an HTTP/1.0 client without)
 * or frames. An HTTP/1 connection is closed after it.
 *
 * r stays valid until http_stream_end(), which has to be called exactly once, also when the client
 * has gone. gone() runs at most once, from the loop and never inside a function of this header but
 * http_free(), when nobody reads any more: the client has closed or was too slow, asked for the
 * head only, or the server ends. It may call http_stream_end(); what is put after it is dropped.
 */
typedef void http_gone(void *arg);
void http_stream_begin(struct http_req *r, const char *type, http_gone *gone, void *arg);

/* Sends bytes (copied) without waiting for more; never blocks. */
void http_stream_put(struct http_req *r, struct slice bytes);

/* How much may be put now before the client counts as too slow; 0 when it has gone. */
size_t http_stream_room(const struct http_req *r);

/* What has been put still goes out, then the end; r is gone. gone() does not run any more. */
void http_stream_end(struct http_req *r);
