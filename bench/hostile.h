#pragma once

#include "line.h"

/*
 * What a hostile SIP peer does on a connection of its own, again and again. Kinds that belong to a
 * route come from its address (TCP) or show its certificate (TLS); the others are strangers'.
 */
enum { BY_TCP, BY_TLS, BY__N };
enum { HOSTILE_KINDS = 16, HOSTILE_KEPT = 100 };

struct hostile_count {
	_Atomic uint64_t connections, refused, renegotiated;
	_Atomic uint64_t answers[LINE_STATUSES];
};

struct hostile_world {
	uint16_t port[BY__N]; /* entented's */
	uint16_t udp_port;
	struct in_addr from[BY__N], victim;
	struct in_addr strangers;             /* the first of their addresses */
	SSL_CTX *ctx, *ctx_12, *ctx_stranger; /* ctx_12: of TLS 1.2 */
	const _Atomic int *active;
	unsigned light, heavy; /* connections a second of each kind and transport */
	unsigned pipelined;    /* requests of a pipeline */
};

struct hostile {
	const struct hostile_world *world;
	unsigned kind;
	int by;
	struct hostile_count *count;
	/* its own */
	struct line kept[HOSTILE_KEPT]; /* the oldest is reset for the next */
	unsigned n_kept;
};

const char *hostile_name(unsigned kind); /* NULL: there are no more */
bool hostile_goes_by(unsigned kind, int by);
/* A thread; arg: struct hostile. */
void *hostile_run(void *arg);

/* An OPTIONS or MESSAGE request to entented that nothing is wrong with but who sends it. */
enum { HOSTILE_REQUEST = 1024 };
size_t hostile_request(const struct hostile_world *w, const char *method, const char *transport,
	const char *sent_by, const char *more, char to[static HOSTILE_REQUEST]);
