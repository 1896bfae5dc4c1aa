#include "load.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proc.h"
#include "resend.h"
#include "sip.h"

enum { BATCH = 32 };
static const uint64_t patience_ns = 2000000000, patience_resend_ns = 36000000000;

/* What is known of one message. */
struct fate {
	uint64_t sent_ns;
	bool answered, arrived;
};

struct run {
	struct load *l;
	struct fate *fate;
	struct resend *resend;
	char got[1 << 18]; /* of the stream, not yet looked at */
	size_t got_n;
	char put[1 << 18]; /* for the stream, not yet written */
	size_t put_n;
	uint64_t begin_ns, begin_cpu_ns, moved_ns, round;
};

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

	if (sscanf(body, "n %llu t %llu", &seq, &t) != 2 || seq >= r->l->total)
		return;
	r->moved_ns = bench_now_ns();
	if (r->fate[seq].arrived) {
		r->l->twice++;
		return;
	}
	r->fate[seq].arrived = true;
	r->l->arrived++;
	hist_add(&r->l->latency, r->moved_ns - t);
}

/* Sent again, it is the same to the byte. */
static void send_request(struct run *r, uint64_t seq)
{
	struct load *l = r->l;
	char *p = sip_side_room(l->sip), body[128];
	unsigned u = (unsigned)(seq % l->targets);
	unsigned long long id = r->round << 40 | seq;
	int bn = snprintf(body, sizeof body,
		"n %llu t %llu of a message of usual length, as people write",
		(unsigned long long)seq, (unsigned long long)r->fate[seq].sent_ns);
	int n = snprintf(p, SIDE_MESSAGE,
		"MESSAGE sip:juliet%u@xmpp.bench SIP/2.0\r\n"
		"Via: SIP/2.0/%s;branch=z9hG4bKb%llx;rport\r\n"
		"Max-Forwards: 70\r\nFrom: <sip:romeo%u@sip.bench>;tag=t%llx\r\n"
		"To: <sip:juliet%u@xmpp.bench>\r\nCall-ID: c%llx@sip.bench\r\nCSeq: 1 MESSAGE\r\n"
		"User-Agent: bench\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s",
		u, sip_side_via(l->sip), id, u, id, u, id, bn, body);

	sip_side_put(l->sip, NULL, (size_t)n);
}

static void send_new(struct run *r)
{
	uint64_t seq = r->l->sent++;

	r->fate[seq].sent_ns = bench_now_ns();
	send_request(r, seq);
	if (r->resend)
		resend_sent(r->resend, (uint32_t)seq, r->fate[seq].sent_ns);
	if (r->l->sent == r->l->total)
		r->l->offered_seconds = (double)(r->fate[seq].sent_ns - r->begin_ns) / 1e9;
}

static bool is_answered(void *arg, uint32_t number)
{
	return ((struct run *)arg)->fate[number].answered;
}

static void send_again(struct run *r)
{
	uint64_t now = bench_now_ns();
	uint32_t seq;
	bool over;

	for (int n = 0; n < BATCH && resend_next(r->resend, now, is_answered, r, &seq, &over);
		n++) {
		if (over) {
			r->l->given_up++;
			r->fate[seq].answered = true;
			continue;
		}
		send_request(r, seq);
		r->l->resent++;
	}
}

/* Ours has the number in its branch; an answer to one that was sent again comes more than once. */
static struct fate *whose(struct run *r, const char *response)
{
	static const char ours[] = "branch=z9hG4bKb";
	const char *at = strstr(response, ours);
	unsigned long long id = at ? strtoull(at + sizeof ours - 1, NULL, 16) : 0,
			   seq = id & 0xffffffffff;

	return at && id >> 40 == r->round && seq < r->l->total ? &r->fate[seq] : NULL;
}

static void take_response(void *arg, char *m, size_t n, struct side_conn *c)
{
	struct run *r = arg;
	int status = strncmp(m, "SIP/2.0 ", 8) == 0 ? atoi(m + 8) : 0;
	struct fate *f = status >= 200 ? whose(r, m) : NULL;

	(void)n, (void)c;
	if (!f || f->answered)
		return;
	f->answered = true;
	r->moved_ns = bench_now_ns();
	if (status < 300)
		r->l->answered++;
	else
		r->l->refused++;
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
	return bench_now_ns() - r->moved_ns > (r->resend ? patience_resend_ns : patience_ns);
}

static struct run *begin(struct load *l)
{
	static struct run r;
	static uint64_t round;

	memset(&r, 0, sizeof r);
	r.l = l;
	r.round = ++round;
	r.fate = calloc(l->total, sizeof *r.fate);
	r.resend = l->resend ? resend_new() : NULL;
	r.begin_ns = r.moved_ns = bench_now_ns();
	r.begin_cpu_ns = bench_thread_ns();
	return &r;
}

static void end(struct run *r)
{
	r->l->seconds = (double)(r->moved_ns - r->begin_ns) / 1e9;
	r->l->ran = (double)(bench_thread_ns() - r->begin_cpu_ns) /
		    (double)(bench_now_ns() - r->begin_ns);
	free(r->fate);
	resend_free(r->resend);
}

static bool all_told(const struct load *l)
{
	return l->arrived + l->refused >= l->total &&
	       l->answered + l->refused + l->given_up >= l->total;
}

/* Waiting without a system call would starve nobody: the driver has a processor of its own. */
void load_sip_to_xmpp(struct load *l)
{
	struct run *r = begin(l);

	while (!all_told(l) && !stuck(r)) {
		uint64_t done = l->answered + l->refused;

		if (l->arrived + l->refused < done)
			done = l->arrived + l->refused;
		for (uint64_t n = allowance(r, done); n; n--)
			send_new(r);
		if (r->resend)
			send_again(r);
		sip_side_flush(l->sip);
		sip_side_take(l->sip, take_response, r);
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
		"type='chat'><body>n %llu t %llu of a message of usual length, as people "
		"write</body>"
		"</message>",
		u, u, (unsigned long long)l->sent, (unsigned long long)l->sent,
		(unsigned long long)bench_now_ns());
	l->sent++;
}

static void take_request(void *arg, char *m, size_t n, struct side_conn *c)
{
	struct run *r = arg;
	char *body = strstr(m, "\r\n\r\n");
	bool message = strncmp(m, "MESSAGE ", 8) == 0;

	(void)n;
	if (!body ||
		(!message && strncmp(m, "OPTIONS ", 8) != 0)) /* it may look whether we are there */
		return;
	sip_side_put(r->l->sip, c, sip_ok(sip_side_room(r->l->sip), m));
	if (message)
		arrived(r, body + 4);
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
		sip_side_take(l->sip, take_request, r);
		sip_side_flush(l->sip);
	}
	l->answered = l->arrived;
	end(r);
}

/* ---- streams ---- */

struct accepting {
	struct xmpp_end *end;
	SSL *ssl; /* entented's stream to the partner */
};

static void *accept_stream(void *arg)
{
	struct accepting *a = arg;

	a->ssl = xmpp_end_accept(a->end);
	return NULL;
}

static void first_answer(void *arg, char *m, size_t n, struct side_conn *c)
{
	int *status = arg;

	(void)n, (void)c;
	if (strncmp(m, "SIP/2.0 ", 8) == 0 && atoi(m + 8) >= 200)
		*status = atoi(m + 8);
}

void load_open_streams(struct load *down, struct load *up, struct xmpp_end *end, uint16_t xmpp_port)
{
	static const char wake[] =
		"MESSAGE sip:juliet0@xmpp.bench SIP/2.0\r\nVia: SIP/2.0/%s;branch=z9hG4bKwake;"
		"rport\r\nMax-Forwards: 70\r\nFrom: <sip:romeo0@sip.bench>;tag=w\r\nTo: "
		"<sip:juliet0@xmpp.bench>\r\nCall-ID: wake@sip.bench\r\nCSeq: 1 MESSAGE\r\n"
		"Content-Type: text/plain\r\nContent-Length: 4\r\n\r\nwake";
	struct accepting a = {.end = end};
	pthread_t t;
	int status = 0;

	pthread_create(&t, NULL, accept_stream, &a);
	sip_side_put(down->sip, NULL,
		(size_t)snprintf(
			sip_side_room(down->sip), SIDE_MESSAGE, wake, sip_side_via(down->sip)));
	while (!status) {
		sip_side_flush(down->sip);
		sip_side_take(down->sip, first_answer, &status);
	}
	if (status >= 300) {
		fprintf(stderr, "bench: the first message was not taken: %d\n", status);
		exit(1);
	}
	pthread_join(t, NULL);
	down->ssl = a.ssl;
	up->ssl = xmpp_end_connect(end, xmpp_port);
}
