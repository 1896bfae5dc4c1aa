#include <assert.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/http_priv.h"
#include "auth/proxy.h"
#include "base/mem.h"

enum {
	RETRY_MS = 500, /* accept again after descriptors ran out */
	BURST = 4,      /* so many times a second's worth after a rest */
};

/* ---- addresses ---- */

static struct http_address *address_of(struct http *h, const struct netaddr *peer)
{
	uint8_t key[16];
	struct slice k = netaddr_limit_key(peer, key);
	struct table_node *n = table_get(&h->addresses, k);
	struct http_address *a;

	if (n)
		return container_of(n, struct http_address, node);
	a = xzalloc(sizeof *a);
	memcpy(a->key, k.p, k.n);
	a->http = h;
	a->may_connect = a->may_ask = BURST * h->limits.address_rate;
	a->filled_ms = loop_now(h->loop);
	table_put(&h->addresses, &a->node, slice_make(a->key, k.n));
	return a;
}

static double fuller(const struct http_address *a, double tokens)
{
	double rate = a->http->limits.address_rate;

	tokens += (double)(loop_now(a->http->loop) - a->filled_ms) * rate / 1000;
	return tokens < BURST * rate ? tokens : BURST * rate;
}

static void refill(struct http_address *a)
{
	a->may_connect = fuller(a, a->may_connect);
	a->may_ask = fuller(a, a->may_ask);
	a->filled_ms = loop_now(a->http->loop);
}

/* Nobody holds it, and it would be as a new one is. */
static bool is_forgotten(struct http_address *a)
{
	double full = BURST * a->http->limits.address_rate;

	refill(a);
	return !a->held && a->may_connect >= full && a->may_ask >= full;
}

static void forget(struct http_address *a)
{
	table_remove(&a->http->addresses, &a->node);
	free(a);
}

/* Once a second: the table stays as small as what is going on. */
static void sweep(struct http *h)
{
	if (loop_now(h->loop) - h->swept_ms < 1000)
		return;
	h->swept_ms = loop_now(h->loop);
	table_each(&h->addresses, it) {
		struct http_address *a = container_of(it, struct http_address, node);

		if (is_forgotten(a))
			forget(a);
	}
}

/* ---- places ---- */

static bool is_limited(const struct door *d, const struct netaddr *peer)
{
	const struct http *h = d->http;
	char host[NETADDR_TEXT];

	if (d->way != HTTP_TLS || !peer || !h->limits.address_connections)
		return false;
	/* A trusted proxy is many clients. */
	return !h->proxies || !proxy_trusted(h->proxies, slice_of(netaddr_print_host(peer, host)));
}

bool http_place_take(struct http_place *p, struct door *d, const struct netaddr *peer)
{
	*p = (struct http_place){.door = d};
	if (is_limited(d, peer)) {
		struct http_address *a;

		sweep(d->http);
		a = address_of(d->http, peer);
		refill(a);
		if (a->connections >= d->http->limits.address_connections || a->may_connect < 1)
			return false;
		a->may_connect -= 1;
		a->connections++;
		a->held++;
		p->address = a;
	}
	d->connections++;
	return true;
}

static void accept_more(struct door *d)
{
	if (d->poll)
		loop_poll_set(
			d->poll, d->connections < d->http->limits.connections ? LOOP_READ : 0);
}

void http_place_leave(struct http_place *p)
{
	if (!p->door)
		return;
	if (p->streams)
		p->door->streaming--;
	else
		p->door->connections--;
	if (p->address) {
		p->address->connections -= !p->streams;
		p->address->held--;
	}
	accept_more(p->door);
	*p = (struct http_place){0};
}

bool http_place_stream(struct http_place *p)
{
	unsigned max = p->door->http->limits.streams;

	if (!max || p->streams) {
		p->streams += max > 0;
		return true;
	}
	if (p->door->streaming >= max)
		return false;
	p->streams = 1;
	p->door->streaming++;
	p->door->connections--;
	if (p->address)
		p->address->connections--;
	accept_more(p->door);
	return true;
}

void http_place_unstream(struct http_place *p)
{
	if (!p->streams || --p->streams)
		return;
	p->door->streaming--;
	p->door->connections++;
	if (p->address)
		p->address->connections++;
	accept_more(p->door);
}

bool http_place_may_ask(struct http_place *p)
{
	if (!p || !p->address)
		return true;
	refill(p->address);
	if (p->address->may_ask < 1)
		return false;
	p->address->may_ask -= 1;
	return true;
}

/* ---- listening ---- */

static void admit(struct door *d, int fd, const struct sockaddr *sa)
{
	struct netaddr peer;
	bool known = netaddr_from(&peer, sa) == 0;

	if (d->way == HTTP_TLS)
		wire_accept(d, fd, &peer);
	else
		http1_accept(d, fd, known ? &peer : NULL);
}

static void on_retry(void *arg)
{
	accept_more(arg);
}

static void on_connection(void *arg, unsigned events)
{
	struct door *d = arg;
	int fd;

	while (d->connections < d->http->limits.connections) {
		struct sockaddr_storage sa = {0};
		socklen_t n = sizeof sa;

		fd = accept4(d->fd, (struct sockaddr *)&sa, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			admit(d, fd, (struct sockaddr *)&sa);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
			loop_poll_set(d->poll, 0);
			loop_timer_in(&d->retry, RETRY_MS);
			return;
		}
		if (errno != EINTR && errno != ECONNABORTED)
			return;
	}
	accept_more(d);
}

void http_serve(struct http *h, int fd, enum http_way way, http_handler *fn, void *arg)
{
	struct door *d = xzalloc(sizeof *d);

	assert(h->n_doors < HTTP_DOORS_MAX);
	h->n_doors++;
	d->http = h;
	d->fd = fd;
	d->way = way;
	d->fn = fn;
	d->arg = arg;
	d->poll = loop_poll_new(h->loop, fd, on_connection, d);
	loop_timer_init(&d->retry, h->loop, on_retry, d);
	list_append(&h->doors, &d->node);
	accept_more(d);
}

void http_stop_listening(struct http *h)
{
	list_each(&h->doors, it) {
		struct door *d = container_of(it, struct door, node);

		loop_timer_stop(&d->retry);
		loop_poll_free(d->poll);
		d->poll = NULL;
		if (d->fd >= 0)
			close(d->fd);
		d->fd = -1;
	}
}

/* ---- life ---- */

void http_set_tls(struct http *h, struct ssl_ctx_st *ctx, bool trusted)
{
	if (ctx)
		SSL_CTX_up_ref(ctx);
	SSL_CTX_free(h->tls);
	h->tls = ctx;
	h->hsts = trusted;
}

void http_set_proxies(struct http *h, const struct proxy_networks *proxies)
{
	h->proxies = proxies;
}

void http_set_knows(struct http *h, http_knows *fn, void *arg)
{
	h->knows = fn;
	h->knows_arg = arg;
}

int http_new(struct http **ret, struct loop *l, struct http_limits limits, struct err *e)
{
	struct http *h = xzalloc(sizeof *h);

	h->loop = l;
	h->limits = limits;
	list_init(&h->doors);
	list_init(&h->requests);
	list_init(&h->wires);
	table_init(&h->addresses);
	if (http1_new(&h->http1, h, e) < 0) {
		http_free(h);
		return -1;
	}
	*ret = h;
	return 0;
}

void http_free(struct http *h)
{
	struct list *it;

	if (!h)
		return;
	h->ending = true;
	http_stop_listening(h);
	wires_free(h);
	http1_free(h->http1);
	while ((it = list_pop(&h->requests)))
		http_req_orphan(it);
	while ((it = list_pop(&h->doors)))
		free(container_of(it, struct door, node));
	table_each(&h->addresses, n)
		forget(container_of(n, struct http_address, node));
	table_done(&h->addresses);
	http_set_tls(h, NULL, false);
	free(h);
}
