#pragma once

#include "net/conn.h"
#include "net/listener.h"
#include "rig.h"

/*
 * A partner's server of few words, for many streams at a time: takes connections, offers what it is
 * told to, answers dialback keys and end tags, and notes what came on which connection.
 */
enum peer_answer {
	PEER_VALID,
	PEER_INVALID,
	PEER_ERROR,
	PEER_ERROR_CLOSE, /* the error, then the end of the stream (COMPAT: Prosody) */
	PEER_SILENT,
};

enum { PEER_CONNS = 64, PEER_KEYS = 64 };

struct peer_conn {
	struct peer *peer;
	struct conn *conn; /* NULL: gone */
	struct buf got;    /* not dealt with */
	struct buf all;    /* what came on it, without what it began with */
	bool tls, external, ended;
};

struct peer {
	struct rig *rig;
	struct listener *listener;
	uint16_t port;
	struct tls_set *set;
	/* How it is: */
	bool tls;         /* offers STARTTLS and, inside, EXTERNAL */
	bool no_errors;   /* does not advertise dialback errors */
	bool no_dialback; /* nor dialback */
	bool refuses;     /* closes connections at once */
	bool mute_end;    /* does not answer our end tag */
	struct {
		const char *from, *to;
		enum peer_answer answer;
	} answers[8]; /* else: valid */
	/* What was seen: */
	struct peer_conn conns[PEER_CONNS];
	unsigned n_conns, open, most; /* all, now, at most at a time */
	unsigned n_keys, false_keys;
};

void peer_init(struct peer *p, struct rig *r);
void peer_done(struct peer *p);

/* How often message m<id> came, and on which connection last; -1: none. */
unsigned peer_received(const struct peer *p, uint64_t id, int *ret_conn);
/* Has this text come on a connection? */
bool peer_has(const struct peer *p, unsigned conn, const char *text);
void peer_say(struct peer *p, unsigned conn, const char *text);
/* Without a word. */
void peer_drop(struct peer *p, unsigned conn);
