#include "sip/identity.h"

#include "base/mem.h"

static bool is_sip(const struct sip_addr *a)
{
	return a->uri.scheme == SIP_SCHEME_SIP || a->uri.scheme == SIP_SCHEME_SIPS;
}

enum sip_asserted sip_asserted(const struct sip_msg *m, struct sip_addr *ret)
{
	struct sip_items it = sip_msg_items(m, SIP_H_P_ASSERTED_IDENTITY);
	struct sip_addr addr, found = {0};
	unsigned n = 0;
	struct slice item;
	int r;

	while ((r = sip_items_next(&it, &item)) > 0) {
		if (sip_addr_parse(item, &addr) < 0)
			return SIP_ASSERTED_BAD;
		if (!is_sip(&addr))
			continue;
		found = addr;
		n++;
	}
	if (r < 0 || n > 1)
		return SIP_ASSERTED_BAD;
	if (n == 0)
		return SIP_ASSERTED_NOT;
	*ret = found;
	return SIP_ASSERTED;
}

bool sip_same_user(const struct sip_uri *a, const struct sip_uri *b)
{
	return slice_eq(a->user, b->user) && slice_ieq(a->host, b->host);
}

static unsigned level_of(struct slice value)
{
	static const struct {
		const char *name;
		unsigned level;
	} levels[] = {
		{"header", SIP_PRIVACY_HEADER},
		{"session", SIP_PRIVACY_SESSION},
		{"user", SIP_PRIVACY_USER},
		{"none", SIP_PRIVACY_NONE},
		{"critical", SIP_PRIVACY_CRITICAL},
		{"id", SIP_PRIVACY_ID},
	};

	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		if (slice_ieq(value, slice_of(levels[i].name)))
			return levels[i].level;
	return value.n ? SIP_PRIVACY_OTHER : 0;
}

/* COMPAT: the separator is ';' (RFC 3323 4.2), and many write ','. */
static unsigned levels_of(struct slice value)
{
	unsigned levels = 0;

	while (value.n) {
		size_t n = 0;

		while (n < value.n && value.p[n] != ';' && value.p[n] != ',')
			n++;
		levels |= level_of(slice_trim(slice_cut(value, n)));
		value = slice_from(value, n < value.n ? n + 1 : n);
	}
	return levels;
}

unsigned sip_privacy(const struct sip_msg *m)
{
	unsigned levels = 0;

	for (unsigned i = 0; i < m->n_fields; i++)
		if (slice_ieq(m->fields[i].name, SL("Privacy")))
			levels |= levels_of(m->fields[i].value);
	return levels;
}
