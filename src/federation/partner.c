#include "federation/partner.h"

#include <string.h>

#include "base/mem.h"

const char *const partner_type_words[] = {"Federated", "PublicVerified", "PublicUnverified", NULL};

#define F(field) offsetof(struct partner, field)
/* clang-format off */
static const struct setting settings[] = {
	{"domain", "identity", SETTING_DOMAIN, SETTING_KEY, F(domain), 1, 253, NULL, NULL, NULL,
		"Primary domain of the partner; fixed once the partner exists."},
	{"additional_domains", "domains", SETTING_DOMAINS, SETTING_NONE, F(additional_domains), 0, 256,
		NULL, NULL, "domains",
		"Further domains of the partner, each by its name: sub-domains are not implied."},
	{"description", NULL, SETTING_TEXT, SETTING_NONE, F(description), 0, 1024, NULL, NULL,
		"characters", "Free text, such as whom to call."},
	{"partner_type", "type", SETTING_WORD, 0, F(type), 0, 0, partner_type_words,
		"PublicUnverified", NULL,
		"How far the partner is trusted to know its users. From a PublicUnverified partner nobody "
		"reaches a user who has not added him."},
	{"tls_negotiation", "tls", SETTING_WORD, 0, F(negotiation.tls), 0, 0, negotiation_level_words,
		"Required", NULL,
		"Encryption of the streams. Optional: in clear, by dialback, with a partner that offers none."},
	{"sasl_negotiation", "sasl", SETTING_WORD, 0, F(negotiation.sasl), 0, 0,
		negotiation_level_words, "Required", NULL,
		"Servers prove themselves with certificates; needs TLS. Optional: or by dialback."},
	{"support_dialback_negotiation", "dialback", SETTING_BOOL, 0, F(negotiation.dialback), 0, 0,
		NULL, "true", NULL,
		"Servers are verified by asking the authoritative server of their domain; weaker than "
		"SASL. Does nothing while TLS and SASL are Required."},
	{"enable_keep_alive", "keep_alive", SETTING_BOOL, 0, F(keep_alive), 0, 0, NULL, "true", NULL,
		"A stream on which the partner is silent too long is tested and closed."},
	{"proxy_fqdn", "proxy", SETTING_HOST, SETTING_NONE, F(proxy), 0, 253, NULL, NULL, NULL,
		"Host, or host:port, that takes the partner's streams in place of what DNS says."},
	{"connection_limit", NULL, SETTING_NUMBER, SETTING_NONE, F(connection_limit), 1, 10000, NULL,
		NULL, "connections",
		"Connections with this partner at once; empty: the gateway's partner_connection_limit."},
	{"enabled", NULL, SETTING_BOOL, 0, F(enabled), 0, 0, NULL, "true", NULL,
		"false keeps the entry and refuses the partner."},
};
/* clang-format on */
#undef F

static void ways_out_text(const struct negotiation_verdict *v, struct buf *ret)
{
	for (size_t i = 0; i < v->n_ways_out; i++) {
		buf_str(ret, i ? "; or " : "");
		negotiation_format(v->ways_out[i], ret);
	}
}

static int check_negotiation(const struct partner *p, struct notes *warnings, struct err *e)
{
	struct negotiation_verdict v = negotiation_judge(p->negotiation);
	bool tls = v.refused == NEGOTIATION_SASL_REQUIRES_TLS;
	struct buf ways = {0};

	for (size_t i = 0; i < v.n_warnings; i++)
		notes_add(warnings, "partner", p->domain.a, negotiation_warning_code(v.warnings[i]),
			v.warnings[i] == WARNING_DIALBACK_INEFFECTIVE
				? "support_dialback_negotiation"
				: "tls_negotiation",
			"%s", negotiation_warning_text(v.warnings[i]));
	if (v.refused == NEGOTIATION_ACCEPTED)
		return 0;
	ways_out_text(&v, &ways);
	err_code(e, ERR_INVALID, negotiation_refusal_code(v.refused),
		tls ? "tls_negotiation" : "sasl_negotiation",
		"%s. Accepted would be: %.*s. Agree with the partner's administrator first.",
		negotiation_refusal_text(v.refused), SLARG(buf_slice(&ways)));
	buf_done(&ways);
	return -1;
}

/* Is it the primary domain's own sub-domain? */
static bool is_below(const char *domain, const char *primary)
{
	size_t n = strlen(domain), m = strlen(primary);

	return n > m && domain[n - m - 1] == '.' && strcmp(domain + n - m, primary) == 0;
}

static int check_domains(const struct partner *p, struct notes *warnings, struct err *e)
{
	const char *primary = p->domain.a;

	if (!strchr(primary, '.'))
		notes_add(warnings, "partner", primary, "domain_single_label", "domain",
			"'%s' has no dot; no server on the Internet has such a name", primary);
	for (size_t i = 0; i < p->additional_domains.n; i++) {
		const char *domain = p->additional_domains.v[i].a;

		if (strcmp(domain, primary) == 0)
			return err_code(e, ERR_INVALID, "duplicate", "additional_domains",
				"additional_domains: '%s' is the primary domain already; leave it "
				"out",
				domain);
		if (!is_below(domain, primary))
			notes_add(warnings, "partner", primary, "additional_domain_outside",
				"additional_domains",
				"'%s' is not within %s; make sure it is the partner's", domain,
				primary);
	}
	return 0;
}

static int check(const struct object *o, struct notes *warnings, struct err *e)
{
	const struct partner *p = partner_of(o);

	if (check_domains(p, warnings, e) < 0)
		return -1;
	return check_negotiation(p, warnings, e);
}

/* clang-format off */
const struct object_class partner_class = {
	OBJECT_PARTNER, "partner", "partners", "partner", sizeof(struct partner), false, settings,
	ARRAY_LEN(settings), check,
};
/* clang-format on */
