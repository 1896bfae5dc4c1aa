#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "loop/loop.h"
#include "view/ask.h"
#include "view/certificates.h"
#include "view/probe.h"

/*
 * The administration: the API on a unix socket, /metrics and /health on a loopback port. Of one
 * loop; every function is for that loop's thread, before it runs or on it. The store is changed by
 * a worker of its own, so the loop never waits for the disk.
 */
struct admin;
struct origin_url;
struct proxy_networks;
struct snapshot;
struct store;
struct tls_set;
struct view_routes_ask;

/* An entry of the allow list on its way to the gateway and back. */
enum admin_allow_verb { ADMIN_ALLOW_PUT, ADMIN_ALLOW_REMOVE, ADMIN_ALLOW_LIST };

struct admin_allow_entry {
	struct slice user, contact;
	uint64_t expires_ms; /* wall clock; 0: never */
};

struct admin_allow {
	struct loop_call call; /* for whoever carries it */
	enum admin_allow_verb verb;
	struct admin_allow_entry entry; /* canonical; PUT and REMOVE */
	char by[257];
	/* The answer: */
	int result; /* 0, or -1 with err */
	struct err err;
	struct arena arena; /* holds the list */
	struct admin_allow_entry *list;
	size_t n;
	void (*done)(struct admin_allow *a); /* runs on the admin loop; a is its own then */
};

/* A test of a partner, of one of our domains, or of a SIP route. */
struct admin_probe {
	bool partner, route;        /* neither: domain is one of ours; route: it is a route's name */
	struct slice domain, local; /* as typed; copied. local empty: any of ours */
	/* On asker's loop: each step, which is the callee's (free()); then done() once. */
	void (*step)(void *arg, struct view_probe_step *step);
	void (*done)(void *arg, const struct err *refused); /* NULL: the test was made */
	void *arg;
};

/*
 * What the administration asks of the other loops; each returns at once, and none calls back before
 * it has returned.
 */
struct admin_hooks {
	/*
	 * A new generation; takes a reference for itself. done() runs on the admin loop when it is
	 * in force everywhere. Generations are published in order.
	 */
	void (*publish)(
		void *arg, struct snapshot *s, void (*done)(void *done_arg), void *done_arg);
	/* a->done() runs once on asker's loop. NULL: this process has no edge. */
	void (*ask)(void *arg, struct loop *asker, struct view_ask *a);
	/* Calls a->done on the admin loop. NULL: this process has no gateway. */
	void (*allow)(void *arg, struct admin_allow *a);
	/* a->done() runs once on asker's loop. NULL: this process has no gateway. */
	void (*routes)(void *arg, struct loop *asker, struct view_routes_ask *a);
	/* Our certificates in force; the caller frees it. NULL: this process has no edge. */
	struct view_certificates *(*certificates)(void *arg);
	/* Has the bootstrap file and the files of certificates read again, all or nothing. Blocks. */
	int (*reload)(void *arg, struct err *e);
	/* Returns what probe_stop() takes before done(). NULL: this process has no edge. */
	void *(*probe)(void *arg, struct loop *asker, const struct admin_probe *p);
	void (*probe_stop)(void *arg, void *test); /* nobody waits for it: it ends soon */
	/* The same of routes, which the gateway tests. NULL: this process has no gateway. */
	void *(*route_probe)(void *arg, struct loop *asker, const struct admin_probe *p);
	void (*route_probe_stop)(void *arg, void *test);
};

struct admin_options {
	struct store *store;      /* borrowed; the admin's alone from now on */
	const char *group;        /* whose members may administer; may be "" */
	const char *node, *roles; /* shown */
	const struct origin_url *url;         /* of the panel; copied. NULL: there is none */
	const struct proxy_networks *proxies; /* that are believed; borrowed. NULL: none */
	unsigned session_idle_secs, session_life_secs; /* 0: 15 minutes, 12 hours */
	const char *directory_program;  /* entente-directory; NULL: there is none */
	unsigned directory_reread_secs; /* 0: 5 minutes */
	const struct admin_hooks *hooks;
	void *hooks_arg;
};

int admin_new(struct admin **ret, struct loop *l, const struct admin_options *o, struct err *e);

/* Serves the API on a listening unix socket, or metrics on a TCP one; takes the descriptor. */
void admin_serve_api(struct admin *a, int fd);
void admin_serve_metrics(struct admin *a, int fd);

/* The panel and its API by HTTPS, once there is a certificate; takes the descriptor. */
void admin_serve_panel(struct admin *a, int fd);

/*
 * The certificate of new connections: the first of the set; those that are there keep theirs.
 * trusted: everybody believes it and it is for our url, so browsers are told to insist on HTTPS.
 */
int admin_set_certificate(
	struct admin *a, const struct tls_set *set, bool trusted, struct err *e);

/*
 * Not ready (at start and when draining): /health says 503 and the status says so; the API goes on.
 */
void admin_set_state(struct admin *a, const char *state);

/*
 * Ends: no more requests; waits for the store's worker and for the hooks, which still have to
 * answer. Runs turns of the loop, which loop_run() has left. NULL is fine.
 */
void admin_free(struct admin *a);

/*
 * Listening sockets (listen.c), made before privileges are dropped. A unix socket gets mode 0660
 * and the group (if it exists); a stale one is replaced, one that answers is an error.
 */
int admin_listen_unix(const char *path, const char *group, int *ret, struct err *e);
/* host: a literal address without brackets. */
int admin_listen_tcp(const char *host, uint16_t port, int *ret, struct err *e);
