#include "play.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "proc.h"

const char *const play_directions[2] = {"in", "out"};

enum { MOST_THREADS = 64 };

struct job {
	struct play *p;
	struct server *s;
	int direction;
	unsigned first, n;
	int *held;
	_Atomic unsigned begun;
	pthread_mutex_t sending;
	unsigned sent; /* PLAY_OUT: messages that make the server open a stream */
};

void play_init(struct play *p, unsigned threads)
{
	struct rlimit files;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	signal(SIGPIPE, SIG_IGN);
	proc_pin(1);
	p->threads = threads < MOST_THREADS ? threads : MOST_THREADS;
	pki_make(&p->pki);
	xmpp_end_init(&p->end, &p->pki, "xmpp.bench", "sip.bench");
	p->dns = (struct bench_dns){.xmpp_port = p->end.port};
	bench_dns_start(&p->dns);
}

static void ask_for_one(struct job *j)
{
	pthread_mutex_lock(&j->sending);
	if (j->sent < j->n)
		server_send(j->s, j->first + j->sent++, 1);
	pthread_mutex_unlock(&j->sending);
}

static void *work(void *arg)
{
	struct job *j = arg;

	proc_pin(1);
	for (;;) {
		unsigned i = j->begun++;
		SSL *ssl;

		if (i >= j->n)
			return NULL;
		if (j->direction == PLAY_IN) {
			ssl = xmpp_end_connect(&j->p->end, j->s->port);
		} else {
			ask_for_one(j);
			ssl = xmpp_end_accept(&j->p->end);
			xmpp_end_message(ssl);
		}
		if (j->held)
			j->held[i] = xmpp_end_hold(ssl);
		else
			xmpp_end_close(ssl);
	}
}

void play_streams(struct play *p, struct server *s, int direction, unsigned first, unsigned n, int *held)
{
	struct job j = {p, s, direction, first, n, held, .sending = PTHREAD_MUTEX_INITIALIZER};
	pthread_t threads[MOST_THREADS];

	for (unsigned i = 0; i < p->threads; i++)
		if (pthread_create(&threads[i], NULL, work, &j) != 0)
			exit(1);
	for (unsigned i = 0; i < p->threads; i++)
		pthread_join(threads[i], NULL);
}
