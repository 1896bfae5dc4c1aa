#pragma once

#include <stddef.h>

#include "base/slice.h"

/*
 * The files of the panel, inside the program: made from a folder when it is built
 * (embed_assets.py), none where it is built without a panel.
 */
struct asset {
	const char *path; /* "/assets/index-1a2b.js" */
	const char *type; /* "text/javascript; charset=utf-8" */
	const char *etag; /* quoted, of the bytes */
	const char *bytes;
	size_t n;
	const char *gzip; /* the same, compressed; NULL: it would not be shorter */
	size_t gzip_n;
};

extern const struct asset assets[]; /* ordered by path; one that is zeroed follows the last */
extern const size_t assets_n;

/* What stands in index.html where the nonce of the answer belongs. */
#define ASSET_NONCE "__NONCE__"

const struct asset *asset_find(struct slice path); /* NULL: there is none */
