#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/slice.h"

/*
 * One vector of stox.json and how it is held against what came out. Every key is taken out of the
 * vector by the one who understands it; what is left at the end nobody understood, and is a
 * failure. This and the files beside it know how to play a vector and how to compare; what a value
 * is mapped to they do not know.
 */
struct vector {
	const char *id;
	json_t *in, *out; /* of a copy: keys vanish as they are taken */
	bool rt, sip2xmpp;
	json_t *pool; /* keeps what was taken alive */
	struct arena arena;
	bool failed;
};

void fail(struct vector *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The value of a key, which counts as understood; NULL when it is not there. o may be NULL. */
json_t *take(struct vector *v, json_t *o, const char *key);
const char *take_string(struct vector *v, json_t *o, const char *key); /* NULL: not there */
/* Of a key that says only true: is it there? */
bool take_flag(struct vector *v, json_t *o, const char *key);

/* A result, under the name that expectations use. */
struct field {
	const char *name;
	struct slice value; /* SL_NONE: absent */
};

/*
 * Holds each key of an expectation against the field it names, in the forms of vectors/README.md.
 * Keys without a field stay where they are.
 */
void compare(struct vector *v, json_t *expected, const struct field *fields, size_t n);

struct slice number(struct vector *v, uint64_t n); /* as text, for a field */
struct slice yes(bool b);                          /* "true", or absent */

void run_address(struct vector *v);
void run_error(struct vector *v);
void run_im(struct vector *v);
void run_cpim(struct vector *v);
void run_receipt(struct vector *v, json_t *wrapper); /* of group cpim-imdn; wrapper may be NULL */
void run_typing(struct vector *v);                   /* of groups session and lync */
void run_session(struct vector *v);                  /* the others of them */
void run_presence(struct vector *v);                 /* of group presence, and of lync */
extern const char *const parts_presence[], *const parts_lync_presence[];
extern const char *const parts_session[], *const parts_lync[];
