#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/*
 * API tokens: "ent_", 12 characters of an id, 52 of a secret, 7 of a checksum. The id finds the
 * token and is shown; the secret is shown once and kept as a hash; the checksum tells a token that
 * was copied badly from one that is not good, and lets scanners find lost ones.
 */
enum {
	TOKEN_RANDOM = 40, /* bytes: 60 bits of id, 256 of secret, 4 unused */
	TOKEN_ID = 12,
	TOKEN_SECRET = 52,
	TOKEN_CHECK = 7,
	TOKEN_TEXT = 4 + TOKEN_ID + TOKEN_SECRET + TOKEN_CHECK,
	TOKEN_DAYS_MAX = 366,
	TOKEN_DAYS = 90, /* when nobody says */
};

void token_make(const uint8_t random[TOKEN_RANDOM], char ret[TOKEN_TEXT + 1]);

/* false: it has not the form of a token, or its checksum is wrong. */
bool token_read(struct slice text, char ret_id[TOKEN_ID + 1]);

/* As it is kept. */
void token_hash(struct slice text, char ret[65]);

enum token_state { TOKEN_GOOD, TOKEN_EXPIRED, TOKEN_REVOKED };

/* revoked_ms 0: it is not. Revoked wins: that was a decision. */
enum token_state token_judge(uint64_t expires_ms, uint64_t revoked_ms, uint64_t now_ms);
