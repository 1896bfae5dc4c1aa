#include "auth/password.h"

#include "auth/base32.h"
#include "base/mem.h"
#include "text/precis.h"
#include "text/utf8.h"

static int weak(struct err *e, const char *why)
{
	return err_code(e, ERR_INVALID, "password_weak", "new_password", "the password %s", why);
}

int password_prepare(struct slice *ret, struct arena *a, struct slice typed, struct err *e)
{
	if (typed.n > PASSWORD_MAX * UTF8_MAX)
		return weak(e, "is longer than 256 characters");
	if (precis_opaque(ret, a, typed, NULL) < 0)
		return weak(e, "is empty or has characters that cannot be typed");
	return 0;
}

static size_t count(struct slice s)
{
	size_t n = 0;

	for (uint32_t c; utf8_next(&s, &c);)
		n++;
	return n;
}

/* Made of its first `period` bytes over and over? */
static bool repeats(struct slice s, size_t period)
{
	for (size_t i = period; i < s.n; i++)
		if (s.p[i] != s.p[i - period])
			return false;
	return true;
}

static bool repeats_little(struct slice s)
{
	for (size_t period = 1; period <= 4; period++)
		if (repeats(s, period))
			return true;
	return false;
}

/* "abcdefghijkl", "987654321098": each character next to the one before; 9 and 0 are, too. */
static bool is_row(struct slice s, int step)
{
	for (size_t i = 1; i < s.n; i++) {
		int from = (uint8_t)s.p[i - 1], to = (uint8_t)s.p[i];
		bool round = step > 0 ? from == '9' && to == '0' : from == '0' && to == '9';

		if (to - from != step && !round)
			return false;
	}
	return true;
}

/* What is left of s when the name is cut out, in any case: few characters are no secret. */
static bool is_the_name(struct slice s, struct slice name)
{
	size_t left = 0;

	for (size_t i = 0; i < s.n;) {
		if (name.n && name.n <= s.n - i && slice_ieq(slice_make(s.p + i, name.n), name)) {
			i += name.n;
		} else {
			left++;
			i++;
		}
	}
	return left < s.n && left < PASSWORD_MIN / 2;
}

static bool is_among_the_worst(struct slice s)
{
	static const char *const worst[] = {
		"password",
		"passw0rd",
		"qwertyuiop",
		"qwerty",
		"asdfghjkl",
		"zxcvbnm",
		"1q2w3e4r5t",
		"1qaz2wsx",
		"letmein",
		"changeme",
		"welcome",
		"iloveyou",
		"administrator",
		"admin",
		"secret",
		"entente",
		"correcthorsebatterystaple",
	};

	for (size_t i = 0; i < ARRAY_LEN(worst); i++)
		if (is_the_name(s, slice_of(worst[i])))
			return true;
	return false;
}

int password_check(struct slice password, struct slice name, struct err *e)
{
	size_t n = count(password);

	if (n < PASSWORD_MIN)
		return weak(e, "is shorter than 12 characters");
	if (n > PASSWORD_MAX)
		return weak(e, "is longer than 256 characters");
	if (repeats_little(password))
		return weak(e, "is a few characters over and over");
	if (is_row(password, 1) || is_row(password, -1))
		return weak(e, "is a row that everybody knows");
	if (is_the_name(password, name))
		return weak(e, "is little more than the name");
	if (is_among_the_worst(password))
		return weak(e, "is one of those that are tried first");
	return 0;
}

/* ---- groups ---- */

void password_groups(const uint8_t *random, size_t n, char *ret)
{
	char text[BASE32_CHARS(ONE_TIME_BYTES) + 1];

	base32_text(base32_plain, random, n, text);
	for (size_t i = 0; text[i]; i++) {
		if (i && i % 4 == 0)
			*ret++ = '-';
		*ret++ = (char)(ascii_alpha(text[i]) ? text[i] & ~0x20 : text[i]);
	}
	*ret = '\0';
	mem_wipe(text, sizeof text);
}

size_t password_ungroup(struct slice typed, char *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < typed.n; i++) {
		char c = (char)(ascii_alpha(typed.p[i]) ? typed.p[i] & ~0x20 : typed.p[i]);

		if (c == '-' || c == ' ' || c == '\t')
			continue;
		ret[n++] = (char)(c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c);
	}
	ret[n] = '\0';
	return n;
}
