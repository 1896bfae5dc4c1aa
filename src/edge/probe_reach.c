#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "edge/probe_priv.h"

/* A connection to each address, made and ended: which of them take one, and how long it takes. */

struct trial {
	struct probe_reach *reach;
	struct probe_place *place;
	int fd; /* -1: not begun, or over */
	struct loop_poll *poll;
	struct loop_timer timeout;
	uint64_t begun_ms, ms;
	int error;         /* 0: connected */
	const char *fault; /* not tried at all: why */
};

struct probe_reach {
	struct probe *probe;
	struct trial trials[PROBE_PLACES_MAX];
	size_t n, open;
	bool told;
};

static enum probe_code code_of(const struct trial *t)
{
	if (t->fault)
		return PC_REFUSED_LOCAL;
	switch (t->error) {
	case 0:
		return PC_OK;
	case ECONNREFUSED:
	case ECONNRESET:
		return PC_TCP_REFUSED;
	case ETIMEDOUT:
		return PC_TCP_TIMEOUT;
	default:
		return PC_TCP_UNREACHABLE;
	}
}

static bool works(const struct probe_reach *r, int family)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->trials[i].place->works && r->trials[i].place->addr.sa.sa_family == family)
			return true;
	return false;
}

/* No IPv6 address works and an IPv4 one does: that is one finding, not several. */
static bool is_ipv6_dead(const struct probe_reach *r, const struct trial *t)
{
	return !t->fault && t->error && t->place->addr.sa.sa_family == AF_INET6 &&
	       !works(r, AF_INET6) && works(r, AF_INET);
}

static void say_trial(struct probe_reach *r, const struct trial *t, bool mild)
{
	struct probe *p = r->probe;
	char addr[NETADDR_TEXT];
	unsigned long long ms = t->ms;

	netaddr_print(&t->place->addr, addr);
	if (t->fault)
		probe_say_mild(
			p, mild, PROBE_STEP_TCP, PC_REFUSED_LOCAL, "%s is %s", addr, t->fault);
	else if (is_ipv6_dead(r, t))
		probe_say(p, PROBE_STEP_TCP, PC_TCP_IPV6_DEAD, "%s: %s, after %llu ms", addr,
			strerror(t->error), ms);
	else if (t->error)
		probe_say_mild(p, mild, PROBE_STEP_TCP, code_of(t), "%s: %s, after %llu ms", addr,
			strerror(t->error), ms);
	else
		probe_say(p, PROBE_STEP_TCP, PC_OK, "%s: connected in %llu ms", addr, ms);
}

static void all_over(struct probe_reach *r)
{
	bool some = works(r, AF_INET) || works(r, AF_INET6);

	if (r->told)
		return;
	r->told = true;
	for (size_t i = 0; i < r->n; i++)
		say_trial(r, &r->trials[i], some);
	probe_next(r->probe);
}

static void stop(struct trial *t)
{
	if (t->fd < 0)
		return;
	loop_timer_stop(&t->timeout);
	loop_poll_free(t->poll);
	close(t->fd);
	t->fd = -1;
}

static void over(struct trial *t, int error)
{
	struct probe_reach *r = t->reach;

	stop(t);
	t->error = error;
	t->ms = probe_now(r->probe) - t->begun_ms;
	t->place->works = !error;
	if (--r->open == 0)
		all_over(r);
}

static void on_ready(void *arg, unsigned events)
{
	struct trial *t = arg;
	int error = 0;
	socklen_t len = sizeof error;

	if (getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	over(t, error);
}

static void timed_out(void *arg)
{
	over(arg, ETIMEDOUT);
}

static const char *fault_of(const struct probe *p, const struct netaddr *a)
{
	const char *fault;

	if (probe_config(p->edge)->allow_local)
		return NULL;
	fault = probe_address_fault(a);
	return !fault && probe_is_listener(p->edge, a) ? "our own listener" : fault;
}

static void begin(struct probe_reach *r, struct trial *t)
{
	const struct netaddr *to = &t->place->addr;
	struct probe *p = r->probe;

	t->begun_ms = probe_now(p);
	t->fault = fault_of(p, to);
	if (t->fault)
		return;
	t->fd = socket(to->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (t->fd < 0 || (connect(t->fd, &to->sa, netaddr_len(to)) < 0 && errno != EINPROGRESS)) {
		t->error = errno;
		if (t->fd >= 0)
			close(t->fd);
		t->fd = -1;
		return;
	}
	r->open++;
	t->poll = loop_poll_new(p->edge->loop, t->fd, on_ready, t);
	loop_poll_set(t->poll, LOOP_WRITE);
	loop_timer_in(&t->timeout, probe_config(p->edge)->step_ms);
}

void probe_reach_new(struct probe *p)
{
	struct probe_reach *r = xzalloc(sizeof *r);

	p->reach = r;
	r->probe = p;
	r->n = p->n_places;
	for (size_t i = 0; i < r->n; i++) {
		struct trial *t = &r->trials[i];

		*t = (struct trial){.reach = r, .place = &p->places[i], .fd = -1};
		loop_timer_init(&t->timeout, p->edge->loop, timed_out, t);
		begin(r, t);
	}
	if (!r->open)
		all_over(r);
}

void probe_reach_free(struct probe_reach *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++)
		stop(&r->trials[i]);
	free(r);
}
