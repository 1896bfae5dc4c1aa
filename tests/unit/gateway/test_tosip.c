#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "rig.h"
#include "xmpp/stanza.h"

/* Messages from XMPP to SIP: one at a time for each target, every end told (design section 3). */

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

static void chat(struct rig *r, const char *to, const char *id, const char *inner)
{
	rig_stanza(r, arena_printf(&r->arena,
			      "<message from='juliet@example.com/balcony' to='%s' id='%s' "
			      "type='chat'>%s</message>",
			      to, id, inner));
}

/* Requests that left, retransmissions not counted; *ret_last the index of the last. */
static unsigned requests(const struct rig *r, unsigned *ret_last)
{
	unsigned n = 0;

	for (unsigned i = 0; i < r->n_sip; i++) {
		const struct sip_msg *m = r->sip[i].m;
		bool again = false;

		for (unsigned k = 0; k < i; k++)
			again |= r->sip[k].m->request &&
				 slice_eq(r->sip[k].m->via.branch, m->via.branch);
		if (!m->request || again)
			continue;
		n++;
		if (ret_last)
			*ret_last = i;
	}
	return n;
}

static const struct sip_msg *last(const struct rig *r)
{
	unsigned i = 0;

	assert_true(requests(r, &i) > 0);
	return r->sip[i].m;
}

static void respond(struct rig *r, unsigned status, const char *reason)
{
	unsigned i = 0;

	requests(r, &i);
	rig_respond(r, i, status, reason, NULL);
}

/* The last stanza that went down is an error with this condition for the stanza with this id. */
static void assert_error(struct rig *r, const char *id, const char *condition)
{
	const struct xml_elem *e = rig_xml(r, r->n_xml - 1);
	struct stanza_error s;
	struct arena a = {0};

	assert_true(stanza_error_read(e, &a, &s));
	assert_string_equal(stanza_cond_name(s.cond), condition);
	assert_slice(xml_attr(e, SL("id")), id);
	assert_slice(xml_attr(e, SL("to")), "juliet@example.com/balcony");
	arena_done(&a);
}

static void sent_and_answered(void **state)
{
	struct rig *r = start(NULL);
	const struct sip_msg *m;

	chat(r, "romeo@example.net", "m1", "<body>Art thou not Romeo?</body>");
	assert_int_equal(r->n_up_done, 1);
	m = last(r);
	assert_slice(m->ruri_text, "sip:romeo@example.net");
	assert_slice(m->to.uri.text, "sip:romeo@example.net");
	assert_slice(m->from.uri.text, "sip:juliet@example.com;gr=balcony");
	assert_true(m->from.tag.n > 0);
	assert_slice(sip_msg_get(m, SIP_H_CONTENT_TYPE), "text/plain");
	assert_slice(m->body, "Art thou not Romeo?");
	assert_slice(sip_msg_get(m, SIP_H_CONTACT), NULL);
	assert_int_equal(m->max_forwards, 70);
	assert_true(slice_starts(m->call_id, SL("a0")));
	respond(r, 200, "OK");
	assert_int_equal(r->n_xml, 0);
	assert_int_equal(view(r).targets, 0);
	assert_int_equal(view(r).queued, 0);
	assert_int_equal(view(r).queued_bytes, 0);
	stop(r);
}

static void fields(void **state)
{
	struct rig *r = start(NULL);
	const struct sip_msg *m;

	chat(r, "romeo@example.net/d 1", "m1",
		"<subject>Bal&#13;\ncony</subject><body xml:lang='cs'>\xc3\xa9</body><thread>t "
		"1</thread>"
		"<delay xmlns='urn:xmpp:delay' stamp='2010-11-13T23:29:00Z'/>");
	m = last(r);
	assert_slice(m->ruri_text, "sip:romeo@example.net;gr=d%201");
	assert_slice(sip_msg_get(m, SIP_H_SUBJECT), "Bal  cony");
	assert_slice(sip_msg_get(m, SIP_H_CONTENT_LANGUAGE), "cs");
	assert_slice(sip_msg_get(m, SIP_H_CONTENT_TYPE), "text/plain;charset=UTF-8");
	assert_slice(sip_msg_get(m, SIP_H_DATE), "Sat, 13 Nov 2010 23:29:00 GMT");
	assert_slice(m->call_id, "x-thread:t%201");
	stop(r);
}

static void errors_are_told(void **state)
{
	static const struct {
		unsigned status;
		const char *federated, *public;
	} rows[] = {
		{404, "item-not-found",        "service-unavailable"  },
		{480, "recipient-unavailable", "service-unavailable"  },
		{486, "recipient-unavailable", "service-unavailable"  },
		{603, "recipient-unavailable", "service-unavailable"  },
		{606, "not-acceptable",        "service-unavailable"  },
		{403, "forbidden",             "forbidden"            },
		{488, "not-acceptable",        "not-acceptable"       },
		{500, "internal-server-error", "internal-server-error"},
		{503, "internal-server-error", "internal-server-error"},
		{504, "remote-server-timeout", "remote-server-timeout"},
		{302, "redirect",              "redirect"             },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows) * 2; i++) {
		bool public = i % 2;
		struct rig *r = start(
			&(struct rig_options){.partner_type = public ? "PublicVerified" : NULL});

		chat(r, "romeo@example.net", "m1", "<body>x</body>");
		respond(r, rows[i / 2].status, "Words");
		assert_int_equal(r->n_xml, 1);
		assert_error(r, "m1", public ? rows[i / 2].public : rows[i / 2].federated);
		assert_slice(xml_attr(rig_xml(r, 0), SL("from")), "romeo@example.net");
		assert_int_equal(view(r).targets, 0);
		stop(r);
	}
}

/* A user who invited the contact shows him what he would show a friend. */
static void invited_contacts_hear_the_truth(void **state)
{
	struct rig *r = start(&(struct rig_options){.partner_type = "PublicVerified"});

	gateway_allow_put(
		r->g, SL("romeo@example.net"), SL("juliet@example.com"), 0, SL("root"), NULL, NULL);
	rig_advance(r, 10);
	chat(r, "romeo@example.net", "m1", "<body>x</body>");
	respond(r, 404, "Not Found");
	assert_error(r, "m1", "item-not-found");
	stop(r);
}

/* RFC 3325 5: asserted to whom is trusted, of whom the partner knows; and the address without device. */
static void asserted_to_trusted_routes(void **state)
{
	static const struct {
		const char *trust, *partner_type, *want;
	} rows[] = {
		{"true",  "Federated",        "<sip:juliet@example.com>"},
		{"true",  "PublicVerified",   "<sip:juliet@example.com>"},
		{"true",  "PublicUnverified", NULL	            },
		{"false", "Federated",        NULL	            },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig *r = start(&(struct rig_options){
			.trust_identity = rows[i].trust, .partner_type = rows[i].partner_type});

		gateway_allow_put(r->g, SL("romeo@example.net"), SL("juliet@example.com"), 0,
			SL("root"), NULL, NULL);
		rig_advance(r, 10);
		chat(r, "romeo@example.net", "m1", "<body>x</body>");
		assert_slice(sip_msg_get(last(r), SIP_H_P_ASSERTED_IDENTITY), rows[i].want);
		assert_slice(last(r)->from.uri.text, "sip:juliet@example.com;gr=balcony");
		respond(r, 200, "OK");
		stop(r);
	}
}

/* What the SIP side says beyond its status is for users of Federated partners. */
static void details_are_for_federated_partners(void **state)
{
	for (unsigned public = 0; public < 2; public++) {
		struct rig *r = start(
			&(struct rig_options){.partner_type = public ? "PublicVerified" : NULL});
		struct stanza_error s;
		unsigned i = 0;

		chat(r, "romeo@example.net", "m1", "<body>x</body>");
		requests(r, &i);
		rig_respond(r, i, 403, "Forbidden",
			"Warning: 399 pool.sip.example \"Content is filtered\"\r\n"
			"ms-diagnostics: 1012;reason=\"From URI is not authorized\";"
			"source=\"pool.sip.example\"\r\n");
		assert_error(r, "m1", "forbidden");
		assert_true(stanza_error_read(rig_xml(r, 0), &r->arena, &s));
		assert_slice(s.text, public ? "Forbidden"
					    : "Forbidden (Content is filtered; From URI is not "
					      "authorized, ms-diagnostics 1012)");
		stop(r);
	}
}

static void timer_f(void **state)
{
	struct rig *r = start(NULL);

	chat(r, "romeo@example.net", "m1", "<body>x</body>");
	rig_advance(r, 31999);
	assert_int_equal(r->n_xml, 0);
	rig_advance(r, 1);
	assert_error(r, "m1", "remote-server-timeout");
	respond(r, 200, "OK"); /* too late: said once is said */
	assert_int_equal(r->n_xml, 1);
	stop(r);
}

static void next_hop_gone(void **state)
{
	struct rig *r = start(NULL);

	chat(r, "romeo@example.net", "m1", "<body>x</body>");
	rig_unreachable(r);
	assert_error(r, "m1", "internal-server-error");
	stop(r);
}

static void too_long(void **state)
{
	struct rig *r = start(NULL);
	char body[1400];

	memset(body, 'a', sizeof body);
	chat(r, "romeo@example.net", "big",
		arena_printf(&r->arena, "<body>%.*s</body>", (int)sizeof body, body));
	rig_advance(r, 1); /* the transaction layer says it from its tick */
	assert_int_equal(rig_count(r, true), 0);
	assert_error(r, "big", "policy-violation");
	/* at the edge of it: the whole request counts, not the body */
	chat(r, "romeo@example.net", "m2", "<body>x</body>");
	assert_int_equal(requests(r, NULL), 1);
	stop(r);
}

/* RFC 3428 8, in order; other targets do not wait. */
static void one_at_a_time(void **state)
{
	struct rig *r = start(NULL);

	for (int i = 0; i < 3; i++)
		chat(r, "romeo@example.net", "m", arena_printf(&r->arena, "<body>%d</body>", i));
	assert_int_equal(requests(r, NULL), 1);
	assert_int_equal(view(r).queued, 3);
	chat(r, "mercutio@example.net", "m", "<body>other</body>");
	assert_int_equal(requests(r, NULL), 2);
	assert_slice(last(r)->body, "other");
	assert_int_equal(view(r).targets, 2);
	respond(r, 200, "OK");
	assert_int_equal(requests(r, NULL), 2);
	rig_respond(r, 0, 200, "OK", NULL);
	assert_slice(last(r)->body, "1");
	respond(r, 486, "Busy Here");
	assert_slice(last(r)->body, "2"); /* one that failed holds up nobody */
	assert_int_equal(r->n_xml, 1);
	respond(r, 200, "OK");
	assert_int_equal(view(r).targets, 0);
	stop(r);
}

/* The device is part of the Request-URI, so a device is a target of its own. */
static void devices_are_targets(void **state)
{
	struct rig *r = start(NULL);

	chat(r, "romeo@example.net/a", "m", "<body>x</body>");
	chat(r, "romeo@example.net/b", "m", "<body>x</body>");
	chat(r, "Romeo@EXAMPLE.net/a", "m", "<body>x</body>");
	assert_int_equal(requests(r, NULL), 2);
	assert_int_equal(view(r).targets, 2);
	stop(r);
}

static void full_target(void **state)
{
	struct rig *r = start(NULL);

	for (int i = 0; i < 256; i++)
		chat(r, "romeo@example.net", "m", "<body>x</body>");
	assert_int_equal(r->n_xml, 0);
	chat(r, "romeo@example.net", "m257", "<body>x</body>");
	assert_error(r, "m257", "resource-constraint");
	chat(r, "mercutio@example.net", "m258", "<body>x</body>");
	assert_int_equal(r->n_xml, 1);
	stop(r);
}

static void full_by_bytes(void **state)
{
	struct rig *r = start(&(struct rig_options){
		.limits = {.target_bytes = 4096, .queued_bytes = 10000}
        });
	char body[801] = {0};

	memset(body, 'x', 800);
	for (int i = 0; i < 3; i++)
		chat(r, "romeo@example.net", "m", arena_printf(&r->arena, "<body>%s</body>", body));
	assert_int_equal(r->n_xml, 0);
	chat(r, "romeo@example.net", "m4", arena_printf(&r->arena, "<body>%s</body>", body));
	assert_error(r, "m4", "resource-constraint");
	chat(r, "mercutio@example.net", "m5", arena_printf(&r->arena, "<body>%s</body>", body));
	assert_int_equal(r->n_xml, 1);
	chat(r, "tybalt@example.net", "m6", arena_printf(&r->arena, "<body>%s</body>", body));
	assert_error(r, "m6", "resource-constraint"); /* all targets together */
	assert_int_equal(view(r).targets, 2);
	stop(r);
}

/* A partner whose messages nobody answers leaves room for the others. */
static void partners_leave_room(void **state)
{
	struct rig *r = start(&(struct rig_options){.limits = {.queued_msgs = 8}});

	for (int i = 0; i < 4; i++)
		chat(r, arena_printf(&r->arena, "romeo@example.net/%d", i), "m", "<body>x</body>");
	assert_int_equal(r->n_xml, 0);
	chat(r, "romeo@example.net/4", "m5", "<body>x</body>");
	assert_error(r, "m5", "resource-constraint");
	rig_stanza(r, "<message from='nurse@muc.example.com' to='tybalt@example.net' id='m6'>"
		      "<body>x</body></message>");
	assert_int_equal(r->n_xml, 2); /* the same partner */
	rig_stanza(r, "<message from='nurse@xmpp.example' to='tybalt@example.net' id='m7'>"
		      "<body>other</body></message>");
	assert_slice(last(r)->body, "other");
	assert_int_equal(requests(r, NULL), 5);
	rig_respond(r, 0, 200, "OK", NULL);
	rig_respond(r, 4, 200, "OK", NULL);
	chat(r, "romeo@example.net/5", "m8", "<body>x</body>"); /* room again */
	assert_int_equal(requests(r, NULL), 6);
	stop(r);
}

/* Each message has its own 40 s; what waits behind a dead target is told in time. */
static void deadlines(void **state)
{
	struct rig *r = start(NULL);

	chat(r, "romeo@example.net", "m1", "<body>1</body>");
	rig_advance(r, 10000);
	chat(r, "romeo@example.net", "m2", "<body>2</body>");
	rig_advance(r, 1000);
	chat(r, "romeo@example.net", "m3", "<body>3</body>");
	rig_advance(r, 20999);
	assert_int_equal(r->n_xml, 0);
	rig_advance(r, 1); /* 32 s */
	assert_int_equal(r->n_xml, 1);
	assert_error(r, "m1", "remote-server-timeout");
	assert_int_equal(requests(r, NULL), 2);
	rig_advance(r, 17999);
	assert_int_equal(r->n_xml, 1);
	rig_advance(r, 1); /* 50 s: 40 after m2 came */
	assert_int_equal(r->n_xml, 2);
	assert_error(r, "m2", "remote-server-timeout");
	rig_advance(r, 1000); /* 51 s */
	assert_int_equal(r->n_xml, 3);
	assert_error(r, "m3", "remote-server-timeout");
	assert_int_equal(view(r).targets, 0);
	stop(r);
}

static void same_thread_grows_cseq(void **state)
{
	struct rig *r = start(NULL);
	uint32_t first;

	chat(r, "romeo@example.net", "m1", "<body>1</body><thread>t1</thread>");
	assert_slice(last(r)->call_id, "t1");
	first = last(r)->cseq;
	respond(r, 200, "OK");
	chat(r, "romeo@example.net", "m2", "<body>2</body><thread>t1</thread>");
	assert_slice(last(r)->call_id, "t1");
	assert_true(last(r)->cseq > first);
	stop(r);
}

/* ---- refusals ---- */

static void denied(void **state)
{
	static const struct {
		struct rig_options o;
		const char *condition;
	} rows[] = {
		{{.no_federation = true},                                     "forbidden"          },
		{{.no_xmpp = true},					   "forbidden"          },
		{{.no_xmpp = true, .partner_type = "PublicVerified"},         "service-unavailable"},
		{{.partner_off = true},                                       "forbidden"          },
		{{.partner_type = "PublicUnverified"},                        "service-unavailable"},
		{{.partner_type = "PublicUnverified", .write_invites = true},
                 "service-unavailable"							     },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig *r = start(&rows[i].o);

		chat(r, "romeo@example.net", "m1", "<body>x</body>");
		assert_error(r, "m1", rows[i].condition);
		assert_int_equal(r->n_sip, 0);
		stop(r);
	}
}

static void nothing_to_answer(void **state)
{
	static const char *const stanzas[] = {
		"<message type='error' from='juliet@example.com' to='romeo@example.net' id='1'>"
		"<body>x</body><error type='cancel'/></message>",
		"<message from='juliet@example.com' to='romeo@example.net' type='chat'>"
		"<active xmlns='http://jabber.org/protocol/chatstates'/></message>",
		"<message from='a b@example.com' to='romeo@example.net'><body>x</body></message>",
		"<presence from='juliet@example.com/a' to='romeo@example.net'/>",
		"<presence type='unavailable' from='juliet@example.com/a' to='romeo@example.net'/>",
		"<presence type='subscribed' from='juliet@example.com' to='romeo@example.net'/>",
		"<presence type='unsubscribe' from='juliet@example.com' to='romeo@example.net'/>",
		"<presence type='unsubscribed' from='juliet@example.com' to='romeo@example.net'/>",
		"<presence type='error' from='juliet@example.com' to='romeo@example.net'/>",
		"<presence type='probe' from='juliet@example.com' to='example.net'/>",
		"<iq type='result' id='1' from='juliet@example.com' to='romeo@example.net'/>",
		"<iq type='error' id='1' from='juliet@example.com' to='romeo@example.net'/>",
	};
	struct rig *r = start(NULL);

	for (size_t i = 0; i < ARRAY_LEN(stanzas); i++)
		rig_stanza(r, stanzas[i]);
	assert_int_equal(r->n_up_done, ARRAY_LEN(stanzas));
	assert_int_equal(r->n_xml, 0);
	assert_int_equal(r->n_sip, 0);
	stop(r);
}

static void no_such_address(void **state)
{
	struct rig *r = start(NULL);

	chat(r, "rom eo@example.net", "m1", "<body>x</body>");
	assert_error(r, "m1", "jid-malformed");
	chat(r, "example.net", "m2", "<body>x</body>");
	assert_error(r, "m2", "service-unavailable");
	assert_int_equal(r->n_sip, 0);
	stop(r);
}

static void draining(void **state)
{
	struct rig *r = start(NULL);

	chat(r, "romeo@example.net", "m1", "<body>x</body>");
	gateway_drain(r->g);
	chat(r, "romeo@example.net", "m2", "<body>x</body>");
	assert_error(r, "m2", "resource-constraint");
	assert_int_equal(gateway_busy(r->g), 1);
	respond(r, 200, "OK");
	assert_int_equal(gateway_busy(r->g), 0);
	stop(r);
}

/* An error that finds no credit is not lost. */
static void answers_wait_for_credit(void **state)
{
	struct rig *r = start(NULL);

	r->no_credit = true;
	chat(r, "example.net", "m1", "<body>x</body>");
	chat(r, "example.net", "m2", "<body>x</body>");
	assert_int_equal(r->n_xml, 0);
	assert_int_equal(gateway_busy(r->g), 2);
	rig_advance(r, 500);
	r->no_credit = false;
	rig_advance(r, 50);
	assert_int_equal(r->n_xml, 2);
	assert_error(r, "m2", "service-unavailable");
	assert_int_equal(gateway_busy(r->g), 0);
	stop(r);
}

/* ---- rates ---- */

static void send_rate(void **state)
{
	struct rig *r = start(&(struct rig_options){.send_rate = "20"});
	unsigned burst;

	for (int i = 0; i < 60; i++)
		chat(r, arena_printf(&r->arena, "u%d@example.net", i), "m", "<body>x</body>");
	burst = requests(r, NULL);
	assert_in_range(burst, 1, 6); /* a quarter of a second's worth */
	rig_advance(r, 1000);
	assert_in_range(requests(r, NULL), burst + 19, burst + 21);
	rig_advance(r, 2000);
	assert_int_equal(requests(r, NULL), 60);
	assert_int_equal(r->n_xml, 0);
	stop(r);
}

/* What could not go before its deadline is told at once, not after it. */
static void hopeless_waits_are_refused(void **state)
{
	struct rig *r = start(&(struct rig_options){.send_rate = "1"});

	for (int i = 0; i < 60; i++)
		chat(r, arena_printf(&r->arena, "u%d@example.net", i), "m", "<body>x</body>");
	assert_in_range(r->n_xml, 18, 22);
	assert_error(r, "m", "resource-constraint");
	stop(r);
}

/* ---- services ---- */

static void iqs(void **state)
{
	static const struct {
		const char *iq, *want; /* type and, of an error, its condition */
	} rows[] = {
		{"<iq type='get' to='example.net'><ping xmlns='urn:xmpp:ping'/></iq>",                    "result"             },
		{"<iq type='get' to='example.net'>"
		 "<query xmlns='http://jabber.org/protocol/disco#info'/></iq>",          "result"             },
		{"<iq type='get' to='example.net'>"
		 "<query xmlns='http://jabber.org/protocol/disco#items'/></iq>",         "result"             },
		{"<iq type='get' to='example.net'>"
		 "<query xmlns='http://jabber.org/protocol/disco#info' node='x'/></iq>", "item-not-found"     },
		{"<iq type='set' to='example.net'><ping xmlns='urn:xmpp:ping'/></iq>",
                 "service-unavailable"											 },
		{"<iq type='get' to='example.net'><vCard xmlns='vcard-temp'/></iq>",
                 "service-unavailable"											 },
		{"<iq type='get' to='romeo@example.net'><ping xmlns='urn:xmpp:ping'/></iq>",
                 "service-unavailable"											 },
		{"<iq type='get' to='romeo@example.net/a'><vCard xmlns='vcard-temp'/></iq>",
                 "service-unavailable"											 },
		{"<iq type='get' to='example.net'/>",                                                     "service-unavailable"},
		{"<iq type='what' to='example.net'/>",                                                    "bad-request"        },
		{"<iq to='example.net'/>",								"bad-request"        },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig *r = start(NULL);
		const struct xml_elem *e;
		struct stanza_error s;

		rig_stanza(r, arena_printf(&r->arena, "<iq id='q' from='juliet@example.com/b' %s",
				      rows[i].iq + 4));
		assert_int_equal(r->n_xml, 1);
		e = rig_xml(r, 0);
		assert_slice(xml_attr(e, SL("id")), "q");
		assert_slice(xml_attr(e, SL("to")), "juliet@example.com/b");
		if (stanza_error_read(e, &r->arena, &s))
			assert_string_equal(stanza_cond_name(s.cond), rows[i].want);
		else
			assert_slice(xml_attr(e, SL("type")), rows[i].want);
		stop(r);
	}
}

static void disco_names_what_we_do(void **state)
{
	static const char *const want[] = {
		"http://jabber.org/protocol/disco#info",
		"urn:xmpp:ping",
		"jid\\20escaping",
	};
	struct rig *r = start(NULL);
	const struct xml_elem *query;
	struct slice ns = SL("http://jabber.org/protocol/disco#info");

	rig_stanza(r, "<iq type='get' id='q' from='example.com' to='example.net'>"
		      "<query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
	query = xml_child(rig_xml(r, 0), ns, SL("query"));
	assert_slice(xml_attr(xml_child(query, ns, SL("identity")), SL("category")), "gateway");
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		bool found = false;

		xml_each(query, f)
			found |= slice_eqz(xml_attr(f, SL("var")), want[i]);
		assert_true(found);
	}
	stop(r);
}

static void presence_is_declined(void **state)
{
	static const char *const types[] = {"subscribe", "probe"};

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct rig *r = start(NULL);
		const struct xml_elem *e;

		rig_stanza(r, arena_printf(&r->arena,
				      "<presence type='%s' from='juliet@example.com/a' "
				      "to='romeo@example.net'/>",
				      types[i]));
		assert_int_equal(r->n_xml, 1);
		e = rig_xml(r, 0);
		assert_slice(xml_attr(e, SL("type")), "unsubscribed");
		assert_slice(xml_attr(e, SL("from")), "romeo@example.net");
		assert_slice(xml_attr(e, SL("to")), "juliet@example.com");
		stop(r);
	}
}

/* It does not end in time: everybody is told, and an answer that comes now is no news. */
static void stopped(void **state)
{
	struct rig *r = start(NULL);

	chat(r, "romeo@example.net", "m1", "<body>x</body>");
	chat(r, "romeo@example.net", "m2", "<body>x</body>");
	gateway_drain(r->g);
	gateway_stop(r->g);
	assert_int_equal(r->n_xml, 2);
	assert_error(r, "m1", "remote-server-timeout");
	assert_int_equal(view(r).queued, 1);
	respond(r, 486, "Busy Here");
	assert_int_equal(r->n_xml, 2);
	assert_int_equal(view(r).queued, 0);
	assert_int_equal(view(r).targets, 0);
	stop(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sent_and_answered),
		cmocka_unit_test(fields),
		cmocka_unit_test(errors_are_told),
		cmocka_unit_test(invited_contacts_hear_the_truth),
		cmocka_unit_test(asserted_to_trusted_routes),
		cmocka_unit_test(details_are_for_federated_partners),
		cmocka_unit_test(timer_f),
		cmocka_unit_test(next_hop_gone),
		cmocka_unit_test(too_long),
		cmocka_unit_test(one_at_a_time),
		cmocka_unit_test(devices_are_targets),
		cmocka_unit_test(full_target),
		cmocka_unit_test(full_by_bytes),
		cmocka_unit_test(partners_leave_room),
		cmocka_unit_test(deadlines),
		cmocka_unit_test(same_thread_grows_cseq),
		cmocka_unit_test(denied),
		cmocka_unit_test(nothing_to_answer),
		cmocka_unit_test(no_such_address),
		cmocka_unit_test(draining),
		cmocka_unit_test(answers_wait_for_credit),
		cmocka_unit_test(send_rate),
		cmocka_unit_test(hopeless_waits_are_refused),
		cmocka_unit_test(iqs),
		cmocka_unit_test(disco_names_what_we_do),
		cmocka_unit_test(presence_is_declined),
		cmocka_unit_test(stopped),
	};

	log_level_set(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
