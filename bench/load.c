#include "load.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "proc.h"
#include "sip.h"

enum { BATCH = 32, DATAGRAM = 2048, PATIENCE_NS = 2000000000 };

struct batch {
	struct mmsghdr msg[BATCH];
	struct iovec iov[BATCH];
	char bytes[BATCH][DATAGRAM];
	unsigned n;
};

struct run {
	struct load *l;
	struct batch in, out;
	char got[1 << 18];  /* of the stream, not yet looked at */
	size_t got_n;
	char put[1 << 18];  /* for the stream, not yet written */
	size_t put_n;
	uint64_t begin_ns, begin_cpu_ns, moved_ns, round;
};

static void batch_init(struct batch *b)
{
	for (int i = 0; i < BATCH; i++) {
		b->iov[i] = (struct iovec){b->bytes[i], DATAGRAM};
		b->msg[i].msg_hdr = (struct msghdr){.msg_iov = &b->iov[i], .msg_iovlen = 1};
	}
	b->n = 0;
}

static void flush_udp(struct run *r)
{
	for (unsigned done = 0; done < r->out.n;) {
		int k = sendmmsg(r->l->udp, r->out.msg + done, r->out.n - done, 0);

		if (k > 0)
			done += (unsigned)k;
		else if (errno != EINTR && errno != ECONNREFUSED)
			poll(&(struct pollfd){.fd = r->l->udp, .events = POLLOUT}, 1, 10);
	}
	r->out.n = 0;
}

static char *next_datagram(struct run *r)
{
	if (r->out.n == BATCH)
		flush_udp(r);
	return r->out.bytes[r->out.n];
}

static unsigned receive(struct run *r)
{
	int k;

	for (int i = 0; i < BATCH; i++)
		r->in.iov[i].iov_len = DATAGRAM - 1;
	k = recvmmsg(r->l->udp, r->in.msg, BATCH, MSG_DONTWAIT, NULL);
	return k > 0 ? (unsigned)k : 0;
}

/* How many may be sent now. */
static uint64_t allowance(struct run *r, uint64_t done)
{
	struct load *l = r->l;
	uint64_t may;

	if (l->rate > 0)
		may = (uint64_t)((double)(bench_now_ns() - r->begin_ns) * l->rate / 1e9);
	else
		may = done + l->window;
	if (may > l->total)
		may = l->total;
	may = may > l->sent ? may - l->sent : 0;
	return may > BATCH ? BATCH : may;
}

static void arrived(struct run *r, const char *body)
{
	unsigned long long seq, t;

	if (sscanf(body, "n %llu t %llu", &seq, &t) != 2)
		return;
	r->l->arrived++;
	r->moved_ns = bench_now_ns();
	hist_add(&r->l->latency, r->moved_ns - t);
}

static void send_request(struct run *r)
{
	struct load *l = r->l;
	char *p = next_datagram(r), body[128];
	unsigned u = (unsigned)(l->sent % l->targets);
	unsigned long long seq = l->sent, id = r->round << 40 | seq;
	int bn = snprintf(body, sizeof body, "n %llu t %llu of a message of usual length, as people write",
		seq, (unsigned long long)bench_now_ns());
	int n = snprintf(p, DATAGRAM,
		"MESSAGE sip:juliet%u@xmpp.bench SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bKb%llx;rport\r\n"
		"Max-Forwards: 70\r\nFrom: <sip:romeo%u@sip.bench>;tag=t%llx\r\n"
		"To: <sip:juliet%u@xmpp.bench>\r\nCall-ID: c%llx@sip.bench\r\nCSeq: 1 MESSAGE\r\n"
		"User-Agent: bench\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s",
		u, l->udp_port, id, u, id, u, id, bn, body);

	r->out.iov[r->out.n++].iov_len = (size_t)n;
	l->sent++;
}

static void take_responses(struct run *r)
{
	unsigned n = receive(r);

	for (unsigned i = 0; i < n; i++) {
		int status = atoi(r->in.bytes[i] + sizeof "SIP/2.0");

		if (status < 200)
			continue;
		r->moved_ns = bench_now_ns();
		if (status < 300)
			r->l->answered++;
		else
			r->l->refused++;
	}
}

static void read_stream(struct run *r)
{
	static const char open[] = "<body>", close[] = "</message>";
	char *at = r->got, *end;
	int k = SSL_read(r->l->ssl, r->got + r->got_n, (int)(sizeof r->got - r->got_n));

	if (k <= 0)
		return;
	r->got_n += (size_t)k;
	end = r->got + r->got_n;
	for (;;) {
		char *stop = memmem(at, (size_t)(end - at), close, sizeof close - 1), *body;

		if (!stop)
			break;
		body = memmem(at, (size_t)(stop - at), open, sizeof open - 1);
		if (body)
			arrived(r, body + sizeof open - 1);
		at = stop + sizeof close - 1;
	}
	r->got_n = (size_t)(end - at);
	memmove(r->got, at, r->got_n);
}

static bool stuck(struct run *r)
{
	return bench_now_ns() - r->moved_ns > PATIENCE_NS;
}

static struct run *begin(struct load *l)
{
	static struct run r;
	static uint64_t round;

	memset(&r, 0, sizeof r);
	r.l = l;
	r.round = ++round;
	batch_init(&r.in);
	batch_init(&r.out);
	r.begin_ns = r.moved_ns = bench_now_ns();
	r.begin_cpu_ns = bench_thread_ns();
	return &r;
}

static void end(struct run *r)
{
	r->l->seconds = (double)(r->moved_ns - r->begin_ns) / 1e9;
	r->l->ran = (double)(bench_thread_ns() - r->begin_cpu_ns) / (double)(bench_now_ns() - r->begin_ns);
}

/* Waiting without a system call would starve nobody: the driver has a processor of its own. */
void load_sip_to_xmpp(struct load *l)
{
	struct run *r = begin(l);

	while ((l->arrived + l->refused < l->total || l->answered + l->refused < l->total) && !stuck(r)) {
		uint64_t done = l->answered + l->refused;

		if (l->arrived + l->refused < done)
			done = l->arrived + l->refused;
		for (uint64_t n = allowance(r, done); n; n--)
			send_request(r);
		flush_udp(r);
		take_responses(r);
		read_stream(r);
	}
	end(r);
}

static void write_stream(struct run *r)
{
	int k;

	if (!r->put_n)
		return;
	k = SSL_write(r->l->ssl, r->put, (int)r->put_n);
	if (k <= 0)
		return;
	r->put_n -= (size_t)k;
	memmove(r->put, r->put + k, r->put_n);
}

static void send_stanza(struct run *r)
{
	struct load *l = r->l;
	unsigned u = (unsigned)(l->sent % l->targets);

	r->put_n += (size_t)snprintf(r->put + r->put_n, sizeof r->put - r->put_n,
		"<message from='juliet%u@xmpp.bench/balcony' to='romeo%u@sip.bench' id='m%llx' "
		"type='chat'><body>n %llu t %llu of a message of usual length, as people write</body>"
		"</message>",
		u, u, (unsigned long long)l->sent, (unsigned long long)l->sent,
		(unsigned long long)bench_now_ns());
	l->sent++;
}

static void answer(struct run *r, const char *request)
{
	char *p = next_datagram(r);

	r->out.iov[r->out.n++].iov_len = sip_ok(p, request);
}

static void take_requests(struct run *r)
{
	unsigned n = receive(r);

	for (unsigned i = 0; i < n; i++) {
		char *m = r->in.bytes[i], *body;

		m[r->in.msg[i].msg_len] = '\0';
		body = strstr(m, "\r\n\r\n");
		if (strncmp(m, "MESSAGE ", 8) != 0 || !body)
			continue;
		answer(r, m);
		arrived(r, body + 4);
	}
	flush_udp(r);
}

/* An error stanza for a message comes on the stream the other way and is not looked at: the message
 * is missing at the end. */
void load_xmpp_to_sip(struct load *l)
{
	struct run *r = begin(l);

	while (l->arrived < l->total && !stuck(r)) {
		if (r->put_n < sizeof r->put / 2)
			for (uint64_t n = allowance(r, l->arrived); n; n--)
				send_stanza(r);
		write_stream(r);
		take_requests(r);
	}
	l->answered = l->arrived;
	end(r);
}
