#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- the connection ---- */

void wire_accept(struct wire *w, int fd)
{
	*w = (struct wire){.fd = fd};
}

void wire_connect(struct wire *w, uint32_t source, uint16_t port)
{
	struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(source)};
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&from, sizeof from) < 0 ||
		(connect(fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS)) {
		perror("policy_matrix: connect");
		exit(1);
	}
	wire_accept(w, fd);
	w->connecting = true;
}

void wire_close(struct wire *w)
{
	if (w->ssl && !w->handshaking && !w->over)
		SSL_shutdown(w->ssl);
	SSL_free(w->ssl);
	w->ssl = NULL;
	close(w->fd);
}

bool wire_ready(const struct wire *w)
{
	return !w->connecting && !w->handshaking && !w->over;
}

short wire_events(const struct wire *w)
{
	bool write = w->connecting || w->n_out || (w->ssl && SSL_want_write(w->ssl));

	return (short)(POLLIN | (write ? POLLOUT : 0));
}

/* An error of OpenSSL's: wait, or the end and why. */
static void tls_failed(struct wire *w, int result)
{
	unsigned long e = ERR_peek_last_error();

	switch (SSL_get_error(w->ssl, result)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return;
	case SSL_ERROR_SSL:
		w->alert = ERR_GET_REASON(e) >= SSL_AD_REASON_OFFSET;
		w->own_alert = !w->alert && w->handshaking;
		break;
	default:
		break;
	}
	w->over = true;
}

static void shake_hands(struct wire *w)
{
	int result;

	ERR_clear_error();
	result = SSL_do_handshake(w->ssl);
	if (result == 1)
		w->handshaking = false;
	else
		tls_failed(w, result);
}

static void flush(struct wire *w)
{
	ssize_t n;

	if (!w->n_out || !wire_ready(w))
		return;
	ERR_clear_error();
	n = w->ssl ? SSL_write(w->ssl, w->out, (int)w->n_out)
		   : send(w->fd, w->out, w->n_out, MSG_NOSIGNAL);
	if (n > 0) {
		w->n_out -= (size_t)n;
		memmove(w->out, w->out + n, w->n_out);
	} else if (w->ssl) {
		tls_failed(w, (int)n);
	} else if (errno != EAGAIN) {
		w->over = true;
	}
}

static bool fill(struct wire *w)
{
	size_t room = sizeof w->in - 1 - w->n_in;
	ssize_t n;

	if (!room)
		return false;
	ERR_clear_error();
	n = w->ssl ? SSL_read(w->ssl, w->in + w->n_in, (int)room)
		   : recv(w->fd, w->in + w->n_in, room, 0);
	if (n > 0)
		w->n_in += (size_t)n;
	else if (w->ssl)
		tls_failed(w, (int)n);
	else if (n == 0 || errno != EAGAIN)
		w->over = true;
	return n > 0;
}

void wire_turn(struct wire *w)
{
	w->connecting = false;
	if (w->handshaking)
		shake_hands(w);
	flush(w);
	while (wire_ready(w) && fill(w))
		;
}

void wire_send(struct wire *w, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(w->out + w->n_out, sizeof w->out - w->n_out, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof w->out - w->n_out) {
		fprintf(stderr, "policy_matrix: too much to send\n");
		exit(1);
	}
	w->n_out += (size_t)n;
}

/* ---- TLS ---- */

/* Remembers the verdict; only a strict peer lets it end the handshake. */
static int on_verify(int good, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct wire *w = SSL_get_app_data(ssl);

	if (!good)
		w->bad_chain = true;
	return good || !w->strict;
}

void wire_start_tls(struct wire *w, const struct wire_tls *tls)
{
	flush(w);
	w->strict = tls->strict;
	w->ssl = SSL_new(tls->ctx);
	SSL_set_app_data(w->ssl, w);
	SSL_set_fd(w->ssl, w->fd);
	SSL_set_verify(w->ssl, SSL_VERIFY_PEER, on_verify);
	SSL_set_mode(w->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_set_max_proto_version(w->ssl, tls->max_version);
	if (tls->server)
		SSL_set_accept_state(w->ssl);
	else
		SSL_set_connect_state(w->ssl);
	if (tls->name)
		SSL_set_tlsext_host_name(w->ssl, tls->name);
	w->handshaking = true;
	shake_hands(w);
}

/* ---- pieces ---- */

/* Past the end of the tag that begins at p; NULL: it has not come yet. */
static const char *tag_end(const char *p)
{
	char quote = 0;

	for (; *p; p++) {
		if (quote)
			quote = *p == quote ? 0 : quote;
		else if (*p == '\'' || *p == '"')
			quote = *p;
		else if (*p == '>')
			return p + 1;
	}
	return NULL;
}

static const char *element_end(const char *p)
{
	int depth = 0;

	do {
		const char *end = tag_end(p);

		if (!end)
			return NULL;
		if (p[1] == '/')
			depth--;
		else if (end[-2] != '/')
			depth++;
		p = depth ? strchr(end, '<') : end;
	} while (depth && p);
	return p;
}

static const char *piece_end(const char *p)
{
	bool single = p[1] == '/' || p[1] == '?' || strncmp(p, "<stream:stream", 14) == 0;

	return single ? tag_end(p) : element_end(p);
}

char *wire_piece(struct wire *w)
{
	static char piece[sizeof w->in];
	const char *end;
	size_t n;

	do {
		const char *p;

		w->in[w->n_in] = 0;
		p = strchr(w->in, '<');
		end = p ? piece_end(p) : NULL;
		if (!end)
			return NULL;
		n = (size_t)(end - p);
		memcpy(piece, p, n);
		piece[n] = 0;
		w->n_in -= (size_t)(end - w->in);
		memmove(w->in, end, w->n_in);
	} while (piece[1] == '?');
	return piece;
}

static const char *copy(char *buf, size_t size, const char *p, size_t n)
{
	snprintf(buf, size, "%.*s", (int)n, p);
	return buf;
}

const char *piece_attr(const char *piece, const char *name, char *buf, size_t size)
{
	const char *end = tag_end(piece), *p = piece;
	size_t n = strlen(name);

	while ((p = strchr(p, ' ')) && p < end) {
		p++;
		if (strncmp(p, name, n) == 0 && p[n] == '=')
			return copy(
				buf, size, p + n + 2, strcspn(p + n + 2, (char[]){p[n + 1], 0}));
	}
	return copy(buf, size, "", 0);
}

const char *piece_text(const char *piece, char *buf, size_t size)
{
	const char *p = tag_end(piece);

	return copy(buf, size, p, strcspn(p, "<"));
}
