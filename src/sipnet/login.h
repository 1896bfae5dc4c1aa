#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "sip/sip.h"

/*
 * What a server has asked us for (RFC 7616), kept so that the next requests
 * need not be asked for again: its nonce, and how often it has been used. Never
 * logged.
 */
enum login_kind {
	LOGIN_SERVER, /* 401: WWW-Authenticate, Authorization */
	LOGIN_PROXY,  /* 407: Proxy-Authenticate, Proxy-Authorization */
	LOGIN__N
};

struct login {
	bool asked; /* there is a challenge to answer */
	struct arena arena;
	struct digest_challenge challenge;
	uint32_t count; /* answers with its nonce (nc) */
};

void login_done(struct login *l); /* also of a zeroed one */

/*
 * Takes the best challenge that can be answered from a 401 or 407, and counts
 * from 1 again. DIGEST_FINE; else why there is none, and the login asks for
 * nothing any more.
 */
enum digest_refusal login_take(struct login *l, enum login_kind kind, const struct sip_msg *m);

/* Appends the value of Authorization or Proxy-Authorization, the next one with
 * this nonce. */
struct login_secret {
	const char *user, *password;
	char cnonce[33]; /* fresh random characters, NUL-terminated */
};
void login_write(struct login *l, const struct login_secret *s, const struct sip_spec *spec,
	struct buf *out);

/*
 * What is to be done about a 401 or 407.
 *   sent    the request had an answer to a challenge of this kind
 *   fresh   and that challenge was asked of this very request, so its nonce was not old
 *   stale   the server says that only the nonce was old (RFC 7616 3.3)
 *   times   how often this request has been asked already
 */
enum login_verdict {
	LOGIN_AGAIN, /* send it again with an answer */
	LOGIN_WRONG, /* user or password is not right */
	LOGIN_LOOPS, /* it asks again and again */
};
enum login_verdict login_judge(bool sent, bool fresh, bool stale, unsigned times);
