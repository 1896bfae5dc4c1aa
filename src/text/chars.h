#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"

/*
 * A string as code points, in an arena: what the slow paths of this folder work on. Functions that
 * map change *s, perhaps to new memory of the same arena.
 */
struct chars {
	uint32_t *p;
	size_t n;
};

/* False: not UTF-8. */
bool chars_decode(struct chars *ret, struct arena *a, struct slice s);
struct slice chars_encode(const struct chars *s, struct arena *a);
bool chars_eq(const struct chars *x, const struct chars *y);

/* Code points whose decomposition is <wide> or <narrow> become it (RFC 8264 5.2.1). */
void chars_width(struct chars *s);

/* Spaces (Zs) other than U+0020 become U+0020 (RFC 8265 4.2.1). */
void chars_space(struct chars *s);

/*
 * toLowerCase() of each character by itself: without the rule for a sigma at the end of a word,
 * which RFC 7622 3.5 leaves out and which would make a name's form depend on what stands around it.
 */
void chars_lower(struct chars *s, struct arena *a);

/*
 * The same for domain names: what case folding leaves alone stays. Those are the capital letters of
 * Cherokee, which are the ones IDNA has (RFC 5892 2.2).
 */
void chars_lower_dns(struct chars *s, struct arena *a);

/* Normalization Form C. */
void chars_nfc(struct chars *s, struct arena *a);

/* Has it a right-to-left character (R, AL or AN)? */
bool chars_rtl(const struct chars *s);

/* The Bidi Rule of RFC 5893 2: all six conditions. */
bool chars_bidi_rule(const struct chars *s);
