#pragma once

#include <stdbool.h>

#include "base/slice.h"
#include "edge/probe.h"

/*
 * Where tests meet the rest of the edge: their life with it, and what comes in on ordinary streams
 * in answer to a test. Private to the edge.
 */
struct edge;
struct probes;
struct xstream_event;

struct probes *probes_new(const struct probe_config *config);
/* Tests under way are ended; each tells its asker. */
void probes_stop(struct edge *e);
void probes_free(struct edge *e);

/*
 * Our listener was asked whether a key is ours (as authoritative server) and has said so or not.
 * receiving: who asked; originating: our domain; id: of the stream that the key is for.
 */
void probe_verified(struct edge *e, struct slice receiving, struct slice originating,
	struct slice id, struct slice key, bool valid);

/* A stanza from a partner: is it the answer to a test's ping? It is dealt with then. */
bool probe_took_stanza(struct edge *e, const struct xstream_event *ev);
