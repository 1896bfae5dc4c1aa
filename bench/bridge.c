/*
 * The main job, measured from outside: SIP MESSAGE over UDP, TCP or TLS to XMPP over mutual TLS 1.3
 * and back, through the real entented, against a driver in C on another processor. Prints one JSON
 * object a direction. CPU is all of entented's threads, read from the kernel before and after.
 *
 * Without --rate: as fast as a window allows, then half of that at an even rate. With --rate R
 * --seconds S: R messages a second from SIP to XMPP, whatever comes back; over UDP the driver sends
 * again as a SIP client does, so that what the kernel drops is not lost.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "load.h"
#include "parts_net.h"
#include "proc.h"
#include "report.h"
#include "service.h"

struct options {
	uint64_t messages;
	unsigned targets, window, connections;
	double rate, seconds;
	enum side_kind kind;
	const char *only;
	int argc;
	char **argv;
};

static struct xmpp_end end;

static void report_head(const struct options *o, const char *direction)
{
	report_begin("bridge", o->argc, o->argv);
	report_str("direction", direction);
	report_str("transport", side_kind_name(o->kind));
	report_num("connections", o->kind == SIDE_UDP ? 0 : o->connections, 0);
}

static double each(uint64_t total, const struct load *l, double unit)
{
	return (double)total / unit / (double)(l->arrived ? l->arrived : 1);
}

static void report_latency(const char *when, const struct load *l)
{
	char key[64];

	snprintf(key, sizeof key, "p50_ms%s", when);
	report_num(key, (double)hist_quantile_ns(&l->latency, 0.5) / 1e6, 3);
	snprintf(key, sizeof key, "p99_ms%s", when);
	report_num(key, (double)hist_quantile_ns(&l->latency, 0.99) / 1e6, 3);
}

/* ---- closed loop ---- */

struct closed {
	struct load full, half;
	uint64_t cpu, half_cpu;
};

static void report_closed(const struct options *o, const char *direction, const struct closed *c,
	uint64_t pss, double floor_us)
{
	double us = each(c->cpu, &c->full, 1e3);

	report_head(o, direction);
	report_num("messages", (double)c->full.total, 0);
	report_num("missing", (double)(c->full.total - c->full.arrived - c->full.refused), 0);
	report_num("refused", (double)c->full.refused, 0);
	report_num("twice", (double)c->full.twice, 0);
	report_num("per_second", (double)c->full.arrived / c->full.seconds, 0);
	report_num("cpu_us_per_message", us, 2);
	report_num("floor_us", floor_us, 2);
	report_num("ratio", us / floor_us, 2);
	report_latency("_at_half_load", &c->half);
	report_num("half_load_per_second", c->half.rate, 0);
	report_num("half_load_missing", (double)(c->half.total - c->half.arrived - c->half.refused),
		0);
	report_num("cpu_us_at_half_load", each(c->half_cpu, &c->half, 1e3), 2);
	report_num("driver_ran_at_half_load", c->half.ran, 3);
	report_num("pss_mb", (double)pss / 1e6, 1);
	report_end();
}

static void measure(const struct options *o, const char *direction, const struct load *l, pid_t pid,
	double floor_us, void (*drive)(struct load *))
{
	static struct closed c;

	c.full = *l;
	c.full.total = l->total / 10;
	drive(&c.full); /* warms up, unmeasured */
	c.full = *l;
	c.cpu = proc_cpu_ns(pid);
	drive(&c.full);
	c.cpu = proc_cpu_ns(pid) - c.cpu;
	c.half = *l;
	c.half.rate = (double)c.full.arrived / c.full.seconds / 2;
	c.half.total = l->total / 2;
	c.half_cpu = proc_cpu_ns(pid);
	drive(&c.half);
	c.half_cpu = proc_cpu_ns(pid) - c.half_cpu;
	report_closed(o, direction, &c, proc_pss_bytes(pid), floor_us);
}

/* ---- open loop ---- */

struct memory {
	uint64_t before, after;
};

static void report_open_loop(const struct options *o, const struct load *l, uint64_t cpu,
	struct memory pss, uint64_t drops, double floor_us)
{
	double us = each(cpu, l, 1e3);

	report_head(o, "sip-to-xmpp, open loop");
	report_num("rate", o->rate, 0);
	report_num("offered_per_second", (double)l->sent / l->offered_seconds, 0);
	report_num("messages", (double)l->total, 0);
	report_num("answered", (double)l->answered, 0);
	report_num("refused", (double)l->refused, 0);
	report_num("given_up", (double)l->given_up, 0);
	report_num("missing", (double)(l->total - l->arrived - l->refused), 0);
	report_num("twice", (double)l->twice, 0);
	report_num("sent_again", (double)l->resent, 0);
	report_num("kernel_drops_entented", (double)drops, 0);
	report_num("kernel_drops_driver", (double)sip_side_drops(l->sip), 0);
	report_num("cpu_us_per_message", us, 2);
	report_num("floor_us", floor_us, 2);
	report_num("ratio", us / floor_us, 2);
	report_latency("", l);
	report_num("driver_ran", l->ran, 3);
	report_num("pss_mb_before", (double)pss.before / 1e6, 1);
	report_num("pss_mb", (double)pss.after / 1e6, 1);
	report_end();
}

static void measure_open(
	const struct options *o, const struct load *given, const struct service *s, double floor_us)
{
	static struct load l;
	struct memory pss = {.before = proc_pss_bytes(s->pid)};
	uint64_t cpu = proc_cpu_ns(s->pid);

	l = *given;
	l.rate = o->rate;
	l.total = (uint64_t)(o->rate * o->seconds);
	l.resend = o->kind == SIDE_UDP;
	load_sip_to_xmpp(&l);
	cpu = proc_cpu_ns(s->pid) - cpu;
	pss.after = proc_pss_bytes(s->pid);
	report_open_loop(
		o, &l, cpu, pss, o->kind == SIDE_UDP ? proc_udp_drops(s->sip_port) : 0, floor_us);
}

static void usage(void)
{
	fprintf(stderr,
		"usage: bridge [--entented FILE] [--entente FILE] [--transport udp|tcp|tls] "
		"[--connections N] [--messages N] [--targets N] [--window N] [--only sip|xmpp] "
		"[--rate N --seconds N]\n");
	exit(2);
}

static struct options parse(int argc, char **argv, struct service *s)
{
	static const struct option known[] = {{"entented", 1, 0, 'd'}, {"entente", 1, 0, 'c'},
		{"messages", 1, 0, 'n'}, {"targets", 1, 0, 't'}, {"window", 1, 0, 'w'},
		{"only", 1, 0, 'o'}, {"transport", 1, 0, 'p'}, {"connections", 1, 0, 'k'},
		{"rate", 1, 0, 'r'}, {"seconds", 1, 0, 's'}, {0}};
	struct options o = {.messages = 400000,
		.targets = 1000,
		.window = 512,
		.connections = 1,
		.seconds = 20,
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
		case 'n':
			o.messages = strtoull(optarg, NULL, 10);
			break;
		case 't':
			o.targets = (unsigned)atoi(optarg);
			break;
		case 'w':
			o.window = (unsigned)atoi(optarg);
			break;
		case 'o':
			o.only = optarg;
			break;
		case 'p':
			o.kind = side_kind(optarg);
			break;
		case 'k':
			o.connections = (unsigned)atoi(optarg);
			break;
		case 'r':
			o.rate = atof(optarg);
			break;
		case 's':
			o.seconds = atof(optarg);
			break;
		default:
			usage();
		}
	}
	if (o.kind == SIDE__N || o.connections == 0 || o.rate * o.seconds > 4e9)
		usage();
	return o;
}

static void many_files(void)
{
	struct rlimit files;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

int main(int argc, char **argv)
{
	struct service s = {.entented = "build/entented", .entente = "build/entente"};
	struct options o = parse(argc, argv, &s);
	struct parts_bridge floor_us;
	struct load down, up;
	struct bench_dns dns = {0};
	struct pki pki;

	signal(SIGPIPE, SIG_IGN);
	many_files();
	proc_pin(1);
	floor_us = parts_bridge(o.kind);
	pki_make(&pki);
	xmpp_end_init(&end, &pki, "xmpp.bench", "sip.bench");
	dns.xmpp_port = end.port;
	bench_dns_start(&dns);
	up = (struct load){.targets = o.targets, .total = o.messages, .window = o.window};
	up.sip = sip_side_new(o.kind, &pki);
	down = up;
	s.transport = side_kind_name(o.kind);
	service_start(&s, &pki, &dns, sip_side_port(up.sip));
	sip_side_connect(up.sip, s.sip_port, o.connections);
	load_open_streams(&down, &up, &end, s.xmpp_port);
	if (o.rate > 0)
		measure_open(&o, &down, &s, floor_us.sip_to_xmpp);
	else if (!o.only || strcmp(o.only, "sip") == 0)
		measure(&o, "sip-to-xmpp", &down, s.pid, floor_us.sip_to_xmpp, load_sip_to_xmpp);
	if (o.rate == 0 && (!o.only || strcmp(o.only, "xmpp") == 0))
		measure(&o, "xmpp-to-sip", &up, s.pid, floor_us.xmpp_to_sip, load_xmpp_to_sip);
	pki_done(&pki);
	return service_stop(&s);
}
