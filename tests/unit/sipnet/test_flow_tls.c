#include "stream_rig.h"

/*
 * SIP over TLS (RFC 5922): who a peer is, is said by its certificate. The route "main" is pbx.lab,
 * "second" is edge.lab; sip.lab uses the one, second.lab the other.
 */
#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct rig rig;
static struct door door;
static struct tls_set *pbx, *edge, *other, *nobody, *person;

static int make(void **state)
{
	rig_setup(state);
	pbx = line_set("pbx", &(struct pki_spec){.dns = NAMES("pbx.lab")});
	edge = line_set("edge", &(struct pki_spec){.dns = NAMES("edge.lab", "edge2.lab")});
	other = line_set("other", &(struct pki_spec){.dns = NAMES("*.lab", "other.lab")});
	person = line_set("person", &(struct pki_spec){.cn = "pbx.lab", .dns = NAMES("x.lab")});
	nobody = line_set(NULL, NULL);
	return 0;
}

static int unmake(void **state)
{
	tls_set_unref(pbx);
	tls_set_unref(edge);
	tls_set_unref(other);
	tls_set_unref(person);
	tls_set_unref(nobody);
	return rig_teardown(state);
}

static void use_routes(const char *names, const char *certificate, const char *sources)
{
	char *hop = xasprintf("sip:127.0.0.1:%u", door.port);

	rig_routes(&rig,
		(const struct rig_route[]){
			{.name = "main",
				.next_hop = hop,
				.transport = "tls",
				.tls_names = names,
				.certificate = certificate,
				.sources = sources,
				.domain = "sip.lab"},
			{.name = "second",
				.next_hop = hop,
				.transport = "tls",
				.tls_names = "edge.lab",
				.domain = "second.lab"},
		},
		2);
	xfree(hop);
}

static int setup(void **state)
{
	rig_open(&rig);
	door_open(&door, &rig, 0);
	use_routes("pbx.lab", NULL, NULL);
	return 0;
}

static int teardown(void **state)
{
	door_close(&door);
	rig_close(&rig);
	return 0;
}

static const struct sipnet_connection_view *connection(size_t i)
{
	const struct sipnet_connection_view *v;
	size_t n;

	sipnet_connections(rig.net, &v, &n);
	assert_true(i < n);
	return &v[i];
}

static size_t connections(void)
{
	const struct sipnet_connection_view *v;
	size_t n;

	return sipnet_connections(rig.net, &v, &n);
}

/* ---- in ---- */

static void open_line(struct line *l, struct tls_set *set, const char *sni)
{
	line_open(l, &rig, "127.0.0.7", "127.0.0.1", rig.tls_port);
	line_tls(l, set, sni);
	until(&rig, l->secure);
	rig_settle(&rig);
}

/* From domain d over a connection whose peer has this certificate. */
static void who_may_say_what(void **state)
{
	const struct {
		struct tls_set *set;
		const char *domain;
		const char *answer;
		const char *route;
	} cases[] = {
		{pbx, "sip.lab", "200 OK", "main"},
		{pbx, "second.lab", "403 From is not of a domain of this route", NULL},
		{edge, "second.lab", "200 OK", "second"},
		{edge, "sip.lab", "403 From is not of a domain of this route", NULL},
		{other, "sip.lab", "403 The certificate is of no known peer", NULL},
		{person, "sip.lab", "403 The certificate is of no known peer", NULL},
		{nobody, "sip.lab", "403 no certificate was presented", NULL},
	};

	rig.answer = 200;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct line l;
		const char *heard;

		rig.route[0] = 0;
		open_line(&l, cases[i].set, "ours.lab");
		line_request(&l, "TLS", (unsigned)i, "MESSAGE", cases[i].domain, "", "");
		heard = line_hear(&l);
		assert_int_equal(strncmp(heard, "SIP/2.0 ", 8), 0);
		assert_int_equal(strncmp(heard + 8, cases[i].answer, strlen(cases[i].answer)), 0);
		assert_string_equal(rig.route, cases[i].route ? cases[i].route : "");
		line_close(&l);
		rig_settle(&rig);
	}
}

/* Where sources are named the address has to be one of them, too. */
static void sources_count_beside_names(void **state)
{
	struct line l;

	use_routes("pbx.lab", NULL, "127.0.0.8");
	open_line(&l, pbx, "ours.lab");
	line_request(&l, "TLS", 1, "MESSAGE", "sip.lab", "", "");
	assert_int_equal(line_status(&l), 403);
	line_close(&l);
	use_routes("pbx.lab", NULL, "127.0.0.0/29");
	open_line(&l, pbx, "ours.lab");
	line_request(&l, "TLS", 1, "OPTIONS", "sip.lab", "", "");
	assert_int_equal(line_status(&l), 200);
	line_close(&l);
}

/* A route over TLS is never spoken for by an address, whatever it is. */
static void an_address_proves_nothing(void **state)
{
	struct line l;

	line_open(&l, &rig, "127.0.0.1", "127.0.0.3", rig.tcp);
	line_request(&l, "TCP", 1, "MESSAGE", "sip.lab", "", "");
	assert_non_null(strstr(line_hear(&l), "403 Not a known peer"));
	line_close(&l);
}

static void what_we_show_is_what_is_asked_for(void **state)
{
	static const char *const cases[][2] = {
		{"ours.lab", "ours"}, {"second.lab", "second"}, {"unknown.lab", "ours"}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct line l;

		open_line(&l, pbx, cases[i][0]);
		assert_string_equal(connection(0)->own, cases[i][1]);
		assert_string_equal(connection(0)->route, "main");
		assert_string_equal(connection(0)->names, "pbx.lab");
		assert_string_equal(connection(0)->certificate, "good");
		assert_string_equal(connection(0)->tls, "TLSv1.3");
		line_close(&l);
		rig_settle(&rig);
		assert_int_equal(connections(), 0);
	}
}

static void a_handshake_has_ten_seconds(void **state)
{
	struct line l;

	line_open(&l, &rig, "127.0.0.7", "127.0.0.1", rig.tls_port);
	line_say(&l, "\x16\x03\x01");
	rig_settle(&rig);
	assert_int_equal(connections(), 1);
	loop_fake_advance(rig.loop, FLOW_SECURE_MS + 1);
	until(&rig, l.eof || l.closed);
	assert_int_equal(connections(), 0);
	line_close(&l);
}

static void clear_text_is_no_handshake(void **state)
{
	struct line l;

	line_open(&l, &rig, "127.0.0.7", "127.0.0.1", rig.tls_port);
	line_request(&l, "TLS", 1, "MESSAGE", "sip.lab", "", "");
	until(&rig, l.eof || l.closed);
	assert_int_equal(rig.requests, 0);
	line_close(&l);
}

/* ---- out ---- */

static void take(struct line *l, struct tls_set *set)
{
	until(&rig, door_take(&door, l));
	line_tls(l, set, NULL);
}

static void we_connect_and_look_who_it_is(void **state)
{
	const struct {
		struct tls_set *set;
		const char *names;
		bool good;
	} cases[] = {
		{pbx, "pbx.lab", true}, {edge, "pbx.lab edge2.lab", true}, {edge, "pbx.lab", false},
		{other, "pbx.lab", false},  /* no wildcards (RFC 5922 7.2) */
		{person, "pbx.lab", false}, /* no common name beside alternative names (7.1) */
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct line l;

		use_routes(cases[i].names, NULL, NULL);
		rig.dones = 0;
		rig_call(&rig, "main", 2000);
		take(&l, cases[i].set);
		if (cases[i].good) {
			until(&rig, l.secure && l.got.n > 2000);
			assert_non_null(strstr(line_hear(&l), "Via: SIP/2.0/TLS 127.0.0.1:"));
			assert_string_equal(connection(0)->own, "ours");
			line_close(&l);
			until(&rig, rig.dones == 1);
			assert_true(rig.result.may_have_arrived);
		} else {
			until(&rig, rig.dones == 1);
			assert_int_equal(rig.result.end, SIP_UNREACHABLE);
			assert_false(rig.result.may_have_arrived);
			assert_int_equal(l.got.n, 0); /* it has seen nothing */
			line_close(&l);
		}
		rig_settle(&rig);
		teardown(NULL);
		setup(NULL);
	}
}

/* Our certificate: the route's own, else its local domain's, else the default. */
static void each_route_shows_its_own(void **state)
{
	static const struct {
		const char *route, *certificate, *own;
	} cases[] = {
		{"main", NULL, "ours"},
		{"main", "third", "third"},
		{"main", "Second", "second"},
		{"main", "gone", "ours"},
		{"second", NULL, "second"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct line l;

		use_routes("pbx.lab", cases[i].certificate, NULL);
		rig_call(&rig, cases[i].route, 5);
		take(&l, strcmp(cases[i].route, "main") == 0 ? pbx : edge);
		until(&rig, l.secure && l.got.n > 0);
		assert_string_equal(connection(0)->own, cases[i].own);
		line_close(&l);
		teardown(NULL);
		setup(NULL);
	}
}

/* A connection of one route is not another's, also when both go to the same place. */
static void routes_do_not_share(void **state)
{
	struct line a, b;

	rig_call(&rig, "main", 5);
	take(&a, pbx);
	until(&rig, a.got.n > 0);
	rig_call(&rig, "second", 5);
	take(&b, edge);
	until(&rig, b.got.n > 0);
	assert_int_equal(connections(), 2);
	line_close(&a);
	line_close(&b);
}

/* ---- new certificates ---- */

static struct tls_set *anew(const char *crl)
{
	struct pki_files f =
		pki_issue(rig_pki(), "anew", &(struct pki_spec){.dns = NAMES("ours.lab")});
	struct tls_cert_files cert = {.name = "anew", .chain = f.chain, .key = f.key};
	struct tls_files files = {.certs = &cert,
		.n_certs = 1,
		.trust = pki_trust(rig_pki()),
		.crls = &crl,
		.n_crls = crl ? 1 : 0};
	struct tls_set *set;
	struct err e;

	if (tls_set_load_files(&set, &files, &e) < 0)
		fail_msg("%s", e.text);
	return set;
}

static void certificates_change_and_connections_stay(void **state)
{
	struct tls_set *set = anew(NULL);
	struct line before, after;

	rig.answer = 200;
	open_line(&before, pbx, "ours.lab");
	sipnet_set_tls(rig.net, set);
	rig_settle(&rig);
	open_line(&after, pbx, "ours.lab");
	assert_int_equal(connections(), 2);
	line_request(&before, "TLS", 1, "MESSAGE", "sip.lab", "", "");
	assert_int_equal(line_status(&before), 200);
	line_request(&after, "TLS", 2, "MESSAGE", "sip.lab", "", "");
	assert_int_equal(line_status(&after), 200);
	assert_true(!strcmp(connection(0)->own, "ours") != !strcmp(connection(1)->own, "ours"));
	line_close(&before);
	line_close(&after);
	tls_set_unref(set);
}

static void who_is_revoked_goes(void **state)
{
	struct tls_set *gone = line_set("gone", &(struct pki_spec){.dns = NAMES("pbx.lab")}), *set;
	struct line l, kept;
	char crl[128];

	pki_crl(rig_pki(), "crl", &(struct pki_crl){.revoked = pki_last(rig_pki())}, crl);
	open_line(&l, gone, "ours.lab");
	open_line(&kept, pbx, "ours.lab");
	set = anew(crl);
	sipnet_set_tls(rig.net, set);
	until(&rig, l.eof || l.closed);
	line_close(&l);
	rig_settle(&rig);
	assert_int_equal(connections(), 1);
	assert_false(kept.eof);
	line_close(&kept);
	tls_set_unref(set);
	tls_set_unref(gone);
}

/* The list of the revoked is new while a handshake goes on that began with the old one. */
static void who_is_revoked_meanwhile_goes(void **state)
{
	struct tls_set *gone = line_set("gone2", &(struct pki_spec){.dns = NAMES("pbx.lab")}), *set;
	struct line l;
	char crl[128];

	line_open(&l, &rig, "127.0.0.7", "127.0.0.1", rig.tls_port);
	rig_settle(&rig);
	assert_int_equal(connections(), 1);
	pki_crl(rig_pki(), "crl2", &(struct pki_crl){.revoked = pki_last(rig_pki())}, crl);
	set = anew(crl);
	sipnet_set_tls(rig.net, set);
	rig_settle(&rig);
	line_tls(&l, gone, "ours.lab");
	until(&rig, l.eof || l.closed);
	line_close(&l);
	rig_settle(&rig);
	assert_int_equal(connections(), 0);
	tls_set_unref(set);
	tls_set_unref(gone);
}

/* RFC 5280 4.1.2.5: the connection goes no further than the certificate. */
static void the_end_of_a_certificate(void **state)
{
	struct tls_set *soon =
		line_set("soon", &(struct pki_spec){.dns = NAMES("pbx.lab"), .seconds = 600});
	struct line l;

	open_line(&l, soon, "ours.lab");
	loop_fake_advance(rig.loop, 590 * 1000);
	rig_settle(&rig);
	assert_false(l.eof);
	loop_fake_advance(rig.loop, 10 * 1000);
	until(&rig, l.eof);
	line_close(&l);
	tls_set_unref(soon);
}

static void a_name_that_is_taken_away(void **state)
{
	struct line l;

	open_line(&l, pbx, "ours.lab");
	assert_int_equal(connections(), 1);
	use_routes("elsewhere.lab", NULL, NULL);
	until(&rig, l.eof);
	line_close(&l);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(who_may_say_what),
		T(sources_count_beside_names),
		T(an_address_proves_nothing),
		T(what_we_show_is_what_is_asked_for),
		T(a_handshake_has_ten_seconds),
		T(clear_text_is_no_handshake),
		T(we_connect_and_look_who_it_is),
		T(each_route_shows_its_own),
		T(routes_do_not_share),
		T(certificates_change_and_connections_stay),
		T(who_is_revoked_goes),
		T(who_is_revoked_meanwhile_goes),
		T(the_end_of_a_certificate),
		T(a_name_that_is_taken_away),
	};

	return cmocka_run_group_tests(tests, make, unmake);
}
