#include "net/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

int netaddr_parse_host(struct netaddr *ret, struct slice host, uint16_t port)
{
	char text[INET6_ADDRSTRLEN];
	struct netaddr a = {0};

	if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = slice_make(host.p + 1, host.n - 2);
	if (host.n == 0 || host.n >= sizeof text)
		return -1;
	memcpy(text, host.p, host.n);
	text[host.n] = 0;
	if (inet_pton(AF_INET, text, &a.in4.sin_addr) == 1)
		a.sa.sa_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &a.in6.sin6_addr) == 1)
		a.sa.sa_family = AF_INET6;
	else
		return -1;
	netaddr_set_port(&a, port);
	*ret = a;
	return 0;
}

int netaddr_parse(struct netaddr *ret, struct slice text, uint16_t default_port, struct err *e)
{
	struct slice host = text, port = SL_NONE;
	size_t colon = slice_rfind(text, ':');
	uint64_t number = default_port;
	bool bare_v6 = text.n && text.p[0] != '[' && slice_find(text, ':') != colon;

	if (colon < text.n && !bare_v6 && text.p[text.n - 1] != ']') {
		host = slice_cut(text, colon);
		port = slice_from(text, colon + 1);
	}
	if (port.p && (slice_u64(port, 65535, &number) < 0))
		return err_set(e, ERR_INVALID, "'%.*s' is not a port (0 to 65535)", SLARG(port));
	if (!port.p && !default_port)
		return err_set(e, ERR_INVALID,
			"'%.*s' has no port; write 192.0.2.1:5269 or [2001:db8::1]:5269",
			SLARG(text));
	if (netaddr_parse_host(ret, host, (uint16_t)number) < 0)
		return err_set(
			e, ERR_INVALID, "'%.*s' is not an IPv4 or IPv6 address", SLARG(host));
	return 0;
}

int netaddr_from(struct netaddr *ret, const struct sockaddr *sa)
{
	struct netaddr a = {0};

	if (sa->sa_family == AF_INET) {
		memcpy(&a.in4, sa, sizeof a.in4);
	} else if (sa->sa_family == AF_INET6) {
		memcpy(&a.in6, sa, sizeof a.in6);
		if (IN6_IS_ADDR_V4MAPPED(&a.in6.sin6_addr)) {
			struct in_addr v4;
			uint16_t port = netaddr_port(&a);

			memcpy(&v4, &a.in6.sin6_addr.s6_addr[12], sizeof v4);
			a = (struct netaddr){.in4 = {.sin_family = AF_INET, .sin_addr = v4}};
			netaddr_set_port(&a, port);
		}
	} else {
		return -1;
	}
	*ret = a;
	return 0;
}

const char *netaddr_print_host(const struct netaddr *a, char ret[static NETADDR_TEXT])
{
	ret[0] = 0;
	if (a->sa.sa_family == AF_INET)
		inet_ntop(AF_INET, &a->in4.sin_addr, ret, NETADDR_TEXT);
	else if (a->sa.sa_family == AF_INET6)
		inet_ntop(AF_INET6, &a->in6.sin6_addr, ret, NETADDR_TEXT);
	return ret;
}

const char *netaddr_print(const struct netaddr *a, char ret[static NETADDR_TEXT])
{
	char host[NETADDR_TEXT];

	netaddr_print_host(a, host);
	snprintf(ret, NETADDR_TEXT, a->sa.sa_family == AF_INET6 ? "[%.*s]:%u" : "%.*s:%u",
		INET6_ADDRSTRLEN, host, netaddr_port(a));
	return ret;
}

uint16_t netaddr_port(const struct netaddr *a)
{
	return ntohs(a->sa.sa_family == AF_INET6 ? a->in6.sin6_port : a->in4.sin_port);
}

void netaddr_set_port(struct netaddr *a, uint16_t port)
{
	if (a->sa.sa_family == AF_INET6)
		a->in6.sin6_port = htons(port);
	else
		a->in4.sin_port = htons(port);
}

socklen_t netaddr_len(const struct netaddr *a)
{
	return a->sa.sa_family == AF_INET6 ? sizeof a->in6 : sizeof a->in4;
}

bool netaddr_eq_host(const struct netaddr *a, const struct netaddr *b)
{
	if (a->sa.sa_family != b->sa.sa_family)
		return false;
	if (a->sa.sa_family == AF_INET)
		return a->in4.sin_addr.s_addr == b->in4.sin_addr.s_addr;
	return memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, sizeof a->in6.sin6_addr) == 0;
}

bool netaddr_eq(const struct netaddr *a, const struct netaddr *b)
{
	return netaddr_eq_host(a, b) && netaddr_port(a) == netaddr_port(b);
}

void netaddr_mapped(const struct netaddr *a, uint8_t ret[static 16])
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	if (a->sa.sa_family == AF_INET6) {
		memcpy(ret, &a->in6.sin6_addr, 16);
		return;
	}
	memcpy(ret, prefix, sizeof prefix);
	memcpy(ret + sizeof prefix, &a->in4.sin_addr, 4);
}

bool netaddr_is_loopback(const struct netaddr *a)
{
	if (a->sa.sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&a->in6.sin6_addr);
	return a->sa.sa_family == AF_INET && ntohl(a->in4.sin_addr.s_addr) >> 24 == 127;
}

bool netaddr_is_link_local(const struct netaddr *a)
{
	if (a->sa.sa_family == AF_INET6)
		return IN6_IS_ADDR_LINKLOCAL(&a->in6.sin6_addr);
	return a->sa.sa_family == AF_INET && ntohl(a->in4.sin_addr.s_addr) >> 16 == 0xa9fe;
}

bool netaddr_is_any(const struct netaddr *a)
{
	if (a->sa.sa_family == AF_INET6)
		return IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr);
	return a->sa.sa_family == AF_INET && a->in4.sin_addr.s_addr == htonl(INADDR_ANY);
}

struct slice netaddr_limit_key(const struct netaddr *a, uint8_t buf[static 16])
{
	netaddr_mapped(a, buf);
	return slice_make(buf, a->sa.sa_family == AF_INET6 ? 8 : 16);
}
