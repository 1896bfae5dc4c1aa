#include "sipnet/connections.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "sipnet/flows.h"
#include "sipnet/sipnet_priv.h"

static void view_names(struct sipnet_connection_view *v, const struct flow *f)
{
	struct slice rest = buf_slice(&f->names), name;
	size_t at = 0;

	while (slice_split(&rest, 0, &name)) {
		if (!name.n || name.n + 2 > sizeof v->names - at)
			continue;
		at += (size_t)snprintf(
			v->names + at, sizeof v->names - at, "%s%.*s", at ? " " : "", SLARG(name));
	}
}

static void view_tls(struct sipnet_connection_view *v, const struct flow *f)
{
	const struct conn_tls_info *tls = flow_tls(f);
	struct buf subject = {0};

	v->tls = v->cipher = v->certificate = v->own = "";
	if (!tls)
		return;
	v->tls = tls->version;
	v->cipher = tls->cipher;
	v->certificate = cert_verdict_name(tls->chain);
	v->own = tls->own ? tls->own : "";
	v->expires = tls->peer ? cert_not_after(tls->peer) : 0;
	if (tls->peer)
		cert_subject(tls->peer, &subject);
	snprintf(v->subject, sizeof v->subject, "%.*s", SLARG(buf_slice(&subject)));
	buf_done(&subject);
	view_names(v, f);
}

static void view_flow(
	struct sipnet_connection_view *v, const struct sipnet *n, const struct flow *f)
{
	char peer[NETADDR_TEXT];

	*v = (struct sipnet_connection_view){
		.number = f->number,
		.route = f->group ? f->group->name : "",
		.transport = f->transport == SIP_TLS ? "tls" : "tcp",
		.ours = f->ours,
		.state = flow_state_name(f->state),
		.age_ms = sipnet_now(n) - f->since_ms,
		.idle_ms = sipnet_now(n) - f->last_message_ms,
		.bytes_in = f->conn ? conn_bytes_in(f->conn) : 0,
		.bytes_out = f->conn ? conn_bytes_out(f->conn) : 0,
		.messages_in = f->messages_in,
		.messages_out = f->messages_out,
		.pending = flow_pending(f),
	};
	snprintf(v->peer, sizeof v->peer, "%s", netaddr_print(&f->peer, peer));
	view_tls(v, f);
}

size_t sipnet_connections(
	struct sipnet *n, const struct sipnet_connection_view **ret, size_t *ret_n)
{
	struct flows *all = &n->flows;
	size_t shown = all->n < SIPNET_CONNECTIONS ? all->n : SIPNET_CONNECTIONS, i = 0;

	free(all->view);
	all->view = xcalloc(shown, sizeof *all->view);
	for (struct list *it = all->all.next; it != &all->all && i < shown; it = it->next)
		view_flow(&all->view[i++], n, container_of(it, struct flow, node));
	*ret = all->view;
	*ret_n = i;
	return all->n;
}
