#include "auth/hash.h"

#include <openssl/sha.h>
#include <stdio.h>

void hash_text(struct slice s, char ret[65])
{
	uint8_t hash[SHA256_DIGEST_LENGTH];

	SHA256((const uint8_t *)(s.n ? s.p : ""), s.n, hash);
	for (size_t i = 0; i < sizeof hash; i++)
		snprintf(ret + 2 * i, 3, "%02x", hash[i]);
}
