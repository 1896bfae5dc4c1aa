#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/*
 * UTF-8 as RFC 3629 defines it: no overlong form, no surrogate, nothing above U+10FFFF.
 */
enum { UTF8_MAX = 4 }; /* bytes of the longest character */

/* No byte has its high bit set. */
bool utf8_ascii(struct slice s);

bool utf8_valid(struct slice s);

/* Bytes in front that are whole, valid characters; s.n when all of it is valid. */
size_t utf8_prefix(struct slice s);

/*
 * Takes one character off the front of *rest. False, and *rest unchanged, when it is empty or does
 * not begin with a valid one.
 */
bool utf8_next(struct slice *rest, uint32_t *ret);

/* Writes c, which is at most U+10FFFF and no surrogate (asserted); returns the bytes used. */
size_t utf8_put(char ret[UTF8_MAX], uint32_t c);

/* The longest front of s of at most n bytes that does not end inside a character; s is valid. */
struct slice utf8_cut(struct slice s, size_t n);
