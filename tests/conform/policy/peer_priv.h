#pragma once

#include "peer.h"
#include "wire.h"

/* One connection. */
struct talk {
	struct talk *next;
	struct peer *peer;
	struct wire w;
	struct row *row;    /* known from the header of who connects */
	bool ours;          /* we connected */
	bool verifies;      /* only to verify a key */
	struct talk *asker; /* ours, verifies: whose key it is; NULL: gone */
	enum cert shown;    /* what the other end's certificate turned out to be */
	bool authenticated, external;
	bool ending; /* we have sent the end tag */
	bool done;
	char id[128]; /* of the stream as it is now */
	char key[128];
};

struct peer {
	const struct peer_cfg *cfg;
	SSL_CTX *server[CERT__N], *client[CERT__N];
	int listener;
	uint16_t port;
	void *ids; /* of every stream of entented's, a tree */
	struct talk *talks;
};

/* ---- peer.c ---- */

/* A connection about a row (NULL: its header will say); talk_connect() opens one to an entented. */
struct talk *talk_new(struct peer *p, struct row *r);
void talk_connect(struct talk *t, enum cert entented);

/* ---- script.c ---- */

void script_begin(struct talk *t); /* our header */
void script_end(struct talk *t);   /* our end tag, once */
void script_piece(struct talk *t, const char *piece);
void script_over(struct talk *t); /* the connection has ended without a word, or with an alert */
