#include "sip_side.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proc.h"

enum { BATCH = 32, EVENTS = 256, READ = 1 << 16 };

struct batch {
	struct mmsghdr msg[BATCH];
	struct iovec iov[BATCH];
	char bytes[BATCH][SIDE_MESSAGE];
	unsigned n;
};

/* One connection. What has come of a message that is not whole, and what is not written yet. */
struct side_conn {
	int fd;
	SSL *ssl;
	char *in, *out;
	size_t in_n, out_n, out_size;
	bool dirty; /* in the list of those that have something to write */
};

struct sip_side {
	enum side_kind kind;
	int fd; /* UDP, or the listener */
	int poll;
	uint16_t port;
	char via[64];
	struct batch in, out;
	SSL_CTX *client, *server;
	struct side_conn **ours, **dirty;
	unsigned n_ours, turn, n_dirty, max_dirty;
	char room[SIDE_MESSAGE], got[READ + SIDE_MESSAGE];
};

static void die(const char *what)
{
	fprintf(stderr, "bench: sip: %s: %s\n", what, strerror(errno));
	ERR_print_errors_fp(stderr);
	exit(1);
}

static const char *const names[SIDE__N] = {"udp", "tcp", "tls"};

enum side_kind side_kind(const char *name)
{
	enum side_kind k = 0;

	while (k < SIDE__N && strcmp(names[k], name) != 0)
		k++;
	return k;
}

const char *side_kind_name(enum side_kind k)
{
	return names[k];
}

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* ---- UDP ---- */

static void batch_init(struct batch *b)
{
	for (int i = 0; i < BATCH; i++) {
		b->iov[i] = (struct iovec){b->bytes[i], SIDE_MESSAGE};
		b->msg[i].msg_hdr = (struct msghdr){.msg_iov = &b->iov[i], .msg_iovlen = 1};
	}
}

static void big_buffer(int fd)
{
	int size = 16 << 20;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

static void flush_udp(struct sip_side *s)
{
	for (unsigned done = 0; done < s->out.n;) {
		int k = sendmmsg(s->fd, s->out.msg + done, s->out.n - done, 0);

		if (k > 0)
			done += (unsigned)k;
		else if (errno != EINTR && errno != ECONNREFUSED)
			poll(&(struct pollfd){.fd = s->fd, .events = POLLOUT}, 1, 10);
	}
	s->out.n = 0;
}

static void take_udp(struct sip_side *s, side_message *fn, void *arg)
{
	int k;

	for (int i = 0; i < BATCH; i++)
		s->in.iov[i].iov_len = SIDE_MESSAGE - 1;
	k = recvmmsg(s->fd, s->in.msg, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < k; i++) {
		s->in.bytes[i][s->in.msg[i].msg_len] = '\0';
		fn(arg, s->in.bytes[i], s->in.msg[i].msg_len, NULL);
	}
}

/* ---- connections ---- */

static int take(int ok, X509_STORE_CTX *ctx)
{
	(void)ok, (void)ctx;
	return 1; /* judging entented's certificate is not what is measured */
}

static SSL_CTX *context(const SSL_METHOD *method, X509 *cert, EVP_PKEY *key)
{
	SSL_CTX *c = SSL_CTX_new(method);

	SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION);
	SSL_CTX_set_num_tickets(c, 0);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				    SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_verify(c, SSL_VERIFY_PEER, take);
	if (SSL_CTX_use_certificate(c, cert) != 1 || SSL_CTX_use_PrivateKey(c, key) != 1)
		die("certificate");
	return c;
}

static void make_contexts(struct sip_side *s, const struct pki *pki)
{
	EVP_PKEY *key;
	X509 *cert;

	pki_issue(pki, PBX_NAME, &key, &cert);
	s->client = context(TLS_client_method(), cert, key);
	s->server = context(TLS_server_method(), cert, key);
	X509_free(cert);
	EVP_PKEY_free(key);
}

/* A connection that is made: its handshake, which waits, and from then on it does not. */
static struct side_conn *welcome(struct sip_side *s, int fd, bool ours)
{
	struct side_conn *c = calloc(1, sizeof *c);
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
	int on = 1;

	c->fd = fd;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (s->kind == SIDE_TLS) {
		c->ssl = SSL_new(ours ? s->client : s->server);
		SSL_set_fd(c->ssl, fd);
		if ((ours ? SSL_connect(c->ssl) : SSL_accept(c->ssl)) != 1)
			die("handshake");
	}
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	if (epoll_ctl(s->poll, EPOLL_CTL_ADD, fd, &e) < 0)
		die("epoll");
	return c;
}

/*
 * TLS comes from many addresses, as entented takes only so many connections a second of one that
 * has not shown its certificate yet; by TCP the address is what it is known by.
 */
static int dial(const struct sip_side *s, uint16_t port, unsigned n)
{
	struct sockaddr_in to = loopback(port), from = loopback(0);
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	if (s->kind == SIDE_TLS)
		from.sin_addr.s_addr = htonl(0x7f010001u + (n / 250 << 8) + n % 250);
	setsockopt(fd, SOL_SOCKET, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
	if (bind(fd, (struct sockaddr *)&from, sizeof from) < 0 ||
		connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
		die("connect");
	return fd;
}

static void drop(struct side_conn *c)
{
	static bool said;

	if (!said)
		fprintf(stderr, "bench: sip: a connection was ended by the other side\n");
	said = true;
	close(c->fd); /* the rest of it is left: it may be in lists */
	c->fd = -1;
	c->out_n = 0;
}

static ssize_t read_some(struct side_conn *c, char *to, size_t n)
{
	ssize_t k = c->ssl ? SSL_read(c->ssl, to, (int)n) : read(c->fd, to, n);

	if (k > 0)
		return k;
	if (c->ssl ? SSL_get_error(c->ssl, (int)k) != SSL_ERROR_WANT_READ
		   : k == 0 || errno != EAGAIN)
		drop(c);
	return 0;
}

static size_t body_length(const char *m, const char *end)
{
	static const char field[] = "Content-Length:";
	const char *at = memmem(m, (size_t)(end - m), field, sizeof field - 1);

	return at ? strtoul(at + sizeof field - 1, NULL, 10) : 0;
}

/* Hands out the whole messages of p[0..n), which has room for one byte more; returns what they
 * took. */
static size_t cut(struct side_conn *c, char *p, size_t n, side_message *fn, void *arg)
{
	size_t at = 0;

	for (;;) {
		char *m = p + at, *end, kept;
		size_t size;

		if (n - at >= 2 && memcmp(m, "\r\n", 2) == 0) { /* a keep-alive */
			at += 2;
			continue;
		}
		end = memmem(m, n - at, "\r\n\r\n", 4);
		if (!end)
			return at;
		size = (size_t)(end + 4 - m) + body_length(m, end);
		if (size > n - at)
			return at;
		kept = m[size];
		m[size] = '\0';
		fn(arg, m, size, c);
		m[size] = kept;
		at += size;
	}
}

static void take_conn(struct sip_side *s, struct side_conn *c, side_message *fn, void *arg)
{
	for (;;) {
		size_t n = c->in_n, used;
		ssize_t k;

		memcpy(s->got, c->in ? c->in : "", n);
		k = read_some(c, s->got + n, READ - n);
		if (k <= 0)
			return;
		n += (size_t)k;
		used = cut(c, s->got, n, fn, arg);
		c->in_n = n - used;
		if (c->in_n && !c->in)
			c->in = malloc(READ);
		if (c->in_n)
			memcpy(c->in, s->got + used, c->in_n);
		if (!c->ssl && (size_t)k < READ / 2)
			return;
	}
}

static void take_conns(struct sip_side *s, side_message *fn, void *arg)
{
	struct epoll_event e[EVENTS];
	int n = epoll_wait(s->poll, e, EVENTS, 0);

	for (int i = 0; i < n; i++) {
		struct side_conn *c = e[i].data.ptr;

		if (c) {
			take_conn(s, c, fn, arg);
		} else {
			int fd = accept(s->fd, NULL, NULL);

			if (fd >= 0)
				welcome(s, fd, false);
		}
	}
}

static void write_conn(struct side_conn *c)
{
	ssize_t k;

	if (c->fd < 0 || !c->out_n)
		return;
	k = c->ssl ? SSL_write(c->ssl, c->out, (int)c->out_n) : write(c->fd, c->out, c->out_n);
	if (k <= 0)
		return;
	c->out_n -= (size_t)k;
	memmove(c->out, c->out + k, c->out_n);
}

static void flush_conns(struct sip_side *s)
{
	unsigned left = 0;

	for (unsigned i = 0; i < s->n_dirty; i++) {
		struct side_conn *c = s->dirty[i];

		write_conn(c);
		c->dirty = c->out_n > 0;
		if (c->dirty)
			s->dirty[left++] = c;
	}
	s->n_dirty = left;
}

static void put_conn(struct sip_side *s, struct side_conn *c, size_t n)
{
	if (c->fd < 0)
		return;
	if (c->out_n + n > c->out_size) {
		c->out_size = 2 * (c->out_n + n);
		c->out = realloc(c->out, c->out_size);
	}
	memcpy(c->out + c->out_n, s->room, n);
	c->out_n += n;
	if (c->dirty)
		return;
	c->dirty = true;
	if (s->n_dirty == s->max_dirty) {
		s->max_dirty = 2 * s->max_dirty + 64;
		s->dirty = realloc(s->dirty, s->max_dirty * sizeof *s->dirty);
	}
	s->dirty[s->n_dirty++] = c;
}

/* ---- both ---- */

struct sip_side *sip_side_new(enum side_kind kind, const struct pki *pki)
{
	struct sip_side *s = calloc(1, sizeof *s);
	struct sockaddr_in a = loopback(0);
	socklen_t len = sizeof a;
	char upper[4] = {names[kind][0] - 32, names[kind][1] - 32, names[kind][2] - 32};

	s->kind = kind;
	s->fd = socket(AF_INET, kind == SIDE_UDP ? SOCK_DGRAM : SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (bind(s->fd, (struct sockaddr *)&a, sizeof a) < 0 ||
		getsockname(s->fd, (struct sockaddr *)&a, &len) < 0)
		die("bind");
	s->port = ntohs(a.sin_port);
	snprintf(s->via, sizeof s->via, "%s 127.0.0.1:%u", upper, s->port);
	batch_init(&s->in);
	batch_init(&s->out);
	if (kind == SIDE_UDP) {
		big_buffer(s->fd);
		return s;
	}
	s->poll = epoll_create1(EPOLL_CLOEXEC);
	if (listen(s->fd, 1024) < 0 || epoll_ctl(s->poll, EPOLL_CTL_ADD, s->fd,
					       &(struct epoll_event){.events = EPOLLIN}) < 0)
		die("listen");
	if (kind == SIDE_TLS)
		make_contexts(s, pki);
	return s;
}

uint16_t sip_side_port(const struct sip_side *s)
{
	return s->port;
}

void sip_side_connect(struct sip_side *s, uint16_t port, unsigned connections)
{
	struct sockaddr_in to = loopback(port);

	if (s->kind == SIDE_UDP) {
		if (connect(s->fd, (struct sockaddr *)&to, sizeof to) < 0)
			die("connect");
		return;
	}
	s->ours = calloc(connections, sizeof(struct side_conn *));
	while (s->n_ours < connections) {
		s->ours[s->n_ours] = welcome(s, dial(s, port, s->n_ours), true);
		s->n_ours++;
	}
}

const char *sip_side_via(const struct sip_side *s)
{
	return s->via;
}

char *sip_side_room(struct sip_side *s)
{
	if (s->kind != SIDE_UDP)
		return s->room;
	if (s->out.n == BATCH)
		flush_udp(s);
	return s->out.bytes[s->out.n];
}

void sip_side_put(struct sip_side *s, struct side_conn *c, size_t n)
{
	if (s->kind == SIDE_UDP)
		s->out.iov[s->out.n++].iov_len = n;
	else
		put_conn(s, c ? c : s->ours[s->turn++ % s->n_ours], n);
}

void sip_side_flush(struct sip_side *s)
{
	if (s->kind == SIDE_UDP)
		flush_udp(s);
	else
		flush_conns(s);
}

void sip_side_take(struct sip_side *s, side_message *fn, void *arg)
{
	if (s->kind == SIDE_UDP)
		take_udp(s, fn, arg);
	else
		take_conns(s, fn, arg);
}

uint64_t sip_side_drops(const struct sip_side *s)
{
	return s->kind == SIDE_UDP ? proc_udp_drops(s->port) : 0;
}
