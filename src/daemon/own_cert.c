#include "daemon/own_cert.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "net/cert.h"

enum { DAY = 86400, SKEW_S = 3600 /* of a client's clock */ };

/* ---- what is there ---- */

static X509 *read_cert(const char *path)
{
	FILE *f = fopen(path, "re");
	X509 *x = f ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;

	if (f)
		fclose(f);
	ERR_clear_error();
	return x;
}

static EVP_PKEY *read_key(const char *path)
{
	FILE *f = fopen(path, "re");
	EVP_PKEY *k = f ? PEM_read_PrivateKey(f, NULL, NULL, NULL) : NULL;

	if (f)
		fclose(f);
	ERR_clear_error();
	return k;
}

static struct slice bare(struct slice host)
{
	return host.n > 2 && *host.p == '[' ? slice_cut(slice_from(host, 1), host.n - 2) : host;
}

static bool is_address(const char *host)
{
	uint8_t addr[16];

	return inet_pton(AF_INET, host, addr) == 1 || inet_pton(AF_INET6, host, addr) == 1;
}

static bool is_for(X509 *x, const char *host)
{
	return is_address(host) ? X509_check_ip_asc(x, host, 0) == 1
				: X509_check_host(x, host, 0, 0, NULL) == 1;
}

static bool is_good(const char *chain, const char *key, const char *host, int64_t now)
{
	X509 *x = read_cert(chain);
	EVP_PKEY *k = read_key(key);
	bool good = x && k && X509_check_private_key(x, k) == 1 && is_for(x, host) &&
		    cert_not_before(x) <= now &&
		    cert_not_after(x) - now > OWN_CERT_RENEW_DAYS * (int64_t)DAY;

	X509_free(x);
	EVP_PKEY_free(k);
	ERR_clear_error();
	return good;
}

/* ---- a new one ---- */

static int add_extension(X509 *x, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;
	int r;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	r = ext && X509_add_ext(x, ext, -1) == 1 ? 0 : -1;
	X509_EXTENSION_free(ext);
	return r;
}

static int add_names(X509 *x, const char *host)
{
	struct buf names = {0};
	char *text;
	int r;

	buf_str(&names, "DNS:localhost,IP:127.0.0.1,IP:::1");
	if (strcmp(host, "localhost") != 0 && strcmp(host, "127.0.0.1") != 0 &&
		strcmp(host, "::1") != 0)
		buf_printf(&names, ",%s:%s", is_address(host) ? "IP" : "DNS", host);
	text = buf_dup(&names);
	r = add_extension(x, NID_subject_alt_name, text);
	xfree(text);
	buf_done(&names);
	return r;
}

static int set_serial(X509 *x)
{
	unsigned char bytes[16];
	BIGNUM *n;
	int r;

	if (RAND_bytes(bytes, sizeof bytes) != 1)
		return -1;
	bytes[0] &= 0x7f;
	n = BN_bin2bn(bytes, sizeof bytes, NULL);
	r = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)) ? 0 : -1;
	BN_free(n);
	return r;
}

static int fill(X509 *x, EVP_PKEY *key, const char *host, int64_t now)
{
	X509_NAME *name = X509_get_subject_name(x);
	time_t from = (time_t)(now - SKEW_S), to = (time_t)(now + OWN_CERT_DAYS * (int64_t)DAY);

	/* A common name has at most 64 characters; who connects looks at the others. */
	if (X509_set_version(x, X509_VERSION_3) != 1 || set_serial(x) < 0 ||
		X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
			(const unsigned char *)"Entente Control Panel", -1, -1, 0) != 1 ||
		X509_set_issuer_name(x, name) != 1 ||
		!ASN1_TIME_set(X509_getm_notBefore(x), from) ||
		!ASN1_TIME_set(X509_getm_notAfter(x), to) || X509_set_pubkey(x, key) != 1)
		return -1;
	/* Who puts it among the authorities he trusts trusts nobody else by it. */
	if (add_extension(x, NID_basic_constraints, "critical,CA:FALSE") < 0 ||
		add_extension(x, NID_key_usage, "critical,digitalSignature") < 0 ||
		add_extension(x, NID_ext_key_usage, "serverAuth") < 0 || add_names(x, host) < 0)
		return -1;
	return X509_sign(x, key, EVP_sha256()) > 0 ? 0 : -1;
}

/* ---- files ---- */

static FILE *create(const char *path, mode_t mode)
{
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	return fd < 0 ? NULL : fdopen(fd, "w");
}

/* All of it is on the disk when it gets its name. */
static int finish(FILE *f, bool written, const char *tmp, const char *path, struct err *e)
{
	bool good = f && written && fflush(f) == 0 && fsync(fileno(f)) == 0;
	int why = errno;

	if (f)
		fclose(f);
	if (good && rename(tmp, path) == 0)
		return 0;
	if (good)
		why = errno;
	unlink(tmp);
	return err_set(e, ERR_UNAVAILABLE, "%s cannot be written: %s", path, strerror(why));
}

static int write_key(EVP_PKEY *key, const char *path, struct err *e)
{
	AUTO(xfree) char *tmp = xasprintf("%s.new", path);
	FILE *f = create(tmp, 0600);

	return finish(
		f, f && PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) == 1, tmp, path, e);
}

static int write_cert(X509 *x, const char *path, struct err *e)
{
	AUTO(xfree) char *tmp = xasprintf("%s.new", path);
	FILE *f = create(tmp, 0644);

	return finish(f, f && PEM_write_X509(f, x) == 1, tmp, path, e);
}

int own_cert_ensure(const char *chain, const char *key, struct slice host, int64_t now,
	bool *ret_made, struct err *e)
{
	AUTO(xfree) char *name = slice_dup(bare(host));
	EVP_PKEY *k = NULL;
	X509 *x = NULL;
	int r = -1;

	if (ret_made)
		*ret_made = false;
	if (is_good(chain, key, name, now))
		return 0;
	k = EVP_EC_gen("P-256");
	x = X509_new();
	if (!k || !x || fill(x, k, name, now) < 0)
		err_set(e, ERR_INTERNAL, "no certificate for %s could be made", name);
	else if (write_key(k, key, e) == 0 && write_cert(x, chain, e) == 0)
		r = 0;
	if (r == 0 && ret_made)
		*ret_made = true;
	X509_free(x);
	EVP_PKEY_free(k);
	ERR_clear_error();
	return r;
}
