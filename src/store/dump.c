#include <sodium.h>
#include <stdio.h>

#include "federation/setting.h"
#include "store/store.h"
#include "store/store_priv.h"

/* Columns whose text would help somebody who guesses: of them only a sum of it. */
static const struct {
	enum stmt list;
	size_t column;
} summed[] = {
	{STMT_ACCOUNT_LIST, 4}, /* password */
	{STMT_ACCOUNT_LIST, 8}, /* recovery */
	{STMT_TOKEN_LIST, 9},   /* hash */
};

static bool is_summed(enum stmt list, size_t column)
{
	for (size_t i = 0; i < ARRAY_LEN(summed); i++)
		if (summed[i].list == list && summed[i].column == column)
			return true;
	return false;
}

static void put_sum(struct buf *out, const char *text)
{
	uint8_t sum[crypto_generichash_BYTES_MIN];
	char hex[2 * sizeof sum + 1];

	crypto_generichash(
		sum, sizeof sum, (const uint8_t *)text, slice_of(text).n, NULL, 0);
	buf_printf(out, "sum %s", sodium_bin2hex(hex, sizeof hex, sum, sizeof sum));
}

struct dumping {
	struct buf *out;
	enum stmt list;
};

static int dump_row(void *arg, const char *const *column, size_t n, struct err *e)
{
	struct dumping *d = arg;

	for (size_t i = 0; i < n; i++) {
		buf_chr(d->out, i ? '|' : ' ');
		if (column[i] && is_summed(d->list, i))
			put_sum(d->out, column[i]);
		else if (column[i])
			json_quote(d->out, slice_of(column[i]));
	}
	buf_chr(d->out, '\n');
	return 0;
}

int store_dump(struct store *s, struct buf *ret, struct err *e)
{
	static const char *const all[] = {"0", "9223372036854775807"};

	for (enum stmt stmt = 0; stmt < STMT__N; stmt++) {
		const struct stmt_def *def = &stmt_defs[stmt];
		struct dumping d = {ret, stmt};
		bool after = def->op == OP_AFTER;

		if (def->half != HALF_MANAGED || (def->op != OP_LIST && !after))
			continue;
		buf_printf(ret, "%s\n", def->table);
		if (s->backend->ops->run(s->backend, stmt, after ? all : NULL, after ? 2 : 0,
			    dump_row, &d, e) < 0)
			return -1;
	}
	return 0;
}
