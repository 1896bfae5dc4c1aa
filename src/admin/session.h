#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/totp.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/slice.h"

/*
 * Who is signed in. In RAM alone: a restart signs everybody out. A session is known by the hash of
 * its id, so that what can be read in memory or in a dump signs nobody in. Of one thread; times are
 * monotonic milliseconds.
 */
struct sessions;
struct directory_watch;

struct session_limits {
	uint64_t idle_ms; /* without a request of its person */
	uint64_t life_ms; /* whatever he does */
	size_t max;       /* in all; of one more the one that was idle longest ends */
	size_t max_each;  /* of one name; likewise */
};

enum { SESSION_RANDOM = 64, SESSION_ID = 64 }; /* bytes: 32 of the id, 32 of the CSRF token; text */

struct session {
	struct table_node node;
	struct list order; /* by when it was last used */
	char hash[65];
	char *name, *display, *from;
	bool of_directory;
	bool ended;         /* the directory says so */
	uint64_t epoch;     /* of the account (auth/account.h) when he signed in */
	const char **roles; /* of the directory; ends with NULL. NULL: the account's are read */
	struct directory_watch *watch;
	char csrf[65];
	uint64_t began_ms, used_ms;
	bool totp_begun; /* totp_secret is new, and waits for its first code */
	uint8_t totp_secret[TOTP_SECRET];
};

struct sessions *sessions_new(struct session_limits limits);

/* gone() is called for each session that ends, however; it must not begin another one. */
typedef void session_gone(void *arg, struct session *s);
void sessions_on_gone(struct sessions *all, session_gone *gone, void *arg);
void sessions_free(struct sessions *all); /* NULL is fine */

/* Strings are copied. ret_id goes to the client, and is kept nowhere. */
struct session *session_begin(struct sessions *all, struct slice name, struct slice display,
	struct slice from, const uint8_t random[SESSION_RANDOM], uint64_t now,
	char ret_id[SESSION_ID + 1]);

/* By what the client sent; NULL: there is none, or it has just ended. */
struct session *session_find(struct sessions *all, struct slice id, uint64_t now);
struct session *session_find_hash(struct sessions *all, struct slice hash, uint64_t now);

/* His person did something. */
void session_touch(struct sessions *all, struct session *s, uint64_t now);

void session_end(struct sessions *all, struct session *s);

/* All of a name's but one (NULL: all). Of local accounts and of the directory apart. */
void sessions_end_of(
	struct sessions *all, struct slice name, bool of_directory, const struct session *but);

/* Ends those whose time has come. */
void sessions_sweep(struct sessions *all, uint64_t now);

void session_set_roles(struct session *s, const char *const *roles, size_t n);

/* Milliseconds until it ends by itself: idle, and for good. */
uint64_t session_idle_left(const struct sessions *all, const struct session *s, uint64_t now);
uint64_t session_life_left(const struct sessions *all, const struct session *s, uint64_t now);

size_t sessions_count(const struct sessions *all);
