#include <string.h>

#include "base/mem.h"
#include "daemon/config.h"

/* Where a setting stands in the file, for a note about it; 0 when its default holds. */
static unsigned line_of(const struct config *c, const char *section, const char *name)
{
	for (size_t i = 0; i < config_keys_n; i++)
		if (strcmp(config_keys[i].section, section) == 0 && strcmp(config_keys[i].name, name) == 0)
			return c->text[i].line;
	return 0;
}

static void rule_roles(const struct config *c, struct config_notes *n)
{
	bool edge = c->roles & 1u << ROLE_EDGE, gateway = c->roles & 1u << ROLE_GATEWAY;

	if (edge != gateway)
		config_note(n, CONFIG_ERROR, line_of(c, "daemon", "roles"),
			"roles: %s without %s needs a link between machines, which this version does not "
			"have; write 'roles = edge gateway admin'",
			edge ? "edge" : "gateway", edge ? "gateway" : "edge");
}

static void rule_node(const struct config *c, struct config_notes *n)
{
	if (!ascii_alnum(c->node[0]))
		config_note(n, CONFIG_ERROR, line_of(c, "daemon", "node"),
			"node: '%s' is neither a letter nor a digit", c->node);
}

static void rule_metrics(const struct config *c, struct config_notes *n)
{
	for (size_t i = 0; i < c->metrics.n; i++)
		if (!c->metrics.v[i].loopback && !c->metrics_remote)
			config_note(n, CONFIG_ERROR, line_of(c, "metrics", "listen"),
				"listen: %s is not a loopback address; use 127.0.0.1, or add "
				"'allow-remote = yes' to [metrics]",
				c->metrics.v[i].text);
}

static void rule_trust(const struct config *c, struct config_notes *n)
{
	if (strcmp(c->trust, "system") != 0 && c->trust[0] != '/')
		config_note(n, CONFIG_ERROR, line_of(c, "xmpp", "trust"),
			"trust: '%s' is neither 'system' nor an absolute path", c->trust);
}

static void rule_store_key(const struct config *c, struct config_notes *n)
{
	if (strcmp(c->store_path, c->key_file) == 0)
		config_note(n, CONFIG_ERROR, line_of(c, "store", "key-file"),
			"key-file: is the database itself; give the key a file of its own");
}

static const struct config_cert *default_cert(const struct config *c)
{
	for (size_t i = 0; i < c->n_cert; i++)
		if (c->cert[i].domains.n == 0)
			return &c->cert[i];
	return NULL;
}

static const struct config_cert *cert_of(const struct config *c, const char *domain)
{
	for (size_t i = 0; i < c->n_cert; i++)
		for (size_t j = 0; j < c->cert[i].domains.n; j++)
			if (strcasecmp(c->cert[i].domains.v[j], domain) == 0)
				return &c->cert[i];
	return NULL;
}

/* A domain shows one certificate: which one must not depend on the order of the file. */
static void rule_certificates(const struct config *c, struct config_notes *n)
{
	for (size_t i = 0; i < c->n_cert; i++) {
		const struct config_cert *cert = &c->cert[i], *other;

		if (cert->domains.n == 0 && default_cert(c) != cert)
			config_note(n, CONFIG_ERROR, cert->line,
				"[certificate %s] and [certificate %s] both have no 'domains'; one certificate "
				"may be for all domains that have none of their own",
				default_cert(c)->name, cert->name);
		for (size_t j = 0; j < cert->domains.n; j++) {
			other = cert_of(c, cert->domains.v[j]);
			if (other != cert)
				config_note(n, CONFIG_ERROR, cert->line,
					"domains: %s is in [certificate %s] already", cert->domains.v[j],
					other->name);
		}
	}
	if (c->n_cert == 0 && c->roles & 1u << ROLE_EDGE)
		config_note(n, CONFIG_WARNING, 0,
			"there is no [certificate NAME] section: no stream can be encrypted or "
			"authenticated by TLS");
}

static void rule_ports(const struct config *c, struct config_notes *n)
{
	for (size_t i = 0; i < c->sip_udp.n; i++)
		if (!c->sip_udp.v[i].loopback)
			config_note(n, CONFIG_WARNING, line_of(c, "sip", "listen-udp"),
				"listen-udp: %s is reachable beyond this machine, and over UDP the sender's "
				"address can be forged; see that only your SIP servers reach it",
				c->sip_udp.v[i].text);
}

void config_rules(const struct config *c, struct config_notes *notes)
{
	static void (*const rule[])(const struct config *c, struct config_notes *n) = {
		rule_roles, rule_node, rule_metrics, rule_trust, rule_store_key, rule_certificates,
		rule_ports,
	};

	if (notes->errors)
		return; /* values that were not understood would break rules for no reason */
	for (size_t i = 0; i < ARRAY_LEN(rule); i++)
		rule[i](c, notes);
}

static bool same_text(const struct config_text *a, const struct config_text *b, const char *def)
{
	return strcmp(a->s ? a->s : def, b->s ? b->s : def) == 0;
}

bool config_needs_restart(const struct config *a, const struct config *b, struct config_notes *notes)
{
	bool any = false;

	for (size_t i = 0; i < config_keys_n; i++) {
		const struct config_key *k = &config_keys[i];

		if (k->reload || same_text(&a->text[i], &b->text[i], k->def))
			continue;
		any = true;
		config_note(notes, CONFIG_WARNING, b->text[i].line,
			"%s in [%s] has changed; it takes effect at the next restart", k->name, k->section);
	}
	return any;
}
