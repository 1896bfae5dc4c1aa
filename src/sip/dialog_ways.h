#pragma once

#include "base/buf.h"
#include "sip/message.h"

/* What messages say about where the requests of a dialog go (RFC 3261 12). For sip/dialog.c. */
enum { ROUTES_MAX = 32 }; /* of a route set; 70 hops are the most there can be */

/* What is read of a message before anything is changed. */
struct dialog_ways {
	struct slice target; /* absent: no Contact */
	unsigned n;
	struct slice routes[ROUTES_MAX];
};

/* The one Contact, or none. NULL; else what is wrong. */
const char *dialog_read_target(const struct sip_msg *m, struct slice *ret);
/* Record-Route; reversed for who has asked (12.1.2). */
const char *dialog_read_routes(const struct sip_msg *m, bool reversed, struct dialog_ways *w);

bool dialog_is_loose(struct slice route); /* lr (16.12.1.1) */
/* Without what may not stand in a Request-URI, nor in a Contact within a dialog (19.1.1). */
void dialog_add_clean(struct buf *out, struct sip_uri u);
