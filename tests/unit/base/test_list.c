#include "unit.h"

#include "base/list.h"

struct item {
	struct list link;
	int v;
};

static int item(const struct list *l)
{
	return container_of(l, struct item, link)->v;
}

static void order(void **state)
{
	struct list l;
	struct item a = {.v = 1}, b = {.v = 2}, c = {.v = 3};
	int want = 1;

	list_init(&l);
	assert_true(list_empty(&l));
	assert_null(list_first(&l));
	assert_null(list_pop(&l));
	list_append(&l, &b.link);
	list_prepend(&l, &a.link);
	list_append(&l, &c.link);
	list_each(&l, it)
		assert_int_equal(item(it), want++);
	assert_int_equal(want, 4);
	assert_int_equal(item(list_first(&l)), 1);
	assert_int_equal(item(list_pop(&l)), 1);
	assert_false(list_linked(&a.link));
	list_insert_before(&c.link, &a.link);
	assert_int_equal(item(list_pop(&l)), 2);
	assert_int_equal(item(list_pop(&l)), 1);
	assert_int_equal(item(list_pop(&l)), 3);
	assert_true(list_empty(&l));
}

static void remove_may_always_be_called(void **state)
{
	struct list l;
	struct item a = {0};

	list_init(&l);
	assert_false(list_linked(&a.link));
	list_remove(&a.link); /* zeroed */
	list_append(&l, &a.link);
	assert_true(list_linked(&a.link));
	list_remove(&a.link);
	list_remove(&a.link); /* self-linked */
	assert_false(list_linked(&a.link));
	assert_true(list_empty(&l));
	list_append(&l, &a.link);
	assert_ptr_equal(list_first(&l), &a.link);
}

static void each_safe_lets_remove_itself(void **state)
{
	struct list l, other;
	struct item items[10];
	int n = 0;

	list_init(&l);
	list_init(&other);
	for (int i = 0; i < 10; i++) {
		items[i] = (struct item){.v = i};
		list_append(&l, &items[i].link);
	}
	list_each_safe(&l, it) {
		n++;
		if (item(it) % 2) {
			list_remove(it);
			list_append(&other, it);
		}
	}
	assert_int_equal(n, 10);
	n = 0;
	list_each(&other, it)
		assert_int_equal(item(it), 2 * n++ + 1);
	assert_int_equal(n, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order),
		cmocka_unit_test(remove_may_always_be_called),
		cmocka_unit_test(each_safe_lets_remove_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
