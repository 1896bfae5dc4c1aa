#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "federation/change.h"
#include "federation/notes.h"
#include "federation/object.h"

/*
 * All managed objects: what a change is applied to before it becomes a snapshot. Mutable and of one
 * thread; the objects in it are shared and immutable. The rules are in three layers:
 * setting_parse() (one value), object_check() (one object), config_check() (all together).
 */
struct config;

/* Gateway and access settings and the global policy, all with their defaults; nothing else. */
struct config *config_new(void);
struct config *config_copy(const struct config *c); /* shares the objects */
void config_free(struct config *c);
DEFINE_AUTO(struct config *, config_free)

/* By key, as typed; NULL: there is none, or the key is not even well formed. */
const struct object *config_find(const struct config *c, enum object_kind kind, struct slice key);

/* All of a kind, ordered by key (bytes). Valid until the config changes. Returns how many. */
size_t config_list(const struct config *c, enum object_kind kind, const struct object *const **ret);

/* Puts an object in, in place of the one with its key. Takes the reference. For loading. */
void config_put(struct config *c, const struct object *o);

/* The object with this key, canonical, goes, if it is there; no rule is asked. For loading. */
void config_remove(struct config *c, enum object_kind kind, struct slice key);

/*
 * Applies the changes in order and checks the whole. On success *plan (empty before) says what
 * became different, with the warnings about those objects. On failure c is as before. Codes beside
 * those of setting_parse(), object_check() and config_check(): exists (ERR_CONFLICT), not_found
 * (ERR_NOT_FOUND), unknown_setting, key_fixed, not_a_list, not_in_list, single. Removing the
 * global policy sets it back to its defaults.
 */
int config_apply(
	struct config *c, const struct change *changes, size_t n, struct plan *plan, struct err *e);

/*
 * Rules between objects. Codes: domain_taken, domain_is_local, domain_is_partner, route_unknown,
 * route_in_use, domain_not_local, domain_in_use, policy_unknown, policy_in_use,
 * policy_not_grantable, user_not_local.
 */
int config_check(const struct config *c, struct notes *warnings, struct err *e);

/*
 * What becomes different on the way from one to the other, by kind and key; *plan is empty before
 * and has neither a generation nor warnings after it.
 */
void config_diff(const struct config *from, const struct config *to, struct plan *plan);

/*
 * The managed half as JSON, without secrets: {"format": "entente-config", "version": 1,
 * "generation": N, "changes": [{"verb": "add", "kind": "partner", "key": "im.example", "settings":
 * {...}}]}: made in a store that holds only the defaults, the changes give the same settings.
 */
void config_json(const struct config *c, uint64_t generation, struct buf *ret);
