/* The texts of messages in a file of their own: what is in it, when it is put aside and deleted. */

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "gateway/bodies.h"
#include "gateway/body_file.h"
#include "gateway/core.h"
#include "loop/worker.h"
#include "rig.h"
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

/* ---- more than can be written ---- */

/* Keeps the thread that writes. */
struct keeper {
	struct worker_job job;
	pthread_mutex_t until;
};

static void keep(struct worker_job *job)
{
	struct keeper *k = container_of(job, struct keeper, job);

	pthread_mutex_lock(&k->until);
	pthread_mutex_unlock(&k->until);
}

static void kept(struct worker_job *job)
{
}

static void note(struct rig *r, const char *body)
{
	bodies_note(r->g->bodies, BODIES_TO_SIP, SL("juliet@example.com"), SL("romeo@example.net"),
		SL("example.com"), SL_NONE, slice_of(body));
}

static void settle(struct rig *r)
{
	while (bodies_busy(r->g->bodies))
		loop_turn(r->loop, true);
}

/* Lines with a text; *ret_left_out: what the others say is missing. */
static unsigned lines(const struct place *p, unsigned long long *ret_left_out)
{
	FILE *f = fopen(p->path, "r");
	char line[512];
	unsigned n = 0;

	*ret_left_out = 0;
	assert_non_null(f);
	while (fgets(line, sizeof line, f)) {
		const char *said = strstr(line, "\"left_out\": ");

		n += strstr(line, "\"body\": ") != NULL;
		*ret_left_out += said ? strtoull(said + 12, NULL, 10) : 0;
	}
	fclose(f);
	return n;
}

static struct rig *writing(struct rig_options *o, const struct place *p)
{
	struct rig *r = malloc(sizeof *r);

	assert_non_null(r);
	o->body_file = p->path;
	o->body_worker = worker_new("bodies", 1);
	rig_init(r, o);
	bodies_set(r->g->bodies, true);
	rig_advance(r, 5); /* the files have been looked after */
	settle(r);
	return r;
}

static void stop_writing(struct rig *r, const struct rig_options *o)
{
	worker_free(o->body_worker);
	settle(r);
	rig_done(r);
	free(r);
}

/* The disk stands still: messages go on, what is left out is counted and said. */
static void a_full_queue_holds_nobody_up(void **state)
{
	enum { NOTES = 6000, ROOM_FOR = 4096 };
	struct keeper k = {.job.work = keep, .job.done = kept, .until = PTHREAD_MUTEX_INITIALIZER};
	const struct place *p = *state;
	struct rig_options o = {0};
	struct rig *r = writing(&o, p);
	unsigned long long left_out;

	pthread_mutex_lock(&k.until);
	worker_post(o.body_worker, r->loop, &k.job);
	for (unsigned i = 0; i < NOTES; i++)
		note(r, "text");
	assert_int_equal(bodies_busy(r->g->bodies), ROOM_FOR);
	rig_message(r, NULL, NULL, NULL, "from SIP, while nothing can be written");
	assert_int_equal(r->n_xml, 1);
	rig_stanza(r, "<message from='juliet@example.com/balcony' to='romeo@example.net' "
		      "type='chat'><body>from XMPP, as well</body></message>");
	assert_int_equal(rig_count(r, true), 1);

	pthread_mutex_unlock(&k.until);
	settle(r);
	assert_int_equal(lines(p, &left_out), ROOM_FOR);
	assert_int_equal(left_out, 0);
	note(r, "the next one says it");
	settle(r);
	assert_int_equal(lines(p, &left_out), ROOM_FOR + 1);
	assert_int_equal(left_out, NOTES + 2 - ROOM_FOR);
	stop_writing(r, &o);
}

/* Also what long texts take is bounded, and what was left out is said when the logging ends. */
static void long_texts_are_bounded_together(void **state)
{
	struct keeper k = {.job.work = keep, .job.done = kept, .until = PTHREAD_MUTEX_INITIALIZER};
	const struct place *p = *state;
	struct rig_options o = {0};
	struct rig *r = writing(&o, p);
	unsigned long long left_out;
	char *text = malloc(1 << 20);
	FILE *f;

	assert_non_null(text);
	memset(text, 'x', (1 << 20) - 1);
	text[(1 << 20) - 1] = '\0';
	pthread_mutex_lock(&k.until);
	worker_post(o.body_worker, r->loop, &k.job);
	for (unsigned i = 0; i < 20; i++)
		note(r, text);
	assert_int_equal(bodies_busy(r->g->bodies), 7);
	pthread_mutex_unlock(&k.until);
	settle(r);
	bodies_set(r->g->bodies, false);
	settle(r);
	f = fopen(p->path, "r");
	assert_non_null(f);
	assert_int_equal(fseek(f, -200, SEEK_END), 0);
	text[fread(text, 1, 200, f)] = '\0';
	assert_non_null(strstr(text, "\"left_out\": 13}\n"));
	fclose(f);
	free(text);
	assert_int_equal(lines(p, &left_out), 7);
	stop_writing(r, &o);
}

/* A line that says how many are missing may be missing itself: they are counted all the same. */
static void what_cannot_be_said_is_said_later(void **state)
{
	const struct place *p = *state;
	struct rig_options o = {0};
	struct rig *r = writing(&o, p);
	unsigned long long left_out;

	assert_int_equal(mkdir(p->path, 0700), 0); /* no file can be there */
	note(r, "lost");
	settle(r);
	for (unsigned i = 0; i < 3; i++) {
		note(r, "lost"); /* with a line about those before, which is lost, too */
		settle(r);
	}
	assert_int_equal(rmdir(p->path), 0);
	note(r, "written");
	settle(r);
	assert_int_equal(lines(p, &left_out), 1);
	assert_int_equal(left_out, 4);
	stop_writing(r, &o);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(only_we_may_read_it),
		test(a_link_is_not_followed),
		test(put_aside_by_size_and_by_day),
		test(deleted_after_its_days),
		test(a_full_queue_holds_nobody_up),
		test(long_texts_are_bounded_together),
		test(what_cannot_be_said_is_said_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
