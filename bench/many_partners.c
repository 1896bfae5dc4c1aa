/*
 * 200 partners, 50 of them slow, dead, hostile or huge: what do the other 150 feel? The real entented on
 * one processor, the partners on the other. Times of rest (A) and of trouble (B) follow each other
 * several times within one run, so what else the machine does falls on both alike. Prints one JSON object.
 */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bad_peers.h"
#include "good_peers.h"
#include "proc.h"
#include "report.h"
#include "service.h"

enum { REST, TROUBLE, TIMES, ROUNDS_MAX = 64, XMPP_LISTEN = 15269 };
static const uint64_t SECOND = 1000000000u, SETTLE_NS = 1000000000u;
static const char *const times[TIMES] = {[REST] = "rest", [TROUBLE] = "trouble"};

struct options {
	unsigned good, rounds, seconds;
	double rate;
	struct bad_options bad;
};

static struct result {
	struct hist latency[TIMES][GOOD_WAYS];
	struct hist round[ROUNDS_MAX][TIMES][GOOD_WAYS];
	double ns[TIMES], cpu_ns[TIMES], waited_ns[TIMES];
} result;

static void add(struct hist *to, const struct hist *from)
{
	to->count += from->count;
	to->max_ns = from->max_ns > to->max_ns ? from->max_ns : to->max_ns;
	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		to->bucket[i] += from->bucket[i];
}

static void play_time(struct good_peers *g, struct bad_peers *b, const struct options *o, pid_t pid,
	unsigned round, int time)
{
	struct hist *const latency[] = {&result.round[round][time][0], &result.round[round][time][1]};
	uint64_t cpu = proc_cpu_ns(pid), waited = proc_waited_ns(pid), begin = bench_now_ns();

	atomic_store(&b->active, time == TROUBLE);
	good_peers_play(g, o->rate, SETTLE_NS + o->seconds * SECOND, SETTLE_NS, latency);
	result.ns[time] += (double)(bench_now_ns() - begin);
	result.cpu_ns[time] += (double)(proc_cpu_ns(pid) - cpu);
	result.waited_ns[time] += (double)(proc_waited_ns(pid) - waited);
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

/* Of the rounds' p99 in trouble to that at rest beside it: the one in the middle. */
static double middle_ratio(unsigned rounds, int way)
{
	double r[ROUNDS_MAX];

	for (unsigned i = 0; i < rounds; i++)
		r[i] = ms(&result.round[i][TROUBLE][way], 0.99) / ms(&result.round[i][REST][way], 0.99);
	qsort(r, rounds, sizeof *r, by_value);
	return rounds % 2 ? r[rounds / 2] : (r[rounds / 2 - 1] + r[rounds / 2]) / 2;
}

static void report_way(const struct good_peers *g, const struct options *o, int way)
{
	const struct good_count *c = &g->count[way];

	report_open(good_ways[way]);
	for (int time = 0; time < TIMES; time++) {
		const struct hist *h = &result.latency[time][way];

		report_open(times[time]);
		report_num("messages", (double)h->count, 0);
		report_num("p50_ms", ms(h, 0.5), 3);
		report_num("p90_ms", ms(h, 0.9), 3);
		report_num("p99_ms", ms(h, 0.99), 3);
		report_num("p999_ms", ms(h, 0.999), 3);
		report_num("max_ms", (double)h->max_ns / 1e6, 3);
		report_close();
	}
	report_num("p99_ratio", ms(&result.latency[TROUBLE][way], 0.99) / ms(&result.latency[REST][way], 0.99), 2);
	report_num("p99_ratio_of_middle_round", middle_ratio(o->rounds, way), 2);
	report_num("missing", (double)(c->sent - c->done), 0);
	report_num("refused", (double)c->refused, 0);
	report_num("twice", (double)c->twice, 0);
	report_close();
}

static void report(const struct good_peers *g, const struct bad_peers *b, const struct options *o)
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
		report_num("waited_share", result.waited_ns[time] / result.ns[time], 3);
		report_close();
	}
	report_open("bad_a_second");
	report_num("connections", (double)b->connections / (result.ns[TROUBLE] / 1e9), 0);
	report_num("handshakes", (double)b->handshakes / (result.ns[TROUBLE] / 1e9), 0);
	report_num("authenticated", (double)b->authenticated / (result.ns[TROUBLE] / 1e9), 0);
	report_num("taken", (double)b->taken / (result.ns[TROUBLE] / 1e9), 0);
	report_num("huge_mb", (double)b->huge_bytes / 1e6 / (result.ns[TROUBLE] / 1e9), 1);
	report_num("sip", (double)b->sip_sent / (result.ns[TROUBLE] / 1e9), 0);
	report_close();
}

/* ---- */

static struct options parse(int argc, char **argv, struct service *s)
{
	static const struct option known[] = {{"entented", 1, 0, 'd'}, {"entente", 1, 0, 'c'},
		{"good", 1, 0, 'g'}, {"rate", 1, 0, 'r'}, {"rounds", 1, 0, 'n'}, {"seconds", 1, 0, 's'},
		{"slow", 1, 0, 1}, {"dead", 1, 0, 2}, {"hostile", 1, 0, 3}, {"huge", 1, 0, 4},
		{"storms", 1, 0, 5}, {"stanzas", 1, 0, 6}, {"messages", 1, 0, 7}, {0}};
	struct options o = {.good = 150, .rate = 500, .rounds = 6, .seconds = 5,
		.bad = {.n = {13, 13, 12, 12}, .storms = 20, .huge = 2, .sip = 200}};

	for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
		unsigned n = optarg ? (unsigned)atoi(optarg) : 0;

		switch (c) {
		case 'd': s->entented = optarg; break;
		case 'c': s->entente = optarg; break;
		case 'g': o.good = n; break;
		case 'r': o.rate = n; break;
		case 'n': o.rounds = n < ROUNDS_MAX ? n : ROUNDS_MAX; break;
		case 's': o.seconds = n; break;
		case 1: case 2: case 3: case 4: o.bad.n[c - 1] = n; break;
		case 5: o.bad.storms = n; break;
		case 6: o.bad.huge = n; break;
		case 7: o.bad.sip = n; break;
		default:
			fprintf(stderr, "usage: many_partners [--entented FILE] [--entente FILE] [--good N] "
					"[--rate MESSAGES/S EITHER WAY] [--rounds N] [--seconds N] [--slow N] "
					"[--dead N] [--hostile N] [--huge N] [--storms CONNECTIONS/S OF EACH] "
					"[--stanzas HUGE ONES/S OF EACH] [--messages TO THE BAD/S]\n");
			exit(2);
		}
	}
	o.bad.first = o.good;
	return o;
}

static unsigned all_partners(const struct options *o)
{
	unsigned n = o->good;

	for (int kind = 0; kind < BAD_KINDS; kind++)
		n += o->bad.n[kind];
	return n;
}

int main(int argc, char **argv)
{
	struct service s = {.entented = "build/entented", .entente = "build/entente"};
	struct options o = parse(argc, argv, &s);
	struct bench_dns dns = {.numbered = true, .xmpp_port = XMPP_LISTEN};
	struct bad_peers *bad;
	struct good_peers good;
	struct pki pki;

	signal(SIGPIPE, SIG_IGN);
	proc_pin(1);
	pki_make(&pki);
	good_peers_init(&good, &pki, o.good, XMPP_LISTEN,
		(uint64_t)((o.rounds * 2 * (o.seconds + 1) + 30) * o.rate));
	bench_dns_start(&dns);
	s.log_to_file = true;
	s.partners = all_partners(&o);
	service_start(&s, &pki, &dns, good.udp_port);
	o.bad.xmpp_listen = XMPP_LISTEN;
	o.bad.xmpp_port = s.xmpp_port;
	o.bad.sip_port = s.sip_port;
	bad = bad_peers_start(&o.bad, &pki);
	good_peers_connect(&good, s.sip_port, s.xmpp_port);
	good_peers_play(&good, o.rate, 2 * SECOND, 0, NULL);
	for (unsigned i = 0; i < o.rounds; i++)
		for (int time = 0; time < TIMES; time++)
			play_time(&good, bad, &o, s.pid, i, time);
	atomic_store(&bad->active, 0);
	good_peers_play(&good, 1, 3 * SECOND, 0, NULL); /* what is under way */
	report_begin("many_partners", argc, argv);
	report(&good, bad, &o);
	report_end();
	bad_peers_stop(bad);
	pki_done(&pki);
	return service_stop(&s);
}
