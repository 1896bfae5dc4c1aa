#include "sip/subscription.h"

#include <assert.h>
#include <stdio.h>

#include "sip/value.h"

static const char *const values[] = {
	[SUBSCRIPTION_ACTIVE] = "active",
	[SUBSCRIPTION_PENDING] = "pending",
	[SUBSCRIPTION_TERMINATED] = "terminated",
};

static const char *const reasons[SUBSCRIPTION_REASON__N] = {
#define SUBSCRIPTION_REASON_NAME(id, name) [SUBSCRIPTION_##id] = name,
	SUBSCRIPTION_REASONS(SUBSCRIPTION_REASON_NAME)
#undef SUBSCRIPTION_REASON_NAME
};

const char *subscription_reason_name(enum subscription_reason r)
{
	assert(r < SUBSCRIPTION_REASON__N);
	return reasons[r];
}

/* ---- Subscription-State ---- */

static enum subscription_reason reason_of(struct slice name)
{
	for (unsigned r = 1; r < SUBSCRIPTION_REASON__N; r++)
		if (slice_ieq(name, slice_of(reasons[r])))
			return r;
	return SUBSCRIPTION_NO_REASON;
}

static bool read_value(enum subscription_value *ret, struct slice name)
{
	for (unsigned v = SUBSCRIPTION_ACTIVE; v <= SUBSCRIPTION_TERMINATED; v++)
		if (slice_ieq(name, slice_of(values[v]))) {
			*ret = v;
			return true;
		}
	return false;
}

/* A number that is none is as if it were not there: the subscription is, whatever it says. */
static void read_param(struct subscription_state *s, const struct sip_param *p)
{
	if (s->value == SUBSCRIPTION_TERMINATED && slice_ieq(p->name, SL("reason")))
		s->reason = reason_of(p->value);
	else if (s->value == SUBSCRIPTION_TERMINATED && slice_ieq(p->name, SL("retry-after")))
		s->has_retry_after = sip_seconds_parse(p->value, &s->retry_after) == 0;
	else if (s->value != SUBSCRIPTION_TERMINATED && slice_ieq(p->name, SL("expires")))
		s->has_expires = sip_seconds_parse(p->value, &s->expires) == 0;
}

int subscription_state_read(struct subscription_state *ret, struct slice value)
{
	struct slice params = slice_from(value, slice_find(value, ';'));
	struct subscription_state s = {0};
	struct sip_param p;
	int more;

	if (!read_value(&s.value, slice_trim(slice_cut(value, slice_find(value, ';')))))
		return -1;
	while ((more = sip_param_next(&params, &p)) > 0)
		read_param(&s, &p);
	if (more < 0)
		return -1;
	*ret = s;
	return 0;
}

void subscription_state_write(struct buf *out, const struct subscription_state *s)
{
	buf_str(out, values[s->value]);
	if (s->value != SUBSCRIPTION_TERMINATED && s->has_expires)
		buf_printf(out, ";expires=%u", s->expires);
	if (s->value == SUBSCRIPTION_TERMINATED && s->reason)
		buf_printf(out, ";reason=%s", reasons[s->reason]);
	if (s->value == SUBSCRIPTION_TERMINATED && s->has_retry_after)
		buf_printf(out, ";retry-after=%u", s->retry_after);
}

bool subscription_piggybacked(struct subscription_state *ret, const struct sip_msg *response)
{
	return !response->request && response->status / 100 == 2 &&
	       sip_msg_has(response, SIP_H_SUPPORTED, "ms-piggyback-first-notify") &&
	       subscription_state_read(ret, sip_msg_get(response, SIP_H_SUBSCRIPTION_STATE)) == 0;
}

/* ---- Event ---- */

unsigned subscription_event_read(
	struct subscription_event *ret, const struct sip_msg *m, const char **ret_reason)
{
	struct slice value = sip_msg_get(m, SIP_H_EVENT), params;
	struct subscription_event event = {.id = SL_NONE};
	struct slice id;

	*ret_reason = "There Is No Event";
	if (!value.p)
		return 489;
	*ret_reason = "More Than One Event";
	if (m->first[SIP_H_EVENT] != m->last[SIP_H_EVENT])
		return 400;
	params = slice_from(value, slice_find(value, ';'));
	event.package = slice_trim(slice_cut(value, slice_find(value, ';')));
	*ret_reason = "Event Is Broken";
	if (!sip_is_token(event.package) || !sip_params_ok(params))
		return 400;
	if (sip_param_get(params, "id", &id))
		event.id = id;
	*ret = event;
	return 0;
}

bool subscription_event_eq(const struct subscription_event *a, const struct subscription_event *b)
{
	return slice_eq(a->package, b->package) && !a->id.p == !b->id.p && slice_eq(a->id, b->id);
}

/* ---- a SUBSCRIBE that came ---- */

static bool refuse(struct subscription_refusal *no, unsigned status, const char *reason,
	const char *name, const char *value)
{
	no->status = status;
	no->reason = reason;
	no->field = (struct sip_out){slice_of(name), slice_of(value)};
	return false;
}

static bool has_event(struct subscription_wish *w, const struct sip_msg *m,
	const struct subscription_offer *offer, struct subscription_refusal *no)
{
	const char *reason;
	unsigned status = subscription_event_read(&w->event, m, &reason);

	if (!status && !slice_eqz(w->event.package, offer->package)) {
		status = 489;
		reason = "Bad Event";
	}
	if (status == 489)
		return refuse(no, status, reason, "Allow-Events", offer->package);
	return !status || refuse(no, status, reason, NULL, NULL);
}

/* q=0 is "not this one" (RFC 2616 14.1). */
static bool is_wanted(struct slice params)
{
	struct slice q;

	if (!sip_param_get(params, "q", &q))
		return true;
	for (size_t i = 0; i < q.n; i++)
		if (q.p[i] >= '1' && q.p[i] <= '9')
			return true;
	return false;
}

static bool accepts(struct slice item, const char *type)
{
	struct slice range = slice_trim(slice_cut(item, slice_find(item, ';')));
	struct slice whole = slice_of(type), main_type = slice_cut(whole, slice_find(whole, '/'));

	if (!is_wanted(slice_from(item, slice_find(item, ';'))))
		return false;
	return slice_ieq(range, whole) || slice_eqz(range, "*/*") ||
	       (slice_ends(range, SL("/*")) && slice_ieq(slice_cut(range, range.n - 2), main_type));
}

/* None at all: the type that the package demands (RFC 3856 6.5). */
static bool takes_type(const struct sip_msg *m, const struct subscription_offer *offer,
	struct subscription_refusal *no)
{
	struct sip_items it = sip_msg_items(m, SIP_H_ACCEPT);
	struct slice item;
	int more;

	if (!m->first[SIP_H_ACCEPT])
		return true;
	while ((more = sip_items_next(&it, &item)) > 0)
		if (accepts(item, offer->type))
			return true;
	if (more < 0)
		return refuse(no, 400, "Accept Is Broken", NULL, NULL);
	return refuse(no, 406, "Not Acceptable", "Accept", offer->type);
}

static bool has_contact(const struct sip_msg *m, struct subscription_refusal *no)
{
	struct sip_items it = sip_msg_items(m, SIP_H_CONTACT);
	struct slice item;
	struct sip_addr addr;
	unsigned n = 0;

	while (sip_items_next(&it, &item) > 0 && ++n == 1)
		if (sip_addr_parse(item, &addr) < 0)
			return refuse(no, 400, "Contact Is Broken", NULL, NULL);
	return n == 1 || refuse(no, 400, "Exactly One Contact Is Needed", NULL, NULL);
}

/* 4.2.1.1: an end is never too short, nor is what lasts an hour. */
static bool lasts(struct subscription_wish *w, const struct sip_msg *m,
	const struct subscription_offer *offer, struct subscription_refusal *no)
{
	struct slice value = sip_msg_get(m, SIP_H_EXPIRES);
	uint32_t asked = SUBSCRIPTION_EXPIRES_S;

	if (value.p && sip_seconds_parse(value, &asked) < 0)
		return refuse(no, 400, "Expires Is Broken", NULL, NULL);
	if (asked && asked < SUBSCRIPTION_EXPIRES_S && asked < offer->min_expires) {
		snprintf(no->number, sizeof no->number, "%u", offer->min_expires);
		return refuse(no, 423, "Interval Too Brief", "Min-Expires", no->number);
	}
	w->expires = asked < offer->max_expires ? asked : offer->max_expires;
	return true;
}

bool subscription_judge(struct subscription_wish *ret, const struct sip_msg *m,
	const struct subscription_offer *offer, struct subscription_refusal *no)
{
	struct subscription_wish w = {0};

	if (!has_event(&w, m, offer, no) || !has_contact(m, no) || !takes_type(m, offer, no) ||
		!lasts(&w, m, offer, no))
		return false;
	*ret = w;
	return true;
}
