#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "link/link.h"
#include "loop/loop.h"

/* Both ends on one loop; each end keeps what it was given. */
struct ends {
	struct loop *loop;
	struct link *link;
	struct link_down *sent[8], *fates[8];
	struct link_up *ups[8];
	uint64_t lost[8];
	unsigned n_sent, n_fates, n_ups, n_lost, n_credits;
	char order[32];
};

static void on_send(void *arg, struct link_down *d)
{
	struct ends *e = arg;

	e->sent[e->n_sent++] = d;
}

static void on_credit(void *arg)
{
	((struct ends *)arg)->n_credits++;
}

static void on_fate(void *arg, struct link_down *d)
{
	struct ends *e = arg;

	strcat(e->order, "f");
	e->fates[e->n_fates++] = d;
}

static void on_lost(void *arg, enum link_reason reason, const uint64_t *ids, size_t n)
{
	struct ends *e = arg;

	assert_int_equal(reason, LINK_R_STREAM_LOST);
	strcat(e->order, "l");
	for (size_t i = 0; i < n; i++)
		e->lost[e->n_lost++] = ids[i];
}

static void on_stanza(void *arg, struct link_up *up)
{
	struct ends *e = arg;

	strcat(e->order, "s");
	e->ups[e->n_ups++] = up;
}

static const struct link_edge_ops edge_ops = {on_send, on_credit};
static const struct link_gateway_ops gateway_ops = {on_fate, on_lost, on_stanza};

static void setup(struct ends *e, unsigned down, unsigned up)
{
	*e = (struct ends){0};
	e->loop = loop_new("t");
	e->link = link_local_new((struct link_limits){down, up});
	link_local_edge(e->link, e->loop, &edge_ops, e);
	link_local_gateway(e->link, e->loop, &gateway_ops, e);
}

static void teardown(struct ends *e)
{
	link_local_free(e->link);
	loop_free(e->loop);
}

static struct link_down *stanza(uint64_t fate_id)
{
	struct link_down *d = link_down_new(SL("sip.lab"), SL("xmpp.lab"), SL("<message/>"));

	d->fate_id = fate_id;
	d->deadline_ms = 1000;
	return d;
}

static void carries_a_stanza_and_its_fate(void **state)
{
	struct ends e;
	struct link_down *d;

	setup(&e, 2, 2);
	assert_true(link_send(e.link, stanza(7)));
	assert_int_equal(e.n_sent, 0); /* never before link_send() has returned */
	loop_turn(e.loop, true);
	assert_int_equal(e.n_sent, 1);
	d = e.sent[0];
	assert_true(slice_eqz(d->from_domain, "sip.lab"));
	assert_true(slice_eqz(d->to_domain, "xmpp.lab"));
	assert_true(slice_eqz(d->xml, "<message/>"));
	d->fate = LINK_UNSENT;
	d->reason = LINK_R_BACK_OFF;
	link_fate(e.link, d);
	assert_int_equal(e.n_fates, 0);
	loop_turn(e.loop, true);
	assert_int_equal(e.n_fates, 1);
	assert_int_equal(e.fates[0]->fate_id, 7);
	assert_int_equal(e.fates[0]->fate, LINK_UNSENT);
	assert_int_equal(e.fates[0]->reason, LINK_R_BACK_OFF);
	link_down_free(e.fates[0]);
	teardown(&e);
}

static void refuses_when_credits_are_used_up(void **state)
{
	struct ends e;
	struct link_down *d = stanza(3);

	setup(&e, 2, 2);
	assert_true(link_send(e.link, stanza(1)));
	assert_true(link_send(e.link, stanza(0)));
	assert_false(link_send(e.link, d));
	assert_int_equal(d->fate, LINK_UNSENT);
	assert_int_equal(d->reason, LINK_R_QUEUE_FULL);
	loop_turn(e.loop, true);
	assert_int_equal(e.n_sent, 2);
	/* One that nobody asks about gives its credit back when it is done. */
	link_fate(e.link, e.sent[1]);
	assert_true(link_send(e.link, d));
	/* The others hold theirs until the gateway has been told. */
	link_fate(e.link, e.sent[0]);
	d = stanza(4);
	assert_false(link_send(e.link, d));
	loop_turn(e.loop, true);
	assert_int_equal(e.n_fates, 1);
	assert_true(link_send(e.link, d));
	link_down_free(e.fates[0]);
	loop_turn(e.loop, true);
	link_down_free(e.sent[2]);
	link_down_free(e.sent[3]);
	teardown(&e);
}

static struct link_up *credit_and_up(struct ends *e, struct link_share *s)
{
	if (!link_credit(e->link, s))
		return NULL;
	return link_up_new(s);
}

static void up_needs_a_credit_and_gives_it_back(void **state)
{
	struct ends e;
	struct link_share *a = link_share_new(2), *b = link_share_new(5);

	setup(&e, 1, 3);
	link_deliver(e.link, credit_and_up(&e, a));
	link_deliver(e.link, credit_and_up(&e, a));
	assert_null(credit_and_up(&e, a)); /* its share is used up */
	link_deliver(e.link, credit_and_up(&e, b));
	assert_null(credit_and_up(&e, b)); /* all are */
	loop_turn(e.loop, true);
	assert_int_equal(e.n_ups, 3);
	assert_int_equal(e.n_credits, 0);
	link_up_done(e.link, e.ups[0]);
	link_up_done(e.link, e.ups[1]);
	link_up_done(e.link, e.ups[2]);
	loop_turn(e.loop, true);
	assert_int_equal(e.n_credits, 1); /* told once */
	link_deliver(e.link, credit_and_up(&e, a));
	link_share_unref(a); /* the stanza that is out keeps it */
	link_share_unref(b);
	teardown(&e);
}

static void nobody_is_told_of_credits_who_was_not_refused(void **state)
{
	struct ends e;
	struct link_share *a = link_share_new(2);

	setup(&e, 1, 3);
	link_deliver(e.link, credit_and_up(&e, a));
	loop_turn(e.loop, true);
	link_up_done(e.link, e.ups[0]);
	loop_turn(e.loop, false);
	assert_int_equal(e.n_credits, 0);
	link_share_unref(a);
	teardown(&e);
}

static void fates_losses_and_stanzas_keep_their_order(void **state)
{
	struct ends e;
	struct link_share *a = link_share_new(9);
	struct link_lost *lost = link_lost_new(LINK_R_STREAM_LOST, 2);

	setup(&e, 2, 9);
	assert_true(link_send(e.link, stanza(11)));
	loop_turn(e.loop, true);
	e.sent[0]->fate = LINK_WRITTEN;
	link_fate(e.link, e.sent[0]);
	link_deliver(e.link, credit_and_up(&e, a));
	lost->fate_ids[0] = 11;
	lost->fate_ids[1] = 12;
	link_lost(e.link, lost);
	loop_turn(e.loop, true);
	assert_string_equal(e.order, "fsl");
	assert_int_equal(e.n_lost, 2);
	assert_int_equal(e.lost[1], 12);
	link_down_free(e.fates[0]);
	link_up_done(e.link, e.ups[0]);
	link_share_unref(a);
	teardown(&e);
}

static void what_is_on_its_way_at_the_end_is_dropped(void **state)
{
	struct ends e;
	struct link_share *a = link_share_new(9);

	setup(&e, 9, 9);
	assert_true(link_send(e.link, stanza(1)));
	assert_true(link_send(e.link, stanza(2)));
	loop_turn(e.loop, true);
	link_fate(e.link, e.sent[0]);
	link_fate(e.link, e.sent[1]);
	assert_true(link_send(e.link, stanza(3)));
	link_deliver(e.link, credit_and_up(&e, a));
	link_lost(e.link, link_lost_new(LINK_R_STREAM_LOST, 1));
	link_share_unref(a);
	teardown(&e); /* AddressSanitizer sees what is left */
	assert_int_equal(e.n_fates + e.n_ups + e.n_lost, 0);
}

static void what_comes_down_to_no_edge_is_unsent(void **state)
{
	struct ends e;

	setup(&e, 9, 9);
	assert_true(link_send(e.link, stanza(1)));
	link_local_edge_gone(e.link);
	loop_turn(e.loop, true);
	loop_turn(e.loop, false);
	assert_int_equal(e.n_sent, 0);
	assert_int_equal(e.n_fates, 1);
	assert_int_equal(e.fates[0]->fate, LINK_UNSENT);
	assert_int_equal(e.fates[0]->reason, LINK_R_SHUTDOWN);
	link_down_free(e.fates[0]);
	teardown(&e);
}

static void every_reason_has_a_name_a_condition_and_a_text(void **state)
{
	for (enum link_reason r = 0; r < LINK_R__N; r++) {
		assert_true(strlen(link_reason_name(r)) > 0);
		assert_true(strlen(link_reason_condition(r)) > 0);
		assert_true(strlen(link_reason_text(r)) > 0);
	}
	assert_string_equal(link_reason_name(LINK_R_AUTH_FAILED), "auth-failed");
	assert_string_equal(
		link_reason_condition(LINK_R_NO_SUCH_SERVER), "remote-server-not-found");
	assert_string_equal(link_reason_condition(LINK_R_CONNECT_FAILED), "remote-server-timeout");
	assert_string_equal(link_reason_condition(LINK_R_QUEUE_FULL), "resource-constraint");
	assert_string_equal(link_fate_name(LINK_WRITTEN), "written");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carries_a_stanza_and_its_fate),
		cmocka_unit_test(refuses_when_credits_are_used_up),
		cmocka_unit_test(up_needs_a_credit_and_gives_it_back),
		cmocka_unit_test(nobody_is_told_of_credits_who_was_not_refused),
		cmocka_unit_test(fates_losses_and_stanzas_keep_their_order),
		cmocka_unit_test(what_comes_down_to_no_edge_is_unsent),
		cmocka_unit_test(what_is_on_its_way_at_the_end_is_dropped),
		cmocka_unit_test(every_reason_has_a_name_a_condition_and_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
