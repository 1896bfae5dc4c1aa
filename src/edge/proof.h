#pragma once

#include "base/list.h"
#include "edge/judge.h"
#include "federation/negotiation.h"
#include "net/rate.h"
#include "xmpp/stream.h"

/*
 * The receiving role of dialback (XEP-0220 2.2.1): the domain pairs that a peer has proved on one
 * stream of its own, and those it is proving. Private to the edge; embedded by inbound.c.
 */
struct stream;

struct proofs {
	struct stream *s;
	struct list proved, pending;
	unsigned n_proved, n_pending;
	struct rate rate; /* of requests */
	unsigned refused; /* requests */
};

void proofs_init(struct proofs *p, struct stream *s);
void proofs_done(struct proofs *p); /* verifications under way are given up */

/* A db:result came; one that is an answer and no request is left alone. */
void proofs_asked(struct proofs *p, const struct xstream_db *db);

/* The stream begins anew: keys that are being verified were for another id. */
void proofs_restarted(struct proofs *p);

/* SASL has proved this pair. */
void proofs_add(
	struct proofs *p, struct slice local, struct slice remote, enum negotiation_method method);

/*
 * New settings: pairs that they do not allow any more may not be used from now on. Why the last one
 * may not, if none is left; EDGE_OK: some are left, or there were none.
 */
enum edge_refusal proofs_judge_again(struct proofs *p);

/* What proofs_judge_again() would say under a snapshot; nothing is different after it. */
enum edge_refusal proofs_kept(const struct proofs *p, const struct snapshot *snapshot);
