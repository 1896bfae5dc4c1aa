#include <stdio.h>

#include "base/mem.h"
#include "base/rand.h"
#include "federation/route.h"
#include "gateway/address.h"
#include "gateway/conversation_priv.h"
#include "gateway/core.h"
#include "gateway/date.h"
#include "view/metrics.h"

/* What became of messages: receipts and markers to IMDN and back. What is decided is receipt.h's.
 */

/* ---- who takes what ---- */

static bool is_microsoft(const struct route *r)
{
	return r && r->kind != ROUTE_GENERIC;
}

static const struct route *route_of_user(const struct gateway *g, struct slice user)
{
	return g->snapshot ? snapshot_route_of(g->snapshot, conversation_domain(user)) : NULL;
}

/* Accept of a MESSAGE. That it takes anything at all is what everybody says. */
static unsigned takes_of(struct slice accept)
{
	struct slice one;
	unsigned takes = 0;

	while (slice_split(&accept, ',', &one)) {
		one = slice_trim(slice_cut(one, slice_find(one, ';')));
		if (slice_ieq(one, SL("message/cpim")))
			takes |= TAKES_CPIM;
		if (slice_ieq(one, SL(COMPOSING_TYPE)))
			takes |= TAKES_COMPOSING;
	}
	return takes;
}

struct conversation_features conversation_can(
	struct gateway *g, struct slice user, struct slice contact)
{
	const struct conversation *c = conversation_find(g, user, contact);
	const struct route *r = route_of_user(g, user);
	bool sessions = r && r->message_mode != ROUTE_PAGER;

	return (struct conversation_features){
		.chatstates = (sessions && is_microsoft(r)) || (c && c->takes & TAKES_COMPOSING),
		.receipts = !is_microsoft(r) && c && c->takes & TAKES_CPIM,
	};
}

/* A Message-ID: 125 random bits (RFC 5438 6.3: at least 64). */
static void new_id(const struct gateway *g, char ret[CONVERSATION_ID])
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
	uint8_t random[CONVERSATION_ID - 3];

	rand_bytes(random, sizeof random);
	ret[0] = g->node;
	ret[1] = g->shard;
	for (size_t i = 0; i < sizeof random; i++)
		ret[2 + i] = digits[random[i] & 31];
	ret[CONVERSATION_ID - 1] = 0;
}

static struct slice fate_key(const uint64_t *fate_id)
{
	return slice_make(fate_id, sizeof *fate_id);
}

static struct memo *memo_of_fate(const struct gateway *g, uint64_t fate_id)
{
	return memo_find(&g->conversations->memos, fate_key(&fate_id), gateway_now(g));
}

static struct conversation *conversation_of(const struct memo *m)
{
	return container_of(m->owner, struct conversation, memos);
}

/* Nothing can be told of it any more. */
static void drop_done(struct gateway *g, struct memo *m)
{
	bool display = m->receipt.wishes & IMDN_WISH_DISPLAY;

	if (m->receipt.told[IMDN_DELIVERY] || !(m->receipt.wishes & ~(unsigned)IMDN_WISH_DISPLAY))
		if (m->receipt.told[IMDN_DISPLAY] || !display)
			memo_remove(&g->conversations->memos, m);
}

/* ---- an IMDN to the user ---- */

static struct slice uri_of(struct gateway *g, struct slice address)
{
	struct slice uri = SL("");
	struct jid j;
	struct buf b;

	buf_init(&b, 0);
	if (jid_parse(&j, &g->scratch, address, NULL) == 0) {
		address_to_aor(&b, &g->scratch, &j);
		uri = arena_slice(&g->scratch, buf_slice(&b));
	}
	buf_done(&b);
	return uri;
}

/* Whom the contact may write to: IMDN-Record-Route names anybody. */
static bool may_hear(struct gateway *g, const struct memo *m, const struct jid *user)
{
	return gateway_permission(g, jid_bare(&g->scratch, user), conversation_of(m)->contact,
		       PERMISSION_TO_USER)
		       .link == PERMISSION_GRANTED;
}

/*
 * Where it goes: to the top of IMDN-Route, if that is a user of ours, else to whom From named (RFC
 * 5438 7.2.1). SL_NONE: the way back leads elsewhere.
 */
static struct slice way_back(struct gateway *g, const struct memo *m)
{
	struct slice rest = m->routes, top, open;
	struct jid j;

	if (!slice_split(&rest, '\n', &top))
		return m->peer;
	open = slice_from(top, slice_find(top, '<') + 1);
	if (open.n)
		top = slice_cut(open, slice_find(open, '>'));
	if (address_to_jid(&j, &g->scratch, top, NULL) < 0 || !j.local.p ||
		!snapshot_route_of(g->snapshot, j.domain) || !may_hear(g, m, &j))
		return SL_NONE;
	return jid_full(&g->scratch, &j);
}

static void put_document(
	struct gateway *g, struct buf *out, const struct memo *m, struct imdn *imdn)
{
	imdn->message_id = m->id;
	imdn->datetime = m->datetime;
	imdn->recipient = uri_of(g, conversation_of(m)->contact);
	imdn->original_recipient = m->original_to;
	imdn_write(out, imdn);
}

static void send_imdn(struct gateway *g, const struct memo *m, struct imdn imdn)
{
	struct conversation *c = conversation_of(m);
	struct slice to = way_back(g, m), rest = m->routes, routes[CPIM_ROUTES];
	struct buf document = {0}, body = {0};
	char id[CONVERSATION_ID];
	struct cpim_out out = {
		.date_ms = gateway_wall(g),
		.routes = routes,
		.content_type = SL(IMDN_TYPE),
		.disposition = IMDN_PURPOSE,
	};

	if (!to.p || g->draining)
		return;
	while (out.n_routes < CPIM_ROUTES && slice_split(&rest, '\n', &routes[out.n_routes]))
		out.n_routes++;
	new_id(g, id);
	put_document(g, &document, m, &imdn);
	out.from = uri_of(g, c->contact);
	out.to = uri_of(g, m->peer);
	out.imdn_id = slice_of(id);
	out.body = buf_slice(&document);
	cpim_write(&body, &out);
	conversation_say(c, CONVERSATION_RECEIPT, to, c->takes & TAKES_CPIM && !m->routes.p,
		SIP_MESSAGE, SL("message/cpim"), buf_slice(&body));
	metric_add(M_RECEIPTS_TO_SIP, 1);
	buf_done(&document);
	buf_done(&body);
}

/* ---- SIP to XMPP: what is asked ---- */

static struct slice join_routes(struct arena *a, const struct cpim *c)
{
	struct slice all = SL_NONE;

	for (unsigned i = 0; i < c->n_routes && i < CPIM_ROUTES; i++)
		all = slice_of(arena_printf(
			a, "%.*s%s%.*s", SLARG(all), i ? "\n" : "", SLARG(c->routes[i])));
	return all;
}

/* The DateTime of the message, or that of now where it had none or none that can be read. */
static struct slice datetime_of(struct gateway *g, const struct cpim *c)
{
	char *now;
	uint64_t ms;

	if (c->datetime.p && date_parse_iso(c->datetime, &ms))
		return c->datetime;
	now = arena_alloc(&g->scratch, DATE_ISO_LEN);
	date_print_iso(now, gateway_wall(g));
	return slice_make(now, DATE_ISO_LEN);
}

static void take_wishes(struct gateway *g, struct conversation *c, const struct conversation_in *in,
	struct message_in *m, uint64_t fate_id)
{
	const struct cpim *w = m->cpim;
	struct memo spec = {0};

	receipt_take(&spec.receipt, &(struct receipt_asked){
					    .wish = w->imdn_wish,
					    .id = w->imdn_id,
					    .n_routes = w->n_routes,
					    .peer_has_none = is_microsoft(in->route),
				    });
	if (!spec.receipt.wishes)
		return;
	spec.key = fate_key(&fate_id);
	spec.peer = jid_full(&g->scratch, &in->pair->from);
	spec.id = w->imdn_id;
	spec.datetime = datetime_of(g, w);
	spec.original_to = w->original_to;
	spec.routes = join_routes(&g->scratch, w);
	if (!memo_put(&g->conversations->memos, &c->memos, &spec, gateway_now(g)))
		return;
	m->request = spec.receipt.wishes & IMDN_WISH_POSITIVE;
	m->markable = spec.receipt.wishes & IMDN_WISH_DISPLAY;
}

void conversation_text_in(
	struct gateway *g, const struct conversation_in *in, struct message_in *m, uint64_t fate_id)
{
	unsigned takes = takes_of(in->accept) | (m->cpim ? TAKES_CPIM : 0);
	struct conversation *c = takes ? conversation_make(g, in->user, in->contact)
				       : conversation_find(g, in->user, in->contact);

	m->chat = in->session;
	/* RFC 7572 5: a page is of no chat, and states are (XEP-0085 5.1) */
	m->state = in->session ? CHATSTATE_ACTIVE : CHATSTATE_NONE;
	if (!c)
		return;
	conversation_learn(c, takes);
	conversation_text_came(c, in->session);
	if (in->session)
		m->state = conversation_beside(c);
	if (m->cpim && m->cpim->imdn_wish.p)
		take_wishes(g, c, in, m, fate_id);
}

void conversation_answered(struct gateway *g, uint64_t fate_id, unsigned status)
{
	struct memo *m = memo_of_fate(g, fate_id);

	if (!m)
		return;
	m->receipt.answered = status;
	if (status >= 300)
		memo_remove(&g->conversations->memos, m);
}

/* ---- SIP to XMPP: what came of it ---- */

static bool give(struct gateway *g, struct memo *m, enum receipt_event event, bool from_recipient)
{
	struct imdn imdn = {0};

	if (receipt_give(&m->receipt, event, from_recipient, &imdn.kind, &imdn.status) !=
		RECEIPT_GOOD)
		return false;
	send_imdn(g, m, imdn);
	drop_done(g, m);
	return true;
}

static void receipt_came(struct conversation *c, struct slice id, enum receipt_event event)
{
	struct gateway *g = c->gateway;
	uint64_t fate_id = stanza_id_read(id, g->node, g->shard);
	struct memo *m = id.n ? memo_of_fate(g, fate_id) : NULL;

	if (!m || conversation_of(m) != c)
		return;
	/* It has arrived: its sender need not wait for an error that cannot come (RFC 5438
	 * 12.1.3.1: the IMDN follows the final response). */
	toxmpp_confirmed(g, fate_id);
	m = memo_of_fate(g, fate_id);
	if (m)
		give(g, m, event, true);
}

void conversation_receipts(struct conversation *c, const struct xml_elem *e)
{
	struct receipt_marks marks;

	receipt_marks_read(&marks, e);
	if (marks.received.p)
		receipt_came(c, marks.received, RECEIPT_EV_RECEIVED);
	if (marks.displayed.p)
		receipt_came(c, marks.displayed, RECEIPT_EV_DISPLAYED);
}

bool conversation_failed(struct gateway *g, uint64_t fate_id, bool doubt)
{
	struct memo *m = memo_of_fate(g, fate_id);

	return m && give(g, m, doubt ? RECEIPT_EV_UNKNOWN : RECEIPT_EV_FAILED, false);
}

/* ---- XMPP to SIP: what is asked ---- */

static void ask(struct gateway *g, struct conversation *c, const struct receipt_wish *wish,
	const struct jid *from, struct conversation_beside *ret)
{
	struct memo spec = {0};

	receipt_ask(&spec.receipt, wish);
	ret->wishes = spec.receipt.wishes;
	if (!ret->wishes)
		return;
	new_id(g, ret->id);
	spec.key = slice_of(ret->id);
	spec.peer = jid_full(&g->scratch, from);
	spec.id = wish->id;
	if (!memo_put(&g->conversations->memos, &c->memos, &spec, gateway_now(g)))
		ret->wishes = 0;
}

void conversation_text_out(struct gateway *g, const struct xml_elem *e, const struct jid *from,
	const struct jid *to, bool authorized, struct conversation_beside *ret)
{
	struct slice user, contact;
	struct receipt_wish wish = {.authorized = authorized};
	struct conversation *c;

	*ret = (struct conversation_beside){0};
	if (conversation_count(g) == 0)
		return;
	user = jid_bare(&g->scratch, to);
	contact = jid_bare(&g->scratch, from);
	c = conversation_find(g, user, contact);
	if (!c)
		return;
	conversation_receipts(c, e);
	ret->leave = conversation_text_state(c, e);
	receipt_marks_read(&wish.marks, e);
	wish.id = xml_attr(e, SL("id"));
	wish.peer_takes_cpim = c->takes & TAKES_CPIM;
	wish.peer_has_none = is_microsoft(route_of_user(g, user));
	ask(g, c, &wish, from, ret);
}

/* "<sip:...>" or the URI itself. */
static struct slice bare_uri(struct slice s)
{
	struct slice open = slice_from(s, slice_find(s, '<') + 1);

	return open.n ? slice_cut(open, slice_find(open, '>')) : s;
}

bool conversation_wrap(struct gateway *g, struct buf *out, const struct conversation_wrap *w)
{
	const struct conversation *c =
		w->beside->wishes ? conversation_find(g, w->user, w->contact) : NULL;
	struct cpim_out wrapper = {
		.from = bare_uri(w->from),
		.to = bare_uri(w->to),
		.date_ms = gateway_wall(g),
		.imdn_id = slice_of(w->beside->id),
		.imdn_wish = receipt_wish_text(w->beside->wishes),
		.content_type = w->content_type,
		.body = w->body,
	};

	if (!c || !(c->takes & TAKES_CPIM))
		return false;
	cpim_write(out, &wrapper);
	return true;
}

bool conversation_text_done(struct gateway *g, struct slice user, struct slice contact,
	const struct conversation_beside *b, unsigned status)
{
	struct conversation *c = b->wishes ? conversation_find(g, user, contact) : NULL;
	struct memo *m;
	bool again;

	if (!b->wishes || status / 100 == 2 || status == 408)
		return false; /* of silence one may hear yet */
	m = memo_find(&g->conversations->memos, slice_of(b->id), gateway_now(g));
	if (m)
		memo_remove(&g->conversations->memos, m);
	again = status == 415 && c && c->takes & TAKES_CPIM;
	if (again)
		c->takes &= (uint8_t)~TAKES_CPIM;
	return again;
}

/* ---- XMPP to SIP: what came of it ---- */

static void tell_error(struct conversation *c, const struct memo *m, const struct receipt_news *n)
{
	struct gateway *g = c->gateway;
	struct stanza_error_out out = {
		.kind = STANZA_MESSAGE,
		.from = c->user,
		.to = m->peer,
		.id = m->id,
		.cond = n->cond,
		.text = slice_of(n->text),
	};

	metric_add(M_XMPP_ERRORS, 1);
	buf_reset(&g->xml);
	stanza_error_out(&g->xml, &out);
	gateway_send_xml(g, conversation_domain(c->user), conversation_domain(c->contact),
		buf_slice(&g->xml));
}

static void tell_receipt(struct conversation *c, const struct memo *m, bool displayed)
{
	conversation_open(c, m->peer, false);
	if (displayed)
		receipt_displayed_write(&c->gateway->xml, m->id);
	else
		receipt_received_write(&c->gateway->xml, m->id);
	conversation_send(c);
	metric_add(M_RECEIPTS_TO_XMPP, 1);
}

/* Of a message to SIP; eight bytes would be the fate of one to XMPP. */
static struct memo *memo_of_id(const struct gateway *g, struct slice id)
{
	return id.n == CONVERSATION_ID - 1 ? memo_find(&g->conversations->memos, id, gateway_now(g))
					   : NULL;
}

void conversation_imdn(struct gateway *g, const struct conversation_in *in, const struct imdn *imdn)
{
	struct conversation *c = conversation_find(g, in->user, in->contact);
	struct memo *m = memo_of_id(g, imdn->message_id);
	struct receipt_news news;

	if (!c || !m)
		return;
	conversation_learn(c, TAKES_CPIM);
	news = receipt_hear(&m->receipt, imdn, conversation_of(m) == c);
	if (news.told == RECEIPT_TELL_ERROR)
		tell_error(c, m, &news);
	else if (news.told != RECEIPT_TELL_NOTHING)
		tell_receipt(c, m, news.told == RECEIPT_TELL_DISPLAYED);
	if (conversation_of(m) == c)
		drop_done(g, m);
}
