#include "base/mem.h"
#include "xmpp/ns.h"
#include "xmpp/stream_priv.h"

/* First-level elements, told apart by namespace and name, never by prefix. */
enum kind {
	EL_FEATURES,
	EL_ERROR,
	EL_STARTTLS,
	EL_PROCEED,
	EL_TLS_FAILURE,
	EL_AUTH,
	EL_RESPONSE,
	EL_ABORT,
	EL_CHALLENGE,
	EL_SUCCESS,
	EL_SASL_FAILURE,
	EL_DB_RESULT,
	EL_DB_VERIFY,
	EL_STANZA,
	EL_CLIENT, /* anything in jabber:client */
	EL_OTHER,
	EL__N
};

static const struct {
	const char *ns, *name;
	enum kind kind;
} known[] = {
	{NS_STREAM,   "features",  EL_FEATURES    },
	{NS_STREAM,   "error",     EL_ERROR       },
	{NS_TLS,      "starttls",  EL_STARTTLS    },
	{NS_TLS,      "proceed",   EL_PROCEED     },
	{NS_TLS,      "failure",   EL_TLS_FAILURE },
	{NS_SASL,     "auth",      EL_AUTH        },
	{NS_SASL,     "response",  EL_RESPONSE    },
	{NS_SASL,     "abort",     EL_ABORT       },
	{NS_SASL,     "challenge", EL_CHALLENGE   },
	{NS_SASL,     "success",   EL_SUCCESS     },
	{NS_SASL,     "failure",   EL_SASL_FAILURE},
	{NS_DIALBACK, "result",    EL_DB_RESULT   },
	{NS_DIALBACK, "verify",    EL_DB_VERIFY   },
};

static enum kind classify(const struct xml_elem *e)
{
	if (stanza_kind(e) != STANZA_KIND_NONE)
		return EL_STANZA;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (slice_eqz(e->ns, known[i].ns) && slice_eqz(e->name, known[i].name))
			return known[i].kind;
	return slice_eq(e->ns, SL(NS_CLIENT)) ? EL_CLIENT : EL_OTHER;
}

/* ---- what is the same in every state ---- */

static void ignore(struct xstream *x, const struct xml_elem *e)
{
	(void)x;
	(void)e;
}

static void refuse_unknown(struct xstream *x, const struct xml_elem *e)
{
	(void)e;
	xs_error(x, STREAM_UNSUPPORTED_STANZA_TYPE, SL_NONE);
}

/* A content namespace we do not serve (4.8.3). */
static void refuse_client(struct xstream *x, const struct xml_elem *e)
{
	(void)e;
	xs_error(x, STREAM_INVALID_NAMESPACE, SL_NONE);
}

/*
 * Before authentication (4.3.5), and at any time from the receiving side of a stream: it has
 * another stream for its stanzas.
 */
static void refuse_stanza(struct xstream *x, const struct xml_elem *e)
{
	(void)e;
	xs_error(x, STREAM_NOT_AUTHORIZED, SL_NONE);
}

/* The recipient offers no TLS here, or has it already (5.4.2.2). */
static void refuse_tls(struct xstream *x, const struct xml_elem *e)
{
	(void)e;
	buf_str(&x->out, "<failure xmlns='" NS_TLS "'/>");
	xs_put_end(x);
	xs_closing(x, XSTREAM_R_TLS_REFUSED);
	xs_closed(x, false);
}

static void on_starttls(struct xstream *x, const struct xml_elem *e)
{
	if (x->phase == XPHASE_CLEAR && x->offer.starttls)
		xs_on_starttls(x, e);
	else
		refuse_tls(x, e);
}

static struct slice keep_text(struct xstream *x, const struct xml_elem *e)
{
	struct slice text = xml_text(e, &x->notes);

	return text.n ? arena_slice(&x->notes, text) : SL_NONE;
}

/* The peer's stream error: ours ends as well (4.9.1.1). */
static void on_error(struct xstream *x, const struct xml_elem *e)
{
	struct xstream_event *ev = xs_closing(x, XSTREAM_R_PEER_ERROR);

	ev->cond = STREAM_UNDEFINED_CONDITION;
	xml_each(e, c) {
		if (!slice_eq(c->ns, SL(NS_STREAM_ERRORS)))
			continue;
		if (slice_eq(c->name, SL("text")))
			ev->text = keep_text(x, c);
		else
			ev->cond = stream_cond_parse(c->name);
	}
	xs_put_end(x);
	xs_closed(x, false);
}

static enum stanza_cond db_error(const struct xml_elem *e)
{
	struct slice name = SL("error");
	const struct xml_elem *error = xml_child(e, SL(NS_SERVER), name);

	if (!error)
		error = xml_child(e, SL(NS_DIALBACK), name);
	return error && xml_child_ns(error, SL(NS_STANZA_ERRORS))
		       ? stanza_cond_parse(xml_child_ns(error, SL(NS_STANZA_ERRORS))->name)
		       : STANZA_UNDEFINED_CONDITION;
}

static struct slice note(struct xstream *x, struct slice s)
{
	return arena_slice(&x->notes, s);
}

static void push_db(struct xstream *x, const struct xml_elem *e, enum xstream_event_type type)
{
	struct xstream_event *ev = xs_push(x, type);

	ev->db = (struct xstream_db){
		.from = note(x, xml_attr(e, SL("from"))),
		.to = note(x, xml_attr(e, SL("to"))),
		.id = note(x, xml_attr(e, SL("id"))),
		.type = note(x, xml_attr(e, SL("type"))),
		.key = keep_text(x, e),
	};
	if (slice_eq(ev->db.type, SL("error")))
		ev->db.cond = db_error(e);
}

static void on_db_result(struct xstream *x, const struct xml_elem *e)
{
	push_db(x, e, XSTREAM_DB_RESULT);
}

static void on_db_verify(struct xstream *x, const struct xml_elem *e)
{
	push_db(x, e, XSTREAM_DB_VERIFY);
}

/* Once more empty features may come (4.3.5), but only from the side that offers them. */
static void on_late_features(struct xstream *x, const struct xml_elem *e)
{
	if (x->cfg.role == XSTREAM_RECIPIENT)
		refuse_unknown(x, e);
}

/*
 * What to do with what, in which state. What has no cell is refused as unsupported-stanza-type
 * (4.9.3.24). Where the RFC leaves a choice: elements of no namespace we know are passed over
 * before authentication (peers try features of theirs) and refused after it; elements that only the
 * other role may send are refused always. Not here: stanzas in XST_OPEN and XST_CLOSING, which keep
 * their arena (on_stanza), and all else in XST_CLOSING, where there is nothing left to answer.
 */
typedef void action(struct xstream *x, const struct xml_elem *e);

#define ANY_TIME [EL_ERROR] = on_error, [EL_CLIENT] = refuse_client
#define DIALBACK [EL_DB_RESULT] = on_db_result, [EL_DB_VERIFY] = on_db_verify
#define NOT_YET  [EL_STANZA] = refuse_stanza, [EL_OTHER] = ignore

/* clang-format off */
static action *const table[XST__N][EL__N] = {
	[XST_OFFERED] = { ANY_TIME, DIALBACK, NOT_YET,
		[EL_STARTTLS] = on_starttls,
		[EL_AUTH] = xs_on_auth,
		[EL_RESPONSE] = xs_on_stray_response,
		[EL_ABORT] = xs_on_abort,
	},
	[XST_CHALLENGED] = { ANY_TIME, DIALBACK, NOT_YET,
		[EL_STARTTLS] = on_starttls,
		[EL_AUTH] = xs_on_auth,
		[EL_RESPONSE] = xs_on_response,
		[EL_ABORT] = xs_on_abort,
	},
	[XST_FEATURES] = { ANY_TIME, DIALBACK, NOT_YET,
		[EL_FEATURES] = xs_on_features,
	},
	[XST_STARTTLS] = { ANY_TIME, NOT_YET,
		[EL_PROCEED] = xs_on_proceed,
		[EL_TLS_FAILURE] = xs_on_tls_failure,
	},
	[XST_AUTH] = { ANY_TIME, DIALBACK, NOT_YET,
		[EL_CHALLENGE] = xs_on_challenge,
		[EL_SUCCESS] = xs_on_success,
		[EL_SASL_FAILURE] = xs_on_sasl_failure,
	},
	[XST_DIALBACK] = { ANY_TIME, DIALBACK, NOT_YET },
	[XST_OPEN] = { ANY_TIME, DIALBACK,
		[EL_FEATURES] = on_late_features,
		[EL_STANZA] = refuse_stanza,
	},
};
/* clang-format on */

/* ---- stanzas ---- */

/* The stream's language is that of a stanza without one of its own (4.7.4). */
static void carry_lang(struct xstream *x, struct xml_event *xe)
{
	struct slice lang = x->peer.lang;

	if (!lang.n || lang.n > 64 || xml_attr_ns(xe->elem, SL(XML_NS_XML), SL("lang")).p)
		return;
	xml_set_attr_ns(
		&xe->arena, xe->elem, SL(XML_NS_XML), SL("lang"), arena_slice(&xe->arena, lang));
}

static void on_stanza(struct xstream *x, struct xml_event *xe)
{
	struct pair pair;
	enum stream_cond cond = pairs_check(&x->pairs, xml_attr(xe->elem, SL("from")),
		xml_attr(xe->elem, SL("to")), &xe->arena, &pair);
	struct xstream_event *ev;

	if (cond) {
		arena_done(&xe->arena);
		xs_error(x, cond, SL_NONE);
		return;
	}
	carry_lang(x, xe);
	ev = xs_push(x, XSTREAM_STANZA);
	ev->kind = stanza_kind(xe->elem);
	ev->from = arena_slice(&xe->arena, pair.remote);
	ev->to = arena_slice(&xe->arena, pair.local);
	ev->elem = xe->elem;
	ev->size = xe->size;
	ev->arena = xe->arena;
}

/* Stanzas go from the initiator to the recipient, also while our own end is closed (4.4). */
static bool takes_stanzas(const struct xstream *x)
{
	return x->cfg.role == XSTREAM_RECIPIENT && x->authenticated;
}

/* Questions about keys are many on one connection, and bounded by their own rules. */
static bool too_early(struct xstream *x, enum kind kind)
{
	if (x->authenticated || x->state == XST_CLOSING || kind == EL_DB_RESULT ||
		kind == EL_DB_VERIFY)
		return false;
	return ++x->early > x->cfg.preauth_elements;
}

static void on_element(struct xstream *x, struct xml_event *xe)
{
	enum kind kind = classify(xe->elem);
	action *f;

	if (too_early(x, kind)) {
		arena_done(&xe->arena);
		xs_error(x, STREAM_POLICY_VIOLATION,
			SL("too many elements before authentication"));
		return;
	}
	if (kind == EL_STANZA && takes_stanzas(x)) {
		on_stanza(x, xe);
		return;
	}
	f = x->state == XST_CLOSING ? ignore : table[x->state][kind];
	(f ? f : refuse_unknown)(x, xe->elem);
	arena_done(&xe->arena);
}

static void on_end(struct xstream *x)
{
	if (x->state != XST_CLOSING) {
		xs_closing(x, XSTREAM_R_PEER);
		xs_put_end(x);
	}
	xs_closed(x, false);
}

static const enum stream_cond fault_conds[XML_FAULT__N] = {
	[XML_FAULT_RESTRICTED] = STREAM_RESTRICTED_XML,
	[XML_FAULT_NOT_WELL_FORMED] = STREAM_NOT_WELL_FORMED,
	[XML_FAULT_ENCODING] = STREAM_UNSUPPORTED_ENCODING,
	[XML_FAULT_STRAY_TEXT] = STREAM_BAD_FORMAT,
	[XML_FAULT_LIMIT] = STREAM_POLICY_VIOLATION,
};

void xs_on_xml(struct xstream *x, struct xml_event *xe)
{
	switch (xe->type) {
	case XML_EVENT_OPEN:
		xs_on_header(x, xe);
		break;
	case XML_EVENT_ELEMENT:
		on_element(x, xe);
		break;
	case XML_EVENT_CLOSE:
		on_end(x);
		break;
	case XML_EVENT_FAULT:
		xs_error(x, fault_conds[xe->fault], slice_of(xe->why));
		break;
	}
}
