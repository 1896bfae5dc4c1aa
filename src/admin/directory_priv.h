#pragma once

#include "admin/directory.h"
#include "admin/directory_process.h"
#include "base/buf.h"
#include "base/list.h"
#include "store/directory.h"

/* What the files of the directory share, private to admin/. */
struct admin;

struct directory {
	struct admin *admin;
	struct loop *loop;
	struct directory_process *process;
	unsigned settings_no; /* of now: rises with each change */
	struct store_directory *now; /* as of the last change */
	struct list watches;
	uint64_t reread_ms;
};

struct directory_options {
	const char *program; /* NULL: there is none */
	unsigned reread_secs; /* 0: 300 */
};

/* Reads the store, before the worker has it. */
int directory_new(
	struct directory **ret, struct admin *a, const struct directory_options *o, struct err *e);

/* Everything under way fails, also what is asked from now on. */
void directory_stop(struct directory *d);

/* Watches have been given back. NULL is fine. */
void directory_free(struct directory *d);

/* Takes it: what holds from now on. Every watch asks again. */
void directory_set_now(struct directory *d, struct store_directory *now);

/* A question with the settings, as directory_process_ask() wants it. */
enum directory_op { DIRECTORY_ASK_SIGN_IN, DIRECTORY_ASK_REFRESH, DIRECTORY_ASK_TEST };
struct directory_question *directory_ask_process(struct directory *d, enum directory_op op,
	struct slice name, struct slice password, struct slice dn, const struct directory_answer *a);

/*
 * A last line (NULL: none, and why is known) as a result; what it points to lies in the arena and
 * in the line.
 */
struct arena;
void directory_result_read(struct directory *d, json_t *line, const struct err *why,
	struct arena *arena, struct directory_result *ret);
