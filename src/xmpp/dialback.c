#include "xmpp/dialback.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "base/buf.h"
#include "base/mem.h"

static void put_hex(char *ret, const uint8_t digest[static SHA256_DIGEST_LENGTH])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < SHA256_DIGEST_LENGTH; i++) {
		ret[2 * i] = digits[digest[i] >> 4];
		ret[2 * i + 1] = digits[digest[i] & 15];
	}
	ret[2 * SHA256_DIGEST_LENGTH] = '\0';
}

void dialback_secret_make(struct dialback_secret *ret, struct slice passphrase)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];

	assert(passphrase.n > 0);
	SHA256((const uint8_t *)passphrase.p, passphrase.n, digest);
	put_hex(ret->hex, digest);
	mem_wipe(digest, sizeof digest);
}

/* The digits are the key of the HMAC, not the bytes they stand for (XEP-0185 2). */
void dialback_key(const struct dialback_secret *s, struct slice receiving, struct slice originating,
	struct slice id, char ret[static DIALBACK_KEY_SIZE])
{
	uint8_t mac[EVP_MAX_MD_SIZE];
	unsigned n = sizeof mac;
	struct buf text = {0};
	const void *ok;

	buf_slice_add(&text, receiving);
	buf_chr(&text, ' ');
	buf_slice_add(&text, originating);
	buf_chr(&text, ' ');
	buf_slice_add(&text, id);
	ok = HMAC(EVP_sha256(), s->hex, 2 * SHA256_DIGEST_LENGTH,
		(const uint8_t *)buf_slice(&text).p, text.n, mac, &n);
	assert(ok && n == SHA256_DIGEST_LENGTH);
	put_hex(ret, mac);
	buf_done(&text);
}

bool dialback_key_is(const struct dialback_secret *s, struct slice receiving,
	struct slice originating, struct slice id, struct slice key)
{
	char right[DIALBACK_KEY_SIZE];
	bool is;

	key = slice_trim(key);
	dialback_key(s, receiving, originating, id, right);
	/* How long a key is, is no secret. */
	is = key.n == DIALBACK_KEY_SIZE - 1 && mem_equal_ct(key.p, right, key.n);
	mem_wipe(right, sizeof right);
	return is;
}
