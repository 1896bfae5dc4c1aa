#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ends.h"
#include "hist.h"
#include "sip_side.h"

/*
 * Sessions of users of sip.bench with contacts of xmpp.bench, as their SIP server has them: each
 * user calls one contact (INVITE with m=message), and texts go both ways as MESSAGE in the dialogs,
 * one under way in each. Driven by one thread that never waits.
 */
struct talk_session {
	char tag[32];  /* the other side's; "": there is none */
	uint32_t cseq; /* of our last request */
	bool asked;    /* a request of ours has no final answer */
};

struct talk {
	/* the caller's */
	struct sip_side *sip;
	unsigned n;      /* sessions */
	unsigned window; /* at most so many requests or texts under way */
	/* kept */
	struct talk_session *session;
	char target[256]; /* what the other side's Contact says */
	unsigned turn;
	uint64_t begin_ns, moved_ns;
	/* results of the last that was done */
	uint64_t total, sent, answered, refused, arrived;
	struct hist latency;
	double seconds, ran;
};

void talk_init(struct talk *t, struct sip_side *sip, unsigned n, unsigned window);
void talk_done(struct talk *t);

/* Calls, answers and ACKs of n of them, from that one on. */
void talk_open(struct talk *t, unsigned first, unsigned n);
/* BYEs of the first n. */
void talk_close(struct talk *t, unsigned n);
/* Texts over all that are open, in turn; stream: the one that entented has to the partner. */
void talk_sip_to_xmpp(struct talk *t, struct byte_end *stream, uint64_t total);
/* The same the other way; stream: the partner's to entented. */
void talk_xmpp_to_sip(struct talk *t, struct byte_end *stream, uint64_t total);
