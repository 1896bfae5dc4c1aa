#include "net/tls.h"

#include <openssl/err.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* ECDHE and authenticated ciphers only (RFC 9325 4.2); TLS 1.3 has no others. */
#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20:!PSK"
enum { READ_BUFFER = 64 * 1024 };

struct tls_cert {
	SSL_CTX *ctx;
	char **domains;
	size_t n_domains;
};

struct tls_set {
	_Atomic unsigned refs;
	X509_STORE *trust;
	struct tls_cert *certs;
	size_t n_certs;
	SSL_CTX *bare; /* without a certificate */
	int64_t expires;
};

/* The oldest error of the library, which is the cause; the queue is emptied. */
static int ssl_err(struct err *e, const char *what, const char *path)
{
	unsigned long code = ERR_get_error();
	const char *reason = ERR_reason_error_string(code);

	ERR_clear_error();
	return err_set(e, ERR_INVALID, "%s %s: %s", what, path,
		ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code))
				       : (reason ? reason : "cannot be read"));
}

/* The handshake goes on whatever the certificate: it is judged and answered elsewhere. */
static int accept_any(X509_STORE_CTX *ctx, void *arg)
{
	X509_STORE_CTX_set_error(ctx, X509_V_OK);
	return 1;
}

static SSL_CTX *new_context(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());

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
	SSL_CTX_set_read_ahead(ctx, 1);
	SSL_CTX_set_default_read_buffer_len(ctx, READ_BUFFER);
	/* A server asks for the certificate; who has none is told in XMPP, not by an alert. */
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, accept_any, NULL);
	return ctx;
}

static int load_pair(SSL_CTX *ctx, const struct tls_cert_files *f, struct err *e)
{
	ERR_clear_error();
	if (SSL_CTX_use_certificate_chain_file(ctx, f->chain) != 1)
		return ssl_err(e, "certificate chain", f->chain);
	if (SSL_CTX_use_PrivateKey_file(ctx, f->key, SSL_FILETYPE_PEM) == 1 &&
		SSL_CTX_check_private_key(ctx) == 1)
		return 0;
	if (ERR_GET_LIB(ERR_peek_error()) == ERR_LIB_X509) {
		ERR_clear_error();
		return err_set(e, ERR_INVALID, "the key in %s is not that of the certificate in %s",
			f->key, f->chain);
	}
	return ssl_err(e, "private key", f->key);
}

static int load_cert(struct tls_cert *c, const struct tls_cert_files *f, struct err *e)
{
	c->ctx = new_context();
	if (!c->ctx)
		return err_set(e, ERR_INTERNAL, "no TLS context can be made");
	c->domains = xcalloc(f->n_domains, sizeof *c->domains);
	for (; c->n_domains < f->n_domains; c->n_domains++)
		c->domains[c->n_domains] = xstrdup(f->domains[c->n_domains]);
	if (load_pair(c->ctx, f, e) < 0)
		return err_in(e, "certificate '%s'", f->name);
	return 0;
}

static int64_t not_after(SSL_CTX *ctx)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(X509_get0_notAfter(SSL_CTX_get0_certificate(ctx)), &tm) != 1)
		return 0;
	return timegm(&tm);
}

static int load_trust(struct tls_set *s, const char *trust, struct err *e)
{
	bool system = !strcmp(trust, "system");
	const char *path = system ? X509_get_default_cert_file() : trust;

	s->trust = X509_STORE_new();
	ERR_clear_error();
	/* Debian's certificate file is in no default place of the library, its folder is. */
	if (system && X509_STORE_load_file(s->trust, "/etc/ssl/certs/ca-certificates.crt") != 1) {
		ERR_clear_error();
		X509_STORE_set_default_paths(s->trust);
	} else if (!system && X509_STORE_load_file(s->trust, path) != 1) {
		return ssl_err(e, "trusted authorities", path);
	}
	if (sk_X509_OBJECT_num(X509_STORE_get0_objects(s->trust)) == 0)
		return err_set(e, ERR_INVALID,
			"no trusted authority was found (%s): no partner's certificate could ever "
			"be good; "
			"install ca-certificates, or name a file of authorities",
			system ? "system" : path);
	return 0;
}

static int load(struct tls_set *s, const struct tls_cert_files *files, size_t n, const char *trust,
	struct err *e)
{
	if (load_trust(s, trust, e) < 0)
		return -1;
	s->bare = new_context();
	if (!s->bare)
		return err_set(e, ERR_INTERNAL, "no TLS context can be made");
	s->certs = xcalloc(n, sizeof *s->certs);
	for (size_t i = 0; i < n; i++) {
		int64_t end;

		s->n_certs++;
		if (load_cert(&s->certs[i], &files[i], e) < 0)
			return -1;
		end = not_after(s->certs[i].ctx);
		if (!s->expires || end < s->expires)
			s->expires = end;
	}
	return 0;
}

int tls_set_load(struct tls_set **ret, const struct tls_cert_files *files, size_t n,
	const char *trust, struct err *e)
{
	struct tls_set *s = xzalloc(sizeof *s);

	atomic_init(&s->refs, 1);
	if (load(s, files, n, trust, e) < 0) {
		tls_set_unref(s);
		return -1;
	}
	*ret = s;
	return 0;
}

struct tls_set *tls_set_ref(struct tls_set *s)
{
	atomic_fetch_add(&s->refs, 1);
	return s;
}

void tls_set_unref(struct tls_set *s)
{
	if (!s || atomic_fetch_sub(&s->refs, 1) > 1)
		return;
	for (size_t i = 0; i < s->n_certs; i++) {
		SSL_CTX_free(s->certs[i].ctx);
		for (size_t k = 0; k < s->certs[i].n_domains; k++)
			free(s->certs[i].domains[k]);
		free(s->certs[i].domains);
	}
	free(s->certs);
	SSL_CTX_free(s->bare);
	X509_STORE_free(s->trust);
	free(s);
}

SSL_CTX *tls_set_for(const struct tls_set *s, struct slice domain)
{
	SSL_CTX *fallback = NULL;

	for (size_t i = 0; i < s->n_certs; i++) {
		if (!s->certs[i].n_domains && !fallback)
			fallback = s->certs[i].ctx;
		for (size_t k = 0; k < s->certs[i].n_domains; k++)
			if (slice_ieq(domain, slice_of(s->certs[i].domains[k])))
				return s->certs[i].ctx;
	}
	return fallback;
}

SSL_CTX *tls_set_client(const struct tls_set *s, struct slice domain)
{
	SSL_CTX *ctx = tls_set_for(s, domain);

	return ctx ? ctx : s->bare;
}

X509_STORE *tls_set_trust(const struct tls_set *s)
{
	return s->trust;
}

int64_t tls_set_expires(const struct tls_set *s)
{
	return s->expires;
}
