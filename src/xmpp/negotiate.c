#include "xmpp/negotiate.h"

#include "xmpp/ns.h"

static bool offer_in_clear(
	const struct xstream_policy *p, struct xstream_features *ret, const char **ret_why)
{
	ret->starttls = p->tls != XTLS_OFF;
	ret->dialback = p->dialback_clear && p->tls != XTLS_REQUIRED;
	/* Mandatory also when the policy says optional and nothing could follow without (5.3.1). */
	ret->starttls_required = ret->starttls && !ret->dialback;
	*ret_why = "TLS is not possible here, and nothing is accepted without";
	return ret->starttls || ret->dialback;
}

static bool offer_in_tls(const struct xstream_policy *p, enum xstream_cert cert,
	struct xstream_features *ret, const char **ret_why)
{
	ret->external = ret->mechanisms = p->external && cert == XCERT_GOOD;
	ret->dialback = p->dialback_tls;
	*ret_why = cert == XCERT_NONE ? "a certificate is required"
				      : "the certificate is not accepted";
	return ret->external || ret->dialback;
}

bool xneg_offer(const struct xstream_policy *p, enum xstream_phase phase, enum xstream_cert cert,
	struct xstream_features *ret, const char **ret_why)
{
	struct xstream_features f = {0};
	bool possible = true;

	if (phase == XPHASE_CLEAR)
		possible = offer_in_clear(p, &f, ret_why);
	else if (phase == XPHASE_TLS)
		possible = offer_in_tls(p, cert, &f, ret_why);
	else
		f.dialback = p->dialback_tls; /* voluntary: for further pairs (XEP-0220 2.6) */
	f.dialback_errors = f.dialback;
	if (possible)
		*ret = f;
	return possible;
}

static enum xneg_step give_up(enum xneg_fail why, enum xneg_fail *ret_fail)
{
	*ret_fail = why;
	return XNEG_FAIL;
}

/*
 * TLS is asked for whenever it is offered, and also when it is not but nothing could follow
 * without: somebody may have taken the offer away (RFC 7590 3.1). A peer of version 0.9 has no
 * STARTTLS.
 */
static enum xneg_step choose_in_clear(const struct xstream_policy *p,
	const struct xstream_features *offer, enum xneg_fail *ret_fail)
{
	bool clear = p->dialback_clear && p->tls != XTLS_REQUIRED;

	if (offer && p->tls != XTLS_OFF && (offer->starttls || !clear))
		return XNEG_STARTTLS;
	if (!clear || (offer && offer->starttls_required))
		return give_up(XNEG_NO_TLS, ret_fail);
	return XNEG_DIALBACK;
}

static enum xneg_step choose_in_tls(const struct xstream_policy *p, enum xstream_cert cert,
	const struct xstream_features *offer, bool external_failed, enum xneg_fail *ret_fail)
{
	bool external = p->external && cert == XCERT_GOOD;

	if (external && !external_failed && offer && offer->external)
		return XNEG_EXTERNAL;
	if (p->dialback_tls)
		return XNEG_DIALBACK;
	if (external_failed)
		return give_up(XNEG_SASL_FAILED, ret_fail);
	return give_up(external ? XNEG_NO_EXTERNAL : XNEG_BAD_CERT, ret_fail);
}

enum xneg_step xneg_choose(const struct xstream_policy *p, enum xstream_phase phase,
	enum xstream_cert cert, const struct xstream_features *offer, bool external_failed,
	enum xneg_fail *ret_fail)
{
	*ret_fail = XNEG_OK;
	switch (phase) {
	case XPHASE_CLEAR:
		return choose_in_clear(p, offer, ret_fail);
	case XPHASE_TLS:
		return choose_in_tls(p, cert, offer, external_failed, ret_fail);
	default:
		return XNEG_READY;
	}
}

const char *xneg_fail_text(enum xneg_fail f)
{
	switch (f) {
	case XNEG_NO_TLS:
		return "one side requires TLS and the other does not offer it";
	case XNEG_BAD_CERT:
		return "the peer's certificate is not accepted";
	case XNEG_NO_EXTERNAL:
		return "the peer does not offer SASL EXTERNAL";
	case XNEG_SASL_FAILED:
		return "the peer refused SASL EXTERNAL";
	default:
		return "";
	}
}

void xneg_put(struct buf *b, const struct xstream_features *f)
{
	if (!f->starttls && !f->external && !f->dialback) {
		buf_str(b, "<stream:features/>");
		return;
	}
	buf_str(b, "<stream:features>");
	if (f->starttls_required)
		buf_str(b, "<starttls xmlns='" NS_TLS "'><required/></starttls>");
	else if (f->starttls)
		buf_str(b, "<starttls xmlns='" NS_TLS "'/>");
	if (f->external)
		buf_str(b, "<mechanisms xmlns='" NS_SASL "'>"
			   "<mechanism>EXTERNAL</mechanism></mechanisms>");
	if (f->dialback)
		buf_str(b, "<dialback xmlns='" NS_DIALBACK_FEAT "'><errors/></dialback>");
	buf_str(b, "</stream:features>");
}

static bool offers_external(const struct xml_elem *mechanisms)
{
	struct arena a = {0};
	bool found = false;

	xml_each(mechanisms, m)
		if (xml_is(m, SL(NS_SASL), SL("mechanism")) &&
			slice_eq(slice_trim(xml_text(m, &a)), SL("EXTERNAL")))
			found = true;
	arena_done(&a);
	return found;
}

void xneg_read(const struct xml_elem *features, struct xstream_features *ret)
{
	const struct xml_elem *tls = xml_child(features, SL(NS_TLS), SL("starttls"));
	const struct xml_elem *sasl = xml_child(features, SL(NS_SASL), SL("mechanisms"));
	const struct xml_elem *db = xml_child(features, SL(NS_DIALBACK_FEAT), SL("dialback"));

	*ret = (struct xstream_features){
		.starttls = tls != NULL,
		.starttls_required = xml_child(tls, SL(NS_TLS), SL("required")) != NULL,
		.external = offers_external(sasl),
		.mechanisms = sasl != NULL,
		.dialback = db != NULL,
		.dialback_errors = xml_child(db, SL(NS_DIALBACK_FEAT), SL("errors")) != NULL,
	};
}
