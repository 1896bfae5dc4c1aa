#pragma once

#include <stddef.h>
#include <stdint.h>

/* Bytes as letters and digits that survive being read out and typed; five bits a character. */

/* RFC 4648 6: what authenticator applications take. */
extern const char base32_rfc4648[33];
/* Without i, l, o and u, so that nothing is mistaken for a digit; in lower case. */
extern const char base32_plain[33];

#define BASE32_CHARS(bytes) (((bytes)*8 + 4) / 5)

/* Writes BASE32_CHARS(n) characters, without padding, and a NUL. */
void base32_text(const char letters[33], const uint8_t *p, size_t n, char *ret);
