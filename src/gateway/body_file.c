#include "gateway/body_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

enum { DAY_MS = 86400 * 1000 };

struct body_file {
	char *path;
	unsigned keep_days;
	size_t limit;
	int fd; /* -1: closed */
	size_t bytes;
	uint64_t day; /* of its last line */
};

struct body_file *body_file_new(const char *path, unsigned keep_days, size_t bytes)
{
	struct body_file *f = xzalloc(sizeof *f);

	f->path = xstrdup(path);
	f->keep_days = keep_days;
	f->limit = bytes ? bytes : BODY_FILE_BYTES;
	f->fd = -1;
	return f;
}

void body_file_close(struct body_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

void body_file_free(struct body_file *f)
{
	if (!f)
		return;
	body_file_close(f);
	xfree(f->path);
	xfree(f);
}

static int failed(const struct body_file *f, struct err *e)
{
	return err_code(e, ERR_UNAVAILABLE, "body_file", NULL, "%s: %s", f->path, strerror(errno));
}

/* A link or a pipe that somebody put there is not written to. */
static int open_file(struct body_file *f, uint64_t now_ms, struct err *e)
{
	struct stat st;

	f->fd = open(
		f->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (f->fd < 0)
		return failed(f, e);
	if (fstat(f->fd, &st) < 0 || !S_ISREG(st.st_mode) || fchmod(f->fd, 0600) < 0) {
		failed(f, e);
		body_file_close(f);
		return -1;
	}
	f->bytes = (size_t)st.st_size;
	f->day = f->bytes ? (uint64_t)st.st_mtime * 1000 / DAY_MS : now_ms / DAY_MS;
	return 0;
}

/* "bodies.log.20261122T101500.000Z": no two in the same millisecond, as they are opened in between.
 */
static void put_aside(struct body_file *f, uint64_t now_ms)
{
	char iso[32], *aside;
	size_t n = 0;

	body_file_close(f);
	clock_iso(now_ms, iso);
	for (const char *p = iso; *p; p++)
		if (*p != '-' && *p != ':')
			iso[n++] = *p;
	iso[n] = '\0';
	aside = xasprintf("%s.%s", f->path, iso);
	if (link(f->path, aside) == 0) /* which never takes the place of another one */
		unlink(f->path);
	xfree(aside);
}

/* ---- what is old ---- */

static void delete_old(struct body_file *f, int dir, const char *name, uint64_t now_ms)
{
	uint64_t keep_ms = f->keep_days * (uint64_t)DAY_MS;
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
		(uint64_t)st.st_mtime * 1000 + keep_ms <= now_ms)
		unlinkat(dir, name, 0);
}

/* Only what put_aside() has named: the file's name, '.', a time. */
static bool is_aside(const char *base, const char *name)
{
	size_t n = strlen(base);

	return strncmp(name, base, n) == 0 && name[n] == '.' &&
	       strspn(name + n + 1, "0123456789TZ.") == strlen(name + n + 1);
}

static void delete_all_old(struct body_file *f, uint64_t now_ms)
{
	const char *slash = strrchr(f->path, '/');
	char *folder = slash ? strndup(f->path, slash == f->path ? 1 : (size_t)(slash - f->path))
			     : xstrdup(".");
	DIR *d = folder ? opendir(folder) : NULL;
	struct dirent *entry;

	/* cppcheck-suppress readdirCalled; no other thread has d, and readdir_r() is deprecated */
	while (d && (entry = readdir(d)))
		if (is_aside(slash ? slash + 1 : f->path, entry->d_name))
			delete_old(f, dirfd(d), entry->d_name, now_ms);
	if (d)
		closedir(d);
	free(folder);
}

/* ---- writing ---- */

static bool is_over(const struct body_file *f, uint64_t now_ms, size_t more)
{
	return f->bytes && (f->day != now_ms / DAY_MS || f->bytes + more > f->limit);
}

int body_file_write(struct body_file *f, struct slice line, uint64_t wall_ms, struct err *e)
{
	ssize_t n;

	if (f->fd < 0 && open_file(f, wall_ms, e) < 0)
		return -1;
	if (is_over(f, wall_ms, line.n)) {
		put_aside(f, wall_ms);
		delete_all_old(f, wall_ms);
		if (open_file(f, wall_ms, e) < 0)
			return -1;
	}
	n = write(f->fd, line.p, line.n);
	if (n > 0)
		f->bytes += (size_t)n;
	f->day = wall_ms / DAY_MS;
	if (n == (ssize_t)line.n)
		return 0;
	if (n >= 0)
		errno = ENOSPC;
	failed(f, e);
	body_file_close(f);
	return -1;
}

static bool is_of_before(const struct body_file *f, uint64_t now_ms)
{
	struct stat st;

	return lstat(f->path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
	       (uint64_t)st.st_mtime * 1000 / DAY_MS < now_ms / DAY_MS;
}

void body_file_sweep(struct body_file *f, uint64_t wall_ms)
{
	if (is_of_before(f, wall_ms))
		put_aside(f, wall_ms);
	delete_all_old(f, wall_ms);
}
