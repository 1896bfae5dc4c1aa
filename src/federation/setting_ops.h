#pragma once

/* Private to federation/: what each type of setting is made of. */

#include "base/arena.h"
#include "federation/setting.h"
#include "federation/value.h"

struct setting_ops {
	const char *json; /* its JSON type */
	/*
	 * text is neither empty nor, except for text and secrets, surrounded by white space. Leaves
	 * the field as it was on failure.
	 */
	int (*parse)(const struct setting *s, void *field, struct slice text, struct err *e);
	void (*format)(const struct setting *s, const void *field, struct buf *ret);
	void (*clear)(void *field); /* frees; zeroes */
	/* Lists have these two in place of parse: one item as text, the list of such. */
	int (*item)(const struct setting *s, struct arena *a, struct slice typed, struct slice *ret,
		struct err *e);
	void (*build)(void *field, const struct slice *items, size_t n);
};

extern const struct setting_ops setting_bool, setting_number, setting_word, setting_text,
	setting_name, setting_secret, setting_domain, setting_domains, setting_host,
	setting_next_hop, setting_networks, setting_policy, setting_user;

/* ERR_INVALID about the setting; returns -1. */
int setting_bad(const struct setting *s, struct err *e, const char *code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* What was typed, short enough for an error's text and never ending inside a character. */
struct slice setting_shown(struct slice typed);

/* An IP address without brackets as a network of its own; false when it is none. */
bool network_read_host(struct slice host, struct network *ret);

/* Fields that are one char *. */
void string_put(void *field, struct slice value);
void string_format(const struct setting *s, const void *field, struct buf *ret);
void string_clear(void *field);

/* Domains as U-labels, for people. */
void domain_format_unicode(const void *field, struct buf *ret);
void domains_format_unicode(const void *field, struct buf *ret);

/*
 * One domain as typed, to A-labels in the arena; refuses what is none, with setting_parse()'s
 * codes.
 */
int domain_read(const struct setting *s, struct arena *a, struct slice typed, struct slice *ret,
	struct err *e);

/*
 * Letters, digits, '-', '_', '.', beginning with a letter or digit; at most max
 * of them. A lower-cased copy in the arena; false when it is not one.
 */
bool name_read(struct slice typed, size_t max, struct arena *a, struct slice *ret);
