#include "store/directory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/dn.h"
#include "base/arena.h"
#include "federation/setting.h"
#include "store/accounts.h"
#include "store/store_priv.h"

/* The name under which the password lies sealed. */
static const char password_name[] = "directory.bind_password";

struct holder {
	struct store_directory directory;
	struct arena arena;
	size_t cap;
	/* while it is read */
	struct seal *seal;
	bool suggested; /* suggestions were made once */
};

/* ---- reading ---- */

static void default_settings(struct holder *h)
{
	h->directory.settings = directory_defaults;
}

static int setting_row(void *arg, const char *const *column, size_t n, struct err *e)
{
	struct holder *h = arg;
	struct directory_settings *d = &h->directory.settings;
	const char *value = arena_dup(&h->arena, slice_of(column[1]));

#define X(name, deflt, help)                                                                       \
	if (strcmp(column[0], #name) == 0)                                                         \
		d->name = value;
	DIRECTORY_TEXTS(X)
#undef X
	if (strcmp(column[0], "enabled") == 0)
		d->enabled = strcmp(value, "true") == 0;
	if (strcmp(column[0], "timeout") == 0)
		d->timeout = (unsigned)strtoul(value, NULL, 10);
	if (strcmp(column[0], "suggested") == 0)
		h->suggested = true;
	return 0;
}

static int password_row(void *arg, const char *const *column, size_t n, struct err *e)
{
	struct holder *h = arg;
	struct buf value = {0};
	int rc;

	if (strcmp(column[0], password_name) != 0)
		return 0;
	rc = seal_break(h->seal, password_name, slice_of(column[1]), &value, e);
	if (rc == 0)
		h->directory.settings.bind_password = arena_dup(&h->arena, buf_slice(&value));
	if (value.n)
		mem_wipe(value.p + value.off, value.n);
	buf_done(&value);
	return rc;
}

static int binding_row(void *arg, const char *const *column, size_t n, struct err *e)
{
	struct holder *h = arg;
	struct store_directory *d = &h->directory;

	if (d->n_bindings == h->cap) {
		h->cap = h->cap ? 2 * h->cap : 8;
		d->bindings = xrealloc(d->bindings, h->cap * sizeof *d->bindings);
	}
	d->bindings[d->n_bindings++] = (struct store_binding){
		.id = strtoull(column[0], NULL, 10),
		.binding = {arena_dup(&h->arena, slice_of(column[1])),
			arena_dup(&h->arena, slice_of(column[2])), strcmp(column[3], "true") == 0},
	};
	return 0;
}

/* What the predecessor's administrators look for; they do nothing until somebody confirms them. */
static const char *const suggestions[] = {"RTCUniversalServerAdmins", "CsAdministrator"};

static void suggest(struct holder *h)
{
	for (size_t i = 0; i < ARRAY_LEN(suggestions); i++) {
		char id[8];

		snprintf(id, sizeof id, "%zu", i + 1);
		binding_row(h,
			(const char *const[]){id, suggestions[i], "administrator", "false"}, 4,
			NULL);
	}
}

static int load(struct store *s, struct holder *h, struct err *e)
{
	const struct backend_ops *ops = s->backend->ops;

	h->seal = s->seal;
	default_settings(h);
	if (ops->run(s->backend, STMT_DIRECTORY_LIST, NULL, 0, setting_row, h, e) < 0 ||
		ops->run(s->backend, STMT_SECRET_LIST, NULL, 0, password_row, h, e) < 0 ||
		ops->run(s->backend, STMT_BINDING_LIST,
			(const char *const[]){"0", "1000000"}, 2, binding_row, h, e) < 0)
		return -1;
	if (!h->suggested)
		suggest(h);
	return 0;
}

int store_directory_load(struct store *s, struct store_directory **ret, struct err *e)
{
	struct holder *h = xzalloc(sizeof *h);

	if (load(s, h, e) < 0) {
		store_directory_free(&h->directory);
		return -1;
	}
	*ret = &h->directory;
	return 0;
}

void store_directory_free(struct store_directory *d)
{
	struct holder *h;

	if (!d)
		return;
	h = container_of(d, struct holder, directory);
	if (*d->settings.bind_password)
		mem_wipe((char *)(uintptr_t)d->settings.bind_password,
			strlen(d->settings.bind_password));
	arena_done(&h->arena);
	xfree(d->bindings);
	xfree(h);
}

/* ---- as JSON ---- */

static const char *truth(bool b)
{
	return b ? "true" : "false";
}

static void servers_json(const char *servers, struct buf *out)
{
	struct slice rest = slice_of(servers), s;
	bool more = false;

	buf_chr(out, '[');
	for (; directory_server(&rest, &s); more = true) {
		buf_str(out, more ? ", " : "");
		json_quote(out, s);
	}
	buf_chr(out, ']');
}

static void member(struct buf *out, const char *name, const char *value)
{
	if (strcmp(name, "bind_password") == 0) {
		buf_printf(out, ", \"bind_password_set\": %s", truth(*value));
		return;
	}
	buf_printf(out, ", \"%s\": ", name);
	if (strcmp(name, "servers") == 0)
		servers_json(value, out);
	else
		json_quote(out, slice_of(value));
}

void directory_settings_json(const struct directory_settings *d, struct buf *out)
{
	buf_printf(out, "{\"enabled\": %s, \"timeout\": %u", truth(d->enabled), d->timeout);
#define X(name, deflt, help) member(out, #name, d->name);
	DIRECTORY_TEXTS(X)
#undef X
	buf_chr(out, '}');
}

void directory_binding_json(const struct store_binding *b, struct buf *out)
{
	buf_printf(out, "{\"key\": \"%llu\", \"group\": ", (unsigned long long)b->id);
	json_quote(out, slice_of(b->binding.group));
	buf_str(out, ", \"role\": ");
	json_quote(out, slice_of(b->binding.role));
	buf_printf(out, ", \"confirmed\": %s}", truth(b->binding.confirmed));
}

/* ---- writing ---- */

static int put(struct store *s, const char *name, const char *value, struct err *e)
{
	return store_run(s, STMT_DIRECTORY_PUT, (const char *const[]){name, value}, 2, e);
}

static int put_binding(struct store *s, const struct store_binding *b, struct err *e)
{
	char id[24];

	snprintf(id, sizeof id, "%llu", (unsigned long long)b->id);
	return store_run(s, STMT_BINDING_PUT,
		(const char *const[]){
			id, b->binding.group, b->binding.role, truth(b->binding.confirmed)},
		4, e);
}

static int audit(struct store *s, const struct store_directory_change *c, const char *verb,
	const char *kind, const char *key, struct buf *before, struct buf *after, struct err *e)
{
	AUTO(xfree) char *old = before->n ? buf_dup(before) : NULL;
	AUTO(xfree) char *new = after->n ? buf_dup(after) : NULL;
	struct store_audit_entry line = {
		.actor = c->actor, .verb = verb, .kind = kind, .key = key, .before = old, .after = new};

	return store_audit_append(s, &line, e);
}

/* The suggestions become rows with the first change, so that one can be removed. */
static int keep_suggestions(struct store *s, struct holder *h, struct err *e)
{
	if (h->suggested)
		return 0;
	for (size_t i = 0; i < h->directory.n_bindings; i++)
		if (put_binding(s, &h->directory.bindings[i], e) < 0)
			return -1;
	return put(s, "suggested", "true", e);
}

static int put_password(struct store *s, const char *password, struct err *e)
{
	struct buf sealed = {0};
	char *text;
	int rc;

	seal_close(s->seal, password_name, slice_of(password), &sealed);
	text = buf_dup(&sealed);
	buf_done(&sealed);
	rc = store_run(s, STMT_SECRET_PUT, (const char *const[]){password_name, text}, 2, e);
	xfree(text);
	return rc;
}

static int put_settings(struct store *s, const struct directory_settings *d, struct err *e)
{
	char timeout[16];

	snprintf(timeout, sizeof timeout, "%u", d->timeout);
#define X(name, deflt, help)                                                                       \
	if (strcmp(#name, "bind_password") != 0 && put(s, #name, d->name, e) < 0)                  \
		return -1;
	DIRECTORY_TEXTS(X)
#undef X
	if (put(s, "enabled", truth(d->enabled), e) < 0 ||
		put(s, "timeout", timeout, e) < 0)
		return -1;
	return put_password(s, d->bind_password, e);
}

static bool chosen(enum directory_bool b, bool was)
{
	return b == DIRECTORY_STAYS ? was : b == DIRECTORY_YES;
}

static int set(struct store *s, struct store_directory_change *c, struct holder *h, struct err *e)
{
	struct directory_settings old = h->directory.settings, new = old;
	struct buf before = {0}, after = {0};
	int rc;

#define X(name, deflt, help)                                                                       \
	if (c->name)                                                                               \
		new.name = c->name;
	DIRECTORY_TEXTS(X)
#undef X
	new.enabled = chosen(c->enabled, old.enabled);
	new.timeout = c->timeout ? c->timeout : old.timeout;
	if (*old.bind_password && !c->bind_password && directory_trusts_others(&old, &new))
		return err_code(e, ERR_INVALID, "bind_password_needed", "bind_password",
			"servers, ca_file and bind_dn say who is told the password of bind_dn: to "
			"change them, give bind_password again");
	if (directory_check(&new, e) < 0 || put_settings(s, &new, e) < 0)
		return -1;
	directory_settings_json(&old, &before);
	directory_settings_json(&new, &after);
	rc = audit(s, c, "set", "directory", "global", &before, &after, e);
	buf_done(&before);
	buf_done(&after);
	return rc;
}

static struct store_binding *find(struct holder *h, uint64_t id, struct err *e)
{
	for (size_t i = 0; i < h->directory.n_bindings; i++)
		if (h->directory.bindings[i].id == id)
			return &h->directory.bindings[i];
	err_code(e, ERR_NOT_FOUND, "not_found", NULL, "there is no binding %llu",
		(unsigned long long)id);
	return NULL;
}

/* It may have been removed since somebody looked. */
static int check_role(struct store *s, const char *role, struct err *e)
{
	AUTO(accounts_unref) struct accounts *a = NULL;

	if (store_accounts(s, &a, e) < 0)
		return -1;
	if (account_role_name(accounts_view(a), slice_of(role)))
		return 0;
	return err_code(
		e, ERR_INVALID, "role_unknown", "role", "there is no role '%.60s'", role);
}

static int check_binding(
	struct store *s, const struct holder *h, const struct store_binding *b, struct err *e)
{
	const struct store_directory *d = &h->directory;

	if (check_role(s, b->binding.role, e) < 0)
		return -1;
	if (strlen(b->binding.group) > DIRECTORY_TEXT_MAX)
		return err_code(e, ERR_INVALID, "bad_text", "group", "group is too long");
	for (size_t i = 0; i < d->n_bindings; i++)
		if (d->bindings[i].id != b->id &&
			binding_same_group(d->bindings[i].binding.group, b->binding.group) &&
			strcmp(d->bindings[i].binding.role, b->binding.role) == 0)
			return err_code(e, ERR_CONFLICT, "exists", "group",
				"the group %.200s is bound to %.60s already", b->binding.group,
				b->binding.role);
	return b->binding.confirmed ? binding_check(&b->binding, d->settings.group_base, e) : 0;
}

static int write_binding(struct store *s, struct store_directory_change *c, const char *verb,
	const struct store_binding *old, const struct store_binding *new, struct err *e)
{
	struct buf before = {0}, after = {0};
	uint64_t number = new ? new->id : old ? old->id : 0;
	char id[24];
	int rc;

	snprintf(id, sizeof id, "%llu", (unsigned long long)number);
	if (old)
		directory_binding_json(old, &before);
	if (new)
		directory_binding_json(new, &after);
	rc = new ? put_binding(s, new, e)
		 : store_run(s, STMT_BINDING_DROP, (const char *const[]){id}, 1, e);
	if (rc == 0)
		rc = audit(s, c, verb, "directory-binding", id, &before, &after, e);
	buf_done(&before);
	buf_done(&after);
	return rc;
}

/* A suggestion that this group is meant by: its plain name is the group's CN. */
static const struct store_binding *suggested(const struct holder *h, const char *group)
{
	struct buf dn = {0}, cn = {0};
	const struct store_binding *found = NULL;

	for (size_t i = 0; i < h->directory.n_bindings && !found; i++) {
		const struct store_binding *b = &h->directory.bindings[i];

		buf_reset(&cn);
		buf_reset(&dn);
		buf_printf(&cn, "cn=%s,", b->binding.group);
		ascii_lower(cn.p + cn.off, cn.n);
		if (!b->binding.confirmed && !slice_contains(slice_of(b->binding.group), SL("=")) &&
			dn_canonical(&dn, slice_of(group), NULL) == 0 &&
			slice_starts(buf_slice(&dn), buf_slice(&cn)))
			found = b;
	}
	buf_done(&dn);
	buf_done(&cn);
	return found;
}

static int binding_add(
	struct store *s, struct store_directory_change *c, struct holder *h, struct err *e)
{
	const struct store_directory *d = &h->directory;
	const struct store_binding *old = suggested(h, c->group);
	struct store_binding b = {
		.id = old ? old->id : d->n_bindings ? d->bindings[d->n_bindings - 1].id + 1 : 1,
		.binding = {c->group, c->role, c->confirmed == DIRECTORY_YES},
	};

	if (d->n_bindings >= STORE_BINDINGS_MAX)
		return err_code(e, ERR_LIMIT, "too_many", NULL,
			"there are %d bindings already; remove some", STORE_BINDINGS_MAX);
	c->id = b.id;
	return check_binding(s, h, &b, e) < 0
		       ? -1
		       : write_binding(s, c, old ? "set" : "add", old, &b, e);
}

static int binding_set(
	struct store *s, struct store_directory_change *c, struct holder *h, struct err *e)
{
	const struct store_binding *old = find(h, c->id, e);
	struct store_binding b;

	if (!old)
		return -1;
	b = *old;
	if (c->group)
		b.binding.group = c->group;
	if (c->role)
		b.binding.role = c->role;
	b.binding.confirmed = chosen(c->confirmed, old->binding.confirmed);
	return check_binding(s, h, &b, e) < 0 ? -1 : write_binding(s, c, "set", old, &b, e);
}

static int binding_remove(
	struct store *s, struct store_directory_change *c, struct holder *h, struct err *e)
{
	const struct store_binding *old = find(h, c->id, e);

	return old ? write_binding(s, c, "remove", old, NULL, e) : -1;
}

static int change(struct store *s, struct store_directory_change *c, struct err *e)
{
	static int (*const verbs[])(struct store *, struct store_directory_change *,
		struct holder *, struct err *) = {
		[DIRECTORY_SET] = set,
		[BINDING_ADD] = binding_add,
		[BINDING_SET] = binding_set,
		[BINDING_REMOVE] = binding_remove,
	};
	struct store_directory *now;
	struct holder *h;
	int rc;

	if (store_directory_load(s, &now, e) < 0)
		return -1;
	h = container_of(now, struct holder, directory);
	rc = keep_suggestions(s, h, e) < 0 ? -1 : verbs[c->verb](s, c, h, e);
	store_directory_free(now);
	return rc;
}

int store_directory_change(struct store *s, struct store_directory_change *c,
	struct store_directory **ret, struct err *e)
{
	if (store_begin(s, e) < 0)
		return -1;
	if (change(s, c, e) < 0 || store_directory_load(s, ret, e) < 0) {
		store_rollback(s);
		return -1;
	}
	if (store_commit(s, e) == 0)
		return 0;
	store_directory_free(*ret);
	*ret = NULL;
	return -1;
}
