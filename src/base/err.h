#pragma once

#include <stddef.h>

/*
 * What went wrong with an operator's input or an operation. A bug aborts (assert), a peer's mistake
 * is an event of its protocol engine; this is for the third kind, whose text a person reads.
 */
enum err_kind {
	ERR_NONE,
	ERR_INVALID,     /* the value breaks a rule; the text says which and what would be right */
	ERR_NOT_FOUND,
	ERR_CONFLICT,    /* exists already, or was changed meanwhile */
	ERR_DENIED,
	ERR_PROTO,       /* the other side broke its protocol */
	ERR_TIMEOUT,
	ERR_UNAVAILABLE, /* may work later */
	ERR_LIMIT,       /* a limit of ours was reached */
	ERR_INTERNAL,
	ERR__N
};

struct err {
	enum err_kind kind;
	char code[48];   /* stable, for programs: "sasl_requires_tls"; may be empty */
	char field[48];  /* the setting it is about: "tls_negotiation"; may be empty */
	char text[400];
};

/*
 * err_set(e, kind, fmt, ...) fills *e (NULL is fine) and is -1, so that a caller can
 * `return err_set(...)`. A macro, so that compilers and analyzers see the -1.
 */
#define err_set(e, kind, ...) (err_fill((e), (kind), NULL, NULL, __VA_ARGS__), err_failed())

/*
 * err_code(e, kind, code, field, fmt, ...): also a stable code and the field it is about (or NULL).
 */
#define err_code(e, kind, code, field, ...)                                                        \
	(err_fill((e), (kind), (code), (field), __VA_ARGS__), err_failed())

/* err_in(e, fmt, ...) puts "what: " in front of the text already there; is -1. */
#define err_in(e, ...) (err_prepend((e), __VA_ARGS__), err_failed())

/* The arguments may be parts of *e. */
void err_fill(struct err *e, enum err_kind kind, const char *code, const char *field,
	const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void err_prepend(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static inline int err_failed(void)
{
	return -1;
}

/* "invalid", "not-found", ... */
const char *err_kind_name(enum err_kind kind);
