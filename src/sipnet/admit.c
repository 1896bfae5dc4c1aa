#include <assert.h>
#include <string.h>

#include "federation/snapshot.h"
#include "sipnet/sipnet_priv.h"
#include "view/metrics.h"

/* Who may say what, and how much of it: requests that come in. */

enum { RETRY_AFTER_S = 2 };

/* Hosts in SIP may have capitals and a dot at the end; the snapshot's keys have not. */
static struct slice plain_host(struct slice host, char *buf, size_t size)
{
	if (host.n && host.p[host.n - 1] == '.')
		host.n--;
	if (!host.p || host.n > size)
		return SL("");
	memcpy(buf, host.p, host.n);
	ascii_lower(buf, host.n);
	return slice_make(buf, host.n);
}

bool sipnet_has_room(const struct sipnet *n, unsigned sixteenths)
{
	struct sip_stack_stats stats;

	sip_stack_stats(n->stack, &stats);
	return stats.bytes <= n->budget - n->budget / 16 * sixteenths;
}

/* ctx is where request() finds the target by which it came. */
struct sip_verdict sipnet_admit(
	void *arg, const struct sip_msg *m, const struct sip_hop *from, void *ctx)
{
	struct sipnet *n = arg;
	struct target *t, *source;
	char host[256];

	if (n->draining)
		return (struct sip_verdict){500, "Shutting down", RETRY_AFTER_S};
	t = sipnet_target_for(n, from, plain_host(m->from.uri.host, host, sizeof host), &source);
	if (!t) {
		assert(source); /* or sipnet_receive() had taken it for a stranger's */
		metric_add(M_SIP_FORGED_FROM, 1);
		source->forged_from++;
		return (struct sip_verdict){403, "From is not of a domain of this route", 0};
	}
	if (snapshot_local(n->snapshot, plain_host(m->ruri.host, host, sizeof host)))
		return (struct sip_verdict){
			403, "Users of this domain are not reached this way", 0};
	if (!sipnet_has_room(n, 2))
		return (struct sip_verdict){500, "Overloaded", RETRY_AFTER_S};
	if (!target_take(t, sipnet_now(n)))
		return (struct sip_verdict){500, "Too many requests", RETRY_AFTER_S};
	sipnet_flow_admitted(n, from, m);
	*(struct target **)ctx = t;
	return (struct sip_verdict){0};
}

void sipnet_take(void *arg, struct sip_server *txn, const struct sip_msg *m,
	const struct sip_hop *from, void *ctx)
{
	struct target *t = *(struct target **)ctx;
	struct sipnet *n = arg;

	t->requests_in++;
	n->asked++;
	sipnet_flow_asked(n, from);
	n->ops->request(n->arg, txn, m, t->route);
}

void sipnet_reply(struct sipnet *n, struct sip_server *txn, const struct sip_reply *reply)
{
	n->asked--;
	sip_server_reply(txn, reply, sipnet_now(n));
	sipnet_touched(n);
}
