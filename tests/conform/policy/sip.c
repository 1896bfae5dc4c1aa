#include "sip.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

void sip_start(struct sip *s, struct row *rows, size_t n_rows)
{
	struct sockaddr_in a = loopback(0);
	socklen_t len = sizeof a;

	*s = (struct sip){.rows = rows, .n_rows = n_rows};
	s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (bind(s->fd, (struct sockaddr *)&a, len) < 0 ||
		getsockname(s->fd, (struct sockaddr *)&a, &len) < 0) {
		perror("policy_matrix: SIP");
		exit(1);
	}
	s->port = ntohs(a.sin_port);
}

void sip_stop(struct sip *s)
{
	close(s->fd);
}

void sip_send(struct sip *s, const struct row *r, const char *local, uint16_t port)
{
	struct sockaddr_in to = loopback(port);
	char m[1024], body[32];
	int n = snprintf(body, sizeof body, "row-%d", r->number);

	n = snprintf(m, sizeof m,
		"MESSAGE sip:juliet@%s SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK-row-%d;rport\r\n"
		"Max-Forwards: 70\r\nFrom: <sip:row-%d@%s>;tag=%d\r\nTo: <sip:juliet@%s>\r\n"
		"Call-ID: row-%d\r\nCSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\n"
		"Content-Length: %d\r\n\r\n%s",
		r->domain, s->port, r->number, r->number, local, r->number, r->domain, r->number, n,
		body);
	sendto(s->fd, m, (size_t)n, 0, (struct sockaddr *)&to, sizeof to);
}

/* The row that is named after a mark in the text. */
static struct row *row_after(struct sip *s, const char *text, const char *mark)
{
	const char *p = text ? strstr(text, mark) : NULL;
	unsigned long number = p ? strtoul(p + strlen(mark), NULL, 10) : 0;

	return number && number <= s->n_rows ? &s->rows[number - 1] : NULL;
}

static void on_response(struct sip *s, const char *m)
{
	struct row *r = row_after(s, m, "Call-ID: row-");
	int status = atoi(m + 8);

	if (!r || status < 200)
		return;
	if (r->finished)
		row_wrong(r, "a second final response, %d", status);
	if (status >= 300)
		r->sip_errors++;
	else if (!r->delivered)
		row_wrong(r, "%d, and nothing has arrived", status);
	if (status < 300 && r->sip_errors)
		row_wrong(r, "%d after an error", status);
	r->finished = true;
}

/* Status line and the headers that an answer repeats. */
static void answer(struct sip *s, const char *m, const struct sockaddr_in *to)
{
	static const char *const kept[] = {"Via:", "From:", "To:", "Call-ID:", "CSeq:"};
	char out[4096] = "SIP/2.0 200 OK\r\n";
	size_t n = strlen(out);

	for (const char *line = m; (line = strstr(line, "\r\n")) && line[2] != '\r';) {
		const char *end = strstr(line += 2, "\r\n");

		for (size_t i = 0; end && i < sizeof kept / sizeof *kept; i++)
			if (strncasecmp(line, kept[i], strlen(kept[i])) == 0)
				n += (size_t)snprintf(out + n, sizeof out - n, "%.*s%s\r\n",
					(int)(end - line), line,
					i == 2 && !memmem(line, (size_t)(end - line), ";tag=", 5)
						? ";tag=1"
						: "");
	}
	n += (size_t)snprintf(out + n, sizeof out - n, "Content-Length: 0\r\n\r\n");
	sendto(s->fd, out, n, 0, (const struct sockaddr *)to, sizeof *to);
}

/* A message of a contact's, or one about a message that our user has sent. */
static void on_request(struct sip *s, const char *m, const struct sockaddr_in *from)
{
	struct row *about = row_after(s, m, "MESSAGE sip:row-");
	struct row *r = row_after(s, strstr(m, "\r\n\r\n"), "row-");

	answer(s, m, from);
	if (about) {
		about->sip_errors++;
	} else if (r) {
		if (r->outbound || r->delivered)
			row_wrong(r, "a message that nobody has sent, or a second time");
		r->delivered = r->finished = true;
	}
}

bool sip_turn(struct sip *s)
{
	struct sockaddr_in from;
	socklen_t len = sizeof from;
	char m[4096];
	ssize_t n = recvfrom(s->fd, m, sizeof m - 1, 0, (struct sockaddr *)&from, &len);

	if (n <= 0)
		return false;
	m[n] = 0;
	if (strncmp(m, "SIP/2.0 ", 8) == 0)
		on_response(s, m);
	else if (strncmp(m, "MESSAGE ", 8) == 0)
		on_request(s, m, &from);
	return true;
}
