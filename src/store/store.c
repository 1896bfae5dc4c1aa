#include "store/store.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/rand.h"
#include "federation/config.h"
#include "store/backend.h"
#include "store/rows.h"
#include "store/seal.h"

/* The name under which the gateway's passphrase lies sealed. */
static const char passphrase_name[] = "gateway.dialback_passphrase";
enum { PASSPHRASE_BYTES = 32 };

struct store {
	struct backend *backend;
	struct seal *seal;
	struct config *config;
	struct snapshot *snapshot; /* of config */
};

static int run(struct store *s, enum stmt stmt, const char *const *args, size_t n, struct err *e)
{
	return s->backend->ops->run(s->backend, stmt, args, n, NULL, NULL, e);
}

/* ---- the generation ---- */

static int read_generation_row(void *arg, const char *const *column, size_t n, struct err *e)
{
	if (strcmp(column[0], "generation") == 0)
		*(uint64_t *)arg = strtoull(column[1], NULL, 10);
	return 0;
}

/* 0: the store is new. */
static int read_generation(struct store *s, uint64_t *ret, struct err *e)
{
	*ret = 0;
	return s->backend->ops->run(
		s->backend, STMT_META_LIST, NULL, 0, read_generation_row, ret, e);
}

static int write_generation(struct store *s, uint64_t generation, struct err *e)
{
	char text[24];

	snprintf(text, sizeof text, "%llu", (unsigned long long)generation);
	return run(s, STMT_META_PUT, (const char *const[]){"generation", text}, 2, e);
}

/* ---- the passphrase ---- */

static const struct gateway_settings *gateway_in(const struct config *c)
{
	return gateway_of(config_find(c, OBJECT_GATEWAY, SL("global")));
}

static void make_passphrase(char ret[2 * PASSPHRASE_BYTES + 1])
{
	uint8_t bytes[PASSPHRASE_BYTES];

	rand_bytes(bytes, sizeof bytes);
	for (size_t i = 0; i < sizeof bytes; i++)
		snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
	mem_wipe(bytes, sizeof bytes);
}

static void set_passphrase(struct config *c, struct slice passphrase)
{
	struct object *o = object_copy(&gateway_in(c)->object);
	int rc = object_set(o, SL("dialback_passphrase"), passphrase, NULL);

	assert(rc == 0);
	config_put(c, o);
}

static int write_passphrase(struct store *s, const struct gateway_settings *g, struct err *e)
{
	struct buf sealed = {0};
	char *text;
	int rc;

	seal_close(s->seal, passphrase_name, slice_of(g->dialback_passphrase), &sealed);
	text = buf_dup(&sealed);
	rc = run(s, STMT_SECRET_PUT, (const char *const[]){passphrase_name, text}, 2, e);
	buf_done(&sealed);
	xfree(text);
	return rc;
}

struct secret_row {
	struct store *s;
	struct config *c;
};

static int load_secret(void *arg, const char *const *column, size_t n, struct err *e)
{
	struct secret_row *row = arg;
	struct buf value = {0};
	int rc = 0;

	if (strcmp(column[0], passphrase_name) != 0)
		return 0;
	rc = seal_break(row->s->seal, passphrase_name, slice_of(column[1]), &value, e);
	if (rc == 0)
		set_passphrase(row->c, buf_slice(&value));
	if (value.n)
		mem_wipe(value.p + value.off, value.n);
	buf_done(&value);
	return rc;
}

/* ---- loading ---- */

static int load_config(struct store *s, struct config *c, struct err *e)
{
	struct secret_row row = {s, c};

	if (rows_load(s->backend, c, e) < 0)
		return -1;
	return s->backend->ops->run(s->backend, STMT_SECRET_LIST, NULL, 0, load_secret, &row, e);
}

/* Takes c and snapshot. */
static void publish(struct store *s, struct config *c, struct snapshot *snapshot)
{
	config_free(s->config);
	snapshot_unref(s->snapshot);
	s->config = c;
	s->snapshot = snapshot;
}

static int load(struct store *s, uint64_t generation, struct err *e)
{
	struct config *c = config_new();
	struct snapshot *snapshot;

	if (load_config(s, c, e) < 0 || snapshot_build(&snapshot, c, generation, NULL, e) < 0) {
		config_free(c);
		return -1;
	}
	publish(s, c, snapshot);
	return 0;
}

static int write_all(struct store *s, const struct config *c, struct err *e)
{
	for (size_t k = 0; k < OBJECT__N; k++) {
		const struct object *const *v;
		size_t n = config_list(c, (enum object_kind)k, &v);

		for (size_t i = 0; i < n; i++)
			if (rows_put(s->backend, v[i], e) < 0)
				return -1;
	}
	return write_passphrase(s, gateway_in(c), e) < 0 || write_generation(s, 1, e) < 0 ? -1 : 0;
}

/* A new store holds the defaults and a passphrase of its own. */
static int write_first(struct store *s, struct err *e)
{
	AUTO(config_free) struct config *c = config_new();
	char passphrase[2 * PASSPHRASE_BYTES + 1];

	make_passphrase(passphrase);
	set_passphrase(c, slice_of(passphrase));
	mem_wipe(passphrase, sizeof passphrase);
	return write_all(s, c, e);
}

/* Another process may be at its first start too: the one that gets the lock makes it. */
static int create(struct store *s, uint64_t *ret_generation, struct err *e)
{
	const struct backend_ops *ops = s->backend->ops;

	if (ops->begin(s->backend, e) < 0)
		return -1;
	if (read_generation(s, ret_generation, e) < 0 ||
		(*ret_generation == 0 && write_first(s, e) < 0)) {
		ops->rollback(s->backend);
		return -1;
	}
	if (*ret_generation == 0)
		*ret_generation = 1;
	return ops->commit(s->backend, e);
}

static int open_seal(struct store *s, const struct store_options *o, bool new, struct err *e)
{
	if (o->key_file)
		return seal_open(&s->seal, o->key_file, new, e);
	assert(s->backend->ops == &ram_backend);
	s->seal = seal_new();
	return 0;
}

static int open_all(struct store *s, const struct store_options *o, struct err *e)
{
	const struct backend_ops *ops = backend_find(o->backend, e);
	uint64_t generation;

	if (!ops || ops->open(&s->backend, HALF_MANAGED, o->dir, e) < 0 ||
		read_generation(s, &generation, e) < 0 || open_seal(s, o, generation == 0, e) < 0)
		return -1;
	if (generation == 0 && create(s, &generation, e) < 0)
		return -1;
	return load(s, generation, e);
}

int store_open(struct store **ret, const struct store_options *o, struct err *e)
{
	struct store *s = xzalloc(sizeof *s);

	if (open_all(s, o, e) < 0) {
		store_close(s);
		return -1;
	}
	*ret = s;
	return 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	snapshot_unref(s->snapshot);
	config_free(s->config);
	seal_free(s->seal);
	backend_close(s->backend);
	xfree(s);
}

struct snapshot *store_snapshot(struct store *s)
{
	return snapshot_ref(s->snapshot);
}

/* ---- changing ---- */

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
	char number[24], at[24], *before = json_of(i->before), *after = json_of(i->after);
	/* clang-format off */
	const char *const args[] = {
		number, at, who->who, who->from, who->way, change_verb_name(i->verb),
		plan_item_class(i)->name, plan_item_key(i), before, after, "done",
	};
	/* clang-format on */
	int rc;

	snprintf(number, sizeof number, "%llu", (unsigned long long)generation);
	snprintf(at, sizeof at, "%llu", (unsigned long long)clock_wall_ms());
	rc = run(s, STMT_AUDIT_APPEND, args, ARRAY_LEN(args), e);
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

static int write_item(struct store *s, const struct store_actor *who, const struct plan_item *i,
	uint64_t generation, struct err *e)
{
	int rc = i->after ? rows_put(s->backend, i->after, e) : rows_drop(s->backend, i->before, e);

	if (rc == 0 && i->after && changes_passphrase(i))
		rc = write_passphrase(s, gateway_of(i->after), e);
	return rc < 0 ? -1 : write_audit(s, who, i, generation, e);
}

static int write_plan(struct store *s, const struct store_actor *who, const struct plan *plan,
	uint64_t generation, struct err *e)
{
	for (size_t i = 0; i < plan->n; i++)
		if (write_item(s, who, &plan->v[i], generation, e) < 0)
			return -1;
	return write_generation(s, generation, e);
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
	struct store *s, const struct store_actor *who, const struct plan *plan, struct err *e)
{
	const struct backend_ops *ops = s->backend->ops;
	uint64_t is, ours = snapshot_generation(s->snapshot);
	enum outcome outcome;

	if (ops->begin(s->backend, e) < 0)
		return FAILED;
	if (read_generation(s, &is, e) < 0)
		outcome = FAILED;
	else if (is != ours)
		outcome = STALE;
	else
		outcome = write_plan(s, who, plan, ours + 1, e) < 0 ? FAILED : DONE;
	if (outcome == DONE)
		return ops->commit(s->backend, e) < 0 ? FAILED : DONE;
	ops->rollback(s->backend);
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
	char passphrase[2 * PASSPHRASE_BYTES + 1];
	int rc = apply(next, r, NULL, plan, e);

	if (rc == 0 && !gateway_in(next)->dialback_passphrase) {
		plan_done(plan);
		config_free(next);
		next = config_copy(s->config);
		make_passphrase(passphrase);
		rc = apply(next, r, passphrase, plan, e);
		mem_wipe(passphrase, sizeof passphrase);
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
				  : write_change(s, &r->actor, plan, e);
		if (outcome == DONE) {
			publish(s, next, snapshot);
			return DONE;
		}
		snapshot_unref(snapshot);
	}
	config_free(next);
	return outcome;
}

static int reload(struct store *s, struct err *e)
{
	uint64_t generation;

	return read_generation(s, &generation, e) < 0 ? -1 : load(s, generation, e);
}

int store_change(struct store *s, const struct store_request *r, struct plan *plan,
	struct snapshot **ret_snapshot, struct err *e)
{
	struct plan made = {0};
	enum outcome outcome = change_once(s, r, &made, e);

	/* Twice is enough: whoever changes faster than that is told to look again. */
	if (outcome == STALE) {
		plan_done(&made);
		outcome = reload(s, e) < 0 ? FAILED : change_once(s, r, &made, e);
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

/* ---- looking ---- */

struct audit_reader {
	store_audit_fn *fn;
	void *arg;
};

static int audit_row(void *arg, const char *const *column, size_t n, struct err *e)
{
	const struct audit_reader *reader = arg;
	struct store_audit a = {
		.id = strtoull(column[0], NULL, 10),
		.generation = strtoull(column[1], NULL, 10),
		.at_ms = strtoull(column[2], NULL, 10),
		.who = column[3],
		.from = column[4],
		.way = column[5],
		.verb = column[6],
		.kind = column[7],
		.key = column[8],
		.before = column[9] ? column[9] : "",
		.after = column[10] ? column[10] : "",
		.result = column[11],
	};

	reader->fn(reader->arg, &a);
	return 0;
}

int store_audit_list(struct store *s, uint64_t after_id, size_t limit, store_audit_fn *fn,
	void *arg, struct err *e)
{
	struct audit_reader reader = {fn, arg};
	char after[24], most[24];

	snprintf(after, sizeof after, "%llu", (unsigned long long)after_id);
	snprintf(most, sizeof most, "%zu", limit);
	return s->backend->ops->run(s->backend, STMT_AUDIT_LIST, (const char *const[]){after, most},
		2, audit_row, &reader, e);
}

static int dump_row(void *arg, const char *const *column, size_t n, struct err *e)
{
	struct buf *out = arg;

	for (size_t i = 0; i < n; i++) {
		buf_chr(out, i ? '|' : ' ');
		if (column[i])
			json_quote(out, slice_of(column[i]));
	}
	buf_chr(out, '\n');
	return 0;
}

int store_dump(struct store *s, struct buf *ret, struct err *e)
{
	static const char *const all[] = {"0", "1000000000"};

	for (enum stmt stmt = 0; stmt < STMT__N; stmt++) {
		const struct stmt_def *def = &stmt_defs[stmt];
		bool after = def->op == OP_AFTER;

		if (def->half != HALF_MANAGED || (def->op != OP_LIST && !after))
			continue;
		buf_printf(ret, "%s\n", def->table);
		if (s->backend->ops->run(s->backend, stmt, after ? all : NULL, after ? 2 : 0,
			    dump_row, ret, e) < 0)
			return -1;
	}
	return 0;
}
