#include <assert.h>
#include <string.h>

#include "base/hash.h"
#include "federation/snapshot.h"
#include "sipnet/sipnet_priv.h"
#include "view/metrics.h"

/* Who may say what, and how much of it: requests that come in. */

enum { RETRY_AFTER_S = 2 };

struct slice sipnet_plain_host(struct slice host, char *buf, size_t size)
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

/* Those who are refused together come back at different times. */
static struct sip_verdict overloaded(const struct sip_msg *m)
{
	unsigned spread = (unsigned)(hash_bytes(m->call_id) % 8);

	return (struct sip_verdict){500, "Overloaded", 5 + spread};
}

/* The sender, however his host is written. */
static uint64_t sender_of(const struct sip_msg *m)
{
	char host[256];
	struct slice h = sipnet_plain_host(m->from.uri.host, host, sizeof host);

	return hash_bytes(m->from.uri.user) * UINT64_C(0x9e3779b97f4a7c15) + hash_bytes(h);
}

static struct sip_verdict over_rate(struct sipnet *n, struct target *t, const struct sip_msg *m)
{
	if (t->route->sender_rate && !target_take_of(t, sender_of(m), sipnet_now(n)))
		return (struct sip_verdict){500, "Too many requests of this sender", RETRY_AFTER_S};
	if (!target_take(t, sipnet_now(n)))
		return (struct sip_verdict){500, "Too many requests", RETRY_AFTER_S};
	return (struct sip_verdict){0};
}

/*
 * What belongs to a dialog is not new, and refusing it would not make less of it: it has what of
 * the memory new work leaves, and BYE the rest. But who says that it does may be wrong, above all
 * of an INVITE, which is remembered longest; and who says something in a session says no less than
 * by a MESSAGE outside.
 */
static struct sip_verdict shed_within(struct sipnet *n, struct target *t, const struct sip_msg *m)
{
	if (!sipnet_has_room(n, m->method != SIP_BYE))
		return overloaded(m);
	if (m->method == SIP_MESSAGE || m->method == SIP_INFO || m->method == SIP_INVITE)
		return over_rate(n, t, m);
	return (struct sip_verdict){0};
}

/* Is there room for new work, and has its sender not had his share? */
static struct sip_verdict shed(struct sipnet *n, struct target *t, const struct sip_msg *m)
{
	if (m->to.tag.p)
		return shed_within(n, t, m);
	if (n->draining)
		return (struct sip_verdict){500, "Shutting down", RETRY_AFTER_S};
	if (!sipnet_has_room(n, 2))
		return overloaded(m);
	return over_rate(n, t, m);
}

/* Who sends OPTIONS wants to know whether to send more: not to a node that is going. */
static struct sip_verdict health(const struct sipnet *n)
{
	if (n->draining)
		return (struct sip_verdict){503, "Shutting down", RETRY_AFTER_S};
	return (struct sip_verdict){0};
}

static struct sip_verdict forged(struct target *source)
{
	assert(source); /* or sipnet_receive() had taken it for a stranger's */
	metric_add(M_SIP_FORGED_FROM, 1);
	source->forged_from++;
	return (struct sip_verdict){403, "From is not of a domain of this route", 0};
}

/* Outside a dialog: within one it is our Contact, which may be at any host. */
static bool would_come_back(const struct sipnet *n, const struct sip_msg *m)
{
	char host[256];

	return !m->to.tag.p &&
	       snapshot_local(n->snapshot, sipnet_plain_host(m->ruri.host, host, sizeof host));
}

/*
 * From is of a domain of ours here. Another Entente sends in the name of XMPP contacts alone, and
 * one of ours it can have from nobody but us: each of the two is the other's SIP server by mistake,
 * and Max-Forwards, which is lost on the way through XMPP, would never end it
 * (docs/decisions/0266).
 */
static bool has_come_back(const struct sip_msg *m)
{
	return !m->to.tag.p && slice_starts(sip_msg_get(m, SIP_H_USER_AGENT), SL(SIPNET_AGENT));
}

/* ctx is where request() finds the target by which it came. */
struct sip_verdict sipnet_admit(
	void *arg, const struct sip_msg *m, const struct sip_hop *from, void *ctx)
{
	struct sipnet *n = arg;
	struct target *t, *source;
	struct sip_verdict v;

	if (m->method == SIP_OPTIONS && !m->to.tag.p)
		return health(n);
	t = sipnet_target_for(n, from, m, &source);
	if (!t)
		return forged(source);
	if (would_come_back(n, m))
		return (struct sip_verdict){
			403, "Users of this domain are not reached this way", 0};
	if (has_come_back(m))
		return (struct sip_verdict){482, "Loop Detected", 0};
	v = shed(n, t, m);
	if (v.status) {
		metric_add(M_SIP_SHED_IN, 1);
		return v;
	}
	sipnet_flow_admitted(n, from, m);
	*(struct target **)ctx = t;
	return (struct sip_verdict){0};
}

void sipnet_take(void *arg, struct sip_server *txn, const struct sip_msg *m,
	const struct sip_hop *from, void *ctx)
{
	struct sipnet_way way = {.flow = from->flow};
	struct target *t = *(struct target **)ctx;
	struct sipnet *n = arg;

	t->requests_in++;
	n->asked++;
	sipnet_flow_asked(n, from);
	n->ops->request(n->arg, txn, m, t->route, &way);
}

/* ---- answers ---- */

static void answered(struct sipnet *n, uint32_t flow)
{
	n->asked--;
	sipnet_flow_answered(n, flow);
}

void sipnet_reply(struct sipnet *n, struct sip_server *txn, const struct sip_reply *reply)
{
	bool again = sip_server_answered(txn); /* a 2xx to an INVITE, or after a CANCEL */
	uint32_t flow = sip_server_back(txn)->flow;

	sip_server_reply(txn, reply, sipnet_now(n));
	if (!again)
		answered(n, flow);
	sipnet_touched(n);
}

void sipnet_progress(struct sipnet *n, struct sip_server *txn, const struct sip_reply *reply)
{
	sip_server_progress(txn, reply);
	sipnet_touched(n);
}

/* ---- INVITE, ACK, OPTIONS ---- */

void sipnet_invite_event(void *arg, struct sip_server *txn, enum sip_invite_event event)
{
	struct sipnet *n = arg;

	if (event == SIP_INVITE_CANCELLED)
		answered(n, sip_server_back(txn)->flow);
	n->ops->invite(n->arg, txn, event);
}

/* Who could not have sent the INVITE cannot acknowledge it. */
void sipnet_take_ack(void *arg, struct sip_server *txn, const struct sip_msg *m,
	const struct sip_hop *from, void *ctx)
{
	struct sipnet *n = arg;
	struct target *source, *t = n->ops->ack ? sipnet_target_for(n, from, m, &source) : NULL;

	if (t)
		n->ops->ack(n->arg, m, t->route);
}

void sipnet_describe(
	void *arg, const struct sip_msg *m, const struct sip_hop *from, void *ctx, struct buf *sdp)
{
	struct sipnet_way way = {.flow = from->flow};
	struct sipnet *n = arg;
	struct target *source, *t;

	if (!n->ops->options)
		return;
	t = sipnet_target_for(n, from, m, &source);
	t = t ? t : source; /* a server asks in its own name */
	if (t && (m->first[SIP_H_ACCEPT] || t->route->message_mode != ROUTE_PAGER))
		n->ops->options(n->arg, m, t->route, &way, sdp);
}
