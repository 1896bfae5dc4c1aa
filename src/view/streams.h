#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"

/*
 * What the edge says about its streams when it is asked: a copy, made on the edge's loop, that then
 * belongs to whoever asked and may be read on any thread. Plain data; nothing here points into the
 * edge.
 */
enum view_dir { VIEW_IN, VIEW_OUT };

enum view_stream_state {
	VIEW_WAITING,     /* no connection: in back-off, or nothing to send yet */
	VIEW_CONNECTING,  /* DNS, TCP */
	VIEW_NEGOTIATING, /* stream header, TLS, SASL, dialback */
	VIEW_UP,          /* authenticated: stanzas pass */
	VIEW_CLOSING,
	VIEW_CLOSED, /* gone: only told to those who watch */
	VIEW_STATE__N
};

/* A domain pair that may be used on a stream. */
struct view_pair {
	struct slice local, remote;
	const char *method; /* "sasl-over-tls", "tls-dialback", "tcp-dialback" */
	uint64_t since_ms;  /* wall clock: authenticated */
};

/* The certificate a peer has shown. Texts are printable. */
struct view_peer_cert {
	struct slice subject, issuer; /* "CN=im.example,O=Example" */
	struct slice names;           /* "dns:im.example srv:_xmpp-server.im.example" */
	struct slice fingerprint;     /* SHA-256, 64 lower-case hexadecimal digits */
	int64_t not_after;            /* seconds since 1970 */
};

/*
 * One connection with the domain pair it was opened for, or (VIEW_WAITING) a pair that has no
 * connection now. Texts are UTF-8, absent (SL_NONE) where there is nothing to say, and in the arena
 * of the list.
 */
struct view_stream {
	struct slice id; /* as in the log: "o17" */
	enum view_dir dir;
	enum view_stream_state state;
	struct slice partner; /* primary domain of the partner */
	struct slice local;   /* our domain */
	struct slice remote;  /* theirs */
	struct slice peer;    /* "192.0.2.7:5269" */
	struct slice method;  /* "sasl-over-tls" once authenticated */
	struct slice tls;     /* "TLSv1.3" */
	struct slice cipher;
	struct slice verdict;    /* of the peer's certificate: "valid", or what is wrong with it */
	struct slice error;      /* the last one: a stable word */
	struct slice error_text; /* what came with it, printable */
	uint64_t since_ms;       /* wall clock: in this state since */
	uint64_t began_ms; /* wall clock: of the connection, and of its attempt, which has its id */
	uint64_t stanza_ms; /* wall clock: the last stanza, either way; 0: none yet */
	uint64_t retry_ms;  /* wall clock: next attempt; 0: none planned */
	uint64_t stanzas_in, stanzas_out;
	uint64_t bytes_in, bytes_out;
	uint64_t queued; /* stanzas waiting for its pairs */
	uint64_t change; /* number of its last change */
	int64_t expires; /* of the peer's chain, the first end, seconds since 1970; 0: none */
	const struct view_pair *pairs;
	size_t n_pairs;
	const struct view_peer_cert *cert; /* NULL: none, or not asked for */
};

struct view_streams {
	struct arena arena;
	struct view_stream *v;
	size_t n, cap;
	/* Changes since another list was made; see VIEW_ASK_CHANGES. */
	uint64_t upto; /* the next question goes on from here */
	bool more;     /* there are further changes already */
	bool missed;   /* some that ended are not told of any more */
};

const char *view_dir_name(enum view_dir d);            /* "in", "out" */
const char *view_state_name(enum view_stream_state s); /* "waiting", ... */

struct view_streams *view_streams_new(void);
void view_streams_free(struct view_streams *l);

/* A zeroed row at the end, valid until the next is added. */
struct view_stream *view_streams_add(struct view_streams *l);

/* A copy of s in the list's arena; absent stays absent. */
struct slice view_text(struct view_streams *l, struct slice s);

/* A copy of a row of another list, but for its pairs and certificate, at the end. */
void view_stream_copy(struct view_streams *l, const struct view_stream *from);
