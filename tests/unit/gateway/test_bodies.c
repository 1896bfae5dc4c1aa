/* The texts of messages in a file of their own: what is in it, when it is put aside and deleted. */

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "gateway/body_file.h"
#include "unit.h"

#define DAY  UINT64_C(86400000)
#define NOW  UINT64_C(1795392000000) /* 2026-11-23T00:00:00Z */
#define ROOM 128

struct place {
	char dir[64], path[ROOM];
	struct body_file *f;
};

static int setup(void **state)
{
	static struct place p;

	snprintf(p.dir, sizeof p.dir, "/tmp/entente-test-XXXXXX");
	assert_non_null(mkdtemp(p.dir));
	snprintf(p.path, sizeof p.path, "%s/bodies.log", p.dir);
	p.f = body_file_new(p.path, 7, 100);
	*state = &p;
	return 0;
}

/* Names and sizes, in order. */
static void list(const struct place *p, char ret[1024])
{
	struct dirent **v;
	int n = scandir(p->dir, &v, NULL, alphasort);
	size_t at = 0;

	*ret = '\0';
	for (int i = 0; i < n; i++) {
		char path[400];
		struct stat st;

		snprintf(path, sizeof path, "%s/%s", p->dir, v[i]->d_name);
		if (v[i]->d_name[0] != '.' && lstat(path, &st) == 0)
			at += (size_t)snprintf(
				ret + at, 1024 - at, "%s:%d ", v[i]->d_name, (int)st.st_size);
		free(v[i]);
	}
	free(v);
}

static void holds(const struct place *p, const char *want)
{
	char got[1024];

	list(p, got);
	assert_string_equal(got, want);
}

static int teardown(void **state)
{
	struct place *p = *state;
	struct dirent *e;
	DIR *d = opendir(p->dir);

	body_file_free(p->f);
	while ((e = readdir(d)))
		unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
	assert_int_equal(rmdir(p->dir), 0);
	return 0;
}

static void put(struct place *p, const char *line, uint64_t wall_ms)
{
	struct err e;

	if (body_file_write(p->f, slice_of(line), wall_ms, &e) < 0)
		fail_msg("%s", e.text);
}

static void touch(const char *path, uint64_t wall_ms)
{
	struct timespec t[2] = {
		{.tv_sec = (time_t)(wall_ms / 1000)}, {.tv_sec = (time_t)(wall_ms / 1000)}};

	assert_int_equal(utimensat(AT_FDCWD, path, t, AT_SYMLINK_NOFOLLOW), 0);
}

static void make(const struct place *p, const char *name, uint64_t wall_ms)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", p->dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("x", f);
	fclose(f);
	touch(path, wall_ms);
}

static void only_we_may_read_it(void **state)
{
	struct place *p = *state;
	struct stat st;

	umask(0);
	holds(p, ""); /* nothing is made before there is something to write */
	make(p, "bodies.log", NOW);
	chmod(p->path, 0644);
	put(p, "one\n", NOW);
	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	holds(p, "bodies.log:5 ");
}

static void a_link_is_not_followed(void **state)
{
	struct place *p = *state;
	char other[200];
	struct err e;

	snprintf(other, sizeof other, "%s/other", p->dir);
	make(p, "other", NOW);
	assert_int_equal(symlink(other, p->path), 0);
	assert_int_equal(body_file_write(p->f, SL("one\n"), NOW, &e), -1);
	assert_int_equal(e.kind, ERR_UNAVAILABLE);
	unlink(p->path);
	put(p, "one\n", NOW); /* it goes on when the cause is gone */
	holds(p, "bodies.log:4 other:1 ");
}

static void put_aside_by_size_and_by_day(void **state)
{
	static const char forty[] = "0123456789012345678901234567890123456789";
	struct place *p = *state;

	put(p, forty, NOW);
	put(p, forty, NOW + 1);
	put(p, forty, NOW + 2); /* over 100 */
	holds(p, "bodies.log:40 bodies.log.20261123T000000.002Z:80 ");
	put(p, "x", NOW + DAY - 1);
	holds(p, "bodies.log:41 bodies.log.20261123T000000.002Z:80 ");
	put(p, "y", NOW + DAY);
	holds(p, "bodies.log:1 bodies.log.20261123T000000.002Z:80 "
		 "bodies.log.20261124T000000.000Z:41 ");
}

static void deleted_after_its_days(void **state)
{
	struct place *p = *state;

	make(p, "bodies.log.20261116T000000.000Z", NOW - 7 * DAY);
	make(p, "bodies.log.20261117T000000.000Z", NOW - 7 * DAY + 1000);
	make(p, "bodies.log.mine", NOW - 99 * DAY);
	make(p, "bodies.log", NOW - DAY); /* texts are not written any more */
	body_file_sweep(p->f, NOW);
	holds(p, "bodies.log.20261117T000000.000Z:1 bodies.log.20261123T000000.000Z:1 "
		 "bodies.log.mine:1 ");
	body_file_sweep(p->f, NOW + 6 * DAY);
	holds(p, "bodies.log.mine:1 ");
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(only_we_may_read_it),
		test(a_link_is_not_followed),
		test(put_aside_by_size_and_by_day),
		test(deleted_after_its_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
