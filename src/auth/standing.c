#include "auth/standing.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"

static const char *const names[STANDING__N] = {
	"good",
	"disabled",
	"locked",
	"expired",
	"password_expired",
};

const char *standing_name(enum standing s)
{
	return names[s];
}

const char *const standing_attributes[STANDING_ATTRIBUTES] = {
	[STANDING_USER_ACCOUNT_CONTROL] = "userAccountControl",
	[STANDING_USER_ACCOUNT_CONTROL_COMPUTED] = "msDS-User-Account-Control-Computed",
	[STANDING_LOCKOUT_TIME] = "lockoutTime",
	[STANDING_ACCOUNT_EXPIRES] = "accountExpires",
	[STANDING_PWD_ACCOUNT_LOCKED_TIME] = "pwdAccountLockedTime",
	[STANDING_NS_ACCOUNT_LOCK] = "nsAccountLock",
	[STANDING_SHADOW_EXPIRE] = "shadowExpire",
};

/* userAccountControl and its computed part: [MS-ADTS] 2.2.16. */
enum {
	UF_ACCOUNT_DISABLE = 0x2,
	UF_LOCKOUT = 0x10,
	UF_PASSWORD_EXPIRED = 0x800000,
};

/* An INTEGER or LARGE_INTEGER; the 32 bits of userAccountControl may come as a negative number. */
static bool read_number(struct slice s, int64_t *ret)
{
	bool minus = s.n && s.p[0] == '-';
	uint64_t v;

	if (slice_u64(slice_from(s, minus), INT64_MAX, &v) < 0)
		return false;
	*ret = minus ? -(int64_t)v : (int64_t)v;
	return true;
}

static enum standing judge_flags(struct slice s, bool bound, uint64_t now_s)
{
	int64_t v;

	if (!read_number(s, &v) || v & UF_ACCOUNT_DISABLE)
		return STANDING_DISABLED;
	if (v & UF_LOCKOUT)
		return STANDING_LOCKED;
	return v & UF_PASSWORD_EXPIRED ? STANDING_PASSWORD_EXPIRED : STANDING_GOOD;
}

static enum standing judge_lockout(struct slice s, bool bound, uint64_t now_s)
{
	int64_t v;

	if (!read_number(s, &v))
		return STANDING_DISABLED;
	return v && !bound ? STANDING_LOCKED : STANDING_GOOD;
}

/* Tenths of a microsecond since 1601; 0 and the greatest number are never. */
static enum standing judge_expires(struct slice s, bool bound, uint64_t now_s)
{
	enum { TICKS = 10000000 };
	const int64_t since_1601 = 11644473600;
	int64_t v;

	if (!read_number(s, &v) || v < 0)
		return STANDING_DISABLED;
	if (v == 0 || v == INT64_MAX || v / TICKS > since_1601 + (int64_t)now_s)
		return STANDING_GOOD;
	return STANDING_EXPIRED;
}

static enum standing judge_locked_time(struct slice s, bool bound, uint64_t now_s)
{
	bool for_good = slice_starts(s, SL("000001010000"));

	return for_good || !bound ? STANDING_LOCKED : STANDING_GOOD;
}

static enum standing judge_ns_lock(struct slice s, bool bound, uint64_t now_s)
{
	return slice_ieq(s, SL("false")) ? STANDING_GOOD : STANDING_DISABLED;
}

/* Days since 1970, shadow(5); -1: never. */
static enum standing judge_shadow(struct slice s, bool bound, uint64_t now_s)
{
	enum { DAY = 24 * 60 * 60 };
	int64_t v;

	if (!read_number(s, &v))
		return STANDING_DISABLED;
	return v >= 0 && (uint64_t)v <= now_s / DAY ? STANDING_EXPIRED : STANDING_GOOD;
}

typedef enum standing judge_fn(struct slice s, bool bound, uint64_t now_s);

static judge_fn *const judges[STANDING_ATTRIBUTES] = {
	[STANDING_USER_ACCOUNT_CONTROL] = judge_flags,
	[STANDING_USER_ACCOUNT_CONTROL_COMPUTED] = judge_flags,
	[STANDING_LOCKOUT_TIME] = judge_lockout,
	[STANDING_ACCOUNT_EXPIRES] = judge_expires,
	[STANDING_PWD_ACCOUNT_LOCKED_TIME] = judge_locked_time,
	[STANDING_NS_ACCOUNT_LOCK] = judge_ns_lock,
	[STANDING_SHADOW_EXPIRE] = judge_shadow,
};

enum standing standing_judge(const struct slice v[STANDING_ATTRIBUTES], bool bound, uint64_t now_s)
{
	for (unsigned i = 0; i < STANDING_ATTRIBUTES; i++) {
		enum standing s;

		if (!v[i].p)
			continue;
		/* The computed flags know whether the lock has run out. */
		if (i == STANDING_LOCKOUT_TIME && v[STANDING_USER_ACCOUNT_CONTROL_COMPUTED].p)
			continue;
		s = judges[i](v[i], bound, now_s);
		if (s)
			return s;
	}
	return STANDING_GOOD;
}

enum standing standing_of_refusal(struct slice diagnostic)
{
	static const struct {
		const char *data;
		enum standing standing;
	} codes[] = {
		{", data 530,", STANDING_DISABLED}, /* not at this hour */
		{", data 531,", STANDING_DISABLED}, /* not from here */
		{", data 532,", STANDING_PASSWORD_EXPIRED},
		{", data 533,", STANDING_DISABLED},
		{", data 568,", STANDING_DISABLED}, /* too many security identifiers */
		{", data 701,", STANDING_EXPIRED},
		{", data 773,", STANDING_PASSWORD_EXPIRED}, /* has to be changed */
		{", data 775,", STANDING_LOCKED},
	};

	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (slice_contains(diagnostic, slice_of(codes[i].data)))
			return codes[i].standing;
	return STANDING_GOOD;
}
