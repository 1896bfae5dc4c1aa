/*
 * The main job, measured from outside: SIP MESSAGE over UDP to XMPP over mutual TLS 1.3 and back,
 * through the real entented, against a driver in C on another processor. Prints one JSON object a
 * direction. CPU is all of entented's threads, read from the kernel before and after.
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"
#include "proc.h"
#include "report.h"
#include "service.h"

struct options {
	uint64_t messages;
	unsigned targets, window;
	const char *only;
};

static int udp_socket(uint16_t *ret_port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof a;
	int size = 16 << 20, fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	if (bind(fd, (struct sockaddr *)&a, sizeof a) < 0 ||
		getsockname(fd, (struct sockaddr *)&a, &len) < 0) {
		perror("bench: socket");
		exit(1);
	}
	*ret_port = ntohs(a.sin_port);
	return fd;
}

static void udp_connect(int fd, uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	if (connect(fd, (struct sockaddr *)&a, sizeof a) < 0) {
		perror("bench: connect");
		exit(1);
	}
}

static struct xmpp_end end;
static SSL *inbound; /* entented's stream to the partner */

static void *accept_stream(void *arg)
{
	(void)arg;
	inbound = xmpp_end_accept(&end);
	return NULL;
}

/* entented opens its stream for the first message. */
static void open_streams(struct load *down, struct load *up, uint16_t xmpp_port)
{
	static const char wake[] =
		"MESSAGE sip:juliet0@xmpp.bench SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bKwake;"
		"rport\r\nMax-Forwards: 70\r\nFrom: <sip:romeo0@sip.bench>;tag=w\r\nTo: "
		"<sip:juliet0@xmpp.bench>\r\nCall-ID: wake@sip.bench\r\nCSeq: 1 MESSAGE\r\n"
		"Content-Type: text/plain\r\nContent-Length: 4\r\n\r\nwake";
	char first[1024], answer[2048];
	pthread_t t;
	ssize_t n;

	snprintf(first, sizeof first, wake, down->udp_port);
	pthread_create(&t, NULL, accept_stream, NULL);
	if (send(down->udp, first, strlen(first), 0) < 0)
		exit(1);
	n = recv(down->udp, answer, sizeof answer - 1, 0);
	answer[n > 0 ? n : 0] = '\0';
	while (n > 0 && strncmp(answer, "SIP/2.0 1", 9) == 0) {
		n = recv(down->udp, answer, sizeof answer - 1, 0);
		answer[n > 0 ? n : 0] = '\0';
	}
	if (strncmp(answer, "SIP/2.0 2", 9) != 0) {
		fprintf(stderr, "bench: the first message was not taken: %s\n", answer);
		exit(1);
	}
	pthread_join(t, NULL);
	down->ssl = inbound;
	up->ssl = xmpp_end_connect(&end, xmpp_port);
}


static void report(const char *direction, const struct load *full, const struct load *half,
	uint64_t cpu_ns, uint64_t half_cpu_ns, uint64_t pss, double floor_us)
{
	double half_us = (double)half_cpu_ns / 1e3 / (double)(half->arrived ? half->arrived : 1);
	double us = (double)cpu_ns / 1e3 / (double)(full->arrived ? full->arrived : 1);

	printf("{\"bench\": \"bridge\", \"direction\": \"%s\", \"messages\": %llu, \"missing\": %llu, "
	       "\"refused\": %llu, \"per_second\": %.0f, \"cpu_us_per_message\": %.2f, \"floor_us\": %.2f, "
	       "\"ratio\": %.2f, \"p50_ms_at_half_load\": %.3f, \"p99_ms_at_half_load\": %.3f, "
	       "\"half_load_per_second\": %.0f, \"half_load_missing\": %llu, \"cpu_us_at_half_load\": %.2f, "
	       "\"driver_ran_at_half_load\": %.3f, \"pss_mb\": %.1f, "
	       "\"commit\": \"%s\", \"command\": \"bench/bridge\"}\n",
		direction, (unsigned long long)full->total,
		(unsigned long long)(full->total - full->arrived - full->refused),
		(unsigned long long)full->refused, (double)full->arrived / full->seconds, us, floor_us,
		us / floor_us, (double)hist_quantile_ns(&half->latency, 0.5) / 1e6,
		(double)hist_quantile_ns(&half->latency, 0.99) / 1e6, half->rate,
		(unsigned long long)(half->total - half->arrived - half->refused), half_us, half->ran,
		(double)pss / 1e6,
		bench_commit());
	fflush(stdout);
}

static void measure(const char *direction, struct load *l, pid_t pid, double floor_us,
	void (*drive)(struct load *))
{
	static struct load full, half;
	uint64_t cpu, half_cpu;

	full = *l;
	full.total = l->total / 10;
	drive(&full); /* warms up, unmeasured */
	full = *l;
	cpu = proc_cpu_ns(pid);
	drive(&full);
	cpu = proc_cpu_ns(pid) - cpu;
	half = *l;
	half.rate = (double)full.arrived / full.seconds / 2;
	half.total = l->total / 2;
	half_cpu = proc_cpu_ns(pid);
	drive(&half);
	half_cpu = proc_cpu_ns(pid) - half_cpu;
	report(direction, &full, &half, cpu, half_cpu, proc_pss_bytes(pid), floor_us);
}

static struct options parse(int argc, char **argv, struct service *s)
{
	static const struct option known[] = {{"entented", 1, 0, 'd'}, {"entente", 1, 0, 'c'},
		{"messages", 1, 0, 'n'}, {"targets", 1, 0, 't'}, {"window", 1, 0, 'w'},
		{"only", 1, 0, 'o'}, {0}};
	struct options o = {.messages = 400000, .targets = 1000, .window = 512};

	for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
		switch (c) {
		case 'd': s->entented = optarg; break;
		case 'c': s->entente = optarg; break;
		case 'n': o.messages = strtoull(optarg, NULL, 10); break;
		case 't': o.targets = (unsigned)atoi(optarg); break;
		case 'w': o.window = (unsigned)atoi(optarg); break;
		case 'o': o.only = optarg; break;
		default:
			fprintf(stderr, "usage: bridge [--entented FILE] [--entente FILE] [--messages N] "
					"[--targets N] [--window N] [--only sip|xmpp]\n");
			exit(2);
		}
	}
	return o;
}

int main(int argc, char **argv)
{
	struct service s = {.entented = "build/entented", .entente = "build/entente"};
	struct options o = parse(argc, argv, &s);
	static struct load down, up;
	struct bench_dns dns = {0};
	struct pki pki;

	signal(SIGPIPE, SIG_IGN);
	proc_pin(1);
	pki_make(&pki);
	xmpp_end_init(&end, &pki, "xmpp.bench", "sip.bench");
	dns.xmpp_port = end.port;
	bench_dns_start(&dns);
	down = (struct load){.targets = o.targets, .total = o.messages, .window = o.window};
	down.udp = udp_socket(&down.udp_port);
	service_start(&s, &pki, &dns, down.udp_port);
	udp_connect(down.udp, s.sip_port);
	up = down;
	open_streams(&down, &up, s.xmpp_port);
	if (!o.only || strcmp(o.only, "sip") == 0)
		measure("sip-to-xmpp", &down, s.pid, 1.2, load_sip_to_xmpp);
	if (!o.only || strcmp(o.only, "xmpp") == 0)
		measure("xmpp-to-sip", &up, s.pid, 2.8, load_xmpp_to_sip);
	pki_done(&pki);
	return service_stop(&s);
}
