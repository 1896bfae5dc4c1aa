#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "edge/backoff.h"
#include "edge/doubt.h"
#include "edge/queue.h"

/* ---- back-off ---- */

static void doubles_up_to_a_minute_with_half_jitter(void **state)
{
	static const uint64_t want[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000};
	struct backoff low = {0}, high = {0};

	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		backoff_failed(&low, 5000, 0);
		backoff_failed(&high, 5000, want[i]); /* random % (ms + 1) == ms */
		assert_int_equal(low.next_ms, 5000 + want[i] / 2);
		assert_int_equal(high.next_ms, 5000 + want[i] / 2 + want[i]);
	}
	backoff_reset(&low);
	assert_int_equal(low.next_ms, 0);
	backoff_failed(&low, 0, 0);
	assert_int_equal(low.next_ms, 500);
}

/* ---- queue ---- */

static struct link_down *stanza(uint64_t id, uint64_t deadline)
{
	struct link_down *d = link_down_new(SL("a"), SL("b"), SL("<message/>"));

	d->fate_id = id;
	d->deadline_ms = deadline;
	return d;
}

/* Empties it; the ids must be these. */
static void expect_ids(struct queue *q, const uint64_t *ids, size_t n)
{
	assert_int_equal(q->n, n);
	for (size_t i = 0; i < n; i++) {
		struct link_down *d = queue_pop(q);

		assert_int_equal(d->fate_id, ids[i]);
		link_down_free(d);
	}
	assert_null(queue_pop(q));
	assert_int_equal(q->n, 0);
	assert_int_equal(q->bytes, 0);
}

static void first_in_first_out(void **state)
{
	struct queue q = {0};

	for (uint64_t i = 1; i <= 3; i++)
		queue_append(&q, stanza(i, 1));
	expect_ids(&q, (const uint64_t[]){1, 2, 3}, 3);
	queue_append(&q, stanza(4, 1));
	expect_ids(&q, (const uint64_t[]){4}, 1);
}

static void bounded_by_number_and_bytes(void **state)
{
	struct queue q = {0};
	struct link_down *d = stanza(9, 1);
	size_t block = d->block;

	assert_true(queue_push(&q, stanza(1, 1), 2, 100 * block));
	assert_true(queue_push(&q, stanza(2, 1), 2, 100 * block));
	assert_false(queue_push(&q, d, 2, 100 * block));
	assert_false(queue_push(&q, d, 9, 3 * block - 1));
	assert_true(queue_push(&q, d, 9, 3 * block));
	expect_ids(&q, (const uint64_t[]){1, 2, 9}, 3);
}

static void prepended_come_first_in_their_order(void **state)
{
	struct queue q = {0}, front = {0}, empty = {0};

	queue_append(&q, stanza(3, 1));
	queue_append(&front, stanza(1, 1));
	queue_append(&front, stanza(2, 1));
	queue_prepend(&q, &front);
	queue_prepend(&q, &empty);
	assert_int_equal(front.n, 0);
	queue_append(&q, stanza(4, 1));
	expect_ids(&q, (const uint64_t[]){1, 2, 3, 4}, 4);
	queue_append(&front, stanza(5, 1));
	queue_prepend(&q, &front); /* to an empty one */
	queue_append(&q, stanza(6, 1));
	expect_ids(&q, (const uint64_t[]){5, 6}, 2);
}

static void expired_are_taken_out_in_order(void **state)
{
	static const uint64_t deadlines[] = {50, 10, 99, 20, 49};
	struct queue q = {0}, expired = {0};

	for (uint64_t i = 0; i < ARRAY_LEN(deadlines); i++)
		queue_append(&q, stanza(i, deadlines[i]));
	queue_take_expired(&q, 50, &expired);
	expect_ids(&expired, (const uint64_t[]){1, 3, 4}, 3);
	expect_ids(&q, (const uint64_t[]){0, 2}, 2);
}

/* When to look is never after the first deadline, whatever order they came in. */
static void the_earliest_deadline_is_known(void **state)
{
	static const uint64_t deadlines[] = {50, 60, 10, 70, 40};
	struct queue q = {0}, front = {0}, expired = {0};

	assert_int_equal(queue_earliest(&q), UINT64_MAX);
	queue_append(&q, stanza(0, deadlines[0]));
	queue_append(&q, stanza(1, deadlines[1]));
	assert_int_equal(queue_earliest(&q), 50);
	link_down_free(queue_pop(&q));
	assert_int_equal(queue_earliest(&q), 60); /* in order: exact */
	for (uint64_t i = 2; i < ARRAY_LEN(deadlines); i++)
		queue_append(&q, stanza(i, deadlines[i]));
	assert_int_equal(queue_earliest(&q), 10);
	queue_take_expired(&q, 10, &expired);
	assert_int_equal(expired.n, 0);
	queue_take_expired(&q, 11, &expired);
	expect_ids(&expired, (const uint64_t[]){2}, 1);
	assert_int_equal(queue_earliest(&q), 40);
	queue_append(&front, stanza(5, 65));
	queue_prepend(&q, &front);
	assert_int_equal(queue_earliest(&q), 40);
	queue_take_expired(&q, 66, &expired);
	expect_ids(&expired, (const uint64_t[]){5, 1, 4}, 3);
	expect_ids(&q, (const uint64_t[]){3}, 1);
	/* In order before, and not any more with what comes before it. */
	queue_append(&q, stanza(6, 20));
	queue_append(&front, stanza(7, 30));
	queue_prepend(&q, &front);
	assert_int_equal(queue_earliest(&q), 20);
	queue_take_expired(&q, 25, &expired);
	expect_ids(&expired, (const uint64_t[]){6}, 1);
	expect_ids(&q, (const uint64_t[]){7}, 1);
	assert_int_equal(queue_earliest(&q), UINT64_MAX);
}

/* Against a plain search, with deadlines in any order. */
static void expired_are_found_in_any_order(void **state)
{
	enum { N = 40 };

	for (unsigned seed = 1; seed <= 300; seed++) {
		struct queue q = {0}, front = {0}, expired = {0};
		uint64_t deadline[N], time;
		size_t want = 0;

		srand(seed);
		for (uint64_t i = 0; i < N; i++) {
			deadline[i] =
				1 + (uint64_t)(rand() % (seed % 2 ? 1000 : 3)) + i * (seed % 3);
			queue_append(i < N / 2 ? &q : &front, stanza(i, deadline[i]));
		}
		queue_prepend(&q, &front);
		time = 1 + (uint64_t)(rand() % 1000);
		for (uint64_t i = 0; i < N; i++)
			want += deadline[i] < time;
		assert_int_equal(queue_earliest(&q) < time, want > 0);
		queue_take_expired(&q, time, &expired);
		assert_int_equal(expired.n, want);
		assert_int_equal(q.n, N - want);
		assert_true(queue_earliest(&q) >= time);
		while (expired.n)
			link_down_free(queue_pop(&expired));
		while (q.n)
			link_down_free(queue_pop(&q));
	}
}

/* ---- doubt ---- */

static void expect_doubt(struct doubt *d, const uint64_t *ids, size_t n)
{
	uint64_t got[64];

	assert_int_equal(d->n, n);
	doubt_take(d, got);
	assert_memory_equal(got, ids, n * sizeof *ids);
	assert_int_equal(d->n, 0);
}

/* Ids 1 .. n, of which number i was written at time 10 i and ends at byte 100 i of the wire. */
static void fill(struct doubt *d, uint64_t n)
{
	for (uint64_t i = 1; i <= n; i++)
		assert_true(doubt_add(d, i, 100 * i, 10 * i));
}

static void settled_when_acknowledged_and_old(void **state)
{
	static const struct {
		uint64_t acked, before;
		size_t left;
	} cases[] = {
		{0, 1000, 5},   /* old, but the peer's kernel has not got it */
		{250, 1000, 3}, /* two acknowledged, and old */
		{1000, 0, 5},   /* acknowledged, but just now */
		{1000, 31, 2},  /* the first three are old enough */
		{1000, 30, 3},
		{1000, 1000, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct doubt d;

		doubt_init(&d, 100);
		fill(&d, 5);
		doubt_settle(&d, cases[i].acked, cases[i].before, 0);
		assert_int_equal(d.n, cases[i].left);
		expect_doubt(&d,
			(const uint64_t[]){6 - cases[i].left, 7 - cases[i].left, 8 - cases[i].left,
				9 - cases[i].left, 10 - cases[i].left},
			cases[i].left);
		doubt_done(&d);
	}
}

static void full_takes_no_more_until_room_is_made(void **state)
{
	struct doubt d;

	doubt_init(&d, 5);
	fill(&d, 5);
	assert_false(doubt_add(&d, 6, 600, 60));
	doubt_settle(&d, 0, 0, 2); /* nothing acknowledged: none may go */
	assert_false(doubt_add(&d, 6, 600, 60));
	doubt_settle(&d, 500, 0, 2); /* the oldest acknowledged go, however young, and no more */
	assert_int_equal(d.n, 3);
	assert_true(doubt_add(&d, 6, 600, 60));
	assert_true(doubt_add(&d, 7, 700, 70));
	expect_doubt(&d, (const uint64_t[]){3, 4, 5, 6, 7}, 5);
	doubt_done(&d);
}

static void ring_grows_and_turns(void **state)
{
	struct doubt d;
	uint64_t next = 1, oldest = 1, got[300];

	doubt_init(&d, 300);
	srand(1);
	for (int step = 0; step < 5000; step++) {
		if (rand() % 3 && d.n < 300) {
			assert_true(doubt_add(&d, next, next, next));
			next++;
		} else if (d.n) {
			doubt_settle(&d, oldest, next + 1, 0);
			oldest++;
		}
		assert_int_equal(d.n, next - oldest);
	}
	doubt_take(&d, got);
	for (uint64_t i = 0; i < next - oldest; i++)
		assert_int_equal(got[i], oldest + i);
	doubt_done(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(doubles_up_to_a_minute_with_half_jitter),
		cmocka_unit_test(first_in_first_out),
		cmocka_unit_test(bounded_by_number_and_bytes),
		cmocka_unit_test(prepended_come_first_in_their_order),
		cmocka_unit_test(expired_are_taken_out_in_order),
		cmocka_unit_test(the_earliest_deadline_is_known),
		cmocka_unit_test(expired_are_found_in_any_order),
		cmocka_unit_test(settled_when_acknowledged_and_old),
		cmocka_unit_test(full_takes_no_more_until_room_is_made),
		cmocka_unit_test(ring_grows_and_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
