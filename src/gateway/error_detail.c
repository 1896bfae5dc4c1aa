#include "gateway/error.h"
#include "text/utf8.h"

enum { DETAIL_MAX = 400, WARNINGS_MAX = 3 };

static void add(struct buf *out, struct arena *a, struct slice more)
{
	more = error_reason(a, more);
	if (!more.n)
		return;
	buf_str(out, out->n ? "; " : "");
	buf_slice_add(out, more);
}

static struct slice unquoted(struct arena *a, struct slice s)
{
	struct slice ret;
	struct buf b;

	buf_init(&b, 0);
	sip_unquote(&b, s);
	ret = arena_slice(a, b.n ? buf_slice(&b) : SL(""));
	buf_done(&b);
	return ret;
}

static void add_warnings(struct buf *out, struct arena *a, const struct sip_msg *m)
{
	struct sip_items it = sip_msg_items(m, SIP_H_WARNING);
	struct sip_warning w;
	struct slice item;

	for (unsigned n = 0; n < WARNINGS_MAX && sip_items_next(&it, &item) > 0;)
		if (sip_warning_parse(item, &w) == 0) {
			add(out, a, unquoted(a, w.text));
			n++;
		}
}

/* "1003;reason=\"User does not exist\";source=\"pool.sip.example\"" */
static void add_diagnostics(struct buf *out, struct arena *a, const struct sip_msg *m)
{
	struct slice v = sip_msg_get_name(m, "ms-diagnostics"), id, reason;
	uint64_t number;
	size_t end;

	if (!v.p)
		return;
	end = slice_find(v, ';');
	id = slice_trim(slice_cut(v, end));
	if (slice_u64(id, 99999999, &number) < 0)
		return;
	reason = SL_NONE;
	if (!sip_param_get(slice_from(v, end), "reason", &reason))
		reason = SL("");
	reason = unquoted(a, reason);
	add(out, a,
		slice_of(arena_printf(a, "%.*s%sms-diagnostics %llu", SLARG(reason),
			reason.n ? ", " : "", (unsigned long long)number)));
}

struct slice error_detail(struct arena *a, struct slice text, const struct sip_msg *response)
{
	struct slice ret = text;
	struct buf more;

	if (!response)
		return text;
	buf_init(&more, 0);
	add_warnings(&more, a, response);
	add_diagnostics(&more, a, response);
	if (more.n) {
		ret = text.n ? slice_of(arena_printf(
				       a, "%.*s (%.*s)", SLARG(text), SLARG(buf_slice(&more))))
			     : arena_slice(a, buf_slice(&more));
		ret = utf8_cut(ret, DETAIL_MAX);
	}
	buf_done(&more);
	return ret;
}
