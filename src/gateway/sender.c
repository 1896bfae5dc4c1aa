#include "gateway/sender.h"

#include "federation/route.h"
#include "gateway/member.h"

static bool refuse(struct message_refusal *r, unsigned status, const char *reason)
{
	*r = (struct message_refusal){.status = status, .reason = slice_of(reason)};
	return false;
}

/* Every field of the name is looked at: one that says no cannot be hidden behind another. */
static bool unverified(const struct sip_msg *m)
{
	for (unsigned i = 0; i < m->n_fields; i++)
		if (slice_ieq(m->fields[i].name, SL("ms-edge-proxy-message-trust")) &&
			slice_ieq(member_of(m->fields[i].value, "ms-source-verified-user"),
				SL("unverified")))
			return true;
	return false;
}

static bool privacy_ok(unsigned privacy, bool hidden, struct message_refusal *refusal)
{
	bool critical = privacy & SIP_PRIVACY_CRITICAL;

	if (critical && privacy & SIP_PRIVACY_OTHER)
		return refuse(refusal, 500, "Privacy asks for what is not known here");
	if (privacy & SIP_PRIVACY_USER)
		return refuse(refusal, critical ? 500 : 433,
			"Privacy user: XMPP has no anonymous senders");
	if (hidden && privacy & SIP_PRIVACY_ID)
		return refuse(
			refusal, critical ? 500 : 433, "Privacy id: XMPP has no anonymous senders");
	return true;
}

bool sender_read(struct sender *ret, const struct sip_msg *m, const struct route *route,
	struct message_refusal *refusal)
{
	struct sip_addr asserted;
	enum sip_asserted is = SIP_ASSERTED_NOT;
	bool other;

	if (route->kind == ROUTE_MICROSOFT_EDGE && unverified(m))
		return refuse(refusal, 403, "The Edge Server could not verify the sender");
	if (route->trust_identity)
		is = sip_asserted(m, &asserted);
	if (is == SIP_ASSERTED_BAD)
		return refuse(refusal, 400, "P-Asserted-Identity names no one user");
	other = is == SIP_ASSERTED && !sip_same_user(&asserted.uri, &m->from.uri);
	if (!privacy_ok(sip_privacy(m), other, refusal))
		return false;
	ret->addr = other ? asserted : m->from;
	return true;
}
