#pragma once

#include <ldap.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "directory/guard.h"
#include "directory/request.h"

/*
 * A connection to one server: LDAPv3 inside TLS whose certificate was verified, or none. Referrals
 * are not followed, aliases not resolved. Every operation ends within the time for one operation and
 * before the question's deadline. Of one thread.
 */
struct conn {
	LDAP *ld;
	struct guard guard;
	struct ldap_conncb connected;
	const char *server;
	const struct request *request;
	bool active_directory; /* the root DSE says so */
	bool more;             /* the last search found more than it was to give */
};

/*
 * Errors have one of these codes; the last three mean that another server may do better.
 *   directory_bind      our own name or password is refused
 *   directory_base      there is no such entry
 *   directory_referral  the server sends us elsewhere
 *   directory_refused   anything else it says no to
 *   directory_tls       no TLS, or a certificate that is not good for its name
 *   directory_connect   it is not reached
 *   directory_timeout   it took too long, or has no time
 */
bool conn_elsewhere(const struct err *e);

/* Is the server reached at all? For a test, and to tell why conn_open() has failed. */
int conn_reach(const char *server, const struct request *r, struct err *e);

int conn_open(struct conn **ret, const char *server, const struct request *r, struct err *e);
void conn_close(struct conn *c); /* NULL is fine */

/* As who we search: the account of the settings, or nobody. Reads the root DSE. */
int conn_bind_own(struct conn *c, struct err *e);

/*
 * As somebody who wants to sign in; 0: the server has taken the password. Else ret_refused tells
 * whether it said no (e is not filled; ret_why is what it said, cleaned) or there was an error.
 */
int conn_bind_as(struct conn *c, const char *dn, const char *password, bool *ret_refused,
	char ret_why[256], struct err *e);

/*
 * Entries, at most `most`; c->more: there are others. ldap_msgfree() what comes out. scope:
 * LDAP_SCOPE_BASE with an entry that is not there gives directory_base.
 */
int conn_search(struct conn *c, const char *base, int scope, const char *filter,
	const char *const *attributes, int most, LDAPMessage **ret, struct err *e);

/* The DN of an entry, NULL: none that can be used. ldap_memfree() it. */
char *conn_dn(struct conn *c, LDAPMessage *entry);

/* Process-wide settings of the library, before the first connection. -1: they are refused. */
int conn_library(void);
