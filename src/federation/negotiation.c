#include "federation/negotiation.h"

#include <assert.h>

#include "federation/setting.h"

const char *const negotiation_level_words[] = {"Required", "Optional", "NotSupported", NULL};

/* clang-format off */
static const struct {
	const char *code, *text;
} refusals[] = {
	[NEGOTIATION_ACCEPTED] = {"", ""},
	[NEGOTIATION_SASL_REQUIRES_TLS] = {"sasl_requires_tls",
		"SASL proves who a server is by its certificate, so it needs TLS"},
	[NEGOTIATION_NO_AUTHENTICATION_METHOD] = {"no_authentication_method",
		"nothing is left to authenticate the partner with; SASL or dialback must be enabled"},
};
/* clang-format on */

static const struct {
	const char *name, *text;
} methods[METHOD__N] = {
	[METHOD_SASL_OVER_TLS] = {"sasl-over-tls",
				  "encrypted, both servers prove themselves with certificates"      },
	[METHOD_TLS_DIALBACK] = {"tls-dialback",  "encrypted, servers are verified by dialback"    },
	[METHOD_TCP_DIALBACK] = {"tcp-dialback",  "not encrypted, servers are verified by dialback"},
};

/* clang-format off */
static const struct {
	const char *code, *text;
} warnings[WARNING__N] = {
	[WARNING_DIALBACK_INEFFECTIVE] = {"dialback_ineffective",
		"dialback does nothing while TLS and SASL are both required"},
	[WARNING_SASL_REQUIRED_NOT_ENFORCED] = {"sasl_required_not_enforced",
		"SASL is not enforced: a partner without TLS or a good certificate may still use dialback"},
	[WARNING_SASL_NEEDS_TLS_OPTIONAL_MAY_FAIL] = {"sasl_needs_tls_optional_may_fail",
		"SASL needs TLS: where TLS is only optional, negotiation may fail"},
	[WARNING_UNENCRYPTED_POSSIBLE] = {"unencrypted_possible",
		"messages may cross the Internet unencrypted"},
};
/* clang-format on */

const char *negotiation_refusal_code(enum negotiation_refusal r)
{
	return refusals[r].code;
}

const char *negotiation_refusal_text(enum negotiation_refusal r)
{
	return refusals[r].text;
}

const char *negotiation_method_name(enum negotiation_method m)
{
	return methods[m].name;
}

const char *negotiation_method_text(enum negotiation_method m)
{
	return methods[m].text;
}

const char *negotiation_warning_code(enum negotiation_warning w)
{
	return warnings[w].code;
}

const char *negotiation_warning_text(enum negotiation_warning w)
{
	return warnings[w].text;
}

bool negotiation_eq(struct negotiation a, struct negotiation b)
{
	return a.tls == b.tls && a.sasl == b.sasl && a.dialback == b.dialback;
}

/* Which methods the three settings leave, whether or not they are accepted together. */
static bool leaves(struct negotiation n, enum negotiation_method m)
{
	bool tls = n.tls != NEGOTIATION_NOT_SUPPORTED;
	bool must_sasl = n.tls == NEGOTIATION_REQUIRED && n.sasl == NEGOTIATION_REQUIRED;

	switch (m) {
	case METHOD_SASL_OVER_TLS:
		return tls && n.sasl != NEGOTIATION_NOT_SUPPORTED;
	case METHOD_TLS_DIALBACK:
		return tls && n.dialback && !must_sasl;
	case METHOD_TCP_DIALBACK:
		return n.tls != NEGOTIATION_REQUIRED && n.dialback;
	case METHOD__N:
		break;
	}
	return false;
}

static enum negotiation_refusal refusal(struct negotiation n)
{
	if (n.tls == NEGOTIATION_NOT_SUPPORTED && n.sasl != NEGOTIATION_NOT_SUPPORTED)
		return NEGOTIATION_SASL_REQUIRES_TLS;
	for (enum negotiation_method m = 0; m < METHOD__N; m++)
		if (leaves(n, m))
			return NEGOTIATION_ACCEPTED;
	return NEGOTIATION_NO_AUTHENTICATION_METHOD;
}

bool negotiation_allows(struct negotiation n, enum negotiation_method m)
{
	return refusal(n) == NEGOTIATION_ACCEPTED && leaves(n, m);
}

static void way_out(struct negotiation_verdict *v, enum negotiation_level tls,
	enum negotiation_level sasl, bool dialback)
{
	struct negotiation n = {tls, sasl, dialback};

	assert(refusal(n) == NEGOTIATION_ACCEPTED && v->n_ways_out < 3);
	v->ways_out[v->n_ways_out++] = n;
}

/* SASL without TLS: take TLS, or give up SASL where it was not required. */
static void ways_to_tls(struct negotiation_verdict *v, struct negotiation n)
{
	way_out(v, NEGOTIATION_REQUIRED, n.sasl, n.dialback);
	way_out(v, NEGOTIATION_OPTIONAL, n.sasl, n.dialback);
	if (n.sasl == NEGOTIATION_OPTIONAL)
		way_out(v, NEGOTIATION_NOT_SUPPORTED, NEGOTIATION_NOT_SUPPORTED, true);
}

/* Neither SASL nor dialback: take SASL, with TLS if there was none, or take dialback. */
static void ways_to_authenticate(struct negotiation_verdict *v, struct negotiation n)
{
	if (n.tls == NEGOTIATION_NOT_SUPPORTED) {
		way_out(v, NEGOTIATION_REQUIRED, NEGOTIATION_REQUIRED, false);
	} else {
		way_out(v, n.tls, NEGOTIATION_REQUIRED, false);
		way_out(v, n.tls, NEGOTIATION_OPTIONAL, false);
	}
	way_out(v, n.tls, NEGOTIATION_NOT_SUPPORTED, true);
}

static void warn(struct negotiation_verdict *v, enum negotiation_warning w, bool when)
{
	if (when)
		v->warnings[v->n_warnings++] = w;
}

static void accepted(struct negotiation_verdict *v, struct negotiation n)
{
	bool sasl = leaves(n, METHOD_SASL_OVER_TLS);
	bool dialback = leaves(n, METHOD_TLS_DIALBACK) || leaves(n, METHOD_TCP_DIALBACK);

	for (enum negotiation_method m = 0; m < METHOD__N; m++)
		if (leaves(n, m))
			v->methods[v->n_methods++] = m;
	warn(v, WARNING_DIALBACK_INEFFECTIVE, n.dialback && !dialback);
	warn(v, WARNING_SASL_REQUIRED_NOT_ENFORCED, n.sasl == NEGOTIATION_REQUIRED && dialback);
	warn(v, WARNING_SASL_NEEDS_TLS_OPTIONAL_MAY_FAIL, sasl && n.tls == NEGOTIATION_OPTIONAL);
	warn(v, WARNING_UNENCRYPTED_POSSIBLE, leaves(n, METHOD_TCP_DIALBACK));
}

struct negotiation_verdict negotiation_judge(struct negotiation n)
{
	struct negotiation_verdict v = {.refused = refusal(n)};

	switch (v.refused) {
	case NEGOTIATION_ACCEPTED:
		accepted(&v, n);
		break;
	case NEGOTIATION_SASL_REQUIRES_TLS:
		ways_to_tls(&v, n);
		break;
	case NEGOTIATION_NO_AUTHENTICATION_METHOD:
		ways_to_authenticate(&v, n);
		break;
	}
	return v;
}

void negotiation_format(struct negotiation n, struct buf *ret)
{
	buf_printf(ret, "TLS %s, SASL %s, dialback %s", negotiation_level_words[n.tls],
		negotiation_level_words[n.sasl], n.dialback ? "true" : "false");
}

static void json_ways_out(const struct negotiation_verdict *v, struct buf *ret)
{
	for (size_t i = 0; i < v->n_ways_out; i++) {
		struct negotiation n = v->ways_out[i];

		buf_printf(ret,
			"%s{\"tls_negotiation\": \"%s\", \"sasl_negotiation\": \"%s\", "
			"\"support_dialback_negotiation\": %s}",
			i ? ", " : "", negotiation_level_words[n.tls],
			negotiation_level_words[n.sasl], n.dialback ? "true" : "false");
	}
}

void negotiation_json(const struct negotiation_verdict *v, struct buf *ret)
{
	buf_str(ret, "{\"refused\": ");
	if (v->refused == NEGOTIATION_ACCEPTED)
		buf_str(ret, "null");
	else
		json_quote(ret, slice_of(refusals[v->refused].code));
	buf_str(ret, ", \"methods\": [");
	for (size_t i = 0; i < v->n_methods; i++)
		buf_printf(ret, "%s\"%s\"", i ? ", " : "", methods[v->methods[i]].name);
	buf_str(ret, "], \"warnings\": [");
	for (size_t i = 0; i < v->n_warnings; i++)
		buf_printf(ret, "%s\"%s\"", i ? ", " : "", warnings[v->warnings[i]].code);
	buf_str(ret, "], \"ways_out\": [");
	json_ways_out(v, ret);
	buf_str(ret, "]}");
}
