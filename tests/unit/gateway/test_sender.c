#include "unit.h"

#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "federation/route.h"
#include "gateway/sender.h"

/* Whose a request is: one row a rule. */

#define FROM  "From: <sip:romeo@example.net;gr=x>;tag=1\r\n"
#define ANON  "From: \"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1\r\n"
#define PAI   "P-Asserted-Identity: "
#define EDGE  "ms-edge-proxy-message-trust: ms-source-type=DirectPartner;ms-ep-fqdn=e.example"
#define ROMEO "sip:romeo@example.net;gr=x"

/* clang-format off */
static const struct {
	bool trust;
	enum route_kind kind;
	const char *fields; /* From among them */
	const char *want;   /* the URI; NULL: refused */
	unsigned status;
} rows[] = {
	/* RFC 3325 5: from whom is not trusted it does not count, and does no harm */
	{false, ROUTE_GENERIC, FROM, ROMEO, 0},
	{false, ROUTE_GENERIC, FROM PAI "<sip:juliet@example.net>\r\n", ROMEO, 0},
	{false, ROUTE_GENERIC, FROM PAI "nonsense <\r\n", ROMEO, 0},
	/* from whom is trusted, it does, and where it is silent From does */
	{true, ROUTE_GENERIC, FROM, ROMEO, 0},
	{true, ROUTE_GENERIC, FROM PAI "<sip:juliet@example.net>\r\n", "sip:juliet@example.net", 0},
	{true, ROUTE_GENERIC, FROM PAI "\"J\" <sips:juliet@example.net>\r\n", "sips:juliet@example.net", 0},
	{true, ROUTE_GENERIC, FROM PAI "sip:juliet@example.net\r\n", "sip:juliet@example.net", 0},
	/* the same user: From knows his device */
	{true, ROUTE_GENERIC, FROM PAI "<sip:romeo@EXAMPLE.net>\r\n", ROMEO, 0},
	{true, ROUTE_GENERIC, FROM PAI "<sip:Romeo@example.net>\r\n", "sip:Romeo@example.net", 0},
	/* 9.1: one sip or sips URI, one tel URI, in one field or two */
	{true, ROUTE_GENERIC, FROM PAI "<sip:juliet@example.net>, <tel:+15551234>\r\n", "sip:juliet@example.net", 0},
	{true, ROUTE_GENERIC, FROM PAI "<tel:+15551234>\r\n" PAI "<sip:juliet@example.net>\r\n", "sip:juliet@example.net", 0},
	{true, ROUTE_GENERIC, FROM PAI "<tel:+15551234>\r\n", ROMEO, 0},
	{true, ROUTE_GENERIC, FROM PAI "<sip:juliet@example.net>, <sip:nurse@example.net>\r\n", NULL, 400},
	{true, ROUTE_GENERIC, FROM PAI "<sip:juliet@example.net\r\n", NULL, 400},
	{true, ROUTE_GENERIC, FROM PAI "juliet\r\n", NULL, 400},
	/* 9.2: a wish to somebody else */
	{true, ROUTE_GENERIC, FROM "P-Preferred-Identity: <sip:juliet@example.net>\r\n", ROMEO, 0},
	{false, ROUTE_GENERIC, FROM "P-Preferred-Identity: <sip:juliet@example.net>\r\n", ROMEO, 0},
	/* 9.3: what was asserted stays inside; what From says itself is said */
	{true, ROUTE_GENERIC, ANON PAI "<sip:romeo@example.net>\r\n", "sip:romeo@example.net", 0},
	{true, ROUTE_GENERIC, ANON PAI "<sip:romeo@example.net>\r\nPrivacy: id\r\n", NULL, 433},
	{true, ROUTE_GENERIC, ANON PAI "<sip:romeo@example.net>\r\nPrivacy: id;critical\r\n", NULL, 500},
	{true, ROUTE_GENERIC, FROM PAI "<sip:romeo@example.net>\r\nPrivacy: id\r\n", ROMEO, 0},
	{true, ROUTE_GENERIC, ANON PAI "<sip:romeo@example.net>\r\nPrivacy: none\r\n", "sip:romeo@example.net", 0},
	{false, ROUTE_GENERIC, FROM PAI "<sip:juliet@example.net>\r\nPrivacy: id;critical\r\n", ROMEO, 0},
	/* RFC 3323 4.2, 5: user cannot be had; of header and session nothing goes out */
	{false, ROUTE_GENERIC, FROM "Privacy: user\r\n", NULL, 433},
	{true, ROUTE_GENERIC, FROM "Privacy: header ; USER\r\n", NULL, 433},
	{true, ROUTE_GENERIC, FROM "Privacy: header\r\nPrivacy: user\r\n", NULL, 433},
	{true, ROUTE_GENERIC, FROM "Privacy: user,critical\r\n", NULL, 500},
	{true, ROUTE_GENERIC, FROM "Privacy: header;session;critical\r\n", ROMEO, 0},
	{true, ROUTE_GENERIC, FROM "Privacy: history\r\n", ROMEO, 0},
	{true, ROUTE_GENERIC, FROM "Privacy: history;critical\r\n", NULL, 500},
	/* [MS-SIPRE] 2.2.15, of an Edge Server alone */
	{false, ROUTE_MICROSOFT_EDGE, FROM EDGE ";ms-source-verified-user=verified\r\n", ROMEO, 0},
	{false, ROUTE_MICROSOFT_EDGE, FROM EDGE ";ms-source-verified-user=unverified\r\n", NULL, 403},
	{false, ROUTE_MICROSOFT_EDGE, FROM EDGE "; MS-Source-Verified-User = Unverified ;x=y\r\n", NULL, 403},
	{false, ROUTE_MICROSOFT_EDGE, FROM EDGE ";ms-source-verified-user=verified\r\n" EDGE ";ms-source-verified-user=unverified\r\n", NULL, 403},
	{false, ROUTE_MICROSOFT_EDGE, FROM EDGE "\r\n", ROMEO, 0},
	{false, ROUTE_MICROSOFT_EDGE, FROM "ms-edge-proxy-message-trust: ;;=;\r\n", ROMEO, 0},
	{false, ROUTE_GENERIC, FROM EDGE ";ms-source-verified-user=unverified\r\n", ROMEO, 0},
	{false, ROUTE_MICROSOFT_POOL, FROM EDGE ";ms-source-verified-user=unverified\r\n", ROMEO, 0},
};
/* clang-format on */

static void each_rule(void **state)
{
	struct arena a = {0};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct route route = {.trust_identity = rows[i].trust, .kind = rows[i].kind};
		struct sip_msg *m = arena_alloc(&a, sizeof *m);
		struct message_refusal no = {0};
		struct sender s;
		char *text = arena_printf(&a,
			"MESSAGE sip:x@example.com SIP/2.0\r\nVia: SIP/2.0/UDP "
			"h;branch=z9hG4bK1\r\n"
			"Max-Forwards: 70\r\n%sTo: <sip:x@example.com>\r\nCall-ID: c1\r\n"
			"CSeq: 1 MESSAGE\r\nContent-Length: 0\r\n\r\n",
			rows[i].fields);
		bool good;

		assert_int_equal(sip_msg_parse(m, text, strlen(text)), SIP_GOOD);
		good = sender_read(&s, m, &route, &no);
		if (good != (rows[i].want != NULL) || no.status != rows[i].status ||
			(good && !slice_eqz(s.addr.uri.text, rows[i].want)))
			fail_msg("row %zu: %s%u %.*s", i, rows[i].fields, no.status,
				SLARG(good ? s.addr.uri.text : no.reason));
		assert_true(good || no.reason.n > 0);
	}
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_rule)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
