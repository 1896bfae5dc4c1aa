#include "bad_peers.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dns.h"
#include "storm.h"
#include "xmpp_end.h"

enum { HUGE_BODY = 200000, SIP_BODY = 4000, BELOW = 1000 };

static struct bad_peers *shared;
static struct bad_options options;
static char hello[1024]; /* what a TLS client says first */
static size_t hello_n;

struct peer {
	struct xmpp_end end;
	unsigned number;
	char domain[32];
};

static void block(SSL *ssl)
{
	int fd = SSL_get_fd(ssl);

	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){0}, sizeof(struct timeval));
}

/* ---- streams that entented opens ---- */

static void *crawl(void *arg)
{
	struct peer *p = arg;

	for (;;) {
		SSL *ssl = xmpp_end_try_accept(&p->end);
		char few[64];

		if (!ssl)
			continue;
		storm_count(&shared->taken, 1);
		block(ssl);
		while (SSL_read(ssl, few, sizeof few) > 0)
			sleep(1);
		xmpp_end_drop(ssl);
	}
	return NULL;
}

static void *tear(void *arg)
{
	struct peer *p = arg;

	for (;;) {
		SSL *ssl = xmpp_end_try_accept(&p->end);
		char some[4096];
		int fd;

		if (!ssl)
			continue;
		storm_count(&shared->taken, 1);
		block(ssl);
		SSL_read(ssl, some, sizeof some);
		fd = SSL_get_fd(ssl);
		SSL_free(ssl);
		storm_reset(fd);
	}
	return NULL;
}

static void *swallow_one(void *arg)
{
	xmpp_end_drain(arg);
	return NULL;
}

static void *swallow(void *arg)
{
	struct peer *p = arg;

	for (;;) {
		SSL *ssl = xmpp_end_try_accept(&p->end);

		if (!ssl)
			continue;
		storm_count(&shared->taken, 1);
		storm_thread(swallow_one, ssl);
	}
	return NULL;
}

/* ---- streams of their own ---- */

static void say_header(const struct peer *p, int fd)
{
	char s[512];

	snprintf(s, sizeof s,
		"<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams' "
		"xmlns='jabber:server' xmlns:db='jabber:server:dialback' from='%s' to='sip.bench' "
		"version='1.0'>",
		p->domain);
	storm_say(fd, s);
}

static bool until_tls(const struct peer *p, int fd)
{
	say_header(p, fd);
	if (!storm_hear(fd, "features>"))
		return false;
	storm_say(fd, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
	return storm_hear(fd, "proceed");
}

static void garbage(struct peer *p, int fd)
{
	char bytes[4096];

	(void)p;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)rand();
	storm_write(fd, bytes, sizeof bytes);
	storm_hear(fd, "nothing in particular");
}

static void broken_xml(struct peer *p, int fd)
{
	say_header(p, fd);
	storm_say(fd, "<a><b c='1' c='2'></a>&lol;<!DOCTYPE x [<!ENTITY lol 'lol'>]>");
	storm_hear(fd, "nothing in particular");
}

static void headers(struct peer *p, int fd)
{
	for (int i = 0; i < 50; i++)
		say_header(p, fd);
	storm_hear(fd, "nothing in particular");
}

/* The server has to make its keys and signature for something that costs nothing. */
static void only_hello(struct peer *p, int fd)
{
	char some[4096];

	if (!until_tls(p, fd))
		return;
	storm_write(fd, hello, hello_n);
	if (recv(fd, some, sizeof some, 0) > 0)
		storm_count(&shared->handshakes, 1);
}

static void bad_tls(struct peer *p, int fd)
{
	char bytes[1024];

	if (!until_tls(p, fd))
		return;
	memset(bytes, 0x16, sizeof bytes);
	storm_write(fd, bytes, sizeof bytes);
	storm_hear(fd, "nothing in particular");
}

static void cut(struct peer *p, int fd)
{
	SSL *ssl;

	if (!until_tls(p, fd))
		return;
	ssl = SSL_new(p->end.client);
	SSL_set_fd(ssl, fd);
	if (SSL_connect(ssl) == 1)
		storm_count(&shared->handshakes, 1);
	SSL_free(ssl);
}

static void storm_with(struct peer *p, void (*attack)(struct peer *p, int fd))
{
	int fd = xmpp_end_dial(&p->end, options.xmpp_port);

	if (fd < 0)
		return;
	attack(p, fd);
	storm_reset(fd);
}

static void authenticate_and_drop(struct peer *p)
{
	SSL *ssl = xmpp_end_try_connect(&p->end, options.xmpp_port);
	int fd;

	if (!ssl)
		return;
	storm_count(&shared->authenticated, 1);
	fd = SSL_get_fd(ssl);
	SSL_free(ssl);
	storm_reset(fd);
}

static void *storm(void *arg)
{
	static void (*const attacks[])(struct peer *p, int fd) = {
		garbage, cut, only_hello, headers, NULL, broken_xml, cut, only_hello, bad_tls, NULL};
	struct peer *p = arg;
	void (*attack)(struct peer *p, int fd) = attacks[p->number % (sizeof attacks / sizeof *attacks)];
	uint64_t due = 0;

	for (;;) {
		storm_pace(&due, &shared->active, options.storms);
		storm_count(&shared->connections, 1);
		if (attack)
			storm_with(p, attack);
		else
			authenticate_and_drop(p);
	}
	return NULL;
}

/* Errors come on the stream the other way. */
static void pour_on(const struct peer *p, SSL *ssl)
{
	char *stanza = malloc(HUGE_BODY + 256);
	int n = sprintf(stanza, "<message from='a@%s' to='c@sip.bench' id='h'><body>", p->domain);
	uint64_t due = 0;

	memset(stanza + n, 'x', HUGE_BODY);
	n += HUGE_BODY;
	n += sprintf(stanza + n, "</body></message>");
	for (;;) {
		storm_pace(&due, &shared->active, options.huge);
		if (SSL_write(ssl, stanza, n) <= 0)
			break;
		storm_count(&shared->huge_bytes, (uint64_t)n);
	}
	free(stanza);
}

static void *pour(void *arg)
{
	struct peer *p = arg;
	uint64_t due = 0;

	for (;;) {
		SSL *ssl;

		storm_pace(&due, &shared->active, 1);
		ssl = xmpp_end_try_connect(&p->end, options.xmpp_port);
		if (!ssl)
			continue;
		storm_count(&shared->authenticated, 1);
		block(ssl);
		pour_on(p, ssl);
		xmpp_end_drop(ssl);
	}
	return NULL;
}

/* ---- messages to them ---- */

static int sip_socket(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (bind(fd, (struct sockaddr *)&a, sizeof a) < 0)
		perror("bench: socket");
	a.sin_port = htons(options.sip_port);
	if (connect(fd, (struct sockaddr *)&a, sizeof a) < 0)
		perror("bench: connect");
	return fd;
}

static void send_message(int fd, const struct peer *p, uint64_t n)
{
	static char body[SIP_BODY];
	char m[SIP_BODY + 1024], below[16] = "";
	unsigned long long id = n;
	int k;

	memset(body, 'b', sizeof body);
	if (p->number >= options.first + options.n[BAD_SLOW] + options.n[BAD_DEAD] + options.n[BAD_HOSTILE])
		snprintf(below, sizeof below, "d%u.", (unsigned)(rand() % BELOW));
	k = snprintf(m, sizeof m,
		"MESSAGE sip:c%llu@%s%s SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKx%llx;rport\r\n"
		"Max-Forwards: 70\r\nFrom: <sip:bad@sip.bench>;tag=t%llx\r\nTo: <sip:c@%s%s>\r\n"
		"Call-ID: x%llx@sip.bench\r\nCSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\n"
		"Content-Length: %d\r\n\r\n%.*s",
		id % 500, below, p->domain, id, id, below, p->domain, id, SIP_BODY, SIP_BODY, body);
	if (send(fd, m, (size_t)k, 0) > 0)
		storm_count(&shared->sip_sent, 1);
}

static void write_to_all(struct peer *peers, unsigned n)
{
	int fd = sip_socket();
	uint64_t due = 0;
	char answer[2048];

	for (uint64_t i = 0;; i++) {
		storm_pace(&due, &shared->active, options.sip);
		send_message(fd, &peers[i % n], i);
		while (recv(fd, answer, sizeof answer, MSG_DONTWAIT) > 0)
			;
	}
}

/* ---- the process ---- */

static void make_hello(const struct peer *p)
{
	SSL *ssl = SSL_new(p->end.client);
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());

	SSL_set_bio(ssl, in, out);
	SSL_connect(ssl);
	hello_n = (size_t)BIO_read(out, hello, sizeof hello);
	SSL_free(ssl);
}

/* Connections of our own fill the backlog: what comes then has no answer. */
static void deafen(struct peer *p)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = p->end.address,
		.sin_port = htons(p->end.port)};

	for (int i = 0; i < 4; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

		connect(fd, (struct sockaddr *)&a, sizeof a);
	}
}

static void begin(struct peer *p, enum bad_kind kind)
{
	static const int tiny = 2048;

	switch (kind) {
	case BAD_SLOW:
		setsockopt(p->end.listen_fd, SOL_SOCKET, SO_RCVBUF, &tiny, sizeof tiny);
		storm_thread(crawl, p);
		break;
	case BAD_DEAD:
		if (p->number % 2)
			deafen(p);
		break;
	case BAD_HOSTILE:
		storm_thread(tear, p);
		storm_thread(storm, p);
		break;
	default:
		storm_thread(swallow, p);
		storm_thread(pour, p);
		break;
	}
}

static void make(struct peer *p, unsigned number, enum bad_kind kind, const struct pki *pki)
{
	p->number = number;
	snprintf(p->domain, sizeof p->domain, "p%u.bench", number);
	p->end.address = bench_dns_address(number);
	p->end.port = options.xmpp_listen;
	p->end.backlog = kind == BAD_DEAD ? 1 : 64;
	xmpp_end_init_at(&p->end, pki, p->domain, "sip.bench");
}

static void play(const struct pki *pki)
{
	static struct peer peers[1024];
	unsigned n = 0;

	for (enum bad_kind kind = 0; kind < BAD_KINDS; kind++)
		for (unsigned i = 0; i < options.n[kind]; i++, n++)
			make(&peers[n], options.first + n, kind, pki);
	make_hello(&peers[0]);
	n = 0;
	for (enum bad_kind kind = 0; kind < BAD_KINDS; kind++)
		for (unsigned i = 0; i < options.n[kind]; i++)
			begin(&peers[n++], kind);
	write_to_all(peers, n);
}

static void play_in_process(void *pki)
{
	play(pki);
}

struct bad_peers *bad_peers_start(const struct bad_options *o, const struct pki *pki)
{
	options = *o;
	shared = storm_room(sizeof *shared);
	shared->pid = storm_fork(play_in_process, (void *)pki);
	return shared;
}

void bad_peers_stop(struct bad_peers *b)
{
	storm_end(b->pid);
	munmap(b, sizeof *b);
}
