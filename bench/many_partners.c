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
#include "burn.h"
#include "good_peers.h"
#include "proc.h"
#include "quiet.h"
#include "report.h"
#include "service.h"
#include "storm.h"
#include "times.h"

enum { XMPP_LISTEN = 15269 };
static const uint64_t SECOND = 1000000000u;

static struct times times = {.name = {[TIME_A] = "rest", [TIME_B] = "trouble"}, .rounds = 6, .seconds = 5,
	.rate = 500};

struct options {
	unsigned good, burn;
	struct bad_options bad;
};

static void report(const struct good_peers *g, const struct bad_peers *b)
{
	double seconds = times.ns[TIME_B] / 1e9;

	times_report(&times, g);
	report_open("bad_a_second");
	report_num("connections", (double)b->connections / seconds, 0);
	report_num("handshakes", (double)b->handshakes / seconds, 0);
	report_num("authenticated", (double)b->authenticated / seconds, 0);
	report_num("taken", (double)b->taken / seconds, 0);
	report_num("huge_mb", (double)b->huge_bytes / 1e6 / seconds, 1);
	report_num("sip", (double)b->sip_sent / seconds, 0);
	report_close();
}

/* ---- */

static struct options parse(int argc, char **argv, struct service *s)
{
	static const struct option known[] = {{"entented", 1, 0, 'd'}, {"entente", 1, 0, 'c'},
		{"good", 1, 0, 'g'}, {"rate", 1, 0, 'r'}, {"rounds", 1, 0, 'n'}, {"seconds", 1, 0, 's'},
		{"slow", 1, 0, 1}, {"dead", 1, 0, 2}, {"hostile", 1, 0, 3}, {"huge", 1, 0, 4},
		{"storms", 1, 0, 5}, {"stanzas", 1, 0, 6}, {"messages", 1, 0, 7}, {"burn", 1, 0, 8}, {0}};
	struct options o = {.good = 150,
		.bad = {.n = {13, 13, 12, 12}, .storms = 20, .huge = 2, .sip = 200}};

	for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
		unsigned n = optarg ? (unsigned)atoi(optarg) : 0;

		switch (c) {
		case 'd': s->entented = optarg; break;
		case 'c': s->entente = optarg; break;
		case 'g': o.good = n; break;
		case 'r': times.rate = n; break;
		case 'n': times.rounds = times_rounds(n); break;
		case 's': times.seconds = n; break;
		case 1: case 2: case 3: case 4: o.bad.n[c - 1] = n; break;
		case 5: o.bad.storms = n; break;
		case 6: o.bad.huge = n; break;
		case 7: o.bad.sip = n; break;
		case 8: o.burn = n; break;
		default:
			fprintf(stderr, "usage: many_partners [--entented FILE] [--entente FILE] [--good N] "
					"[--rate MESSAGES/S EITHER WAY] [--rounds N] [--seconds N] [--slow N] "
					"[--dead N] [--hostile N] [--huge N] [--storms CONNECTIONS/S OF EACH] "
					"[--stanzas HUGE ONES/S OF EACH] [--messages TO THE BAD/S] "
					"[--burn BURSTS OF 1.3 MS/S OF ANOTHER PROCESS]\n");
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
	struct burn *burn;
	struct good_peers good;
	struct pki pki;

	signal(SIGPIPE, SIG_IGN);
	quiet_start();
	proc_pin(1);
	pki_make(&pki);
	good_peers_init(&good, &pki, o.good, XMPP_LISTEN,
		(uint64_t)((times.rounds * 2 * (times.seconds + 1) + 30) * times.rate));
	bench_dns_start(&dns);
	s.log_to_file = true;
	s.partners = all_partners(&o);
	service_start(&s, &pki, &dns, good.udp_port);
	quiet_before_others(s.pid);
	o.bad.xmpp_listen = XMPP_LISTEN;
	o.bad.xmpp_port = s.xmpp_port;
	o.bad.sip_port = s.sip_port;
	bad = bad_peers_start(&o.bad, &pki);
	burn = burn_start(o.burn);
	good_peers_connect(&good, s.sip_port, s.xmpp_port);
	good_peers_play(&good, times.rate, 2 * SECOND, 0, NULL);
	for (unsigned i = 0; i < times.rounds; i++)
		for (int which = 0; which < TIMES; which++) {
			atomic_store(&bad->active, which == TIME_B);
			atomic_store(&burn->active, which == TIME_B);
			times_play(&times, &good, s.pid, i, which);
		}
	atomic_store(&bad->active, 0);
	atomic_store(&burn->active, 0);
	good_peers_play(&good, 1, 3 * SECOND, 0, NULL); /* what is under way */
	report_begin("many_partners", argc, argv);
	report(&good, bad);
	report_end();
	bad_peers_stop(bad);
	storm_end(burn->pid);
	pki_done(&pki);
	return service_stop(&s);
}
