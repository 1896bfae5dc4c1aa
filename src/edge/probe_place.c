#include <ifaddrs.h>
#include <string.h>

#include "edge/probe_priv.h"

static bool in_v4(uint32_t host, uint32_t net, unsigned bits)
{
	return (host ^ net) >> (32 - bits) == 0;
}

static const char *fault_v4(uint32_t a)
{
	if (in_v4(a, 0x7f000000, 8))
		return "a loopback address";
	if (in_v4(a, 0, 8))
		return "an unspecified address";
	if (in_v4(a, 0xa9fe0000, 16))
		return "a link-local address";
	if (in_v4(a, 0xe0000000, 4))
		return "a multicast address";
	return in_v4(a, 0xf0000000, 4) ? "a reserved address" : NULL;
}

/* IPv6 addresses with an IPv4 one in them: mapped, compatible, and translated (RFC 6052 2.1). */
static bool embedded(const uint8_t m[16], uint32_t *ret)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}, none[12] = {0},
			     nat64[12] = {0x00, 0x64, 0xff, 0x9b};

	if (memcmp(m, mapped, 12) != 0 && memcmp(m, nat64, 12) != 0 &&
		(memcmp(m, none, 12) != 0 || (!m[12] && !m[13] && !m[14] && m[15] <= 1)))
		return false;
	*ret = (uint32_t)m[12] << 24 | (uint32_t)m[13] << 16 | (uint32_t)m[14] << 8 | m[15];
	return true;
}

const char *probe_address_fault(const struct netaddr *a)
{
	static const uint8_t none[15] = {0};
	uint8_t m[16];
	uint32_t v4;

	netaddr_mapped(a, m);
	if (embedded(m, &v4))
		return fault_v4(v4);
	if (memcmp(m, none, 15) == 0)
		return m[15] ? "a loopback address" : "an unspecified address";
	if (m[0] == 0xfe && (m[1] & 0xc0) == 0x80)
		return "a link-local address";
	return m[0] == 0xff ? "a multicast address" : NULL;
}

/* Calls see() for each address of this machine until it says true. */
static bool each_own(bool (*see)(void *arg, const struct netaddr *a), void *arg)
{
	struct ifaddrs *all = NULL;
	bool found = false;

	if (getifaddrs(&all) < 0)
		return false;
	for (const struct ifaddrs *i = all; i && !found; i = i->ifa_next) {
		struct netaddr a;

		if (i->ifa_addr && netaddr_from(&a, i->ifa_addr) == 0)
			found = see(arg, &a);
	}
	freeifaddrs(all);
	return found;
}

static bool is_same(void *arg, const struct netaddr *a)
{
	return netaddr_eq_host(arg, a);
}

bool probe_is_this_machine(const struct netaddr *a)
{
	struct netaddr copy = *a;

	return netaddr_is_loopback(a) || netaddr_is_any(a) || each_own(is_same, &copy);
}

bool probe_is_listener(const struct edge *e, const struct netaddr *a)
{
	for (size_t i = 0; i < e->n_listeners; i++) {
		const struct netaddr *l = &e->listen[i];

		if (netaddr_port(l) != netaddr_port(a))
			continue;
		if (netaddr_eq_host(l, a))
			return true;
		if (netaddr_is_any(l) && l->sa.sa_family == a->sa.sa_family &&
			probe_is_this_machine(a))
			return true;
	}
	return false;
}

struct collecting {
	struct netaddr *to;
	size_t n, max;
};

static bool collect(void *arg, const struct netaddr *a)
{
	struct collecting *c = arg;

	if (!probe_address_fault(a))
		c->to[c->n++] = *a;
	return c->n == c->max;
}

size_t probe_public_addresses(struct netaddr *ret, size_t max)
{
	struct collecting c = {.to = ret, .max = max};

	if (max)
		each_own(collect, &c);
	return c.n;
}
