#include "gateway/carriage.h"

static struct carriage_choice choice(enum carriage c, enum carriage_reason r)
{
	return (struct carriage_choice){c, r};
}

static struct carriage_choice pager(const struct carriage_facts *f, enum carriage_reason r)
{
	if (f->size > CARRIAGE_PAGER_MAX && !f->congestion_safe)
		return choice(CARRIAGE_NONE, CARRIAGE_R_TOO_LONG);
	return choice(CARRIAGE_PAGER, r);
}

struct carriage_choice carriage_of(const struct carriage_facts *f)
{
	if (f->standing)
		return choice(CARRIAGE_SESSION, CARRIAGE_R_STANDING);
	if (f->mode == ROUTE_PAGER)
		return pager(f, CARRIAGE_R_MODE);
	if (f->mode == ROUTE_AUTO && f->refused)
		return pager(f, CARRIAGE_R_REFUSED);
	if (f->mode == ROUTE_AUTO && f->pager_waiting)
		return pager(f, CARRIAGE_R_ORDER);
	return choice(CARRIAGE_SESSION, CARRIAGE_R_MODE);
}

const char *carriage_text(enum carriage_reason r)
{
	static const char *const texts[] = {
#define X(suffix, rule, text) [CARRIAGE_R_##suffix] = text,
		CARRIAGE_REASONS(X)
#undef X
	};

	return texts[r];
}

bool carriage_refuses(unsigned status)
{
	return status == 405 || status == 488 || status == 501;
}
