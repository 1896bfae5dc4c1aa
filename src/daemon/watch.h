#pragma once

#include "base/err.h"
#include "base/slice.h"
#include "loop/loop.h"

/*
 * Watches the files of certificates and loads them anew when they change, however they are
 * replaced: written in place, renamed over, or by a link that leads elsewhere. Looks every two
 * seconds, by a worker. Files that are still being written are waited for, and so is the second of
 * two that belong together: only what cannot be loaded for a minute is refused, once, and the next
 * change begins anew. All or nothing. Of one loop.
 */
struct cert_sources;
struct tls_set;
struct watch;

struct watch_ops {
	void (*loaded)(void *arg, struct tls_set *set); /* its own */
	void (*refused)(void *arg, const struct err *e);
};

enum { WATCH_EVERY_MS = 2000, WATCH_PATIENCE_MS = 60000 };

/* print: cert_sources_print() from before what is in force was loaded. */
struct watch *watch_new(struct loop *l, struct cert_sources *sources, struct slice print,
	const struct watch_ops *ops, void *arg);

/* Others were loaded by somebody else. */
void watch_set(struct watch *w, struct cert_sources *sources, struct slice print);

/* How often it has looked. */
unsigned watch_looks(const struct watch *w);

/* Waits for what the worker is doing; runs turns of the loop, which is at rest. NULL is fine. */
void watch_free(struct watch *w);
