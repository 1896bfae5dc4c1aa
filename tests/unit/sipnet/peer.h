#pragma once

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

/* A UDP socket at the other end, on loopback: what is sent to it is there when sendto() has
 * returned. */
struct peer {
	int fd;
	uint16_t port;
	char text[65536];
};

static inline void peer_open(struct peer *p, const char *address)
{
	struct sockaddr_storage ss = {0};
	struct sockaddr_in *in4 = (struct sockaddr_in *)&ss;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&ss;
	socklen_t len = sizeof ss;
	int family = strchr(address, ':') ? AF_INET6 : AF_INET;

	ss.ss_family = (sa_family_t)family;
	inet_pton(family, address, family == AF_INET6 ? (void *)&in6->sin6_addr : &in4->sin_addr);
	p->fd = socket(family, SOCK_DGRAM, 0);
	assert_true(p->fd >= 0);
	assert_int_equal(
		bind(p->fd, (struct sockaddr *)&ss, family == AF_INET6 ? sizeof *in6 : sizeof *in4),
		0);
	assert_int_equal(getsockname(p->fd, (struct sockaddr *)&ss, &len), 0);
	p->port = ntohs(family == AF_INET6 ? in6->sin6_port : in4->sin_port);
}

static inline void peer_close(struct peer *p)
{
	close(p->fd);
}

static inline void peer_send(struct peer *p, const char *address, uint16_t port, const char *text)
{
	struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	bool v6 = strchr(address, ':') != NULL;

	inet_pton(v6 ? AF_INET6 : AF_INET, address, v6 ? (void *)&in6.sin6_addr : &in4.sin_addr);
	assert_int_equal(sendto(p->fd, text, strlen(text), 0,
				 v6 ? (struct sockaddr *)&in6 : (struct sockaddr *)&in4,
				 v6 ? sizeof in6 : sizeof in4),
		strlen(text));
}

/* The next datagram that is there already; NULL: there is none. */
static inline char *peer_take(struct peer *p)
{
	ssize_t n = recv(p->fd, p->text, sizeof p->text - 1, MSG_DONTWAIT);

	if (n < 0)
		return NULL;
	p->text[n] = 0;
	return p->text;
}
