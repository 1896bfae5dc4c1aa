#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"

/*
 * Who watches whom: the documents of presence.winfo (RFC 3857, RFC 3858), with which a user agent
 * shows who has asked to see its user. Reading copies nothing that stands in one piece: views are
 * in the arena. Pure. Nobody calls it yet: presence will.
 *
 * Limits are those of xml/document.h, which come before anything is kept, and WINFO_MAX.
 */
#define WINFO_PACKAGE "presence.winfo"
#define WINFO_TYPE    "application/watcherinfo+xml"
#define NS_WINFO      "urn:ietf:params:xml:ns:watcherinfo"

enum { WINFO_MAX = 128 }; /* watchers in a document, and lists */

/* RFC 3857 4.7.1. WAITING: it has ended before anybody decided. */
enum winfo_status { WINFO_PENDING, WINFO_ACTIVE, WINFO_WAITING, WINFO_TERMINATED, WINFO_STATUS__N };

/* What has led there. */
enum winfo_event {
	WINFO_SUBSCRIBE,
	WINFO_APPROVED,
	WINFO_DEACTIVATED,
	WINFO_PROBATION,
	WINFO_REJECTED,
	WINFO_TIMEOUT,
	WINFO_GIVEUP,
	WINFO_NORESOURCE,
	WINFO_EVENT__N
};

const char *winfo_status_name(enum winfo_status s); /* "waiting" */
const char *winfo_event_name(enum winfo_event e);   /* "approved" */

struct winfo_watcher {
	struct slice id; /* a token, of one subscription, the same in all documents */
	struct slice uri;
	enum winfo_status status;
	enum winfo_event event;
	struct slice display_name; /* SL_NONE */
	bool has_expiration, has_duration;
	uint64_t expiration, duration; /* seconds */
};

struct winfo_list {
	struct slice resource, package;
	const struct winfo_watcher *watchers;
	unsigned n_watchers;
};

struct winfo {
	uint32_t version;
	bool full; /* else only what has changed */
	const struct winfo_list *lists;
	unsigned n_lists;
};

/*
 * False: not well-formed, over a limit, another root, or something that must be there is not or is
 * none of what it may be (RFC 3858 3). Unknown elements are passed over.
 */
bool winfo_read(struct winfo *ret, struct arena *a, struct slice body);

/* A whole document, with its XML declaration. Asserts that ids are tokens. */
void winfo_write(struct buf *out, const struct winfo *w);

/* What to do with a document when the one before had this version (RFC 3858 4). */
enum winfo_order {
	WINFO_TAKE,
	WINFO_TAKE_AND_RENEW, /* one is missing: ask for all of it */
	WINFO_DROP,           /* an older one, or the same again */
};
enum winfo_order winfo_order(uint32_t before, const struct winfo *w);
