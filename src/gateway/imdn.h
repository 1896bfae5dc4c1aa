#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"

/*
 * What became of an instant message, as SIP user agents tell it (IMDN, RFC 5438): a document in a
 * message/cpim of its own. Which of them is sent, and what one that came means: gateway/receipt.h.
 * Pure.
 */
#define NS_IMDN      "urn:ietf:params:xml:ns:imdn"
#define IMDN_TYPE    "message/imdn+xml"
#define IMDN_PURPOSE "notification" /* its Content-Disposition (7.2.1) */

enum { IMDN_ID_MAX = 256 }; /* bytes of a Message-ID; ours: what is longer counts as none */

/* 5, 11.1.6, 11.1.7: which status each may have is IMDN_STATES' table. */
enum imdn_kind { IMDN_DELIVERY, IMDN_PROCESSING, IMDN_DISPLAY, IMDN_KIND__N };
enum imdn_status {
	IMDN_DELIVERED,
	IMDN_FAILED,
	IMDN_PROCESSED,
	IMDN_STORED,
	IMDN_DISPLAYED,
	IMDN_FORBIDDEN, /* the recipient does not want to say; no word about the message itself */
	IMDN_ERROR,     /* what became of the message could not be found out */
	IMDN_STATUS__N
};

struct imdn {
	enum imdn_kind kind;
	enum imdn_status status;
	struct slice message_id;                    /* of the message it is about */
	struct slice datetime;                      /* its DateTime, as it stood there */
	struct slice recipient, original_recipient; /* URIs; both or none (11.1.9); SL_NONE */
};

/*
 * False: not the document of 11.1.9, or a status that its kind does not have. Unknown elements are
 * ignored. Views are in a.
 */
bool imdn_read(struct imdn *ret, struct arena *a, struct slice body);
void imdn_write(struct buf *out, const struct imdn *i);

const char *imdn_kind_name(enum imdn_kind k);     /* "delivery" */
const char *imdn_status_name(enum imdn_status s); /* "delivered" */
bool imdn_kind_has(enum imdn_kind k, enum imdn_status s);

/* What a Disposition-Notification asks for (10: unknown values and parameters are ignored). */
enum {
	IMDN_WISH_POSITIVE = 1, /* positive-delivery */
	IMDN_WISH_NEGATIVE = 2, /* negative-delivery */
	IMDN_WISH_PROCESSING = 4,
	IMDN_WISH_DISPLAY = 8,
};
unsigned imdn_wish_read(struct slice value);

/* Is it one that may come back in a document: a token (10) that is not too long? */
bool imdn_id_ok(struct slice id);
