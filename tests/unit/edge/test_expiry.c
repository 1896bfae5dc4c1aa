#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "edge/edge_priv.h"
#include "rig.h"
#include "view/metrics.h"

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

enum { DAY = 86400, LIFE_S = 100 };

/* ---- a clock on the wall that goes on with the loop's, and can be set ---- */

static struct rig rig;
static uint64_t wall_base;
static int64_t skew_ms;

static uint64_t wall(void)
{
	return wall_base + loop_now(rig.loop) + (uint64_t)skew_ms;
}

static struct side a, b;

static void make_side(struct side *s, const char *domain, const struct pki_spec *spec)
{
	struct pki_files files = pki_issue(rig.pki, domain, spec);

	side_init(s, &rig, &(struct side_options){.domain = domain, .cert = &files});
	s->edge->expiry.wall_ms = wall;
}

static void meet(struct side *s, const char *domain, uint16_t port)
{
	side_settings(s, &(struct side_partner){.domain = domain,
				 .port = port,
				 .inactivity = "3600",
				 .keep_alive = "3600"});
}

/* a's certificate as said; b's lives long. A stream from a to b is up. */
static void join(const struct pki_spec *spec_a, const struct pki_spec *spec_b)
{
	make_side(&a, "a.lab", spec_a);
	make_side(&b, "b.lab", spec_b);
	wall_base = clock_wall_ms() - loop_now(rig.loop); /* making keys took its time */
	meet(&a, "b.lab", side_port(&b));
	meet(&b, "a.lab", side_port(&a));
	side_send(&a, "b.lab", 1, 20000);
	rig_until(&rig, side_received(&b, 1) == 1);
}

static const struct pki_spec short_a = {.dns = NAMES("a.lab"), .seconds = LIFE_S};
static const struct pki_spec long_a = {.dns = NAMES("a.lab"), .from_days = -1, .to_days = 90};
static const struct pki_spec short_b = {.dns = NAMES("b.lab"), .seconds = LIFE_S};
static const struct pki_spec long_b = {.dns = NAMES("b.lab"), .from_days = -1, .to_days = 90};

static struct stream *stream_of(const struct side *s)
{
	struct list *it = list_first(&s->edge->streams);

	return it ? container_of(it, struct stream, node) : NULL;
}

/* How a stream ends: kept, since the stream itself goes. */
static const struct stream_hooks *spied;
static struct stream_end seen;

static void on_ended(struct stream *s)
{
	seen = s->end;
	spied->ended(s);
}

static void spy(struct stream *s)
{
	static struct stream_hooks hooks;

	spied = s->hooks;
	hooks = *s->hooks;
	hooks.ended = on_ended;
	s->hooks = &hooks;
	seen = (struct stream_end){0};
}

static int64_t expired(void)
{
	return metric_get(M_STREAMS_CERT_EXPIRED);
}

static int start(void **state)
{
	rig_init(&rig);
	wall_base = clock_wall_ms() - loop_now(rig.loop);
	skew_ms = 0;
	return 0;
}

static int stop(void **state)
{
	side_done(&a);
	side_done(&b);
	rig_done(&rig);
	return 0;
}

/* ---- the end of a certificate ends the stream it authenticated ---- */

static void the_acceptor_ends_it_with_reset(void **state)
{
	int64_t before = expired();

	join(&short_a, &long_b);
	rig_pass(&rig, (LIFE_S - 10) * 1000);
	assert_int_equal(expired(), before);
	assert_non_null(stream_of(&b));
	rig_pass(&rig, 12000);
	assert_int_equal(expired(), before + 1);
	rig_until(&rig, !stream_of(&a) && !stream_of(&b));
}

static void the_peer_is_told_why(void **state)
{
	join(&short_a, &long_b);
	spy(stream_of(&a));
	rig_pass(&rig, (LIFE_S + 2) * 1000);
	rig_until(&rig, !stream_of(&a));
	assert_int_equal(seen.cond, STREAM_RESET);
	assert_string_equal(seen.text, "your certificate, or one above it, has expired");
}

static void the_initiator_ends_it_too(void **state)
{
	int64_t before = expired();

	join(&long_a, &short_b);
	rig_pass(&rig, (LIFE_S - 10) * 1000);
	assert_int_equal(expired(), before);
	rig_pass(&rig, 12000);
	assert_int_equal(expired(), before + 1);
	rig_until(&rig, !stream_of(&a));
}

/* Dialback does not go by the certificate, so its end is nothing to such a stream. */
static void who_was_not_authenticated_by_it_stays(void **state)
{
	int64_t before = expired();

	join(&short_a, &long_b);
	stream_of(&b)->cert_due_ms = 0; /* as if expiry_watch() had not been called */
	rig_pass(&rig, (LIFE_S + 20) * 1000);
	assert_int_equal(expired(), before);
	assert_true(stream_of(&b)->authenticated);
}

/* ---- steps of the wall clock ---- */

static void a_step_forward_ends_nothing(void **state)
{
	int64_t before = expired();

	join(&short_a, &long_b);
	skew_ms = INT64_C(400) * DAY * 1000;
	rig_pass(&rig, (LIFE_S - 10) * 1000);
	assert_int_equal(expired(), before);
	assert_true(stream_of(&a)->authenticated);
	assert_true(stream_of(&b)->authenticated);
	rig_pass(&rig, 12000);
	assert_int_equal(expired(), before + 1); /* what was left when it began is over */
}

static void a_step_back_makes_it_last_as_long(void **state)
{
	int64_t before = expired();

	join(&short_a, &long_b);
	skew_ms = -60000;
	rig_pass(&rig, (LIFE_S + 50) * 1000);
	assert_int_equal(expired(), before);
	rig_pass(&rig, 12000);
	assert_int_equal(expired(), before + 1);
}

/* ---- revoked meanwhile (point 58) ---- */

static void trust_anew(struct side *s, const char *trust, const char *crl)
{
	const char *crls[] = {crl};
	struct tls_files f = {.trust = trust, .crls = crls, .n_crls = crl ? 1 : 0};
	struct tls_set *set;
	struct err e;

	if (tls_set_load_files(&set, &f, &e) < 0)
		fail_msg("%s", e.text);
	edge_set_tls(s->edge, set);
	tls_set_unref(set);
}

static void who_is_revoked_now_is_closed(void **state)
{
	int64_t before = metric_get(M_STREAMS_CERT_REVOKED);
	char nobody[128], her[128];

	join(&long_a, &long_b);
	pki_crl(rig.pki, "nobody", &(struct pki_crl){0}, nobody);
	pki_crl(rig.pki, "her",
		&(struct pki_crl){.revoked = conn_tls_info(stream_of(&b)->conn)->peer}, her);
	trust_anew(&b, pki_trust(rig.pki), nobody);
	rig_turns(&rig, 20);
	assert_true(stream_of(&b)->authenticated);
	assert_int_equal(metric_get(M_STREAMS_CERT_REVOKED), before);
	spy(stream_of(&a));
	trust_anew(&b, pki_trust(rig.pki), her);
	assert_int_equal(metric_get(M_STREAMS_CERT_REVOKED), before + 1);
	rig_until(&rig, !stream_of(&a));
	assert_int_equal(seen.cond, STREAM_RESET);
	assert_string_equal(seen.text, "your certificate, or one above it, has been revoked");
}

/* A mistake in the file of authorities ends no stream; new ones are judged by it. */
static void who_is_no_longer_trusted_stays(void **state)
{
	struct pki *other = pki_new();

	join(&long_a, &long_b);
	trust_anew(&b, pki_trust(other), NULL);
	rig_turns(&rig, 20);
	assert_true(stream_of(&b)->authenticated);
	side_send(&a, "b.lab", 2, 20000);
	rig_until(&rig, side_received(&b, 2) == 1);
	pki_free(other);
}

/* ---- telling in time ---- */

static void how_near(void **state)
{
	static const struct {
		int64_t left;
		unsigned near;
	} cases[] = {
		{31 * DAY, 0},
		{30 * DAY + 1, 0},
		{30 * DAY, 30},
		{14 * DAY + 1, 30},
		{14 * DAY, 14},
		{7 * DAY + 1, 14},
		{7 * DAY, 7},
		{DAY + 1, 7},
		{DAY, 1},
		{0, 1},
		{-5 * DAY, 1},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(expiry_near(1000 + cases[i].left, 1000), cases[i].near);
}

/* How many lines there were about our own (a) and partners' certificates since. */
static int64_t own_lines(int64_t before)
{
	return metric_get(M_CERT_WARNINGS_OWN) - before;
}

static void an_hour(void)
{
	loop_fake_advance(rig.loop, 3600 * 1000);
}

static void own_certificates_are_told_of_once_a_step(void **state)
{
	static const struct {
		int day, lines;
	} days[] = {{9, 0}, {10, 1}, {11, 1}, {25, 1}, {26, 2}, {32, 2}, {33, 3}, {38, 3}, {39, 4},
		{40, 4}};
	int64_t before = metric_get(M_CERT_WARNINGS_OWN);

	make_side(&a, "a.lab",
		&(struct pki_spec){.dns = NAMES("a.lab"), .from_days = -1, .to_days = 40});
	make_side(&b, "b.lab", &long_b);
	an_hour();
	assert_int_equal(own_lines(before), 0);
	assert_true(metric_get(M_CERT_END) > 0);
	for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
		skew_ms = INT64_C(1000) * DAY * days[i].day;
		an_hour();
		an_hour();
		assert_int_equal(own_lines(before), days[i].lines);
	}
}

/* After a start with five days left there is one line, not three. */
static void late_it_is_told_once(void **state)
{
	int64_t before = metric_get(M_CERT_WARNINGS_OWN);

	make_side(&a, "a.lab",
		&(struct pki_spec){.dns = NAMES("a.lab"), .from_days = -1, .to_days = 5});
	make_side(&b, "b.lab", &long_b);
	an_hour();
	an_hour();
	assert_int_equal(own_lines(before), 1);
	/* The same certificate read again is no news. */
	edge_set_tls(a.edge, a.tls);
	an_hour();
	assert_int_equal(own_lines(before), 1);
}

static void a_partner_s_certificate_is_told_of_once(void **state)
{
	int64_t before = metric_get(M_CERT_WARNINGS_PARTNER);
	struct pki_spec soon = {.dns = NAMES("a.lab"), .from_days = -1, .to_days = 10};

	join(&soon, &long_b);
	assert_int_equal(metric_get(M_CERT_WARNINGS_PARTNER), before + 1);
	stream_abort(stream_of(&a), "test");
	rig_until(&rig, !stream_of(&b));
	side_send(&a, "b.lab", 2, 20000);
	rig_until(&rig, side_received(&b, 2) == 1);
	assert_int_equal(metric_get(M_CERT_WARNINGS_PARTNER), before + 1);
	skew_ms = INT64_C(1000) * DAY * 4; /* a week is left */
	loop_timer_in(&b.edge->expiry.look_timer, 0);
	rig_turns(&rig, 3);
	assert_int_equal(metric_get(M_CERT_WARNINGS_PARTNER), before + 2);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)
	const struct CMUnitTest tests[] = {
		T(the_acceptor_ends_it_with_reset),
		T(the_peer_is_told_why),
		T(the_initiator_ends_it_too),
		T(who_was_not_authenticated_by_it_stays),
		T(a_step_forward_ends_nothing),
		T(a_step_back_makes_it_last_as_long),
		T(who_is_revoked_now_is_closed),
		T(who_is_no_longer_trusted_stays),
		cmocka_unit_test(how_near),
		T(own_certificates_are_told_of_once_a_step),
		T(late_it_is_told_once),
		T(a_partner_s_certificate_is_told_of_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
