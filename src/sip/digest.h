#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"

/*
 * Digest authentication as a client: RFC 3261 22, RFC 7616, RFC 8760; RFC 2617 and, without qop,
 * RFC 2069 where a server is that old. Pure: the client's nonce comes in.
 */
enum digest_algorithm {
	DIGEST_MD5, /* "" and "MD5" */
	DIGEST_SHA256,
	DIGEST_SHA512_256,
	DIGEST_ALGORITHM__N
};

enum digest_qop { DIGEST_NO_QOP, DIGEST_AUTH, DIGEST_AUTH_INT };

/* What WWW-Authenticate or Proxy-Authenticate asks for. Texts are without quotes and escapes. */
struct digest_challenge {
	struct slice realm, nonce;
	struct slice opaque; /* absent */
	enum digest_algorithm algorithm;
	bool session;          /* -sess */
	enum digest_qop qop;   /* the one to answer with: auth before auth-int */
	bool stale, user_hash; /* userhash=true (RFC 7616 3.4.4) */
};

enum digest_refusal {
	DIGEST_FINE,
	DIGEST_NOT_DIGEST,        /* another scheme: Basic is never answered (RFC 3261 22) */
	DIGEST_SYNTAX,            /* broken, no realm, no nonce, or one of them twice */
	DIGEST_UNKNOWN_ALGORITHM, /* or not to be had here; RFC 7616 3.3: ignored */
	DIGEST_UNKNOWN_QOP,       /* qop is there, and holds nothing we know */
};
/* "not-digest", ...; "fine". */
const char *digest_refusal_name(enum digest_refusal r);

/* value: of one field (a field is one challenge, RFC 3261 7.3.1). Texts are copied to the arena. */
enum digest_refusal digest_challenge_read(
	struct digest_challenge *ret, struct arena *a, struct slice value);

/*
 * Is a to be answered rather than b? The first one a client knows is taken in RFC 8760 2.4, servers
 * put the best first; a man in the middle could turn them round, so the better algorithm wins.
 */
bool digest_better(const struct digest_challenge *a, const struct digest_challenge *b);

struct digest_request {
	struct slice method, uri; /* as in the request line */
	struct slice body;        /* for auth-int */
	struct slice user, password;
	struct slice cnonce; /* ours: printable, without quotes; at least 64 random bits */
	uint32_t count;      /* of requests with this nonce of the server's, this one included */
};

/* Appends the value of Authorization or Proxy-Authorization. */
void digest_answer(
	struct buf *out, const struct digest_challenge *c, const struct digest_request *r);
