#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "federation/notes.h"
#include "federation/setting.h"

/*
 * A managed object: a partner, a local domain, ... A struct whose first member is `struct object`
 * and whose fields are described by its class's settings. It is made, filled with object_set() and
 * then put into a config; from then on it is immutable and shared, by reference count, between
 * configs and snapshots of any thread.
 */
enum object_kind {
	OBJECT_GATEWAY, /* federation/gateway.h */
	OBJECT_ACCESS,
	OBJECT_ROUTE,   /* federation/route.h */
	OBJECT_DOMAIN,  /* federation/domain.h */
	OBJECT_PARTNER, /* federation/partner.h */
	OBJECT_POLICY,  /* federation/policy.h */
	OBJECT_GRANT,
	OBJECT__N
};

struct object {
	const struct object_class *class;
	atomic_uint refs;
};

struct object_class {
	enum object_kind kind;
	const char *name;   /* "partner": API path, audit, notes */
	const char *plural; /* "partners" */
	const char *title;  /* "XMPP federated partner": for people */
	size_t size;
	bool single;                    /* there is exactly one, key "global"; no add, no remove */
	const struct setting *settings; /* settings[0] is the key unless single */
	size_t n_settings;
	/* Rules between the settings of one object. NULL: none. */
	int (*check)(const struct object *o, struct notes *warnings, struct err *e);
};

extern const struct object_class *const object_classes[OBJECT__N];

/* By name or plural; NULL: there is none. */
const struct object_class *object_class_find(struct slice name);

/* All defaults; the key is none. One reference, the caller's. */
struct object *object_new(const struct object_class *class);
struct object *object_copy(const struct object *o);
const struct object *object_ref(const struct object *o);
void object_unref(const struct object *o); /* NULL is fine */
DEFINE_AUTO(struct object *, object_unref)

/* "global" for the single ones. Valid as long as the object. */
const char *object_key(const struct object *o);

/*
 * One setting from text (see setting_parse). name in any spelling setting_find() takes; code
 * unknown_setting when there is none.
 */
int object_set(struct object *o, struct slice name, struct slice text, struct err *e);

/* Fills e for a name that setting_find() does not know; returns -1. */
int object_no_setting(const struct object_class *class, struct slice name, struct err *e);

/* Required settings, then the class's rules. Warnings are appended; NULL is fine. */
int object_check(const struct object *o, struct notes *warnings, struct err *e);

/* Text form for people and programs; "(secret)" or nothing for a write-only setting. */
void object_text(const struct object *o, const struct setting *s, struct buf *ret);

/*
 * The whole object as a JSON object, settings in table order. Write-only ones appear as
 * "NAME_set": true or false. unicode: beside each domain and domain list its U-label form as
 * "NAME_unicode" (what the API shows; audit and export leave it out).
 */
void object_json(const struct object *o, bool unicode, struct buf *ret);

bool object_equal(const struct object *a, const struct object *b);
