#pragma once

#include "xmpp/header.h"
#include "xmpp/pairs.h"
#include "xmpp/stream.h"

/*
 * The inside of the stream engine:
 *	stream.c        life, state, events, time, closing
 *	stream_step.c   negotiation: what follows from what, either role
 *	stream_elem.c   what arrives: the table of states and elements
 */

/*
 *    initiator                                      recipient
 *
 *      opening <------------------+                   opening <---------------------+
 *         | header                |                      | header                   |
 *         v                       |                      v                          |
 *      features ---------.        |                   asking --(refused)--> closed  |
 *         | starttls      \ auth  |                      | accepted                 |
 *         v                v      |                      v                          |
 *      starttls          auth     |                   offered <------.              |
 *         | proceed        |      |                      |  \ auth    \ failure      |
 *         v                |      |             starttls |   `----> challenged      |
 *        tls --------------+------+                      v             |            |
 *     (handshake)       success                         tls -----------+------------+
 *                                                                 success, or TLS done
 *      features -> dialback -> open                   opening or offered -> open
 *
 *      any -> closing (our end tag is sent, theirs is awaited) -> closed;   any -> closed
 */
enum xstream_state {
	XST_OPENING,    /* the peer's header is awaited */
	XST_ASKING,     /* recipient: the driver is asked about it */
	XST_FEATURES,   /* initiator: the peer's features are awaited */
	XST_OFFERED,    /* recipient: ours are sent */
	XST_STARTTLS,   /* initiator: asked for TLS */
	XST_TLS,        /* the driver does the handshake */
	XST_AUTH,       /* initiator: asked for EXTERNAL */
	XST_CHALLENGED, /* recipient: asked who it is */
	XST_DIALBACK,   /* initiator: only dialback is left */
	XST_OPEN,       /* authenticated */
	XST_CLOSING,    /* orderly: our end tag is sent */
	XST_CLOSED,
	XST__N
};

struct xstream {
	struct xstream_cfg cfg; /* its slices are owned */
	enum xstream_state state;
	enum xstream_phase phase;
	uint64_t now, deadline;
	uint64_t establish_by;
	struct xml_reader *reader;
	struct buf out;
	bool eof;

	struct arena head;          /* what belongs to the peer's last header */
	struct xstream_header peer; /* as it stands */
	struct arena who;           /* recipient: holds from and to, which outlive the header */
	struct slice from, to;      /* canonical: the initiating and the receiving domain */
	unsigned ids;
	char id[STREAM_ID_LEN + 1]; /* recipient: of our last header */
	bool heard, header_sent;    /* theirs and ours, in this document */

	struct xstream_policy policy;
	enum xstream_cert cert;
	struct xstream_features offer; /* recipient: ours; initiator: the peer's */
	unsigned sasl_tries;
	unsigned early; /* elements before authentication */
	bool external_failed;
	enum sasl_cond sasl_cond; /* why */
	bool authenticated;
	struct pairs pairs;

	/* Events that wait to be fetched, and what their slices point into. */
	struct xstream_event queue[8];
	unsigned queued;
	struct arena notes;
};

/* ---- stream.c ---- */
void xs_go(struct xstream *x, enum xstream_state to);
struct xstream_event *xs_push(struct xstream *x, enum xstream_event_type type);
/* Closing or closed: what the driver answers now comes too late. */
bool xs_over(const struct xstream *x);
/* Ends with an error of ours. */
void xs_error(struct xstream *x, enum stream_cond cond, struct slice text);
/* Begins the end for this reason: CLOSING is told, once. */
struct xstream_event *xs_closing(struct xstream *x, enum xstream_reason reason);
/* It is over: CLOSED is told. */
void xs_closed(struct xstream *x, bool abrupt);
/* Our end tag, or the error and it, with a header of ours before if need be. */
void xs_put_end(struct xstream *x);
void xs_put_error(struct xstream *x, enum stream_cond cond, struct slice text);
void xs_authenticated(
	struct xstream *x, enum xstream_method method, struct slice from, struct slice to);

/* ---- stream_step.c ---- */
void xs_on_header(struct xstream *x, const struct xml_event *xe);
void xs_put_header(struct xstream *x, struct slice from);
void xs_on_features(struct xstream *x, const struct xml_elem *e);
void xs_on_starttls(struct xstream *x, const struct xml_elem *e);
void xs_on_proceed(struct xstream *x, const struct xml_elem *e);
void xs_on_tls_failure(struct xstream *x, const struct xml_elem *e);
void xs_on_auth(struct xstream *x, const struct xml_elem *e);
void xs_on_response(struct xstream *x, const struct xml_elem *e);
void xs_on_abort(struct xstream *x, const struct xml_elem *e);
void xs_on_stray_response(struct xstream *x, const struct xml_elem *e);
void xs_on_challenge(struct xstream *x, const struct xml_elem *e);
void xs_on_success(struct xstream *x, const struct xml_elem *e);
void xs_on_sasl_failure(struct xstream *x, const struct xml_elem *e);

/* ---- stream_elem.c ---- */
/* What the reader found; takes the arena of an element. */
void xs_on_xml(struct xstream *x, struct xml_event *xe);
