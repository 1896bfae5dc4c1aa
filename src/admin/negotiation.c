#include "admin/admin_priv.h"
#include "federation/negotiation.h"
#include "federation/partner.h"

/* What a choice of TLS, SASL and dialback would mean; nothing is changed. */

static int query_setting(
	const struct api_call *c, struct object *o, const char *name, struct err *e)
{
	struct slice v = http_query(c->req, name);

	return v.p ? object_set(o, slice_of(name), v, e) : 0;
}

void negotiation_get(struct api_call *c)
{
	AUTO(object_unref) struct object *o = object_new(&partner_class);
	struct negotiation_verdict verdict;
	struct buf json = {0};
	struct err e;

	if (query_setting(c, o, "tls_negotiation", &e) < 0 ||
		query_setting(c, o, "sasl_negotiation", &e) < 0 ||
		query_setting(c, o, "support_dialback_negotiation", &e) < 0) {
		call_problem(c, &e, NULL);
		return;
	}
	verdict = negotiation_judge(partner_of(o)->negotiation);
	negotiation_json(&verdict, &json);
	call_answer(c, 200, &json);
}

/* The rows as the manual numbers them: by SASL, then TLS, dialback first with and then without. */
static struct negotiation row(unsigned number)
{
	unsigned i = number - 1;

	return (struct negotiation){
		.sasl = (enum negotiation_level)(i / 6),
		.tls = (enum negotiation_level)(i / 2 % 3),
		.dialback = i % 2 == 0,
	};
}

static void row_json(unsigned number, struct buf *out)
{
	struct negotiation n = row(number);
	struct negotiation_verdict verdict = negotiation_judge(n);

	buf_printf(out,
		"{\"row\": %u, \"settings\": {\"tls_negotiation\": \"%s\", "
		"\"sasl_negotiation\": \"%s\", \"support_dialback_negotiation\": %s}, "
		"\"verdict\": ",
		number, negotiation_level_words[n.tls], negotiation_level_words[n.sasl],
		n.dialback ? "true" : "false");
	negotiation_json(&verdict, out);
	buf_chr(out, '}');
}

void negotiation_matrix_get(struct api_call *c)
{
	enum { ROWS = 18 };
	struct buf json = {0};

	buf_str(&json, "{\"items\": [");
	for (unsigned number = 1; number <= ROWS; number++) {
		buf_str(&json, number > 1 ? ",\n" : "\n");
		row_json(number, &json);
	}
	buf_str(&json, "]}");
	call_answer(c, 200, &json);
}
