#pragma once

#include <stdint.h>

/*
 * The course of a leg, in both roles, as a table; the dialog under it has its own (sip/dialog.h).
 * For leg*.c only.
 *
 *              2xx                     LEAVE
 *   CALLING --------> UP <----> REASKED -----> LEAVING --- ACK ---> BYE ---> OVER
 *      | LEAVE        ^  \ LEAVE                  ^                 ^ ^
 *      v              |   `-----------------------|-----------------' |
 *   CANCELLING -------|------ 2xx ----------------|-------------------'
 *                     | ACK                       | LEAVE
 *   HEARD ------> UNACKED ------------------------'
 *
 * OVER is reached from everywhere; who has it there waits for transactions only.
 */
enum leg_state {
	LEG_S_CALLING,    /* our INVITE has no final answer */
	LEG_S_CANCELLING, /* and is not wanted any more */
	LEG_S_HEARD,      /* theirs has none */
	LEG_S_UNACKED,    /* our first 2xx has no ACK */
	LEG_S_UP,
	LEG_S_REASKED, /* up; our 2xx to a re-INVITE has no ACK */
	LEG_S_LEAVING, /* we want to leave, but our 2xx has no ACK (RFC 3261 15) */
	LEG_S_BYE,     /* our BYE, or our refusal, has no final answer */
	LEG_S_OVER,
	LEG_STATE__N
};

enum leg_event {
	LEG_EV_2XX,     /* the first */
	LEG_EV_BAD_2XX, /* the first, and its answer takes no session of ours */
	LEG_EV_NO,      /* 300 to 699, or how the INVITE failed */
	LEG_EV_EXPIRED, /* nothing final in the owner's time */
	LEG_EV_CANCEL,  /* heard */
	LEG_EV_SAID_2XX,
	LEG_EV_SAID_NO,
	LEG_EV_ACK,
	LEG_EV_NO_ACK,
	LEG_EV_BYE,    /* heard */
	LEG_EV_LEAVE,  /* our owner wants to */
	LEG_EV_FORGET, /* he has gone */
	LEG_EV_LOST,   /* a refresh of ours found no dialog, or none of theirs came */
	LEG_EV_LEFT,   /* what we left with has its final answer, or gets none */
	LEG_EVENT__N
};

enum leg_action {
	LEG_DO_ACK = 1 << 0,
	LEG_DO_CANCEL = 1 << 1,
	LEG_DO_REFUSE = 1 << 2, /* 480, theirs */
	LEG_DO_BYE = 1 << 3,
	LEG_TELL_UP = 1 << 4,
	LEG_TELL_REFUSED = 1 << 5, /* last */
	LEG_TELL_ACKED = 1 << 6,
	LEG_TELL_UNACKED = 1 << 7,
	LEG_TELL_ENDED = 1 << 8, /* last */
	LEG_TELL_LEFT = 1 << 9,  /* last */
	LEG_CANNOT_HAPPEN = 1 << 10,
};

struct leg_step {
	uint16_t actions;
	uint8_t next;
};
extern const struct leg_step leg_steps[LEG_STATE__N][LEG_EVENT__N];
