#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a client transaction over UDP does while there is no answer (RFC 3261 17.1.2.2): again after
 * 0.5 s, 1 s, 2 s, then every 4 s (timer E), and nothing more after 32 s (timer F). Requests are
 * numbers. The same time passes between two steps for all, so each step is a queue.
 */
struct resend;

struct resend *resend_new(void);
void resend_free(struct resend *r); /* NULL is fine */

/* A request was sent for the first time. */
void resend_sent(struct resend *r, uint32_t number, uint64_t now_ns);

/*
 * The next that is due; false: none now. It is asked about first: answered(arg, number) true
 * forgets it. *ret_over: its 32 s are over and it is forgotten; else it is to be sent again now.
 */
bool resend_next(struct resend *r, uint64_t now_ns, bool (*answered)(void *arg, uint32_t number),
	void *arg, uint32_t *ret_number, bool *ret_over);
