#include "sip/dialog.h"

#define S(state) SIP_DIALOG_##state
#define BUG(state)                                                                                 \
	{                                                                                          \
		SIP_DIALOG_CANNOT_HAPPEN, state                                                    \
	}

/* clang-format off */
const struct sip_dialog_step sip_dialog_steps[SIP_DIALOG_STATE__N][SIP_DIALOG_EVENT__N] = {
	[S(EARLY)] = {
		[S(SAID_2XX)]  = {S(START), S(UNACKED)}, /* 13.3.1.4 */
		[S(HEARD_2XX)] = {0, S(CONFIRMED)}, /* 13.2.2.4 */
		[S(REFUSED)]   = {0, S(ENDED)}, /* 12.3 */
		[S(ACK)]       = {0, S(EARLY)}, /* of nothing */
		[S(AGAIN)]     = BUG(S(EARLY)),
		[S(NO_ACK)]    = BUG(S(EARLY)),
		[S(BYE)]       = {S(END_INVITE), S(ENDED)}, /* 15.1.2 */
		[S(LEAVE)]     = {S(END_INVITE), S(ENDED)}, /* 15: no BYE of a callee */
		[S(LOST)]      = {S(END_INVITE), S(ENDED)},
	},
	[S(UNACKED)] = {
		[S(SAID_2XX)]  = {0, S(UNACKED)},
		[S(HEARD_2XX)] = {0, S(UNACKED)},
		[S(REFUSED)]   = {0, S(UNACKED)}, /* a re-INVITE (14.1) */
		[S(ACK)]       = {S(STOP), S(CONFIRMED)},
		[S(AGAIN)]     = {S(SEND_2XX), S(UNACKED)}, /* 13.3.1.4 */
		[S(NO_ACK)]    = {S(STOP) | S(SEND_BYE), S(ENDED)}, /* 13.3.1.4 */
		[S(BYE)]       = {S(STOP), S(ENDED)}, /* 15.1.2 */
		[S(LEAVE)]     = {0, S(LEAVING)}, /* 15 */
		[S(LOST)]      = {0, S(LEAVING)},
	},
	[S(LEAVING)] = {
		[S(SAID_2XX)]  = {0, S(LEAVING)},
		[S(HEARD_2XX)] = {0, S(LEAVING)},
		[S(REFUSED)]   = {0, S(LEAVING)},
		[S(ACK)]       = {S(STOP) | S(SEND_BYE), S(ENDED)},
		[S(AGAIN)]     = {S(SEND_2XX), S(LEAVING)},
		[S(NO_ACK)]    = {S(STOP) | S(SEND_BYE), S(ENDED)},
		[S(BYE)]       = {S(STOP), S(ENDED)},
		[S(LEAVE)]     = {0, S(LEAVING)},
		[S(LOST)]      = {0, S(LEAVING)},
	},
	[S(CONFIRMED)] = {
		[S(SAID_2XX)]  = {S(START), S(UNACKED)}, /* to a re-INVITE (14.2) */
		[S(HEARD_2XX)] = {0, S(CONFIRMED)},
		[S(REFUSED)]   = {0, S(CONFIRMED)}, /* a re-INVITE changes nothing then (14.1) */
		[S(ACK)]       = {0, S(CONFIRMED)}, /* again */
		[S(AGAIN)]     = BUG(S(CONFIRMED)),
		[S(NO_ACK)]    = BUG(S(CONFIRMED)),
		[S(BYE)]       = {0, S(ENDED)}, /* 15.1.2 */
		[S(LEAVE)]     = {S(SEND_BYE), S(ENDED)}, /* 15.1.1 */
		[S(LOST)]      = {S(SEND_BYE), S(ENDED)}, /* 12.2.1.2 */
	},
	[S(ENDED)] = {
		[S(SAID_2XX)]  = {0, S(ENDED)},
		[S(HEARD_2XX)] = {0, S(ENDED)},
		[S(REFUSED)]   = {0, S(ENDED)},
		[S(ACK)]       = {0, S(ENDED)},
		[S(AGAIN)]     = BUG(S(ENDED)),
		[S(NO_ACK)]    = BUG(S(ENDED)),
		[S(BYE)]       = {0, S(ENDED)},
		[S(LEAVE)]     = {0, S(ENDED)},
		[S(LOST)]      = {0, S(ENDED)},
	},
};
