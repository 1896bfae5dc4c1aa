#include <assert.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/rand.h"
#include "store/store_priv.h"

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
