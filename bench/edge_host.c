/*
 * The edge and its double as a program of their own, for measuring from outside what a server takes
 * (processor time, memory). Says "ready PID PORT" when it listens. On standard input:
 * "send FIRST N": one message to each of pFIRST.xmpp.bench and the N - 1 that follow. Ends with its
 * input.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <signal.h>
#include <unistd.h>

#include "edge_side.h"
#include "proc.h"

static struct edge_side side;
static unsigned long failed;

static void on_fate(void *arg, struct link_down *d)
{
	(void)arg;
	if (d->fate != LINK_WRITTEN && failed++ < 10)
		fprintf(stderr, "bench: edge: %s: %s\n", link_fate_name(d->fate),
			link_reason_name(d->reason));
	link_down_free(d);
}

static void on_lost(void *arg, enum link_reason reason, const uint64_t *ids, size_t n)
{
	(void)arg, (void)reason, (void)ids, (void)n;
}

static void on_stanza(void *arg, struct link_up *up)
{
	(void)arg;
	link_up_done(side.link, up);
}

static void send_to(unsigned n)
{
	char domain[64], xml[256];
	int len;

	snprintf(domain, sizeof domain, "p%u.xmpp.bench", n);
	len = snprintf(xml, sizeof xml,
		"<message from='romeo@sip.bench' to='juliet@%s' id='m%u'><body>hello</body></message>",
		domain, n);
	if (!edge_side_send(&side, domain, xml, (size_t)len))
		fprintf(stderr, "bench: edge: no credit\n");
}

/* Commands are short and come whole: they are written with one write each. */
static void on_input(void *arg, unsigned events)
{
	static char line[65536];
	static size_t n;
	ssize_t k = read(0, line + n, sizeof line - n - 1);
	char *at = line, *end;
	unsigned first, count;

	(void)arg, (void)events;
	if (k <= 0) {
		loop_stop(side.loop);
		return;
	}
	line[n += (size_t)k] = '\0';
	for (; (end = strchr(at, '\n')); at = end + 1)
		if (sscanf(at, "send %u %u", &first, &count) == 2)
			for (unsigned i = 0; i < count; i++)
				send_to(first + i);
	n -= (size_t)(at - line);
	memmove(line, at, n);
}

int main(int argc, char **argv)
{
	static const struct link_gateway_ops ops = {on_fate, on_lost, on_stanza};
	struct edge_side_config c = {.ops = &ops};
	struct loop_poll *input;

	if (argc != 4) {
		fprintf(stderr, "usage: edge_host FOLDER DNS-PORT PARTNERS\n");
		return 2;
	}
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	c.dir = argv[1];
	c.dns_port = (uint16_t)atoi(argv[2]);
	c.partners = (unsigned)atoi(argv[3]);
	edge_side_start(&side, &c);
	input = loop_poll_new(side.loop, 0, on_input, NULL);
	loop_poll_set(input, LOOP_READ);
	printf("ready %d %u\n", (int)getpid(), side.port);
	fflush(stdout);
	loop_run(side.loop);
	loop_poll_free(input);
	edge_side_stop(&side);
	return 0;
}
