#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "edge/keepalive.h"
#include "rig.h"
#include "view/metrics.h"

/* ---- the decision ---- */

enum { T0 = 1000000, INTERVAL = 300000, INACTIVE = 3600000 };

struct row {
	const char *what;
	int heard, sent, stanza, pinged; /* ms before now; pinged -1: never */
	bool off;
	enum keepalive_step step;
	int next; /* ms from now, with WAIT */
};

/* clang-format off */
static const struct row rows[] = {
	{"just now",                  0, 0, 0, -1,                     false, KEEPALIVE_WAIT, INTERVAL},
	{"silent, not long enough",   INTERVAL - 1, 0, 0, -1,          false, KEEPALIVE_WAIT, 1},
	{"silent for the interval",   INTERVAL, 0, 0, -1,              false, KEEPALIVE_PING, 0},
	{"the same, switched off",    INTERVAL, 0, 0, -1,              true,  KEEPALIVE_WAIT, INTERVAL},
	{"asked, not answered yet",   INTERVAL, 0, 0, 29999,           false, KEEPALIVE_WAIT, 1},
	{"asked, never answered",     INTERVAL, 0, 0, 30000,           false, KEEPALIVE_DEAD, 0},
	{"asked, then switched off",  INTERVAL, 0, 0, 30000,           true,  KEEPALIVE_WAIT, INTERVAL},
	{"asked and answered",        29999, 0, 0, 30000,              false, KEEPALIVE_WAIT, INTERVAL - 29999},
	{"answered at once",          30000, 0, 0, 30000,              false, KEEPALIVE_WAIT, INTERVAL - 30000},
	{"answered long ago",         INTERVAL, 0, 0, INTERVAL + 5,    false, KEEPALIVE_PING, 0},
	{"nothing sent",              0, INTERVAL, 0, -1,              false, KEEPALIVE_SPACE, 0},
	{"nothing sent, off",         INACTIVE, INTERVAL, 0, -1,       true,  KEEPALIVE_SPACE, 0},
	{"a ping does for white space", INTERVAL, INTERVAL, 0, -1,     false, KEEPALIVE_PING, 0},
	{"no stanza",                 0, 0, INACTIVE, -1,              false, KEEPALIVE_INACTIVE, 0},
	{"no stanza, off",            0, 0, INACTIVE, -1,              true,  KEEPALIVE_INACTIVE, 0},
	{"no stanza, nearly",         0, 0, INACTIVE - 1, -1,          false, KEEPALIVE_WAIT, 1},
	{"dead and inactive",         INACTIVE, 0, INACTIVE, 30000,    false, KEEPALIVE_INACTIVE, 0},
};
/* clang-format on */

static void what_is_to_be_done(void **state)
{
	const uint64_t now = T0 + INACTIVE * 2;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *r = &rows[i];
		struct keepalive k = {
			.heard_ms = now - (unsigned)r->heard,
			.sent_ms = now - (unsigned)r->sent,
			.stanza_ms = now - (unsigned)r->stanza,
			.pinged_ms = r->pinged < 0 ? 0 : now - (unsigned)r->pinged,
			.interval_ms = INTERVAL,
			.inactivity_ms = INACTIVE,
			.pings = !r->off,
		};
		uint64_t next = 0;
		enum keepalive_step step = keepalive_judge(&k, now, &next);

		if (step != r->step || (step == KEEPALIVE_WAIT && next != now + (unsigned)r->next))
			fail_msg("%s: step %d, next %lld", r->what, step,
				(long long)(next - now));
	}
}

/* ---- two edges, each the other's partner ---- */

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

static void settings(struct side *s, struct side *other, const char *keep_alive,
	const char *inactivity, bool no_pings)
{
	side_settings(s, &(struct side_partner){
				 .domain = other->domain,
				 .port = side_port(other),
				 .keep_alive = keep_alive,
				 .inactivity = inactivity,
				 .no_pings = no_pings,
			 });
}

static size_t streams(struct side *s, bool inbound)
{
	struct view_streams *v = edge_view(s->edge);
	size_t n = 0;

	for (size_t i = 0; i < v->n; i++)
		n += v->v[i].dir == (inbound ? VIEW_IN : VIEW_OUT) && v->v[i].state != VIEW_WAITING;
	view_streams_free(v);
	return n;
}

/* A stream from a to b; the gateway of b answers pings as the real one does. */
static void connect_them(void)
{
	side_send(&a, "xmpp.lab", 1, 5000);
	rig_until(&rig, a.n_fates == 1 && b.n_ups == 1);
}

/* Answers the pings that have come up since. */
static unsigned answer_pings(struct side *s, size_t *seen)
{
	unsigned n = 0;

	for (; *seen < s->n_ups; ++*seen) {
		const char *id = strstr(s->ups[*seen], "id='"), *end;
		char xml[256];

		if (!strstr(s->ups[*seen], "urn:xmpp:ping") || !id)
			continue;
		end = strchr(id + 4, '\'');
		snprintf(xml, sizeof xml, "<iq type='result' from='%s' to='%s' %.*s'/>", s->domain,
			s == &a ? "xmpp.lab" : "sip.lab", (int)(end - id), id);
		side_send_quiet(s, s == &a ? "xmpp.lab" : "sip.lab", xml);
		n++;
	}
	return n;
}

static unsigned pass_and_answer(unsigned seconds)
{
	size_t seen_a = 0, seen_b = 0;
	unsigned n = 0;

	for (unsigned i = 0; i < seconds * 2; i++) {
		rig_pass(&rig, 500);
		n += answer_pings(&a, &seen_a) + answer_pings(&b, &seen_b);
	}
	return n;
}

static void answered_pings_keep_both_open(void **state)
{
	settings(&a, &b, "10", NULL, false);
	settings(&b, &a, "10", NULL, false);
	connect_them();
	assert_true(pass_and_answer(120) >= 5);
	assert_int_equal(streams(&a, false), 1);
	assert_int_equal(streams(&b, true), 1);
	/* b had to open its own to answer. */
	assert_int_equal(streams(&b, false), 1);
	for (size_t i = 0; i < a.n_ups; i++)
		assert_null(strstr(a.ups[i], "type='result'"));
	for (size_t i = 0; i < b.n_ups; i++)
		assert_null(strstr(b.ups[i], "type='result'"));
}

/* b reads and says nothing, not even white space: its gateway answers no ping. */
static void no_answer_ends_the_stream(void **state)
{
	settings(&a, &b, "10", NULL, false);
	settings(&b, &a, "300", NULL, true);
	connect_them();
	rig_pass(&rig, 39000);
	assert_int_equal(streams(&a, false), 1);
	rig_pass(&rig, 3000);
	assert_int_equal(streams(&a, false), 0);
	side_send(&a, "xmpp.lab", 2, 5000);
	rig_until(&rig, a.n_fates == 2 && side_received(&b, 2) == 1);
}

static void switched_off_silence_is_no_fault(void **state)
{
	settings(&a, &b, "10", NULL, true);
	settings(&b, &a, "10", NULL, true);
	connect_them();
	rig_pass(&rig, 200000);
	assert_int_equal(streams(&a, false), 1);
	assert_int_equal(b.n_ups, 1);
}

/* Traffic the other way on the pair's inbound stream shows that the partner lives. */
static void the_other_direction_counts(void **state)
{
	settings(&a, &b, "10", NULL, false);
	settings(&b, &a, "10", NULL, true);
	connect_them();
	for (uint64_t i = 0; i < 20; i++) {
		side_send(&b, "sip.lab", 100 + i, 5000);
		rig_pass(&rig, 5000);
	}
	assert_int_equal(streams(&a, false), 1);
	assert_int_equal(a.n_ups, 20);
	assert_int_equal(b.n_ups, 1); /* no ping was needed */
}

/* b's stream to a falls silent: a asks by a stream it opens for it, and closes the silent one. */
static void a_silent_inbound_stream_is_asked_and_closed(void **state)
{
	settings(&a, &b, "10", NULL, false);
	settings(&b, &a, "300", NULL, true);
	side_send(&b, "sip.lab", 1, 5000);
	rig_until(&rig, b.n_fates == 1 && a.n_ups == 1);
	rig_pass(&rig, 9000);
	assert_int_equal(b.n_ups, 0);
	rig_pass(&rig, 3000);
	assert_int_equal(b.n_ups, 1);
	assert_non_null(strstr(b.ups[0], "urn:xmpp:ping"));
	rig_pass(&rig, 31000);
	assert_int_equal(streams(&a, true), 0);
	assert_int_equal(b.n_lost, 0);
	side_send(&b, "sip.lab", 2, 5000);
	rig_until(&rig, b.n_fates == 2 && side_received(&a, 2) == 1);
}

static void pings_keep_no_stream_from_being_inactive(void **state)
{
	settings(&a, &b, "10", "60", false);
	settings(&b, &a, "10", "60", false);
	connect_them();
	assert_true(pass_and_answer(58) >= 3);
	assert_int_equal(streams(&a, false), 1);
	pass_and_answer(25); /* b's own was opened later, for the first answer */
	assert_int_equal(streams(&a, false) + streams(&a, true), 0);
	assert_int_equal(streams(&b, false) + streams(&b, true), 0);
	assert_int_equal(a.n_lost + b.n_lost, 0);
}

/* b, which asks nobody, is asked every 10 s, and closes for want of stanzas all the same. */
static void nor_do_those_of_the_partner(void **state)
{
	settings(&a, &b, "10", "600", false);
	settings(&b, &a, "300", "60", true);
	connect_them();
	assert_true(pass_and_answer(58) >= 2);
	assert_int_equal(streams(&b, true), 1);
	pass_and_answer(25);
	assert_int_equal(streams(&b, false) + streams(&b, true), 0);
}

/* ---- settings on running streams ---- */

static void a_shorter_inactivity_is_in_force_at_once(void **state)
{
	settings(&a, &b, "300", "3600", true);
	settings(&b, &a, "300", "3600", true);
	connect_them();
	rig_pass(&rig, 100000);
	assert_int_equal(streams(&a, false), 1);
	settings(&a, &b, "300", "60", true);
	rig_pass(&rig, 500);
	assert_int_equal(streams(&a, false), 0);
	assert_int_equal(a.n_lost, 0);
}

static void a_longer_inactivity_is_in_force_at_once(void **state)
{
	settings(&a, &b, "300", "60", true);
	settings(&b, &a, "300", "3600", true);
	connect_them();
	rig_pass(&rig, 50000);
	settings(&a, &b, "300", "3600", true);
	rig_pass(&rig, 100000);
	assert_int_equal(streams(&a, false), 1);
}

static void pings_may_be_switched_on_and_off(void **state)
{
	settings(&a, &b, "10", NULL, true);
	settings(&b, &a, "300", NULL, true);
	connect_them();
	rig_pass(&rig, 60000);
	assert_int_equal(b.n_ups, 1);
	settings(&a, &b, "10", NULL, false);
	rig_pass(&rig, 1000);
	assert_int_equal(b.n_ups, 2);
	settings(&a, &b, "10", NULL, true); /* the ping that is under way is forgiven */
	rig_pass(&rig, 60000);
	assert_int_equal(streams(&a, false), 1);
}

static void a_shorter_establishment_time_ends_attempts_under_way(void **state)
{
	uint16_t port;
	int fd = rig_silent(&port);
	int64_t failed;

	side_settings(&a, &(struct side_partner){
				  .domain = "xmpp.lab", .port = port, .establishment = "60"});
	side_send(&a, "xmpp.lab", 1, 100000);
	rig_pass(&rig, 20000);
	failed = metric_get(M_STREAMS_OUT_FAILED);
	assert_int_equal(streams(&a, false), 1);
	side_settings(&a, &(struct side_partner){
				  .domain = "xmpp.lab", .port = port, .establishment = "10"});
	rig_pass(&rig, 4000); /* with the time to close */
	assert_int_equal(metric_get(M_STREAMS_OUT_FAILED), failed + 1);
	close(fd);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_to_be_done),
		T(answered_pings_keep_both_open),
		T(no_answer_ends_the_stream),
		T(switched_off_silence_is_no_fault),
		T(the_other_direction_counts),
		T(a_silent_inbound_stream_is_asked_and_closed),
		T(pings_keep_no_stream_from_being_inactive),
		T(nor_do_those_of_the_partner),
		T(a_shorter_inactivity_is_in_force_at_once),
		T(a_longer_inactivity_is_in_force_at_once),
		T(pings_may_be_switched_on_and_off),
		T(a_shorter_establishment_time_ends_attempts_under_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
