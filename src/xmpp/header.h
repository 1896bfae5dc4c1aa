#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"
#include "xml/elem.h"
#include "xmpp/errors.h"

/* A stream header (RFC 6120 4.7, 4.8), as it stands: absent attributes are SL_NONE. */
struct xstream_header {
	struct slice from, to, id, lang;
	bool has_version;
	unsigned major, minor; /* 0 and 9 without version (4.7.5) */
};

/*
 * Reads the root's start tag. STREAM_OK, or the condition its namespace, name or version deserves
 * with *ret_why; *ret is filled as far as it goes in any case. default_ns as in struct xml_event.
 */
enum stream_cond header_read(const struct xml_elem *root, struct slice default_ns,
	struct xstream_header *ret, const char **ret_why);

/* Does its sender know stream features? Version 1.0 or later (4.3.2). */
bool header_is_1_0(const struct xstream_header *h);

/*
 * Appends the XML declaration and a header: from, to and id where not SL_NONE; version where
 * has_version is set; xml:lang en.
 */
void header_put(struct buf *b, const struct xstream_header *h);

enum { STREAM_ID_LEN = 32 };

/* The nth id of a stream: a secret of 32 random bytes makes it one that cannot be foretold (4.7.3).
 */
void header_make_id(const uint8_t seed[32], unsigned n, char ret[STREAM_ID_LEN + 1]);
