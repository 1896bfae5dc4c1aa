#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/listener.h"
#include "sipnet/flows.h"
#include "sipnet/sipnet_priv.h"

/* Our sockets: where we listen, what our Via says of them, and which of them reaches an address. */

static const struct {
	const char *name;
	enum sip_transport transport;
	uint16_t port;
} kinds[] = {
	{"udp:", SIP_UDP, 5060},
	{"tcp:", SIP_TCP, 5060},
	{"tls:", SIP_TLS, 5061},
};

static void own_host(char *ret, size_t size)
{
	char name[256] = "";

	if (gethostname(name, sizeof name - 1) < 0 ||
		sip_host_kind(slice_of(name)) == SIP_HOST_NONE)
		strcpy(name, "localhost");
	snprintf(ret, size, "%s", name);
}

/* What our Via says: the address, or for a wildcard the name of this host. */
static void name_sender(struct sender *s, const char *kind)
{
	char text[NETADDR_TEXT], host[256];

	netaddr_print(&s->addr, text);
	snprintf(s->name, sizeof s->name, "%s%s", kind, text);
	if (netaddr_is_any(&s->addr)) {
		own_host(host, sizeof host);
		snprintf(s->sent_by, sizeof s->sent_by, "%s:%u", host, netaddr_port(&s->addr));
	} else {
		snprintf(s->sent_by, sizeof s->sent_by, "%s", text);
	}
}

static int open_sender(struct sipnet *n, struct sender *s, const struct netaddr *a, struct err *e)
{
	if (s->transport == SIP_UDP) {
		if (udp_new(&s->udp, n->loop, a, &sipnet_udp_ops, s, e) < 0)
			return -1;
		s->addr = *udp_address(s->udp);
		return 0;
	}
	if (listener_new(&s->listener, n->loop, a, streams_accept, s, e) < 0)
		return -1;
	s->addr = listener_address(s->listener);
	return 0;
}

static struct sender *next_sender(struct sipnet *n, enum sip_transport t)
{
	struct sender *s = &n->sender[n->n_senders];

	s->net = n;
	s->index = (uint8_t)n->n_senders;
	s->transport = t;
	return s;
}

int sipnet_listen(struct sipnet *n, struct slice text, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct slice kind = slice_of(kinds[i].name);
		struct sender *s = next_sender(n, kinds[i].transport);
		struct netaddr a;

		if (!slice_starts(text, kind))
			continue;
		if (netaddr_parse(&a, slice_from(text, kind.n), kinds[i].port, e) < 0 ||
			open_sender(n, s, &a, e) < 0)
			return err_in(e, "SIP listener");
		name_sender(s, kinds[i].name);
		n->n_senders++;
		return 0;
	}
	return err_set(e, ERR_INVALID, "'%.*s': right would be udp:, tcp: or tls:ADDRESS:PORT",
		SLARG(text));
}

/* Who listens nowhere can connect all the same: the answers come on the same connection. */
void sipnet_add_silent(struct sipnet *n)
{
	static const enum sip_transport t[] = {SIP_TCP, SIP_TLS};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct sender *s = next_sender(n, t[i]);

		s->silent = true;
		own_host(s->sent_by, sizeof s->sent_by);
		n->n_senders++;
	}
}

void sipnet_close_senders(struct sipnet *n)
{
	for (unsigned i = 0; i < n->n_senders; i++) {
		udp_free(n->sender[i].udp);
		listener_free(n->sender[i].listener);
	}
}

/* ---- hops ---- */

struct sip_hop sipnet_hop(const struct sender *s, const struct netaddr *a)
{
	struct sip_hop h = {.transport = (uint8_t)s->transport, .socket = s->index};

	if (a->sa.sa_family == AF_INET6)
		h.in6 = a->in6;
	else
		h.in4 = a->in4;
	return h;
}

/*
 * A socket bound to loopback reaches loopback alone, and the other way about. For a connection that
 * only decides what our Via says.
 */
const struct sender *sipnet_sender_for(
	const struct sipnet *n, enum sip_transport t, const struct netaddr *to)
{
	const struct sender *wild = NULL;

	for (unsigned i = 0; i < n->n_senders; i++) {
		const struct sender *s = &n->sender[i];

		if (s->transport != t || (!s->silent && s->addr.sa.sa_family != to->sa.sa_family))
			continue;
		if (s->silent || netaddr_is_any(&s->addr))
			wild = wild ? wild : s;
		else if (netaddr_is_loopback(&s->addr) == netaddr_is_loopback(to))
			return s;
	}
	return wild;
}

/* From where we listen, as our Via says: by that address some peers know us. */
struct netaddr sipnet_source(const struct sender *s)
{
	struct netaddr from = {0};

	if (!s->silent && !netaddr_is_any(&s->addr)) {
		from = s->addr;
		netaddr_set_port(&from, 0);
	}
	return from;
}

bool sipnet_hop_to(struct sipnet *n, const struct route *r, enum sip_transport t,
	const struct netaddr *to, struct sip_hop *ret)
{
	const struct sender *s = sipnet_sender_for(n, t, to);
	struct flow *f = NULL;

	if (!s)
		return false;
	if (t != SIP_UDP) {
		f = flows_take(n, r, s, to);
		if (!f)
			return false;
	}
	*ret = sipnet_hop(f ? &n->sender[f->socket] : s, to);
	ret->flow = f ? f->number : 0;
	return true;
}

uint16_t sipnet_port(const struct sipnet *n, unsigned index)
{
	return netaddr_port(&n->sender[index].addr);
}
