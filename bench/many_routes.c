/*
 * Good SIP routes beside hostile SIP peers: what do messages feel that have nothing to do with
 * them? A route over UDP and 20 partners write to each other; beside it routes over TCP and TLS
 * misbehave in every way known, strangers too, and 10,000 addresses send datagrams. The real
 * entented on one processor, all others on the other. Times of rest (A) and of trouble (B) follow
 * each other several times within one run. Prints one JSON object.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "bad_routes.h"
#include "good_peers.h"
#include "proc.h"
#include "quiet.h"
#include "report.h"
#include "service.h"
#include "times.h"

enum { XMPP_LISTEN = 15271 };
static const uint64_t SECOND = 1000000000u;

static struct times times = {
	.name = {[TIME_A] = "rest", [TIME_B] = "trouble"}, .rounds = 6, .seconds = 5, .rate = 500};

/* Of entented: memory, and datagrams that the kernel had no room for. */
static uint64_t pss_before, pss_most, pss_after, drops[TIMES];

struct options {
	unsigned partners;
	struct bad_routes_options bad;
};

static void play_time(struct good_peers *g, struct bad_routes *b, const struct service *s,
	unsigned round, int which)
{
	uint64_t dropped = proc_udp_drops(s->sip_port), pss;

	atomic_store(&b->active, which == TIME_B);
	times_play(&times, g, s->pid, round, which);
	pss = proc_pss_bytes(s->pid);
	pss_most = pss > pss_most ? pss : pss_most;
	drops[which] += proc_udp_drops(s->sip_port) - dropped;
}

static void report(const struct good_peers *g, const struct bad_routes *b)
{
	times_report(&times, g);
	report_num("pss_before_mb", (double)pss_before / 1e6, 1);
	report_num("pss_most_mb", (double)pss_most / 1e6, 1);
	report_num("pss_after_mb", (double)pss_after / 1e6, 1);
	report_num("udp_drops_rest", (double)drops[TIME_A], 0);
	report_num("udp_drops_trouble", (double)drops[TIME_B], 0);
	report_open("bad");
	report_num("seconds", times.ns[TIME_B] / 1e9, 1);
	bad_routes_report(b);
	report_close();
}

/* ---- */

static void usage(void)
{
	fprintf(stderr, "usage: many_routes [--entented FILE] [--entente FILE] [--partners N] "
			"[--rate MESSAGES/S EITHER WAY] [--rounds N] [--seconds N] "
			"[--light CONNECTIONS/S OF EACH KIND AND TRANSPORT] [--heavy THE SAME OF "
			"THOSE THAT SEND MUCH] "
			"[--pipelined REQUESTS] [--flood DATAGRAMS/S] [--sources ADDRESSES] "
			"[--messages TO THE ROUTE THAT READS NOTHING/S] "
			"[--vain CONNECTIONS OF AN ADDRESS BEFORE IT IS SLOWED]\n");
	exit(2);
}

static struct options parse(int argc, char **argv, struct service *s)
{
	/* clang-format off */
	static const struct option known[] = {{"entented", 1, 0, 'd'}, {"entente", 1, 0, 'c'},
		{"partners", 1, 0, 'p'}, {"rate", 1, 0, 'r'}, {"rounds", 1, 0, 'n'}, {"seconds", 1, 0, 's'},
		{"light", 1, 0, 1}, {"heavy", 1, 0, 2}, {"pipelined", 1, 0, 3}, {"flood", 1, 0, 4},
		{"sources", 1, 0, 5}, {"messages", 1, 0, 6}, {"vain", 1, 0, 7}, {0}};
	struct options o = {.partners = 20,
		.bad = {.light = 20, .heavy = 2, .pipelined = 1000, .flood = 5000, .sources = 10000,
			.messages = 50}};
	/* clang-format on */

	for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
		unsigned n = optarg ? (unsigned)atoi(optarg) : 0;

		switch (c) {
		case 'd':
			s->entented = optarg;
			break;
		case 'c':
			s->entente = optarg;
			break;
		case 'p':
			o.partners = n;
			break;
		case 'r':
			times.rate = n;
			break;
		case 'n':
			times.rounds = times_rounds(n);
			break;
		case 's':
			times.seconds = n;
			break;
		case 1:
			o.bad.light = n;
			break;
		case 2:
			o.bad.heavy = n;
			break;
		case 3:
			o.bad.pipelined = n;
			break;
		case 4:
			o.bad.flood = n;
			break;
		case 5:
			o.bad.sources = n ? n : 1;
			break;
		case 6:
			o.bad.messages = n;
			break;
		case 7:
			s->vain = n;
			break;
		default:
			usage();
		}
	}
	o.bad.partner = o.partners;
	return o;
}

static void add_bad_routes(const struct service *s)
{
	service_do(s, "route add hostile-tcp --next-hop sip:" BAD_TCP_ADDRESS ":%d --transport tcp",
		BAD_PORT);
	service_do(s,
		"route add hostile-tls --next-hop sip:" BAD_TLS_ADDRESS
		":%d --transport tls --tls-names " BAD_TLS_NAME,
		BAD_PORT);
	service_do(s, "route add mute --next-hop sip:" BAD_MUTE_ADDRESS ":%d --transport tcp",
		BAD_PORT);
	service_do(s, "domain add " BAD_MUTE_DOMAIN " --route mute");
}

static struct bad_routes *start_bad(
	struct bad_routes_options *o, const struct service *s, const struct pki *pki)
{
	o->xmpp_listen = XMPP_LISTEN;
	o->xmpp_port = s->xmpp_port;
	o->udp_port = s->sip_port;
	o->tcp_port = s->sip_tcp_port;
	o->tls_port = s->sip_tls_port;
	return bad_routes_start(o, pki);
}

int main(int argc, char **argv)
{
	struct service s = {.entented = "build/entented",
		.entente = "build/entente",
		.log_to_file = true,
		.streams = true};
	struct options o = parse(argc, argv, &s);
	struct bench_dns dns = {.numbered = true, .xmpp_port = XMPP_LISTEN};
	struct bad_routes *bad;
	struct good_peers good;
	struct pki pki;

	signal(SIGPIPE, SIG_IGN);
	quiet_start();
	proc_pin(1);
	pki_make(&pki);
	good_peers_init(&good, &pki, o.partners, XMPP_LISTEN,
		(uint64_t)((times.rounds * 2 * (times.seconds + 1) + 30) * times.rate));
	bench_dns_start(&dns);
	s.partners = o.partners + 1;
	service_start(&s, &pki, &dns, good.udp_port);
	quiet_before_others(s.pid);
	add_bad_routes(&s);
	bad = start_bad(&o.bad, &s, &pki);
	good_peers_connect(&good, s.sip_port, s.xmpp_port);
	good_peers_play(&good, times.rate, 2 * SECOND, 0, NULL);
	pss_before = proc_pss_bytes(s.pid);
	for (unsigned i = 0; i < times.rounds; i++)
		for (int which = 0; which < TIMES; which++)
			play_time(&good, bad, &s, i, which);
	atomic_store(&bad->active, 0);
	good_peers_play(&good, 1, 3 * SECOND, 0, NULL); /* what is under way */
	pss_after = proc_pss_bytes(s.pid);
	report_begin("many_routes", argc, argv);
	report(&good, bad);
	report_end();
	bad_routes_stop(bad);
	pki_done(&pki);
	return service_stop(&s);
}
