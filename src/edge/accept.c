#include <unistd.h>

#include "edge/edge_priv.h"
#include "view/metrics.h"

/* New connections: whom the settings and the table of strangers let in. */

static void turn_away(struct edge *e, int fd, const struct netaddr *peer, const char *why)
{
	char text[NETADDR_TEXT];

	close(fd);
	metric_add(M_STREAMS_IN_FAILED, 1);
	if (edge_may_log(e))
		log_warn(&e->log, "connection-refused", LF_Z("peer", netaddr_print(peer, text)),
			LF_Z("reason", why));
}

void edge_accept(void *arg, int fd, const struct netaddr *peer)
{
	struct edge *e = arg;
	uint8_t key[16];
	struct stranger *drop = NULL;
	enum stranger_answer answer;

	if (!e->snapshot || e->draining) {
		turn_away(e, fd, peer, "not-ready");
		return;
	}
	answer = strangers_ask(
		e->strangers, netaddr_limit_key(peer, key), loop_now(e->loop), &drop);
	if (answer != STRANGER_OK) {
		turn_away(e, fd, peer, stranger_answer_name(answer));
		return;
	}
	if (drop)
		inbound_evict(drop);
	inbound_new(e, fd, peer);
}
