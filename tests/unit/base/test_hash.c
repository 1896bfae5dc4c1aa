#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"

/*
 * SipHash-1-3 under the key 00 01 .. 0f of the bytes 00 01 .. n-1, as the reference implementation
 * gives it for these rounds; the last row is what CPython's hash() says with PYTHONHASHSEED=0.
 */
static void siphash_1_3(void **state)
{
	static const struct {
		size_t n;
		uint64_t want;
	} rows[] = {
		{0, 0xabac0158050fc4dc},
		{1, 0xc9f49bf37d57ca93},
		{7, 0xd3927d989bb11140},
		{8, 0x369095118d299a8e},
		{9, 0x25a48eb36c063de4},
		{15, 0xd320d86d2a519956},
		{16, 0xcc4fdd1a7d908b66},
		{63, 0x9d199062b7bbb3a8},
	};
	uint8_t key[16], in[64];

	for (size_t i = 0; i < sizeof in; i++)
		in[i] = (uint8_t)i;
	memcpy(key, in, sizeof key);
	hash_seed(key);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(hash_bytes(slice_make(in, rows[i].n)), rows[i].want);
	memset(key, 0, sizeof key);
	hash_seed(key);
	assert_int_equal(hash_bytes(SL("entente")), 0x22e46d458a66f8fb);
}

struct item {
	struct table_node node;
	char key[16];
	int seen;
};

enum { MANY = 5000 };

static struct item *items_new(struct table *t)
{
	struct item *items = xcalloc(MANY, sizeof *items);

	for (int i = 0; i < MANY; i++) {
		snprintf(items[i].key, sizeof items[i].key, "key-%d", i);
		table_put(t, &items[i].node, slice_of(items[i].key));
	}
	return items;
}

static void put_get_remove(void **state)
{
	struct table t = {0};
	struct item *items;

	assert_null(table_get(&t, SL("x")));
	items = items_new(&t);
	assert_int_equal(t.count, MANY);
	for (int i = 0; i < MANY; i += 2)
		table_remove(&t, &items[i].node);
	for (int i = 0; i < MANY; i++)
		assert_ptr_equal(table_get(&t, slice_of(items[i].key)), i % 2 ? &items[i].node : NULL);
	table_put(&t, &items[0].node, SL("")); /* an empty key is a key */
	assert_ptr_equal(table_get(&t, SL("")), &items[0].node);
	assert_int_equal(t.count, MANY / 2 + 1);
	table_done(&t);
	assert_null(table_get(&t, SL("")));
	free(items);
}

static void each_once_while_removing(void **state)
{
	struct table t;
	struct item *items;
	int rounds = 0;

	table_init(&t);
	table_each(&t, n)
		fail();
	items = items_new(&t);
	table_each(&t, n) {
		container_of(n, struct item, node)->seen++;
		if (rounds++ % 3 == 0) {
			table_remove(&t, n);
			n->key = SL_NONE;
		}
	}
	assert_int_equal(rounds, MANY);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(items[i].seen, 1);
	assert_int_equal(t.count, MANY - (MANY + 2) / 3);
	table_done(&t);
	free(items);
}

static void break_leaves_the_whole_loop(void **state)
{
	struct table t = {0};
	struct item *items = items_new(&t);
	int rounds = 0;

	table_each(&t, n) {
		rounds++;
		if (rounds == 10)
			break;
	}
	assert_int_equal(rounds, 10);
	table_done(&t);
	free(items);
}

static void keys_spread(void **state)
{
	struct table t = {0};
	struct item *items = items_new(&t);
	unsigned longest = 0;

	for (size_t i = 0; i <= t.mask; i++) {
		unsigned n = 0;

		for (struct table_node *at = t.slots[i]; at; at = at->next)
			n++;
		longest = n > longest ? n : longest;
	}
	assert_in_range(longest, 1, 12);
	table_done(&t);
	free(items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(siphash_1_3),
		cmocka_unit_test(put_get_remove),
		cmocka_unit_test(each_once_while_removing),
		cmocka_unit_test(break_leaves_the_whole_loop),
		cmocka_unit_test(keys_spread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
