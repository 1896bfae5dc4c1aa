#include "talk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proc.h"
#include "sip.h"

enum { BATCH = 32 };
static const uint64_t PATIENCE_NS = 3000000000u;

static const char sdp[] =
	"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=session\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
	"m=message 5060 sip null\r\na=accept-types:text/plain multipart/alternative "
	"image/gif text/rtf application/ms-imdn+xml\r\n";

void talk_init(struct talk *t, struct sip_side *sip, unsigned n, unsigned window)
{
	*t = (struct talk){.sip = sip, .n = n, .window = window};
	t->session = calloc(n, sizeof *t->session);
	if (!t->session)
		exit(1);
}

void talk_done(struct talk *t)
{
	free(t->session);
}

/* ---- what we send ---- */

/* Of a dialog; Content-Length and what follows it are the caller's. Returns the length. */
static size_t head(struct talk *t, char *p, unsigned i, const char *method, unsigned cseq)
{
	const struct talk_session *s = &t->session[i];
	bool first = !s->tag[0];
	char to[300];

	snprintf(to, sizeof to, "sip:juliet%u@xmpp.bench", i);
	return (size_t)snprintf(p, SIDE_MESSAGE,
		"%s %s SIP/2.0\r\nVia: SIP/2.0/%s;branch=z9hG4bKt%x.%x.%c;rport\r\n"
		"Max-Forwards: 70\r\nFrom: <sip:romeo%u@sip.bench>;tag=f%x;epid=%08x\r\n"
		"To: <%s>%s%s\r\nCall-ID: t%u@sip.bench\r\nCSeq: %u %s\r\n",
		method, first ? to : t->target, sip_side_via(t->sip), i, cseq, method[0], i, i, i,
		to, first ? "" : ";tag=", s->tag, i, cseq, method);
}

static void send_invite(struct talk *t, unsigned i)
{
	struct talk_session *s = &t->session[i];
	char *p = sip_side_room(t->sip);
	size_t n;

	s->tag[0] = '\0';
	s->asked = true;
	n = head(t, p, i, "INVITE", ++s->cseq);
	n += (size_t)snprintf(p + n, SIDE_MESSAGE - n,
		"Contact: <sip:romeo%u@%s;opaque=user:epid:%08x;gruu>\r\nMs-Conversation-ID: "
		"c%x\r\nSupported: ms-embedded-first-message, ms-sender\r\n"
		"Content-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n%s",
		i, "sip.bench", i, i, sizeof sdp - 1, sdp);
	sip_side_put(t->sip, NULL, n);
}

/* ACK and BYE, which say nothing more. */
static void send_bare(struct talk *t, unsigned i, const char *method, unsigned cseq)
{
	char *p = sip_side_room(t->sip);
	size_t n = head(t, p, i, method, cseq);

	n += (size_t)snprintf(p + n, SIDE_MESSAGE - n, "Content-Length: 0\r\n\r\n");
	sip_side_put(t->sip, NULL, n);
}

static void send_bye(struct talk *t, unsigned i)
{
	t->session[i].asked = true;
	send_bare(t, i, "BYE", ++t->session[i].cseq);
}

static void send_text(struct talk *t, unsigned i)
{
	char *p = sip_side_room(t->sip), body[128];
	int bn = snprintf(body, sizeof body,
		"n %llu t %llu of a message of usual length, as people write",
		(unsigned long long)t->sent, (unsigned long long)bench_now_ns());
	size_t n;

	t->session[i].asked = true;
	n = head(t, p, i, "MESSAGE", ++t->session[i].cseq);
	n += (size_t)snprintf(p + n, SIDE_MESSAGE - n,
		"Content-Type: text/plain; charset=UTF-8\r\nContent-Length: %d\r\n\r\n%s", bn,
		body);
	sip_side_put(t->sip, NULL, n);
}

/* ---- what we hear ---- */

static struct talk_session *whose(struct talk *t, const char *m, unsigned *ret)
{
	static const char ours[] = "Call-ID: t";
	const char *at = strstr(m, ours);
	unsigned long i = at ? strtoul(at + sizeof ours - 1, NULL, 10) : t->n;

	*ret = (unsigned)i;
	return i < t->n ? &t->session[i] : NULL;
}

/* A value between two marks, behind a name; "" when it is not there. */
static void between(
	char *to, size_t size, const char *m, const char *name, const char *from, const char *ends)
{
	const char *at = strstr(m, name), *line = at ? strstr(at + 2, "\r\n") : NULL;
	size_t n = 0;

	at = at ? strstr(at, from) : NULL;
	if (at && at < line) {
		at += strlen(from);
		n = strcspn(at, ends);
	}
	snprintf(to, size, "%.*s", (int)(n < size ? n : size - 1), at ? at : "");
}

static void accepted(struct talk *t, unsigned i, const char *m)
{
	struct talk_session *s = &t->session[i];

	between(s->tag, sizeof s->tag, m, "\r\nTo:", ";tag=", ";\r\n ");
	between(t->target, sizeof t->target, m, "\r\nContact:", "<", ">");
	if (!s->tag[0] || !t->target[0]) {
		fprintf(stderr, "bench: an INVITE was answered without tag or Contact\n");
		exit(1);
	}
	send_bare(t, i, "ACK", s->cseq);
}

static void take_answer(struct talk *t, const char *m)
{
	int status = atoi(m + 8);
	unsigned i;
	struct talk_session *s = status >= 200 ? whose(t, m, &i) : NULL;

	if (!s || !s->asked)
		return;
	s->asked = false;
	t->moved_ns = bench_now_ns();
	if (status >= 300)
		t->refused++;
	else
		t->answered++;
	if (status < 300 && strstr(m, " INVITE\r\n"))
		accepted(t, i, m);
}

static void arrived(void *arg, const char *body)
{
	struct talk *t = arg;
	const char *at = body[0] == 'n' ? strstr(body, " t ") : NULL;

	if (!at)
		return;
	t->moved_ns = bench_now_ns();
	t->arrived++;
	hist_add(&t->latency, t->moved_ns - strtoull(at + 3, NULL, 10));
}

/* Whatever is asked of us is answered: texts, and whether we are there. */
static void take(void *arg, char *m, size_t n, struct side_conn *c)
{
	struct talk *t = arg;
	char *body = strstr(m, "\r\n\r\n");

	(void)n;
	if (strncmp(m, "SIP/2.0 ", 8) == 0) {
		take_answer(t, m);
		return;
	}
	if (!body || strncmp(m, "ACK ", 4) == 0)
		return;
	sip_side_put(t->sip, c, sip_ok(sip_side_room(t->sip), m));
	if (strncmp(m, "MESSAGE ", 8) == 0)
		arrived(t, body + 4);
}

/* ---- runs ---- */

static uint64_t begin(struct talk *t, uint64_t total)
{
	t->total = total;
	t->sent = t->answered = t->refused = t->arrived = 0;
	t->turn = 0;
	t->latency = (struct hist){0};
	t->begin_ns = t->moved_ns = bench_now_ns();
	return bench_thread_ns();
}

static void end(struct talk *t, uint64_t cpu_ns)
{
	uint64_t now = bench_now_ns();

	t->seconds = (double)(t->moved_ns - t->begin_ns) / 1e9;
	t->ran = (double)(bench_thread_ns() - cpu_ns) / (double)(now - t->begin_ns);
}

static bool stuck(const struct talk *t)
{
	return bench_now_ns() - t->moved_ns > PATIENCE_NS;
}

/* How many may be sent now, when so many are done. */
static uint64_t allowance(const struct talk *t, uint64_t done)
{
	uint64_t may = done + t->window;

	if (may > t->total)
		may = t->total;
	may = may > t->sent ? may - t->sent : 0;
	return may < BATCH ? may : BATCH;
}

/* One request of each of n. */
static void each(struct talk *t, unsigned first, unsigned n, void (*send)(struct talk *, unsigned))
{
	uint64_t cpu = begin(t, n);

	while (t->answered + t->refused < n && !stuck(t)) {
		for (uint64_t k = allowance(t, t->answered + t->refused); k; k--)
			send(t, first + (unsigned)t->sent++);
		sip_side_flush(t->sip);
		sip_side_take(t->sip, take, t);
	}
	sip_side_flush(t->sip); /* the last ACKs */
	end(t, cpu);
}

void talk_open(struct talk *t, unsigned first, unsigned n)
{
	each(t, first, n, send_invite);
}

void talk_close(struct talk *t, unsigned n)
{
	each(t, 0, n, send_bye);
	for (unsigned i = 0; i < n; i++)
		t->session[i].tag[0] = '\0';
}

void talk_sip_to_xmpp(struct talk *t, struct byte_end *stream, uint64_t total)
{
	uint64_t cpu = begin(t, total);

	while ((t->arrived + t->refused < total || t->answered + t->refused < total) && !stuck(t)) {
		uint64_t done = t->answered + t->refused;

		if (t->arrived + t->refused < done)
			done = t->arrived + t->refused;
		for (uint64_t k = allowance(t, done); k; k--) {
			if (t->session[t->turn].asked)
				break; /* one under way in each */
			send_text(t, t->turn);
			t->turn = (t->turn + 1) % t->n;
			t->sent++;
		}
		sip_side_flush(t->sip);
		sip_side_take(t->sip, take, t);
		byte_end_read(stream, arrived, t);
	}
	end(t, cpu);
}

static bool send_stanza(struct talk *t, struct byte_end *stream)
{
	unsigned i = t->turn;
	char xml[512];
	int n = snprintf(xml, sizeof xml,
		"<message from='juliet%u@xmpp.bench/balcony' to='romeo%u@sip.bench' id='t%llx' "
		"type='chat'><body>n %llu t %llu of a message of usual length, as people "
		"write</body></message>",
		i, i, (unsigned long long)t->sent, (unsigned long long)t->sent,
		(unsigned long long)bench_now_ns());

	return byte_end_put(stream, xml, (size_t)n);
}

void talk_xmpp_to_sip(struct talk *t, struct byte_end *stream, uint64_t total)
{
	uint64_t cpu = begin(t, total);

	while (t->arrived < total && !stuck(t)) {
		for (uint64_t k = allowance(t, t->arrived); k && send_stanza(t, stream); k--) {
			t->turn = (t->turn + 1) % t->n;
			t->sent++;
		}
		byte_end_write(stream);
		sip_side_take(t->sip, take, t);
		sip_side_flush(t->sip);
	}
	end(t, cpu);
}
