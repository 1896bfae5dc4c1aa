#include "peer.h"

#include <arpa/inet.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer_priv.h"

/* ---- connections ---- */

struct talk *talk_new(struct peer *p, struct row *r)
{
	struct talk *t = calloc(1, sizeof *t);

	*t = (struct talk){.next = p->talks, .peer = p, .row = r};
	p->talks = t;
	return t;
}

/* From an address of the row's, as if each domain had a server of its own. */
void talk_connect(struct talk *t, enum cert entented)
{
	uint32_t source = (127u << 24 | 100u << 16) + (uint32_t)t->row->number;

	t->ours = true;
	wire_connect(&t->w, source, t->peer->cfg->entented[entented]);
	script_begin(t);
}

static void talk_free(struct talk *t)
{
	for (struct talk *o = t->peer->talks; o; o = o->next)
		if (o->asker == t)
			o->asker = NULL;
	wire_close(&t->w);
	free(t);
}

/* Frees those that are done and have nothing left to say. */
static void sweep(struct peer *p)
{
	struct talk **at = &p->talks, *t;

	while ((t = *at)) {
		if (t->w.over || (t->done && !t->w.n_out)) {
			*at = t->next;
			talk_free(t);
		} else {
			at = &t->next;
		}
	}
}

void peer_begin(struct peer *p, struct row *r)
{
	talk_connect(talk_new(p, r), r->local_cert);
}

void peer_end(struct peer *p, const struct row *r)
{
	for (struct talk *t = p->talks; t; t = t->next)
		if (t->row == r && !t->done && (t->ours || !r->delivered))
			script_end(t);
}

size_t peer_poll(struct peer *p, struct pollfd *fds)
{
	size_t n = 0;

	sweep(p);
	fds[n++] = (struct pollfd){.fd = p->listener, .events = POLLIN};
	for (struct talk *t = p->talks; t && n <= PEER_CONNECTIONS; t = t->next)
		fds[n++] = (struct pollfd){.fd = t->w.fd, .events = wire_events(&t->w)};
	return n;
}

static void take_connections(struct peer *p)
{
	int fd;

	while ((fd = accept4(p->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
		wire_accept(&talk_new(p, NULL)->w, fd);
}

static void turn(struct talk *t)
{
	const char *piece;

	wire_turn(&t->w);
	while (!t->done && !t->w.handshaking && (piece = wire_piece(&t->w)))
		script_piece(t, piece);
	if (t->w.over && !t->done)
		script_over(t);
}

void peer_turn(struct peer *p, const struct pollfd *fds)
{
	struct talk *t = p->talks;

	/* New ones are put before those that were asked about. */
	for (size_t i = 1; t && i <= PEER_CONNECTIONS; i++, t = t->next)
		if (fds[i].revents)
			turn(t);
	if (fds[0].revents)
		take_connections(p);
}

/* ---- beginning and end ---- */

static SSL_CTX *context(const struct peer_cfg *cfg, const SSL_METHOD *method, enum cert cert)
{
	SSL_CTX *ctx = SSL_CTX_new(method);

	/* Whatever is older than TLS 1.2 would show. */
	SSL_CTX_set_min_proto_version(ctx, 0);
	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	if (SSL_CTX_load_verify_file(ctx, cfg->trust) != 1 ||
		(cert != CERT_MISSING &&
			(SSL_CTX_use_certificate_chain_file(ctx, cfg->chain[cert]) != 1 ||
				SSL_CTX_use_PrivateKey_file(
					ctx, cfg->key[cert], SSL_FILETYPE_PEM) != 1))) {
		fprintf(stderr, "policy_matrix: TLS cannot be set up\n");
		exit(1);
	}
	return ctx;
}

static void listen_now(struct peer *p)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof a;

	p->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (bind(p->listener, (struct sockaddr *)&a, len) < 0 || listen(p->listener, 512) < 0 ||
		getsockname(p->listener, (struct sockaddr *)&a, &len) < 0) {
		perror("policy_matrix: listen");
		exit(1);
	}
	p->port = ntohs(a.sin_port);
}

struct peer *peer_new(const struct peer_cfg *cfg)
{
	struct peer *p = calloc(1, sizeof *p);

	p->cfg = cfg;
	for (int c = CERT_MISSING; c < CERT__N; c++) {
		p->client[c] = context(cfg, TLS_client_method(), (enum cert)c);
		p->server[c] = context(cfg, TLS_server_method(), (enum cert)c);
	}
	listen_now(p);
	return p;
}

uint16_t peer_port(const struct peer *p)
{
	return p->port;
}

void peer_free(struct peer *p)
{
	for (struct talk *t = p->talks; t; t = t->next)
		t->done = t->w.over = true;
	sweep(p);
	tdestroy(p->ids, free);
	for (int c = 0; c < CERT__N; c++) {
		SSL_CTX_free(p->client[c]);
		SSL_CTX_free(p->server[c]);
	}
	close(p->listener);
	free(p);
}
