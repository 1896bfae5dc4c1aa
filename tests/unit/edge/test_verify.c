#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "edge/edge_priv.h"
#include "edge/verify.h"
#include "rig.h"

/* Two edges that believe each other by dialback, over loopback. */
static struct rig rig;
static struct side a, b;

static int setup(void **state)
{
	rig_init(&rig);
	side_init(&a, &rig, &(struct side_options){.domain = "sip.lab"});
	side_init(&b, &rig, &(struct side_options){.domain = "xmpp.lab"});
	return 0;
}

static int teardown(void **state)
{
	side_done(&a);
	side_done(&b);
	rig_done(&rig);
	return 0;
}

/* Each is the other's partner, under these settings. */
static void settings(const char *tls, const char *sasl)
{
	struct side_partner p = {.tls = tls, .sasl = sasl, .dialback = "true"};

	p.domain = "xmpp.lab";
	p.port = side_port(&b);
	side_settings(&a, &p);
	p.domain = "sip.lab";
	p.port = side_port(&a);
	side_settings(&b, &p);
}

static const struct view_stream *stream_in(const struct view_streams *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->v[i].dir == VIEW_IN && v->v[i].state == VIEW_UP)
			return &v->v[i];
	fail_msg("no inbound stream is up");
	return NULL;
}

static void expect_method(const char *method)
{
	struct view_streams *v = edge_view(b.edge);
	const struct view_stream *s = stream_in(v);

	assert_true(slice_eqz(s->method, method));
	view_streams_free(v);
}

static void each_way(void)
{
	side_send(&a, "xmpp.lab", 1, 5000);
	rig_until(&rig, a.n_fates == 1 && b.n_ups == 1);
	assert_int_equal(side_fate(&a, 1).fate, LINK_WRITTEN);
	side_send(&b, "sip.lab", 2, 5000);
	rig_until(&rig, b.n_fates == 1 && a.n_ups == 1);
	assert_int_equal(side_fate(&b, 2).fate, LINK_WRITTEN);
	assert_int_equal(side_received(&b, 1), 1);
	assert_int_equal(side_received(&a, 2), 1);
}

static void in_clear(void **state)
{
	settings("NotSupported", "NotSupported");
	each_way();
	expect_method("tcp-dialback");
}

static void inside_tls(void **state)
{
	settings("Required", "NotSupported");
	each_way();
	expect_method("tls-dialback");
}

static void tls_is_used_when_it_can_be(void **state)
{
	settings("Optional", "NotSupported");
	each_way();
	expect_method("tls-dialback");
}

/* ---- questions, as their contract has them ---- */

static struct {
	unsigned done;
	enum verify_result last;
	enum stanza_cond cond;
} told;

static void on_done(void *arg, enum verify_result result, enum stanza_cond cond, const char *why)
{
	told.done++;
	told.last = result;
	told.cond = cond;
	assert_ptr_equal(arg, &told);
}

static struct verify *ask_from(const char *source, const char *id)
{
	const struct partner *p = snapshot_partner(a.edge->snapshot, SL("xmpp.lab"));
	struct netaddr from;

	assert_int_equal(netaddr_parse_host(&from, slice_of(source), 5269), 0);
	return verify_new(a.edge, p,
		&(struct verify_question){.local = SL("sip.lab"),
			.remote = SL("xmpp.lab"),
			.id = slice_of(id),
			.key = SL("key"),
			.source = &from},
		on_done, &told);
}

static struct verify *ask(const char *id)
{
	return ask_from("192.0.2.1", id);
}

/* One more than may be under way is answered at once, but not inside the call. */
static void so_many_of_a_partner(void **state)
{
	struct verify *v[VERIFY_PARTNER_MAX];

	told.done = 0;
	settings("NotSupported", "NotSupported");
	for (size_t i = 0; i < VERIFY_PARTNER_MAX; i++)
		v[i] = ask("1");
	ask("2");
	assert_int_equal(told.done, 0);
	rig_turn(&rig);
	assert_int_equal(told.done, 1);
	assert_int_equal(told.last, VERIFY_ERROR);
	assert_int_equal(told.cond, STANZA_RESOURCE_CONSTRAINT);
	/* There is room again; those that were given up are not told. */
	for (size_t i = 0; i < VERIFY_PARTNER_MAX; i++)
		verify_cancel(v[i]);
	verify_cancel(NULL);
	ask("3");
	rig_until(&rig, told.done == 2);
	assert_int_equal(told.last, VERIFY_INVALID); /* b says so: it is no key of its own */
}

/*
 * Who fills the places from few addresses loses them to who comes from another: the oldest of the
 * address with most is told that there is no room.
 */
static void places_are_shared_by_address(void **state)
{
	struct verify *v[VERIFY_PARTNER_MAX], *late[2];

	told.done = 0;
	settings("NotSupported", "NotSupported");
	for (size_t i = 0; i < VERIFY_PARTNER_MAX; i++)
		v[i] = ask_from(i < 2 ? "192.0.2.2" : "192.0.2.1", "1");
	late[0] = ask_from("2001:db8::1", "2");
	late[1] = ask_from("2001:db8::2", "3"); /* of the same /64 */
	assert_int_equal(told.done, 0);
	rig_turn(&rig);
	assert_int_equal(told.done, 2); /* v[2] and v[3] are gone */
	assert_int_equal(told.cond, STANZA_RESOURCE_CONSTRAINT);
	for (size_t i = 0; i < VERIFY_PARTNER_MAX; i++)
		if (i != 2 && i != 3)
			verify_cancel(v[i]);
	verify_cancel(late[0]);
	verify_cancel(late[1]);
	rig_turns(&rig, 3);
	assert_int_equal(told.done, 2);
}

/*
 * Its domain becomes another partner's while a question is on a stream to it: the question fails
 * with the stream, and is not left on a connection that the new partner's questions have.
 */
static void the_domain_gets_another_partner(void **state)
{
	struct side_partner p = {.domain = "new.lab",
		.more_domains = "xmpp.lab",
		.tls = "NotSupported",
		.sasl = "NotSupported",
		.dialback = "true"};

	told.done = 0;
	settings("NotSupported", "NotSupported");
	side_send(&a, "xmpp.lab", 1, 5000);
	rig_until(&rig, a.n_fates == 1);
	ask("1");
	side_settings(&a, &p);
	rig_turns(&rig, 30);
	assert_int_equal(told.done, 1);
	assert_int_equal(told.last, VERIFY_ERROR);
	rig_pass(&rig, 31000); /* it had a time-out */
	assert_int_equal(told.done, 1);
}

/* Settings give a connection that only verifies no time of its own. */
static void settings_do_not_end_a_connection_in_use(void **state)
{
	struct side_partner p = {.domain = "xmpp.lab",
		.tls = "NotSupported",
		.sasl = "NotSupported",
		.dialback = "true",
		.establishment = "1"};

	told.done = 0;
	settings("NotSupported", "NotSupported");
	p.port = side_port(&b);
	ask("1");
	rig_until(&rig, told.done == 1);
	rig_pass(&rig, 1500);
	side_settings(&a, &p);
	ask("2");
	rig_until(&rig, told.done == 2);
	assert_int_equal(told.last, VERIFY_INVALID);
	assert_int_equal(told.cond, STANZA_OK);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(in_clear),
		T(inside_tls),
		T(tls_is_used_when_it_can_be),
		T(so_many_of_a_partner),
		T(places_are_shared_by_address),
		T(the_domain_gets_another_partner),
		T(settings_do_not_end_a_connection_in_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
