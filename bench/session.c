/*
 * Sessions as Lync speaks them, measured from outside: how many are set up in a second, what one
 * takes while nothing is said in it, and what a message over many of them costs beside a pager
 * message by the same connections in the same run. SIP by TLS with certificates both ways, XMPP by
 * mutual TLS 1.3, the real entented, a driver in C on another processor. Prints one JSON object a
 * part. CPU is all of entented's threads, read from the kernel before and after.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "load.h"
#include "parts_net.h"
#include "proc.h"
#include "report.h"
#include "service.h"
#include "talk.h"

struct options {
	unsigned sessions, window, connections;
	uint64_t messages;
	int argc;
	char **argv;
};

enum { SIP_TO_XMPP, XMPP_TO_SIP, WAYS };
static const char *const ways[WAYS] = {"sip-to-xmpp", "xmpp-to-sip"};

/* What is compared: one way of one kind. */
struct cost {
	uint64_t cpu_ns, arrived;
	double seconds;
};

static struct xmpp_end end;

static void die(const char *what)
{
	fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

/* ---- pager messages ---- */

static struct cost pager(const struct load *given, uint64_t total, pid_t pid, int way)
{
	static struct load l;
	struct cost c;

	l = *given;
	l.total = total;
	c.cpu_ns = proc_cpu_ns(pid);
	if (way == SIP_TO_XMPP)
		load_sip_to_xmpp(&l);
	else
		load_xmpp_to_sip(&l);
	c.cpu_ns = proc_cpu_ns(pid) - c.cpu_ns;
	c.arrived = l.arrived;
	c.seconds = l.seconds;
	return c;
}

/* ---- sessions ---- */

static double us(const struct cost *c)
{
	return (double)c->cpu_ns / 1e3 / (double)(c->arrived ? c->arrived : 1);
}

static double per_second(const struct cost *c)
{
	return (double)c->arrived / (c->seconds > 0 ? c->seconds : 1);
}

static void report_head(const struct options *o, const char *part)
{
	report_begin("session", o->argc, o->argv);
	report_str("part", part);
	report_str("transport", side_kind_name(SIDE_TLS));
	report_num("connections", o->connections, 0);
	report_num("sessions", o->sessions, 0);
}

static void report_opened(const struct options *o, const struct talk *t, uint64_t cpu,
	uint64_t before, uint64_t half, uint64_t after)
{
	double n = (double)t->answered;

	report_head(o, "open");
	report_num("opened", n, 0);
	report_num("refused", (double)t->refused, 0);
	report_num("per_second", n / t->seconds, 0);
	report_num("cpu_us_per_session", (double)cpu / 1e3 / n, 2);
	report_num("pss_mb_before", (double)before / 1e6, 1);
	report_num("pss_mb", (double)after / 1e6, 1);
	report_num("bytes_per_session", (double)(after - before) / o->sessions, 0);
	report_num("bytes_per_session_of_second_half",
		(double)(after - half) / (o->sessions - o->sessions / 2), 0);
	report_num("driver_ran", t->ran, 3);
	report_end();
}

/* All the sessions, first one half of them and then the other, with their memory in between. */
static void open_all(const struct options *o, struct talk *t, pid_t pid)
{
	struct talk first, rest;
	uint64_t cpu, before, half;

	talk_open(t, 0, o->sessions / 50); /* what is allocated once */
	talk_close(t, o->sessions / 50);
	sleep(1);
	before = proc_pss_bytes(pid);
	cpu = proc_cpu_ns(pid);
	talk_open(t, 0, o->sessions / 2);
	first = *t;
	cpu = proc_cpu_ns(pid) - cpu;
	sleep(1);
	half = proc_pss_bytes(pid);
	cpu -= proc_cpu_ns(pid);
	talk_open(t, o->sessions / 2, o->sessions - o->sessions / 2);
	cpu += proc_cpu_ns(pid);
	rest = *t;
	rest.answered += first.answered;
	rest.refused += first.refused;
	rest.seconds += first.seconds;
	sleep(1);
	report_opened(o, &rest, cpu, before, half, proc_pss_bytes(pid));
	if (rest.answered != o->sessions)
		die("not all sessions came up");
}

static struct cost talking(
	struct talk *t, struct byte_end *stream, uint64_t total, pid_t pid, int way)
{
	struct cost c = {.cpu_ns = proc_cpu_ns(pid)};

	if (way == SIP_TO_XMPP)
		talk_sip_to_xmpp(t, stream, total);
	else
		talk_xmpp_to_sip(t, stream, total);
	c.cpu_ns = proc_cpu_ns(pid) - c.cpu_ns;
	c.arrived = t->arrived;
	c.seconds = t->seconds;
	return c;
}

static void report_way(const struct options *o, const struct talk *t, int way,
	const struct cost *session, const struct cost *pager, double floor_us)
{
	report_head(o, ways[way]);
	report_num("messages", (double)t->total, 0);
	report_num("missing", (double)(t->total - t->arrived - t->refused), 0);
	report_num("refused", (double)t->refused, 0);
	report_num("per_second", per_second(session), 0);
	report_num("pager_per_second", per_second(pager), 0);
	report_num("cpu_us_per_message", us(session), 2);
	report_num("pager_cpu_us_per_message", us(pager), 2);
	report_num("ratio_to_pager", us(session) / us(pager), 2);
	report_num("floor_us", floor_us, 2);
	report_num("ratio", us(session) / floor_us, 2);
	report_num("p50_ms", (double)hist_quantile_ns(&t->latency, 0.5) / 1e6, 3);
	report_num("p99_ms", (double)hist_quantile_ns(&t->latency, 0.99) / 1e6, 3);
	report_num("driver_ran", t->ran, 3);
	report_end();
}

static void close_all(const struct options *o, struct talk *t, pid_t pid)
{
	uint64_t cpu = proc_cpu_ns(pid);

	talk_close(t, o->sessions);
	cpu = proc_cpu_ns(pid) - cpu;
	report_head(o, "close");
	report_num("closed", (double)t->answered, 0);
	report_num("refused", (double)t->refused, 0);
	report_num("per_second", (double)t->answered / t->seconds, 0);
	report_num("cpu_us_per_session", (double)cpu / 1e3 / (double)t->answered, 2);
	report_end();
}

/* ---- the program ---- */

static void measure(const struct options *o, const struct service *s, struct load *down,
	struct load *up, const struct parts_bridge *floor_us)
{
	static struct byte_end in, out;
	struct byte_end *streams[WAYS] = {&in, &out};
	const double floors[WAYS] = {floor_us->sip_to_xmpp, floor_us->xmpp_to_sip};
	const struct load *loads[WAYS] = {down, up};
	struct cost pagers[WAYS];
	struct talk t;

	byte_end_init(&in, down->ssl, -1);
	byte_end_init(&out, up->ssl, -1);
	talk_init(&t, down->sip, o->sessions, o->window);
	/* First, while nothing else has left memory behind that would be used again. */
	service_do(s, "route set bench --mode session");
	open_all(o, &t, s->pid);
	close_all(o, &t, s->pid);
	service_do(s, "route set bench --mode pager");
	for (int way = 0; way < WAYS; way++) {
		pager(loads[way], o->messages / 10, s->pid, way); /* warms up */
		pagers[way] = pager(loads[way], o->messages, s->pid, way);
	}
	service_do(s, "route set bench --mode session");
	talk_open(&t, 0, o->sessions);
	if (t.answered != o->sessions)
		die("not all sessions came up again");
	for (int way = 0; way < WAYS; way++) {
		struct cost c;

		talking(&t, streams[way], o->messages / 10, s->pid, way);
		c = talking(&t, streams[way], o->messages, s->pid, way);
		report_way(o, &t, way, &c, &pagers[way], floors[way]);
	}
	talk_done(&t);
}

static void usage(void)
{
	fprintf(stderr,
		"usage: session [--entented FILE] [--entente FILE] [--sessions N] [--messages N] "
		"[--window N] [--connections N]\n");
	exit(2);
}

static struct options parse(int argc, char **argv, struct service *s)
{
	static const struct option known[] = {{"entented", 1, 0, 'd'}, {"entente", 1, 0, 'c'},
		{"sessions", 1, 0, 's'}, {"messages", 1, 0, 'n'}, {"window", 1, 0, 'w'},
		{"connections", 1, 0, 'k'}, {0}};
	struct options o = {.sessions = 10000,
		.messages = 200000,
		.window = 512,
		.connections = 1,
		.argc = argc,
		.argv = argv};

	for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
		switch (c) {
		case 'd':
			s->entented = optarg;
			break;
		case 'c':
			s->entente = optarg;
			break;
		case 's':
			o.sessions = (unsigned)atoi(optarg);
			break;
		case 'n':
			o.messages = strtoull(optarg, NULL, 10);
			break;
		case 'w':
			o.window = (unsigned)atoi(optarg);
			break;
		case 'k':
			o.connections = (unsigned)atoi(optarg);
			break;
		default:
			usage();
		}
	}
	if (o.sessions < 100 || o.window == 0 || o.connections == 0 || o.messages < 100)
		usage();
	return o;
}

int main(int argc, char **argv)
{
	struct service s = {
		.entented = "build/entented", .entente = "build/entente", .transport = "tls"};
	struct options o = parse(argc, argv, &s);
	struct parts_bridge floor_us;
	struct bench_dns dns = {0};
	struct load down, up;
	struct pki pki;

	signal(SIGPIPE, SIG_IGN);
	proc_pin(1);
	floor_us = parts_bridge(SIDE_TLS);
	pki_make(&pki);
	xmpp_end_init(&end, &pki, "xmpp.bench", "sip.bench");
	dns.xmpp_port = end.port;
	bench_dns_start(&dns);
	up = (struct load){.targets = o.sessions, .window = o.window};
	up.sip = sip_side_new(SIDE_TLS, &pki);
	down = up;
	service_start(&s, &pki, &dns, sip_side_port(up.sip));
	sip_side_connect(up.sip, s.sip_port, o.connections);
	load_open_streams(&down, &up, &end, s.xmpp_port);
	measure(&o, &s, &down, &up, &floor_us);
	pki_done(&pki);
	return service_stop(&s);
}
