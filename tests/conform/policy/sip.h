#pragma once

#include <stdint.h>

#include "row.h"

/* A SIP server over UDP, the route of one entented: sends a message for a row, and takes them. */
struct sip {
	int fd;
	uint16_t port;
	struct row *rows;
	size_t n_rows;
};

/* Exits when there is no port. */
void sip_start(struct sip *s, struct row *rows, size_t n_rows);
void sip_stop(struct sip *s);

/* From a user of `local` to a contact of the row's domain, by the entented at this port. */
void sip_send(struct sip *s, const struct row *r, const char *local, uint16_t port);
/* Takes one datagram: a row is delivered (inbound), refused or finished by it. False: none came. */
bool sip_turn(struct sip *s);
