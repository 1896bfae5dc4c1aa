#include "sip/value.h"

#include <time.h>

#include "base/mem.h"
#include "sip/grammar.h"

/* ---- parameters and lists ---- */

/* gen-value (25.1): token, host (with an IPv6 address: brackets, colons) or quoted string. */
static size_t span_value(struct slice s)
{
	size_t i = 0;

	if (s.n && *s.p == '"')
		return g_quoted(s);
	while (i < s.n && (g_is(s.p[i], G_TOKEN) || memchr("[]:", s.p[i], 3)))
		i++;
	return i;
}

int sip_param_next(struct slice *rest, struct sip_param *ret)
{
	struct slice s = g_skip(*rest);
	struct sip_param p = {0};
	size_t n;

	if (!s.n)
		return 0;
	if (!g_take(&s, ';') || !(n = g_span(s, G_TOKEN)))
		return -1;
	p.name = slice_cut(s, n);
	s = slice_from(s, n);
	if (g_take(&s, '=')) {
		if (!(n = span_value(s)))
			return -1;
		p.value = slice_cut(s, n);
		s = slice_from(s, n);
	}
	*rest = s;
	*ret = p;
	return 1;
}

bool sip_param_get(struct slice params, const char *name, struct slice *ret_value)
{
	struct slice want = slice_of(name);
	struct sip_param p;

	while (sip_param_next(&params, &p) > 0)
		if (slice_ieq(p.name, want)) {
			*ret_value = p.value;
			return true;
		}
	return false;
}

bool sip_params_ok(struct slice params)
{
	struct sip_param p;
	int more;

	for (unsigned count = 0; (more = sip_param_next(&params, &p)) > 0; count++)
		if (count == SIP_MAX_PARAMS)
			return false;
	return more == 0;
}

/* Takes one item off *rest, and the comma behind it; false: a quote or bracket is not closed. */
static bool take_item(struct slice *rest, struct slice *ret)
{
	struct slice s = *rest;
	size_t i = 0, n;

	while (i < s.n && s.p[i] != ',') {
		n = 1;
		if (s.p[i] == '"')
			n = g_quoted(slice_from(s, i));
		else if (s.p[i] == '<' && (n = slice_find(slice_from(s, i), '>')) == s.n - i)
			n = 0;
		if (!n)
			return false;
		i += n;
	}
	*ret = g_trim(slice_cut(s, i));
	*rest = slice_from(s, i + 1);
	return true;
}

int sip_list_next(struct slice *rest, struct slice *ret_item)
{
	struct slice item;

	while (rest->n) {
		if (!take_item(rest, &item))
			return -1;
		if (!item.n)
			continue;
		*ret_item = item;
		return 1;
	}
	return 0;
}

/* ---- strings and tokens ---- */

void sip_unquote(struct buf *out, struct slice s)
{
	if (!s.n || g_quoted(s) != s.n) {
		buf_slice_add(out, s);
		return;
	}
	for (size_t i = 1; i + 1 < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		buf_chr(out, s.p[i]);
	}
}

void sip_quote(struct buf *out, struct slice s)
{
	buf_chr(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '"' || c == '\\')
			buf_chr(out, '\\');
		buf_chr(out, c == '\r' || c == '\n' || c == 0 ? ' ' : c);
	}
	buf_chr(out, '"');
}

bool sip_is_token(struct slice s)
{
	return s.n && g_span(s, G_TOKEN) == s.n;
}

bool sip_is_call_id(struct slice s)
{
	size_t n = g_span(s, G_WORD);
	struct slice host;

	if (!n || n == s.n)
		return n > 0;
	host = slice_from(s, n + 1);
	return s.p[n] == '@' && host.n && g_span(host, G_WORD) == host.n;
}

/* ---- addresses ---- */

/*
 * Length of a display name without quotes. The grammar has tokens and white space. COMPAT:
 * telephones write names with letters beyond ASCII, commas and brackets without quotes (RFC
 * 4475 3.1.2.13 leaves it open).
 */
static size_t span_display(struct slice s)
{
	size_t i = 0;

	while (i < s.n && (g_is(s.p[i], G_TOKEN) || g_space(s.p[i]) ||
				  (unsigned char)s.p[i] >= 0x80 || memchr(",()/", s.p[i], 4)))
		i++;
	return i;
}

/* "display <uri>": leaves *s behind the '>'. 0: it is an address without brackets; -1: broken. */
static int take_bracketed(struct slice *s, struct sip_addr *a)
{
	size_t n = s->n && *s->p == '"' ? g_quoted(*s) : span_display(*s);
	struct slice display = g_trim(slice_cut(*s, n)), rest = g_skip(slice_from(*s, n));
	size_t end = slice_find(rest, '>');

	if (!rest.n || *rest.p != '<')
		return n && *s->p == '"' ? -1 : 0;
	if (end == rest.n || sip_uri_parse(slice_make(rest.p + 1, end - 1), &a->uri) < 0)
		return -1;
	a->display = display.n ? display : SL_NONE;
	a->bracketed = true;
	*s = slice_from(rest, end + 1);
	return 1;
}

/* 20.10: without brackets, what follows the first ';' belongs to the field, and '?' cannot stand
 * there. */
static int take_bare(struct slice *s, struct sip_addr *a)
{
	size_t n = 0;

	while (n < s->n && s->p[n] != ';' && !g_space(s->p[n])) {
		if (s->p[n] == '?' || s->p[n] == ',')
			return -1;
		n++;
	}
	if (sip_uri_parse(slice_cut(*s, n), &a->uri) < 0)
		return -1;
	*s = slice_from(*s, n);
	return 0;
}

static int read_addr_params(struct sip_addr *a)
{
	struct slice rest = a->params;
	struct sip_param p;
	unsigned count = 0;
	int more;

	while ((more = sip_param_next(&rest, &p)) > 0) {
		if (++count > SIP_MAX_PARAMS)
			return -1;
		if (p.name.n != 3 || !slice_ieq(p.name, SL("tag")))
			continue;
		if (a->tag.p || !sip_is_token(p.value))
			return -1;
		a->tag = p.value;
	}
	return more;
}

int sip_addr_parse(struct slice s, struct sip_addr *ret)
{
	struct sip_addr a = {0};
	int bracketed;

	s = g_trim(s);
	bracketed = take_bracketed(&s, &a);
	if (bracketed < 0 || (!bracketed && take_bare(&s, &a) < 0))
		return -1;
	a.params = g_skip(s);
	if (read_addr_params(&a) < 0)
		return -1;
	*ret = a;
	return 0;
}

/* ---- Via ---- */

static const struct slice transports[] = {
	[SIP_UDP] = {"UDP",  3},
	[SIP_TCP] = {"TCP",  3},
	[SIP_TLS] = {"TLS",  3},
	[SIP_WS] = {"WS",   2},
	[SIP_WSS] = {"WSS",  3},
	[SIP_SCTP] = {"SCTP", 4},
};

const char *sip_transport_name(enum sip_transport t)
{
	return t < ARRAY_LEN(transports) ? transports[t].p : NULL;
}

static struct slice take_token(struct slice *s)
{
	size_t n = g_span(*s, G_TOKEN);
	struct slice token = slice_cut(*s, n);

	*s = slice_from(*s, n);
	return token;
}

/*
 * sent-protocol: name, version, transport. The version may be another one: the start line says what
 * the message is, and a response to it must find its way (RFC 4475 3.1.2.16).
 */
static int take_protocol(struct slice *s, struct sip_via *v)
{
	struct slice name;

	if (slice_istarts(*s, SL("SIP/2.0/UDP "))) { /* nearly always */
		v->transport = SIP_UDP;
		*s = g_skip(slice_from(*s, 12));
		return 0;
	}
	if (!slice_ieq(take_token(s), SL("SIP")) || !g_take(s, '/') || !take_token(s).n ||
		!g_take(s, '/'))
		return -1;
	name = take_token(s);
	v->transport = SIP_TRANSPORT_OTHER;
	for (unsigned i = 0; i < ARRAY_LEN(transports); i++)
		if (slice_ieq(name, transports[i]))
			v->transport = (enum sip_transport)i;
	if (!name.n || !s->n || !g_space(*s->p))
		return -1;
	*s = g_skip(*s);
	return 0;
}

static int take_sent_by(struct slice *s, struct sip_via *v)
{
	const char *start = s->p;
	size_t n = s->n && *s->p == '[' ? slice_find(*s, ']') + 1 : g_span(*s, G_HOST);
	struct slice host = slice_cut(*s, n);
	uint64_t port = 0;

	v->sent_by = host;
	*s = slice_from(*s, n);
	if (g_take(s, ':')) {
		for (n = 0; n < s->n && ascii_digit(s->p[n]);)
			n++;
		if (slice_u64(slice_cut(*s, n), 65535, &port) < 0 || !port)
			return -1;
		v->sent_by.n = (size_t)(s->p + n - start);
		*s = slice_from(*s, n);
	}
	v->port = (uint16_t)port;
	if (sip_host_kind(host) == SIP_HOST_NONE)
		return -1;
	if (slice_starts(host, SL("[")))
		host = slice_make(host.p + 1, host.n - 2);
	v->host = host;
	return 0;
}

/* A parameter that may stand there once, with a value. */
static int set_once(struct slice *at, struct slice value, bool ok)
{
	if (at->p || !ok)
		return -1;
	*at = value;
	return 0;
}

static int read_via_param(struct sip_via *v, const struct sip_param *p)
{
	uint64_t port;

	if (slice_ieq(p->name, SL("branch")))
		return set_once(&v->branch, p->value, sip_is_token(p->value));
	if (slice_ieq(p->name, SL("received")))
		return set_once(&v->received, p->value, sip_host_kind(p->value) != SIP_HOST_NONE);
	if (slice_ieq(p->name, SL("maddr")))
		return set_once(&v->maddr, p->value, sip_host_kind(p->value) != SIP_HOST_NONE);
	if (!slice_ieq(p->name, SL("rport")))
		return 0;
	if (v->rport || (p->value.p && (slice_u64(p->value, 65535, &port) < 0 || !port)))
		return -1;
	v->rport = true;
	v->rport_value = p->value.p ? (uint16_t)port : 0;
	return 0;
}

int sip_via_next(struct slice *rest, struct sip_via *ret)
{
	struct slice s = *rest;
	struct sip_via v = {.text = s};
	struct sip_param p;
	unsigned count = 0;

	if (take_protocol(&s, &v) < 0 || take_sent_by(&s, &v) < 0)
		return -1;
	v.params = slice_make(s.p, 0);
	while ((s = g_skip(s)).n && *s.p != ',') {
		if (sip_param_next(&s, &p) <= 0 || ++count > SIP_MAX_PARAMS ||
			read_via_param(&v, &p) < 0)
			return -1;
		v.params.n = (size_t)(s.p - v.params.p);
	}
	v.text.n = (size_t)(v.params.p + v.params.n - v.text.p);
	*rest = slice_from(s, 1);
	*ret = v;
	return 0;
}

/* ---- media types, numbers, warnings ---- */

int sip_media_parse(struct slice s, struct sip_media *ret)
{
	struct sip_media m;

	s = g_skip(s);
	m.type = take_token(&s);
	if (!m.type.n || !g_take(&s, '/'))
		return -1;
	m.subtype = take_token(&s);
	m.params = g_skip(s);
	if (!m.subtype.n || !sip_params_ok(m.params))
		return -1;
	*ret = m;
	return 0;
}

bool sip_media_is(const struct sip_media *m, const char *type, const char *subtype)
{
	return slice_ieq(m->type, slice_of(type)) && slice_ieq(m->subtype, slice_of(subtype));
}

int sip_seconds_parse(struct slice s, uint32_t *ret)
{
	uint64_t v;

	s = g_trim(s);
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_digit(s.p[i]))
			return -1;
	if (!s.n)
		return -1;
	*ret = slice_u64(s, UINT32_MAX, &v) < 0 ? UINT32_MAX : (uint32_t)v;
	return 0;
}

int sip_retry_after_parse(struct slice s, uint32_t *ret)
{
	size_t n = 0;

	s = g_skip(s);
	while (n < s.n && ascii_digit(s.p[n]))
		n++;
	if (n < s.n && !g_space(s.p[n]) && s.p[n] != '(' && s.p[n] != ';')
		return -1;
	return sip_seconds_parse(slice_cut(s, n), ret);
}

int sip_warning_parse(struct slice s, struct sip_warning *ret)
{
	struct sip_warning w;
	uint64_t code;
	size_t n;

	s = g_trim(s);
	if (slice_u64(slice_cut(s, 3), 999, &code) < 0 || code < 100 || s.n < 4 || !g_space(s.p[3]))
		return -1;
	s = g_skip(slice_from(s, 3));
	for (n = 0; n < s.n && !g_space(s.p[n]);)
		n++;
	w.code = (unsigned)code;
	w.agent = slice_cut(s, n);
	w.text = g_skip(slice_from(s, n));
	if (!n || !w.text.n || g_quoted(w.text) != w.text.n)
		return -1;
	*ret = w;
	return 0;
}

/* ---- dates (20.17: RFC 1123 form, GMT) ---- */

static const char days[] = "SunMonTueWedThuFriSat";
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

static int find3(const char *names, struct slice s)
{
	for (int i = 0; names[i * 3]; i++)
		if (slice_ieq(s, slice_make(names + i * 3, 3)))
			return i;
	return -1;
}

/* The digits p[at .. at + n), or -1. */
static int digits(struct slice s, size_t at, size_t n)
{
	uint64_t v;

	return slice_u64(slice_cut(slice_from(s, at), n), 9999, &v) < 0 ? -1 : (int)v;
}

int sip_date_parse(struct slice s, uint64_t *ret)
{
	static const char form[] = "___, __ ___ ____ __:__:__ GMT";
	struct tm t = {0};

	s = g_trim(s);
	if (s.n != sizeof form - 1)
		return -1;
	for (size_t i = 0; i < s.n; i++)
		if (form[i] != '_' && form[i] != s.p[i])
			return -1;
	t.tm_mday = digits(s, 5, 2);
	t.tm_mon = find3(months, slice_make(s.p + 8, 3));
	t.tm_year = digits(s, 12, 4) - 1900;
	t.tm_hour = digits(s, 17, 2);
	t.tm_min = digits(s, 20, 2);
	t.tm_sec = digits(s, 23, 2);
	if (find3(days, slice_make(s.p, 3)) < 0 || t.tm_mon < 0 || t.tm_year < 70 ||
		t.tm_mday < 1 || t.tm_mday > 31 || t.tm_hour < 0 || t.tm_hour > 23 ||
		t.tm_min < 0 || t.tm_min > 59 || t.tm_sec < 0 || t.tm_sec > 60)
		return -1;
	*ret = (uint64_t)timegm(&t);
	return 0;
}

void sip_date_write(struct buf *out, uint64_t seconds)
{
	time_t at = (time_t)seconds;
	struct tm t;

	gmtime_r(&at, &t);
	buf_printf(out, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", days + t.tm_wday * 3, t.tm_mday,
		months + t.tm_mon * 3, t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}
