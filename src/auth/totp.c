#include "auth/totp.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>

#include "auth/base32.h"
#include "auth/hash.h"
#include "auth/password.h"
#include "base/mem.h"

enum { DIGITS = 6, MODULUS = 1000000 };

uint32_t totp_code(const uint8_t secret[TOTP_SECRET], uint64_t step)
{
	uint8_t counter[8], mac[EVP_MAX_MD_SIZE];
	unsigned n = 0, at;
	uint32_t code;

	for (int i = 7; i >= 0; i--, step >>= 8)
		counter[i] = (uint8_t)step;
	HMAC(EVP_sha1(), secret, TOTP_SECRET, counter, sizeof counter, mac, &n);
	at = mac[n - 1] & 15;
	code = (uint32_t)(mac[at] & 0x7f) << 24 | (uint32_t)mac[at + 1] << 16 |
	       (uint32_t)mac[at + 2] << 8 | mac[at + 3];
	mem_wipe(mac, sizeof mac);
	return code % MODULUS;
}

/* Six digits; applications show them as "123 456". */
static bool read_code(struct slice typed, uint32_t *ret)
{
	uint32_t code = 0;
	size_t n = 0;

	for (size_t i = 0; i < typed.n; i++) {
		if (typed.p[i] == ' ')
			continue;
		if (!ascii_digit(typed.p[i]) || n++ == DIGITS)
			return false;
		code = code * 10 + (uint32_t)(typed.p[i] - '0');
	}
	*ret = code;
	return n == DIGITS;
}

bool totp_check(
	const uint8_t secret[TOTP_SECRET], struct slice typed, uint64_t now_secs, uint64_t *last)
{
	uint64_t now = now_secs / TOTP_STEP;
	uint64_t step = now > TOTP_WINDOW ? now - TOTP_WINDOW : 0;
	uint32_t code;

	if (!read_code(typed, &code))
		return false;
	for (; step <= now + TOTP_WINDOW; step++) {
		if (step <= *last || totp_code(secret, step) != code)
			continue;
		*last = step;
		return true;
	}
	return false;
}

void totp_secret_text(const uint8_t secret[TOTP_SECRET], char ret[33])
{
	base32_text(base32_rfc4648, secret, TOTP_SECRET, ret);
}

void totp_uri(const uint8_t secret[TOTP_SECRET], struct slice name, struct buf *ret)
{
	char text[33];

	totp_secret_text(secret, text);
	buf_str(ret, "otpauth://totp/Entente:");
	for (size_t i = 0; i < name.n; i++) {
		if (ascii_alnum(name.p[i]) || (name.p[i] && strchr("-._~", name.p[i])))
			buf_chr(ret, name.p[i]);
		else
			buf_printf(ret, "%%%02X", (uint8_t)name.p[i]);
	}
	buf_printf(ret, "?secret=%s&issuer=Entente&algorithm=SHA1&digits=6&period=30", text);
	mem_wipe(text, sizeof text);
}

void recovery_hash(struct slice name, struct slice code, char ret[65])
{
	char *plain = xmalloc(code.n + 1);
	struct buf all = {0};

	password_ungroup(code, plain);
	buf_slice_add(&all, name);
	buf_chr(&all, '\0');
	buf_str(&all, plain);
	hash_text(buf_slice(&all), ret);
	buf_done(&all);
	xfree(plain);
}

int recovery_find(struct slice kept, struct slice name, struct slice code)
{
	char hash[65];
	int found = -1;

	recovery_hash(name, code, hash);
	for (size_t i = 0; (i + 1) * 64 <= kept.n; i++)
		if (mem_equal_ct(kept.p + i * 64, hash, 64))
			found = (int)i;
	return found;
}
