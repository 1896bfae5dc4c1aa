#include "auth/token.h"

#include "auth/base32.h"
#include "auth/hash.h"
#include "base/mem.h"

static const char prefix[] = "ent_";
enum { PREFIX = 4, CHECKED = PREFIX + TOKEN_ID + TOKEN_SECRET };

/* CRC-32 (ISO 3309), bit by bit: 68 bytes at a time do not need a table. */
static uint32_t crc32_of(const char *p, size_t n)
{
	uint32_t crc = ~0u;

	while (n--) {
		crc ^= (uint8_t)*p++;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

static void check_text(const char *text, char ret[TOKEN_CHECK + 1])
{
	uint32_t crc = crc32_of(text, CHECKED);
	uint8_t bytes[4] = {
		(uint8_t)(crc >> 24), (uint8_t)(crc >> 16), (uint8_t)(crc >> 8), (uint8_t)crc};

	base32_text(base32_plain, bytes, sizeof bytes, ret);
}

void token_make(const uint8_t random[TOKEN_RANDOM], char ret[TOKEN_TEXT + 1])
{
	char id[BASE32_CHARS(8) + 1], secret[TOKEN_SECRET + 1];

	base32_text(base32_plain, random, 8, id);
	base32_text(base32_plain, random + 8, 32, secret);
	memcpy(ret, prefix, PREFIX);
	memcpy(ret + PREFIX, id, TOKEN_ID);
	memcpy(ret + PREFIX + TOKEN_ID, secret, TOKEN_SECRET);
	check_text(ret, ret + CHECKED);
	mem_wipe(secret, sizeof secret);
}

static bool in_alphabet(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!s.p[i] || !strchr(base32_plain, s.p[i]))
			return false;
	return true;
}

bool token_read(struct slice text, char ret_id[TOKEN_ID + 1])
{
	char check[TOKEN_CHECK + 1];

	if (text.n != TOKEN_TEXT || !slice_starts(text, slice_of(prefix)) ||
		!in_alphabet(slice_from(text, PREFIX)))
		return false;
	check_text(text.p, check);
	if (memcmp(check, text.p + CHECKED, TOKEN_CHECK) != 0)
		return false;
	memcpy(ret_id, text.p + PREFIX, TOKEN_ID);
	ret_id[TOKEN_ID] = '\0';
	return true;
}

void token_hash(struct slice text, char ret[65])
{
	hash_text(text, ret);
}

enum token_state token_judge(uint64_t expires_ms, uint64_t revoked_ms, uint64_t now_ms)
{
	return revoked_ms ? TOKEN_REVOKED : now_ms >= expires_ms ? TOKEN_EXPIRED : TOKEN_GOOD;
}
