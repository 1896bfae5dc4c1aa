#include "xmpp_end.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct wire {
	int fd;
	SSL *ssl;
	char got[16384];
	size_t n;
};

/* Where a surprise is taken to, in a thread that lives with them. */
static _Thread_local jmp_buf *surprise;

static void fail(const char *what, const struct wire *w)
{
	if (surprise) {
		ERR_clear_error();
		if (w)
			close(w->fd);
		if (w)
			SSL_free(w->ssl);
		longjmp(*surprise, 1);
	}
	fprintf(stderr, "bench: xmpp: %s; got: %.*s\n", what, w ? (int)w->n : 0, w ? w->got : "");
	ERR_print_errors_fp(stderr);
	exit(1);
}

static void say(struct wire *w, const char *s)
{
	size_t n = strlen(s);
	ssize_t k = w->ssl ? SSL_write(w->ssl, s, (int)n) : write(w->fd, s, n);

	if (k != (ssize_t)n)
		fail("write", w);
}

static void hear_more(struct wire *w, const char *what)
{
	size_t room = sizeof w->got - w->n;
	ssize_t k = w->ssl ? SSL_read(w->ssl, w->got + w->n, (int)room)
			   : read(w->fd, w->got + w->n, room);

	if (k <= 0)
		fail(what, w);
	w->n += (size_t)k;
}

/* Reads on until what was said contains `needle`, then forgets it. */
static void hear(struct wire *w, const char *needle)
{
	w->n = 0;
	while (!memmem(w->got, w->n, needle, strlen(needle)))
		hear_more(w, needle);
}

static SSL_CTX *context(const SSL_METHOD *method, X509 *cert, EVP_PKEY *key)
{
	SSL_CTX *c = SSL_CTX_new(method);

	SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION);
	SSL_CTX_set_num_tickets(c, 0);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	if (SSL_CTX_use_certificate(c, cert) != 1 || SSL_CTX_use_PrivateKey(c, key) != 1)
		fail("certificate", NULL);
	return c;
}

/* Reads a stream header to its end. */
static void hear_header(struct wire *w)
{
	const char *at = NULL;

	w->n = 0;
	while (!at || !memchr(at, '>', (size_t)(w->got + w->n - at))) {
		hear_more(w, "a stream header");
		at = memmem(w->got, w->n, "<stream:stream", 14);
	}
}

/* The peer's certificate is asked for and taken as it is: judging it is not what is measured. */
static int take(int ok, X509_STORE_CTX *ctx)
{
	(void)ok, (void)ctx;
	return 1;
}

void xmpp_end_init_at(struct xmpp_end *e, const struct pki *pki, const char *domain, const char *peer_domain)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET, .sin_addr = e->address, .sin_port = htons(e->port)};
	static const int on = 1;
	socklen_t len = sizeof a;
	EVP_PKEY *key;
	X509 *cert;

	pki_issue(pki, domain, &key, &cert);
	e->server = context(TLS_server_method(), cert, key);
	e->client = context(TLS_client_method(), cert, key);
	SSL_CTX_set_verify(e->server, SSL_VERIFY_PEER, take);
	X509_free(cert);
	EVP_PKEY_free(key);
	e->domain = domain;
	e->peer_domain = peer_domain;
	e->listen_fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(e->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(e->listen_fd, (struct sockaddr *)&a, sizeof a) < 0 ||
		listen(e->listen_fd, e->backlog ? e->backlog : 1024) < 0 ||
		getsockname(e->listen_fd, (struct sockaddr *)&a, &len) < 0)
		fail("listen", NULL);
	e->port = ntohs(a.sin_port);
}

void xmpp_end_init(struct xmpp_end *e, const struct pki *pki, const char *domain, const char *peer_domain)
{
	e->address.s_addr = htonl(INADDR_LOOPBACK);
	e->port = 0;
	e->backlog = 0;
	xmpp_end_init_at(e, pki, domain, peer_domain);
}

static void header(struct xmpp_end *e, struct wire *w, const char *from, const char *id)
{
	char s[512];

	snprintf(s, sizeof s,
		"<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams' "
		"xmlns='jabber:server' xmlns:db='jabber:server:dialback' from='%s' to='%s' %s%s%s "
		"version='1.0'>",
		from, e->peer_domain, id ? "id='" : "", id ? id : "", id ? "'" : "");
	say(w, s);
}

/* Answers a header as the domain it asks for. */
static void answer_header(struct xmpp_end *e, struct wire *w, const char *id)
{
	char domain[256] = "", *at;

	hear_header(w);
	w->got[w->n < sizeof w->got ? w->n : w->n - 1] = '\0';
	at = strstr(w->got, " to=");
	if (!at || sscanf(at + 5, "%255[^'\"]", domain) != 1)
		fail("a header without to", w);
	header(e, w, domain, id);
}

static SSL *ready(struct wire *w)
{
	fcntl(w->fd, F_SETFL, fcntl(w->fd, F_GETFL) | O_NONBLOCK);
	return w->ssl;
}

static void secure(struct wire *w, SSL_CTX *ctx, int (*handshake)(SSL *))
{
	SSL *ssl = SSL_new(ctx);

	SSL_set_fd(ssl, w->fd);
	w->ssl = ssl;
	if (handshake(ssl) != 1)
		fail("handshake", w);
}

static void prepare(int fd)
{
	static const struct timeval patience = {.tv_sec = 20};
	static const int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
}

SSL *xmpp_end_accept(struct xmpp_end *e)
{
	struct wire w = {.fd = accept(e->listen_fd, NULL, NULL)};

	if (w.fd < 0)
		fail("accept", NULL);
	prepare(w.fd);
	answer_header(e, &w, "bench1");
	say(&w, "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
		"</stream:features>");
	hear(&w, "xmpp-tls");
	say(&w, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
	secure(&w, e->server, SSL_accept);
	answer_header(e, &w, "bench2");
	say(&w, "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"
		"<mechanism>EXTERNAL</mechanism></mechanisms></stream:features>");
	hear(&w, "EXTERNAL");
	say(&w, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
	answer_header(e, &w, "bench3");
	say(&w, "<stream:features/>");
	return ready(&w);
}

int xmpp_end_dial(struct xmpp_end *e, uint16_t port)
{
	struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr = e->address};
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&from, sizeof from) < 0 ||
		connect(fd, (struct sockaddr *)&to, sizeof to) < 0) {
		close(fd);
		return -1;
	}
	prepare(fd);
	return fd;
}

SSL *xmpp_end_connect(struct xmpp_end *e, uint16_t port)
{
	struct wire w = {.fd = xmpp_end_dial(e, port)};

	if (w.fd < 0)
		fail("connect", NULL);
	header(e, &w, e->domain, NULL);
	hear(&w, "features>");
	say(&w, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
	hear(&w, "proceed");
	secure(&w, e->client, SSL_connect);
	header(e, &w, e->domain, NULL);
	hear(&w, "EXTERNAL");
	say(&w, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>");
	hear(&w, "success");
	header(e, &w, e->domain, NULL);
	hear(&w, "features");
	return ready(&w);
}

SSL *xmpp_end_try_accept(struct xmpp_end *e)
{
	jmp_buf here;
	SSL *ssl = NULL;

	surprise = &here;
	if (setjmp(here) == 0)
		ssl = xmpp_end_accept(e);
	else
		ssl = NULL;
	surprise = NULL;
	return ssl;
}

SSL *xmpp_end_try_connect(struct xmpp_end *e, uint16_t port)
{
	jmp_buf here;
	SSL *ssl = NULL;

	surprise = &here;
	if (setjmp(here) == 0)
		ssl = xmpp_end_connect(e, port);
	else
		ssl = NULL;
	surprise = NULL;
	return ssl;
}

static struct wire blocking(SSL *ssl)
{
	struct wire w = {.fd = SSL_get_fd(ssl), .ssl = ssl};

	fcntl(w.fd, F_SETFL, fcntl(w.fd, F_GETFL) & ~O_NONBLOCK);
	return w;
}

void xmpp_end_message(SSL *ssl)
{
	struct wire w = blocking(ssl);

	hear(&w, "</message>");
}

void xmpp_end_close(SSL *ssl)
{
	static const char end[] = "</stream:stream>";
	struct wire w = blocking(ssl);

	say(&w, end);
	hear(&w, end);
	SSL_shutdown(ssl); /* who has closed the stream first closes the connection */
	SSL_free(ssl);
	close(w.fd);
}

int xmpp_end_hold(SSL *ssl)
{
	int fd = SSL_get_fd(ssl);

	SSL_free(ssl);
	return fd;
}

void xmpp_end_drop(SSL *ssl)
{
	int fd = SSL_get_fd(ssl);

	SSL_free(ssl);
	close(fd);
}

void xmpp_end_drain(SSL *ssl)
{
	static const struct timeval forever = {0};
	struct wire w = blocking(ssl);

	setsockopt(w.fd, SOL_SOCKET, SO_RCVTIMEO, &forever, sizeof forever);
	while (SSL_read(ssl, w.got, sizeof w.got) > 0)
		;
	xmpp_end_drop(ssl);
}
