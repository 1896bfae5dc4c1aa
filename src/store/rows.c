#include "store/rows.h"

#include <assert.h>

/* clang-format off */
const struct kind_stmts kind_stmts[OBJECT__N] = {
	[OBJECT_GATEWAY] = {STMT_GATEWAY_LIST, STMT_GATEWAY_PUT, STMT__N},
	[OBJECT_ACCESS] = {STMT_ACCESS_LIST, STMT_ACCESS_PUT, STMT__N},
	[OBJECT_ROUTE] = {STMT_ROUTE_LIST, STMT_ROUTE_PUT, STMT_ROUTE_DROP},
	[OBJECT_DOMAIN] = {STMT_DOMAIN_LIST, STMT_DOMAIN_PUT, STMT_DOMAIN_DROP},
	[OBJECT_PARTNER] = {STMT_PARTNER_LIST, STMT_PARTNER_PUT, STMT_PARTNER_DROP},
	[OBJECT_POLICY] = {STMT_POLICY_LIST, STMT_POLICY_PUT, STMT_POLICY_DROP},
	[OBJECT_GRANT] = {STMT_GRANT_LIST, STMT_GRANT_PUT, STMT_GRANT_DROP},
};
/* clang-format on */

/* Single objects have "global" in front of their settings. */
static size_t first_column(const struct object_class *class)
{
	return class->single ? 1 : 0;
}

static bool is_column(const struct setting *s)
{
	return !(s->flags & SETTING_WRITE_ONLY);
}

static char *setting_column(const struct setting *s, const struct object *o)
{
	struct buf text = {0};
	char *ret;

	setting_format(s, o, &text);
	ret = text.n ? buf_dup(&text) : NULL;
	buf_done(&text);
	return ret;
}

void object_row_make(struct object_row *ret, const struct object *o)
{
	const struct object_class *class = o->class;

	*ret = (struct object_row){0};
	if (class->single)
		ret->column[ret->n++] = xstrdup(object_key(o));
	for (size_t i = 0; i < class->n_settings; i++)
		if (is_column(&class->settings[i])) {
			assert(ret->n < ROW_COLUMNS_MAX);
			ret->column[ret->n++] = setting_column(&class->settings[i], o);
		}
}

void object_row_done(struct object_row *r)
{
	for (size_t i = 0; i < r->n; i++)
		xfree(r->column[i]);
	*r = (struct object_row){0};
}

struct loading {
	struct config *c;
	const struct object_class *class;
};

static int read_columns(struct object *o, const char *const *column, struct err *e)
{
	size_t at = first_column(o->class);

	for (size_t i = 0; i < o->class->n_settings; i++) {
		const struct setting *s = &o->class->settings[i];

		if (!is_column(s))
			continue;
		if (!column[at])
			setting_clear(s, o);
		else if (setting_parse(s, o, slice_of(column[at]), e) < 0)
			return err_in(e, "the store's row of %s %s", o->class->title,
				column[0] ? column[0] : "");
		at++;
	}
	return 0;
}

static int load_row(void *arg, const char *const *column, size_t n, struct err *e)
{
	struct loading *l = arg;
	struct object *o = object_new(l->class);

	if (read_columns(o, column, e) < 0) {
		object_unref(o);
		return -1;
	}
	config_put(l->c, o);
	return 0;
}

int rows_load(struct backend *b, struct config *c, struct err *e)
{
	for (size_t k = 0; k < OBJECT__N; k++) {
		struct loading l = {c, object_classes[k]};

		if (b->ops->run(b, kind_stmts[k].list, NULL, 0, load_row, &l, e) < 0)
			return -1;
	}
	return 0;
}

int rows_put(struct backend *b, const struct object *o, struct err *e)
{
	struct object_row row;
	int rc;

	object_row_make(&row, o);
	rc = b->ops->run(b, kind_stmts[o->class->kind].put, (const char *const *)row.column, row.n,
		NULL, NULL, e);
	object_row_done(&row);
	return rc;
}

int rows_drop(struct backend *b, const struct object *o, struct err *e)
{
	const char *key = object_key(o);

	assert(kind_stmts[o->class->kind].drop != STMT__N);
	return b->ops->run(b, kind_stmts[o->class->kind].drop, &key, 1, NULL, NULL, e);
}
