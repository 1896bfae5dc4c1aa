#include "play.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "xml/writer.h"
#include "xmpp/stream.h"

/* ---- a stanza of somebody else's on a stream ---- */

/* A stream authenticated for this domain, as its driver would have it. */
static struct xstream *stream_of(const char *domain, struct arena *a)
{
	const struct xstream_policy policy = {.dialback_clear = true};
	struct xstream_event ev;
	struct xstream *x = xstream_new(
		&(struct xstream_cfg){.role = XSTREAM_RECIPIENT, .local = SL("example.net")}, 0);

	xstream_feed(x,
		slice_of(arena_printf(a,
			"<stream:stream xmlns='jabber:server' "
			"xmlns:stream='http://etherx.jabber.org/streams' "
			"xmlns:db='jabber:server:dialback' from='%s' to='example.net' "
			"version='1.0'>",
			domain)),
		0);
	while (xstream_event(x, &ev))
		if (ev.type == XSTREAM_HEADER)
			xstream_accept(x, &policy, XCERT_NONE);
	xstream_db_valid(x, slice_of(domain), SL("example.net"));
	while (xstream_event(x, &ev))
		;
	return x;
}

/* The stream error that stanza ends the stream with; SL_NONE when it passes. */
static struct slice stream_error(struct vector *v, const char *domain, struct slice stanza)
{
	struct xstream *x = stream_of(domain, &v->arena);
	struct slice error = SL_NONE;
	struct xstream_event ev;

	if (!xstream_authenticated(x))
		fail(v, "the stream could not be authenticated");
	xstream_feed(x, stanza, 0);
	while (xstream_event(x, &ev)) {
		if (ev.type == XSTREAM_CLOSING)
			error = slice_of(stream_cond_name(ev.cond));
		if (ev.type == XSTREAM_STANZA)
			arena_done(&ev.arena);
	}
	xstream_free(x);
	return error;
}

static void message_of_a_stranger(struct vector *v, const char *domain, json_t *message)
{
	struct slice error;
	struct buf b;

	buf_init(&b, 0);
	buf_str(&b, "<message");
	xml_put_attr(&b, "from", slice_of(take_string(v, message, "from")));
	xml_put_attr(&b, "to", slice_of(take_string(v, message, "to")));
	buf_str(&b, "><body>");
	xml_put_text(&b, slice_of(take_string(v, message, "body")), XML_BAD_REPLACE);
	buf_str(&b, "</body></message>");
	error = stream_error(v, domain, buf_slice(&b));
	buf_done(&b);
	/* A stanza that ends its stream never reaches the gateway: no request can leave. */
	if (take_flag(v, v->out, "no_request") && !error.p)
		fail(v, "the stanza passes");
	compare(v, v->out,
		(struct field[]){
			{"stream_error", error}
        },
		1);
}

/* ---- one message ---- */

static void expect_nothing_for(struct vector *v, struct rig *r)
{
	if (take_flag(v, v->out, "no_request") && rig_count(r, true))
		fail(v, "a request left");
	if (take_flag(v, v->out, "no_stanza") && r->n_xml)
		fail(v, "a stanza left: %s", r->xml[0]);
}

static void message_in(struct vector *v, struct rig *r, json_t *message)
{
	json_t *request, *stanza;
	const struct sip_msg *m;

	play_stanza(v, r, "message", message);
	rig_advance(r, 1); /* what the transaction layer knows at once it says from its tick */
	expect_nothing_for(v, r);
	request = take(v, v->out, "request");
	stanza = take(v, v->out, "stanza");
	if (request && (m = only_request(v, r)))
		compare_request(v, m, request);
	if (stanza)
		compare_stanza(v, r, stanza);
	else if (r->n_xml)
		fail(v, "a stanza left: %s", r->xml[0]);
}

static void request_in(struct vector *v, struct rig *r, json_t *request)
{
	json_t *message, *response;
	const struct sip_msg *m;

	play_request(v, r, request);
	play_written(r);
	expect_nothing_for(v, r);
	message = take(v, v->out, "message");
	response = take(v, v->out, "response");
	if (message)
		compare_stanza(v, r, message);
	m = only_response(v, r);
	if (response && m)
		compare_response(v, m, response);
}

/* ---- several ---- */

/* "=n" names a number, ">n" wants one above it. */
static void compare_cseq(struct vector *v, json_t *expected, uint32_t cseq, uint32_t *n)
{
	const char *want = take_string(v, expected, "cseq");

	if (!want)
		return;
	if (strcmp(want, "=n") == 0)
		*n = cseq;
	else if (strcmp(want, ">n") != 0)
		fail(v, "unknown form '%s'", want);
	else if (cseq <= *n)
		fail(v, "CSeq %u is not above %u", cseq, *n);
}

/* The request number i of those that are no retransmission; NULL: there are not so many. */
static const struct sip_msg *nth_request(struct rig *r, size_t i, unsigned *ret_index)
{
	for (unsigned k = 0; k < r->n_sip; k++)
		if (r->sip[k].m->request && i-- == 0) {
			*ret_index = k;
			return r->sip[k].m;
		}
	return NULL;
}

/* Stanzas come at once; each request is answered before the next is looked for. */
static void messages_in(struct vector *v, struct rig *r, json_t *sequence)
{
	json_t *expected = take(v, v->out, "requests"), *one;
	bool in_turn = take_flag(v, v->out, "second_sent_only_after_final_response_to_first");
	uint32_t n = 0;
	size_t i;

	json_array_foreach(sequence, i, one)
		play_stanza(v, r, "message", take(v, one, "message"));
	json_array_foreach(expected, i, one) {
		unsigned index;
		const struct sip_msg *m = nth_request(r, i, &index);

		if (in_turn && rig_count(r, true) != i + 1)
			fail(v, "%u requests left before response %zu", rig_count(r, true), i + 1);
		if (!m) {
			fail(v, "there is no request %zu", i + 1);
			return;
		}
		if (!json_is_object(one))
			fail(v, "request %zu is no object", i + 1);
		compare_cseq(v, one, m->cseq, &n);
		compare_request(v, m, one);
		rig_respond(r, index, 200, "OK", NULL);
	}
}

static void requests_in(struct vector *v, struct rig *r, json_t *sequence)
{
	json_t *one;
	size_t i;

	json_array_foreach(sequence, i, one) {
		play_request(v, r, take(v, one, "request"));
		play_written(r);
	}
	compare(v, v->out,
		(struct field[]){
			{"stanzas", number(v,    r->n_xml)},
			{ "responses", number(v, rig_count(r,   false))},
        },
		2);
}

void run_im(struct vector *v)
{
	json_t *message = take(v, v->in, "message"), *request = take(v, v->in, "request");
	json_t *sequence = take(v, v->in, "sequence");
	const char *domain = message ? take_string(v, message, "stream_domain") : NULL;
	struct rig *r;

	if (domain) {
		message_of_a_stranger(v, domain, message);
		return;
	}
	r = xmalloc(sizeof *r);
	rig_init(r, &(struct rig_options){0});
	if (message)
		message_in(v, r, message);
	else if (request)
		request_in(v, r, request);
	else if (sequence && v->sip2xmpp)
		requests_in(v, r, sequence);
	else if (sequence)
		messages_in(v, r, sequence);
	rig_done(r);
	free(r);
}
