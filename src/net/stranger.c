#include "net/stranger.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
	KEY_MAX = 16,
	/* Addresses without a stranger that are remembered for their rate. Whoever has more
	 * addresses than this to come from is not held up by a rate anyway. */
	REMEMBERED = 4096,
};

/* An address with its strangers. In the list of all that have as many, or of those with none. */
struct stranger_address {
	struct table_node by_key;
	struct list node;
	struct list strangers; /* oldest first */
	unsigned n;
	struct rate rate, vain;
	uint8_t key[KEY_MAX];
};

struct strangers {
	struct stranger_limits limits;
	struct table addresses;
	size_t n, resting; /* strangers; addresses with none */
	unsigned most;     /* of one address; level[most] is not empty, or most is 0 */
	struct list level[]; /* [0 .. per_address], by their number; who came to it first is first */
};

const char *stranger_answer_name(enum stranger_answer a)
{
	static const char *const names[] = {
		[STRANGER_OK] = "ok",
		[STRANGER_RATE] = "connection-rate",
		[STRANGER_VAIN] = "vain-connections",
		[STRANGER_ADDRESS_FULL] = "address-connections",
		[STRANGER_FULL] = "unauthenticated-connections",
	};

	return names[a];
}

/* ---- addresses ---- */

static void move(struct strangers *t, struct stranger_address *a, unsigned n)
{
	list_remove(&a->node);
	list_append(&t->level[n], &a->node);
	a->n = n;
	if (n > t->most)
		t->most = n;
	while (t->most > 0 && list_empty(&t->level[t->most]))
		t->most--;
}

static void forget(struct strangers *t, struct stranger_address *a)
{
	list_remove(&a->node);
	table_remove(&t->addresses, &a->by_key);
	t->resting--;
	free(a);
}

static bool nothing_to_remember(const struct stranger_address *a, uint64_t now_ms)
{
	return rate_is_full(&a->rate, now_ms) && rate_is_full(&a->vain, now_ms);
}

/* Those at rest whose rates nobody has to remember, and the oldest where there are too many. */
static void forget_some(struct strangers *t, uint64_t now_ms)
{
	struct list *it;

	while ((it = list_first(&t->level[0]))) {
		struct stranger_address *a = container_of(it, struct stranger_address, node);

		if (t->resting <= REMEMBERED && !nothing_to_remember(a, now_ms))
			return;
		forget(t, a);
	}
}

static struct stranger_address *address_get(struct strangers *t, struct slice key)
{
	struct table_node *n = table_get(&t->addresses, key);
	struct stranger_address *a;

	if (n)
		return container_of(n, struct stranger_address, by_key);
	assert(key.n <= KEY_MAX);
	a = xzalloc(sizeof *a);
	list_init(&a->strangers);
	memcpy(a->key, key.p, key.n);
	table_put(&t->addresses, &a->by_key, slice_make((const char *)a->key, key.n));
	list_append(&t->level[0], &a->node);
	t->resting++;
	return a;
}

/* ---- strangers ---- */

static struct stranger *oldest_of_busiest(struct strangers *t)
{
	struct list *it = list_first(&t->level[t->most]);
	struct stranger_address *a = container_of(it, struct stranger_address, node);

	return container_of(list_first(&a->strangers), struct stranger, node);
}

enum stranger_answer strangers_ask(
	struct strangers *t, struct slice address, uint64_t now_ms, struct stranger **ret_drop)
{
	struct stranger_address *a;

	forget_some(t, now_ms);
	a = address_get(t, address);
	*ret_drop = NULL;
	if (!rate_take(&a->rate, t->limits.rate, t->limits.burst, now_ms))
		return STRANGER_RATE;
	if (t->limits.vain && !rate_has(&a->vain, t->limits.vain_rate, t->limits.vain, now_ms))
		return STRANGER_VAIN;
	if (a->n >= t->limits.per_address)
		return STRANGER_ADDRESS_FULL;
	if (t->n < t->limits.all)
		return STRANGER_OK;
	if (a->n >= t->most)
		return STRANGER_FULL;
	*ret_drop = oldest_of_busiest(t);
	return STRANGER_OK;
}

void stranger_enter(struct strangers *t, struct stranger *s, struct slice address, uint64_t now_ms)
{
	struct stranger_address *a = address_get(t, address);

	assert(!s->address && a->n < t->limits.per_address && t->n < t->limits.all);
	s->address = a;
	list_append(&a->strangers, &s->node);
	t->n++;
	t->resting -= a->n == 0;
	move(t, a, a->n + 1);
	forget_some(t, now_ms);
}

void stranger_leave(struct strangers *t, struct stranger *s, uint64_t now_ms)
{
	struct stranger_address *a = s->address;

	if (!a)
		return;
	list_remove(&s->node);
	s->address = NULL;
	t->n--;
	t->resting += a->n == 1;
	move(t, a, a->n - 1);
	forget_some(t, now_ms);
}

void strangers_in_vain(struct strangers *t, struct slice address, uint64_t now_ms)
{
	const struct stranger_limits *l = &t->limits;

	if (l->vain)
		rate_owe(&address_get(t, address)->vain, l->vain_rate, l->vain, now_ms);
	forget_some(t, now_ms);
}

size_t strangers_count(const struct strangers *t)
{
	return t->n;
}

size_t strangers_addresses(const struct strangers *t)
{
	return t->addresses.count;
}

/* ---- life ---- */

struct strangers *strangers_new(const struct stranger_limits *l)
{
	struct strangers *t = xzalloc(sizeof *t + (l->per_address + 1) * sizeof t->level[0]);

	t->limits = *l;
	table_init(&t->addresses);
	for (unsigned i = 0; i <= l->per_address; i++)
		list_init(&t->level[i]);
	return t;
}

void strangers_free(struct strangers *t)
{
	if (!t)
		return;
	assert(t->n == 0);
	table_each(&t->addresses, it)
		forget(t, container_of(it, struct stranger_address, by_key));
	table_done(&t->addresses);
	free(t);
}
