/*
 * What the server of a MESSAGE keeps of its transaction after the answer, until timer J (32 s over
 * UDP): sip/stack alone, no sockets. The floor is the answer, which a plain cache would keep.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc.h"
#include "report.h"
#include "sip/sip.h"

enum { COUNT = 100000 };

static const char request[] =
	"MESSAGE sip:juliet%u@xmpp.bench SIP/2.0\r\n"
	"Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKb%x;rport\r\n"
	"Max-Forwards: 70\r\nFrom: <sip:romeo%u@sip.bench>;tag=t%x\r\n"
	"To: <sip:juliet%u@xmpp.bench>\r\nCall-ID: c%x@sip.bench\r\nCSeq: 1 MESSAGE\r\n"
	"User-Agent: bench\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";

static struct sip_hop hop;
static char last[4096]; /* sent */
static size_t last_n;

static uint64_t on_send(void *arg, const struct sip_hop *to, struct slice bytes)
{
	(void)arg, (void)to;
	last_n = bytes.n < sizeof last ? bytes.n : sizeof last - 1;
	memcpy(last, bytes.p, last_n);
	last[last_n] = '\0';
	return 0;
}

static struct sip_verdict on_admit(
	void *arg, const struct sip_msg *m, const struct sip_hop *from, void *ctx)
{
	(void)arg, (void)m, (void)from, (void)ctx;
	return (struct sip_verdict){0};
}

static void on_request(void *arg, struct sip_server *txn, const struct sip_msg *m,
	const struct sip_hop *from, void *ctx)
{
	(void)arg, (void)m, (void)from, (void)ctx;
	sip_server_reply(txn, &(struct sip_reply){.status = 200}, 1);
}

/* Not random, but never the same. */
static void on_random(void *arg, void *p, size_t n)
{
	static unsigned seed = 1;

	(void)arg;
	for (size_t i = 0; i < n; i++)
		((unsigned char *)p)[i] = (unsigned char)((seed = seed * 1103515245 + 12345) >> 16);
}

static void serve(struct sip_stack *s)
{
	char p[2048];

	for (unsigned i = 0; i < COUNT; i++)
		sip_stack_rx(s, &hop, p, (size_t)snprintf(p, sizeof p, request, i, i, i, i, i, i),
			NULL, 1);
}

int main(int argc, char **argv)
{
	static const enum sip_method allow[] = {SIP_MESSAGE, SIP_OPTIONS, SIP_M_OTHER};
	static const char *const supported[] = {NULL};
	struct sip_caps caps = {allow, supported, "text/plain"};
	struct slice own = SL("127.0.0.1:5070");
	struct sip_stack_ops ops = {
		.send = on_send, .admit = on_admit, .request = on_request, .random = on_random};
	struct sip_stack_config config = {.node = 'a',
		.shard = '0',
		.caps = &caps,
		.sent_by = &own,
		.n_sockets = 1,
		.server = "Entente",
		.max_servers = 2 * COUNT,
		.max_clients = 2 * COUNT};
	struct sip_stack *s = sip_stack_new(&config, &ops, NULL);
	struct sip_stack_stats stats;
	uint64_t before = proc_pss_bytes(getpid()), after;

	if (!s || sip_hop_make(SL("127.0.0.1"), 5060, SIP_UDP, &hop) < 0)
		return 1;
	serve(s);
	after = proc_pss_bytes(getpid());
	sip_stack_stats(s, &stats);
	report_begin("transactions", argc, argv);
	report_num("servers_lingering", stats.servers_lingering, 0);
	report_num("value", (double)(after - before) / COUNT, 1);
	report_str("unit", "bytes of memory for each (PSS)");
	report_num("counted", (double)stats.bytes / COUNT, 1); /* by the stack, for its limit */
	report_num("floor", (double)last_n, 0);
	report_num("ratio", (double)(after - before) / COUNT / (double)last_n, 2);
	report_end();
	sip_stack_free(s);
	return stats.servers_lingering == COUNT ? 0 : 1;
}
