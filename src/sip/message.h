#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "sip/value.h"

/*
 * A SIP message read without copying: struct sip_msg points into the bytes it was read from. The
 * bytes are changed in one way: the line break of a folded header field is overwritten with spaces
 * (RFC 3261 7.3.1).
 */

/* METHOD(id, name) */
#define SIP_METHODS(METHOD)                                                                        \
	METHOD(INVITE, "INVITE")                                                                   \
	METHOD(ACK, "ACK")                                                                         \
	METHOD(BYE, "BYE")                                                                         \
	METHOD(CANCEL, "CANCEL")                                                                   \
	METHOD(OPTIONS, "OPTIONS")                                                                 \
	METHOD(REGISTER, "REGISTER")                                                               \
	METHOD(MESSAGE, "MESSAGE")                                                                 \
	METHOD(SUBSCRIBE, "SUBSCRIBE")                                                             \
	METHOD(NOTIFY, "NOTIFY")                                                                   \
	METHOD(PUBLISH, "PUBLISH")                                                                 \
	METHOD(INFO, "INFO")                                                                       \
	METHOD(PRACK, "PRACK")                                                                     \
	METHOD(UPDATE, "UPDATE")                                                                   \
	METHOD(REFER, "REFER")

enum sip_method {
	SIP_M_OTHER,
#define SIP_METHOD_ENUM(id, name) SIP_##id,
	SIP_METHODS(SIP_METHOD_ENUM)
#undef SIP_METHOD_ENUM
		SIP_M__N
};

const char *sip_method_name(enum sip_method m);     /* NULL for SIP_M_OTHER */
enum sip_method sip_method_find(struct slice name); /* methods are case-sensitive (7.1) */

/* HEADER(id, name, compact form or 0) */
#define SIP_HEADERS(HEADER)                                                                        \
	HEADER(VIA, "Via", 'v')                                                                    \
	HEADER(FROM, "From", 'f')                                                                  \
	HEADER(TO, "To", 't')                                                                      \
	HEADER(CALL_ID, "Call-ID", 'i')                                                            \
	HEADER(CSEQ, "CSeq", 0)                                                                    \
	HEADER(MAX_FORWARDS, "Max-Forwards", 0)                                                    \
	HEADER(CONTENT_LENGTH, "Content-Length", 'l')                                              \
	HEADER(CONTENT_TYPE, "Content-Type", 'c')                                                  \
	HEADER(CONTACT, "Contact", 'm')                                                            \
	HEADER(ROUTE, "Route", 0)                                                                  \
	HEADER(RECORD_ROUTE, "Record-Route", 0)                                                    \
	HEADER(REQUIRE, "Require", 0)                                                              \
	HEADER(PROXY_REQUIRE, "Proxy-Require", 0)                                                  \
	HEADER(SUPPORTED, "Supported", 'k')                                                        \
	HEADER(UNSUPPORTED, "Unsupported", 0)                                                      \
	HEADER(ALLOW, "Allow", 0)                                                                  \
	HEADER(ACCEPT, "Accept", 0)                                                                \
	HEADER(ACCEPT_ENCODING, "Accept-Encoding", 0)                                              \
	HEADER(ACCEPT_LANGUAGE, "Accept-Language", 0)                                              \
	HEADER(CONTENT_ENCODING, "Content-Encoding", 'e')                                          \
	HEADER(CONTENT_LANGUAGE, "Content-Language", 0)                                            \
	HEADER(CONTENT_DISPOSITION, "Content-Disposition", 0)                                      \
	HEADER(MIME_VERSION, "MIME-Version", 0)                                                    \
	HEADER(DATE, "Date", 0)                                                                    \
	HEADER(EXPIRES, "Expires", 0)                                                              \
	HEADER(SUBJECT, "Subject", 's')                                                            \
	HEADER(TIMESTAMP, "Timestamp", 0)                                                          \
	HEADER(RETRY_AFTER, "Retry-After", 0)                                                      \
	HEADER(WARNING, "Warning", 0)                                                              \
	HEADER(USER_AGENT, "User-Agent", 0)                                                        \
	HEADER(SERVER, "Server", 0)                                                                \
	HEADER(EVENT, "Event", 'o')                                                                \
	HEADER(ALLOW_EVENTS, "Allow-Events", 'u')                                                  \
	HEADER(SUBSCRIPTION_STATE, "Subscription-State", 0)                                        \
	HEADER(SIP_ETAG, "SIP-ETag", 0)                                                            \
	HEADER(SIP_IF_MATCH, "SIP-If-Match", 0)                                                    \
	HEADER(MIN_EXPIRES, "Min-Expires", 0)                                                      \
	HEADER(REFER_TO, "Refer-To", 'r')                                                          \
	HEADER(REASON, "Reason", 0)                                                                \
	HEADER(IN_REPLY_TO, "In-Reply-To", 0)                                                      \
	HEADER(REPLY_TO, "Reply-To", 0)                                                            \
	HEADER(PRIORITY, "Priority", 0)                                                            \
	HEADER(ORGANIZATION, "Organization", 0)                                                    \
	HEADER(P_ASSERTED_IDENTITY, "P-Asserted-Identity", 0)                                      \
	HEADER(P_PREFERRED_IDENTITY, "P-Preferred-Identity", 0)                                    \
	HEADER(WWW_AUTHENTICATE, "WWW-Authenticate", 0)                                            \
	HEADER(AUTHORIZATION, "Authorization", 0)                                                  \
	HEADER(PROXY_AUTHENTICATE, "Proxy-Authenticate", 0)                                        \
	HEADER(PROXY_AUTHORIZATION, "Proxy-Authorization", 0)                                      \
	HEADER(SESSION_EXPIRES, "Session-Expires", 'x')                                            \
	HEADER(MIN_SE, "Min-SE", 0)                                                                \
	HEADER(MS_KEEP_ALIVE, "ms-keep-alive", 0)

enum sip_header {
	SIP_H_OTHER,
#define SIP_HEADER_ENUM(id, name, compact) SIP_H_##id,
	SIP_HEADERS(SIP_HEADER_ENUM)
#undef SIP_HEADER_ENUM
		SIP_H__N
};

const char *sip_header_name(enum sip_header h);     /* NULL for SIP_H_OTHER */
enum sip_header sip_header_find(struct slice name); /* any case, compact forms too */

#define SIP_MAX_MESSAGE 65535 /* bytes */
#define SIP_MAX_HEADERS 256   /* header fields */

struct sip_field {
	struct slice name;  /* as it stands there */
	struct slice value; /* no white space around it, no line break in it */
	uint8_t id;         /* enum sip_header */
	uint16_t next; /* 1 + index of the next field of this id; 0: none. Not kept for SIP_H_OTHER
			*/
};

struct sip_msg {
	bool request;
	enum sip_method method; /* responses: that of CSeq */
	struct slice method_name;

	/* requests */
	struct slice ruri_text;
	struct sip_uri ruri;

	/* responses */
	unsigned status; /* 100..699 */
	struct slice reason;

	/* The first Via, and the fields every message has. Their text is in the fields too. */
	struct sip_via via;
	struct sip_addr from, to;
	struct slice call_id;
	uint32_t cseq;
	int max_forwards;  /* 0..255; -1: absent */
	struct slice body; /* never absent */

	/* What is wrong with it, when sip_msg_parse() did not say SIP_GOOD; a static text */
	unsigned bad_status;
	const char *bad;

	uint16_t first[SIP_H__N]; /* 1 + index of the first field of the id; 0: none */
	uint16_t last[SIP_H__N];
	unsigned n_fields;
	struct sip_field fields[SIP_MAX_HEADERS];
};

enum sip_parsed {
	SIP_GOOD,
	SIP_BAD,  /* a request to be refused with bad_status and "bad"; what a response needs is
		     there. A response: drop it */
	SIP_DROP, /* nothing can be answered; "bad" says why */
};

/*
 * Reads the one message of a datagram. Limits are checked before anything is stored. p[0..n) stays
 * the caller's and must outlive the use of *m. A body shorter than Content-Length is SIP_BAD 400,
 * what follows the body is ignored (18.3). Empty lines before the start line are skipped (7.5); a
 * datagram of nothing else is SIP_DROP "keep-alive".
 * Checked here: start line and version (505), the syntax of the fields that every message has and
 * of those that count for framing, that the mandatory ones are there once. What a server thinks of
 * a well-formed request is sip_check_request()'s.
 */
enum sip_parsed sip_msg_parse(struct sip_msg *m, char *p, size_t n);

/* Value of the first field of that kind; absent. */
static inline struct slice sip_msg_get(const struct sip_msg *m, enum sip_header h)
{
	return m->first[h] ? m->fields[m->first[h] - 1].value : SL_NONE;
}

/* By name in any case (long form), for fields without an id. The first one; absent. */
struct slice sip_msg_get_name(const struct sip_msg *m, const char *name);

/*
 * All items of all fields of a kind, in order, lists taken apart (RFC 3261 7.3.1):
 *   struct sip_items it = sip_msg_items(m, SIP_H_REQUIRE);
 *   while (sip_items_next(&it, &item) > 0) ...
 * next: 1, 0 at the end, -1 broken.
 */
struct sip_items {
	const struct sip_msg *m;
	uint16_t next;
	struct slice rest;
};
struct sip_items sip_msg_items(const struct sip_msg *m, enum sip_header h);
int sip_items_next(struct sip_items *it, struct slice *ret);

/* A list of tokens holds this one (any case): sip_msg_has(m, SIP_H_SUPPORTED, "timer"). */
bool sip_msg_has(const struct sip_msg *m, enum sip_header h, const char *token);
