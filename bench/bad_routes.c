#include "bad_routes.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dns.h"
#include "report.h"
#include "storm.h"
#include "xmpp_end.h"

enum { BATCH = 10, RUBBISH = 1400, MUTE_WINDOW = 4096, MUTE_KEPT = 64, MUTE_BODY = 700 };

static struct bad_routes *shared;
static struct bad_routes_options options;
static struct hostile_world world;

/* ---- the flood ---- */

static struct in_addr source(uint64_t n)
{
	uint32_t i = (uint32_t)(n % options.sources);

	return (struct in_addr){.s_addr = htonl(0x7f400000u | (i / 200) << 8 | (i % 200 + 1))};
}

static size_t words(uint64_t n, struct in_addr from, char to[static RUBBISH])
{
	char own[32];

	if (n % 3 == 2) {
		for (size_t i = 0; i < RUBBISH; i++)
			to[i] = (char)rand();
		return 1 + (size_t)rand() % RUBBISH;
	}
	snprintf(own, sizeof own, "%s:5060", inet_ntoa(from));
	return hostile_request(&world, n % 3 ? "MESSAGE" : "OPTIONS", "UDP", own, ";rport", to);
}

/* One socket, whose datagrams say where they come from: answers find the way back to it. */
static void flood_one(int fd, uint64_t n)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons(options.udp_port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	union {
		char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
		struct cmsghdr align;
	} control = {0};
	struct in_pktinfo info = {.ipi_spec_dst = source(n)};
	char bytes[RUBBISH];
	struct iovec iov = {bytes, words(n, info.ipi_spec_dst, bytes)};
	struct msghdr m = {.msg_name = &to,
		.msg_namelen = sizeof to,
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof info);
	memcpy(CMSG_DATA(c), &info, sizeof info);
	if (sendmsg(fd, &m, MSG_DONTWAIT) > 0)
		storm_count(&shared->datagrams, 1);
}

static void *flood(void *arg)
{
	struct sockaddr_in any = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	uint64_t due = 0, n = 0;
	char answer[2048];

	(void)arg;
	if (bind(fd, (struct sockaddr *)&any, sizeof any) < 0)
		perror("bench: socket");
	for (;;) {
		ssize_t k;

		storm_pace(&due, &shared->active, options.flood / BATCH);
		for (int i = 0; i < BATCH; i++)
			flood_one(fd, n++);
		while ((k = recv(fd, answer, sizeof answer - 1, MSG_DONTWAIT)) > 0) {
			answer[k] = '\0';
			line_count_answers(answer, (size_t)k, shared->datagrams_answered);
		}
	}
	return NULL;
}

/* ---- the mute one ---- */

static void *take_and_say_nothing(void *arg)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(BAD_PORT)};
	int fd = socket(AF_INET, SOCK_STREAM, 0), kept[MUTE_KEPT], window = MUTE_WINDOW, on = 1;

	(void)arg;
	inet_pton(AF_INET, BAD_MUTE_ADDRESS, &a.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
	if (bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(fd, 64) < 0)
		perror("bench: listen");
	for (unsigned i = 0;; i++) {
		int one = accept(fd, NULL, NULL);

		if (i >= MUTE_KEPT)
			close(kept[i % MUTE_KEPT]);
		kept[i % MUTE_KEPT] = one;
		storm_count(&shared->mute_connections, 1);
	}
	return NULL;
}

/* What comes back to the partner: errors. */
static void *swallow(void *arg)
{
	struct xmpp_end *end = arg;

	for (;;) {
		SSL *ssl = xmpp_end_try_accept(end);

		if (ssl)
			xmpp_end_drain(ssl);
	}
	return NULL;
}

static void write_on(SSL *ssl, const char *domain)
{
	char m[MUTE_BODY + 256];
	uint64_t due = 0;

	for (unsigned i = 0;; i++) {
		int n = snprintf(m, sizeof m,
			"<message from='a@%s' to='u%u@" BAD_MUTE_DOMAIN
			"' id='m%u'><body>%0*u</body></message>",
			domain, i % 100, i, MUTE_BODY, i);

		storm_pace(&due, &shared->active, options.messages);
		if (SSL_write(ssl, m, n) <= 0)
			return;
		storm_count(&shared->to_mute, 1);
	}
}

static void *write_to_mute(void *arg)
{
	struct xmpp_end *end = arg;

	for (;; sleep(1)) {
		SSL *ssl = xmpp_end_try_connect(end, options.xmpp_port);

		if (!ssl)
			continue;
		write_on(ssl, end->domain);
		xmpp_end_drop(ssl);
	}
	return NULL;
}

static void start_mute(const struct pki *pki)
{
	static struct xmpp_end end;
	static char domain[32];

	snprintf(domain, sizeof domain, "p%u.bench", options.partner);
	end.address = bench_dns_address(options.partner);
	end.port = options.xmpp_listen;
	xmpp_end_init_at(&end, pki, domain, BAD_MUTE_DOMAIN);
	storm_thread(take_and_say_nothing, NULL);
	storm_thread(swallow, &end);
	storm_thread(write_to_mute, &end);
}

/* ---- the process ---- */

static SSL_CTX *context(const struct pki *pki, const char *name, int max)
{
	SSL_CTX *c = SSL_CTX_new(TLS_client_method());
	EVP_PKEY *key;
	X509 *cert;

	pki_issue(pki, name, &key, &cert);
	SSL_CTX_set_max_proto_version(c, max);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	if (SSL_CTX_use_certificate(c, cert) != 1 || SSL_CTX_use_PrivateKey(c, key) != 1)
		fprintf(stderr, "bench: the hostile have no certificate\n");
	X509_free(cert);
	EVP_PKEY_free(key);
	return c;
}

static void make_world(const struct pki *pki)
{
	world = (struct hostile_world){
		.port = {[BY_TCP] = options.tcp_port, [BY_TLS] = options.tls_port},
		.udp_port = options.udp_port,
		.ctx = context(pki, BAD_TLS_NAME, 0),
		.ctx_12 = context(pki, BAD_TLS_NAME, TLS1_2_VERSION),
		.ctx_stranger = context(pki, "stranger.bench", 0),
		.active = &shared->active,
		.light = options.light,
		.heavy = options.heavy,
		.pipelined = options.pipelined,
	};
	inet_pton(AF_INET, BAD_TCP_ADDRESS, &world.from[BY_TCP]);
	inet_pton(AF_INET, BAD_TLS_ADDRESS, &world.from[BY_TLS]);
	inet_pton(AF_INET, "127.9.2.1", &world.strangers);
	inet_pton(AF_INET, "127.9.1.4", &world.victim);
}

static void play(void *pki)
{
	static struct hostile hostile[HOSTILE_KINDS][BY__N];

	make_world(pki);
	for (unsigned kind = 0; kind < HOSTILE_KINDS; kind++)
		for (int by = 0; by < BY__N; by++) {
			struct hostile *h = &hostile[kind][by];

			if (!hostile_goes_by(kind, by))
				continue;
			*h = (struct hostile){.world = &world,
				.kind = kind,
				.by = by,
				.count = &shared->kinds[kind][by]};
			storm_thread(hostile_run, h);
		}
	if (options.messages)
		start_mute(pki);
	flood(NULL);
}

struct bad_routes *bad_routes_start(const struct bad_routes_options *o, const struct pki *pki)
{
	options = *o;
	shared = storm_room(sizeof *shared);
	shared->pid = storm_fork(play, (void *)pki);
	return shared;
}

void bad_routes_stop(struct bad_routes *b)
{
	storm_end(b->pid);
	munmap(b, sizeof *b);
}

/* ---- report ---- */

static void report_answers(const _Atomic uint64_t by_status[LINE_STATUSES])
{
	for (int i = 0; i < LINE_STATUSES; i++) {
		char key[16] = "answered_other";

		if (!by_status[i])
			continue;
		if (line_statuses[i])
			snprintf(key, sizeof key, "answered_%d", line_statuses[i]);
		report_num(key, (double)by_status[i], 0);
	}
}

static void report_kind(const struct hostile_count *c, const char *name)
{
	report_open(name);
	report_num("connections", (double)c->connections, 0);
	report_num("refused", (double)c->refused, 0);
	report_answers(c->answers);
	if (c->renegotiated)
		report_num("renegotiated", (double)c->renegotiated, 0);
	report_close();
}

void bad_routes_report(const struct bad_routes *b)
{
	static const char *const ways[BY__N] = {[BY_TCP] = "by_tcp", [BY_TLS] = "by_tls"};

	for (int by = 0; by < BY__N; by++) {
		report_open(ways[by]);
		for (unsigned kind = 0; hostile_name(kind); kind++)
			if (hostile_goes_by(kind, by))
				report_kind(&b->kinds[kind][by], hostile_name(kind));
		report_close();
	}
	report_open("flood");
	report_num("datagrams", (double)b->datagrams, 0);
	report_answers(b->datagrams_answered);
	report_close();
	report_open("mute");
	report_num("connections", (double)b->mute_connections, 0);
	report_num("messages", (double)b->to_mute, 0);
	report_close();
}
