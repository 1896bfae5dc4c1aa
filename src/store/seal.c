#include "store/seal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The file: this line, then the key in hexadecimal, then a line end. */
static const char head[] = "entente-key 1\n";
enum {
	KEY_BYTES = crypto_kdf_KEYBYTES,
	HEX_CHARS = 2 * KEY_BYTES,
	HEAD_CHARS = sizeof head - 1,
	FILE_CHARS = HEAD_CHARS + HEX_CHARS + 1
};

/* One key file, a key for each purpose; the context is fixed for ever. */
enum { PURPOSE_SEAL = 1, PURPOSE_MAC = 2 };
static const char context[crypto_kdf_CONTEXTBYTES + 1] = "entente1";

struct seal {
	uint8_t key[crypto_secretbox_KEYBYTES];
	uint8_t mac_key[crypto_auth_hmacsha256_KEYBYTES];
};

static int sodium(void)
{
	int rc = sodium_init();

	assert(rc >= 0);
	return rc;
}

static struct seal *from_key(const uint8_t key[KEY_BYTES])
{
	struct seal *s = xzalloc(sizeof *s);

	crypto_kdf_derive_from_key(s->key, sizeof s->key, PURPOSE_SEAL, context, key);
	crypto_kdf_derive_from_key(s->mac_key, sizeof s->mac_key, PURPOSE_MAC, context, key);
	return s;
}

struct seal *seal_new(void)
{
	uint8_t key[KEY_BYTES];
	struct seal *s;

	sodium();
	crypto_kdf_keygen(key);
	s = from_key(key);
	mem_wipe(key, sizeof key);
	return s;
}

void seal_free(struct seal *s)
{
	if (!s)
		return;
	mem_wipe(s->key, sizeof s->key);
	mem_wipe(s->mac_key, sizeof s->mac_key);
	xfree(s);
}

/* ---- the key file ---- */

static int bad_file(struct err *e, const char *path, const char *why)
{
	return err_code(e, ERR_INVALID, "key_file", "key_file", "key file %s %s", path, why);
}

static int write_key(int fd, const char *path, struct err *e)
{
	char text[FILE_CHARS + 1];
	uint8_t key[KEY_BYTES];
	ssize_t n;
	int rc;

	crypto_kdf_keygen(key);
	memcpy(text, head, HEAD_CHARS);
	sodium_bin2hex(text + HEAD_CHARS, HEX_CHARS + 1, key, sizeof key);
	text[FILE_CHARS - 1] = '\n';
	n = write(fd, text, FILE_CHARS);
	rc = n == FILE_CHARS && fsync(fd) == 0 ? 0 : bad_file(e, path, strerror(errno));
	mem_wipe(key, sizeof key);
	mem_wipe(text, sizeof text);
	return rc;
}

/* The name has to survive a power cut as well: the store's secrets are worth nothing without it. */
static void sync_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
	int fd = dir ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	xfree(dir);
}

/*
 * Whole or not at all: written beside it under a name of its own first. Where another process was
 * faster its file stays.
 */
static int create_key(const char *path, struct err *e)
{
	char *draft = xasprintf("%s.XXXXXX", path);
	int fd = mkostemp(draft, O_CLOEXEC), rc = -1; /* mode 0600 */

	if (fd < 0) {
		bad_file(e, path, strerror(errno));
		xfree(draft);
		return -1;
	}
	rc = write_key(fd, path, e);
	close(fd);
	if (rc == 0 && link(draft, path) < 0 && errno != EEXIST)
		rc = bad_file(e, path, strerror(errno));
	unlink(draft);
	sync_directory(path);
	xfree(draft);
	return rc;
}

static int read_key(int fd, const char *path, uint8_t key[KEY_BYTES], struct err *e)
{
	char text[FILE_CHARS + 1];
	struct stat st;
	size_t got = 0;
	ssize_t n;
	int rc = -1;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return bad_file(e, path, "is not a file");
	if (st.st_mode & 077)
		return bad_file(e, path, "can be read by others; right would be mode 0600");
	if (st.st_uid != geteuid())
		return bad_file(e, path, "belongs to another user");
	n = read(fd, text, sizeof text);
	if (n == FILE_CHARS && memcmp(text, head, HEAD_CHARS) == 0 &&
		sodium_hex2bin(key, KEY_BYTES, text + HEAD_CHARS, HEX_CHARS, NULL, &got, NULL) == 0)
		rc = got == KEY_BYTES ? 0 : -1;
	mem_wipe(text, sizeof text);
	return rc == 0 ? 0 : bad_file(e, path, "is not a key file; restore it from a backup");
}

int seal_open(struct seal **ret, const char *key_file, bool create, struct err *e)
{
	uint8_t key[KEY_BYTES];
	int fd, rc;

	sodium();
	fd = open(key_file, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && create) {
		if (create_key(key_file, e) < 0)
			return -1;
		fd = open(key_file, O_RDONLY | O_CLOEXEC);
	}
	if (fd < 0)
		return bad_file(e, key_file,
			errno == ENOENT ? "is missing; the store's secrets were sealed with it, "
					  "restore it from a backup"
					: strerror(errno));
	rc = read_key(fd, key_file, key, e);
	close(fd);
	if (rc == 0)
		*ret = from_key(key);
	mem_wipe(key, sizeof key);
	return rc;
}

/* ---- sealing ---- */

/* Sealed: nonce, then the box of "name\0value". */
void seal_close(const struct seal *s, const char *name, struct slice value, struct buf *ret)
{
	size_t plain_n = strlen(name) + 1 + value.n, box_n = plain_n + crypto_secretbox_MACBYTES;
	size_t all = crypto_secretbox_NONCEBYTES + box_n;
	uint8_t *plain = xmalloc(plain_n), *box = xmalloc(all);
	char *hex = xmalloc(2 * all + 1);

	memcpy(plain, name, strlen(name) + 1);
	memcpy(plain + strlen(name) + 1, value.p, value.n);
	randombytes_buf(box, crypto_secretbox_NONCEBYTES);
	crypto_secretbox_easy(box + crypto_secretbox_NONCEBYTES, plain, plain_n, box, s->key);
	buf_str(ret, sodium_bin2hex(hex, 2 * all + 1, box, all));
	mem_wipe(plain, plain_n);
	xfree(plain);
	xfree(box);
	xfree(hex);
}

static bool break_box(
	const struct seal *s, const uint8_t *box, size_t n, const char *name, struct buf *ret)
{
	size_t name_n = strlen(name) + 1, plain_n;
	uint8_t *plain;
	bool good;

	if (n < crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + name_n)
		return false;
	plain_n = n - crypto_secretbox_NONCEBYTES - crypto_secretbox_MACBYTES;
	plain = xmalloc(plain_n);
	good = crypto_secretbox_open_easy(plain, box + crypto_secretbox_NONCEBYTES,
		       n - crypto_secretbox_NONCEBYTES, box, s->key) == 0 &&
	       memcmp(plain, name, name_n) == 0;
	if (good)
		buf_add(ret, plain + name_n, plain_n - name_n);
	mem_wipe(plain, plain_n);
	xfree(plain);
	return good;
}

int seal_break(
	const struct seal *s, const char *name, struct slice sealed, struct buf *ret, struct err *e)
{
	uint8_t *box = xmalloc(sealed.n / 2 + 1);
	size_t n = 0;
	bool good = sodium_hex2bin(box, sealed.n / 2, sealed.p, sealed.n, NULL, &n, NULL) == 0 &&
		    break_box(s, box, n, name, ret);

	xfree(box);
	if (good)
		return 0;
	return err_code(e, ERR_INVALID, "key_file", "key_file",
		"the store's secret %s does not open with this key file; restore the one it was "
		"sealed with",
		name);
}

void seal_mac(const struct seal *s, struct slice bytes, char ret[SEAL_MAC_CHARS + 1])
{
	uint8_t mac[crypto_auth_hmacsha256_BYTES];

	static_assert(2 * sizeof mac == SEAL_MAC_CHARS, "two digits a byte");
	crypto_auth_hmacsha256(mac, (const uint8_t *)bytes.p, bytes.n, s->mac_key);
	sodium_bin2hex(ret, SEAL_MAC_CHARS + 1, mac, sizeof mac);
}
