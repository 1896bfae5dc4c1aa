#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * The audit log: who did what, kept beside what was done. Lines are only ever appended. Each has a
 * MAC over its predecessor's MAC and all of its own fields, under a key that lies outside the
 * store, and the head (last line, its MAC, how many) is kept sealed: so a change, a gap, another
 * order and missing ends show (store_audit_verify). Who can put the whole store back to an earlier
 * day cannot be found here; for that the head is logged, and verify takes one from the log.
 *
 * No secret may ever be handed to these functions.
 */
struct store;

/* Who asks. */
struct store_actor {
	/*
	 * "root", "alice": an account that exists. What a stranger typed into a name field may be
	 * his password: then "(unknown)".
	 */
	const char *who;
	const char *from; /* "uid 0 pid 4711", "192.0.2.7" */
	const char *way;  /* "cli", "api", "panel", "import", "start" */
};

struct store_audit_entry {
	struct store_actor actor;
	const char *verb;           /* "add", "set", "remove", "sign-in", "restore", ... */
	const char *kind, *key;     /* "partner", "im.example"; key may be "" */
	const char *before, *after; /* JSON objects without secrets; NULL: none */
	const char *refused;        /* the code of the refusal; NULL: it was done */
	uint64_t generation;        /* of the settings, which it made; 0: those in force */
	unsigned times;             /* this happened as often within a minute; 0 and 1: once */
};

/*
 * Appends a line. Inside a transaction (store_begin() of store_priv.h) it is of that transaction,
 * else it makes its own. ERR_UNAVAILABLE: the disk. ERR_INVALID: the sealed head does not open.
 */
int store_audit_append(struct store *s, const struct store_audit_entry *a, struct err *e);

/* One line. All strings are valid during the call only. */
struct store_audit {
	uint64_t id;         /* rises by one */
	uint64_t generation; /* the one the change made, or the one then in force */
	uint64_t at_ms;      /* wall clock */
	const char *who, *from, *way;
	const char *verb, *kind, *key;
	const char *before, *after; /* JSON objects; "" where there is none */
	const char *result;         /* "done", "refused" */
	const char *code;           /* of the refusal; "" where there is none */
	uint64_t times;
};

typedef void store_audit_fn(void *arg, const struct store_audit *a);

/* Lines with an id over after_id, oldest first, at most limit. */
int store_audit_list(struct store *s, uint64_t after_id, size_t limit, store_audit_fn *fn,
	void *arg, struct err *e);

/* Lines that are looked for; NULL and 0: whatever it is. */
struct store_audit_query {
	uint64_t before_id, after_id; /* both excluded */
	uint64_t since_ms;            /* wall clock */
	const char *who, *kind, *key, *verb;
	size_t limit; /* lines given, at most */
};

/* Lines that fit, newest first. */
int store_audit_find(struct store *s, const struct store_audit_query *q, store_audit_fn *fn,
	void *arg, struct err *e);

/* The head: what is logged now and then. mac: hexadecimal, "" while there is no line. */
struct store_audit_head {
	uint64_t id, count;
	char mac[65];
};
int store_audit_head(struct store *s, struct store_audit_head *ret, struct err *e);

/* What store_audit_verify() finds: X(SUFFIX, code) */
#define STORE_AUDIT_FAULTS(X)                                                                      \
	X(CHANGED, "changed")     /* a line is not as it was written, or is none of ours */        \
	X(GAP, "gap")             /* lines before this one are missing */                          \
	X(ORDER, "order")         /* a line is not where it was written */                         \
	X(TRUNCATED, "truncated") /* the newest lines are missing */

/* clang-format off */
enum store_audit_fault {
#define X(suffix, code) AUDIT_##suffix,
	STORE_AUDIT_FAULTS(X)
#undef X
};
/* clang-format on */

const char *store_audit_fault_code(enum store_audit_fault f);

struct store_audit_problem {
	enum store_audit_fault fault;
	uint64_t id; /* the line; for TRUNCATED the first one that is missing */
	char text[160];
};

typedef void store_audit_problem_fn(void *arg, const struct store_audit_problem *p);

/*
 * Looks at every line. logged (may be NULL): a head from the log; its line has to be there with its
 * MAC. fn is told of each problem, at most 1000 of them. -1 only when the log cannot be read.
 */
int store_audit_verify(struct store *s, const struct store_audit_head *logged, uint64_t *ret_lines,
	store_audit_problem_fn *fn, void *arg, struct err *e);
