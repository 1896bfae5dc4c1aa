#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "federation/config.h"
#include "federation/domain.h"
#include "federation/gateway.h"
#include "federation/partner.h"
#include "federation/policy.h"
#include "federation/route.h"

/*
 * A generation of the managed objects as the loops see it: checked, immutable, shared by an atomic
 * reference count. A loop holds one reference, swaps it between two events and asks without locks.
 * Pointers that look-ups return are valid as long as the reference.
 *
 * Domains are asked for as they stand in a JID or in SIP: lower case, as U-labels or as A-labels;
 * both forms are keys. No look-up allocates.
 */
struct snapshot;

/* Checks c (config_check; warnings may be NULL) and makes a snapshot; c stays the caller's. */
int snapshot_build(struct snapshot **ret, const struct config *c, uint64_t generation,
	struct notes *warnings, struct err *e);

struct snapshot *snapshot_ref(struct snapshot *s);
void snapshot_unref(struct snapshot *s); /* NULL is fine; from any thread */
DEFINE_AUTO(struct snapshot *, snapshot_unref)

uint64_t snapshot_generation(const struct snapshot *s);
const struct gateway_settings *snapshot_gateway(const struct snapshot *s);
const struct access_settings *snapshot_access(const struct snapshot *s);

/* The partner whose primary or additional domain this is, enabled or not; NULL: none. */
const struct partner *snapshot_partner(const struct snapshot *s, struct slice domain);

/* NULL: not one of ours. */
const struct local_domain *snapshot_local(const struct snapshot *s, struct slice domain);

/* Where messages to users of this local domain go. NULL: not ours, or it has no route. */
const struct route *snapshot_route_of(const struct snapshot *s, struct slice local_domain);
const struct route *snapshot_route(const struct snapshot *s, struct slice name);

/* May a request that came by this route have this domain in From? r is of this snapshot. */
bool snapshot_route_accepts(
	const struct snapshot *s, const struct route *r, struct slice from_domain);

/* The policy in force for a user (canonical address). Never NULL. */
const struct policy *snapshot_policy(const struct snapshot *s, struct slice user);

/* All of a kind, ordered by key; returns how many. */
size_t snapshot_list(
	const struct snapshot *s, enum object_kind kind, const struct object *const **ret);

/* By key as typed; NULL: none. */
const struct object *snapshot_find(
	const struct snapshot *s, enum object_kind kind, struct slice key);

const struct config *snapshot_config(const struct snapshot *s);
