#pragma once

#include <stdint.h>

#include "base/hash.h"
#include "base/list.h"
#include "base/slice.h"
#include "gateway/receipt.h"

/*
 * Messages of which a receipt may still come, in either direction: what it must be told to whom.
 * Bounded in number, all together and for each owner, and in bytes; what is oldest gives way, and a
 * day is enough for any. Nothing may be concluded from a receipt that does not come (XEP-0184 2),
 * so what is forgotten harms nobody.
 *
 * Keys: of a message to XMPP its fate id (8 bytes), of one to SIP the Message-ID we gave it.
 */
enum { MEMO_MS = 24 * 3600 * 1000, MEMO_OWN = 64, MEMO_TEXT = 4096, MEMO_BYTES = 512 };

struct memos {
	struct table table;
	struct list ages; /* memo.age, oldest first */
	unsigned max;
	size_t bytes; /* at most max * MEMO_BYTES: few say more of themselves */
};

/* Whose they are: a conversation. */
struct memo_owner {
	struct list own; /* memo.own, oldest first */
	unsigned n;
};

struct memo {
	struct table_node node;
	struct list age, own;
	struct memo_owner *owner;
	uint64_t until_ms;
	struct receipt receipt;
	/* Given to memo_put(), which copies them: */
	struct slice key;
	struct slice peer; /* who is to be told: his address, full if it was */
	struct slice id;   /* how he knows it: Message-ID, or id of the stanza */
	/* Only of messages to XMPP (RFC 5438 7.2.1): */
	struct slice datetime, original_to;
	struct slice routes; /* the values of IMDN-Route, a line each */
	size_t bytes;        /* all of it */
	char text[];
};

void memos_init(struct memos *m, unsigned max);
/* All have been removed. */
void memos_done(struct memos *m);
void memo_owner_init(struct memo_owner *o);
void memo_owner_done(struct memos *m, struct memo_owner *o); /* removes its own */

/* NULL: its texts are longer than MEMO_TEXT. */
struct memo *memo_put(
	struct memos *m, struct memo_owner *owner, const struct memo *spec, uint64_t now_ms);
/* NULL: there is none, or no more. */
struct memo *memo_find(const struct memos *m, struct slice key, uint64_t now_ms);
void memo_remove(struct memos *m, struct memo *memo);
