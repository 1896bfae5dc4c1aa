#include "parts.h"

#include <expat.h>
#include <malloc.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pki.h"
#include "proc.h"

enum { ROUNDS = 8000, RECORD = 16, HANDSHAKES = 400, HELD = 200 };

static const char stanza[] =
	"<message from='romeo17@sip.bench' to='juliet17@xmpp.bench/balcony' id='A00000000000017' "
	"type='normal'><thread>9E97FB43-85F4-4A00-8751</thread><body>Neither, fair saint, if either "
	"thee dislike.</body></message>";

/* ---- TLS ---- */

struct contexts {
	SSL_CTX *client, *server;
};

static SSL_CTX *context(const struct pki *pki, const char *domain)
{
	SSL_CTX *c = SSL_CTX_new(TLS_method());
	EVP_PKEY *key;
	X509 *cert;

	pki_issue(pki, domain, &key, &cert);
	SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION);
	SSL_CTX_set_num_tickets(c, 0);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_use_certificate(c, cert);
	SSL_CTX_use_PrivateKey(c, key);
	X509_STORE_add_cert(SSL_CTX_get_cert_store(c), pki->ca);
	SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	X509_free(cert);
	EVP_PKEY_free(key);
	return c;
}

static struct contexts contexts_new(void)
{
	struct contexts c;
	struct pki pki;

	pki_make(&pki);
	c = (struct contexts){context(&pki, "sip.bench"), context(&pki, "xmpp.bench")};
	pki_done(&pki);
	return c;
}

static void contexts_done(struct contexts *c)
{
	SSL_CTX_free(c->client);
	SSL_CTX_free(c->server);
}

struct ends {
	SSL *client, *server;
	uint64_t client_ns, server_ns; /* of the handshake */
	int fd[2];
};

static struct ends ends_new(const struct contexts *c)
{
	struct ends e = {0};

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, e.fd) < 0)
		exit(1);
	e.client = SSL_new(c->client);
	e.server = SSL_new(c->server);
	SSL_set_fd(e.client, e.fd[0]);
	SSL_set_fd(e.server, e.fd[1]);
	SSL_set_connect_state(e.client);
	SSL_set_accept_state(e.server);
	for (int i = 0; i < 4; i++) {
		uint64_t t0 = bench_thread_ns(), t1;

		SSL_do_handshake(e.client);
		t1 = bench_thread_ns();
		SSL_do_handshake(e.server);
		e.client_ns += t1 - t0;
		e.server_ns += bench_thread_ns() - t1;
	}
	if (!SSL_is_init_finished(e.client) || !SSL_is_init_finished(e.server)) {
		fprintf(stderr, "bench: no handshake\n");
		exit(1);
	}
	return e;
}

static void ends_done(struct ends *e)
{
	SSL_free(e->client);
	SSL_free(e->server);
	close(e->fd[0]);
	close(e->fd[1]);
}

struct parts_handshake parts_handshake(void)
{
	struct contexts c = contexts_new();
	uint64_t client = 0, server = 0;

	for (int i = -20; i < HANDSHAKES; i++) {
		struct ends e = ends_new(&c);

		client += i < 0 ? 0 : e.client_ns;
		server += i < 0 ? 0 : e.server_ns;
		ends_done(&e);
	}
	contexts_done(&c);
	return (struct parts_handshake){
		(double)client / HANDSHAKES / 1e6, (double)server / HANDSHAKES / 1e6};
}

struct parts_tls parts_tls_of(size_t bytes, unsigned count)
{
	struct contexts c = contexts_new();
	struct ends e = ends_new(&c);
	static char record[16384], got[65536];
	uint64_t write_ns = 0, read_ns = 0;
	size_t n = bytes * count;

	memset(record, 'x', sizeof record);
	for (int r = 0; r < ROUNDS; r++) {
		uint64_t t0 = bench_thread_ns(), t1;

		if (SSL_write(e.client, record, (int)n) != (int)n)
			exit(1);
		t1 = bench_thread_ns();
		for (size_t have = 0; have < n;) {
			int k = SSL_read(e.server, got, sizeof got);

			if (k <= 0)
				exit(1);
			have += (size_t)k;
		}
		write_ns += t1 - t0;
		read_ns += bench_thread_ns() - t1;
	}
	ends_done(&e);
	contexts_done(&c);
	return (struct parts_tls){
		(double)write_ns / ROUNDS / count / 1e3, (double)read_ns / ROUNDS / count / 1e3};
}

struct parts_tls parts_tls(void)
{
	return parts_tls_of(sizeof stanza - 1, RECORD);
}

/* ---- XML ---- */

static unsigned long events;

static void on_start(void *arg, const char *name, const char **attr)
{
	(void)arg, (void)name, (void)attr;
	events++;
}

static void on_text(void *arg, const char *s, int n)
{
	(void)arg, (void)s;
	events += (unsigned long)n;
}

static XML_Parser in_stream(void)
{
	static const char head[] =
		"<s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns='jabber:server'>";
	XML_Parser p = XML_ParserCreateNS(NULL, '\n');

	XML_SetReparseDeferralEnabled(p, XML_FALSE);
	XML_SetStartElementHandler(p, on_start);
	XML_SetCharacterDataHandler(p, on_text);
	if (XML_Parse(p, head, sizeof head - 1, 0) != XML_STATUS_OK ||
		XML_Parse(p, stanza, sizeof stanza - 1, 0) != XML_STATUS_OK)
		exit(1);
	return p;
}

double parts_xml(void)
{
	XML_Parser p = in_stream();
	int rounds = ROUNDS * 12;
	uint64_t t0 = bench_thread_ns();

	for (int r = 0; r < rounds; r++)
		if (XML_Parse(p, stanza, sizeof stanza - 1, 0) != XML_STATUS_OK)
			exit(1);
	t0 = bench_thread_ns() - t0;
	XML_ParserFree(p);
	return (double)t0 / rounds / 1e3;
}

/* ---- memory ---- */

static size_t allocated(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

struct parts_memory parts_memory(void)
{
	struct contexts c = contexts_new();
	static struct ends held[HELD];
	static XML_Parser parsers[HELD];
	size_t before, with_tls, with_both;

	held[0] = ends_new(&c); /* what the library allocates once */
	ends_done(&held[0]);
	before = allocated();
	for (int i = 0; i < HELD; i++) {
		held[i] = ends_new(&c);
		SSL_free(held[i].client);
		held[i].client = NULL;
	}
	with_tls = allocated();
	for (int i = 0; i < HELD; i++)
		parsers[i] = in_stream();
	with_both = allocated();
	for (int i = 0; i < HELD; i++) {
		ends_done(&held[i]);
		XML_ParserFree(parsers[i]);
	}
	contexts_done(&c);
	return (struct parts_memory){(double)(with_tls - before) / HELD,
		(double)(with_both - with_tls) / HELD};
}
