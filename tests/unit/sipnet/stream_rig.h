#pragma once

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "federation/snapshot.h"
#include "loop/loop.h"
#include "net/conn.h"
#include "net/tls.h"
#include "pki.h"
#include "sipnet/connections.h"
#include "sipnet/flow.h"
#include "sipnet/sipnet.h"

/*
 * A sipnet with connections on loopback, TCP at 127.0.0.3, and a clock of our own. Other ends are
 * lines: bytes both ways, in clear or inside TLS, by which a test says whatever it wants.
 */
enum { RIG_TXN = 4096, RIG_LINES = 256 };

struct rig {
	struct loop *loop;
	struct sipnet *net;
	struct snapshot *snapshot;
	struct tls_set *tls;
	uint16_t tcp, tls_port, tcp6;

	unsigned requests;
	struct sip_server *txn[RIG_TXN];
	char route[65];
	struct sipnet_way way; /* of the last request */
	struct buf told;       /* of INVITEs: "cancelled gone ack " */
	const char *sdp;       /* for OPTIONS; NULL: none */
	unsigned answer;       /* inside request(); 0: none */

	unsigned dones;
	struct sip_result result;

	struct conn *lines[RIG_LINES]; /* those that a test which failed has left */
};

/* Ours: names of [certificate] sections with their domains; made once for all tests. */
int rig_setup(void **state);
int rig_teardown(void **state);
struct pki *rig_pki(void);
/* "ours" (ours.lab, default), "second" (for second.lab), "third" (for none, by name alone). */
struct tls_set *rig_ours(void);

void rig_open(struct rig *r);
/* One that takes INVITE and dialogs; contact_host as in sipnet_config. */
void rig_open_calls(struct rig *r, const char *contact_host);
/* What was told since this was asked last. */
void rig_expect_told(struct rig *r, const char *want);
void rig_close(struct rig *r);

struct rig_route {
	const char *name, *next_hop, *transport, *tls_names, *sources, *certificate;
	const char *domain; /* a local domain that uses it */
	const char *kind, *mode, *user, *password;
};
void rig_routes(struct rig *r, const struct rig_route *v, size_t n);
void rig_call(struct rig *r, const char *route, size_t body);

/* Both ends have done what they had to do; no time passes. */
void rig_settle(struct rig *r);
/* A few milliseconds pass, at most 50. */
#define until(r, condition)                                                                        \
	do {                                                                                       \
		uint64_t until_end = clock_mono_ms() + 5000;                                       \
		unsigned until_ms = 50;                                                            \
		while (!(condition)) {                                                             \
			loop_turn((r)->loop, false);                                               \
			if (until_ms && until_ms--)                                                \
				loop_fake_advance((r)->loop, 1);                                   \
			if (clock_mono_ms() > until_end)                                           \
				fail_msg("%s:%d: not within 5 s: %s", __FILE__, __LINE__,          \
					#condition);                                               \
		}                                                                                  \
	} while (0)

/* ---- other ends ---- */
struct line {
	struct rig *rig;
	struct conn *conn;
	int fd;
	struct netaddr peer;
	struct buf got;
	bool secure, eof, closed;
	enum conn_end how;
};

/* From 127.0.0.x to a port of the rig. */
void line_open(struct line *l, struct rig *r, const char *from, const char *to, uint16_t port);
/* name: of a certificate of its own, made here; NULL: it shows none. */
struct tls_set *line_set(const char *name, const struct pki_spec *spec);
void line_tls(struct line *l, struct tls_set *set, const char *sni);
void line_close(struct line *l);
void line_reset(struct line *l); /* TCP RST */
void line_say(struct line *l, const char *text);
/* The next SIP message that has come, up to its empty line; "": none. Valid until the next. */
const char *line_hear(struct line *l);
unsigned line_status(struct line *l); /* of the next message; 0: none, or a request */

/* A whole request; more: further Via parameters and header fields. */
void line_request(struct line *l, const char *transport, unsigned n, const char *method,
	const char *domain, const char *via, const char *fields);

/* Where the rig connects to. */
struct door {
	struct rig *rig;
	int fd;
	uint16_t port;
};
void door_open(struct door *d, struct rig *r, uint16_t port); /* 0: any */
void door_close(struct door *d);
bool door_take(struct door *d, struct line *l); /* true: somebody has come */
