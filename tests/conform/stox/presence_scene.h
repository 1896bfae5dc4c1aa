#pragma once

#include "gateway/presence_set.h"
#include "gateway/roster.h"
#include "vector.h"

/*
 * One SIP user and one contact, with the machines that presence is made of joined as the gateway
 * will join them: each does what the other says, and what leaves is kept. There is no dialog and no
 * network, so fields that belong to those are not made here.
 */
enum { SCENE_MAX = 16 };

struct sent {
	const char *method; /* "SUBSCRIBE", "NOTIFY" */
	bool within;        /* in the dialog */
	uint32_t expires;
	struct slice state;      /* Subscription-State */
	const struct pidf *pidf; /* NULL: no body */
	struct slice lang;
	uint64_t at;
};

struct scene {
	struct vector *v;
	uint64_t now;
	struct watcher watcher;
	struct notifier notifier;
	struct roster_pair pair;
	struct presence_set contact;       /* what is known of the contact */
	struct slice announced[SCENE_MAX]; /* resources of the user that the contact knows */
	unsigned n_announced;

	/* what left since scene_clear() */
	const struct xml_elem *stanzas[SCENE_MAX];
	unsigned n_stanzas;
	struct sent sent[SCENE_MAX];
	unsigned n_sent;
	unsigned response; /* to a NOTIFY; 0: none */
};

void scene_init(struct scene *s, struct vector *v);
void scene_done(struct scene *s);
void scene_clear(struct scene *s); /* what left is forgotten */

/* A NOTIFY to us; body absent: none. */
struct scene_notify {
	const char *state; /* Subscription-State */
	struct slice body, lang;
};
void scene_notify(struct scene *s, const struct scene_notify *n);
void scene_answer(struct scene *s, unsigned status, const struct watcher_facts *facts);

/* A presence stanza of the contact. */
void scene_stanza(struct scene *s, const struct xml_elem *stanza);

/* A SUBSCRIBE to us. */
void scene_subscribe(struct scene *s, enum notifier_event event);
void scene_taken(struct scene *s); /* 200 to our NOTIFY */

/* Until then, with all timers. */
void scene_until(struct scene *s, uint64_t then_ms);

/* The states that vectors name: "subscribed", "sip-pending" ... False: there is none such. */
bool scene_state(struct scene *s, const char *name);

/* ---- vectors (presence_check.c) ---- */

/* What a vector's objects say, as they would come. */
struct slice scene_string(struct vector *v, json_t *o, const char *key);
struct slice scene_document(struct vector *v, json_t *pidf); /* absent: none */
const struct xml_elem *scene_presence(struct vector *v, json_t *o);
struct slice scene_priority(struct vector *v, int thousandths);
void scene_compare_pidf(
	struct vector *v, const struct pidf *p, json_t *want); /* want may be NULL */

/* Holds what left, and the states, against the expectation. */
void scene_check(struct scene *s);
