#pragma once

/* Private to federation/. */

#include "federation/config.h"

/* By key in its canonical form; no allocation. */
const struct object *config_get(const struct config *c, enum object_kind kind, struct slice key);

/*
 * config_check() with blame and warnings only for the objects that are not those of `old`; so where
 * two objects contradict each other, the text is about the one that was just changed. old NULL:
 * all.
 */
int config_check_changed(
	const struct config *c, const struct config *old, struct notes *warnings, struct err *e);
