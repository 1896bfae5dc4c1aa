#include "idle_clients.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proc.h"
#include "storm.h"

enum { PER_ADDRESS = 20 };

struct client {
	int fd;
	SSL *ssl;
	bool waits;
	unsigned at; /* of head */
	bool counted;
};

static struct idle_options o;
static struct idle_clients *shared;
static struct client *clients;
static SSL_CTX *ctx;
static int epoll;
static const char slow_head[] = "GET /api/v1/status HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ";

/* ---- one client ---- */

static int dial(unsigned number)
{
	struct sockaddr_in from = {.sin_family = AF_INET},
			   to = {.sin_family = AF_INET, .sin_port = htons(o.port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	from.sin_addr.s_addr = htonl(0x7f640000u + 1 + number / PER_ADDRESS);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&from, sizeof from) < 0 ||
		connect(fd, (struct sockaddr *)&to, sizeof to) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void drop(struct client *c)
{
	if (c->counted)
		atomic_fetch_sub(c->waits ? &shared->waiting : &shared->slow, 1);
	c->counted = false;
	if (!c->ssl)
		return;
	SSL_free(c->ssl);
	close(c->fd);
	c->ssl = NULL;
}

static bool ask_for_events(struct client *c)
{
	char request[512], answer[4096];
	int n = snprintf(request, sizeof request,
		"GET /api/v1/events?topics=generation HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
		"Authorization: Bearer %s\r\n\r\n",
		o.port, o.token);

	return SSL_write(c->ssl, request, n) == n &&
	       (n = SSL_read(c->ssl, answer, sizeof answer - 1)) > 12 &&
	       memcmp(answer, "HTTP/1.1 200", 12) == 0;
}

static void come(struct client *c)
{
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};

	c->fd = dial((unsigned)(c - clients));
	if (c->fd < 0)
		return;
	c->ssl = SSL_new(ctx);
	c->at = 0;
	SSL_set_fd(c->ssl, c->fd);
	if (SSL_connect(c->ssl) != 1 || (c->waits && !ask_for_events(c))) {
		drop(c);
		return;
	}
	epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &e);
	c->counted = true;
	atomic_fetch_add(c->waits ? &shared->waiting : &shared->slow, 1);
}

static void hear(struct client *c)
{
	char bytes[4096];
	int n = SSL_read(c->ssl, bytes, sizeof bytes);

	if (n > 0 && c->waits) {
		atomic_fetch_add(&shared->events, 1);
		return;
	}
	if (!c->waits)
		atomic_fetch_add(&shared->dropped, 1);
	drop(c);
}

static void say_a_byte(struct client *c)
{
	char byte = c->at < sizeof slow_head - 1 ? slow_head[c->at] : 'x';

	c->at++;
	if (c->ssl && SSL_write(c->ssl, &byte, 1) != 1)
		drop(c);
}

/* ---- all of them ---- */

static void listen_for(int ms)
{
	struct epoll_event e[64];
	int n = epoll_wait(epoll, e, 64, ms);

	for (int i = 0; i < n; i++)
		if (((struct client *)e[i].data.ptr)->ssl)
			hear(e[i].data.ptr);
}

static void be_there(void)
{
	unsigned all = o.events + o.loris;
	uint64_t second = bench_now_ns();

	while (atomic_load(&shared->active)) {
		unsigned came = 0;

		for (unsigned i = 0; i < all && came < 20; i++)
			if (!clients[i].ssl) {
				come(&clients[i]);
				came++;
			}
		listen_for(came ? 10 : 100);
		if (bench_now_ns() - second < 1000000000u)
			continue;
		second = bench_now_ns();
		for (unsigned i = o.events; i < all; i++)
			say_a_byte(&clients[i]);
	}
	for (unsigned i = 0; i < all; i++)
		drop(&clients[i]);
}

static void play(void *arg)
{
	struct rlimit files;

	(void)arg;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	ctx = SSL_CTX_new(TLS_client_method());
	epoll = epoll_create1(EPOLL_CLOEXEC);
	clients = calloc(o.events + o.loris, sizeof *clients);
	for (unsigned i = 0; i < o.events; i++)
		clients[i].waits = true;
	for (;;) {
		if (atomic_load(&shared->active))
			be_there();
		usleep(10000);
	}
}

struct idle_clients *idle_clients_start(const struct idle_options *options)
{
	o = *options;
	shared = storm_room(sizeof *shared);
	shared->pid = storm_fork(play, NULL);
	return shared;
}

void idle_clients_stop(struct idle_clients *c)
{
	storm_end(c->pid);
	munmap(c, sizeof *c);
}
