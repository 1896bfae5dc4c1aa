#include "dns.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { TYPE_A = 1, TYPE_SRV = 33, HEADER = 12 };

struct reply {
	unsigned char p[1024];
	size_t n;
};

static void put16(struct reply *r, unsigned v)
{
	r->p[r->n++] = (unsigned char)(v >> 8);
	r->p[r->n++] = (unsigned char)v;
}

/* Name (pointer to the question), type, class IN, TTL 60, length. */
static void put_record(struct reply *r, unsigned type, unsigned length)
{
	put16(r, 0xc000 | HEADER);
	put16(r, type);
	put16(r, 1);
	put16(r, 0);
	put16(r, 60);
	put16(r, length);
}

struct in_addr bench_dns_address(unsigned n)
{
	return (struct in_addr){.s_addr = htonl(0x7f010000u + 1 + n)};
}

/* Where the last two labels of a name begin. */
static const unsigned char *domain_of(const unsigned char *name)
{
	const unsigned char *last[2] = {name, name};

	for (; *name; name += *name + 1) {
		last[0] = last[1];
		last[1] = name;
	}
	return last[0];
}

static void put_srv(struct reply *r, const struct bench_dns *d)
{
	static const char name[] = "\4peer\4xmpp\5bench", address[] = "\003127\0010\0010\0011";
	const char *target = d->literal ? address : name;
	size_t n = d->literal ? sizeof address : sizeof name;

	if (d->numbered) {
		target = (const char *)domain_of(r->p + HEADER);
		n = strlen(target) + 1;
	}
	put_record(r, TYPE_SRV, 6 + (unsigned)n);
	put16(r, 0);
	put16(r, 0);
	put16(r, d->xmpp_port);
	memcpy(r->p + r->n, target, n);
	r->n += n;
}

static void put_a(struct reply *r, const struct bench_dns *d)
{
	const char *name = (const char *)domain_of(r->p + HEADER);
	struct in_addr a = {.s_addr = htonl(INADDR_LOOPBACK)};

	if (d->numbered)
		a = bench_dns_address((unsigned)atoi(name + 2));
	put_record(r, TYPE_A, 4);
	memcpy(r->p + r->n, &a, 4);
	r->n += 4;
}

static bool answer(const struct bench_dns *d, const unsigned char *q, size_t n, struct reply *r)
{
	static const char service[] = {12, '_', 'x', 'm', 'p', 'p', '-', 's', 'e', 'r', 'v', 'e', 'r'};
	size_t at = HEADER;
	unsigned type;

	while (at < n && q[at])
		at += q[at] + 1u;
	if (at + 5 > n || at > 300)
		return false;
	type = (unsigned)q[at + 1] << 8 | q[at + 2];
	if (type == TYPE_SRV && memcmp(q + HEADER, service, sizeof service) != 0)
		type = 0; /* nobody takes streams that begin with TLS */
	memcpy(r->p, q, at + 5);
	r->n = at + 5;
	r->p[2] = 0x85; /* an authoritative answer to a recursive question */
	r->p[3] = 0x80;
	memset(r->p + 4, 0, 8);
	r->p[5] = 1;
	r->p[7] = type == TYPE_SRV || type == TYPE_A;
	if (type == TYPE_SRV)
		put_srv(r, d);
	else if (type == TYPE_A)
		put_a(r, d);
	return true;
}

static void *serve(void *arg)
{
	struct bench_dns *d = arg;

	for (;;) {
		unsigned char q[512];
		struct sockaddr_in from;
		socklen_t len = sizeof from;
		ssize_t n = recvfrom(d->fd, q, sizeof q, 0, (struct sockaddr *)&from, &len);
		struct reply r;

		if (n > HEADER && answer(d, q, (size_t)n, &r))
			sendto(d->fd, r.p, r.n, 0, (struct sockaddr *)&from, len);
	}
	return NULL;
}

void bench_dns_start(struct bench_dns *d)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof a;
	pthread_t t;

	d->fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (bind(d->fd, (struct sockaddr *)&a, sizeof a) < 0 ||
		getsockname(d->fd, (struct sockaddr *)&a, &len) < 0 ||
		pthread_create(&t, NULL, serve, d) != 0) {
		perror("bench: name server");
		exit(1);
	}
	pthread_detach(t);
	d->port = ntohs(a.sin_port);
}
