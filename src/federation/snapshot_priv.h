#pragma once

/* Private to federation/. */

#include "federation/snapshot.h"

/* The policy in force; NULL when the user's domain is not one of ours. */
const struct policy *snapshot_user_policy(const struct snapshot *s, struct slice user);
