#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rand.h"
#include "store/store_priv.h"

/* The name under which the gateway's passphrase lies sealed. */
static const char passphrase_name[] = "gateway.dialback_passphrase";

static const struct gateway_settings *gateway_in(const struct config *c)
{
	return gateway_of(config_find(c, OBJECT_GATEWAY, SL("global")));
}

void store_passphrase_make(struct store_passphrase *ret)
{
	uint8_t bytes[STORE_PASSPHRASE_BYTES];

	rand_bytes(bytes, sizeof bytes);
	for (size_t i = 0; i < sizeof bytes; i++)
		snprintf(ret->hex + 2 * i, 3, "%02x", bytes[i]);
	mem_wipe(bytes, sizeof bytes);
}

void store_passphrase_set(struct config *c, struct slice passphrase)
{
	struct object *o = object_copy(&gateway_in(c)->object);
	int rc = object_set(o, SL("dialback_passphrase"), passphrase, NULL);

	assert(rc == 0);
	config_put(c, o);
}

bool store_passphrase_is_set(const struct config *c)
{
	return gateway_in(c)->dialback_passphrase != NULL;
}

int store_passphrase_write(struct store *s, const struct config *c, struct err *e)
{
	struct slice passphrase = slice_of(gateway_in(c)->dialback_passphrase);
	struct buf sealed = {0};
	char *text;
	int rc;

	seal_close(s->seal, passphrase_name, passphrase, &sealed);
	text = buf_dup(&sealed);
	rc = store_run(s, STMT_SECRET_PUT, (const char *const[]){passphrase_name, text}, 2, e);
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
		store_passphrase_set(row->c, buf_slice(&value));
	if (value.n)
		mem_wipe(value.p + value.off, value.n);
	buf_done(&value);
	return rc;
}

int store_passphrase_load(struct store *s, struct config *c, struct err *e)
{
	struct secret_row row = {s, c};

	return s->backend->ops->run(s->backend, STMT_SECRET_LIST, NULL, 0, load_secret, &row, e);
}
