#include <openssl/err.h>
#include <openssl/ssl.h>

#include "admin/admin_priv.h"
#include "net/tls.h"

/*
 * TLS as browsers get it: 1.2 with forward secrecy and authenticated encryption (what HTTP/2 asks
 * for as well, RFC 9113 9.2.2), 1.3; HTTP/2 before HTTP/1.1. Nothing is resumed: who has been
 * signed out is not known again by his ticket, and nobody opens that many connections.
 */
#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20:!PSK"

static int choose_protocol(SSL *ssl, const unsigned char **ret, unsigned char *ret_n,
	const unsigned char *offered, unsigned n, void *arg)
{
	static const unsigned char ours[] = "\x02h2\x08http/1.1";
	unsigned char *chosen;

	if (SSL_select_next_proto(&chosen, ret_n, ours, sizeof ours - 1, offered, n) !=
		OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL; /* RFC 7301 3.2 */
	*ret = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *bare_context(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (!ctx)
		return NULL;
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_security_level(ctx, 2);
	SSL_CTX_set_cipher_list(ctx, CIPHERS);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
					 SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_mode(ctx, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
	return ctx;
}

struct ssl_ctx_st *context_new(const struct tls_set *set, struct err *e)
{
	const struct tls_own *own = tls_set_own(set, 0);
	EVP_PKEY *key = SSL_CTX_get0_privatekey(tls_set_for(set, SL("")));
	SSL_CTX *ctx = bare_context();

	if (ctx && SSL_CTX_use_cert_and_key(ctx, own->cert, key, own->chain, 1) == 1)
		return ctx;
	SSL_CTX_free(ctx);
	err_set(e, ERR_INVALID, "the certificate cannot be used: %s",
		ERR_reason_error_string(ERR_peek_error()));
	ERR_clear_error();
	return NULL;
}

void context_free(struct ssl_ctx_st *ctx)
{
	SSL_CTX_free(ctx);
}
