#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "xml/document.h"
#include "xml/writer.h"

/* What comes out, written again; NULL: refused. One row a rule. */
/* clang-format off */
static const struct {
	const char *in, *out;
} rows[] = {
	{"<a/>", "<a/>"},
	{"<?xml version='1.0'?><a><b c='1'/></a>", "<a><b c='1'/></a>"},
	{"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<a>\r\n <b>x</b>\r\n <c><d>y</d></c>\r\n</a>\r\n", "<a><b>x</b><c><d>y</d></c></a>"},
	{"<a xmlns='urn:x'><b/><p:c xmlns:p='urn:y'/></a>", "<a xmlns='urn:x'><b/><c xmlns='urn:y'/></a>"},
	/* not whole, not well-formed */
	{"", NULL}, {" ", NULL}, {"x", NULL}, {"<a>", NULL}, {"<a><b/>", NULL}, {"<a><b></a>", NULL}, {"<a></b>", NULL},
	{"<p:a/>", NULL}, {"<a>\xff</a>", NULL}, {"<?xml version='1.0' encoding='UTF-16'?><a/>", NULL},
	/* what streams may not have, documents may not either */
	{"<!DOCTYPE a><a/>", NULL}, {"<a><?pi x?></a>", NULL}, {"<a><!-- x --></a>", NULL}, {"<a>&x;</a>", NULL},
	/* 8 levels under the root */
	{"<a><b><b><b><b><b><b><b><b/></b></b></b></b></b></b></b></a>", "<a><b><b><b><b><b><b><b><b/></b></b></b></b></b></b></b></a>"},
	{"<a><b><b><b><b><b><b><b><b><b/></b></b></b></b></b></b></b></b></a>", NULL},
};
/* clang-format on */

static void each_rule(void **state)
{
	struct arena a = {0};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct xml_elem *e = xml_document_read(&a, slice_of(rows[i].in));
		struct buf b = {0};

		if (e)
			xml_put_elem(&b, e, SL_NONE);
		if (!e != !rows[i].out || (e && !slice_eqz(buf_slice(&b), rows[i].out)))
			fail_msg("row %zu: %s -> %.*s", i, rows[i].in, SLARG(buf_slice(&b)));
		buf_done(&b);
	}
	arena_done(&a);
}

static void size_is_bounded(void **state)
{
	struct arena a = {0};
	char *s = xmalloc(XML_DOCUMENT_MAX + 1);

	memset(s, ' ', XML_DOCUMENT_MAX + 1);
	memcpy(s, "<a><b/></a>", 11);
	assert_non_null(xml_document_read(&a, slice_make(s, XML_DOCUMENT_MAX)));
	assert_null(xml_document_read(&a, slice_make(s, XML_DOCUMENT_MAX + 1)));
	free(s);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule), cmocka_unit_test(size_is_bounded)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
