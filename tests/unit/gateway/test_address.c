#include "unit.h"

#include "base/mem.h"
#include "gateway/address.h"

/* The JID of a URI, or "!code". */
static const char *to_jid(struct arena *a, const char *uri)
{
	struct err e;
	struct jid j;

	if (address_to_jid(&j, a, slice_of(uri), &e) < 0)
		return arena_printf(a, "!%s", e.code);
	return arena_dup(a, jid_full(a, &j));
}

static const char *to_sip(struct arena *a, const char *jid)
{
	struct err e;
	struct jid j;
	struct buf b;
	const char *uri;

	if (jid_parse(&j, a, slice_of(jid), &e) < 0)
		return arena_printf(a, "!%s", e.code);
	buf_init(&b, 0);
	address_to_sip(&b, a, &j);
	uri = arena_dup(a, buf_slice(&b));
	buf_done(&b);
	return uri;
}

static void uri_to_jid(void **state)
{
	static const struct {
		const char *uri, *jid;
	} rows[] = {
  /* RFC 7247 6.4 */
		{"sip:f%C3%BC@sip.example",                             "fü@sip.example"            },
		{"sip:o'malley@sip.example",                            "o\\27malley@sip.example"    },
		{"sip:foo@sip.example;gr=bar",                          "foo@sip.example/bar"        },
		{"im:romeo@example.net",                                "romeo@example.net"          },
		{"pres:romeo@example.net",                              "romeo@example.net"          },
		{"sips:romeo@example.net",                              "romeo@example.net"          },
 /* what is dropped */
		{"sip:romeo:secret@example.net",                        "romeo@example.net"          },
		{"sip:romeo@example.net:5080;transport=tcp?Subject=hi", "romeo@example.net"          },
		{"sip:romeo@example.net;opaque=user:x",                 "romeo@example.net"          },
		{"sip:romeo@example.net;gr",                            "romeo@example.net"          },
 /* RFC 3261 25.1: the user part may hold what looks like the rest */
		{"sip:a=b+c$d,e;f?g@sip.example",                       "a=b+c$d,e;f?g@sip.example"  },
 /* XEP-0106, all ten */
		{"sip:a%20b%22c&d'e/f%3Ag%3Ch%3Ei%40j%5C26@x.example",
                 "a\\20b\\22c\\26d\\27e\\2ff\\3ag\\3ch\\3ei\\40j\\5c26@x.example"                    },
		{"sip:%5C2plus%5C2is%5C4@sip.example",                  "\\2plus\\2is\\4@sip.example"},
 /* device */
		{"sip:foo@sip.example;gr=a%2Fb%20c",                    "foo@sip.example/a/b c"      },
		{"sip:foo@sip.example;GR=Bar",                          "foo@sip.example/Bar"        },
		{"sip:foo@sip.example;opaque=user:epid:AbC-1_x;gruu",
                 "foo@sip.example/user:epid:AbC-1_x"                                                 },
 /* domains */
		{"sip:juliet@xn--bcher-kva.example",                    "juliet@bücher.example"     },
		{"sip:romeo@[2001:db8::1]:5061",                        "romeo@[2001:db8::1]"        },
		{"sip:romeo@192.0.2.1",                                 "romeo@192.0.2.1"            },
 /* refused */
		{"tel:+18882934234",                                    "!unsupported-scheme"        },
		{"mailto:a@example.net",                                "!unsupported-scheme"        },
		{"http://example.net/",                                 "!unsupported-scheme"        },
		{"romeo",					       "!bad-uri"                   },
		{"sip:",						"!bad-uri"                   },
		{"sip:a%zzb@sip.example",                               "!bad-percent-escape"        },
		{"sip:a%2@sip.example",                                 "!bad-percent-escape"        },
		{"sip:a@sip.example;gr=%",                              "!bad-percent-escape"        },
		{"sip:a%FFb@sip.example",                               "!bad-utf8"                  },
		{"sip:a@sip.example;gr=%C0%AF",                         "!bad-utf8"                  },
		{"sip:a%00b@sip.example",                               "!disallowed-char"           },
		{"sip:%20ab@sip.example",                               "!space-at-edge"             },
		{"sip:ab%20@sip.example",                               "!space-at-edge"             },
		{"sip:foo%E2%80%8Bbar@example.com",                     "!disallowed-char"           },
		{"sip:a@-.example",				     "!bad-uri"                   },
	};
	struct arena a = {0};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(to_jid(&a, rows[i].uri), rows[i].jid);
	arena_done(&a);
}

static void jid_to_uri(void **state)
{
	static const struct {
		const char *jid, *uri;
	} rows[] = {
		{"m\\26m@xmpp.example",                                     "sip:m&m@xmpp.example"                 },
		{"tschüss@xmpp.example",                                   "sip:tsch%C3%BCss@xmpp.example"        },
		{"baz@xmpp.example/qux",                                    "sip:baz@xmpp.example;gr=qux"          },
		{"baz@xmpp.example/[x]:&+$",                                "sip:baz@xmpp.example;gr=[x]:&+$"      },
		{"baz@xmpp.example/a;b=c?d",                                "sip:baz@xmpp.example;gr=a%3Bb%3Dc%3Fd"},
		{"here\\27s_a_wild_\\26_\\2fcr%zy\\2f_address@example.com",
                 "sip:here's_a_wild_&_/cr%25zy/_address@example.com"                                               },
		{"a\\5c26b@xmpp.example",                                   "sip:a%5C26b@xmpp.example"             },
		{"xmpp.example",					    "sip:xmpp.example"                     },
		{"rooms.example.com/x",                                     "sip:rooms.example.com;gr=x"           },
		{"Juliet@BÜCHER.example",                                  "sip:juliet@xn--bcher-kva.example"     },
		{"romeo@[2001:db8::1]",                                     "sip:romeo@[2001:db8::1]"              },
	};
	struct arena a = {0};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(to_sip(&a, rows[i].jid), rows[i].uri);
	arena_done(&a);
}

/* Every byte string that is a user name at all comes back as it was: all pairs of ASCII characters.
 */
static void there_and_back(void **state)
{
	struct arena a = {0};
	unsigned kept = 0;

	for (unsigned x = 0x21; x < 0x7f; x++)
		for (unsigned y = 0x21; y < 0x7f; y++) {
			char raw[3] = {(char)x, (char)y, 'x'};
			struct buf user;
			const char *uri, *jid;

			if ((x >= 'A' && x <= 'Z') || (y >= 'A' && y <= 'Z'))
				continue; /* case is mapped, RFC 7247 6.4 step 6 */
			buf_init(&user, 0);
			sip_escape(&user, SIP_ESC_USER, slice_make(raw, 3));
			uri = arena_printf(&a, "sip:%.*s@h.example", SLARG(buf_slice(&user)));
			buf_done(&user);
			jid = to_jid(&a, uri);
			assert_string_equal(to_sip(&a, jid), uri);
			kept++;
		}
	assert_int_equal(kept, 68 * 68);
	arena_done(&a);
}

static void xmpp_uris(void **state)
{
	static const struct {
		const char *uri, *jid, *back;
	} rows[] = {
		{"xmpp:new@example.com",                        "new@example.com",             "xmpp:new@example.com"  },
		{"xmpp:o%5C27malley@example.com/a%20b?message", "o\\27malley@example.com/a b",
                 "xmpp:o%5C27malley@example.com/a%20b"								 },
		{"XMPP://guest@other.example/new@example.com",  "new@example.com",
                 "xmpp:new@example.com"										},
		{"sip:other@example.net",                       "other@example.net",           "xmpp:other@example.net"},
		{"xmpp:a@b\xc3\xbc.example",                    "a@bü.example",               "xmpp:a@b%C3%BC.example"},
		{"xmpp:a@[2001:db8::1]",                        "a@[2001:db8::1]",             "xmpp:a@[2001:db8::1]"  },
	};
	struct arena a = {0};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e;
		struct jid j;
		struct buf b;

		assert_int_equal(address_xmpp_uri_to_jid(&j, &a, slice_of(rows[i].uri), &e), 0);
		assert_string_equal(arena_dup(&a, jid_full(&a, &j)), rows[i].jid);
		buf_init(&b, 0);
		address_to_xmpp_uri(&b, &j);
		assert_string_equal(arena_dup(&a, buf_slice(&b)), rows[i].back);
		buf_done(&b);
	}
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uri_to_jid),
		cmocka_unit_test(jid_to_uri),
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(xmpp_uris),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
