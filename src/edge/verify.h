#pragma once

#include <stdbool.h>

#include "base/slice.h"
#include "xmpp/stream.h"

/*
 * Asking the authoritative server of a partner's domain whether a dialback key is its own (XEP-0220
 * 2.1.2): on an authenticated outbound stream to that domain if there is one, else on a connection
 * of its own, which follows the partner's TLS setting and carries nothing else. A request has its
 * own time-out; none of them ends a stream that others use. Private to the edge, one loop.
 */
struct edge;
struct netaddr;
struct partner;
struct snapshot;
struct stream;
struct verify;

enum verify_result {
	VERIFY_VALID,
	VERIFY_INVALID,
	VERIFY_ERROR, /* it could not be found out: cond says why (XEP-0220 2.5) */
};

/* Runs once, on the loop, never inside verify_new(); the request is gone then. why: for the log. */
typedef void verify_done(
	void *arg, enum verify_result result, enum stanza_cond cond, const char *why);

/* What is asked; canonical domains. Copied. */
struct verify_question {
	struct slice local;   /* our domain, which receives */
	struct slice remote;  /* the domain to be verified */
	struct slice id, key; /* id: of the response header which we sent on the peer's stream */
	const struct netaddr *source; /* from where the key came */
};

/*
 * partner: of the snapshot in force, remote is one of its domains; not kept. At most
 * VERIFY_PARTNER_MAX of one partner are under way. One more is answered with resource-constraint,
 * or the oldest of the address that has most is, unless its own address has as many: anybody can
 * name the partner, and an authority that is slow must not be a way to lock it out.
 */
enum { VERIFY_PARTNER_MAX = 32 };
struct verify *verify_new(struct edge *e, const struct partner *partner,
	const struct verify_question *q, verify_done *done, void *arg);

/* done() does not run. NULL is fine. */
void verify_cancel(struct verify *v);

/*
 * For the owners of outbound streams: an XSTREAM_DB_VERIFY answer came on s. One that nobody asked
 * for, or on another stream than it was asked on, is dropped silently (2.1.2).
 */
void verify_answered(struct stream *s, const struct xstream_db *db);

/* New settings: closes a connection of this file that they do not want any more. */
void verify_judge_again(struct stream *s);
bool verify_kept(struct stream *s, const struct snapshot *snapshot); /* ... would not end it */

/* ... s is closing: what was asked on it is asked again elsewhere or fails. */
void verify_stream_gone(struct stream *s);
