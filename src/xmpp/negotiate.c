#include "xmpp/negotiate.h"

#include "xmpp/ns.h"

/* clang-format off */
static const char *const fail_texts[XNEG_FAIL__N] = {
	[XNEG_OK] = "",
#define X(suffix, text) [XNEG_##suffix] = text,
	XNEG_FAILS(X)
#undef X
};
/* clang-format on */

const char *xneg_fail_text(enum xneg_fail f)
{
	return fail_texts[f];
}

/* ---- the verdict ---- */

static struct xneg_verdict judge_clear(const struct xneg_view *v)
{
	const struct xstream_policy *p = v->policy;
	struct xneg_verdict r = {
		/* Whoever connects needs no certificate for TLS. */
		.tls = p->tls != XTLS_OFF && (v->initiator || !p->bare),
		.dialback = p->dialback_clear && p->tls != XTLS_REQUIRED && !p->floor,
	};

	if (!r.tls && !r.dialback)
		r.why = XNEG_TLS_IMPOSSIBLE;
	return r;
}

static enum xneg_fail why_not_in_tls(const struct xneg_view *v)
{
	const struct xstream_policy *p = v->policy;

	if (!v->initiator)
		return v->cert == XCERT_NONE ? XNEG_CERT_MISSING : XNEG_CERT_REFUSED;
	if (v->external_failed)
		return XNEG_SASL_FAILED;
	if (p->external && v->cert == XCERT_GOOD)
		return XNEG_NO_OWN_CERT;
	return XNEG_BAD_CERT;
}

static struct xneg_verdict judge_tls(const struct xneg_view *v)
{
	const struct xstream_policy *p = v->policy;
	struct xneg_verdict r = {
		.external = p->external && v->cert == XCERT_GOOD && !v->external_failed &&
			    !(v->initiator && p->bare),
		.dialback = p->dialback_tls,
	};

	if (!r.external && !r.dialback)
		r.why = why_not_in_tls(v);
	return r;
}

struct xneg_verdict xneg_judge(const struct xneg_view *v)
{
	switch (v->phase) {
	case XPHASE_CLEAR:
		return judge_clear(v);
	case XPHASE_TLS:
		return judge_tls(v);
	default: /* for further pairs (XEP-0220 2.6) */
		return (struct xneg_verdict){.dialback = v->policy->dialback_tls};
	}
}

/* ---- what follows from it ---- */

enum xneg_fail xneg_offer(const struct xstream_policy *p, enum xstream_phase phase,
	enum xstream_cert cert, struct xstream_features *ret)
{
	struct xneg_verdict v =
		xneg_judge(&(struct xneg_view){.policy = p, .phase = phase, .cert = cert});

	if (v.why)
		return v.why;
	*ret = (struct xstream_features){
		.starttls = v.tls,
		/* Also when the policy says optional and nothing could follow without (5.3.1). */
		.starttls_required = v.tls && !v.dialback,
		.external = v.external,
		.mechanisms = v.external,
		.dialback = v.dialback,
		.dialback_errors = v.dialback,
	};
	return XNEG_OK;
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
static enum xneg_step choose_in_clear(const struct xneg_verdict *v,
	const struct xstream_features *offer, enum xneg_fail *ret_fail)
{
	if (v->tls && offer && (offer->starttls || !v->dialback))
		return XNEG_STARTTLS;
	if (!v->dialback || (offer && offer->starttls_required))
		return give_up(XNEG_NO_TLS, ret_fail);
	return XNEG_DIALBACK;
}

static enum xneg_step choose_in_tls(const struct xneg_verdict *v,
	const struct xstream_features *offer, enum xneg_fail *ret_fail)
{
	if (v->external && offer && offer->external)
		return XNEG_EXTERNAL;
	if (v->dialback)
		return XNEG_DIALBACK;
	return give_up(v->external ? XNEG_NO_EXTERNAL : v->why, ret_fail);
}

enum xneg_step xneg_choose(const struct xstream_policy *p, enum xstream_phase phase,
	enum xstream_cert cert, const struct xstream_features *offer, bool external_failed,
	enum xneg_fail *ret_fail)
{
	struct xneg_verdict v = xneg_judge(&(struct xneg_view){.policy = p,
		.initiator = true,
		.phase = phase,
		.cert = cert,
		.external_failed = external_failed});

	*ret_fail = XNEG_OK;
	switch (phase) {
	case XPHASE_CLEAR:
		return choose_in_clear(&v, offer, ret_fail);
	case XPHASE_TLS:
		return choose_in_tls(&v, offer, ret_fail);
	default:
		return XNEG_READY;
	}
}

/* ---- two ends ---- */

const char *xneg_outcome_name(enum xneg_outcome o)
{
	static const char *const names[] = {
		[XNEG_NONE] = "none",
		[XNEG_PLAIN_DIALBACK] = "plain-dialback",
		[XNEG_TLS_DIALBACK] = "tls-dialback",
		[XNEG_TLS_EXTERNAL] = "tls-external",
	};

	return names[o];
}

static struct xstream_policy policy_of(const struct xneg_end *e)
{
	struct xstream_policy p = e->policy;

	p.bare = e->cert == XCERT_NONE;
	return p;
}

/* Is the initiator's choice, in this phase, what the recipient takes part in? */
static enum xneg_step agree(const struct xstream_policy *i, const struct xstream_policy *r,
	enum xstream_phase phase, enum xstream_cert of_r, enum xstream_cert of_i,
	enum xneg_fail *ret_why)
{
	struct xstream_features offer;
	enum xneg_step step;

	*ret_why = xneg_offer(r, phase, of_i, &offer);
	if (*ret_why)
		return XNEG_FAIL;
	step = xneg_choose(i, phase, of_r, &offer, false, ret_why);
	if (step == XNEG_STARTTLS && !offer.starttls)
		return give_up(XNEG_TLS_REFUSED, ret_why);
	if (step == XNEG_DIALBACK && !offer.dialback)
		return give_up(XNEG_NO_DIALBACK, ret_why);
	return step;
}

enum xneg_outcome xneg_meet(
	const struct xneg_end *initiator, const struct xneg_end *recipient, enum xneg_fail *ret_why)
{
	struct xstream_policy i = policy_of(initiator), r = policy_of(recipient);
	enum xneg_fail unused = XNEG_OK, *why = ret_why ? ret_why : &unused;
	enum xneg_step step = agree(&i, &r, XPHASE_CLEAR, XCERT_NONE, XCERT_NONE, why);

	if (step == XNEG_DIALBACK)
		return XNEG_PLAIN_DIALBACK;
	if (step != XNEG_STARTTLS)
		return XNEG_NONE;
	if ((initiator->strict && recipient->cert == XCERT_BAD) ||
		(recipient->strict && initiator->cert == XCERT_BAD)) {
		*why = XNEG_TLS_ABORTED;
		return XNEG_NONE;
	}
	step = agree(&i, &r, XPHASE_TLS, recipient->cert, initiator->cert, why);
	if (step == XNEG_FAIL)
		return XNEG_NONE;
	return step == XNEG_EXTERNAL ? XNEG_TLS_EXTERNAL : XNEG_TLS_DIALBACK;
}

/* ---- the wire ---- */

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
