#include "sip/dialog_ways.h"

bool dialog_is_loose(struct slice route)
{
	struct sip_addr a;
	struct slice lr;

	return sip_addr_parse(route, &a) == 0 && sip_uri_param(&a.uri, "lr", &lr);
}

void dialog_add_clean(struct buf *out, struct sip_uri u)
{
	struct buf params = {0};
	struct slice rest = u.params, one;

	while (rest.n) {
		one = slice_cut(rest, slice_find(rest, ';'));
		rest = slice_from(rest, one.n + 1);
		if (slice_istarts(one, SL("method=")))
			continue;
		buf_str(&params, params.n ? ";" : "");
		buf_slice_add(&params, one);
	}
	u.params = params.n ? buf_slice(&params) : SL_NONE;
	u.headers = SL_NONE;
	sip_uri_print(out, &u);
	buf_done(&params);
}

const char *dialog_read_target(const struct sip_msg *m, struct slice *ret)
{
	struct sip_items it = sip_msg_items(m, SIP_H_CONTACT);
	struct slice item, second;
	struct sip_addr a;

	*ret = SL_NONE;
	if (!m->first[SIP_H_CONTACT])
		return NULL;
	if (sip_items_next(&it, &item) != 1 || sip_items_next(&it, &second) != 0 ||
		sip_addr_parse(item, &a) < 0 || a.uri.scheme != SIP_SCHEME_SIP)
		return "Bad Contact";
	*ret = a.uri.text;
	return NULL;
}

const char *dialog_read_routes(const struct sip_msg *m, bool reversed, struct dialog_ways *w)
{
	struct sip_items it = sip_msg_items(m, SIP_H_RECORD_ROUTE);
	struct slice item;
	struct sip_addr a;
	int more;

	w->n = 0;
	while ((more = sip_items_next(&it, &item)) > 0) {
		if (sip_addr_parse(item, &a) < 0 || w->n == ROUTES_MAX)
			return "Bad Record-Route";
		w->routes[w->n++] = item;
	}
	for (unsigned i = 0; reversed && i < w->n / 2; i++) {
		item = w->routes[i];
		w->routes[i] = w->routes[w->n - 1 - i];
		w->routes[w->n - 1 - i] = item;
	}
	return more ? "Bad Record-Route" : NULL;
}
