#include "auth/base32.h"

const char base32_rfc4648[33] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const char base32_plain[33] = "0123456789abcdefghjkmnpqrstvwxyz";

void base32_text(const char letters[33], const uint8_t *p, size_t n, char *ret)
{
	unsigned held = 0, bits = 0;

	for (size_t i = 0; i < n; i++) {
		held = (held << 8 | p[i]) & 0xfff; /* at most four bits wait from before */
		for (bits += 8; bits >= 5; bits -= 5)
			*ret++ = letters[held >> (bits - 5) & 31];
	}
	if (bits)
		*ret++ = letters[held << (5 - bits) & 31];
	*ret = '\0';
}
