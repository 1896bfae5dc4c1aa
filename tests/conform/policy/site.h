#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* One entented in a folder of its own, and the shell that administers it. */
struct site {
	const char *entented, *entente; /* programs */
	char dir[80];
	pid_t pid;
	uint16_t sip_port, xmpp_port;
};

/* What it runs with. chain NULL: without a certificate. */
struct site_cfg {
	const char *dir; /* made */
	const char *trust, *chain, *key;
	uint16_t dns_port;
};

/* Starts it, without waiting. All of these exit with a message on failure. */
void site_start(struct site *s, const struct site_cfg *cfg);
void site_wait_up(struct site *s);
/* Runs entente with these words (a list that ends with NULL). */
void site_do(const struct site *s, const char *const *words);
/* Tells it to end; then asks whether it has (*ret_well: and well). */
void site_stop(const struct site *s);
bool site_ended(struct site *s, bool *ret_well);
