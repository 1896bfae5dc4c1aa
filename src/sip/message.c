#include "sip/message.h"

#include "sip/grammar.h"

/* The first thing found wrong is what is told. */
static void bad(struct sip_msg *m, unsigned status, const char *what)
{
	if (m->bad)
		return;
	m->bad_status = status;
	m->bad = what;
}

/* ---- lines ---- */

/*
 * Takes a line off [*p, end) without its line break: CRLF, or LF alone (COMPAT: as other stacks
 * do). A CR elsewhere in it is made a space, so that no part of the message, put into another, can
 * begin a line there. False: no line break is left.
 */
static bool take_line(struct sip_msg *m, char **p, char *end, struct slice *ret)
{
	char *start = *p, *lf = memchr(start, '\n', (size_t)(end - start)), *stop, *cr;

	if (!lf)
		return false;
	stop = lf > start && lf[-1] == '\r' ? lf - 1 : lf;
	while ((cr = memchr(start, '\r', (size_t)(stop - start)))) {
		*cr = ' ';
		bad(m, 400, "Bad Line Break");
	}
	*p = lf + 1;
	*ret = slice_make(start, (size_t)(stop - start));
	return true;
}

/* As take_line(), with the lines that continue it (7.3.1: folding is white space). */
static bool take_folded(struct sip_msg *m, char **p, char *end, struct slice *ret)
{
	struct slice more;

	if (!take_line(m, p, end, ret))
		return false;
	while (ret->n && *p < end && g_space(**p)) {
		char *gap = (char *)ret->p + ret->n;

		while (gap < *p)
			*gap++ = ' ';
		if (!take_line(m, p, end, &more))
			return false;
		ret->n = (size_t)(more.p + more.n - ret->p);
	}
	return true;
}

/* ---- start line ---- */

/* 1: SIP/2.0; 0: another version of SIP; -1: something else. Any case (7.1). */
static int version(struct slice s)
{
	if (slice_ieq(s, SL("SIP/2.0")))
		return 1;
	if (!slice_istarts(s, SL("SIP/")))
		return -1;
	s = slice_from(s, 4);
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_digit(s.p[i]) && s.p[i] != '.')
			return -1;
	return s.n ? 0 : -1;
}

static void read_ruri(struct sip_msg *m)
{
	if (sip_uri_parse(m->ruri_text, &m->ruri) < 0)
		bad(m, 400, "Bad Request-URI");
	else if (m->ruri.headers.p)
		bad(m, 400, "Header Fields in Request-URI"); /* 19.1.1 table 1 */
}

/* Method SP Request-URI SP SIP-Version; single spaces (RFC 4475 3.1.2.8 to 3.1.2.10). */
static void read_request_line(struct sip_msg *m, struct slice line)
{
	size_t first = slice_find(line, ' '), last = slice_rfind(line, ' ');
	int v = version(slice_from(line, last + 1));

	m->request = true;
	m->method_name = slice_cut(line, first);
	m->method = sip_method_find(m->method_name);
	if (first < last)
		m->ruri_text = slice_make(line.p + first + 1, last - first - 1);
	if (v == 0)
		bad(m, 505, "Version Not Supported");
	if (v < 0 || !m->ruri_text.n || !sip_is_token(m->method_name))
		bad(m, 400, "Bad Request-Line");
	else
		read_ruri(m);
}

/* SIP-Version SP Status-Code SP Reason-Phrase. COMPAT: the last space may be missing. */
static void read_status_line(struct sip_msg *m, struct slice line)
{
	struct slice code = slice_cut(slice_from(line, 8), 3);
	uint64_t status;

	if (version(slice_cut(line, 7)) != 1 || line.n < 11 || line.p[7] != ' ' ||
		slice_u64(code, 699, &status) < 0 || status < 100 ||
		(line.n > 11 && line.p[11] != ' ')) {
		bad(m, 400, "Bad Status-Line");
		return;
	}
	m->status = (unsigned)status;
	m->reason = slice_from(line, 12);
}

/* ---- header fields ---- */

static void add_field(struct sip_msg *m, enum sip_header id, struct slice name, struct slice value)
{
	struct sip_field *f = &m->fields[m->n_fields++];

	f->name = name;
	f->value = value;
	f->id = (uint8_t)id;
	f->next = 0;
	if (id == SIP_H_OTHER)
		return;
	if (m->first[id])
		m->fields[m->last[id] - 1].next = (uint16_t)m->n_fields;
	else
		m->first[id] = (uint16_t)m->n_fields;
	m->last[id] = (uint16_t)m->n_fields;
}

static void read_field(struct sip_msg *m, struct slice line)
{
	size_t colon = slice_find(line, ':');
	struct slice name = g_trim(slice_cut(line, colon));
	enum sip_header id = sip_header_find(name);

	if (colon == line.n || (id == SIP_H_OTHER && !sip_is_token(name)) || name.p != line.p)
		bad(m, 400, "Bad Header Field");
	else if (m->n_fields == SIP_MAX_HEADERS)
		bad(m, 400, "Too Many Header Fields");
	else
		add_field(m, id, name, g_trim(slice_from(line, colon + 1)));
}

/* All header fields up to the empty line; leaves *p at the body. */
static void read_fields(struct sip_msg *m, char **p, char *end)
{
	struct slice line;

	while (take_folded(m, p, end, &line)) {
		if (!line.n)
			return;
		read_field(m, line);
	}
	bad(m, 400, "Missing Empty Line");
	*p = end;
}

/* ---- the fields every message has ---- */

/* The only value of a field; absent, and told, when it is missing or there twice. */
static struct slice only(
	struct sip_msg *m, enum sip_header h, const char *missing, const char *multiple)
{
	if (m->first[h] != m->last[h])
		bad(m, 400, multiple);
	if (!m->first[h] && missing)
		bad(m, 400, missing);
	return sip_msg_get(m, h);
}

static void read_addresses(struct sip_msg *m)
{
	struct slice from = only(m, SIP_H_FROM, "Missing From", "Multiple From");
	struct slice to = only(m, SIP_H_TO, "Missing To", "Multiple To");

	if (from.p && sip_addr_parse(from, &m->from) < 0)
		bad(m, 400, "Bad From");
	if (to.p && sip_addr_parse(to, &m->to) < 0)
		bad(m, 400, "Bad To");
}

static void read_call_id(struct sip_msg *m)
{
	m->call_id = only(m, SIP_H_CALL_ID, "Missing Call-ID", "Multiple Call-ID");
	if (m->call_id.p && !sip_is_call_id(m->call_id))
		bad(m, 400, "Bad Call-ID");
}

/* 20.16: a 32-bit number and a method, the one of the request line. */
static void read_cseq(struct sip_msg *m)
{
	struct slice s = only(m, SIP_H_CSEQ, "Missing CSeq", "Multiple CSeq"), method;
	uint64_t number;
	size_t n = 0;

	if (!s.p)
		return;
	while (n < s.n && ascii_digit(s.p[n]))
		n++;
	method = g_skip(slice_from(s, n));
	if (slice_u64(slice_cut(s, n), UINT32_MAX, &number) < 0 || method.n + n == s.n ||
		!sip_is_token(method)) {
		bad(m, 400, "Bad CSeq");
		return;
	}
	m->cseq = (uint32_t)number;
	if (!m->request) {
		m->method_name = method;
		m->method = sip_method_find(method);
	} else if (!slice_eq(method, m->method_name)) {
		bad(m, 400, "CSeq Method Mismatch");
	}
}

static void read_max_forwards(struct sip_msg *m)
{
	struct slice s = only(m, SIP_H_MAX_FORWARDS, NULL, "Multiple Max-Forwards");
	uint64_t v;

	m->max_forwards = -1;
	if (!s.p)
		return;
	if (slice_u64(s, 255, &v) < 0)
		bad(m, 400, "Bad Max-Forwards");
	else
		m->max_forwards = (int)v;
}

/* 7.3.1: it is no list. What a body is must not depend on which of two its reader looks at. */
static void read_content_type(struct sip_msg *m)
{
	if (m->request)
		only(m, SIP_H_CONTENT_TYPE, NULL, "Multiple Content-Type");
}

/* 18.3: in a datagram the body may not be shorter than it is said to be; what is longer is cut. */
static void read_body(struct sip_msg *m, struct slice left)
{
	struct slice s = only(m, SIP_H_CONTENT_LENGTH, NULL, "Multiple Content-Length");
	uint64_t length;

	m->body = left;
	if (!s.p)
		return;
	if (slice_u64(s, left.n, &length) < 0)
		bad(m, 400, "Bad Content-Length");
	else
		m->body = slice_cut(left, (size_t)length);
}

/*
 * Without a first Via that says where the message was sent from there is no response. With one
 * whose parameters are broken there is (RFC 4475 3.1.2.1): by UDP it goes to the source address
 * anyway.
 */
static bool read_via(struct sip_msg *m)
{
	struct slice all = sip_msg_get(m, SIP_H_VIA), rest = all;

	if (sip_via_next(&rest, &m->via) == 0)
		return true;
	rest = slice_cut(all, slice_find(all, ';'));
	if (sip_via_next(&rest, &m->via) < 0) {
		m->bad = all.p ? "Bad Via" : "Missing Via";
		return false;
	}
	bad(m, 400, "Bad Via");
	return true;
}

static void read_start_line(struct sip_msg *m, struct slice line)
{
	if (slice_istarts(line, SL("SIP/")))
		read_status_line(m, line);
	else
		read_request_line(m, line);
}

/* What is wrong with a response or an ACK cannot be told to anybody (17.1.1.3, 18.1.2). */
static enum sip_parsed verdict(const struct sip_msg *m)
{
	if (!m->bad)
		return SIP_GOOD;
	return m->request && m->method != SIP_ACK ? SIP_BAD : SIP_DROP;
}

enum sip_parsed sip_msg_parse(struct sip_msg *m, char *p, size_t n)
{
	char *end = p + n;
	struct slice line;

	memset(m, 0, offsetof(struct sip_msg, fields));
	m->body = SL("");
	while (p < end && (*p == '\r' || *p == '\n'))
		p++;
	if (p == end || n > SIP_MAX_MESSAGE || !take_line(m, &p, end, &line)) {
		m->bad = p == end ? "keep-alive" : n > SIP_MAX_MESSAGE ? "too long" : "no line";
		return SIP_DROP;
	}
	read_start_line(m, line);
	read_fields(m, &p, end);
	if (!read_via(m))
		return SIP_DROP;
	read_addresses(m);
	read_call_id(m);
	read_cseq(m);
	read_max_forwards(m);
	read_content_type(m);
	read_body(m, slice_make(p, (size_t)(end - p)));
	return verdict(m);
}

/* ---- looking at it ---- */

struct slice sip_msg_get_name(const struct sip_msg *m, const char *name)
{
	struct slice want = slice_of(name);

	for (unsigned i = 0; i < m->n_fields; i++)
		if (slice_ieq(m->fields[i].name, want))
			return m->fields[i].value;
	return SL_NONE;
}

struct sip_items sip_msg_items(const struct sip_msg *m, enum sip_header h)
{
	return (struct sip_items){.m = m, .next = m->first[h]};
}

int sip_items_next(struct sip_items *it, struct slice *ret)
{
	for (;;) {
		int more = sip_list_next(&it->rest, ret);

		if (more || !it->next)
			return more;
		it->rest = it->m->fields[it->next - 1].value;
		it->next = it->m->fields[it->next - 1].next;
	}
}

bool sip_msg_has(const struct sip_msg *m, enum sip_header h, const char *token)
{
	struct sip_items it = sip_msg_items(m, h);
	struct slice item, want = slice_of(token);

	while (sip_items_next(&it, &item) > 0)
		if (slice_ieq(item, want))
			return true;
	return false;
}
