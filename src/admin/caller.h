#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "auth/right.h"

/*
 * Who asks, found out anew for each request: by the kernel's word (unix socket), by the cookie of a
 * session, or by a token. What he may do is read from what the store holds at that moment, so that
 * a change of roles, of an account or of a token counts from the next request on.
 */
enum caller_kind { CALLER_NOBODY, CALLER_SOCKET, CALLER_SESSION, CALLER_TOKEN };

/* What he has to do before anything else. */
enum caller_must { MUST_NOTHING, MUST_TOTP };

enum { CALLER_NAME = 257, CALLER_FROM = 64, CALLER_HASH = 65 };

struct caller {
	enum caller_kind kind;
	char name[CALLER_NAME]; /* "nobody" when he is */
	char from[CALLER_FROM]; /* "uid 0 pid 4711", "192.0.2.7": for the audit log */
	const char *way;        /* "cli", "panel", "api" */
	enum caller_must must;
	char session[CALLER_HASH]; /* SESSION: its hash, by which it is found again; else "" */
	char token[16];            /* TOKEN: its id; else "" */
};

struct api_call;
struct http_req;

/*
 * Finds out who sent c->req, and fills c->who and c->rights. Answers c (and it is gone) and returns
 * false when it is to be refused: a stranger on the unix socket, a request that a browser was made
 * to send from elsewhere, a token that is not good. Nobody in particular is no reason to refuse.
 */
bool caller_find(struct api_call *c);

/* The http_knows of the doors (http.h): arg is the struct admin. */
bool caller_is_known(void *arg, const struct http_req *r);

/* What he may do now, without it being an activity: 0 when the session or the token has ended. */
right_set caller_rights_now(const struct api_call *c);
