#pragma once

#include <stdint.h>

#include "base/slice.h"

/* For loops and programs; pure folders are given the time. */
uint64_t clock_mono_ms(void); /* monotonic: timers, deadlines */
uint64_t clock_mono_ns(void);
uint64_t clock_wall_ms(void); /* since 1970 UTC: what people and protocols read */

/* "2026-01-31T12:00:00.000Z"; a time after the year 9999 as that year's last moment. */
void clock_iso(uint64_t wall_ms, char ret[32]);

/* Reads what clock_iso() writes, also without the fraction, and a day alone, which is its begin. */
int clock_iso_read(struct slice s, uint64_t *ret_ms);
