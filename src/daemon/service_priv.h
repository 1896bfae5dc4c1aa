#pragma once

#include <pthread.h>

#include "admin/admin.h"
#include "base/log.h"
#include "daemon/certs.h"
#include "daemon/service.h"
#include "daemon/watch.h"
#include "edge/edge.h"
#include "federation/snapshot.h"
#include "gateway/gateway.h"
#include "link/link.h"
#include "loop/loop.h"
#include "loop/worker.h"
#include "net/dns.h"
#include "net/tls.h"
#include "sipnet/sipnet.h"
#include "store/memory.h"
#include "store/store.h"

/* What the files of the service share. */

/* A loop with its thread. */
struct runner {
	struct loop *loop;
	pthread_t thread;
	bool running;
};

enum { ADDRS_MAX = 32 };

struct service {
	const struct conf *conf;
	struct log log;
	struct store *store;
	struct snapshot *snapshot;    /* published last; the loops have their own references */
	struct tls_set *tls;          /* in force; NULL: there is no edge */
	struct watch *watch;          /* of the files of tls */
	struct buf noted;             /* what was last logged about tls */
	struct loop_timer note_timer; /* looks again: lists go past their time by themselves */

	struct loop *main; /* admin and signals; the caller's thread */
	struct admin *admin;
	int api_fd, metrics_fd[ADDRS_MAX]; /* -1 once the admin has them */
	struct panel *panel;               /* NULL: there is none */
	bool api_there;                    /* the socket's file is ours to remove */
	struct loop_signal *term, *interrupt, *hup;

	struct link *link;
	struct runner edge_runner, gateway_runner;
	struct edge *edge;

	struct memory *memory;
	struct worker *memory_worker, *body_worker;
	char *body_file;
	struct gateway *gateway;
	struct dns *dns; /* of the gateway loop */
	struct sipnet *sipnet;

	struct stop *stop; /* while it ends */
};

static inline bool service_serves(const struct service *s)
{
	return s->conf->roles & 1u << ROLE_EDGE;
}

/* ---- hooks.c: what the administration asks of the loops ---- */
extern const struct admin_hooks service_hooks;       /* arg: the service */
extern const struct admin_hooks service_hooks_alone; /* without edge and gateway */
/* hooks_gateway.c; arg: the service */
void *service_probe_route(void *arg, struct loop *asker, const struct admin_probe *p);
void service_probe_route_end(void *arg, void *test);
void service_ask_routes(void *arg, struct loop *asker, struct view_routes_ask *a);

/* ---- reload.c ---- */
int service_reload(struct service *s, struct err *e);
int service_load_certificates(struct service *s, struct err *e); /* at the start */
/* Logs what is not as it should be with the certificates, if that is not what it said last. */
void service_note_certificates(struct service *s);

/* ---- panel.c: the HTTPS of the administration ---- */
/* Binds, and reads the certificate that the bootstrap file names: before rights are dropped. */
int panel_new(struct service *s, struct err *e);
/* Makes the certificate that it does not name, and serves; s->admin is there. */
int panel_start(struct service *s, struct err *e);
/* c: the bootstrap file as it is now. All or nothing; says in the log what came of it. */
int panel_reload(struct service *s, const struct conf *c, struct err *e);
void panel_free(struct service *s);

/* ---- stop.c ---- */
/* Begins the orderly end; called again, ends at once. loop_stop(s->main) when it is done. */
void service_stop(struct service *s);
void service_stop_end(struct service *s);  /* the other loops have stopped, and are still there */
void service_stop_free(struct service *s); /* all loops are gone */
