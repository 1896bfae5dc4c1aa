#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sipnet/flows.h"
#include "sipnet/sipnet_priv.h"
#include "view/metrics.h"

/* What happens on connections, between sockets and transactions. */

enum { LINES = 20 /* a second, in the log, about connections that fail or that others make */ };

static bool may_log(struct flows *all, uint64_t now)
{
	if (all->lines_second != now / 1000) {
		all->lines_second = now / 1000;
		all->lines = 0;
	}
	return all->lines++ < LINES;
}

/* ---- they connect ---- */

/* Strangers have a line at their end, if at all. */
static void log_connected(struct sipnet *n, const struct flow *f)
{
	const struct conn_tls_info *tls = flow_tls(f);
	char text[NETADDR_TEXT];

	metric_add(f->ours ? M_SIP_CONNECTS_OUT : M_SIP_CONNECTS_IN, 1);
	if (!f->ours && !may_log(&n->flows, sipnet_now(n)))
		return;
	log_info(&n->log, "sip-connected", LF_Z("route", f->group->name),
		LF_Z("peer", netaddr_print(&f->peer, text)), LF_Z("by", f->ours ? "us" : "them"),
		LF_Z("transport", sip_transport_name((enum sip_transport)f->transport)),
		LF_Z("tls", tls ? tls->version : NULL));
}

static void turn_away(struct sender *s, int fd, const struct netaddr *peer, const char *why)
{
	struct sipnet *n = s->net;
	char text[NETADDR_TEXT];

	close(fd);
	if (may_log(&n->flows, sipnet_now(n)))
		log_warn(&n->log, "sip-connection-refused", LF_Z("listener", s->name),
			LF_Z("peer", netaddr_print(peer, text)), LF_Z("reason", why));
}

/* Room for one more of that address; among strangers who holds most makes it. */
static const char *no_room(struct sipnet *n, const struct netaddr *peer, bool listed)
{
	struct strangers *gate = flows_gate(&n->flows, listed);
	struct stranger *drop;
	uint8_t key[16];
	enum stranger_answer answer =
		strangers_ask(gate, netaddr_limit_key(peer, key), sipnet_now(n), &drop);

	if (answer != STRANGER_OK)
		return stranger_answer_name(answer);
	if (drop) {
		stranger_leave(gate, drop, sipnet_now(n));
		flow_end(container_of(drop, struct flow, stranger), "evicted",
			"it made room for another");
	}
	return NULL;
}

static void begin(struct sender *s, int fd, const struct netaddr *peer, const char *route)
{
	struct sipnet *n = s->net;
	struct flow_start start = {.loop = n->loop,
		.ops = &stream_ops,
		.arg = n,
		.number = flows_number(n),
		.socket = s->index};
	uint8_t key[16];
	struct flow *f;

	if (s->transport == SIP_TLS) {
		start.set = n->flows.tls;
		start.ctx = peer_server_context(n);
	}
	f = flow_accept(&start, fd, peer);
	flows_add(n, f);
	f->stranger_reason = "Not a known peer";
	f->listed = route;
	f->proven = route && flows_join(n, f, route);
	if (f->proven)
		log_connected(n, f);
	else
		stranger_enter(n->flows.strangers, &f->stranger, netaddr_limit_key(peer, key),
			sipnet_now(n));
}

void streams_accept(void *sender, int fd, const struct netaddr *peer)
{
	struct sender *s = sender;
	struct sipnet *n = s->net;
	struct sip_hop hop = sipnet_hop(s, peer);
	const char *route = s->transport == SIP_TCP ? sipnet_route_at(n, &hop) : NULL;
	const char *why = NULL;

	if (n->flows.n >= FLOWS_ALL - FLOWS_KEPT)
		why = "connections";
	else if (s->transport == SIP_TLS && !peer_server_context(n))
		why = "no-certificate";
	else if (route && !flows_have_place(n, route))
		why = "route-full";
	else
		why = no_room(n, peer, route);
	if (why)
		turn_away(s, fd, peer, why);
	else
		begin(s, fd, peer, route);
}

/* ---- it is open ---- */

static const char *on_opened(void *arg, struct flow *f)
{
	struct sipnet *n = arg;
	const char *why = peer_judge(n, f);

	if (why)
		return why;
	if (f->ours)
		f->proven = true;
	if (f->proven)
		log_connected(n, f);
	return NULL;
}

/* ---- in ---- */

static void on_message(void *arg, struct flow *f, char *p, size_t len)
{
	struct sipnet *n = arg;
	struct sip_hop hop = flow_hop(f);

	if (!sipnet_receive(n, &hop, p, len, f->stranger_reason))
		flow_close(f, "stranger");
}

void sipnet_flow_asked(struct sipnet *n, const struct sip_hop *from)
{
	struct flow *f = flows_get(n, from->flow);

	if (f)
		f->asked++;
}

void sipnet_flow_answered(struct sipnet *n, uint32_t flow)
{
	struct flow *f = flows_get(n, flow);

	if (f && f->asked && --f->asked == 0 && f->state == FLOW_HALF)
		flow_close(f, "eof");
}

/*
 * RFC 5923 8: who says so may be asked on the connection he made, as if we had connected to the
 * port of his sent-by; at his own address only, whatever host sent-by names.
 */
void sipnet_flow_admitted(struct sipnet *n, const struct sip_hop *from, const struct sip_msg *m)
{
	struct flow *f = flows_get(n, from->flow);
	struct slice value;

	if (f)
		f->of_use = true;
	if (!f || f->ours || !f->group || list_linked(&f->usable) ||
		!sip_param_get(m->via.params, "alias", &value))
		return;
	f->alias = f->peer;
	netaddr_set_port(&f->alias, m->via.port ? m->via.port : sip_hop_default_port(from));
	flows_usable(f);
}

/*
 * A head that is too long has no end to look at: what can be answered is its beginning, up to the
 * last line that is whole.
 */
static size_t cut_head(char *p, size_t len)
{
	enum { KEPT = 32 * 1024 };
	size_t n = KEPT;

	if (len <= KEPT)
		return len;
	while (n && p[n - 1] != '\n')
		n--;
	if (n + 2 <= len) {
		p[n++] = '\r';
		p[n++] = '\n';
	}
	return n;
}

static void on_broken(void *arg, struct flow *f, char *p, size_t len, enum sip_frame_fault fault)
{
	struct sipnet *n = arg;
	struct sip_hop hop = flow_hop(f);
	bool too_long = fault == SIP_FRAME_TOO_LONG;

	metric_add(M_SIP_RX, 1);
	if (!f->proven && !sipnet_stranger(n))
		return;
	sip_stack_refuse(n->stack, &hop, p, too_long ? cut_head(p, len) : len, too_long ? 513 : 400,
		too_long ? NULL : sip_frame_fault_text(fault));
	sipnet_touched(n);
}

/* ---- out ---- */

/* Of which it was, or is while it closes; NULL: of none, or it is forgotten. */
static const struct route *route_of_gone(const struct sipnet *n, uint32_t flow)
{
	const struct flow_ended *e = &n->flows.ended[flow % FLOWS_ENDED];
	const struct flow *f = flows_get(n, flow);
	const char *name = f && f->group ? f->group->name : NULL;

	if (flow && e->number == flow)
		name = e->route;
	return name ? snapshot_route(n->snapshot, slice_of(name)) : NULL;
}

/* On a new connection to the same address. */
static uint64_t send_elsewhere(
	struct sipnet *n, const struct route *r, const struct sip_hop *to, struct slice bytes)
{
	struct sip_hop hop;
	struct netaddr a;

	if (!r || netaddr_from(&a, &to->sa) < 0 ||
		!sipnet_hop_to(n, r, (enum sip_transport)to->transport, &a, &hop))
		return SIP_NOT_SENT;
	metric_add(M_SIP_TX, 1);
	return flow_send(flows_get(n, hop.flow), bytes);
}

uint64_t streams_send(struct sipnet *n, const struct sip_hop *to, struct slice bytes)
{
	static const struct slice start = {"SIP/2.0 ", 8};
	struct flow *f = flows_get(n, to->flow);
	bool response = slice_starts(bytes, start);

	if (!f || !flow_is_up(f)) /* 18.2.2; a CANCEL whose INVITE went by one that is gone */
		return send_elsewhere(
			n, response ? route_of_gone(n, to->flow) : n->cancelling, to, bytes);
	metric_add(M_SIP_TX, 1);
	return flow_send(f, bytes);
}

/* ---- the end ---- */

static void note_error(struct sipnet *n, const struct flow *f)
{
	struct target *t = sipnet_target(n, slice_of(f->group->name));
	bool certificate = strncmp(f->end, "certificate-", 12) == 0;
	char text[SIPNET_ERROR_TEXT], peer[NETADDR_TEXT];

	if (!t)
		return;
	snprintf(text, sizeof text, "%s: %s%s%s", netaddr_print(&f->peer, peer), f->end,
		f->end_text[0] ? ": " : "", f->end_text);
	target_trouble(t, NULL, certificate ? SIPNET_E_CERTIFICATE : SIPNET_E_CONNECTION, text);
}

static void on_deaf(void *arg, struct flow *f)
{
	struct sipnet *n = arg;
	struct sip_hop hop = flow_hop(f);

	sip_stack_closed(n->stack, &hop, flow_flushed(f), sipnet_now(n));
	sipnet_touched(n);
	if (f->state == FLOW_HALF && !f->asked)
		flow_close(f, "eof");
}

/* The usual ends of a connection that has served. */
static bool is_orderly(const struct flow *f)
{
	return f->proven && (!strcmp(f->end, "eof") || !strcmp(f->end, "idle") ||
				    !strcmp(f->end, "close-timeout"));
}

static void on_ended(void *arg, struct flow *f)
{
	struct sipnet *n = arg;
	const char *route = f->group ? f->group->name : NULL;
	char text[NETADDR_TEXT];
	enum log_level level = is_orderly(f) ? LOG_INFO : LOG_WARN;

	if (level == LOG_WARN)
		metric_add(f->ours ? M_SIP_CONNECTIONS_LOST_OUT : M_SIP_CONNECTIONS_LOST_IN, 1);
	if (level == LOG_WARN && route && f->ours)
		note_error(n, f);
	if ((level == LOG_INFO && f->ours) || may_log(&n->flows, sipnet_now(n)))
		log_event(&n->log, level, "sip-disconnected", LF_Z("route", route),
			LF_Z("peer", netaddr_print(&f->peer, text)),
			LF_Z("by", f->ours ? "us" : "them"),
			LF_Z("transport", sip_transport_name((enum sip_transport)f->transport)),
			LF_Z("reason", f->end),
			LF_Z("text", f->end_text[0] ? f->end_text
				     : !f->proven   ? f->stranger_reason
						    : NULL));
	flows_remove(n, f);
}

const struct flow_ops stream_ops = {.opened = on_opened,
	.message = on_message,
	.broken = on_broken,
	.deaf = on_deaf,
	.ended = on_ended};
