#include "unit.h"

#include "base/arena.h"
#include "base/mem.h"
#include "gateway/html.h"
#include "xml/reader.h"

#define OPEN                                                                                       \
	"<html xmlns='http://jabber.org/protocol/xhtml-im'><body "                                 \
	"xmlns='http://www.w3.org/1999/xhtml'>"
#define CLOSE "</body></html>"

static void rows(void **state)
{
	static const struct {
		const char *html, *text, *xhtml; /* xhtml: what is inside the body */
	} rows[] = {
		{"<p>Hi <b>you</b></p>",                                 "Hi you",                   "<p>Hi <strong>you</strong></p>"                    },
		{"plain",						"plain",                    "plain"					     },
		{"1 &lt; 2 &amp; &quot;x&quot;",                         "1 < 2 & \"x\"",            "1 &lt; 2 &amp; \"x\""                              },
		{"a&#x263A;b&#9786;c",                                   "a☺b☺c",                "a☺b☺c"                                         },
 /* references that are none, and those that would be no character */
		{"AT&T &unknown; &#; &",                                 "AT&T &unknown; &#; &",
                 "AT&amp;T &amp;unknown; &amp;#; &amp;"												  },
		{"&#xD800;&#x110000;",                                   "\xef\xbf\xbd\xef\xbf\xbd", "\xef\xbf\xbd\xef\xbf\xbd"                          },
 /* white space */
		{"  a \n\t b  ",					 "a b",                      " a b"					      },
		{"<b>a</b> <i>b</i>",                                    "a b",                      "<strong>a</strong> <em>b</em>"                     },
		{"a<br>b<BR/>c",					 "a\nb\nc",                  "a<br/>b<br/>c"                                     },
		{"<div>one</div><div>two</div>",                         "one\ntwo",                 "<p>one</p><p>two</p>"                              },
		{"<p>one<p>two",					 "one\ntwo",                 "<p>one</p><p>two</p>"                              },
		{"<ul><li>a<li> b</ul>c",                                "- a\n- b\nc",              "<ul><li>a</li><li> b</li></ul>c"                   },
		{"<blockquote>q</blockquote>a",                          "q\na",                     "<blockquote>q</blockquote>a"                       },
		{"<h1>T</h1>x",					  "T\nx",                     "<p>T</p>x"                                         },
 /* links: where they go is said, unless it is what they say */
		{"<a href=\"https://x.example/?a=1&amp;b=2\">here</a>.",
                 "here <https://x.example/?a=1&b=2>.",					       "<a href='https://x.example/?a=1&amp;b=2'>here</a>."},
		{"<a href='http://x.example'>http://x.example</a>",      "http://x.example",
                 "<a href='http://x.example'>http://x.example</a>"										       },
		{"<a href=http://x.example/>x</a>",                      "x <http://x.example/>",
                 "<a href='http://x.example/'>x</a>"												     },
 /* nothing that acts */
		{"<a href='javascript:alert(1)'>x</a>",                  "x",                        "<a>x</a>"                                          },
		{"<a href='java&#115;cript:alert(1)'>x</a>",             "x",                        "<a>x</a>"                                          },
		{"<a href=' data:text/html,x'>x</a>",                    "x",                        "<a>x</a>"                                          },
		{"<script>alert('<b>')</script>x",                       "x",                        "x"                                                 },
		{"<style>p{}</style><title>t</title>x",                  "x",                        "x"                                                 },
		{"<p onclick='x()' style='color:red' class=\"c\">x</p>", "x",                        "<p>x</p>"                                          },
		{"<img src='http://track.example/1.gif'>x",              "x",                        "x"                                                 },
		{"<iframe src='http://x'>x</iframe>",                    "x",                        "x"                                                 },
		{"<!-- <b>no</b> -->x<!DOCTYPE html><?php ?>y",          "xy",                       "xy"                                                },
		{"<!-- never closed",                                    "",                         ""						  },
		{"<script>never closed",                                 "",                         ""						  },
 /* soup */
		{"<b><i>x</b></i>",				      "x",                        "<strong><em>x</em></strong>"                       },
		{"</p></b>x",					    "x",                        "x"						 },
		{"a < b > c <3",					 "a < b > c <3",             "a &lt; b &gt; c &lt;3"                             },
		{"<b",						   "",                         "<strong></strong>"                                 },
		{"<a href='http://x.example/>'>x</a>",                   "x <http://x.example/>>",
                 "<a href='http://x.example/&gt;'>x</a>"												 },
		{"x\x01y",					       "x\x01y",                   "x\xef\xbf\xbdy"                                    },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena a = {0};
		struct buf text, xhtml;

		buf_init(&text, 0);
		buf_init(&xhtml, 0);
		html_read(&text, &xhtml, slice_of(rows[i].html));
		assert_slice(buf_slice(&text), rows[i].text);
		assert_slice(buf_slice(&xhtml), arena_printf(&a, OPEN "%s" CLOSE, rows[i].xhtml));
		buf_done(&text);
		buf_done(&xhtml);
		arena_done(&a);
	}
}

/* Well-formed for our own reader, with nothing but what the list allows. */
static void check_xhtml(struct slice xhtml)
{
	struct xml_reader *r = xml_reader_new(&(struct xml_limits){.depth = 64, .text = 1 << 20});
	struct xml_event ev;

	xml_reader_feed(r, SL("<s>"));
	xml_reader_feed(r, xhtml);
	assert_true(xml_reader_next(r, &ev));
	assert_int_equal(ev.type, XML_EVENT_OPEN);
	assert_true(xml_reader_next(r, &ev));
	assert_int_equal(ev.type, XML_EVENT_ELEMENT);
	arena_done(&ev.arena);
	assert_false(xml_reader_next(r, &ev));
	xml_reader_free(r);
}

/* Any soup gives well-formed XML: pieces of markup in a pseudo-random order. */
static void always_well_formed(void **state)
{
	static const char *const pieces[] = {
		"<p>",
		"</p>",
		"<b>",
		"</b>",
		"<a href='http://x'>",
		"</a>",
		"<ul>",
		"<li>",
		"</ul>",
		"<br>",
		"<div>",
		"</div>",
		"<",
		">",
		"&",
		"&amp;",
		"&#0;",
		"\"",
		"'",
		"<!--",
		"-->",
		"<script>",
		"</script>",
		" ",
		"x",
		"</",
		"<i",
		"é",
		"]]>",
		"<a href=\"",
		"=",
		"/",
		"\n",
		"<blockquote>",
		"<strong><em>",
		"<hr>",
		"</li>",
		"\x0b",
	};
	uint32_t seed = 1;

	for (int round = 0; round < 2000; round++) {
		struct buf html, text, xhtml;

		buf_init(&html, 0);
		buf_init(&text, 0);
		buf_init(&xhtml, 0);
		for (int i = 0; i < 60; i++) {
			seed = seed * 1664525 + 1013904223;
			buf_str(&html, pieces[(seed >> 16) % ARRAY_LEN(pieces)]);
		}
		html_read(&text, &xhtml, buf_slice(&html));
		check_xhtml(buf_slice(&xhtml));
		buf_done(&html);
		buf_done(&text);
		buf_done(&xhtml);
	}
}

static void deep_nesting_is_cut(void **state)
{
	struct buf html, text, xhtml;

	buf_init(&html, 0);
	buf_init(&text, 0);
	buf_init(&xhtml, 0);
	for (int i = 0; i < 5000; i++)
		buf_str(&html, "<b>");
	buf_str(&html, "x");
	html_read(&text, &xhtml, buf_slice(&html));
	assert_slice(buf_slice(&text), "x");
	assert_true(xhtml.n < 1000);
	check_xhtml(buf_slice(&xhtml));
	buf_done(&html);
	buf_done(&text);
	buf_done(&xhtml);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows),
		cmocka_unit_test(always_well_formed),
		cmocka_unit_test(deep_nesting_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
