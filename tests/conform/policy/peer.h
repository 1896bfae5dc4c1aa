#pragma once

#include <openssl/ssl.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "row.h"

/*
 * The partner's servers: one scripted peer that plays all rows, each by its domain. It opens
 * streams and takes them, judges certificates and verifies dialback keys as an honest server does
 * whose settings are the row's.
 *
 * What a row says of certificates is true of the stream that it is about. Keys are verified
 * elsewhere: the authoritative server of the peer's domain has a certificate all the same, and ours
 * is the node with the good one, which has the same passphrase, wherever the peer would not talk TLS
 * to the node that made the key. So a key that was shown inside TLS is never verified in clear.
 */
struct peer;

enum { PEER_CONNECTIONS = 1024, PEER_DOMAINS = 256 };

struct peer_cfg {
	const char *local;                         /* the domain of entented */
	const char *trust;                         /* PEM file of the authority that all believe */
	const char *chain[CERT__N], *key[CERT__N]; /* of CERT_INVALID and CERT_VALID */
	uint16_t entented[CERT__N];                /* ports */
	struct row *rows;
	size_t n_rows;
};

struct peer *peer_new(const struct peer_cfg *cfg); /* borrowed; exits on failure */
void peer_free(struct peer *p);
uint16_t peer_port(const struct peer *p);

/* Opens the stream of an inbound row. */
void peer_begin(struct peer *p, struct row *r);
/*
 * The row is over: its connections end, but those on which entented has just sent a stanza. Whoever
 * closes at once after one leaves it unknown whether that was read; entented closes them.
 */
void peer_end(struct peer *p, const struct row *r);

/* Fills at most 1 + PEER_CONNECTIONS entries; the same entries come back after poll(). */
size_t peer_poll(struct peer *p, struct pollfd *fds);
void peer_turn(struct peer *p, const struct pollfd *fds);
