#pragma once

#include "sip/trans.h"

/*
 * The machines of INVITE transactions as tables, like those of trans.h (RFC 3261 17.1.1 and 17.2.1
 * as RFC 6026 changes them, 9.1 and 9.2 for CANCEL). For sip/ only.
 */

/* Milliseconds. */
enum {
	SIP_INVITE_100_AFTER = 200, /* 17.2.1 */
	SIP_TIMER_D = 32000,        /* by datagrams; by connections 0 */
};

/*
 * Server (RFC 6026 figure 7):
 *
 *     INVITE               2xx
 *   ----------> PROCEEDING -----> ACCEPTED ---------------------- L ------> TERMINATED
 *                   |                                                        ^    ^
 *                   | 300-699, CANCEL             ACK                        |    |
 *                   `-----------------> COMPLETED -----> CONFIRMED --- I ----'    |
 *                                           `------------------------- H ---------'
 *
 * What our user says when it is too late has no effect: a CANCEL may have been faster.
 */
enum sip_invite_server_state {
	SIP_IS_PROCEEDING,
	SIP_IS_COMPLETED,
	SIP_IS_CONFIRMED,
	SIP_IS_ACCEPTED,
	SIP_IS_TERMINATED,
	SIP_IS_STATE__N
};

enum sip_invite_server_event {
	SIP_IS_REQUEST, /* the INVITE again */
	SIP_IS_SLOW,    /* SIP_INVITE_100_AFTER, and nothing was sent */
	SIP_IS_1XX,     /* our user: 101 to 199 */
	SIP_IS_2XX,     /* our user */
	SIP_IS_FINAL,   /* our user: 300 to 699 */
	SIP_IS_ACK,
	SIP_IS_CANCEL,
	SIP_IS_TIMER_G,
	SIP_IS_TIMER_H,
	SIP_IS_TIMER_I,
	SIP_IS_TIMER_L,
	SIP_IS_EVENT__N
};

/*
 * Client (RFC 6026 figure 5):
 *
 *     INVITE            1xx                  2xx
 *   ----------> CALLING -----> PROCEEDING ---------> ACCEPTED --- M ----> TERMINATED
 *                 | | \            |  \                 ^                   ^  ^
 *                 | |  \ 2xx       |   \ 300-699        |                   |  |
 *                 | |   `----------|----\---------------'                   |  |
 *                 | | 300-699      |     `----> COMPLETED --- D, network ---'  |
 *                 | `--------------|-------------^                             |
 *                 `----------------+------ B, network, no answer to CANCEL ----'
 *
 * A network error changes nothing where nothing is sent: in PROCEEDING and ACCEPTED.
 */
enum sip_invite_client_state {
	SIP_IC_CALLING,
	SIP_IC_PROCEEDING,
	SIP_IC_COMPLETED,
	SIP_IC_ACCEPTED,
	SIP_IC_TERMINATED,
	SIP_IC_STATE__N
};

enum sip_invite_client_event {
	SIP_IC_1XX,
	SIP_IC_2XX,
	SIP_IC_FINAL,  /* 300 to 699 */
	SIP_IC_CANCEL, /* our user wants no answer any more */
	SIP_IC_TIMER_A,
	SIP_IC_TIMER_B,
	SIP_IC_TIMER_D,
	SIP_IC_TIMER_M,
	SIP_IC_CANCEL_LATE, /* 64*T1 after the CANCEL (9.1) */
	SIP_IC_NETWORK,     /* what we sent cannot arrive (18.4) */
	SIP_IC_EVENT__N
};

enum sip_invite_action {
	/* server */
	SIP_INV_SEND = 1 << 0,    /* the response in hand, and keep it */
	SIP_INV_RESEND = 1 << 1,  /* what was kept: the response, the INVITE, the ACK */
	SIP_INV_START_G = 1 << 2, /* by datagrams */
	SIP_INV_START_H = 1 << 3,
	SIP_INV_START_I = 1 << 4,
	SIP_INV_START_L = 1 << 5,
	SIP_INV_TELL_ACK = 1 << 6,
	SIP_INV_TELL_CANCEL = 1 << 7,
	SIP_INV_TELL_NO_ACK = 1 << 8,
	/* client */
	SIP_INV_WAIT = 1 << 9,        /* A and B stop */
	SIP_INV_ACK = 1 << 10,        /* made, sent and kept in place of the INVITE */
	SIP_INV_OWE_CANCEL = 1 << 11, /* it may be sent only after a 1xx (9.1) */
	SIP_INV_CANCEL = 1 << 12,     /* sent; after a 1xx only if it is owed */
	SIP_INV_START_D = 1 << 13,
	SIP_INV_START_M = 1 << 14,
	SIP_INV_TELL_1XX = 1 << 15,
	SIP_INV_TELL_FINAL = 1 << 16,
	SIP_INV_TELL_TIMEOUT = 1 << 17,
	SIP_INV_TELL_NETWORK = 1 << 18,
	/* both */
	SIP_INV_TELL_GONE = 1 << 19,
	SIP_INV_FREE = 1 << 20,
	SIP_INV_CANNOT_HAPPEN = 1 << 21, /* a bug of ours */
};

struct sip_invite_step {
	uint32_t actions;
	uint8_t next;
};

extern const struct sip_invite_step sip_invite_server_steps[SIP_IS_STATE__N][SIP_IS_EVENT__N];
extern const struct sip_invite_step sip_invite_client_steps[SIP_IC_STATE__N][SIP_IC_EVENT__N];
