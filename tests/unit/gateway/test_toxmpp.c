#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "rig.h"
#include "view/metrics.h"
#include "xmpp/stanza.h"

/* The answer rule from SIP to XMPP (design section 3), on a clock that stands still. */

static struct rig *start(const struct rig_options *o)
{
	struct rig *r = xmalloc(sizeof *r);

	rig_init(r, o ? o : &(struct rig_options){0});
	return r;
}

static void stop(struct rig *r)
{
	rig_done(r);
	free(r);
}

static struct gateway_view view(const struct rig *r)
{
	struct gateway_view v;

	gateway_view(r->g, &v);
	return v;
}

/* The id of the last stanza that went down. */
static char *last_id(struct rig *r)
{
	return arena_dup(&r->arena, xml_attr(rig_xml(r, r->n_xml - 1), SL("id")));
}

#define NS_ERR "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'"

static void error_stanza(
	struct rig *r, const char *from, const char *to, const char *id, const char *inner)
{
	rig_stanza(r, arena_printf(&r->arena,
			      "<message type='error' from='%s' to='%s' id='%s'><error "
			      "type='cancel'>%s</error></message>",
			      from, to, id, inner));
}

static void not_found(struct rig *r, const char *id)
{
	error_stanza(
		r, "juliet@example.com", "romeo@example.net", id, "<item-not-found " NS_ERR "/>");
}

/* Text of the last SIP request that left; NULL: there is none. */
static const struct sip_msg *last_request(const struct rig *r)
{
	for (unsigned i = r->n_sip; i-- > 0;)
		if (r->sip[i].m->request)
			return r->sip[i].m;
	return NULL;
}

static void written_then_200(void **state)
{
	struct rig *r = start(NULL);

	rig_message(r, NULL, NULL, NULL, "hello");
	assert_int_equal(r->n_xml, 1);
	assert_int_equal(r->n_sip, 0);
	assert_int_equal(view(r).pending, 1);
	rig_advance(r, 50);
	rig_fate(r, LINK_WRITTEN, LINK_R_NONE);
	assert_int_equal(view(r).window, 1);
	rig_advance(r, 299);
	assert_int_equal(r->n_sip, 0);
	rig_advance(r, 1);
	assert_int_equal(rig_status(r), 200);
	assert_int_equal(r->n_sip, 1);
	assert_int_equal(r->sip[0].m->body.n, 0);
	assert_int_equal(view(r).pending, 0);
	assert_int_equal(view(r).window, 0);
	assert_int_equal(view(r).late, 1);
	rig_advance(r, 74999);
	assert_int_equal(view(r).late, 1);
	rig_advance(r, 1);
	assert_int_equal(view(r).late, 0);
	assert_int_equal(r->n_sip, 1);
	stop(r);
}

static void no_window_answers_at_once(void **state)
{
	struct rig *r = start(&(struct rig_options){.error_wait = "0"});

	rig_message(r, NULL, NULL, NULL, NULL);
	rig_fate(r, LINK_WRITTEN, LINK_R_NONE);
	assert_int_equal(rig_status(r), 200);
	stop(r);
}

/* An error stanza with our id inside the window is the answer. */
static void error_in_the_window(void **state)
{
	static const struct {
		const char *ruri, *inner;
		unsigned status;
		const char *reason, *contact;
	} rows[] = {
		{"sip:juliet@example.com",      "<item-not-found " NS_ERR "/>",                 604, NULL, NULL                   },
		{"sip:juliet@example.com;gr=b", "<item-not-found " NS_ERR "/>",                 404, NULL, NULL                   },
		{"sip:juliet@example.com",      "<service-unavailable " NS_ERR "/>",            403, NULL, NULL                   },
		{"sip:juliet@example.com",      "<remote-server-timeout " NS_ERR "/>",          504, NULL, NULL                   },
		{"sip:juliet@example.com",      "<not-authorized " NS_ERR "/>",                 403, NULL, NULL                   },
		{"sip:juliet@example.com",
                 "<forbidden " NS_ERR "/><text " NS_ERR ">No,&#13;\nnever</text>",              603,
                 "No, never",									      NULL                   },
		{"sip:juliet@example.com",      "<gone " NS_ERR ">xmpp:new@example.com</gone>", 301,
                 NULL,										     "<sip:new@example.com>"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig *r = start(NULL);
		const struct sip_msg *m;

		rig_message(r, rows[i].ruri, NULL, NULL, NULL);
		rig_fate(r, LINK_WRITTEN, LINK_R_NONE);
		rig_advance(r, 299);
		error_stanza(
			r, "juliet@example.com", "romeo@example.net", last_id(r), rows[i].inner);
		assert_int_equal(rig_status(r), rows[i].status);
		m = r->sip[0].m;
		if (rows[i].reason)
			assert_slice(m->reason, rows[i].reason);
		assert_slice(sip_msg_get(m, SIP_H_CONTACT), rows[i].contact);
		assert_int_equal(view(r).pending + view(r).late, 0);
		rig_advance(r, 100000);
		assert_int_equal(r->n_sip, 1); /* told once, and not late again */
		stop(r);
	}
}

/* Errors that are not about the message, or of somebody else, change nothing. */
static void strangers_errors_are_ignored(void **state)
{
	static const struct {
		const char *from, *to, *id; /* id NULL: the right one */
	} rows[] = {
		{"mallory@example.com", "romeo@example.net", NULL             },
		{"juliet@xmpp.example", "romeo@example.net", NULL             },
		{"xmpp.example",        "romeo@example.net", NULL             },
		{"juliet@example.com",  "other@example.net", NULL             },
		{"juliet@example.com",  "romeo@example.net", "a01"            },
		{"juliet@example.com",  "romeo@example.net", ""               },
		{"juliet@example.com",  "romeo@example.net", "b0vvvvvvvvvvvvv"},
	};
	struct rig *r = start(NULL);
	const char *id;

	rig_message(r, NULL, NULL, NULL, NULL);
	rig_fate(r, LINK_WRITTEN, LINK_R_NONE);
	id = last_id(r);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		error_stanza(r, rows[i].from, rows[i].to, rows[i].id ? rows[i].id : id,
			"<gone " NS_ERR "/>");
	assert_int_equal(r->n_sip, 0);
	assert_int_equal(r->n_up_done, ARRAY_LEN(rows));
	rig_advance(r, 300);
	assert_int_equal(rig_status(r), 200);
	assert_int_equal(r->n_xml, 1); /* an error is never answered */
	stop(r);
}

/* The contact's server, or any device of his, may speak for him. */
static void his_server_may_say_it(void **state)
{
	static const char *const from[] = {
		"example.com", "juliet@example.com/phone", "juliet@example.com"};

	for (size_t i = 0; i < ARRAY_LEN(from); i++) {
		struct rig *r = start(NULL);

		rig_message(r, NULL, "<sip:romeo@example.net;gr=d>;tag=1", NULL, NULL);
		rig_fate(r, LINK_WRITTEN, LINK_R_NONE);
		error_stanza(r, from[i], "romeo@example.net/d", last_id(r), "<gone " NS_ERR "/>");
		assert_int_equal(rig_status(r), 410);
		stop(r);
	}
}

static void unsent_is_told(void **state)
{
	static const struct {
		enum link_fate_kind fate;
		enum link_reason reason;
		unsigned status;
		bool retry_after;
	} rows[] = {
		{LINK_REFUSED, LINK_R_NOT_PARTNER,    404, false},
		{LINK_UNSENT,  LINK_R_NO_SUCH_SERVER, 404, false},
		{LINK_UNSENT,  LINK_R_DNS_FAILED,     504, false},
		{LINK_UNSENT,  LINK_R_CONNECT_FAILED, 504, false},
		{LINK_UNSENT,  LINK_R_TLS_FAILED,     504, false},
		{LINK_UNSENT,  LINK_R_BACK_OFF,       504, false},
		{LINK_UNSENT,  LINK_R_DEADLINE,       504, false},
		{LINK_UNSENT,  LINK_R_QUEUE_FULL,     500, true },
		{LINK_UNSENT,  LINK_R_SHUTDOWN,       500, true },
		{LINK_UNSENT,  LINK_R_TOO_BIG,        513, false},
		{LINK_UNKNOWN, LINK_R_STREAM_LOST,    504, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig *r = start(NULL);

		rig_message(r, NULL, NULL, NULL, NULL);
		rig_fate(r, rows[i].fate, rows[i].reason);
		assert_int_equal(rig_status(r), rows[i].status);
		assert_int_equal(
			sip_msg_get(r->sip[0].m, SIP_H_RETRY_AFTER).p != NULL, rows[i].retry_after);
		assert_int_equal(view(r).pending + view(r).late, 0);
		rig_advance(r, 100000);
		assert_int_equal(r->n_sip, 1);
		stop(r);
	}
}

static void no_credit_is_told_at_once(void **state)
{
	struct rig *r = start(NULL);

	r->no_credit = true;
	rig_message(r, NULL, NULL, NULL, NULL);
	assert_int_equal(rig_status(r), 500);
	assert_slice(sip_msg_get(r->sip[0].m, SIP_H_RETRY_AFTER), "10");
	assert_int_equal(view(r).pending, 0);
	stop(r);
}

/* The error is faster than the fate. */
static void error_before_the_fate(void **state)
{
	struct rig *r = start(NULL);

	rig_message(r, NULL, NULL, NULL, NULL);
	not_found(r, last_id(r));
	assert_int_equal(rig_status(r), 604);
	assert_int_equal(view(r).pending, 0);
	rig_fate(r, LINK_WRITTEN, LINK_R_NONE);
	rig_advance(r, 100000);
	assert_int_equal(r->n_sip, 1);
	assert_int_equal(view(r).late, 0);
	stop(r);
}

static void lost_in_the_window(void **state)
{
	struct rig *r = start(NULL);
	uint64_t id;

	rig_message(r, NULL, NULL, NULL, NULL);
	id = r->down[0]->fate_id;
	rig_fate(r, LINK_WRITTEN, LINK_R_NONE);
	rig_advance(r, 100);
	rig_lost(r, LINK_R_STREAM_LOST, id);
	assert_int_equal(rig_status(r), 504);
	rig_lost(r, LINK_R_STREAM_LOST, id);
	rig_advance(r, 100000);
	assert_int_equal(r->n_sip, 1);
	stop(r);
}

/* A fate that never comes: a bug of the edge, but nobody waits for ever. */
static void guard(void **state)
{
	struct rig *r = start(NULL);

	rig_message(r, NULL, NULL, NULL, NULL);
	rig_advance(r, 10000);
	rig_message(r, NULL, NULL, NULL, NULL);
	rig_advance(r, 11499);
	assert_int_equal(view(r).pending, 2);
	rig_advance(r, 1);
	assert_int_equal(view(r).pending, 1);
	assert_int_equal(rig_status(r), 504);
	rig_advance(r, 10000);
	assert_int_equal(view(r).pending, 0);
	rig_fate(r, LINK_WRITTEN, LINK_R_NONE); /* it comes after all */
	rig_advance(r, 1000);
	assert_int_equal(
		rig_count(r, false), 2 + 2); /* each a 100 at 3.5 s (RFC 4320), each a 504 */
	stop(r);
}

/* ---- late errors ---- */

static struct rig *answered(const struct rig_options *o)
{
	struct rig_options with = o ? *o : (struct rig_options){0};
	struct rig *r;

	with.error_wait = "0";
	r = start(&with);
	rig_message(r, NULL, NULL, NULL, NULL);
	rig_fate(r, LINK_WRITTEN, LINK_R_NONE);
	assert_int_equal(rig_status(r), 200);
	return r;
}

static void late_error(void **state)
{
	struct rig *r = answered(NULL);
	const struct sip_msg *m;

	rig_advance(r, 5000);
	error_stanza(r, "juliet@example.com", "romeo@example.net", last_id(r),
		"<item-not-found " NS_ERR "/><text " NS_ERR ">No such user</text>");
	m = last_request(r);
	assert_non_null(m);
	assert_int_equal(m->method, SIP_MESSAGE);
	assert_slice(m->ruri_text, "sip:romeo@example.net");
	assert_slice(m->from.uri.text, "sip:juliet@example.com");
	assert_slice(m->body,
		"Your message to juliet@example.com of 12:00:00 UTC was not delivered: "
		"No such user (item-not-found).");
	assert_int_equal(view(r).late, 0);
	/* the same error again finds nothing */
	not_found(r, last_id(r));
	assert_int_equal(rig_count(r, true), 1);
	stop(r);
}

static void late_loss(void **state)
{
	struct rig *r = start(&(struct rig_options){.error_wait = "0"});
	uint64_t id;

	rig_message(r, NULL, NULL, NULL, NULL);
	id = r->down[0]->fate_id;
	rig_fate(r, LINK_WRITTEN, LINK_R_NONE);
	rig_advance(r, 3000);
	rig_lost(r, LINK_R_STREAM_LOST, id);
	assert_slice(last_request(r)->body, "It is not certain that your message to "
					    "juliet@example.com of 12:00:00 UTC arrived: "
					    "the connection to the partner's server was lost.");
	assert_int_equal(view(r).late, 0);
	stop(r);
}

/* How a late error itself ends is nobody's business. */
static void never_about_a_late_error(void **state)
{
	struct rig *r = answered(NULL);
	unsigned xml = r->n_xml;

	not_found(r, last_id(r));
	rig_respond(r, r->n_sip - 1, 480, "Gone", NULL);
	rig_advance(r, 60000);
	assert_int_equal(r->n_xml, xml);
	assert_int_equal(rig_count(r, true), 1);
	stop(r);
}

static void late_error_can_be_off(void **state)
{
	struct rig *r = answered(&(struct rig_options){.late_error = "off"});
	int64_t before = metric_get(M_LATE_ERRORS);

	not_found(r, last_id(r));
	rig_advance(r, 60000);
	assert_int_equal(rig_count(r, true), 0);
	assert_int_equal(metric_get(M_LATE_ERRORS), before + 1); /* counted all the same */
	stop(r);
}

/* One for each pair in ten seconds; the rest is told together, and none is lost. */
static void late_errors_together(void **state)
{
	struct rig *r = start(&(struct rig_options){.error_wait = "0"});
	uint64_t unknown;
	char *ids[4];

	for (int i = 0; i < 4; i++) {
		rig_message(r, NULL, NULL, NULL, NULL);
		unknown = r->down[0]->fate_id;
		rig_fate(r, LINK_WRITTEN, LINK_R_NONE);
		ids[i] = last_id(r);
		rig_advance(r, 1000);
	}
	not_found(r, ids[0]);
	assert_int_equal(rig_count(r, true), 1);
	rig_respond(r, r->n_sip - 1, 200, "OK", NULL);
	not_found(r, ids[1]);
	not_found(r, ids[2]);
	rig_lost(r, LINK_R_STREAM_LOST, unknown);
	assert_int_equal(rig_count(r, true), 1);
	rig_advance(r, 9999);
	assert_int_equal(rig_count(r, true), 1);
	rig_advance(r, 1);
	assert_int_equal(rig_count(r, true), 2);
	assert_slice(last_request(r)->body, "Of your messages to juliet@example.com between "
					    "12:00:01 UTC and 12:00:03 UTC, 2 were not "
					    "delivered, 1 may not have arrived. The last reason: "
					    "the connection to the partner's server "
					    "was lost.");
	rig_respond(r, r->n_sip - 1, 200, "OK", NULL);
	assert_int_equal(view(r).late_pairs, 1);
	rig_advance(r, 10000);
	assert_int_equal(view(r).late_pairs, 0); /* quiet again */
	assert_int_equal(rig_count(r, true), 2);
	stop(r);
}

static void late_pairs_do_not_wait_for_each_other(void **state)
{
	struct rig *r = start(&(struct rig_options){.error_wait = "0"});

	for (int i = 0; i < 3; i++) {
		const char *user = arena_printf(&r->arena, "u%d@example.net", i);

		rig_message(r, NULL, arena_printf(&r->arena, "<sip:%s>;tag=1", user), NULL, NULL);
		rig_fate(r, LINK_WRITTEN, LINK_R_NONE);
		error_stanza(r, "juliet@example.com", user, last_id(r), "<gone " NS_ERR "/>");
	}
	assert_int_equal(rig_count(r, true), 3);
	stop(r);
}

/* The oldest answered requests are forgotten first; nothing grows, and what is missed counts. */
static void late_table_is_bounded(void **state)
{
	struct rig *r = start(&(struct rig_options){.error_wait = "0", .limits = {.late = 2}});
	int64_t errors = metric_get(M_LATE_ERRORS_FORGOTTEN);
	int64_t losses = metric_get(M_LATE_LOSSES_FORGOTTEN);
	uint64_t first = 0;
	char *ids[3];

	for (int i = 0; i < 3; i++) {
		rig_message(r, NULL, NULL, NULL, NULL);
		first = first ? first : r->down[0]->fate_id;
		rig_fate(r, LINK_WRITTEN, LINK_R_NONE);
		ids[i] = last_id(r);
	}
	assert_int_equal(view(r).late, 2);
	not_found(r, ids[0]);
	assert_int_equal(rig_count(r, true), 0);
	assert_int_equal(metric_get(M_LATE_ERRORS_FORGOTTEN), errors + 1);
	rig_lost(r, LINK_R_STREAM_LOST, first);
	assert_int_equal(rig_count(r, true), 0);
	assert_int_equal(metric_get(M_LATE_LOSSES_FORGOTTEN), losses + 1);
	not_found(r, ids[1]);
	assert_int_equal(rig_count(r, true), 1);
	assert_int_equal(metric_get(M_LATE_ERRORS_FORGOTTEN), errors + 1);
	stop(r);
}

/* ---- what is refused before anything leaves ---- */

static void refusals(void **state)
{
	static const struct {
		struct rig_options o;
		const char *ruri, *from, *headers;
		unsigned status;
	} rows[] = {
		{{.no_federation = true},              NULL,                         NULL,                              NULL,                                         403},
		{{.no_xmpp = true},                    NULL,                         NULL,                              NULL,                                         403},
		{{.partner_off = true},                NULL,                         NULL,                              NULL,                                         403},
		{{.partner_type = "PublicUnverified"}, NULL,                         NULL,                              NULL,                                         403},
		{{.limits = {0}},                      "sip:juliet@unknown.example", NULL,                              NULL,                                         404},
		{{.limits = {0}},                      "sip:juliet@sub.example.com", NULL,                              NULL,                                         404},
		{{.limits = {0}},                      "sip:romeo@example.org",      NULL,                              NULL,
                 404																		     }, /* a local domain is no partner's */
		{{.limits = {0}},                      NULL,                         "<sip:mallory@example.com>;tag=1", NULL,                                         403},
		{{.limits = {0}},                      "sips:juliet@example.com",    NULL,                              NULL,                                         403},
		{{.limits = {0}},                      "tel:+1555",                  NULL,                              NULL,                                         416},
		{{.limits = {0}},                      "sip:%20a@example.com",       NULL,                              NULL,                                         404},
		{{.limits = {0}},                      NULL,                         NULL,                              "Content-Type: image/png\r\n",                415},
		{{.limits = {0}},                      NULL,                         NULL,                              "Content-Type: text/plain\r\nExpires: 0\r\n", 487},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig *r = start(&rows[i].o);

		rig_message(r, rows[i].ruri, rows[i].from, rows[i].headers, NULL);
		assert_int_equal(rig_status(r), rows[i].status);
		assert_int_equal(r->n_xml, 0);
		assert_int_equal(view(r).pending, 0);
		stop(r);
	}
}

static void verified_partners_need_no_invitation(void **state)
{
	struct rig *r = start(&(struct rig_options){.partner_type = "PublicVerified"});

	rig_message(r, NULL, NULL, NULL, NULL);
	assert_int_equal(r->n_xml, 1);
	stop(r);
}

static void drained(void **state)
{
	struct rig *r = start(NULL);

	rig_message(r, NULL, NULL, NULL, NULL);
	gateway_drain(r->g);
	rig_message(r, NULL, NULL, NULL, NULL);
	assert_int_equal(rig_status(r), 500);
	assert_true(sip_msg_get(r->sip[0].m, SIP_H_RETRY_AFTER).p != NULL);
	assert_int_equal(gateway_busy(r->g), 1);
	rig_fate(r, LINK_WRITTEN, LINK_R_NONE);
	rig_advance(r, 300);
	assert_int_equal(rig_status(r), 200);
	assert_int_equal(gateway_busy(r->g), 0);
	stop(r);
}

static void pending_table_is_bounded(void **state)
{
	struct rig *r = start(&(struct rig_options){.limits = {.pending = 3}});

	for (int i = 0; i < 4; i++)
		rig_message(r, NULL, NULL, NULL, NULL);
	assert_int_equal(r->n_xml, 3);
	assert_int_equal(rig_status(r), 500);
	stop(r);
}

static void retransmissions_are_absorbed(void **state)
{
	struct rig *r = start(NULL);
	struct slice datagram =
		SL("MESSAGE sip:juliet@example.com SIP/2.0\r\n"
		   "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\nMax-Forwards: 70\r\n"
		   "From: <sip:romeo@example.net>;tag=1\r\nTo: "
		   "<sip:juliet@example.com>\r\nCall-ID: c\r\n"
		   "CSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\nx");

	rig_sip_in(r, datagram);
	rig_advance(r, 500);
	rig_sip_in(r, datagram);
	rig_fate(r, LINK_WRITTEN, LINK_R_NONE);
	rig_advance(r, 300);
	rig_sip_in(r, datagram);
	assert_int_equal(r->n_xml, 1);
	assert_int_equal(rig_count(r, false), 2);
	assert_int_equal(rig_status(r), 200);
	stop(r);
}

/* Expires shortens the deadline of the stanza. */
static void expires_is_the_deadline(void **state)
{
	struct rig *r = start(NULL);

	rig_message(r, NULL, NULL, "Content-Type: text/plain\r\nExpires: 5\r\n", NULL);
	rig_message(r, NULL, NULL, "Content-Type: text/plain\r\nExpires: 100\r\n", NULL);
	assert_int_equal(r->down[0]->deadline_ms, rig_now(r) + 5000);
	assert_int_equal(r->down[1]->deadline_ms, rig_now(r) + 20000);
	stop(r);
}

/* Ids are of this node and shard, and every one is new. */
static void ids(void **state)
{
	struct rig *r = start(&(struct rig_options){.error_wait = "0", .limits = {.late = 1}});
	char *seen[20];

	for (int i = 0; i < 20; i++) {
		rig_message(r, NULL, NULL, NULL, NULL);
		rig_fate(r, LINK_WRITTEN, LINK_R_NONE);
		seen[i] = last_id(r);
		assert_true(slice_starts(slice_of(seen[i]), SL("a0")));
		for (int k = 0; k < i; k++)
			assert_string_not_equal(seen[k], seen[i]);
	}
	stop(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_then_200),
		cmocka_unit_test(no_window_answers_at_once),
		cmocka_unit_test(error_in_the_window),
		cmocka_unit_test(strangers_errors_are_ignored),
		cmocka_unit_test(his_server_may_say_it),
		cmocka_unit_test(unsent_is_told),
		cmocka_unit_test(no_credit_is_told_at_once),
		cmocka_unit_test(error_before_the_fate),
		cmocka_unit_test(lost_in_the_window),
		cmocka_unit_test(guard),
		cmocka_unit_test(late_error),
		cmocka_unit_test(late_loss),
		cmocka_unit_test(never_about_a_late_error),
		cmocka_unit_test(late_error_can_be_off),
		cmocka_unit_test(late_errors_together),
		cmocka_unit_test(late_pairs_do_not_wait_for_each_other),
		cmocka_unit_test(late_table_is_bounded),
		cmocka_unit_test(refusals),
		cmocka_unit_test(verified_partners_need_no_invitation),
		cmocka_unit_test(drained),
		cmocka_unit_test(pending_table_is_bounded),
		cmocka_unit_test(retransmissions_are_absorbed),
		cmocka_unit_test(expires_is_the_deadline),
		cmocka_unit_test(ids),
	};

	log_level_set(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
