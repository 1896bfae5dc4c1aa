#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * How fast each sender of a route sends: a bounded table of token buckets.
 * Somebody who has been quiet needs no place; when there are more loud ones
 * than places, a newcomer takes that of the quietest of those beside it, so the
 * loudest keep theirs. Pure.
 */
enum { SENDERS_PLACES = 8192 };
struct sender_rate;

struct sender_rate *sender_rate_new(void); /* 128 KiB */
void sender_rate_free(struct sender_rate *s);

/* key: of a sender, hashed with a secret. False: too many in this second.
 * per_second: at least 1.
 */
bool sender_rate_take(struct sender_rate *s, uint64_t key, unsigned per_second, uint64_t now_ms);
