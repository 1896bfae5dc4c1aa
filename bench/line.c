#include "line.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "storm.h"

enum { STATUS_LINE = 11 }; /* "SIP/2.0 200" */

const int line_statuses[LINE_STATUSES] = {200, 400, 403, 404, 405, 480, 500, 503, 513, 0};

bool line_open(struct line *l, struct in_addr from, uint16_t port)
{
	struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr = from};
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	static const struct timeval patience = {.tv_sec = 2};
	static const int on = 1;

	*l = (struct line){.fd = socket(AF_INET, SOCK_STREAM, 0)};
	if (l->fd < 0)
		return false;
	setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	setsockopt(l->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(l->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (bind(l->fd, (struct sockaddr *)&own, sizeof own) == 0 &&
		connect(l->fd, (struct sockaddr *)&to, sizeof to) == 0)
		return true;
	close(l->fd);
	return false;
}

bool line_secure(struct line *l, SSL_CTX *ctx)
{
	l->ssl = SSL_new(ctx);
	SSL_set_fd(l->ssl, l->fd);
	ERR_clear_error();
	return SSL_connect(l->ssl) == 1;
}

bool line_write(struct line *l, const char *p, size_t n)
{
	ERR_clear_error();
	return l->ssl ? SSL_write(l->ssl, p, (int)n) == (int)n : storm_write(l->fd, p, n);
}

void line_half_close(struct line *l)
{
	if (l->ssl)
		SSL_shutdown(l->ssl);
	else
		shutdown(l->fd, SHUT_WR);
}

void line_end(struct line *l)
{
	if (l->ssl)
		SSL_free(l->ssl);
	storm_reset(l->fd);
}

static ssize_t hear_some(struct line *l, char *p, size_t n)
{
	ERR_clear_error();
	return l->ssl ? SSL_read(l->ssl, p, (int)n) : recv(l->fd, p, n, 0);
}

static bool readable(const struct line *l)
{
	struct pollfd p = {.fd = l->fd, .events = POLLIN};

	return (l->ssl && SSL_pending(l->ssl)) || poll(&p, 1, 0) == 1;
}

static int place_of(int status)
{
	int i = 0;

	while (line_statuses[i] && line_statuses[i] != status)
		i++;
	return i;
}

/* Only a status line has a space behind the version. */
unsigned line_count_answers(const char *p, size_t n, _Atomic uint64_t by_status[LINE_STATUSES])
{
	const char *end = p + n, *at;
	unsigned seen = 0;

	while ((at = memmem(p, (size_t)(end - p), "SIP/2.0 ", 8)) && end - at >= STATUS_LINE) {
		int status = atoi(at + 8);

		if (status >= 200) {
			storm_count(&by_status[place_of(status)], 1);
			seen++;
		}
		p = at + STATUS_LINE;
	}
	return seen;
}

unsigned line_answers(
	struct line *l, _Atomic uint64_t by_status[LINE_STATUSES], unsigned wanted, bool wait)
{
	char got[16384 + 1];
	unsigned seen = 0;

	while (seen < wanted && (wait || readable(l))) {
		ssize_t k;
		size_t n, keep;

		memcpy(got, l->tail, l->tail_n);
		k = hear_some(l, got + l->tail_n, sizeof got - 1 - l->tail_n);
		if (k <= 0)
			break;
		n = l->tail_n + (size_t)k;
		got[n] = '\0';
		seen += line_count_answers(got, n, by_status);
		keep = n < STATUS_LINE - 1 ? n
					   : STATUS_LINE - 1; /* too short to be counted twice */
		memcpy(l->tail, got + n - keep, keep);
		l->tail_n = keep;
	}
	return seen;
}
