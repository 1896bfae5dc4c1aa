#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/list.h"
#include "net/rate.h"

/*
 * Strangers: connections that have not been authenticated yet, counted by the address they come
 * from, so that nobody can take the places of the others. Pure: the time is passed in, and what is
 * decided here is done by who accepts them.
 *
 * An address may hold so many connections and open so many a second. One whose connections come to
 * nothing time and again is slowed: a handshake is the dearest thing that anybody can have done for
 * nothing. When the places for all of
 * them are taken, the oldest stranger of the address that holds most has to go for the new one,
 * unless the new one's own address holds as many: so whoever holds places in numbers loses them to
 * whoever holds few. Of one loop.
 */
struct strangers;

struct stranger_limits {
	unsigned all;         /* at once [1024] */
	unsigned per_address; /* at once [64] */
	unsigned rate;        /* new ones of an address and second [50] */
	unsigned burst;       /* ... and as many at once [100] */
	unsigned vain;        /* that come to nothing, at once; 0: no limit */
	unsigned vain_rate;   /* ... and a second, beyond these */
};

/* Part of what holds the connection; zeroed: it is none. */
struct stranger {
	struct list node; /* its address's, oldest first */
	struct stranger_address *address;
};

enum stranger_answer {
	STRANGER_OK,
	STRANGER_RATE,         /* its address opens too many a second */
	STRANGER_VAIN,         /* too many of its address came to nothing */
	STRANGER_ADDRESS_FULL, /* its address has all it may have */
	STRANGER_FULL,         /* all places are taken, by addresses that hold no more than its own */
};
const char *stranger_answer_name(enum stranger_answer a); /* stable, for logs */

struct strangers *strangers_new(const struct stranger_limits *l);
void strangers_free(struct strangers *t); /* all strangers have left; NULL is fine */

/*
 * May one more come from this address (netaddr_limit_key(), at most 16 bytes)? Counts for the rate
 * whatever the answer. With STRANGER_OK: *ret_drop, unless NULL, has to leave first.
 */
enum stranger_answer strangers_ask(
	struct strangers *t, struct slice address, uint64_t now_ms, struct stranger **ret_drop);

/* It has come: strangers_ask() said so, and what was to be dropped has left. */
void stranger_enter(struct strangers *t, struct stranger *s, struct slice address, uint64_t now_ms);

/* It is no stranger any more, or gone. Also when it is none. */
void stranger_leave(struct strangers *t, struct stranger *s, uint64_t now_ms);

/*
 * One that had entered has ended and has come to nothing: whoever holds it says what that is. After
 * stranger_leave().
 */
void strangers_in_vain(struct strangers *t, struct slice address, uint64_t now_ms);

size_t strangers_count(const struct strangers *t);
size_t strangers_addresses(const struct strangers *t); /* remembered */
