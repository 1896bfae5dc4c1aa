#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "gateway/message.h"
#include "xml/reader.h"

/* Exactly one element, well-formed, comes out of whatever a SIP user agent sends. */
static void check(struct slice stanza)
{
	struct xml_reader *r =
		xml_reader_new(&(struct xml_limits){.stanza = 1 << 20, .text = 1 << 20});
	struct xml_event ev;

	xml_reader_feed(r, SL("<s xmlns='jabber:server'>"));
	xml_reader_feed(r, stanza);
	xml_reader_feed(r, SL("</s>"));
	assert(xml_reader_next(r, &ev) && ev.type == XML_EVENT_OPEN);
	assert(xml_reader_next(r, &ev) && ev.type == XML_EVENT_ELEMENT);
	assert(stanza_kind(ev.elem) == STANZA_MESSAGE && !stanza_is_error(ev.elem));
	arena_done(&ev.arena);
	assert(xml_reader_next(r, &ev) && ev.type == XML_EVENT_CLOSE);
	xml_reader_free(r);
}

/* A SIP request as an XMPP message: addresses, charsets, HTML, CPIM. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char *copy = malloc(n + 1);
	struct sip_msg *m = malloc(sizeof *m);
	struct message_refusal no = {0};
	struct message_pair pair;
	struct message_in in;
	struct arena a = {0};
	struct buf b;

	memcpy(copy, p, n);
	buf_init(&b, 0);
	if (sip_msg_parse(m, copy, n) == SIP_GOOD && m->request) {
		if (message_pair_read(&pair, &a, m, NULL, &no) &&
			message_in_read(&in, &a, m, 1769860800000, &no)) {
			message_in_write(&b, &pair, &in, SL("a01"));
			check(buf_slice(&b));
		} else {
			assert(no.status >= 400 && no.status < 500);
		}
	}
	buf_done(&b);
	arena_done(&a);
	free(copy);
	free(m);
	return 0;
}
