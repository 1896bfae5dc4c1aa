#pragma once

#include "edge/probe_priv.h"

/*
 * A stream of the test's own, made as an ordinary one is: with the same engine, under the policy
 * that the settings give. It is not among the edge's streams, counts for no limit and carries
 * nothing but one ping.
 *
 *	connect, header, features, starttls, tls, [header, features,] external | dialback, ping, end
 */
enum stage {
	AT_CONNECT,
	AT_HEADER,
	AT_FEATURES,
	AT_STARTTLS,
	AT_TLS,
	AT_TLS_HEADER,
	AT_TLS_FEATURES,
	AT_EXTERNAL,
	AT_DIALBACK,
	AT_PING,
	AT_END,
	AT__N
};

enum { TALK_RAW_MAX = 512, TALK_END_MS = 2000 };

struct probe_talk {
	struct probe *probe;
	struct conn *conn;
	struct xstream *x;
	struct loop_timer timer; /* of the stage */
	enum stage stage;
	struct xstream_policy policy;
	char raw[TALK_RAW_MAX]; /* what came first */
	size_t n_raw;
	enum xstream_cert cert;
	enum probe_step cert_fault; /* what is wrong with it */
	bool conn_closing, told;
	bool authenticated;
	enum negotiation_method method;
	struct probe_dialback dialback;
	char key[DIALBACK_KEY_SIZE];
	uint64_t stage_ms; /* begun */
	char ping[40];     /* its id */
};

/* Where a fault belongs that comes at a stage, and what silence is called there. */
struct talk_stage {
	enum probe_step step;
	enum probe_code silence;
	const char *text;
};
extern const struct talk_stage talk_stages[AT__N];

/* ---- probe_talk.c ---- */
void talk_enter(struct probe_talk *t, enum stage stage);
unsigned long long talk_took(const struct probe_talk *t); /* in this stage, ms */
void talk_pump(struct probe_talk *t);

/* ---- probe_words.c: what the features say ---- */
void talk_say_header(struct probe_talk *t);
void talk_say_features(struct probe_talk *t);
void talk_judge_starttls(struct probe_talk *t); /* those in clear */

/* ---- probe_auth.c ---- */
bool talk_sasl_allowed(const struct probe_talk *t);
void talk_say_no_external(struct probe_talk *t);
void talk_auth_failed(struct probe_talk *t, const struct xstream_event *ev);
void talk_send_key(struct probe_talk *t);
void talk_result(struct probe_talk *t, const struct xstream_db *db);
const char *talk_asked_text(const struct probe_talk *t);
void talk_authenticated(struct probe_talk *t, const struct xstream_event *ev);

/* ---- probe_end.c ---- */
void talk_over(struct probe_talk *t);
void talk_say_method(struct probe_talk *t);
void talk_say_no_dialback(struct probe_talk *t);
/* All has been said: the stream ends in order, which is not waited for long. */
void talk_end(struct probe_talk *t);
/* The engine says that it ends. */
void talk_closing(struct probe_talk *t, const struct xstream_event *ev);
