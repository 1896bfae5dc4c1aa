#pragma once

/* Private to store/: rows of accounts, and a change under way. */

#include "base/arena.h"
#include "store/accounts.h"
#include "store/store_priv.h"

struct accounts_edit {
	struct store *store;
	const struct accounts_change *change;
	const struct accounts_view *now; /* as it lies in the store, in this transaction */
	struct arena arena;
};

int account_put(struct accounts_edit *x, const struct account *a, struct err *e);
int account_role_put(struct accounts_edit *x, const struct account_role *r, struct err *e);
int account_token_put(struct accounts_edit *x, const struct account_token *t, struct err *e);

/* In accounts_change.c: by verb. */
typedef int accounts_step(struct accounts_edit *x, struct err *e);
extern accounts_step *const accounts_steps[ACCOUNTS_VERB__N];
