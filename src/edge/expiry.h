#pragma once

#include <stdint.h>

#include "base/hash.h"
#include "loop/loop.h"

/*
 * The end of validity of certificates. Private to the edge, of its loop.
 *
 * A stream whose peer was authenticated by its certificate is closed with reset when that
 * certificate, or one above it, expires (RFC 6120 13.7.2.3 (1)), and when it has been revoked since
 * (2). Who was authenticated by dialback is not concerned.
 *
 * Own certificates and those of such peers are looked at every hour: 30, 14, 7 and 1 days before
 * the end there is one line in the log each (certificate-expires) and one more in the metric. After
 * a start with five days left there is one line, not three.
 *
 * Timers use the monotonic clock: a step of the wall clock ends no stream by itself. When the time
 * that was left at authentication is over, the wall clock is asked, and if it was set back since,
 * the stream goes on until the end has come by both.
 */
struct edge;
struct stream;

struct expiry {
	struct edge *edge;
	uint64_t (*wall_ms)(void);   /* clock_wall_ms(), but in tests */
	struct loop_timer end_timer; /* the next stream's end, over all */
	struct loop_timer look_timer;
	struct table told; /* of which ends was told already, and how near they were */
};

void expiry_init(struct expiry *x, struct edge *e);
void expiry_done(struct expiry *x);

/*
 * s has been authenticated by its peer's certificate: SASL EXTERNAL, or a dialback that was taken
 * for granted because the certificate is good for the pair. Once a stream; the end of the stream
 * needs no call.
 */
void expiry_watch(struct stream *s);

/*
 * Certificates or revocation lists are new: of the watched streams those whose peer is revoked now
 * are closed. One whose authority is no longer trusted stays, with a line in the log: a mistake in
 * the file of authorities ends no stream.
 */
void expiry_trust_changed(struct expiry *x);

/*
 * How near the end is: 30, 14, 7 or 1 for at most so many days left (1 also when it is over), 0 for
 * more. Seconds since 1970.
 */
unsigned expiry_near(int64_t expires, int64_t now);
