#pragma once

#include <stddef.h>

/* Length of the UTF-8 character at p (n > 0 bytes are there), or 0 when none is (RFC 3629). */
size_t xml_utf8_len(const unsigned char *p, size_t n);
