#include "daemon/service.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rand.h"
#include "daemon/notify.h"
#include "daemon/process.h"
#include "daemon/service_priv.h"
#include "view/metrics.h"

enum {
	LINK_DOWN = 65536, /* stanzas between the loops, each way */
	LINK_UP = 65536,
	SHARD = '0', /* there is one gateway loop */
};

/* ---- addresses ---- */

/*
 * The defaults name both families; a machine may have one. An address the administrator wrote is
 * tried whatever this says, so that its failure is told.
 */
static bool machine_has(const struct netaddr *a, int type)
{
	struct netaddr any = *a;
	int fd = socket(a->sa.sa_family, type | SOCK_CLOEXEC, 0), r;

	if (fd < 0)
		return errno != EAFNOSUPPORT;
	netaddr_set_port(&any, 0);
	r = bind(fd, &any.sa, netaddr_len(&any));
	r = r < 0 && errno == EADDRNOTAVAIL;
	close(fd);
	return !r;
}

static bool written(const struct conf *c, const char *section, const char *name)
{
	for (size_t i = 0; i < conf_keys_n; i++)
		if (strcmp(conf_keys[i].section, section) == 0 &&
			strcmp(conf_keys[i].name, name) == 0)
			return c->text[i].s;
	return false;
}

static size_t addresses(const struct service *s, const struct conf_addrs *l, bool as_written,
	int type, struct netaddr ret[static ADDRS_MAX])
{
	char text[NETADDR_TEXT];
	size_t n = 0;

	for (size_t i = 0; i < l->n && n < ADDRS_MAX; i++) {
		if (as_written || machine_has(&l->v[i], type))
			ret[n++] = l->v[i];
		else
			log_warn(&s->log, "address-skipped",
				LF_Z("address", netaddr_print(&l->v[i], text)));
	}
	if (n == 0 && l->n)
		ret[n++] = l->v[0]; /* its failure says more than an empty list */
	return n;
}

/* ---- the parts ---- */

static struct dns_config dns_config(const struct service *s)
{
	static const enum dns_mode mode[] = {
		[DNSSEC_AUTO] = DNS_SEC_AUTO,
		[DNSSEC_OFF] = DNS_SEC_OFF,
		[DNSSEC_REQUIRE] = DNS_SEC_REQUIRE,
	};
	const struct conf *c = s->conf;

	return (struct dns_config){
		.dnssec = mode[c->dnssec],
		.insecure_zones = (const char *const *)c->insecure_zones.v,
		.n_insecure_zones = c->insecure_zones.n,
		.forward = c->forward.v,
		.n_forward = c->forward.n,
		.trust_anchors = *c->trust_anchors ? c->trust_anchors : NULL,
	};
}

static int new_edge(struct service *s, struct err *e)
{
	struct netaddr listen[ADDRS_MAX];
	struct edge_config config = {
		.listen = listen,
		.n_listen = addresses(s, &s->conf->xmpp_listen, written(s->conf, "xmpp", "listen"),
			SOCK_STREAM, listen),
		.tls = s->tls,
		.dns = dns_config(s),
		.limits =
			{
				.connection_rate = s->conf->connection_rate,
				.vain_connections = s->conf->vain_connections,
				.address_connections = s->conf->address_connections,
				.unauthenticated = s->conf->unauthenticated,
			},
		.probe =
			{
				.allow_local = s->conf->test_allow_local,
				.step_ms = s->conf->test_step_ms,
				.per_minute = s->conf->test_per_minute,
			},
	};

	s->edge_runner.loop = loop_new("edge");
	if (edge_new(&s->edge, s->edge_runner.loop, &config, s->link, &s->log, e) < 0)
		return err_in(e, "[xmpp]");
	return 0;
}

static int new_memory(struct service *s, const struct store_options *o, struct err *e)
{
	struct gateway_config config = {
		.node = s->conf->node[0],
		.shard = SHARD,
		.seed = rand_u64(),
		.limits.session_idle_ms = s->conf->sip_session_idle * 1000,
	};

	if (memory_open(&s->memory, o, e) < 0)
		return -1;
	s->memory_worker = worker_new("memory", 1);
	config.memory = s->memory;
	config.worker = s->memory_worker;
	s->body_worker = worker_new("bodies", 1);
	s->body_file = *s->conf->body_file ? xstrdup(s->conf->body_file)
					   : xasprintf("%s/bodies.log", s->conf->store_dir);
	config.body_worker = s->body_worker;
	config.body_file = s->body_file;
	config.body_keep_days = s->conf->body_keep_days;
	return gateway_new(&s->gateway, s->gateway_runner.loop, &config, &s->log, e);
}

/* Where SIP is taken: "udp:127.0.0.1:5060", ... */
struct sip_listeners {
	struct slice v[3 * ADDRS_MAX];
	char text[3 * ADDRS_MAX][NETADDR_TEXT + 4];
	unsigned n;
};

static void add_listeners(const struct service *s, struct sip_listeners *l, const char *kind,
	const char *key, const struct conf_addrs *addrs)
{
	int type = strcmp(kind, "udp") == 0 ? SOCK_DGRAM : SOCK_STREAM;
	struct netaddr listen[ADDRS_MAX];
	char host[NETADDR_TEXT];
	size_t n = addresses(s, addrs, written(s->conf, "sip", key), type, listen);

	for (size_t i = 0; i < n; i++, l->n++) {
		snprintf(l->text[l->n], sizeof *l->text, "%s:%s", kind,
			netaddr_print(&listen[i], host));
		l->v[l->n] = slice_of(l->text[l->n]);
	}
}

static int new_sipnet(struct service *s, struct err *e)
{
	struct sip_listeners l = {.n = 0};
	struct sipnet_config config = {
		.listen = l.v,
		.tls = tls_set_other(s->tls),
		.log = &s->log,
		.node = s->conf->node[0],
		.shard = SHARD,
		.caps = &gateway_caps,
		.contact_host = s->conf->sip_contact_host,
		.transactions_memory = (size_t)s->conf->sip_transactions_memory << 20,
		.vain_connections = s->conf->sip_vain_connections,
	};

	add_listeners(s, &l, "udp", "listen-udp", &s->conf->sip_udp);
	add_listeners(s, &l, "tcp", "listen-tcp", &s->conf->sip_tcp);
	add_listeners(s, &l, "tls", "listen-tls", &s->conf->sip_tls);
	config.n_listen = l.n;
	if (sipnet_new(&s->sipnet, s->gateway_runner.loop, s->dns, &config, &gateway_sipnet_ops,
		    s->gateway, e) < 0)
		return err_in(e, "[sip]");
	return 0;
}

static int new_gateway(struct service *s, const struct store_options *o, struct err *e)
{
	struct dns_config dns = dns_config(s);

	s->gateway_runner.loop = loop_new("gateway");
	if (new_memory(s, o, e) < 0 ||
		dns_new(&s->dns, s->gateway_runner.loop, &dns, &s->log, e) < 0 ||
		new_sipnet(s, e) < 0)
		return -1;
	gateway_connect(s->gateway, s->link, s->sipnet);
	return 0;
}

static int open_store(struct service *s, struct store_options *o, struct err *e)
{
	*o = (struct store_options){"sqlite", s->conf->store_dir, s->conf->key_file};
	if (store_open(&s->store, o, e) < 0)
		return err_in(e, "[store]");
	s->snapshot = store_snapshot(s->store);
	metric_set(M_GENERATION, (int64_t)snapshot_generation(s->snapshot));
	return 0;
}

static int new_protocols(struct service *s, const struct store_options *o, struct err *e)
{
	s->link = link_local_new((struct link_limits){LINK_DOWN, LINK_UP});
	if (new_edge(s, e) < 0 || new_gateway(s, o, e) < 0)
		return -1;
	sipnet_set_snapshot(s->sipnet, s->snapshot);
	gateway_set_snapshot(s->gateway, s->snapshot);
	edge_set_snapshot(s->edge, s->snapshot);
	return 0;
}

/* ---- administration ---- */

static bool administers(const struct service *s)
{
	return s->conf->roles & 1u << ROLE_ADMIN;
}

static int listen_admin(struct service *s, struct err *e)
{
	const struct conf *c = s->conf;
	char host[NETADDR_TEXT];

	if (!administers(s))
		return 0;
	if (admin_listen_unix(c->admin_socket, c->admin_group, &s->api_fd, e) < 0)
		return err_in(e, "[admin] socket");
	s->api_there = true;
	for (size_t i = 0; i < c->metrics.n; i++) {
		netaddr_print_host(&c->metrics.v[i], host);
		if (admin_listen_tcp(host, netaddr_port(&c->metrics.v[i]), &s->metrics_fd[i], e) <
			0)
			return err_in(e, "[metrics] listen");
	}
	return panel_new(s, e);
}

static char *roles_text(unsigned roles)
{
	static const char *const name[ROLE__N] = {"edge", "gateway", "admin"};
	struct buf out = {0};
	char *text;

	for (unsigned i = 0; i < ROLE__N; i++)
		if (roles & 1u << i)
			buf_printf(&out, "%s%s", out.n ? " " : "", name[i]);
	text = buf_dup(&out);
	buf_done(&out);
	return text;
}

static int new_admin(struct service *s, struct err *e)
{
	AUTO(xfree) char *roles = roles_text(s->conf->roles);
	AUTO(xfree) char *directory = process_helper("entente-directory", ENTENTE_LIBEXEC);
	struct origin_url url;
	struct admin_options o = {
		.store = s->store,
		.group = s->conf->admin_group,
		.node = s->conf->node,
		.roles = roles,
		.directory_program = directory,
		.directory_reread_secs = s->conf->directory_reread,
		.hooks = service_serves(s) ? &service_hooks : &service_hooks_alone,
		.hooks_arg = s,
		.url = &url,
		.proxies = &s->conf->trusted_proxies,
		.session_idle_secs = s->conf->session_idle,
		.session_life_secs = s->conf->session_life,
	};

	if (!administers(s))
		return 0;
	if (conf_admin_url(s->conf, &url, e) < 0 || admin_new(&s->admin, s->main, &o, e) < 0)
		return -1;
	admin_serve_api(s->admin, s->api_fd);
	s->api_fd = -1;
	for (size_t i = 0; i < s->conf->metrics.n; i++) {
		admin_serve_metrics(s->admin, s->metrics_fd[i]);
		s->metrics_fd[i] = -1;
	}
	return panel_start(s, e);
}

/* ---- signals ---- */

static void on_end(void *arg, int signum)
{
	service_stop(arg);
}

static void on_hup(void *arg, int signum)
{
	struct err e;

	service_reload(arg, &e); /* it has said why not */
}

static void watch_signals(struct service *s)
{
	s->term = loop_signal_new(s->main, SIGTERM, on_end, s);
	s->interrupt = loop_signal_new(s->main, SIGINT, on_end, s);
	s->hup = loop_signal_new(s->main, SIGHUP, on_hup, s);
}

/* ---- threads ---- */

static void *run_loop(void *arg)
{
	loop_run(arg);
	return NULL;
}

/* Signals are for the thread of the main loop. */
static void runner_start(struct runner *r)
{
	sigset_t all, old;
	int bad;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	bad = pthread_create(&r->thread, NULL, run_loop, r->loop);
	assert(!bad);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	r->running = true;
}

static void runner_stop(struct runner *r)
{
	if (!r->running)
		return;
	loop_stop(r->loop);
	pthread_join(r->thread, NULL);
	r->running = false;
}

/* ---- the whole ---- */

static int build(struct service *s, struct err *e)
{
	struct store_options store;

	if (service_serves(s) && service_load_certificates(s, e) < 0)
		return -1;
	if (listen_admin(s, e) < 0 || process_become(s->conf->user, e) < 0 ||
		open_store(s, &store, e) < 0)
		return -1;
	if (service_serves(s) && new_protocols(s, &store, e) < 0)
		return -1;
	return new_admin(s, e);
}

int service_new(struct service **ret, const struct conf *c, struct err *e)
{
	struct service *s = xzalloc(sizeof *s);

	s->conf = c;
	s->api_fd = -1;
	for (size_t i = 0; i < ADDRS_MAX; i++)
		s->metrics_fd[i] = -1;
	s->main = loop_new("admin");
	watch_signals(s);
	if (build(s, e) < 0) {
		service_free(s);
		return -1;
	}
	*ret = s;
	return 0;
}

void service_run(struct service *s)
{
	if (service_serves(s)) {
		runner_start(&s->gateway_runner);
		runner_start(&s->edge_runner);
	}
	if (s->admin)
		admin_set_state(s->admin, NULL);
	service_note_certificates(s);
	log_info(&s->log, "started", LF_Z("version", ENTENTE_VERSION), LF_Z("node", s->conf->node),
		LF_U("generation", snapshot_generation(s->snapshot)));
	notify("READY=1");
	loop_run(s->main);
	log_info(&s->log, "stopped");
}

static void stop_threads(struct service *s)
{
	enum { ROUNDS = 3 }; /* a call from one loop may cause one on the next */

	runner_stop(&s->edge_runner);
	runner_stop(&s->gateway_runner);
	/* Calls posted meanwhile run while what they are about is still there. */
	for (int i = 0; i < ROUNDS && s->edge && s->sipnet; i++) {
		loop_turn(s->gateway_runner.loop, false);
		loop_turn(s->edge_runner.loop, false);
	}
}

/* The edge's and the gateway's objects want their loops at rest, and each other gone in this order.
 */
static void free_protocols(struct service *s)
{
	/* Each turn may have something more to write: the worker goes when nobody can ask it. */
	while (s->gateway && gateway_writes(s->gateway))
		loop_turn(s->gateway_runner.loop, true);
	sipnet_free(s->sipnet);
	dns_free(s->dns);
	gateway_free(s->gateway);
	worker_free(s->memory_worker);
	worker_free(s->body_worker);
	xfree(s->body_file);
	memory_close(s->memory);
	edge_free(s->edge);
	if (s->link)
		link_local_free(s->link);
	loop_free(s->gateway_runner.loop);
	loop_free(s->edge_runner.loop);
}

static void close_fds(struct service *s)
{
	if (s->api_there)
		unlink(s->conf->admin_socket);
	if (s->api_fd >= 0)
		close(s->api_fd);
	for (size_t i = 0; i < ADDRS_MAX; i++)
		if (s->metrics_fd[i] >= 0)
			close(s->metrics_fd[i]);
}

void service_free(struct service *s)
{
	if (!s)
		return;
	admin_free(s->admin); /* the other loops still answer it */
	panel_free(s);
	watch_free(s->watch);
	loop_timer_stop(&s->note_timer);
	stop_threads(s);
	service_stop_end(s);
	free_protocols(s);
	loop_signal_free(s->term);
	loop_signal_free(s->interrupt);
	loop_signal_free(s->hup);
	close_fds(s);
	loop_free(s->main);
	service_stop_free(s);
	store_close(s->store);
	snapshot_unref(s->snapshot);
	tls_set_unref(s->tls);
	buf_done(&s->noted);
	log_done(&s->log);
	free(s);
}
