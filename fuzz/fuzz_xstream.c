#include "fuzz.h"

#include "base/buf.h"
#include "xml/writer.h"
#include "xmpp/stream.h"

/*
 * A stream engine, either role, under a policy and with verdicts the first byte chooses. The input
 * is cut at 0xff: in between it is fed at once or byte by byte, at the cuts the driver does what
 * the engine waits for. Either way the same is told and said, and what is said first is a header.
 */
static const struct xstream_policy policies[] = {
	{XTLS_REQUIRED, true,  false, false},
	{XTLS_OPTIONAL, true,  true,  true },
	{XTLS_REQUIRED, true,  true,  false},
	{XTLS_OFF,      false, false, true },
};

struct run {
	struct xstream *x;
	const struct xstream_policy *policy;
	enum xstream_cert cert;
	bool asked, tls, closing, closed;
	bool claimed; /* a db:result asks to be believed */
	struct buf told, said;
};

static void on_event(struct run *r, struct xstream_event *ev)
{
	buf_printf(&r->told, "%d %.*s %.*s %.*s %d %d %d %.*s %d ", ev->type, SLARG(ev->from),
		SLARG(ev->to), SLARG(ev->lang), ev->reason, ev->cond, ev->sasl_cond,
		SLARG(ev->text), ev->abrupt);
	buf_printf(&r->told, "%.*s %.*s %.*s\n", SLARG(ev->db.id), SLARG(ev->db.type),
		SLARG(ev->db.key));
	assert(!r->closed && !(r->closing && ev->type == XSTREAM_CLOSING));
	if (ev->type == XSTREAM_STANZA) {
		assert(xstream_authenticated(r->x) && xstream_pair_has(r->x, ev->from, ev->to));
		xml_put_elem(&r->told, ev->elem, SL_NONE);
		arena_done(&ev->arena);
	}
	r->asked = r->asked || ev->type == XSTREAM_HEADER;
	r->claimed = r->claimed || (ev->type == XSTREAM_DB_RESULT && !ev->db.type.p);
	r->tls = r->tls || ev->type == XSTREAM_NEED_TLS;
	r->closing = r->closing || ev->type == XSTREAM_CLOSING;
	r->closed = ev->type == XSTREAM_CLOSED;
}

static void drain(struct run *r)
{
	struct xstream_event ev;
	struct slice out;

	while (xstream_event(r->x, &ev))
		on_event(r, &ev);
	out = xstream_output(r->x);
	buf_slice_add(&r->said, out);
	xstream_sent(r->x, out.n);
}

/*
 * The driver believes whoever claims anything: it is xmpp.lab from then on, if the engine agrees.
 */
static void believe(struct run *r)
{
	struct xstream_db db = {.from = SL("sip.lab"),
		.to = SL("xmpp.lab"),
		.type = xstream_db_valid(r->x, SL("xmpp.lab"), SL("sip.lab")) ? SL("valid") : SL("error"),
		.cond = STANZA_POLICY_VIOLATION};

	if (slice_eq(db.type, SL("valid")))
		db.cond = STANZA_OK;
	xstream_db_send(r->x, XSTREAM_DB_RESULT, &db);
}

static void drive(struct run *r)
{
	if (r->claimed && !r->closing)
		believe(r);
	r->claimed = false;
	if (r->asked && !r->closing)
		xstream_accept(r->x, r->policy, r->cert);
	if (r->tls && !r->closing)
		xstream_tls_done(r->x, r->cert);
	r->asked = r->tls = false;
	drain(r);
}

static void play(struct run *r, struct slice in, size_t piece)
{
	struct slice part;

	drain(r);
	while (slice_split(&in, (char)0xff, &part)) {
		for (; part.n; part = slice_from(part, piece ? piece : part.n)) {
			xstream_feed(r->x, slice_cut(part, piece ? piece : part.n), 0);
			drain(r);
		}
		drive(r);
	}
	xstream_eof(r->x, 0);
	drain(r);
	if (r->asked)
		drive(r);
	assert(r->closed);
	assert(!r->said.n ||
		slice_starts(buf_slice(&r->said), SL("<?xml version='1.0'?><stream:")));
}

static void run(struct run *r, uint8_t how, struct slice in, size_t piece)
{
	struct xstream_cfg cfg = {
		.role = how & 1 ? XSTREAM_INITIATOR : XSTREAM_RECIPIENT,
		.local = SL("sip.lab"),
		.remote = SL("xmpp.lab"),
		.limits = {.header = 1000, .tag = 1000, .stanza = 10000},
		.preauth_bytes = 3000,
	};

	*r = (struct run){
		.policy = &policies[how >> 1 & 3], .cert = how >> 3 & 1 ? XCERT_BAD : XCERT_GOOD};
	cfg.policy = *r->policy;
	r->x = xstream_new(&cfg, 0);
	play(r, in, piece);
	xstream_free(r->x);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct slice in = slice_from(slice_make(p, n), 1);
	struct run once, bytewise;

	if (!n)
		return 0;
	run(&once, p[0], in, 0);
	run(&bytewise, p[0], in, 1);
	assert(slice_eq(buf_slice(&once.told), buf_slice(&bytewise.told)));
	assert(slice_eq(buf_slice(&once.said), buf_slice(&bytewise.said)));
	buf_done(&once.told);
	buf_done(&once.said);
	buf_done(&bytewise.told);
	buf_done(&bytewise.said);
	return 0;
}
