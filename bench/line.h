#pragma once

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One connection to 127.0.0.1 for who lives with surprises: TCP, or TLS above it. Whoever waits
 * does so for two seconds at most.
 */
struct line {
	int fd;
	SSL *ssl;      /* NULL: plain */
	char tail[16]; /* of what was read: a status line may be cut */
	size_t tail_n;
};

/* Final answers by their status; the last counts all others. */
enum { LINE_STATUSES = 10 };
extern const int line_statuses[LINE_STATUSES];

bool line_open(struct line *l, struct in_addr from, uint16_t port);
bool line_secure(struct line *l, SSL_CTX *ctx);
bool line_write(struct line *l, const char *p, size_t n);
void line_half_close(struct line *l);
void line_end(struct line *l); /* abruptly */

/*
 * Counts the answers that come, until there were so many, or the end, or nothing for two seconds;
 * or, if it shall not wait, until there is nothing to read now. Returns how many.
 */
unsigned line_answers(
	struct line *l, _Atomic uint64_t by_status[LINE_STATUSES], unsigned wanted, bool wait);
/* The same for bytes. */
unsigned line_count_answers(const char *p, size_t n, _Atomic uint64_t by_status[LINE_STATUSES]);
