#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/conn.h"
#include "rig.h"

/* Peers that are no friends: what each of them reads, to the byte (stream ids are shown as *). */
static struct rig rig;
static struct side a;

static struct client {
	struct conn *conn;
	struct buf got;
	bool connected, secure, ended;
	const char *from; /* address; NULL: any of this host's */
} client;

static void on_connected(void *arg)
{
	client.connected = true;
}

static void on_secure(void *arg)
{
	client.secure = true;
}

static void on_data(void *arg, struct slice bytes)
{
	buf_slice_add(&client.got, bytes);
}

static void on_flushed(void *arg, uint64_t offset)
{
}

static void on_eof(void *arg, bool clean)
{
	client.ended = true;
}

static void on_closed(void *arg, enum conn_end end, const char *text)
{
	client.ended = true;
}

static const struct conn_ops ops = {
	on_connected, on_secure, on_data, on_flushed, on_eof, on_closed};

static void dial(void)
{
	struct conn_target t = {0};

	conn_free(client.conn);
	buf_reset(&client.got);
	client.connected = client.secure = client.ended = false;
	netaddr_parse_host(&t.addr, SL("127.0.0.1"), side_port(&a));
	if (client.from)
		netaddr_parse_host(&t.from, slice_of(client.from), 0);
	client.conn = conn_connect(rig.loop, &t, 1, &ops, NULL);
	rig_until(&rig, client.connected);
}

static void begin(struct edge_limits limits)
{
	side_init(&a, &rig, &(struct side_options){.domain = "sip.lab", .limits = limits});
	side_settings(&a, &(struct side_partner){.domain = "xmpp.lab"});
}

static int setup(void **state)
{
	rig_init(&rig);
	begin((struct edge_limits){.address_connections = 3});
	return 0;
}

static void begin_again(struct edge_limits limits)
{
	side_done(&a);
	begin(limits);
}

static int teardown(void **state)
{
	conn_free(client.conn);
	client.conn = NULL;
	client.from = NULL;
	buf_done(&client.got);
	side_done(&a);
	rig_done(&rig);
	return 0;
}

/* What was read, with id='...' of stream headers as id='*'; the caller frees it. */
static char *normalised(void)
{
	struct buf out = {0};
	struct slice rest = buf_slice(&client.got);
	char *text;

	while (rest.n) {
		if (slice_starts(rest, SL(" id='"))) {
			buf_str(&out, " id='*'");
			rest = slice_from(rest, 5);
			rest = slice_from(rest, slice_find(rest, '\'') + 1);
		} else {
			buf_chr(&out, rest.p[0]);
			rest = slice_from(rest, 1);
		}
	}
	text = buf_dup(&out);
	buf_done(&out);
	return text;
}

static void expect(const char *want)
{
	char *got = normalised();

	assert_string_equal(got, want);
	free(got);
	buf_reset(&client.got);
}

static void send_all(const char *text)
{
	conn_write(client.conn, slice_of(text));
}

#define XML "<?xml version='1.0'?>"
#define HEADER(from, to)                                                                           \
	"<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "    \
	"xmlns:db='jabber:server:dialback'" from to " version='1.0'>"
#define FROM(x) " from='" x "'"
#define TO(x)   " to='" x "'"
#define ANSWER(from, to)                                                                           \
	XML "<stream:stream xmlns='jabber:server' "                                                \
	    "xmlns:stream='http://etherx.jabber.org/streams' "                                     \
	    "xmlns:db='jabber:server:dialback'" from to " id='*' version='1.0' xml:lang='en'>"
#define FAULT(cond, text)                                                                          \
	"<stream:error><" cond " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"                    \
	"<text xmlns='urn:ietf:params:xml:ns:xmpp-streams' xml:lang='en'>" text                    \
	"</text></stream:error>"
#define END "</stream:stream>"
#define TLS_REQUIRED                                                                               \
	"<stream:features><starttls "                                                              \
	"xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"                           \
	"</stream:features>"
#define STARTTLS "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
#define PROCEED  "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
#define EXTERNAL                                                                                   \
	"<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"                   \
	"<mechanism>EXTERNAL</mechanism></mechanisms></stream:features>"

static void refused_by_their_header(void **state)
{
	static const struct {
		const char *says, *reads;
	} cases[] = {
		{HEADER(FROM("evil.lab"), TO("sip.lab")),
			ANSWER(FROM("sip.lab"), TO("evil.lab"))
				FAULT("policy-violation", "this domain is not a partner") END},
		{HEADER(FROM("sub.xmpp.lab"), TO("sip.lab")),
			ANSWER(FROM("sip.lab"), TO("sub.xmpp.lab"))
				FAULT("policy-violation", "this domain is not a partner") END},
		{HEADER(FROM("xmpp.lab"), TO("other.lab")),
			ANSWER(FROM(""), TO("xmpp.lab"))
				FAULT("host-unknown", "this domain is not served here") END},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		dial();
		send_all(cases[i].says);
		rig_until(&rig, client.ended);
		expect(cases[i].reads);
	}
	assert_int_equal(a.n_ups, 0);
}

/* A listed partner, in clear: TLS first, and nothing before it. */
static void nothing_before_tls(void **state)
{
	static const char message[] =
		"<message from='a@xmpp.lab' to='b@sip.lab'><body>x</body></message>";
	static const char result[] = "<db:result from='xmpp.lab' to='sip.lab'>key</db:result>";
	static const char verify[] =
		"<db:verify from='xmpp.lab' to='sip.lab' id='417GAF25'>key</db:verify>";

	dial();
	send_all(HEADER(FROM("xmpp.lab"), TO("sip.lab")));
	rig_until(&rig, client.got.n && strstr(buf_slice(&client.got).p, "features>"));
	expect(ANSWER(FROM("sip.lab"), TO("xmpp.lab")) TLS_REQUIRED);
	send_all(result);
	rig_until(&rig, client.got.n);
	expect("<db:result from='sip.lab' to='xmpp.lab' type='error'><error type='modify'>"
	       "<policy-violation "
	       "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:result>");
	send_all(verify);
	rig_until(&rig, client.got.n);
	expect("<db:verify from='sip.lab' to='xmpp.lab' id='*' type='error'>"
	       "<error type='modify'><policy-violation "
	       "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:verify>");
	send_all(message);
	rig_until(&rig, client.ended);
	expect("<stream:error><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
	       "</stream:error>" END);
	assert_int_equal(a.n_ups, 0);
}

static void no_header_in_time(void **state)
{
	dial();
	rig_pass(&rig, 9900);
	assert_int_equal(client.got.n, 0);
	rig_pass(&rig, 200);
	rig_until(&rig, client.ended);
	expect(ANSWER(FROM(""), "") FAULT("connection-timeout", "no stream header came in time")
			END);
}

static void never_authenticated(void **state)
{
	dial();
	send_all(HEADER(FROM("xmpp.lab"), TO("sip.lab")));
	rig_until(&rig, client.got.n);
	buf_reset(&client.got);
	rig_pass(&rig, 59000);
	assert_false(client.ended);
	rig_pass(&rig, 2000);
	rig_until(&rig, client.ended);
	expect(FAULT("connection-timeout", "not authenticated in time") END);
}

/* It is asked to begin TLS, and never does. */
static void a_handshake_has_its_time(void **state)
{
	dial();
	send_all(HEADER(FROM("xmpp.lab"), TO("sip.lab")));
	rig_until(&rig, client.got.n && strstr(buf_slice(&client.got).p, "features>"));
	buf_reset(&client.got);
	send_all(STARTTLS);
	rig_until(&rig, client.got.n);
	expect(PROCEED);
	rig_pass(&rig, 9000);
	assert_false(client.ended);
	rig_pass(&rig, 2000);
	rig_until(&rig, client.ended);
	assert_int_equal(client.got.n, 0); /* nothing can be said in the middle of it */
}

static void connections_of_one_address_are_bounded(void **state)
{
	struct conn *held[3];

	for (int i = 0; i < 3; i++) {
		dial();
		held[i] = client.conn;
		client.conn = NULL;
	}
	rig_turns(&rig, 10);
	dial();
	rig_until(&rig, client.ended);
	assert_int_equal(client.got.n, 0);
	for (int i = 0; i < 3; i++)
		conn_free(held[i]);
	rig_turns(&rig, 20);
	dial();
	send_all(HEADER(FROM("evil.lab"), TO("sip.lab")));
	rig_until(&rig, client.ended);
	assert_true(client.got.n > 0); /* there is room again */
}

/* A stranger that has said its header, and stays. */
static int stranger(const char *from)
{
	static const char header[] = HEADER(FROM("xmpp.lab"), TO("sip.lab"));
	static const int tiny = 1; /* the least that there is */
	struct sockaddr_in own = {.sin_family = AF_INET}, at = {.sin_family = AF_INET,
		.sin_port = htons(side_port(&a)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, from, &own.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &tiny, sizeof tiny);
	assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof own), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_true(send(fd, header, sizeof header - 1, MSG_NOSIGNAL) == sizeof header - 1);
	rig_turns(&rig, 20);
	return fd;
}

/* Has the other side ended it? What it said before is read. */
static bool is_over(int fd)
{
	char some[4096];
	ssize_t n;

	while ((n = recv(fd, some, sizeof some, MSG_DONTWAIT)) > 0)
		;
	return n == 0 || errno != EAGAIN;
}

/* All places are taken: the oldest of the address that holds most goes, for one that holds less. */
static void the_oldest_stranger_makes_room(void **state)
{
	int fd[6];

	begin_again((struct edge_limits){.address_connections = 3, .unauthenticated = 4});
	for (int i = 0; i < 3; i++)
		fd[i] = stranger("127.0.0.2");
	fd[3] = stranger("127.0.0.3");
	for (int i = 0; i < 4; i++)
		assert_false(is_over(fd[i]));
	fd[4] = stranger("127.0.0.4");
	assert_true(is_over(fd[0]));
	for (int i = 1; i < 5; i++)
		assert_false(is_over(fd[i]));
	fd[5] = stranger("127.0.0.2"); /* holds as many as anybody */
	assert_true(is_over(fd[5]));
	close(fd[5]);
	fd[5] = stranger("127.0.0.3");
	assert_true(is_over(fd[1]));
	for (int i = 2; i < 6; i++)
		assert_false(is_over(fd[i]));
	for (int i = 0; i < 6; i++)
		close(fd[i]);
}

/* Strangers that read nothing of what they are told hold no place beyond their time. */
static void a_stranger_that_reads_nothing_is_gone_in_time(void **state)
{
	int fd[3];

	begin_again((struct edge_limits){.address_connections = 3, .unauthenticated = 3});
	for (int i = 0; i < 3; i++)
		fd[i] = stranger("127.0.0.2");
	client.from = "127.0.0.2";
	dial();
	rig_until(&rig, client.ended);
	rig_pass(&rig, 60000 + 6000); /* StreamEstablishmentTimeout, and an end that is not answered */
	dial();
	send_all(HEADER(FROM("xmpp.lab"), TO("sip.lab")));
	rig_until(&rig, client.got.n && strstr(buf_slice(&client.got).p, "features>"));
	for (int i = 0; i < 3; i++)
		close(fd[i]);
}

/* ---- inside TLS ---- */

static void into_tls(SSL_CTX *ctx)
{
	dial();
	send_all(HEADER(FROM("xmpp.lab"), TO("sip.lab")));
	rig_until(&rig, client.got.n && strstr(buf_slice(&client.got).p, "features>"));
	buf_reset(&client.got);
	send_all(STARTTLS);
	rig_until(&rig, client.got.n);
	expect(PROCEED);
	conn_tls_start(client.conn, CONN_CLIENT, a.tls, ctx, SL("sip.lab"));
	rig_until(&rig, client.secure);
}

static struct tls_set *certificate(const char *name, const struct pki_spec *spec)
{
	struct pki_files f = pki_issue(rig.pki, name, spec);
	struct tls_cert_files files = {.name = name, .chain = f.chain, .key = f.key};
	struct tls_set *set;
	struct err e;

	if (tls_set_load(&set, &files, 1, pki_trust(rig.pki), &e) < 0)
		fail_msg("%s", e.text);
	return set;
}

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void no_certificate(void **state)
{
	SSL_CTX *bare = SSL_CTX_new(TLS_method());

	into_tls(bare);
	send_all(HEADER(FROM("xmpp.lab"), TO("sip.lab")));
	rig_until(&rig, client.ended);
	expect(ANSWER(FROM("sip.lab"), TO("xmpp.lab"))
			FAULT("policy-violation", "a certificate is required") END);
	SSL_CTX_free(bare);
}

static void certificates_that_are_not_good(void **state)
{
	const struct {
		const char *name;
		struct pki_spec spec;
	} cases[] = {
		{"wrong", {.dns = NAMES("other.lab")}},
		{"expired", {.dns = NAMES("xmpp.lab"), .from_days = -5, .to_days = -1}},
		{"self", {.dns = NAMES("xmpp.lab"), .self_signed = true}},
		{"cn", {.cn = "xmpp.lab"}},
		{"nul", {.nul_in_dns = true}},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct tls_set *set = certificate(cases[i].name, &cases[i].spec);

		into_tls(tls_set_for(set, SL("x")));
		send_all(HEADER(FROM("xmpp.lab"), TO("sip.lab")));
		rig_until(&rig, client.ended);
		expect(ANSWER(FROM("sip.lab"), TO("xmpp.lab"))
				FAULT("policy-violation", "the certificate is not accepted") END);
		tls_set_unref(set);
	}
}

/* In clear it was a partner; inside TLS it is somebody else, or nobody (13.7.2.1, 4.3.6). */
static void another_name_inside_tls(void **state)
{
	struct tls_set *set = certificate("good", &(struct pki_spec){.dns = NAMES("xmpp.lab")});

	into_tls(tls_set_for(set, SL("x")));
	send_all(HEADER(FROM("evil.lab"), TO("sip.lab")));
	rig_until(&rig, client.ended);
	expect(ANSWER(FROM("sip.lab"), TO("evil.lab"))
			FAULT("policy-violation", "this domain is not a partner") END);
	into_tls(tls_set_for(set, SL("x")));
	send_all(HEADER("", TO("sip.lab")));
	rig_until(&rig, client.ended);
	expect(ANSWER(FROM("sip.lab"), "") FAULT(
		"improper-addressing", "the stream header does not say who you are") END);
	tls_set_unref(set);
}

static void succeed(struct tls_set *set)
{
	into_tls(tls_set_for(set, SL("x")));
	send_all(HEADER(FROM("xmpp.lab"), TO("sip.lab")));
	rig_until(&rig, client.got.n && strstr(buf_slice(&client.got).p, "features>"));
	expect(ANSWER(FROM("sip.lab"), TO("xmpp.lab")) EXTERNAL);
	send_all("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' "
		 "mechanism='EXTERNAL'>eG1wcC5sYWI=</auth>");
	rig_until(&rig, client.got.n);
	expect("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
}

static void authenticate(struct tls_set *set)
{
	succeed(set);
	send_all(HEADER(FROM("xmpp.lab"), TO("sip.lab")));
	rig_until(&rig, client.got.n && strstr(buf_slice(&client.got).p, "features/>"));
	expect(ANSWER(FROM("sip.lab"), TO("xmpp.lab")) "<stream:features/>");
}

/* From many addresses, so that it is not theirs that counts. */
static void connections_of_one_partner_have_a_rate(void **state)
{
	struct tls_set *set = certificate("good", &(struct pki_spec){.dns = NAMES("xmpp.lab")});
	static const char *const from[] = {"127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"};

	begin_again((struct edge_limits){.address_connections = 3, .connection_rate = 1});
	for (int i = 0; i < 2; i++) { /* twice as many at once */
		client.from = from[i];
		authenticate(set);
	}
	client.from = from[2];
	succeed(set);
	send_all(HEADER(FROM("xmpp.lab"), TO("sip.lab")));
	rig_until(&rig, client.ended);
	expect(ANSWER(FROM("sip.lab"), TO("xmpp.lab")) "<stream:features/>" FAULT(
		"resource-constraint", "too many new connections of this partner") END);
	rig_pass(&rig, 1000);
	client.from = from[3];
	authenticate(set);
	tls_set_unref(set);
}

#define BARE(cond)                                                                                 \
	"<stream:error><" cond " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>" END

/* Authenticated as xmpp.lab: still only for itself, and only to us (94 to 97). */
static void forged_and_misdirected_stanzas(void **state)
{
	static const struct {
		const char *says, *reads;
	} cases[] = {
		{"<message from='a@other.lab' to='b@sip.lab'/>", BARE("invalid-from")},
		{"<message from='a@xmpp.lab' to='b@other.lab'/>", BARE("host-unknown")},
		{"<message from='a@xmpp.lab'/>", BARE("improper-addressing")},
		{"<message to='b@sip.lab'/>", BARE("improper-addressing")},
		{"<nonsense xmlns='urn:x'/>", BARE("unsupported-stanza-type")},
	};
	struct tls_set *set = certificate("good2", &(struct pki_spec){.dns = NAMES("xmpp.lab")});

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		authenticate(set);
		send_all(cases[i].says);
		rig_until(&rig, client.ended);
		expect(cases[i].reads);
	}
	assert_int_equal(a.n_ups, 0);
	/* And one that is right, then an orderly end. */
	authenticate(set);
	send_all("<message from='a@xmpp.lab' to='b@sip.lab' id='m7'><body>x</body></message>" END);
	rig_until(&rig, a.n_ups == 1 && client.ended);
	expect(END);
	assert_int_equal(side_received(&a, 7), 1);
	tls_set_unref(set);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(refused_by_their_header),
		T(nothing_before_tls),
		T(no_header_in_time),
		T(never_authenticated),
		T(a_handshake_has_its_time),
		T(connections_of_one_address_are_bounded),
		T(the_oldest_stranger_makes_room),
		T(a_stranger_that_reads_nothing_is_gone_in_time),
		T(no_certificate),
		T(certificates_that_are_not_good),
		T(another_name_inside_tls),
		T(connections_of_one_partner_have_a_rate),
		T(forged_and_misdirected_stanzas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
