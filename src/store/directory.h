#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "auth/binding.h"
#include "auth/directory.h"
#include "base/err.h"
#include "base/mem.h"
#include "store/audit.h"

/*
 * The directory that administrators sign in by, and which of its groups have which role. Beside the
 * settings and of no generation, like accounts.h. The password is kept sealed and is in no audit
 * line.
 */
struct store;

struct store_binding {
	uint64_t id;
	struct binding binding;
};

/* As it is in the store; one block, the password in it is wiped when it is freed. */
struct store_directory {
	struct directory_settings settings;
	struct store_binding *bindings; /* by id */
	size_t n_bindings;
};

enum { STORE_BINDINGS_MAX = 256 };

int store_directory_load(struct store *s, struct store_directory **ret, struct err *e);
void store_directory_free(struct store_directory *d); /* NULL is fine */
DEFINE_AUTO(struct store_directory *, store_directory_free)

/*
 * BINDING_ADD of a group whose CN is that of a suggestion takes its place: so it is confirmed.
 */
enum store_directory_verb { DIRECTORY_SET, BINDING_ADD, BINDING_SET, BINDING_REMOVE };
enum directory_bool { DIRECTORY_STAYS, DIRECTORY_NO, DIRECTORY_YES };

/* Strings are borrowed; NULL: not given. */
struct store_directory_change {
	enum store_directory_verb verb;
	struct store_actor actor;
	enum directory_bool enabled;
#define X(name, deflt, help) const char *name;
	DIRECTORY_TEXTS(X)
#undef X
	unsigned timeout; /* 0: not given */
	uint64_t id;      /* of a binding; ADD: its own comes out */
	const char *group, *role;
	enum directory_bool confirmed;
};

/*
 * Makes the change and says what there is after it. On failure nothing has changed; codes: those of
 * directory_check() and binding_check(), bind_password_needed, role_unknown, exists, not_found,
 * too_many, and what the disk says. A role is named as it is in accounts.h, not by an alias.
 */
int store_directory_change(struct store *s, struct store_directory_change *c,
	struct store_directory **ret, struct err *e);

/* The settings as JSON members, without the password: {"enabled": false, ...}. */
struct buf;
void directory_settings_json(const struct directory_settings *d, struct buf *out);
void directory_binding_json(const struct store_binding *b, struct buf *out);
