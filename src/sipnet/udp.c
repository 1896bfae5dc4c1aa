#include "sipnet/udp.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "loop/loop.h"
#include "view/metrics.h"

enum {
	BATCH = 64, /* datagrams of one system call, and of one turn of the loop */
	DATAGRAM = 65536,
	OUT_BYTES = 1 << 20, /* queued output, when the socket does not take it */
	OUT_COUNT = 1024,
	BUFFER = 4 << 20, /* design section 14: the default holds 3 ms of 50,000 messages/s */
	BAD = 16,         /* datagrams that could not be sent, until that is told */
	BAD_BYTES = 512, /* of each; a request's first Via is there (as of what ICMP brings back) */
	CONTROL = 64,    /* CMSG_SPACE(sizeof(uint32_t)) with room */
};

struct out {
	struct netaddr to;
	uint32_t at, n;
};

struct bad {
	struct netaddr to;
	size_t n;
	char bytes[BAD_BYTES];
};

struct udp {
	struct loop *loop;
	struct loop_poll *poll;
	struct loop_task flush, errors;
	const struct udp_ops *ops;
	void *arg;
	int fd;
	struct netaddr addr;
	struct udp_stats stats;
	uint32_t drops; /* SO_RXQ_OVFL, as last seen */
	bool blocked;
	bool twice; /* the first datagram that waits has met an error already */
	struct bad bad[BAD];
	unsigned n_bad;

	struct out out[OUT_COUNT];
	unsigned out_first, out_n; /* out[first .. n) waits */
	uint32_t bytes_n;
	char *bytes;

	struct mmsghdr in[BATCH];
	struct iovec in_iov[BATCH];
	struct sockaddr_storage from[BATCH];
	_Alignas(struct cmsghdr) char control[BATCH][CONTROL];
	char *datagrams; /* BATCH * DATAGRAM; the kernel gives pages only to what is used */
};

/* ---- what the network says ---- */

/* Takes one message off the error queue, with the datagram it is about; false: it is empty. */
static bool take_error(struct udp *u, struct bad *ret, bool *ret_has)
{
	struct sockaddr_storage to;
	char control[512];
	struct iovec iov = {ret->bytes, sizeof ret->bytes};
	struct msghdr m = {.msg_name = &to,
		.msg_namelen = sizeof to,
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof control};
	ssize_t n = recvmsg(u->fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT);

	if (n < 0)
		return false;
	ret->n = (size_t)n;
	*ret_has = m.msg_namelen && netaddr_from(&ret->to, (struct sockaddr *)&to) == 0;
	return true;
}

static void tell_bad(struct udp *u, const struct bad *b)
{
	u->ops->undelivered(u->arg, &b->to, slice_make(b->bytes, b->n));
}

/* Says what the network said. Not while somebody is sending: who is told may send. */
static void take_errors(struct udp *u)
{
	struct bad bad[BAD], b;
	unsigned n_bad = u->n_bad;
	int pending;
	socklen_t len = sizeof pending;
	bool has;

	memcpy(bad, u->bad, n_bad * sizeof *bad);
	u->n_bad = 0;
	for (unsigned i = 0; i < n_bad; i++)
		tell_bad(u, &bad[i]);
	for (int i = 0; i < BATCH && take_error(u, &b, &has); i++)
		if (has)
			tell_bad(u, &b);
	/* An error that left nothing in the queue would be reported for ever. */
	getsockopt(u->fd, SOL_SOCKET, SO_ERROR, &pending, &len);
}

static void on_errors(void *arg)
{
	take_errors(arg);
}

/* ---- in ---- */

static void note_drops(struct udp *u, struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		uint32_t now;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL)
			continue;
		memcpy(&now, CMSG_DATA(c), sizeof now);
		if (now == u->drops)
			continue;
		metric_add(M_SIP_KERNEL_DROPS, (uint32_t)(now - u->drops));
		u->stats.kernel_drops += (uint32_t)(now - u->drops);
		u->drops = now;
	}
}

static void arm_input(struct udp *u)
{
	for (int i = 0; i < BATCH; i++) {
		struct msghdr *m = &u->in[i].msg_hdr;

		m->msg_namelen = sizeof u->from[i];
		m->msg_controllen = CONTROL;
	}
}

static int receive(struct udp *u)
{
	int n;

	arm_input(u);
	n = recvmmsg(u->fd, u->in, BATCH, MSG_DONTWAIT, NULL);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		take_errors(u);
	if (n > 0)
		note_drops(u, &u->in[n - 1].msg_hdr);
	return n;
}

static void on_input(struct udp *u)
{
	int n = receive(u);

	for (int i = 0; i < n; i++) {
		struct netaddr from;

		if (netaddr_from(&from, (struct sockaddr *)&u->from[i]) < 0)
			continue;
		u->stats.received++;
		u->ops->datagram(u->arg, &from, u->in_iov[i].iov_base, u->in[i].msg_len);
	}
}

/* ---- out ---- */

static unsigned fill(struct udp *u, struct mmsghdr *v, struct iovec *iov)
{
	unsigned n = 0;

	for (unsigned i = u->out_first; i < u->out_n && n < BATCH; i++, n++) {
		struct out *o = &u->out[i];

		iov[n] = (struct iovec){u->bytes + o->at, o->n};
		v[n].msg_hdr = (struct msghdr){.msg_name = &o->to.sa,
			.msg_namelen = netaddr_len(&o->to),
			.msg_iov = &iov[n],
			.msg_iovlen = 1};
	}
	return n;
}

static void note_bad(struct udp *u, const struct out *o)
{
	struct bad *b = &u->bad[u->n_bad];

	if (u->n_bad == BAD)
		return;
	u->n_bad++;
	b->to = o->to;
	b->n = o->n < BAD_BYTES ? o->n : BAD_BYTES;
	memcpy(b->bytes, u->bytes + o->at, b->n);
}

/*
 * sendmmsg() says an error in place of sending. It is either one that an earlier datagram met
 * (ICMP), is told once and has no more to do with this one; or this one cannot go, and then it
 * comes again.
 */
static void on_send_error(struct udp *u)
{
	loop_task_queue(u->loop, &u->errors);
	if (!u->twice) {
		u->twice = true;
		return;
	}
	u->twice = false;
	u->stats.send_errors++;
	note_bad(u, &u->out[u->out_first++]);
}

/* False: the socket takes no more now. */
static bool send_batch(struct udp *u)
{
	struct mmsghdr v[BATCH];
	struct iovec iov[BATCH];
	unsigned n = fill(u, v, iov);
	int sent = sendmmsg(u->fd, v, n, MSG_DONTWAIT);

	if (sent > 0) {
		u->twice = false;
		u->out_first += (unsigned)sent;
		u->stats.sent += (unsigned)sent;
		metric_add(M_SIP_TX, sent);
		return true;
	}
	if (errno == EAGAIN || errno == ENOBUFS)
		return false;
	if (errno != EINTR)
		on_send_error(u);
	return true;
}

static void flush(void *arg)
{
	struct udp *u = arg;

	u->blocked = false;
	while (u->out_first < u->out_n && !u->blocked)
		u->blocked = !send_batch(u);
	if (u->out_first == u->out_n) {
		u->out_first = u->out_n = 0;
		u->bytes_n = 0;
	}
	loop_poll_set(u->poll, LOOP_READ | (u->blocked ? LOOP_WRITE : 0u));
}

void udp_send(struct udp *u, const struct netaddr *to, const void *p, size_t n)
{
	if (u->out_n == OUT_COUNT || n > OUT_BYTES - u->bytes_n) {
		if (!u->blocked)
			flush(u);
		if (u->out_n == OUT_COUNT || n > OUT_BYTES - u->bytes_n) {
			u->stats.send_errors++;
			return;
		}
	}
	memcpy(u->bytes + u->bytes_n, p, n);
	u->out[u->out_n++] = (struct out){*to, u->bytes_n, (uint32_t)n};
	u->bytes_n += (uint32_t)n;
	if (!u->blocked)
		loop_task_queue(u->loop, &u->flush);
}

static void on_ready(void *arg, unsigned events)
{
	struct udp *u = arg;

	if (events & LOOP_READ)
		on_input(u);
	if (!(events & LOOP_WRITE))
		return;
	if (u->blocked)
		flush(u);
	else
		take_errors(u); /* writing was not asked for: an error is waiting */
}

/* ---- life ---- */

static void set_options(struct udp *u)
{
	static const int on = 1, size = BUFFER;
	socklen_t len = sizeof u->stats.receive_buffer;

	if (setsockopt(u->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
		setsockopt(u->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	if (setsockopt(u->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) < 0)
		setsockopt(u->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	getsockopt(u->fd, SOL_SOCKET, SO_RCVBUF, &u->stats.receive_buffer, &len);
	setsockopt(u->fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
	if (u->addr.sa.sa_family == AF_INET6) {
		setsockopt(u->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
		setsockopt(u->fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on);
	} else {
		setsockopt(u->fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on);
	}
}

static int bind_socket(struct udp *u, struct err *e)
{
	struct sockaddr_storage got;
	socklen_t len = sizeof got;
	char text[NETADDR_TEXT];

	u->fd = socket(u->addr.sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (u->fd < 0)
		return err_set(e, ERR_UNAVAILABLE, "UDP socket: %s", strerror(errno));
	set_options(u);
	if (bind(u->fd, &u->addr.sa, netaddr_len(&u->addr)) < 0)
		return err_set(e, ERR_UNAVAILABLE, "UDP %s: %s", netaddr_print(&u->addr, text),
			strerror(errno));
	if (getsockname(u->fd, (struct sockaddr *)&got, &len) == 0)
		netaddr_from(&u->addr, (struct sockaddr *)&got);
	return 0;
}

static void prepare_input(struct udp *u)
{
	u->datagrams = xmalloc((size_t)BATCH * DATAGRAM);
	for (int i = 0; i < BATCH; i++) {
		u->in_iov[i] = (struct iovec){u->datagrams + (size_t)i * DATAGRAM, DATAGRAM};
		u->in[i].msg_hdr = (struct msghdr){.msg_name = &u->from[i],
			.msg_iov = &u->in_iov[i],
			.msg_iovlen = 1,
			.msg_control = u->control[i]};
	}
}

int udp_new(struct udp **ret, struct loop *loop, const struct netaddr *addr,
	const struct udp_ops *ops, void *arg, struct err *e)
{
	struct udp *u = xzalloc(sizeof *u);

	u->loop = loop;
	u->ops = ops;
	u->arg = arg;
	u->addr = *addr;
	u->fd = -1;
	loop_task_init(&u->flush, flush, u);
	loop_task_init(&u->errors, on_errors, u);
	if (bind_socket(u, e) < 0) {
		udp_free(u);
		return -1;
	}
	prepare_input(u);
	u->bytes = xmalloc(OUT_BYTES);
	u->poll = loop_poll_new(loop, u->fd, on_ready, u);
	loop_poll_set(u->poll, LOOP_READ);
	*ret = u;
	return 0;
}

void udp_free(struct udp *u)
{
	if (!u)
		return;
	if (u->poll && !u->blocked)
		flush(u);
	loop_task_stop(&u->flush);
	loop_task_stop(&u->errors); /* the last flush may have met one */
	loop_poll_free(u->poll);
	if (u->fd >= 0)
		close(u->fd);
	free(u->datagrams);
	free(u->bytes);
	free(u);
}

const struct netaddr *udp_address(const struct udp *u)
{
	return &u->addr;
}

const struct udp_stats *udp_stats(const struct udp *u)
{
	return &u->stats;
}
