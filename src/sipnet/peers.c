#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/tls.h"
#include "sipnet/flows.h"
#include "sipnet/sipnet_priv.h"

/* Who the other end of a connection is (RFC 5922), and what we show it. */

bool peer_has_name(const struct flow *f, const struct route *r)
{
	struct slice names = buf_slice(&f->names);

	if (!r->tls_names.n)
		return cert_sip_has(names, slice_of(r->next_hop.host));
	for (size_t i = 0; i < r->tls_names.n; i++)
		if (cert_sip_has(names, slice_of(r->tls_names.v[i].a)))
			return true;
	return false;
}

bool sipnet_route_speaks(const struct route *r, enum sip_transport t)
{
	static const enum sip_transport of[] = {
		[ROUTE_UDP] = SIP_UDP, [ROUTE_TCP] = SIP_TCP, [ROUTE_TLS] = SIP_TLS};

	return r->transport == ROUTE_LOCATED || of[r->transport] == t;
}

/* Over TLS an address alone proves nothing; where sources are named it has to be one of them, too.
 */
bool sipnet_flow_is_of(const struct sipnet *n, const struct sip_hop *from, const struct route *r)
{
	const struct flow *f = flows_get(n, from->flow);
	uint8_t mapped[16];

	if (!f || f->transport != SIP_TLS || !sipnet_route_speaks(r, SIP_TLS) ||
		!peer_has_name(f, r))
		return false;
	netaddr_mapped(&f->peer, mapped);
	return !r->sources.n || network_list_has(&r->sources, mapped);
}

/* ---- what we show ---- */

/* Our name to the route's peer: by it a certificate is chosen. */
static struct slice own_domain(const struct sipnet *n, const struct route *r)
{
	struct slice domain = sipnet_domain_of(n->snapshot, r);

	return domain.n || !r->from_domains.n ? domain : slice_of(r->from_domains.v[0].a);
}

static struct slice sni_of(const struct route *r)
{
	struct slice host = slice_of(r->tls_names.n ? r->tls_names.v[0].a : r->next_hop.host);
	struct netaddr a;

	return netaddr_parse_host(&a, host, 0) == 0 ? SL("") : host; /* RFC 6066 3 */
}

SSL_CTX *peer_context(const struct sipnet *n, const struct route *r, struct slice *ret_sni)
{
	SSL_CTX *ctx = NULL;

	*ret_sni = sni_of(r);
	if (r->certificate)
		ctx = tls_set_named(n->flows.tls, slice_of(r->certificate));
	return ctx ? ctx : tls_set_client(n->flows.tls, own_domain(n, r));
}

SSL_CTX *peer_server_context(const struct sipnet *n)
{
	const struct tls_set *set = n->flows.tls;
	SSL_CTX *ctx = set ? tls_set_for(set, SL("")) : NULL;

	if (!ctx && set && tls_set_count(set))
		ctx = tls_set_named(set, slice_of(tls_set_own(set, 0)->name));
	return ctx;
}

/* ---- what it shows ---- */

/* The connection goes no further than the certificate (RFC 5280 6.1). */
static void note_end(struct flow *f, const struct conn_tls_info *tls)
{
	int64_t left = tls->expires * 1000 - (int64_t)clock_wall_ms();

	f->expires_ms = loop_now(f->loop) + (left > 0 ? (uint64_t)left : 0);
}

/* For people: "wants pbx.example; the certificate has sip.example, www.example". */
static void name_text(struct flow *f, const char *wants)
{
	struct slice rest = buf_slice(&f->names), name;
	struct buf text = {0};

	buf_printf(&text, "wanted %s, the certificate is of", wants);
	while (slice_split(&rest, 0, &name))
		if (name.n)
			buf_printf(&text, " %.*s", SLARG(name));
	buf_str(&text, f->names.n ? "" : " nobody");
	snprintf(f->end_text, sizeof f->end_text, "%.*s", SLARG(buf_slice(&text)));
	buf_done(&text);
}

static const char *judge_ours(struct sipnet *n, struct flow *f, const struct conn_tls_info *tls)
{
	const struct route *r = snapshot_route(n->snapshot, slice_of(f->group->name));

	if (tls->chain != CERT_GOOD) {
		snprintf(f->end_text, sizeof f->end_text, "%s", cert_verdict_text(tls->chain));
		return "certificate-refused";
	}
	if (!r)
		return "route-changed";
	if (peer_has_name(f, r))
		return NULL;
	name_text(f, r->tls_names.n ? r->tls_names.v[0].a : r->next_hop.host);
	return "certificate-wrong-name";
}

static const char *judge_theirs(struct sipnet *n, struct flow *f, const struct conn_tls_info *tls)
{
	struct sip_hop hop = flow_hop(f);
	const char *route = sipnet_route_at(n, &hop);

	if (tls->chain != CERT_GOOD) {
		f->stranger_reason = cert_verdict_text(tls->chain);
	} else if (!route) {
		f->stranger_reason = "The certificate is of no known peer";
		name_text(f, "one of a route");
	} else if (!flows_join(n, f, route)) {
		return "route-full";
	} else {
		f->proven = true;
		stranger_leave(n->flows.strangers, &f->stranger, sipnet_now(n));
	}
	return NULL;
}

/* The handshake began with certificates and CRLs that others have taken the place of. */
static bool revoked_meanwhile(const struct sipnet *n, const struct flow *f)
{
	return f->set != n->flows.tls && n->flows.tls &&
	       conn_tls_judge(f->conn, n->flows.tls) == CERT_REVOKED;
}

const char *peer_judge(struct sipnet *n, struct flow *f)
{
	const struct conn_tls_info *tls = flow_tls(f);

	if (tls && tls->chain == CERT_GOOD) {
		cert_sip_names(tls->peer, &f->names);
		note_end(f, tls);
	}
	if (!tls)
		return NULL;
	if (revoked_meanwhile(n, f))
		return "certificate-revoked";
	return f->ours ? judge_ours(n, f, tls) : judge_theirs(n, f, tls);
}
