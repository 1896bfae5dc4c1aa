#include <assert.h>

#include "xmpp/jid.h"
#include "xmpp/ns.h"
#include "xmpp/sasl.h"
#include "xmpp/stream_priv.h"

/* ---- headers ---- */

/* Of both, the lower version; 0.9 is not said (4.7.5). We speak 1.0. */
static void answer_version(const struct xstream *x, struct xstream_header *ret)
{
	ret->has_version = x->peer.has_version;
	ret->major = header_is_1_0(&x->peer) ? 1 : x->peer.major;
	ret->minor = header_is_1_0(&x->peer) ? 0 : x->peer.minor;
}

void xs_put_header(struct xstream *x, struct slice from)
{
	struct xstream_header h = {.from = from, .has_version = true, .major = 1};

	if (x->cfg.role == XSTREAM_INITIATOR) {
		h.to = x->cfg.remote;
	} else {
		header_make_id(x->cfg.seed, x->ids++, x->id);
		h.id = slice_of(x->id);
		h.to = x->from.p ? x->peer.from : SL_NONE;
		if (x->heard)
			answer_version(x, &h);
	}
	header_put(&x->out, &h);
	x->header_sent = true;
}

/* What was said before a restart counts no more (5.4.3.3). */
static void restart(struct xstream *x, enum xml_rest rest)
{
	xml_reader_restart(x->reader, rest);
	arena_done(&x->head);
	x->peer = (struct xstream_header){0};
	x->offer = (struct xstream_features){0};
	x->heard = x->header_sent = false;
}

static void keep_header(struct xstream *x)
{
	struct xstream_header *h = &x->peer;

	x->heard = true;
	h->from = arena_slice(&x->head, h->from);
	h->to = arena_slice(&x->head, h->to);
	h->id = arena_slice(&x->head, h->id);
	h->lang = arena_slice(&x->head, h->lang);
}

static bool read_domain(struct slice s, struct arena *a, struct slice *ret)
{
	*ret = jid_only_domain(a, s);
	return ret->p != NULL;
}

static void ask_about_header(struct xstream *x)
{
	struct xstream_event *ev;

	xs_go(x, XST_ASKING);
	ev = xs_push(x, XSTREAM_HEADER);
	ev->from = x->from;
	ev->to = x->to;
	ev->lang = x->peer.lang;
	ev->version_major = x->peer.major;
	ev->version_minor = x->peer.minor;
}

static void first_header(struct xstream *x)
{
	x->from = x->to = SL_NONE;
	arena_done(&x->who);
	if (x->peer.from.n && !read_domain(x->peer.from, &x->who, &x->from))
		xs_error(x, STREAM_IMPROPER_ADDRESSING, SL("from is not a domain"));
	else if (!read_domain(x->peer.to, &x->who, &x->to))
		xs_error(x, STREAM_HOST_UNKNOWN, SL("to is not a domain"));
	else
		ask_about_header(x);
}

/* Absent, or the same domain as before. */
static bool still_says(struct xstream *x, struct slice said, struct slice before)
{
	struct slice now;

	return !said.p || (read_domain(said, &x->head, &now) && slice_eq(now, before));
}

/* After SASL: whoever speaks is whoever was authenticated (6.4.6). */
static void last_header(struct xstream *x)
{
	if (!still_says(x, x->peer.from, x->from)) {
		xs_error(x, STREAM_INVALID_FROM, SL("not the domain that was authenticated"));
		return;
	}
	if (!still_says(x, x->peer.to, x->to)) {
		xs_error(x, STREAM_HOST_UNKNOWN, SL("not the domain that was asked for before"));
		return;
	}
	xs_put_header(x, x->to);
	xneg_offer(&x->policy, x->phase, x->cert, &x->offer); /* nothing can be missing now */
	if (header_is_1_0(&x->peer))
		xneg_put(&x->out, &x->offer);
	pairs_add(&x->pairs, x->from, x->to);
	xs_authenticated(x, XSTREAM_EXTERNAL, x->from, x->to);
}

static void next_step(struct xstream *x, const struct xstream_features *offer);

void xs_on_header(struct xstream *x, const struct xml_event *xe)
{
	const char *why = NULL;
	enum stream_cond cond;

	if (x->state == XST_CLOSING)
		return;
	cond = header_read(xe->elem, xe->default_ns, &x->peer, &why);
	keep_header(x);
	if (cond)
		xs_error(x, cond, slice_of(why));
	else if (x->cfg.role == XSTREAM_RECIPIENT && x->phase == XPHASE_DONE)
		last_header(x);
	else if (x->cfg.role == XSTREAM_RECIPIENT)
		first_header(x);
	else if (header_is_1_0(&x->peer))
		xs_go(x, XST_FEATURES);
	else
		next_step(x, NULL);
}

/* ---- recipient ---- */

/* A peer of version 0.9 gets no features (4.7.5), so nothing is left to it but dialback. */
static bool offer_something(struct xstream *x, const char **ret_why)
{
	enum xneg_fail why = xneg_offer(&x->policy, x->phase, x->cert, &x->offer);

	*ret_why = xneg_fail_text(why);
	if (why)
		return false;
	if (header_is_1_0(&x->peer))
		return true;
	x->offer = (struct xstream_features){.dialback = x->offer.dialback};
	*ret_why = "this needs stream features, so version 1.0";
	return x->offer.dialback;
}

void xstream_accept(struct xstream *x, const struct xstream_policy *policy, enum xstream_cert cert)
{
	const char *why;

	if (xs_over(x))
		return;
	assert(x->state == XST_ASKING);
	x->policy = *policy;
	x->cert = x->phase == XPHASE_TLS ? cert : XCERT_NONE;
	xs_put_header(x, x->peer.to);
	if (!offer_something(x, &why)) {
		xs_error(x,
			header_is_1_0(&x->peer) ? STREAM_POLICY_VIOLATION
						: STREAM_UNSUPPORTED_VERSION,
			slice_of(why));
		return;
	}
	if (header_is_1_0(&x->peer))
		xneg_put(&x->out, &x->offer);
	xs_go(x, XST_OFFERED);
}

void xstream_refuse(struct xstream *x, enum stream_cond cond, struct slice text)
{
	bool ours = cond != STREAM_HOST_UNKNOWN && cond != STREAM_HOST_GONE;

	if (xs_over(x))
		return;
	assert(x->state == XST_ASKING && cond != STREAM_OK);
	xs_put_header(x, ours ? x->peer.to : x->cfg.local);
	xs_error(x, cond, text);
}

void xs_on_starttls(struct xstream *x, const struct xml_elem *e)
{
	(void)e;
	buf_str(&x->out, "<proceed xmlns='" NS_TLS "'/>");
	restart(x, XML_REST_DROP);
	x->from = x->to = SL_NONE;
	xs_go(x, XST_TLS);
	xs_push(x, XSTREAM_NEED_TLS);
}

static void stay_or_go(struct xstream *x, enum xstream_state to)
{
	if (x->state != to)
		xs_go(x, to);
}

static void sasl_fails(struct xstream *x, enum sasl_cond cond)
{
	sasl_put_failure(&x->out, cond);
	stay_or_go(x, XST_OFFERED);
	xs_push(x, XSTREAM_AUTH_FAILED)->sasl_cond = cond;
}

static void sasl_succeeds(struct xstream *x)
{
	sasl_put_success(&x->out);
	restart(x, XML_REST_KEEP);
	x->phase = XPHASE_DONE;
	xs_go(x, XST_OPENING);
}

static void sasl_goes_on(struct xstream *x, enum sasl_verdict v, enum sasl_cond cond)
{
	if (v == SASL_SUCCESS) {
		sasl_succeeds(x);
	} else if (v == SASL_FAILURE) {
		sasl_fails(x, cond);
	} else {
		sasl_put_challenge(&x->out);
		stay_or_go(x, XST_CHALLENGED);
	}
}

static struct sasl_ctx sasl_context(const struct xstream *x)
{
	return (struct sasl_ctx){&x->policy, x->phase == XPHASE_TLS, x->cert, x->from};
}

/* One that is under way is forgotten (6.4.2). */
void xs_on_auth(struct xstream *x, const struct xml_elem *e)
{
	struct sasl_ctx ctx = sasl_context(x);
	enum sasl_cond cond = SASL_OK;
	enum sasl_verdict v;

	if (x->sasl_tries++ == x->cfg.sasl_tries) {
		xs_error(x, STREAM_POLICY_VIOLATION, SL("too many authentication attempts"));
		return;
	}
	v = sasl_on_auth(&ctx, e, &x->notes, &cond);
	sasl_goes_on(x, v, cond);
}

void xs_on_response(struct xstream *x, const struct xml_elem *e)
{
	struct sasl_ctx ctx = sasl_context(x);
	enum sasl_cond cond = SASL_OK;
	enum sasl_verdict v = sasl_on_response(&ctx, e, &x->notes, &cond);

	sasl_goes_on(x, v, cond);
}

/* An answer where nothing was asked. */
void xs_on_stray_response(struct xstream *x, const struct xml_elem *e)
{
	(void)e;
	sasl_fails(x, SASL_MALFORMED_REQUEST);
}

void xs_on_abort(struct xstream *x, const struct xml_elem *e)
{
	(void)e;
	sasl_fails(x, SASL_ABORTED);
}

/* ---- initiator ---- */

static enum xstream_reason fail_reason(enum xneg_fail f)
{
	switch (f) {
	case XNEG_BAD_CERT:
		return XSTREAM_R_BAD_CERT;
	case XNEG_SASL_FAILED:
		return XSTREAM_R_SASL;
	default:
		return XSTREAM_R_NO_METHOD;
	}
}

/*
 * The initiator simply closes when no way is left (6.4.5). It says why where the peer could not
 * know: that its certificate is not good, or its version too low.
 */
static void give_up(struct xstream *x, enum xneg_fail f, enum stream_cond cond)
{
	struct slice text = slice_of(xneg_fail_text(f));
	struct xstream_event *ev = xs_closing(x, fail_reason(f));

	ev->text = text;
	ev->cond = cond;
	ev->sasl_cond = f == XNEG_SASL_FAILED ? x->sasl_cond : SASL_OK;
	if (cond) {
		xs_put_error(x, cond, text);
		xs_closed(x, false);
	} else {
		xs_put_end(x);
		xs_go(x, XST_CLOSING);
	}
}

static void ask_for_tls(struct xstream *x)
{
	buf_str(&x->out, "<starttls xmlns='" NS_TLS "'/>");
	xs_go(x, XST_STARTTLS);
}

/* offer NULL: the peer has no features. */
static void next_step(struct xstream *x, const struct xstream_features *offer)
{
	enum xneg_fail f;

	switch (xneg_choose(&x->policy, x->phase, x->cert, offer, x->external_failed, &f)) {
	case XNEG_STARTTLS:
		ask_for_tls(x);
		break;
	case XNEG_EXTERNAL:
		/* XEP-0178 wants our name there, though RFC 6120 6.3.8 would leave it out. */
		sasl_put_auth(&x->out, x->cfg.local);
		xs_go(x, XST_AUTH);
		break;
	case XNEG_DIALBACK:
		xs_go(x, XST_DIALBACK);
		xs_push(x, XSTREAM_NEED_DIALBACK);
		break;
	case XNEG_READY:
		pairs_add(&x->pairs, x->to, x->from);
		xs_authenticated(x, XSTREAM_EXTERNAL, x->from, x->to);
		break;
	case XNEG_FAIL:
		give_up(x, f, offer ? STREAM_OK : STREAM_UNSUPPORTED_VERSION);
		break;
	}
}

void xs_on_features(struct xstream *x, const struct xml_elem *e)
{
	xneg_read(e, &x->offer);
	next_step(x, &x->offer);
}

void xs_on_proceed(struct xstream *x, const struct xml_elem *e)
{
	(void)e;
	restart(x, XML_REST_DROP);
	xs_go(x, XST_TLS);
	xs_push(x, XSTREAM_NEED_TLS);
}

void xs_on_tls_failure(struct xstream *x, const struct xml_elem *e)
{
	(void)e;
	xs_put_end(x);
	xs_closing(x, XSTREAM_R_TLS_REFUSED);
	xs_closed(x, false);
}

void xs_on_challenge(struct xstream *x, const struct xml_elem *e)
{
	(void)e;
	sasl_put_response(&x->out, x->cfg.local);
}

void xs_on_success(struct xstream *x, const struct xml_elem *e)
{
	(void)e;
	restart(x, XML_REST_KEEP);
	x->phase = XPHASE_DONE;
	xs_go(x, XST_OPENING);
	xs_put_header(x, x->cfg.local);
}

void xs_on_sasl_failure(struct xstream *x, const struct xml_elem *e)
{
	struct xstream_event *ev = xs_push(x, XSTREAM_AUTH_FAILED);
	struct slice text;

	x->external_failed = true;
	x->sasl_cond = ev->sasl_cond = sasl_read_failure(e, &x->notes, &text);
	ev->text = arena_slice(&x->notes, text);
	next_step(x, &x->offer);
}

/* ---- TLS, either role ---- */

void xstream_tls_done(struct xstream *x, enum xstream_cert cert)
{
	enum xneg_fail why;

	if (xs_over(x))
		return;
	assert(x->state == XST_TLS);
	x->phase = XPHASE_TLS;
	xs_go(x, XST_OPENING);
	if (x->cfg.role == XSTREAM_RECIPIENT)
		return;
	x->cert = cert;
	why = xneg_judge(&(struct xneg_view){&x->policy, true, XPHASE_TLS, cert, false}).why;
	if (why) /* it need not be asked */
		give_up(x, why, why == XNEG_BAD_CERT ? STREAM_POLICY_VIOLATION : STREAM_OK);
	else
		xs_put_header(x, x->cfg.local);
}

void xstream_tls_failed(struct xstream *x)
{
	if (xs_over(x))
		return;
	assert(x->state == XST_TLS);
	xs_closing(x, XSTREAM_R_TLS_FAILED);
	xs_closed(x, true);
}
