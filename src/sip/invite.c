#include "sip/invite.h"

#define S(state)   SIP_IS_##state
#define C(state)   SIP_IC_##state
#define DO(action) SIP_INV_##action
#define BUG(state)                                                                                 \
	{                                                                                          \
		SIP_INV_CANNOT_HAPPEN, state                                                       \
	}

/* clang-format off */

/*
 * A network error while a response is sent is no event: nothing changes at it (RFC 6026 8.8), and
 * our user, who would be told, has nothing to do about it: the INVITE comes again, or the ACK does
 * not come.
 */
const struct sip_invite_step sip_invite_server_steps[SIP_IS_STATE__N][SIP_IS_EVENT__N] = {
	[S(PROCEEDING)] = {
		[S(REQUEST)] = {DO(RESEND), S(PROCEEDING)}, /* 17.2.1 */
		[S(SLOW)]    = {DO(RESEND), S(PROCEEDING)}, /* 17.2.1: the 100 made at the start */
		[S(1XX)]     = {DO(SEND), S(PROCEEDING)},
		[S(2XX)]     = {DO(SEND) | DO(START_L), S(ACCEPTED)}, /* RFC 6026 7.1 */
		[S(FINAL)]   = {DO(SEND) | DO(START_G) | DO(START_H), S(COMPLETED)},
		[S(ACK)]     = {0, S(PROCEEDING)}, /* of nothing */
		[S(CANCEL)]  = {DO(SEND) | DO(START_G) | DO(START_H) | DO(TELL_CANCEL),
			S(COMPLETED)}, /* 9.2: 487 */
		[S(TIMER_G)] = BUG(S(PROCEEDING)),
		[S(TIMER_H)] = BUG(S(PROCEEDING)),
		[S(TIMER_I)] = BUG(S(PROCEEDING)),
		[S(TIMER_L)] = BUG(S(PROCEEDING)),
	},
	[S(COMPLETED)] = {
		[S(REQUEST)] = {DO(RESEND), S(COMPLETED)},
		[S(SLOW)]    = BUG(S(COMPLETED)),
		[S(1XX)]     = {0, S(COMPLETED)}, /* after a CANCEL */
		[S(2XX)]     = {0, S(COMPLETED)},
		[S(FINAL)]   = {0, S(COMPLETED)},
		[S(ACK)]     = {DO(START_I), S(CONFIRMED)},
		[S(CANCEL)]  = {0, S(COMPLETED)}, /* 9.2: no effect */
		[S(TIMER_G)] = {DO(RESEND) | DO(START_G), S(COMPLETED)},
		[S(TIMER_H)] = {DO(TELL_NO_ACK) | DO(TELL_GONE) | DO(FREE), S(TERMINATED)},
		[S(TIMER_I)] = BUG(S(COMPLETED)),
		[S(TIMER_L)] = BUG(S(COMPLETED)),
	},
	[S(CONFIRMED)] = {
		[S(REQUEST)] = {0, S(CONFIRMED)},
		[S(SLOW)]    = BUG(S(CONFIRMED)),
		[S(1XX)]     = {0, S(CONFIRMED)},
		[S(2XX)]     = {0, S(CONFIRMED)},
		[S(FINAL)]   = {0, S(CONFIRMED)},
		[S(ACK)]     = {0, S(CONFIRMED)}, /* 17.2.1: absorbed */
		[S(CANCEL)]  = {0, S(CONFIRMED)},
		[S(TIMER_G)] = BUG(S(CONFIRMED)),
		[S(TIMER_H)] = BUG(S(CONFIRMED)),
		[S(TIMER_I)] = {DO(TELL_GONE) | DO(FREE), S(TERMINATED)},
		[S(TIMER_L)] = BUG(S(CONFIRMED)),
	},
	[S(ACCEPTED)] = {
		[S(REQUEST)] = {0, S(ACCEPTED)}, /* RFC 6026 7.1: absorbed */
		[S(SLOW)]    = BUG(S(ACCEPTED)),
		[S(1XX)]     = {0, S(ACCEPTED)},
		[S(2XX)]     = {DO(SEND), S(ACCEPTED)}, /* RFC 6026 7.1: again, until the ACK */
		[S(FINAL)]   = {0, S(ACCEPTED)},
		[S(ACK)]     = {DO(TELL_ACK), S(ACCEPTED)},
		[S(CANCEL)]  = {0, S(ACCEPTED)},
		[S(TIMER_G)] = BUG(S(ACCEPTED)),
		[S(TIMER_H)] = BUG(S(ACCEPTED)),
		[S(TIMER_I)] = BUG(S(ACCEPTED)),
		[S(TIMER_L)] = {DO(TELL_GONE) | DO(FREE), S(TERMINATED)},
	},
	[S(TERMINATED)] = {
		[S(REQUEST)] = BUG(S(TERMINATED)),
		[S(SLOW)]    = BUG(S(TERMINATED)),
		[S(1XX)]     = BUG(S(TERMINATED)),
		[S(2XX)]     = BUG(S(TERMINATED)),
		[S(FINAL)]   = BUG(S(TERMINATED)),
		[S(ACK)]     = BUG(S(TERMINATED)),
		[S(CANCEL)]  = BUG(S(TERMINATED)),
		[S(TIMER_G)] = BUG(S(TERMINATED)),
		[S(TIMER_H)] = BUG(S(TERMINATED)),
		[S(TIMER_I)] = BUG(S(TERMINATED)),
		[S(TIMER_L)] = BUG(S(TERMINATED)),
	},
};

const struct sip_invite_step sip_invite_client_steps[SIP_IC_STATE__N][SIP_IC_EVENT__N] = {
	[C(CALLING)] = {
		[C(1XX)]         = {DO(WAIT) | DO(CANCEL) | DO(TELL_1XX), C(PROCEEDING)},
		[C(2XX)]         = {DO(START_M) | DO(TELL_FINAL), C(ACCEPTED)}, /* RFC 6026 7.2 */
		[C(FINAL)]       = {DO(ACK) | DO(START_D) | DO(TELL_FINAL), C(COMPLETED)},
		[C(CANCEL)]      = {DO(OWE_CANCEL), C(CALLING)}, /* 9.1 */
		[C(TIMER_A)]     = {DO(RESEND), C(CALLING)},
		[C(TIMER_B)]     = {DO(TELL_TIMEOUT) | DO(FREE), C(TERMINATED)},
		[C(TIMER_D)]     = BUG(C(CALLING)),
		[C(TIMER_M)]     = BUG(C(CALLING)),
		[C(CANCEL_LATE)] = BUG(C(CALLING)),
		[C(NETWORK)]     = {DO(TELL_NETWORK) | DO(FREE), C(TERMINATED)},
	},
	[C(PROCEEDING)] = {
		[C(1XX)]         = {DO(TELL_1XX), C(PROCEEDING)},
		[C(2XX)]         = {DO(START_M) | DO(TELL_FINAL), C(ACCEPTED)},
		[C(FINAL)]       = {DO(ACK) | DO(START_D) | DO(TELL_FINAL), C(COMPLETED)},
		[C(CANCEL)]      = {DO(OWE_CANCEL) | DO(CANCEL), C(PROCEEDING)},
		[C(TIMER_A)]     = BUG(C(PROCEEDING)),
		[C(TIMER_B)]     = BUG(C(PROCEEDING)),
		[C(TIMER_D)]     = BUG(C(PROCEEDING)),
		[C(TIMER_M)]     = BUG(C(PROCEEDING)),
		[C(CANCEL_LATE)] = {DO(TELL_TIMEOUT) | DO(FREE), C(TERMINATED)}, /* 9.1 */
		[C(NETWORK)]     = {0, C(PROCEEDING)}, /* the answer may come another way (18.2.2) */
	},
	[C(COMPLETED)] = {
		[C(1XX)]         = {0, C(COMPLETED)},
		[C(2XX)]         = {0, C(COMPLETED)},
		[C(FINAL)]       = {DO(RESEND), C(COMPLETED)}, /* the ACK */
		[C(CANCEL)]      = {0, C(COMPLETED)},
		[C(TIMER_A)]     = BUG(C(COMPLETED)),
		[C(TIMER_B)]     = BUG(C(COMPLETED)),
		[C(TIMER_D)]     = {DO(TELL_GONE) | DO(FREE), C(TERMINATED)},
		[C(TIMER_M)]     = BUG(C(COMPLETED)),
		[C(CANCEL_LATE)] = BUG(C(COMPLETED)),
		[C(NETWORK)]     = {DO(TELL_GONE) | DO(FREE), C(TERMINATED)},
	},
	[C(ACCEPTED)] = {
		[C(1XX)]         = {0, C(ACCEPTED)},
		[C(2XX)]         = {DO(TELL_FINAL), C(ACCEPTED)}, /* RFC 6026 7.2: again, or of another branch */
		[C(FINAL)]       = {0, C(ACCEPTED)},
		[C(CANCEL)]      = {0, C(ACCEPTED)},
		[C(TIMER_A)]     = BUG(C(ACCEPTED)),
		[C(TIMER_B)]     = BUG(C(ACCEPTED)),
		[C(TIMER_D)]     = BUG(C(ACCEPTED)),
		[C(TIMER_M)]     = {DO(TELL_GONE) | DO(FREE), C(TERMINATED)},
		[C(CANCEL_LATE)] = BUG(C(ACCEPTED)),
		[C(NETWORK)]     = {0, C(ACCEPTED)},
	},
	[C(TERMINATED)] = {
		[C(1XX)]         = BUG(C(TERMINATED)),
		[C(2XX)]         = BUG(C(TERMINATED)),
		[C(FINAL)]       = BUG(C(TERMINATED)),
		[C(CANCEL)]      = BUG(C(TERMINATED)),
		[C(TIMER_A)]     = BUG(C(TERMINATED)),
		[C(TIMER_B)]     = BUG(C(TERMINATED)),
		[C(TIMER_D)]     = BUG(C(TERMINATED)),
		[C(TIMER_M)]     = BUG(C(TERMINATED)),
		[C(CANCEL_LATE)] = BUG(C(TERMINATED)),
		[C(NETWORK)]     = BUG(C(TERMINATED)),
	},
};
