#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "dns.h"
#include "xmpp_end.h"

/*
 * The entented under measurement, started with everything it needs in a temporary folder: domain
 * sip.bench, partner xmpp.bench (Federated, TLS and SASL required), a route to 127.0.0.1:next_hop_port with
 * error-wait 0; by TLS the SIP server's name is PBX_NAME. Exits with a message when it does not come up.
 */
struct service {
	const char *entented, *entente; /* programs */
	char dir[64];
	pid_t pid;
	uint16_t sip_port;  /* entented's */
	const char *transport; /* of SIP: "udp", "tcp", "tls"; NULL: udp */
	bool streams;       /* SIP by TCP and by TLS, too, at the ports below */
	uint16_t sip_tcp_port, sip_tls_port;
	unsigned vain;      /* [sip] vain-connections; 0: as it is */
	uint16_t xmpp_port; /* entented's */
	bool log_to_file;   /* in dir, all of level info, as a daemon does */
	bool panel;         /* serves the panel at panel_port, too */
	uint16_t panel_port;
	unsigned partners;  /* p0.bench and so on instead of xmpp.bench; 0: that */
};

void service_start(struct service *s, const struct pki *pki, const struct bench_dns *dns,
	uint16_t next_hop_port);
/* Runs `entente` with these words, separated by single spaces; exits with a message when it refuses. */
__attribute__((format(printf, 2, 3))) void service_do(const struct service *s, const char *fmt, ...);
/* SIGTERM, then waits; removes the folder. Returns the exit status. */
int service_stop(struct service *s);

/* A token of the API for a role; exits with a message when there is none. */
void service_token(const struct service *s, const char *role, char ret[static 128]);
