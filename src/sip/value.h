#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "sip/uri.h"

/*
 * What stands inside header fields (RFC 3261 25.1). Readers take the value of a field as
 * struct sip_msg has it (folding already undone) and copy nothing.
 */

/* One ;name=value. value is absent without '='; a quoted value keeps its quotes: see sip_unquote().
 */
struct sip_param {
	struct slice name, value;
};

/*
 * Takes the next parameter off *rest, which stands at a ';', at white space before one, or at the
 * end. 1: there is one; 0: the end; -1: broken.
 */
int sip_param_next(struct slice *rest, struct sip_param *ret);
/* By name in any case. params: from their first ';' on, as in struct sip_addr. */
bool sip_param_get(struct slice params, const char *name, struct slice *ret_value);
/* Well-formed, at most SIP_MAX_PARAMS. */
bool sip_params_ok(struct slice params);
#define SIP_MAX_PARAMS 64

/*
 * The next item of a comma separated list; commas in quoted strings, <> and comments do not count.
 * 1, 0 at the end, -1 for an open quote or bracket. Empty items are skipped (RFC 3261 7.3.1).
 */
int sip_list_next(struct slice *rest, struct slice *ret_item);

/* The content of a quoted string, its \ escapes resolved; anything else as it is. */
void sip_unquote(struct buf *out, struct slice s);
/* As a quoted string; CR, LF and NUL become spaces. */
void sip_quote(struct buf *out, struct slice s);

bool sip_is_token(struct slice s);
/* callid of RFC 3261 25.1: word [ "@" word ] */
bool sip_is_call_id(struct slice s);

/* name-addr or addr-spec with header parameters (20.10: without <> what follows ';' belongs to the
 * field). */
struct sip_addr {
	struct slice display; /* as it stands there, with quotes; absent */
	bool bracketed;
	struct sip_uri uri;
	struct slice params; /* of the field, from the first ';' on; may be empty */
	struct slice tag;    /* absent */
};

/* All of s is one address, or -1. "*" is not one. */
int sip_addr_parse(struct slice s, struct sip_addr *ret);

enum sip_transport { SIP_UDP, SIP_TCP, SIP_TLS, SIP_WS, SIP_WSS, SIP_SCTP, SIP_TRANSPORT_OTHER };
const char *sip_transport_name(enum sip_transport t); /* "UDP" */

struct sip_via {
	struct slice text; /* the whole item */
	enum sip_transport transport;
	struct slice host;    /* sent-by; IPv6 without brackets */
	uint16_t port;        /* 0: none */
	struct slice sent_by; /* host and port as they stand there */
	struct slice params;
	struct slice branch, received, maddr; /* absent */
	bool rport;                           /* the parameter is there, with or without value */
	uint16_t rport_value;                 /* 0: no value */
};

/* Takes the first item off *rest, and the comma behind it; -1: there is none that is well-formed.
 */
int sip_via_next(struct slice *rest, struct sip_via *ret);

struct sip_media {
	struct slice type, subtype, params;
};

/* type/subtype;params; -1. */
int sip_media_parse(struct slice s, struct sip_media *ret);
/* In any case: sip_media_is(&m, "text", "plain"). */
bool sip_media_is(const struct sip_media *m, const char *type, const char *subtype);

/* RFC 1123 date, GMT only (20.17). Seconds since 1970. */
int sip_date_parse(struct slice s, uint64_t *ret);
void sip_date_write(struct buf *out, uint64_t seconds);

/* delta-seconds; over 2^32-1 counts as 2^32-1. -1: not a number. */
int sip_seconds_parse(struct slice s, uint32_t *ret);

/* Retry-After: seconds, the comment and parameters skipped (20.33). */
int sip_retry_after_parse(struct slice s, uint32_t *ret);

struct sip_warning {
	unsigned code; /* 100..999 */
	struct slice agent;
	struct slice text; /* quoted */
};
/* One Warning item; -1. */
int sip_warning_parse(struct slice s, struct sip_warning *ret);
