#include "sipnet/outcome.h"

#include "sipnet/sipnet_priv.h"

uint32_t sipnet_retry_after(const struct sip_msg *m)
{
	uint32_t s = 0;

	if (!m || sip_retry_after_parse(sip_msg_get(m, SIP_H_RETRY_AFTER), &s) < 0)
		return 0;
	return s;
}

static void note_busy(struct endpoint *e, const struct sip_result *r, uint64_t now)
{
	e->busy++;
	endpoint_rest(e, sipnet_retry_after(r->response), now);
	target_trouble(e->target, e, SIPNET_E_BUSY,
		endpoint_rests(e, now) ? "503 with Retry-After" : "503");
}

static void note_result(struct endpoint *e, const struct sip_result *r, uint64_t now)
{
	switch (r->end) {
	case SIP_FINAL:
		e->answered++;
		if (r->status == 503) /* alive perhaps, and of no use */
			note_busy(e, r, now);
		else
			target_event(e, ENDPOINT_ANSWERED);
		break;
	case SIP_TIMEOUT:
		e->timeouts++;
		target_trouble(e->target, e, SIPNET_E_TIMEOUT, "no final answer in time");
		target_event(e, ENDPOINT_FAILED);
		break;
	case SIP_UNREACHABLE:
		e->unreachable++;
		target_trouble(e->target, e, SIPNET_E_UNREACHABLE,
			r->may_have_arrived ? "lost after it was sent" : "not delivered");
		target_event(e, ENDPOINT_FAILED);
		break;
	case SIP_TOO_BIG:
	case SIP_OVERLOADED:
	case SIP_NO_TARGET:
	case SIP_ALL_DOWN:
	case SIP_PROVISIONAL:
	case SIP_GONE:
		break;
	}
}

void outcome_note(struct target *t, struct endpoint *e, const struct sip_result *r, uint64_t now)
{
	t->under_way--;
	if (!e)
		return;
	e->under_way--;
	if (r->sent > 1)
		e->retransmissions += r->sent - 1;
	note_result(e, r, now);
}

void outcome_count(struct target *t, const struct sip_result *r)
{
	if (r->end == SIP_FINAL)
		t->answered++;
	else if (r->end == SIP_TIMEOUT)
		t->timeouts++;
	else if (r->end == SIP_UNREACHABLE)
		t->unreachable++;
}
