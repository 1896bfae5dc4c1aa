#include "fuzz.h"

#include <stdio.h>

#include "base/mem.h"
#include "sip/dialog.h"
#include "sip/sip.h"

/*
 * A dialog of either side, made of an INVITE or a response with fields of the input, and then all
 * that may happen to it: events, time, requests both ways, new Contacts. What it says is a message
 * of the dialog, with a number that grows; what it does is what the table says; it never waits for
 * an ACK longer than 64*T1.
 */
static const uint8_t *at, *end;
static struct sip_msg m, said;
static struct sip_dialog *d;
static uint64_t now;
static uint32_t heard_seq, said_seq;

static unsigned take(void)
{
	return at < end ? *at++ : 0;
}

/* A text of the input, which ends at a zero. */
static struct slice take_text(void)
{
	struct slice text = slice_make(at, (size_t)(end - at));

	text = slice_cut(text, slice_find(text, 0));
	at += text.n + (at + text.n < end);
	return text;
}

/* Leaves the message in m, which points into *copy; false: it cannot be read. */
static bool make(struct buf *copy, const char *start, const char *from, const char *to,
	const char *method, uint32_t seq)
{
	buf_reset(copy);
	buf_printf(copy,
		"%s\r\nVia: SIP/2.0/TCP h.example;branch=z9hG4bK1\r\nFrom: %s\r\nTo: %s\r\n"
		"Call-ID: c1\r\nCSeq: %u %s\r\n",
		start, from, to, seq, method);
	buf_slice_add(copy, take_text());
	buf_str(copy, "\r\nContent-Length: 0\r\n\r\n");
	return sip_msg_parse(&m, copy->p + copy->off, copy->n) == SIP_GOOD;
}

#define US   "<sip:us@a.example>"
#define THEM "\"Them, here\" <sip:them@b.example>"

static bool begin(struct buf *copy, bool calling)
{
	const struct sip_spec invite = {.method = SIP_INVITE,
		.ruri = SL("sip:them@b.example"),
		.from = SL(US),
		.to = SL(THEM),
		.from_tag = SL("us"),
		.call_id = SL("c1"),
		.cseq = 7};
	const char *reason = NULL;
	unsigned status;

	if (calling)
		return make(copy, "SIP/2.0 180 x", US ";tag=us", THEM ";tag=them", "INVITE", 7) &&
		       sip_dialog_new_calling(&d, &invite, &m) == 0;
	if (!make(copy, "INVITE sip:us@a.example SIP/2.0", THEM ";tag=them", US, "INVITE", 7))
		return false;
	status = sip_dialog_new_called(&d, &m, SL("us"), &reason);
	assert(!status == !reason && (!status || status >= 400));
	return !status;
}

static void check_deadline(void)
{
	enum sip_dialog_state s = sip_dialog_state(d);
	bool waits = s == SIP_DIALOG_UNACKED || s == SIP_DIALOG_LEAVING;

	assert(waits == (sip_dialog_deadline(d) != UINT64_MAX));
	assert(!waits || sip_dialog_deadline(d) <= now + 32000);
}

static void happen(void)
{
	enum sip_dialog_event e = (enum sip_dialog_event)(take() % SIP_DIALOG_EVENT__N);
	const struct sip_dialog_step *step = &sip_dialog_steps[sip_dialog_state(d)][e];

	if (step->actions & SIP_DIALOG_CANNOT_HAPPEN)
		return;
	sip_dialog_event(d, e, now);
	assert(sip_dialog_state(d) == step->next);
}

static void wait_a_while(void)
{
	now += take() * 200u;
	sip_dialog_tick(d, now);
}

/* A request of ours, written and read. */
static void say(void)
{
	static const enum sip_method methods[] = {SIP_BYE, SIP_MESSAGE, SIP_INVITE, SIP_ACK};
	const struct sip_stamp stamp = {
		.transport = SIP_TCP, .sent_by = SL("a.example"), .branch = SL("z9hG4bKa")};
	enum sip_method method = methods[take() % ARRAY_LEN(methods)];
	struct sip_spec spec;
	struct sip_out route;
	struct buf b = {0};
	char *copy;

	sip_dialog_request(d, method, &spec, &route);
	if (!spec.cseq) /* an ACK where no INVITE of ours was */
		return;
	sip_write_request(&b, &spec, &stamp);
	copy = slice_dup(buf_slice(&b));
	if (b.n < SIP_MAX_MESSAGE) {
		assert(sip_msg_parse(&said, copy, b.n) == SIP_GOOD);
		assert(said.method == method && slice_eqz(said.from.tag, "us"));
		assert(slice_eqz(said.to.tag, "them") && slice_eqz(said.call_id, "c1"));
		assert(method == SIP_ACK || said.cseq > said_seq);
		said_seq = said.cseq > said_seq ? said.cseq : said_seq;
	}
	xfree(copy);
	buf_done(&b);
}

/* A request of theirs within. */
static void hear(struct buf *copy)
{
	const char *method = take() % 2 ? "INVITE" : "MESSAGE", *reason = NULL;
	uint32_t seq = take();
	char start[64];
	unsigned status;

	snprintf(start, sizeof start, "%s sip:us@a.example SIP/2.0", method);
	if (!make(copy, start, THEM ";tag=them", US ";tag=us", method, seq))
		return;
	assert(sip_dialog_has(d, &m) && sip_dialog_id(d) == sip_dialog_id_of(&m));
	status = sip_dialog_take(d, &m, &reason);
	assert(!status || reason);
	assert(status || seq > heard_seq || !heard_seq);
	if (!status)
		heard_seq = seq;
	if (!status && m.method == SIP_INVITE)
		sip_dialog_refresh(d, &m);
}

static void refresh(struct buf *copy)
{
	if (make(copy, "SIP/2.0 200 OK", US ";tag=us", THEM ";tag=them", "INVITE", 7)) {
		assert(sip_dialog_has(d, &m) && sip_dialog_id(d) == sip_dialog_id_of(&m));
		sip_dialog_refresh(d, &m);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct buf copy = {0};
	bool calling;

	at = p;
	end = p + n;
	now = 1000;
	said_seq = 0;
	d = NULL;
	calling = take() % 2;
	heard_seq = calling ? 0 : 7;
	if (begin(&copy, calling)) {
		while (at < end) {
			switch (take() % 5) {
			case 0:
				happen();
				break;
			case 1:
				wait_a_while();
				break;
			case 2:
				say();
				break;
			case 3:
				hear(&copy);
				break;
			default:
				refresh(&copy);
			}
			check_deadline();
		}
	}
	sip_dialog_free(d);
	buf_done(&copy);
	return 0;
}
