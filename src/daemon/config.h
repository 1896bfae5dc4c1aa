#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/*
 * The bootstrap file (entente.conf): what a process needs to start. One key table feeds the reader,
 * `entented --check`, the annotated example, the manual page and the list of what SIGHUP reloads.
 * Everything an administrator manages at run time is in the store, not here.
 */

enum config_role { ROLE_EDGE, ROLE_GATEWAY, ROLE_ADMIN, ROLE__N };
enum config_dnssec { DNSSEC_AUTO, DNSSEC_OFF, DNSSEC_REQUIRE };

struct config_addr {
	char host[INET6_ADDRSTRLEN]; /* without brackets */
	uint16_t port;
	bool v6;
	bool loopback;
	char text[INET6_ADDRSTRLEN + 10]; /* "[::1]:5269" */
};

struct config_addrs {
	struct config_addr *v;
	size_t n;
};

struct config_names {
	char **v;
	size_t n;
};

/* A [certificate NAME] section. */
struct config_cert {
	char *name;
	unsigned line;               /* of its first key */
	struct config_names domains; /* empty: for every domain that has none of its own */
	char *chain, *key;           /* PEM files */
};

/* What was read, settings as typed values. Immutable once read. */
struct config {
	char *path;
	unsigned roles; /* bits 1 << ROLE_... */
	char *node;
	char *user;
	unsigned log_level; /* enum log_level */
	char *store_path, *key_file;
	struct config_addrs xmpp_listen;
	char *trust; /* a file, or "system" */
	struct config_addrs sip_udp;
	unsigned dnssec; /* enum config_dnssec */
	struct config_names insecure_zones;
	struct config_addrs forward;
	char *admin_socket, *admin_group;
	struct config_addrs metrics;
	bool metrics_remote;
	struct config_cert *cert;
	size_t n_cert;
	struct config_text *text; /* parallel to the key table: as written, and where */
};

struct config_text {
	char *s;       /* NULL: the default holds */
	unsigned line; /* 0: not in the file */
};

enum config_type {
	CT_BOOL,
	CT_CHOICE, /* one of choices; its index into an unsigned */
	CT_SET,    /* several of choices; bits of an unsigned */
	CT_TEXT,   /* min to max characters */
	CT_PATH,   /* absolute */
	CT_ADDRS,  /* list of address:port, min to max of them */
	CT_NAMES,  /* list of domain names, min to max of them */
	CT__N
};

/* Section of the keys of struct config_cert; its header carries a name. */
#define CONFIG_CERT_SECTION "certificate"

struct config_key {
	const char *section, *name;
	enum config_type type;
	size_t offset;       /* into struct config or, in CONFIG_CERT_SECTION, struct config_cert */
	const char *def;     /* NULL: none, the key must be given */
	unsigned min, max;
	const char *choices; /* "auto off require" */
	bool reload;         /* takes effect with SIGHUP */
	const char *help;    /* one or two sentences for the manual and the example */
};

extern const struct config_key config_keys[];
extern const size_t config_keys_n;

/* Problems of a file, in the order of its lines. */
enum config_severity { CONFIG_WARNING, CONFIG_ERROR };
struct config_note {
	enum config_severity severity;
	unsigned line; /* 0: about no line in particular */
	char *text;    /* what is wrong and what would be right */
};
struct config_notes {
	struct config_note *v;
	size_t n;
	unsigned errors;
};

void config_note(struct config_notes *n, enum config_severity s, unsigned line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void config_notes_done(struct config_notes *n);
/* "entente.conf:12: error: ..." lines. */
void config_notes_write(const struct config_notes *n, const char *path, struct buf *out);

/*
 * Reads the file whole. All problems go to notes; NULL when one of them is an error. The caller frees
 * with config_free().
 */
struct config *config_read(const char *path, struct config_notes *notes);
void config_free(struct config *c);

/* Parses one value by the key's type into the field at out (config_value.c). */
int config_parse(const struct config_key *k, struct slice text, void *out, struct err *e);
void config_clear(const struct config_key *k, void *out);
const char *config_type_name(enum config_type t);

/* "address:port" with "[v6]:port". */
int config_addr_parse(struct slice s, struct config_addr *ret, struct err *e);

/* The rules between settings; config_read() has applied them (config_rules.c). */
void config_rules(const struct config *c, struct config_notes *notes);

/*
 * Notes a warning for every key whose value differs in b and that SIGHUP does not reload; true when
 * there was one.
 */
bool config_needs_restart(const struct config *a, const struct config *b, struct config_notes *notes);

/* The key table as text: `entented --print-config-help`, the annotated example, the manual page. */
void config_doc_help(struct buf *out);
void config_doc_example(struct buf *out);
void config_doc_man(struct buf *out);
