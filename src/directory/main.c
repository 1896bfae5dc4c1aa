#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lines.h"
#include "base/list.h"
#include "base/mem.h"
#include "directory/ask.h"
#include "directory/conn.h"

/*
 * entente-directory: asks a directory for entented, who starts it and speaks to it by file
 * descriptors 0 and 1 (directory/protocol.h). It has no other, no settings, and nothing to write
 * to; it ends when entented does.
 */
enum { THREADS = 4, MEMORY = 512 * 1024 * 1024 };

/* ---- questions that wait ---- */

struct job {
	struct list node;
	struct request *request;
};

static struct list waiting;
static unsigned under_way;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;

static void *work(void *arg)
{
	for (;;) {
		struct job *j;

		pthread_mutex_lock(&lock);
		while (list_empty(&waiting))
			pthread_cond_wait(&more, &lock);
		j = container_of(waiting.next, struct job, node);
		list_remove(&j->node);
		pthread_mutex_unlock(&lock);
		ask_run(j->request);
		xfree(j);
		pthread_mutex_lock(&lock);
		under_way--;
		pthread_mutex_unlock(&lock);
	}
	return NULL;
}

/* False: more than entented asks at once. */
static bool enqueue(struct request *r)
{
	struct job *j = xzalloc(sizeof *j);
	bool room;

	j->request = r;
	pthread_mutex_lock(&lock);
	room = under_way < DIRECTORY_UNDER_WAY_MAX;
	if (room) {
		under_way++;
		list_append(&waiting, &j->node);
		pthread_cond_signal(&more);
	}
	pthread_mutex_unlock(&lock);
	if (!room)
		xfree(j);
	return room;
}

/* ---- reading ---- */

/* What is no question ends the connection: the other side is not who we think. */
static int read_questions(void)
{
	struct lines l;
	struct slice line;

	lines_init(&l, DIRECTORY_QUESTION_MAX);
	for (;;) {
		size_t room;
		char *p = lines_room(&l, &room);
		ssize_t n = p ? read(STDIN_FILENO, p, room) : 0;

		if (!p)
			return 1;
		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return 1;
		lines_added(&l, n > 0 ? (size_t)n : 0);
		while (lines_next(&l, &line)) {
			struct request *r = request_parse(line, clock_mono_ms());

			if (!r || !enqueue(r))
				return 1;
		}
	}
}

/* ---- the process ---- */

static void limit(int what, rlim_t n)
{
	struct rlimit r = {n, n};

	setrlimit(what, &r);
}

static void harden(void)
{
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_FSIZE, 0);
	mallopt(M_ARENA_MAX, 1);
	close_range(STDERR_FILENO + 1, ~0u, 0);
	signal(SIGPIPE, SIG_IGN);
	/* For entented, who ends in order; then our input ends. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
#ifndef __SANITIZE_ADDRESS__ /* which takes terabytes of addresses */
	limit(RLIMIT_AS, MEMORY);
#endif
}

int main(int argc, char **argv)
{
	int code;

	if (argc > 1 || isatty(STDIN_FILENO)) {
		fputs("entente-directory is started by entented\n", stderr);
		return 2;
	}
	harden();
	if (conn_library() < 0)
		return 1;
	request_memory();
	list_init(&waiting);
	for (int i = 0; i < THREADS; i++) {
		pthread_t t;

		if (pthread_create(&t, NULL, work, NULL) != 0)
			return 1;
		pthread_detach(t);
	}
	code = read_questions();
	_exit(code); /* whoever is in the middle of a question has nobody to answer */
}
