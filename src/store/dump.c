#include "federation/setting.h"
#include "store/store.h"
#include "store/store_priv.h"

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
	static const char *const all[] = {"0", "9223372036854775807"};

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
