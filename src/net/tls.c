#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"

/* ECDHE and authenticated ciphers only (RFC 9325 4.2); TLS 1.3 has no others. */
#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20:!PSK"
enum { READ_BUFFER = 64 * 1024, OCSP_MAX = 16 * 1024 };

/* Debian's certificate file is in no default place of the library, its folder is. */
#define SYSTEM_TRUST "/etc/ssl/certs/ca-certificates.crt"

struct tls_cert {
	SSL_CTX *ctx;
	struct tls_own own;
	char *name, **domains;
	size_t n_domains;
	struct buf ocsp; /* the response to staple; empty: none */
};

struct tls_set {
	_Atomic unsigned refs;
	X509_STORE *trust;
	struct tls_cert *certs;
	size_t n_certs;
	SSL_CTX *bare; /* without a certificate */
	struct tls_set *other; /* NULL: there is none */
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

/* ---- contexts ---- */

/* The handshake goes on whatever the certificate: it is judged and answered elsewhere. */
static int accept_any(X509_STORE_CTX *ctx, void *arg)
{
	X509_STORE_CTX_set_error(ctx, X509_V_OK);
	return 1;
}

static const struct tls_cert *named_for(const struct tls_set *s, struct slice domain)
{
	for (size_t i = 0; i < s->n_certs; i++)
		for (size_t k = 0; k < s->certs[i].n_domains; k++)
			if (slice_ieq(domain, slice_of(s->certs[i].domains[k])))
				return &s->certs[i];
	return NULL;
}

/*
 * The ClientHello names a domain: its own certificate is shown, if it has one; else that of the
 * stream's `to` stays. Never a reason to fail: the name on the certificate is the client's to
 * judge.
 */
static int on_server_name(SSL *ssl, int *alert, void *arg)
{
	const struct tls_set *s = arg;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	const struct tls_cert *c;

	if (!SSL_is_server(ssl) || !name)
		return SSL_TLSEXT_ERR_NOACK;
	c = named_for(s, slice_of(name));
	if (!c)
		return SSL_TLSEXT_ERR_NOACK;
	SSL_set_SSL_CTX(ssl, c->ctx);
	return SSL_TLSEXT_ERR_OK;
}

/* Also called as a client, when the server's response has come: it is judged with the chain. */
static int on_status(SSL *ssl, void *arg)
{
	const struct tls_cert *c = arg;
	struct slice der;
	unsigned char *copy;

	if (!SSL_is_server(ssl))
		return 1;
	der = buf_slice(&c->ocsp);
	if (!der.n)
		return SSL_TLSEXT_ERR_NOACK;
	copy = OPENSSL_memdup(der.p, der.n);
	SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)der.n);
	return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *new_context(struct tls_set *s)
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
	SSL_CTX_set_tlsext_servername_callback(ctx, on_server_name);
	SSL_CTX_set_tlsext_servername_arg(ctx, s);
	SSL_CTX_set_tlsext_status_type(ctx, TLSEXT_STATUSTYPE_ocsp);
	return ctx;
}

/* ---- our certificates ---- */

static int load_key(SSL_CTX *ctx, const struct tls_cert_files *f, struct err *e)
{
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

/* Adds what is in a file to what is sent with the certificate. */
static int load_intermediates(SSL_CTX *ctx, const char *path, struct err *e)
{
	BIO *bio = BIO_new_file(path, "r");
	X509 *x;
	int n = 0;

	for (; bio && (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)); n++)
		if (SSL_CTX_add0_chain_cert(ctx, x) != 1) { /* too weak, say */
			X509_free(x);
			BIO_free(bio);
			return ssl_err(e, "intermediate certificates", path);
		}
	BIO_free(bio);
	/* The end of the file is an error of its own kind, after the last one. */
	if (n > 0 && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE) {
		ERR_clear_error();
		return 0;
	}
	return ssl_err(e, "intermediate certificates", path);
}

static void describe(struct tls_cert *c)
{
	struct tls_own *o = &c->own;

	o->name = c->name;
	o->domains = (const char *const *)c->domains;
	o->n_domains = c->n_domains;
	o->cert = SSL_CTX_get0_certificate(c->ctx);
	SSL_CTX_get0_chain_certs(c->ctx, &o->chain);
	o->expires = cert_first_end(o->cert, o->chain);
}

static int read_ocsp(struct buf *ret, const char *path, struct err *e)
{
	FILE *f = fopen(path, "re");
	char *room = buf_room(ret, OCSP_MAX + 1);
	size_t n;

	if (!f)
		return err_set(e, ERR_INVALID, "OCSP response %s: %m", path);
	n = fread(room, 1, OCSP_MAX + 1, f);
	fclose(f);
	if (n == 0 || n > OCSP_MAX)
		return err_set(e, ERR_INVALID, "OCSP response %s: %s", path,
			n ? "is too long" : "is empty");
	buf_added(ret, n);
	return 0;
}

/* One that would convince nobody is not stapled; the set is good without it. */
static int load_ocsp(struct tls_cert *c, const char *path, struct err *e)
{
	struct tls_own *o = &c->own;
	X509 *issuer = o->cert;

	if (read_ocsp(&c->ocsp, path, e) < 0)
		return -1;
	for (int i = 0; i < sk_X509_num(o->chain); i++)
		if (X509_check_issued(sk_X509_value(o->chain, i), o->cert) == X509_V_OK)
			issuer = sk_X509_value(o->chain, i);
	o->ocsp = cert_judge_ocsp(buf_slice(&c->ocsp), o->cert, issuer, (int64_t)time(NULL));
	if (o->ocsp != CERT_OCSP_GOOD)
		buf_reset(&c->ocsp);
	return 0;
}

static int load_files(struct tls_cert *c, const struct tls_cert_files *f, struct err *e)
{
	ERR_clear_error();
	if (SSL_CTX_use_certificate_chain_file(c->ctx, f->chain) != 1)
		return ssl_err(e, "certificate chain", f->chain);
	if (load_key(c->ctx, f, e) < 0)
		return -1;
	if (f->intermediates && load_intermediates(c->ctx, f->intermediates, e) < 0)
		return -1;
	describe(c);
	if (!f->ocsp)
		return 0;
	SSL_CTX_set_tlsext_status_arg(c->ctx, c);
	SSL_CTX_set_tlsext_status_cb(c->ctx, on_status);
	return load_ocsp(c, f->ocsp, e);
}

static int load_cert(
	struct tls_set *s, struct tls_cert *c, const struct tls_cert_files *f, struct err *e)
{
	c->ctx = new_context(s);
	if (!c->ctx)
		return err_set(e, ERR_INTERNAL, "no TLS context can be made");
	c->name = xstrdup(f->name);
	c->domains = xcalloc(f->n_domains, sizeof *c->domains);
	for (; c->n_domains < f->n_domains; c->n_domains++)
		c->domains[c->n_domains] = xstrdup(f->domains[c->n_domains]);
	SSL_CTX_set_app_data(c->ctx, c);
	if (load_files(c, f, e) < 0)
		return err_in(e, "certificate '%s'", f->name);
	return 0;
}

/* ---- whom we trust ---- */

static int no_authority(const char *where, struct err *e)
{
	return err_set(e, ERR_INVALID,
		"no trusted authority was found (%s): no partner's certificate could ever be good; "
		"install ca-certificates, or name a file of authorities",
		where);
}

const char *tls_trust_file(const char *trust)
{
	return strcmp(trust, "system") == 0 ? SYSTEM_TRUST : trust;
}

static int load_trust(X509_STORE **ret, const char *trust, struct err *e)
{
	bool system = !strcmp(trust, "system");

	*ret = X509_STORE_new();
	ERR_clear_error();
	if (X509_STORE_load_file(*ret, tls_trust_file(trust)) != 1) {
		if (!system)
			return ssl_err(e, "trusted authorities", trust);
		ERR_clear_error();
		X509_STORE_set_default_paths(*ret);
	}
	if (sk_X509_OBJECT_num(X509_STORE_get0_objects(*ret)) == 0)
		return no_authority(trust, e);
	return 0;
}

int tls_system_trust(X509_STORE **ret, struct err *e)
{
	X509_STORE *store;

	if (load_trust(&store, "system", e) < 0) {
		X509_STORE_free(store);
		return -1;
	}
	*ret = store;
	return 0;
}

static int load_crl(X509_STORE *trust, const char *path, struct err *e)
{
	X509_LOOKUP *lookup = X509_STORE_add_lookup(trust, X509_LOOKUP_file());

	ERR_clear_error();
	if (X509_load_crl_file(lookup, path, X509_FILETYPE_PEM) > 0)
		return 0;
	if (ERR_SYSTEM_ERROR(ERR_peek_error()))
		return ssl_err(e, "revocation list", path);
	/* As authorities publish it (RFC 5280 4.2.1.13). */
	ERR_clear_error();
	if (X509_load_crl_file(lookup, path, X509_FILETYPE_ASN1) > 0)
		return 0;
	ERR_clear_error();
	return err_set(e, ERR_INVALID, "revocation list %s: is none, neither PEM nor DER", path);
}

static int load_crls(X509_STORE *trust, const struct tls_files *f, struct err *e)
{
	for (size_t i = 0; i < f->n_crls; i++)
		if (load_crl(trust, f->crls[i], e) < 0)
			return -1;
	if (f->crl_require)
		cert_use_crls(trust, CERT_CRLS_REQUIRE);
	else if (f->n_crls)
		cert_use_crls(trust, CERT_CRLS_AUTO);
	return 0;
}

size_t tls_set_stale_crls(const struct tls_set *s, int64_t now, struct buf *out)
{
	STACK_OF(X509_OBJECT) *all = X509_STORE_get0_objects(s->trust);
	time_t at = (time_t)now;
	size_t n = 0;

	X509_STORE_lock(s->trust); /* the first look-up, on another thread, sorts them */
	for (int i = 0; i < sk_X509_OBJECT_num(all); i++) {
		X509_CRL *crl = X509_OBJECT_get0_X509_CRL(sk_X509_OBJECT_value(all, i));
		const ASN1_TIME *end = crl ? X509_CRL_get0_nextUpdate(crl) : NULL;

		if (!end || X509_cmp_time(end, &at) > 0)
			continue;
		buf_str(out, n++ ? "; " : "");
		cert_name_text(X509_CRL_get_issuer(crl), out);
	}
	X509_STORE_unlock(s->trust);
	return n;
}

/* ---- the set ---- */

static int load(struct tls_set *s, const struct tls_files *f, struct err *e)
{
	if (load_trust(&s->trust, f->trust, e) < 0 || load_crls(s->trust, f, e) < 0)
		return -1;
	s->bare = new_context(s);
	if (!s->bare)
		return err_set(e, ERR_INTERNAL, "no TLS context can be made");
	s->certs = xcalloc(f->n_certs, sizeof *s->certs);
	for (size_t i = 0; i < f->n_certs; i++) {
		s->n_certs++;
		if (load_cert(s, &s->certs[i], &f->certs[i], e) < 0)
			return -1;
		if (!s->expires || s->certs[i].own.expires < s->expires)
			s->expires = s->certs[i].own.expires;
	}
	return 0;
}

static int load_other(struct tls_set *s, const struct tls_files *f, struct err *e)
{
	struct tls_files other = *f;

	if (!f->other_trust)
		return 0;
	other.trust = f->other_trust;
	other.other_trust = NULL;
	return tls_set_load_files(&s->other, &other, e);
}

struct tls_set *tls_set_other(struct tls_set *s)
{
	return s->other ? s->other : s;
}

int tls_set_load_files(struct tls_set **ret, const struct tls_files *f, struct err *e)
{
	struct tls_set *s = xzalloc(sizeof *s);

	atomic_init(&s->refs, 1);
	if (load(s, f, e) < 0 || load_other(s, f, e) < 0) {
		tls_set_unref(s);
		return -1;
	}
	*ret = s;
	return 0;
}

int tls_set_load(struct tls_set **ret, const struct tls_cert_files *files, size_t n,
	const char *trust, struct err *e)
{
	struct tls_files f = {.certs = files, .n_certs = n, .trust = trust};

	return tls_set_load_files(ret, &f, e);
}

struct tls_set *tls_set_ref(struct tls_set *s)
{
	if (s)
		atomic_fetch_add(&s->refs, 1);
	return s;
}

static void free_cert(struct tls_cert *c)
{
	SSL_CTX_free(c->ctx);
	for (size_t k = 0; k < c->n_domains; k++)
		free(c->domains[k]);
	free(c->domains);
	free(c->name);
	buf_done(&c->ocsp);
}

void tls_set_unref(struct tls_set *s)
{
	if (!s || atomic_fetch_sub(&s->refs, 1) > 1)
		return;
	for (size_t i = 0; i < s->n_certs; i++)
		free_cert(&s->certs[i]);
	free(s->certs);
	SSL_CTX_free(s->bare);
	X509_STORE_free(s->trust);
	tls_set_unref(s->other);
	free(s);
}

/* ---- which one ---- */

static const struct tls_cert *cert_for(const struct tls_set *s, struct slice domain)
{
	const struct tls_cert *c = named_for(s, domain);

	for (size_t i = 0; i < s->n_certs && !c; i++)
		if (!s->certs[i].n_domains)
			c = &s->certs[i];
	return c;
}

SSL_CTX *tls_set_for(const struct tls_set *s, struct slice domain)
{
	const struct tls_cert *c = cert_for(s, domain);

	return c ? c->ctx : NULL;
}

SSL_CTX *tls_set_client(const struct tls_set *s, struct slice domain)
{
	SSL_CTX *ctx = tls_set_for(s, domain);

	return ctx ? ctx : s->bare;
}

SSL_CTX *tls_set_named(const struct tls_set *s, struct slice name)
{
	for (size_t i = 0; i < s->n_certs; i++)
		if (slice_ieq(name, slice_of(s->certs[i].name)))
			return s->certs[i].ctx;
	return NULL;
}

const char *tls_context_name(SSL_CTX *ctx)
{
	const struct tls_cert *c = SSL_CTX_get_app_data(ctx);

	return c ? c->name : NULL;
}

X509_STORE *tls_set_trust(const struct tls_set *s)
{
	return s->trust;
}

int64_t tls_set_expires(const struct tls_set *s)
{
	return s->expires;
}

size_t tls_set_count(const struct tls_set *s)
{
	return s->n_certs;
}

const struct tls_own *tls_set_own(const struct tls_set *s, size_t i)
{
	return &s->certs[i].own;
}

const struct tls_own *tls_set_own_for(const struct tls_set *s, struct slice domain)
{
	const struct tls_cert *c = cert_for(s, domain);

	return c ? &c->own : NULL;
}
