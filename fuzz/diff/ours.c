#include <stdio.h>

#include "base/mem.h"
#include "reading.h"
#include "sip/sip.h"

static struct sip_msg m;

static void put_uri(struct reading *r, enum aspect scheme, const struct sip_uri *u)
{
	char port[8];

	reading_put(r, scheme, u->scheme_name);
	if (u->scheme != SIP_SCHEME_SIP && u->scheme != SIP_SCHEME_SIPS) {
		for (unsigned i = 1; i < 4; i++)
			r->silent[scheme + i] = true;
		return;
	}
	reading_put_user(r, scheme + 1, u->user);
	reading_put_host(r, scheme + 2, u->host);
	snprintf(port, sizeof port, "%u", u->port);
	reading_put_number(r, scheme + 3, u->port ? slice_of(port) : SL_NONE);
}

static void put_number(struct reading *r, enum aspect a, unsigned long v)
{
	char text[24];

	snprintf(text, sizeof text, "%lu", v);
	reading_put_number(r, a, slice_of(text));
}

static void put_via(struct reading *r)
{
	struct slice text = m.via.text;
	size_t n;

	/* The transport as it stands there: behind the second slash. */
	text = slice_from(text, slice_find(text, '/') + 1);
	text = slice_from(text, slice_find(text, '/') + 1);
	while (text.n && (*text.p == ' ' || *text.p == '\t'))
		text = slice_from(text, 1);
	for (n = 0; n < text.n && text.p[n] != ' ' && text.p[n] != '\t';)
		n++;
	reading_put(r, A_VIA_TRANSPORT, slice_cut(text, n));
	reading_put_host(r, A_VIA_HOST, m.via.host);
	if (m.via.port)
		put_number(r, A_VIA_PORT, m.via.port);
	reading_put(r, A_VIA_BRANCH, m.via.branch);
	reading_put_host(r, A_VIA_RECEIVED, m.via.received);
}

static void put_type(struct reading *r)
{
	struct slice type = sip_msg_get(&m, SIP_H_CONTENT_TYPE);
	struct sip_media media;

	if (!type.p || sip_media_parse(type, &media) < 0)
		r->silent[A_CONTENT_TYPE] = type.p;
	else
		reading_put(r, A_CONTENT_TYPE,
			slice_of(arena_printf(
				&r->arena, "%.*s/%.*s", SLARG(media.type), SLARG(media.subtype))));
}

void read_ours(struct reading *r, const char *p, size_t n)
{
	char *copy = xmalloc(n ? n : 1);

	reading_begin(r);
	memcpy(copy, p, n);
	r->taken = sip_msg_parse(&m, copy, n) == SIP_GOOD;
	r->why = m.bad;
	if (r->taken) {
		if (m.request) {
			reading_put(r, A_METHOD, m.method_name);
			put_uri(r, A_RURI_SCHEME, &m.ruri);
		} else {
			put_number(r, A_STATUS, m.status);
		}
		put_via(r);
		put_uri(r, A_FROM_SCHEME, &m.from.uri);
		reading_put(r, A_FROM_TAG, m.from.tag);
		put_uri(r, A_TO_SCHEME, &m.to.uri);
		reading_put(r, A_TO_TAG, m.to.tag);
		reading_put(r, A_CALL_ID, m.call_id);
		put_number(r, A_CSEQ, m.cseq);
		reading_put(r, A_CSEQ_METHOD, m.method_name);
		if (m.max_forwards >= 0)
			put_number(r, A_MAX_FORWARDS, (unsigned long)m.max_forwards);
		put_type(r);
		put_number(r, A_BODY, m.body.n);
	}
	xfree(copy);
}
