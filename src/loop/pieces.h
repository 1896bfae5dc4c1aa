#pragma once

#include <stdint.h>

/*
 * Of what length the pieces of processor time of the calling thread are; 0: the usual one, which a
 * thread does not have that was started by one with short pieces. Linux 6.12 and later let who asks
 * for short ones go before who is in the middle of a longer one; before that, this changes nothing.
 */
void pieces_of(uint64_t ns);
