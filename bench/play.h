#pragma once

#include "dns.h"
#include "pki.h"
#include "server.h"
#include "xmpp_end.h"

/*
 * The partners' side of a benchmark of many streams: threads on processor 1 that open them, or take
 * those that the server under measurement opens.
 */
struct play {
	struct pki pki;
	struct bench_dns dns;
	struct xmpp_end end;
	unsigned threads;
};

enum { PLAY_IN, PLAY_OUT }; /* as the server sees the streams */
extern const char *const play_directions[2];

/* Raises the limit of descriptors, makes certificates, starts the name server. */
void play_init(struct play *p, unsigned threads);

/*
 * n streams between the partners and the server. held: takes their sockets, which stay open; NULL:
 * each is closed in order before its thread goes on. PLAY_OUT: to pFIRST.xmpp.bench and those that
 * follow, with a message on each, for which the server opens it. Returns when all have been there.
 */
void play_streams(struct play *p, struct server *s, int direction, unsigned first, unsigned n, int *held);
