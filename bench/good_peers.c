#include "good_peers.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "dns.h"
#include "proc.h"
#include "quiet.h"
#include "sip.h"

enum {
	DATAGRAM = 65536,
	EVENTS = 64,
	USERS = 100, /* of an end; of those in SIP each takes one message at a time (RFC 3428 8) */
};

const char *const good_ways[GOOD_WAYS] = {[GOOD_DOWN] = "down", [GOOD_UP] = "up"};

struct good_note {
	uint64_t sent_ns; /* wall clock, as the kernel's stamps */
	struct hist *latency;
	bool done, told;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t wall_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- SIP ---- */

static void open_udp(struct good_peers *g)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof a;
	int size = 16 << 20, on = 1;

	g->udp = socket(AF_INET, SOCK_DGRAM, 0);
	if (setsockopt(g->udp, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
		setsockopt(g->udp, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	setsockopt(g->udp, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
	if (bind(g->udp, (struct sockaddr *)&a, sizeof a) < 0 ||
		getsockname(g->udp, (struct sockaddr *)&a, &len) < 0)
		die("bench: socket");
	g->udp_port = ntohs(a.sin_port);
}

static size_t request(const struct good_peers *g, const struct good_peer *p, uint64_t seq, char *to)
{
	unsigned long long n = seq;
	unsigned user = (unsigned)(seq % USERS);

	return (size_t)snprintf(to, 1500,
		"MESSAGE sip:juliet%u@%s SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bKb%llx;rport\r\n"
		"Max-Forwards: 70\r\nFrom: <sip:romeo%u@sip.bench>;tag=t%llx\r\nTo: <sip:juliet%u@%s>\r\n"
		"Call-ID: %llu@sip.bench\r\nCSeq: 1 MESSAGE\r\nUser-Agent: bench\r\nContent-Type: text/plain\r\n"
		"Content-Length: 50\r\n\r\na message of usual length, as people write to each",
		user, p->domain, g->udp_port, n, user, n, user, p->domain, n);
}

static void arrived(struct good_peers *g, int way, uint64_t seq, uint64_t at_ns)
{
	struct good_note *n;

	if (seq >= g->count[way].sent)
		return;
	n = &g->notes[way][seq];
	if (n->done) {
		g->count[way].twice++;
		return;
	}
	n->done = true;
	g->count[way].done++;
	if (n->latency && !quiet_between(n->sent_ns, at_ns))
		g->disturbed++;
	else if (n->latency)
		hist_add(n->latency, at_ns > n->sent_ns ? at_ns - n->sent_ns : 0);
}

static void told(struct good_peers *g, int way, uint64_t seq, const char *what, size_t n)
{
	if (seq >= g->count[way].sent || g->notes[way][seq].told)
		return;
	g->notes[way][seq].told = true;
	g->count[way].refused++;
	if (way == GOOD_UP)
		told_add_stanza(&g->count[way].told, what, n);
	else
		told_add(&g->count[way].told, what, n);
}

static void take_answer(struct good_peers *g, const char *m, uint64_t at_ns)
{
	const char *id = strstr(m, "\r\nCall-ID: ");
	int status = atoi(m + sizeof "SIP/2.0");
	unsigned long long seq;

	if (status < 200 || !id || sscanf(id + 11, "%llu", &seq) != 1)
		return;
	if (status >= 300)
		told(g, GOOD_DOWN, seq, m, strcspn(m, "\r"));
	else
		arrived(g, GOOD_DOWN, seq, at_ns);
}

/* Also those of the bad ones come here: they are answered, and not counted. */
static void take_request(struct good_peers *g, const char *m, const struct sockaddr_in *from, uint64_t at_ns)
{
	const char *body = strstr(m, "\r\n\r\n");
	static char answer[DATAGRAM + 64];
	unsigned long long seq;

	if (!body)
		return;
	sendto(g->udp, answer, sip_ok(answer, m), 0, (const struct sockaddr *)from, sizeof *from);
	if (sscanf(body + 4, "n %llu ", &seq) == 1)
		arrived(g, GOOD_UP, seq, at_ns);
}

static uint64_t stamp_of(struct msghdr *m)
{
	struct timespec t;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPNS) {
			memcpy(&t, CMSG_DATA(c), sizeof t);
			return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
		}
	return wall_ns();
}

static bool take_datagram(struct good_peers *g)
{
	static char bytes[DATAGRAM + 1];
	char control[128];
	struct sockaddr_in from;
	struct iovec iov = {bytes, DATAGRAM};
	struct msghdr m = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof control};
	ssize_t n = recvmsg(g->udp, &m, MSG_DONTWAIT);

	if (n < 0)
		return false;
	bytes[n] = '\0';
	if (strncmp(bytes, "SIP/2.0 ", 8) == 0)
		take_answer(g, bytes, stamp_of(&m));
	else if (strncmp(bytes, "MESSAGE ", 8) == 0)
		take_request(g, bytes, &from, stamp_of(&m));
	return true;
}

/* ---- both ways ---- */

static void send_down(struct good_peers *g, struct good_peer *p, uint64_t seq)
{
	char m[1500];
	size_t n = request(g, p, seq, m);

	g->notes[GOOD_DOWN][seq].sent_ns = wall_ns();
	if (send(g->udp, m, n, 0) < 0)
		die("bench: send");
}

static void send_up(struct good_peers *g, struct good_peer *p, uint64_t seq)
{
	char m[1024];
	unsigned user = (unsigned)(seq % USERS);
	int n = snprintf(m, sizeof m,
		"<message from='juliet%u@%s/balcony' to='romeo%u@sip.bench' id='m%llx' type='chat'>"
		"<body>n %llu of messages of usual length, as people write</body></message>",
		user, p->domain, user, (unsigned long long)seq, (unsigned long long)seq);

	g->notes[GOOD_UP][seq].sent_ns = wall_ns();
	if (SSL_write(p->in, m, n) != n) {
		fprintf(stderr, "bench: %s's stream does not take a message\n", p->domain);
		exit(1);
	}
}

static void send_one(struct good_peers *g, int way, struct hist *latency)
{
	static void (*const send_it[])(struct good_peers *, struct good_peer *, uint64_t) = {
		[GOOD_DOWN] = send_down, [GOOD_UP] = send_up};
	uint64_t seq = g->count[way].sent++;

	if (seq >= g->room) {
		fprintf(stderr, "bench: more messages than were said\n");
		exit(1);
	}
	g->notes[way][seq].latency = latency;
	send_it[way](g, &g->peers[seq % g->n], seq);
}

static void take_stanza(struct good_peers *g, const char *m, size_t n)
{
	const char *id = memmem(m, n, " id='m", 6);
	unsigned long long seq;

	if (memmem(m, n, "type='error'", 12) && id && sscanf(id + 6, "%llx", &seq) == 1)
		told(g, GOOD_UP, seq, m, n);
}

static void take_stanzas(struct good_peers *g, struct good_peer *p)
{
	static const char close[] = "</message>";
	int k;

	while ((k = SSL_read(p->out, p->got + p->got_n, (int)(sizeof p->got - p->got_n))) > 0) {
		char *at = p->got, *end = at + p->got_n + k, *stop;

		for (; (stop = memmem(at, (size_t)(end - at), close, sizeof close - 1)); at = stop) {
			stop += sizeof close - 1;
			take_stanza(g, at, (size_t)(stop - at));
		}
		p->got_n = (size_t)(end - at) < sizeof p->got ? (size_t)(end - at) : 0;
		memmove(p->got, at, p->got_n);
	}
}

static void take_what_came(struct good_peers *g, uint64_t wait_ns)
{
	struct timespec t = {.tv_sec = (time_t)(wait_ns / 1000000000u), .tv_nsec = (long)(wait_ns % 1000000000u)};
	struct epoll_event ev[EVENTS];
	int n = epoll_pwait2(g->epoll, ev, EVENTS, &t, NULL);

	for (int i = 0; i < n; i++) {
		struct good_peer *p = ev[i].data.ptr;

		if (p)
			take_stanzas(g, p);
		else
			while (take_datagram(g))
				;
	}
}

void good_peers_play(struct good_peers *g, double rate, uint64_t ns, uint64_t settle_ns,
	struct hist *const latency[GOOD_WAYS])
{
	uint64_t begin = bench_now_ns(), now = begin, k = 0, step = (uint64_t)(1e9 / rate / GOOD_WAYS);

	for (; now < begin + ns; now = bench_now_ns()) {
		uint64_t due = begin + k * step;
		int way = (int)(k % GOOD_WAYS);

		if (due > now) {
			take_what_came(g, due - now);
			continue;
		}
		send_one(g, way, latency && now - begin >= settle_ns ? latency[way] : NULL);
		k++;
		take_what_came(g, 0);
	}
}

/* ---- beginning ---- */

static void watch(struct good_peers *g, int fd, struct good_peer *p)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = p};

	if (epoll_ctl(g->epoll, EPOLL_CTL_ADD, fd, &ev) < 0)
		die("bench: epoll");
}

void good_peers_init(struct good_peers *g, const struct pki *pki, unsigned n, uint16_t xmpp_listen,
	uint64_t messages)
{
	*g = (struct good_peers){.n = n, .room = messages};
	g->peers = calloc(n, sizeof *g->peers);
	for (int way = 0; way < GOOD_WAYS; way++)
		g->notes[way] = calloc(messages, sizeof **g->notes);
	for (unsigned i = 0; i < n; i++) {
		struct good_peer *p = &g->peers[i];

		snprintf(p->domain, sizeof p->domain, "p%u.bench", i);
		p->end.address = bench_dns_address(i);
		p->end.port = xmpp_listen;
		xmpp_end_init_at(&p->end, pki, p->domain, "sip.bench");
	}
	open_udp(g);
	g->epoll = epoll_create1(0);
	watch(g, g->udp, NULL);
}

static void *accept_stream(void *arg)
{
	struct good_peer *p = arg;

	p->out = xmpp_end_accept(&p->end);
	return NULL;
}

void good_peers_connect(struct good_peers *g, uint16_t sip_port, uint16_t xmpp_port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(sip_port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	if (connect(g->udp, (struct sockaddr *)&a, sizeof a) < 0)
		die("bench: connect");
	for (unsigned i = 0; i < g->n; i++) {
		struct good_peer *p = &g->peers[i];
		pthread_t t;

		pthread_create(&t, NULL, accept_stream, p);
		send_one(g, GOOD_DOWN, NULL);
		pthread_join(t, NULL);
		p->in = xmpp_end_connect(&p->end, xmpp_port);
		watch(g, SSL_get_fd(p->out), p);
	}
}
