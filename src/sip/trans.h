#pragma once

#include <stdint.h>

/*
 * The machines of non-INVITE transactions as tables: what happens in a state at an event, and which
 * state follows. They know nothing of messages and time; server.c and client.c do what they say.
 * For sip/ only.
 */

/* Milliseconds (RFC 3261 17.1.1.1, table 4). */
enum {
	SIP_T1 = 500,
	SIP_T2 = 4000,
	SIP_T4 = 5000,
	SIP_64_T1 = 64 * SIP_T1,
	/*
	 * RFC 4320 4.1: no 100 before the client's own retransmissions have slowed down to T2,
	 * which they have 0.5 + 1 + 2 s after the first.
	 */
	SIP_100_AFTER = 3500,
};

/*
 * Server (RFC 3261 17.2.2, RFC 4320):
 *
 *     request            3.5 s                    answer
 *   ----------> TRYING --------> PROCEEDING ---------------> COMPLETED --- J ---> TERMINATED
 *                  \                  \ 64*T1                   ^                     ^
 *                   \ answer           `-------> LATE -----------------answer--------'|
 *                    `------------------------------------------'
 *
 * LATE: the client has given up, so its user must not be answered any more (RFC 4320 4.2), but
 * the answer is still being worked on.
 */
enum sip_server_state {
	SIP_SERVER_TRYING,
	SIP_SERVER_PROCEEDING,
	SIP_SERVER_COMPLETED,
	SIP_SERVER_LATE,
	SIP_SERVER_TERMINATED,
	SIP_SERVER_STATE__N
};

enum sip_server_event {
	SIP_SERVER_REQUEST,  /* the request again */
	SIP_SERVER_SLOW,     /* SIP_100_AFTER since it came */
	SIP_SERVER_TOO_LATE, /* 64*T1 since it came */
	SIP_SERVER_FINAL,    /* our user's answer */
	SIP_SERVER_TIMER_J,
	SIP_SERVER_EVENT__N
};

/*
 * Client (RFC 3261 17.1.2):
 *
 *     request            1xx                  200-699
 *   ----------> TRYING -------> PROCEEDING ------------> COMPLETED --- K ---> TERMINATED
 *                 |  \ 200-699      |                        ^                    ^
 *                 |   `-------------|------------------------'                    |
 *                 `-----------------+------ F, network error ---------------------'
 */
enum sip_client_state {
	SIP_CLIENT_TRYING,
	SIP_CLIENT_PROCEEDING,
	SIP_CLIENT_COMPLETED,
	SIP_CLIENT_TERMINATED,
	SIP_CLIENT_STATE__N
};

enum sip_client_event {
	SIP_CLIENT_1XX,
	SIP_CLIENT_FINAL, /* 200 to 699 */
	SIP_CLIENT_TIMER_E,
	SIP_CLIENT_TIMER_F,
	SIP_CLIENT_TIMER_K,
	SIP_CLIENT_NETWORK, /* what we sent cannot arrive (18.4) */
	SIP_CLIENT_EVENT__N
};

enum sip_action {
	SIP_DO_SEND_100 = 1 << 0,
	SIP_DO_SEND_FINAL = 1 << 1, /* and keep what is needed to send it again */
	SIP_DO_RESEND_FINAL = 1 << 2,
	SIP_DO_START_J = 1 << 3,
	SIP_DO_RESEND = 1 << 4,     /* the request */
	SIP_DO_TELL_FINAL = 1 << 5, /* our user, each of these */
	SIP_DO_TELL_TIMEOUT = 1 << 6,
	SIP_DO_TELL_NETWORK = 1 << 7,
	SIP_DO_START_K = 1 << 8,
	SIP_DO_AWAIT_LATE = 1 << 9, /* start waiting for SIP_SERVER_TOO_LATE */
	SIP_DO_FREE = 1 << 10,
	SIP_CANNOT_HAPPEN = 1 << 11, /* a bug of ours */
};

struct sip_step {
	uint16_t actions;
	uint8_t next;
};

extern const struct sip_step sip_server_steps[SIP_SERVER_STATE__N][SIP_SERVER_EVENT__N];
extern const struct sip_step sip_client_steps[SIP_CLIENT_STATE__N][SIP_CLIENT_EVENT__N];
