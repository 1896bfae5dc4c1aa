#pragma once

#include "gateway/error.h"
#include "gateway/message.h"

/*
 * Final answers to requests of SIP users: to MESSAGEs, and refusals of INVITEs. They are counted,
 * as what a sender was told.
 */
struct gateway;

#define ANSWER_RETRY_AFTER "10" /* seconds; what a sender is told who came at a bad moment */

/* reason NULL: the standard words. */
void answer(struct gateway *g, struct sip_server *txn, unsigned status, const char *reason);
void answer_refusal(struct gateway *g, struct sip_server *txn, const struct message_refusal *no);
void answer_error(struct gateway *g, struct sip_server *txn, const struct error_sip *e);
/* Why there is no way for its stanza; full: it is for a full JID. */
void answer_link(struct gateway *g, struct sip_server *txn, enum link_reason why, bool full);

/* Overload: never 503 (design section 9). reason NULL: the standard words. */
void answer_make_later(struct message_refusal *ret, const char *reason);
void answer_later(struct gateway *g, struct sip_server *txn, const char *reason);
