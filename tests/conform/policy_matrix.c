/*
 * policy_matrix FILE [--rows FROM-TO]: plays the rows of policy-matrix.json live. An entented for
 * each certificate it may have (none, one that is not believed, a good one) meets a scripted peer
 * and a SIP user; a row is decided by what happens, never by waiting. A line per row that failed;
 * ends "N passed, N failed".
 */

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <openssl/pem.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/dns.h"
#include "bench/pki.h"
#include "policy/peer.h"
#include "policy/sip.h"
#include "policy/site.h"

#define LOCAL      "sip.lab"
#define PASSPHRASE "the same on every node"

enum {
	AT_ONCE = 6, /* rows under way with each entented */
	/* A row that takes so long was decided by a time-out, or not at all. */
	ROW_MS = 15000,
};

struct matrix {
	struct row *rows;
	size_t n, from, to; /* to is not played any more */
	char dir[64];
	char chain[CERT__N][96], key[CERT__N][96], trust[96];
	struct site sites[CERT__N];
	struct sip sip[CERT__N];
	size_t next[CERT__N], under_way[CERT__N];
	struct bench_dns dns;
	struct peer_cfg peer_cfg;
	struct peer *peer;
};

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* ---- certificates ---- */

static void issue(struct matrix *m, const struct pki *by, enum cert kind)
{
	EVP_PKEY *key;
	X509 *x;

	/* One for both ends: a name of ours and every name of the peer's. */
	pki_issue(by, LOCAL ",DNS:*.peer.lab", &key, &x);
	snprintf(m->chain[kind], sizeof m->chain[kind], "%s/%s.pem", m->dir, cert_words[kind]);
	snprintf(m->key[kind], sizeof m->key[kind], "%s/%s.key", m->dir, cert_words[kind]);
	pki_write_cert(m->chain[kind], x);
	pki_write_key(m->key[kind], key);
	X509_free(x);
	EVP_PKEY_free(key);
}

static void make_certificates(struct matrix *m)
{
	struct pki good, other;

	pki_make(&good);
	pki_make(&other);
	snprintf(m->trust, sizeof m->trust, "%s/ca.pem", m->dir);
	pki_write_cert(m->trust, good.ca);
	issue(m, &good, CERT_VALID);
	issue(m, &other, CERT_INVALID);
	pki_done(&good);
	pki_done(&other);
}

/* ---- the three sites ---- */

/* The node with the good certificate verifies keys of the others too. */
static bool meets(const struct row *r, enum cert site)
{
	return r->local_cert == site || site == CERT_VALID;
}

static void add_partner(struct matrix *m, enum cert site, int policy)
{
	char domains[PEER_DOMAINS * sizeof m->rows->domain] = "", name[32];
	bool any = false;

	for (size_t i = m->from; i < m->to; i++)
		if (m->rows[i].policy == policy && meets(&m->rows[i], site)) {
			snprintf(domains + strlen(domains), sizeof domains - strlen(domains),
				"%s%s", any ? "," : "", m->rows[i].domain);
			any = true;
		}
	snprintf(name, sizeof name, "p%d.peer.lab", policy);
	if (any)
		site_do(&m->sites[site],
			(const char *[]){"partner", "add", name, "--domains", domains, "--type",
				"Federated", "--tls", policy_tls(policy), "--sasl",
				policy_sasl(policy), "--dialback",
				policy_dialback(policy) ? "true" : "false", "--connection-limit",
				"1000", NULL});
}

static void administer(struct matrix *m, enum cert site)
{
	const struct site *s = &m->sites[site];
	char hop[64];

	snprintf(hop, sizeof hop, "sip:127.0.0.1:%u", m->sip[site].port);
	site_do(s, (const char *[]){
			   "route", "add", "pbx", "--next-hop", hop, "--error-wait", "0", NULL});
	site_do(s, (const char *[]){"domain", "add", LOCAL, "--route", "pbx", NULL});
	site_do(s, (const char *[]){"access", "set", "--allow-federated-users", "true",
			   "--enable-federation-access", "true", "--enable-xmpp-access", "true",
			   NULL});
	site_do(s, (const char *[]){"gateway", "set", "--dialback-passphrase", PASSPHRASE, NULL});
	for (int policy = 1; policy <= POLICY__N; policy++)
		add_partner(m, site, policy);
}

static void start_sites(struct matrix *m)
{
	for (int c = 0; c < CERT__N; c++) {
		char dir[80];
		struct site_cfg cfg = {.dir = dir, .trust = m->trust, .dns_port = m->dns.port};

		snprintf(dir, sizeof dir, "%s/%s", m->dir, cert_words[c]);
		if (c != CERT_MISSING) {
			cfg.chain = m->chain[c];
			cfg.key = m->key[c];
		}
		sip_start(&m->sip[c], m->rows, m->n);
		site_start(&m->sites[c], &cfg);
	}
	for (int c = 0; c < CERT__N; c++) {
		site_wait_up(&m->sites[c]);
		administer(m, (enum cert)c);
	}
}

static void start_peer(struct matrix *m)
{
	m->peer_cfg = (struct peer_cfg){
		.local = LOCAL, .trust = m->trust, .rows = m->rows, .n_rows = m->n};
	for (int c = CERT_INVALID; c < CERT__N; c++) {
		m->peer_cfg.chain[c] = m->chain[c];
		m->peer_cfg.key[c] = m->key[c];
	}
	m->peer = peer_new(&m->peer_cfg);
	m->dns.xmpp_port = peer_port(m->peer);
	bench_dns_start(&m->dns);
}

/* ---- playing ---- */

static void begin(struct matrix *m, struct row *r)
{
	enum cert c = r->local_cert;

	r->started = true;
	r->deadline_ms = now_ms() + ROW_MS;
	m->under_way[c]++;
	if (r->outbound)
		sip_send(&m->sip[c], r, LOCAL, m->sites[c].sip_port);
	else
		peer_begin(m->peer, r);
}

/* The next of those that meet this site. */
static struct row *next_row(struct matrix *m, enum cert site)
{
	while (m->next[site] < m->to) {
		struct row *r = &m->rows[m->next[site]++];

		if (r->local_cert == site && !r->wrong[0])
			return r;
	}
	return NULL;
}

static bool under_way(const struct matrix *m)
{
	return m->under_way[CERT_MISSING] || m->under_way[CERT_INVALID] || m->under_way[CERT_VALID];
}

static void begin_more(struct matrix *m)
{
	for (int c = 0; c < CERT__N; c++) {
		struct row *r;

		while (m->under_way[c] < AT_ONCE && (r = next_row(m, (enum cert)c)))
			begin(m, r);
	}
}

static void end_finished(struct matrix *m)
{
	for (size_t i = m->from; i < m->to; i++) {
		struct row *r = &m->rows[i];

		if (!r->deadline_ms || (!r->finished && now_ms() < r->deadline_ms))
			continue;
		r->deadline_ms = 0;
		m->under_way[r->local_cert]--;
		peer_end(m->peer, r);
	}
}

static void turn(struct matrix *m)
{
	struct pollfd fds[CERT__N + 1 + PEER_CONNECTIONS];
	size_t n;

	for (int c = 0; c < CERT__N; c++)
		fds[c] = (struct pollfd){.fd = m->sip[c].fd, .events = POLLIN};
	n = CERT__N + peer_poll(m->peer, fds + CERT__N);
	if (poll(fds, n, 100) < 0 && errno != EINTR)
		exit(1);
	/* A stanza is written before SIP says so: with an answer that poll() saw, it saw the
	 * stanza. */
	peer_turn(m->peer, fds + CERT__N);
	for (int c = 0; c < CERT__N; c++)
		if (fds[c].revents)
			sip_turn(&m->sip[c]);
}

static void play(struct matrix *m)
{
	for (int c = 0; c < CERT__N; c++)
		m->next[c] = m->from;
	begin_more(m);
	while (under_way(m)) {
		turn(m);
		end_finished(m);
		begin_more(m);
	}
}

/* Each closes the streams that are left, and says what it still has to say. */
static bool stop(struct matrix *m)
{
	bool well, all_well = true;

	for (int c = 0; c < CERT__N; c++)
		site_stop(&m->sites[c]);
	for (int c = 0; c < CERT__N; c++) {
		while (!site_ended(&m->sites[c], &well))
			turn(m);
		if (!well)
			printf("entented with a certificate that is %s: did not end well\n",
				cert_words[c]);
		all_well = all_well && well;
		while (sip_turn(&m->sip[c]))
			;
	}
	for (int c = 0; c < CERT__N; c++)
		sip_stop(&m->sip[c]);
	peer_free(m->peer);
	return all_well;
}

static unsigned judge(struct matrix *m)
{
	unsigned failed = 0;

	for (size_t i = m->from; i < m->to; i++)
		failed += !row_judge(&m->rows[i]);
	return failed;
}

/* ---- beginning and end ---- */

static bool parse(struct matrix *m, int argc, char **argv)
{
	unsigned long from = 1, to = ULONG_MAX;

	if (argc == 4 && strcmp(argv[2], "--rows") == 0) {
		if (sscanf(argv[3], "%lu-%lu", &from, &to) != 2 || from < 1 || from > to)
			return false;
	} else if (argc != 2) {
		return false;
	}
	m->rows = rows_read(argv[1], &m->n);
	m->from = from - 1;
	m->to = to < m->n ? to : m->n;
	return m->rows && m->from < m->to;
}

/* The programs stand one folder above this one. */
static void find_programs(struct matrix *m, char *own)
{
	static char entented[PATH_MAX], entente[PATH_MAX];
	const char *dir = dirname(own);

	snprintf(entented, sizeof entented, "%s/../entented", dir);
	snprintf(entente, sizeof entente, "%s/../entente", dir);
	for (int c = 0; c < CERT__N; c++)
		m->sites[c] = (struct site){.entented = entented, .entente = entente};
}

/* Logs are kept where something went wrong. */
static void clean_up(struct matrix *m, bool well)
{
	char cmd[128];

	free(m->rows);
	snprintf(cmd, sizeof cmd, "rm -rf '%s'", m->dir);
	if (!well || system(cmd) != 0)
		fprintf(stderr, "the logs are in %s\n", m->dir);
}

int main(int argc, char **argv)
{
	static struct matrix m;
	unsigned failed;
	bool well;

	if (!parse(&m, argc, argv)) {
		fprintf(stderr, "usage: policy_matrix FILE [--rows FROM-TO]\n");
		return 2;
	}
	find_programs(&m, argv[0]);
	signal(SIGPIPE, SIG_IGN);
	snprintf(m.dir, sizeof m.dir, "/tmp/entente-matrix-XXXXXX");
	if (!mkdtemp(m.dir))
		return 2;
	make_certificates(&m);
	start_peer(&m);
	start_sites(&m);
	for (int c = 0; c < CERT__N; c++)
		m.peer_cfg.entented[c] = m.sites[c].xmpp_port;
	play(&m);
	well = stop(&m);
	failed = judge(&m);
	printf("%u passed, %u failed\n", (unsigned)(m.to - m.from) - failed, failed);
	clean_up(&m, well && !failed);
	return !well || failed;
}
