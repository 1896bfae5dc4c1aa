#include <assert.h>
#include <string.h>

#include "fuzz.h"
#include "gateway/address.h"
#include "gateway/callid.h"
#include "gateway/message.h"
#include "xml/reader.h"

/* A JID in SIP's words is a URI, and the same JID comes out of it. */
static void check_address(struct arena *a, struct slice text)
{
	struct jid j, back;
	struct buf b;

	/* A last label that begins with a digit is a domain to IDNA and none to RFC 3261. */
	if (jid_parse(&j, a, text, NULL) < 0 ||
		sip_host_kind(jid_domain_ascii(a, &j)) == SIP_HOST_NONE)
		return;
	buf_init(&b, 0);
	address_to_sip(&b, a, &j);
	assert(address_to_jid(&back, a, arena_slice(a, buf_slice(&b)), NULL) == 0);
	/* Two spellings of a JID may share a URI (XEP-0106), which then stands for the usual one.
	 */
	buf_reset(&b);
	address_to_sip(&b, a, &back);
	assert(address_to_jid(&j, a, buf_slice(&b), NULL) == 0 && jid_eq(&j, &back));
	buf_done(&b);
}

static void check_sent(struct arena *a, const struct message_out *m)
{
	struct buf b;

	assert(m->body.n > 0);
	if (!m->thread.n)
		return;
	buf_init(&b, 0);
	callid_from_thread(&b, m->thread);
	assert(sip_is_call_id(buf_slice(&b)) && b.n <= CALLID_MAX);
	if (m->thread.n <= CALLID_MAX / 3 - 3)
		assert(slice_eq(callid_to_thread(a, buf_slice(&b)), m->thread));
	buf_done(&b);
}

/* A stanza as a SIP message: verdict, fallbacks, languages, threads, addresses. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct xml_reader *r = xml_reader_new(&(struct xml_limits){0});
	struct message_out m;
	struct xml_event ev;

	xml_reader_feed(r, SL("<s xmlns='jabber:server'>"));
	xml_reader_feed(r, slice_make(p, n));
	while (xml_reader_next(r, &ev) && ev.type != XML_EVENT_FAULT &&
		ev.type != XML_EVENT_CLOSE) {
		if (ev.type != XML_EVENT_ELEMENT)
			continue;
		if (message_out_read(&m, &ev.arena, ev.elem) == MESSAGE_SEND)
			check_sent(&ev.arena, &m);
		check_address(&ev.arena, xml_attr(ev.elem, SL("from")));
		arena_done(&ev.arena);
	}
	xml_reader_free(r);
	return 0;
}
