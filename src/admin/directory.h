#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

/*
 * Sign-in by a directory (LDAP, Active Directory): who somebody is, and which roles his groups give
 * him. The directory is asked by a process of its own, entente-directory (src/directory/), because
 * the library for it blocks and brings a second TLS library; this is the side of it in entented. Of
 * the admin loop. ARCHITECTURE.md has the rules for asynchronous calls.
 *
 * When that process dies, everything under way ends with DIRECTORY_UNAVAILABLE; it is started again
 * with the next question, at the earliest after 1 s, 2 s, 4 s ... 60 s since it was last started
 * (questions meanwhile: DIRECTORY_UNAVAILABLE). One that does not answer within the time that the
 * settings allow it is killed, which is the same thing.
 */
struct directory;
struct directory_ask;
struct directory_watch;

enum directory_reason {
	DIRECTORY_OK,
	DIRECTORY_OFF,              /* it is not set up, or not enabled */
	DIRECTORY_UNAVAILABLE,      /* no server answered, or our settings are refused; may work later */
	DIRECTORY_BUSY,             /* too many questions under way (DIRECTORY_ASKS_MAX) */
	DIRECTORY_BAD_NAME,         /* empty, over 256 bytes, not UTF-8, control characters */
	DIRECTORY_BAD_PASSWORD,     /* empty, with NUL, over 1,024 bytes; or the directory refuses it */
	DIRECTORY_NOT_FOUND,        /* nobody of that name; of a watch: gone */
	DIRECTORY_AMBIGUOUS,        /* several of that name: nobody is signed in */
	DIRECTORY_DISABLED,
	DIRECTORY_LOCKED,
	DIRECTORY_EXPIRED,          /* the account */
	DIRECTORY_PASSWORD_EXPIRED, /* to be changed in the directory */
	DIRECTORY_NO_ROLE,          /* in none of the groups that are bound to a role */
	DIRECTORY__N
};

enum {
	DIRECTORY_NAME_MAX = 256,
	DIRECTORY_PASSWORD_MAX = 1024,
	DIRECTORY_ASKS_MAX = 64,
};

/*
 * What came of a question; borrowed for the call. Whoever signs in is told "bad_credentials" for
 * every reason but OFF (as if there were no directory), UNAVAILABLE and BUSY (503): which of the
 * others it was is for the audit log.
 */
struct directory_result {
	enum directory_reason reason;
	struct err err;      /* for logs: a code, and words without secrets. ERR_NONE when OK */
	const char *dn;      /* as the server writes it; "" when nobody was found */
	const char *name;    /* the account's own: sAMAccountName or uid, else as typed */
	const char *display; /* "" when there is none */
	/* Names of roles, each once, in order; only when OK, and then at least one. */
	const char *const *roles;
	size_t n_roles;
};

/* "ok", "disabled", ... */
const char *directory_reason_name(enum directory_reason r);

/* Is it worth asking? Without it every question ends with DIRECTORY_OFF. */
bool directory_enabled(const struct directory *d);

/*
 * Checks a password. Name and password are copied, the copy of the password is wiped when it is
 * sent. done() runs exactly once, on the loop, never before the call has returned.
 */
typedef void directory_done(void *arg, const struct directory_result *r);
struct directory_ask *directory_sign_in(struct directory *d, struct slice name,
	struct slice password, directory_done *done, void *arg);

/* done() does not run any more. NULL is fine. */
void directory_cancel(struct directory_ask *a);

/*
 * ---- what a session that began with directory_sign_in() is still worth ----
 *
 * Asks for the account and its groups every [admin] directory-reread seconds (300), and at once when
 * the settings or the bindings of groups to roles have changed. changed() runs on the loop, never
 * inside a function of this header:
 *  - with DIRECTORY_OK when the roles are others than before; they are what the session has now;
 *  - with any other reason when the session is to end, now. It is the last call.
 * A directory that does not answer: asked again after a tenth of the time; the roles stay until two
 * intervals have passed since its last answer, then changed(DIRECTORY_UNAVAILABLE).
 *
 * answered_ms: wall clock of its last answer, for a session that outlived a restart (it is asked at
 * once then); 0: now, the sign-in was the answer. dn and roles are copied.
 */
typedef void directory_changed(void *arg, const struct directory_result *r);
struct directory_watch *directory_watch(struct directory *d, const char *dn,
	const char *const *roles, size_t n_roles, uint64_t answered_ms, directory_changed *changed,
	void *arg);

/* Wall clock of the directory's last answer, for a session that is kept on disk. */
uint64_t directory_watch_answered(const struct directory_watch *w);

/* changed() does not run any more. To be called also after its last call. NULL is fine. */
void directory_unwatch(struct directory_watch *w);
