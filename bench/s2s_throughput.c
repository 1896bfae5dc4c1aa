/*
 * One stream inside TLS 1.3 that carries all messages: those a partner sends (in) and those to it
 * (out). Entente is the XMPP edge alone, on a loop and thread of its own in this process, and at the
 * other end of the link a double that stands where the gateway does (edge_side.h); its processor time
 * is that of the edge's thread. Prosody and ejabberd are processes of their own, with a component
 * (XEP-0114) at the other end, the shortest way in and out of them; their time is the process's. The
 * driver is one thread on the other processor. Prints one JSON object a direction: full speed with a
 * large window, 16 messages in flight, and an even rate of half the full speed.
 */
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "edge_side.h"
#include "ends.h"
#include "flow.h"
#include "parts.h"
#include "play.h"
#include "proc.h"
#include "report.h"
#include "xml/elem.h"

struct options {
	uint64_t messages;
	unsigned window;
	const char *against, *only;
};

/* What is on both sides of the server: the stream, and the link or the component. */
struct bed {
	struct play play;
	struct edge_side side; /* entente */
	struct server server;  /* a rival */
	bool rival;
	char dir[64];
	_Atomic(SSL *) accepted;
	int direction;
	struct flow flow;
	struct byte_end stream, component;
};

struct result {
	double per_second, cpu_us, missing;
	double p50_ms[3], p99_ms[3]; /* full, 16 in flight, half the rate */
	double per_second_16;
	double ran; /* the least of the three, see flow.h */
};

static struct options parse(int argc, char **argv)
{
	static const struct option known[] = {{"messages", 1, 0, 'n'}, {"window", 1, 0, 'w'},
		{"against", 1, 0, 'a'}, {"only", 1, 0, 'o'}, {0}};
	struct options o = {.messages = 400000, .window = 512};

	for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
		switch (c) {
		case 'n': o.messages = strtoull(optarg, NULL, 10); break;
		case 'w': o.window = (unsigned)atoi(optarg); break;
		case 'a': o.against = optarg; break;
		case 'o': o.only = optarg; break;
		default:
			fprintf(stderr, "usage: s2s_throughput [--messages N] [--window N] [--only in|out] "
					"[--against prosody|ejabberd|all]\n");
			exit(2);
		}
	}
	return o;
}

/* ---- the double ---- */

static void on_fate(void *arg, struct link_down *d)
{
	(void)arg;
	if (d->fate != LINK_WRITTEN)
		fprintf(stderr, "bench: %s: %s\n", link_fate_name(d->fate), link_reason_name(d->reason));
	link_down_free(d);
}

static void on_lost(void *arg, enum link_reason reason, const uint64_t *ids, size_t n)
{
	/* The stream is dropped at the end; what is missing before that is counted. */
	(void)arg, (void)reason, (void)ids, (void)n;
}

static void on_body(void *arg, const char *text)
{
	struct bed *b = arg;

	flow_arrived(&b->flow, text);
}

static void on_stanza(void *arg, struct link_up *up)
{
	struct bed *b = arg;
	struct slice body = xml_text(xml_child(up->stanza, SL("jabber:server"), SL("body")), &up->arena);
	char text[128] = "";

	memcpy(text, body.p, body.n < sizeof text ? body.n : sizeof text - 1);
	on_body(b, text);
	link_up_done(b->side.link, up);
}

static const struct link_gateway_ops ops = {on_fate, on_lost, on_stanza};

/* ---- the flow's ends ---- */

static bool put(void *arg, const char *stanza, size_t n)
{
	struct bed *b = arg;

	if (b->direction == PLAY_IN)
		return byte_end_put(&b->stream, stanza, n);
	if (b->rival)
		return byte_end_put(&b->component, stanza, n);
	return edge_side_send(&b->side, "xmpp.bench", stanza, n);
}

static void turn(void *arg)
{
	struct bed *b = arg;

	if (b->rival) {
		byte_end_write(&b->component);
		byte_end_read(&b->component, on_body, b);
	} else {
		loop_turn(b->side.loop, false);
	}
	byte_end_write(&b->stream);
	byte_end_read(&b->stream, on_body, b);
}

static void *accept_stream(void *arg)
{
	struct bed *b = arg;

	b->accepted = xmpp_end_accept(&b->play.end);
	return NULL;
}

/* The server opens its stream for the first message. */
static void open_out(struct bed *b)
{
	static const char first[] = "<message from='romeo@sip.bench' to='juliet@xmpp.bench'>"
				    "<body>first</body></message>";
	pthread_t t;

	b->accepted = NULL;
	byte_end_init(&b->stream, NULL, -1);
	if (pthread_create(&t, NULL, accept_stream, b) != 0 || !put(b, first, sizeof first - 1))
		exit(1);
	while (!b->accepted)
		turn(b);
	pthread_join(t, NULL);
	byte_end_init(&b->stream, b->accepted, SSL_get_fd(b->accepted));
}

static void open_bed(struct bed *b, const char *name, int direction)
{
	struct server_env env = {&b->play.pki, b->play.dns.port, 0, true};
	struct edge_side_config c = {b->dir, b->play.dns.port, 0, &ops, b};

	b->rival = strcmp(name, "entente") != 0;
	b->direction = direction;
	b->play.dns.literal = strcmp(name, "ejabberd") == 0;
	b->flow = (struct flow){.put = put, .turn = turn, .arg = b, .users = 1000};
	b->flow.from = direction == PLAY_IN ? "xmpp.bench" : "sip.bench";
	b->flow.to = direction == PLAY_IN ? "sip.bench" : "xmpp.bench";
	if (b->rival) {
		server_start(&b->server, name, &env);
		byte_end_init(&b->component, NULL,
			component_open(b->server.component_port, SERVER_SECRET));
	} else {
		server_folder(b->dir, &b->play.pki);
		edge_side_start(&b->side, &c);
	}
	if (direction == PLAY_OUT) {
		open_out(b);
	} else {
		SSL *ssl = xmpp_end_connect(&b->play.end, b->rival ? b->server.port : b->side.port);

		byte_end_init(&b->stream, ssl, SSL_get_fd(ssl));
	}
}

static void close_bed(struct bed *b)
{
	close(xmpp_end_hold(b->stream.ssl));
	if (b->rival) {
		close(b->component.fd);
		server_stop(&b->server);
	} else {
		edge_side_stop(&b->side);
		server_folder_remove(b->dir);
	}
}

/* ---- measuring ---- */

static uint64_t cpu_ns(const struct bed *b)
{
	return b->rival ? proc_cpu_ns(b->server.pid) : edge_side_cpu_ns(&b->side);
}

static void go(struct bed *b, uint64_t total, unsigned window, double rate)
{
	struct flow *f = &b->flow;

	f->total = total;
	f->window = window;
	f->rate = rate;
	f->sent = f->arrived = f->out_of_order = 0;
	memset(&f->latency, 0, sizeof f->latency);
	flow_run(f);
	if (f->arrived < f->sent || f->out_of_order)
		fprintf(stderr, "bench: %llu of %llu messages came, %llu out of order\n",
			(unsigned long long)f->arrived, (unsigned long long)f->sent,
			(unsigned long long)f->out_of_order);
}

static void note(struct result *r, const struct flow *f, int phase)
{
	r->missing += (double)(f->sent - f->arrived);
	if (f->ran < r->ran)
		r->ran = f->ran;
	r->p50_ms[phase] = (double)hist_quantile_ns(&f->latency, 0.5) / 1e6;
	r->p99_ms[phase] = (double)hist_quantile_ns(&f->latency, 0.99) / 1e6;
}

static struct result measure(struct bed *b, const struct options *o, const char *name, int direction)
{
	struct result r = {.ran = 1};
	uint64_t cpu, n = o->messages;

	open_bed(b, name, direction);
	go(b, n / 10, o->window, 0); /* warms up, unmeasured; how fast is it? */
	if ((double)b->flow.arrived / b->flow.seconds < 40000)
		n /= 4;
	cpu = cpu_ns(b);
	go(b, n, o->window, 0);
	r.cpu_us = (double)(cpu_ns(b) - cpu) / 1e3 / (double)(b->flow.arrived ? b->flow.arrived : 1);
	r.per_second = (double)b->flow.arrived / b->flow.seconds;
	note(&r, &b->flow, 0);
	/* A server that stalls at small windows would take minutes. */
	go(b, 400, 16, 0);
	go(b, b->flow.seconds > 0.2 ? 2000 : n / 2, 16, 0);
	note(&r, &b->flow, 1);
	r.per_second_16 = (double)b->flow.arrived / b->flow.seconds;
	go(b, n / 2, 0, r.per_second / 2);
	note(&r, &b->flow, 2);
	close_bed(b);
	return r;
}

static void put_result(const char *name, const struct result *r)
{
	report_open(name);
	report_num("per_second", r->per_second, 0);
	report_num("cpu_us", r->cpu_us, 2);
	report_num("p50_ms_full", r->p50_ms[0], 3);
	report_num("p99_ms_full", r->p99_ms[0], 3);
	report_num("per_second_16", r->per_second_16, 0);
	report_num("p50_ms_16", r->p50_ms[1], 3);
	report_num("p99_ms_16", r->p99_ms[1], 3);
	report_num("p50_ms_half_rate", r->p50_ms[2], 3);
	report_num("p99_ms_half_rate", r->p99_ms[2], 3);
	report_num("missing", r->missing, 0);
	report_num("driver_ran", r->ran, 3);
	report_close();
}

static void run(struct bed *b, const struct options *o, int direction, int argc, char **argv)
{
	const char *names[3];
	unsigned n = server_names(o->against, names, 3);
	struct result r[3] = {0};
	struct parts_tls tls;
	double floor_us;

	for (unsigned i = 0; i < n; i++)
		r[i] = measure(b, o, names[i], direction);
	tls = parts_tls();
	floor_us = direction == PLAY_IN ? tls.read_us + parts_xml() : tls.write_us;
	report_begin("s2s_throughput", argc, argv);
	report_str("direction", play_directions[direction]);
	report_str("unit", "us of CPU a message");
	report_num("value", r[0].cpu_us, 2);
	report_num("floor", floor_us, 2);
	report_num("ratio", r[0].cpu_us / floor_us, 2);
	report_num("messages", (double)o->messages, 0);
	report_num("window", o->window, 0);
	for (unsigned i = 0; i < n; i++)
		put_result(names[i], &r[i]);
	report_end();
}

int main(int argc, char **argv)
{
	struct options o = parse(argc, argv);
	static struct bed b;

	play_init(&b.play, 1);
	for (int direction = PLAY_IN; direction <= PLAY_OUT; direction++)
		if (!o.only || strcmp(o.only, play_directions[direction]) == 0)
			run(&b, &o, direction, argc, argv);
	pki_done(&b.play.pki);
	return 0;
}
