#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <assert.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "admin/admin_priv.h"
#include "base/log.h"
#include "base/mem.h"
#include "fake_edge.h"
#include "store/store.h"
#include "view/certificates.h"
#include "view/routes.h"

/* The API over its real socket, with a store in memory and neighbours that answer by themselves. */

static struct loop *loop;
static struct store *store;
static struct admin *admin;
static struct sockaddr_un at = {.sun_family = AF_UNIX};
static unsigned published;
static uint64_t published_generation;

/* ---- the neighbours ---- */

static void publish(void *arg, struct snapshot *s, void (*done)(void *done_arg), void *done_arg)
{
	published++;
	published_generation = snapshot_generation(s);
	done(done_arg);
}

static struct admin_allow_entry kept;
static char kept_user[256], kept_contact[256];

static void allow(void *arg, struct admin_allow *a)
{
	if (a->verb == ADMIN_ALLOW_PUT) {
		snprintf(kept_user, sizeof kept_user, "%.*s", SLARG(a->entry.user));
		snprintf(kept_contact, sizeof kept_contact, "%.*s", SLARG(a->entry.contact));
		kept = (struct admin_allow_entry){
			slice_of(kept_user), slice_of(kept_contact), a->entry.expires_ms};
	} else if (a->verb == ADMIN_ALLOW_REMOVE && kept.user.p &&
		   slice_eq(kept.user, a->entry.user)) {
		kept = (struct admin_allow_entry){0};
	} else if (a->verb == ADMIN_ALLOW_REMOVE) {
		a->result = err_code(&a->err, ERR_NOT_FOUND, "not_found", NULL, "there is none");
	} else if (kept.user.p) {
		a->list = &kept;
		a->n = 1;
	}
	a->done(a);
}

static struct view_certificates *certificates(void *arg)
{
	static const struct slice domain = {"sip.lab", 7};
	struct view_certificates *l = xzalloc(sizeof *l);

	if (fake_well)
		return l;
	l->v = arena_zalloc(&l->arena, sizeof *l->v);
	l->n = 1;
	*l->v = (struct view_certificate){.name = SL("main"),
		.domains = &domain,
		.n_domains = 1,
		.lacks = SL("other.lab"),
		.not_after = 86400,
		.days_left = 7,
		.warning = "expires-soon"};
	return l;
}

static bool fake_broken_file;

static int reload(void *arg, struct err *e)
{
	return fake_broken_file ? err_code(e, ERR_INVALID, "bad_certificate", NULL, "no key") : 0;
}

/* One route: a target that is dead, a connection, an error whose text is hostile. */
static void fake_routes(void *arg, struct loop *asker, struct view_routes_ask *a)
{
	static struct view_route_target dead = {.address = SL("192.0.2.7:5061"),
		.host = SL("a.sip.lab"),
		.transport = "tls",
		.state = "dead",
		.priority = 10,
		.since_ms = 1000,
		.timeouts = 3};
	static struct view_route_error error = {.code = "certificate",
		.target = SL("192.0.2.7:5061"),
		.text = SL("bad\x1b[2J"),
		.at_ms = 2000,
		.times = 4};
	static struct view_route_connection connection = {.peer = SL("192.0.2.8:40000"),
		.direction = "in",
		.state = "open",
		.transport = "tls",
		.tls = SL("TLSv1.3"),
		.messages_in = 5};

	a->routes = view_routes_new(1);
	a->routes->v[0] = (struct view_route){.name = SL("main"),
		.next_hop = SL("sip.lab"),
		.transport = "tls",
		.state = "down",
		.send_rate = 20,
		.failovers = 2,
		.targets = &dead,
		.errors = &error,
		.connections = &connection,
		.n_targets = 1,
		.n_errors = 1,
		.n_connections = 1};
	a->done(a);
}

static const struct admin_hooks hooks = {.publish = publish, .routes = fake_routes,
	.ask = fake_ask,
	.allow = allow,
	.certificates = certificates,
	.reload = reload};
static const struct admin_hooks hooks_alone = {.publish = publish};

/* ---- a client ---- */

struct client {
	const char *send;
	struct buf got;
};

static int dial(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert(fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0);
	return fd;
}

static void *client_main(void *arg)
{
	struct client *c = arg;
	int fd = dial();
	size_t n = strlen(c->send);
	char tmp[4096];
	ssize_t k;

	assert(send(fd, c->send, n, MSG_NOSIGNAL) == (ssize_t)n);
	while ((k = read(fd, tmp, sizeof tmp)) > 0)
		buf_add(&c->got, tmp, (size_t)k);
	close(fd);
	loop_stop(loop);
	return NULL;
}

static char *exchange(const char *request)
{
	struct client c = {.send = request};
	pthread_t t;
	char *got;

	assert_int_equal(pthread_create(&t, NULL, client_main, &c), 0);
	loop_run(loop);
	pthread_join(t, NULL);
	got = buf_dup(&c.got);
	buf_done(&c.got);
	return got;
}

/* fields: further header lines, each with its CRLF. */
static char *ask(const char *method, const char *path, const char *fields, const char *body)
{
	bool changes = strcmp(method, "GET") != 0 && !strstr(fields, "If-Match");
	char *request = xasprintf("%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s%s"
				  "Content-Length: %zu\r\n\r\n%s",
		method, path, fields, changes ? "If-Match: *\r\n" : "", strlen(body), body);
	char *got = exchange(request);

	free(request);
	return got;
}

#define JSON "Content-Type: application/json\r\n"

static void expect(const char *method, const char *path, const char *fields, const char *body,
	unsigned status, const char *part)
{
	char *got = ask(method, path, fields, body), *line = xasprintf("HTTP/1.1 %u ", status);

	if (!slice_starts(slice_of(got), slice_of(line)) || !strstr(got, part))
		fail_msg("%s %s: expected %u with '%s', got:\n%s", method, path, status, part, got);
	free(got);
	free(line);
}

static char *dump(void)
{
	struct buf out = {0};
	struct err e;
	char *s;

	assert_int_equal(store_dump(store, &out, &e), 0);
	s = buf_dup(&out);
	buf_done(&out);
	return s;
}

/* ---- set-up ---- */

static void start_with(const struct admin_hooks *h)
{
	struct admin_options o = {
		.group = "", .node = "a", .roles = "edge gateway admin", .hooks = h};
	struct err e;
	int fd;

	loop = loop_new("admin");
	if (store_open(&store, &(struct store_options){.backend = "ram"}, &e) < 0)
		fail_msg("%s", e.text);
	o.store = store;
	assert_int_equal(admin_new(&admin, loop, &o, &e), 0);
	assert_int_equal(admin_listen_unix(at.sun_path, "", &fd, &e), 0);
	admin_serve_api(admin, fd);
	published = 0;
	kept = (struct admin_allow_entry){0};
}

static int start(void **state)
{
	start_with(&hooks);
	return 0;
}

static int start_alone(void **state)
{
	start_with(&hooks_alone);
	return 0;
}

static int stop(void **state)
{
	admin_free(admin);
	store_close(store);
	loop_free(loop);
	unlink(at.sun_path);
	return 0;
}

static void add_route_and_domain(void)
{
	expect("POST", "/api/v1/routes", JSON,
		"{\"name\": \"main\", \"next_hop\": \"sip:127.0.0.1:5070\"}", 201,
		"\"verb\": \"add\"");
	expect("POST", "/api/v1/domains", JSON, "{\"domain\": \"sip.lab\", \"route\": \"main\"}",
		201, "\"sip.lab\"");
}

/* ---- tests ---- */

static void the_socket_is_for_owner_and_group(void **state)
{
	struct stat st;

	assert_int_equal(stat(at.sun_path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
}

static void objects_are_added_shown_changed_and_removed(void **state)
{
	add_route_and_domain();
	expect("POST", "/api/v1/partners", JSON,
		"{\"domain\": \"XMPP.Lab\", \"partner_type\": \"federated\", "
		"\"support_dialback_negotiation\": false, \"connection_limit\": 5, "
		"\"additional_domains\": [\"b.xmpp.lab\"]}",
		201, "\"key\": \"xmpp.lab\"");
	expect("GET", "/api/v1/partners/xmpp.lab", "", "", 200, "\"connection_limit\": 5");
	expect("GET", "/api/v1/partners/xmpp.lab", "", "", 200, "\"methods\": [\"sasl-over-tls\"]");
	expect("PATCH", "/api/v1/partners/xmpp.lab", JSON,
		"{\"connection_limit\": null, \"additional_domains\": {\"add\": [\"c.xmpp.lab\"], "
		"\"remove\": \"b.xmpp.lab\"}}",
		200, "\"after\": \"c.xmpp.lab\"");
	expect("GET", "/api/v1/partners", "", "", 200, "\"additional_domains\": [\"c.xmpp.lab\"]");
	expect("GET", "/api/v1/partners/xmpp.lab", "", "", 200, "\"connection_limit\": null");
	expect("DELETE", "/api/v1/partners/xmpp.lab", "", "", 200, "\"verb\": \"remove\"");
	expect("GET", "/api/v1/partners/xmpp.lab", "", "", 404, "\"code\": \"not_found\"");
	expect("PATCH", "/api/v1/gateway", JSON, "{\"keep_alive_interval\": 60}", 200,
		"\"after\": \"60\"");
	expect("PATCH", "/api/v1/access", JSON, "{\"allow_federated_users\": true}", 200,
		"\"after\"");
	expect("GET", "/api/v1/access", "", "", 200, "\"allow_federated_users\": true");
}

static void every_loop_has_a_change_before_it_is_answered(void **state)
{
	add_route_and_domain();
	assert_int_equal(published, 2);
	assert_int_equal(published_generation, snapshot_generation(admin->snapshot));
	/* nothing different: nothing to publish */
	expect("PATCH", "/api/v1/routes/main", JSON, "{\"error_wait\": 300}", 200,
		"\"changes\": []");
	assert_int_equal(published, 2);
}

/* clang-format off */
static const struct {
	const char *method, *path, *fields, *body;
	unsigned status;
	const char *part;
} refused[] = {
	{"POST", "/api/v1/partners", JSON, "{", 400, "\"code\": \"bad_json\""},
	{"POST", "/api/v1/partners", JSON, "[]", 400, "\"code\": \"bad_json\""},
	{"POST", "/api/v1/partners", JSON, "{\"domain\": \"a.lab\", \"domain\": \"b.lab\"}", 400,
		"\"code\": \"bad_json\""},
	{"POST", "/api/v1/partners", "", "{}", 415, "\"code\": \"unsupported_media_type\""},
	{"POST", "/api/v1/partners", "Content-Type: text/plain\r\n", "{}", 415, "unsupported"},
	{"POST", "/api/v1/partners", JSON, "{}", 422, "\"code\": \"required\""},
	{"POST", "/api/v1/partners", JSON, "{\"domain\": 7}", 422, "\"code\": \"json_type\""},
	{"POST", "/api/v1/partners", JSON, "{\"domain\": \"*.lab\"}", 422,
		"\"code\": \"domain_wildcard\""},
	{"POST", "/api/v1/partners", JSON, "{\"domain\": \"a.lab\", \"tls_negotiation\": 1.5}", 422,
		"\"field\": \"tls_negotiation\""},
	{"POST", "/api/v1/partners", JSON, "{\"domain\": \"a.lab\", \"frobnicate\": true}", 422,
		"\"code\": \"unknown_setting\""},
	{"POST", "/api/v1/partners", JSON, "{\"domain\": \"sip.lab\"}", 422,
		"\"code\": \"domain_is_local\""},
	{"POST", "/api/v1/domains", JSON, "{\"domain\": \"sip.lab\"}", 409, "\"code\": \"exists\""},
	{"PATCH", "/api/v1/partners/none.lab", JSON, "{\"enabled\": true}", 404,
		"\"code\": \"not_found\""},
	{"PATCH", "/api/v1/gateway", JSON, "{\"keep_alive_interval\": 1}", 422,
		"\"code\": \"out_of_range\""},
	{"PATCH", "/api/v1/gateway", JSON, "{\"keep_alive_interval\": {\"add\": \"1\"}}", 422,
		"\"code\": \"not_a_list\""},
	{"PATCH", "/api/v1/gateway", JSON, "{\"keep_alive_interval\": {\"plus\": \"1\"}}", 422,
		"\"code\": \"json_type\""},
	{"DELETE", "/api/v1/routes/main", "", "", 422, "\"code\": \"route_in_use\""},
	{"DELETE", "/api/v1/routes/main", "If-Match: \"1\"\r\n", "", 412,
		"\"code\": \"changed_meanwhile\""},
	{"DELETE", "/api/v1/routes/main", "If-Match: W/\"x\"\r\n", "", 400, "\"code\": \"bad_if_match\""},
	{"DELETE", "/api/v1/routes/main?dry_run=perhaps", "", "", 400, "\"code\": \"bad_query\""},
	{"POST", "/api/v1/changes", JSON, "{}", 422, "\"field\": \"changes\""},
	{"POST", "/api/v1/changes", JSON, "{\"changes\": [{\"verb\": \"burn\", \"kind\": \"partner\"}]}",
		422, "\"field\": \"verb\""},
	{"POST", "/api/v1/changes", JSON, "{\"changes\": [{\"verb\": \"add\", \"kind\": \"cat\"}]}", 422,
		"\"field\": \"kind\""},
	{"POST", "/api/v1/changes", JSON, "{\"changes\": [7]}", 422, "change 1"},
	{"POST", "/api/v1/changes", JSON,
		"{\"changes\": [{\"verb\": \"add\", \"kind\": \"partner\", \"key\": \"a.lab\"}, "
		"{\"verb\": \"remove\", \"kind\": \"domain\", \"key\": \"none.lab\"}]}",
		404, "\"code\": \"not_found\""},
	{"PUT", "/api/v1/partners", "", "", 405, "\r\nallow: GET, POST\r\n"},
	{"GET", "/nothing", "", "", 404, "\"code\": \"no_such_route\""},
};
/* clang-format on */

/* The settings; who was refused what stands in the audit log. */
static char *export_settings(void)
{
	return ask("GET", "/api/v1/export", "", "");
}

static void a_refused_change_leaves_the_store_as_it_was(void **state)
{
	char *before, *after, *all;

	add_route_and_domain();
	before = export_settings();
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		expect(refused[i].method, refused[i].path, refused[i].fields, refused[i].body,
			refused[i].status, refused[i].part);
	after = export_settings();
	assert_string_equal(before, after);
	assert_int_equal(published, 2);
	all = dump();
	assert_non_null(strstr(all, "|\"refused\"|\"domain_is_local\"|"));
	free(all);
	free(before);
	free(after);
}

static void a_refused_negotiation_comes_with_its_ways_out(void **state)
{
	static const char body[] = "{\"domain\": \"a.lab\", \"tls\": \"NotSupported\", "
				   "\"sasl\": \"Optional\", \"dialback\": true}";
	static const char three[] =
		"\"ways_out\": [{\"settings\": {\"tls_negotiation\": \"Required\", "
		"\"sasl_negotiation\": \"Optional\", \"support_dialback_negotiation\": true}, "
		"\"methods\": [\"sasl-over-tls\", \"tls-dialback\"]}, {\"settings\": "
		"{\"tls_negotiation\": \"Optional\", \"sasl_negotiation\": \"Optional\", "
		"\"support_dialback_negotiation\": true}, \"methods\": [\"sasl-over-tls\", "
		"\"tls-dialback\", \"tcp-dialback\"]}, {\"settings\": {\"tls_negotiation\": "
		"\"NotSupported\", \"sasl_negotiation\": \"NotSupported\", "
		"\"support_dialback_negotiation\": true}, \"methods\": [\"tcp-dialback\"]}]";

	expect("POST", "/api/v1/partners", JSON, body, 422, three);
	expect("POST", "/api/v1/partners", JSON, body, 422, "\"code\": \"sasl_requires_tls\"");
	/* the same when only one setting of an existing partner changes */
	expect("POST", "/api/v1/partners", JSON,
		"{\"domain\": \"a.lab\", \"sasl\": \"NotSupported\"}", 201, "");
	expect("PATCH", "/api/v1/partners/a.lab", JSON, "{\"dialback\": false}", 422,
		"\"code\": \"no_authentication_method\"");
	expect("PATCH", "/api/v1/partners/a.lab", JSON, "{\"dialback\": false}", 422,
		"\"ways_out\": [{");
}

static void what_if_changes_nothing(void **state)
{
	char *before, *after;

	add_route_and_domain();
	before = dump();
	expect("POST", "/api/v1/partners?dry_run=true", JSON, "{\"domain\": \"a.lab\"}", 200,
		"\"dry_run\": true");
	expect("DELETE", "/api/v1/domains/sip.lab?dry_run=true", "", "", 200,
		"\"verb\": \"remove\"");
	expect("POST", "/api/v1/partners?dry_run=true", JSON, "{\"domain\": \"sip.lab\"}", 422,
		"\"code\": \"domain_is_local\"");
	after = dump();
	assert_string_equal(before, after);
	assert_int_equal(published, 2);
	free(before);
	free(after);
}

static void several_changes_are_one(void **state)
{
	expect("POST", "/api/v1/changes", JSON,
		"{\"changes\": [{\"verb\": \"set\", \"kind\": \"access\", \"settings\": "
		"{\"allow_federated_users\": true}},{\"verb\": \"set\", \"kind\": \"policy\", "
		"\"key\": \"global\", \"settings\": {\"federation\": true, \"xmpp\": true}}]}",
		200, "\"kind\": \"policy\"");
	assert_int_equal(published, 1);
}

/* ---- history ---- */

static void what_was_done_is_listed_and_verified(void **state)
{
	add_route_and_domain();
	expect("DELETE", "/api/v1/routes/main", "", "", 422, "route_in_use");
	expect("GET", "/api/v1/audit", "", "", 200,
		"\"kind\": \"route\", \"key\": \"main\", \"generation\": 3, \"before\": null, "
		"\"after\": {}, \"result\": \"refused\", \"code\": \"route_in_use\", \"times\": 1}");
	expect("GET", "/api/v1/audit?limit=1&before=2", "", "", 200,
		"{\"items\": [\n{\"id\": 1, ");
	expect("GET", "/api/v1/audit?kind=partner", "", "", 200, "{\"items\": []}");
	expect("GET", "/api/v1/audit?since=2100-01-01", "", "", 200, "{\"items\": []}");
	expect("GET", "/api/v1/audit?since=2026-01-01T00:00:00Z", "", "", 200, "\"id\": 3");
	expect("GET", "/api/v1/audit?since=2026-02-30", "", "", 400, "\"code\": \"bad_query\"");
	expect("GET", "/api/v1/audit?limit=1001", "", "", 400, "\"code\": \"bad_query\"");
	expect("GET", "/api/v1/audit/verify", "", "", 200, "{\"ok\": true, \"lines\": 3, ");
	expect("GET",
		"/api/v1/audit/verify?head=9:0000000000000000000000000000000000000000000000000000000000"
		"000000",
		"", "", 200, "{\"code\": \"truncated\", \"id\": 9, ");
	expect("GET", "/api/v1/audit/verify?head=9", "", "", 400, "\"code\": \"bad_query\"");
}

static void generations_are_compared_and_returned_to(void **state)
{
	add_route_and_domain();
	expect("PATCH", "/api/v1/gateway", JSON, "{\"keep_alive_interval\": 60}", 200, "\"60\"");
	expect("GET", "/api/v1/generations", "", "", 200,
		"\"summary\": \"set gateway global: keep_alive_interval\"}");
	expect("GET", "/api/v1/generations?limit=1&before=3", "", "", 200,
		"{\"items\": [\n{\"generation\": 2, ");
	expect("GET", "/api/v1/generations/4", "", "", 200,
		"\"changes\": [{\"verb\": \"set\", \"kind\": \"gateway\", ");
	expect("GET", "/api/v1/generations/1", "", "", 200, "\"changes\": null}");
	expect("GET", "/api/v1/generations/9", "", "", 404, "\"code\": \"generation_unknown\"");
	expect("GET", "/api/v1/generations/x", "", "", 404, "\"code\": \"generation_unknown\"");
	expect("GET", "/api/v1/generations/3/diff", "", "", 200,
		"{\"from\": 3, \"to\": 4, \"changes\": [{");
	expect("GET", "/api/v1/generations/4/diff?against=3", "", "", 200, "\"after\": \"300\"");
	expect("POST", "/api/v1/generations/3/restore?dry_run=true", "", "", 200,
		"{\"dry_run\": true, \"generation\": 4, \"plan\": {\"generation\": 4, ");
	expect("POST", "/api/v1/generations/3/restore", "If-Match: \"3\"\r\n", "", 412,
		"\"code\": \"changed_meanwhile\"");
	admin->granted &= ~RIGHT_BIT(RIGHT_GATEWAY_WRITE);
	expect("POST", "/api/v1/generations/3/restore", "", "", 403, "\"code\": \"not_allowed\"");
	expect("POST", "/api/v1/generations/3/restore?dry_run=true", "", "", 403, "not_allowed");
	admin->granted = RIGHTS_ALL;
	expect("POST", "/api/v1/generations/3/restore", "If-Match: \"4\"\r\n", "", 200,
		"{\"dry_run\": false, \"generation\": 5, ");
	expect("GET", "/api/v1/gateway", "", "", 200, "\"keep_alive_interval\": 300");
}

static void a_plan_names_the_streams_it_ends(void **state)
{
	static const char path[] = "/api/v1/partners/xn--bcher-kva.lab";
	static const char ends[] = "\"streams\": [{\"dir\": \"out\", \"id\": \"o1\", "
				   "\"partner\": \"xn--bcher-kva.lab\", ";

	expect("POST", "/api/v1/partners", JSON, "{\"domain\": \"xn--bcher-kva.lab\"}", 201,
		"\"streams\": []}}");
	expect("PATCH", path, JSON, "{\"description\": \"x\"}", 200, "\"streams\": []}}");
	fake_closed = 0;
	expect("DELETE", "/api/v1/partners/xn--bcher-kva.lab?dry_run=true", "", "", 200, ends);
	expect("GET", path, "", "", 200, "\"description\": \"x\"");
	expect("DELETE", path, "", "", 200, ends);
	expect("DELETE", "/api/v1/streams/o1?dry_run=true", "", "", 200, "{\"dry_run\": true, ");
	expect("DELETE", "/api/v1/streams/none?dry_run=true", "", "", 404, "no_such_stream");
	assert_int_equal(fake_closed, 0);
	expect("DELETE", "/api/v1/streams/o1", "", "", 200, "closing");
	expect("GET", "/api/v1/audit?limit=1", "", "", 200,
		"\"verb\": \"close\", \"kind\": \"stream\", \"key\": \"o1\", ");
	admin->granted &= ~RIGHT_BIT(RIGHT_STREAM_CLOSE);
	expect("DELETE", "/api/v1/streams/o1", "", "", 403, "not_allowed");
	expect("GET", "/api/v1/audit?limit=1", "", "", 200,
		"\"result\": \"refused\", \"code\": \"not_allowed\"");
	admin->granted = RIGHTS_ALL;
}

static void bodies_are_logged_after_a_confirmation(void **state)
{
	static const char on[] = "{\"enable_logging_all_message_bodies\": true}";

	expect("GET", "/api/v1/status", "", "", 200, "\"body_logging\": false");
	expect("PATCH", "/api/v1/gateway", JSON, on, 422, "\"code\": \"confirmation_required\"");
	expect("PATCH", "/api/v1/gateway?confirm=yes", JSON, on, 422, "confirmation_required");
	expect("PATCH", "/api/v1/gateway?dry_run=true", JSON, on, 200, "\"bodies_logged\"");
	admin->granted &= ~RIGHT_BIT(RIGHT_BODIES_WRITE);
	expect("PATCH", "/api/v1/gateway?confirm=log-bodies", JSON, on, 403, "not_allowed");
	admin->granted = RIGHTS_ALL;
	expect("PATCH", "/api/v1/gateway?confirm=log-bodies", JSON, on, 200, "\"after\": \"true\"");
	expect("GET", "/api/v1/status", "", "", 200, "\"body_logging\": true");
	expect("GET", "/api/v1/health", "", "", 200, "{\"code\": \"bodies_logged\", \"text\": ");
	expect("GET", "/api/v1/audit?limit=1", "", "", 200, "\"verb\": \"set\", \"kind\": \"gateway\"");
}

static void health_is_what_the_status_says(void **state)
{
	expect("GET", "/api/v1/health", "", "", 200, "{\"ready\": false, \"state\": \"starting\", ");
	admin_set_state(admin, NULL);
	expect("GET", "/api/v1/health", "", "", 200, "{\"ready\": true, \"state\": \"ready\", ");
	expect("GET", "/api/v1/health", "", "", 200, "{\"code\": \"no_partner\", \"text\": ");
	expect("GET", "/api/v1/health", "", "", 200, "\"certificate_expire");
}

static void the_etag_is_the_generation(void **state)
{
	char *tag = xasprintf(
		"\r\netag: \"%llu\"\r\n", (unsigned long long)snapshot_generation(admin->snapshot));
	char *match = xasprintf("If-Match: \"%llu\"\r\n" JSON,
		(unsigned long long)snapshot_generation(admin->snapshot));

	expect("GET", "/api/v1/partners", "", "", 200, tag);
	expect("POST", "/api/v1/partners", match, "{\"domain\": \"a.lab\"}", 201, "");
	expect("POST", "/api/v1/partners", match, "{\"domain\": \"b.lab\"}", 412,
		"changed_meanwhile");
	expect("POST", "/api/v1/partners", "If-Match: *\r\n" JSON, "{\"domain\": \"b.lab\"}", 201,
		"");
	free(tag);
	free(match);
}

static const char *const through_proxy[] = {"Forwarded: for=1.2.3.4\r\n",
	"X-Forwarded-For: 1.2.3.4\r\n", "X-Forwarded-Proto: https\r\n", "Via: 1.1 proxy\r\n",
	"X-Real-IP: 1.2.3.4\r\n"};

static void what_came_through_a_proxy_is_refused(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(through_proxy); i++)
		expect("GET", "/api/v1/status", through_proxy[i], "", 403, "\"code\": \"proxied\"");
}

/* Every row of the table, each without its right. */
static void no_route_is_open_without_its_right(void **state)
{
	for (size_t i = 0; i < api_routes_n; i++) {
		const struct api_route *r = &api_routes[i];
		bool none = r->flags & (API_PUBLIC | API_SIGNED_IN);
		const char *brace = strchr(r->path, '{');
		char *path = xasprintf("%.*s%s%s", (int)strcspn(r->path, "{"), r->path,
			brace ? "x" : "", brace ? strchr(brace, '}') + 1 : "");
		char *says = xasprintf(
			"does not have the right %s\"", none ? "" : right_name(r->right));

		admin->granted = none ? RIGHTS_ALL : RIGHTS_ALL & ~RIGHT_BIT(r->right);
		if (!none)
			expect(r->method, path, JSON,
				strcmp(r->method, "GET") == 0 ? "" : "{}", 403, says);
		free(path);
		free(says);
	}
}

static void several_changes_need_the_right_to_each(void **state)
{
	admin->granted = RIGHTS_ALL & ~RIGHT_BIT(RIGHT_POLICY_WRITE);
	expect("POST", "/api/v1/changes", JSON,
		"{\"changes\": [{\"verb\": \"set\", \"kind\": \"access\"}, "
		"{\"verb\": \"set\", \"kind\": \"policy\", \"key\": \"global\"}]}",
		403, "policy.write");
}

/* A stranger on this machine, as the kernel sees him. Needs root to become one. */
static void on_exit_of_child(void *arg, unsigned events)
{
	loop_stop(loop);
}

static void strangers_are_refused(void **state)
{
	static const char request[] = "GET /api/v1/status HTTP/1.1\r\nConnection: close\r\n\r\n";
	int fd, status, life[2];
	struct loop_poll *watch;
	pid_t child;
	char got[4096];
	ssize_t n = 0, k;

	if (geteuid() != 0)
		skip();
	chmod(at.sun_path, 0666);        /* as if somebody had opened it */
	assert_int_equal(pipe(life), 0); /* its other end closes when the child ends */
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
			_exit(1);
		fd = dial();
		if (send(fd, request, sizeof request - 1, MSG_NOSIGNAL) < 0)
			_exit(2);
		while ((k = read(fd, got + n, sizeof got - 1 - (size_t)n)) > 0)
			n += k;
		got[n] = '\0';
		_exit(strstr(got, "HTTP/1.1 403") && strstr(got, "not_allowed") ? 0 : 3);
	}
	close(life[1]);
	watch = loop_poll_new(loop, life[0], on_exit_of_child, NULL);
	loop_poll_set(watch, LOOP_READ);
	loop_run(loop);
	loop_poll_free(watch);
	close(life[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void invitations_go_to_the_gateway(void **state)
{
	add_route_and_domain();
	expect("POST", "/api/v1/partners", JSON, "{\"domain\": \"a.lab\"}", 201, "");
	expect("PUT", "/api/v1/allow", JSON,
		"{\"user\": \"sip:Romeo@SIP.lab\", \"contact\": \"juliet@a.lab\", "
		"\"expires\": \"2999-01-02T03:04:05Z\"}",
		200,
		"{\"user\": \"romeo@sip.lab\", \"contact\": \"juliet@a.lab\", \"expires\": "
		"\"2999-01-02T03:04:05.000Z\"}");
	expect("GET", "/api/v1/allow", "", "", 200, "\"juliet@a.lab\"");
	expect("PUT", "/api/v1/allow", JSON, "{\"user\": \"r@sip.lab\"}", 422,
		"\"field\": \"contact\"");
	expect("PUT", "/api/v1/allow", JSON,
		"{\"user\": \"r@other.lab\", \"contact\": \"j@a.lab\"}", 422,
		"\"code\": \"user_not_local\"");
	expect("PUT", "/api/v1/allow", JSON, "{\"user\": \"r@sip.lab\", \"contact\": \"j@b.lab\"}",
		422, "\"code\": \"not_partner\"");
	expect("PUT", "/api/v1/allow", JSON, "{\"user\": \"r@@sip.lab\", \"contact\": \"j@a.lab\"}",
		422, "\"field\": \"user\"");
	expect("PUT", "/api/v1/allow", JSON,
		"{\"user\": \"r@sip.lab\", \"contact\": \"j@a.lab\", \"expires\": "
		"\"2001-01-01T00:00:00Z\"}",
		422, "\"code\": \"expires_in_past\"");
	expect("PUT", "/api/v1/allow", JSON,
		"{\"user\": \"r@sip.lab\", \"contact\": \"j@a.lab\", \"expires\": \"tomorrow\"}",
		422, "\"code\": \"time_syntax\"");
	expect("DELETE", "/api/v1/allow?user=romeo%40sip.lab&contact=juliet@a.lab", "", "", 200,
		"juliet");
	expect("DELETE", "/api/v1/allow?user=romeo@sip.lab&contact=juliet@a.lab", "", "", 404,
		"not_found");
	expect("DELETE", "/api/v1/allow?user=romeo@sip.lab", "", "", 422, "\"field\": \"contact\"");
}

static void streams_are_shown_escaped(void **state)
{
	expect("GET", "/api/v1/streams", "", "", 200, "\"direction\": \"out\", \"state\": \"up\"");
	expect("GET", "/api/v1/streams", "", "", 200,
		"\"last_error\": \"gone\\u001b[31m\\n\xe2\x80\xaeleft \\\"quoted\\\" "
		"\xef\xbf\xbd\"");
	expect("GET", "/api/v1/streams", "", "", 200, "\"since\": \"1970-01-01T00:00:01.000Z\"");
	expect("GET", "/api/v1/streams", "", "", 200, "\"next_attempt\": null");
}

static void streams_of_a_partner_and_one_stream(void **state)
{
	expect("GET", "/api/v1/streams?partner=xn--bcher-kva.lab", "", "", 200, "\"id\": \"o1\"");
	expect("GET", "/api/v1/streams?partner=none.lab", "", "", 404, "\"code\": \"not_partner\"");
	expect("GET", "/api/v1/streams/o1", "", "", 200,
		"\"pairs\": [{\"method\": \"sasl-over-tls\", \"local_domain\": \"sip.lab\", ");
	expect("GET", "/api/v1/streams/o1", "", "", 200,
		"\"peer_certificate\": {\"fingerprint\": \"00ff\", \"subject\": \"CN=x\", "
		"\"issuer\": \"CN=ca\", \"names\": \"dns:x\", "
		"\"not_after\": \"1970-01-02T00:00:00.000Z\"}");
	expect("GET", "/api/v1/streams/o9", "", "", 404, "\"code\": \"no_such_stream\"");
}

static void a_stream_is_closed(void **state)
{
	fake_closed = 0;
	expect("DELETE", "/api/v1/streams/o1", "", "", 200,
		"{\"state\": \"closing\", \"id\": \"o1\"}");
	assert_int_equal(fake_closed, 1);
	expect("DELETE", "/api/v1/streams/o9", "", "", 404, "\"code\": \"no_such_stream\"");
	assert_int_equal(fake_closed, 1);
	expect("DELETE", "/api/v1/streams", "", "", 405, "allow: GET");
}

static void how_partners_are(void **state)
{
	expect("GET", "/api/v1/partner-states", "", "", 200,
		"{\"state\": \"failing\", \"inbound\": \"never\", \"outbound\": \"failing\", "
		"\"domain\": \"xn--bcher-kva.lab\"");
	expect("GET", "/api/v1/partner-states", "", "", 200,
		"{\"state\": \"never\", \"inbound\": \"never\", \"outbound\": \"never\", "
		"\"domain\": \"never.lab\"");
	expect("GET", "/api/v1/partners/xn--bcher-kva.lab/state", "", "", 200, "\"queued\": 3");
	expect("GET", "/api/v1/partners/none.lab/state", "", "", 404, "\"code\": \"not_partner\"");
	expect("GET", "/api/v1/partners/a/b/state", "", "", 404, "\"code\": \"no_such_route\"");
}

static void how_routes_are(void **state)
{
	expect("GET", "/api/v1/route-states", "", "", 200,
		"{\"items\": [\n{\"name\": \"main\", \"state\": \"down\", \"next_hop\": "
		"\"sip.lab\", \"transport\": \"tls\", \"target\": null");
	expect("GET", "/api/v1/routes/main/state", "", "", 200,
		"\"receive_rate\": null, \"sender_rate\": null, \"send_rate\": 20");
	expect("GET", "/api/v1/routes/main/state", "", "", 200,
		"\"targets\": [{\"state\": \"dead\", \"address\": \"192.0.2.7:5061\", \"host\": "
		"\"a.sip.lab\"");
	expect("GET", "/api/v1/routes/main/state", "", "", 200,
		"\"connections\": [{\"direction\": \"in\", \"state\": \"open\"");
	expect("GET", "/api/v1/routes/main/state", "", "", 200,
		"\"last_error\": \"certificate\", \"last_error_at\": "
		"\"1970-01-01T00:00:02.000Z\"");
	expect("GET", "/api/v1/routes/main/state", "", "", 200,
		"\"times\": 4, \"target\": \"192.0.2.7:5061\", \"text\": \"bad\\u001b[2J\"");
	expect("GET", "/api/v1/routes/none/state", "", "", 404, "\"code\": \"not_found\"");
	expect("PUT", "/api/v1/routes/main/state", "", "", 405, "allow: GET");
}

static void what_was_tried_with_a_partner(void **state)
{
	expect("GET", "/api/v1/partners/xn--bcher-kva.lab/attempts", "", "", 200,
		"\"reason\": \"connect-failed\", \"steps\": [{\"step\": \"dns\", \"result\": "
		"\"ok\", "
		"\"ms\": 3, \"text\": \"one address\"}, {\"step\": \"connect\", \"result\": "
		"\"fail\", "
		"\"ms\": 1250, \"text\": \"refused\\u001b[2J\"}]}");
	expect("GET", "/api/v1/partners/none.lab/attempts", "", "", 404, "not_partner");
	expect("DELETE", "/api/v1/partners/a.lab/attempts", "", "", 405, "allow: GET");
}

static void our_certificates(void **state)
{
	expect("GET", "/api/v1/certificates", "", "", 200,
		"{\"items\": [\n{\"name\": \"main\", \"domains\": [\"sip.lab\"]");
	expect("GET", "/api/v1/certificates", "", "", 200,
		"\"not_after\": \"1970-01-02T00:00:00.000Z\", \"days_left\": 7");
	expect("POST", "/api/v1/certificates/reload", "", "", 200, "{\"items\": [\n{\"name\": \"main\"");
	fake_broken_file = true;
	expect("POST", "/api/v1/certificates/reload", "", "", 422, "\"code\": \"bad_certificate\"");
	fake_broken_file = false;
}

/* Present ones, that these are all, then changes; until the client goes. */
static void streams_are_watched(void **state)
{
	static const char *const expected[] = {"\"event\": \"present\"", "\"event\": \"complete\"",
		"\"event\": \"closed\"", "\"state\": \"closed\""};
	static const char ask_watch[] = "GET /api/v1/streams/watch HTTP/1.0\r\n\r\n";
	int fd = dial();
	struct buf got = {0};
	char tmp[4096], *text;

	send(fd, ask_watch, sizeof ask_watch - 1, 0);
	while (!slice_contains(buf_slice(&got), SL("\"closed\""))) {
		ssize_t n = recv(fd, tmp, sizeof tmp, MSG_DONTWAIT);

		if (n > 0)
			buf_add(&got, tmp, (size_t)n);
		else
			loop_turn(loop, true);
	}
	text = buf_dup(&got);
	assert_non_null(strstr(text, "application/x-ndjson"));
	for (size_t i = 0, from = 0; i < ARRAY_LEN(expected); i++) {
		const char *found = strstr(text + from, expected[i]);

		assert_non_null(found);
		from = (size_t)(found - text);
	}
	free(text);
	buf_done(&got);
	close(fd);
	loop_turn(loop, true);
}

/* Reads from fd, beside the loop, until the text is there. */
static char *read_until(int fd, const char *wanted)
{
	struct buf got = {0};
	char tmp[4096], *text;

	while (!slice_contains(buf_slice(&got), slice_of(wanted))) {
		ssize_t n = recv(fd, tmp, sizeof tmp, MSG_DONTWAIT);

		if (n > 0)
			buf_add(&got, tmp, (size_t)n);
		else
			loop_turn(loop, true);
	}
	text = buf_dup(&got);
	buf_done(&got);
	return text;
}

static int dial_and_send(const char *text)
{
	int fd = dial();

	assert_int_equal(send(fd, text, strlen(text), 0), strlen(text));
	return fd;
}

/* What was there when he came is no event; what changes is one, and settings in force are. */
static void events_are_told(void **state)
{
	int fd = dial_and_send("GET /api/v1/events HTTP/1.0\r\n\r\n");
	char *text = read_until(fd, "event: partner-state\n");

	assert_non_null(strstr(text, "text/event-stream"));
	assert_non_null(strstr(text, "event: hello\ndata: {\"topics\": [\"partner-state\", "
				     "\"stream\", \"generation\", \"counters\", "));
	assert_non_null(strstr(text, "event: stream\ndata: {\"event\": \"closed\", "));
	assert_null(strstr(text, "\"event\": \"changed\""));
	free(text);
	expect("POST", "/api/v1/partners", JSON, "{\"domain\": \"events.lab\"}", 201, "");
	free(read_until(fd, "event: generation\ndata: {\"generation\": "));
	close(fd);
	loop_turn(loop, true);
}

static void only_topics_asked_for_and_permitted_are_told(void **state)
{
	int fd;
	char *text;

	expect("GET", "/api/v1/events?topics=counters,weather", "", "", 422,
		"\"code\": \"unknown_topic\"");
	admin->granted = RIGHTS_ALL & ~RIGHT_BIT(RIGHT_STREAM_READ);
	fd = dial_and_send("GET /api/v1/events?topics=stream,counters HTTP/1.0\r\n\r\n");
	text = read_until(fd, "event: counters\ndata: {\"at\": \"");
	assert_non_null(strstr(text, "{\"topics\": [\"counters\", \"session\"]}"));
	free(text);
	close(fd);
	loop_turn(loop, true);
	admin->granted = RIGHTS_ALL;
}

static void the_status_names_who_fails_and_what_expires(void **state)
{
	expect("GET", "/api/v1/status", "", "", 200,
		"\"code\": \"partner_failing\", \"text\": \"Partner xn--bcher-kva.lab is failing: "
		"gone");
	expect("GET", "/api/v1/status", "", "", 200,
		"\"command\": \"entente partner attempts xn--bcher-kva.lab\"");
	expect("GET", "/api/v1/status", "", "", 200,
		"\"code\": \"certificate_expires\", \"text\": \"The certificate main expires in 7 "
		"days.\", \"command\": \"entente certificate list\"");
	expect("GET", "/api/v1/status", "", "", 200, "\"code\": \"certificate_lacks_names\"");
}

static void without_edge_and_gateway_it_says_so(void **state)
{
	static const char *const path[] = {"/api/v1/streams", "/api/v1/streams/o1",
		"/api/v1/streams/watch", "/api/v1/partner-states", "/api/v1/partners/a.lab/state",
		"/api/v1/partners/a.lab/attempts", "/api/v1/certificates"};

	for (size_t i = 0; i < ARRAY_LEN(path); i++)
		expect("GET", path[i], "", "", 503, "\"code\": \"no_edge\"");
	expect("GET", "/api/v1/allow", "", "", 503, "\"code\": \"no_gateway\"");
	expect("GET", "/api/v1/route-states", "", "", 503, "\"code\": \"no_gateway\"");
	expect("GET", "/api/v1/routes/main/state", "", "", 503, "\"code\": \"no_gateway\"");
	expect("POST", "/api/v1/tests", "content-type: application/json\r\n",
		"{\"route\": \"main\"}", 503, "\"code\": \"no_gateway\"");
}

static void the_status_says_what_keeps_messages_from_flowing(void **state)
{
	expect("GET", "/api/v1/status", "", "", 200, "\"state\": \"starting\"");
	expect("GET", "/api/v1/status", "", "", 200, "\"code\": \"federation_off\"");
	expect("GET", "/api/v1/status", "", "", 200, "\"code\": \"no_route\"");
	add_route_and_domain();
	expect("POST", "/api/v1/partners", JSON, "{\"domain\": \"a.lab\"}", 201, "");
	expect("PATCH", "/api/v1/access", JSON, "{\"allow_federated_users\": true}", 200, "");
	expect("PATCH", "/api/v1/policies/global", JSON, "{\"federation\": true, \"xmpp\": true}",
		200, "");
	admin_set_state(admin, NULL);
	expect("GET", "/api/v1/status", "", "", 200, "\"state\": \"ready\"");
	fake_well = true;
	expect("GET", "/api/v1/status", "", "", 200, "\"hints\": []");
	fake_well = false;
}

static void negotiation_is_judged_without_a_partner(void **state)
{
	expect("GET", "/api/v1/negotiation?tls_negotiation=optional&sasl_negotiation=required", "",
		"", 200, "\"refused\": null");
	expect("GET", "/api/v1/negotiation?tls_negotiation=not-supported", "", "", 200,
		"\"refused\": \"sasl_requires_tls\"");
	expect("GET", "/api/v1/negotiation?tls_negotiation=maybe", "", "", 422,
		"\"code\": \"not_one_of\"");
}

/* The order of the rows is the manual's; what each says is tested with negotiation_judge(). */
static void the_matrix_has_the_manuals_rows(void **state)
{
	expect("GET", "/api/v1/negotiation/matrix", "", "", 200,
		"{\"row\": 2, \"settings\": {\"tls_negotiation\": \"Required\", "
		"\"sasl_negotiation\": \"Required\", \"support_dialback_negotiation\": false}");
	expect("GET", "/api/v1/negotiation/matrix", "", "", 200,
		"{\"row\": 11, \"settings\": {\"tls_negotiation\": \"NotSupported\", "
		"\"sasl_negotiation\": \"Optional\", \"support_dialback_negotiation\": true}, "
		"\"verdict\": {\"refused\": \"sasl_requires_tls\"");
	expect("GET", "/api/v1/negotiation/matrix", "", "", 200,
		"{\"row\": 18, \"settings\": {\"tls_negotiation\": \"NotSupported\", "
		"\"sasl_negotiation\": \"NotSupported\", \"support_dialback_negotiation\": false}");
}

/* Forms are drawn from this: every setting of every kind is there, with what its table says. */
static void settings_are_described(void **state)
{
	char *got = ask("GET", "/api/v1/settings", "", "");

	for (size_t i = 0; i < OBJECT__N; i++) {
		for (size_t k = 0; k < object_classes[i]->n_settings; k++) {
			const struct setting *s = &object_classes[i]->settings[k];
			struct buf want = {0};

			buf_printf(&want, "{\"name\": \"%s\", \"type\": ", s->name);
			buf_chr(&want, '\0');
			assert_non_null(strstr(got, want.p));
			buf_done(&want);
		}
	}
	assert_non_null(strstr(got, "{\"kind\": \"gateway\", \"path\": \"gateway\""));
	assert_non_null(strstr(got, "{\"kind\": \"route\", \"path\": \"routes\""));
	assert_non_null(strstr(got, "\"words\": [\"udp\", \"tcp\", \"tls\", \"auto\"], "
				    "\"default\": \"udp\""));
	assert_non_null(strstr(got, "\"min\": 10, \"max\": 86400, \"default\": \"300\", "
				    "\"unit\": \"s\""));
	assert_non_null(strstr(got, "{\"name\": \"dialback_passphrase\", \"type\": \"secret\", "
				    "\"key\": false, \"required\": false, \"none\": true, "
				    "\"write_only\": true"));
	free(got);
}

static void changes_under_way_are_finished_at_the_end(void **state)
{
	static const char request[] =
		"POST /api/v1/partners HTTP/1.1\r\n" JSON
		"If-Match: *\r\nContent-Length: 19\r\n\r\n"
		"{\"domain\": \"a.lab\"}";
	int fd;

	/* What is done at every start is over: what waits below is the change. */
	expect("GET", "/api/v1/audit", "", "", 200, "");
	while (worker_backlog(admin->worker) > 0)
		loop_turn(loop, false);
	fd = dial();
	assert_int_equal(send(fd, request, sizeof request - 1, 0), sizeof request - 1);
	while (worker_backlog(admin->worker) == 0 && published == 0)
		loop_turn(loop, false);
	admin_free(admin);
	admin = NULL;
	assert_int_equal(published, 1);
	close(fd);
}

int main(void)
{
#define T(f)       cmocka_unit_test_setup_teardown(f, start, stop)
#define T_ALONE(f) cmocka_unit_test_setup_teardown(f, start_alone, stop)
	const struct CMUnitTest tests[] = {
		T(the_socket_is_for_owner_and_group),
		T(objects_are_added_shown_changed_and_removed),
		T(every_loop_has_a_change_before_it_is_answered),
		T(a_refused_change_leaves_the_store_as_it_was),
		T(a_refused_negotiation_comes_with_its_ways_out),
		T(what_if_changes_nothing),
		T(several_changes_are_one),
		T(what_was_done_is_listed_and_verified),
		T(generations_are_compared_and_returned_to),
		T(a_plan_names_the_streams_it_ends),
		T(bodies_are_logged_after_a_confirmation),
		T(health_is_what_the_status_says),
		T(the_etag_is_the_generation),
		T(what_came_through_a_proxy_is_refused),
		T(no_route_is_open_without_its_right),
		T(several_changes_need_the_right_to_each),
		T(strangers_are_refused),
		T(invitations_go_to_the_gateway),
		T(streams_are_shown_escaped),
		T(streams_of_a_partner_and_one_stream),
		T(a_stream_is_closed),
		T(how_partners_are),
		T(how_routes_are),
		T(what_was_tried_with_a_partner),
		T(our_certificates),
		T(streams_are_watched),
		T(events_are_told),
		T(only_topics_asked_for_and_permitted_are_told),
		T(the_status_names_who_fails_and_what_expires),
		T_ALONE(without_edge_and_gateway_it_says_so),
		T(the_status_says_what_keeps_messages_from_flowing),
		T(settings_are_described),
		T(negotiation_is_judged_without_a_partner),
		T(the_matrix_has_the_manuals_rows),
		T(changes_under_way_are_finished_at_the_end),
	};

	log_level_set(LOG_ERROR);
	snprintf(at.sun_path, sizeof at.sun_path, "/tmp/entente-api-%d.sock", (int)getpid());
	return cmocka_run_group_tests(tests, NULL, NULL);
}
