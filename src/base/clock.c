#include "base/clock.h"

#include <stdbool.h>
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

/* In the range of the calendar, which timegm() would mend in silence. */
static bool is_time(const struct tm *tm)
{
	struct tm same = *tm;
	time_t t = timegm(&same);

	return t >= 0 && same.tm_mday == tm->tm_mday && same.tm_mon == tm->tm_mon;
}

int clock_iso_read(struct slice s, uint64_t *ret_ms)
{
	char text[32];
	struct tm tm = {0};
	unsigned ms = 0;
	const char *rest;

	if (s.n >= sizeof text)
		return -1;
	snprintf(text, sizeof text, "%.*s", SLARG(s));
	rest = strptime(text, "%Y-%m-%d", &tm);
	if (rest && *rest == 'T') {
		rest = strptime(rest, "T%H:%M:%S", &tm);
		if (rest && *rest == '.') {
			int n = 0;

			if (sscanf(rest, ".%3u%n", &ms, &n) != 1)
				return -1;
			rest += n;
		}
		if (!rest || *rest++ != 'Z')
			return -1;
	}
	if (!rest || *rest || !is_time(&tm))
		return -1;
	*ret_ms = (uint64_t)timegm(&tm) * 1000 + ms;
	return 0;
}
