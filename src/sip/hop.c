#include "sip/stack.h"

#include <arpa/inet.h>

bool sip_hop_same_host(const struct sip_hop *a, const struct sip_hop *b)
{
	if (a->sa.sa_family != b->sa.sa_family)
		return false;
	if (a->sa.sa_family == AF_INET)
		return a->in4.sin_addr.s_addr == b->in4.sin_addr.s_addr;
	return a->in6.sin6_scope_id == b->in6.sin6_scope_id &&
	       memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, sizeof a->in6.sin6_addr) == 0;
}

bool sip_hop_equal(const struct sip_hop *a, const struct sip_hop *b)
{
	return a->transport == b->transport && a->flow == b->flow && sip_hop_same_host(a, b) &&
	       sip_hop_port(a) == sip_hop_port(b);
}

/* As inet_ntop() writes it, but that takes longer than all else that is done to find the way back.
 */
static const char *print_ipv4(const uint8_t bytes[static 4], char *ret)
{
	char *p = ret;

	for (int i = 0; i < 4; i++) {
		unsigned v = bytes[i];

		if (v >= 100)
			*p++ = (char)('0' + v / 100);
		if (v >= 10)
			*p++ = (char)('0' + v / 10 % 10);
		*p++ = (char)('0' + v % 10);
		*p++ = i < 3 ? '.' : 0;
	}
	return ret;
}

const char *sip_hop_address(const struct sip_hop *h, char ret[static INET6_ADDRSTRLEN])
{
	if (h->sa.sa_family == AF_INET)
		return print_ipv4((const uint8_t *)&h->in4.sin_addr, ret);
	return inet_ntop(AF_INET6, &h->in6.sin6_addr, ret, INET6_ADDRSTRLEN);
}

uint16_t sip_hop_port(const struct sip_hop *h)
{
	return ntohs(h->sa.sa_family == AF_INET ? h->in4.sin_port : h->in6.sin6_port);
}

uint16_t sip_hop_default_port(const struct sip_hop *h)
{
	return h->transport == SIP_TLS ? 5061 : 5060;
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
