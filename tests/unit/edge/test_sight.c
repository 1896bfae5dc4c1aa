#include "unit.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "edge/edge_priv.h"
#include "rig.h"
#include "view/ask.h"

/* What the administrator is told, asked as from another thread. a sends, b receives. */
static struct rig rig;
static struct side a, b;
static struct view_ask ask;
static bool answered;

static int setup(void **state)
{
	rig_init(&rig);
	side_init(&a, &rig, &(struct side_options){.domain = "sip.lab"});
	side_init(&b, &rig, &(struct side_options){.domain = "xmpp.lab"});
	side_settings(&a, &(struct side_partner){.domain = "xmpp.lab", .port = side_port(&b)});
	side_settings(&b, &(struct side_partner){.domain = "sip.lab", .port = side_port(&a)});
	return 0;
}

static int teardown(void **state)
{
	view_ask_done(&ask);
	side_done(&a);
	side_done(&b);
	rig_done(&rig);
	return 0;
}

static void on_answer(struct view_ask *q)
{
	assert_ptr_equal(q, &ask);
	answered = true;
}

static bool asked(struct side *s, enum view_what what, const char *key, uint64_t since)
{
	view_ask_done(&ask);
	ask = (struct view_ask){
		.what = what, .key = slice_of(key), .since = since, .done = on_answer};
	answered = false;
	edge_ask(s->edge, rig.loop, &ask);
	assert_false(answered); /* never before it has returned */
	rig_until(&rig, answered);
	return ask.found;
}

static const struct view_partner *partner(struct side *s)
{
	assert_true(asked(s, VIEW_ASK_PARTNERS, s == &a ? "xmpp.lab" : "sip.lab", 0));
	assert_int_equal(ask.partners->n, 1);
	return ask.partners->v;
}

static void send_one(uint64_t id)
{
	side_send(&a, "xmpp.lab", id, 5000);
	rig_until(&rig, a.n_fates >= id && b.n_ups >= id);
}

/* ---- streams ---- */

static void a_stream_is_shown_with_its_pair_and_certificate(void **state)
{
	const struct view_stream *s;

	send_one(1);
	assert_true(asked(&a, VIEW_ASK_STREAMS, NULL, 0));
	assert_int_equal(ask.streams->n, 1);
	s = ask.streams->v;
	assert_int_equal(s->state, VIEW_UP);
	assert_int_equal(s->stanzas_out, 1);
	assert_true(s->stanza_ms > 0 && s->expires > 0);
	assert_int_equal(s->n_pairs, 1);
	assert_string_equal(s->pairs[0].method, "sasl-over-tls");
	assert_true(slice_eqz(s->pairs[0].local, "sip.lab"));
	assert_true(slice_eqz(s->pairs[0].remote, "xmpp.lab"));
	assert_null(s->cert);
	assert_true(asked(&a, VIEW_ASK_STREAM, "o1", 0));
	assert_true(slice_contains(ask.streams->v[0].cert->names, SL("dns:xmpp.lab")));
	assert_int_equal(ask.streams->v[0].cert->fingerprint.n, 64);
	assert_false(asked(&a, VIEW_ASK_STREAM, "o2", 0));
	assert_true(asked(&a, VIEW_ASK_STREAMS, "xmpp.lab", 0));
	assert_int_equal(ask.streams->n, 1);
	assert_false(asked(&a, VIEW_ASK_STREAMS, "other.lab", 0));
}

static void a_stream_is_closed_in_order_and_the_next_message_opens_another(void **state)
{
	send_one(1);
	assert_true(asked(&a, VIEW_ASK_CLOSE, "o1", 0));
	side_send(&a, "xmpp.lab", 2, 5000);
	rig_until(&rig, a.n_fates == 2 && b.n_ups == 2);
	assert_int_equal(side_fate(&a, 1).fate, LINK_WRITTEN);
	assert_int_equal(side_fate(&a, 2).fate, LINK_WRITTEN);
	assert_int_equal(a.n_lost, 0);
	assert_int_equal(side_received(&b, 1), 1);
	assert_int_equal(side_received(&b, 2), 1);
	rig_until(&rig, !asked(&a, VIEW_ASK_STREAM, "o1", 0));
	assert_true(asked(&a, VIEW_ASK_STREAM, "o2", 0));
	assert_false(asked(&a, VIEW_ASK_CLOSE, "o1", 0));
	assert_int_equal(partner(&a)->failures, 0);
}

enum { MANY = 300 }; /* more than one turn shows */

static void dial_many(int fd[MANY])
{
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_port = htons(side_port(&b)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	for (int i = 0; i < MANY; i++) {
		fd[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(connect(fd[i], (struct sockaddr *)&at, sizeof at), 0);
		rig_turn(&rig);
	}
}

static void close_many(int fd[MANY])
{
	for (int i = 0; i < MANY; i++)
		close(fd[i]);
}

/* A list of all is made in several turns; streams may go meanwhile. */
static void many_streams_are_listed_bit_by_bit(void **state)
{
	struct edge_limits limits = {.address_connections = MANY, .connection_rate = 10 * MANY};
	int fd[MANY];

	side_done(&b);
	side_init(&b, &rig, &(struct side_options){.domain = "xmpp.lab", .limits = limits});
	side_settings(&b, &(struct side_partner){.domain = "sip.lab", .port = side_port(&a)});
	dial_many(fd);
	rig_until(&rig, asked(&b, VIEW_ASK_STREAMS, NULL, 0) && ask.streams->n == MANY);
	view_ask_done(&ask);
	answered = false;
	edge_ask(b.edge, rig.loop, &ask);
	rig_turn(&rig);
	assert_false(answered);
	assert_non_null(ask.streams);
	assert_int_equal(ask.streams->n, 256);
	close_many(fd);
	rig_until(&rig, answered);
	assert_true(ask.streams->n >= 256 && ask.streams->n <= MANY);
	rig_until(&rig, asked(&b, VIEW_ASK_STREAMS, NULL, 0) && ask.streams->n == 0);
}

/* ---- changes ---- */

/* All there is to be told since the last time; returns how many rows. */
static size_t changes(struct side *s, uint64_t *since)
{
	assert_true(asked(s, VIEW_ASK_CHANGES, NULL, *since));
	*since = ask.streams->upto;
	assert_false(ask.streams->more || ask.streams->missed);
	return ask.streams->n;
}

static void changes_are_told_once(void **state)
{
	uint64_t since = 0;

	assert_int_equal(changes(&a, &since), 0);
	send_one(1);
	assert_int_equal(changes(&a, &since), 1);
	assert_int_equal(ask.streams->v[0].state, VIEW_UP);
	assert_int_equal(changes(&a, &since), 0);
	assert_true(asked(&a, VIEW_ASK_CLOSE, "o1", 0));
	rig_until(&rig, !asked(&a, VIEW_ASK_STREAM, "o1", 0));
	assert_int_equal(changes(&a, &since), 1);
	assert_int_equal(ask.streams->v[0].state, VIEW_CLOSED);
	assert_true(slice_eqz(ask.streams->v[0].id, "o1"));
	assert_true(slice_eqz(ask.streams->v[0].error, "closed-by-administrator"));
	assert_int_equal(changes(&a, &since), 0);
	/* Who begins to watch later is not told of it. */
	since = 0;
	rig_pass(&rig, 11000);
	assert_int_equal(changes(&a, &since), 0);
}

static void more_than_is_remembered_is_said_to_be_missed(void **state)
{
	uint64_t since = 0;

	send_one(1);
	changes(&a, &since);
	for (unsigned i = 1; i <= 3; i++) {
		char id[16];

		snprintf(id, sizeof id, "o%u", i);
		assert_true(asked(&a, VIEW_ASK_CLOSE, id, 0));
		rig_until(&rig, !asked(&a, VIEW_ASK_STREAM, id, 0));
		send_one(i + 1);
		if (i == 1)
			rig_pass(&rig, 11000); /* nobody asks: what ended is forgotten */
	}
	assert_true(asked(&a, VIEW_ASK_CHANGES, NULL, since));
	assert_true(ask.streams->missed);
}

/* ---- partners ---- */

static void health_goes_with_the_streams(void **state)
{
	assert_int_equal(partner(&a)->health, VIEW_NEVER);
	send_one(1);
	assert_int_equal(partner(&a)->out, VIEW_CONNECTED);
	assert_int_equal(partner(&a)->in, VIEW_NEVER);
	assert_int_equal(partner(&b)->in, VIEW_CONNECTED);
	assert_int_equal(partner(&b)->stanzas_in, 1);
	assert_true(asked(&a, VIEW_ASK_CLOSE, "o1", 0));
	rig_until(&rig, partner(&a)->out == VIEW_IDLE && partner(&b)->in == VIEW_IDLE);
	assert_int_equal(partner(&a)->stanzas_out, 1); /* of the stream that has gone */
	assert_true(partner(&a)->last_out_ms > 0);
	assert_int_equal(partner(&a)->failures, 0);
	side_settings(&a, &(struct side_partner){
				  .domain = "xmpp.lab", .port = side_port(&b), .disabled = true});
	assert_int_equal(partner(&a)->health, VIEW_DISABLED);
	assert_int_equal(partner(&a)->stanzas_out, 1);
	side_settings(&a, &(struct side_partner){.no_partner = true});
	assert_false(asked(&a, VIEW_ASK_PARTNERS, "xmpp.lab", 0));
	side_settings(&a, &(struct side_partner){.domain = "xmpp.lab", .port = side_port(&b)});
	assert_int_equal(partner(&a)->health, VIEW_NEVER); /* it begins anew */
}

static void a_failing_partner_says_why_and_when_it_is_tried_again(void **state)
{
	const struct view_partner *p;
	const struct view_attempt *t;

	side_settings(&a, &(struct side_partner){.domain = "xmpp.lab"}); /* nobody listens */
	side_send(&a, "xmpp.lab", 1, 900);
	rig_until(&rig, partner(&a)->out == VIEW_FAILING);
	p = partner(&a);
	assert_int_equal(p->health, VIEW_FAILING);
	assert_true(slice_eqz(p->last_error, "connect-failed"));
	assert_true(p->failures > 0 && p->last_error_ms > 0 && p->retry_ms > 0);
	assert_true(asked(&a, VIEW_ASK_ATTEMPTS, "xmpp.lab", 0));
	t = ask.attempts->v;
	assert_string_equal(t->outcome, "failed");
	assert_string_equal(t->steps[0].step, "dns");
	assert_string_equal(t->steps[t->n_steps - 1].step, "end");
	assert_string_equal(t->steps[t->n_steps - 1].result, "fail");
	assert_false(asked(&a, VIEW_ASK_ATTEMPTS, "other.lab", 0));
}

/* Its attempts can be seen; it makes the partner no worse, and no more lines than other strangers. */
static void who_only_calls_himself_a_partner_does_not_make_it_fail(void **state)
{
	static const char header[] =
		"<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
		"from='sip.lab' to='xmpp.lab' version='1.0'>";
	struct netaddr to = edge_address(b.edge, 0);
	unsigned before = b.edge->stranger_lines.n;
	int s = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(s, &to.sa, netaddr_len(&to)), 0);
	assert_int_equal(write(s, header, sizeof header - 1), sizeof header - 1);
	rig_until(&rig, asked(&b, VIEW_ASK_ATTEMPTS, "sip.lab", 0) && ask.attempts->n == 1);
	close(s);
	rig_until(&rig, asked(&b, VIEW_ASK_ATTEMPTS, "sip.lab", 0) &&
				strcmp(ask.attempts->v[0].outcome, "failed") == 0);
	assert_int_equal(partner(&b)->in, VIEW_NEVER);
	assert_int_equal(partner(&b)->failures, 0);
	assert_int_equal(b.edge->stranger_lines.n, before + 1);
}

static void attempts_of_both_sides_hold_what_came_before_the_partner_was_known(void **state)
{
	const struct view_attempt *t;

	send_one(1);
	assert_true(asked(&b, VIEW_ASK_ATTEMPTS, "sip.lab", 0));
	assert_int_equal(ask.attempts->n, 1);
	t = ask.attempts->v;
	assert_string_equal(t->outcome, "authenticated");
	assert_string_equal(t->steps[0].step, "connect");
	assert_true(slice_starts(t->steps[0].text, SL("from 127.0.0.1:")));
	assert_true(asked(&a, VIEW_ASK_ATTEMPTS, "xmpp.lab", 0));
	assert_string_equal(ask.attempts->v[0].outcome, "authenticated");
	assert_int_equal(ask.attempts->v[0].dir, VIEW_OUT);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_stream_is_shown_with_its_pair_and_certificate),
		T(a_stream_is_closed_in_order_and_the_next_message_opens_another),
		T(many_streams_are_listed_bit_by_bit),
		T(changes_are_told_once),
		T(more_than_is_remembered_is_said_to_be_missed),
		T(health_goes_with_the_streams),
		T(a_failing_partner_says_why_and_when_it_is_tried_again),
		T(who_only_calls_himself_a_partner_does_not_make_it_fail),
		T(attempts_of_both_sides_hold_what_came_before_the_partner_was_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
