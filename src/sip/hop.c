#include "sip/stack.h"

#include <arpa/inet.h>

bool sip_hop_equal(const struct sip_hop *a, const struct sip_hop *b)
{
	if (a->transport != b->transport || a->sa.sa_family != b->sa.sa_family)
		return false;
	if (a->sa.sa_family == AF_INET)
		return a->in4.sin_port == b->in4.sin_port &&
		       a->in4.sin_addr.s_addr == b->in4.sin_addr.s_addr;
	return a->in6.sin6_port == b->in6.sin6_port &&
	       a->in6.sin6_scope_id == b->in6.sin6_scope_id &&
	       memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, sizeof a->in6.sin6_addr) == 0;
}

const char *sip_hop_address(const struct sip_hop *h, char ret[static INET6_ADDRSTRLEN])
{
	const void *addr = h->sa.sa_family == AF_INET ? (const void *)&h->in4.sin_addr
						      : (const void *)&h->in6.sin6_addr;

	return inet_ntop(h->sa.sa_family, addr, ret, INET6_ADDRSTRLEN);
}

uint16_t sip_hop_port(const struct sip_hop *h)
{
	return ntohs(h->sa.sa_family == AF_INET ? h->in4.sin_port : h->in6.sin6_port);
}

void sip_hop_set_port(struct sip_hop *h, uint16_t port)
{
	if (h->sa.sa_family == AF_INET)
		h->in4.sin_port = htons(port);
	else
		h->in6.sin6_port = htons(port);
}

int sip_hop_make(struct slice address, uint16_t port, enum sip_transport t, struct sip_hop *ret)
{
	struct sip_hop h = {.transport = (uint8_t)t};
	char text[INET6_ADDRSTRLEN];

	if (address.n >= sizeof text)
		return -1;
	memcpy(text, address.p, address.n);
	text[address.n] = 0;
	if (inet_pton(AF_INET, text, &h.in4.sin_addr) == 1)
		h.sa.sa_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &h.in6.sin6_addr) == 1)
		h.sa.sa_family = AF_INET6;
	else
		return -1;
	sip_hop_set_port(&h, port);
	*ret = h;
	return 0;
}
