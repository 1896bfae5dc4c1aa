#pragma once

#include <stddef.h>

#include "auth/right.h"
#include "base/buf.h"
#include "base/slice.h"

/*
 * The routes of the API: one table, from which dispatch, the right that is asked for, and the
 * OpenAPI document come.
 */
struct api_call;

enum {
	API_CHANGES = 1, /* takes If-Match and dry_run */
	API_BODY = 2,    /* takes a JSON body */
	API_CREATES = 4, /* 201 */
	API_PLAIN = 8,   /* answers text/plain */
	API_LINES = 16,  /* answers lines of JSON, as things happen */
	API_EVENTS = 32, /* answers server-sent events */
	/* Those without a right of their own; right is RIGHT__N then: */
	API_PUBLIC = 64,     /* for everybody */
	API_SIGNED_IN = 128, /* for whoever is signed in */
	API_NOTHING = 256,   /* answers 204 */
};

struct api_route {
	const char *method;
	const char *path; /* "/api/v1/partners/{key}/state": at most one parameter, a segment */
	enum right right;
	void (*handle)(struct api_call *c); /* answers exactly once, at once or later */
	int kind;                           /* enum object_kind, or -1 */
	unsigned flags;
	const char *id;   /* operationId */
	const char *help; /* one sentence */
};

extern const struct api_route api_routes[];
extern const size_t api_routes_n;

/*
 * The route of a request and its path parameter (absent if it has none). NULL: no such path, or
 * (*ret_allow is not empty) the path has these methods.
 */
const struct api_route *api_route_find(
	struct slice method, struct slice path, struct slice *ret_param, struct buf *ret_allow);

/* docs/openapi.yaml, from this table and the settings tables of federation/. */
void api_openapi(struct buf *out);
