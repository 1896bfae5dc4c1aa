#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/slice.h"

/*
 * entente: the shell of the administration API. It has no rule of its own: it sends what was typed,
 * shows what came back, and turns the answer into an exit code.
 */
enum {
	EXIT_DONE = 0,
	EXIT_NO = 1, /* the answer is no; also what fits nowhere else */
	EXIT_USAGE = 2,
	EXIT_UNREACHABLE = 3,
	EXIT_NOT_ALLOWED = 4,
	EXIT_NOT_FOUND = 5,
	EXIT_REFUSED = 6,
	EXIT_CHANGED = 7,
};

/* ---- settings.c: the tables of federation/, written at build time ---- */

struct cli_setting {
	const char *name;   /* "tls_negotiation" */
	const char *option; /* how the help shows it: "tls", or the name with '-' */
	bool key, list, write_only;
	const char *deflt; /* NULL: none */
	const char *range; /* "Required, Optional or NotSupported" */
	const char *help;
};

struct cli_kind {
	const char *name, *plural, *title; /* "partner", "partners", "XMPP federated partner" */
	bool single;
	const struct cli_setting *settings; /* ends with a row without name */
};

/* What the codes of a verdict over TLS, SASL and dialback mean. */
struct cli_text {
	const char *code, *text;
};

extern const struct cli_text cli_negotiation[];     /* ends with a row without code */
extern const struct cli_kind cli_kinds[];           /* ends with a row without name */
const struct cli_kind *kind_find(const char *name); /* asserted */

/* By name or option, in any case, with '-' or '_'; NULL: there is none. */
const struct cli_setting *kind_setting(const struct cli_kind *k, struct slice name);

/* ---- options.c: the command line ---- */

struct command;
struct invocation {
	const struct command *command;
	const struct cli_kind *kind; /* NULL: the command has none */
	const char *socket;
	const char *if_match; /* NULL: none */
	bool json, what_if, yes;
	int argc; /* what is left: names first, then options */
	char **argv;
	int names;               /* argv[0 .. names) */
	struct json_t *settings; /* object: --NAME VALUE as the API takes them */
	const char *expires;
	const char *partner, *last; /* NULL: not given */
	const char *local, *filter; /* NULL: not given */
	char **typed; /* the whole command line after the program's name, to show a variant of it */
	int n_typed;
};

/* Prints to standard error and returns EXIT_USAGE. */
int usage_error(const struct invocation *in, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Sorts the words of a command into names and settings; 0 or EXIT_USAGE. */
int options_read(struct invocation *in);

/* ---- command.c ---- */

enum {
	TAKES_SETTINGS = 1, /* --NAME VALUE of the kind */
	TAKES_EXPIRES = 2,
	TAKES_LOCAL = 4,
	TAKES_PARTNER = 8,
	TAKES_LAST = 16,
	TAKES_FILTER = 32,
};

struct command {
	const char *noun, *verb; /* verb NULL: what follows the noun is not a verb */
	int (*run)(struct invocation *in);
	const char *kind; /* name of a cli_kind, or NULL */
	unsigned flags;
	int min, max;     /* names; max -1: any number */
	const char *args; /* "DOMAIN [--SETTING VALUE]..." */
	const char *help;
	/*
	 * Options that are no settings, and where they go in the body: "role=roles+ totp?": NAME,
	 * then =MEMBER where it has another name, then + for a list (given several times) or ? for
	 * true and false. NULL: none.
	 */
	const char *options;
};

extern const struct command commands[]; /* ends with a row without noun */

int help_all(void);
void help_command(const struct command *c, struct buf *out);
/* mdoc of all commands and their settings, for entente(1). */
void help_man(struct buf *out);

/* ---- request.c: the API over the unix socket ---- */

struct answer {
	long status; /* 0: the daemon was not reached; why is in problem */
	int refused; /* errno of the connection, if it was not made */
	char problem[256];
	struct buf body;
	json_t *json; /* NULL: none, or not JSON */
};

/* method and path; query may be NULL; body may be NULL and is borrowed. */
void request(const struct invocation *in, const char *method, const char *path, json_t *body,
	struct answer *ret);

/*
 * The same for an answer in lines (application/x-ndjson), which has no time limit: line() runs for
 * each as it comes, with its JSON, borrowed; false: no more is wanted. query: "?partner=im.example"
 * may stand at the end of the path. An answer that broke off has status 0.
 */
typedef bool request_line(void *arg, json_t *line);
void request_lines(const struct invocation *in, const char *method, const char *path, json_t *body,
	request_line *line, void *arg, struct answer *ret);
void answer_done(struct answer *a);

/* A path of the API: prefix, and key percent-encoded (NULL: none); the caller frees it. */
char *api_path(const char *prefix, const char *key);
char *percent(const char *s);

/* ---- answer.c: what is shown of an answer ---- */

/*
 * The exit code of an answer. A refusal is explained on standard error (with --json: the problem as
 * it came, on standard output).
 */
int answer_code(const struct invocation *in, const struct answer *a);

/* GETs; on anything but success explains, frees the answer and returns the exit code. */
int answer_get(const struct invocation *in, const char *path, struct answer *ret);

struct column {
	const char *title;
	const char *member; /* of each row */
};

/*
 * A list, as a table or with --json as it is, of what --filter leaves; the first column is what it
 * is about when it names none. Frees the answer; returns the exit code.
 */
int answer_list(const struct invocation *in, struct answer *a, const struct column *columns, size_t n);

/* --json: the body as it came; of a list the items; of an object it and what is known about it. */
void answer_raw(const struct answer *a);
void answer_items(const struct answer *a);
void answer_item(const struct answer *a);

/* The outcome of a change: what was (or would be) changed, and warnings. */
void answer_changes(const struct invocation *in, const struct answer *a);

/* ---- filter.c ---- */

/*
 * Takes the rows out of items that --filter PATTERN or NAME=PATTERN does not match; key is the
 * member that PATTERN alone is about. EXIT_USAGE, explained, when there is no such member.
 */
int filter_items(const struct invocation *in, const char *key, json_t *items);

/* ---- confirm.c ---- */

/* Asks on standard error; true with --yes and where nobody is there to be asked. */
bool confirm(const struct invocation *in, const char *question);

/* The same, but where nobody is there to be asked the answer is no without --yes. */
bool confirm_aloud(const struct invocation *in, const char *question);

/* Shows the streams that a change would close, if there are any, and asks whether to go on. */
bool confirm_change(
	const struct invocation *in, const char *method, const char *path, json_t *body);

/* ---- complete.c ---- */

/* entente complete -- WORD...: what the last of these words may become, a candidate a line. */
int cmd_complete(struct invocation *in);

/* ---- print.c ---- */

/* Aligned columns; what a peer may have chosen is shown without its control characters. */
void print_table(const struct column *columns, size_t n, json_t *rows);
/* "name:   value" lines, aligned. */
struct field {
	const char *name;
	json_t *value; /* borrowed */
};
void print_fields(const struct field *fields, size_t n);
/* A value as a person reads it: lists joined by ", ", "-" for none. */
void print_value(json_t *v, struct buf *out);
/* Bytes that a terminal would act on are shown as \xNN. */
void print_safe(struct slice s, struct buf *out);
void print_out(const struct buf *b);

/* "12h", "2026-12-31", "never" as member "expires" of the body (allow.c). */
void when_read(const char *s, json_t *body);

/* ---- the commands ---- */
int cmd_admin_list(struct invocation *in);
int cmd_admin_show(struct invocation *in);
int cmd_admin_create(struct invocation *in);
int cmd_admin_set(struct invocation *in);
int cmd_admin_enable(struct invocation *in);
int cmd_admin_disable(struct invocation *in);
int cmd_admin_remove(struct invocation *in);
int cmd_admin_reset(struct invocation *in);
int cmd_role_list(struct invocation *in);
int cmd_role_show(struct invocation *in);
int cmd_role_add(struct invocation *in);
int cmd_role_set(struct invocation *in);
int cmd_role_remove(struct invocation *in);
int cmd_role_rights(struct invocation *in);
int cmd_token_list(struct invocation *in);
int cmd_token_add(struct invocation *in);
int cmd_token_revoke(struct invocation *in);
int cmd_session_show(struct invocation *in);
int cmd_list(struct invocation *in);
int cmd_show(struct invocation *in);
int cmd_add(struct invocation *in);
int cmd_set(struct invocation *in);
int cmd_remove(struct invocation *in);
int cmd_enable(struct invocation *in);
int cmd_disable(struct invocation *in);
int cmd_methods(struct invocation *in);
int cmd_matrix(struct invocation *in);
int cmd_access_show(struct invocation *in);
int cmd_access_set(struct invocation *in);
int cmd_allow(struct invocation *in);
int cmd_allow_list(struct invocation *in);
int cmd_allow_remove(struct invocation *in);
int cmd_streams(struct invocation *in);
int cmd_stream_show(struct invocation *in);
int cmd_stream_close(struct invocation *in);
int cmd_stream_watch(struct invocation *in);
int cmd_partner_state(struct invocation *in);
int cmd_partner_attempts(struct invocation *in);
int cmd_route_state(struct invocation *in);
int cmd_route_show(struct invocation *in);
int cmd_certificates(struct invocation *in);
int cmd_certificate_reload(struct invocation *in);
int cmd_test_partner(struct invocation *in);
int cmd_test_domain(struct invocation *in);
int cmd_test_route(struct invocation *in);
/* A test whose steps are lines at this path; body is borrowed. */
int test_lines(struct invocation *in, const char *path, json_t *body);
int cmd_directory_show(struct invocation *in);
int cmd_directory_set(struct invocation *in);
int cmd_directory_test(struct invocation *in);
int cmd_directory_bindings(struct invocation *in);
int cmd_directory_bind(struct invocation *in);
int cmd_directory_confirm(struct invocation *in);
int cmd_directory_unbind(struct invocation *in);
int cmd_status(struct invocation *in);
int cmd_health(struct invocation *in);
int cmd_audit_list(struct invocation *in);
int cmd_audit_verify(struct invocation *in);
int cmd_generation_list(struct invocation *in);
int cmd_generation_show(struct invocation *in);
int cmd_generation_diff(struct invocation *in);
int cmd_generation_restore(struct invocation *in);
int cmd_export(struct invocation *in);
int cmd_import(struct invocation *in);
