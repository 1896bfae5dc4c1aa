#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

/* Random numbers that are the same everywhere (SplitMix64). */
struct dice {
	uint64_t state;
};
struct dice dice_make(uint64_t seed, uint64_t round);
uint32_t dice_below(struct dice *d, size_t n); /* n > 0 */

/*
 * One to three small changes to one of inputs[], as a sender would get a message wrong: bytes,
 * words of the grammar, lines of another message, folding, case. The result is all that out holds.
 */
void mutate(struct buf *out, struct dice *d, const struct slice *inputs, size_t n_inputs);
