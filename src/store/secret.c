#include <string.h>

#include "base/mem.h"
#include "store/store_priv.h"

/*
 * Secrets among the settings lie apart from their objects' rows, sealed under a name that says
 * whose they are: "gateway.dialback_passphrase" of what there is one of, "route.digest_password
 * NAME" of others (no key has a blank). A row that is put under another name does not open.
 */
static void secret_name(const struct object *o, const struct setting *s, struct buf *ret)
{
	buf_printf(ret, "%s.%s", o->class->name, s->name);
	if (!o->class->single)
		buf_printf(ret, " %s", object_key(o));
}

static int put(struct store *s, const struct object *o, const struct setting *t, const char *name,
	struct err *e)
{
	struct buf value = {0}, sealed = {0};
	char *text;
	int rc;

	setting_format(t, o, &value);
	seal_close(s->seal, name, buf_slice(&value), &sealed);
	mem_wipe(value.p + value.off, value.n);
	text = buf_dup(&sealed);
	rc = store_run(s, STMT_SECRET_PUT, (const char *const[]){name, text}, 2, e);
	buf_done(&value);
	buf_done(&sealed);
	xfree(text);
	return rc;
}

static int write_one(
	struct store *s, const struct object *o, const struct setting *t, bool there, struct err *e)
{
	struct buf name = {0};
	char *text;
	int rc;

	secret_name(o, t, &name);
	text = buf_dup(&name);
	buf_done(&name);
	if (there && setting_is_set(t, o))
		rc = put(s, o, t, text, e);
	else
		rc = store_run(s, STMT_SECRET_DROP, (const char *const[]){text}, 1, e);
	xfree(text);
	return rc;
}

static int write_each(struct store *s, const struct object *o, bool there, struct err *e)
{
	for (size_t i = 0; i < o->class->n_settings; i++)
		if (o->class->settings[i].type == SETTING_SECRET &&
			write_one(s, o, &o->class->settings[i], there, e) < 0)
			return -1;
	return 0;
}

int secrets_write(struct store *s, const struct object *o, struct err *e)
{
	return write_each(s, o, true, e);
}

int secrets_drop(struct store *s, const struct object *o, struct err *e)
{
	return write_each(s, o, false, e);
}

/* ---- loading ---- */

struct loading {
	struct store *s;
	struct config *c;
};

/* NULL: it is no setting's, or of an object that is not there. */
static const struct object *whose(
	const struct config *c, struct slice name, const struct setting **ret)
{
	size_t dot = slice_find(name, '.');
	const struct object_class *class = object_class_find(slice_cut(name, dot));
	struct slice rest, key;

	if (!class || dot == name.n)
		return NULL;
	rest = slice_from(name, dot + 1);
	dot = slice_find(rest, ' ');
	*ret = setting_find(class->settings, class->n_settings, slice_cut(rest, dot));
	key = class->single ? SL("global") : dot < rest.n ? slice_from(rest, dot + 1) : SL_NONE;
	if (!*ret || (*ret)->type != SETTING_SECRET || !key.n)
		return NULL;
	return config_find(c, class->kind, key);
}

static int load_row(void *arg, const char *const *column, size_t n, struct err *e)
{
	struct loading *l = arg;
	const struct setting *t;
	const struct object *o = whose(l->c, slice_of(column[0]), &t);
	struct object *copy;
	struct buf value = {0};
	int rc;

	if (!o)
		return 0;
	rc = seal_break(l->s->seal, column[0], slice_of(column[1]), &value, e);
	copy = object_copy(o);
	if (rc == 0)
		rc = setting_parse(t, copy, buf_slice(&value), e);
	if (value.n)
		mem_wipe(value.p + value.off, value.n);
	buf_done(&value);
	if (rc == 0)
		config_put(l->c, copy);
	else
		object_unref(copy);
	return rc;
}

int secrets_load(struct store *s, struct config *c, struct err *e)
{
	struct loading l = {s, c};

	return s->backend->ops->run(s->backend, STMT_SECRET_LIST, NULL, 0, load_row, &l, e);
}
