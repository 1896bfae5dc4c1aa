/*
 * What it costs to open a stream: STARTTLS, TLS 1.3 with certificates both ways, SASL EXTERNAL, and to
 * close it again; streams that partners open (in) and streams to them (out, with the look-up of their
 * SRV record and address). Many at once, from threads on another processor. Prints one JSON object a
 * direction. The floor is the TLS handshake alone, of that end.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parts.h"
#include "play.h"
#include "proc.h"
#include "report.h"

enum { WARM = 100 };

struct options {
	unsigned streams, threads;
	const char *against, *only;
};

struct result {
	double per_second, cpu_ms;
};

static struct options parse(int argc, char **argv)
{
	static const struct option known[] = {{"streams", 1, 0, 'n'}, {"threads", 1, 0, 't'},
		{"against", 1, 0, 'a'}, {"only", 1, 0, 'o'}, {0}};
	struct options o = {.streams = 4000, .threads = 12};

	for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
		switch (c) {
		case 'n': o.streams = (unsigned)atoi(optarg); break;
		case 't': o.threads = (unsigned)atoi(optarg); break;
		case 'a': o.against = optarg; break;
		case 'o': o.only = optarg; break;
		default:
			fprintf(stderr, "usage: s2s_establish [--streams N] [--threads N] [--only in|out] "
					"[--against prosody|ejabberd|all]\n");
			exit(2);
		}
	}
	return o;
}

static struct result measure(struct play *p, const char *name, int direction, unsigned streams)
{
	struct server_env env = {&p->pki, p->dns.port, direction == PLAY_OUT ? streams + WARM : 0};
	struct server s;
	struct result r;
	uint64_t cpu, t;

	p->dns.literal = strcmp(name, "ejabberd") == 0;
	server_start(&s, name, &env);
	play_streams(p, &s, direction, 0, WARM, NULL);
	cpu = proc_cpu_ns(s.pid);
	t = bench_now_ns();
	play_streams(p, &s, direction, WARM, streams, NULL);
	t = bench_now_ns() - t;
	cpu = proc_cpu_ns(s.pid) - cpu;
	server_stop(&s);
	r.per_second = streams / ((double)t / 1e9);
	r.cpu_ms = (double)cpu / 1e6 / streams;
	return r;
}

static void run(struct play *p, const struct options *o, int direction, int argc, char **argv)
{
	const char *names[3];
	unsigned n = server_names(o->against, names, 3);
	struct result r[3] = {0};
	struct parts_handshake floor;
	double floor_ms;

	for (unsigned i = 0; i < n; i++)
		r[i] = measure(p, names[i], direction, o->streams);
	floor = parts_handshake();
	floor_ms = direction == PLAY_IN ? floor.server_ms : floor.client_ms;
	report_begin("s2s_establish", argc, argv);
	report_str("direction", play_directions[direction]);
	report_str("unit", "ms of CPU a stream");
	report_num("value", r[0].cpu_ms, 3);
	report_num("floor", floor_ms, 3);
	report_num("ratio", r[0].cpu_ms / floor_ms, 2);
	report_num("streams", o->streams, 0);
	for (unsigned i = 0; i < n; i++) {
		report_open(names[i]);
		report_num("per_second", r[i].per_second, 0);
		report_num("cpu_ms", r[i].cpu_ms, 3);
		report_close();
	}
	report_end();
}

int main(int argc, char **argv)
{
	struct options o = parse(argc, argv);
	struct play p;

	play_init(&p, o.threads);
	for (int direction = PLAY_IN; direction <= PLAY_OUT; direction++)
		if (!o.only || strcmp(o.only, play_directions[direction]) == 0)
			run(&p, &o, direction, argc, argv);
	pki_done(&p.pki);
	return 0;
}
