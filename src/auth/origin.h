#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

/*
 * Does a request that came by HTTPS come from our own pages? A browser sends the cookie of a
 * session along whoever makes it ask; what it says about who that is decides here. Pure.
 */

enum { ORIGIN_HOST_MAX = 255 };

/* The one origin of the panel and its API: admin.url. */
struct origin_url {
	char host[ORIGIN_HOST_MAX + 1]; /* A-labels in lower case; IPv4; "[v6]" */
	uint16_t port;
	char text[ORIGIN_HOST_MAX +
		  16]; /* "https://host", ":port" unless it is 443: RFC 6454 6.1 */
};

/* "https://host[:port]", with nothing behind but a "/". */
int origin_url_parse(struct origin_url *ret, struct slice text, struct err *e);

/* By whom the request says it is sent. */
enum origin_caller {
	ORIGIN_NOBODY,  /* neither session nor token: signs in, or asks for what is public */
	ORIGIN_SESSION, /* the cookie of a session, which browsers send unasked */
	ORIGIN_TOKEN,   /* Authorization: Bearer, which they do not */
};

/* Header fields as they came; absent where there was none. */
struct origin_request {
	const struct origin_url *url;
	enum origin_caller caller;
	bool page; /* a page or a file of the panel: links from elsewhere may lead to it */
	bool body; /* it has one */
	struct slice method;
	struct slice host; /* or :authority */
	struct slice origin;
	struct slice fetch_site, fetch_mode, fetch_dest; /* Sec-Fetch-* */
	struct slice content_type;
	struct slice csrf;          /* x-csrf-token */
	struct slice csrf_expected; /* of the session */
};

enum origin_verdict {
	ORIGIN_OK,
	ORIGIN_HOST_MISMATCH,   /* Host is not that of admin.url: a rebound name, or a wrong address
				 */
	ORIGIN_ORIGIN_MISMATCH, /* Origin is there and is not admin.url */
	ORIGIN_CROSS_SITE,      /* Sec-Fetch-Site names another site */
	ORIGIN_UNKNOWN,         /* a change, and neither Sec-Fetch-Site nor Origin say from where */
	ORIGIN_NOT_JSON, /* a change whose body is not application/json: what forms can send */
	ORIGIN_CSRF_MISSING,
	ORIGIN_CSRF_BAD,
	ORIGIN__N
};

/* The first that does not hold, in the order of the list above. */
enum origin_verdict origin_judge(const struct origin_request *q);

/*
 * The same as an answer: -1 with the code "host_mismatch", "origin_mismatch", "cross_site",
 * "origin_missing", "unsupported_media_type", "csrf_missing" or "csrf_bad".
 */
int origin_check(const struct origin_request *q, struct err *e);

/* Is it a request that changes something, by its method? GET, HEAD and OPTIONS are not. */
bool origin_changes(struct slice method);

/* Is an authority ("host", "host:port", as in Host) that of the url? */
bool origin_host_is(const struct origin_url *url, struct slice authority);
