#include "unit.h"

#include "base/mem.h"
#include "sip/heap.h"
#include "sip/index.h"

enum { N = 5000 };

/* A fixed sequence, so that a failure comes again. */
static uint64_t next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

static void test_heap_order(void **state)
{
	static struct sip_heap_node nodes[N];
	struct sip_heap h = {0};
	struct sip_heap_node *first;
	uint64_t x = 1, last = 0;
	size_t n = 0;

	for (size_t i = 0; i < N; i++)
		sip_heap_set(&h, &nodes[i], next_random(&x) % 1000);
	for (size_t i = 0; i < N; i += 3) /* moved, either way */
		sip_heap_set(&h, &nodes[i], next_random(&x) % 1000);
	for (size_t i = 0; i < N; i += 7) { /* out of the middle; twice does no harm */
		sip_heap_remove(&h, &nodes[i]);
		sip_heap_remove(&h, &nodes[i]);
	}
	while ((first = sip_heap_first(&h))) {
		assert_true(first->due >= last);
		last = first->due;
		sip_heap_remove(&h, first);
		n++;
	}
	assert_int_equal(n, N - (N + 6) / 7);
	sip_heap_done(&h);
}

/* Found at every moment of its growth, by id and by position among equals. */
static void test_index(void **state)
{
	static struct sip_index_node nodes[N], twin;
	struct sip_index x = {0};
	uint64_t seed = 2;

	assert_null(sip_index_get(&x, 1));
	for (size_t i = 0; i < N; i++) {
		sip_index_put(&x, &nodes[i], next_random(&seed));
		for (size_t k = 0; k <= i; k += 97)
			if (k % 5 != 2)
				assert_ptr_equal(sip_index_get(&x, nodes[k].id), &nodes[k]);
		assert_ptr_equal(sip_index_get(&x, nodes[i].id), &nodes[i]);
		if (i % 5 == 4) /* taken out while slots move */
			sip_index_remove(&x, &nodes[i - 2]);
	}
	for (size_t i = 0; i < N; i++)
		assert_ptr_equal(sip_index_get(&x, nodes[i].id), i % 5 == 2 ? NULL : &nodes[i]);
	assert_int_equal(x.count, N - N / 5);

	sip_index_put(&x, &twin, nodes[0].id);
	assert_ptr_equal(sip_index_get(&x, nodes[0].id), &twin);
	assert_ptr_equal(sip_index_next(&twin), &nodes[0]);
	assert_null(sip_index_next(&nodes[0]));
	sip_index_remove(&x, &twin);
	assert_ptr_equal(sip_index_get(&x, nodes[0].id), &nodes[0]);

	for (size_t i = 0; i < N - N / 5; i++)
		assert_non_null(sip_index_pop(&x));
	assert_null(sip_index_pop(&x));
	sip_index_done(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heap_order),
		cmocka_unit_test(test_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
