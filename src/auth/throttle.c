#include "auth/throttle.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"

enum { REST_MS = 15 * 60 * 1000, TRUST_MS = 30 * 24 * 3600 * 1000u, COUNT_MAX = 64 };

struct entry {
	struct table_node node;
	char *key; /* "n" name, "a" address, "t" name NUL address: has signed in from there */
	unsigned failures;
	unsigned free;
	uint64_t at_ms; /* of the last one, or since when the count is what it is */
	uint64_t until_ms;
};

struct throttle {
	struct table table;
	size_t max;
};

struct throttle *throttle_new(size_t entries)
{
	struct throttle *t = xzalloc(sizeof *t);

	table_init(&t->table);
	t->max = entries;
	return t;
}

static void drop(struct throttle *t, struct entry *e)
{
	table_remove(&t->table, &e->node);
	free(e->key);
	free(e);
}

void throttle_free(struct throttle *t)
{
	if (!t)
		return;
	table_each(&t->table, n)
		drop(t, container_of(n, struct entry, node));
	table_done(&t->table);
	free(t);
}

/* ---- entries ---- */

/* Names are the same in any case here, so that Alice is not free of what alice owes. */
static char *make_key(char what, struct slice a, struct slice b, struct slice *ret)
{
	char *key = xmalloc(a.n + b.n + 3);

	key[0] = what;
	slice_copy(key + 1, a);
	ascii_lower(key + 1, a.n);
	key[1 + a.n] = '\0';
	slice_copy(key + 2 + a.n, b);
	*ret = slice_make(key, a.n + b.n + 2);
	return key;
}

static struct entry *look(const struct throttle *t, char what, struct slice a, struct slice b)
{
	struct slice key;
	char *text = make_key(what, a, b, &key);
	struct table_node *n = table_get(&t->table, key);

	free(text);
	return n ? container_of(n, struct entry, node) : NULL;
}

static bool matters_less(const struct entry *a, const struct entry *b)
{
	return a->failures != b->failures ? a->failures < b->failures : a->at_ms < b->at_ms;
}

static void make_room(struct throttle *t)
{
	struct entry *least = NULL;

	table_each(&t->table, n) {
		struct entry *e = container_of(n, struct entry, node);

		if (!least || matters_less(e, least))
			least = e;
	}
	if (least)
		drop(t, least);
}

static struct entry *find(
	struct throttle *t, char what, struct slice a, struct slice b, unsigned free_ones)
{
	struct entry *e = look(t, what, a, b);
	struct slice key;

	if (e)
		return e;
	if (t->table.count >= t->max)
		make_room(t);
	e = xzalloc(sizeof *e);
	e->key = make_key(what, a, b, &key);
	e->free = free_ones;
	table_put(&t->table, &e->node, key);
	return e;
}

/* ---- counting ---- */

/* Rest begins when one has not to wait any more. */
static void decay(struct entry *e, uint64_t now_ms)
{
	uint64_t from = e->until_ms > e->at_ms ? e->until_ms : e->at_ms, steps;

	if (now_ms <= from)
		return;
	steps = (now_ms - from) / REST_MS;
	if (!steps)
		return;
	e->failures = steps < e->failures ? e->failures - (unsigned)steps : 0;
	e->at_ms = from + steps * REST_MS;
	e->until_ms = 0;
}

static uint64_t wait_ms(const struct entry *e)
{
	unsigned over = e->failures > e->free ? e->failures - e->free : 0;

	if (!over)
		return 0;
	if (over > 10) /* 2^10 s are over 15 minutes */
		return THROTTLE_MAX_SECS * 1000ull;
	return (1ull << (over - 1)) * 1000;
}

static unsigned secs_left(struct entry *e, uint64_t now_ms)
{
	if (!e)
		return 0;
	decay(e, now_ms);
	return e->until_ms > now_ms ? (unsigned)((e->until_ms - now_ms + 999) / 1000) : 0;
}

static void count(struct entry *e, uint64_t now_ms)
{
	unsigned most = e->free + 11; /* more would only take longer to forget */

	decay(e, now_ms);
	if (e->failures < most)
		e->failures++;
	e->at_ms = now_ms;
	e->until_ms = now_ms + wait_ms(e);
}

static void uncount(struct entry *e)
{
	if (!e || !e->failures)
		return;
	e->failures--;
	e->until_ms = wait_ms(e) ? e->at_ms + wait_ms(e) : 0;
}

/* ---- attempts ---- */

static bool trusted(
	const struct throttle *t, struct slice name, struct slice address, uint64_t now_ms)
{
	struct entry *e = look(t, 't', name, address);

	return e && now_ms - e->at_ms < TRUST_MS;
}

unsigned throttle_wait(struct throttle *t, struct slice name, struct slice address, uint64_t now_ms)
{
	unsigned of_address = secs_left(look(t, 'a', address, SL("")), now_ms);
	unsigned of_name = trusted(t, name, address, now_ms)
				   ? 0
				   : secs_left(look(t, 'n', name, SL("")), now_ms);

	return of_name > of_address ? of_name : of_address;
}

void throttle_began(struct throttle *t, struct slice name, struct slice address, uint64_t now_ms)
{
	count(find(t, 'n', name, SL(""), THROTTLE_FREE_NAME), now_ms);
	count(find(t, 'a', address, SL(""), THROTTLE_FREE_ADDRESS), now_ms);
}

void throttle_passed(struct throttle *t, struct slice name, struct slice address, uint64_t now_ms)
{
	struct entry *e = look(t, 'n', name, SL(""));

	if (e)
		drop(t, e);
	uncount(look(t, 'a', address, SL("")));
	e = find(t, 't', name, address, 0);
	e->failures = COUNT_MAX; /* made by who knew a password: the last to go */
	e->at_ms = now_ms;
}

void throttle_undo(struct throttle *t, struct slice name, struct slice address, uint64_t now_ms)
{
	uncount(look(t, 'n', name, SL("")));
	uncount(look(t, 'a', address, SL("")));
}

struct slice throttle_address(struct slice address, char ret[64])
{
	struct in6_addr six;
	char text[INET6_ADDRSTRLEN];

	snprintf(ret, 64, "%.*s", SLARG(slice_cut(address, 60)));
	if (inet_pton(AF_INET6, ret, &six) == 1 && !IN6_IS_ADDR_V4MAPPED(&six)) {
		memset(six.s6_addr + 8, 0, 8);
		inet_ntop(AF_INET6, &six, text, sizeof text);
		snprintf(ret, 64, "%s/64", text);
	}
	return slice_of(ret);
}

size_t throttle_count(const struct throttle *t)
{
	return t->table.count;
}
