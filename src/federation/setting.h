#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/*
 * A setting: one row of an object's table. Validation, the store, the API's JSON, the shell, its
 * help and the manual page all read these rows; there is no second list of names, ranges or
 * defaults.
 *
 * Every value has one text form, which the shell shows, the store keeps and setting_parse() reads:
 *   bool     "true" "false" (read also: yes no on off 1 0)
 *   number   decimal; none is ""
 *   word     one of words; read in any case and without regard to '-', '_' and space
 *   domain   A-labels; read in any form a person may type it (UTS 46)
 *   lists    items joined by ','; read with commas, semicolons, U+3001 or white space between
 *   others   as they are; none is ""
 */
enum setting_type {
	SETTING_BOOL,     /* bool */
	SETTING_NUMBER,   /* uint32_t; none is 0 (only where SETTING_NONE) */
	SETTING_WORD,     /* an enum, index into words */
	SETTING_TEXT,     /* char *: max characters of UTF-8, line breaks allowed */
	SETTING_NAME,     /* char *: letters, digits, '-', '_', '.'; lower case */
	SETTING_DOMAIN,   /* struct domain_name */
	SETTING_DOMAINS,  /* struct domain_list: at most max */
	SETTING_HOST,     /* struct host_port: a proxy, host[:port] */
	SETTING_NEXT_HOP, /* struct host_port: sip:host[:port] */
	SETTING_NETWORKS, /* struct network_list: addresses and CIDR networks, at most max */
	SETTING_POLICY,   /* char *: global, domain:NAME, tag:NAME */
	SETTING_USER,     /* char *: a user's address (federation/address.h) */
	SETTING_SECRET,   /* char *: never shown, min to max characters */
	SETTING_TYPE__N
};

enum {
	SETTING_KEY = 1,        /* names the object: given when it is made, fixed afterwards */
	SETTING_REQUIRED = 2,   /* has no default and cannot be none */
	SETTING_NONE = 4,       /* may be none */
	SETTING_WRITE_ONLY = 8, /* never read back */
};

struct setting {
	const char *name;  /* "tls_negotiation": API, store, err field */
	const char *alias; /* short name for the shell: "tls"; may be NULL */
	enum setting_type type;
	unsigned flags;
	size_t offset;            /* in the object */
	uint32_t min, max;        /* number: value; text and secret: characters; lists: items */
	const char *const *words; /* SETTING_WORD: ends with NULL */
	const char *deflt;        /* text form; NULL: none (or required) */
	const char *unit;         /* "s", "ms", "characters", ...; may be NULL */
	const char *help;         /* one sentence */
};

/*
 * By name or alias, in any case and without regard to '-' and '_', so that "TlsNegotiation",
 * "tls-negotiation" and "tls" are one. NULL: there is none.
 */
const struct setting *setting_find(const struct setting *table, size_t n, struct slice name);

/*
 * Reads text into the object. On failure -1, the object is unchanged and e has kind ERR_INVALID, a
 * code, the field, and says what would be right. Codes: required, not_boolean, not_number,
 * out_of_range, not_one_of, not_utf8, control_character, too_long, too_short, too_many, duplicate,
 * name_syntax, domain_syntax, domain_wildcard, domain_trailing_dot, domain_is_address, host_syntax,
 * port_range, uri_syntax, uri_needs_tls, network_syntax, network_host_bits, policy_syntax,
 * address_syntax.
 */
int setting_parse(const struct setting *s, void *object, struct slice text, struct err *e);

/*
 * Lists: puts the items of text in (an item that is there is fine), or takes them out (an item that
 * is not there: code not_in_list). Other types: code not_a_list.
 */
int setting_add(const struct setting *s, void *object, struct slice text, struct err *e);
int setting_remove(const struct setting *s, void *object, struct slice text, struct err *e);

/* Appends the text form. A secret is appended like any other value: see object_text(). */
void setting_format(const struct setting *s, const void *object, struct buf *ret);

bool setting_is_list(const struct setting *s);

/* Is there a value? ("" as text form: no.) */
bool setting_is_set(const struct setting *s, const void *object);

/*
 * Appends the value as JSON: true, 20, "text", ["a", "b"], null. unicode: domains as U-labels.
 * Write-only values must not come here (asserted).
 */
void setting_json(const struct setting *s, const void *object, bool unicode, struct buf *ret);

/* "boolean", "integer", "string", "array". */
const char *setting_json_type(const struct setting *s);

/* "1 to 10000, or empty": what would be right, for help, manual pages and errors. */
void setting_range(const struct setting *s, struct buf *ret);

/* Frees what the field owns and leaves none. */
void setting_clear(const struct setting *s, void *object);

/* Appends s as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD. */
void json_quote(struct buf *ret, struct slice s);
