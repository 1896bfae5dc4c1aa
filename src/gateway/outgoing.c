#include "gateway/outgoing.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "gateway/core.h"
#include "view/metrics.h"

enum { TRANSACTION_MS = 32000 }; /* 64*T1 */

/* ---- the block ---- */

#define PART(member) offsetof(struct outgoing, member)
static const size_t parts[] = {PART(user), PART(contact), PART(uri), PART(from), PART(thread),
	PART(subject), PART(lang), PART(content_type), PART(body), PART(xmpp_from), PART(xmpp_to),
	PART(id)};
#undef PART

static struct slice *part(struct outgoing *o, size_t i)
{
	return (struct slice *)((char *)o + parts[i]);
}

struct outgoing *outgoing_new(const struct outgoing *o)
{
	struct outgoing whole = *o, *c;
	size_t block = sizeof *c;
	char *at;

	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		block += part(&whole, i)->n;
	c = xmalloc(block);
	*c = whole;
	c->block = block;
	c->node = (struct list){0};
	c->stake = NULL;
	at = (char *)(c + 1);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		struct slice *s = part(c, i);

		if (!s->p)
			continue;
		memcpy(at, s->p, s->n);
		*s = slice_make(at, s->n);
		at += s->n;
	}
	return c;
}

void outgoing_free(struct outgoing *o)
{
	free(o);
}

/* Behind the "@" of a bare address; it may be a domain alone. */
static struct slice domain_of(struct slice bare)
{
	size_t at = slice_find(bare, '@');

	return at < bare.n ? slice_from(bare, at + 1) : bare;
}

struct slice outgoing_contact_domain(const struct outgoing *o)
{
	return domain_of(o->contact);
}

struct slice outgoing_user_domain(const struct outgoing *o)
{
	return domain_of(o->user);
}

/* ---- what it says ---- */

struct slice outgoing_aor(const struct outgoing *o, struct arena *a)
{
	return slice_of(arena_printf(a, "%.*s>", (int)o->aor, o->from.p));
}

struct slice outgoing_asserted(const struct outgoing *o, const struct route *route, struct arena *a)
{
	return route->trust_identity && o->asserted ? outgoing_aor(o, a) : SL_NONE;
}

static void put_date(struct gateway *g, const struct outgoing *o, struct sip_out *ret)
{
	buf_reset(&g->xml);
	sip_date_write(&g->xml, o->date_ms / 1000);
	*ret = (struct sip_out){SL("Date"), buf_slice(&g->xml)};
}

/* In message/cpim, where receipts are asked for and the other side takes it. */
static void put_body(struct gateway *g, const struct outgoing *o, struct outgoing_words *w)
{
	struct conversation_wrap wrap = {
		.user = o->user,
		.contact = o->contact,
		.from = slice_make(o->from.p + 1, o->from.n - 2),
		.to = o->uri,
		.beside = &o->beside,
		.body = o->body,
	};

	w->content_type = o->content_type.p ? o->content_type : message_content_type(o->body);
	w->body = o->body;
	if (!o->beside.wishes)
		return;
	wrap.content_type = w->content_type;
	buf_reset(&g->wrapped);
	if (!conversation_wrap(g, &g->wrapped, &wrap))
		return;
	w->content_type = SL("message/cpim");
	w->body = buf_slice(&g->wrapped);
}

void outgoing_say(struct gateway *g, const struct outgoing *o, struct outgoing_words *ret)
{
	ret->n_fields = 0;
	if (o->subject.n)
		ret->fields[ret->n_fields++] = (struct sip_out){SL("Subject"), o->subject};
	if (o->lang.n)
		ret->fields[ret->n_fields++] = (struct sip_out){SL("Content-Language"), o->lang};
	if (o->dated)
		put_date(g, o, &ret->fields[ret->n_fields++]);
	put_body(g, o, ret);
}

unsigned outgoing_left(const struct gateway *g, const struct outgoing *o)
{
	uint64_t now = gateway_now(g);

	if (now >= o->deadline_ms)
		return 0;
	return o->deadline_ms - now < TRANSACTION_MS ? (unsigned)(o->deadline_ms - now)
						     : TRANSACTION_MS;
}

/* ---- how it ended ---- */

static void tell(struct gateway *g, const struct outgoing *o, const struct error_xmpp *e)
{
	struct stanza_error_out out = {
		.kind = STANZA_MESSAGE,
		.from = o->xmpp_to,
		.to = o->xmpp_from,
		.id = o->id,
		.cond = e->cond,
		.text = e->text,
		.uri = e->uri,
	};

	metric_add(M_XMPP_ERRORS, 1);
	buf_reset(&g->xml);
	stanza_error_out(&g->xml, &out);
	gateway_send_xml(
		g, outgoing_user_domain(o), outgoing_contact_domain(o), buf_slice(&g->xml));
}

/* What it asked for beside is over as well. */
static bool beside_ended(struct gateway *g, const struct outgoing *o, unsigned status)
{
	if (o->kind == OUTGOING_NOTE)
		conversation_noted(g, o->user, o->contact, o->note, status);
	else if (o->kind == OUTGOING_TEXT && o->beside.wishes)
		return conversation_text_done(g, o->user, o->contact, &o->beside, status);
	return false;
}

void outgoing_fail(
	struct gateway *g, const struct outgoing *o, enum stanza_cond cond, struct slice text)
{
	struct error_xmpp e = {.cond = cond, .text = text};

	beside_ended(g, o, 0);
	if (o->kind == OUTGOING_TEXT)
		tell(g, o, &e);
}

/* Who may know how the SIP side is made hears what it said. */
static void tell_result(struct gateway *g, const struct outgoing *o, const struct sip_result *r)
{
	struct error_xmpp e;

	if (!error_result_to_stanza(&e, &g->scratch, r, o->authorized)) {
		metric_add(M_SIP_DELIVERED, 1);
		return;
	}
	if (o->kind != OUTGOING_TEXT)
		return;
	if (o->open && r->end == SIP_FINAL)
		e.text = error_detail(&g->scratch, e.text, r->response);
	tell(g, o, &e);
}

bool outgoing_ended(struct gateway *g, const struct outgoing *o, const struct sip_result *r)
{
	unsigned status = error_end_status(r);

	log_debug(&g->log, "message-answered", LF_S("to", o->uri), LF_U("status", status));
	if (beside_ended(g, o, status))
		return false;
	tell_result(g, o, r);
	return true;
}

void outgoing_denied(struct gateway *g, const struct outgoing *o, const struct sip_result *r)
{
	struct error_xmpp e;

	/* What may have arrived is the INVITE. */
	if (!r->may_have_arrived && r->end != SIP_TIMEOUT) {
		beside_ended(g, o, 0);
		tell_result(g, o, r);
		return;
	}
	error_result_to_stanza(&e, &g->scratch, r, o->authorized);
	outgoing_fail(g, o, e.cond,
		SL("the user's side took no session in time; the message was not sent"));
}
