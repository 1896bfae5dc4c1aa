/* Its headers use names of their own for base types, and are not free of warnings. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#include <sofia-sip/msg.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/sip_util.h>
#pragma GCC diagnostic pop

#include "base/mem.h"
#include "reading.h"

static void put_url(struct reading *r, enum aspect scheme, const url_t *u)
{
	reading_put(r, scheme, slice_of(u->url_scheme));
	if (u->url_type != url_sip && u->url_type != url_sips) {
		for (unsigned i = 1; i < 4; i++)
			r->silent[scheme + i] = true;
		return;
	}
	reading_put_user(r, scheme + 1, slice_of(u->url_user));
	reading_put_host(r, scheme + 2, slice_of(u->url_host));
	reading_put_number(r, scheme + 3, slice_of(u->url_port));
}

static void put_number(struct reading *r, enum aspect a, unsigned long v)
{
	reading_put(r, a, slice_of(arena_printf(&r->arena, "%lu", v)));
}

static void put_via(struct reading *r, const sip_via_t *v)
{
	const char *transport = strrchr(v->v_protocol, '/');

	reading_put(r, A_VIA_TRANSPORT, slice_of(transport ? transport + 1 : v->v_protocol));
	reading_put_host(r, A_VIA_HOST, slice_of(v->v_host));
	reading_put_number(r, A_VIA_PORT, slice_of(v->v_port));
	reading_put(r, A_VIA_BRANCH, slice_of(v->v_branch));
	reading_put_host(r, A_VIA_RECEIVED, slice_of(v->v_received));
}

static void put_fields(struct reading *r, const sip_t *sip)
{
	if (sip->sip_request) {
		reading_put(r, A_METHOD, slice_of(sip->sip_request->rq_method_name));
		put_url(r, A_RURI_SCHEME, sip->sip_request->rq_url);
	} else {
		put_number(r, A_STATUS, (unsigned long)sip->sip_status->st_status);
	}
	put_via(r, sip->sip_via);
	put_url(r, A_FROM_SCHEME, sip->sip_from->a_url);
	reading_put(r, A_FROM_TAG, slice_of(sip->sip_from->a_tag));
	put_url(r, A_TO_SCHEME, sip->sip_to->a_url);
	reading_put(r, A_TO_TAG, slice_of(sip->sip_to->a_tag));
	reading_put(r, A_CALL_ID, slice_of(sip->sip_call_id->i_id));
	put_number(r, A_CSEQ, sip->sip_cseq->cs_seq);
	reading_put(r, A_CSEQ_METHOD, slice_of(sip->sip_cseq->cs_method_name));
	if (sip->sip_max_forwards)
		put_number(r, A_MAX_FORWARDS, sip->sip_max_forwards->mf_count);
	if (sip->sip_content_type)
		reading_put(r, A_CONTENT_TYPE, slice_of(sip->sip_content_type->c_type));
	put_number(r, A_BODY, sip->sip_payload ? sip->sip_payload->pl_len : 0);
}

/* One that could not be read has its name with it; one too many is there as what it is. */
static bool is_field(const sip_error_t *e, const char *name, char compact)
{
	const char *found = e->er_common->h_class == sip_error_class
				    ? e->er_name
				    : e->er_common->h_class->hc_name;

	return found &&
	       (!strcasecmp(found, name) || (compact && !found[1] && (*found | 0x20) == compact));
}

/* A field that every message has, or that counts for framing, and that sofia could not read. */
static const char *broken_field(const sip_t *sip)
{
	static const struct {
		const char *name;
		char compact;
	} fields[] = {{"Via", 'v'}, {"From", 'f'}, {"To", 't'}, {"Call-ID", 'i'}, {"CSeq", 0},
		{"Max-Forwards", 0}, {"Content-Length", 'l'}};

	for (const sip_error_t *e = sip->sip_error; e; e = e->er_next)
		for (unsigned i = 0; i < ARRAY_LEN(fields); i++)
			if (is_field(e, fields[i].name, fields[i].compact))
				return fields[i].name;
	return NULL;
}

static const char *refusal(const sip_t *sip)
{
	if (!sip)
		return "nothing";
	if (!sip->sip_request && !sip->sip_status)
		return "start line";
	if (sip->sip_flags & (MSG_FLG_TOOLARGE | MSG_FLG_TRUNC))
		return "too large";
	if (broken_field(sip))
		return broken_field(sip);
	if (sip->sip_flags & MSG_FLG_ERROR)
		return "error";
	if (!(sip->sip_flags & MSG_FLG_COMPLETE))
		return "incomplete";
	if (sip_sanity_check(sip) < 0)
		return "sanity";
	if (!sip->sip_via || !sip->sip_from || !sip->sip_to || !sip->sip_call_id || !sip->sip_cseq)
		return "missing field";
	return NULL;
}

void read_sofia(struct reading *r, const char *p, size_t n)
{
	msg_t *msg;
	const sip_t *sip;

	reading_begin(r);
	while (n && (*p == '\r' || *p == '\n')) /* its transport does that */
		p++, n--;
	if (!n) {
		r->why = "nothing";
		return;
	}
	msg = msg_make(sip_default_mclass(), 0, p, (ssize_t)n);
	sip = msg ? sip_object(msg) : NULL;
	r->why = refusal(sip);
	r->taken = !r->why;
	if (r->taken)
		put_fields(r, sip);
	msg_destroy(msg);
}
