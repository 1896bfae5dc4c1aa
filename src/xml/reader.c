#include "xml/reader.h"

#include <assert.h>
#include <expat.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "xml/builder.h"
#include "xml/chars.h"
#include "xml/pool.h"

enum {
	PIECE = 16384,    /* what expat is given at once, at most */
	RECYCLE = 262144, /* bytes after which expat's memory of names is cleared */
};

enum where { BEFORE_ROOT, BETWEEN, INSIDE };

struct xml_reader {
	XML_Parser expat;      /* NULL: in the pool, or not needed any more */
	struct xml_pool *pool; /* NULL: none */
	struct xml_limits lim;
	struct buf in;         /* fed, not yet given to expat */
	size_t given;          /* to expat, in this document or since it was recycled */
	bool suspended;        /* expat stands behind an event */
	bool over;             /* CLOSE or FAULT was told */
	unsigned char held[4]; /* what expat stumbled over */
	size_t n_held;

	enum where where;
	size_t start;     /* index of the < of the first-level element */
	struct arena doc; /* the root and what it declares */
	struct xml_elem *root;
	const char *root_name; /* as it stands in the document, in doc */
	struct xml_builder builder;

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

/* ---- what expat calls out ---- */

static void fail_as_built(struct xml_reader *r)
{
	fail(r, r->builder.fault, r->builder.why);
}

static void open_stream(struct xml_reader *r, const char *name, const char **atts)
{
	r->root = xml_builder_root(&r->builder, name, atts, &r->doc, &r->default_ns);
	if (!r->root) {
		fail_as_built(r);
		return;
	}
	r->root_name = arena_dup(&r->doc, slice_of(name));
	r->event_size = token_end(r) - token_start(r);
	r->opened = true;
	r->where = BETWEEN;
	XML_StopParser(r->expat, XML_TRUE);
}

static void XMLCALL on_start(void *arg, const XML_Char *name, const XML_Char **atts)
{
	struct xml_reader *r = arg;

	if (r->fault)
		return;
	if (r->where == BEFORE_ROOT) {
		open_stream(r, name, atts);
		return;
	}
	if (r->where == BETWEEN) {
		r->where = INSIDE;
		r->start = token_start(r);
	}
	if (!xml_builder_start(&r->builder, name, atts))
		fail_as_built(r);
}

static void XMLCALL on_end(void *arg, const XML_Char *name)
{
	struct xml_reader *r = arg;

	(void)name;
	if (r->fault)
		return;
	if (r->where == BETWEEN) {
		r->closed = true;
		return;
	}
	r->done = xml_builder_end(&r->builder);
	if (!r->done)
		return;
	r->event_size = token_end(r) - r->start;
	r->where = BETWEEN;
	XML_StopParser(r->expat, XML_TRUE);
}

/* White space may separate first-level elements (RFC 6120 11.7), nothing else may. */
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
	if (r->where == INSIDE && !xml_builder_text(&r->builder, s))
		fail_as_built(r);
	else if (r->where == BETWEEN && !is_space(s))
		fail(r, XML_FAULT_STRAY_TEXT, "text outside of any stanza");
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

static void drop_expat(struct xml_reader *r)
{
	XML_ParserFree(r->expat); /* NULL is fine */
	r->expat = NULL;
	r->given = 0;
	r->suspended = false;
}

/*
 * Never XML_ParserReset(), which keeps the memory of the names it forgets. Reparse deferral would
 * hold back a complete element that came in two reads; the call is linked directly, so that an
 * expat without it does not build.
 */
static void new_expat(struct xml_reader *r)
{
	drop_expat(r);
	r->expat = XML_ParserCreate("UTF-8");
	if (!r->expat)
		abort(); /* out of memory, as xmalloc() does */
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
	arena_init(&r->doc, 1024);
	xml_builder_init(&r->builder, &r->lim);
	r->budget = SIZE_MAX;
	new_expat(r);
	return r;
}

void xml_reader_free(struct xml_reader *r)
{
	if (!r)
		return;
	XML_ParserFree(r->expat);
	xml_builder_done(&r->builder);
	arena_done(&r->doc);
	buf_done(&r->in);
	free(r);
}

void xml_reader_set_pool(struct xml_reader *r, struct xml_pool *pool)
{
	r->pool = pool;
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

void xml_reader_restart(struct xml_reader *r, enum xml_rest rest)
{
	if (rest == XML_REST_KEEP && r->expat)
		take_back(r);
	else if (rest == XML_REST_DROP)
		buf_done(&r->in);
	new_expat(r);
	xml_builder_reset(&r->builder);
	arena_done(&r->doc);
	r->root = r->done = NULL;
	r->where = BEFORE_ROOT;
	r->n_held = 0;
	r->opened = r->closed = r->over = false;
	r->fault = XML_FAULT_NONE;
}

/*
 * A parser that stands where another would after the root's start tag: what is open is the root,
 * whose namespaces are ours, and its end tag must be known.
 */
static void open_expat(struct xml_reader *r)
{
	enum XML_Status status;
	struct buf root = {0};

	buf_printf(&root, "<%s>", r->root_name);
	new_expat(r);
	XML_SetElementHandler(r->expat, NULL, NULL);
	status = XML_Parse(r->expat, root.p, (int)root.n, XML_FALSE);
	assert(status == XML_STATUS_OK);
	XML_SetElementHandler(r->expat, on_start, on_end);
	r->given = root.n;
	buf_done(&root);
}

/* expat keeps every name it has seen, and a stream may last for months. */
static void recycle(struct xml_reader *r)
{
	take_back(r);
	open_expat(r);
}

/* ---- the pool: who stands between two elements and has nothing to parse needs no parser ---- */

static bool is_usual(const struct xml_reader *r)
{
	return !strcmp(r->root_name, XML_POOL_ROOT);
}

static void park(struct xml_reader *r)
{
	if (!r->pool || !r->expat || r->where != BETWEEN || token_start(r) != r->given)
		return;
	if (is_usual(r) && r->given < RECYCLE && xml_pool_put(r->pool, r->expat, r->given))
		r->expat = NULL;
	drop_expat(r);
	buf_done(&r->in);
	xml_builder_rest(&r->builder);
}

static void unpark(struct xml_reader *r)
{
	size_t given;

	r->expat = is_usual(r) ? xml_pool_take(r->pool, &given) : NULL;
	if (!r->expat) {
		open_expat(r);
		return;
	}
	XML_SetUserData(r->expat, r);
	r->given = given;
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
static bool first_byte_fits(struct xml_reader *r, unsigned char c)
{
	if (c == 0 || c >= 0xfe)
		set_fault(r, XML_FAULT_ENCODING, "not UTF-8");
	else if (c == 0xef && r->given == 0)
		/* U+FEFF is a character, not a mark (RFC 6120 11.6), and none may be here */
		set_fault(r, XML_FAULT_NOT_WELL_FORMED, "text before the stream header");
	return !r->fault;
}

/* "<!" followed by one of DOCTYPE, ELEMENT, ATTLIST, ENTITY, NOTATION: nothing else begins so. */
static bool is_dtd(struct slice before, struct slice at)
{
	return slice_ends(before, SL("<!")) && at.n && memchr("DEAN", at.p[0], 4);
}

/*
 * expat has stopped at a byte that is not ASCII. Whether it is part of a character that may not be
 * there or of none at all shows in the bytes behind it, some of which may still have to come.
 */
static void hold(struct xml_reader *r, struct slice at)
{
	r->n_held = least(at.n, sizeof r->held);
	memcpy(r->held, at.p, r->n_held);
}

/* False: more bytes are needed. */
static bool judge_held(struct xml_reader *r)
{
	unsigned char lead = r->held[0];
	size_t len = lead < 0xc2 || lead > 0xf4 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

	while (r->n_held < len) {
		if (!r->in.n)
			return false;
		r->held[r->n_held++] = (unsigned char)*buf_slice(&r->in).p;
		buf_take(&r->in, 1);
	}
	if (xml_utf8_len(r->held, r->n_held) == 0)
		set_fault(r, XML_FAULT_ENCODING, "not UTF-8");
	else
		set_fault(r, XML_FAULT_NOT_WELL_FORMED, XML_ErrorString(XML_ERROR_INVALID_TOKEN));
	return true;
}

static void expat_fault(struct xml_reader *r)
{
	enum XML_Error code = XML_GetErrorCode(r->expat);
	int offset = 0, size = 0;
	const char *all = XML_GetInputContext(r->expat, &offset, &size);
	struct slice before = all ? slice_make(all, (size_t)offset) : SL("");
	struct slice at = all ? slice_make(all + offset, (size_t)(size - offset)) : SL("");
	bool token = code == XML_ERROR_INVALID_TOKEN && at.n;

	if (r->fault)
		return; /* a handler has found it */
	if (token && (unsigned char)at.p[0] >= 0x80)
		hold(r, at);
	else if (token && is_dtd(before, at))
		set_fault(r, XML_FAULT_RESTRICTED, "a document type declaration");
	else if (code == XML_ERROR_UNDEFINED_ENTITY)
		set_fault(r, XML_FAULT_RESTRICTED, "an entity that is not predefined");
	else
		set_fault(r, XML_FAULT_NOT_WELL_FORMED, XML_ErrorString(code));
}

static void parsed(struct xml_reader *r, enum XML_Status status)
{
	r->suspended = status == XML_STATUS_SUSPENDED;
	if (status == XML_STATUS_ERROR)
		expat_fault(r);
}

static void give(struct xml_reader *r, size_t n)
{
	struct slice piece = slice_cut(buf_slice(&r->in), n);

	if (r->where == BEFORE_ROOT && r->given < 2 &&
		!first_byte_fits(r, (unsigned char)piece.p[0]))
		return;
	r->given += n;
	if (r->budget != SIZE_MAX)
		r->budget -= n;
	parsed(r, XML_Parse(r->expat, piece.p, (int)n, XML_FALSE));
	buf_take(&r->in, n);
	if (!r->in.n)
		buf_done(&r->in); /* one burst must not be paid for ever after */
}

/* False: more bytes are needed. */
static bool advance(struct xml_reader *r)
{
	const char *why;
	size_t n;

	if (r->n_held)
		return judge_held(r);
	if (r->suspended && r->given >= RECYCLE && r->where == BETWEEN)
		recycle(r);
	if (r->suspended) {
		parsed(r, XML_ResumeParser(r->expat));
		return true;
	}
	if (!r->in.n) {
		park(r);
		return false;
	}
	if (!r->expat)
		unpark(r);
	n = least(r->in.n, allowance(r, &why));
	if (r->where == BEFORE_ROOT && r->given < 2)
		n = least(n, 1); /* so that first_byte_fits() sees both */
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
		.arena = r->builder.arena,
		.size = r->event_size};
	r->done = NULL;
	arena_init(&r->builder.arena, 0);
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
	return true;
}

bool xml_reader_next(struct xml_reader *r, struct xml_event *ret)
{
	if (r->over)
		return false;
	while (!take_event(r, ret))
		if (!advance(r))
			return false;
	if (r->over) {
		drop_expat(r);
		buf_done(&r->in);
	}
	return true;
}
