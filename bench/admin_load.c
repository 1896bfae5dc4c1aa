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
#include "quiet.h"
#include "report.h"
#include "service.h"
#include "times.h"

enum { XMPP_LISTEN = 52790 };
static const uint64_t SECOND = 1000000000u;

static struct times times = {.name = {[TIME_A] = "without", [TIME_B] = "with"}, .rounds = 6, .seconds = 5,
	.rate = 500};

/* Clients at the least, while it was measured. */
static unsigned least_waiting = ~0u, least_slow = ~0u;

struct options {
	unsigned partners;
	struct idle_options idle;
};

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
		good_peers_play(g, times.rate, SECOND, 0, NULL);
	}
}

static void play_time(struct good_peers *g, struct idle_clients *c, const struct options *o,
	pid_t pid, unsigned round, int which)
{
	wait_for_clients(g, c, o, which == TIME_B);
	times_play(&times, g, pid, round, which);
	if (which == TIME_B) {
		least_waiting = least(least_waiting, atomic_load(&c->waiting));
		least_slow = least(least_slow, atomic_load(&c->slow));
	}
}

static void report(const struct good_peers *g, const struct idle_clients *c)
{
	times_report(&times, g);
	report_open("clients");
	report_num("waiting_at_least", least_waiting, 0);
	report_num("slow_at_least", least_slow, 0);
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
	struct options o = {.partners = 20,
		.idle = {.events = 1000, .loris = 200}};

	for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
		unsigned n = optarg ? (unsigned)atoi(optarg) : 0;

		switch (c) {
		case 'd': s->entented = optarg; break;
		case 'c': s->entente = optarg; break;
		case 'p': o.partners = n; break;
		case 'r': times.rate = n; break;
		case 'n': times.rounds = times_rounds(n); break;
		case 's': times.seconds = n; break;
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
	quiet_start();
	proc_pin(1);
	pki_make(&pki);
	good_peers_init(&good, &pki, o.partners, XMPP_LISTEN,
		(uint64_t)((times.rounds * 2 * (times.seconds + 60) + 200) * times.rate));
	bench_dns_start(&dns);
	s.log_to_file = true;
	s.panel = true;
	s.partners = o.partners;
	service_start(&s, &pki, &dns, good.udp_port);
	quiet_before_others(s.pid);
	service_token(&s, "viewer", token);
	o.idle.port = s.panel_port;
	o.idle.token = token;
	clients = idle_clients_start(&o.idle);
	good_peers_connect(&good, s.sip_port, s.xmpp_port);
	good_peers_play(&good, times.rate, 2 * SECOND, 0, NULL);
	for (unsigned i = 0; i < times.rounds; i++)
		for (int which = 0; which < TIMES; which++)
			play_time(&good, clients, &o, s.pid, i, which);
	atomic_store(&clients->active, 0);
	good_peers_play(&good, 1, 3 * SECOND, 0, NULL); /* what is under way */
	report_begin("admin_load", argc, argv);
	report(&good, clients);
	report_end();
	idle_clients_stop(clients);
	pki_done(&pki);
	return service_stop(&s);
}
