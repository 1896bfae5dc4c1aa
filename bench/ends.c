#include "ends.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void byte_end_init(struct byte_end *e, SSL *ssl, int fd)
{
	e->ssl = ssl;
	e->fd = fd;
	e->put_n = e->got_n = 0;
}

bool byte_end_put(struct byte_end *e, const char *p, size_t n)
{
	if (n > sizeof e->put - e->put_n)
		return false;
	memcpy(e->put + e->put_n, p, n);
	e->put_n += n;
	return true;
}

void byte_end_write(struct byte_end *e)
{
	ssize_t k;

	if (!e->put_n)
		return;
	k = e->ssl ? SSL_write(e->ssl, e->put, (int)e->put_n) : write(e->fd, e->put, e->put_n);
	if (k <= 0)
		return;
	e->put_n -= (size_t)k;
	memmove(e->put, e->put + k, e->put_n);
}

void byte_end_read(struct byte_end *e, void (*body)(void *arg, const char *text), void *arg)
{
	static const char open[] = "<body>", close[] = "</message>";
	size_t room = sizeof e->got - e->got_n;
	ssize_t k = e->ssl ? SSL_read(e->ssl, e->got + e->got_n, (int)room)
			   : read(e->fd, e->got + e->got_n, room);
	char *at = e->got, *end, *stop;

	if (k <= 0)
		return;
	e->got_n += (size_t)k;
	end = e->got + e->got_n;
	while ((stop = memmem(at, (size_t)(end - at), close, sizeof close - 1))) {
		char *text = memmem(at, (size_t)(stop - at), open, sizeof open - 1);

		if (text)
			body(arg, text + sizeof open - 1);
		at = stop + sizeof close - 1;
	}
	e->got_n = (size_t)(end - at);
	memmove(e->got, at, e->got_n);
}

/* ---- components ---- */

static void refused(const char *got)
{
	fprintf(stderr, "bench: the component was refused: %s\n", got);
	exit(1);
}

static void say(int fd, const char *s)
{
	if (write(fd, s, strlen(s)) != (ssize_t)strlen(s))
		refused("write");
}

static void hear(int fd, char *got, size_t size, const char *needle)
{
	size_t n = 0;

	do {
		ssize_t k = read(fd, got + n, size - 1 - n);

		if (k <= 0)
			refused(got);
		got[n += (size_t)k] = '\0';
	} while (!strstr(got, needle));
}

/* The SHA-1 of id and secret, in hexadecimal digits (XEP-0114 3). */
static void digest(const char *id, const char *secret, char ret[41])
{
	unsigned char hash[20];
	char both[600];

	snprintf(both, sizeof both, "%s%s", id, secret);
	EVP_Digest(both, strlen(both), hash, NULL, EVP_sha1(), NULL);
	for (int i = 0; i < 20; i++)
		snprintf(ret + 2 * i, 3, "%02x", hash[i]);
}

int component_open(uint16_t port, const char *secret)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
	char got[2048] = "", id[256], hex[41], reply[100], *at;

	if (connect(fd, (struct sockaddr *)&a, sizeof a) < 0)
		refused("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	say(fd, "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' "
		"xmlns:stream='http://etherx.jabber.org/streams' to='sip.bench'>");
	hear(fd, got, sizeof got, " id=");
	at = strstr(got, " id=");
	if (sscanf(at + 5, "%255[^'\"]", id) != 1)
		refused(got);
	digest(id, secret, hex);
	snprintf(reply, sizeof reply, "<handshake>%s</handshake>", hex);
	say(fd, reply);
	hear(fd, got, sizeof got, "handshake");
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	return fd;
}
