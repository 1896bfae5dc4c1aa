#pragma once

/* Private to store/: managed objects as rows. */

#include "federation/config.h"
#include "store/backend.h"

enum { ROW_COLUMNS_MAX = 20 };

/* The text forms of an object's settings in table order, NULL for none; write-only ones are left
 * out. */
struct object_row {
	char *column[ROW_COLUMNS_MAX];
	size_t n;
};

void object_row_make(struct object_row *ret, const struct object *o);
void object_row_done(struct object_row *r);

/* Statements of a kind; drop is STMT__N for kinds that always have their one object. */
struct kind_stmts {
	enum stmt list, put, drop;
};

extern const struct kind_stmts kind_stmts[OBJECT__N];

/* Puts every stored object into c. ERR_INVALID: a row breaks a rule of this version. */
int rows_load(struct backend *b, struct config *c, struct err *e);

int rows_put(struct backend *b, const struct object *o, struct err *e);
int rows_drop(struct backend *b, const struct object *o, struct err *e);
