#include "gateway/leg_state.h"

#define S(state)     LEG_S_##state
#define DO(action)   LEG_DO_##action
#define TELL(action) LEG_TELL_##action
#define NEVER        LEG_CANNOT_HAPPEN

/* clang-format off */
const struct leg_step leg_steps[LEG_STATE__N][LEG_EVENT__N] = {
	[S(CALLING)] = {
		[LEG_EV_2XX]      = {DO(ACK) | TELL(UP), S(UP)},                 /* RFC 3261 13.2.2.4 */
		[LEG_EV_BAD_2XX]  = {DO(ACK) | DO(BYE) | TELL(REFUSED), S(BYE)}, /* 13.2.2.4, end */
		[LEG_EV_NO]       = {TELL(REFUSED), S(OVER)},
		[LEG_EV_EXPIRED]  = {DO(CANCEL) | TELL(REFUSED), S(CANCELLING)},
		[LEG_EV_CANCEL]   = {NEVER, S(CALLING)},
		[LEG_EV_SAID_2XX] = {NEVER, S(CALLING)},
		[LEG_EV_SAID_NO]  = {NEVER, S(CALLING)},
		[LEG_EV_ACK]      = {NEVER, S(CALLING)},
		[LEG_EV_NO_ACK]   = {NEVER, S(CALLING)},
		[LEG_EV_BYE]      = {NEVER, S(CALLING)},
		[LEG_EV_LEAVE]    = {DO(CANCEL), S(CANCELLING)},
		[LEG_EV_FORGET]   = {DO(CANCEL), S(CANCELLING)},
		[LEG_EV_LOST]     = {NEVER, S(CALLING)},
		[LEG_EV_LEFT]     = {NEVER, S(CALLING)},
	},
	[S(CANCELLING)] = {
		/* faster than our CANCEL (9.1) */
		[LEG_EV_2XX]      = {DO(ACK) | DO(BYE), S(BYE)},
		[LEG_EV_BAD_2XX]  = {DO(ACK) | DO(BYE), S(BYE)},
		[LEG_EV_NO]       = {TELL(LEFT), S(OVER)},
		[LEG_EV_EXPIRED]  = {NEVER, S(CANCELLING)},
		[LEG_EV_CANCEL]   = {NEVER, S(CANCELLING)},
		[LEG_EV_SAID_2XX] = {NEVER, S(CANCELLING)},
		[LEG_EV_SAID_NO]  = {NEVER, S(CANCELLING)},
		[LEG_EV_ACK]      = {NEVER, S(CANCELLING)},
		[LEG_EV_NO_ACK]   = {NEVER, S(CANCELLING)},
		[LEG_EV_BYE]      = {NEVER, S(CANCELLING)},
		[LEG_EV_LEAVE]    = {0, S(CANCELLING)},
		[LEG_EV_FORGET]   = {0, S(CANCELLING)},
		[LEG_EV_LOST]     = {NEVER, S(CANCELLING)},
		[LEG_EV_LEFT]     = {NEVER, S(CANCELLING)},
	},
	[S(HEARD)] = {
		[LEG_EV_2XX]      = {NEVER, S(HEARD)},
		[LEG_EV_BAD_2XX]  = {NEVER, S(HEARD)},
		[LEG_EV_NO]       = {NEVER, S(HEARD)},
		[LEG_EV_EXPIRED]  = {NEVER, S(HEARD)},
		[LEG_EV_CANCEL]   = {TELL(ENDED), S(OVER)},
		[LEG_EV_SAID_2XX] = {0, S(UNACKED)},
		[LEG_EV_SAID_NO]  = {0, S(OVER)},
		[LEG_EV_ACK]      = {NEVER, S(HEARD)},
		[LEG_EV_NO_ACK]   = {NEVER, S(HEARD)},
		[LEG_EV_BYE]      = {NEVER, S(HEARD)},
		[LEG_EV_LEAVE]    = {DO(REFUSE), S(BYE)}, /* LEFT follows */
		[LEG_EV_FORGET]   = {DO(REFUSE), S(OVER)},
		[LEG_EV_LOST]     = {NEVER, S(HEARD)},
		[LEG_EV_LEFT]     = {NEVER, S(HEARD)},
	},
	[S(UNACKED)] = {
		[LEG_EV_2XX]      = {NEVER, S(UNACKED)},
		[LEG_EV_BAD_2XX]  = {NEVER, S(UNACKED)},
		[LEG_EV_NO]       = {NEVER, S(UNACKED)},
		[LEG_EV_EXPIRED]  = {NEVER, S(UNACKED)},
		[LEG_EV_CANCEL]   = {NEVER, S(UNACKED)},
		[LEG_EV_SAID_2XX] = {0, S(UNACKED)}, /* another INVITE, before the ACK of the first */
		[LEG_EV_SAID_NO]  = {0, S(UNACKED)},
		[LEG_EV_ACK]      = {TELL(ACKED), S(UP)},
		[LEG_EV_NO_ACK]   = {DO(BYE) | TELL(UNACKED), S(BYE)}, /* 13.3.1.4 */
		[LEG_EV_BYE]      = {TELL(ENDED), S(OVER)},
		[LEG_EV_LEAVE]    = {0, S(LEAVING)}, /* 15 */
		[LEG_EV_FORGET]   = {0, S(OVER)},
		[LEG_EV_LOST]     = {TELL(ENDED), S(LEAVING)},
		[LEG_EV_LEFT]     = {NEVER, S(UNACKED)},
	},
	[S(UP)] = {
		[LEG_EV_2XX]      = {NEVER, S(UP)},
		[LEG_EV_BAD_2XX]  = {NEVER, S(UP)},
		[LEG_EV_NO]       = {NEVER, S(UP)},
		[LEG_EV_EXPIRED]  = {NEVER, S(UP)},
		[LEG_EV_CANCEL]   = {NEVER, S(UP)},
		[LEG_EV_SAID_2XX] = {0, S(REASKED)},
		[LEG_EV_SAID_NO]  = {0, S(UP)}, /* 14.2: the session goes on */
		[LEG_EV_ACK]      = {0, S(UP)}, /* again */
		[LEG_EV_NO_ACK]   = {NEVER, S(UP)},
		[LEG_EV_BYE]      = {TELL(ENDED), S(OVER)},
		[LEG_EV_LEAVE]    = {DO(BYE), S(BYE)},
		[LEG_EV_FORGET]   = {0, S(OVER)},
		[LEG_EV_LOST]     = {DO(BYE) | TELL(ENDED), S(BYE)}, /* 12.2.1.2; RFC 4028 10 */
		[LEG_EV_LEFT]     = {NEVER, S(UP)},
	},
	[S(REASKED)] = {
		[LEG_EV_2XX]      = {NEVER, S(REASKED)},
		[LEG_EV_BAD_2XX]  = {NEVER, S(REASKED)},
		[LEG_EV_NO]       = {NEVER, S(REASKED)},
		[LEG_EV_EXPIRED]  = {NEVER, S(REASKED)},
		[LEG_EV_CANCEL]   = {NEVER, S(REASKED)},
		[LEG_EV_SAID_2XX] = {0, S(REASKED)},
		[LEG_EV_SAID_NO]  = {0, S(REASKED)},
		[LEG_EV_ACK]      = {0, S(UP)},
		[LEG_EV_NO_ACK]   = {DO(BYE) | TELL(UNACKED), S(BYE)}, /* 14.2 */
		[LEG_EV_BYE]      = {TELL(ENDED), S(OVER)},
		[LEG_EV_LEAVE]    = {0, S(LEAVING)},
		[LEG_EV_FORGET]   = {0, S(OVER)},
		[LEG_EV_LOST]     = {TELL(ENDED), S(LEAVING)},
		[LEG_EV_LEFT]     = {NEVER, S(REASKED)},
	},
	[S(LEAVING)] = {
		[LEG_EV_2XX]      = {NEVER, S(LEAVING)},
		[LEG_EV_BAD_2XX]  = {NEVER, S(LEAVING)},
		[LEG_EV_NO]       = {NEVER, S(LEAVING)},
		[LEG_EV_EXPIRED]  = {NEVER, S(LEAVING)},
		[LEG_EV_CANCEL]   = {NEVER, S(LEAVING)},
		[LEG_EV_SAID_2XX] = {NEVER, S(LEAVING)}, /* it gets 480 then */
		[LEG_EV_SAID_NO]  = {0, S(LEAVING)},
		[LEG_EV_ACK]      = {DO(BYE), S(BYE)},
		[LEG_EV_NO_ACK]   = {DO(BYE), S(BYE)},
		[LEG_EV_BYE]      = {TELL(LEFT), S(OVER)},
		[LEG_EV_LEAVE]    = {0, S(LEAVING)},
		[LEG_EV_FORGET]   = {0, S(LEAVING)},
		[LEG_EV_LOST]     = {0, S(LEAVING)},
		[LEG_EV_LEFT]     = {NEVER, S(LEAVING)},
	},
	[S(BYE)] = {
		[LEG_EV_2XX]      = {NEVER, S(BYE)},
		[LEG_EV_BAD_2XX]  = {NEVER, S(BYE)},
		[LEG_EV_NO]       = {NEVER, S(BYE)},
		[LEG_EV_EXPIRED]  = {NEVER, S(BYE)},
		[LEG_EV_CANCEL]   = {NEVER, S(BYE)},
		[LEG_EV_SAID_2XX] = {NEVER, S(BYE)},
		[LEG_EV_SAID_NO]  = {NEVER, S(BYE)},
		[LEG_EV_ACK]      = {0, S(BYE)},
		[LEG_EV_NO_ACK]   = {NEVER, S(BYE)},
		[LEG_EV_BYE]      = {0, S(BYE)}, /* both at once; ours gets its answer, too */
		[LEG_EV_LEAVE]    = {0, S(BYE)},
		[LEG_EV_FORGET]   = {0, S(BYE)},
		[LEG_EV_LOST]     = {0, S(BYE)},
		[LEG_EV_LEFT]     = {TELL(LEFT), S(OVER)},
	},
	[S(OVER)] = {
		[LEG_EV_2XX]      = {NEVER, S(OVER)},
		[LEG_EV_BAD_2XX]  = {NEVER, S(OVER)},
		[LEG_EV_NO]       = {NEVER, S(OVER)},
		[LEG_EV_EXPIRED]  = {NEVER, S(OVER)},
		[LEG_EV_CANCEL]   = {NEVER, S(OVER)},
		[LEG_EV_SAID_2XX] = {NEVER, S(OVER)},
		[LEG_EV_SAID_NO]  = {NEVER, S(OVER)},
		[LEG_EV_ACK]      = {0, S(OVER)},
		[LEG_EV_NO_ACK]   = {NEVER, S(OVER)},
		[LEG_EV_BYE]      = {NEVER, S(OVER)},
		[LEG_EV_LEAVE]    = {NEVER, S(OVER)},
		[LEG_EV_FORGET]   = {NEVER, S(OVER)},
		[LEG_EV_LOST]     = {0, S(OVER)}, /* of a refresh that was under way */
		[LEG_EV_LEFT]     = {NEVER, S(OVER)},
	},
};
/* clang-format on */
