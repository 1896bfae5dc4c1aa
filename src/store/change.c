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

static bool changes_secret(const struct plan_item *i)
{
	for (size_t f = 0; f < i->n_fields; f++)
		if (i->fields[f].setting->type == SETTING_SECRET)
			return true;
	return false;
}

static int write_object(struct store *s, const struct plan_item *i, struct err *e)
{
	if (!i->after)
		return rows_drop(s->backend, i->before, e) < 0 || secrets_drop(s, i->before, e) < 0
			       ? -1
			       : 0;
	if (rows_put(s->backend, i->after, e) < 0)
		return -1;
	return changes_secret(i) ? secrets_write(s, i->after, e) : 0;
}

static int write_item(struct store *s, const struct store_actor *who, const struct plan_item *i,
	uint64_t generation, struct err *e)
{
	return write_object(s, i, e) < 0 ? -1 : write_audit(s, who, i, generation, e);
}

static int write_plan(struct store *s, const struct store_request *r, const struct plan *plan,
	uint64_t generation, struct err *e)
{
	for (size_t i = 0; i < plan->n; i++)
		if (write_item(s, &r->actor, &plan->v[i], generation, e) < 0)
			return -1;
	if (generation_write(s, &r->actor, generation, plan, r->restore, e) < 0)
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
static enum outcome write_change(
	struct store *s, const struct store_request *r, const struct plan *plan, struct err *e)
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
		outcome = write_plan(s, r, plan, ours + 1, e) < 0 ? FAILED : DONE;
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

/* ---- what a caller may not do, or has to say twice ---- */

static bool may_change(const struct store_request *r, const struct plan_item *i)
{
	return !r->kinds || r->kinds & 1u << plan_item_class(i)->kind;
}

static const struct plan_field *bodies_field(const struct plan_item *i)
{
	for (size_t f = 0; f < i->n_fields; f++)
		if (strcmp(i->fields[f].setting->name, STORE_BODIES_SETTING) == 0)
			return &i->fields[f];
	return NULL;
}

static int check_bodies(const struct store_request *r, const struct plan_field *f, struct err *e)
{
	if (!r->may_log_bodies)
		return err_code(e, ERR_DENIED, "not_allowed", STORE_BODIES_SETTING,
			"%s may not turn the logging of message texts on or off", r->actor.who);
	if (strcmp(f->after, "true") == 0 && !r->confirmed_bodies && !r->dry_run)
		return err_code(e, ERR_INVALID, "confirmation_required", STORE_BODIES_SETTING,
			"%s: writes the text of every message to a file; it is turned on only "
			"with a confirmation",
			STORE_BODIES_SETTING);
	return 0;
}

static int check_permitted(const struct store_request *r, const struct plan *plan, struct err *e)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct plan_item *item = &plan->v[i];
		const struct plan_field *f = bodies_field(item);

		if (!may_change(r, item))
			return err_code(e, ERR_DENIED, "not_allowed", NULL,
				"this would change %s %s, which %s may not",
				plan_item_class(item)->title, plan_item_key(item), r->actor.who);
		if (f && check_bodies(r, f, e) < 0)
			return -1;
	}
	return 0;
}

/* Takes next. */
static enum outcome carry_out(struct store *s, const struct store_request *r, struct plan *plan,
	struct config *next, struct snapshot **ret_would, struct err *e)
{
	uint64_t is = snapshot_generation(s->snapshot);
	struct snapshot *snapshot = NULL;
	enum outcome outcome = DONE;

	if (check_permitted(r, plan, e) < 0)
		outcome = FAILED;
	else if (plan->n && snapshot_build(&snapshot, next, is + 1, NULL, e) < 0)
		outcome = FAILED;
	else if (plan->n && !r->dry_run)
		outcome = write_change(s, r, plan, e);
	if (outcome == DONE && snapshot && !r->dry_run) {
		store_publish(s, next, snapshot);
		return DONE;
	}
	config_free(next);
	if (outcome == DONE)
		*ret_would = snapshot;
	else
		snapshot_unref(snapshot);
	return outcome;
}

/* r with the changes that lead back to its generation. */
static int make_restore(struct store *s, const struct store_request *r, struct arena *a,
	struct store_request *ret, struct err *e)
{
	struct change *changes;

	*ret = *r;
	if (!r->restore)
		return 0;
	if (generation_changes(s, r->restore, a, &changes, &ret->n, e) < 0)
		return -1;
	ret->changes = changes;
	return 0;
}

/* *ret_would: what would be in force; NULL when it is, or when nothing becomes different. */
static enum outcome change_once(struct store *s, const struct store_request *asked,
	struct plan *plan, struct snapshot **ret_would, struct err *e)
{
	uint64_t is = snapshot_generation(s->snapshot);
	enum outcome outcome = FAILED;
	struct store_request r;
	struct arena a = {0};
	struct config *next;

	if (asked->if_generation && asked->if_generation != is)
		return changed_meanwhile(is, asked->if_generation, e), FAILED;
	if (make_restore(s, asked, &a, &r, e) == 0 && make_next(&next, s, &r, plan, e) == 0)
		outcome = carry_out(s, &r, plan, next, ret_would, e);
	arena_done(&a);
	return outcome;
}

int store_change(struct store *s, const struct store_request *r, struct plan *plan,
	struct snapshot **ret_snapshot, struct err *e)
{
	struct snapshot *would = NULL;
	struct plan made = {0};
	enum outcome outcome = change_once(s, r, &made, &would, e);

	/* Twice is enough: whoever changes faster than that is told to look again. */
	if (outcome == STALE) {
		plan_done(&made);
		outcome = store_reload(s, e) < 0 ? FAILED : change_once(s, r, &made, &would, e);
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
		*ret_snapshot = would ? snapshot_ref(would) : store_snapshot(s);
	snapshot_unref(would);
	return 0;
}

/* ---- refusals ---- */

enum { SHOWN_MAX = 200 };

/* Unknown names may be misspelt ones of secrets: what they were set to is not written. */
static void refused_settings(const struct change *ch, struct buf *out)
{
	const struct object_class *class = object_classes[ch->kind];
	const char *between = "";

	buf_chr(out, '{');
	for (size_t i = 0; i < ch->n; i++) {
		const struct assign *as = &ch->assigns[i];
		const struct setting *s =
			setting_find(class->settings, class->n_settings, as->name);

		if (!s || s->flags & SETTING_WRITE_ONLY)
			continue;
		buf_printf(out, "%s\"%s\": ", between, s->name);
		json_quote(out, slice_cut(as->value.p ? as->value : SL(""), SHOWN_MAX));
		between = ", ";
	}
	buf_chr(out, '}');
}

int store_refused(struct store *s, const struct store_request *r, const char *code, struct err *e)
{
	const struct change *first = r->n ? &r->changes[0] : NULL;
	struct store_audit_entry line = {.actor = r->actor, .refused = code};
	struct buf after = {0};
	char *key, *text;
	int rc;

	if (first)
		refused_settings(first, &after);
	else
		buf_printf(&after, "{\"generation\": %llu}", (unsigned long long)r->restore);
	text = buf_dup(&after);
	key = slice_dup(first && first->key.p ? slice_cut(first->key, SHOWN_MAX) : SL(""));
	line.verb = first ? change_verb_name(first->verb) : "restore";
	line.kind = first ? object_classes[first->kind]->name : "generation";
	line.key = first && object_classes[first->kind]->single ? "global" : key;
	line.after = text;
	rc = store_audit_append(s, &line, e);
	xfree(text);
	xfree(key);
	buf_done(&after);
	return rc;
}
