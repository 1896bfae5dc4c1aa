#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/conn_priv.h"

/* ---- the socket as a BIO: no SIGPIPE, counted, a write error does not spoil reading ---- */

static int sock_read(BIO *bio, char *p, int n)
{
	struct conn *c = BIO_get_data(bio);
	ssize_t got = c->handshake ? handshake_read(c, p, (size_t)n) : conn_recv(c, p, (size_t)n);

	BIO_clear_retry_flags(bio);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		BIO_set_retry_read(bio);
	return (int)got;
}

static int sock_write(BIO *bio, const char *p, int n)
{
	struct conn *c = BIO_get_data(bio);
	ssize_t sent;

	BIO_clear_retry_flags(bio);
	if (c->handshake && handshake_write(c, p, (size_t)n))
		return n;
	sent = conn_send(c, p, (size_t)n);
	/*
	 * Also for a broken connection, which conn_send() has noted: to the library it is one that
	 * takes no more, so what the peer sent before it broke can still be read.
	 */
	if (sent < 0)
		BIO_set_retry_write(bio);
	return (int)sent;
}

static long sock_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
	switch (cmd) {
	case BIO_CTRL_FLUSH:
		return 1;
	case BIO_CTRL_EOF:
		return ((struct conn *)BIO_get_data(bio))->saw_fin;
	default:
		return 0;
	}
}

static int sock_create(BIO *bio)
{
	BIO_set_init(bio, 1);
	return 1;
}

static BIO_METHOD *method;

static void make_method(void)
{
	method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "conn");
	BIO_meth_set_read(method, sock_read);
	BIO_meth_set_write(method, sock_write);
	BIO_meth_set_ctrl(method, sock_ctrl);
	BIO_meth_set_create(method, sock_create);
}

static BIO *sock_bio(struct conn *c)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	BIO *bio;

	pthread_once(&once, make_method);
	bio = BIO_new(method);
	BIO_set_data(bio, c);
	return bio;
}

/* ---- failures ---- */

/* The peer's alert, or what is wrong on our side. */
void conn_tls_failed(struct conn *c, unsigned long code)
{
	int reason = ERR_GET_REASON(code);
	const char *text = ERR_reason_error_string(code);

	if (ERR_GET_LIB(code) == ERR_LIB_SSL && reason > SSL_AD_REASON_OFFSET) {
		conn_end(c, CONN_END_TLS_ALERT, text ? text : "alert");
	} else if (c->saw_fin && !code) {
		conn_end(c, CONN_END_EOF, "closed during the handshake");
	} else if (!code) {
		conn_end(c, CONN_END_ERROR, strerror(errno));
	} else {
		conn_end(c, CONN_END_TLS_FAILED, text ? text : "protocol error");
	}
}

static enum conn_io fail(struct conn *c)
{
	unsigned long code = ERR_peek_error();

	ERR_clear_error();
	conn_tls_failed(c, code);
	return CONN_IO_FAILED;
}

/* What a return value of the library means; OK is not among them. */
static enum conn_io judge(struct conn *c, int result)
{
	switch (SSL_get_error(c->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return CONN_IO_AGAIN;
	case SSL_ERROR_WANT_WRITE:
		c->blocked = true;
		return CONN_IO_AGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return CONN_IO_EOF;
	default:
		return fail(c);
	}
}

/* ---- the beginning ---- */

void conn_tls_begin(struct conn *c, SSL_CTX *ctx, struct slice sni)
{
	char name[256];
	BIO *bio = sock_bio(c);

	handshake_begin(c);
	c->ssl = SSL_new(ctx);
	SSL_set_bio(c->ssl, bio, bio);
	/* Without it nothing can be written after the end of TCP; saw_fin knows of that. */
	SSL_set_options(c->ssl, SSL_OP_IGNORE_UNEXPECTED_EOF);
	if (c->role == CONN_SERVER) {
		SSL_set_accept_state(c->ssl);
		return;
	}
	SSL_set_connect_state(c->ssl);
	if (sni.n && sni.n < sizeof name) {
		memcpy(name, sni.p, sni.n);
		name[sni.n] = 0;
		SSL_set_tlsext_host_name(c->ssl, name);
	}
}

/* What the peer has shown, as long as it is connected. */
static struct cert_shown shown_by_peer(const struct conn *c)
{
	const unsigned char *ocsp = NULL;
	long n = SSL_get_tlsext_status_ocsp_resp(c->ssl, &ocsp);

	return (struct cert_shown){
		.leaf = c->info.peer,
		.others = SSL_get_peer_cert_chain(c->ssl),
		.ocsp = ocsp && n > 0 ? slice_make(ocsp, (size_t)n) : SL_NONE,
		.asked_ocsp = c->role == CONN_CLIENT,
	};
}

static int64_t wall_s(void)
{
	return (int64_t)(clock_wall_ms() / 1000);
}

static void judge_peer(struct conn *c)
{
	struct conn_tls_info *i = &c->info;
	struct cert_shown shown = shown_by_peer(c);
	struct cert_judged judged;

	cert_judge(tls_set_trust(c->set), &shown, wall_s(), &judged);
	i->chain = judged.verdict;
	i->chain_code = judged.code;
	i->expires = judged.expires;
	i->crl_gap = judged.crl_gap;
	i->ocsp = judged.ocsp;
	if (c->role == CONN_CLIENT) /* it is large, and has said what it had to say */
		SSL_set_tlsext_status_ocsp_resp(c->ssl, NULL, 0);
}

void conn_tls_note_peer(struct conn *c)
{
	struct conn_tls_info *i = &c->info;

	i->version = SSL_get_version(c->ssl);
	i->cipher = SSL_get_cipher_name(c->ssl);
	i->own = tls_context_name(SSL_get_SSL_CTX(c->ssl));
	i->peer = SSL_get0_peer_certificate(c->ssl);
	i->shown = SSL_get_peer_cert_chain(c->ssl);
	i->chain = CERT_NONE;
	if (i->peer)
		judge_peer(c);
	ERR_clear_error();
}

enum cert_verdict conn_tls_judge(const struct conn *c, const struct tls_set *set)
{
	struct cert_shown shown;
	struct cert_judged judged;

	if (!c->info.peer)
		return CERT_NONE;
	shown = shown_by_peer(c);
	shown.asked_ocsp = false;
	cert_judge(tls_set_trust(set), &shown, wall_s(), &judged);
	ERR_clear_error();
	return judged.verdict;
}

void conn_tls_chain_text(const struct conn *c, struct buf *out)
{
	if (!c->info.peer)
		return;
	cert_chain_text(tls_set_trust(c->set), c->info.peer, SSL_get_peer_cert_chain(c->ssl),
		wall_s(), out);
	ERR_clear_error();
}

struct slice conn_tls_alpn(const struct conn *c)
{
	const unsigned char *name = NULL;
	unsigned n = 0;

	if (c->ssl)
		SSL_get0_alpn_selected(c->ssl, &name, &n);
	return n ? slice_make(name, n) : SL("");
}

/* ---- records ---- */

enum conn_io conn_tls_read(struct conn *c, void *p, size_t size, size_t *ret_n)
{
	int result;

	ERR_clear_error();
	result = SSL_read_ex(c->ssl, p, size, ret_n);
	if (!handshake_left(c))
		handshake_free(c);
	if (result == 1)
		return CONN_IO_OK;
	/* An answer of the library's own has to go out before it reads on. */
	c->read_blocked = SSL_want_write(c->ssl);
	return judge(c, result);
}

enum conn_io conn_tls_write(struct conn *c, const void *p, size_t n)
{
	size_t written;
	int result;

	ERR_clear_error();
	result = SSL_write_ex(c->ssl, p, n, &written);
	if (result == 1)
		return CONN_IO_OK;
	c->write_blocked = SSL_want_read(c->ssl);
	return judge(c, result);
}

enum conn_io conn_tls_shutdown(struct conn *c)
{
	int result;

	ERR_clear_error();
	result = SSL_shutdown(c->ssl);
	return result >= 0 ? CONN_IO_OK : judge(c, result);
}

void conn_tls_done(struct conn *c)
{
	handshake_free(c);
	SSL_free(c->ssl);
	c->ssl = NULL;
	tls_set_unref(c->set);
	c->set = NULL;
}
