#include "unit.h"

#include "base/clock.h"
#include "rig.h"
#include "xml/elem.h"

/* Two edges that are each other's partner, over loopback, with real certificates. */
static struct rig rig;
static struct side a, b;

static void both_up(void)
{
	rig_init(&rig);
	side_init(&a, &rig, &(struct side_options){.domain = "sip.lab"});
	side_init(&b, &rig, &(struct side_options){.domain = "xmpp.lab"});
	side_settings(&a, &(struct side_partner){.domain = "xmpp.lab", .port = side_port(&b)});
	side_settings(&b, &(struct side_partner){.domain = "sip.lab", .port = side_port(&a)});
}

static void both_down(void)
{
	side_done(&a);
	side_done(&b);
	rig_done(&rig);
}

static void a_message_goes_each_way(void **state)
{
	both_up();
	side_send(&a, "xmpp.lab", 1, 5000);
	rig_until(&rig, a.n_fates == 1 && b.n_ups == 1);
	assert_int_equal(a.fates[0].id, 1);
	assert_int_equal(a.fates[0].fate, LINK_WRITTEN);
	side_send(&b, "sip.lab", 2, 5000);
	rig_until(&rig, b.n_fates == 1 && a.n_ups == 1);
	assert_int_equal(b.fates[0].fate, LINK_WRITTEN);
	both_down();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_goes_each_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
