#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"

/*
 * Our own certificates as they are in force, copied: belongs to whoever asked and may be read on
 * any thread. All of it is in the arena of the list. Texts are UTF-8 and printable, SL_NONE where
 * there is nothing to say.
 */
struct view_certificate {
	struct slice name; /* of its [certificate NAME] section */
	/* The local domains it is named for; none: every domain that has none of its own. */
	const struct slice *domains;
	size_t n_domains;
	struct slice subject, issuer;  /* "CN=im.example,O=Example" */
	struct slice names;            /* "dns:im.example srv:_xmpp-server.im.example" */
	struct slice key;              /* "EC 256", "RSA 2048" */
	struct slice purposes;         /* "serverAuth clientAuth"; SL_NONE: it says nothing of it */
	struct slice fingerprint;      /* SHA-256, 64 lower-case hexadecimal digits */
	struct slice lacks;            /* local domains that show it and are not among its names */
	int64_t not_before, not_after; /* seconds since 1970 */
	/* Whole days until it, or one above it that we send, ends; negative when that is over. */
	int32_t days_left;
	const char *warning; /* "expired", "expires-soon" (30 days), "lacks-names"; NULL: none */
};

struct view_certificates {
	struct arena arena;
	struct view_certificate *v; /* in the order of the file */
	size_t n;
};

void view_certificates_free(struct view_certificates *l); /* NULL is fine */
