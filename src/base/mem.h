#pragma once

#include <stddef.h>

/*
 * Small allocations that abort when memory is out. Anything a peer can size is limited before it is
 * allocated, so running out here is not something a peer can bring about.
 */
void *xmalloc(size_t n) __attribute__((malloc, returns_nonnull));
void *xzalloc(size_t n) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *p, size_t n) __attribute__((returns_nonnull));
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull));
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2), returns_nonnull));

/*
 * AUTO(destructor) runs destructor(value) when the variable goes out of scope. The destructor is
 * declared usable with DEFINE_AUTO(type, destructor) and accepts NULL.
 */
#define AUTO(destructor) __attribute__((cleanup(auto_##destructor)))
#define DEFINE_AUTO(type, destructor)                                                              \
	static inline __attribute__((unused)) void auto_##destructor(type *p)                      \
	{                                                                                          \
		if (*p)                                                                            \
			destructor(*p);                                                            \
	}

void xfree(void *p); /* free(), for AUTO */
static inline __attribute__((unused)) void auto_xfree(void *p)
{
	xfree(*(void **)p);
}

/* Overwrites a secret; the compiler does not remove it. */
void mem_wipe(void *p, size_t n);

/* Compares secrets in constant time: 1 when equal. */
int mem_equal_ct(const void *a, const void *b, size_t n);

#define ARRAY_LEN(a)	       (sizeof(a) / sizeof((a)[0]))
#define container_of(p, type, member) ((type *)((char *)(p)-offsetof(type, member)))
