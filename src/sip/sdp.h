#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "sip/uri.h"

/*
 * Session descriptions (RFC 8866, which came after RFC 4566) as offers and answers of message
 * sessions have them (RFC 3264, RFC 4975 8): who sends, to which address, which media, which
 * attributes. Reading copies nothing; all slices point into what was read. Lines that say nothing
 * to us (i u e p b r z k) are looked at for their place and otherwise skipped.
 */
#define SDP_MAX_MEDIA 16  /* m lines */
#define SDP_MAX_ATTRS 256 /* a lines, of the session and all media together */

/* name:value; value is absent for a property (a=inactive). */
struct sdp_attr {
	struct slice name, value;
};

/* c=. NONE: an address of a network or kind that nobody here knows (not IN, not IP4 or IP6). */
struct sdp_conn {
	enum sip_host_kind kind;
	struct slice host; /* without the /ttl of a group; absent: there is no c line */
};

struct sdp_media {
	struct slice type;    /* "message", "audio" */
	uint16_t port;        /* 0: refused, or not wanted any more (RFC 3264 5.1, 6, 8.2) */
	struct slice proto;   /* "sip", "TCP/MSRP" */
	struct slice formats; /* "*", "0 8 101", "sip:a@b.example": as they stand there */
	struct sdp_conn conn; /* its own, else the session's */
	uint16_t first_attr, n_attrs;
};

struct sdp {
	struct slice user, id, version; /* o=: the same id and version is the same description */
	struct slice name;              /* s= */
	struct sdp_conn conn;
	unsigned n_media, n_attrs;
	unsigned n_session_attrs; /* the first of attrs; the media's come after them */
	struct sdp_media media[SDP_MAX_MEDIA];
	struct sdp_attr attrs[SDP_MAX_ATTRS];

	/* What is wrong when sdp_parse() fails: the line, counted from 1 (0: all of it), and a
	 * static text. */
	unsigned bad_line;
	const char *bad;
};

/*
 * All of text is one description, or -1; then only bad and bad_line of *ret count. Lines end with
 * CRLF or LF (RFC 8866 5); the last one need not end. Version 0 must come first, and o, s and t
 * must be there; every m with a port needs a c, its own or the session's (5.7).
 * COMPAT: the other lines may come in any order within the session and within a medium, and an
 * m line may have formats that are no tokens (m=message 5061 sip sip:user@host).
 * An unknown letter refuses the whole (5), an unknown attribute is kept for who asks for it (5.13).
 */
int sdp_parse(struct sdp *ret, struct slice text);

/*
 * Value of the first attribute of that name (names are case-sensitive), of one medium, or with NULL
 * of the session; empty for a property, absent when it is not there. The session's do not stand in
 * for a medium's: that is each attribute's own rule (5.13).
 */
struct slice sdp_attr(const struct sdp *s, const struct sdp_media *m, const char *name);

enum sdp_direction { SDP_INACTIVE, SDP_SENDONLY, SDP_RECVONLY, SDP_SENDRECV };
/* A medium's own direction, else the session's, else sendrecv (6.7). */
enum sdp_direction sdp_direction(const struct sdp *s, const struct sdp_media *m);

/*
 * Whether a list of accept-types or accept-wrapped-types (RFC 4975 8.6, RFC 4975 9) has room for
 * type/subtype: by name, as type/asterisk or as an asterisk; parameters are not looked at. False
 * for an absent list.
 */
bool sdp_accepts(struct slice list, const char *type, const char *subtype);

/* The next of words with spaces between them: formats, a path, accept-types. False at the end. */
bool sdp_word(struct slice *rest, struct slice *ret);

/* ---- writing ---- */

struct sdp_out_media {
	struct slice type, proto, formats;
	uint16_t port;
	const struct sdp_attr *attrs;
	size_t n_attrs;
};

struct sdp_out {
	uint64_t id, version; /* version: one more with each change (RFC 3264 8) */
	struct slice address; /* of o and c: a literal without brackets, or a name (asserted) */
	struct slice name;    /* absent: "-" */
	const struct sdp_out_media *media;
	size_t n_media;
};

/*
 * Appends the description. CR, LF and NUL in any value become spaces, so that nothing breaks out of
 * its line; in type and proto all that is neither token nor '/' becomes '-'. Names of attributes
 * are our own: tokens (asserted).
 */
void sdp_write(struct buf *out, const struct sdp_out *o);

/* How an answer says no to a medium of an offer: the same with port 0 (RFC 3264 6). */
static inline struct sdp_out_media sdp_refused(const struct sdp_media *m)
{
	return (struct sdp_out_media){.type = m->type, .proto = m->proto, .formats = m->formats};
}
