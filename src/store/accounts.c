#include "store/accounts.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/accounts_priv.h"

struct accounts {
	atomic_uint refs;
	struct arena arena;
	struct accounts_view view;
};

const struct accounts_view *accounts_view(const struct accounts *a)
{
	return &a->view;
}

struct accounts *accounts_ref(struct accounts *a)
{
	atomic_fetch_add_explicit(&a->refs, 1, memory_order_relaxed);
	return a;
}

void accounts_unref(struct accounts *a)
{
	if (!a || atomic_fetch_sub_explicit(&a->refs, 1, memory_order_acq_rel) != 1)
		return;
	arena_done(&a->arena);
	xfree(a);
}

/* ---- columns ---- */

static const char *text(struct arena *a, const char *column)
{
	return column ? arena_dup(a, slice_of(column)) : NULL;
}

static const char *text_or(struct arena *a, const char *column)
{
	return column ? text(a, column) : "";
}

static uint64_t number(const char *column)
{
	return column ? strtoull(column, NULL, 10) : 0;
}

static bool truth(const char *column)
{
	return column && strcmp(column, "true") == 0;
}

/* "a,b" as { "a", "b", NULL }. */
static const char *const *names(struct arena *a, const char *column)
{
	struct slice rest = slice_of(column ? column : ""), word;
	const char **v;
	size_t n = 0;

	for (size_t i = 0; i < rest.n; i++)
		n += rest.p[i] == ',';
	v = arena_alloc(a, (n + 2) * sizeof *v);
	n = 0;
	while (slice_split(&rest, ',', &word))
		if (word.n)
			v[n++] = arena_dup(a, word);
	v[n] = NULL;
	return v;
}

static char *names_text(struct arena *a, const char *const *v)
{
	struct buf out = {0};
	char *ret;

	for (size_t i = 0; v[i]; i++)
		buf_printf(&out, "%s%s", i ? "," : "", v[i]);
	ret = arena_dup(a, buf_slice(&out));
	buf_done(&out);
	return ret;
}

/* What an older version calls a right that is none any more gives nothing. */
static right_set rights(const char *column)
{
	struct slice rest = slice_of(column ? column : ""), word;
	right_set all = 0;
	enum right r;

	while (slice_split(&rest, ',', &word))
		if (right_find(word, &r))
			all |= RIGHT_BIT(r);
	return all;
}

static char *rights_column(struct arena *a, right_set set)
{
	struct buf out = {0};
	char *ret;

	rights_text(set, ',', &out);
	ret = arena_dup(a, buf_slice(&out));
	buf_done(&out);
	return ret;
}

static char *number_text(struct arena *a, uint64_t n)
{
	return arena_printf(a, "%llu", (unsigned long long)n);
}

static const char *truth_text(bool b)
{
	return b ? "true" : "false";
}

/* ---- loading ---- */

/* Room for one more at the end of a list in the arena, which doubles. */
static void *one_more(struct arena *a, void *v, size_t *n, size_t size)
{
	if ((*n & (*n - 1)) == 0) {
		void *bigger = arena_zalloc(a, (*n ? 2 * *n : 1) * size);

		if (*n)
			memcpy(bigger, v, *n * size);
		v = bigger;
	}
	++*n;
	return v;
}

static int account_row(void *arg, const char *const *column, size_t n, struct err *e)
{
	struct accounts *all = arg;
	struct arena *a = &all->arena;
	struct account *v =
		one_more(a, (void *)all->view.accounts, &all->view.n_accounts, sizeof *v);

	v[all->view.n_accounts - 1] = (struct account){
		.name = text(a, column[0]),
		.description = text_or(a, column[1]),
		.roles = names(a, column[2]),
		.enabled = truth(column[3]),
		.password = text_or(a, column[4]),
		.one_time_until_ms = number(column[5]),
		.totp = text(a, column[6]),
		.totp_last = number(column[7]),
		.recovery = text_or(a, column[8]),
		.epoch = number(column[9]),
		.created_ms = number(column[10]),
		.last_sign_in_ms = number(column[11]),
	};
	all->view.accounts = v;
	return 0;
}

static int role_row(void *arg, const char *const *column, size_t n, struct err *e)
{
	struct accounts *all = arg;
	struct arena *a = &all->arena;
	struct account_role *v =
		one_more(a, (void *)all->view.roles, &all->view.n_roles, sizeof *v);

	v[all->view.n_roles - 1] = (struct account_role){
		.name = text(a, column[0]),
		.title = text_or(a, column[1]),
		.rights = rights(column[2]),
		.requires_totp = truth(column[3]),
	};
	all->view.roles = v;
	return 0;
}

static int token_row(void *arg, const char *const *column, size_t n, struct err *e)
{
	struct accounts *all = arg;
	struct arena *a = &all->arena;
	struct account_token *v =
		one_more(a, (void *)all->view.tokens, &all->view.n_tokens, sizeof *v);

	v[all->view.n_tokens - 1] = (struct account_token){
		.id = text(a, column[0]),
		.name = text_or(a, column[1]),
		.owner = text_or(a, column[2]),
		.of_socket = truth(column[3]),
		.rights = rights(column[4]),
		.created_ms = number(column[5]),
		.expires_ms = number(column[6]),
		.last_used_ms = number(column[7]),
		.revoked_ms = number(column[8]),
		.hash = text_or(a, column[9]),
	};
	all->view.tokens = v;
	return 0;
}

int store_accounts(struct store *s, struct accounts **ret, struct err *e)
{
	static const struct {
		enum stmt list;
		row_fn *row;
	} lists[] = {
		{STMT_ACCOUNT_LIST, account_row},
		{STMT_ACCOUNT_ROLE_LIST, role_row},
		{STMT_TOKEN_LIST, token_row},
	};
	struct accounts *a = xzalloc(sizeof *a);

	atomic_init(&a->refs, 1);
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		if (s->backend->ops->run(s->backend, lists[i].list, NULL, 0, lists[i].row, a, e) <
			0) {
			accounts_unref(a);
			return -1;
		}
	}
	*ret = a;
	return 0;
}

/* ---- writing ---- */

int account_put(struct accounts_edit *x, const struct account *a, struct err *e)
{
	struct arena *m = &x->arena;
	const char *const args[] = {
		a->name,
		a->description,
		names_text(m, a->roles),
		truth_text(a->enabled),
		a->password,
		number_text(m, a->one_time_until_ms),
		a->totp,
		number_text(m, a->totp_last),
		a->recovery,
		number_text(m, a->epoch),
		number_text(m, a->created_ms),
		number_text(m, a->last_sign_in_ms),
	};

	return store_run(x->store, STMT_ACCOUNT_PUT, args, ARRAY_LEN(args), e);
}

int account_role_put(struct accounts_edit *x, const struct account_role *r, struct err *e)
{
	const char *const args[] = {
		r->name,
		r->title,
		rights_column(&x->arena, r->rights),
		truth_text(r->requires_totp),
	};

	return store_run(x->store, STMT_ACCOUNT_ROLE_PUT, args, ARRAY_LEN(args), e);
}

int account_token_put(struct accounts_edit *x, const struct account_token *t, struct err *e)
{
	struct arena *m = &x->arena;
	const char *const args[] = {
		t->id,
		t->name,
		t->owner,
		truth_text(t->of_socket),
		rights_column(m, t->rights),
		number_text(m, t->created_ms),
		number_text(m, t->expires_ms),
		number_text(m, t->last_used_ms),
		number_text(m, t->revoked_ms),
		t->hash,
	};

	return store_run(x->store, STMT_TOKEN_PUT, args, ARRAY_LEN(args), e);
}

/* ---- a change ---- */

/* The step, then what must be true of the whole. */
static int make(struct store *s, const struct accounts_change *c, struct accounts **ret_after,
	struct err *e)
{
	AUTO(accounts_unref) struct accounts *before = NULL;
	struct accounts_edit x = {.store = s, .change = c};
	int rc = store_accounts(s, &before, e);

	if (rc == 0) {
		x.now = &before->view;
		rc = accounts_steps[c->verb](&x, e);
	}
	arena_done(&x.arena);
	if (rc == 0)
		rc = store_accounts(s, ret_after, e);
	if (rc == 0 && !c->may_lock_out)
		rc = account_check_last(&before->view, &(*ret_after)->view, c->now_ms, e);
	return rc;
}

int store_accounts_change(
	struct store *s, const struct accounts_change *c, struct accounts **ret, struct err *e)
{
	AUTO(accounts_unref) struct accounts *after = NULL;

	if (store_begin(s, e) < 0)
		return -1;
	if (make(s, c, &after, e) < 0) {
		store_rollback(s);
		return -1;
	}
	if (store_commit(s, e) < 0)
		return -1;
	if (ret) {
		*ret = after;
		after = NULL;
	}
	return 0;
}
