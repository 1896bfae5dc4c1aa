/* Settings that name places: domains, hosts, next hops, networks. */

#include <arpa/inet.h>
#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "federation/setting_ops.h"
#include "federation/value.h"
#include "text/idna.h"

/* ---- domains ---- */

/* U+3002, U+FF0E and U+FF61 are dots to whoever types them (UTS 46). */
static bool ends_with_dot(struct slice s)
{
	return slice_ends(s, SL(".")) || slice_ends(s, SL("\xe3\x80\x82")) ||
	       slice_ends(s, SL("\xef\xbc\x8e")) || slice_ends(s, SL("\xef\xbd\xa1"));
}

static bool is_ip(struct slice s)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t addr[16];

	if (s.n > 2 && *s.p == '[' && s.p[s.n - 1] == ']')
		s = slice_cut(slice_from(s, 1), s.n - 2);
	if (!s.n || s.n >= sizeof text)
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	return inet_pton(AF_INET, text, addr) == 1 || inet_pton(AF_INET6, text, addr) == 1;
}

int domain_read(const struct setting *s, struct arena *a, struct slice typed, struct slice *ret,
	struct err *e)
{
	struct slice shown = setting_shown(typed);
	struct err why;

	if (slice_find(typed, '*') < typed.n ||
		slice_contains(typed, SL("\xef\xbc\x8a"))) /* U+FF0A */
		return setting_bad(s, e, "domain_wildcard",
			"'%.*s' has a wildcard; list each domain by its name", SLARG(shown));
	if (ends_with_dot(typed))
		return setting_bad(s, e, "domain_trailing_dot",
			"'%.*s' ends with a dot; right would be the name without it", SLARG(shown));
	if (slice_find(typed, '@') < typed.n)
		return setting_bad(s, e, "domain_syntax",
			"'%.*s' is an address; right would be what stands behind the '@'",
			SLARG(shown));
	if (is_ip(typed))
		return setting_bad(s, e, "domain_is_address",
			"'%.*s' is an IP address; right would be a domain", SLARG(shown));
	if (idna_admin(ret, a, typed, &why) < 0)
		return setting_bad(s, e, "domain_syntax", "'%.*s' is not a domain: %s",
			SLARG(shown), why.text);
	return 0;
}

static void domain_put(struct domain_name *d, struct slice ascii)
{
	struct arena a = {0};
	struct slice unicode = ascii;
	int rc = idna_to_unicode(&unicode, &a, ascii, NULL);

	assert(rc == 0); /* it came out of idna_admin() */
	d->a = slice_dup(ascii);
	d->u = slice_dup(unicode);
	arena_done(&a);
}

static void domain_clear(void *field)
{
	struct domain_name *d = field;

	xfree(d->a);
	xfree(d->u);
	*d = (struct domain_name){0};
}

static int domain_parse(const struct setting *s, void *field, struct slice text, struct err *e)
{
	struct arena a = {0};
	struct slice ascii = SL_NONE;
	int rc = domain_read(s, &a, text, &ascii, e);

	if (rc == 0) {
		domain_clear(field);
		domain_put(field, ascii);
	}
	arena_done(&a);
	return rc;
}

static void domain_format(const struct setting *s, const void *field, struct buf *ret)
{
	const struct domain_name *d = field;

	if (d->a)
		buf_str(ret, d->a);
}

void domain_format_unicode(const void *field, struct buf *ret)
{
	const struct domain_name *d = field;

	if (d->u)
		buf_str(ret, d->u);
}

const struct setting_ops setting_domain = {"string", domain_parse, domain_format, domain_clear};

static int domains_item(const struct setting *s, struct arena *a, struct slice typed,
	struct slice *ret, struct err *e)
{
	return domain_read(s, a, typed, ret, e);
}

static void domains_build(void *field, const struct slice *items, size_t n)
{
	struct domain_list *l = field;

	l->v = n ? xcalloc(n, sizeof *l->v) : NULL;
	l->n = n;
	for (size_t i = 0; i < n; i++)
		domain_put(&l->v[i], items[i]);
}

static void domains_format(const struct setting *s, const void *field, struct buf *ret)
{
	const struct domain_list *l = field;

	for (size_t i = 0; i < l->n; i++) {
		if (i)
			buf_chr(ret, ',');
		buf_str(ret, l->v[i].a);
	}
}

void domains_format_unicode(const void *field, struct buf *ret)
{
	const struct domain_list *l = field;

	for (size_t i = 0; i < l->n; i++) {
		if (i)
			buf_chr(ret, ',');
		buf_str(ret, l->v[i].u);
	}
}

static void domains_clear(void *field)
{
	struct domain_list *l = field;

	for (size_t i = 0; i < l->n; i++)
		domain_clear(&l->v[i]);
	xfree(l->v);
	*l = (struct domain_list){0};
}

const struct setting_ops setting_domains = {
	"array",
	NULL,
	domains_format,
	domains_clear,
	domains_item,
	domains_build,
};

/* ---- addresses ---- */

static void network_print(const struct network *n, struct buf *ret)
{
	bool v4 = network_is_ipv4(n);
	unsigned bits = v4 ? n->bits - NETWORK_MAPPED_BITS : n->bits;
	char text[INET6_ADDRSTRLEN];

	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? n->addr + 12 : n->addr, text, sizeof text);
	buf_str(ret, text);
	if (n->bits != 128)
		buf_printf(ret, "/%u", bits);
}

static bool read_address(struct slice s, struct network *ret)
{
	char text[INET6_ADDRSTRLEN];

	if (!s.n || s.n >= sizeof text)
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	if (inet_pton(AF_INET6, text, ret->addr) == 1) {
		ret->bits = 0;
		return true;
	}
	ret->bits = NETWORK_MAPPED_BITS;
	memcpy(ret->addr, (const uint8_t[12]){[10] = 0xff, [11] = 0xff}, 12);
	return inet_pton(AF_INET, text, ret->addr + 12) == 1;
}

bool network_read_host(struct slice host, struct network *ret)
{
	struct network n = {0};

	if (!read_address(host, &n))
		return false;
	n.bits = 128;
	*ret = n;
	return true;
}

/* "2001:DB8:0::1" is "2001:db8::1"; s is an address (is_ip()). */
static struct slice canonical_ip(struct slice s, struct arena *a)
{
	struct buf text = {0};
	struct network n = {0};
	struct slice ret;

	if (*s.p == '[')
		s = slice_cut(slice_from(s, 1), s.n - 2);
	network_read_host(s, &n);
	network_print(&n, &text);
	ret = arena_slice(a, buf_slice(&text));
	buf_done(&text);
	return ret;
}

/* ---- hosts ---- */

static int bad_host(const struct setting *s, const char *code, struct slice text, struct err *e)
{
	struct buf right = {0};

	setting_range(s, &right);
	setting_bad(s, e, code, "'%.*s' will not do; right would be %.*s",
		SLARG(setting_shown(text)), SLARG(buf_slice(&right)));
	buf_done(&right);
	return -1;
}

/* host, host:port, [v6], [v6]:port; a bare IPv6 address is a host too. */
static void split_port(struct slice text, struct slice *ret_host, struct slice *ret_port)
{
	size_t colon = slice_rfind(text, ':');

	*ret_host = text;
	*ret_port = SL_NONE;
	if (colon == text.n || is_ip(text))
		return;
	*ret_host = slice_cut(text, colon);
	*ret_port = slice_make(text.p + colon + 1, text.n - colon - 1);
}

static int read_host(const struct setting *s, struct arena *a, struct slice host,
	struct slice whole, struct slice *ret, struct err *e)
{
	if (is_ip(host)) {
		*ret = canonical_ip(host, a);
		return 0;
	}
	if (!host.n || ends_with_dot(host) || slice_find(host, '*') < host.n ||
		idna_admin(ret, a, host, NULL) < 0)
		return bad_host(s, "host_syntax", whole, e);
	return 0;
}

static int host_put(const struct setting *s, struct host_port *h, struct slice text,
	struct slice whole, struct err *e)
{
	struct slice host = SL_NONE, port_text;
	struct arena a = {0};
	uint64_t port = 0;
	int rc = -1;

	split_port(text, &host, &port_text);
	if (port_text.p && (slice_u64(port_text, 65535, &port) < 0 || port == 0)) {
		setting_bad(s, e, "port_range", "'%.*s' is not a port; right would be 1 to 65535",
			SLARG(setting_shown(port_text)));
	} else if (read_host(s, &a, host, whole, &host, e) == 0) {
		xfree(h->host);
		h->host = slice_dup(host);
		ascii_lower(h->host, host.n);
		h->port = (uint16_t)port;
		rc = 0;
	}
	arena_done(&a);
	return rc;
}

static int host_parse(const struct setting *s, void *field, struct slice text, struct err *e)
{
	return host_put(s, field, text, text, e);
}

static void host_format(const struct setting *s, const void *field, struct buf *ret)
{
	const struct host_port *h = field;

	if (!h->host)
		return;
	buf_printf(ret, strchr(h->host, ':') ? "[%s]" : "%s", h->host);
	if (h->port)
		buf_printf(ret, ":%u", h->port);
}

static void host_clear(void *field)
{
	struct host_port *h = field;

	xfree(h->host);
	*h = (struct host_port){0};
}

const struct setting_ops setting_host = {"string", host_parse, host_format, host_clear};

/* ---- next hops ---- */

static int next_hop_parse(const struct setting *s, void *field, struct slice text, struct err *e)
{
	struct slice place = slice_from(text, 4);

	if (slice_istarts(text, SL("sips:")))
		return setting_bad(s, e, "uri_needs_tls",
			"sips: is not used here; right would be sip: and transport tls");
	if (!slice_istarts(text, SL("sip:")))
		return bad_host(s, "uri_syntax", text, e);
	if (slice_find(place, ';') < place.n || slice_find(place, '?') < place.n)
		return setting_bad(s, e, "uri_syntax",
			"'%.*s' has parameters; leave them out, transport is a setting of its own",
			SLARG(setting_shown(text)));
	if (slice_find(place, '@') < place.n)
		return setting_bad(s, e, "uri_syntax",
			"'%.*s' names a user; right would be sip:host or sip:host:port",
			SLARG(setting_shown(text)));
	return host_put(s, field, place, text, e);
}

static void next_hop_format(const struct setting *s, const void *field, struct buf *ret)
{
	const struct host_port *h = field;

	if (h->host)
		buf_str(ret, "sip:");
	host_format(s, field, ret);
}

const struct setting_ops setting_next_hop = {"string", next_hop_parse, next_hop_format, host_clear};

/* ---- networks ---- */

/* True when bits behind the prefix had to be cleared. */
static bool clear_host_bits(struct network *n)
{
	bool had = false;

	for (unsigned bit = n->bits; bit < 128; bit++) {
		uint8_t mask = (uint8_t)(0x80 >> bit % 8);

		had |= (n->addr[bit / 8] & mask) != 0;
		n->addr[bit / 8] &= (uint8_t)~mask;
	}
	return had;
}

static int read_network(
	const struct setting *s, struct slice typed, struct network *ret, struct err *e)
{
	size_t slash = slice_find(typed, '/');
	uint64_t bits;

	if (!read_address(slice_cut(typed, slash), ret))
		return bad_host(s, "network_syntax", typed, e);
	if (slash == typed.n)
		bits = 128u - ret->bits;
	else if (slice_u64(slice_from(typed, slash + 1), 128u - ret->bits, &bits) < 0)
		return bad_host(s, "network_syntax", typed, e);
	ret->bits = (uint8_t)(ret->bits + bits);
	return 0;
}

static int networks_item(const struct setting *s, struct arena *a, struct slice typed,
	struct slice *ret, struct err *e)
{
	struct buf text = {0};
	struct network n;
	int rc = 0;

	if (read_network(s, typed, &n, e) < 0)
		return -1;
	if (clear_host_bits(&n)) {
		network_print(&n, &text);
		rc = setting_bad(s, e, "network_host_bits",
			"'%.*s' is an address within a network; right would be %.*s",
			SLARG(setting_shown(typed)), SLARG(buf_slice(&text)));
	} else {
		network_print(&n, &text);
		*ret = arena_slice(a, buf_slice(&text));
	}
	buf_done(&text);
	return rc;
}

static void networks_build(void *field, const struct slice *items, size_t n)
{
	struct network_list *l = field;

	l->v = n ? xcalloc(n, sizeof *l->v) : NULL;
	l->n = n;
	for (size_t i = 0; i < n; i++) {
		int rc = read_network(NULL, items[i], &l->v[i], NULL);

		assert(rc == 0); /* networks_item() made the text */
	}
}

static void networks_format(const struct setting *s, const void *field, struct buf *ret)
{
	const struct network_list *l = field;

	for (size_t i = 0; i < l->n; i++) {
		if (i)
			buf_chr(ret, ',');
		network_print(&l->v[i], ret);
	}
}

static void networks_clear(void *field)
{
	struct network_list *l = field;

	xfree(l->v);
	*l = (struct network_list){0};
}

const struct setting_ops setting_networks = {
	"array",
	NULL,
	networks_format,
	networks_clear,
	networks_item,
	networks_build,
};
