#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "admin/admin.h"
#include "base/log.h"
#include "base/mem.h"
#include "federation/snapshot.h"
#include "fake_edge.h"
#include "store/store.h"

/*
 * The program itself against a real administration with a store in memory: what it prints and how
 * it exits. $ENTENTE is the program.
 */

static struct loop *loop;
static struct store *store;
static struct admin *admin;
static pthread_t thread;
static char folder[] = "/tmp/entente-cli-XXXXXX";
static char socket_path[128];

/* ---- the daemon's side ---- */

static void publish(void *arg, struct snapshot *s, void (*done)(void *done_arg), void *done_arg)
{
	done(done_arg);
}

static void allow(void *arg, struct admin_allow *a)
{
	if (a->verb == ADMIN_ALLOW_REMOVE)
		a->result = err_code(
			&a->err, ERR_NOT_FOUND, "not_found", NULL, "there is no such invitation");
	a->done(a);
}

static const struct admin_hooks hooks = {.publish = publish, .ask = fake_ask, .allow = allow};

static void *serve(void *arg)
{
	loop_run(loop);
	return NULL;
}

static int start(void **state)
{
	struct admin_options o = {
		.group = "", .node = "a", .roles = "edge gateway admin", .hooks = &hooks};
	struct err e;
	int fd;

	loop = loop_new("admin");
	if (store_open(&store, &(struct store_options){.backend = "ram"}, &e) < 0)
		fail_msg("%s", e.text);
	o.store = store;
	assert_int_equal(admin_new(&admin, loop, &o, &e), 0);
	assert_int_equal(admin_listen_unix(socket_path, "", &fd, &e), 0);
	admin_serve_api(admin, fd);
	admin_set_state(admin, NULL);
	assert_int_equal(pthread_create(&thread, NULL, serve, NULL), 0);
	return 0;
}

static int stop(void **state)
{
	loop_stop(loop);
	pthread_join(thread, NULL);
	admin_free(admin);
	store_close(store);
	loop_free(loop);
	unlink(socket_path);
	return 0;
}

/* ---- the program's ---- */

static char *read_all(const char *path)
{
	FILE *f = fopen(path, "re");
	struct buf b = {0};
	size_t n;
	char *s;

	assert_non_null(f);
	do {
		n = fread(buf_room(&b, 4096), 1, 4096, f);
		buf_added(&b, n);
	} while (n);
	fclose(f);
	s = buf_dup(&b);
	buf_done(&b);
	return s;
}

struct run {
	int code;
	char *out, *err;
};

/* What it prints is in the file $OUT meanwhile. */
static struct run run_script(const char *script)
{
	char *out = xasprintf("%s/out", folder), *err = xasprintf("%s/err", folder);
	char *line = xasprintf("OUT=%s; ( %s ) >%s 2>%s", out, script, out, err);
	int status = system(line);
	struct run r = {
		WIFEXITED(status) ? WEXITSTATUS(status) : 255, read_all(out), read_all(err)};

	free(out);
	free(err);
	free(line);
	return r;
}

static struct run run(const char *words)
{
	char *script = xasprintf("\"$ENTENTE\" %s", words);
	struct run r = run_script(script);

	free(script);
	return r;
}

static void run_done(struct run *r)
{
	free(r->out);
	free(r->err);
}

static void expect(const char *words, int code, const char *out, const char *err)
{
	struct run r = run(words);

	if (r.code != code || strcmp(r.out, out) != 0 || strcmp(r.err, err) != 0)
		fail_msg("entente %s\nexpected %d\n%s%sgot %d\n%s%s", words, code, out, err, r.code,
			r.out, r.err);
	free(r.out);
	free(r.err);
}

static void expect_part(const char *words, int code, const char *part)
{
	struct run r = run(words);

	if (r.code != code || (!strstr(r.out, part) && !strstr(r.err, part)))
		fail_msg("entente %s\nexpected %d with\n%s\ngot %d\n%s%s", words, code, part,
			r.code, r.out, r.err);
	free(r.out);
	free(r.err);
}

/* ---- tests ---- */

static void partners_from_first_to_last(void **state)
{
	expect("partner list", 0,
		"DOMAIN  TYPE  TLS  SASL  DIALBACK  ENABLED  ADDITIONAL DOMAINS\n", "");
	expect("partner add xmpp.lab --type Federated --dialback=no --additional-domains a.xmpp.lab,b.xmpp.lab",
		0, "partner xmpp.lab added\n", "");
	expect("partner list", 0,
		"DOMAIN    TYPE       TLS       SASL      DIALBACK  ENABLED  ADDITIONAL DOMAINS\n"
		"xmpp.lab  Federated  Required  Required  false     true     a.xmpp.lab, b.xmpp.lab\n",
		"");
	expect_part("partner set xmpp.lab --TlsNegotiation optional --remove-domains a.xmpp.lab", 0,
		"partner xmpp.lab changed\n"
		"    additional_domains: a.xmpp.lab,b.xmpp.lab -> b.xmpp.lab\n"
		"    tls_negotiation: Required -> Optional\n");
	expect_part("--what-if partner disable xmpp.lab", 0,
		"partner xmpp.lab would be changed\n    enabled: true -> false\n");
	expect_part(
		"--what-if partner disable xmpp.lab", 0, "(sasl_needs_tls_optional_may_fail)\n");
	expect_part("partner show xmpp.lab", 0, "enabled                       true\n");
	expect_part("partner show xmpp.lab", 0, "methods                       sasl-over-tls\n");
	expect("partner set xmpp.lab --default tls", 0,
		"partner xmpp.lab changed\n    tls_negotiation: Optional -> Required\n", "");
	expect("partner set xmpp.lab --tls required", 0, "nothing is different\n", "");
	expect("partner disable xmpp.lab", 0,
		"partner xmpp.lab changed\n    enabled: true -> false\n", "");
	expect("partner add other.lab --dialback false", 0, "partner other.lab added\n", "");
	expect_part("partner enable xmpp.lab other.lab", 0, "partner xmpp.lab changed\n");
	expect_part("partner remove xmpp.lab none.lab", 5, "(not_found)\n");
	expect("partner remove xmpp.lab other.lab", 0,
		"partner xmpp.lab removed\npartner other.lab removed\n", "");
	expect_part("partner show xmpp.lab", 5, "not_found");
}

static void lists_are_filtered(void **state)
{
	expect("partner add one.filter.lab --type Federated --dialback false", 0,
		"partner one.filter.lab added\n", "");
	expect("partner add two.filter.lab --additional-domains x.two.filter.lab --dialback false", 0,
		"partner two.filter.lab added\n", "");
	expect_part("partner list --filter 'ONE.*'", 0, "\none.filter.lab  Federated");
	expect("partner list --filter 'none.*'", 0,
		"DOMAIN  TYPE  TLS  SASL  DIALBACK  ENABLED  ADDITIONAL DOMAINS\n", "");
	expect_part("partner list --filter type=public*", 0, "\ntwo.filter.lab  PublicUnverified");
	expect_part("partner list --filter additional-domains='x.*'", 0, "\ntwo.filter.lab");
	expect_part("--json partner list --filter enabled=false", 0, "[]\n");
	expect_part("partner list --filter colour=red", 2, "there is nothing called 'colour'");
	expect_part("domain show sip.lab --filter x", 2, "there is no option --filter here");
	expect("partner remove one.filter.lab two.filter.lab", 0,
		"partner one.filter.lab removed\npartner two.filter.lab removed\n", "");
}

static void accounts_roles_and_tokens(void **state)
{
	expect_part("admin create alice --role viewer --role CsHelpDesk", 0, "One-time password");
	expect_part("admin show alice", 0, "viewer, helpdesk");
	expect_part("admin create alice", 6, "(exists)");
	expect_part("admin create 'A b'", 6, "(bad_name)");
	expect_part("admin create bob --role king", 6, "(role_unknown)");
	expect_part("admin create bob --rule king", 2, "no option --rule");
	expect_part("admin set alice", 2, "nothing to set");
	expect("admin set alice --description 'on call'", 0, "alice changed\n", "");
	expect("admin disable alice", 0, "alice disabled\n", "");
	expect_part("admin list --filter enabled=false", 0, "on call");
	expect_part("admin reset alice --totp maybe", 2, "true or false");
	expect_part("admin reset alice --totp true", 0, "One-time password");
	expect_part("admin reset nobody", 5, "(not_found)");
	expect("role add tester --right test.run --require-totp true", 0, "tester added\n", "");
	expect_part("role set viewer --right test.run", 6, "(role_builtin)");
	expect_part("role show tester", 0, "test.run");
	expect_part("role list --filter tester", 0, "tester");
	expect_part("role rights", 0, "partner.write");
	expect_part("token add robot --right partner.read --expires 30d", 0, "shown once");
	expect_part("token add robot --right partner.read --expires 900d", 6, "(out_of_range)");
	expect_part("token list", 0, "robot");
	expect_part("token revoke nothing", 5, "(not_found)");
	expect_part("--what-if admin remove alice", 2, "--what-if");
	expect("complete -- admin set al", 0, "alice\n", "");
	expect("complete -- role add x --ri", 0, "--right\n", "");
	expect("complete -- role add x --right partner.w", 0, "partner.write\n", "");
	expect("admin remove alice", 0, "alice removed\n", "");
	expect("role remove tester", 0, "tester removed\n", "");
	expect_part("session show", 0, "socket");
}

static void words_are_completed(void **state)
{
	expect("complete -- pa", 0, "partner\n", "");
	expect("complete -- --json partner a", 0, "add\nattempts\n", "");
	expect("complete -- partner set x --tls N", 0, "NotSupported\n", "");
	expect("complete -- partner set x --dialback ''", 0, "true\nfalse\n", "");
	expect("complete -- partner set x --add-d", 0, "--add-domains\n", "");
	expect("complete -- partner list --fi", 0, "--filter\n", "");
	expect("partner add tab.lab --dialback false", 0, "partner tab.lab added\n", "");
	expect("complete -- partner remove ta", 0, "tab.lab\n", "");
	expect("complete -- test partner ta", 0, "tab.lab\n", "");
	expect("complete -- partner add ta", 0, "", "");
	expect("partner remove tab.lab", 0, "partner tab.lab removed\n", "");
	expect("complete --", 0, "", "");
}

static void what_is_refused_comes_with_ways_out_to_paste(void **state)
{
	expect_part(
		"partner add x.lab --tls NotSupported --description \"it's ours\" --sasl Optional "
		"--dialback yes",
		6,
		" (sasl_requires_tls)\n"
		"Ways out, safest first; agree with the partner's administrator before:\n"
		"    entente partner add x.lab --description 'it'\\''s ours' --tls Required --sasl Optional "
		"--dialback true\n"
		"        # sasl-over-tls, tls-dialback\n"
		"    entente partner add x.lab --description 'it'\\''s ours' --tls Optional --sasl Optional "
		"--dialback true\n"
		"        # sasl-over-tls, tls-dialback, tcp-dialback\n"
		"    entente partner add x.lab --description 'it'\\''s ours' --tls NotSupported --sasl "
		"NotSupported --dialback true\n"
		"        # tcp-dialback\n");
	expect_part(
		"partner add x.lab --description 'it'\\''s ours' --tls NotSupported --sasl "
		"NotSupported --dialback true",
		0, "partner x.lab added\n");
	expect_part("--json partner add y.lab --tls nosuch", 6,
		"{\"type\": \"about:blank\", \"status\": 422, "
		"\"code\": \"not_one_of\"");
}

static void json_is_what_was_asked_for(void **state)
{
	expect("--json partner list", 0, "[]\n", "");
	expect_part("partner add xmpp.lab --dialback no", 0, "added");
	expect_part("--json partner list", 0, "[\n  {\n    \"domain\": \"xmpp.lab\",\n");
	expect_part("--json partner show xmpp.lab", 0, "{\n  \"domain\": \"xmpp.lab\",\n");
	expect_part("--json partner show xmpp.lab", 0, "\"methods\": [\n      \"sasl-over-tls\"\n");
	expect_part("--json partner disable xmpp.lab", 0, "\"dry_run\": false");
	expect_part("--json stream list", 0, "[\n  {\n    \"direction\": \"out\",\n");
	expect_part("--json status", 0, "\"state\": \"ready\"");
}

static void exit_codes_tell_what_happened(void **state)
{
	char *gone = xasprintf("--socket %s/none status", folder);

	expect_part("status", 0, "state                ready\n");
	expect_part("partner methods --tls required --sasl notsupported --dialback no", 1,
		"refused   no_authentication_method");
	expect_part("partner methods --tls required --sasl required --dialback no", 0,
		"methods   sasl-over-tls\n");
	expect_part("partner methods --tls notsupported --sasl notsupported --dialback yes", 0,
		"  tcp-dialback: not encrypted, servers are verified by dialback\n"
		"  unencrypted_possible: messages may cross the Internet unencrypted\n");
	expect_part("partner methods --tls notsupported", 1,
		"  sasl_requires_tls: SASL proves who a server is by its certificate, so it needs TLS\n\n"
		"Accepted would be, safest first:\n"
		"  --tls Required --sasl Required --dialback true\n");
	expect_part(gone, 3, "is it running?");
	expect_part("partner show none.lab", 5, "(not_found)");
	expect_part("partner add '*.lab'", 6, "(domain_wildcard)");
	expect_part("gateway set --keep-alive-interval 1", 6, "10 to 86400");
	expect_part("--if-match 1 partner add a.lab", 0, "added");
	expect_part("--if-match 1 partner add b.lab", 7, "(changed_meanwhile)");
	free(gone);
}

static void a_socket_that_may_not_be_used_is_exit_4(void **state)
{
	char *words;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(folder, 0755), 0);
	words = xasprintf(
		"--version >/dev/null; setpriv --reuid 65534 --regid 65534 --clear-groups "
		"\"$ENTENTE\" status");
	expect_part(words, 4, "you may not use");
	free(words);
}

/* clang-format off */
static const struct {
	const char *words, *says;
} usage[] = {
	{"", "entente: no command; 'entente help' lists them\n"},
	{"partnr list", "entente: there is no command 'partnr list'\n'entente help' lists the commands\n"},
	{"domain enable x", "entente: there is no command 'domain enable'; there are 'domain list' 'domain "
			    "show' 'domain add' 'domain set' 'domain remove'\n'entente help' lists the "
			    "commands\n"},
	{"partner add", "entente: a name is missing\nusage: entente partner add DOMAIN [--SETTING VALUE]...\n"},
	{"partner show a b", "entente: 'b' is too much\nusage: entente partner show DOMAIN\n"},
	{"partner show ''", "entente: a name is empty\nusage: entente partner show DOMAIN\n"},
	{"partner remove a.lab \"$(printf 'b\\377.lab')\"", "entente: a name is not UTF-8\nusage: entente partner "
							   "remove DOMAIN...\n"},
	{"partner list --tls x", "entente: there is no option --tls here\nusage: entente partner list [--filter PATTERN|NAME=PATTERN]\n"},
	{"partner add a --tls", "entente: --tls has no value\nusage: entente partner add DOMAIN [--SETTING "
				"VALUE]...\n"},
	{"partner add a --tls x --tls y", "entente: --tls is given twice\nusage: entente partner add DOMAIN "
					  "[--SETTING VALUE]...\n"},
	{"partner set a", "entente: nothing to set; 'entente help partner set' shows the settings\nusage: "
			  "entente partner set DOMAIN... [--SETTING VALUE]...\n"},
	{"partner set a --add-tls x", "entente: --add-tls: tls is no list; write --tls VALUE\nusage: entente "
				      "partner set DOMAIN... [--SETTING VALUE]...\n"},
	{"partner set a --domain b", "entente: domain is what names the partner; it stands "
				     "without --\nusage: entente partner set DOMAIN... [--SETTING VALUE]...\n"},
	{"domain add a --rote x", "entente: there is no setting --rote; there are --description --route\nusage: "
				  "entente domain add DOMAIN [--SETTING VALUE]...\n"},
	{"allow a@b", "entente: two names are needed\nusage: entente allow USER CONTACT [--expires WHEN]\n"},
	{"--what-if allow a@b c@d", "entente: --what-if is for settings; an invitation can be taken back\n"
				    "usage: entente allow USER CONTACT [--expires WHEN]\n"},
	{"status --socket", "entente: --socket has no value\n"},
};
/* clang-format on */

static void a_wrong_command_line_is_exit_2_and_says_why(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(usage); i++)
		expect(usage[i].words, 2, "", usage[i].says);
}

static void names_that_look_like_options_stand_behind_two_dashes(void **state)
{
	expect_part("partner show -- --json", 6 - 1, "(not_found)");
}

static void the_switch_and_the_global_policy_are_one_page(void **state)
{
	expect_part("access set --allow-federated-users yes --enable-federation-access yes "
		    "--enable-xmpp-access yes",
		0,
		"access global changed\n    allow_federated_users: false -> true\npolicy global changed\n");
	expect("access show", 0,
		"allow_federated_users     true\n"
		"policy                    global\n"
		"description               -\n"
		"enable_federation_access  true\n"
		"enable_xmpp_access        true\n"
		"write_invites             false\n",
		"");
}

static void invitations(void **state)
{
	expect_part("route add main --next-hop sip:127.0.0.1:5070", 0, "route main added");
	expect_part("domain add sip.lab --route main", 0, "domain sip.lab added");
	expect_part("partner add xmpp.lab", 0, "added");
	expect("allow Romeo@sip.lab juliet@xmpp.lab", 0, "romeo@sip.lab allows juliet@xmpp.lab\n",
		"");
	expect("allow romeo@sip.lab juliet@xmpp.lab --expires 2999-01-02T03:04:05Z", 0,
		"romeo@sip.lab allows juliet@xmpp.lab until 2999-01-02T03:04:05.000Z\n", "");
	expect_part("allow romeo@sip.lab juliet@xmpp.lab --expires 30d", 0, "until 20");
	expect_part("allow romeo@sip.lab juliet@xmpp.lab --expires soon", 6, "(time_syntax)");
	expect_part("allow romeo@sip.lab juliet@none.lab", 6, "(not_partner)");
	expect_part("allow remove romeo@sip.lab juliet@xmpp.lab", 5, "(not_found)");
	expect("allow list", 0, "USER  CONTACT  EXPIRES\n", "");
}

static void what_a_partner_says_does_not_reach_the_terminal(void **state)
{
	expect("stream list", 0,
		"ID  DIR  STATE  LOCAL    REMOTE      PEER  METHOD  TLS  IN  OUT  QUEUED  "
		"SINCE                     NEXT ATTEMPT  LAST ERROR\n"
		"o1  out  up     sip.lab  b\xc3\xbc"
		"cher.lab  -     -       -    0   0    0       1970-01-01T00:00:01.000Z  -             "
		"gone\\x1b[31m\\x0a\\xe2\\x80\\xaeleft \"quoted\" \xef\xbf\xbd\n",
		"");
}

static void one_stream_is_shown_whole(void **state)
{
	expect_part("stream list --partner xn--bcher-kva.lab", 0, "o1  out  up");
	expect_part("stream list --partner none.lab", 5, "(not_partner)");
	expect_part("stream show o1", 0, "last_error           gone\\x1b[31m\\x0a");
	expect_part("stream show o1", 0,
		"\ndomain pairs\n"
		"LOCAL    REMOTE      METHOD         SINCE\n"
		"sip.lab  b\xc3\xbc"
		"cher.lab  sasl-over-tls  1970-01-01T00:00:02.000Z\n");
	expect_part("stream show o1", 0,
		"\ncertificate of the peer\nfingerprint  00ff\nsubject      CN=x\n");
	expect_part("--json stream show o1", 0, "\"fingerprint\": \"00ff\"");
	expect_part("stream show o7", 5, "there is no stream o7 (no_such_stream)");
	expect_part("stream show", 2, "a name is missing");
}

static void streams_are_closed_one_after_the_other(void **state)
{
	expect("stream close o1 o1", 0, "stream o1 closes\nstream o1 closes\n", "");
	expect("stream close o7 o1", 5, "stream o1 closes\n",
		"entente: there is no stream o7 (no_such_stream)\n");
	expect_part("--what-if stream close o1", 2, "--what-if is for settings");
}

static void streams_are_watched_until_an_interrupt(void **state)
{
	struct run r = run_script("\"$ENTENTE\" stream watch & p=$!; "
				  "until [ \"$(wc -l <$OUT)\" -ge 3 ]; do sleep 0.05; done; "
				  "kill -INT $p; wait $p");
	const char *second = strchr(r.out, '\n') + 1, *third = strchr(second, '\n') + 1;

	assert_int_equal(r.code, 0);
	assert_string_equal(r.err, "");
	assert_non_null(strstr(r.out, "Z  present  up  o1  out  sip.lab  b\xc3\xbc"
				      "cher.lab  -  -  -  gone\\x1b[31m\\x0a"));
	assert_non_null(strstr(second, "Z  complete\n"));
	assert_non_null(strstr(third, "Z  closed  closed  o1  out  "));
	run_done(&r);
}

static void a_watch_ends_when_nobody_reads_it(void **state)
{
	struct run r = run("--json stream watch | head -n 1");

	assert_true(slice_starts(slice_of(r.out), SL("{\"event\":\"present\",\"time\":\"")));
	assert_int_equal(strcspn(r.out, "\n") + 1, strlen(r.out));
	run_done(&r);
}

static void how_partners_are(void **state)
{
	expect("partner state", 0,
		"DOMAIN             STATE    INBOUND  OUTBOUND  IN  OUT  QUEUED  FAILURES  "
		"NEXT ATTEMPT  LAST ERROR\n"
		"xn--bcher-kva.lab  failing  never    failing   0   0    3       0         "
		"-             gone\\x1b[31m\\x0a\\xe2\\x80\\xaeleft \"quoted\" \xef\xbf\xbd\n"
		"never.lab          never    never    never     0   0    0       0         "
		"-             -\n",
		"");
	expect_part("partner state xn--bcher-kva.lab", 0, "state            failing\n");
	expect_part("--json partner state xn--bcher-kva.lab", 0, "{\"state\": \"failing\"");
	expect_part("--json partner state", 0, "[\n  {\n    \"state\": \"failing\"");
	expect_part("partner state none.lab", 5, "(not_partner)");
}

static void attempts_are_shown_as_a_time_line(void **state)
{
	expect("partner attempts xn--bcher-kva.lab --last 1", 0,
		"1970-01-01T00:00:02.000Z  o2  out  sip.lab  xn--bcher-kva.lab  -  "
		"failed: connect-failed\n"
		"         3 ms  dns          ok    one address\n"
		"      1250 ms  connect      FAIL  refused\\x1b[2J\n",
		"");
	expect_part("partner attempts xn--bcher-kva.lab", 0, "[2J\n\n1970-01-01T00:00:02.000Z  o2");
	expect_part("--json partner attempts xn--bcher-kva.lab --last 1", 0, "\"id\": \"o2\"");
	expect_part("partner attempts xn--bcher-kva.lab --last 51", 2, "from 1 to 50");
	expect_part("partner attempts none.lab", 5, "(not_partner)");
}

static void every_command_is_in_the_help(void **state)
{
	expect_part("help", 0, "  stream list [--partner DOMAIN] [--filter PATTERN|NAME=PATTERN]\n");
	expect_part(
		"help partner add", 0, "  --tls  Required, Optional or NotSupported [Required]\n");
	expect_part("help nonsense", 2, "there is no command 'nonsense'");
	expect_part("partner add a.example --help", 0, "  --tls  Required, Optional or NotSupported");
	expect_part("partner --help", 0, "entente partner methods [--tls LEVEL]");
	expect_part("status -h", 0, "entente status\n");
	expect_part("nonsense --help", 2, "there is no command 'nonsense'");
	expect_part("partner show -- --help", 5, "--help");
	expect_part("--version", 0, "entente " ENTENTE_VERSION);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)
	const struct CMUnitTest tests[] = {
		T(partners_from_first_to_last),
		T(lists_are_filtered),
		T(accounts_roles_and_tokens),
		T(words_are_completed),
		T(what_is_refused_comes_with_ways_out_to_paste),
		T(json_is_what_was_asked_for),
		T(exit_codes_tell_what_happened),
		T(a_socket_that_may_not_be_used_is_exit_4),
		T(a_wrong_command_line_is_exit_2_and_says_why),
		T(names_that_look_like_options_stand_behind_two_dashes),
		T(the_switch_and_the_global_policy_are_one_page),
		T(invitations),
		T(what_a_partner_says_does_not_reach_the_terminal),
		T(one_stream_is_shown_whole),
		T(streams_are_closed_one_after_the_other),
		T(streams_are_watched_until_an_interrupt),
		T(a_watch_ends_when_nobody_reads_it),
		T(how_partners_are),
		T(attempts_are_shown_as_a_time_line),
		T(every_command_is_in_the_help),
	};
	char *clean;
	int failed;

	log_level_set(LOG_ERROR);
	if (!mkdtemp(folder))
		return 1;
	snprintf(socket_path, sizeof socket_path, "%s/admin.sock", folder);
	setenv("ENTENTE_SOCKET", socket_path, 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	clean = xasprintf("rm -rf %s", folder);
	failed += system(clean) != 0;
	free(clean);
	return failed;
}
