#pragma once

/* Private to store/: what keeps rows. */

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"

enum store_half { HALF_MANAGED, HALF_MEMORY };

enum stmt {
	STMT_META_LIST,
	STMT_META_PUT,
	STMT_GATEWAY_LIST,
	STMT_GATEWAY_PUT,
	STMT_ACCESS_LIST,
	STMT_ACCESS_PUT,
	STMT_ROUTE_LIST,
	STMT_ROUTE_PUT,
	STMT_ROUTE_DROP,
	STMT_DOMAIN_LIST,
	STMT_DOMAIN_PUT,
	STMT_DOMAIN_DROP,
	STMT_PARTNER_LIST,
	STMT_PARTNER_PUT,
	STMT_PARTNER_DROP,
	STMT_POLICY_LIST,
	STMT_POLICY_PUT,
	STMT_POLICY_DROP,
	STMT_GRANT_LIST,
	STMT_GRANT_PUT,
	STMT_GRANT_DROP,
	STMT_SECRET_LIST,
	STMT_SECRET_PUT,
	STMT_SECRET_DROP,
	STMT_AUDIT_LIST,
	STMT_AUDIT_BEFORE,
	STMT_AUDIT_PUT,
	STMT_GENERATION_LIST,
	STMT_GENERATION_BEFORE,
	STMT_GENERATION_PUT,
	STMT_GENERATION_FORGET,
	STMT_STEP_LIST,
	STMT_STEP_BEFORE,
	STMT_STEP_PUT,
	STMT_STEP_FORGET,
	STMT_ACCOUNT_LIST,
	STMT_ACCOUNT_PUT,
	STMT_ACCOUNT_DROP,
	STMT_ACCOUNT_ROLE_LIST,
	STMT_ACCOUNT_ROLE_PUT,
	STMT_ACCOUNT_ROLE_DROP,
	STMT_TOKEN_LIST,
	STMT_TOKEN_PUT,
	STMT_TOKEN_DROP,
	STMT_DIRECTORY_LIST,
	STMT_DIRECTORY_PUT,
	STMT_BINDING_LIST,
	STMT_BINDING_PUT,
	STMT_BINDING_DROP,
	STMT_ALLOW_LIST,
	STMT_ALLOW_PUT,
	STMT_ALLOW_DROP,
	STMT__N
};

enum stmt_op {
	OP_LIST,   /* all rows, ordered by the key */
	OP_AFTER,  /* rows whose first column is over $1, at most $2, ordered by it */
	OP_BEFORE, /* rows whose first column is under $1, at most $2, the highest first */
	OP_PUT,    /* in place of the row with this key */
	OP_DROP,   /* the row with this key, if there is one */
	OP_FORGET, /* rows whose first column is at most $1 */
};

/*
 * One text for every backend: $1 binds by name in SQLite and by number in PostgreSQL; ON CONFLICT
 * and excluded are known to both. Values go in and out as text, NULL for none. The other columns
 * say the same to a backend that has no SQL.
 */
struct stmt_def {
	enum store_half half;
	const char *table;
	enum stmt_op op;
	unsigned columns; /* of the table */
	unsigned keys;    /* the first ones are its key */
	const char *sql;
	bool numbered; /* the first column is a number, and ordered as one */
};

extern const struct stmt_def stmt_defs[STMT__N];

struct backend;

/* One row; 0 goes on, -1 ends the statement with e. Valid during the call. */
typedef int row_fn(void *arg, const char *const *column, size_t n, struct err *e);

struct backend_ops {
	const char *name;
	int (*open)(struct backend **ret, enum store_half half, const char *dir, struct err *e);
	void (*close)(struct backend *b);
	/* A transaction that nobody else's change gets in between. */
	int (*begin)(struct backend *b, struct err *e);
	int (*commit)(struct backend *b, struct err *e); /* failed: rolled back */
	void (*rollback)(struct backend *b);
	/* args: as many as the statement has; fn may be NULL. */
	int (*run)(struct backend *b, enum stmt stmt, const char *const *args, size_t n, row_fn *fn,
		void *arg, struct err *e);
};

struct backend {
	const struct backend_ops *ops;
	unsigned steps_taken; /* of its schema, when it was opened */
};

/* look: a copy in RAM of what SQLite's file holds, which is not touched. */
extern const struct backend_ops sqlite_backend, look_backend, ram_backend;

/* NULL and e (ERR_INVALID) when there is none of that name. */
const struct backend_ops *backend_find(const char *name, struct err *e);

void backend_close(struct backend *b); /* NULL is fine */
DEFINE_AUTO(struct backend *, backend_close)
