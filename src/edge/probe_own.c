#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "edge/probe_priv.h"
#include "xml/writer.h"
#include "xmpp/ns.h"

/*
 * One of our domains as a partner sees it: do its records lead here, what do our listeners show
 * for it, and what is there to publish. A listener is asked up to the end of the handshake, without
 * saying who asks (RFC 6120 4.7.1 lets an initiator be silent about it before TLS).
 */
enum { FETCHES_MAX = 9, SEEN_MAX = 4096, PUBLIC_MAX = 4 };

/* One question to a listener. */
struct fetch {
	struct probe_own *own;
	struct netaddr addr;
	bool sni;
	struct conn *conn; /* NULL: it is over */
	bool asked_tls;
	struct buf seen;
	struct loop_timer timer;
	uint64_t begun_ms, ms;
	char fault[160]; /* "": it went well */
	bool no_tls;     /* the fault is that there is none */
	char tls[80];
	X509 *leaf;
	STACK_OF(X509) * shown;
};

struct probe_own {
	struct probe *probe;
	struct fetch fetches[FETCHES_MAX];
	size_t n, open;
	X509_STORE *strangers; /* the system's authorities */
};

/* ---- do the records lead here? ---- */

static void say_here(struct probe *p)
{
	size_t here = 0, other_port = 0;
	char text[NETADDR_TEXT];
	struct buf elsewhere = {0};

	for (size_t i = 0; i < p->n_places; i++) {
		const struct netaddr *a = &p->places[i].addr;

		if (probe_is_listener(p->edge, a)) {
			here++;
			continue;
		}
		other_port += probe_is_this_machine(a);
		buf_printf(&elsewhere, "%s%s", elsewhere.n ? ", " : "", netaddr_print(a, text));
	}
	if (here == p->n_places)
		probe_say(p, PROBE_STEP_HERE, PC_OK, "all lead to our listeners");
	else if (here)
		probe_say(p, PROBE_STEP_HERE, PC_HERE_PARTLY, "not here: %.*s",
			SLARG(buf_slice(&elsewhere)));
	else
		probe_say(p, PROBE_STEP_HERE, other_port ? PC_HERE_PORT : PC_HERE_ELSEWHERE, "%.*s",
			SLARG(buf_slice(&elsewhere)));
	buf_done(&elsewhere);
}

/* ---- what to publish ---- */

static void say_address_record(struct probe *p, const char *host, const struct netaddr *a)
{
	char text[NETADDR_TEXT];

	probe_say(p, PROBE_STEP_RECORD, PC_OK, "%s. 3600 IN %s %s", host,
		a->sa.sa_family == AF_INET6 ? "AAAA" : "A", netaddr_print_host(a, text));
}

/* The addresses of listeners that have one; of those that listen everywhere this machine's. */
static size_t public_addresses(const struct probe *p, struct netaddr *ret)
{
	const struct edge *e = p->edge;
	size_t n = 0;

	for (size_t i = 0; i < e->n_listeners && n < PUBLIC_MAX; i++) {
		if (netaddr_is_any(&e->listen[i]))
			return probe_public_addresses(ret, PUBLIC_MAX);
		if (!probe_address_fault(&e->listen[i]))
			ret[n++] = e->listen[i];
	}
	return n;
}

static void say_records(struct probe *p)
{
	struct netaddr v[PUBLIC_MAX];
	size_t n = public_addresses(p, v);
	const char *host = arena_printf(&p->arena, "xmpp.%s", p->domain_ascii);
	uint16_t port =
		p->edge->n_listeners ? netaddr_port(&p->edge->listen[0]) : p->edge->default_port;

	/* The name that is published already may stay. */
	if (probe_went_well(p, PROBE_STEP_HERE) && p->n_hosts &&
		strcmp(p->hosts[0].name, p->domain_ascii) != 0)
		host = p->hosts[0].name;
	probe_say(p, PROBE_STEP_RECORD, PC_OK, "_xmpp-server._tcp.%s. 3600 IN SRV 10 0 %u %s.",
		p->domain_ascii, port, host);
	for (size_t i = 0; i < n; i++)
		say_address_record(p, host, &v[i]);
	if (!n)
		probe_say(p, PROBE_STEP_RECORD, PC_OK,
			"%s. 3600 IN A ADDRESS (the one by which others reach port %u here)", host,
			port);
}

/* ---- what the listeners show ---- */

static void say_listener(struct probe *p, const struct fetch *f)
{
	char text[NETADDR_TEXT];

	netaddr_print(&f->addr, text);
	if (f->fault[0])
		probe_say(p, PROBE_STEP_LISTENER, f->no_tls ? PC_LISTENER_NO_TLS : PC_LISTENER_DEAD,
			"%s: %s", text, f->fault);
	else
		probe_say(p, PROBE_STEP_LISTENER, PC_OK, "%s: STARTTLS, in %llu ms", text,
			(unsigned long long)f->ms);
}

static const struct fetch *first_good(const struct probe_own *o)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->fetches[i].leaf)
			return &o->fetches[i];
	return NULL;
}

static bool all_alike(const struct probe_own *o, const struct fetch *good)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->fetches[i].leaf && X509_cmp(o->fetches[i].leaf, good->leaf) != 0)
			return false;
	return true;
}

static void say_certificate(struct probe_own *o, const struct fetch *good)
{
	struct probe *p = o->probe;
	int64_t now = (int64_t)(clock_wall_ms() / 1000);
	struct probe_cert cert = {.leaf = good->leaf,
		.shown = good->shown,
		.trust = o->strangers,
		.also = tls_set_trust(p->tls)};
	struct buf subject = {0};

	cert_subject(good->leaf, &subject);
	probe_say(p, PROBE_STEP_TLS, PC_OK, "%s", good->tls);
	if (all_alike(o, good))
		probe_say(p, PROBE_STEP_SERVED, PC_OK, "%.*s, with and without SNI",
			SLARG(buf_slice(&subject)));
	else
		probe_say(p, PROBE_STEP_SERVED, PC_SERVED_OTHER, "%.*s with SNI, another without",
			SLARG(buf_slice(&subject)));
	cert.verdict = cert_judge_chain(o->strangers, cert.leaf, cert.shown, now, &cert.code);
	probe_say_cert(p, &cert, now);
	buf_done(&subject);
}

static void all_asked(struct probe_own *o)
{
	struct probe *p = o->probe;
	const struct fetch *good = first_good(o);

	for (size_t i = 0; i < o->n; i++)
		if (o->fetches[i].sni)
			say_listener(p, &o->fetches[i]);
	if (good)
		say_certificate(o, good);
	say_records(p);
	probe_next(p);
}

/* ---- asking one ---- */

static void fetched(struct fetch *f, const char *fault)
{
	struct probe_own *o = f->own;

	if (!f->conn)
		return;
	snprintf(f->fault, sizeof f->fault, "%s", fault);
	f->ms = probe_now(o->probe) - f->begun_ms;
	loop_timer_stop(&f->timer);
	conn_free(f->conn);
	f->conn = NULL;
	if (--o->open == 0)
		all_asked(o);
}

static void on_connected(void *arg)
{
	struct fetch *f = arg;
	struct buf *out = conn_out(f->conn);

	buf_str(out, "<?xml version='1.0'?><stream:stream xmlns='" NS_SERVER
		     "' xmlns:stream='" NS_STREAM "'");
	xml_put_attr(out, "to", f->own->probe->domain);
	buf_str(out, " version='1.0'>");
	conn_added(f->conn);
}

static bool has(const struct fetch *f, const char *word)
{
	return slice_contains(buf_slice(&f->seen), slice_of(word));
}

static void start_tls(struct fetch *f)
{
	struct probe *p = f->own->probe;

	conn_tls_start(f->conn, CONN_CLIENT, p->tls, tls_set_client(p->tls, SL("")),
		f->sni ? slice_of(p->domain_ascii) : SL(""));
}

static void on_data(void *arg, struct slice bytes)
{
	struct fetch *f = arg;

	if (f->seen.n + bytes.n > SEEN_MAX) {
		fetched(f, "it says too much");
		return;
	}
	buf_slice_add(&f->seen, bytes);
	if (f->asked_tls && has(f, "<proceed")) {
		start_tls(f);
	} else if (has(f, "</stream:stream>")) {
		f->no_tls = !tls_set_for(f->own->probe->tls, slice_of(f->own->probe->domain_ascii));
		fetched(f, f->no_tls ? "no certificate, so no TLS" : "it ended the stream");
	} else if (!f->asked_tls && has(f, "</stream:features>")) {
		f->asked_tls = true;
		conn_write(f->conn, SL("<starttls xmlns='" NS_TLS "'/>"));
	}
}

static void on_secure(void *arg)
{
	struct fetch *f = arg;
	const struct conn_tls_info *i = conn_tls_info(f->conn);

	snprintf(f->tls, sizeof f->tls, "%s, %s", i->version, i->cipher);
	if (i->peer && X509_up_ref(i->peer))
		f->leaf = i->peer;
	if (i->shown)
		f->shown = X509_chain_up_ref(i->shown);
	fetched(f, f->leaf ? "" : "no certificate was shown");
}

static void on_eof(void *arg, bool clean)
{
	fetched(arg, "it closed the connection");
}

static void on_closed(void *arg, enum conn_end end, const char *text)
{
	fetched(arg, text);
}

static void on_flushed(void *arg, uint64_t offset)
{
}

static void on_silence(void *arg)
{
	fetched(arg, "no answer in time");
}

static const struct conn_ops ops = {
	.connected = on_connected,
	.secure = on_secure,
	.data = on_data,
	.flushed = on_flushed,
	.eof = on_eof,
	.closed = on_closed,
};

/* Where a listener on all addresses is reached from here. */
static struct netaddr from_here(const struct netaddr *listen)
{
	struct netaddr a = *listen;

	if (!netaddr_is_any(listen))
		return a;
	if (a.sa.sa_family == AF_INET6)
		a.in6.sin6_addr = in6addr_loopback;
	else
		a.in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return a;
}

static void ask(struct probe_own *o, const struct netaddr *listen, bool sni)
{
	struct fetch *f = &o->fetches[o->n++];
	struct probe *p = o->probe;
	struct conn_target target = {from_here(listen), 0};

	*f = (struct fetch){.own = o, .addr = *listen, .sni = sni, .begun_ms = probe_now(p)};
	loop_timer_init(&f->timer, p->edge->loop, on_silence, f);
	loop_timer_in(&f->timer, probe_config(p->edge)->step_ms);
	o->open++;
	f->conn = conn_connect(p->edge->loop, &target, 1, &ops, f);
}

/* ---- life ---- */

void probe_own_new(struct probe *p)
{
	struct probe_own *o = xzalloc(sizeof *o);
	const struct edge *e = p->edge;

	p->own = o;
	o->probe = p;
	o->strangers = X509_STORE_new();
	/* The folder of authorities, by their hashes: nothing is read that is not asked for. */
	X509_STORE_set_default_paths(o->strangers);
	if (p->n_places)
		say_here(p);
	for (size_t i = 0; i < e->n_listeners && o->n < FETCHES_MAX - 1; i++)
		ask(o, &e->listen[i], true);
	if (o->n)
		ask(o, &e->listen[0], false);
	else
		all_asked(o);
}

void probe_own_free(struct probe_own *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < o->n; i++) {
		struct fetch *f = &o->fetches[i];

		loop_timer_stop(&f->timer);
		conn_free(f->conn);
		buf_done(&f->seen);
		X509_free(f->leaf);
		sk_X509_pop_free(f->shown, X509_free);
	}
	X509_STORE_free(o->strangers);
	free(o);
}
