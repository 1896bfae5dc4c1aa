#include "unit.h"

#include "base/mem.h"
#include "cells.h"
#include "document.h"
#include "sip/trans.h"

/*
 * Every cell of the two machines, written by hand from RFC 3261 17.1.2.2 and 17.2.2 and RFC 4320.
 */

/* clang-format off */
static const char *const server_state[] = {
	"trying", "proceeding", "completed", "late", "terminated",
};
static const char *const server_event[] = {"request", "3.5 s", "64*T1", "200-699", "J"};
static const char *const server_cells[SIP_SERVER_STATE__N][SIP_SERVER_EVENT__N] = {
	{ /* trying */
		/* request again */ "- trying",
		/* 3.5 s */         "send-100,await-late proceeding",
		/* 64*T1 */         CANNOT,
		/* answer */        "send-final,start-j completed",
		/* J */             CANNOT,
	},
	{ /* proceeding */
		/* request again */ "send-100 proceeding",
		/* 3.5 s */         CANNOT,
		/* 64*T1 */         "- late",
		/* answer */        "send-final,start-j completed",
		/* J */             CANNOT,
	},
	{ /* completed */
		/* request again */ "resend-final completed",
		/* 3.5 s */         CANNOT,
		/* 64*T1 */         CANNOT,
		/* answer */        CANNOT,
		/* J */             "free terminated",
	},
	{ /* late */
		/* request again */ "- late",
		/* 3.5 s */         CANNOT,
		/* 64*T1 */         CANNOT,
		/* answer */        "free terminated",
		/* J */             CANNOT,
	},
	{CANNOT, CANNOT, CANNOT, CANNOT, CANNOT}, /* terminated */
};

static const char *const client_state[] = {"trying", "proceeding", "completed", "terminated"};
static const char *const client_event[] = {"1xx", "200-699", "E", "F", "K", "network"};
static const char *const client_cells[SIP_CLIENT_STATE__N][SIP_CLIENT_EVENT__N] = {
	{ /* trying */
		/* 1xx */     "- proceeding",
		/* 200-699 */ "tell-final,start-k completed",
		/* E */       "resend trying",
		/* F */       "tell-timeout,free terminated",
		/* K */       CANNOT,
		/* network */ "tell-network,free terminated",
	},
	{ /* proceeding */
		/* 1xx */     "- proceeding",
		/* 200-699 */ "tell-final,start-k completed",
		/* E */       "resend proceeding",
		/* F */       "tell-timeout,free terminated",
		/* K */       CANNOT,
		/* network */ "tell-network,free terminated",
	},
	{ /* completed */
		/* 1xx */     "- completed",
		/* 200-699 */ "- completed",
		/* E */       CANNOT,
		/* F */       CANNOT,
		/* K */       "free terminated",
		/* network */ "- completed",
	},
	{CANNOT, CANNOT, CANNOT, CANNOT, CANNOT, CANNOT}, /* terminated */
};
/* clang-format on */

/* clang-format off */
static const char *const server_where[] = {
	"17.2.2; `sip_server/test_retransmissions`, `sip_server/test_100`",
	"RFC 4320 4.1; `sip_server/test_100`, `sip_reliable/test_server`",
	"RFC 4320 4.2; `sip_server/test_late`",
	"17.2.2, RFC 4320 4.2; `sip_server/test_answered`, `sip_server/test_late`",
	"17.2.2; `sip_server/test_retransmissions`, by connections 0: `sip_reliable/test_server`",
};
static const char *const client_where[] = {
	"17.1.2.2; `sip_client/test_provisional`",
	"17.1.2.2; `sip_client/test_answered`",
	"17.1.2.2; `sip_client/test_retransmissions`, not by connections: `sip_reliable/test_client_timers`",
	"17.1.2.2; `sip_client/test_retransmissions`, `sip_client/test_provisional`",
	"17.1.2.2; `sip_client/test_answered`, by connections 0: `sip_reliable/test_k_is_0`",
	"17.1.4, 18.4; `sip_client/test_unreachable`, `sip_reliable/test_closed`, `sip_reliable/test_undelivered`",
};
/* clang-format on */

static void test_document(void **state)
{
	document_machine_expect(&(struct document_machine){"Non-INVITE server transactions",
		SIP_SERVER_STATE__N, SIP_SERVER_EVENT__N, server_state, server_event, server_where,
		&server_cells[0][0]});
	document_machine_expect(&(struct document_machine){"Non-INVITE client transactions",
		SIP_CLIENT_STATE__N, SIP_CLIENT_EVENT__N, client_state, client_event, client_where,
		&client_cells[0][0]});
}

/* In the order of their bits. */
static const char *const actions[] = {
	"send-100",
	"send-final",
	"resend-final",
	"start-j",
	"resend",
	"tell-final",
	"tell-timeout",
	"tell-network",
	"start-k",
	"await-late",
	"free",
};

static void expect(struct sip_step step, const char *const *states, const char *want,
	const char *state, const char *event)
{
	cell_expect(&(struct cell){step.actions, SIP_CANNOT_HAPPEN, states[step.next]}, actions,
		ARRAY_LEN(actions), want, state, event);
}

static void test_server(void **state)
{
	for (size_t s = 0; s < SIP_SERVER_STATE__N; s++)
		for (size_t e = 0; e < SIP_SERVER_EVENT__N; e++)
			expect(sip_server_steps[s][e], server_state, server_cells[s][e],
				server_state[s], server_event[e]);
}

static void test_client(void **state)
{
	for (size_t s = 0; s < SIP_CLIENT_STATE__N; s++)
		for (size_t e = 0; e < SIP_CLIENT_EVENT__N; e++)
			expect(sip_client_steps[s][e], client_state, client_cells[s][e],
				client_state[s], client_event[e]);
}

/* 17.1.1.1, table 4 */
static void test_times(void **state)
{
	assert_int_equal(SIP_T1, 500);
	assert_int_equal(SIP_T2, 4000);
	assert_int_equal(SIP_T4, 5000);
	assert_int_equal(SIP_64_T1, 32000);
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
