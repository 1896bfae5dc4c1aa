#pragma once

#include "sipnet/call.h"

/*
 * How requests to a route say who we are when they are asked (RFC 3261 22, RFC
 * 7616). Wrong credentials are tried once, then not for 30 s, 60 s ... 15 min:
 * servers lock accounts. Until right ones have been seen, one request tries
 * them and the others are held for at most two seconds.
 */

/* Must a new request wait for the one that tries? */
bool credentials_hold(const struct target *t);
/* A request sets out: perhaps it is the one that tries. */
void credentials_begin(struct sipnet_call *c, struct target *t);
/* Adds what the endpoint has asked of others before; lines holds it until it
 * has been sent. */
void credentials_put(struct sipnet_call *c, struct endpoint *e, struct buf *lines);
void credentials_wipe(struct buf *lines);
/* A 401 or 407 came: is it to be sent again with credentials? */
bool credentials_take(struct sipnet_call *c, struct endpoint *e, const struct sip_result *r);
/* It has ended; r: NULL: without having been sent, or nobody waits for it. */
void credentials_end(struct sipnet_call *c, struct target *t, const struct sip_result *r);
