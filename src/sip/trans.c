#include "sip/trans.h"

#define S(state)   SIP_SERVER_##state
#define C(state)   SIP_CLIENT_##state
#define DO(action) SIP_DO_##action
#define BUG(state)                                                                                 \
	{                                                                                          \
		SIP_CANNOT_HAPPEN, state                                                           \
	}

/* clang-format off */

/*
 * A network error while a response is sent is no event here, against 17.2.4: the request comes
 * again when its answer is lost, and a transaction that had ended would have it delivered twice.
 */
const struct sip_step sip_server_steps[SIP_SERVER_STATE__N][SIP_SERVER_EVENT__N] = {
	[S(TRYING)] = {
		[S(REQUEST)]  = {0, S(TRYING)}, /* 17.2.2: discarded */
		[S(SLOW)]     = {DO(SEND_100) | DO(AWAIT_LATE), S(PROCEEDING)}, /* RFC 4320 4.1 */
		[S(TOO_LATE)] = BUG(S(TRYING)), /* SLOW comes first */
		[S(FINAL)]    = {DO(SEND_FINAL) | DO(START_J), S(COMPLETED)},
		[S(TIMER_J)]  = BUG(S(TRYING)),
	},
	[S(PROCEEDING)] = {
		[S(REQUEST)]  = {DO(SEND_100), S(PROCEEDING)}, /* 17.2.2 */
		[S(SLOW)]     = BUG(S(PROCEEDING)),
		[S(TOO_LATE)] = {0, S(LATE)}, /* RFC 4320 4.2 */
		[S(FINAL)]    = {DO(SEND_FINAL) | DO(START_J), S(COMPLETED)},
		[S(TIMER_J)]  = BUG(S(PROCEEDING)),
	},
	[S(COMPLETED)] = {
		[S(REQUEST)]  = {DO(RESEND_FINAL), S(COMPLETED)}, /* 17.2.2 */
		[S(SLOW)]     = BUG(S(COMPLETED)),
		[S(TOO_LATE)] = BUG(S(COMPLETED)),
		[S(FINAL)]    = BUG(S(COMPLETED)), /* the handle is gone */
		[S(TIMER_J)]  = {DO(FREE), S(TERMINATED)},
	},
	[S(LATE)] = {
		[S(REQUEST)]  = {0, S(LATE)},
		[S(SLOW)]     = BUG(S(LATE)),
		[S(TOO_LATE)] = BUG(S(LATE)),
		[S(FINAL)]    = {DO(FREE), S(TERMINATED)}, /* RFC 4320 4.2: nothing is sent */
		[S(TIMER_J)]  = BUG(S(LATE)),
	},
	[S(TERMINATED)] = {
		[S(REQUEST)]  = BUG(S(TERMINATED)),
		[S(SLOW)]     = BUG(S(TERMINATED)),
		[S(TOO_LATE)] = BUG(S(TERMINATED)),
		[S(FINAL)]    = BUG(S(TERMINATED)),
		[S(TIMER_J)]  = BUG(S(TERMINATED)),
	},
};

const struct sip_step sip_client_steps[SIP_CLIENT_STATE__N][SIP_CLIENT_EVENT__N] = {
	[C(TRYING)] = {
		[C(1XX)]     = {0, C(PROCEEDING)},
		[C(FINAL)]   = {DO(TELL_FINAL) | DO(START_K), C(COMPLETED)},
		[C(TIMER_E)] = {DO(RESEND), C(TRYING)},
		[C(TIMER_F)] = {DO(TELL_TIMEOUT) | DO(FREE), C(TERMINATED)},
		[C(TIMER_K)] = BUG(C(TRYING)),
		[C(NETWORK)] = {DO(TELL_NETWORK) | DO(FREE), C(TERMINATED)},
	},
	[C(PROCEEDING)] = {
		[C(1XX)]     = {0, C(PROCEEDING)},
		[C(FINAL)]   = {DO(TELL_FINAL) | DO(START_K), C(COMPLETED)},
		[C(TIMER_E)] = {DO(RESEND), C(PROCEEDING)},
		[C(TIMER_F)] = {DO(TELL_TIMEOUT) | DO(FREE), C(TERMINATED)},
		[C(TIMER_K)] = BUG(C(PROCEEDING)),
		[C(NETWORK)] = {DO(TELL_NETWORK) | DO(FREE), C(TERMINATED)},
	},
	[C(COMPLETED)] = {
		[C(1XX)]     = {0, C(COMPLETED)}, /* 17.1.2.2: absorbed */
		[C(FINAL)]   = {0, C(COMPLETED)},
		[C(TIMER_E)] = BUG(C(COMPLETED)),
		[C(TIMER_F)] = BUG(C(COMPLETED)),
		[C(TIMER_K)] = {DO(FREE), C(TERMINATED)},
		[C(NETWORK)] = {0, C(COMPLETED)}, /* news of what was answered meanwhile */
	},
	[C(TERMINATED)] = {
		[C(1XX)]     = BUG(C(TERMINATED)),
		[C(FINAL)]   = BUG(C(TERMINATED)),
		[C(TIMER_E)] = BUG(C(TERMINATED)),
		[C(TIMER_F)] = BUG(C(TERMINATED)),
		[C(TIMER_K)] = BUG(C(TERMINATED)),
		[C(NETWORK)] = BUG(C(TERMINATED)),
	},
};
