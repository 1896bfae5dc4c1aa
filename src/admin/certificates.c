#include "admin/admin_priv.h"
#include "view/certificates.h"

/* Our own certificates. */

static void certificate_json(const struct view_certificate *x, struct buf *out)
{
	buf_str(out, "{\"name\": ");
	json_quote(out, x->name);
	buf_str(out, ", \"domains\": [");
	for (size_t i = 0; i < x->n_domains; i++) {
		buf_str(out, i ? ", " : "");
		json_quote(out, x->domains[i]);
	}
	buf_chr(out, ']');
	json_text(out, "subject", x->subject);
	json_text(out, "issuer", x->issuer);
	json_text(out, "names", x->names);
	json_text(out, "key", x->key);
	json_text(out, "purposes", x->purposes);
	json_text(out, "fingerprint", x->fingerprint);
	json_when(out, "not_before", x->not_before > 0 ? (uint64_t)x->not_before * 1000 : 0);
	json_when(out, "not_after", x->not_after > 0 ? (uint64_t)x->not_after * 1000 : 0);
	buf_printf(out, ", \"days_left\": %d", (int)x->days_left);
	json_text(out, "lacks", x->lacks);
	json_text(out, "warning", slice_of(x->warning));
	buf_chr(out, '}');
}

static void answer(struct api_call *c)
{
	const struct admin_hooks *h = c->admin->hooks;
	struct view_certificates *l;
	struct buf json = {0};

	l = h->certificates(c->admin->hooks_arg);
	buf_str(&json, "{\"items\": [");
	for (size_t i = 0; i < l->n; i++) {
		buf_str(&json, i ? ",\n" : "\n");
		certificate_json(&l->v[i], &json);
	}
	buf_str(&json, "]}");
	view_certificates_free(l);
	call_answer(c, 200, &json);
}

void certificates_get(struct api_call *c)
{
	if (c->admin->hooks->certificates)
		answer(c);
	else
		edge_missing(c);
}

static void reloaded(struct api_call *c)
{
	call_audit(c, "reload", "certificates", SL_NONE, NULL);
	answer(c);
}

/* Answers with what is in force then. */
void certificates_reload(struct api_call *c)
{
	const struct admin_hooks *h = c->admin->hooks;
	struct err e;

	if (!h->certificates || !h->reload)
		edge_missing(c);
	else if (h->reload(c->admin->hooks_arg, &e) < 0)
		call_problem(c, &e, NULL);
	else
		reloaded(c);
}
