#pragma once

#include <stddef.h>
#include <stdint.h>

/* The kernel's random bytes, for secrets and identifiers. Pure folders are given theirs. */
void rand_bytes(void *p, size_t n);
uint64_t rand_u64(void);

/* 0 .. below-1, even; below > 0. For jitter and weights. */
uint64_t rand_below(uint64_t below);
