#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "sip/message.h"
#include "sip/write.h"

/*
 * Subscriptions to events (RFC 6665), the fields of SUBSCRIBE and NOTIFY: what they say and whether
 * a SUBSCRIBE is served. Their courses are tables: sip/watcher.h for one of ours, sip/notifier.h
 * for one of theirs. Pure. Nobody calls it yet: presence will.
 */

/* ---- Subscription-State (4.1.3, 8.2.3) ---- */

enum subscription_value { SUBSCRIPTION_ACTIVE, SUBSCRIPTION_PENDING, SUBSCRIPTION_TERMINATED };

/* REASON(id, name): of terminated */
#define SUBSCRIPTION_REASONS(REASON)                                                               \
	REASON(DEACTIVATED, "deactivated")                                                         \
	REASON(PROBATION, "probation")                                                             \
	REASON(REJECTED, "rejected")                                                               \
	REASON(TIMEOUT, "timeout")                                                                 \
	REASON(GIVEUP, "giveup")                                                                   \
	REASON(NORESOURCE, "noresource")                                                           \
	REASON(INVARIANT, "invariant")

enum subscription_reason {
	SUBSCRIPTION_NO_REASON, /* none, or one we do not know: both mean the same (4.1.3) */
#define SUBSCRIPTION_REASON_ENUM(id, name) SUBSCRIPTION_##id,
	SUBSCRIPTION_REASONS(SUBSCRIPTION_REASON_ENUM)
#undef SUBSCRIPTION_REASON_ENUM
		SUBSCRIPTION_REASON__N
};

const char *subscription_reason_name(enum subscription_reason r); /* NULL for NO_REASON */

/*
 * Parameters where they mean something: expires of active and pending, reason and retry-after of
 * terminated. COMPAT: Asterisk leaves expires out: then that of the 2xx counts.
 */
struct subscription_state {
	enum subscription_value value;
	enum subscription_reason reason;
	bool has_expires, has_retry_after;
	uint32_t expires, retry_after; /* seconds */
};

/* -1: there is none, a value we do not know, or broken parameters; a NOTIFY with it gets 400. */
int subscription_state_read(struct subscription_state *ret, struct slice value);
void subscription_state_write(struct buf *out, const struct subscription_state *s);

/*
 * Is the 2xx to a SUBSCRIBE its first NOTIFY as well, as servers of Microsoft's send it
 * (lync-sip-profile 6.1)? It says so in Supported; COMPAT: Event may be missing.
 */
bool subscription_piggybacked(struct subscription_state *ret, const struct sip_msg *response);

/* ---- Event (8.2.1) ---- */

struct subscription_event {
	struct slice package;
	struct slice id; /* SL_NONE */
};

/*
 * The one Event of a message. 0; else the status to refuse it with and its reason: 489 there is
 * none (4.2.3), 400 several (7.2, 8.4) or broken.
 */
unsigned subscription_event_read(
	struct subscription_event *ret, const struct sip_msg *m, const char **ret_reason);
/* The package's case counts; so does the id, and that there is one. */
bool subscription_event_eq(const struct subscription_event *a, const struct subscription_event *b);

/* ---- a SUBSCRIBE that came ---- */

/* RFC 3856 6.4; below an hour a notifier may refuse (RFC 6665 4.2.1.1). */
enum { SUBSCRIPTION_EXPIRES_S = 3600 };

struct subscription_offer {
	const char *package, *type;        /* "presence", "application/pidf+xml" */
	uint32_t min_expires, max_expires; /* what we grant */
};

struct subscription_wish {
	struct subscription_event event;
	uint32_t expires; /* granted: never more than asked; 0: the end, or a poll (4.4.3) */
};

struct subscription_refusal {
	unsigned status;
	const char *reason;
	struct sip_out field; /* name absent: none. A value of Min-Expires is in number. */
	char number[11];
};

/*
 * May it be served (4.2.1.1, RFC 3856 6.5)? What is asked of every request is sip_check_request()'s
 * and who may ask the caller's. Refused: 489 with Allow-Events, 406 with Accept, 423 with
 * Min-Expires, 400 what is broken, or not exactly one Contact.
 */
bool subscription_judge(struct subscription_wish *ret, const struct sip_msg *m,
	const struct subscription_offer *offer, struct subscription_refusal *no);
