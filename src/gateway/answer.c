#include "gateway/answer.h"

#include "gateway/core.h"
#include "view/metrics.h"

static void reply(struct gateway *g, struct sip_server *txn, unsigned status, struct slice reason,
	struct sip_out field)
{
	struct sip_reply r = {.status = error_wire(status), .reason = reason};

	if (r.status == 405)
		field = (struct sip_out){SL("Allow"), GATEWAY_ALLOW};
	if (field.name.p) {
		r.fields = &field;
		r.n_fields = 1;
	}
	g->ops->reply(g->ops_arg, txn, &r);
	metric_add(status < 300 ? M_XMPP_DELIVERED : M_SIP_ERRORS, 1);
}

void answer(struct gateway *g, struct sip_server *txn, unsigned status, const char *reason)
{
	reply(g, txn, status, slice_of(reason), (struct sip_out){0});
}

void answer_refusal(struct gateway *g, struct sip_server *txn, const struct message_refusal *no)
{
	reply(g, txn, no->status, no->reason, no->field);
}

void answer_make_later(struct message_refusal *ret, const char *reason)
{
	*ret = (struct message_refusal){
		.status = 500,
		.reason = slice_of(reason),
		.field = {SL("Retry-After"), SL(ANSWER_RETRY_AFTER)},
	};
}

void answer_later(struct gateway *g, struct sip_server *txn, const char *reason)
{
	struct message_refusal no;

	answer_make_later(&no, reason);
	answer_refusal(g, txn, &no);
}

void answer_error(struct gateway *g, struct sip_server *txn, const struct error_sip *e)
{
	struct sip_out field = {0};
	struct buf b;

	buf_init(&b, 0);
	if (e->contact.p && e->status / 100 == 3) {
		buf_printf(&b, "<%.*s>", SLARG(e->contact));
		field = (struct sip_out){SL("Contact"), buf_slice(&b)};
	}
	reply(g, txn, e->status, e->reason, field);
	buf_done(&b);
}

void answer_link(struct gateway *g, struct sip_server *txn, enum link_reason why, bool full)
{
	struct error_sip e;

	if (why == LINK_R_QUEUE_FULL || why == LINK_R_SHUTDOWN) {
		answer_later(g, txn, link_reason_text(why));
		return;
	}
	error_link_to_sip(&e, why, full);
	answer_error(g, txn, &e);
}
