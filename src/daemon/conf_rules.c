#include <string.h>

#include "base/mem.h"
#include "daemon/conf.h"

/* Where a setting stands in the file, for a note about it; 0 when its default holds. */
static unsigned line_of(const struct conf *c, const char *section, const char *name)
{
	for (size_t i = 0; i < conf_keys_n; i++)
		if (strcmp(conf_keys[i].section, section) == 0 &&
			strcmp(conf_keys[i].name, name) == 0)
			return c->text[i].line;
	return 0;
}

static void rule_roles(const struct conf *c, struct conf_notes *n)
{
	bool edge = c->roles & 1u << ROLE_EDGE, gateway = c->roles & 1u << ROLE_GATEWAY;

	if (edge != gateway)
		conf_note(n, CONF_ERROR, line_of(c, "daemon", "roles"),
			"roles: %s without %s needs a link between machines, which this version "
			"does not have; write 'roles = edge gateway admin'",
			edge ? "edge" : "gateway", edge ? "gateway" : "edge");
}

static void rule_node(const struct conf *c, struct conf_notes *n)
{
	if (!ascii_alnum(c->node[0]))
		conf_note(n, CONF_ERROR, line_of(c, "daemon", "node"),
			"node: '%s' is neither a letter nor a digit", c->node);
}

static void rule_metrics(const struct conf *c, struct conf_notes *n)
{
	char text[NETADDR_TEXT];

	for (size_t i = 0; i < c->metrics.n; i++)
		if (!netaddr_is_loopback(&c->metrics.v[i]) && !c->metrics_remote)
			conf_note(n, CONF_ERROR, line_of(c, "metrics", "listen"),
				"listen: %s is not a loopback address; use 127.0.0.1, or add "
				"'allow-remote = yes' to [metrics]",
				netaddr_print(&c->metrics.v[i], text));
}

static void rule_trust(const struct conf *c, struct conf_notes *n)
{
	if (strcmp(c->trust, "system") != 0 && c->trust[0] != '/')
		conf_note(n, CONF_ERROR, line_of(c, "xmpp", "trust"),
			"trust: '%s' is neither 'system' nor an absolute path", c->trust);
}

static void rule_crl(const struct conf *c, struct conf_notes *n)
{
	if (c->crl_check == CRL_REQUIRE && c->crls.n == 0)
		conf_note(n, CONF_ERROR, line_of(c, "xmpp", "crl-check"),
			"crl-check: 'require' without 'crl' would refuse every partner's "
			"certificate; name the revocation lists");
}

/* A copy of the directory must not be a copy of the key. */
static void rule_store_key(const struct conf *c, struct conf_notes *n)
{
	size_t dir = strlen(c->store_dir);

	if (strncmp(c->key_file, c->store_dir, dir) == 0 && strchr("/", c->key_file[dir]))
		conf_note(n, CONF_ERROR, line_of(c, "store", "key-file"),
			"key-file: %s is in the store's directory; keep the key outside it",
			c->key_file);
}

static const struct conf_cert *default_cert(const struct conf *c)
{
	for (size_t i = 0; i < c->n_cert; i++)
		if (c->cert[i].domains.n == 0)
			return &c->cert[i];
	return NULL;
}

static const struct conf_cert *cert_of(const struct conf *c, const char *domain)
{
	for (size_t i = 0; i < c->n_cert; i++)
		for (size_t j = 0; j < c->cert[i].domains.n; j++)
			if (strcmp(c->cert[i].domains.v[j], domain) == 0)
				return &c->cert[i];
	return NULL;
}

/* A domain shows one certificate: which one must not depend on the order of the file. */
static void rule_certificates(const struct conf *c, struct conf_notes *n)
{
	for (size_t i = 0; i < c->n_cert; i++) {
		const struct conf_cert *cert = &c->cert[i], *other;

		if (cert->domains.n == 0 && default_cert(c) != cert)
			conf_note(n, CONF_ERROR, cert->line,
				"[certificate %s] and [certificate %s] both have no 'domains'; one "
				"certificate may be for all domains that have none of their own",
				default_cert(c)->name, cert->name);
		for (size_t j = 0; j < cert->domains.n; j++) {
			other = cert_of(c, cert->domains.v[j]);
			if (other != cert)
				conf_note(n, CONF_ERROR, cert->line,
					"domains: %s is in [certificate %s] already",
					cert->domains.v[j], other->name);
		}
	}
	if (c->n_cert == 0 && c->roles & 1u << ROLE_EDGE)
		conf_note(n, CONF_WARNING, 0,
			"there is no [certificate NAME] section: no stream can be encrypted or "
			"authenticated by TLS");
}

static void rule_ports(const struct conf *c, struct conf_notes *n)
{
	char text[NETADDR_TEXT];

	for (size_t i = 0; i < c->sip_udp.n; i++)
		if (!netaddr_is_loopback(&c->sip_udp.v[i]))
			conf_note(n, CONF_WARNING, line_of(c, "sip", "listen-udp"),
				"listen-udp: %s is reachable beyond this machine, and over UDP the "
				"sender's address can be forged; see that only your SIP servers "
				"reach it",
				netaddr_print(&c->sip_udp.v[i], text));
}

void conf_rules(const struct conf *c, struct conf_notes *notes)
{
	static void (*const rule[])(const struct conf *c, struct conf_notes *n) = {
		rule_roles,
		rule_node,
		rule_metrics,
		rule_trust,
		rule_crl,
		rule_store_key,
		rule_certificates,
		rule_ports,
	};

	if (notes->errors)
		return; /* values that were not understood would break rules for no reason */
	for (size_t i = 0; i < ARRAY_LEN(rule); i++)
		rule[i](c, notes);
}

static bool same_text(const struct conf_text *a, const struct conf_text *b, const char *def)
{
	return strcmp(a->s ? a->s : def, b->s ? b->s : def) == 0;
}

bool conf_needs_restart(const struct conf *a, const struct conf *b, struct conf_notes *notes)
{
	bool any = false;

	for (size_t i = 0; i < conf_keys_n; i++) {
		const struct conf_key *k = &conf_keys[i];

		if (k->reload || same_text(&a->text[i], &b->text[i], k->def))
			continue;
		any = true;
		conf_note(notes, CONF_WARNING, b->text[i].line,
			"%s in [%s] has changed; it takes effect at the next restart", k->name,
			k->section);
	}
	return any;
}
