#include "reading.h"

#include "base/buf.h"
#include "base/mem.h"
#include "sip/sip.h"

const char *parser_name(enum parser p)
{
	static const char *const name[] = {"ours", "sofia", "osip"};

	return name[p];
}

const char *aspect_name(enum aspect a)
{
	static const char *const names[] = {
#define ASPECT_NAME(id, name) name,
		ASPECTS(ASPECT_NAME)
#undef ASPECT_NAME
	};

	return names[a];
}

void reading_begin(struct reading *r)
{
	struct arena kept = r->arena;

	arena_reset(&kept);
	*r = (struct reading){.arena = kept};
}

void reading_put(struct reading *r, enum aspect a, struct slice s)
{
	r->value[a] = s.p ? arena_slice(&r->arena, s) : SL_NONE;
}

void reading_put_number(struct reading *r, enum aspect a, struct slice digits)
{
	while (digits.n > 1 && *digits.p == '0')
		digits = slice_from(digits, 1);
	reading_put(r, a, digits.n ? digits : SL_NONE);
}

void reading_put_host(struct reading *r, enum aspect a, struct slice host)
{
	if (host.n >= 2 && *host.p == '[' && host.p[host.n - 1] == ']')
		host = slice_make(host.p + 1, host.n - 2);
	reading_put(r, a, host.n ? host : SL_NONE);
}

void reading_put_user(struct reading *r, enum aspect a, struct slice escaped)
{
	struct buf b = {0};

	if (escaped.p && sip_unescape(&b, escaped) == 0)
		reading_put(r, a, buf_slice(&b));
	else
		reading_put(r, a, escaped);
	buf_done(&b);
}
