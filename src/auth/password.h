#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

/* What a password of an administrator may be, and the one-time form that begins an account. */
enum { PASSWORD_MIN = 12, PASSWORD_MAX = 256 }; /* characters */

/*
 * The form in which a password is kept and compared (OpaqueString, RFC 8265 4.2): the same one
 * typed on another keyboard is the same one. *ret: of the arena, or typed itself. -1: it has no
 * such form, or is longer than any may be; e has the code password_weak.
 */
int password_prepare(struct slice *ret, struct arena *a, struct slice typed, struct err *e);

/*
 * May it be his? password is prepared. ERR_INVALID, password_weak, field new_password: too short or
 * long, little more than the name, a few characters over and over, a row like abcdefgh, or among
 * the worst.
 */
int password_check(struct slice password, struct slice name, struct err *e);

/* ---- one-time passwords and recovery codes: random bytes for people to copy ---- */

enum {
	ONE_TIME_BYTES = 16,    /* 128 bits */
	ONE_TIME_TEXT = 32 + 1, /* 26 characters, a '-' after every fourth, NUL */
	RECOVERY_BYTES = 10,    /* 80 bits: enough for a hash without salt */
	RECOVERY_TEXT = 19 + 1,
};

/* "7K2M-9QXA-...": n bytes as groups of four; ret has room for them. */
void password_groups(const uint8_t *random, size_t n, char *ret);

/*
 * What password_groups() wrote, as it is compared: without '-' and spaces, in upper case, with the
 * letters that look like digits as digits. ret has room for typed.n + 1; returns the length.
 */
size_t password_ungroup(struct slice typed, char *ret);
