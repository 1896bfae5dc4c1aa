#include "xml/reader.h"

#include <assert.h>
#include <expat.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "xml/chars.h"
#include "xml/names.h"

enum {
	PIECE = 16384,    /* what expat is given at once, at most */
	RECYCLE = 262144, /* bytes after which expat's memory of names is cleared */
	KEEP = 32768      /* storage of a buffer that is kept when it is empty */
};

enum where { BEFORE_ROOT, BETWEEN, INSIDE };

/* An attribute of the start tag at hand; its strings are expat's. */
struct raw_attr {
	struct slice prefix, local, value;
};

struct xml_reader {
	XML_Parser expat;
	struct xml_limits lim;
	struct buf in;  /* fed, not yet given to expat */
	size_t given;   /* to expat, in this document or since it was recycled */
	bool suspended; /* expat stands behind an event */
	bool over;      /* CLOSE or FAULT was told */

	enum where where;
	bool spaced;
	struct xml_names names;
	struct arena doc; /* the root and what it declares */
	struct xml_elem *root;

	/* the first-level element being read */
	struct arena arena;
	struct xml_elem *cur;
	size_t start; /* index of its < */
	unsigned depth, elems;
	unsigned *declared; /* per depth: how many namespaces */
	struct buf text;    /* the run of text being read */
	struct raw_attr *raw;

	/* events that wait to be told, in this order */
	struct slice default_ns;
	size_t event_size;
	struct xml_elem *done;
	bool opened, closed;
	enum xml_fault fault;
	const char *why;

	size_t budget;
	const char *budget_why;
};

static size_t or_default(size_t given, size_t normal)
{
	return given ? given : normal;
}

static struct xml_limits with_defaults(const struct xml_limits *l)
{
	struct xml_limits r = {
		.stanza = or_default(l->stanza, 262144),
		.header = or_default(l->header, 8192),
		.tag = or_default(l->tag, PIECE),
		.text = or_default(l->text, 262144),
		.depth = (unsigned)or_default(l->depth, 32),
		.elems = (unsigned)or_default(l->elems, 16384),
		.attrs = (unsigned)or_default(l->attrs, 64),
		.ns_decls = (unsigned)or_default(l->ns_decls, 64),
		.name = or_default(l->name, 1024),
		.uri = or_default(l->uri, 1024),
	};

	/* Pieces of 16 KiB are what lets a token be judged the same however it was split. */
	assert(r.tag <= PIECE && r.stanza >= 10000);
	return r;
}

static void set_fault(struct xml_reader *r, enum xml_fault fault, const char *why)
{
	if (r->fault)
		return;
	r->fault = fault;
	r->why = why;
}

/* In a handler: also stops expat. */
static void fail(struct xml_reader *r, enum xml_fault fault, const char *why)
{
	set_fault(r, fault, why);
	XML_StopParser(r->expat, XML_FALSE);
}

/* ---- positions: bytes of the document since it began or was recycled ---- */

static size_t token_start(const struct xml_reader *r)
{
	XML_Index i = XML_GetCurrentByteIndex(r->expat);

	return i < 0 ? 0 : (size_t)i;
}

static size_t token_end(const struct xml_reader *r)
{
	return token_start(r) + (size_t)XML_GetCurrentByteCount(r->expat);
}

/* ---- start tags ---- */

/*
 * Splits the attributes into declarations, which take effect, and the others, which go to r->raw.
 * Strings a declaration needs are kept in a.
 */
static bool declare(struct xml_reader *r, struct slice prefix, struct slice uri, struct arena *a)
{
	const char *wrong;
	bool full;

	if (uri.n > r->lim.uri) {
		fail(r, XML_FAULT_LIMIT, "a namespace name is too long");
		return false;
	}
	prefix = prefix.n ? arena_slice(a, prefix) : SL("");
	wrong = xml_names_push(&r->names, prefix, arena_slice(a, uri), &full);
	if (wrong)
		fail(r, XML_FAULT_NOT_WELL_FORMED, wrong);
	else if (full)
		fail(r, XML_FAULT_LIMIT, "too many namespace declarations");
	return !wrong && !full;
}

static bool take_attr(struct xml_reader *r, const char *name, const char *value, struct arena *a,
	unsigned *n_raw, unsigned *n_decl)
{
	struct slice qname = slice_of(name), prefix, local;

	if (qname.n > r->lim.name) {
		fail(r, XML_FAULT_LIMIT, "a name is too long");
		return false;
	}
	if (!xml_names_split(qname, &prefix, &local)) {
		fail(r, XML_FAULT_NOT_WELL_FORMED, "an attribute's name has a colon out of place");
		return false;
	}
	if (slice_eq(prefix, SL("xmlns")) || slice_eq(qname, SL("xmlns"))) {
		++*n_decl;
		return declare(r, prefix.n ? local : SL(""), slice_of(value), a);
	}
	r->raw[(*n_raw)++] = (struct raw_attr){prefix, local, slice_of(value)};
	return true;
}

static bool take_attrs(struct xml_reader *r, const char **atts, struct arena *a, unsigned *ret_raw,
	unsigned *ret_decl)
{
	unsigned n_raw = 0, n_decl = 0;

	for (unsigned i = 0; atts[2 * i]; i++) {
		if (i == r->lim.attrs) {
			fail(r, XML_FAULT_LIMIT, "too many attributes");
			return false;
		}
		if (!take_attr(r, atts[2 * i], atts[2 * i + 1], a, &n_raw, &n_decl))
			return false;
	}
	*ret_raw = n_raw;
	*ret_decl = n_decl;
	return true;
}

static struct slice put(char **at, struct slice s)
{
	char *p = *at;

	memcpy(p, s.p, s.n);
	*at += s.n;
	return slice_make(p, s.n);
}

static bool has_attr(const struct xml_elem *e, struct slice ns, struct slice name)
{
	for (unsigned i = 0; i < e->n_attrs; i++)
		if (slice_eq(e->attrs[i].ns, ns) && slice_eq(e->attrs[i].name, name))
			return true;
	return false;
}

/* expat has seen to it that no two attributes are written alike; two prefixes may mean the same. */
static bool put_attr(struct xml_reader *r, struct xml_elem *e, const struct raw_attr *raw,
	char **at, struct arena *a)
{
	struct slice ns = SL_NONE;
	bool known = true;

	if (raw->prefix.n) {
		ns = xml_names_get(&r->names, raw->prefix, a, &known);
		if (!known) {
			fail(r, XML_FAULT_NOT_WELL_FORMED, "an attribute's prefix is not declared");
			return false;
		}
		if (has_attr(e, ns, raw->local)) {
			fail(r, XML_FAULT_NOT_WELL_FORMED, "an attribute is there twice");
			return false;
		}
	}
	e->attrs[e->n_attrs++] = (struct xml_attr){ns, put(at, raw->local), put(at, raw->value)};
	return true;
}

/* The element with its attributes and their strings: one piece of memory. */
static struct xml_elem *make_elem(
	struct xml_reader *r, struct slice local, struct slice ns, unsigned n_raw, struct arena *a)
{
	unsigned cap = n_raw + (r->depth == 0); /* room for the stream's xml:lang on a stanza */
	size_t bytes = sizeof(struct xml_elem) + cap * sizeof(struct xml_attr) + local.n;
	struct xml_elem *e;
	char *at;

	for (unsigned i = 0; i < n_raw; i++)
		bytes += r->raw[i].local.n + r->raw[i].value.n;
	e = arena_alloc(a, bytes);
	*e = (struct xml_elem){.ns = ns, .attrs = (struct xml_attr *)(e + 1), .cap_attrs = cap};
	at = (char *)(e->attrs + cap);
	e->name = put(&at, local);
	for (unsigned i = 0; i < n_raw; i++)
		if (!put_attr(r, e, &r->raw[i], &at, a))
			return NULL;
	return e;
}

/* NULL: a fault is set. */
static struct xml_elem *start_tag(struct xml_reader *r, const char *name, const char **atts,
	struct arena *a, unsigned *ret_decl)
{
	struct slice prefix, local, ns;
	unsigned n_raw;
	bool known;

	if (strlen(name) > r->lim.name) {
		fail(r, XML_FAULT_LIMIT, "a name is too long");
		return NULL;
	}
	if (!xml_names_split(slice_of(name), &prefix, &local)) {
		fail(r, XML_FAULT_NOT_WELL_FORMED, "an element's name has a colon out of place");
		return NULL;
	}
	if (!take_attrs(r, atts, a, &n_raw, ret_decl))
		return NULL;
	ns = xml_names_get(&r->names, prefix, a, &known);
	if (!known || slice_eq(prefix, SL("xmlns"))) {
		fail(r, XML_FAULT_NOT_WELL_FORMED, "an element's prefix is not declared");
		return NULL;
	}
	return make_elem(r, local, ns, n_raw, a);
}

static void open_stream(struct xml_reader *r, const char *name, const char **atts)
{
	unsigned n_decl;
	bool known;

	r->root = start_tag(r, name, atts, &r->doc, &n_decl);
	if (!r->root)
		return;
	r->default_ns = xml_names_get(&r->names, SL(""), &r->doc, &known);
	xml_names_set_outer(&r->names);
	r->event_size = token_end(r) - token_start(r);
	r->opened = true;
	r->where = BETWEEN;
	XML_StopParser(r->expat, XML_TRUE);
}

/* One long text or burst must not be paid for ever after. */
static void empty(struct buf *b)
{
	if (b->cap > KEEP)
		buf_done(b);
	else
		buf_reset(b);
}

static void flush_text(struct xml_reader *r)
{
	struct slice text = buf_slice(&r->text);
	struct xml_text *t;
	char *bytes;

	if (!text.n)
		return;
	t = arena_alloc(&r->arena, sizeof *t + text.n);
	bytes = (char *)(t + 1);
	*t = (struct xml_text){.node.is_text = true, .text = put(&bytes, text)};
	if (r->cur->last)
		r->cur->last->next = &t->node;
	else
		r->cur->first = &t->node;
	r->cur->last = &t->node;
	empty(&r->text);
}

static bool room_for_elem(struct xml_reader *r)
{
	if (r->depth == r->lim.depth)
		fail(r, XML_FAULT_LIMIT, "elements are nested too deeply");
	else if (r->elems == r->lim.elems)
		fail(r, XML_FAULT_LIMIT, "too many elements");
	else
		return true;
	return false;
}

static void begin_first_level(struct xml_reader *r)
{
	r->where = INSIDE;
	r->start = token_start(r);
	r->elems = 0;
	xml_names_begin(&r->names);
}

static void XMLCALL on_start(void *arg, const XML_Char *name, const XML_Char **atts)
{
	struct xml_reader *r = arg;
	struct xml_elem *e;
	unsigned n_decl;

	if (r->fault)
		return;
	if (r->where == BEFORE_ROOT) {
		open_stream(r, name, atts);
		return;
	}
	if (r->where == BETWEEN)
		begin_first_level(r);
	else
		flush_text(r);
	if (!room_for_elem(r))
		return;
	e = start_tag(r, name, atts, &r->arena, &n_decl);
	if (!e)
		return;
	if (r->cur)
		xml_append(r->cur, e);
	r->cur = e;
	r->declared[r->depth++] = n_decl;
	r->elems++;
}

/* ---- the rest of the document ---- */

static void end_first_level(struct xml_reader *r, struct xml_elem *e)
{
	r->done = e;
	r->event_size = token_end(r) - r->start;
	r->where = BETWEEN;
	XML_StopParser(r->expat, XML_TRUE);
}

static void XMLCALL on_end(void *arg, const XML_Char *name)
{
	struct xml_reader *r = arg;
	struct xml_elem *e = r->cur;

	(void)name;
	if (r->fault)
		return;
	if (r->where == BETWEEN) {
		r->closed = true;
		return;
	}
	flush_text(r);
	xml_names_pop(&r->names, r->declared[--r->depth]);
	r->cur = e->parent;
	if (!r->cur)
		end_first_level(r, e);
}

static bool is_space(struct slice s)
{
	return slice_trim(s).n == 0;
}

static void XMLCALL on_text(void *arg, const XML_Char *p, int n)
{
	struct xml_reader *r = arg;
	struct slice s = slice_make(p, (size_t)n);

	if (r->fault)
		return;
	if (r->where == INSIDE) {
		if (r->text.n + s.n > r->lim.text)
			fail(r, XML_FAULT_LIMIT, "a text is too long");
		else
			buf_slice_add(&r->text, s);
	} else if (is_space(s)) {
		r->spaced = true;
	} else {
		fail(r, XML_FAULT_STRAY_TEXT, "text outside of any stanza");
	}
}

static void XMLCALL on_comment(void *arg, const XML_Char *text)
{
	(void)text;
	fail(arg, XML_FAULT_RESTRICTED, "a comment");
}

static void XMLCALL on_pi(void *arg, const XML_Char *target, const XML_Char *data)
{
	(void)target;
	(void)data;
	fail(arg, XML_FAULT_RESTRICTED, "a processing instruction");
}

static void XMLCALL on_doctype(void *arg, const XML_Char *name, const XML_Char *sysid,
	const XML_Char *pubid, int has_internal_subset)
{
	(void)name;
	(void)sysid;
	(void)pubid;
	(void)has_internal_subset;
	fail(arg, XML_FAULT_RESTRICTED, "a document type declaration");
}

/* standalone has no meaning here and is ignored (RFC 6120 11.5). */
static void XMLCALL on_xml_decl(
	void *arg, const XML_Char *version, const XML_Char *encoding, int standalone)
{
	(void)version;
	(void)standalone;
	if (encoding && !slice_ieq(slice_of(encoding), SL("utf-8")))
		fail(arg, XML_FAULT_ENCODING,
			"the XML declaration names an encoding other than UTF-8");
}

/*
 * After each create and reset. Reparse deferral would hold back a complete element that came in two
 * reads; the call is linked directly, so that an expat without it does not build.
 */
static void set_up(struct xml_reader *r)
{
	XML_SetReparseDeferralEnabled(r->expat, XML_FALSE);
	XML_SetUserData(r->expat, r);
	XML_SetElementHandler(r->expat, on_start, on_end);
	XML_SetCharacterDataHandler(r->expat, on_text);
	XML_SetCommentHandler(r->expat, on_comment);
	XML_SetProcessingInstructionHandler(r->expat, on_pi);
	XML_SetStartDoctypeDeclHandler(r->expat, on_doctype);
	XML_SetXmlDeclHandler(r->expat, on_xml_decl);
}

struct xml_reader *xml_reader_new(const struct xml_limits *limits)
{
	struct xml_reader *r = xzalloc(sizeof *r);

	r->lim = with_defaults(limits);
	r->expat = XML_ParserCreate("UTF-8");
	if (!r->expat)
		abort(); /* out of memory, as xmalloc() does */
	xml_names_init(&r->names, r->lim.ns_decls);
	r->declared = xcalloc(r->lim.depth, sizeof *r->declared);
	r->raw = xcalloc(r->lim.attrs, sizeof *r->raw);
	r->budget = SIZE_MAX;
	set_up(r);
	return r;
}

void xml_reader_free(struct xml_reader *r)
{
	if (!r)
		return;
	XML_ParserFree(r->expat);
	xml_names_done(&r->names);
	arena_done(&r->doc);
	arena_done(&r->arena);
	buf_done(&r->in);
	buf_done(&r->text);
	free(r->declared);
	free(r->raw);
	free(r);
}

void xml_reader_feed(struct xml_reader *r, struct slice bytes)
{
	if (!r->over && bytes.n)
		buf_slice_add(&r->in, bytes);
}

void xml_reader_budget(struct xml_reader *r, size_t n, const char *why)
{
	r->budget = n;
	r->budget_why = why;
}

/* ---- starting over ---- */

/*
 * Takes back from expat what it was given and has not parsed: what follows the event it stands
 * behind.
 */
static void take_back(struct xml_reader *r)
{
	int offset = 0, size = 0;
	const char *all = XML_GetInputContext(r->expat, &offset, &size);
	size_t rest = r->given - token_end(r);
	struct buf joined = {0};

	assert(r->suspended);
	if (!rest)
		return;
	assert(all && (size_t)size >= rest);
	buf_add(&joined, all + size - rest, rest);
	buf_slice_add(&joined, buf_slice(&r->in));
	buf_done(&r->in);
	r->in = joined;
	if (r->budget != SIZE_MAX)
		r->budget += rest;
}

static void reset_expat(struct xml_reader *r)
{
	XML_ParserReset(r->expat, "UTF-8");
	set_up(r);
	r->given = 0;
	r->suspended = false;
}

void xml_reader_restart(struct xml_reader *r, enum xml_rest rest)
{
	if (rest == XML_REST_KEEP)
		take_back(r);
	else
		buf_reset(&r->in);
	reset_expat(r);
	xml_names_reset(&r->names);
	arena_done(&r->doc);
	arena_done(&r->arena);
	buf_reset(&r->text);
	r->root = r->cur = r->done = NULL;
	r->where = BEFORE_ROOT;
	r->depth = 0;
	r->spaced = r->opened = r->closed = r->over = false;
	r->fault = XML_FAULT_NONE;
}

/*
 * expat keeps every name it has seen until it is reset, and a stream may last for months. Between
 * two elements it can be reset unseen: what is open is the root, whose namespaces are ours.
 */
static void recycle(struct xml_reader *r)
{
	static const char root[] = "<s>";
	enum XML_Status status;

	take_back(r);
	reset_expat(r);
	XML_SetElementHandler(r->expat, NULL, NULL);
	status = XML_Parse(r->expat, root, sizeof root - 1, XML_FALSE);
	assert(status == XML_STATUS_OK);
	XML_SetElementHandler(r->expat, on_start, on_end);
	r->given = sizeof root - 1;
}

/* ---- parsing ---- */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * How many more bytes expat may have before it must have come to the end of what it is in. Never
 * more, so that an error further on cannot be found before the limit is: where the bytes were split
 * does not matter. 0: *ret_why is the limit reached.
 */
static size_t allowance(struct xml_reader *r, const char **ret_why)
{
	size_t begun = r->given - token_start(r), n;

	if (r->where == BEFORE_ROOT) {
		*ret_why = "the stream header is too long";
		n = r->lim.header - r->given;
	} else {
		*ret_why = "a stanza is too long";
		n = r->lim.stanza - (r->where == INSIDE ? r->given - r->start : begun);
	}
	if (n > r->lim.tag - begun) {
		n = r->lim.tag - begun;
		*ret_why = "a tag is too long";
	}
	if (n > r->budget) {
		n = r->budget;
		*ret_why = r->budget_why;
	}
	return n;
}

/* Bytes that begin no UTF-8 text; expat would take them as a hint of another encoding. */
static bool first_bytes_fit(struct xml_reader *r, struct slice s)
{
	for (size_t i = 0; i < s.n && r->given + i < 2; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == 0 || c >= 0xfe)
			set_fault(r, XML_FAULT_ENCODING, "not UTF-8");
		else if (c == 0xef && r->given + i == 0)
			/* U+FEFF is a character, not a mark (RFC 6120 11.6), and none may be here
			 */
			set_fault(r, XML_FAULT_NOT_WELL_FORMED, "text before the stream header");
	}
	return !r->fault;
}

static bool is_bad_utf8(struct slice at)
{
	return at.n && xml_utf8_len((const unsigned char *)at.p, at.n) == 0;
}

/* "<!" followed by one of DOCTYPE, ELEMENT, ATTLIST, ENTITY, NOTATION: nothing else begins so. */
static bool is_dtd(struct slice before, struct slice at)
{
	return slice_ends(before, SL("<!")) && at.n && memchr("DEAN", at.p[0], 4);
}

static void expat_fault(struct xml_reader *r)
{
	enum XML_Error code = XML_GetErrorCode(r->expat);
	int offset = 0, size = 0;
	const char *all = XML_GetInputContext(r->expat, &offset, &size);
	struct slice before = all ? slice_make(all, (size_t)offset) : SL("");
	struct slice at = all ? slice_make(all + offset, (size_t)(size - offset)) : SL("");

	if (code == XML_ERROR_UNDEFINED_ENTITY)
		set_fault(r, XML_FAULT_RESTRICTED, "an entity that is not predefined");
	else if (code == XML_ERROR_INVALID_TOKEN && is_bad_utf8(at))
		set_fault(r, XML_FAULT_ENCODING, "not UTF-8");
	else if (code == XML_ERROR_INVALID_TOKEN && is_dtd(before, at))
		set_fault(r, XML_FAULT_RESTRICTED, "a document type declaration");
	else
		set_fault(r, XML_FAULT_NOT_WELL_FORMED, XML_ErrorString(code));
}

static void parsed(struct xml_reader *r, enum XML_Status status)
{
	r->suspended = status == XML_STATUS_SUSPENDED;
	if (status == XML_STATUS_ERROR)
		expat_fault(r); /* nothing, when a handler has found the fault */
}

static void give(struct xml_reader *r, size_t n)
{
	struct slice piece = slice_cut(buf_slice(&r->in), n);

	if (!first_bytes_fit(r, piece))
		return;
	r->given += n;
	if (r->budget != SIZE_MAX)
		r->budget -= n;
	parsed(r, XML_Parse(r->expat, piece.p, (int)n, XML_FALSE));
	buf_take(&r->in, n);
	if (!r->in.n)
		empty(&r->in);
}

/* False: more bytes are needed. */
static bool advance(struct xml_reader *r)
{
	const char *why;
	size_t n;

	if (r->suspended && r->given >= RECYCLE && r->where == BETWEEN)
		recycle(r);
	if (r->suspended) {
		parsed(r, XML_ResumeParser(r->expat));
		return true;
	}
	if (!r->in.n)
		return false;
	n = least(r->in.n, allowance(r, &why));
	if (n)
		give(r, n);
	else
		set_fault(r, XML_FAULT_LIMIT, why);
	return true;
}

/* ---- events ---- */

static void give_open(struct xml_reader *r, struct xml_event *ret)
{
	*ret = (struct xml_event){.type = XML_EVENT_OPEN,
		.elem = r->root,
		.default_ns = r->default_ns,
		.size = r->event_size};
	r->opened = false;
}

static void give_element(struct xml_reader *r, struct xml_event *ret)
{
	*ret = (struct xml_event){.type = XML_EVENT_ELEMENT,
		.elem = r->done,
		.arena = r->arena,
		.size = r->event_size};
	r->done = NULL;
	arena_init(&r->arena, 0);
}

static bool take_event(struct xml_reader *r, struct xml_event *ret)
{
	if (r->opened) {
		give_open(r, ret);
	} else if (r->done) {
		give_element(r, ret);
	} else if (r->closed) {
		*ret = (struct xml_event){.type = XML_EVENT_CLOSE};
		r->over = true;
	} else if (r->fault) {
		*ret = (struct xml_event){
			.type = XML_EVENT_FAULT, .fault = r->fault, .why = r->why};
		r->over = true;
	} else {
		return false;
	}
	ret->spaced = r->spaced;
	r->spaced = false;
	return true;
}

bool xml_reader_next(struct xml_reader *r, struct xml_event *ret)
{
	if (r->over)
		return false;
	while (!take_event(r, ret))
		if (!advance(r))
			return false;
	if (r->over)
		buf_done(&r->in);
	return true;
}
