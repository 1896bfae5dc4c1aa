#include <osipparser2/osip_message.h>
#include <osipparser2/osip_parser.h>
#include <osipparser2/osip_port.h>

#include "base/mem.h"
#include "reading.h"

static void put_uri(struct reading *r, enum aspect scheme, const osip_uri_t *u)
{
	reading_put(r, scheme, slice_of(u->scheme));
	if (!u->scheme || (strcasecmp(u->scheme, "sip") && strcasecmp(u->scheme, "sips"))) {
		for (unsigned i = 1; i < 4; i++)
			r->silent[scheme + i] = true;
		return;
	}
	reading_put(r, scheme + 1, slice_of(u->username)); /* its escapes are resolved */
	reading_put_host(r, scheme + 2, slice_of(u->host));
	reading_put_number(r, scheme + 3, slice_of(u->port));
}

static struct slice param_of(const osip_list_t *params, const char *name)
{
	osip_generic_param_t *p = NULL;

	osip_generic_param_get_byname((osip_list_t *)params, (char *)name, &p);
	return p ? slice_of(p->gvalue ? p->gvalue : "") : SL_NONE;
}

static void put_via(struct reading *r, const osip_via_t *v)
{
	reading_put(r, A_VIA_TRANSPORT, slice_of(v->protocol));
	reading_put_host(r, A_VIA_HOST, slice_of(v->host));
	reading_put_number(r, A_VIA_PORT, slice_of(v->port));
	reading_put(r, A_VIA_BRANCH, param_of(&v->via_params, "branch"));
	reading_put_host(r, A_VIA_RECEIVED, param_of(&v->via_params, "received"));
}

static void put_call_id(struct reading *r, const osip_call_id_t *c)
{
	reading_put(r, A_CALL_ID,
		slice_of(c->host ? arena_printf(&r->arena, "%s@%s", c->number, c->host)
				 : c->number));
}

static void put_body(struct reading *r, const osip_message_t *m)
{
	const osip_content_type_t *t = m->content_type;
	const osip_body_t *b = osip_list_get(&m->bodies, 0);

	if (t && t->type)
		reading_put(r, A_CONTENT_TYPE,
			slice_of(arena_printf(&r->arena, "%s/%s", t->type, t->subtype)));
	/* It takes multipart bodies apart and does not say how long the whole was. */
	r->silent[A_BODY] = t && t->type && !strcasecmp(t->type, "multipart");
	reading_put(r, A_BODY, slice_of(arena_printf(&r->arena, "%zu", b ? b->length : 0)));
}

static void put_fields(struct reading *r, osip_message_t *m)
{
	osip_header_t *forwards = NULL;

	if (MSG_IS_REQUEST(m)) {
		reading_put(r, A_METHOD, slice_of(m->sip_method));
		put_uri(r, A_RURI_SCHEME, m->req_uri);
	} else {
		reading_put(r, A_STATUS, slice_of(arena_printf(&r->arena, "%d", m->status_code)));
	}
	put_via(r, osip_list_get(&m->vias, 0));
	put_uri(r, A_FROM_SCHEME, m->from->url);
	reading_put(r, A_FROM_TAG, param_of(&m->from->gen_params, "tag"));
	put_uri(r, A_TO_SCHEME, m->to->url);
	reading_put(r, A_TO_TAG, param_of(&m->to->gen_params, "tag"));
	put_call_id(r, m->call_id);
	reading_put_number(r, A_CSEQ, slice_of(m->cseq->number));
	reading_put(r, A_CSEQ_METHOD, slice_of(m->cseq->method));
	osip_message_header_get_byname(m, "max-forwards", 0, &forwards);
	if (forwards)
		reading_put_number(r, A_MAX_FORWARDS, slice_of(forwards->hvalue));
	put_body(r, m);
}

/* Its transaction layer wants these; the parser does not look whether they are there. */
static const char *missing(const osip_message_t *m)
{
	if (!m->from || !m->from->url || !m->to || !m->to->url || !m->call_id ||
		!m->call_id->number || !m->cseq || !m->cseq->method || !m->cseq->number ||
		!osip_list_size(&m->vias))
		return "missing field";
	if (MSG_IS_REQUEST(m) && (!m->req_uri || !m->sip_method))
		return "start line";
	return NULL;
}

/* Else it tells stderr of every broken message. */
static void say_nothing(
	const char *file, int line, osip_trace_level_t level, const char *text, va_list args)
{
}

void read_osip(struct reading *r, const char *p, size_t n)
{
	static bool ready;
	osip_message_t *m = NULL;
	char *copy = xmalloc(n + 1);

	if (!ready) {
		osip_trace_initialize_func(TRACE_LEVEL0, say_nothing);
		parser_init();
	}
	ready = true;
	memcpy(copy, p, n);
	copy[n] = 0;
	reading_begin(r);
	osip_message_init(&m);
	r->why = osip_message_parse(m, copy, n) != 0 ? "parser" : missing(m);
	r->taken = !r->why;
	if (r->taken)
		put_fields(r, m);
	osip_message_free(m);
	xfree(copy);
}
