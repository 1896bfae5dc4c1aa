#include "federation/value.h"

#include <string.h>

static bool is_mapped(const uint8_t addr[16])
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(addr, prefix, sizeof prefix) == 0;
}

bool network_is_ipv4(const struct network *n)
{
	return n->bits >= NETWORK_MAPPED_BITS && is_mapped(n->addr);
}

bool network_has(const struct network *n, const uint8_t addr[16])
{
	unsigned whole = n->bits / 8, rest = n->bits % 8;
	uint8_t mask = (uint8_t)(0xff00 >> rest);

	/* ::/0 is all of IPv6; somebody who means IPv4 as well says 0.0.0.0/0. */
	if (is_mapped(addr) && !network_is_ipv4(n))
		return false;
	return memcmp(n->addr, addr, whole) == 0 &&
	       (!rest || (n->addr[whole] & mask) == (addr[whole] & mask));
}

bool network_list_has(const struct network_list *l, const uint8_t addr[16])
{
	for (size_t i = 0; i < l->n; i++)
		if (network_has(&l->v[i], addr))
			return true;
	return false;
}

bool domain_is(const struct domain_name *d, struct slice domain)
{
	return d->a && (slice_eqz(domain, d->a) || slice_eqz(domain, d->u));
}

const struct domain_name *domain_list_find(const struct domain_list *l, struct slice domain)
{
	for (size_t i = 0; i < l->n; i++)
		if (domain_is(&l->v[i], domain))
			return &l->v[i];
	return NULL;
}
