/*
 * What do messages feel of the panel's clients? Times without any (A) and with 1,000 that wait for events
 * and 200 that never get to the end of their request (B) follow each other several times within one
 * run. The real entented on one processor, partners and clients on the other. Prints one JSON object.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "good_peers.h"
#include "idle_clients.h"
#include "proc.h"
#include "report.h"
#include "service.h"

enum { WITHOUT, WITH, TIMES, ROUNDS_MAX = 64, XMPP_LISTEN = 52790 };
static const uint64_t SECOND = 1000000000u, SETTLE_NS = 1000000000u;
static const char *const times[TIMES] = {[WITHOUT] = "without", [WITH] = "with"};

struct options {
	unsigned partners, rounds, seconds;
	double rate;
	struct idle_options idle;
};

static struct result {
	struct hist latency[TIMES][GOOD_WAYS];
	struct hist round[ROUNDS_MAX][TIMES][GOOD_WAYS];
	double ns[TIMES], cpu_ns[TIMES];
	unsigned waiting, slow; /* at the least, while it was measured */
} result = {.waiting = ~0u, .slow = ~0u};

static void add(struct hist *to, const struct hist *from)
{
	to->count += from->count;
	to->max_ns = from->max_ns > to->max_ns ? from->max_ns : to->max_ns;
	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		to->bucket[i] += from->bucket[i];
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Messages go on meanwhile; they are not counted. */
static void wait_for_clients(
	struct good_peers *g, struct idle_clients *c, const struct options *o, bool there)
{
	atomic_store(&c->active, there);
	for (int i = 0; i < 180; i++) {
		unsigned waiting = atomic_load(&c->waiting), slow = atomic_load(&c->slow);

		if (there ? waiting == o->idle.events && slow == o->idle.loris : waiting + slow == 0)
			return;
		good_peers_play(g, o->rate, SECOND, 0, NULL);
	}
}

static void play_time(struct good_peers *g, struct idle_clients *c, const struct options *o,
	pid_t pid, unsigned round, int time)
{
	struct hist *const latency[] = {&result.round[round][time][0], &result.round[round][time][1]};
	uint64_t cpu, begin;

	wait_for_clients(g, c, o, time == WITH);
	cpu = proc_cpu_ns(pid);
	begin = bench_now_ns();
	good_peers_play(g, o->rate, SETTLE_NS + o->seconds * SECOND, SETTLE_NS, latency);
	result.ns[time] += (double)(bench_now_ns() - begin);
	result.cpu_ns[time] += (double)(proc_cpu_ns(pid) - cpu);
	if (time == WITH) {
		result.waiting = least(result.waiting, atomic_load(&c->waiting));
		result.slow = least(result.slow, atomic_load(&c->slow));
	}
}

/* ---- report ---- */

static double ms(const struct hist *h, double q)
{
	return (double)hist_quantile_ns(h, q) / 1e6;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double middle_ratio(unsigned rounds, int way)
{
	double r[ROUNDS_MAX];

	for (unsigned i = 0; i < rounds; i++)
		r[i] = ms(&result.round[i][WITH][way], 0.99) / ms(&result.round[i][WITHOUT][way], 0.99);
	qsort(r, rounds, sizeof *r, by_value);
	return rounds % 2 ? r[rounds / 2] : (r[rounds / 2 - 1] + r[rounds / 2]) / 2;
}

static void report_way(const struct good_peers *g, const struct options *o, int way)
{
	report_open(good_ways[way]);
	for (int time = 0; time < TIMES; time++) {
		const struct hist *h = &result.latency[time][way];

		report_open(times[time]);
		report_num("messages", (double)h->count, 0);
		report_num("p50_ms", ms(h, 0.5), 3);
		report_num("p90_ms", ms(h, 0.9), 3);
		report_num("p99_ms", ms(h, 0.99), 3);
		report_num("max_ms", (double)h->max_ns / 1e6, 3);
		report_close();
	}
	report_num("p99_ratio", ms(&result.latency[WITH][way], 0.99) / ms(&result.latency[WITHOUT][way], 0.99), 2);
	report_num("p99_ratio_of_middle_round", middle_ratio(o->rounds, way), 2);
	report_num("missing", (double)(g->count[way].sent - g->count[way].done), 0);
	report_num("refused", (double)g->count[way].refused, 0);
	report_close();
}

static void report(const struct good_peers *g, const struct idle_clients *c, const struct options *o)
{
	report_num("rate", o->rate, 0);
	report_num("rounds", o->rounds, 0);
	for (int way = 0; way < GOOD_WAYS; way++) {
		for (unsigned i = 0; i < o->rounds; i++)
			for (int time = 0; time < TIMES; time++)
				add(&result.latency[time][way], &result.round[i][time][way]);
		report_way(g, o, way);
	}
	for (int time = 0; time < TIMES; time++) {
		report_open(times[time]);
		report_num("cpu_share", result.cpu_ns[time] / result.ns[time], 3);
		report_close();
	}
	report_open("clients");
	report_num("waiting_at_least", result.waiting, 0);
	report_num("slow_at_least", result.slow, 0);
	report_num("events_read", (double)c->events, 0);
	report_num("slow_dropped", (double)c->dropped, 0);
	report_close();
}

/* ---- */

static struct options parse(int argc, char **argv, struct service *s)
{
	static const struct option known[] = {{"entented", 1, 0, 'd'}, {"entente", 1, 0, 'c'},
		{"partners", 1, 0, 'p'}, {"rate", 1, 0, 'r'}, {"rounds", 1, 0, 'n'}, {"seconds", 1, 0, 's'},
		{"events", 1, 0, 'e'}, {"slow", 1, 0, 'l'}, {0}};
	struct options o = {.partners = 20, .rate = 500, .rounds = 6, .seconds = 5,
		.idle = {.events = 1000, .loris = 200}};

	for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
		unsigned n = optarg ? (unsigned)atoi(optarg) : 0;

		switch (c) {
		case 'd': s->entented = optarg; break;
		case 'c': s->entente = optarg; break;
		case 'p': o.partners = n; break;
		case 'r': o.rate = n; break;
		case 'n': o.rounds = n < ROUNDS_MAX ? n : ROUNDS_MAX; break;
		case 's': o.seconds = n; break;
		case 'e': o.idle.events = n; break;
		case 'l': o.idle.loris = n; break;
		default:
			fprintf(stderr, "usage: admin_load [--entented FILE] [--entente FILE] [--partners N] "
					"[--rate MESSAGES/S EITHER WAY] [--rounds N] [--seconds N] "
					"[--events CLIENTS] [--slow CLIENTS]\n");
			exit(2);
		}
	}
	return o;
}

int main(int argc, char **argv)
{
	struct service s = {.entented = "build/entented", .entente = "build/entente"};
	struct options o = parse(argc, argv, &s);
	struct bench_dns dns = {.numbered = true, .xmpp_port = XMPP_LISTEN};
	struct idle_clients *clients;
	struct good_peers good;
	char token[128];
	struct pki pki;

	signal(SIGPIPE, SIG_IGN);
	proc_pin(1);
	pki_make(&pki);
	good_peers_init(&good, &pki, o.partners, XMPP_LISTEN,
		(uint64_t)((o.rounds * 2 * (o.seconds + 60) + 200) * o.rate));
	bench_dns_start(&dns);
	s.log_to_file = true;
	s.panel = true;
	s.partners = o.partners;
	service_start(&s, &pki, &dns, good.udp_port);
	service_token(&s, "viewer", token);
	o.idle.port = s.panel_port;
	o.idle.token = token;
	clients = idle_clients_start(&o.idle);
	good_peers_connect(&good, s.sip_port, s.xmpp_port);
	good_peers_play(&good, o.rate, 2 * SECOND, 0, NULL);
	for (unsigned i = 0; i < o.rounds; i++)
		for (int time = 0; time < TIMES; time++)
			play_time(&good, clients, &o, s.pid, i, time);
	atomic_store(&clients->active, 0);
	good_peers_play(&good, 1, 3 * SECOND, 0, NULL); /* what is under way */
	report_begin("admin_load", argc, argv);
	report(&good, clients, &o);
	report_end();
	idle_clients_stop(clients);
	pki_done(&pki);
	return service_stop(&s);
}
