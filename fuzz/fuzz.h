#pragma once

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

/* What libFuzzer and replay.c call; asserts that something holds, not only that nothing crashes. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
