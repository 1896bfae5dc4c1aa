#pragma once

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One TCP connection of the peer, in clear or in TLS, without blocking: bytes are collected until
 * they make a piece of a stream (a header, an end tag, a whole element).
 */
struct wire {
	int fd;
	SSL *ssl;
	bool connecting, handshaking;
	bool over;      /* nothing more comes */
	bool alert;     /* ... because the other end sent a TLS alert */
	bool own_alert; /* ... because we did */
	bool strict;    /* a bad certificate aborts the handshake */
	bool bad_chain; /* the other end's certificate, however the handshake ended */
	char in[65536], out[8192];
	size_t n_in, n_out;
};

/* Takes a connection, or begins one from an address to 127.0.0.1. Exits when the kernel refuses. */
void wire_accept(struct wire *w, int fd);
void wire_connect(struct wire *w, uint32_t source, uint16_t port);
void wire_close(struct wire *w);

/* What poll() is to wait for, and what is done after it. */
short wire_events(const struct wire *w);
void wire_turn(struct wire *w);

void wire_send(struct wire *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* How this end does TLS. */
struct wire_tls {
	SSL_CTX *ctx;
	bool server, strict;
	const char *name; /* for SNI, or NULL */
	int max_version;  /* TLS1_2_VERSION, ... */
};

/* Begins the handshake; what was to be sent in clear is sent first. */
void wire_start_tls(struct wire *w, const struct wire_tls *tls);
/* No handshake is under way: what is sent now reaches the other end. */
bool wire_ready(const struct wire *w);

/*
 * The next whole piece as a string, taken out of what has come, white space and XML declarations
 * skipped; NULL: there is none yet. Valid until the next call.
 */
char *wire_piece(struct wire *w);

/* The value of an attribute of a piece's first tag; empty when it has none. */
const char *piece_attr(const char *piece, const char *name, char *buf, size_t size);
/* Its text, without elements: from the first tag's end to the next tag. */
const char *piece_text(const char *piece, char *buf, size_t size);
