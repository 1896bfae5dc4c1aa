#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "admin/caller.h"
#include "admin/http.h"
#include "admin/route.h"
#include "base/buf.h"
#include "base/err.h"

/*
 * One request of the API from its arrival to its answer. A handler gets it with the caller known
 * and his right to the route checked, and gives it to exactly one of the answering functions, which
 * free it and write the access log.
 */
struct admin;

struct api_call {
	struct admin *admin;
	struct http_req *req;
	const struct api_route *route; /* NULL: there is none for the request */
	struct slice param;            /* decoded path parameter; absent if there is none */
	struct caller who;
	right_set rights; /* as of the beginning of the request */
	uint64_t began_ns;
	/* call_stream_begin() */
	void (*gone)(void *arg);
	void *gone_arg;
	bool cut; /* nobody read it to its end */
};

/* The http_handler of the unix socket, and of the API by HTTPS; arg is the struct admin. */
void call_begin(void *arg, struct http_req *r);

/* json is emptied. */
void call_answer(struct api_call *c, unsigned status, struct buf *json);
/* With the generation as ETag. */
void call_answer_at(struct api_call *c, unsigned status, uint64_t generation, struct buf *json);
/* 204. */
void call_answer_nothing(struct api_call *c);
void call_answer_text(struct api_call *c, const char *type, struct buf *text);

/*
 * application/problem+json (RFC 9457) with the members code, field and, when ways_out is not empty,
 * ways_out (a JSON array).
 */
void call_problem(struct api_call *c, const struct err *e, const struct buf *ways_out);

/*
 * ---- answers that take their time ----
 *
 * Instead of one answer: lines of JSON as things happen (application/x-ndjson), each sent at once.
 * After begin the handler calls call_stream_end() exactly once, which frees c and writes the access
 * log; until then c is valid. gone() runs at most once, from the loop, when nobody reads any more
 * (closed, too slow, a HEAD, the server ends): the handler stops its work and calls
 * call_stream_end(), in gone() or later; lines put meanwhile are dropped. Whether the request can
 * be served is found out before begin: afterwards there is no status to say so.
 */
typedef void call_gone(void *arg);
void call_stream_begin(struct api_call *c, call_gone *gone, void *arg);

/* The same with another type, such as text/event-stream. */
void call_stream_begin_as(struct api_call *c, const char *type, call_gone *gone, void *arg);

/* A text, to which a line break is added: JSON without line breaks in it. Copied; never blocks. */
void call_stream_put(struct api_call *c, struct slice json);

/* Bytes that may be put now; a client that lets more wait (HTTP_STREAM_BYTES) is dropped. */
size_t call_stream_room(const struct api_call *c);
void call_stream_end(struct api_call *c);

/* The HTTP status of an error. */
unsigned call_status(const struct err *e);

/*
 * What the caller may do now, a while after he came: 0 when his session or token has ended. For
 * answers that take their time. It is no activity of his session.
 */
right_set call_rights_now(const struct api_call *c);

/*
 * A line in the audit log: what he has done, or (refused, a code) wanted to do. For what changes
 * something and is no change of the store, which writes its own. kind NULL: that of the route.
 */
void call_audit(const struct api_call *c, const char *verb, const char *kind, struct slice key,
	const char *refused);

/* Has he the right? Answers and returns false when not; a change that he may not make is a line. */
bool call_may(struct api_call *c, enum right r);

/* "?dry_run=true". Answers and returns false when it is neither true nor false. */
bool call_dry_run(struct api_call *c, bool *ret);

/*
 * The generation of If-Match; 0: "*", whatever it is. A change that is no dry run needs one. Answers
 * and returns false when it is missing (428) or malformed.
 */
bool call_if_match(struct api_call *c, uint64_t *ret);
