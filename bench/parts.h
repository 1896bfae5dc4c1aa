#pragma once

#include <stddef.h>

/*
 * What the parts of a stream cost at best on this machine, with nothing around them: the libraries
 * that no implementation can do without, used as well as they can be. Floors for the benchmarks.
 */

/* One stanza of usual length, in us of processor time; 16 to a TLS record, by way of a socket pair. */
struct parts_tls {
	double write_us, read_us;
};
struct parts_tls parts_tls(void);
/* The same for messages of so many bytes, `count` to a record; 16384 together at most. */
struct parts_tls parts_tls_of(size_t bytes, unsigned count);
double parts_xml(void); /* expat, in us a stanza */

/* A TLS 1.3 handshake with certificates both ways, each side's chain verified, in ms for each end. */
struct parts_handshake {
	double client_ms, server_ms;
};
struct parts_handshake parts_handshake(void);

/* What is allocated for one end of such a connection when nothing is under way, in bytes. */
struct parts_memory {
	double tls;    /* the TLS library, its buffers released */
	double parser; /* expat, inside a stream */
};
struct parts_memory parts_memory(void);
