#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * A row of policy-matrix.json, and what was seen when it was played. Nothing in this folder knows
 * the code under test: the peer is written from the RFCs, for OpenSSL and plain strings.
 */

enum cert { CERT_MISSING, CERT_INVALID, CERT_VALID, CERT__N };
enum peer_tls { PEER_TLS_DISABLED, PEER_TLS_OPTIONAL, PEER_TLS_REQUIRED };
enum outcome { OUTCOME_NONE, OUTCOME_PLAIN_DIALBACK, OUTCOME_TLS_DIALBACK, OUTCOME_TLS_EXTERNAL };

extern const char *const cert_words[]; /* each list ends with NULL */
extern const char *const outcome_words[];

/* Rows of negotiation-matrix.json, numbered from 1. */
enum { POLICY__N = 18 };

/* "tls" or "sasl" of a policy as the shell wants it: Required, Optional, NotSupported. */
const char *policy_tls(int policy);
const char *policy_sasl(int policy);
bool policy_dialback(int policy);
bool policy_tls_required(int policy);

struct row {
	int number, policy;
	bool outbound; /* entented connects */
	enum cert local_cert;
	enum peer_tls tls;
	enum cert cert;
	bool strict, dialback;
	enum outcome wanted;
	char domain[32]; /* the peer's, of this row alone */

	/* ---- what was seen ---- */
	bool started, finished;
	bool delivered;                                  /* a message came out at the other end */
	bool encrypted;                                  /* ... over TLS */
	bool external;                                   /* ... authenticated by EXTERNAL */
	unsigned stream_errors, dialback_errors, alerts; /* for the peer */
	bool peer_gave_up;
	unsigned sip_errors; /* for the SIP sender: final responses, and messages about it */
	char key[80];        /* the peer's dialback key, and the stream it was made for */
	char key_id[128];
	long long deadline_ms;
	char wrong[240]; /* the first thing that was against the rules; empty: nothing */
};

/* Reads the file; prints what is wrong with it and returns NULL. The caller frees the rows. */
struct row *rows_read(const char *path, size_t *ret_n);

/* Remembers the first. */
void row_wrong(struct row *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* After the end: prints a line if the row failed; returns whether it passed. */
bool row_judge(struct row *r);
