#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "gateway/gateway.h"
#include "sip/sip.h"
#include "sipnet/sipnet.h"
#include "xml/elem.h"

/*
 * A gateway between doubles of its neighbours: the real SIP transaction layer without a network, a
 * link without an edge, a clock that stands still until it is told. What leaves is kept in order.
 */
enum { RIG_MAX = 1024 };

struct rig_sip {    /* a SIP message that left */
	char *text; /* as on the wire, NUL-terminated */
	struct sip_msg *m;
};

struct rig {
	struct loop *loop;
	struct gateway *g;
	struct sip_stack *stack;
	struct snapshot *snapshot;
	uint64_t wall_ms; /* at the start; goes on with the loop's time */
	uint64_t start_ms;
	bool workers;                    /* there are threads */
	bool no_credit;                  /* the link takes nothing */
	struct link_down *down[RIG_MAX]; /* stanzas that went to the edge and have no fate yet */
	unsigned n_down;
	char *xml[RIG_MAX]; /* all stanzas that went down, NUL-terminated */
	unsigned n_xml;
	struct rig_sip sip[RIG_MAX];
	unsigned n_sip;
	unsigned n_up_done;
	unsigned random;
	uint32_t flow;        /* by which what comes in came */
	struct slice next;    /* of the last request within a dialog: where it should go */
	uint32_t within_flow; /* and by which connection */
	/* INVITEs outside of dialogs; NULL: they are the gateway's. */
	void (*invited)(struct rig *r, struct sip_server *txn, const struct sip_msg *m,
		const struct route *route, const struct sipnet_way *way);
	struct arena arena;
};

/* Zero, NULL: what the vectors start from. */
struct rig_options {
	struct gateway_limits limits;
	const char *partner_type; /* of example.com; "Federated" */
	const char *error_wait;   /* of the route; "300" */
	const char *late_error;
	const char *send_rate;
	const char *trust_identity; /* "false" */
	const char *route_name;     /* "main" */
	const char *other_route;    /* one more, that no domain uses */
	const char *kind;           /* "generic"; others get transport tls, as they must */
	const char *message_mode;   /* "pager" */
	bool no_federation, no_xmpp, write_invites, partner_off, no_partner;
	struct memory *memory;
	struct worker *worker;
	const char *body_file; /* with a thread to write it; texts are not written before
				  bodies_set() */
	struct worker *body_worker;
}; /* partner_off: disabled; no_partner: example.com is none */

/*
 * Local domains example.net, example.org, sip.example by the route "main"; partners example.com
 * (with muc.example.com) and xmpp.example.
 */
void rig_init(struct rig *r, const struct rig_options *o);
void rig_done(struct rig *r);

/* The settings become those of o. */
void rig_settings(struct rig *r, const struct rig_options *o);

void rig_advance(struct rig *r, uint64_t ms);
uint64_t rig_now(const struct rig *r);

/* A datagram from the route. It is copied. */
void rig_sip_in(struct rig *r, struct slice datagram);
/* A MESSAGE with these parts; NULL: a usual one. headers: complete lines. Its own branch and
 * Call-ID. */
void rig_message(
	struct rig *r, const char *ruri, const char *from, const char *headers, const char *body);
/* A final response to the SIP request that left as number i. */
void rig_respond(
	struct rig *r, unsigned i, unsigned status, const char *reason, const char *headers);
/* The same with a To tag of the test's own, and a body. */
void rig_answer(struct rig *r, unsigned i, unsigned status, const char *tag, const char *headers,
	const char *body);
/* The network says that the next hop is gone. */
void rig_unreachable(struct rig *r);

/* The settings in force, and their route. */
const struct route *rig_route(const struct rig *r);

/* The status of the last SIP message that left, which is a response; 0: it is none. */
unsigned rig_status(const struct rig *r);
/* How many responses, or requests, have left. */
unsigned rig_count(const struct rig *r, bool requests);

/* A stanza from an authenticated stream; xml without a namespace of its own is in jabber:server. */
void rig_stanza(struct rig *r, const char *xml);
/* The oldest stanza without fate gets one. */
void rig_fate(struct rig *r, enum link_fate_kind kind, enum link_reason reason);
/* The one that went down as number i (of n_xml, with a fate id) is lost after it was written. */
void rig_lost(struct rig *r, enum link_reason reason, uint64_t fate_id);

/* A stanza that went down, read again; lives as long as the rig. */
const struct xml_elem *rig_xml(struct rig *r, unsigned i);
