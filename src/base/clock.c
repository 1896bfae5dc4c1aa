#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static uint64_t read_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t clock_mono_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

uint64_t clock_mono_ms(void)
{
	return read_ns(CLOCK_MONOTONIC) / 1000000u;
}

uint64_t clock_wall_ms(void)
{
	return read_ns(CLOCK_REALTIME) / 1000000u;
}

void clock_iso(uint64_t wall_ms, char ret[32])
{
	const uint64_t last = 253402300799999; /* 9999-12-31T23:59:59.999Z */
	time_t s;
	struct tm tm;
	char day[24];

	if (wall_ms > last)
		wall_ms = last;
	s = (time_t)(wall_ms / 1000);
	gmtime_r(&s, &tm);
	strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(ret, 32, "%s.%03uZ", day, (unsigned)(wall_ms % 1000));
}
