#include "gateway/leg_priv.h"

/* What a leg writes beside what its dialog does. */

struct slice leg_contact(struct gateway *g, const struct route *route, const struct sipnet_way *way)
{
	struct buf b = {0};
	struct slice s;

	g->ops->contact(g->ops_arg, route, way, &b);
	s = arena_slice(&g->scratch, buf_slice(&b));
	buf_done(&b);
	return s;
}

struct offer_place leg_place(struct slice contact, struct slice call_id)
{
	struct offer_place place = {.id = hash_bytes(call_id) >> 2};
	struct sip_addr a;
	struct slice transport = SL_NONE;
	int bad = sip_addr_parse(contact, &a);

	assert(bad == 0);
	sip_uri_param(&a.uri, "transport", &transport);
	place.host = a.uri.host;
	place.port = a.uri.port ? a.uri.port : slice_ieq(transport, SL("tls")) ? 5061 : 5060;
	return place;
}

struct slice leg_uri(struct gateway *g, const struct sip_uri *u)
{
	const struct sip_uri bare = {.scheme = SIP_SCHEME_SIP,
		.scheme_name = SL("sip"),
		.user = u->user,
		.host = u->host,
		.host_kind = u->host_kind};
	struct buf b = {0};
	struct slice s;

	sip_uri_print(&b, &bare);
	s = arena_slice(&g->scratch, buf_slice(&b));
	buf_done(&b);
	return s;
}
