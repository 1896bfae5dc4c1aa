#include "gateway/receipt.h"

#include <assert.h>

#include "base/mem.h"
#include "gateway/cpim.h"
#include "xml/writer.h"

static const struct {
	const char *rule, *text;
} reasons[RECEIPT_REASON__N] = {
#define X(suffix, rule, text) {rule, text},
	RECEIPT_REASONS(X)
#undef X
};

const char *receipt_rule(enum receipt_reason r)
{
	return reasons[r].rule;
}

const char *receipt_text(enum receipt_reason r)
{
	return reasons[r].text;
}

/* ---- the elements ---- */

static struct slice id_of(const struct xml_elem *e)
{
	struct slice id = xml_attr(e, SL("id"));

	return e && !id.p ? SL("") : id;
}

void receipt_marks_read(struct receipt_marks *ret, const struct xml_elem *message)
{
	*ret = (struct receipt_marks){
		.request = xml_child(message, SL(NS_RECEIPTS), SL("request")),
		.markable = xml_child(message, SL(NS_MARKERS), SL("markable")),
		.received = id_of(xml_child(message, SL(NS_RECEIPTS), SL("received"))),
		.displayed = id_of(xml_child(message, SL(NS_MARKERS), SL("displayed"))),
	};
}

void receipt_request_write(struct buf *out)
{
	buf_str(out, "<request xmlns='" NS_RECEIPTS "'/>");
}

void receipt_markable_write(struct buf *out)
{
	buf_str(out, "<markable xmlns='" NS_MARKERS "'/>");
}

void receipt_received_write(struct buf *out, struct slice id)
{
	buf_str(out, "<received xmlns='" NS_RECEIPTS "'");
	xml_put_attr(out, "id", id);
	buf_str(out, "/>");
}

void receipt_displayed_write(struct buf *out, struct slice id)
{
	buf_str(out, "<displayed xmlns='" NS_MARKERS "'");
	xml_put_attr(out, "id", id);
	buf_str(out, "/>");
}

/* ---- SIP to XMPP ---- */

enum receipt_reason receipt_take(struct receipt *ret, const struct receipt_asked *asked)
{
	unsigned wishes = imdn_wish_read(asked->wish);

	*ret = (struct receipt){0};
	if (!asked->wish.p)
		return RECEIPT_GOOD;
	if (asked->notification)
		return RECEIPT_IS_NOTIFICATION;
	if (asked->peer_has_none)
		return RECEIPT_PEER;
	if (asked->anonymous)
		return RECEIPT_ANONYMOUS;
	if (!imdn_id_ok(asked->id))
		return RECEIPT_NO_ID;
	if (asked->n_routes > CPIM_ROUTES)
		return RECEIPT_ROUTES;
	ret->wishes = wishes & ~(unsigned)IMDN_WISH_PROCESSING;
	return wishes & IMDN_WISH_PROCESSING ? RECEIPT_PROCESSING : RECEIPT_GOOD;
}

/* What each event would be told as, and which wish it answers. */
static const struct {
	unsigned wish;
	enum imdn_kind kind;
	enum imdn_status status;
} news[RECEIPT_EV__N] = {
	[RECEIPT_EV_RECEIVED] = {IMDN_WISH_POSITIVE, IMDN_DELIVERY, IMDN_DELIVERED},
	[RECEIPT_EV_DISPLAYED] = {IMDN_WISH_DISPLAY, IMDN_DISPLAY, IMDN_DISPLAYED},
	[RECEIPT_EV_FAILED] = {IMDN_WISH_NEGATIVE, IMDN_DELIVERY, IMDN_FAILED},
	[RECEIPT_EV_UNKNOWN] = {IMDN_WISH_NEGATIVE, IMDN_DELIVERY, IMDN_ERROR},
};

enum receipt_reason receipt_give(struct receipt *r, enum receipt_event event, bool from_recipient,
	enum imdn_kind *ret_kind, enum imdn_status *ret_status)
{
	assert(event < RECEIPT_EV__N);
	if (event == RECEIPT_EV_WRITTEN)
		return RECEIPT_ONLY_WRITTEN;
	if (!r)
		return RECEIPT_UNKNOWN;
	if (!(r->wishes & news[event].wish))
		return RECEIPT_NOT_ASKED;
	if (r->answered >= 300 || (r->answered == 0 && news[event].wish == IMDN_WISH_NEGATIVE))
		return RECEIPT_REFUSED;
	/* A receipt says who has it; a failure may come from any server on the way. */
	if ((event == RECEIPT_EV_RECEIVED || event == RECEIPT_EV_DISPLAYED) && !from_recipient)
		return RECEIPT_NOT_RECIPIENT;
	if (r->told[news[event].kind])
		return RECEIPT_TOLD;
	r->told[news[event].kind] = true;
	*ret_kind = news[event].kind;
	*ret_status = news[event].status;
	return RECEIPT_GOOD;
}

/* ---- XMPP to SIP ---- */

enum receipt_reason receipt_ask(struct receipt *ret, const struct receipt_wish *wish)
{
	*ret = (struct receipt){0};
	if (!wish->marks.request && !wish->marks.markable)
		return RECEIPT_GOOD;
	if (wish->marks.received.p || wish->marks.displayed.p)
		return RECEIPT_IS_RECEIPT;
	if (wish->groupchat)
		return RECEIPT_GROUPCHAT;
	if (wish->id.n == 0)
		return RECEIPT_NO_STANZA_ID;
	if (wish->peer_has_none)
		return RECEIPT_PEER;
	if (!wish->peer_takes_cpim)
		return RECEIPT_NO_CPIM;
	if (!wish->authorized)
		return RECEIPT_NOT_AUTHORIZED;
	/* Who wants to know that it arrived wants to know that it did not. */
	if (wish->marks.request)
		ret->wishes |= IMDN_WISH_POSITIVE | IMDN_WISH_NEGATIVE;
	if (wish->marks.markable)
		ret->wishes |= IMDN_WISH_DISPLAY;
	return RECEIPT_GOOD;
}

const char *receipt_wish_text(unsigned wishes)
{
	bool delivery = wishes & IMDN_WISH_POSITIVE, display = wishes & IMDN_WISH_DISPLAY;

	if (delivery)
		return display ? "positive-delivery, negative-delivery, display"
			       : "positive-delivery, negative-delivery";
	return display ? "display" : NULL;
}

static struct receipt_news nothing(enum receipt_reason reason)
{
	return (struct receipt_news){.told = RECEIPT_TELL_NOTHING, .reason = reason};
}

static struct receipt_news about_delivery(enum imdn_status status)
{
	switch (status) {
	case IMDN_DELIVERED:
		return (struct receipt_news){.told = RECEIPT_TELL_RECEIVED};
	case IMDN_FAILED:
		return (struct receipt_news){.told = RECEIPT_TELL_ERROR,
			.cond = STANZA_RECIPIENT_UNAVAILABLE,
			.text = "The message was accepted, and could not be delivered after all"};
	case IMDN_ERROR:
		return (struct receipt_news){.told = RECEIPT_TELL_ERROR,
			.cond = STANZA_REMOTE_SERVER_TIMEOUT,
			.text = "It is not known whether the message was delivered: it may have "
				"been"};
	default:
		return nothing(RECEIPT_NOT_SAID);
	}
}

static struct receipt_news about_display(enum imdn_status status)
{
	if (status == IMDN_DISPLAYED)
		return (struct receipt_news){.told = RECEIPT_TELL_DISPLAYED};
	return nothing(status == IMDN_FORBIDDEN ? RECEIPT_NOT_SAID : RECEIPT_NO_DISPLAY);
}

/* Was it asked for? A failure that is told unasked is told all the same: no message gets lost. */
static bool was_asked(const struct receipt *r, const struct imdn *i)
{
	if (i->kind == IMDN_DISPLAY)
		return r->wishes & IMDN_WISH_DISPLAY;
	return i->status != IMDN_DELIVERED || r->wishes & IMDN_WISH_POSITIVE;
}

struct receipt_news receipt_hear(struct receipt *r, const struct imdn *i, bool from_recipient)
{
	struct receipt_news n;

	if (!r)
		return nothing(RECEIPT_UNKNOWN);
	if (i->kind == IMDN_PROCESSING)
		return nothing(RECEIPT_PROCESSING);
	if (!from_recipient)
		return nothing(RECEIPT_NOT_RECIPIENT);
	if (!was_asked(r, i))
		return nothing(RECEIPT_NOT_ASKED);
	if (r->told[i->kind])
		return nothing(RECEIPT_TOLD);
	n = i->kind == IMDN_DELIVERY ? about_delivery(i->status) : about_display(i->status);
	r->told[i->kind] = n.told != RECEIPT_TELL_NOTHING;
	return n;
}
