#include "vector.h"

#include "base/buf.h"
#include "base/err.h"
#include "gateway/address.h"

/* The address of one world in the other's words, or SL_NONE and e->code. */
static struct slice map(struct vector *v, struct slice address, bool sip2xmpp, struct err *e)
{
	struct slice out;
	struct jid j;
	struct buf b;

	*e = (struct err){0};
	if (sip2xmpp)
		return address_to_jid(&j, &v->arena, address, e) == 0 ? jid_full(&v->arena, &j)
								      : SL_NONE;
	if (jid_parse(&j, &v->arena, address, e) < 0)
		return SL_NONE;
	buf_init(&b, 0);
	address_to_sip(&b, &v->arena, &j);
	out = arena_slice(&v->arena, buf_slice(&b));
	buf_done(&b);
	return out;
}

void run_address(struct vector *v)
{
	struct slice in = slice_of(take_string(v, v->in, v->sip2xmpp ? "uri" : "jid")), back;
	struct err e;
	struct slice out = map(v, in, v->sip2xmpp, &e);
	struct field fields[] = {
		{v->sip2xmpp ? "jid" : "uri", out                               },
		{"error",                     out.p ? SL_NONE : slice_of(e.code)},
	};

	if (!json_object_get(v->out, "error") && !out.p)
		fail(v, "refused: %s", e.text);
	compare(v, v->out, fields, 2);
	if (!v->rt || !out.p)
		return;
	back = map(v, out, !v->sip2xmpp, &e);
	if (!slice_eq(back, in))
		fail(v, "and back is %.*s", SLARG(back.p ? back : slice_of(e.text)));
}
