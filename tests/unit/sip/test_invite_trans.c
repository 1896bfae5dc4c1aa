#include "unit.h"

#include "base/mem.h"
#include "cells.h"
#include "document.h"
#include "sip/invite.h"

/*
 * Every cell of the two machines of INVITE, written by hand from RFC 3261 17.1.1.2, 17.2.1, 9.1 and
 * 9.2, and RFC 6026.
 */

/* clang-format off */
static const char *const server_state[] = {
	"proceeding", "completed", "confirmed", "accepted", "terminated",
};
static const char *const server_event[] = {
	"INVITE", "200 ms", "1xx", "2xx", "300-699", "ACK", "CANCEL", "G", "H", "I", "L",
};
static const char *const server_cells[SIP_IS_STATE__N][SIP_IS_EVENT__N] = {
	{ /* proceeding */
		/* INVITE */  "resend proceeding",
		/* 200 ms */  "resend proceeding",
		/* 1xx */     "send proceeding",
		/* 2xx */     "send,start-l accepted",
		/* 300-699 */ "send,start-g,start-h completed",
		/* ACK */     "- proceeding",
		/* CANCEL */  "send,start-g,start-h,tell-cancel completed",
		/* G */       CANNOT,
		/* H */       CANNOT,
		/* I */       CANNOT,
		/* L */       CANNOT,
	},
	{ /* completed */
		/* INVITE */  "resend completed",
		/* 200 ms */  CANNOT,
		/* 1xx */     "- completed",
		/* 2xx */     "- completed",
		/* 300-699 */ "- completed",
		/* ACK */     "start-i confirmed",
		/* CANCEL */  "- completed",
		/* G */       "resend,start-g completed",
		/* H */       "tell-no-ack,tell-gone,free terminated",
		/* I */       CANNOT,
		/* L */       CANNOT,
	},
	{ /* confirmed */
		/* INVITE */  "- confirmed",
		/* 200 ms */  CANNOT,
		/* 1xx */     "- confirmed",
		/* 2xx */     "- confirmed",
		/* 300-699 */ "- confirmed",
		/* ACK */     "- confirmed",
		/* CANCEL */  "- confirmed",
		/* G */       CANNOT,
		/* H */       CANNOT,
		/* I */       "tell-gone,free terminated",
		/* L */       CANNOT,
	},
	{ /* accepted */
		/* INVITE */  "- accepted",
		/* 200 ms */  CANNOT,
		/* 1xx */     "- accepted",
		/* 2xx */     "send accepted",
		/* 300-699 */ "- accepted",
		/* ACK */     "tell-ack accepted",
		/* CANCEL */  "- accepted",
		/* G */       CANNOT,
		/* H */       CANNOT,
		/* I */       CANNOT,
		/* L */       "tell-gone,free terminated",
	},
	{CANNOT, CANNOT, CANNOT, CANNOT, CANNOT, CANNOT, CANNOT, CANNOT, CANNOT, CANNOT, CANNOT},
};

static const char *const client_state[] = {
	"calling", "proceeding", "completed", "accepted", "terminated",
};
static const char *const client_event[] = {
	"1xx", "2xx", "300-699", "cancel", "A", "B", "D", "M", "cancel late", "network",
};
static const char *const client_cells[SIP_IC_STATE__N][SIP_IC_EVENT__N] = {
	{ /* calling */
		/* 1xx */         "wait,cancel,tell-1xx proceeding",
		/* 2xx */         "start-m,tell-final accepted",
		/* 300-699 */     "ack,start-d,tell-final completed",
		/* cancel */      "owe-cancel calling",
		/* A */           "resend calling",
		/* B */           "tell-timeout,free terminated",
		/* D */           CANNOT,
		/* M */           CANNOT,
		/* cancel late */ CANNOT,
		/* network */     "tell-network,free terminated",
	},
	{ /* proceeding */
		/* 1xx */         "tell-1xx proceeding",
		/* 2xx */         "start-m,tell-final accepted",
		/* 300-699 */     "ack,start-d,tell-final completed",
		/* cancel */      "owe-cancel,cancel proceeding",
		/* A */           CANNOT,
		/* B */           CANNOT,
		/* D */           CANNOT,
		/* M */           CANNOT,
		/* cancel late */ "tell-timeout,free terminated",
		/* network */     "- proceeding",
	},
	{ /* completed */
		/* 1xx */         "- completed",
		/* 2xx */         "- completed",
		/* 300-699 */     "resend completed",
		/* cancel */      "- completed",
		/* A */           CANNOT,
		/* B */           CANNOT,
		/* D */           "tell-gone,free terminated",
		/* M */           CANNOT,
		/* cancel late */ CANNOT,
		/* network */     "tell-gone,free terminated",
	},
	{ /* accepted */
		/* 1xx */         "- accepted",
		/* 2xx */         "tell-final accepted",
		/* 300-699 */     "- accepted",
		/* cancel */      "- accepted",
		/* A */           CANNOT,
		/* B */           CANNOT,
		/* D */           CANNOT,
		/* M */           "tell-gone,free terminated",
		/* cancel late */ CANNOT,
		/* network */     "- accepted",
	},
	{CANNOT, CANNOT, CANNOT, CANNOT, CANNOT, CANNOT, CANNOT, CANNOT, CANNOT, CANNOT},
};
/* clang-format on */

/* clang-format off */
static const char *const server_where[] = {
	"17.2.1, RFC 6026 7.1; `sip_invite_server/test_progress`, `sip_invite_server/test_accepted`",
	"17.2.1; `sip_invite_server/test_100`",
	"17.2.1; `sip_invite_server/test_progress`",
	"RFC 6026 7.1; `sip_invite_server/test_accepted`",
	"17.2.1; `sip_invite_server/test_refused_and_acked`",
	"17.2.1, 17.2.3, RFC 6026 7.1; `sip_invite_server/test_refused_and_acked`, `sip_invite_server/test_ack_2543`",
	"9.2; `sip_invite_server/test_cancel`, `sip_invite_server/test_cancel_too_late`",
	"17.2.1; `sip_invite_server/test_refused_without_ack`, not by connections: `sip_invite_server/test_reliable`",
	"17.2.1; `sip_invite_server/test_refused_without_ack`",
	"17.2.1; `sip_invite_server/test_refused_and_acked`, by connections 0: `sip_invite_server/test_reliable`",
	"RFC 6026 7.1; `sip_invite_server/test_accepted`",
};
static const char *const client_where[] = {
	"17.1.1.2; `sip_invite_client/test_provisional`",
	"RFC 6026 7.2; `sip_invite_client/test_accepted`",
	"17.1.1.2; `sip_invite_client/test_refused`",
	"9.1; `sip_invite_client/test_cancel`, `sip_invite_client/test_cancel_crosses`",
	"17.1.1.2; `sip_invite_client/test_no_answer`, not by connections: `sip_invite_client/test_reliable`",
	"17.1.1.2; `sip_invite_client/test_no_answer`, `sip_invite_client/test_cancel_unheard`",
	"17.1.1.2; `sip_invite_client/test_refused`, by connections 0: `sip_invite_client/test_reliable`",
	"RFC 6026 7.2; `sip_invite_client/test_accepted`",
	"9.1; `sip_invite_client/test_cancel_without_end`",
	"17.1.4, 18.4; `sip_invite_client/test_undelivered`, `sip_invite_client/test_connection_ends`",
};
/* clang-format on */

static void test_document(void **state)
{
	document_machine_expect(&(struct document_machine){"INVITE server transactions",
		SIP_IS_STATE__N, SIP_IS_EVENT__N, server_state, server_event, server_where,
		&server_cells[0][0]});
	document_machine_expect(&(struct document_machine){"INVITE client transactions",
		SIP_IC_STATE__N, SIP_IC_EVENT__N, client_state, client_event, client_where,
		&client_cells[0][0]});
}

/* In the order of their bits. */
static const char *const actions[] = {
	"send",
	"resend",
	"start-g",
	"start-h",
	"start-i",
	"start-l",
	"tell-ack",
	"tell-cancel",
	"tell-no-ack",
	"wait",
	"ack",
	"owe-cancel",
	"cancel",
	"start-d",
	"start-m",
	"tell-1xx",
	"tell-final",
	"tell-timeout",
	"tell-network",
	"tell-gone",
	"free",
};

static void expect(struct sip_invite_step step, const char *const *states, const char *want,
	const char *state, const char *event)
{
	cell_expect(&(struct cell){step.actions, SIP_INV_CANNOT_HAPPEN, states[step.next]}, actions,
		ARRAY_LEN(actions), want, state, event);
}

static void test_server(void **state)
{
	for (size_t s = 0; s < SIP_IS_STATE__N; s++)
		for (size_t e = 0; e < SIP_IS_EVENT__N; e++)
			expect(sip_invite_server_steps[s][e], server_state, server_cells[s][e],
				server_state[s], server_event[e]);
}

static void test_client(void **state)
{
	for (size_t s = 0; s < SIP_IC_STATE__N; s++)
		for (size_t e = 0; e < SIP_IC_EVENT__N; e++)
			expect(sip_invite_client_steps[s][e], client_state, client_cells[s][e],
				client_state[s], client_event[e]);
}

/* 17.2.1, 17.1.1.2 */
static void test_times(void **state)
{
	assert_int_equal(SIP_INVITE_100_AFTER, 200);
	assert_int_equal(SIP_TIMER_D, 32000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_server),
		cmocka_unit_test(test_client),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
