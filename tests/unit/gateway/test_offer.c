#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "gateway/offer.h"

/* What is offered in an INVITE, and what we say to it: one row a rule. */

#define SDP      "Content-Type: application/sdp\r\n"
#define HEAD     "v=0\r\no=- 0 0 IN IP4 10.0.0.7\r\ns=session\r\nc=IN IP4 10.0.0.7\r\nt=0 0\r\n"
#define MESSAGES "m=message 5060 sip null\r\na=accept-types:text/plain\r\n"
#define OLD      "m=x-ms-message 5060 sip null\r\n"
#define AUDIO    "m=audio 4000 RTP/AVP 0 8\r\na=rtpmap:0 PCMU/8000\r\n"
#define MSRP                                                                                       \
	"m=message 7777 TCP/MSRP "                                                                 \
	"*\r\na=accept-types:text/plain\r\na=path:msrp://10.0.0.7:7777/x;tcp\r\n"
#define CONTACT "Contact: <sip:romeo@example.net;opaque=user:epid:x;gruu>\r\n"
#define FIRST   "ms-text-format: text/plain; charset=UTF-8;msgr=WABNAFMA;ms-body="

struct given {
	struct arena arena;
	struct sip_msg m;
};

/* headers: complete lines, a Contact among them; body: NULL for none. */
static void make(struct given *g, const char *method, const char *ruri, const char *headers,
	const char *body)
{
	char *text;

	memset(g, 0, sizeof *g);
	body = body ? body : "";
	text = arena_printf(&g->arena,
		"%s %s SIP/2.0\r\nVia: SIP/2.0/TLS 10.0.0.7;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n"
		"From: <sip:romeo@example.net>;tag=1\r\nTo: <sip:juliet@example.com>\r\n"
		"Call-ID: c\r\nCSeq: 1 %s\r\n%sContent-Length: %zu\r\n\r\n%s",
		method, ruri, method, headers, strlen(body), body);
	assert_int_equal(sip_msg_parse(&g->m, text, strlen(text)), SIP_GOOD);
}

/* ---- what is refused ---- */

/* clang-format off */
static const struct {
	const char *rule, *ruri, *headers, *body;
	unsigned status;
	const char *field, *value; /* of the refusal: what it begins with; NULL: none */
} refusals[] = {
	/* what is taken */
	{"5.1", NULL, CONTACT SDP, HEAD MESSAGES, 0, NULL, NULL},
	{"5.1 old clients", NULL, CONTACT SDP, HEAD OLD, 0, NULL, NULL},
	{"5.1 any case", NULL, CONTACT "Content-Type: Application/SDP;x=y\r\n", HEAD "m=Message 5060 SIP null\r\n", 0, NULL, NULL},
	{"5.2 with audio beside it", NULL, CONTACT SDP, HEAD AUDIO MESSAGES, 0, NULL, NULL},
	{"RFC 3261 20.11", NULL, CONTACT SDP "Content-Disposition: session;handling=required\r\n", HEAD MESSAGES, 0, NULL, NULL},
	{"5.1 a device is no conference", "sip:juliet@example.com;opaque=user:epid:x;gruu", CONTACT SDP, HEAD MESSAGES, 0, NULL, NULL},
	{"5.1 two are no group", NULL, CONTACT SDP "EndPoints: \"R, M\" <sip:romeo@example.net>, <sip:juliet@example.com>\r\n"
		"Roster-Manager: sip:romeo@example.net\r\nSupported: com.microsoft.rtc-multiparty\r\n", HEAD MESSAGES, 0, NULL, NULL},
	{"5.2 not triggered", NULL, CONTACT SDP "TriggeredInvite: FALSE\r\n", HEAD MESSAGES, 0, NULL, NULL},
	/* 5.2, RFC 7247 8 */
	{"5.2 sips", "sips:juliet@example.com", CONTACT SDP, HEAD MESSAGES, 403, "Warning", "399 "},
	/* what is no message session */
	{"5.2 no SDP", NULL, CONTACT, NULL, 488, "Warning", "304 "},
	{"5.2 audio", NULL, CONTACT SDP, HEAD AUDIO, 488, "Warning", "304 "},
	{"5.2 video, application", NULL, CONTACT SDP, HEAD "m=video 1 RTP/AVP 31\r\nm=applicationsharing 2 TCP/RTP/AVP 127\r\n", 488, "Warning", "304 "},
	{"5.2 no medium", NULL, CONTACT SDP, HEAD, 488, "Warning", "304 "},
	{"RFC 3264 5.1 port 0", NULL, CONTACT SDP, HEAD "m=message 0 sip null\r\n", 488, "Warning", "304 "},
	{"5.1 no MSRP", NULL, CONTACT SDP, HEAD MSRP, 488, "Warning", "302 "},
	{"RFC 3261 20.11 not the session's", NULL, CONTACT SDP "Content-Disposition: render\r\n", HEAD MESSAGES, 488, "Warning", "304 "},
	/* what cannot be read */
	{"RFC 8866 5", NULL, CONTACT SDP, "v=0\r\nnonsense\r\n", 400, NULL, NULL},
	{"RFC 8866 5.7", NULL, CONTACT SDP, "v=0\r\no=- 0 0 IN IP4 10.0.0.7\r\ns=-\r\nt=0 0\r\n" MESSAGES, 400, NULL, NULL},
	{"RFC 3261 21.4.13", NULL, CONTACT "Content-Type: text/plain\r\n", HEAD MESSAGES, 415, "Accept", "application/sdp"},
	{"RFC 3261 21.4.13 several", NULL, CONTACT "Content-Type: multipart/alternative;boundary=x\r\n", "--x--", 415, "Accept", "application/sdp"},
	/* several parties: profile 5.2, 8 */
	{"5.2 multiparty", NULL, CONTACT SDP "Require: com.microsoft.rtc-multiparty\r\n", HEAD MESSAGES, 488, "Warning", "399 "},
	{"5.2 triggered", NULL, CONTACT SDP "TriggeredInvite: TRUE\r\n", HEAD MESSAGES, 488, "Warning", "399 "},
	{"5.2 three", NULL, CONTACT SDP "EndPoints: <sip:a@x.example>, \"B, b\" <sip:b@x.example>, <sip:c@x.example>\r\n", HEAD MESSAGES, 488, "Warning", "399 "},
	{"5.2 conference", "sip:juliet@example.com;gruu;opaque=app:conf:focus:id:ABC", CONTACT SDP, HEAD MESSAGES, 488, "Warning", "399 "},
	{"5.2 of a conference", NULL, "Contact: <sip:r@example.net;gruu;opaque=app:conf:chat:id:ABC>\r\n" SDP, HEAD MESSAGES, 488, "Warning", "399 "},
	{"RFC 4579 5.2", NULL, "Contact: <sip:r@example.net>;isfocus\r\n" SDP, HEAD MESSAGES, 488, "Warning", "399 "},
	{"8 invitation", NULL, CONTACT "Content-Type: application/ms-conf-invite+xml\r\n", "<Conferencing/>", 488, "Warning", "399 "},
};
/* clang-format on */

static void refused(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		struct given g;
		struct offer o;
		struct message_refusal r = {0};
		bool good;

		make(&g, "INVITE", refusals[i].ruri ? refusals[i].ruri : "sip:juliet@example.com",
			refusals[i].headers, refusals[i].body);
		good = offer_read(&o, &g.arena, &g.m, &r);
		if (good != !refusals[i].status || r.status != refusals[i].status)
			fail_msg("%s: got %u", refusals[i].rule, r.status);
		assert_slice(r.field.name, refusals[i].field);
		if (refusals[i].field)
			assert_true(slice_starts(r.field.value, slice_of(refusals[i].value)));
		if (r.field.name.p && slice_eqz(r.field.name, "Warning")) {
			struct sip_warning w;

			assert_int_equal(sip_warning_parse(r.field.value, &w), 0);
		}
		arena_done(&g.arena);
	}
}

static void says_which_line(void **state)
{
	struct given g;
	struct offer o;
	struct message_refusal r = {0};

	make(&g, "INVITE", "sip:juliet@example.com", CONTACT SDP, "v=0\r\nnonsense\r\n");
	assert_false(offer_read(&o, &g.arena, &g.m, &r));
	assert_true(slice_contains(r.reason, SL("Line 2")));
	arena_done(&g.arena);
}

/* ---- what the other side shows ---- */

#define LYNC                                                                                       \
	"text/plain multipart/alternative image/gif text/rtf application/x-ms-ink "                \
	"application/ms-imdn+xml text/x-msmsgsinvite"

/* clang-format off */
static const struct {
	const char *lines; /* of the medium */
	unsigned want;
} accepts[] = {
	{"", OFFER_PLAIN},
	{"a=accept-types:\r\n", 0},
	{"a=accept-types:text/plain\r\n", OFFER_PLAIN},
	{"a=accept-types:" LYNC "\r\n", OFFER_PLAIN | OFFER_ALTERNATIVE | OFFER_RTF}, /* profile 5.1 */
	{"a=accept-types:text/plain text/html application/im-iscomposing+xml\r\n", OFFER_PLAIN | OFFER_HTML | OFFER_COMPOSING},
	{"a=accept-types:text/*\r\n", OFFER_PLAIN | OFFER_HTML | OFFER_RTF},
	{"a=accept-types:message/cpim\r\n", OFFER_CPIM},
	{"a=accept-types:message/cpim text/plain\r\na=accept-wrapped-types:message/imdn+xml\r\n", OFFER_CPIM | OFFER_PLAIN | OFFER_IMDN},
	{"a=accept-types:text/plain\r\na=accept-wrapped-types:message/imdn+xml\r\n", OFFER_PLAIN}, /* RFC 4975 8.6 */
	{"a=accept-types:*\r\n", OFFER_PLAIN | OFFER_HTML | OFFER_RTF | OFFER_CPIM | OFFER_COMPOSING | OFFER_IMDN | OFFER_ALTERNATIVE},
};
/* clang-format on */

static void shown(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(accepts); i++) {
		struct given g;
		struct offer o;
		struct message_refusal r = {0};
		unsigned answered = 0;
		char body[1024];

		snprintf(body, sizeof body, HEAD "m=message 5060 sip null\r\n%s", accepts[i].lines);
		make(&g, "INVITE", "sip:juliet@example.com", CONTACT SDP, body);
		assert_true(offer_read(&o, &g.arena, &g.m, &r));
		assert_int_equal(o.accepts, accepts[i].want);
		/* an answer is read the same way */
		assert_true(offer_answered(&g.m, &answered));
		assert_int_equal(answered, accepts[i].want);
		arena_done(&g.arena);
	}
}

static void answers(void **state)
{
	static const char *const refusing[] = {
		NULL,
		HEAD,
		HEAD "m=message 0 sip null\r\n",
		HEAD AUDIO,
		HEAD MSRP,
		HEAD AUDIO MESSAGES, /* RFC 3264 6: in the order of the offer */
		"nonsense",
	};

	for (size_t i = 0; i < ARRAY_LEN(refusing); i++) {
		struct given g;
		unsigned bits = 77;

		make(&g, "INVITE", "sip:juliet@example.com", CONTACT SDP, refusing[i]);
		assert_false(offer_answered(&g.m, &bits));
		assert_int_equal(bits, 77);
		arena_done(&g.arena);
	}
}

/* ---- the first message ---- */

/* clang-format off */
static const struct {
	const char *headers, *want; /* NULL: not taken */
} firsts[] = {
	{"", NULL},
	{FIRST "SGVsbG8=\r\n", "Hello"},
	{"Ms-Text-Format: text/plain; charset=UTF-8;ms-body=w6TDtg==;msgr=WABN\r\n", "\xc3\xa4\xc3\xb6"},
	{"MS-TEXT-FORMAT: Text/Plain;MS-BODY=SGk=\r\n", "Hi"},
	{"ms-text-format: text/plain; charset=\"utf-8\"; ms-body=\"SGk=\"\r\n", "Hi"},
	{"ms-text-format: text/plain; charset=iso-8859-1;ms-body=5A==\r\n", "\xc3\xa4"},
	{FIRST "YQ0KYg1j\r\n", "a\nb\nc"}, /* line ends as in a MESSAGE */
	/* what cannot be read comes again as a MESSAGE */
	{FIRST "SGVsbG8\r\n", NULL},
	{FIRST "SG(sbG8=\r\n", NULL},
	{FIRST "\r\n", NULL},
	{FIRST "/w==\r\n", NULL}, /* not UTF-8 */
	{"ms-text-format: text/plain; charset=UTF-7;ms-body=SGk=\r\n", NULL},
	{"ms-text-format: text/plain; charset=UTF-8\r\n", NULL},
	{"ms-text-format: text/rtf; charset=UTF-8;ms-body=SGk=\r\n", NULL},
	{"ms-im-format: text/plain; charset=UTF-8;ms-body=SGk=\r\n", NULL},
};
/* clang-format on */

static void first_message(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(firsts); i++) {
		struct given g;
		struct offer o;
		struct message_refusal r = {0};
		char headers[512];

		snprintf(headers, sizeof headers, CONTACT SDP "%s", firsts[i].headers);
		make(&g, "INVITE", "sip:juliet@example.com", headers, HEAD MESSAGES);
		assert_true(offer_read(&o, &g.arena, &g.m, &r));
		assert_slice(o.first, firsts[i].want);
		arena_done(&g.arena);
	}
}

/* ---- within a dialog (profile 5.5, RFC 3264 8) ---- */

/* clang-format off */
static const struct {
	const char *method, *body;
	unsigned n, media, status;
} again[] = {
	{"INVITE", HEAD MESSAGES, 1, 0, 0},
	{"INVITE", HEAD OLD, 1, 0, 0},
	{"INVITE", NULL, 1, 0, 0},
	{"UPDATE", NULL, 1, 0, 0},
	{"UPDATE", HEAD MESSAGES, 1, 0, 0},
	{"UPDATE", NULL, 2, 1, 0},
	{"INVITE", HEAD AUDIO MESSAGES, 2, 1, 0}, /* refused as before */
	{"INVITE", HEAD MESSAGES "m=audio 0 RTP/AVP 0\r\n", 1, 0, 0},
	{"INVITE", HEAD MESSAGES AUDIO, 1, 0, 488},
	{"UPDATE", HEAD MESSAGES AUDIO, 1, 0, 488},
	{"INVITE", HEAD AUDIO, 1, 0, 488},
	{"INVITE", HEAD MSRP, 1, 0, 488},
	{"INVITE", HEAD "m=message 0 sip null\r\n", 1, 0, 488},
	{"INVITE", HEAD MESSAGES, 2, 0, 488}, /* a line is gone */
	{"INVITE", HEAD MESSAGES AUDIO, 2, 1, 488}, /* they have changed places */
	{"INVITE", NULL, 2, 1, 488},
	{"INVITE", "nonsense", 1, 0, 400},
};
/* clang-format on */

static void asked_again(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(again); i++) {
		struct given g;
		struct offer o;
		struct message_refusal r = {0};
		bool good;

		make(&g, again[i].method, "sip:juliet@example.com",
			again[i].body ? CONTACT SDP : CONTACT, again[i].body);
		good = offer_again(&o, &g.arena, &g.m, again[i].n, again[i].media, &r);
		if (good != !again[i].status || r.status != again[i].status)
			fail_msg("row %zu: got %u", i, r.status);
		if (good)
			assert_int_equal(!o.sdp, !again[i].body);
		arena_done(&g.arena);
	}
}

/* ---- what we write ---- */

static const struct offer_place place = {.host = SL("192.0.2.9"), .port = 5061, .id = 42};
#define OURS   "v=0\r\no=- 42 42 IN IP4 192.0.2.9\r\ns=session\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
#define TYPES  "a=accept-types:" OFFER_TYPES "\r\n"
#define JULIET "sip:juliet@example.com"

static void offers(void **state)
{
	struct buf b = {0};

	offer_write(&b, &place);
	assert_slice(buf_slice(&b), OURS "m=message 5061 sip null\r\n" TYPES);
	buf_done(&b);
}

static void place_by_name(void **state)
{
	struct offer_place at = {.host = SL("gw.example.com"), .port = 5061, .id = 42};
	struct buf b = {0};
	struct sdp s;

	offer_write(&b, &at);
	assert_int_equal(sdp_parse(&s, buf_slice(&b)), 0);
	assert_slice(s.conn.host, "gw.example.com");
	buf_done(&b);
}

/* clang-format off */
static const struct {
	const char *offer, *want;
} written[] = {
	{HEAD MESSAGES, OURS "m=message 5061 sip " JULIET "\r\n" TYPES},
	{HEAD OLD, OURS "m=x-ms-message 5061 sip " JULIET "\r\n" TYPES},
	{HEAD AUDIO MESSAGES, OURS "m=audio 0 RTP/AVP 0 8\r\nm=message 5061 sip " JULIET "\r\n" TYPES},
	{HEAD MESSAGES MESSAGES, OURS "m=message 5061 sip " JULIET "\r\n" TYPES "m=message 0 sip null\r\n"},
	{NULL, OURS "m=message 5061 sip " JULIET "\r\n" TYPES},
};
/* clang-format on */

static void answered(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(written); i++) {
		struct given g;
		struct offer o;
		struct message_refusal r = {0};
		struct buf b = {0};

		make(&g, "INVITE", JULIET, written[i].offer ? CONTACT SDP : CONTACT,
			written[i].offer);
		if (written[i].offer)
			assert_true(offer_read(&o, &g.arena, &g.m, &r));
		else
			assert_true(offer_again(&o, &g.arena, &g.m, 1, 0, &r));
		offer_answer(&b, &o, &place, SL(JULIET));
		assert_slice(buf_slice(&b), written[i].want);
		buf_done(&b);
		arena_done(&g.arena);
	}
}

/* What we write, we read. */
static void own_offer_is_good(void **state)
{
	struct given g;
	struct offer o;
	struct message_refusal r = {0};
	struct buf b = {0};
	char *text;

	offer_write(&b, &place);
	text = buf_dup(&b);
	make(&g, "INVITE", JULIET, CONTACT SDP, text);
	assert_true(offer_read(&o, &g.arena, &g.m, &r));
	assert_int_equal(o.accepts, OFFER_PLAIN | OFFER_HTML | OFFER_CPIM | OFFER_COMPOSING);
	free(text);
	buf_done(&b);
	arena_done(&g.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused),
		cmocka_unit_test(says_which_line),
		cmocka_unit_test(shown),
		cmocka_unit_test(answers),
		cmocka_unit_test(first_message),
		cmocka_unit_test(asked_again),
		cmocka_unit_test(offers),
		cmocka_unit_test(place_by_name),
		cmocka_unit_test(answered),
		cmocka_unit_test(own_offer_is_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
