#pragma once

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pki.h"

/*
 * The partner's server, as far as a benchmark needs it: both roles of a server-to-server stream with
 * STARTTLS (TLS 1.3, certificates both ways) and SASL EXTERNAL. Negotiation blocks; afterwards the
 * connection does not. Any surprise ends the program with a message. Several threads may use one end.
 */
struct xmpp_end {
	SSL_CTX *server, *client;
	const char *domain, *peer_domain;
	int listen_fd;
	struct in_addr address; /* of the listener, and where connections of ours come from */
	uint16_t port;
	int backlog;
};

void xmpp_end_init(struct xmpp_end *e, const struct pki *pki, const char *domain, const char *peer_domain);
/* The same at e->address and e->port (0: any), which the caller has set, as e->backlog if it likes. */
void xmpp_end_init_at(struct xmpp_end *e, const struct pki *pki, const char *domain, const char *peer_domain);
/* Waits for the other side's stream to us, or to a domain below ours. */
SSL *xmpp_end_accept(struct xmpp_end *e);
/* Opens ours to 127.0.0.1:port. */
SSL *xmpp_end_connect(struct xmpp_end *e, uint16_t port);
/* The same for who has to live with surprises: NULL then. */
SSL *xmpp_end_try_accept(struct xmpp_end *e);
SSL *xmpp_end_try_connect(struct xmpp_end *e, uint16_t port);
/* A connection to 127.0.0.1:port from e->address, nothing said yet; -1: refused. */
int xmpp_end_dial(struct xmpp_end *e, uint16_t port);
/* Waits for a message. */
void xmpp_end_message(SSL *ssl);
/* Ends a stream in order, ours first; what still comes is read and forgotten. */
void xmpp_end_close(SSL *ssl);
/* Forgets the TLS of a stream that will only be held, and returns its socket. */
int xmpp_end_hold(SSL *ssl);
/* Reads and forgets whatever comes, to the end; then drops it. */
void xmpp_end_drain(SSL *ssl);
void xmpp_end_drop(SSL *ssl);
