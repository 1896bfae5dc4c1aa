#include "unit.h"

#include "base/mem.h"
#include "gateway/error.h"
#include "xml/reader.h"

/* RFC 7247 table 2, typed from the RFC: full JID, bare JID. */
static void table_2(void **state)
{
	static const struct {
		const char *condition;
		unsigned full, bare;
	} rows[] = {
		{"bad-request",             400, 400},
		{"conflict",                400, 400},
		{"feature-not-implemented", 405, 501},
		{"forbidden",               403, 603},
		{"gone",                    410, 410},
		{"internal-server-error",   500, 500},
		{"item-not-found",          404, 604},
		{"jid-malformed",           400, 400},
		{"not-acceptable",          406, 606},
		{"not-allowed",             403, 403},
		{"not-authorized",          401, 401},
		{"policy-violation",        403, 403},
		{"recipient-unavailable",   480, 600},
		{"redirect",                302, 302},
		{"registration-required",   407, 407},
		{"remote-connection-failed", 408, 408}, /* of XEP-0220 */
		{"remote-server-not-found", 404, 404},
		{"remote-server-timeout",   408, 408},
		{"resource-constraint",     500, 500},
		{"service-unavailable",     403, 403},
		{"subscription-required",   400, 400},
		{"undefined-condition",     400, 400},
		{"unexpected-request",      491, 491},
		{"some-future-condition",   400, 400},
	};

	assert_int_equal(ARRAY_LEN(rows), STANZA_COND__N - 1 + 1);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		enum stanza_cond c = stanza_cond_parse(slice_of(rows[i].condition));

		assert_int_equal(error_status(c, ERROR_FULL_JID), rows[i].full);
		assert_int_equal(error_status(c, 0), rows[i].bare);
	}
	assert_int_equal(error_status(STANZA_GONE, ERROR_NEW_ADDRESS), 301);
	assert_int_equal(error_status(STANZA_REMOTE_SERVER_NOT_FOUND, ERROR_UNRESOLVED), 408);
}

/* RFC 7247 table 3, typed from the RFC, and the fallbacks. */
static void table_3(void **state)
{
	static const struct {
		const char *condition;
		unsigned short statuses[16];
	} rows[] = {
		{"redirect",                {300, 302, 305, 304, 399}                         },
		{"gone",                    {301, 410}					},
		{"not-acceptable",          {380, 406, 415, 416, 421, 482, 483, 488, 505, 606}},
		{"bad-request",             {400, 402, 493, 409, 411, 422, 428, 494, 499}     },
		{"not-authorized",          {401}					     },
		{"forbidden",               {403}					     },
		{"item-not-found",          {404, 481, 484, 485, 604}                         },
		{"feature-not-implemented", {405, 420, 439, 501}                              },
		{"registration-required",   {407}                                             },
		{"remote-server-timeout",   {408, 504}                                        },
		{"policy-violation",        {413, 414, 440, 489, 513}                         },
		{"resource-constraint",     {423}					     },
		{"recipient-unavailable",   {430, 480, 486, 487, 600, 603, 607, 699}          },
		{"unexpected-request",      {491}					     },
		{"internal-server-error",   {500, 503, 555, 580}                              },
		{"remote-server-not-found", {502}                                             },
		{"",			{100, 180, 200, 202, 299}                         },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t k = 0; k < ARRAY_LEN(rows[i].statuses) && rows[i].statuses[k]; k++)
			assert_string_equal(stanza_cond_name(error_condition(rows[i].statuses[k])),
				rows[i].condition);
}

static void on_the_wire(void **state)
{
	for (enum stanza_cond c = STANZA_OK + 1; c < STANZA_COND__N; c++)
		for (unsigned facts = 0; facts < 8; facts++) {
			unsigned s = error_wire(error_status(c, facts));

			assert_true(s != 408 && s != 503 && s != 401 && s != 407);
			assert_in_range(s, 300, 699);
		}
	assert_int_equal(error_wire(408), 504);
	assert_int_equal(error_wire(503), 500);
	assert_int_equal(error_wire(404), 404);
	assert_int_equal(error_wire(200), 200);
}

static struct xml_event read_stanza(const char *xml)
{
	struct xml_reader *r = xml_reader_new(&(struct xml_limits){0});
	struct xml_event ev;

	xml_reader_feed(r, SL("<s xmlns='jabber:server'>"));
	xml_reader_feed(r, slice_of(xml));
	assert_true(xml_reader_next(r, &ev));
	assert_true(xml_reader_next(r, &ev));
	assert_int_equal(ev.type, XML_EVENT_ELEMENT);
	xml_reader_free(r);
	return ev;
}

#define STANZAS "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'"

static void stanzas(void **state)
{
	static const struct {
		const char *error; /* inside <error/> */
		bool full;
		unsigned status;
		const char *reason, *contact;
	} rows[] = {
		{"<item-not-found " STANZAS "/><text " STANZAS ">No such user here</text>", false,
                 604,										   "No such user here", NULL},
		{"<item-not-found " STANZAS "/>",                                           true,  404, NULL,                NULL},
		{"<bad-request " STANZAS "/><text " STANZAS ">a&#13;\nX-Evil: 1</text>",    false, 400,
                 "a X-Evil: 1",											      NULL},
		{"<bad-request " STANZAS "/><text " STANZAS "> \n </text>",                 false, 400, NULL,                NULL},
		{"<gone " STANZAS ">xmpp:new@example.com</gone>",                           false, 301, NULL,
                 "sip:new@example.com"											   },
		{"<gone " STANZAS ">\n xmpp:o%5C27neill@example.com \n</gone>",             false, 301, NULL,
                 "sip:o'neill@example.com"										       },
		{"<gone " STANZAS "/>",						     false, 410, NULL,                NULL},
		{"<gone " STANZAS ">  </gone>",                                             false, 410, NULL,                NULL},
		{"<gone " STANZAS ">not an address</gone>",                                 false, 301, NULL,                NULL},
		{"<redirect " STANZAS ">xmpp:new@example.com/a</redirect>",                 false, 302, NULL,
                 "sip:new@example.com;gr=a"										      },
		{"<some-future-condition " STANZAS "/>",                                    false, 400, NULL,                NULL},
		{"",									false, 400, NULL,                NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct xml_event ev;
		struct stanza_error s;
		struct error_sip e;
		struct arena a = {0};

		ev = read_stanza(arena_printf(&a,
			"<message type='error'><error type='cancel'>%s</error></message>",
			rows[i].error));
		assert_true(stanza_error_read(ev.elem, &ev.arena, &s));
		error_stanza_to_sip(&e, &a, &s, rows[i].full);
		assert_int_equal(e.status, rows[i].status);
		assert_slice(e.reason, rows[i].reason);
		assert_slice(e.contact, rows[i].contact);
		arena_done(&ev.arena);
		arena_done(&a);
	}
}

static void reasons_fit_a_line(void **state)
{
	struct arena a = {0};
	char many[400];
	struct slice s;

	memset(many, 'x', sizeof many);
	memcpy(many + 127, "\xc3\xa9", 2);
	s = error_reason(&a, slice_make(many, sizeof many));
	assert_int_equal(s.n, 127); /* not in the middle of a character */
	assert_slice(error_reason(&a, SL("\t a \r\n b\x7f")), "a b");
	assert_slice(error_reason(&a, SL("bad \xff byte")), "bad");
	assert_slice(error_reason(&a, SL("")), NULL);
	assert_slice(error_reason(&a, SL_NONE), NULL);
	arena_done(&a);
}

static void links(void **state)
{
	static const struct {
		enum link_reason r;
		unsigned pure, wire;
	} rows[] = {
		{LINK_R_NOT_PARTNER,    404, 404},
		{LINK_R_NO_SUCH_SERVER, 404, 404},
		{LINK_R_DNS_FAILED,     408, 504},
		{LINK_R_CONNECT_FAILED, 408, 504},
		{LINK_R_BACK_OFF,       408, 504},
		{LINK_R_DEADLINE,       408, 504},
		{LINK_R_STREAM_LOST,    408, 504},
		{LINK_R_QUEUE_FULL,     500, 500},
		{LINK_R_TOO_BIG,        513, 513},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct error_sip e;

		error_link_to_sip(&e, rows[i].r, false);
		assert_int_equal(e.status, rows[i].pure);
		assert_int_equal(error_wire(e.status), rows[i].wire);
		assert_slice(e.reason, link_reason_text(rows[i].r));
	}
	for (enum link_reason r = LINK_R_NONE; r < LINK_R__N; r++) {
		struct error_sip e;

		error_link_to_sip(&e, r, true);
		assert_in_range(e.status, 400, 699);
	}
}

static void responses(void **state)
{
	static const struct {
		unsigned status;
		const char *reason, *contact;
		bool authorized;
		const char *condition, *text, *uri;
	} rows[] = {
		{480, "Gone fishing", NULL,                                       true,  "recipient-unavailable", "Gone fishing", NULL                  },
		{480, "Gone fishing", NULL,                                       false, "service-unavailable",   NULL,           NULL                  },
		{404, "Not Found",    NULL,                                       false, "service-unavailable",   NULL,           NULL                  },
		{486, "Busy Here",    NULL,                                       false, "service-unavailable",   NULL,           NULL                  },
		{487, "x",            NULL,				       false, "service-unavailable",   NULL,           NULL                  },
		{600, "x",            NULL,				       false, "service-unavailable",   NULL,           NULL                  },
		{603, "x",            NULL,				       false, "service-unavailable",   NULL,           NULL                  },
		{606, "x",            NULL,				       false, "service-unavailable",   NULL,           NULL                  },
		{699, "x",            NULL,				       false, "service-unavailable",   NULL,           NULL                  },
		{484, "x",            NULL,				       false, "service-unavailable",   NULL,           NULL                  },
		{430, "x",            NULL,				       false, "service-unavailable",   NULL,           NULL                  },
		{403, "Forbidden",    NULL,                                       false, "forbidden",             "Forbidden",    NULL                  },
		{500, "x",            NULL,				       false, "internal-server-error", "x",            NULL                  },
		{301, NULL,           "sip:new@example.net",                      true,  "gone",                  NULL,           "xmpp:new@example.net"},
		{410, NULL,           "sip:new@example.net",                      true,  "gone",                  NULL,           NULL                  },
		{302, NULL,           "sip:other@example.net:5080;transport=tcp", true,  "redirect",              NULL,
                 "xmpp:other@example.net"													       },
		{302, NULL,           "tel:+1555",                                true,  "redirect",              NULL,           "tel:+1555"           },
		{302, NULL,           NULL,				       true,  "redirect",              NULL,           NULL                  },
		{404, NULL,           "sip:new@example.net",                      true,  "item-not-found",        NULL,           NULL                  },
	};
	struct arena a = {0};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct error_xmpp e;

		assert_true(error_sip_to_stanza(&e, &a, rows[i].status, slice_of(rows[i].reason),
			slice_of(rows[i].contact), rows[i].authorized));
		assert_string_equal(stanza_cond_name(e.cond), rows[i].condition);
		assert_slice(e.text, rows[i].text);
		assert_slice(e.uri, rows[i].uri);
	}
	arena_done(&a);
}

static void ends(void **state)
{
	static const struct {
		enum sip_end end;
		const char *condition;
	} rows[] = {
		{SIP_TIMEOUT,     "remote-server-timeout"  },
		{SIP_UNREACHABLE, "internal-server-error"  },
		{SIP_NO_TARGET,   "remote-server-not-found"},
		{SIP_ALL_DOWN,    "remote-server-timeout"  },
		{SIP_TOO_BIG,     "policy-violation"       },
		{SIP_OVERLOADED,  "resource-constraint"    },
	};
	struct arena a = {0};
	struct error_xmpp e;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_true(error_result_to_stanza(
			&e, &a, &(struct sip_result){.end = rows[i].end}, true));
		assert_string_equal(stanza_cond_name(e.cond), rows[i].condition);
		assert_true(e.text.n > 0);
	}
	/* sent before the network said no: it may be there */
	assert_true(error_result_to_stanza(&e, &a,
		&(struct sip_result){.end = SIP_UNREACHABLE, .may_have_arrived = true}, true));
	assert_string_equal(stanza_cond_name(e.cond), "remote-server-timeout");
	assert_false(error_result_to_stanza(
		&e, &a, &(struct sip_result){.end = SIP_FINAL, .status = 202}, true));
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_2),
		cmocka_unit_test(table_3),
		cmocka_unit_test(on_the_wire),
		cmocka_unit_test(stanzas),
		cmocka_unit_test(reasons_fit_a_line),
		cmocka_unit_test(links),
		cmocka_unit_test(responses),
		cmocka_unit_test(ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
