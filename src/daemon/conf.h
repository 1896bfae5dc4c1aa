#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/origin.h"
#include "auth/proxy.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "net/address.h"

/*
 * The bootstrap file (entente.conf): what a process needs to start. One key table feeds the reader,
 * `entented --check`, the annotated example, the manual page and the list of what SIGHUP reloads.
 * Everything an administrator manages at run time is in the store, not here.
 */

enum conf_role { ROLE_EDGE, ROLE_GATEWAY, ROLE_ADMIN, ROLE__N };
enum conf_crl_check { CRL_AUTO, CRL_REQUIRE };
enum conf_dnssec { DNSSEC_AUTO, DNSSEC_OFF, DNSSEC_REQUIRE };

struct conf_addrs {
	struct netaddr *v;
	size_t n;
};

struct conf_names {
	char **v;
	size_t n;
};

/* A [certificate NAME] section. */
struct conf_cert {
	char *name;
	unsigned line;             /* of its first key */
	struct conf_names domains; /* empty: for every domain that has none of its own */
	char *chain, *key;         /* PEM files */
	char *intermediates;       /* PEM file; "": they are in chain */
	char *ocsp;                /* DER file; "": none */
};

/* What was read, settings as typed values. Immutable once read. */
struct conf {
	char *path;
	unsigned roles; /* bits 1 << ROLE_... */
	char *node;
	char *user;
	unsigned log_level; /* enum log_level */
	char *store_dir, *key_file;
	char *body_file; /* "": bodies.log beside the databases */
	unsigned body_keep_days;
	struct conf_addrs xmpp_listen;
	char *trust; /* a file, or "system" */
	struct conf_names crls;
	unsigned crl_check; /* enum conf_crl_check */
	struct conf_addrs sip_udp, sip_tcp, sip_tls;
	char *sip_trust; /* as trust; "": the same */
	char *sip_contact_host;
	unsigned sip_transactions_memory; /* MiB */
	unsigned sip_session_idle;        /* seconds */
	unsigned sip_vain_connections;
	unsigned dnssec;                  /* enum conf_dnssec */
	struct conf_names insecure_zones;
	struct conf_addrs forward;
	char *trust_anchors; /* a file; "": none */
	char *admin_socket, *admin_group;
	unsigned directory_reread; /* seconds */
	struct conf_addrs admin_listen;
	char *admin_url;                     /* "": made from admin_listen, see conf_admin_url() */
	char *admin_certificate, *admin_key; /* PEM files; "": one of its own making */
	struct proxy_networks trusted_proxies;
	unsigned session_idle, session_life; /* seconds */
	bool admin_beside_xmpp;
	struct conf_addrs metrics;
	bool metrics_remote;
	bool test_allow_local;
	unsigned connection_rate, vain_connections, address_connections, unauthenticated;
	unsigned test_step_ms, test_per_minute;
	struct conf_cert *cert;
	size_t n_cert;
	struct conf_text *text; /* parallel to the key table: as written, and where */
};

struct conf_text {
	char *s;       /* NULL: the default holds */
	unsigned line; /* 0: not in the file */
};

enum conf_type {
	CT_BOOL,
	CT_CHOICE, /* one of choices; its index into an unsigned */
	CT_SET,    /* several of choices; bits of an unsigned */
	CT_TEXT,   /* min to max characters */
	CT_PATH,   /* absolute; min 0: may be empty */
	CT_PATHS,  /* list of them, min to max of them */
	CT_NUMBER, /* min to max; an unsigned */
	CT_ADDRS,  /* list of address:port, min to max of them */
	CT_NAMES,  /* list of domain names, min to max of them */
	CT_NETS,   /* list of addresses and networks, min to max of them */
	CT__N
};

/* Section of the keys of struct conf_cert; its header carries a name. */
#define CONF_CERT_SECTION "certificate"

struct conf_key {
	const char *section, *name;
	enum conf_type type;
	size_t offset;   /* into struct conf or, in CONF_CERT_SECTION, struct conf_cert */
	const char *def; /* NULL: none, the key must be given */
	unsigned min, max;
	const char *choices; /* "auto off require" */
	bool reload;         /* takes effect with SIGHUP */
	const char *help;    /* one or two sentences for the manual and the example */
};

extern const struct conf_key conf_keys[];
extern const size_t conf_keys_n;

/* Problems of a file, in the order of its lines. */
enum conf_severity { CONF_WARNING, CONF_ERROR };
struct conf_note {
	enum conf_severity severity;
	unsigned line; /* 0: about no line in particular */
	char *text;    /* what is wrong and what would be right */
};
struct conf_notes {
	struct conf_note *v;
	size_t n;
	unsigned errors;
};

void conf_note(struct conf_notes *n, enum conf_severity s, unsigned line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void conf_notes_done(struct conf_notes *n);
/* "entente.conf:12: error: ..." lines. */
void conf_notes_write(const struct conf_notes *n, const char *path, struct buf *out);

/*
 * Reads the file whole. All problems go to notes; NULL when one of them is an error. The caller
 * frees with conf_free().
 */
struct conf *conf_read(const char *path, struct conf_notes *notes);
void conf_free(struct conf *c);

/* Parses one value by the key's type into the field at out (conf_value.c). */
int conf_parse(const struct conf_key *k, struct slice text, void *out, struct err *e);
void conf_clear(const struct conf_key *k, void *out);
const char *conf_type_name(enum conf_type t);

/* The origin of the panel and its API: url, or where the first address of listen is. */
int conf_admin_url(const struct conf *c, struct origin_url *ret, struct err *e);

/* The rules between settings; conf_read() has applied them (conf_rules.c). */
void conf_rules(const struct conf *c, struct conf_notes *notes);

/*
 * Notes a warning for every key whose value differs in b and that SIGHUP does not reload; true when
 * there was one.
 */
bool conf_needs_restart(const struct conf *a, const struct conf *b, struct conf_notes *notes);

/* The key table as text: `entented --print-config-help`, the annotated example, the manual page. */
void conf_doc_help(struct buf *out);
void conf_doc_example(struct buf *out);
void conf_doc_man(struct buf *out);
