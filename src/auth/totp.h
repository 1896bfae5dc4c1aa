#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

/*
 * The second factor: codes of an authenticator application (RFC 6238 with HMAC-SHA-1, steps of 30
 * seconds, 6 digits: what every application can), and recovery codes for who has lost it.
 */
enum { TOTP_SECRET = 20, TOTP_STEP = 30, TOTP_WINDOW = 1, RECOVERY_CODES = 10 };

/* The code of a step (RFC 4226 5.3), 0 .. 999999. */
uint32_t totp_code(const uint8_t secret[TOTP_SECRET], uint64_t step);

/*
 * Is it the code of this step, of the one before or of the one after (RFC 6238 5.2), and of one
 * later than *last, the step of the code used before? Then *last is its step: it is not good again.
 */
bool totp_check(
	const uint8_t secret[TOTP_SECRET], struct slice typed, uint64_t now_secs, uint64_t *last);

/* The secret as applications take it from a keyboard. */
void totp_secret_text(const uint8_t secret[TOTP_SECRET], char ret[33]);

/* The same for their cameras: otpauth://totp/Entente:NAME?secret=... */
void totp_uri(const uint8_t secret[TOTP_SECRET], struct slice name, struct buf *ret);

/*
 * ---- recovery codes: kept as their hashes, 64 hexadecimal digits each, side by side ----
 *
 * A code (password_groups() of RECOVERY_BYTES) is hashed with the name of its owner.
 */
void recovery_hash(struct slice name, struct slice code, char ret[65]);

/* The place of a code's hash in `kept`, or -1. Takes the same time wherever it is. */
int recovery_find(struct slice kept, struct slice name, struct slice code);
