#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "gateway/message.h"

/*
 * The body of a MESSAGE, whatever it is wrapped in. Pure.
 *
 * - text/plain, text/html: the text; html beside it as XEP-0071 has it.
 *
 * - message/cpim: what is in it (RFC 3862). Its date and subject count, its addresses do not, for
 *   anyone can write them.
 *
 * - multipart/alternative: the plain text, else html (lync-sip-profile 5.3). multipart/related: its
 *   root (RFC 2387 3.2). multipart/mixed, others: the texts one after the other; a part that is
 *   none is refused unless handling=optional says that it may be left out (RFC 3261 20.11).
 *
 * - application/im-iscomposing+xml, message/imdn+xml within message/cpim, application/ms-imdn+xml:
 *   struct message_in's kind.
 *
 * All else, text/rtf and the invitations to file transfers of text/x-msmsgsinvite among it, is
 * refused with 415 and Accept; so is a Require of message/cpim that names what is not known here
 * (RFC 3862 3.5).
 */
struct message_body {
	struct slice type;        /* absent is refused */
	struct slice disposition; /* absent: render */
	struct slice octets;
};
/* *stamp: overwritten by the date of a wrapper. */
bool message_body_read(struct message_in *in, struct arena *a, const struct message_body *body,
	uint64_t *stamp, struct message_refusal *refusal);
