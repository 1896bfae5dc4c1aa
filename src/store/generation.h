#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "federation/change.h"

/*
 * The generations of the settings. Of each the store keeps who made it and every object that it
 * changed as it was before and after, without secrets; what the settings were at a generation is
 * reckoned back from those in force. The last STORE_GENERATIONS_KEPT can be shown, compared and
 * returned to. The audit log is no part of this: it is evidence, not data.
 */
struct store;
struct config;

enum { STORE_GENERATIONS_KEPT = 1000 };

struct store_generation {
	uint64_t generation;
	uint64_t at_ms; /* wall clock */
	const char *who, *from, *way;
	const char *summary; /* "set partner im.example: enabled", "3 changes: ..." */
};

/* Valid during the call. */
typedef void store_generation_fn(void *arg, const struct store_generation *g);

/* Those that are kept and under before (0: all), newest first, at most limit. */
int store_generation_list(struct store *s, uint64_t before, size_t limit, store_generation_fn *fn,
	void *arg, struct err *e);

/* One of them; ERR_NOT_FOUND generation_unknown: it was never, or is no longer kept. */
int store_generation_one(
	struct store *s, uint64_t generation, store_generation_fn *fn, void *arg, struct err *e);

/*
 * The settings at a generation, for config_free(); secrets are those of now. ERR_NOT_FOUND as
 * above; ERR_INVALID: a value breaks a rule of this version.
 */
int store_generation_config(
	struct store *s, uint64_t generation, struct config **ret, struct err *e);

/* What became different from one to the other, in either direction. *plan is empty before. */
int store_generation_diff(
	struct store *s, uint64_t from, uint64_t to, struct plan *plan, struct err *e);
