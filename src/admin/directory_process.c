#include "admin/directory_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/lines.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "directory/protocol.h"
#include "loop/loop.h"

enum {
	PATIENCE_MS = DIRECTORY_DEADLINE_MS + 2000, /* then it hangs */
	AGAIN_FIRST_MS = 1000,
	AGAIN_MAX_MS = 60 * 1000,
};

struct directory_question {
	struct list node; /* of one of the lists below */
	struct directory_process *process;
	struct directory_answer call;
	json_int_t id;
	char *line; /* NULL: it is sent */
	size_t n, sent;
	uint64_t due_ms;
};

struct directory_process {
	struct loop *loop;
	char *program;
	bool stopped;
	pid_t pid; /* 0: it does not run */
	int fd;
	struct loop_poll *poll;
	struct lines lines;
	struct list asked; /* in order; those not sent yet are the last ones */
	struct list lost;  /* to be told that nothing will come */
	struct err why;    /* of those lost */
	struct loop_task tell;
	struct loop_timer patience;
	json_int_t last_id;
	unsigned under_way;
	uint64_t started_ms, again_ms; /* since which it runs; least time until the next start */
};

/* ---- questions ---- */

static void wipe_line(struct directory_question *q)
{
	if (q->line)
		mem_wipe(q->line, q->n);
	xfree(q->line);
	q->line = NULL;
}

static void question_free(struct directory_question *q)
{
	list_remove(&q->node);
	q->process->under_way--;
	wipe_line(q);
	xfree(q);
}

void directory_process_forget(struct directory_question *q)
{
	struct directory_process *p = q->process;

	/*
	 * Half a line is in the way of all others: it goes out. What is sent takes up one of the
	 * process's places until it is answered, and counts until then. Nobody is told.
	 */
	if (!q->line || q->sent) {
		q->call = (struct directory_answer){0};
		return;
	}
	question_free(q);
	if (list_empty(&p->asked))
		loop_timer_stop(&p->patience);
}

static void answer(struct directory_question *q, json_t *line, const struct err *e)
{
	struct directory_answer call = q->call;

	question_free(q);
	if (call.answer)
		call.answer(call.arg, line, e);
}

static void tell_lost(void *arg)
{
	struct directory_process *p = arg;

	while (!list_empty(&p->lost))
		answer(container_of(p->lost.next, struct directory_question, node), NULL, &p->why);
}

static void lose_all(struct directory_process *p, const struct err *why)
{
	p->why = *why;
	while (!list_empty(&p->asked)) {
		struct list *l = p->asked.next;

		list_remove(l);
		list_append(&p->lost, l);
	}
	loop_timer_stop(&p->patience);
	loop_task_queue(p->loop, &p->tell);
}

/* ---- its life ---- */

/* Killed first, so the wait is short. */
static void reap(struct directory_process *p)
{
	if (!p->pid)
		return;
	kill(p->pid, SIGKILL);
	while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
		;
	p->pid = 0;
	loop_poll_free(p->poll);
	p->poll = NULL;
	close(p->fd);
	p->fd = -1;
	lines_done(&p->lines);
}

static void lost(struct directory_process *p, const char *why)
{
	struct err e;

	log_warn(NULL, "directory-process-lost", LF_Z("why", why), LF_U("pid", p->pid),
		LF_U("under_way", p->under_way));
	reap(p);
	if (loop_now(p->loop) - p->started_ms >= AGAIN_MAX_MS)
		p->again_ms = AGAIN_FIRST_MS;
	else
		p->again_ms = 2 * p->again_ms < AGAIN_MAX_MS ? 2 * p->again_ms : AGAIN_MAX_MS;
	err_code(&e, ERR_UNAVAILABLE, "directory_process", NULL,
		"the process that asks the directory has ended (%s); it is started again", why);
	lose_all(p, &e);
}

static void on_impatience(void *arg)
{
	lost(arg, "it does not answer");
}

static int spawn(struct directory_process *p, int fd, struct err *e)
{
	static char no_init[] = "LDAPNOINIT=1", path[] = "PATH=/usr/bin:/bin";
	static char *const environment[] = {no_init, path, NULL};
	char *argv[] = {p->program, NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t set;
	int bad;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, fd, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, fd, STDOUT_FILENO);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(
		&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	sigemptyset(&set);
	posix_spawnattr_setsigmask(&attributes, &set);
	sigaddset(&set, SIGPIPE);
	posix_spawnattr_setsigdefault(&attributes, &set);
	bad = posix_spawn(&p->pid, p->program, &files, &attributes, argv, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	if (!bad)
		return 0;
	p->pid = 0;
	return err_code(e, ERR_UNAVAILABLE, "directory_process", NULL,
		"%s cannot be started: %s", p->program, strerror(bad));
}

static void on_ready(void *arg, unsigned events);

static int start(struct directory_process *p, struct err *e)
{
	int pair[2];

	if (!p->program)
		return err_code(e, ERR_UNAVAILABLE, "directory_process", NULL,
			"this installation has no entente-directory");
	if (p->started_ms && loop_now(p->loop) < p->started_ms + p->again_ms)
		return err_code(e, ERR_UNAVAILABLE, "directory_process", NULL,
			"the process that asks the directory has ended; it is started again soon");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return err_code(e, ERR_UNAVAILABLE, "directory_process", NULL,
			"no socket for entente-directory: %s", strerror(errno));
	fcntl(pair[1], F_SETFL, 0); /* its side waits */
	p->started_ms = loop_now(p->loop);
	if (spawn(p, pair[1], e) < 0) {
		close(pair[0]);
		close(pair[1]);
		return -1;
	}
	close(pair[1]);
	p->fd = pair[0];
	lines_init(&p->lines, DIRECTORY_ANSWER_MAX);
	p->poll = loop_poll_new(p->loop, p->fd, on_ready, p);
	log_info(NULL, "directory-process-started", LF_U("pid", p->pid));
	return 0;
}

/* ---- writing ---- */

/* False: it is gone. */
static bool send_question(struct directory_process *p, struct directory_question *q)
{
	while (q->sent < q->n) {
		ssize_t n = send(p->fd, q->line + q->sent, q->n - q->sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		q->sent += (size_t)n;
	}
	wipe_line(q);
	return true;
}

static void send_all(struct directory_process *p)
{
	bool waits = false;

	for (struct list *l = p->asked.next, *next; l != &p->asked && !waits; l = next) {
		struct directory_question *q = container_of(l, struct directory_question, node);

		next = l->next;
		if (q->line && !send_question(p, q)) {
			lost(p, "its socket is closed");
			return;
		}
		waits = q->line;
	}
	loop_poll_set(p->poll, waits ? LOOP_READ | LOOP_WRITE : LOOP_READ);
}

/* ---- reading ---- */

static struct directory_question *find(struct directory_process *p, json_t *line)
{
	json_t *id = json_object_get(line, "id");

	for (struct list *l = p->asked.next; json_is_integer(id) && l != &p->asked; l = l->next) {
		struct directory_question *q = container_of(l, struct directory_question, node);

		if (q->id == json_integer_value(id))
			return q;
	}
	return NULL;
}

static void set_patience(struct directory_process *p)
{
	if (list_empty(&p->asked))
		loop_timer_stop(&p->patience);
	else
		loop_timer_at(&p->patience,
			container_of(p->asked.next, struct directory_question, node)->due_ms);
}

/* False: it is no answer. One to a question that was forgotten is. */
static bool on_line(struct directory_process *p, struct slice text)
{
	json_t *line = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	bool good = json_is_object(line) && json_is_integer(json_object_get(line, "id"));
	struct directory_question *q = good ? find(p, line) : NULL;

	if (q && json_object_get(line, "step")) {
		if (q->call.step)
			q->call.step(q->call.arg, line);
	} else if (q) {
		answer(q, line, NULL);
		set_patience(p);
	}
	json_decref(line);
	return good;
}

static void read_answers(struct directory_process *p)
{
	struct slice line;
	size_t room;
	char *to = lines_room(&p->lines, &room);
	ssize_t n = to ? recv(p->fd, to, room, 0) : 0;

	if (!to) {
		lost(p, "it sent a line that is too long");
		return;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		lost(p, "it ended");
		return;
	}
	lines_added(&p->lines, (size_t)n);
	while (p->pid && lines_next(&p->lines, &line))
		if (!on_line(p, line)) {
			lost(p, "it sent what is no answer");
			return;
		}
}

static void on_ready(void *arg, unsigned events)
{
	struct directory_process *p = arg;

	if (events & LOOP_READ)
		read_answers(p);
	if (p->pid && events & LOOP_WRITE)
		send_all(p);
}

/* ---- asking ---- */

struct directory_question *directory_process_ask(
	struct directory_process *p, struct buf *members, const struct directory_answer *a)
{
	struct directory_question *q = xzalloc(sizeof *q);
	struct err e;
	int head;

	q->process = p;
	q->call = *a;
	q->id = ++p->last_id;
	q->due_ms = loop_now(p->loop) + PATIENCE_MS;
	q->line = xmalloc(members->n + 48);
	head = snprintf(q->line, 48, "{\"id\": %" JSON_INTEGER_FORMAT ", ", q->id);
	memcpy(q->line + head, buf_slice(members).p, members->n);
	q->n = (size_t)head + members->n + 1;
	q->line[q->n - 1] = '\n';
	mem_wipe(members->p, members->cap);
	buf_done(members);
	p->under_way++;
	list_append(&p->asked, &q->node);
	if (p->stopped || (!p->pid && start(p, &e) < 0)) {
		if (p->stopped)
			err_code(&e, ERR_UNAVAILABLE, "ending", NULL, "the service ends");
		lose_all(p, &e);
		return q;
	}
	if (!loop_timer_armed(&p->patience))
		set_patience(p);
	send_all(p);
	return q;
}

unsigned directory_process_under_way(const struct directory_process *p)
{
	return p->under_way;
}

struct directory_process *directory_process_new(struct loop *l, const char *program)
{
	struct directory_process *p = xzalloc(sizeof *p);

	p->loop = l;
	p->program = program ? xstrdup(program) : NULL;
	p->fd = -1;
	p->again_ms = AGAIN_FIRST_MS;
	list_init(&p->asked);
	list_init(&p->lost);
	loop_task_init(&p->tell, tell_lost, p);
	loop_timer_init(&p->patience, l, on_impatience, p);
	return p;
}

void directory_process_stop(struct directory_process *p)
{
	struct err e;

	p->stopped = true;
	reap(p);
	err_code(&e, ERR_UNAVAILABLE, "ending", NULL, "the service ends");
	lose_all(p, &e);
}

static void free_list(struct list *all)
{
	while (!list_empty(all))
		question_free(container_of(all->next, struct directory_question, node));
}

void directory_process_free(struct directory_process *p)
{
	if (!p)
		return;
	reap(p);
	free_list(&p->asked);
	free_list(&p->lost);
	loop_timer_stop(&p->patience);
	loop_task_stop(&p->tell);
	xfree(p->program);
	xfree(p);
}
