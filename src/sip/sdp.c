#include "sip/sdp.h"

#include <assert.h>

#include "base/mem.h"
#include "sip/grammar.h"

/* token of RFC 8866 9 has a little more than that of RFC 3261. */
static bool is_token_char(char c)
{
	return g_is(c, G_TOKEN) || memchr("#$&^{|}", c, 7);
}

static bool is_token(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_token_char(s.p[i]))
			return false;
	return s.n > 0;
}

static bool is_digits(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_digit(s.p[i]))
			return false;
	return s.n > 0;
}

bool sdp_word(struct slice *rest, struct slice *ret)
{
	struct slice s = *rest;
	size_t end;

	while (s.n && *s.p == ' ')
		s = slice_from(s, 1);
	end = slice_find(s, ' ');
	*ret = slice_cut(s, end);
	*rest = slice_from(s, end);
	return ret->n > 0;
}

/* ---- lines: each reads the value of one; a static text says what is wrong with it ---- */

struct reading {
	struct sdp *sdp;
	struct sdp_media *media; /* the one in hand; NULL: of the session */
	unsigned seen;           /* letters that came in this part, as bits */
};

static const char *read_version(struct reading *r, struct slice s)
{
	return slice_eqz(s, "0") ? NULL : "v= is not 0";
}

static const char bad_address[] = "an address that is none, or not of the kind named before it";

/* nettype addrtype address, after which nothing comes. */
static const char *read_address(struct slice s, struct sdp_conn *ret)
{
	struct slice net, type, address;
	struct sdp_conn c;

	if (!sdp_word(&s, &net) || !sdp_word(&s, &type) || !sdp_word(&s, &address) ||
		sdp_word(&s, &(struct slice){0}) || !is_token(net) || !is_token(type))
		return "not a network, a kind of address and an address";
	c = (struct sdp_conn){SIP_HOST_NONE, slice_cut(address, slice_find(address, '/'))};
	if (slice_ieq(net, SL("IN")) &&
		(slice_ieq(type, SL("IP4")) || slice_ieq(type, SL("IP6")))) {
		c.kind = sip_host_kind(c.host);
		if (c.kind == SIP_HOST_NONE || slice_starts(c.host, SL("[")) ||
			(c.kind == SIP_HOST_IPV6 && slice_ieq(type, SL("IP4"))) ||
			(c.kind == SIP_HOST_IPV4 && slice_ieq(type, SL("IP6"))))
			return bad_address;
	}
	*ret = c;
	return NULL;
}

/* o=user id version, and an address that says where the id was made and nothing else (5.2). */
static const char *read_origin(struct reading *r, struct slice s)
{
	struct sdp *d = r->sdp;
	struct sdp_conn made_at;

	if (!sdp_word(&s, &d->user) || !sdp_word(&s, &d->id) || !sdp_word(&s, &d->version) ||
		!is_digits(d->id) || !is_digits(d->version))
		return "o= is not a name and two numbers";
	return read_address(s, &made_at);
}

static const char *read_name(struct reading *r, struct slice s)
{
	r->sdp->name = s;
	return NULL;
}

/* A medium may have several, for several groups; the first one counts (5.7). */
static const char *read_conn(struct reading *r, struct slice s)
{
	struct sdp_conn *at = r->media ? &r->media->conn : &r->sdp->conn, more;

	return read_address(s, at->host.p ? &more : at);
}

/* Start and end, in seconds since 1900 or 0; any number of digits (5.9). */
static const char *read_time(struct reading *r, struct slice s)
{
	struct slice from, to;

	if (!sdp_word(&s, &from) || !sdp_word(&s, &to) || sdp_word(&s, &(struct slice){0}) ||
		!is_digits(from) || !is_digits(to))
		return "t= is not two numbers";
	return NULL;
}

static const char *skip_value(struct reading *r, struct slice s)
{
	return NULL;
}

static const char *read_attr(struct reading *r, struct slice s)
{
	size_t colon = slice_find(s, ':');
	struct sdp_attr a = {slice_cut(s, colon), SL_NONE};

	if (!is_token(a.name))
		return "a= without a name";
	if (colon < s.n)
		a.value = slice_from(s, colon + 1);
	if (r->sdp->n_attrs == SDP_MAX_ATTRS)
		return "too many attributes";
	r->sdp->attrs[r->sdp->n_attrs++] = a;
	if (r->media)
		r->media->n_attrs++;
	else
		r->sdp->n_session_attrs++;
	return NULL;
}

static bool is_proto(struct slice s)
{
	struct slice part;

	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '/' && (i == 0 || i + 1 == s.n || s.p[i + 1] == '/'))
			return false;
	while (slice_split(&s, '/', &part))
		if (!is_token(part))
			return false;
	return true;
}

/* port, or port/how-many */
static int read_port(struct slice s, uint16_t *ret)
{
	size_t slash = slice_find(s, '/');
	uint64_t port, count = 1;

	if (slice_u64(slice_cut(s, slash), 65535, &port) < 0 ||
		(slash < s.n && (slice_u64(slice_from(s, slash + 1), 65535, &count) < 0 || !count)))
		return -1;
	*ret = (uint16_t)port;
	return 0;
}

/* ---- the description ---- */

static const char *read_media(struct reading *r, struct slice s);

enum {
	IN_SESSION = 1,
	IN_MEDIA = 2,
	ONCE = 4,
	NEEDED = 8,
};

/* The letters of RFC 8866 9. */
/* clang-format off */
static const struct {
	char letter;
	uint8_t place;
	const char *(*read)(struct reading *r, struct slice value);
	const char *missing;
} lines[] = {
	{'v', IN_SESSION | ONCE | NEEDED, read_version, "there is no v="},
	{'o', IN_SESSION | ONCE | NEEDED, read_origin, "there is no o="},
	{'s', IN_SESSION | ONCE | NEEDED, read_name, "there is no s="},
	{'t', IN_SESSION | NEEDED, read_time, "there is no t="},
	{'c', IN_SESSION | IN_MEDIA, read_conn, NULL},
	{'a', IN_SESSION | IN_MEDIA, read_attr, NULL},
	{'m', IN_SESSION | IN_MEDIA, read_media, NULL},
	{'i', IN_SESSION | IN_MEDIA | ONCE, skip_value, NULL},
	{'u', IN_SESSION | ONCE, skip_value, NULL},
	{'e', IN_SESSION, skip_value, NULL},
	{'p', IN_SESSION, skip_value, NULL},
	{'b', IN_SESSION | IN_MEDIA, skip_value, NULL},
	{'r', IN_SESSION, skip_value, NULL},
	{'z', IN_SESSION, skip_value, NULL},
	{'k', IN_SESSION | IN_MEDIA | ONCE, skip_value, NULL},
};
/* clang-format on */

/* What the session should have said before its first medium, or its end. */
static const char *missing(const struct reading *r)
{
	for (unsigned i = 0; i < ARRAY_LEN(lines); i++)
		if ((lines[i].place & NEEDED) && !(r->seen & (1u << i)))
			return lines[i].missing;
	return NULL;
}

static const char *read_media(struct reading *r, struct slice s)
{
	struct sdp *d = r->sdp;
	struct sdp_media m = {.first_attr = (uint16_t)d->n_attrs};
	struct slice port;

	if (!r->media && missing(r))
		return missing(r);
	if (d->n_media == SDP_MAX_MEDIA)
		return "too many media";
	if (!sdp_word(&s, &m.type) || !sdp_word(&s, &port) || !sdp_word(&s, &m.proto) ||
		!is_token(m.type) || !is_proto(m.proto))
		return "m= is not a kind, a port and a protocol";
	if (read_port(port, &m.port) < 0)
		return "m= with a port that is none";
	while (s.n && *s.p == ' ')
		s = slice_from(s, 1);
	if (!s.n)
		return "m= without a format";
	m.formats = s;
	d->media[d->n_media] = m;
	r->media = &d->media[d->n_media++];
	r->seen = 0;
	return NULL;
}

static const char *read_line(struct reading *r, struct slice line)
{
	unsigned i;

	if (line.n < 2 || line.p[1] != '=')
		return "not a letter and '='";
	if (memchr(line.p, 0, line.n) || memchr(line.p, '\r', line.n))
		return "a byte that cannot stand in a line";
	if (!r->seen && !r->media && *line.p != 'v')
		return "the first line is not v=";
	for (i = 0; i < ARRAY_LEN(lines) && lines[i].letter != *line.p;)
		i++;
	if (i == ARRAY_LEN(lines))
		return "a letter that nobody knows";
	if (!(lines[i].place & (r->media ? IN_MEDIA : IN_SESSION)))
		return "a line of the session within a medium";
	if ((lines[i].place & ONCE) && (r->seen & (1u << i)))
		return "a line that may be there once";
	r->seen |= 1u << i;
	return lines[i].read(r, slice_from(line, 2));
}

/* Each medium has an address (5.7), but for those that are refused. */
static const char *settle(struct reading *r)
{
	struct sdp *d = r->sdp;

	if (!r->media && missing(r))
		return missing(r);
	for (unsigned i = 0; i < d->n_media; i++) {
		struct sdp_media *m = &d->media[i];

		if (!m->conn.host.p)
			m->conn = d->conn;
		if (!m->conn.host.p && m->port)
			return "a medium without c=";
	}
	return NULL;
}

int sdp_parse(struct sdp *ret, struct slice text)
{
	struct reading r = {.sdp = ret};
	struct slice line;

	memset(ret, 0, offsetof(struct sdp, media));
	ret->bad = NULL;
	ret->bad_line = 0;
	for (unsigned number = 1; text.n; number++) {
		size_t lf = slice_find(text, '\n');

		line = slice_cut(text, lf);
		text = slice_from(text, lf + 1);
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (!line.n && !text.n)
			break; /* COMPAT: an empty line at the end */
		ret->bad = read_line(&r, line);
		if (ret->bad) {
			ret->bad_line = number;
			return -1;
		}
	}
	ret->bad = settle(&r);
	return ret->bad ? -1 : 0;
}

/* ---- looking at it ---- */

struct slice sdp_attr(const struct sdp *s, const struct sdp_media *m, const char *name)
{
	unsigned first = m ? m->first_attr : 0, n = m ? m->n_attrs : s->n_session_attrs;

	for (unsigned i = first; i < first + n; i++)
		if (slice_eqz(s->attrs[i].name, name))
			return s->attrs[i].value.p ? s->attrs[i].value : SL("");
	return SL_NONE;
}

static int direction_of(const struct sdp *s, const struct sdp_media *m)
{
	static const char *const names[] = {
		[SDP_INACTIVE] = "inactive",
		[SDP_SENDONLY] = "sendonly",
		[SDP_RECVONLY] = "recvonly",
		[SDP_SENDRECV] = "sendrecv",
	};

	for (unsigned i = 0; i < ARRAY_LEN(names); i++)
		if (sdp_attr(s, m, names[i]).p)
			return (int)i;
	return -1;
}

enum sdp_direction sdp_direction(const struct sdp *s, const struct sdp_media *m)
{
	int own = direction_of(s, m), all = own < 0 ? direction_of(s, NULL) : own;

	return all < 0 ? SDP_SENDRECV : (enum sdp_direction)all;
}

bool sdp_accepts(struct slice list, const char *type, const char *subtype)
{
	struct slice item;

	while (sdp_word(&list, &item)) {
		item = slice_cut(item, slice_find(item, ';'));
		size_t slash = slice_find(item, '/');
		struct slice rest = slice_from(item, slash + 1);

		if (slice_eqz(item, "*"))
			return true;
		if (slice_ieq(slice_cut(item, slash), slice_of(type)) &&
			(slice_eqz(rest, "*") || slice_ieq(rest, slice_of(subtype))))
			return true;
	}
	return false;
}

/* ---- writing ---- */

static void put_text(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_chr(out, s.p[i] == '\r' || s.p[i] == '\n' || !s.p[i] ? ' ' : s.p[i]);
}

static void put_token(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_chr(out, is_token_char(s.p[i]) || s.p[i] == '/' ? s.p[i] : '-');
}

static void put_address(struct buf *out, struct slice address)
{
	enum sip_host_kind kind = sip_host_kind(address);

	assert(kind != SIP_HOST_NONE && !slice_starts(address, SL("[")));
	buf_str(out, kind == SIP_HOST_IPV6 ? "IN IP6 " : "IN IP4 ");
	buf_slice_add(out, address);
	buf_str(out, "\r\n");
}

static void put_attr(struct buf *out, const struct sdp_attr *a)
{
	assert(is_token(a->name));
	buf_str(out, "a=");
	buf_slice_add(out, a->name);
	if (a->value.p) {
		buf_chr(out, ':');
		put_text(out, a->value);
	}
	buf_str(out, "\r\n");
}

static void put_media(struct buf *out, const struct sdp_out_media *m)
{
	buf_str(out, "m=");
	put_token(out, m->type);
	buf_printf(out, " %u ", m->port);
	put_token(out, m->proto);
	buf_chr(out, ' ');
	put_text(out, m->formats);
	buf_str(out, "\r\n");
	for (size_t i = 0; i < m->n_attrs; i++)
		put_attr(out, &m->attrs[i]);
}

void sdp_write(struct buf *out, const struct sdp_out *o)
{
	buf_str(out, "v=0\r\no=- ");
	buf_u64(out, o->id);
	buf_chr(out, ' ');
	buf_u64(out, o->version);
	buf_chr(out, ' ');
	put_address(out, o->address);
	buf_str(out, "s=");
	if (o->name.n)
		put_text(out, o->name);
	else
		buf_chr(out, '-');
	buf_str(out, "\r\nc=");
	put_address(out, o->address);
	buf_str(out, "t=0 0\r\n");
	for (size_t i = 0; i < o->n_media; i++)
		put_media(out, &o->media[i]);
}
