#include "edge/judge.h"

/* clang-format off */
static const struct {
	const char *name, *text;
	enum stream_cond cond;
} refusals[EDGE_REFUSAL__N] = {
	[EDGE_OK] = {"ok", "", STREAM_OK},
#define X(suffix, word, condition, words) [EDGE_##suffix] = {word, words, STREAM_##condition},
	EDGE_REFUSALS(X)
#undef X
};
/* clang-format on */

const char *edge_refusal_name(enum edge_refusal r)
{
	return refusals[r].name;
}

const char *edge_refusal_text(enum edge_refusal r)
{
	return refusals[r].text;
}

enum stream_cond edge_refusal_cond(enum edge_refusal r)
{
	return refusals[r].cond;
}

static enum xtls_policy tls_policy(enum negotiation_level tls)
{
	if (tls == NEGOTIATION_NOT_SUPPORTED)
		return XTLS_OFF;
	return tls == NEGOTIATION_REQUIRED ? XTLS_REQUIRED : XTLS_OPTIONAL;
}

struct xstream_policy edge_policy(struct negotiation n, bool has_cert)
{
	return (struct xstream_policy){
		.tls = tls_policy(n.tls),
		.external = negotiation_allows(n, METHOD_SASL_OVER_TLS),
		.dialback_tls = negotiation_allows(n, METHOD_TLS_DIALBACK),
		.dialback_clear = negotiation_allows(n, METHOD_TCP_DIALBACK),
		.bare = !has_cert,
	};
}

/* Nobody in particular: inside TLS it will have to say who it is. */
static struct xstream_policy nobodys_policy(bool has_cert)
{
	return (struct xstream_policy){
		.tls = XTLS_OPTIONAL,
		.external = true,
		.dialback_clear = true,
		.bare = !has_cert,
	};
}

static struct edge_verdict refuse(enum edge_refusal r, const struct partner *p)
{
	return (struct edge_verdict){.refusal = r, .partner = p};
}

static enum edge_refusal judge_partner(const struct partner *p)
{
	if (!p)
		return EDGE_NOT_PARTNER;
	return p->enabled ? EDGE_OK : EDGE_PARTNER_DISABLED;
}

struct edge_verdict edge_judge_header(
	const struct snapshot *s, struct slice from, struct slice to, bool encrypted, bool has_cert)
{
	const struct partner *p;
	enum edge_refusal r;

	if (!to.p || !snapshot_local(s, to))
		return refuse(EDGE_HOST_UNKNOWN, NULL);
	if (!from.p && encrypted)
		return refuse(EDGE_NO_FROM, NULL);
	if (!from.p)
		return (struct edge_verdict){.policy = nobodys_policy(has_cert)};
	p = snapshot_partner(s, from);
	r = judge_partner(p);
	if (r != EDGE_OK)
		return refuse(r, p);
	return (struct edge_verdict){.partner = p, .policy = edge_policy(p->negotiation, has_cert)};
}

struct edge_verdict edge_judge_pair(
	const struct snapshot *s, struct slice local, struct slice remote)
{
	const struct partner *p = snapshot_partner(s, remote);
	enum edge_refusal r = judge_partner(p);
	struct edge_verdict v = {0};

	if (!snapshot_local(s, local))
		r = EDGE_HOST_GONE;
	if (r != EDGE_OK)
		return refuse(r, p);
	v.partner = p;
	v.policy = edge_policy(p->negotiation, true);
	return v;
}

/* clang-format off */
static const struct {
	const char *name;
	enum stanza_cond cond;
} db_refusals[EDGE_DB__N] = {
	[EDGE_DB_OK] = {"ok", STANZA_OK},
#define X(suffix, word, condition) [EDGE_DB_##suffix] = {word, STANZA_##condition},
	EDGE_DB_REFUSALS(X)
#undef X
};
/* clang-format on */

const char *edge_db_name(enum edge_db r)
{
	return db_refusals[r].name;
}

enum stanza_cond edge_db_cond(enum edge_db r)
{
	return db_refusals[r].cond;
}

static bool same_partner(const struct partner *p, struct slice name)
{
	return slice_eqz(name, p->domain.a);
}

/* Is dialback allowed with this partner, in this channel? */
static enum edge_db judge_channel(const struct partner *p, bool encrypted)
{
	bool tls = negotiation_allows(p->negotiation, METHOD_TLS_DIALBACK);
	bool clear = negotiation_allows(p->negotiation, METHOD_TCP_DIALBACK);

	if (encrypted ? tls : clear)
		return EDGE_DB_OK;
	return !encrypted && tls ? EDGE_DB_NEEDS_TLS : EDGE_DB_NOT_ALLOWED;
}

static enum edge_db judge_asker(const struct partner *p, bool encrypted)
{
	if (!p)
		return EDGE_DB_NOT_PARTNER;
	return p->enabled ? judge_channel(p, encrypted) : EDGE_DB_PARTNER_DISABLED;
}

static enum edge_db judge_claim(
	const struct snapshot *s, const struct edge_claim *c, const struct partner *p)
{
	enum edge_db r;

	if (!c->from.p || !c->to.p || !c->has_key)
		return EDGE_DB_MALFORMED;
	if (!snapshot_local(s, c->to))
		return EDGE_DB_HOST_UNKNOWN;
	if (p && c->partner.p && !same_partner(p, c->partner))
		return EDGE_DB_OTHER_PARTNER;
	r = judge_asker(p, c->encrypted);
	if (r != EDGE_DB_OK)
		return r;
	if (c->pairs >= EDGE_PAIRS_MAX || c->pending >= EDGE_PENDING_MAX)
		return EDGE_DB_TOO_MANY;
	return c->room ? EDGE_DB_OK : EDGE_DB_NO_ROOM;
}

struct edge_claim_verdict edge_judge_claim(const struct snapshot *s, const struct edge_claim *c)
{
	const struct partner *p = c->from.p ? snapshot_partner(s, c->from) : NULL;
	struct edge_claim_verdict v = {.refusal = judge_claim(s, c, p), .partner = p};

	v.proved = v.refusal == EDGE_DB_OK && c->external && c->cert_good &&
		   negotiation_allows(p->negotiation, METHOD_SASL_OVER_TLS);
	return v;
}

enum edge_db edge_judge_question(
	const struct snapshot *s, struct slice from, struct slice to, bool complete, bool encrypted)
{
	if (!from.p || !to.p || !complete)
		return EDGE_DB_MALFORMED;
	if (!snapshot_local(s, to))
		return EDGE_DB_HOST_UNKNOWN;
	return judge_asker(snapshot_partner(s, from), encrypted);
}

enum edge_refusal edge_judge_kept(const struct snapshot *s, struct slice local, struct slice remote,
	struct slice partner, enum negotiation_method method)
{
	const struct partner *p = snapshot_partner(s, remote);

	if (!snapshot_local(s, local))
		return EDGE_HOST_GONE;
	if (!p)
		return EDGE_NO_LONGER_PARTNER;
	if (!p->enabled)
		return EDGE_PARTNER_DISABLED;
	if (!same_partner(p, partner) || !negotiation_allows(p->negotiation, method))
		return EDGE_SETTINGS_CHANGED;
	return EDGE_OK;
}

enum xstream_cert edge_judge_cert(enum cert_verdict verdict)
{
	if (verdict == CERT_NONE)
		return XCERT_NONE;
	return verdict == CERT_GOOD ? XCERT_GOOD : XCERT_BAD;
}

bool edge_failed_insecurely(const struct edge_failure *f)
{
	static const bool insecure[XSTREAM_R__N] = {
		[XSTREAM_R_TLS_REFUSED] = true,
		[XSTREAM_R_TLS_FAILED] = true,
		[XSTREAM_R_BAD_CERT] = true,
	};

	return insecure[f->reason] || f->tls_failed || f->tls_broken_off;
}
