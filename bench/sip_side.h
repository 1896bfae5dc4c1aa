#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pki.h"

/*
 * The SIP side of a benchmark, driven by one thread that never waits: a socket of UDP, or
 * connections of TCP or TLS (certificates both ways), ours to entented and entented's to us. What
 * goes out is batched until sip_side_flush(). Any surprise ends the program with a message.
 */
enum side_kind { SIDE_UDP, SIDE_TCP, SIDE_TLS, SIDE__N };
enum { SIDE_MESSAGE = 2048 };

/* "udp", "tcp", "tls"; SIDE__N: none of them. */
enum side_kind side_kind(const char *name);
const char *side_kind_name(enum side_kind k);

struct sip_side;
struct side_conn;

/* Binds, or listens, on 127.0.0.1, and is PBX_NAME by its certificate. */
#define PBX_NAME "pbx.bench"
struct sip_side *sip_side_new(enum side_kind kind, const struct pki *pki);
uint16_t sip_side_port(const struct sip_side *s);

/* So many connections to 127.0.0.1:port; UDP: that is where requests go. */
void sip_side_connect(struct sip_side *s, uint16_t port, unsigned connections);

/* "UDP 127.0.0.1:5060": of a Via. */
const char *sip_side_via(const struct sip_side *s);

/*
 * Room for one message; then its length and the connection it goes out by. NULL: that of our own
 * whose turn it is.
 */
char *sip_side_room(struct sip_side *s);
void sip_side_put(struct sip_side *s, struct side_conn *c, size_t n);
void sip_side_flush(struct sip_side *s);

/* Each message that has come; m ends with a NUL, and is the callee's for the call. c: for its
 * answer. */
typedef void side_message(void *arg, char *m, size_t n, struct side_conn *c);
void sip_side_take(struct sip_side *s, side_message *fn, void *arg);

/* Datagrams that the kernel has dropped at our socket; 0 for connections. */
uint64_t sip_side_drops(const struct sip_side *s);
