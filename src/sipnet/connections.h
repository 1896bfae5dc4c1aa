#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The connections of a sipnet, as they are seen from outside. */
struct sipnet;

enum {
	SIPNET_CONNECTIONS = 1000,     /* at most so many are told of */
	SIPNET_CONNECTION_NAMES = 256, /* what does not fit is left out */
};

struct sipnet_connection_view {
	uint32_t number;
	const char *route;        /* "": a stranger's, so far */
	char peer[64];            /* "[2001:db8::1]:5061" */
	const char *transport;    /* "tcp", "tls" */
	bool ours;                /* we connected */
	const char *state;        /* flow_state_name() */
	uint64_t age_ms, idle_ms; /* since it began; since the last message */
	uint64_t bytes_in, bytes_out, messages_in, messages_out;
	size_t pending; /* bytes that the peer has not taken */
	/* TLS, once it is secure; else "" and 0 */
	const char *tls, *cipher;
	char subject[128];
	char names[SIPNET_CONNECTION_NAMES]; /* of its certificate: "pbx.example sip.example" */
	const char *certificate;             /* "good", "expired", ... */
	const char *own;                     /* the name of ours; "": none was shown */
	int64_t expires;                     /* the peer's, seconds since 1970 */
};

/*
 * Returns how many there are, and in *ret_n how many are in *ret, which live until something else
 * is done with n.
 */
size_t sipnet_connections(
	struct sipnet *n, const struct sipnet_connection_view **ret, size_t *ret_n);
