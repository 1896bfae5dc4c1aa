#pragma once

#include "auth/standing.h"
#include "directory/conn.h"
#include "directory/reply.h"

/*
 * The account of somebody. Each fills the reply ("not_found", "ambiguous", how it stands; dn, name,
 * display) and returns -1 when that is the end of the question: a no, or "unavailable".
 */

/* By the name of the request, exactly one. */
int account_find(struct conn *c, struct reply *r);

/*
 * By the DN in the reply: is it (still) there, and may it be used? bound: its password was just
 * taken (auth/standing.h).
 */
int account_check(struct conn *c, struct reply *r, bool bound);

/* Checks the password; the connection is bound as our own account afterwards. */
int account_prove(struct conn *c, struct reply *r);
