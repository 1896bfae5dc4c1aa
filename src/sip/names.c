#include "sip/message.h"

/* Method and header names, and finding them. */

static const struct slice methods[SIP_M__N] = {
#define METHOD(id, name) [SIP_##id] = {name, sizeof(name) - 1},
	SIP_METHODS(METHOD)
#undef METHOD
};

const char *sip_method_name(enum sip_method m)
{
	return methods[m].p;
}

enum sip_method sip_method_find(struct slice name)
{
	for (unsigned i = 1; i < SIP_M__N; i++)
		if (slice_eq(name, methods[i]))
			return (enum sip_method)i;
	return SIP_M_OTHER;
}

static const struct slice headers[SIP_H__N] = {
#define HEADER(id, name, compact) [SIP_H_##id] = {name, sizeof(name) - 1},
	SIP_HEADERS(HEADER)
#undef HEADER
};

/* Slot 0 is every name without a compact form; nothing looks it up. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
static const uint8_t compact_form[128] = {
#define HEADER(id, name, compact) [compact] = SIP_H_##id,
	SIP_HEADERS(HEADER)
#undef HEADER
};
#pragma GCC diagnostic pop

/* Open addressing over length, first and last letter; filled before main() and never changed. */
static uint8_t slots[256];

static uint8_t slot_of(struct slice name)
{
	unsigned first = (unsigned char)ascii_lower1(name.p[0]);
	unsigned last = (unsigned char)ascii_lower1(name.p[name.n - 1]);

	return (uint8_t)(name.n * 29 + first * 7 + last * 13);
}

__attribute__((constructor)) static void fill_slots(void)
{
	for (unsigned i = 1; i < SIP_H__N; i++) {
		uint8_t at = slot_of(headers[i]);

		while (slots[at])
			at++;
		slots[at] = (uint8_t)i;
	}
}

const char *sip_header_name(enum sip_header h)
{
	return headers[h].p;
}

enum sip_header sip_header_find(struct slice name)
{
	if (!name.n)
		return SIP_H_OTHER;
	if (name.n == 1) {
		unsigned char c = (unsigned char)ascii_lower1(*name.p);

		return ascii_alpha((char)c) ? (enum sip_header)compact_form[c] : SIP_H_OTHER;
	}
	for (uint8_t at = slot_of(name); slots[at]; at++)
		if (slice_ieq(headers[slots[at]], name))
			return (enum sip_header)slots[at];
	return SIP_H_OTHER;
}
