#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "federation/notes.h"
#include "federation/object.h"

/*
 * What an administrator asks for, in the same words for the panel, the API, the shell and an
 * import: an object, a verb, and settings as text.
 */
enum change_verb { CHANGE_ADD, CHANGE_SET, CHANGE_REMOVE };

enum assign_how {
	ASSIGN_SET,     /* the value becomes this */
	ASSIGN_ADD,     /* lists: with these */
	ASSIGN_REMOVE,  /* lists: without these */
	ASSIGN_DEFAULT, /* value is ignored: back to the default */
};

struct assign {
	struct slice name; /* any spelling of setting_find() */
	enum assign_how how;
	struct slice value; /* text form; SL_NONE and "" both mean none */
};

struct change {
	enum change_verb verb;
	enum object_kind kind;
	struct slice key; /* as typed; ignored for the single ones */
	const struct assign *assigns;
	size_t n;
};

/* "add", "set", "remove". */
const char *change_verb_name(enum change_verb v);

/* What a change does, object by object: made by config_apply(), shown, audited, written. */
struct plan_field {
	const struct setting *setting;
	char *before, *after; /* text forms; "(secret)" in place of one */
};

struct plan_item {
	enum change_verb verb;
	const struct object *before, *after; /* NULL: was not, will not be */
	struct plan_field *fields;           /* those that differ */
	size_t n_fields;
};

/* A zeroed struct is empty. Objects that end as they were are not in it. */
struct plan {
	uint64_t generation; /* it was made against */
	struct plan_item *v;
	size_t n, cap;
	struct notes warnings;
};

void plan_done(struct plan *p);

const struct object_class *plan_item_class(const struct plan_item *i);
const char *plan_item_key(const struct plan_item *i);

/*
 * As a JSON object: generation, changes [{verb, kind, key, fields [{name, before, after}]}],
 * warnings
 * [{code, kind, key, field, text}].
 */
void plan_json(const struct plan *p, struct buf *ret);

/* Its member changes alone: a JSON array. */
void plan_changes_json(const struct plan *p, struct buf *ret);
