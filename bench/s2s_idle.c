/*
 * What an authenticated stream takes when nothing happens on it: the memory (PSS) of the server with
 * many of them, less what it took before the first, divided by their number. Streams that partners
 * have opened (in) and streams to them (out). Prints one JSON object a direction. The floor is what
 * the TLS library holds for one end of such a connection.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parts.h"
#include "play.h"
#include "proc.h"
#include "report.h"

enum { SETTLE_S = 5 };

struct options {
	unsigned streams, threads;
	const char *against, *only;
};

struct result {
	double bytes, total_mb;
};

static struct options parse(int argc, char **argv)
{
	static const struct option known[] = {{"streams", 1, 0, 'n'}, {"threads", 1, 0, 't'},
		{"against", 1, 0, 'a'}, {"only", 1, 0, 'o'}, {0}};
	struct options o = {.streams = 10000, .threads = 12};

	for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
		switch (c) {
		case 'n': o.streams = (unsigned)atoi(optarg); break;
		case 't': o.threads = (unsigned)atoi(optarg); break;
		case 'a': o.against = optarg; break;
		case 'o': o.only = optarg; break;
		default:
			fprintf(stderr, "usage: s2s_idle [--streams N] [--threads N] [--only in|out] "
					"[--against prosody|ejabberd|all]\n");
			exit(2);
		}
	}
	return o;
}

static struct result measure(struct play *p, const char *name, int direction, unsigned streams)
{
	struct server_env env = {&p->pki, p->dns.port, direction == PLAY_OUT ? streams : 0};
	int *held = calloc(streams, sizeof *held);
	uint64_t before, after;
	struct server s;

	p->dns.literal = strcmp(name, "ejabberd") == 0;
	server_start(&s, name, &env);
	sleep(1);
	before = proc_pss_bytes(s.pid);
	play_streams(p, &s, direction, 0, streams, held);
	sleep(SETTLE_S);
	after = proc_pss_bytes(s.pid);
	server_stop(&s);
	for (unsigned i = 0; i < streams; i++)
		close(held[i]);
	free(held);
	return (struct result){((double)after - (double)before) / streams, (double)after / 1e6};
}

static void run(struct play *p, const struct options *o, int direction, int argc, char **argv)
{
	const char *names[3];
	unsigned n = server_names(o->against, names, 3);
	struct parts_memory floor = parts_memory();
	struct result r[3] = {0};

	for (unsigned i = 0; i < n; i++)
		r[i] = measure(p, names[i], direction, o->streams);
	report_begin("s2s_idle", argc, argv);
	report_str("direction", play_directions[direction]);
	report_str("unit", "kB (1000 bytes) of PSS a stream");
	report_num("value", r[0].bytes / 1e3, 1);
	report_num("floor", floor.tls / 1e3, 1);
	report_num("ratio", r[0].bytes / floor.tls, 2);
	report_num("floor_with_parser", (floor.tls + floor.parser) / 1e3, 1);
	report_num("streams", o->streams, 0);
	for (unsigned i = 0; i < n; i++) {
		report_open(names[i]);
		report_num("kb_a_stream", r[i].bytes / 1e3, 1);
		report_num("pss_mb", r[i].total_mb, 1);
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
