#pragma once

#include "net/rate.h"
#include "xmpp/stream.h"

/*
 * The authoritative role of dialback (XEP-0220 2.2.2): a partner asks whether a key is ours. The
 * answer follows from the key itself, so any node gives it, on any stream. Private to the edge.
 */
struct stream;

/*
 * An XSTREAM_DB_VERIFY came on s; one that is an answer and no question is left alone. rate: of the
 * stream, zeroed at first. Returns whether it was asked about a key of ours: only who has got one
 * from us can do that.
 */
bool authority_asked(struct stream *s, struct rate *rate, const struct xstream_db *db);
