#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/conf.h"
#include "sip/sip.h"

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

static void rule_trust_of(
	const struct conf *c, struct conf_notes *n, const char *section, const char *trust)
{
	if (strcmp(trust, "system") != 0 && trust[0] != '/')
		conf_note(n, CONF_ERROR, line_of(c, section, "trust"),
			"trust: '%s' is neither 'system' nor an absolute path", trust);
}

static void rule_trust(const struct conf *c, struct conf_notes *n)
{
	rule_trust_of(c, n, "xmpp", c->trust);
	if (*c->sip_trust)
		rule_trust_of(c, n, "sip", c->sip_trust);
}

static void rule_contact_host(const struct conf *c, struct conf_notes *n)
{
	const char *host = c->sip_contact_host;
	enum sip_host_kind kind = sip_host_kind(slice_of(host));

	if (*host && (kind == SIP_HOST_NONE || (kind == SIP_HOST_IPV6 && host[0] != '[')))
		conf_note(n, CONF_ERROR, line_of(c, "sip", "contact-host"),
			"contact-host: '%s' is no host name and no address; right would be "
			"sip.example.com, 192.0.2.1 or [2001:db8::1]",
			host);
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

static void rule_sip_listen(const struct conf *c, struct conf_notes *n, const struct conf_addrs *l,
	const char *key, const char *danger)
{
	char text[NETADDR_TEXT];

	for (size_t i = 0; i < l->n; i++)
		if (!netaddr_is_loopback(&l->v[i]))
			conf_note(n, CONF_WARNING, line_of(c, "sip", key),
				"%s: %s is reachable beyond this machine, and %s; see that only "
				"your SIP servers reach it",
				key, netaddr_print(&l->v[i], text), danger);
}

static void rule_ports(const struct conf *c, struct conf_notes *n)
{
	rule_sip_listen(
		c, n, &c->sip_udp, "listen-udp", "over UDP the sender's address can be forged");
	rule_sip_listen(c, n, &c->sip_tcp, "listen-tcp",
		"over TCP whoever is on the way can read and change what is said");
	if (c->sip_tls.n && c->n_cert == 0)
		conf_note(n, CONF_ERROR, line_of(c, "sip", "listen-tls"),
			"listen-tls: there is no [certificate NAME] section, so nobody could "
			"connect; name a certificate and its key");
}

/* ---- the panel ---- */

int conf_admin_url(const struct conf *c, struct origin_url *ret, struct err *e)
{
	char text[NETADDR_TEXT], url[NETADDR_TEXT + 8];

	if (*c->admin_url)
		return origin_url_parse(ret, slice_of(c->admin_url), e);
	if (c->admin_listen.n == 0)
		return origin_url_parse(ret, SL("https://localhost"), e);
	if (netaddr_is_any(&c->admin_listen.v[0]))
		return err_set(e, ERR_INVALID,
			"is needed where listen is every address: how do browsers reach the panel? "
			"Write url = https://entente.example:%u",
			netaddr_port(&c->admin_listen.v[0]));
	snprintf(url, sizeof url, "https://%s", netaddr_print(&c->admin_listen.v[0], text));
	return origin_url_parse(ret, slice_of(url), e);
}

static void rule_admin_url(const struct conf *c, struct conf_notes *n)
{
	struct origin_url url;
	struct err e;

	if (conf_admin_url(c, &url, &e) < 0)
		conf_note(n, CONF_ERROR, line_of(c, "admin", *c->admin_url ? "url" : "listen"),
			"url: %s", e.text);
}

static void rule_admin_certificate(const struct conf *c, struct conf_notes *n)
{
	bool has_key = *c->admin_key;

	if (!*c->admin_certificate != !has_key)
		conf_note(n, CONF_ERROR, line_of(c, "admin", has_key ? "key" : "certificate"),
			"%s: there is no %s; certificate and key go together",
			has_key ? "key" : "certificate", has_key ? "certificate" : "key");
}

/* Is what listens at a reached where b is? "Every address" is of one family. */
static bool same_place(const struct netaddr *a, const struct netaddr *b)
{
	return a->sa.sa_family == b->sa.sa_family &&
	       (netaddr_is_any(a) || netaddr_is_any(b) || netaddr_eq_host(a, b));
}

static const struct netaddr *partners_at(const struct conf *c, const struct netaddr *a)
{
	for (size_t i = 0; i < c->xmpp_listen.n; i++)
		if (same_place(a, &c->xmpp_listen.v[i]))
			return &c->xmpp_listen.v[i];
	return NULL;
}

static void rule_admin_place(const struct conf *c, struct conf_notes *n)
{
	char mine[NETADDR_TEXT], theirs[NETADDR_TEXT];
	bool serves = c->roles & 1u << ROLE_EDGE;

	for (size_t i = 0; i < c->admin_listen.n; i++) {
		const struct netaddr *a = &c->admin_listen.v[i], *b = partners_at(c, a);

		if (!serves || !b || netaddr_is_loopback(a) || c->admin_beside_xmpp)
			continue;
		conf_note(n, CONF_ERROR, line_of(c, "admin", "listen"),
			"listen: %s is where partners are served, too ([xmpp] listen: %s); take an "
			"address that the Internet does not reach, or add 'allow-beside-xmpp = "
			"yes' "
			"to [admin]",
			netaddr_print(a, mine), netaddr_print(b, theirs));
	}
}

void conf_rules(const struct conf *c, struct conf_notes *notes)
{
	static void (*const rule[])(const struct conf *c, struct conf_notes *n) = {
		rule_roles,
		rule_node,
		rule_metrics,
		rule_trust,
		rule_contact_host,
		rule_crl,
		rule_store_key,
		rule_certificates,
		rule_ports,
		rule_admin_url,
		rule_admin_certificate,
		rule_admin_place,
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
