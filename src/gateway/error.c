#include "gateway/error.h"

#include "gateway/address.h"
#include "text/utf8.h"

/* RFC 7247 table 2: ROW(condition, status, what decides, status when it is so) */
#define TO_SIP(ROW)                                                                                \
	ROW(BAD_REQUEST, 400, 0, 0)                                                                \
	ROW(CONFLICT, 400, 0, 0)                                                                   \
	ROW(FEATURE_NOT_IMPLEMENTED, 501, ERROR_FULL_JID, 405)                                     \
	ROW(FORBIDDEN, 603, ERROR_FULL_JID, 403)                                                   \
	ROW(GONE, 410, ERROR_NEW_ADDRESS, 301)                                                     \
	ROW(INTERNAL_SERVER_ERROR, 500, 0, 0)                                                      \
	ROW(ITEM_NOT_FOUND, 604, ERROR_FULL_JID, 404)                                              \
	ROW(JID_MALFORMED, 400, 0, 0)                                                              \
	ROW(NOT_ACCEPTABLE, 606, ERROR_FULL_JID, 406)                                              \
	ROW(NOT_ALLOWED, 403, 0, 0)                                                                \
	ROW(NOT_AUTHORIZED, 401, 0, 0)                                                             \
	ROW(POLICY_VIOLATION, 403, 0, 0)                                                           \
	ROW(RECIPIENT_UNAVAILABLE, 600, ERROR_FULL_JID, 480)                                       \
	ROW(REDIRECT, 302, 0, 0)                                                                   \
	ROW(REGISTRATION_REQUIRED, 407, 0, 0)                                                      \
	ROW(REMOTE_CONNECTION_FAILED, 408, 0, 0) /* of XEP-0220 */                                 \
	ROW(REMOTE_SERVER_NOT_FOUND, 404, ERROR_UNRESOLVED, 408)                                   \
	ROW(REMOTE_SERVER_TIMEOUT, 408, 0, 0)                                                      \
	ROW(RESOURCE_CONSTRAINT, 500, 0, 0)                                                        \
	ROW(SERVICE_UNAVAILABLE, 403, 0, 0)                                                        \
	ROW(SUBSCRIPTION_REQUIRED, 400, 0, 0)                                                      \
	ROW(UNDEFINED_CONDITION, 400, 0, 0)                                                        \
	ROW(UNEXPECTED_REQUEST, 491, 0, 0)

static const struct {
	unsigned short status, fact, when_so;
} to_sip[STANZA_COND__N] = {
#define ROW(cond, status, fact, when_so) [STANZA_##cond] = {status, fact, when_so},
	TO_SIP(ROW)
#undef ROW
};

/* RFC 7247 table 3: ROW(status, condition) */
#define TO_XMPP(ROW)                                                                               \
	ROW(300, REDIRECT)                                                                         \
	ROW(301, GONE)                                                                             \
	ROW(302, REDIRECT)                                                                         \
	ROW(305, REDIRECT)                                                                         \
	ROW(380, NOT_ACCEPTABLE)                                                                   \
	ROW(400, BAD_REQUEST)                                                                      \
	ROW(401, NOT_AUTHORIZED)                                                                   \
	ROW(402, BAD_REQUEST)                                                                      \
	ROW(403, FORBIDDEN)                                                                        \
	ROW(404, ITEM_NOT_FOUND)                                                                   \
	ROW(405, FEATURE_NOT_IMPLEMENTED)                                                          \
	ROW(406, NOT_ACCEPTABLE)                                                                   \
	ROW(407, REGISTRATION_REQUIRED)                                                            \
	ROW(408, REMOTE_SERVER_TIMEOUT)                                                            \
	ROW(410, GONE)                                                                             \
	ROW(413, POLICY_VIOLATION)                                                                 \
	ROW(414, POLICY_VIOLATION)                                                                 \
	ROW(415, NOT_ACCEPTABLE)                                                                   \
	ROW(416, NOT_ACCEPTABLE)                                                                   \
	ROW(420, FEATURE_NOT_IMPLEMENTED)                                                          \
	ROW(421, NOT_ACCEPTABLE)                                                                   \
	ROW(423, RESOURCE_CONSTRAINT)                                                              \
	ROW(430, RECIPIENT_UNAVAILABLE)                                                            \
	ROW(439, FEATURE_NOT_IMPLEMENTED)                                                          \
	ROW(440, POLICY_VIOLATION)                                                                 \
	ROW(480, RECIPIENT_UNAVAILABLE)                                                            \
	ROW(481, ITEM_NOT_FOUND)                                                                   \
	ROW(482, NOT_ACCEPTABLE)                                                                   \
	ROW(483, NOT_ACCEPTABLE)                                                                   \
	ROW(484, ITEM_NOT_FOUND)                                                                   \
	ROW(485, ITEM_NOT_FOUND)                                                                   \
	ROW(486, RECIPIENT_UNAVAILABLE)                                                            \
	ROW(487, RECIPIENT_UNAVAILABLE)                                                            \
	ROW(488, NOT_ACCEPTABLE)                                                                   \
	ROW(489, POLICY_VIOLATION)                                                                 \
	ROW(491, UNEXPECTED_REQUEST)                                                               \
	ROW(493, BAD_REQUEST)                                                                      \
	ROW(500, INTERNAL_SERVER_ERROR)                                                            \
	ROW(501, FEATURE_NOT_IMPLEMENTED)                                                          \
	ROW(502, REMOTE_SERVER_NOT_FOUND)                                                          \
	ROW(503, INTERNAL_SERVER_ERROR)                                                            \
	ROW(504, REMOTE_SERVER_TIMEOUT)                                                            \
	ROW(505, NOT_ACCEPTABLE)                                                                   \
	ROW(513, POLICY_VIOLATION)                                                                 \
	ROW(600, RECIPIENT_UNAVAILABLE)                                                            \
	ROW(603, RECIPIENT_UNAVAILABLE)                                                            \
	ROW(604, ITEM_NOT_FOUND)                                                                   \
	ROW(606, NOT_ACCEPTABLE)

enum { REASON_MAX = 128 };

unsigned error_status(enum stanza_cond c, unsigned facts)
{
	if (c == STANZA_OK)
		c = STANZA_UNDEFINED_CONDITION;
	return to_sip[c].fact & facts ? to_sip[c].when_so : to_sip[c].status;
}

unsigned error_wire(unsigned status)
{
	switch (status) {
	case 401:
	case 407:
		return 403;
	case 408:
		return 504;
	case 503:
		return 500;
	default:
		return status;
	}
}

struct slice error_reason(struct arena *a, struct slice text)
{
	size_t n = 0;
	char *p;

	if (!text.p)
		return SL_NONE;
	p = arena_alloc(a, text.n + 1);
	for (size_t i = 0; i < text.n; i++) {
		bool gap = (unsigned char)text.p[i] <= ' ' || text.p[i] == 0x7f;

		if (!gap)
			p[n++] = text.p[i];
		else if (n && p[n - 1] != ' ')
			p[n++] = ' ';
	}
	text = slice_make(p, n);
	text = slice_trim(utf8_cut(slice_cut(text, utf8_prefix(text)), REASON_MAX));
	return text.n ? text : SL_NONE;
}

/* The new address, when it is one we can name in SIP. */
static struct slice contact_of(struct arena *a, struct slice uri)
{
	struct slice contact;
	struct jid j;
	struct buf b;

	if (uri.n == 0 || address_xmpp_uri_to_jid(&j, a, uri, NULL) < 0)
		return SL_NONE;
	buf_init(&b, 0);
	address_to_sip(&b, a, &j);
	contact = arena_slice(a, buf_slice(&b));
	buf_done(&b);
	return contact;
}

void error_stanza_to_sip(
	struct error_sip *ret, struct arena *a, const struct stanza_error *s, bool full)
{
	unsigned facts =
		(full ? ERROR_FULL_JID : 0) | (slice_trim(s->uri).n ? ERROR_NEW_ADDRESS : 0);

	ret->status = error_status(s->cond, facts);
	ret->reason = error_reason(a, s->text);
	ret->contact = contact_of(a, slice_trim(s->uri));
}

void error_link_to_sip(struct error_sip *ret, enum link_reason r, bool full)
{
	enum stanza_cond c = stanza_cond_parse(slice_of(link_reason_condition(r)));
	unsigned facts = full ? ERROR_FULL_JID : 0;

	if (r == LINK_R_DNS_FAILED) { /* note 4: it may exist, but nobody could say where */
		c = STANZA_REMOTE_SERVER_NOT_FOUND;
		facts |= ERROR_UNRESOLVED;
	}
	ret->status = r == LINK_R_TOO_BIG ? 513 : error_status(c, facts);
	ret->reason = slice_of(link_reason_text(r));
	ret->contact = SL_NONE;
}

enum stanza_cond error_condition(unsigned status)
{
	switch (status) {
#define ROW(code, cond)                                                                            \
	case code:                                                                                 \
		return STANZA_##cond;
		TO_XMPP(ROW)
#undef ROW
	}
	switch (status / 100) {
	case 3:
		return STANZA_REDIRECT;
	case 4:
		return STANZA_BAD_REQUEST;
	case 5:
		return STANZA_INTERNAL_SERVER_ERROR;
	case 6:
		return STANZA_RECIPIENT_UNAVAILABLE;
	default:
		return STANZA_OK;
	}
}

/* Does this answer say whether the user exists or is there? */
static bool tells_presence(unsigned status, enum stanza_cond c)
{
	return c == STANZA_ITEM_NOT_FOUND || c == STANZA_RECIPIENT_UNAVAILABLE || status / 100 == 6;
}

/* As an xmpp URI where it can be one; else as it is, which is a URI as well. */
static struct slice new_address(struct arena *a, struct slice contact)
{
	struct slice uri;
	struct jid j;
	struct buf b;

	if (contact.n == 0 || address_to_jid(&j, a, contact, NULL) < 0)
		return contact.n ? contact : SL_NONE;
	buf_init(&b, 0);
	address_to_xmpp_uri(&b, &j);
	uri = arena_slice(a, buf_slice(&b));
	buf_done(&b);
	return uri;
}

bool error_sip_to_stanza(struct error_xmpp *ret, struct arena *a, unsigned status,
	struct slice reason, struct slice contact, bool authorized)
{
	enum stanza_cond c = error_condition(status);

	if (c == STANZA_OK)
		return false;
	*ret = (struct error_xmpp){.cond = c, .text = error_reason(a, reason)};
	if (!authorized && tells_presence(status, c))
		*ret = (struct error_xmpp){.cond = STANZA_SERVICE_UNAVAILABLE};
	else if (c == STANZA_REDIRECT || status == 301) /* 410 names no address (table 3 note 1) */
		ret->uri = new_address(a, contact);
	return true;
}

unsigned error_end_status(const struct sip_result *r)
{
	switch (r->end) {
	case SIP_FINAL:
		return r->status;
	case SIP_TIMEOUT:
		return 408;
	case SIP_UNREACHABLE: /* after it was sent more than once: as good as no answer */
		return r->may_have_arrived ? 408 : 503;
	case SIP_NO_TARGET:
		return 502; /* the next hop's name gives no address */
	case SIP_ALL_DOWN:
		return 504; /* it does, and nobody answers there (RFC 6120 8.3.3.17) */
	case SIP_TOO_BIG:
		return 513;
	case SIP_OVERLOADED:
	case SIP_PROVISIONAL: /* no ends of what is asked for here */
	case SIP_GONE:
		break;
	}
	return 500;
}

static struct slice contact_uri(const struct sip_msg *m)
{
	struct sip_items it;
	struct sip_addr addr;
	struct slice item;

	if (!m)
		return SL_NONE;
	it = sip_msg_items(m, SIP_H_CONTACT);
	if (sip_items_next(&it, &item) <= 0 || sip_addr_parse(item, &addr) < 0)
		return SL_NONE;
	return addr.uri.text;
}

/* What the transaction layer found out by itself has words of ours. */
static struct slice end_words(const struct sip_result *r)
{
	switch (r->end) {
	case SIP_FINAL:
		return r->response ? r->response->reason : SL_NONE;
	case SIP_TIMEOUT:
		return SL("the user's server gave no answer; the message may have arrived");
	case SIP_UNREACHABLE:
		if (r->may_have_arrived)
			return SL("the user's server has gone; the message may have arrived");
		return SL("the user's server could not be reached");
	case SIP_NO_TARGET:
		return SL("the user's server could not be found");
	case SIP_ALL_DOWN:
		return SL("the user's server does not answer at this moment");
	case SIP_TOO_BIG:
		return SL("the message is too long for this user's server");
	case SIP_OVERLOADED:
	case SIP_PROVISIONAL:
	case SIP_GONE:
		break;
	}
	return SL("too many messages at this moment");
}

/* lync-sip-profile 5.3: the filter of the user's server does not let such words pass. */
static bool blocked(const struct sip_result *r)
{
	struct sip_warning w;
	struct sip_items it;
	struct slice item;

	if (r->end != SIP_FINAL || r->status != 606 || !r->response)
		return false;
	it = sip_msg_items(r->response, SIP_H_WARNING);
	while (sip_items_next(&it, &item) > 0)
		if (sip_warning_parse(item, &w) == 0 && w.code == 309)
			return true;
	return false;
}

bool error_result_to_stanza(
	struct error_xmpp *ret, struct arena *a, const struct sip_result *r, bool authorized)
{
	struct slice contact = r->end == SIP_FINAL ? contact_uri(r->response) : SL_NONE;

	if (!error_sip_to_stanza(ret, a, error_end_status(r), end_words(r), contact, authorized))
		return false;
	if (r->end == SIP_OVERLOADED)
		ret->cond = STANZA_RESOURCE_CONSTRAINT;
	if (authorized && blocked(r))
		ret->cond = STANZA_POLICY_VIOLATION;
	return true;
}
