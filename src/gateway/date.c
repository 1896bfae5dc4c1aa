#include "gateway/date.h"

#include <stdio.h>
#include <string.h>

struct civil {
	unsigned year, month, day, hour, minute, second;
};

/* Days since 1970-01-01 of the proleptic Gregorian calendar, counted in years that begin in March.
 */
static int64_t days_of(unsigned year, unsigned month, unsigned day)
{
	int64_t y = (int64_t)year - (month <= 2), era = y / 400, yoe = y - era * 400;
	int64_t doy = (153 * (int64_t)(month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static void civil_of(struct civil *ret, uint64_t ms)
{
	int64_t z = (int64_t)(ms / 86400000) + 719468, era = z / 146097, doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	unsigned sec = (unsigned)(ms / 1000 % 86400);

	ret->day = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
	ret->month = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
	ret->year = (unsigned)(yoe + era * 400 + (ret->month <= 2));
	ret->hour = sec / 3600;
	ret->minute = sec / 60 % 60;
	ret->second = sec % 60;
}

static bool month_length_ok(const struct civil *c)
{
	static const unsigned char len[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = c->year % 4 == 0 && (c->year % 100 != 0 || c->year % 400 == 0);

	return c->month >= 1 && c->month <= 12 && c->day >= 1 && c->day <= len[c->month - 1] &&
	       (c->month != 2 || c->day <= 28 || leap);
}

static bool ms_of(const struct civil *c, uint64_t *ret)
{
	int64_t d;

	/* A leap second (60) counts as the first second of the next minute. */
	if (c->year < 1970 || c->year > 9999 || !month_length_ok(c) || c->hour > 23 ||
		c->minute > 59 || c->second > 60)
		return false;
	d = days_of(c->year, c->month, c->day);
	*ret = ((uint64_t)d * 86400 + c->hour * 3600 + c->minute * 60 + c->second) * 1000;
	return true;
}

/* Takes exactly n digits off the front. */
static bool digits(struct slice *s, size_t n, unsigned *ret)
{
	uint64_t v;

	if (s->n < n || slice_u64(slice_cut(*s, n), 9999, &v) < 0)
		return false;
	*ret = (unsigned)v;
	*s = slice_from(*s, n);
	return true;
}

static bool literal(struct slice *s, char c)
{
	if (s->n == 0 || ascii_lower1(s->p[0]) != ascii_lower1(c))
		return false;
	*s = slice_from(*s, 1);
	return true;
}

static bool clock_part(struct slice *s, struct civil *c)
{
	return digits(s, 2, &c->hour) && literal(s, ':') && digits(s, 2, &c->minute) &&
	       literal(s, ':') && digits(s, 2, &c->second);
}

static bool zone(struct slice s, int *ret_minutes)
{
	unsigned h, m;
	bool west;

	if (slice_ieq(s, SL("Z"))) {
		*ret_minutes = 0;
		return true;
	}
	if (s.n == 0 || (s.p[0] != '+' && s.p[0] != '-'))
		return false;
	west = s.p[0] == '-';
	s = slice_from(s, 1);
	if (!digits(&s, 2, &h) || !literal(&s, ':') || !digits(&s, 2, &m) || s.n || h > 23 ||
		m > 59)
		return false;
	*ret_minutes = (int)(h * 60 + m) * (west ? -1 : 1);
	return true;
}

bool date_parse_iso(struct slice s, uint64_t *ret_ms)
{
	struct civil c;
	unsigned frac = 0, unit = 100, d;
	int minutes;
	uint64_t ms;

	s = slice_trim(s);
	if (!digits(&s, 4, &c.year) || !literal(&s, '-') || !digits(&s, 2, &c.month) ||
		!literal(&s, '-') || !digits(&s, 2, &c.day) || !literal(&s, 'T') ||
		!clock_part(&s, &c))
		return false;
	if (literal(&s, '.')) {
		if (s.n == 0 || !ascii_digit(s.p[0]))
			return false;
		for (; digits(&s, 1, &d); unit /= 10)
			frac += d * unit;
	}
	if (!zone(s, &minutes) || !ms_of(&c, &ms))
		return false;
	ms += frac;
	if (minutes > 0 && ms < (uint64_t)minutes * 60000)
		return false;
	*ret_ms = ms - (uint64_t)(int64_t)minutes * 60000;
	return true;
}

void date_print_iso(char ret[DATE_ISO_LEN], uint64_t ms)
{
	struct civil c;
	char s[64];

	civil_of(&c, ms);
	snprintf(s, sizeof s, "%04u-%02u-%02uT%02u:%02u:%02uZ", c.year, c.month, c.day, c.hour,
		c.minute, c.second);
	memcpy(ret, s, DATE_ISO_LEN);
}
