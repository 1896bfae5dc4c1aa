#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"

#define SET "[--SETTING VALUE]..."
#define FILTER "[--filter PATTERN|NAME=PATTERN]"

/* clang-format off */
const struct command commands[] = {
	{"partner", "list", cmd_list, "partner", TAKES_FILTER, 0, 0, FILTER, "Lists the XMPP partners."},
	{"partner", "show", cmd_show, "partner", 0, 1, 1, "DOMAIN",
		"Shows a partner, the methods its settings leave and what to know about them."},
	{"partner", "add", cmd_add, "partner", TAKES_SETTINGS, 1, 1, "DOMAIN " SET,
		"Lists a partner. Without settings it has those of New-CsXmppAllowedPartner."},
	{"partner", "set", cmd_set, "partner", TAKES_SETTINGS, 1, -1, "DOMAIN... " SET,
		"Changes settings of partners; of several all or none."},
	{"partner", "remove", cmd_remove, "partner", 0, 1, -1, "DOMAIN...", "Removes partners."},
	{"partner", "enable", cmd_enable, "partner", 0, 1, -1, "DOMAIN...", "Lets partners in again."},
	{"partner", "disable", cmd_disable, "partner", 0, 1, -1, "DOMAIN...",
		"Keeps partners on the list and refuses them."},
	{"partner", "methods", cmd_methods, "partner", TAKES_SETTINGS, 0, 0,
		"[--tls LEVEL] [--sasl LEVEL] [--dialback BOOL]",
		"Says which methods a choice would leave, without changing anything. Exit 1 when "
		"it would be refused."},
	{"partner", "matrix", cmd_matrix, NULL, 0, 0, 0, "",
		"Shows all 18 choices of TLS, SASL and dialback: the methods each leaves, or why it is "
		"refused."},
	{"partner", "state", cmd_partner_state, NULL, TAKES_FILTER, 0, 1, "[DOMAIN | --filter PATTERN|NAME=PATTERN]",
		"Says how partners are: connected, idle (was connected, nothing waits), failing (the "
		"last attempt failed), never (had no stream since the start) or disabled, in both "
		"directions."},
	{"partner", "attempts", cmd_partner_attempts, NULL, TAKES_LAST, 1, 1, "DOMAIN [--last N]",
		"Shows the last streams that were tried with a partner (50 are kept, since the start), "
		"step by step with their times; the youngest last, with --json first."},
	{"domain", "list", cmd_list, "domain", TAKES_FILTER, 0, 0, FILTER, "Lists the local domains."},
	{"domain", "show", cmd_show, "domain", 0, 1, 1, "DOMAIN", "Shows a local domain."},
	{"domain", "add", cmd_add, "domain", TAKES_SETTINGS, 1, 1, "DOMAIN " SET,
		"Adds a SIP domain to speak for."},
	{"domain", "set", cmd_set, "domain", TAKES_SETTINGS, 1, -1, "DOMAIN... " SET,
		"Changes local domains."},
	{"domain", "remove", cmd_remove, "domain", 0, 1, -1, "DOMAIN...", "Removes local domains."},
	{"route", "list", cmd_list, "route", TAKES_FILTER, 0, 0, FILTER, "Lists the SIP routes."},
	{"route", "show", cmd_route_show, "route", 0, 1, 1, "NAME",
		"Shows a SIP route: its settings, then its state as route state has it. With --json the "
		"settings alone."},
	{"route", "add", cmd_add, "route", TAKES_SETTINGS, 1, 1, "NAME --next-hop URI " SET,
		"Adds a trusted SIP peer."},
	{"route", "set", cmd_set, "route", TAKES_SETTINGS, 1, -1, "NAME... " SET, "Changes SIP routes."},
	{"route", "remove", cmd_remove, "route", 0, 1, -1, "NAME...", "Removes SIP routes."},
	{"route", "state", cmd_route_state, NULL, TAKES_FILTER, 0, 1, "[NAME | --filter PATTERN|NAME=PATTERN]",
		"Says how SIP routes are: up, suspect (what was tried last failed), down (no target "
		"answers) or unresolved (there is no address). Of one route also its targets, "
		"connections with their certificates, rates, and the last 20 errors."},
	{"route", "test", cmd_test_route, NULL, 0, 1, 1, "NAME",
		"Tests a SIP route step by step: its addresses, a connection to each, TLS, certificate "
		"and name, OPTIONS. It has connections of its own. Exit 1 when a step failed. See "
		"entente-test(7)."},
	{"gateway", "show", cmd_show, "gateway", 0, 0, 0, "", "Shows the gateway settings."},
	{"gateway", "set", cmd_set, "gateway", TAKES_SETTINGS, 0, 0, SET, "Changes gateway settings."},
	{"access", "show", cmd_access_show, "access", 0, 0, 0, "",
		"Shows the federation switch and the global policy."},
	{"access", "set", cmd_access_set, "access", TAKES_SETTINGS, 0, 0, SET,
		"Changes the federation switch (--allow-federated-users) and the global policy."},
	{"policy", "list", cmd_list, "policy", TAKES_FILTER, 0, 0, FILTER, "Lists the external access policies."},
	{"policy", "show", cmd_show, "policy", 0, 1, 1, "IDENTITY", "Shows a policy."},
	{"policy", "add", cmd_add, "policy", TAKES_SETTINGS, 1, 1, "IDENTITY " SET,
		"Adds a policy for a domain (domain:NAME) or to be granted (tag:NAME)."},
	{"policy", "set", cmd_set, "policy", TAKES_SETTINGS, 1, -1, "IDENTITY... " SET,
		"Changes policies."},
	{"policy", "remove", cmd_remove, "policy", 0, 1, -1, "IDENTITY...", "Removes policies."},
	{"grant", "list", cmd_list, "grant", TAKES_FILTER, 0, 0, FILTER, "Lists who has a policy of his own."},
	{"grant", "show", cmd_show, "grant", 0, 1, 1, "USER", "Shows which policy a user was given."},
	{"grant", "add", cmd_add, "grant", TAKES_SETTINGS, 1, 1, "USER --policy tag:NAME",
		"Gives a user a policy of his own."},
	{"grant", "set", cmd_set, "grant", TAKES_SETTINGS, 1, -1, "USER... --policy tag:NAME",
		"Gives users another policy."},
	{"grant", "remove", cmd_remove, "grant", 0, 1, -1, "USER...",
		"Returns users to the policy of their domain, or the global one."},
	{"allow", "list", cmd_allow_list, NULL, 0, 0, 0, "",
		"Lists which users have invited which contacts."},
	{"allow", "remove", cmd_allow_remove, NULL, 0, 2, 2, "USER CONTACT", "Takes an invitation back."},
	{"allow", NULL, cmd_allow, NULL, TAKES_EXPIRES, 2, 2, "USER CONTACT [--expires WHEN]",
		"Lets a contact of a public unverified partner write to a user. WHEN is 12h, 30d, "
		"2026-12-31, a time like 2026-12-31T23:59:59Z, or never."},
	{"stream", "list", cmd_streams, NULL, TAKES_PARTNER | TAKES_FILTER, 0, 0,
		"[--partner DOMAIN] " FILTER,
		"Lists the streams with partners, and the domain pairs that wait for one."},
	{"stream", "show", cmd_stream_show, NULL, 0, 1, 1, "ID",
		"Shows a stream, the domain pairs authenticated on it, how and when, and the "
		"certificate of its peer."},
	{"stream", "close", cmd_stream_close, NULL, 0, 1, -1, "ID...",
		"Closes streams in order: nothing is lost, and what waits opens another stream."},
	{"stream", "watch", cmd_stream_watch, NULL, 0, 0, 0, "",
		"Shows the streams with partners that are there, then every change as it happens, "
		"until interrupted. With --json an object a line."},
	{"test", "partner", cmd_test_partner, NULL, TAKES_LOCAL, 1, 1, "DOMAIN [--local DOMAIN]",
		"Tests a partner step by step: DNS, addresses, TLS, certificate, authentication, a "
		"ping. It has connections of its own; no stream in use is touched. --local says for "
		"which of our domains to speak. Exit 1 when a step failed. See entente-test(7)."},
	{"test", "domain", cmd_test_domain, NULL, 0, 1, 1, "DOMAIN",
		"Tests one of our domains as a partner sees it, and prints the DNS records to "
		"publish. Exit 1 when a step failed."},
	{"test", "route", cmd_test_route, NULL, 0, 1, 1, "NAME", "As route test."},
	{"certificate", "list", cmd_certificates, NULL, TAKES_FILTER, 0, 0, FILTER,
		"Lists our own certificates in force, when they end, and local domains that are not "
		"in them."},
	{"certificate", "reload", cmd_certificate_reload, NULL, 0, 0, 0, "",
		"Has entente.conf and the files of certificates read again, as SIGHUP does, and shows "
		"what is in force then. All or nothing; no stream ends."},
	{"admin", "list", cmd_admin_list, NULL, TAKES_FILTER, 0, 0, FILTER,
		"Lists the local accounts of administrators."},
	{"admin", "show", cmd_admin_show, NULL, 0, 1, 1, "NAME", "Shows an administrator."},
	{"admin", "create", cmd_admin_create, NULL, 0, 1, 1,
		"NAME [--role ROLE]... [--description TEXT]",
		"Makes an account with these roles, administrator without any, and prints its one-time "
		"password: good once, for 24 hours, and only for setting another one.",
		"role=roles+ description"},
	{"admin", "set", cmd_admin_set, NULL, 0, 1, -1,
		"NAME... [--role ROLE]... [--description TEXT]",
		"Changes the roles (all of them are given) or the description.", "role=roles+ description"},
	{"admin", "enable", cmd_admin_enable, NULL, 0, 1, -1, "NAME...", "Lets administrators sign in again."},
	{"admin", "disable", cmd_admin_disable, NULL, 0, 1, -1, "NAME...",
		"Keeps accounts and lets nobody sign in to them; their sessions end and their tokens "
		"are not good meanwhile."},
	{"admin", "remove", cmd_admin_remove, NULL, 0, 1, -1, "NAME...",
		"Removes accounts, ends their sessions and revokes their tokens."},
	{"admin", "reset", cmd_admin_reset, NULL, 0, 1, 1, "NAME [--totp true]",
		"Prints a new one-time password in place of the password there is. --totp true takes the "
		"second factor away as well.", "totp?"},
	{"role", "list", cmd_role_list, NULL, TAKES_FILTER, 0, 0, FILTER, "Lists the roles."},
	{"role", "show", cmd_role_show, NULL, 0, 1, 1, "NAME", "Shows a role and its rights."},
	{"role", "add", cmd_role_add, NULL, 0, 1, 1,
		"NAME --right RIGHT... [--title TEXT] [--require-totp BOOL]",
		"Adds a role. With --require-totp true it is good only with a second factor.",
		"right=rights+ title require-totp=requires_totp?"},
	{"role", "set", cmd_role_set, NULL, 0, 1, -1,
		"NAME... [--right RIGHT]... [--title TEXT] [--require-totp BOOL]",
		"Changes roles; the rights are given all. Of a built-in role only --require-totp.",
		"right=rights+ title require-totp=requires_totp?"},
	{"role", "remove", cmd_role_remove, NULL, 0, 1, -1, "NAME...", "Removes roles that nobody has."},
	{"role", "rights", cmd_role_rights, NULL, TAKES_FILTER, 0, 0, FILTER, "Lists the rights there are."},
	{"token", "list", cmd_token_list, NULL, TAKES_FILTER, 0, 0, FILTER, "Lists the API tokens."},
	{"token", "add", cmd_token_add, NULL, TAKES_EXPIRES, 1, 1,
		"NAME [--right RIGHT]... [--role ROLE]... [--expires WHEN]",
		"Makes an API token with these rights, or those of these roles, and prints it, once. "
		"NAME says what it is for. WHEN is as with allow; 90 days when it is not given, 366 at "
		"most.", "right=rights+ role=roles+"},
	{"token", "revoke", cmd_token_revoke, NULL, 0, 1, -1, "ID...", "Revokes API tokens, for good."},
	{"directory", "show", cmd_directory_show, NULL, 0, 0, 0, "",
		"Shows the directory (LDAP, Active Directory) that administrators sign in by."},
	{"directory", "set", cmd_directory_set, NULL, 0, 0, 0,
		"[--enabled BOOL] [--server URI]... [--ca-file FILE] [--bind-dn DN] "
		"[--bind-password-file FILE] [--user-base DN] [--user-filter FILTER] [--group-base DN] "
		"[--timeout SECONDS]",
		"Changes some of it. Servers are all given, as ldaps://HOST, or as ldap://HOST for "
		"StartTLS; nothing is sent without TLS. The password of the account that searches is the "
		"first line of a file (-: of standard input), and has to be given again when servers, "
		"authorities or that account change.",
		"enabled? server=servers+ ca-file=ca_file bind-dn=bind_dn "
		"bind-password-file=bind_password_file user-base=user_base user-filter=user_filter "
		"group-base=group_base timeout"},
	{"directory", "test", cmd_directory_test, NULL, 0, 0, 1, "[NAME]",
		"Tests the servers step by step, and with a name who that is, his groups and the roles "
		"they would give him; no password is asked for. Exit 1 when a step fails."},
	{"directory", "bindings", cmd_directory_bindings, NULL, TAKES_FILTER, 0, 0, FILTER,
		"Lists which groups have which roles, and which of that is only suggested."},
	{"directory", "bind", cmd_directory_bind, NULL, 0, 2, 2, "GROUP ROLE",
		"Gives the members of a group, by its DN or SID, a role. It has to be under the base for "
		"groups. A suggestion of the same name is confirmed by it."},
	{"directory", "confirm", cmd_directory_confirm, NULL, 0, 1, 2, "KEY [GROUP]",
		"Confirms a suggested binding; GROUP is the DN or SID that is meant by it."},
	{"directory", "unbind", cmd_directory_unbind, NULL, 0, 1, 1, "KEY",
		"Removes the binding of a group; whoever has the role only by it loses it at once."},
	{"session", "show", cmd_session_show, NULL, 0, 0, 0, "",
		"Says who one is to the daemon and what one may do."},
	{"audit", "list", cmd_audit_list, NULL, TAKES_FILTER, 0, 0,
		"[--who NAME] [--kind KIND] [--key KEY] [--verb VERB] [--since TIME] [--before ID] "
		"[--last N] " FILTER,
		"Lists what was done and what was refused, newest first: 100 lines, or --last N of them. "
		"TIME is a day or a time like 2026-11-22T10:00:00Z.",
		"who kind key verb since before last=limit"},
	{"audit", "verify", cmd_audit_verify, NULL, 0, 0, 0, "[--head ID:MAC]",
		"Looks at every line of the audit log: is it as it was written, where it was written, and "
		"is none missing? --head also asks for a line that an event audit-head of the log names. "
		"Exit 1 when something is wrong.", "head"},
	{"generation", "list", cmd_generation_list, NULL, TAKES_FILTER, 0, 0,
		"[--last N] [--before GENERATION] " FILTER,
		"Lists the generations of the settings that are kept, newest first.", "last=limit before"},
	{"generation", "show", cmd_generation_show, NULL, 0, 1, 1, "GENERATION",
		"Shows who made a generation and what it changed."},
	{"generation", "diff", cmd_generation_diff, NULL, 0, 1, 1, "GENERATION [--against OTHER]",
		"Says what became different from a generation to another, or to the one in force.",
		"against"},
	{"generation", "restore", cmd_generation_restore, NULL, 0, 1, 1, "GENERATION",
		"Makes the settings what they were at a generation, as a new one. Secrets, administrators, "
		"roles, tokens and the logging of message texts stay as they are."},
	{"export", NULL, cmd_export, NULL, 0, 0, 0, "",
		"Prints all settings as JSON, without secrets: to keep, or to give to import elsewhere."},
	{"import", NULL, cmd_import, NULL, 0, 1, 1, "FILE",
		"Takes over the settings that export has printed to FILE (-: from standard input), all or "
		"none. It is for a new installation: a partner, domain, route, policy or grant that is there "
		"already is not replaced, and the import is refused."},
	{"health", NULL, cmd_health, NULL, 0, 0, 0, "",
		"Says whether the service is ready and what is wrong. Exit 1 when it is not ready."},
	{"status", NULL, cmd_status, NULL, 0, 0, 0, "",
		"Says how the service is and what keeps messages from flowing. Exit 1 when it is "
		"not ready."},
	{0},
};
/* clang-format on */

static void command_line(const struct command *c, struct buf *out)
{
	buf_printf(out, "%s%s%s%s%s", c->noun, c->verb ? " " : "", c->verb ? c->verb : "",
		*c->args ? " " : "", c->args);
}

int help_all(void)
{
	struct buf out = {0};

	buf_str(&out, "usage: entente [--json] [--what-if] [--yes] [--if-match GENERATION] "
		      "[--socket PATH] COMMAND\n\n");
	for (const struct command *c = commands; c->noun; c++) {
		buf_str(&out, "  ");
		command_line(c, &out);
		buf_chr(&out, '\n');
	}
	buf_str(&out, "\n'entente help COMMAND' shows its settings; entente(1) is the manual.\n");
	print_out(&out);
	buf_done(&out);
	return EXIT_DONE;
}

/* Where settings of two kinds meet, short names are not unique. */
static void show_setting(const struct cli_setting *s, bool whole, struct buf *out)
{
	buf_str(out, "  --");
	for (const char *p = whole ? s->name : s->option; *p; p++)
		buf_chr(out, *p == '_' ? '-' : *p);
	buf_printf(out, "  %s", s->range);
	if (s->deflt)
		buf_printf(out, " [%s]", *s->deflt ? s->deflt : "none");
	buf_printf(out, "\n      %s\n", s->help);
}

/* only: the end of the names to show; "" is that of all. */
static void show_settings(const char *kind, bool whole, const char *only, struct buf *out)
{
	const struct cli_kind *k = kind_find(kind);

	for (const struct cli_setting *s = k->settings; s->name; s++)
		if (!s->key && slice_ends(slice_of(s->name), slice_of(only)))
			show_setting(s, whole, out);
}

void help_command(const struct command *c, struct buf *out)
{
	buf_str(out, "entente ");
	command_line(c, out);
	buf_printf(out, "\n    %s\n", c->help);
	if (!(c->flags & TAKES_SETTINGS))
		return;
	show_settings(c->kind, c->run == cmd_access_set,
		c->run == cmd_methods ? "_negotiation" : "", out);
	if (c->run == cmd_access_set)
		show_settings("policy", true, "", out);
}

/* ---- the manual ---- */

static void man_text(struct buf *out, const char *s)
{
	if (*s == '.' || *s == '\'')
		buf_str(out, "\\&");
	for (; *s; s++) {
		if (*s == '\\')
			buf_str(out, "\\e");
		else if (*s == '-')
			buf_str(out, "\\-");
		else
			buf_chr(out, *s);
	}
	buf_chr(out, '\n');
}

static void man_option(const struct cli_setting *s, bool whole, struct buf *out)
{
	buf_str(out, ".It Fl \\-");
	for (const char *p = whole ? s->name : s->option; *p; p++)
		buf_printf(out, *p == '_' || *p == '-' ? "\\-" : "%c", *p);
	buf_chr(out, '\n');
}

/* "access set" takes the settings of access and policy, so both are there by their whole names. */
static void man_settings(const struct cli_kind *k, struct buf *out)
{
	bool whole = strcmp(k->name, "access") == 0 || strcmp(k->name, "policy") == 0;

	buf_printf(out, ".Ss Settings of %s\n.Bl -tag -width Ds\n", k->name);
	for (const struct cli_setting *s = k->settings; s->name; s++) {
		if (s->key)
			continue;
		man_option(s, whole, out);
		buf_str(out, "(");
		buf_str(out, s->range);
		if (s->deflt)
			buf_printf(out, "; default: %s", *s->deflt ? s->deflt : "none");
		buf_str(out, ")\n.br\n");
		man_text(out, s->help);
	}
	buf_str(out, ".El\n");
}

void help_man(struct buf *out)
{
	buf_str(out, ".Bl -tag -width Ds\n");
	for (const struct command *c = commands; c->noun; c++) {
		struct buf line = {0};
		char *s;

		command_line(c, &line);
		s = buf_dup(&line);
		buf_str(out, ".It Ic ");
		man_text(out, s);
		man_text(out, c->help);
		xfree(s);
		buf_done(&line);
	}
	buf_str(out, ".El\n");
	for (const struct cli_kind *k = cli_kinds; k->name; k++)
		man_settings(k, out);
}
