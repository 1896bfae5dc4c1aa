#include "gateway/address.h"

#include <string.h>

static int unescape(struct slice *ret, struct arena *a, struct slice s, struct err *e)
{
	struct buf b;
	int r;

	if (!s.p || slice_find(s, '%') == s.n) {
		*ret = s;
		return 0;
	}
	buf_init(&b, 0);
	r = sip_unescape(&b, s);
	if (r == 0)
		*ret = arena_slice(a, buf_slice(&b));
	buf_done(&b);
	return r == 0 ? 0
		      : err_code(e, ERR_INVALID, "bad-percent-escape", NULL,
				"'%%' is not followed by two hexadecimal digits");
}

/* Bytes that are the same in a URI, in a localpart, and in a localpart's canonical form. */
static bool plain_user(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!(s.p[i] >= 'a' && s.p[i] <= 'z') && !ascii_digit(s.p[i]) &&
			!(s.p[i] && strchr("-._~!$()*+,;=?", s.p[i])))
			return false;
	return true;
}

/* The user part as a localpart. JID escaping works on what the percent-escapes stood for. */
static int local_of(struct slice *ret, struct arena *a, struct slice user, struct err *e)
{
	struct slice raw;
	struct buf b;

	if (plain_user(user)) {
		*ret = user;
		return 0;
	}
	if (unescape(&raw, a, user, e) < 0)
		return -1;
	buf_init(&b, 0);
	jid_escape(&b, raw);
	*ret = slice_eq(buf_slice(&b), raw) ? raw : arena_slice(a, buf_slice(&b));
	buf_done(&b);
	return 0;
}

static struct slice device_of(const struct sip_uri *u)
{
	struct slice v;

	if (u->params.n == 0)
		return SL_NONE;
	if (sip_uri_param(u, "gr", &v))
		return v;
	/* COMPAT: Lync, draft-ietf-sip-gruu-10 */
	if (sip_uri_param(u, "gruu", &v) && sip_uri_param(u, "opaque", &v))
		return v;
	return SL_NONE;
}

static struct slice host_of(struct arena *a, const struct sip_uri *u)
{
	if (u->host_kind != SIP_HOST_IPV6)
		return u->host;
	return slice_of(arena_printf(a, "[%.*s]", SLARG(u->host)));
}

int address_uri_to_jid(struct jid *ret, struct arena *a, const struct sip_uri *u,
	struct slice device, struct err *e)
{
	struct slice local, resource;

	if (u->scheme == SIP_SCHEME_OTHER || u->scheme == SIP_SCHEME_TEL)
		return err_code(e, ERR_INVALID, "unsupported-scheme", NULL,
			"'%.*s' is neither sip, sips, im nor pres", SLARG(u->scheme_name));
	if (local_of(&local, a, u->user, e) < 0)
		return -1;
	if (unescape(&resource, a, device.n ? device : device_of(u), e) < 0)
		return -1;
	return jid_make(ret, a, local, host_of(a, u), resource.n ? resource : SL_NONE, e);
}

static bool escapes_ok(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '%' &&
			(i + 2 >= s.n || ascii_hex(s.p[i + 1]) < 0 || ascii_hex(s.p[i + 2]) < 0))
			return false;
	return true;
}

int address_to_jid(struct jid *ret, struct arena *a, struct slice uri, struct err *e)
{
	struct sip_uri u;

	if (!escapes_ok(uri))
		return err_code(e, ERR_INVALID, "bad-percent-escape", NULL,
			"'%%' is not followed by two hexadecimal digits");
	if (sip_uri_parse(uri, &u) < 0)
		return err_code(e, ERR_INVALID, "bad-uri", NULL, "'%.*s' is not a URI", SLARG(uri));
	return address_uri_to_jid(ret, a, &u, SL_NONE, e);
}

static void put_user(struct buf *out, struct slice local)
{
	struct buf b;

	if (slice_find(local, '\\') == local.n) {
		sip_escape(out, SIP_ESC_USER, local);
		return;
	}
	buf_init(&b, 0);
	jid_unescape(&b, local);
	sip_escape(out, SIP_ESC_USER, buf_slice(&b));
	buf_done(&b);
}

void address_to_aor(struct buf *out, struct arena *a, const struct jid *j)
{
	buf_add(out, "sip:", 4);
	if (j->local.p) {
		put_user(out, j->local);
		buf_chr(out, '@');
	}
	buf_slice_add(out, jid_domain_ascii(a, j));
}

void address_to_sip(struct buf *out, struct arena *a, const struct jid *j)
{
	address_to_aor(out, a, j);
	if (j->resource.p) {
		buf_add(out, ";gr=", 4);
		sip_escape(out, SIP_ESC_PARAM, j->resource);
	}
}

/* [nodeid "@"] host ["/" resid] (RFC 5122 2.2): an authority before it names who asks, not whom. */
static struct slice xmpp_path(struct slice uri)
{
	struct slice path = slice_from(uri, strlen("xmpp:"));

	path = slice_cut(path, slice_find(path, '?'));
	path = slice_cut(path, slice_find(path, '#'));
	if (slice_starts(path, SL("//"))) {
		path = slice_from(path, 2);
		path = slice_from(path, slice_find(path, '/') + 1);
	}
	return path;
}

int address_xmpp_uri_to_jid(struct jid *ret, struct arena *a, struct slice uri, struct err *e)
{
	struct slice path;

	if (!slice_istarts(uri, SL("xmpp:")))
		return address_to_jid(ret, a, uri, e);
	if (unescape(&path, a, xmpp_path(uri), e) < 0)
		return -1;
	return jid_parse(ret, a, path, e);
}

/* What RFC 5122 2.2 leaves raw in all three parts; anything else is safe as an escape. */
static void put_nodeid(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (ascii_alnum(c) || (c && strchr("-._~!$()*+,;=", c)))
			buf_chr(out, c);
		else
			buf_printf(out, "%%%02X", (unsigned char)c);
	}
}

void address_to_xmpp_uri(struct buf *out, const struct jid *j)
{
	buf_str(out, "xmpp:");
	if (j->local.p) {
		put_nodeid(out, j->local);
		buf_chr(out, '@');
	}
	if (j->domain.p[0] == '[')
		buf_slice_add(out, j->domain); /* an IP-literal stands as it is */
	else
		put_nodeid(out, j->domain);
	if (j->resource.p) {
		buf_chr(out, '/');
		put_nodeid(out, j->resource);
	}
}
