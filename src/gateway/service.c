#include "gateway/conversation.h"
#include "gateway/core.h"
#include "gateway/receipt.h"
#include "xml/writer.h"

/*
 * What is asked of our domains and our users other than by messages. An iq is always answered (RFC
 * 6120 8.2.3): our domains say that they are there and what they can do. Of a user is said what his
 * side can do, to who may write to him, and the same of every name: not whether there is one (RFC
 * 6121 8.5.1). Presence is not translated yet: whoever asks
 * for it is told no at once, so that nobody waits for a subscription that cannot come (RFC
 * 6121 3.1.3, 4.3.2). The rest of presence asks for no answer.
 */
#define NS_DISCO_INFO  "http://jabber.org/protocol/disco#info"
#define NS_DISCO_ITEMS "http://jabber.org/protocol/disco#items"
#define IDENTITY       "<identity category='gateway' type='simple' name='Entente'/>"

static void result_open(struct buf *out, const struct xml_elem *e)
{
	buf_str(out, "<iq type='result'");
	xml_put_attr(out, "from", xml_attr(e, SL("to")));
	xml_put_attr(out, "to", xml_attr(e, SL("from")));
	xml_put_attr(out, "id", xml_attr(e, SL("id")));
	buf_chr(out, '>');
}

static bool put_ping(struct buf *out, const struct xml_elem *query)
{
	return true; /* XEP-0199: the result is empty */
}

static bool put_info(struct buf *out, const struct xml_elem *query)
{
	if (xml_attr(query, SL("node")).n)
		return false;
	buf_str(out,
		"<query xmlns='" NS_DISCO_INFO "'>" IDENTITY "<feature var='" NS_DISCO_INFO "'/>"
		"<feature var='" NS_DISCO_ITEMS "'/>"
		"<feature var='" NS_PING "'/>"
		"<feature var='jid\\20escaping'/>"
		"</query>");
	return true;
}

static bool put_items(struct buf *out, const struct xml_elem *query)
{
	if (xml_attr(query, SL("node")).n)
		return false;
	buf_str(out, "<query xmlns='" NS_DISCO_ITEMS "'/>");
	return true;
}

/* What a domain answers to a get. put: false when the query asks for something that is not there.
 */
static const struct query {
	struct slice ns, name;
	bool (*put)(struct buf *out, const struct xml_elem *query);
} queries[] = {
	{SL(NS_PING), SL("ping"), put_ping},
	{SL(NS_DISCO_INFO), SL("query"), put_info},
	{SL(NS_DISCO_ITEMS), SL("query"), put_items},
};

static const struct query *find_query(const struct xml_elem *payload)
{
	for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++)
		if (xml_is(payload, queries[i].ns, queries[i].name))
			return &queries[i];
	return NULL;
}

/* What a user's side can do (XEP-0085, XEP-0184 6). False: nothing of him is said to this one. */
static bool put_user(
	struct gateway *g, const struct xml_elem *e, const struct jid *from, const struct jid *to)
{
	const struct xml_elem *query = xml_first(e);
	struct slice user = jid_bare(&g->scratch, to), contact = jid_bare(&g->scratch, from);
	struct conversation_features can;

	if (!xml_is(query, SL(NS_DISCO_INFO), SL("query")) || xml_attr(query, SL("node")).n ||
		!g->snapshot ||
		gateway_permission(g, user, contact, PERMISSION_TO_USER).link != PERMISSION_GRANTED)
		return false;
	can = conversation_can(g, user, contact);
	buf_reset(&g->xml);
	result_open(&g->xml, e);
	buf_str(&g->xml,
		"<query xmlns='" NS_DISCO_INFO "'>" IDENTITY "<feature var='" NS_DISCO_INFO "'/>");
	if (can.chatstates)
		buf_str(&g->xml, "<feature var='" NS_CHATSTATES "'/>");
	if (can.receipts)
		buf_str(&g->xml, "<feature var='" NS_RECEIPTS "'/>");
	buf_str(&g->xml, "</query></iq>");
	gateway_send_xml(g, to->domain, from->domain, buf_slice(&g->xml));
	return true;
}

void service_iq(
	struct gateway *g, const struct xml_elem *e, const struct jid *from, const struct jid *to)
{
	struct slice type = xml_attr(e, SL("type"));
	const struct query *q = NULL;
	enum stanza_cond cond = STANZA_SERVICE_UNAVAILABLE;

	if (slice_eqz(type, "result") || slice_eqz(type, "error"))
		return; /* we ask nothing, so this answers nothing */
	if (!slice_eqz(type, "get") && !slice_eqz(type, "set"))
		cond = STANZA_BAD_REQUEST;
	else if (slice_eqz(type, "get") && !to->local.p)
		q = find_query(xml_first(e));
	else if (slice_eqz(type, "get") && put_user(g, e, from, to))
		return;
	buf_reset(&g->xml);
	if (q) {
		result_open(&g->xml, e);
		if (q->put(&g->xml, xml_first(e))) {
			buf_str(&g->xml, "</iq>");
			if (q->put == put_ping)
				gateway_send_quiet(g, to->domain, from->domain, buf_slice(&g->xml));
			else
				gateway_send_xml(g, to->domain, from->domain, buf_slice(&g->xml));
			return;
		}
		cond = STANZA_ITEM_NOT_FOUND;
	}
	gateway_bounce(g, e, from->domain, to->domain, cond, SL_NONE);
}

void service_presence(
	struct gateway *g, const struct xml_elem *e, const struct jid *from, const struct jid *to)
{
	struct slice type = xml_attr(e, SL("type"));

	if (!slice_eqz(type, "subscribe") && !slice_eqz(type, "probe"))
		return;
	if (!to->local.p)
		return;
	buf_reset(&g->xml);
	buf_str(&g->xml, "<presence type='unsubscribed'");
	xml_put_attr(&g->xml, "from", jid_bare(&g->scratch, to));
	xml_put_attr(&g->xml, "to", jid_bare(&g->scratch, from));
	buf_str(&g->xml, "/>");
	gateway_send_xml(g, to->domain, from->domain, buf_slice(&g->xml));
}
