#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/slice.h"

/*
 * How the streams of a partner may be secured: three settings in; out comes a refusal with its ways
 * out, or the methods that result, best first, with warnings. Pure; 18 inputs
 * (tests/data/negotiation-matrix.json holds the truth table, the code holds the rule).
 */
enum negotiation_level { NEGOTIATION_REQUIRED, NEGOTIATION_OPTIONAL, NEGOTIATION_NOT_SUPPORTED };

struct negotiation {
	enum negotiation_level tls, sasl;
	bool dialback;
};

enum negotiation_refusal {
	NEGOTIATION_ACCEPTED,
	NEGOTIATION_SASL_REQUIRES_TLS,        /* "sasl_requires_tls" */
	NEGOTIATION_NO_AUTHENTICATION_METHOD, /* "no_authentication_method" */
};

/* In order of preference. */
enum negotiation_method {
	METHOD_SASL_OVER_TLS, /* "sasl-over-tls": EXTERNAL with certificates */
	METHOD_TLS_DIALBACK,  /* "tls-dialback" */
	METHOD_TCP_DIALBACK,  /* "tcp-dialback": nothing is encrypted */
	METHOD__N
};

enum negotiation_warning {
	WARNING_DIALBACK_INEFFECTIVE,             /* "dialback_ineffective" */
	WARNING_SASL_REQUIRED_NOT_ENFORCED,       /* "sasl_required_not_enforced" */
	WARNING_SASL_NEEDS_TLS_OPTIONAL_MAY_FAIL, /* "sasl_needs_tls_optional_may_fail" */
	WARNING_UNENCRYPTED_POSSIBLE,             /* "unencrypted_possible" */
	WARNING__N
};

struct negotiation_verdict {
	enum negotiation_refusal refused;
	size_t n_methods, n_warnings, n_ways_out;
	enum negotiation_method methods[METHOD__N];
	enum negotiation_warning warnings[WARNING__N];
	struct negotiation ways_out[3]; /* whole accepted settings, safest first */
};

struct negotiation_verdict negotiation_judge(struct negotiation n);

/* Is the method among those that n allows? False for all when n is refused. */
bool negotiation_allows(struct negotiation n, enum negotiation_method m);

bool negotiation_eq(struct negotiation a, struct negotiation b);

/* "Required", "Optional", "NotSupported", NULL. */
extern const char *const negotiation_level_words[];

/* Stable codes; "" for NEGOTIATION_ACCEPTED. */
const char *negotiation_refusal_code(enum negotiation_refusal r);
const char *negotiation_method_name(enum negotiation_method m);
const char *negotiation_warning_code(enum negotiation_warning w);
/* Sentences for a person. */
const char *negotiation_refusal_text(enum negotiation_refusal r);
const char *negotiation_method_text(enum negotiation_method m);
const char *negotiation_warning_text(enum negotiation_warning w);

/* "TLS Required, SASL Optional, dialback true". */
void negotiation_format(struct negotiation n, struct buf *ret);

/*
 * The verdict as a JSON object: refused (code or null), methods, warnings, ways_out (objects with
 * tls_negotiation, sasl_negotiation, support_dialback_negotiation).
 */
void negotiation_json(const struct negotiation_verdict *v, struct buf *ret);
