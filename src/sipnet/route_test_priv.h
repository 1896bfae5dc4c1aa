#pragma once

#include <stdlib.h>

#include "sipnet/route_code.h"
#include "sipnet/route_test.h"
#include "sipnet/sipnet_priv.h"

/* What the two files of a test share: route_test.c has the whole, route_try.c one address. */

struct address {
	struct netaddr addr;
	enum sip_transport transport;
	char text[SIPNET_ADDRESS + 8]; /* "192.0.2.1:5061 tls" */
};

struct route_test {
	struct sipnet *net;
	struct snapshot *snapshot; /* holds the route */
	const struct route *route;
	route_test_step *on_step;
	route_test_done *on_done;
	void *arg;
	uint64_t begun_ms;
	struct address v[ROUTE_TEST_TARGETS];
	unsigned n, at;
	bool begun, stopped;
	struct loop_task next;
	struct loop_timer timer; /* for the answer */
	/* of the address in hand: */
	struct flow *flow;
	struct sip_client *client;
	char *call_id;
	bool opened, over;
};

void route_test_say(struct route_test *t, enum route_step s, enum route_code c, const char *fmt,
	...) __attribute__((format(printf, 4, 5)));

/* The address in hand is through: the next one, in a turn of its own. */
void route_test_go_on(struct route_test *t);

/* A local domain that uses the route; SL_NONE: none does. */
struct slice route_test_domain(const struct route_test *t);

/* Tries the address in hand. route_test_go_on() follows, maybe at once. */
void route_try(struct route_test *t);
void route_try_no_answer(void *test); /* t->timer */
