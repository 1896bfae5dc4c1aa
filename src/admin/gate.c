#include "admin/gate.h"

#include <stdlib.h>

#include "admin/admin_priv.h"
#include "base/mem.h"
#include "store/accounts.h"

enum {
	THROTTLE_ENTRIES = 8192,
	SESSIONS_MAX = 1000,
	SESSIONS_OF_ONE = 20,
	SWEEP_MS = 60 * 1000,
	IDLE_SECS = 15 * 60,
	LIFE_SECS = 12 * 60 * 60,
	REFUSALS_OF_ONE = 64, /* different ones a minute that are told apart */
};

static void on_sweep(void *arg)
{
	struct admin *a = arg;

	sessions_sweep(a->gate->sessions, loop_now(a->loop));
	loop_timer_in(&a->gate->sweep, SWEEP_MS);
}

static struct session_limits limits(const struct admin_options *o)
{
	return (struct session_limits){
		.idle_ms = (o->session_idle_secs ? o->session_idle_secs : IDLE_SECS) * 1000ull,
		.life_ms = (o->session_life_secs ? o->session_life_secs : LIFE_SECS) * 1000ull,
		.max = SESSIONS_MAX,
		.max_each = SESSIONS_OF_ONE,
	};
}

int gate_new(struct gate **ret, struct admin *a, const struct admin_options *o, struct err *e)
{
	struct gate *g = xzalloc(sizeof *g);

	if (store_accounts(o->store, &g->accounts, e) < 0) {
		free(g);
		return -1;
	}
	g->sessions = sessions_new(limits(o));
	g->throttle = throttle_new(THROTTLE_ENTRIES);
	g->hasher = worker_new("password", 2);
	g->failures = failures_new(a, 0);
	g->refusals = failures_new(a, REFUSALS_OF_ONE);
	loop_timer_init(&g->sweep, a->loop, on_sweep, a);
	loop_timer_in(&g->sweep, SWEEP_MS);
	*ret = g;
	return 0;
}

void gate_stop(struct gate *g)
{
	loop_timer_stop(&g->sweep);
	worker_free(g->hasher);
	g->hasher = NULL;
}

void gate_free(struct gate *g)
{
	if (!g)
		return;
	sessions_free(g->sessions);
	throttle_free(g->throttle);
	failures_free(g->failures);
	failures_free(g->refusals);
	accounts_unref(g->accounts);
	free(g);
}

const struct accounts_view *gate_accounts(const struct admin *a)
{
	return accounts_view(a->gate->accounts);
}

/*
 * Somebody of the directory has no second factor here, so a role that wants one gives him nothing:
 * what it asks for is never left out.
 */
static right_set directory_rights(const struct accounts_view *v, const char **roles)
{
	right_set all = 0;

	for (; roles && *roles; roles++) {
		struct account_grant g = account_grant(v, (const char *const[]){*roles, NULL});

		if (!g.requires_totp)
			all |= g.rights;
	}
	return all;
}

static right_set account_rights(
	const struct accounts_view *v, const struct account *a, enum caller_must *ret_must)
{
	struct account_grant g = account_grant(v, a->roles);
	bool lacks = g.requires_totp && !a->totp;

	*ret_must = lacks ? MUST_TOTP : MUST_NOTHING;
	return lacks ? 0 : g.rights;
}

bool gate_session_rights(
	const struct admin *a, const struct session *s, right_set *ret, enum caller_must *ret_must)
{
	const struct accounts_view *v = gate_accounts(a);
	const struct account *account;

	*ret_must = MUST_NOTHING;
	if (s->ended)
		return false;
	if (s->of_directory) {
		*ret = directory_rights(v, s->roles);
		return true;
	}
	account = account_find(v, slice_of(s->name));
	if (!account || !account->enabled || account->epoch != s->epoch)
		return false;
	*ret = account_rights(v, account, ret_must);
	return true;
}

/* A token has what it was given and its owner still has. */
right_set gate_token_rights(const struct admin *a, const struct account_token *t)
{
	const struct accounts_view *v = gate_accounts(a);
	const struct account *owner = account_find(v, slice_of(t->owner));
	enum caller_must must;

	if (t->of_socket)
		return t->rights;
	if (!owner || !owner->enabled)
		return 0;
	return t->rights & account_rights(v, owner, &must);
}
