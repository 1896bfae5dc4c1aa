#include "store/argon.h"

#include <assert.h>
#include <sodium.h>

enum { PASSES = 3 };
static const size_t memory = (size_t)64 << 20;

static_assert(ARGON_TEXT >= crypto_pwhash_STRBYTES, "a hash has to fit");

static bool ready(void)
{
	return sodium_init() >= 0;
}

bool argon_make(struct slice password, char ret[ARGON_TEXT])
{
	return ready() && crypto_pwhash_str_alg(ret, password.n ? password.p : "", password.n,
				  PASSES, memory, crypto_pwhash_ALG_ARGON2ID13) == 0;
}

bool argon_is(const char *hash, struct slice password)
{
	return ready() &&
	       crypto_pwhash_str_verify(hash, password.n ? password.p : "", password.n) == 0;
}

const char *argon_nobody(void)
{
	/* The same cost as ours; no password has this sum. */
	return "$argon2id$v=19$m=65536,t=3,p=1$c29tZXNhbHRzb21lc2FsdA$"
	       "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
}
