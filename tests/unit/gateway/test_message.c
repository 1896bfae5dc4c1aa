#include "unit.h"

#include <stdio.h>

#include "base/mem.h"
#include "gateway/message.h"
#include "xml/reader.h"

/* ---- SIP to XMPP ---- */

/* 2026-01-31T12:00:00Z */
enum { NOW_S = 1769860800 };
static const uint64_t now_ms = (uint64_t)NOW_S * 1000;

static void parse(struct sip_msg *m, char *text, size_t n)
{
	assert_int_equal(sip_msg_parse(m, text, n), SIP_GOOD);
}

/* A MESSAGE with these header lines ("A: b\r\n") and body. */
static struct sip_msg *request(
	struct arena *a, const char *ruri, const char *from, const char *headers, struct slice body)
{
	struct sip_msg *m = arena_alloc(a, sizeof *m);
	char *head = arena_printf(a,
		"MESSAGE %s SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n"
		"From: %s\r\nTo: <sip:juliet@example.com>\r\nCall-ID: c1\r\nCSeq: 1 MESSAGE\r\n%s"
		"Content-Length: %zu\r\n\r\n",
		ruri, from, headers, body.n);
	size_t n = strlen(head);
	char *all = arena_alloc(a, n + body.n + 1);

	memcpy(all, head, n);
	if (body.n)
		memcpy(all + n, body.p, body.n);
	parse(m, all, n + body.n);
	return m;
}

static const char *translate(struct arena *a, const struct sip_msg *m)
{
	struct message_refusal no = {0};
	struct message_pair pair;
	struct message_in in;
	const char *xml;
	struct buf b;

	if (!message_pair_read(&pair, a, m, NULL, &no) || !message_in_read(&in, a, m, now_ms, &no))
		return arena_printf(a, "%u %.*s", no.status, SLARG(no.field.name));
	buf_init(&b, 0);
	message_in_write(&b, &pair, &in, SL("id1"));
	xml = arena_dup(a, buf_slice(&b));
	buf_done(&b);
	return xml;
}

#define JULIET "sip:juliet@example.com"
#define ROMEO  "<sip:romeo@example.net>;tag=1"
#define PLAIN  "Content-Type: text/plain\r\n"
#define HEAD   "<message from='romeo@example.net' to='juliet@example.com' id='id1'>"
#define TAIL   "<thread>c1</thread></message>"

static void sip_addresses(void **state)
{
	static const struct {
		const char *ruri, *from, *want;
	} rows[] = {
		{JULIET,			     ROMEO,				      HEAD "<body>x</body>" TAIL},
		{JULIET,			     "sip:romeo@example.net;tag=1",              HEAD "<body>x</body>" TAIL},
 /* without brackets all parameters are of the field (RFC 3261 20.10) */
		{JULIET,			     "sip:romeo@example.net;gr=d;tag=1",         HEAD "<body>x</body>" TAIL},
		{JULIET,			     "<sip:romeo@example.net;gr=d>;tag=1",
                 "<message from='romeo@example.net/d' to='juliet@example.com' id='id1'>"
			"<body>x</body>" TAIL									      },
		{JULIET,			     "\"R\" <sip:romeo@example.net>;gr=d;tag=1",
                 "<message from='romeo@example.net/d' to='juliet@example.com' id='id1'>"
			"<body>x</body>" TAIL									      },
		{"sip:o'neill@example.com;gr=a%22b", "<sip:r&j@example.net>;tag=1",
                 "<message from='r\\26j@example.net' to='o\\27neill@example.com/a&quot;b' "
			"id='id1'>"
			"<body>x</body>" TAIL									      },
		{"sip:a%FFb@example.com",            ROMEO,                                      "404 "                    },
		{"sip:%20a@example.com",             ROMEO,                                      "404 "                    },
		{"tel:+1555",                        ROMEO,				      "416 "                    },
		/* a JID of the domain alone is the domain speaking */
		{JULIET, "<sip:example.net>;tag=1", "403 "},
		{"sips:juliet@example.com",          ROMEO,                                      "403 "                    },
		{JULIET,			     "<sip:a%00b@example.net>;tag=1",            "400 "                    },
		{JULIET,			     "<tel:+1555>;tag=1",                        "400 "                    },
	};
	struct arena a = {0};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(
			translate(&a, request(&a, rows[i].ruri, rows[i].from, PLAIN, SL("x"))),
			rows[i].want);
	arena_done(&a);
}

#define XHTML                                                                                      \
	"<html xmlns='http://jabber.org/protocol/xhtml-im'><body "                                 \
	"xmlns='http://www.w3.org/1999/xhtml'>"

static void sip_bodies(void **state)
{
	static const struct {
		const char *headers;
		struct slice body;
		const char *want; /* after <message ...>, or a refusal */
	} rows[] = {
		{PLAIN,					      SL("1 < 2 & \"x\"\r\n."),        "<body>1 &lt; 2 &amp; \"x\"\n.</body>" TAIL},
		{PLAIN,
                 SL("a\x07"
			   "b"),
                 "<body>a\xef\xbf\xbd"
			"b</body>" TAIL													  },
		{PLAIN,					      SL("a\0b"),
                 "<body>a\xef\xbf\xbd"
			"b</body>" TAIL													  },
		{"Content-Type: text/plain; charset=iso-8859-1\r\n", SL("\xe9"),
                 "<body>\xc3\xa9</body>" TAIL												    },
		{"Content-Type: text/plain;charset=\"UTF-8\"\r\n",   SL("\xc3\xa9"),
                 "<body>\xc3\xa9</body>" TAIL												    },
		{"c: TEXT/Plain\r\n",                                SL("x"),                         "<body>x</body>" TAIL                      },
		{PLAIN "Subject: Balcony & more\r\n",                SL("x"),
                 "<subject>Balcony &amp; more</subject><body>x</body>" TAIL                                                                      },
		{PLAIN "Subject: s\r\n",                             SL(""),                          "<subject>s</subject>" TAIL                },
		{"Content-Type: text/html\r\n",                      SL("<p>Hi <b>you</b></p>"),
                 "<body>Hi you</body>"
			"<thread>c1</thread>" XHTML
			"<p>Hi <strong>you</strong></p></body></html></message>"                                                                 },
		{"Content-Type: message/cpim\r\n",
                 SL("From: <sip:mallory@evil.example>\r\nTo: <sip:x@y.example>\r\n"
			   "DateTime: 2000-12-13T13:40:00-08:00\r\nSubject: Night\r\n\r\n"
			   "Content-Type: text/plain; charset=utf-8\r\n\r\nHello"),
                 "<subject>Night</subject><body>Hello</body><thread>c1</thread>"
			"<delay xmlns='urn:xmpp:delay' from='example.net' "
			"stamp='2000-12-13T21:40:00Z'/>"
			"</message>"													     },
		{"Content-Type: message/cpim\r\n",
                 SL("From: <sip:a@b>\r\n\r\nContent-Type: text/html\r\n\r\n<i>x</i>"),
                 "<body>x</body><thread>c1</thread>" XHTML
			"<em>x</em></body></html></message>"										     },
 /* a date in the past that is no mistake of a clock */
		{PLAIN "Date: Sat, 31 Jan 2026 11:00:00 GMT\r\n",    SL("x"),
                 "<body>x</body><thread>c1</thread>"
			"<delay xmlns='urn:xmpp:delay' from='example.net' "
			"stamp='2026-01-31T11:00:00Z'/></message>"									       },
		{PLAIN "Date: Sat, 31 Jan 2026 11:59:30 GMT\r\n",    SL("x"),                         "<body>x</body>" TAIL                      },
		{PLAIN "Date: Sat, 31 Jan 2026 13:00:00 GMT\r\n",    SL("x"),                         "<body>x</body>" TAIL                      },
 /* refused */
		{"Content-Type: application/octet-stream\r\n",       SL("\0"),                        "415 Accept"                               },
		{"Content-Type: multipart/mixed;boundary=x\r\n",     SL("x"),                         "400 "                                     },
		{"Content-Type: text/plain;charset=utf-16\r\n",      SL("x"),                         "415 Accept"                               },
		{PLAIN "Content-Encoding: gzip\r\n",                 SL("x"),                         "415 Accept-Encoding"                      },
		{PLAIN "Content-Disposition: attachment\r\n",        SL("x"),                         "415 Accept"                               },
		{"",						 SL("x"),                         "415 Accept"                               },
		{"Content-Type: message/cpim\r\n",
                 SL("From: <sip:a@b>\r\n\r\nContent-Type: image/png\r\n\r\nx"),
                 "415 Accept"														    },
		{"Content-Type: message/cpim\r\n",                   SL("Require: X.y\r\n\r\n\r\nx"), "415 Accept"                                     },
		{"Content-Type: message/cpim\r\n",                   SL("rubbish"),                   "400 "                                     },
		{PLAIN,					      SL("\xff"),                      "400 "                                     },
		{PLAIN "Subject: \xff\r\n",                          SL("x"),                         "400 "                                     },
		{PLAIN,					      SL(""),                          "400 "                                     },
		{"Content-Type: text/html\r\n",                      SL("<img src='x'>"),             "400 "                                     },
	};
	struct arena a = {0};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *want = rows[i].want;

		if (*want == '<')
			want = arena_printf(&a, "%s%s", HEAD, want);
		assert_string_equal(
			translate(&a, request(&a, JULIET, ROMEO, rows[i].headers, rows[i].body)),
			want);
	}
	arena_done(&a);
}

/* ---- wrappers ---- */

#define MIXED            "Content-Type: multipart/mixed;boundary=x\r\n"
#define ALTERNATIVE      "Content-Type: multipart/alternative; boundary=\"x\"\r\n"
#define RELATED          "Content-Type: multipart/related;boundary=x;start=\"<2>\"\r\n"
#define CPIM             "Content-Type: message/cpim\r\n"
#define PART(head, body) "--x\r\n" head "\r\n" body "\r\n"
#define TEXT_PART(body)  PART("Content-Type: text/plain\r\n", body)
#define HTML_PART(body)  PART("Content-Type: text/html\r\n", body)
#define IMAGE_PART(head) PART("Content-Type: image/png\r\n" head, "PNG")

/* RFC 2046 5.1, RFC 5621, lync-sip-profile 5.3. A refusal, or what stands before the thread. */
static void sip_parts(void **state)
{
	/* clang-format off */
	static const struct {
		const char *headers, *body, *want;
	} rows[] = {
		/* plain text is taken, wherever it stands */
		{ALTERNATIVE, TEXT_PART("t") HTML_PART("<b>h</b>") "--x--", "<body>t</body>"},
		{ALTERNATIVE, HTML_PART("<b>h</b>") TEXT_PART("t") "--x--\r\n", "<body>t</body>"},
		{ALTERNATIVE, IMAGE_PART("") TEXT_PART("t") "--x--", "<body>t</body>"},
		{ALTERNATIVE, HTML_PART("<p>h</p>") "--x--", "<body>h</body>"},
		{ALTERNATIVE, IMAGE_PART("") "--x--", "415 Accept"},
		/* what stands around the parts says nothing; lines may end in LF */
		{ALTERNATIVE, "preamble\r\n" TEXT_PART("t") "--x--\r\nepilogue\r\n--x\r\n", "<body>t</body>"},
		{ALTERNATIVE, "--x\nContent-Type: text/plain\n\nt\nu\n--x--\n", "<body>t\nu</body>"},
		/* the line end before a delimiter is the delimiter's; a part may have no header, or be empty */
		{MIXED, "--x\r\n\r\nt\r\n\r\n--x--", "<body>t\n</body>"},
		{MIXED, PART("", "a") PART("", "b") "--x--", "<body>a\nb</body>"},
		{MIXED, PART("", "") "--x--", "400 "},
		{MIXED, PART("Content-Type:\r\n\ttext/plain;\r\n charset=utf-8\r\n", "t") "--x--", "<body>t</body>"},
		{MIXED, "--x \t\r\n\r\nt\r\n--xy\r\n--x--", "<body>t\n--xy</body>"},
		/* RFC 3261 20.11: what is not optional must be understood */
		{MIXED, TEXT_PART("t") IMAGE_PART("") "--x--", "415 Accept"},
		{MIXED, TEXT_PART("t") IMAGE_PART("Content-Disposition: render;handling=optional\r\n") "--x--", "<body>t</body>"},
		{MIXED, TEXT_PART("t") PART("Content-Disposition: attachment\r\n", "u") "--x--", "415 Accept"},
		{MIXED, TEXT_PART("t") PART("Content-Disposition: attachment; handling=optional\r\n", "u") "--x--", "<body>t</body>"},
		{MIXED, PART("Content-Transfer-Encoding: base64\r\n", "dA==") "--x--", "415 Accept"},
		{MIXED, PART("Content-Transfer-Encoding: 8bit\r\n", "t") "--x--", "<body>t</body>"},
		{MIXED, PART("Content-Type: application/im-iscomposing+xml\r\n", "<x/>") "--x--", "415 Accept"},
		/* unknown kinds are mixed (RFC 2046 5.1.7) */
		{"Content-Type: multipart/strange;boundary=x\r\n", TEXT_PART("t") "--x--", "<body>t</body>"},
		/* the root alone (RFC 2387 3.2) */
		{RELATED, PART("Content-ID: <1>\r\n", "a") PART("Content-ID: <2>\r\n", "b") "--x--", "<body>b</body>"},
		{RELATED, PART("Content-ID: <1>\r\n", "a") IMAGE_PART("") "--x--", "<body>a</body>"},
		{RELATED, IMAGE_PART("Content-ID: <2>\r\n") TEXT_PART("a") "--x--", "415 Accept"},
		/* parts in parts */
		{MIXED, PART("Content-Type: multipart/alternative;boundary=y\r\n",
			"--y\r\nContent-Type: text/html\r\n\r\nh\r\n--y\r\n\r\nt\r\n--y--") "--x--", "<body>t</body>"},
		{CPIM, "From: <sip:a@b>\r\n\r\nContent-Type: multipart/mixed;boundary=x\r\n\r\n" TEXT_PART("t") "--x--", "<body>t</body>"},
		{CPIM, "From: <sip:a@b>\r\n\r\nContent-Type: message/cpim\r\n\r\n", "415 Accept"},
		/* what cannot be told apart */
		{MIXED, TEXT_PART("t"), "400 "},
		{MIXED, "--x--", "400 "},
		{MIXED, "--y\r\n\r\nt\r\n--y--", "400 "},
		{"Content-Type: multipart/mixed\r\n", TEXT_PART("t") "--x--", "400 "},
		{"Content-Type: multipart/mixed;boundary=\"\"\r\n", TEXT_PART("t") "--x--", "400 "},
		/* Require names what is read here, or not (RFC 3862 3.5) */
		{CPIM, "NS: i <urn:ietf:params:imdn>\r\nRequire: DateTime, i.Message-ID\r\n\r\n\r\nx", "<body>x</body>"},
		{CPIM, "Require: i.Message-ID\r\nNS: i <urn:ietf:params:imdn>\r\n\r\n\r\nx", "415 Accept"},
		{CPIM, "Require: From,MyFeatures.VitalMessageOption\r\n\r\n\r\nx", "415 Accept"},
		/* lync-sip-profile 5.3, 5.5 */
		{"Content-Type: text/rtf\r\n", "{\\rtf1 x}", "415 Accept"},
		{"Content-Type: text/x-msmsgsinvite; charset=UTF-8\r\n", "Application-Name: File Transfer", "415 Accept"},
		{"Content-Type: text/plain; charset=UTF-8; msgr=WAAtAE0ATQBTAC0A\r\n", "t", "<body>t</body>"},
		/* documents that are none */
		{"Content-Type: application/im-iscomposing+xml\r\n", "<x/>", "400 "},
		{CPIM, "From: <sip:a@b>\r\n\r\nContent-Type: message/imdn+xml\r\n\r\n<x/>", "400 "},
		{"Content-Type: message/imdn+xml\r\n", "<imdn/>", "415 Accept"},
	};
	/* clang-format on */
	struct arena a = {0};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *got = translate(
			&a, request(&a, JULIET, ROMEO, rows[i].headers, slice_of(rows[i].body)));
		const char *want = *rows[i].want == '<'
					   ? arena_printf(&a, "%s%s<thread>", HEAD, rows[i].want)
					   : rows[i].want;

		if (strncmp(got, want, strlen(want)) != 0)
			fail_msg("row %zu: %s, not %s", i, got, want);
	}
	arena_done(&a);
}

/* More parts, and deeper ones, than anybody needs. */
static void sip_too_many_parts(void **state)
{
	struct arena a = {0};
	struct buf many = {0}, deep = {0};

	for (int i = 0; i < 17; i++)
		buf_str(&many, TEXT_PART("t"));
	buf_str(&many, "--x--");
	assert_string_equal(
		translate(&a, request(&a, JULIET, ROMEO, MIXED, buf_slice(&many))), "400 ");
	buf_str(&deep, TEXT_PART("t") "--x--");
	for (int i = 0; i < 4; i++) {
		struct buf outer = {0};

		buf_printf(&outer, "--%c\r\nContent-Type: multipart/mixed;boundary=%c\r\n\r\n",
			'a' + i, i ? 'a' + i - 1 : 'x');
		buf_slice_add(&outer, buf_slice(&deep));
		buf_printf(&outer, "\r\n--%c--", 'a' + i);
		buf_done(&deep);
		deep = outer;
	}
	assert_string_equal(translate(&a, request(&a, JULIET, ROMEO,
						  "Content-Type: multipart/mixed;boundary=d\r\n",
						  buf_slice(&deep))),
		"400 ");
	buf_done(&many);
	buf_done(&deep);
	arena_done(&a);
}

/* MESSAGEs that are no texts. */
static void sip_kinds(void **state)
{
#define COMPOSING                                                                                  \
	"<isComposing "                                                                            \
	"xmlns='urn:ietf:params:xml:ns:im-iscomposing'><state>active</state></isComposing>"
#define NOTIFIED                                                                                   \
	"<imdn xmlns='urn:ietf:params:xml:ns:imdn'><message-id>m1</message-id><datetime/>"         \
	"<delivery-notification><status><delivered/></status></delivery-notification></imdn>"
	/* clang-format off */
	static const struct {
		const char *headers, *body;
		enum message_kind kind;
	} rows[] = {
		{PLAIN, "x", MESSAGE_TEXT},
		{"Content-Type: application/im-iscomposing+xml\r\n", COMPOSING, MESSAGE_TYPING},
		{CPIM, "From: <sip:a@b>\r\n\r\nContent-Type: application/im-iscomposing+xml\r\n\r\n" COMPOSING, MESSAGE_TYPING},
		{CPIM, "From: <sip:a@b>\r\n\r\nContent-Type: message/imdn+xml\r\nContent-Disposition: notification\r\n\r\n" NOTIFIED, MESSAGE_IMDN},
		{"Content-Type: application/ms-imdn+xml\r\n", "<imdn/>", MESSAGE_NOTHING},
	};
	/* clang-format on */
	struct arena a = {0};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct message_refusal no = {0};
		struct message_in in;

		assert_true(message_in_read(&in, &a,
			request(&a, JULIET, ROMEO, rows[i].headers, slice_of(rows[i].body)), now_ms,
			&no));
		assert_int_equal(in.kind, rows[i].kind);
		assert_int_equal(in.cpim != NULL, strcmp(rows[i].headers, CPIM) == 0);
	}
	arena_done(&a);
}

static void sip_language(void **state)
{
	struct arena a = {0};

	assert_string_equal(translate(&a, request(&a, JULIET, ROMEO,
						  PLAIN "Content-Language: cs, en\r\n", SL("x"))),
		"<message from='romeo@example.net' to='juliet@example.com' id='id1' xml:lang='cs'>"
		"<body>x</body>" TAIL);
	assert_string_equal(translate(&a, request(&a, JULIET, ROMEO,
						  PLAIN "Content-Language: '>\r\n", SL("x"))),
		HEAD "<body>x</body>" TAIL);
	arena_done(&a);
}

static void sip_expiry(void **state)
{
	static const struct {
		const char *headers;
		unsigned status;
		uint64_t lifetime_ms;
	} rows[] = {
		{"",						       0,   UINT64_MAX   },
		{"Expires: 10\r\n",					0,   10000        },
		{"Expires: 0\r\n",					 487, 0            },
		{"Expires: 10\r\nDate: Sat, 01 Jan 2000 00:00:00 GMT\r\n", 487, 0            },
		{"Expires: 10\r\nDate: Sat, 31 Jan 2026 11:59:51 GMT\r\n", 0,   1000         },
		{"Expires: 10\r\nDate: Sat, 31 Jan 2026 11:59:50 GMT\r\n", 487, 0            },
		{"Expires: 4294967295\r\n",                                0,   4294967295000},
		{"Expires: 10\r\nDate: yesterday\r\n",                     0,   10000        },
	};
	struct arena a = {0};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sip_msg *m = request(
			&a, JULIET, ROMEO, arena_printf(&a, PLAIN "%s", rows[i].headers), SL("x"));
		struct message_refusal no = {0};
		struct message_in in = {0};
		bool good = message_in_read(&in, &a, m, now_ms, &no);

		assert_int_equal(good, rows[i].status == 0);
		assert_int_equal(no.status, rows[i].status);
		assert_int_equal(in.lifetime_ms, rows[i].lifetime_ms);
	}
	arena_done(&a);
}

/* ---- XMPP to SIP ---- */

static struct xml_event read_stanza(struct slice xml)
{
	struct xml_reader *r = xml_reader_new(&(struct xml_limits){0});
	struct xml_event ev;

	xml_reader_feed(r, SL("<s xmlns='jabber:server'>"));
	xml_reader_feed(r, xml);
	assert_true(xml_reader_next(r, &ev));
	assert_true(xml_reader_next(r, &ev));
	assert_int_equal(ev.type, XML_EVENT_ELEMENT);
	xml_reader_free(r);
	return ev;
}

/* "send BODY", "consume", "bounce CONDITION" */
static char *verdict(struct arena *a, const char *stanza, struct message_out *ret)
{
	struct xml_event ev = read_stanza(slice_of(stanza));
	char *s = NULL;

	switch (message_out_read(ret, a, ev.elem)) {
	case MESSAGE_SEND:
		s = arena_printf(a, "send %.*s", SLARG(ret->body));
		break;
	case MESSAGE_CONSUME:
		s = arena_printf(a, "consume");
		break;
	case MESSAGE_BOUNCE:
		s = arena_printf(a, "bounce %s", stanza_cond_name(ret->cond));
		assert_non_null(ret->text);
		break;
	}
	/* what the result points to outlives the stanza here */
	ret->subject = ret->subject.p ? arena_slice(a, ret->subject) : SL_NONE;
	ret->thread = ret->thread.p ? arena_slice(a, ret->thread) : SL_NONE;
	ret->lang = ret->lang.p ? arena_slice(a, ret->lang) : SL_NONE;
	arena_done(&ev.arena);
	return s;
}

#define ACTIVE           "<active xmlns='http://jabber.org/protocol/chatstates'/>"
#define OMEMO(ns, inner) "<encrypted xmlns='" ns "'><header sid='1'/>" inner "</encrypted>"
#define AXOLOTL          "eu.siacs.conversations.axolotl"

static void xmpp_verdicts(void **state)
{
	static const struct {
		const char *type, *inside, *want;
	} rows[] = {
		{"chat",                   "<body>hi</body>",                                          "send hi"                   },
		{"normal",                 "<body>hi</body>",                                          "send hi"                   },
		{"headline",               "<body>news</body>",                                        "send news"                 },
		{"strange",                "<body>hi</body>",                                          "send hi"                   },
		{"groupchat",              "<body>hi</body>",                                          "bounce service-unavailable"},
		{"groupchat",              "",							 "bounce service-unavailable"},
 /* nothing to read */
		{"chat",                   "",							 "consume"                   },
		{"chat",                   ACTIVE,						     "consume"                   },
		{"chat",                   "<body/>" ACTIVE,					   "consume"                   },
		{"chat",                   "<body></body>",					    "consume"                   },
		{"chat",                   "<received xmlns='urn:xmpp:receipts' id='1'/>",             "consume"                   },
		{"chat",                   "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>",      "consume"                   },
		{"chat",                   "<no-store xmlns='urn:xmpp:hints'/>",                       "consume"                   },
		{"chat",                   "<thread>t</thread>" ACTIVE,                                "consume"                   },
		{"chat",                   "<subject>s</subject>" ACTIVE,                              "consume"                   },
		{"normal",                 "<subject>only</subject>",                                  "bounce not-acceptable"     },
		{"headline",               "<event xmlns='http://jabber.org/protocol/pubsub#event'/>", "consume"                   },
		{"normal",                 "<x xmlns='jabber:x:conference' jid='r@m'/>",
                 "bounce service-unavailable"										      },
 /* encryption */
		{"chat",                   OMEMO(AXOLOTL,					      "<payload>x</payload>"),      "bounce not-acceptable"},
		{"chat",
                 OMEMO(AXOLOTL,
                 "<payload>x</payload>") "<body>I sent you an OMEMO message</body>",
                 "bounce not-acceptable"},
		{"chat",  OMEMO("urn:xmpp:omemo:2",							    "<payload>x</payload>"),
                 "bounce not-acceptable"},
		{"chat", OMEMO(AXOLOTL,							      ""),											  "consume"},
		{"chat",
                 OMEMO(AXOLOTL,     "") "<encryption xmlns='urn:xmpp:eme:0' namespace='" AXOLOTL
					   "'/>"
					   "<store xmlns='urn:xmpp:hints'/>","consume"},
		{"chat",                   "<openpgp xmlns='urn:xmpp:openpgp:0'>x</openpgp>",
                 "bounce not-acceptable"                        },
		{"chat",
                 "<body>This message is encrypted.</body><x "
			"xmlns='jabber:x:encrypted'>x</x>",									     "bounce not-acceptable"                                     },
		{"chat",
                 "<mls xmlns='x:mls'/><encryption xmlns='urn:xmpp:eme:0' "
			"namespace='x:mls'/>",									     "bounce not-acceptable"									 },
		{"chat",                        "<body>?OTR:AAMC...</body>",									     "bounce not-acceptable"										      },
		{"chat",                        "<body>?OTRv23?</body>",									     "send ?OTRv23?"},
 /* corrections, reactions, retractions */
		{"chat",                        "<body>new</body><replace xmlns='urn:xmpp:message-correct:0' id='1'/>",
                 "send [Correction] new"},
		{"chat",
                 "<reactions xmlns='urn:xmpp:reactions:0' "
			"id='1'><reaction>x</reaction></reactions>",									     "consume"                              },
		{"chat",
                 "<body>&gt; a\nx</body><reactions xmlns='urn:xmpp:reactions:0' id='1'/>"
			"<fallback xmlns='urn:xmpp:fallback:0' "
			"for='urn:xmpp:reactions:0'><body/></fallback>",									     "consume"								},
		{"chat",
                 "<body>retracted</body><retract xmlns='urn:xmpp:message-retract:1' "
			"id='1'/>",									     "consume"							    },
 /* fallback: ranges count characters, not bytes */
		{"chat",
                 "<body>&gt; \xc3\xa9\xc3\xa9\nyes</body><reply xmlns='urn:xmpp:reply:0' "
			"id='1'/>"
			"<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'>"
			"<body start='0' end='5'/></fallback>",									     "send yes"												 },
		{"chat",
                 "<body>aXbYc</body><fallback xmlns='urn:xmpp:fallback:0' for='x'>"
			"<body start='1' end='2'/></fallback><fallback xmlns='urn:xmpp:fallback:0' "
			"for='y'>"
			"<body start='3' end='4'/></fallback>",									     "send abc"								     },
		{"chat",
                 "<body>ab</body><fallback xmlns='urn:xmpp:fallback:0' for='x'>"
			"<body start='1' end='99'/></fallback>",									     "send a"								     },
		{"chat",
                 "<body>ab</body><fallback xmlns='urn:xmpp:fallback:0' for='x'>"
			"<body start='2' end='1'/></fallback>",									     "send ab"								    },
		{"chat",
                 "<body>ab</body><fallback xmlns='urn:xmpp:fallback:0' "
			"for='x'><subject/></fallback>",									     "send ab"								     },
 /* all of it stands in for something we do not have: then it is the message */
		{"chat",
                 "<body>https://x.example/f</body><fallback xmlns='urn:xmpp:fallback:0'"
			" for='urn:xmpp:sfs:0'><body/></fallback>",									     "send https://x.example/f"									    },
 /* files: the address is what can be read (XEP-0066, XEP-0447) */
		{"chat",
                 "<body>https://x.example/f</body><x xmlns='jabber:x:oob'>"
			"<url>https://x.example/f</url></x>", "send https://x.example/f"},
		{"chat", "<x xmlns='jabber:x:oob'><url> https://x.example/f </url></x>", "send https://x.example/f"},
		{"chat", "<x xmlns='jabber:x:oob'><url/></x>", "bounce service-unavailable"},
		{"chat", "<file-sharing xmlns='urn:xmpp:sfs:0'/>", "bounce service-unavailable"},
 /* what concerns clients alone, and what only says something about the rest */
		{"chat", "<rtt xmlns='urn:xmpp:rtt:0' seq='1'><t>h</t></rtt>", "consume"},
		{"headline", "<attention xmlns='urn:xmpp:attention:0'/>", "consume"},
		{"chat", "<attention xmlns='urn:xmpp:attention:0'/>", "consume"},
		{"chat", "<x xmlns='jabber:x:event'><composing/></x>", "consume"},
		{"chat", "<body>hi</body><unstyled xmlns='urn:xmpp:styling:0'/>", "send hi"},
		{"chat", "<nick xmlns='http://jabber.org/protocol/nick'>J</nick>", "consume"},
		{"chat", "<propose xmlns='urn:xmpp:jingle-message:0' id='1'/>", "bounce service-unavailable"},
 /* a request for a receipt changes nothing of a text, and is none */
		{"chat", "<body>hi</body><request xmlns='urn:xmpp:receipts'/>" ACTIVE, "send hi"},
		{"chat", "<request xmlns='urn:xmpp:receipts'/>", "consume"},
		{"chat", "<subject>s</subject><body>hi</body>", "send hi"},
	};
	struct arena a = {0};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct message_out m;
		const char *stanza = arena_printf(
			&a, "<message type='%s'>%s</message>", rows[i].type, rows[i].inside);

		assert_string_equal(verdict(&a, stanza, &m), rows[i].want);
	}
	arena_done(&a);
}

static void xmpp_languages(void **state)
{
	static const struct {
		const char *stanza, *want, *lang;
	} rows[] = {
		{"<message><body>x</body></message>",                                               "send x",    NULL},
		{"<message xml:lang='cs'><body>ahoj</body></message>",                              "send ahoj", "cs"},
		{"<message xml:lang='cs'><body xml:lang='en'>hi</body><body>ahoj</body></message>",
                 "send ahoj",										    "cs"},
		{"<message xml:lang='cs'><body xml:lang='en'>hi</body><body "
		 "xml:lang='cs'>ahoj</body></message>",			    "send ahoj", "cs"},
		{"<message xml:lang='fr'><body xml:lang='en'>hi</body><body "
		 "xml:lang='cs'>ahoj</body></message>",			    "send hi",   "en"},
		{"<message xml:lang='bad lang'><body>x</body></message>",                           "send x",    NULL},
	};
	struct arena a = {0};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct message_out m;

		assert_string_equal(verdict(&a, rows[i].stanza, &m), rows[i].want);
		assert_slice(m.lang, rows[i].lang);
	}
	arena_done(&a);
}

static void xmpp_fields(void **state)
{
	struct arena a = {0};
	struct message_out m;

	verdict(&a,
		"<message><subject xml:lang='en'>S</subject><subject>T</subject><body>x</body>"
		"<thread parent='p'>t 1</thread>"
		"<delay xmlns='urn:xmpp:delay' from='a' stamp='2002-09-10T23:08:25Z'/></message>",
		&m);
	assert_slice(m.subject, "T");
	assert_slice(m.thread, "t 1");
	assert_true(m.dated);
	assert_int_equal(m.date_ms, 1031699305000);
	verdict(&a, "<message><body>x</body><thread/><delay xmlns='urn:xmpp:delay'/></message>",
		&m);
	assert_slice(m.subject, NULL);
	assert_slice(m.thread, NULL);
	assert_false(m.dated);
	assert_slice(message_content_type(SL("x")), "text/plain");
	assert_slice(message_content_type(SL("\xc3\xa9")), "text/plain;charset=UTF-8");
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sip_addresses),
		cmocka_unit_test(sip_bodies),
		cmocka_unit_test(sip_parts),
		cmocka_unit_test(sip_too_many_parts),
		cmocka_unit_test(sip_kinds),
		cmocka_unit_test(sip_language),
		cmocka_unit_test(sip_expiry),
		cmocka_unit_test(xmpp_verdicts),
		cmocka_unit_test(xmpp_languages),
		cmocka_unit_test(xmpp_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
