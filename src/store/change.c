#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/rows.h"
#include "store/store.h"
#include "store/store_priv.h"

static char *json_of(const struct object *o)
{
	struct buf text = {0};
	char *ret = NULL;

	if (o) {
		object_json(o, false, &text);
		ret = buf_dup(&text);
		buf_done(&text);
	}
	return ret;
}

static int write_audit(struct store *s, const struct store_actor *who, const struct plan_item *i,
	uint64_t generation, struct err *e)
{
	char *before = json_of(i->before), *after = json_of(i->after);
	struct store_audit_entry line = {
		.actor = *who,
		.verb = change_verb_name(i->verb),
		.kind = plan_item_class(i)->name,
		.key = plan_item_key(i),
		.before = before,
		.after = after,
		.generation = generation,
	};
	int rc = store_audit_append(s, &line, e);

	xfree(before);
	xfree(after);
	return rc;
}

static bool changes_passphrase(const struct plan_item *i)
{
	for (size_t f = 0; f < i->n_fields; f++)
		if (i->fields[f].setting->type == SETTING_SECRET)
			return true;
	return false;
}

static int write_item(struct store *s, const struct store_actor *who, const struct config *next,
	const struct plan_item *i, uint64_t generation, struct err *e)
{
	int rc = i->after ? rows_put(s->backend, i->after, e) : rows_drop(s->backend, i->before, e);

	if (rc == 0 && i->after && changes_passphrase(i))
		rc = store_passphrase_write(s, next, e);
	return rc < 0 ? -1 : write_audit(s, who, i, generation, e);
}

static int write_plan(struct store *s, const struct store_actor *who, const struct config *next,
	const struct plan *plan, uint64_t generation, struct err *e)
{
	for (size_t i = 0; i < plan->n; i++)
		if (write_item(s, who, next, &plan->v[i], generation, e) < 0)
			return -1;
	return store_generation_put(s, generation, e);
}

static int changed_meanwhile(uint64_t is, uint64_t wanted, struct err *e)
{
	return err_code(e, ERR_CONFLICT, "changed_meanwhile", NULL,
		"the settings were changed meanwhile: they are at generation %llu, this was made "
		"for %llu; "
		"look at them again",
		(unsigned long long)is, (unsigned long long)wanted);
}

enum outcome { DONE, FAILED, STALE };

/* STALE: another process has raised the generation since we loaded it; nothing was written. */
static enum outcome write_change(struct store *s, const struct store_actor *who,
	const struct config *next, const struct plan *plan, struct err *e)
{
	uint64_t is, ours = snapshot_generation(s->snapshot);
	enum outcome outcome;

	if (store_begin(s, e) < 0)
		return FAILED;
	if (store_generation_get(s, &is, e) < 0)
		outcome = FAILED;
	else if (is != ours)
		outcome = STALE;
	else
		outcome = write_plan(s, who, next, plan, ours + 1, e) < 0 ? FAILED : DONE;
	if (outcome == DONE)
		return store_commit(s, e) < 0 ? FAILED : DONE;
	store_rollback(s);
	return outcome;
}

/* An emptied passphrase means a new one; federation/ has no random bytes to make it of. */
static int apply(struct config *c, const struct store_request *r, const char *passphrase,
	struct plan *plan, struct err *e)
{
	struct change *changes = xcalloc(r->n + 1, sizeof *changes);
	struct assign assign = {SL("dialback_passphrase"), ASSIGN_SET, slice_of(passphrase)};
	int rc;

	if (r->n)
		memcpy(changes, r->changes, r->n * sizeof *changes);
	if (passphrase)
		changes[r->n] =
			(struct change){CHANGE_SET, OBJECT_GATEWAY, SL("global"), &assign, 1};
	rc = config_apply(c, changes, r->n + (passphrase != NULL), plan, e);
	xfree(changes);
	return rc;
}

static int make_next(struct config **ret, struct store *s, const struct store_request *r,
	struct plan *plan, struct err *e)
{
	AUTO(config_free) struct config *next = config_copy(s->config);
	struct store_passphrase passphrase;
	int rc = apply(next, r, NULL, plan, e);

	if (rc == 0 && !store_passphrase_is_set(next)) {
		plan_done(plan);
		config_free(next);
		next = config_copy(s->config);
		store_passphrase_make(&passphrase);
		rc = apply(next, r, passphrase.hex, plan, e);
		mem_wipe(&passphrase, sizeof passphrase);
	}
	if (rc < 0)
		return -1;
	plan->generation = snapshot_generation(s->snapshot);
	*ret = next;
	next = NULL;
	return 0;
}

static enum outcome change_once(
	struct store *s, const struct store_request *r, struct plan *plan, struct err *e)
{
	uint64_t is = snapshot_generation(s->snapshot);
	struct snapshot *snapshot = NULL;
	struct config *next;
	enum outcome outcome = DONE;

	if (r->if_generation && r->if_generation != is)
		return changed_meanwhile(is, r->if_generation, e), FAILED;
	if (make_next(&next, s, r, plan, e) < 0)
		return FAILED;
	if (plan->n && !r->dry_run) {
		outcome = snapshot_build(&snapshot, next, is + 1, NULL, e) < 0
				  ? FAILED
				  : write_change(s, &r->actor, next, plan, e);
		if (outcome == DONE) {
			store_publish(s, next, snapshot);
			return DONE;
		}
		snapshot_unref(snapshot);
	}
	config_free(next);
	return outcome;
}

int store_change(struct store *s, const struct store_request *r, struct plan *plan,
	struct snapshot **ret_snapshot, struct err *e)
{
	struct plan made = {0};
	enum outcome outcome = change_once(s, r, &made, e);

	/* Twice is enough: whoever changes faster than that is told to look again. */
	if (outcome == STALE) {
		plan_done(&made);
		outcome = store_reload(s, e) < 0 ? FAILED : change_once(s, r, &made, e);
	}
	if (outcome == STALE)
		changed_meanwhile(
			snapshot_generation(s->snapshot) + 1, snapshot_generation(s->snapshot), e);
	if (outcome != DONE) {
		plan_done(&made);
		return -1;
	}
	if (plan)
		*plan = made;
	else
		plan_done(&made);
	if (ret_snapshot)
		*ret_snapshot = store_snapshot(s);
	return 0;
}
