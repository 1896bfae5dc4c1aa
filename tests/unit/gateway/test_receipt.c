#include "unit.h"

#include "base/mem.h"
#include "gateway/receipt.h"
#include "xml/document.h"

/* Four decisions, one row a rule. The rules: stox-checklist J and K. */

#define POS  IMDN_WISH_POSITIVE
#define NEG  IMDN_WISH_NEGATIVE
#define DISP IMDN_WISH_DISPLAY
#define PROC IMDN_WISH_PROCESSING

/* clang-format off */

/* ---- what a MESSAGE asks for ---- */
static const struct {
	struct receipt_asked asked;
	unsigned wishes;
	enum receipt_reason why;
} takes[] = {
	{{.wish = SL("positive-delivery"), .id = SL("m1")}, POS, RECEIPT_GOOD},
	{{.wish = SL("positive-delivery, negative-delivery, display"), .id = SL("m1")}, POS | NEG | DISP, RECEIPT_GOOD},
	{{.id = SL("m1")}, 0, RECEIPT_GOOD}, /* nothing asked */
	{{.wish = SL("reading"), .id = SL("m1")}, 0, RECEIPT_GOOD},
	/* J01 */
	{{.wish = SL("positive-delivery")}, 0, RECEIPT_NO_ID},
	{{.wish = SL("positive-delivery"), .id = SL("")}, 0, RECEIPT_NO_ID},
	{{.wish = SL("positive-delivery"), .id = SL("a b")}, 0, RECEIPT_NO_ID},
	/* J05: no IMDN for an IMDN, no processing of who delivers */
	{{.wish = SL("positive-delivery"), .id = SL("m1"), .notification = true}, 0, RECEIPT_IS_NOTIFICATION},
	{{.wish = SL("processing, display"), .id = SL("m1")}, DISP, RECEIPT_PROCESSING},
	/* J06: the way back is copied whole or not gone */
	{{.wish = SL("positive-delivery"), .id = SL("m1"), .n_routes = 4}, POS, RECEIPT_GOOD},
	{{.wish = SL("positive-delivery"), .id = SL("m1"), .n_routes = 5}, 0, RECEIPT_ROUTES},
	/* J08 */
	{{.wish = SL("positive-delivery"), .id = SL("m1"), .anonymous = true}, 0, RECEIPT_ANONYMOUS},
	/* lync-sip-profile 5.8 */
	{{.wish = SL("positive-delivery"), .id = SL("m1"), .peer_has_none = true}, 0, RECEIPT_PEER},
};

/* ---- what is told the SIP user ---- */
#define DLV IMDN_DELIVERY
#define DSP IMDN_DISPLAY
static const struct {
	unsigned wishes, answered;
	enum receipt_event event;
	bool other; /* from somebody else than the recipient */
	enum receipt_reason why;
	enum imdn_kind kind;
	enum imdn_status status;
} gives[] = {
	{POS, 200, RECEIPT_EV_RECEIVED, false, RECEIPT_GOOD, DLV, IMDN_DELIVERED},
	{POS, 202, RECEIPT_EV_RECEIVED, false, RECEIPT_GOOD, DLV, IMDN_DELIVERED},
	{POS, 0, RECEIPT_EV_RECEIVED, false, RECEIPT_GOOD, DLV, IMDN_DELIVERED}, /* inside the error window */
	{DISP, 200, RECEIPT_EV_DISPLAYED, false, RECEIPT_GOOD, DSP, IMDN_DISPLAYED},
	{NEG, 200, RECEIPT_EV_FAILED, false, RECEIPT_GOOD, DLV, IMDN_FAILED},       /* J12 */
	{NEG, 200, RECEIPT_EV_FAILED, true, RECEIPT_GOOD, DLV, IMDN_FAILED},        /* by a server on the way */
	{NEG, 200, RECEIPT_EV_UNKNOWN, false, RECEIPT_GOOD, DLV, IMDN_ERROR},       /* 5.1: error */
	/* J11: passed on is not delivered */
	{POS, 200, RECEIPT_EV_WRITTEN, false, RECEIPT_ONLY_WRITTEN, 0, 0},
	/* J10: the final response has told it, or will */
	{NEG, 404, RECEIPT_EV_FAILED, false, RECEIPT_REFUSED, 0, 0},
	{NEG, 0, RECEIPT_EV_FAILED, false, RECEIPT_REFUSED, 0, 0},
	{NEG, 0, RECEIPT_EV_UNKNOWN, false, RECEIPT_REFUSED, 0, 0},
	{POS, 404, RECEIPT_EV_RECEIVED, false, RECEIPT_REFUSED, 0, 0},
	/* 7.2.1: only what was asked for */
	{NEG, 200, RECEIPT_EV_RECEIVED, false, RECEIPT_NOT_ASKED, 0, 0},
	{POS, 200, RECEIPT_EV_FAILED, false, RECEIPT_NOT_ASKED, 0, 0},
	{POS | NEG, 200, RECEIPT_EV_DISPLAYED, false, RECEIPT_NOT_ASKED, 0, 0},
	{0, 200, RECEIPT_EV_RECEIVED, false, RECEIPT_NOT_ASKED, 0, 0},
	/* K01: given by who received it */
	{POS, 200, RECEIPT_EV_RECEIVED, true, RECEIPT_NOT_RECIPIENT, 0, 0},
	{DISP, 200, RECEIPT_EV_DISPLAYED, true, RECEIPT_NOT_RECIPIENT, 0, 0},
};

/* ---- what a contact asks for ---- */
#define REQ  .marks = {.request = true}
#define MARK .marks = {.markable = true}
#define WELL .id = SL("r1"), .authorized = true, .peer_takes_cpim = true
static const struct {
	struct receipt_wish wish;
	unsigned wishes;
	enum receipt_reason why;
} asks[] = {
	{{REQ, WELL}, POS | NEG, RECEIPT_GOOD},
	{{MARK, WELL}, DISP, RECEIPT_GOOD},
	{{.marks = {.request = true, .markable = true}, WELL}, POS | NEG | DISP, RECEIPT_GOOD},
	{{WELL}, 0, RECEIPT_GOOD}, /* nothing asked */
	/* K01 */
	{{REQ, .authorized = true, .peer_takes_cpim = true}, 0, RECEIPT_NO_STANZA_ID},
	{{.marks = {.request = true, .received = SL("x")}, WELL}, 0, RECEIPT_IS_RECEIPT},
	{{.marks = {.request = true, .displayed = SL("x")}, WELL}, 0, RECEIPT_IS_RECEIPT},
	/* K02 */
	{{REQ, WELL, .groupchat = true}, 0, RECEIPT_GROUPCHAT},
	{{REQ, .id = SL("r1"), .peer_takes_cpim = true}, 0, RECEIPT_NOT_AUTHORIZED},
	/* J08 */
	{{REQ, .id = SL("r1"), .authorized = true}, 0, RECEIPT_NO_CPIM},
	/* lync-sip-profile 5.8 */
	{{REQ, WELL, .peer_has_none = true}, 0, RECEIPT_PEER},
};

/* ---- what is told the contact ---- */
static const struct {
	unsigned wishes;
	enum imdn_kind kind;
	enum imdn_status status;
	bool other;
	enum receipt_told told;
	enum receipt_reason why;
	enum stanza_cond cond;
} hears[] = {
	/* K03, each status of each kind */
	{POS, IMDN_DELIVERY, IMDN_DELIVERED, false, RECEIPT_TELL_RECEIVED, RECEIPT_GOOD, STANZA_OK},
	{POS, IMDN_DELIVERY, IMDN_FAILED, false, RECEIPT_TELL_ERROR, RECEIPT_GOOD, STANZA_RECIPIENT_UNAVAILABLE},
	{POS, IMDN_DELIVERY, IMDN_ERROR, false, RECEIPT_TELL_ERROR, RECEIPT_GOOD, STANZA_REMOTE_SERVER_TIMEOUT},
	{POS, IMDN_DELIVERY, IMDN_FORBIDDEN, false, RECEIPT_TELL_NOTHING, RECEIPT_NOT_SAID, STANZA_OK},
	{DISP, IMDN_DISPLAY, IMDN_DISPLAYED, false, RECEIPT_TELL_DISPLAYED, RECEIPT_GOOD, STANZA_OK},
	{DISP, IMDN_DISPLAY, IMDN_FORBIDDEN, false, RECEIPT_TELL_NOTHING, RECEIPT_NOT_SAID, STANZA_OK},
	{DISP, IMDN_DISPLAY, IMDN_ERROR, false, RECEIPT_TELL_NOTHING, RECEIPT_NO_DISPLAY, STANZA_OK},
	{POS, IMDN_PROCESSING, IMDN_PROCESSED, false, RECEIPT_TELL_NOTHING, RECEIPT_PROCESSING, STANZA_OK},
	{POS, IMDN_PROCESSING, IMDN_STORED, false, RECEIPT_TELL_NOTHING, RECEIPT_PROCESSING, STANZA_OK},
	{POS, IMDN_PROCESSING, IMDN_FORBIDDEN, false, RECEIPT_TELL_NOTHING, RECEIPT_PROCESSING, STANZA_OK},
	{POS, IMDN_PROCESSING, IMDN_ERROR, false, RECEIPT_TELL_NOTHING, RECEIPT_PROCESSING, STANZA_OK},
	/* nothing is told that nobody asked for, but a loss */
	{DISP, IMDN_DELIVERY, IMDN_DELIVERED, false, RECEIPT_TELL_NOTHING, RECEIPT_NOT_ASKED, STANZA_OK},
	{POS, IMDN_DISPLAY, IMDN_DISPLAYED, false, RECEIPT_TELL_NOTHING, RECEIPT_NOT_ASKED, STANZA_OK},
	{DISP, IMDN_DELIVERY, IMDN_FAILED, false, RECEIPT_TELL_ERROR, RECEIPT_GOOD, STANZA_RECIPIENT_UNAVAILABLE},
	/* 6.3: forged by somebody who saw the Message-ID */
	{POS, IMDN_DELIVERY, IMDN_DELIVERED, true, RECEIPT_TELL_NOTHING, RECEIPT_NOT_RECIPIENT, STANZA_OK},
	{POS, IMDN_DELIVERY, IMDN_FAILED, true, RECEIPT_TELL_NOTHING, RECEIPT_NOT_RECIPIENT, STANZA_OK},
};
/* clang-format on */

static void taking(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(takes); i++) {
		struct receipt r;
		enum receipt_reason why = receipt_take(&r, &takes[i].asked);

		if (why != takes[i].why || r.wishes != takes[i].wishes)
			fail_msg("take %zu: %s, %#x", i, receipt_text(why), r.wishes);
	}
}

static void giving(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(gives); i++) {
		struct receipt r = {.wishes = gives[i].wishes, .answered = gives[i].answered};
		enum imdn_kind kind = 0;
		enum imdn_status status = 0;
		enum receipt_reason why =
			receipt_give(&r, gives[i].event, !gives[i].other, &kind, &status);

		if (why != gives[i].why || kind != gives[i].kind || status != gives[i].status)
			fail_msg("give %zu: %s", i, receipt_text(why));
		/* J04: of a kind one, whatever comes later */
		if (why == RECEIPT_GOOD)
			assert_int_equal(receipt_give(&r, gives[i].event, true, &kind, &status),
				RECEIPT_TOLD);
	}
}

static void asking(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(asks); i++) {
		struct receipt r;
		enum receipt_reason why = receipt_ask(&r, &asks[i].wish);
		const char *text = receipt_wish_text(r.wishes);

		if (why != asks[i].why || r.wishes != asks[i].wishes)
			fail_msg("ask %zu: %s, %#x", i, receipt_text(why), r.wishes);
		/* what is written is what was meant */
		assert_int_equal(!text, r.wishes == 0);
		assert_int_equal(imdn_wish_read(slice_of(text)), r.wishes);
	}
}

static void hearing(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(hears); i++) {
		struct imdn d = {.kind = hears[i].kind, .status = hears[i].status};
		struct receipt r = {.wishes = hears[i].wishes};
		struct receipt_news n = receipt_hear(&r, &d, !hears[i].other);

		if (n.told != hears[i].told || n.reason != hears[i].why || n.cond != hears[i].cond)
			fail_msg("hear %zu: %d, %s", i, n.told, receipt_text(n.reason));
		assert_int_equal(!n.text, n.told != RECEIPT_TELL_ERROR);
		if (n.told == RECEIPT_TELL_NOTHING)
			continue;
		n = receipt_hear(&r, &d, true);
		assert_int_equal(n.told, RECEIPT_TELL_NOTHING);
		assert_int_equal(n.reason, RECEIPT_TOLD);
	}
}

/* J04: never delivered and then failed, nor the other way round; displayed is another kind. */
static void one_of_a_kind(void **state)
{
	struct receipt r = {.wishes = POS | NEG | DISP, .answered = 200};
	enum imdn_kind kind;
	enum imdn_status status;

	assert_int_equal(receipt_give(&r, RECEIPT_EV_RECEIVED, true, &kind, &status), RECEIPT_GOOD);
	assert_int_equal(receipt_give(&r, RECEIPT_EV_FAILED, true, &kind, &status), RECEIPT_TOLD);
	assert_int_equal(
		receipt_give(&r, RECEIPT_EV_DISPLAYED, true, &kind, &status), RECEIPT_GOOD);
	r = (struct receipt){.wishes = POS | NEG, .answered = 200};
	assert_int_equal(receipt_give(&r, RECEIPT_EV_UNKNOWN, true, &kind, &status), RECEIPT_GOOD);
	assert_int_equal(receipt_give(&r, RECEIPT_EV_RECEIVED, true, &kind, &status), RECEIPT_TOLD);

	r = (struct receipt){.wishes = POS};
	assert_int_equal(
		receipt_hear(&r, &(struct imdn){.kind = IMDN_DELIVERY, .status = IMDN_FAILED}, true)
			.told,
		RECEIPT_TELL_ERROR);
	assert_int_equal(
		receipt_hear(
			&r, &(struct imdn){.kind = IMDN_DELIVERY, .status = IMDN_DELIVERED}, true)
			.told,
		RECEIPT_TELL_NOTHING);
}

/* J03: what names no message of ours. */
static void of_nothing(void **state)
{
	struct imdn d = {.kind = IMDN_DELIVERY, .status = IMDN_DELIVERED};
	enum imdn_kind kind;
	enum imdn_status status;

	assert_int_equal(receipt_hear(NULL, &d, true).reason, RECEIPT_UNKNOWN);
	assert_int_equal(
		receipt_give(NULL, RECEIPT_EV_RECEIVED, true, &kind, &status), RECEIPT_UNKNOWN);
}

static void elements(void **state)
{
	struct arena a = {0};
	struct buf b = {0};
	struct receipt_marks m;

	buf_str(&b, "<m>");
	receipt_request_write(&b);
	receipt_markable_write(&b);
	receipt_received_write(&b, SL("r'1"));
	receipt_displayed_write(&b, SL("r2"));
	buf_str(&b, "</m>");
	receipt_marks_read(&m, xml_document_read(&a, buf_slice(&b)));
	assert_true(m.request && m.markable);
	assert_slice(m.received, "r'1");
	assert_slice(m.displayed, "r2");
	receipt_marks_read(&m, xml_document_read(&a, SL("<m><received xmlns='" NS_RECEIPTS "'/>"
							"<request xmlns='urn:x'/></m>")));
	assert_false(m.request);
	assert_slice(m.received, ""); /* there, and names nothing */
	assert_slice(m.displayed, NULL);
	buf_done(&b);
	arena_done(&a);
}

/* Each says whose rule it is, and why. */
static void reasons(void **state)
{
	for (enum receipt_reason r = RECEIPT_GOOD + 1; r < RECEIPT_REASON__N; r++) {
		assert_true(*receipt_rule(r));
		assert_true(*receipt_text(r));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(taking),
		cmocka_unit_test(giving),
		cmocka_unit_test(asking),
		cmocka_unit_test(hearing),
		cmocka_unit_test(one_of_a_kind),
		cmocka_unit_test(of_nothing),
		cmocka_unit_test(elements),
		cmocka_unit_test(reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
