#include "net/dns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unbound.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rand.h"
#include "loop/loop.h"

enum {
	TYPE_A = 1,
	TYPE_AAAA = 28,
	TYPE_SRV = 33,
	TYPE_NAPTR = 35,
	TYPE_DNSKEY = 48,
	CLASS_IN = 1,
	NXDOMAIN = 3,
	TIMEOUT_MS = 8000,
	PROBE_MS = 3000,
	PROBE_AGAIN_MS = 600000,
	/* One family has answered: how long the other is waited for. */
	OTHER_FAMILY_MS = 300,
};

/* Debian's dns-root-data. */
#define ROOT_KEY "/usr/share/dns/root.key"

struct dns {
	struct loop *loop;
	struct log log;
	struct dns_config config;
	char *anchors;
	enum dns_trust trust; /* of the context in use */
	char **insecure;
	struct netaddr *forward;
	struct ub_ctx *ub;
	struct loop_poll *poll;
	struct list queries;
	bool probing; /* questions wait until it is known whether DNSSEC can be had */
	int probe_id;
	struct loop_timer probe_timer, again_timer;
	bool told; /* that answers are not validated */
};

/* One question of libunbound's; a query for addresses has two. */
struct ask {
	struct dns_query *q;
	int id;
	bool open;
	enum dns_status status;
	bool secure, bogus;
	char *why, *alias; /* NULL: none */
};

struct dns_query {
	struct list node;
	struct dns *dns;
	int type;   /* TYPE_SRV, TYPE_NAPTR; TYPE_A: addresses */
	char *name; /* what is asked */
	uint16_t port;
	struct ask ask[2]; /* addresses: AAAA, A; else one */
	struct loop_timer timer;
	dns_srv_done *srv_done;
	dns_naptr_done *naptr_done;
	dns_addrs_done *addrs_done;
	void *arg;
	struct srv srv[DNS_SRV_MAX];
	size_t n_srv;
	struct naptr *naptr; /* NULL: none */
	size_t n_naptr;
	struct netaddr addrs[2][DNS_ADDRS_MAX];
	size_t n_addrs[2];
	bool timed_out;
};

/* ---- answers ---- */

static void read_srv(struct dns_query *q, const struct ub_result *r)
{
	uint64_t random[DNS_SRV_MAX];

	for (int i = 0; r->data[i] && q->n_srv < DNS_SRV_MAX; i++) {
		struct srv *s = &q->srv[q->n_srv];

		if (!rdata_srv(slice_make(r->data[i], (size_t)r->len[i]), s))
			continue;
		/* "." says that there is no service: only when it stands alone (RFC 2782). */
		if (s->target[0] || !r->data[1])
			q->n_srv++;
	}
	rand_bytes(random, sizeof random);
	srv_order(q->srv, q->n_srv, random);
}

static void read_naptr(struct dns_query *q, const struct ub_result *r)
{
	q->naptr = xcalloc(DNS_NAPTR_MAX, sizeof *q->naptr);
	for (int i = 0; r->data[i] && q->n_naptr < DNS_NAPTR_MAX; i++)
		if (rdata_naptr(slice_make(r->data[i], (size_t)r->len[i]), &q->naptr[q->n_naptr]))
			q->n_naptr++;
}

static void read_addrs(struct dns_query *q, int family, const struct ub_result *r)
{
	for (int i = 0; r->data[i] && q->n_addrs[family] < DNS_ADDRS_MAX; i++) {
		struct netaddr a = {0};

		if (family == 0 && r->len[i] == 16) {
			a.sa.sa_family = AF_INET6;
			memcpy(&a.in6.sin6_addr, r->data[i], 16);
		} else if (family == 1 && r->len[i] == 4) {
			a.sa.sa_family = AF_INET;
			memcpy(&a.in4.sin_addr, r->data[i], 4);
		} else {
			continue;
		}
		netaddr_set_port(&a, q->port);
		q->addrs[family][q->n_addrs[family]++] = a;
	}
}

/* Under a zone that is not to be validated? */
static bool is_insecure_zone(const struct dns *d, const char *name)
{
	for (size_t i = 0; i < d->config.n_insecure_zones; i++) {
		struct slice zone = slice_of(d->insecure[i]), n = slice_of(name);

		if (slice_ieq(n, zone))
			return true;
		if (n.n > zone.n && n.p[n.n - zone.n - 1] == '.' &&
			slice_ieq(slice_from(n, n.n - zone.n), zone))
			return true;
	}
	return false;
}

static enum dns_status status_of(
	const struct dns *d, const char *name, int error, const struct ub_result *r)
{
	if (error || !r)
		return DNS_FAILED;
	if (r->bogus)
		return DNS_BOGUS;
	if (r->rcode != 0 && r->rcode != NXDOMAIN)
		return DNS_FAILED;
	if (d->config.dnssec == DNS_SEC_REQUIRE && !r->secure && !is_insecure_zone(d, name))
		return DNS_BOGUS;
	if (r->rcode == NXDOMAIN)
		return DNS_NO_NAME;
	return r->havedata ? DNS_OK : DNS_NO_DATA;
}

/* ---- the life of a query ---- */

static void stop(struct dns_query *q)
{
	for (int i = 0; i < 2; i++)
		if (q->ask[i].open)
			ub_cancel(q->dns->ub, q->ask[i].id);
	loop_timer_stop(&q->timer);
	list_remove(&q->node);
}

static void destroy(void *arg)
{
	struct dns_query *q = arg;

	for (int i = 0; i < 2; i++) {
		free(q->ask[i].why);
		free(q->ask[i].alias);
	}
	free(q->naptr);
	free(q->name);
	free(q);
}

void dns_cancel(struct dns_query *q)
{
	if (!q)
		return;
	stop(q);
	loop_dispose(q->dns->loop, q, destroy);
}

/* IPv6 and IPv4 taking turns, IPv6 first (RFC 8305 4). */
static size_t interleave(const struct dns_query *q, struct netaddr *out)
{
	size_t n = 0;

	for (size_t i = 0; i < DNS_ADDRS_MAX && n < DNS_ADDRS_MAX; i++)
		for (int f = 0; f < 2; f++)
			if (i < q->n_addrs[f] && n < DNS_ADDRS_MAX)
				out[n++] = q->addrs[f][i];
	return n;
}

static enum dns_status worse(enum dns_status a, enum dns_status b)
{
	return a > b ? a : b;
}

static void finish_addrs(struct dns_query *q)
{
	struct netaddr all[DNS_ADDRS_MAX];
	size_t n = interleave(q, all);
	enum dns_status status = n ? DNS_OK : worse(q->ask[0].status, q->ask[1].status);
	/* What has an address in one family exists: a family that has none is DNS_NO_DATA or
	 * _NO_NAME. */
	bool secure = (q->ask[0].secure || !q->n_addrs[0]) && (q->ask[1].secure || !q->n_addrs[1]);

	q->addrs_done(q->arg, status, n > 0 && secure, all, n);
}

static bool has_answer(const struct dns_query *q)
{
	return q->n_srv || q->n_naptr || q->n_addrs[0] || q->n_addrs[1];
}

/* n: of records that could be read. */
static enum dns_status status_of_records(const struct dns_query *q, size_t n)
{
	return q->ask[0].status == DNS_OK && !n ? DNS_FAILED : q->ask[0].status;
}

static void finish(struct dns_query *q)
{
	stop(q);
	if (q->type == TYPE_SRV)
		q->srv_done(
			q->arg, status_of_records(q, q->n_srv), q->ask[0].secure, q->srv, q->n_srv);
	else if (q->type == TYPE_NAPTR)
		q->naptr_done(q->arg, status_of_records(q, q->n_naptr), q->ask[0].secure, q->naptr,
			q->n_naptr);
	else
		finish_addrs(q);
	loop_dispose(q->dns->loop, q, destroy);
}

/* Time is up, or the answer was known at once. */
static void on_timer(void *arg)
{
	struct dns_query *q = arg;

	q->timed_out = (q->ask[0].open || q->ask[1].open || q->dns->probing) && !has_answer(q);
	finish(q);
}

/* What is remembered of an answer for dns_about(). */
static void note_about(struct ask *a, const struct ub_result *r)
{
	struct slice found = r->canonname ? slice_of(r->canonname) : SL("");

	a->secure = r->secure;
	a->bogus = r->bogus;
	if (r->bogus && r->why_bogus)
		a->why = xstrdup(r->why_bogus);
	if (found.n && found.p[found.n - 1] == '.')
		found.n--;
	if (found.n && !slice_ieq(found, slice_of(a->q->name)))
		a->alias = slice_dup(found);
}

static void answered(void *arg, int error, struct ub_result *r)
{
	struct ask *a = arg;
	struct dns_query *q = a->q;
	int family = (int)(a - q->ask);

	a->open = false;
	a->status = status_of(q->dns, q->name, error, r);
	if (!error && r)
		note_about(a, r);
	if (a->status == DNS_OK && q->type == TYPE_SRV)
		read_srv(q, r);
	else if (a->status == DNS_OK && q->type == TYPE_NAPTR)
		read_naptr(q, r);
	else if (a->status == DNS_OK)
		read_addrs(q, family, r);
	ub_resolve_free(r);
	if (!q->ask[0].open && !q->ask[1].open)
		finish(q);
	else if (a->status == DNS_OK)
		loop_timer_in(&q->timer, OTHER_FAMILY_MS);
}

static void ask(struct dns_query *q, int i, int type)
{
	struct ask *a = &q->ask[i];

	if (ub_resolve_async(q->dns->ub, q->name, type, CLASS_IN, a, answered, &a->id) == 0)
		a->open = true;
}

static void begin(struct dns_query *q)
{
	if (q->type != TYPE_A) {
		ask(q, 0, q->type);
	} else {
		ask(q, 0, TYPE_AAAA);
		ask(q, 1, TYPE_A);
	}
	if (!q->ask[0].open && !q->ask[1].open)
		loop_timer_in(&q->timer, 0);
}

static struct dns_query *new_query(struct dns *d, int type, char *name, void *arg)
{
	struct dns_query *q = xzalloc(sizeof *q);

	q->dns = d;
	q->type = type;
	q->name = name;
	q->arg = arg;
	for (int i = 0; i < 2; i++) {
		q->ask[i].q = q;
		q->ask[i].status = DNS_FAILED;
	}
	loop_timer_init(&q->timer, d->loop, on_timer, q);
	loop_timer_in(&q->timer, d->config.timeout_ms);
	list_append(&d->queries, &q->node);
	return q;
}

struct dns_query *dns_srv(
	struct dns *d, const char *service, const char *domain, dns_srv_done *done, void *arg)
{
	struct dns_query *q = new_query(d, TYPE_SRV, xasprintf("%s.%s", service, domain), arg);

	q->srv_done = done;
	if (!d->probing)
		begin(q);
	return q;
}

struct dns_query *dns_naptr(struct dns *d, const char *domain, dns_naptr_done *done, void *arg)
{
	struct dns_query *q = new_query(d, TYPE_NAPTR, xstrdup(domain), arg);

	q->naptr_done = done;
	if (!d->probing)
		begin(q);
	return q;
}

struct dns_query *dns_addrs(
	struct dns *d, const char *host, uint16_t port, dns_addrs_done *done, void *arg)
{
	struct dns_query *q = new_query(d, TYPE_A, xstrdup(host), arg);
	struct netaddr literal;

	q->port = port;
	q->addrs_done = done;
	if (netaddr_parse_host(&literal, slice_of(host), port) == 0) {
		q->addrs[0][q->n_addrs[0]++] = literal;
		loop_timer_in(&q->timer, 0);
	} else if (!d->probing) {
		begin(q);
	}
	return q;
}

void dns_about(const struct dns_query *q, struct dns_about *ret)
{
	*ret = (struct dns_about){
		.name = q->name, .timed_out = q->timed_out, .why = "", .alias = ""};
	for (int i = 0; i < (q->type == TYPE_A ? 2 : 1); i++) {
		const struct ask *a = &q->ask[i];

		ret->bogus = ret->bogus || a->bogus;
		ret->secure = ret->secure || a->secure;
		ret->no_family[i] = a->status == DNS_NO_DATA || a->status == DNS_NO_NAME;
		if (a->why)
			ret->why = a->why;
		if (a->alias)
			ret->alias = a->alias;
	}
	/* What has addresses is secure when all that say them are. */
	for (int i = 0; i < 2; i++)
		if (q->n_addrs[i] && !q->ask[i].secure)
			ret->secure = false;
}

/* ---- libunbound's context ---- */

static void on_readable(void *arg, unsigned events)
{
	ub_process(((struct dns *)arg)->ub);
}

static int set(struct ub_ctx *ub, const char *option, const char *value, struct err *e)
{
	int error = ub_ctx_set_option(ub, option, value);

	if (error)
		return err_set(e, ERR_INTERNAL, "resolver option %s %s: %s", option, value,
			ub_strerror(error));
	return 0;
}

static int set_servers(struct dns *d, struct ub_ctx *ub, struct err *e)
{
	char host[NETADDR_TEXT], server[NETADDR_TEXT + 8];
	int error;

	if (!d->config.n_forward) {
		ub_ctx_hosts(ub, NULL);
		ub_ctx_resolvconf(ub, NULL); /* none: asks the root servers itself */
		return set(ub, "do-not-query-localhost:", "no", e);
	}
	for (size_t i = 0; i < d->config.n_forward; i++) {
		snprintf(server, sizeof server, "%s@%u", netaddr_print_host(&d->forward[i], host),
			netaddr_port(&d->forward[i]));
		error = ub_ctx_set_fwd(ub, server);
		if (error)
			return err_set(
				e, ERR_INVALID, "DNS server %s: %s", server, ub_strerror(error));
	}
	return set(ub, "do-not-query-localhost:", "no", e);
}

static int add_anchors(struct ub_ctx *ub, const char *what, const char *file, struct err *e)
{
	int error = access(file, R_OK) < 0 ? UB_READFILE : ub_ctx_add_ta_file(ub, file);

	if (error)
		return err_set(e, ERR_UNAVAILABLE, "%s %s: %s", what, file,
			error == UB_READFILE ? "cannot be read" : ub_strerror(error));
	return 0;
}

static int set_validation(struct dns *d, struct ub_ctx *ub, enum dns_trust trust, struct err *e)
{
	if (trust == DNS_TRUST_NONE)
		return set(ub, "module-config:", "iterator", e);
	if (trust == DNS_TRUST_ROOT && add_anchors(ub, "DNSSEC root key", ROOT_KEY, e) < 0)
		return -1;
	if (d->anchors && add_anchors(ub, "DNSSEC trust anchors", d->anchors, e) < 0)
		return -1;
	for (size_t i = 0; i < d->config.n_insecure_zones; i++)
		if (set(ub, "domain-insecure:", d->insecure[i], e) < 0)
			return -1;
	return 0;
}

/*
 * Which names are special is the servers' to say: a private zone may be "test". The first question
 * or this, whichever is earlier, makes the library look at its settings, files included.
 */
static int complete(struct dns *d, struct ub_ctx *ub, struct err *e)
{
	int error = d->config.n_forward ? ub_ctx_zone_remove(ub, "test.")
					: ub_ctx_data_remove(ub, "entente.invalid.");

	if (error)
		return err_set(e, ERR_INVALID, "the resolver cannot be set up%s%s: %s",
			d->anchors ? "; are these DS or DNSKEY records: " : "",
			d->anchors ? d->anchors : "", ub_strerror(error));
	return 0;
}

static int configure(struct dns *d, struct ub_ctx *ub, enum dns_trust trust, struct err *e)
{
	/* Negative answers and dead servers are not remembered for long: administrators repair
	 * both. */
	if (set(ub, "cache-max-negative-ttl:", "30", e) < 0 ||
		set(ub, "infra-host-ttl:", "10", e) < 0 ||
		set(ub, "infra-keep-probing:", "yes", e) < 0 || set_servers(d, ub, e) < 0 ||
		set_validation(d, ub, trust, e) < 0)
		return -1;
	ub_ctx_async(ub, 1);
	ub_ctx_debuglevel(ub, 0);
	return complete(d, ub, e);
}

static void close_context(struct dns *d)
{
	loop_poll_free(d->poll);
	d->poll = NULL;
	if (d->ub)
		ub_ctx_delete(d->ub);
	d->ub = NULL;
}

static int open_context(struct dns *d, enum dns_trust trust, struct err *e)
{
	struct ub_ctx *ub = ub_ctx_create();

	if (!ub)
		return err_set(e, ERR_INTERNAL, "the resolver cannot be made");
	if (configure(d, ub, trust, e) < 0) {
		ub_ctx_delete(ub);
		return -1;
	}
	close_context(d);
	d->ub = ub;
	d->trust = trust;
	d->poll = loop_poll_new(d->loop, ub_fd(ub), on_readable, d);
	loop_poll_set(d->poll, LOOP_READ);
	return 0;
}

/* ---- auto: can DNSSEC be had from the servers in use? ---- */

/* What is left where the root's signatures cannot be had. */
static enum dns_trust without_root(const struct dns *d)
{
	return d->anchors ? DNS_TRUST_OWN : DNS_TRUST_NONE;
}

static void begin_waiting(struct dns *d)
{
	list_each(&d->queries, it) {
		struct dns_query *q = container_of(it, struct dns_query, node);

		if (!q->n_addrs[0]) /* a literal is its own answer */
			begin(q);
	}
}

static void probe_over(struct dns *d, bool validated)
{
	struct err e = {0};

	d->probing = false;
	loop_timer_stop(&d->probe_timer);
	if (validated && d->told)
		log_info(&d->log, "dnssec-available");
	if (!validated) {
		if (!d->told)
			log_warn(&d->log, "dnssec-unavailable",
				LF_Z("reason",
					"the DNS servers in use pass on no signatures, or do not "
					"answer; answers are not validated"));
		if (open_context(d, without_root(d), &e) < 0)
			log_error(&d->log, "dns-failed", LF_Z("error", e.text));
		loop_timer_in(&d->again_timer, PROBE_AGAIN_MS);
	}
	d->told = !validated;
	begin_waiting(d);
}

static void probe_later(void *arg)
{
	struct dns *d = arg;

	ub_cancel(d->ub, d->probe_id);
	probe_over(d, false);
}

/* In libunbound's callback its context cannot be deleted: the timer does it. */
static void probed(void *arg, int error, struct ub_result *r)
{
	struct dns *d = arg;
	bool secure = !error && r && r->secure && r->havedata;

	ub_resolve_free(r);
	if (secure)
		probe_over(d, true);
	else
		loop_timer_in(&d->probe_timer, 0);
}

static void probe(struct dns *d)
{
	d->probing = true;
	loop_timer_in(&d->probe_timer, PROBE_MS);
	if (ub_resolve_async(d->ub, ".", TYPE_DNSKEY, CLASS_IN, d, probed, &d->probe_id) != 0)
		loop_timer_in(&d->probe_timer, 0);
}

/* Perhaps the servers were away, or others are asked by now. */
static void probe_again(void *arg)
{
	struct dns *d = arg;
	struct err e = {0};

	list_each(&d->queries, it) {
		const struct dns_query *q = container_of(it, struct dns_query, node);

		if (q->ask[0].open || q->ask[1].open) { /* it needs the context there is */
			loop_timer_in(&d->again_timer, 1000);
			return;
		}
	}
	if (open_context(d, DNS_TRUST_ROOT, &e) == 0)
		probe(d);
}

/* ---- life ---- */

static void copy_config(struct dns *d, const struct dns_config *config)
{
	d->config = *config;
	if (!d->config.timeout_ms)
		d->config.timeout_ms = TIMEOUT_MS;
	d->anchors = config->trust_anchors ? xstrdup(config->trust_anchors) : NULL;
	d->insecure = xcalloc(config->n_insecure_zones, sizeof *d->insecure);
	for (size_t i = 0; i < config->n_insecure_zones; i++)
		d->insecure[i] = xstrdup(config->insecure_zones[i]);
	d->forward = xcalloc(config->n_forward, sizeof *d->forward);
	for (size_t i = 0; i < config->n_forward; i++)
		d->forward[i] = config->forward[i];
}

/* probe_first: whether the root's signatures can be had is found out before anything is asked. */
static int new_dns(struct dns **ret, struct loop *loop, const struct dns_config *config,
	enum dns_trust trust, bool probe_first, const struct log *log, struct err *e)
{
	struct dns *d = xzalloc(sizeof *d);

	d->loop = loop;
	log_init(&d->log, log);
	list_init(&d->queries);
	loop_timer_init(&d->probe_timer, loop, probe_later, d);
	loop_timer_init(&d->again_timer, loop, probe_again, d);
	copy_config(d, config);
	if (open_context(d, trust, e) < 0) {
		dns_free(d);
		return -1;
	}
	if (probe_first)
		probe(d);
	*ret = d;
	return 0;
}

int dns_new(struct dns **ret, struct loop *loop, const struct dns_config *config,
	const struct log *log, struct err *e)
{
	return new_dns(ret, loop, config,
		config->dnssec == DNS_SEC_OFF ? DNS_TRUST_NONE : DNS_TRUST_ROOT,
		config->dnssec == DNS_SEC_AUTO, log, e);
}

int dns_fresh(struct dns **ret, const struct dns *d, unsigned timeout_ms, struct err *e)
{
	struct dns_config config = d->config;

	config.insecure_zones = (const char *const *)d->insecure;
	config.forward = d->forward;
	config.trust_anchors = d->anchors;
	config.timeout_ms = timeout_ms;
	return new_dns(ret, d->loop, &config, d->trust, d->probing, &d->log, e);
}

enum dns_trust dns_trust(const struct dns *d)
{
	return d->trust;
}

enum dns_mode dns_mode(const struct dns *d)
{
	return d->config.dnssec;
}

void dns_free(struct dns *d)
{
	struct list *it;

	if (!d)
		return;
	while ((it = list_pop(&d->queries))) {
		struct dns_query *q = container_of(it, struct dns_query, node);

		stop(q);
		destroy(q);
	}
	loop_timer_stop(&d->probe_timer);
	loop_timer_stop(&d->again_timer);
	close_context(d);
	for (size_t i = 0; i < d->config.n_insecure_zones; i++)
		free(d->insecure[i]);
	free(d->insecure);
	free(d->forward);
	free(d->anchors);
	log_done(&d->log);
	free(d);
}
