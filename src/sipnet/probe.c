#include <stdio.h>

#include "federation/route.h"
#include "federation/snapshot.h"
#include "sipnet/sipnet_priv.h"

/* OPTIONS that find out whether an endpoint is there again. */

enum { PROBE_MS = 4000 }; /* over UDP sent after 0, 0.5, 1.5 and 3.5 s */

/* Any final answer but 503 is one of somebody who works. */
static void on_probed(void *arg, const struct sip_result *r)
{
	if (r->end != SIP_FINAL)
		target_probed(arg,
			r->end == SIP_TIMEOUT ? "OPTIONS was not answered"
					      : "OPTIONS could not be delivered",
			0);
	else if (r->status == 503)
		target_probed(
			arg, "OPTIONS was answered with 503", sipnet_retry_after(r->response));
	else
		target_probed(arg, NULL, 0);
}

/* A domain whose users are there, so that peers that look at From know it. */
static struct slice from_domain(const struct sipnet *n, const struct route *r)
{
	struct slice domain = sipnet_domain_of(n->snapshot, r);

	return domain.n ? domain : SL("anonymous.invalid"); /* RFC 3323 4.1.1.3 */
}

void sipnet_probe(void *sipnet, struct endpoint *e)
{
	static const char *const param[] = {
		[SIP_UDP] = "", [SIP_TCP] = ";transport=tcp", [SIP_TLS] = ";transport=tls"};
	struct sipnet *n = sipnet;
	char address[NETADDR_TEXT], ruri[NETADDR_TEXT + 32], to[NETADDR_TEXT + 40], from[280];
	struct slice domain = from_domain(n, e->target->route);
	struct sip_hop hop;

	netaddr_print(&e->at.addr, address);
	snprintf(ruri, sizeof ruri, "sip:%s%s", address, param[e->at.transport]);
	snprintf(to, sizeof to, "<%s>", ruri);
	snprintf(from, sizeof from, "<sip:%.*s>", SLARG(domain));
	if (!sipnet_hop_to(
		    n, e->target->route, (enum sip_transport)e->at.transport, &e->at.addr, &hop)) {
		target_probed(e, "no socket or connection to be had for OPTIONS", 0);
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
