#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "pki.h"

/*
 * A server under measurement in a process of its own on processor 0, all with the same domain
 * (sip.bench), certificate, name server and partners (xmpp.bench and the names below it): the edge of
 * Entente (edge_host), or Prosody or ejabberd (rival.py).
 */
struct server {
	const char *name; /* "entente", "prosody", "ejabberd" */
	pid_t pid;        /* whose time and memory count */
	uint16_t port;    /* for streams */
	uint16_t component_port; /* 0: none */
	pid_t keeper;
	FILE *to, *from;
	char dir[64];
};

/* What server_start() needs to know of the benchmark. */
struct server_env {
	const struct pki *pki;
	uint16_t dns_port;
	unsigned partners; /* names below xmpp.bench */
	bool own_component; /* the caller opens sip.bench itself, and will not server_send() */
};

#define SERVER_SECRET "bench-secret" /* of the component sip.bench */

/* Exits with a message when it does not come up. */
void server_start(struct server *s, const char *name, const struct server_env *env);
void server_stop(struct server *s);

/* Makes it send a message to each of pFIRST.xmpp.bench and the count - 1 that follow. */
void server_send(struct server *s, unsigned first, unsigned count);

/* A temporary folder with ca.pem and the cert.pem and key.pem of sip.bench; dir holds 64 bytes. */
void server_folder(char *dir, const struct pki *pki);
void server_folder_remove(const char *dir);

/* The names in words[] that `against` asks for: NULL: none but entente; "all"; or one. */
unsigned server_names(const char *against, const char **ret, unsigned max);
