#include "unit.h"

#include <string.h>

#include "base/mem.h"
#include "gateway/cpim.h"
#include "gateway/imdn.h"

/* ---- documents: one row a rule of RFC 5438 11.1 ---- */

#define DOC(inside) "<imdn xmlns='" NS_IMDN "'>" inside "</imdn>"
#define ID          "<message-id>34jk324j</message-id><datetime>2006-04-04T12:16:49-05:00</datetime>"
#define D(status)   "<delivery-notification><status>" status "</status></delivery-notification>"
#define P(status)   "<processing-notification><status>" status "</status></processing-notification>"
#define V(status)   "<display-notification><status>" status "</status></display-notification>"

/* clang-format off */
static const struct {
	const char *body, *kind, *status; /* kind NULL: refused */
} docs[] = {
	/* 11.1.7: what each may say */
	{DOC(ID D("<delivered/>")), "delivery", "delivered"},
	{DOC(ID D("<failed/>")), "delivery", "failed"},
	{DOC(ID D("<forbidden/>")), "delivery", "forbidden"},
	{DOC(ID D("<error/>")), "delivery", "error"},
	{DOC(ID P("<processed/>")), "processing", "processed"},
	{DOC(ID P("<stored/>")), "processing", "stored"},
	{DOC(ID P("<forbidden/>")), "processing", "forbidden"},
	{DOC(ID P("<error/>")), "processing", "error"},
	{DOC(ID V("<displayed/>")), "display", "displayed"},
	{DOC(ID V("<forbidden/>")), "display", "forbidden"},
	{DOC(ID V("<error/>")), "display", "error"},
	{DOC(ID D("<displayed/>")), NULL, NULL},
	{DOC(ID D("<stored/>")), NULL, NULL},
	{DOC(ID V("<failed/>")), NULL, NULL},
	{DOC(ID P("<delivered/>")), NULL, NULL},
	{DOC(ID D("")), NULL, NULL},
	/* 11.1.9: extensions are ignored, names in another namespace are not its own */
	{"<?xml version=\"1.0\"?>\r\n" DOC("\r\n " ID "\r\n <x xmlns='urn:y'/>" D("<delivered/><x xmlns='urn:y'/>") "\r\n"), "delivery", "delivered"},
	{DOC(ID D("<delivered xmlns='urn:y'/>")), NULL, NULL},
	{"<imdn>" ID D("<delivered/>") "</imdn>", NULL, NULL},
	/* 11.1.6: one notification */
	{DOC(ID), NULL, NULL},
	{DOC(ID D("<delivered/>") V("<displayed/>")), NULL, NULL},
	{DOC(ID D("<delivered/>") D("<failed/>")), NULL, NULL},
	{DOC(ID "<delivery-notification/>"), NULL, NULL},
	/* 11.1.2, 10: message-id is a token */
	{DOC(D("<delivered/>")), NULL, NULL},
	{DOC("<message-id/>" D("<delivered/>")), NULL, NULL},
	{DOC("<message-id>a b</message-id>" D("<delivered/>")), NULL, NULL},
	{DOC("<message-id>a&#13;&#10;b</message-id>" D("<delivered/>")), NULL, NULL},
	{DOC("<message-id> 34jk324j </message-id>" D("<delivered/>")), "delivery", "delivered"},
	/* no document */
	{"<imdn xmlns='" NS_IMDN "'>" ID, NULL, NULL},
	{"Hello", NULL, NULL},
	{"", NULL, NULL},
};

static const struct {
	const char *value;
	unsigned want;
} wishes[] = {
	/* 10 */
	{"positive-delivery", IMDN_WISH_POSITIVE},
	{"positive-delivery, negative-delivery", IMDN_WISH_POSITIVE | IMDN_WISH_NEGATIVE},
	{"display,processing", IMDN_WISH_DISPLAY | IMDN_WISH_PROCESSING},
	{"Positive-Delivery;x=y , display", IMDN_WISH_POSITIVE | IMDN_WISH_DISPLAY},
	/* 7.2.1: a value that is not understood is ignored */
	{"reading, negative-delivery", IMDN_WISH_NEGATIVE},
	{"positive", 0},
	{",,", 0},
	{"", 0},
};
/* clang-format on */

static void reading(void **state)
{
	struct arena a = {0};

	for (size_t i = 0; i < ARRAY_LEN(docs); i++) {
		struct imdn d;
		bool good = imdn_read(&d, &a, slice_of(docs[i].body));

		if (good != (docs[i].kind != NULL))
			fail_msg("document %zu", i);
		if (!good)
			continue;
		assert_string_equal(imdn_kind_name(d.kind), docs[i].kind);
		assert_string_equal(imdn_status_name(d.status), docs[i].status);
		assert_slice(d.message_id, "34jk324j");
	}
	for (size_t i = 0; i < ARRAY_LEN(wishes); i++)
		if (imdn_wish_read(slice_of(wishes[i].value)) != wishes[i].want)
			fail_msg("wish %zu", i);
	arena_done(&a);
}

/* Every kind with every status it has comes out as it went in. */
static void there_and_back(void **state)
{
	struct arena a = {0};
	struct buf b = {0};
	unsigned n = 0;

	for (enum imdn_kind k = 0; k < IMDN_KIND__N; k++)
		for (enum imdn_status s = 0; s < IMDN_STATUS__N; s++) {
			struct imdn in = {.kind = k,
					    .status = s,
					    .message_id = SL("m.1"),
					    .datetime = SL("2006-04-04T12:16:49-05:00"),
					    .recipient = SL("sip:a&b@example.com")},
				    out;

			if (!imdn_kind_has(k, s))
				continue;
			buf_reset(&b);
			imdn_write(&b, &in);
			assert_true(imdn_read(&out, &a, buf_slice(&b)));
			assert_int_equal(out.kind, k);
			assert_int_equal(out.status, s);
			assert_slice(out.datetime, "2006-04-04T12:16:49-05:00");
			/* 11.1.9: one of the two never comes alone */
			assert_slice(out.recipient, "sip:a&b@example.com");
			assert_slice(out.original_recipient, "sip:a&b@example.com");
			n++;
		}
	assert_int_equal(n, 11);
	buf_done(&b);
	arena_done(&a);
}

static void ids(void **state)
{
	char s[IMDN_ID_MAX + 1];

	memset(s, 'x', sizeof s);
	assert_true(imdn_id_ok(slice_make(s, IMDN_ID_MAX)));
	assert_false(imdn_id_ok(slice_make(s, IMDN_ID_MAX + 1)));
	assert_false(imdn_id_ok(SL("")));
	assert_false(imdn_id_ok(SL_NONE));
	assert_false(imdn_id_ok(SL("a<b")));
}

/* ---- the wrapper ---- */

#define PART "\r\nContent-Type: text/plain\r\n\r\nhi"
#define NS   "NS: imdn <urn:ietf:params:imdn>\r\n"

/* clang-format off */
static const struct {
	const char *text, *id, *wish;
	unsigned routes;
} wrappers[] = {
	/* RFC 5438 6 */
	{NS "imdn.Message-ID: 34jk324j\r\nimdn.Disposition-Notification: positive-delivery, display\r\n" PART, "34jk324j", "positive-delivery, display", 0},
	/* 6.1: any prefix; RFC 3862 3.4: but a declared one, before it is used */
	{"NS: x <urn:ietf:params:imdn>\r\nx.Message-ID: a\r\nimdn.Message-ID: b\r\n" PART, "a", NULL, 0},
	{"imdn.Message-ID: a\r\n" PART, NULL, NULL, 0},
	{"imdn.Message-ID: a\r\n" NS PART, NULL, NULL, 0},
	{NS "NS: imdn <urn:else>\r\nimdn.Message-ID: a\r\n" PART, NULL, NULL, 0},
	{"NS: imdn <urn:else>\r\nimdn.Message-ID: a\r\n" PART, NULL, NULL, 0},
	/* RFC 3862 2.2: names are case-sensitive */
	{NS "imdn.message-id: a\r\nIMDN.Message-ID: b\r\n" PART, NULL, NULL, 0},
	/* without its prefix it is another's */
	{NS "Message-ID: a\r\nDisposition-Notification: display\r\n" PART, NULL, NULL, 0},
	/* 6.5: in order, and counted where they are too many */
	{NS "imdn.IMDN-Record-Route: <im:r0>\r\nimdn.IMDN-Record-Route: <im:r1>\r\n" PART, NULL, NULL, 2},
	{NS "imdn.IMDN-Record-Route: <im:r0>\r\nimdn.IMDN-Record-Route: <im:r1>\r\nimdn.IMDN-Record-Route: <im:r2>\r\n"
	 "imdn.IMDN-Record-Route: <im:r3>\r\nimdn.IMDN-Record-Route: <im:r4>\r\n" PART, NULL, NULL, 5},
};
/* clang-format on */

static void wrapper(void **state)
{
	struct arena a = {0};

	for (size_t i = 0; i < ARRAY_LEN(wrappers); i++) {
		struct cpim c;

		if (!cpim_read(&c, &a, slice_of(wrappers[i].text)))
			fail_msg("wrapper %zu", i);
		assert_slice(c.imdn_id, wrappers[i].id);
		assert_slice(c.imdn_wish, wrappers[i].wish);
		assert_int_equal(c.n_routes, wrappers[i].routes);
		if (c.n_routes) {
			assert_slice(c.routes[0], "<im:r0>");
			assert_slice(c.routes[1], "<im:r1>");
		}
	}
	arena_done(&a);
}

static void writing_a_wrapper(void **state)
{
	const struct slice routes[] = {SL("<im:r0@x>"), SL("<im:r1@x>;y")};
	struct cpim_out out = {
		.from = SL("im:a@example.com"),
		.to = SL("im:b@example.com"),
		.subject = SL(" x\\y\r\n\x01 "),
		.date_ms = 976743600000,
		.imdn_id = SL("m1"),
		.imdn_wish = "display",
		.routes = routes,
		.n_routes = 2,
		.content_type = SL("text/plain"),
		.disposition = "notification",
		.body = SL("hi"),
	};
	struct arena a = {0};
	struct buf b = {0};
	struct cpim c;

	cpim_write(&b, &out);
	assert_slice(buf_slice(&b), "From: <im:a@example.com>\r\n"
				    "To: <im:b@example.com>\r\n"
				    "DateTime: 2000-12-13T21:40:00Z\r\n"
				    "Subject: x\\\\y\\r\\n\\u0001\r\n"
				    "NS: imdn <urn:ietf:params:imdn>\r\n"
				    "imdn.Message-ID: m1\r\n"
				    "imdn.Disposition-Notification: display\r\n"
				    "imdn.IMDN-Route: <im:r0@x>\r\n"
				    "imdn.IMDN-Route: <im:r1@x>;y\r\n"
				    "\r\n"
				    "Content-Type: text/plain\r\n"
				    "Content-Disposition: notification\r\n"
				    "Content-Length: 2\r\n"
				    "\r\n"
				    "hi");
	assert_true(cpim_read(&c, &a, buf_slice(&b)));
	assert_slice(c.subject, "x\\y\r\n\x01");
	assert_slice(c.disposition, "notification");
	assert_slice(c.imdn_id, "m1");
	assert_slice(c.body, "hi");

	buf_reset(&b);
	cpim_write(&b, &(struct cpim_out){.date_ms = UINT64_MAX, .body = SL("")});
	assert_slice(buf_slice(&b), "\r\nContent-Length: 0\r\n\r\n");
	buf_done(&b);
	arena_done(&a);
}

/* RFC 3862 2.3.1: every octet is undone by the reader. */
static void escapes(void **state)
{
	struct arena a = {0};
	struct buf b = {0};
	char all[256];

	for (unsigned i = 0; i < sizeof all; i++)
		all[i] = (char)i;
	cpim_escape(&b, slice_make(all, sizeof all));
	for (size_t i = 0; i < b.n; i++)
		assert_true(
			(unsigned char)buf_slice(&b).p[i] >= 0x20 && buf_slice(&b).p[i] != 0x7f);
	assert_true(slice_eq(cpim_unescape(&a, buf_slice(&b)), slice_make(all, sizeof all)));
	buf_done(&b);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading),
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(ids),
		cmocka_unit_test(wrapper),
		cmocka_unit_test(writing_a_wrapper),
		cmocka_unit_test(escapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
