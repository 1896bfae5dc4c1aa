#include <stdio.h>

#include "federation/route.h"
#include "federation/snapshot.h"
#include "sipnet/sipnet_priv.h"

/* OPTIONS that find out whether an endpoint is there again. */

enum { PROBE_MS = 4000 }; /* over UDP sent after 0, 0.5, 1.5 and 3.5 s */

static uint32_t retry_after(const struct sip_result *r)
{
	uint32_t s = 0;

	if (sip_retry_after_parse(sip_msg_get(r->response, SIP_H_RETRY_AFTER), &s) < 0)
		return 0;
	return s;
}

/* Any final answer but 503 is one of somebody who works. */
static void on_probed(void *arg, const struct sip_result *r)
{
	bool answered = r->end == SIP_FINAL, busy = answered && r->status == 503;

	target_probed(arg, answered && !busy, busy ? retry_after(r) : 0);
}

/* A domain whose users are there, so that peers that look at From know it. */
static const char *domain_of(const struct sipnet *n, const struct route *r)
{
	const struct object *const *v;
	size_t n_domains = n->snapshot ? snapshot_list(n->snapshot, OBJECT_DOMAIN, &v) : 0;

	for (size_t i = 0; i < n_domains; i++) {
		const struct local_domain *d = local_domain_of(v[i]);

		if (snapshot_route_of(n->snapshot, slice_of(d->domain.a)) == r)
			return d->domain.a;
	}
	return "anonymous.invalid"; /* RFC 3323 4.1.1.3 */
}

void sipnet_probe(void *sipnet, struct endpoint *e)
{
	static const char *const param[] = {
		[SIP_UDP] = "", [SIP_TCP] = ";transport=tcp", [SIP_TLS] = ";transport=tls"};
	struct sipnet *n = sipnet;
	char address[NETADDR_TEXT], ruri[NETADDR_TEXT + 32], to[NETADDR_TEXT + 40], from[280];
	struct sip_hop hop;

	netaddr_print(&e->at.addr, address);
	snprintf(ruri, sizeof ruri, "sip:%s%s", address, param[e->at.transport]);
	snprintf(to, sizeof to, "<%s>", ruri);
	snprintf(from, sizeof from, "<sip:%s>", domain_of(n, e->target->route));
	if (!sipnet_hop_to(
		    n, e->target->route, (enum sip_transport)e->at.transport, &e->at.addr, &hop)) {
		target_probed(e, false, 0);
		return;
	}
	e->probe = sip_stack_request(n->stack, &hop,
		&(struct sip_spec){.method = SIP_OPTIONS,
			.ruri = slice_of(ruri),
			.from = slice_of(from),
			.to = slice_of(to)},
		PROBE_MS, on_probed, e, sipnet_now(n));
	sipnet_touched(n);
}

void sipnet_forget_probe(void *sipnet, struct sip_client *probe)
{
	(void)sipnet;
	sip_client_forget(probe);
}
