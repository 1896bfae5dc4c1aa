#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "xml/writer.h"
#include "xmpp/ns.h"
#include "xmpp/stream_priv.h"

#define TO(s) (1u << XST_##s)
/* From every state in which something is awaited. */
#define END (TO(CLOSING) | TO(CLOSED))

static const struct {
	const char *name;
	unsigned next; /* the states it may go to: the graph in stream_priv.h */
} states[XST__N] = {
	[XST_OPENING] = {"opening",
			 TO(ASKING) | TO(FEATURES) | TO(OFFERED) | TO(DIALBACK) | TO(OPEN) | END},
	[XST_ASKING] = {"asking",     TO(OFFERED) | END                                        },
	[XST_FEATURES] = {"features",   TO(STARTTLS) | TO(AUTH) | TO(DIALBACK) | TO(OPEN) | END  },
	[XST_OFFERED] = {"offered",    TO(TLS) | TO(CHALLENGED) | TO(OPENING) | TO(OPEN) | END  },
	[XST_STARTTLS] = {"starttls",   TO(TLS) | END                                            },
	[XST_TLS] = {"tls",        TO(OPENING) | END                                        },
	[XST_AUTH] = {"auth",       TO(OPENING) | TO(DIALBACK) | END                         },
	[XST_CHALLENGED] = {"challenged", TO(OFFERED) | TO(OPENING) | TO(OPEN) | END               },
	[XST_DIALBACK] = {"dialback",   TO(OPEN) | END                                           },
	[XST_OPEN] = {"open",       END						      },
	[XST_CLOSING] = {"closing",    TO(CLOSED)					       },
	[XST_CLOSED] = {"closed",     0							},
};

static const char *const reason_names[XSTREAM_R__N] = {
	[XSTREAM_R_NONE] = "none",
	[XSTREAM_R_LOCAL] = "local",
	[XSTREAM_R_LOCAL_ERROR] = "local-error",
	[XSTREAM_R_PEER] = "peer",
	[XSTREAM_R_PEER_ERROR] = "peer-error",
	[XSTREAM_R_TLS_REFUSED] = "tls-refused",
	[XSTREAM_R_TLS_FAILED] = "tls-failed",
	[XSTREAM_R_NO_METHOD] = "no-method",
	[XSTREAM_R_BAD_CERT] = "bad-certificate",
	[XSTREAM_R_SASL] = "sasl",
	[XSTREAM_R_TIMEOUT] = "timeout",
	[XSTREAM_R_LOST] = "lost",
};

void xs_go(struct xstream *x, enum xstream_state to)
{
	assert(states[x->state].next & (1u << to)); /* our bug, never the peer's */
	x->state = to;
	if (to == XST_CLOSED)
		x->deadline = UINT64_MAX;
	else if (to == XST_CLOSING)
		x->deadline = x->now + x->cfg.close_ms;
	else
		x->deadline = x->authenticated ? UINT64_MAX : x->establish_by;
}

bool xs_over(const struct xstream *x)
{
	return x->state == XST_CLOSING || x->state == XST_CLOSED;
}

/* ---- life ---- */

static struct slice own(struct slice s)
{
	return slice_make(slice_dup(s.p ? s : SL("")), s.n);
}

static void set_defaults(struct xstream_cfg *c)
{
	if (!c->preauth_bytes)
		c->preauth_bytes = 65536;
	if (!c->preauth_elements)
		c->preauth_elements = 64;
	if (!c->sasl_tries)
		c->sasl_tries = 3;
	if (!c->establish_ms)
		c->establish_ms = 60000;
	if (!c->close_ms)
		c->close_ms = 10000;
}

struct xstream *xstream_new(const struct xstream_cfg *cfg, uint64_t now_ms)
{
	struct xstream *x = xzalloc(sizeof *x);

	arena_init(&x->head, 512);
	arena_init(&x->who, 256);
	arena_init(&x->notes, 512);
	x->cfg = *cfg;
	x->cfg.local = own(cfg->local);
	x->cfg.remote = own(cfg->remote);
	set_defaults(&x->cfg);
	x->now = now_ms;
	x->deadline = x->establish_by = now_ms + x->cfg.establish_ms;
	x->reader = xml_reader_new(&x->cfg.limits);
	xml_reader_set_pool(x->reader, x->cfg.parsers);
	xml_reader_budget(x->reader, x->cfg.preauth_bytes, "too many bytes before authentication");
	if (cfg->role == XSTREAM_INITIATOR) {
		x->policy = cfg->policy;
		x->from = x->cfg.local;
		x->to = x->cfg.remote;
		xs_put_header(x, x->cfg.local);
	}
	return x;
}

void xstream_free(struct xstream *x)
{
	if (!x)
		return;
	xml_reader_free(x->reader);
	buf_done(&x->out);
	arena_done(&x->head);
	arena_done(&x->who);
	arena_done(&x->notes);
	pairs_done(&x->pairs);
	free((char *)x->cfg.local.p);
	free((char *)x->cfg.remote.p);
	mem_wipe(x->cfg.seed, sizeof x->cfg.seed);
	free(x);
}

/* ---- events ---- */

struct xstream_event *xs_push(struct xstream *x, enum xstream_event_type type)
{
	struct xstream_event *ev = &x->queue[x->queued];

	assert(x->queued < ARRAY_LEN(x->queue));
	*ev = (struct xstream_event){.type = type};
	x->queued++;
	return ev;
}

static void pop(struct xstream *x, struct xstream_event *ret)
{
	*ret = x->queue[0];
	x->queued--;
	memmove(&x->queue[0], &x->queue[1], x->queued * sizeof x->queue[0]);
}

/* Nothing is read while the driver is asked, nor after the end. */
static bool reads(const struct xstream *x)
{
	return x->state != XST_ASKING && x->state != XST_TLS && x->state != XST_CLOSED;
}

static void lost(struct xstream *x)
{
	bool abrupt = x->state != XST_CLOSING;

	if (abrupt)
		xs_closing(x, XSTREAM_R_LOST);
	xs_closed(x, abrupt);
}

bool xstream_event(struct xstream *x, struct xstream_event *ret)
{
	struct xml_event xe;

	if (!x->queued)
		arena_done(&x->notes);
	while (!x->queued && reads(x) && xml_reader_next(x->reader, &xe))
		xs_on_xml(x, &xe);
	if (!x->queued && x->eof && x->state != XST_CLOSED && x->state != XST_ASKING)
		lost(x);
	if (!x->queued)
		return false;
	pop(x, ret);
	return true;
}

/* ---- bytes and time ---- */

void xstream_feed(struct xstream *x, struct slice bytes, uint64_t now_ms)
{
	x->now = now_ms;
	if (x->state != XST_TLS && x->state != XST_CLOSED)
		xml_reader_feed(x->reader, bytes);
}

void xstream_eof(struct xstream *x, uint64_t now_ms)
{
	x->now = now_ms;
	x->eof = true;
}

struct slice xstream_output(struct xstream *x)
{
	return buf_slice(&x->out);
}

void xstream_sent(struct xstream *x, size_t n)
{
	buf_take(&x->out, n);
	if (!x->out.n)
		buf_done(&x->out); /* it has said what it will ever say, as a rule */
}

void xstream_establish_by(struct xstream *x, uint64_t by_ms)
{
	x->establish_by = by_ms;
	if (!x->authenticated && !xs_over(x))
		x->deadline = by_ms;
}

uint64_t xstream_deadline(const struct xstream *x)
{
	return x->deadline;
}

void xstream_tick(struct xstream *x, uint64_t now_ms)
{
	x->now = now_ms;
	if (now_ms < x->deadline)
		return;
	if (x->state == XST_CLOSING) {
		xs_closed(x, false);
	} else if (x->state == XST_TLS) {
		xs_closing(x, XSTREAM_R_TIMEOUT);
		xs_closed(x, true);
	} else {
		struct slice text = SL("not authenticated in time");

		xs_put_error(x, STREAM_CONNECTION_TIMEOUT, text);
		xs_closing(x, XSTREAM_R_TIMEOUT)->text = text;
		xs_closed(x, false);
	}
}

/* ---- the end ---- */

struct xstream_event *xs_closing(struct xstream *x, enum xstream_reason reason)
{
	struct xstream_event *ev = xs_push(x, XSTREAM_CLOSING);

	ev->reason = reason;
	return ev;
}

void xs_closed(struct xstream *x, bool abrupt)
{
	if (abrupt)
		buf_reset(&x->out);
	xs_go(x, XST_CLOSED);
	xs_push(x, XSTREAM_CLOSED)->abrupt = abrupt;
}

/* A header of ours comes before anything else of ours (4.9.1.2). */
static void put_header_if_needed(struct xstream *x)
{
	if (!x->header_sent)
		xs_put_header(x, x->cfg.local);
}

void xs_put_end(struct xstream *x)
{
	put_header_if_needed(x);
	buf_str(&x->out, "</stream:stream>");
}

void xs_put_error(struct xstream *x, enum stream_cond cond, struct slice text)
{
	put_header_if_needed(x);
	stream_error_put(&x->out, cond, text);
	xs_put_end(x);
}

void xs_error(struct xstream *x, enum stream_cond cond, struct slice text)
{
	struct xstream_event *ev;

	if (x->state == XST_CLOSING) { /* our end tag is sent already */
		xs_closed(x, false);
		return;
	}
	xs_put_error(x, cond, text);
	ev = xs_closing(x, XSTREAM_R_LOCAL_ERROR);
	ev->cond = cond;
	ev->text = arena_slice(&x->notes, text);
	xs_closed(x, false);
}

static void close_in_order(struct xstream *x)
{
	xs_closing(x, XSTREAM_R_LOCAL);
	if (!x->header_sent) { /* nothing was said yet, and nothing need be */
		xs_closed(x, false);
		return;
	}
	xs_put_end(x);
	xs_go(x, XST_CLOSING);
}

void xstream_close(struct xstream *x, enum stream_cond cond, struct slice text)
{
	struct xstream_event *ev;

	if (xs_over(x))
		return;
	if (x->state == XST_TLS) {
		ev = xs_closing(x, cond ? XSTREAM_R_LOCAL_ERROR : XSTREAM_R_LOCAL);
		ev->cond = cond;
		ev->text = arena_slice(&x->notes, text);
		xs_closed(x, true);
	} else if (cond) {
		xs_error(x, cond, text);
	} else {
		close_in_order(x);
	}
}

/* ---- pairs and dialback ---- */

void xs_authenticated(
	struct xstream *x, enum xstream_method method, struct slice from, struct slice to)
{
	struct xstream_event *ev;

	x->authenticated = true;
	xml_reader_budget(x->reader, SIZE_MAX, NULL);
	xs_go(x, XST_OPEN);
	ev = xs_push(x, XSTREAM_AUTHENTICATED);
	ev->from = arena_slice(&x->notes, from);
	ev->to = arena_slice(&x->notes, to);
	ev->method = method;
}

void xstream_pair_add(struct xstream *x, struct slice remote, struct slice local)
{
	pairs_add(&x->pairs, remote, local);
}

bool xstream_pair_has(const struct xstream *x, struct slice remote, struct slice local)
{
	return pairs_have(&x->pairs, remote, local);
}

bool xstream_pair_any(const struct xstream *x, struct slice *ret_remote, struct slice *ret_local)
{
	if (!x->pairs.n)
		return false;
	*ret_remote = x->pairs.v[0].remote;
	*ret_local = x->pairs.v[0].local;
	return true;
}

void xstream_pair_remove(struct xstream *x, struct slice remote, struct slice local)
{
	pairs_remove(&x->pairs, remote, local);
}

bool xstream_db_valid(struct xstream *x, struct slice remote, struct slice local)
{
	bool initiator = x->cfg.role == XSTREAM_INITIATOR;
	unsigned fits = TO(OFFERED) | TO(CHALLENGED) | TO(FEATURES) | TO(DIALBACK) | TO(OPEN);

	if (!(fits & (1u << x->state)))
		return false;
	pairs_add(&x->pairs, remote, local);
	if (!x->authenticated)
		xs_authenticated(x, XSTREAM_DIALBACK, initiator ? local : remote,
			initiator ? remote : local);
	return true;
}

static void put_db_error(struct buf *b, enum stanza_cond cond)
{
	buf_str(b, "<error type='");
	buf_str(b, stanza_error_type_name(stanza_cond_type(cond)));
	buf_str(b, "'><");
	buf_str(b, stanza_cond_name(cond));
	buf_str(b, " xmlns='" NS_STANZA_ERRORS "'/></error>");
}

void xstream_db_send(struct xstream *x, enum xstream_event_type which, const struct xstream_db *db)
{
	const char *name = which == XSTREAM_DB_RESULT ? "db:result" : "db:verify";
	struct buf *b = &x->out;

	assert(which == XSTREAM_DB_RESULT || which == XSTREAM_DB_VERIFY);
	if (xs_over(x) || !x->header_sent)
		return;
	buf_chr(b, '<');
	buf_str(b, name);
	xml_put_attr(b, "from", db->from);
	xml_put_attr(b, "to", db->to);
	xml_put_attr(b, "id", db->id);
	xml_put_attr(b, "type", db->type);
	if (!db->key.n && !db->cond) {
		buf_str(b, "/>");
		return;
	}
	buf_chr(b, '>');
	xml_put_text(b, db->key, XML_BAD_REPLACE);
	if (db->cond)
		put_db_error(b, db->cond);
	buf_str(b, "</");
	buf_str(b, name);
	buf_chr(b, '>');
}

/* ---- what it is like ---- */

bool xstream_may_send(const struct xstream *x)
{
	return x->state == XST_OPEN;
}

const char *xstream_state_name(const struct xstream *x)
{
	return states[x->state].name;
}

bool xstream_encrypted(const struct xstream *x)
{
	return x->phase != XPHASE_CLEAR;
}

bool xstream_authenticated(const struct xstream *x)
{
	return x->authenticated;
}

struct slice xstream_id(const struct xstream *x)
{
	if (x->cfg.role == XSTREAM_RECIPIENT)
		return slice_of(x->id);
	return x->peer.id.p ? x->peer.id : SL("");
}

const struct xstream_features *xstream_offer(const struct xstream *x)
{
	return &x->offer;
}

const char *xstream_reason_name(enum xstream_reason r)
{
	return reason_names[r];
}
