#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "xml/elem.h"

/*
 * Reads an XML stream (RFC 6120 section 4 and 11): a document whose root's start tag opens the
 * stream, whose complete first-level elements are handed out one by one, and whose end tag closes
 * it. Bytes go in as they come, events come out; how the bytes were split makes no difference, and
 * no complete element is ever held back. Pure: no clock, no socket.
 *
 * One element is parsed at a time: what follows it stays unparsed until the next xml_reader_next(),
 * so memory is that of one element and of the bytes fed, and a caller that stops asking stops
 * parsing.
 */

/*
 * In bytes or counts; 0 is not "no limit", it is the default in brackets. What the XML parser
 * itself remembers of a stream (it never forgets a name) is bounded as well: it starts afresh,
 * unseen, after every 256 KiB.
 */
struct xml_limits {
	size_t stanza;     /* a first-level element from < to > [262144; at least 10000] */
	size_t header;     /* from the first byte to the end of the root's start tag [8192] */
	size_t tag;        /* one start tag or any other single token [16384, also the most] */
	size_t text;       /* one run of text [262144] */
	unsigned depth;    /* elements within each other, the first-level element is 1 [32] */
	unsigned elems;    /* elements in a first-level element [16384] */
	unsigned attrs;    /* attributes of an element, declarations included [64] */
	unsigned ns_decls; /* namespace declarations in force at one place [64] */
	size_t name;       /* a name, prefix included [1024] */
	size_t uri;        /* a namespace name [1024] */
};

/* Why a stream cannot be read on. Each has one stream error condition (RFC 6120 4.9.3). */
enum xml_fault {
	XML_FAULT_NONE,
	XML_FAULT_RESTRICTED,      /* comment, PI, DTD, entity: restricted-xml (11.1) */
	XML_FAULT_NOT_WELL_FORMED, /* also not namespace-well-formed: not-well-formed (11.3) */
	XML_FAULT_ENCODING,        /* not UTF-8: unsupported-encoding (11.6) */
	XML_FAULT_STRAY_TEXT,      /* text between first-level elements: bad-format */
	XML_FAULT_LIMIT,           /* one of the limits: policy-violation (13.12) */
	XML_FAULT__N
};

enum xml_event_type {
	XML_EVENT_OPEN,    /* the root's start tag: elem without children, default_ns */
	XML_EVENT_ELEMENT, /* a first-level element: elem and its arena */
	XML_EVENT_CLOSE,   /* the root's end tag; nothing follows */
	XML_EVENT_FAULT,   /* fault and why; nothing follows */
};

struct xml_event {
	enum xml_event_type type;
	/* OPEN: the reader's, valid until the next xml_reader_next(). ELEMENT: in arena. */
	struct xml_elem *elem;
	struct arena arena;      /* ELEMENT: the caller's from now on (arena_done) */
	struct slice default_ns; /* OPEN: the default namespace declared there, or SL_NONE */
	size_t size;             /* OPEN, ELEMENT: bytes from < to > */
	enum xml_fault fault;
	const char *why; /* FAULT: for people; static */
};

struct xml_reader;
struct xml_pool;

/* limits are copied. */
struct xml_reader *xml_reader_new(const struct xml_limits *limits);
void xml_reader_free(struct xml_reader *r); /* NULL is fine */

/*
 * From now on the reader holds a parser only while it is in the middle of something; between two
 * elements, with all parsed that was fed, it lends it to others. pool is of the same thread and
 * outlives the reader.
 */
void xml_reader_set_pool(struct xml_reader *r, struct xml_pool *pool);

/* The bytes are copied. After CLOSE or FAULT they are ignored. */
void xml_reader_feed(struct xml_reader *r, struct slice bytes);

/* The next event; false: more bytes are needed. */
bool xml_reader_next(struct xml_reader *r, struct xml_event *ret);

/*
 * Begins a new document: after TLS (XML_REST_DROP: bytes that came in clear and were not parsed yet
 * are forgotten, RFC 6120 5.4.3.3) or after SASL (XML_REST_KEEP: they are the new stream's).
 */
enum xml_rest { XML_REST_DROP, XML_REST_KEEP };
void xml_reader_restart(struct xml_reader *r, enum xml_rest rest);

/*
 * At most n more bytes may be parsed (SIZE_MAX: no such bound, as at first); then a LIMIT fault
 * with this `why`. For what a peer may send before it is authenticated. Survives a restart.
 */
void xml_reader_budget(struct xml_reader *r, size_t n, const char *why);
