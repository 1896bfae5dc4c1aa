#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "view/attempts.h"
#include "view/streams.h"

/* clang-format off */
static const struct {
	struct view_facts facts; /* enabled, up, was up, last failed */
	enum view_health health;
} one_way[] = {
	{{false, 0, false, false}, VIEW_DISABLED},
	{{false, 2, true,  true},  VIEW_DISABLED}, /* its streams are just being closed */
	{{true,  0, false, false}, VIEW_NEVER},
	{{true,  0, true,  false}, VIEW_IDLE},
	{{true,  0, false, true},  VIEW_FAILING},
	{{true,  0, true,  true},  VIEW_FAILING},
	{{true,  1, true,  false}, VIEW_CONNECTED},
	{{true,  1, true,  true},  VIEW_CONNECTED}, /* what failed was another one */
};

static const enum view_health both_ways[][3] = { /* in, out, together */
	{VIEW_NEVER,     VIEW_NEVER,     VIEW_NEVER},
	{VIEW_NEVER,     VIEW_IDLE,      VIEW_IDLE},
	{VIEW_IDLE,      VIEW_NEVER,     VIEW_IDLE},
	{VIEW_CONNECTED, VIEW_NEVER,     VIEW_CONNECTED},
	{VIEW_IDLE,      VIEW_CONNECTED, VIEW_CONNECTED},
	{VIEW_CONNECTED, VIEW_FAILING,   VIEW_FAILING},
	{VIEW_FAILING,   VIEW_CONNECTED, VIEW_FAILING},
	{VIEW_FAILING,   VIEW_NEVER,     VIEW_FAILING},
	{VIEW_DISABLED,  VIEW_DISABLED,  VIEW_DISABLED},
};
/* clang-format on */

static void health_follows_from_the_facts(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(one_way); i++)
		assert_int_equal(view_health_of(&one_way[i].facts), one_way[i].health);
	for (size_t i = 0; i < ARRAY_LEN(both_ways); i++)
		assert_int_equal(
			view_health_both(both_ways[i][0], both_ways[i][1]), both_ways[i][2]);
}

/* The words are part of the API. */
static void words_stay_as_they_are(void **state)
{
	static const char *const health[] = {"never", "connected", "idle", "failing", "disabled"};
	static const char *const states[] = {
		"waiting", "connecting", "negotiating", "up", "closing", "closed"};

	assert_int_equal(ARRAY_LEN(health), VIEW_HEALTH__N);
	assert_int_equal(ARRAY_LEN(states), VIEW_STATE__N);
	for (size_t i = 0; i < VIEW_HEALTH__N; i++)
		assert_string_equal(view_health_name((enum view_health)i), health[i]);
	for (size_t i = 0; i < VIEW_STATE__N; i++)
		assert_string_equal(view_state_name((enum view_stream_state)i), states[i]);
}

static void a_copied_row_does_not_need_its_list(void **state)
{
	struct view_streams *from = view_streams_new(), *to = view_streams_new();
	struct view_stream *s = view_streams_add(from);

	s->id = view_text(from, SL("o1"));
	s->error = view_text(from, SL("lost"));
	s->queued = 7;
	view_stream_copy(to, s);
	view_streams_free(from);
	assert_true(slice_eqz(to->v[0].id, "o1"));
	assert_true(slice_eqz(to->v[0].error, "lost"));
	assert_null(to->v[0].peer.p);
	assert_int_equal(to->v[0].queued, 7);
	view_streams_free(to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(health_follows_from_the_facts),
		cmocka_unit_test(words_stay_as_they_are),
		cmocka_unit_test(a_copied_row_does_not_need_its_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
