#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "daemon/conf.h"

#define CERT "[certificate x]\nchain = /c.pem\nkey = /k.pem\n"

static char path[] = "/tmp/entente-config-XXXXXX";

static struct conf *read_text(const char *text, struct conf_notes *notes)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	return conf_read(path, notes);
}

static char *written(const struct conf_notes *notes)
{
	struct buf out = {0};
	char *s;

	conf_notes_write(notes, "f", &out);
	s = buf_dup(&out);
	buf_done(&out);
	return s;
}

/* The whole of what an administrator reads, so that a change of it is seen here. */
/* clang-format off */
static const struct bad {
	const char *text, *says;
} bad[] = {
	{"[xmpp]\nlisten = 5269\n" CERT,
		"f:2: error: listen: '5269' is no address with a port; write 192.0.2.1:5269 or "
		"[2001:db8::1]:5269\n"},
	{"[xmpp]\nlisten = ::1:5269\n" CERT,
		"f:2: error: listen: '::1:5269' is no address with a port; write 192.0.2.1:5269 or "
		"[2001:db8::1]:5269\n"},
	{"[xmpp]\nlisten = 127.0.0.1:65536\n" CERT,
		"f:2: error: listen: '127.0.0.1:65536' is no address with a port; write "
		"192.0.2.1:5269 or [2001:db8::1]:5269\n"},
	{"[xmpp]\nlisten = [::1:5269\n" CERT,
		"f:2: error: listen: '[::1:5269' is no address with a port; write 192.0.2.1:5269 "
		"or [2001:db8::1]:5269\n"},
	{"[xmpp]\nlisten =\n" CERT, "f:2: error: listen: is empty; give at least one\n"},
	{"[xmpp]\nlistn = 127.0.0.1:1\n" CERT,
		"f:2: error: there is no setting 'listn' in [xmpp]; did you mean 'listen' in "
		"[xmpp]?\n"},
	{"[xmpp]\nfrobnicate-everything = 1\n" CERT,
		"f:2: error: there is no setting 'frobnicate-everything' in [xmpp]\n"},
	{"[admin]\nlisten-udp = 127.0.0.1:5060\n" CERT,
		"f:2: error: there is no setting 'listen-udp' in [admin]; did you mean "
		"'listen-udp' in [sip]?\n"},
	{"[smtp]\nx = 1\n" CERT,
		"f:2: error: there is no section [smtp]; there are [daemon] [store] [log] [xmpp] "
		"[certificate NAME] [sip] [resolver] [admin] [metrics] [test]\n"},
	{"x = 1\n" CERT,
		"f:1: error: a setting stands before the first section; begin with one of [daemon] "
		"[store] [log] [xmpp] [certificate NAME] [sip] [resolver] [admin] [metrics] [test]\n"},
	{CERT "[daemon]\nthis is not ini\n",
		"f:5: error: this is neither '[section]' nor 'name = value' nor a comment (#)\n"},
	{CERT "[daemon]\nlog-level = info\nlog-level = debug\n",
		"f:6: error: log-level is set on line 5 already; remove one\n"},
	{CERT "[daemon]\nlog-level = info\n  debug\n",
		"f:6: error: log-level takes one line; a line that begins with a blank continues "
		"the one before\n"},
	{CERT "[daemon]\nlog-level = loud\n",
		"f:5: error: log-level: 'loud' is not one of: error warn info debug\n"},
	{CERT "[daemon]\nroles = edge, proxy\n",
		"f:5: error: roles: 'proxy' is not one of: edge gateway admin\n"},
	{CERT "[daemon]\nroles = edge admin\n",
		"f:5: error: roles: edge without gateway needs a link between machines, which this "
		"version does not have; write 'roles = edge gateway admin'\n"},
	{CERT "[daemon]\nnode = ab\n",
		"f:5: error: node: 'ab' has 2 characters; 1 to 1 are right\n"},
	{CERT "[daemon]\nnode = -\n", "f:5: error: node: '-' is neither a letter nor a digit\n"},
	{CERT "[store]\ndir = entente\n",
		"f:5: error: dir: 'entente' is no absolute path; it begins with /\n"},
	{CERT "[store]\ndir = /a\nkey-file = /a/key\n",
		"f:6: error: key-file: /a/key is in the store's directory; keep the key outside "
		"it\n"},
	{CERT "[resolver]\ntrust-anchors = anchors\n",
		"f:5: error: trust-anchors: 'anchors' is no absolute path; it begins with /\n"},
	{CERT "[admin]\nurl = http://a.example\n",
		"f:5: error: url: 'http://a.example' is no address that begins with https://; write "
		"https://entente.example:8443\n"},
	{CERT "[admin]\nurl = https://a.example/panel\n",
		"f:5: error: url: 'https://a.example/panel' says more than scheme, host and port; write "
		"https://entente.example:8443\n"},
	{CERT "[admin]\nlisten = 0.0.0.0:8443\nallow-beside-xmpp = yes\n",
		"f:5: error: url: is needed where listen is every address: how do browsers reach the "
		"panel? Write url = https://entente.example:8443\n"},
	{CERT "[admin]\ncertificate = /a.pem\n",
		"f:5: error: certificate: there is no key; certificate and key go together\n"},
	{CERT "[admin]\nkey = /a.pem\n",
		"f:5: error: key: there is no certificate; certificate and key go together\n"},
	{CERT "[admin]\ntrusted-proxies = 192.0.2.0/24 proxy.example\n",
		"f:5: error: trusted-proxies: 'proxy.example' is no address and no network; write "
		"192.0.2.1 or 192.0.2.0/24\n"},
	{CERT "[admin]\ntrusted-proxies = 192.0.2.1/24\n",
		"f:5: error: trusted-proxies: '192.0.2.1/24' is an address within a network, not a "
		"network\n"},
	{CERT "[admin]\nlisten = 192.0.2.1:8443\n",
		"f:5: error: listen: 192.0.2.1:8443 is where partners are served, too ([xmpp] listen: "
		"0.0.0.0:5269); take an address that the Internet does not reach, or add "
		"'allow-beside-xmpp = yes' to [admin]\n"},
	{CERT "[xmpp]\nlisten = [2001:db8::1]:5269\n[admin]\nlisten = [2001:db8::1]:8443\n",
		"f:7: error: listen: [2001:db8::1]:8443 is where partners are served, too ([xmpp] listen: "
		"[2001:db8::1]:5269); take an address that the Internet does not reach, or add "
		"'allow-beside-xmpp = yes' to [admin]\n"},
	{CERT "[test]\nper-minute = 0\n",
		"f:5: error: per-minute: '0' is no number from 1 to 600\n"},
	{CERT "[test]\nper-minute = many\n",
		"f:5: error: per-minute: 'many' is no number from 1 to 600\n"},
	{CERT "[test]\nstep-timeout = 30001\n",
		"f:5: error: step-timeout: '30001' is no number from 100 to 30000\n"},
	{CERT "[xmpp]\ntrust = ca.pem\n",
		"f:5: error: trust: 'ca.pem' is neither 'system' nor an absolute path\n"},
	{CERT "[metrics]\nlisten = 0.0.0.0:9464\n",
		"f:5: error: listen: 0.0.0.0:9464 is not a loopback address; use 127.0.0.1, or add "
		"'allow-remote = yes' to [metrics]\n"},
	{CERT "[metrics]\nallow-remote = maybe\n",
		"f:5: error: allow-remote: 'maybe' is neither yes nor no\n"},
	{CERT "[xmpp]\ncrl = /a.crl b.crl\n",
		"f:5: error: crl: 'b.crl' is no absolute path; it begins with /\n"},
	{CERT "[xmpp]\ncrl-check = require\n",
		"f:5: error: crl-check: 'require' without 'crl' would refuse every partner's certificate; "
		"name the revocation lists\n"},
	{CERT "intermediates = chain.pem\n",
		"f:4: error: intermediates: 'chain.pem' is no absolute path; it begins with /\n"},
	{"[certificate x]\nchain =\nkey = /k.pem\n",
		"f:2: error: chain: '' is no absolute path; it begins with /\n"},
	{"[certificate x]\nchain = /c.pem\n",
		"f:2: error: [certificate x] has no 'key'; it needs one\n"},
	{CERT "[certificate y]\nchain = /c.pem\nkey = /k.pem\n",
		"f:5: error: [certificate x] and [certificate y] both have no 'domains'; one "
		"certificate may be for all domains that have none of their own\n"},
	{"[certificate x]\nchain = /c.pem\nkey = /k.pem\ndomains = a.example\n"
	 "[certificate y]\nchain = /c.pem\nkey = /k.pem\ndomains = A.example\n",
		"f:6: error: domains: a.example is in [certificate x] already\n"},
	{"[certificate x]\nchain = /c.pem\nkey = /k.pem\ndomains = a.example, b..c\n",
		"f:4: error: domains: 'b..c' is no domain name (a part of the domain name is "
		"empty); write it like example.com\n"},
	{CERT "[certificate 0123456789012345678901234567890123456789]\nkey = /k\nchain = /c\ndomains = a.lab\n",
		"f:4: error: the name of a section or a setting has at most 49 characters\n"},
	/* two problems, both told */
	{CERT "[daemon]\nnod = a\nlog-level = x\n",
		"f:5: error: there is no setting 'nod' in [daemon]; did you mean 'node' in [daemon]?\n"
		"f:6: error: log-level: 'x' is not one of: error warn info debug\n"},
};
/* clang-format on */

static void bad_files_say_what_is_wrong(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct conf_notes notes = {0};
		char *says;

		assert_null(read_text(bad[i].text, &notes));
		says = written(&notes);
		assert_string_equal(says, bad[i].says);
		free(says);
		conf_notes_done(&notes);
	}
}

static void a_long_line_is_refused_and_the_rest_is_read(void **state)
{
	struct conf_notes notes = {0};
	struct buf text = {0};
	char *s;

	buf_str(&text, CERT "[resolver]\ninsecure-zones = ");
	for (int i = 0; i < 1000; i++)
		buf_str(&text, "a.lab ");
	buf_str(&text, "\ndnssec = x\n");
	s = buf_dup(&text);
	assert_null(read_text(s, &notes));
	assert_int_equal(notes.errors, 2);
	assert_int_equal(notes.v[0].line, 5);
	assert_non_null(strstr(notes.v[0].text, "longer than 4092 bytes"));
	free(s);
	buf_done(&text);
	conf_notes_done(&notes);
}

static void a_missing_file_is_said(void **state)
{
	struct conf_notes notes = {0};

	assert_null(conf_read("/nonexistent/entente.conf", &notes));
	assert_int_equal(notes.errors, 1);
	assert_string_equal(notes.v[0].text, "cannot be read: No such file or directory");
	conf_notes_done(&notes);
}

static void values_are_typed(void **state)
{
	struct conf_notes notes = {0};
	struct conf *c =
		read_text("# comment\n; comment\n"
			  "[daemon]\nroles = edge,gateway\nnode = 7\nlog-level = DEBUG\n"
			  "[xmpp]\nlisten = [::1]:1, 127.0.0.1:2\n   10.0.0.1:3\ntrust = /ca.pem\n"
			  "crl = /a.crl,\n /b.crl /c.crl\ncrl-check = require\n"
			  "[certificate a]\nchain = /a.pem\nkey = /a.key\n"
			  "domains = X.example y.example,\n B\u00fccher.example\n"
			  "[certificate b]\nkey = /b.key\nchain = /b.pem\n"
			  "intermediates = /above.pem\nocsp = /b.der\n"
			  "[resolver]\ndnssec = require\nforward = 127.0.0.1:5399\n"
			  "[metrics]\nlisten = 10.0.0.1:1\nallow-remote = yes\n",
			&notes);

	assert_non_null(c);
	assert_int_equal(notes.n, 0);
	assert_int_equal(c->roles, 1 << ROLE_EDGE | 1 << ROLE_GATEWAY);
	assert_string_equal(c->node, "7");
	assert_int_equal(c->log_level, 3);
	assert_int_equal(c->xmpp_listen.n, 3);
	for (size_t i = 0; i < 3; i++) {
		static const char *const expected[] = {"[::1]:1", "127.0.0.1:2", "10.0.0.1:3"};
		char text[NETADDR_TEXT];

		assert_string_equal(netaddr_print(&c->xmpp_listen.v[i], text), expected[i]);
	}
	assert_string_equal(c->trust, "/ca.pem");
	assert_int_equal(c->n_cert, 2);
	assert_int_equal(c->cert[0].domains.n, 3);
	assert_string_equal(c->cert[0].domains.v[0], "x.example");
	assert_string_equal(c->cert[0].domains.v[2], "xn--bcher-kva.example");
	assert_string_equal(c->cert[1].chain, "/b.pem");
	assert_string_equal(c->cert[0].intermediates, "");
	assert_string_equal(c->cert[0].ocsp, "");
	assert_string_equal(c->cert[1].intermediates, "/above.pem");
	assert_string_equal(c->cert[1].ocsp, "/b.der");
	assert_int_equal(c->crls.n, 3);
	assert_string_equal(c->crls.v[0], "/a.crl");
	assert_string_equal(c->crls.v[2], "/c.crl");
	assert_int_equal(c->crl_check, CRL_REQUIRE);
	assert_int_equal(c->dnssec, DNSSEC_REQUIRE);
	assert_int_equal(netaddr_port(&c->forward.v[0]), 5399);
	assert_true(c->metrics_remote);
	conf_free(c);
	conf_notes_done(&notes);
}

static void an_empty_file_has_the_defaults(void **state)
{
	struct conf_notes notes = {0};
	struct conf *c = read_text("", &notes);
	char *says = written(&notes);

	assert_non_null(c);
	assert_string_equal(says,
		"f: warning: there is no [certificate NAME] section: no stream can "
		"be encrypted or authenticated by TLS\n");
	assert_int_equal(c->roles, (1 << ROLE__N) - 1);
	assert_int_equal(c->xmpp_listen.n, 2);
	assert_string_equal(c->admin_socket, "/run/entente/admin.sock");
	assert_int_equal(c->insecure_zones.n, 0);
	free(says);
	conf_free(c);
	conf_notes_done(&notes);
}

/* Design section 9: UDP and TCP are for loopback and trusted networks. */
static void sip_without_tls_beyond_loopback_is_warned_about(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text;
		const char *warning; /* NULL: none */
	} cases[] = {
		{"[sip]\nlisten-udp = 10.1.2.3:5060\n", "the sender's address can be forged"},
		{"[sip]\nlisten-tcp = 10.1.2.3:5060\n", "whoever is on the way can read and change"},
		{"[sip]\nlisten-tcp = [2001:db8::1]:5060\n", "whoever is on the way can read and change"},
		{"[sip]\nlisten-tcp = 127.0.0.1:5060 [::1]:5060\n", NULL},
		{"[sip]\nlisten-tls = 10.1.2.3:5061 [2001:db8::1]:5061\n", NULL},
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct conf_notes notes = {0};
		char *text = xasprintf(CERT "%s", cases[i].text);
		struct conf *c = read_text(text, &notes);

		assert_non_null(c);
		assert_int_equal(notes.n, cases[i].warning ? 1 : 0);
		if (cases[i].warning) {
			assert_int_equal(notes.v[0].severity, CONF_WARNING);
			assert_int_equal(notes.v[0].line, 5);
			assert_non_null(strstr(notes.v[0].text, cases[i].warning));
		}
		conf_free(c);
		conf_notes_done(&notes);
		free(text);
	}
}

static void sip_has_authorities_of_its_own(void **state)
{
	struct conf_notes notes = {0};
	struct conf *c = read_text(CERT "[sip]\ntrust = /ca.pem\n", &notes);

	assert_non_null(c);
	assert_string_equal(c->sip_trust, "/ca.pem");
	assert_string_equal(c->trust, "system");
	conf_free(c);
	assert_null(read_text(CERT "[sip]\ntrust = ours\n", &notes));
	assert_int_equal(notes.errors, 1);
	assert_non_null(strstr(notes.v[0].text, "neither 'system' nor an absolute path"));
	conf_notes_done(&notes);
}

static void the_contact_is_a_host(void **state)
{
	static const struct {
		const char *host;
		bool good;
	} cases[] = {
		{"sip.example.com", true},
		{"192.0.2.1", true},
		{"[2001:db8::1]", true},
		{"2001:db8::1", false},
		{"sip.example.com:5061", false},
		{"sip:gw.example", false},
		{"a b", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct conf_notes notes = {0};
		char *text = xasprintf(CERT "[sip]\ncontact-host = %s\n", cases[i].host);
		struct conf *c = read_text(text, &notes);

		if (!c == cases[i].good || notes.errors != !cases[i].good)
			fail_msg("%s", cases[i].host);
		if (c)
			assert_string_equal(c->sip_contact_host, cases[i].host);
		else
			assert_non_null(strstr(notes.v[0].text, "is no host name and no address"));
		conf_free(c);
		conf_notes_done(&notes);
		free(text);
	}
}

static void sip_over_tls_needs_a_certificate(void **state)
{
	struct conf_notes notes = {0};

	assert_null(read_text("[sip]\nlisten-tls = 127.0.0.1:5061\n", &notes));
	assert_int_equal(notes.errors, 1);
	assert_int_equal(notes.n, 2); /* and the one about streams */
	assert_int_equal(notes.v[1].severity, CONF_ERROR);
	assert_non_null(strstr(notes.v[1].text, "listen-tls: there is no [certificate NAME]"));
	conf_notes_done(&notes);
}

/* url, or what is made of listen; and where the panel may be. */
static void the_panel_has_one_origin(void **state)
{
	/* clang-format off */
	static const char *const cases[][2] = {
		{"", "https://127.0.0.1:8443"},
		{"[admin]\nlisten = 127.0.0.9:443 [::1]:8443\n", "https://127.0.0.9"},
		{"[admin]\nlisten = [::1]:8443\n", "https://[::1]:8443"},
		{"[admin]\nlisten =\n", "https://localhost"},
		{"[admin]\nurl = https://Panel.Example:443/\n", "https://panel.example"},
		{"[admin]\nlisten = 0.0.0.0:1\nurl = https://panel.example\nallow-beside-xmpp = yes\n", "https://panel.example"},
		{"[xmpp]\nlisten = 192.0.2.2:5269\n[admin]\nlisten = 192.0.2.1:8443\n", "https://192.0.2.1:8443"},
		{"[xmpp]\nlisten = [::]:5269\n[admin]\nlisten = 192.0.2.1:8443\n", "https://192.0.2.1:8443"},
		{"[daemon]\nroles = admin\n[admin]\nlisten = 192.0.2.1:8443\n", "https://192.0.2.1:8443"},
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct conf_notes notes = {0};
		char *text = xasprintf("%s%s", CERT, cases[i][0]), *says;
		struct conf *c = read_text(text, &notes);
		struct origin_url url;

		says = written(&notes);
		if (!c)
			fail_msg("%s", says);
		assert_int_equal(conf_admin_url(c, &url, NULL), 0);
		assert_string_equal(url.text, cases[i][1]);
		conf_free(c);
		conf_notes_done(&notes);
		free(text);
		free(says);
	}
}

static void a_changed_address_needs_a_restart_a_certificate_does_not(void **state)
{
	struct conf_notes notes = {0};
	struct conf *a = read_text(CERT, &notes);
	struct conf *b = read_text(CERT "[daemon]\nlog-level = debug\n", &notes);
	struct conf *c = read_text("[certificate y]\nchain = /d.pem\nkey = /e.pem\n"
				   "[xmpp]\nlisten = 127.0.0.1:5269\n",
		&notes);
	char *says;

	assert_false(conf_needs_restart(a, b, &notes));
	assert_int_equal(notes.n, 0);
	assert_true(conf_needs_restart(a, c, &notes));
	says = written(&notes);
	assert_string_equal(says,
		"f:5: warning: listen in [xmpp] has changed; it takes effect at the next "
		"restart\n");
	free(says);
	conf_free(a);
	conf_free(b);
	conf_free(c);
	conf_notes_done(&notes);
}

/* Whoever removes every # of the packaged file gets the defaults and no complaint. */
static void the_example_is_the_table(void **state)
{
	struct conf_notes notes = {0};
	struct buf out = {0}, text = {0};
	struct slice rest, line;
	struct conf *c;
	char *s;

	conf_doc_example(&out);
	rest = buf_slice(&out);
	while (slice_split(&rest, '\n', &line))
		if (line.n > 1 && line.p[0] == '#' && line.p[1] != ' ')
			buf_printf(&text, "%.*s\n", SLARG(slice_from(line, 1)));
		else if (slice_starts(line, SL("[")))
			buf_printf(&text, "%.*s\n", SLARG(line));
	s = buf_dup(&text);
	c = read_text(s, &notes);
	assert_non_null(c);
	assert_int_equal(notes.n, 0);
	for (size_t i = 0; i < conf_keys_n; i++)
		if (strcmp(conf_keys[i].section, CONF_CERT_SECTION) != 0)
			assert_string_equal(c->text[i].s, conf_keys[i].def);
	assert_string_equal(c->cert[0].chain, "/etc/entente/FILE.pem");
	free(s);
	buf_done(&out);
	buf_done(&text);
	conf_free(c);
	conf_notes_done(&notes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_files_say_what_is_wrong),
		cmocka_unit_test(a_long_line_is_refused_and_the_rest_is_read),
		cmocka_unit_test(a_missing_file_is_said),
		cmocka_unit_test(values_are_typed),
		cmocka_unit_test(an_empty_file_has_the_defaults),
		cmocka_unit_test(sip_without_tls_beyond_loopback_is_warned_about),
		cmocka_unit_test(sip_has_authorities_of_its_own),
		cmocka_unit_test(the_contact_is_a_host),
		cmocka_unit_test(sip_over_tls_needs_a_certificate),
		cmocka_unit_test(the_panel_has_one_origin),
		cmocka_unit_test(a_changed_address_needs_a_restart_a_certificate_does_not),
		cmocka_unit_test(the_example_is_the_table),
	};
	int failed;

	close(mkstemp(path));
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
