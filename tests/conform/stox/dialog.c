#include "dialog.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define SDP                                                                                        \
	"v=0\r\no=- 0 0 IN IP4 192.0.2.1\r\ns=session\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"          \
	"m=%s\r\na=accept-types:%s\r\n"
#define CONTACT "Contact: <sip:romeo@192.0.2.1:5060>\r\n"

static char *sdp(struct dialog *d, const char *media)
{
	return arena_printf(&d->v->arena, SDP, media,
		d->types ? d->types : "text/plain application/im-iscomposing+xml");
}

static void send_in(struct dialog *d, const char *method, const char *ruri, const char *to_tag,
	unsigned cseq, const char *headers, const char *body)
{
	rig_sip_in(d->r,
		slice_of(arena_printf(&d->v->arena,
			"%s %s SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKd%u%s\r\n"
			"Max-Forwards: 70\r\nFrom: <sip:romeo@example.net>;tag=1\r\n"
			"To: <sip:juliet@example.com>%s%s\r\nCall-ID: %s\r\nCSeq: %u %s\r\n%s%s"
			"Content-Length: %zu\r\n\r\n%s",
			method, ruri, cseq, method, *to_tag ? ";tag=" : "", to_tag, d->call_id,
			cseq, method, CONTACT, headers, strlen(body), body)));
	rig_advance(d->r, 1);
}

void dialog_invite(struct dialog *d, const char *media, const char *headers)
{
	send_in(d, "INVITE", "sip:juliet@example.com", "", ++d->cseq,
		arena_printf(&d->v->arena, "%sContent-Type: application/sdp\r\n",
			headers ? headers : ""),
		sdp(d, media));
}

/* The URI between the brackets of Contact. */
static char *contact_of(struct vector *v, const struct sip_msg *m)
{
	struct slice c = sip_msg_get(m, SIP_H_CONTACT);

	c = slice_from(c, slice_find(c, '<') + 1);
	return arena_dup(&v->arena, slice_cut(c, slice_find(c, '>')));
}

void dialog_establish(struct dialog *d)
{
	const struct sip_msg *m;

	dialog_invite(d, "message 5060 sip null", NULL);
	m = d->r->n_sip ? d->r->sip[d->r->n_sip - 1].m : NULL;
	if (!m || m->request || m->status != 200) {
		fail(d->v, "the INVITE is answered %u", m ? m->status : 0);
		return;
	}
	d->tag = arena_dup(&d->v->arena, m->to.tag);
	d->target = contact_of(d->v, m);
	send_in(d, "ACK", d->target, d->tag, d->cseq, "", "");
	d->r->n_sip = d->r->n_xml = 0;
}

static unsigned index_of(const struct dialog *d, enum sip_method method)
{
	unsigned i = d->r->n_sip;

	while (i && !(d->r->sip[i - 1].m->request && d->r->sip[i - 1].m->method == method))
		i--;
	return i;
}

const struct sip_msg *dialog_sent(const struct dialog *d, enum sip_method method)
{
	unsigned i = index_of(d, method);

	return i ? d->r->sip[i - 1].m : NULL;
}

bool dialog_accept(struct dialog *d)
{
	unsigned i = index_of(d, SIP_INVITE);

	if (!i)
		return false;
	rig_answer(d->r, i - 1, 200, "theirs", CONTACT "Content-Type: application/sdp\r\n",
		sdp(d, "message 5060 sip null"));
	rig_advance(d->r, 1);
	return true;
}

void dialog_request(struct dialog *d, const char *method, const char *type, const char *body)
{
	send_in(d, method, d->target, d->tag, ++d->cseq,
		type ? arena_printf(&d->v->arena, "Content-Type: %s\r\n", type) : "", body);
}

void dialog_compare(struct dialog *d, json_t *expected)
{
	const char *method = json_string_value(json_object_get(expected, "method"));
	const struct sip_msg *m = dialog_sent(d, sip_method_find(slice_of(method)));

	if (m)
		compare_request(d->v, m, expected);
	else
		fail(d->v, "no %s left", method);
}

void dialog_respond(struct dialog *d, enum sip_method method, unsigned status)
{
	unsigned i = index_of(d, method);

	if (!i) {
		fail(d->v, "no %s left", sip_method_name(method));
		return;
	}
	rig_respond(d->r, i - 1, status, "As the vector says", NULL);
	rig_advance(d->r, 1);
}
