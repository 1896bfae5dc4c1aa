#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"
#include "xmpp/errors.h"

/* The domain pairs that are authenticated on one stream. Few: looked through in turn. */
struct pair {
	struct slice remote, local; /* canonical; one block each pair, owned */
};

struct pairs {
	struct pair *v;
	size_t n, cap;
};

void pairs_done(struct pairs *p);
void pairs_add(struct pairs *p, struct slice remote, struct slice local); /* once is enough */
void pairs_remove(struct pairs *p, struct slice remote, struct slice local);
bool pairs_have(const struct pairs *p, struct slice remote, struct slice local);

/*
 * May a stanza with these addresses pass (RFC 6120 8.1.1.2, 8.1.2.2)? STREAM_OK with the pair it
 *belongs to, or improper-addressing   from or to is missing, empty, or has no domain invalid-from
 *the sender's domain is in no pair host-unknown          it is, but not with this domain of the
 *recipient's Only the domains are looked at. a: for what has to be made canonical.
 */
enum stream_cond pairs_check(const struct pairs *p, struct slice from, struct slice to,
	struct arena *a, struct pair *ret);
