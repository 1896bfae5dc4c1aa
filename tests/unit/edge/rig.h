#pragma once

#include "edge/edge.h"
#include "federation/snapshot.h"
#include "link/link.h"
#include "loop/loop.h"
#include "pki.h"

/*
 * An edge with a gateway's end that keeps what it is told: what tests of the edge drive. Two of
 * them on one loop are each other's partner.
 */
enum { SIDE_MAX = 4096 };

struct fate {
	uint64_t id;
	enum link_fate_kind fate;
	enum link_reason reason;
};

struct side {
	struct rig *rig;
	const char *domain;
	struct edge *edge;
	struct link *link;
	struct tls_set *tls;
	struct fate fates[SIDE_MAX];
	size_t n_fates;
	uint64_t lost[SIDE_MAX];
	size_t n_lost;
	enum link_reason lost_reason;
	char *ups[SIDE_MAX]; /* what came up, as text */
	size_t n_ups;
	struct link_up *kept[SIDE_MAX];
	size_t n_kept;
	bool keep_ups; /* hold their credits */
};

struct rig {
	struct loop *loop;
	struct pki *pki;
};

/* A TCP port on 127.0.0.1 that takes connections and never says a word. */
int rig_silent(uint16_t *ret_port);

void rig_init(struct rig *r);
void rig_done(struct rig *r);

/* How a side is set up; NULL and 0: as said. */
struct side_options {
	const char *domain;           /* its local domain */
	const struct pki_files *cert; /* NULL: a good one for the domain */
	const char *trust;            /* NULL: the rig's authority */
	struct edge_limits limits;
	unsigned up_credits; /* 100 */
	uint16_t port;       /* any free one */
	const struct netaddr *dns; /* none that answers */
};
void side_release(struct side *s); /* gives back what keep_ups has held */
void side_init(struct side *s, struct rig *r, const struct side_options *o);
void side_done(struct side *s);
uint16_t side_port(const struct side *s);

/* The partner it has, and how. */
struct side_partner {
	const char *domain, *more_domains;
	uint16_t port;                     /* on 127.0.0.1; 0: 9, where nobody listens */
	const char *tls, *sasl, *dialback; /* Required, Required, false */
	bool disabled;
	unsigned limit;                                      /* of connections, its own */
	unsigned all_limit;                                  /* of everybody's connections */
	bool no_proxy;                                       /* by DNS, not at port */
	const char *second_local, *third_local;              /* other local domains */
	const char *inactivity, *keep_alive, *establishment; /* seconds */
	bool no_partner, no_pings;
	const struct side_partner *also; /* a second partner: its domain and port */
};
void side_settings(struct side *s, const struct side_partner *p);

/* Sends a message of this fate id down; deadline in ms from now. */
void side_send(struct side *s, const char *to_domain, uint64_t fate_id, unsigned deadline_ms);
/* From another of its domains. */
void side_send_from(struct side *s, const char *from_domain, const char *to_domain,
	uint64_t fate_id, unsigned deadline_ms);
void side_send_xml(struct side *s, const char *to_domain, uint64_t fate_id, unsigned deadline_ms,
	const char *xml);

/* A stanza nobody asks about, which keeps no stream from being inactive. */
void side_send_quiet(struct side *s, const char *to_domain, const char *xml);

/*
 * The loop's clock is a fake: it goes on by a millisecond a turn, and by leaps only when a test
 * says so.
 */
void rig_turn(struct rig *r);
void rig_turns(struct rig *r, unsigned n);
/* Passes time, in steps of 100 ms with a turn for the sockets each. */
void rig_pass(struct rig *r, unsigned ms);

/* Turns the loop until the condition holds; fails the test after some (real) seconds. */
#define rig_until(rig, condition)                                                                  \
	do {                                                                                       \
		uint64_t rig_end = clock_mono_ms() + 10000;                                        \
		while (!(condition)) {                                                             \
			rig_turn(rig);                                                             \
			if (clock_mono_ms() > rig_end)                                             \
				fail_msg("not within 10 s: %s", #condition);                       \
		}                                                                                  \
	} while (0)

/* The fate told for this id: exactly one, or the test fails. */
struct fate side_fate(const struct side *s, uint64_t id);
bool side_lost(const struct side *s, uint64_t id);
/* How often a message with id m<id> came up. */
unsigned side_received(const struct side *s, uint64_t id);
