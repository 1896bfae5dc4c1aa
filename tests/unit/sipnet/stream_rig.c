#include "stream_rig.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- ours ---- */

static struct pki *pki;
static struct tls_set *ours;

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

int rig_setup(void **state)
{
	static const char *const second[] = {"second.lab"};
	struct pki_files f[3];
	struct err e;

	pki = pki_new();
	f[0] = pki_issue(pki, "ours", &(struct pki_spec){.dns = NAMES("ours.lab")});
	f[1] = pki_issue(pki, "second", &(struct pki_spec){.dns = NAMES("second.lab")});
	f[2] = pki_issue(pki, "third", &(struct pki_spec){.dns = NAMES("third.lab")});
	struct tls_cert_files certs[] = {
		{.name = "ours", .chain = f[0].chain, .key = f[0].key},
		{.name = "second",
			.chain = f[1].chain,
			.key = f[1].key,
			.domains = second,
			.n_domains = 1},
		{.name = "third",
			.chain = f[2].chain,
			.key = f[2].key,
			.domains = NAMES("nowhere.lab"),
			.n_domains = 1},
	};
	if (tls_set_load(&ours, certs, 3, pki_trust(pki), &e) < 0)
		fail_msg("%s", e.text);
	return 0;
}

int rig_teardown(void **state)
{
	tls_set_unref(ours);
	pki_free(pki);
	return 0;
}

struct pki *rig_pki(void)
{
	return pki;
}

struct tls_set *rig_ours(void)
{
	return ours;
}

static const char *const no_options[] = {NULL};
static const enum sip_method methods[] = {SIP_MESSAGE, SIP_OPTIONS, SIP_M_OTHER};
static const struct sip_caps caps = {methods, no_options, "text/plain"};

static void on_request(void *arg, struct sip_server *txn, const struct sip_msg *m,
	const struct route *route, const struct sipnet_way *way)
{
	struct rig *r = arg;

	assert_true(r->requests < RIG_TXN);
	r->txn[r->requests++] = txn;
	snprintf(r->route, sizeof r->route, "%s", route->name);
	r->way = *way;
	if (r->answer)
		sipnet_reply(r->net, txn, &(struct sip_reply){.status = r->answer});
}

static void on_invite(void *arg, struct sip_server *txn, enum sip_invite_event event)
{
	static const char *const names[] = {"cancelled ", "no-ack ", "gone "};
	struct rig *r = arg;

	buf_str(&r->told, names[event]);
}

static void on_ack(void *arg, const struct sip_msg *m, const struct route *route)
{
	struct rig *r = arg;

	buf_printf(&r->told, "ack-of-%s ", route->name);
}

static void on_options(void *arg, const struct sip_msg *m, const struct route *route,
	const struct sipnet_way *way, struct buf *sdp)
{
	struct rig *r = arg;

	buf_printf(sdp, r->sdp ? r->sdp : "", route->name);
}

static const struct sipnet_ops ops = {on_request, on_invite, on_ack, on_options};

void rig_expect_told(struct rig *r, const char *want)
{
	assert_slice(buf_slice(&r->told), want);
	buf_reset(&r->told);
}

static void open_with(struct rig *r, const struct sip_caps *known, const char *contact_host)
{
	const struct slice listen[] = {SL("udp:127.0.0.1:0"), SL("tcp:127.0.0.3:0"),
		SL("tls:127.0.0.1:0"), SL("tcp:[::1]:0")};
	const struct sipnet_config config = {.listen = listen,
		.n_listen = 4,
		.tls = ours,
		.node = 'a',
		.shard = '0',
		.contact_host = contact_host,
		.caps = known};
	struct err e;

	memset(r, 0, sizeof *r);
	r->loop = loop_new_fake("test", 1000000);
	if (sipnet_new(&r->net, r->loop, NULL, &config, &ops, r, &e) < 0)
		fail_msg("%s", e.text);
	r->tcp = sipnet_port(r->net, 1);
	r->tls_port = sipnet_port(r->net, 2);
	r->tcp6 = sipnet_port(r->net, 3);
}

void rig_open(struct rig *r)
{
	open_with(r, &caps, NULL);
}

void rig_open_calls(struct rig *r, const char *contact_host)
{
	static const enum sip_method served[] = {SIP_INVITE, SIP_ACK, SIP_BYE, SIP_CANCEL,
		SIP_MESSAGE, SIP_INFO, SIP_UPDATE, SIP_OPTIONS, SIP_M_OTHER};
	static const struct sip_caps calls = {
		served, no_options, "text/plain", .dialogs = true, .microsoft = true};

	open_with(r, &calls, contact_host);
}

static struct conn **slot_of(struct rig *r, struct conn *c)
{
	for (size_t i = 0; i < RIG_LINES; i++)
		if (r->lines[i] == c)
			return &r->lines[i];
	fail_msg("too many lines");
	return NULL;
}

void rig_close(struct rig *r)
{
	for (size_t i = 0; i < RIG_LINES; i++)
		conn_free(r->lines[i]);
	sipnet_free(r->net);
	snapshot_unref(r->snapshot);
	loop_turn(r->loop, false);
	loop_free(r->loop);
	buf_done(&r->told);
}

static void set(struct object *o, const char *name, const char *value)
{
	struct err e;

	if (value && object_set(o, slice_of(name), slice_of(value), &e) < 0)
		fail_msg("%s: %s", name, e.text);
}

static void put_route(struct config *c, const struct rig_route *route)
{
	struct object *o = object_new(&route_class), *d = object_new(&local_domain_class);

	set(o, "name", route->name);
	set(o, "next_hop", route->next_hop);
	set(o, "transport", route->transport);
	set(o, "tls_names", route->tls_names);
	set(o, "sources", route->sources);
	set(o, "certificate", route->certificate);
	set(o, "kind", route->kind);
	set(o, "message_mode", route->mode);
	set(o, "digest_user", route->user);
	set(o, "digest_password", route->password);
	config_put(c, o);
	set(d, "domain", route->domain);
	set(d, "route", route->name);
	config_put(c, d);
}

void rig_routes(struct rig *r, const struct rig_route *v, size_t n)
{
	struct config *c = config_new();
	struct err e;

	for (size_t i = 0; i < n; i++)
		put_route(c, &v[i]);
	snapshot_unref(r->snapshot);
	r->snapshot = NULL;
	if (snapshot_build(&r->snapshot, c, 1, NULL, &e) < 0)
		fail_msg("%s", e.text);
	config_free(c);
	sipnet_set_snapshot(r->net, r->snapshot);
}

static void on_done(void *arg, const struct sip_result *result)
{
	struct rig *r = arg;

	r->dones++;
	r->result = *result;
}

void rig_call(struct rig *r, const char *route, size_t body)
{
	char *text = xmalloc(body + 1);
	struct sip_spec spec = {.method = SIP_MESSAGE,
		.ruri = SL("sip:romeo@sip.lab"),
		.from = SL("<sip:juliet@xmpp.lab>"),
		.to = SL("<sip:romeo@sip.lab>"),
		.content_type = SL("text/plain"),
		.body = slice_make(text, body)};

	memset(text, 'x', body);
	sipnet_request(r->net, snapshot_route(r->snapshot, slice_of(route)), &spec, 0, on_done, r);
	free(text);
}

void rig_settle(struct rig *r)
{
	for (int i = 0; i < 30; i++)
		loop_turn(r->loop, false);
}

/* ---- lines ---- */

static void on_secure(void *arg)
{
	((struct line *)arg)->secure = true;
}

static void on_data(void *arg, struct slice bytes)
{
	buf_slice_add(&((struct line *)arg)->got, bytes);
}

static void on_flushed(void *arg, uint64_t offset)
{
}

static void on_eof(void *arg, bool clean)
{
	((struct line *)arg)->eof = true;
}

static void on_closed(void *arg, enum conn_end how, const char *text)
{
	struct line *l = arg;

	l->closed = true;
	l->how = how;
}

static const struct conn_ops line_ops = {.secure = on_secure,
	.data = on_data,
	.flushed = on_flushed,
	.eof = on_eof,
	.closed = on_closed};

static struct netaddr address(const char *host, uint16_t port)
{
	struct netaddr a;

	assert_int_equal(netaddr_parse_host(&a, slice_of(host), port), 0);
	return a;
}

static void adopt(struct line *l, struct rig *r, int fd, const struct netaddr *peer)
{
	memset(l, 0, sizeof *l);
	l->rig = r;
	l->fd = fd;
	l->peer = *peer;
	fcntl(fd, F_SETFL, O_NONBLOCK);
	l->conn = conn_accept(r->loop, fd, peer, &line_ops, l);
	*slot_of(r, NULL) = l->conn;
}

void line_open(struct line *l, struct rig *r, const char *from, const char *to, uint16_t port)
{
	struct netaddr a = address(from, 0), b = address(to, port);
	int fd = socket(a.sa.sa_family, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, &a.sa, netaddr_len(&a)), 0);
	assert_int_equal(connect(fd, &b.sa, netaddr_len(&b)), 0);
	adopt(l, r, fd, &b);
}

struct tls_set *line_set(const char *name, const struct pki_spec *spec)
{
	struct tls_cert_files f = {.name = name};
	struct pki_files files;
	struct tls_set *tls;
	struct err e;

	if (name) {
		files = pki_issue(pki, name, spec);
		f.chain = files.chain;
		f.key = files.key;
	}
	if (tls_set_load(&tls, &f, name ? 1 : 0, pki_trust(pki), &e) < 0)
		fail_msg("%s", e.text);
	return tls;
}

void line_tls(struct line *l, struct tls_set *tls, const char *sni)
{
	conn_tls_start(l->conn, sni ? CONN_CLIENT : CONN_SERVER, tls, tls_set_client(tls, SL("")),
		sni ? slice_of(sni) : SL(""));
}

void line_close(struct line *l)
{
	if (l->conn)
		*slot_of(l->rig, l->conn) = NULL;
	conn_free(l->conn);
	l->conn = NULL;
	buf_done(&l->got);
}

void line_reset(struct line *l)
{
	static const struct linger now = {1, 0};

	setsockopt(l->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	line_close(l);
}

void line_say(struct line *l, const char *text)
{
	conn_write(l->conn, slice_of(text));
	loop_turn(l->rig->loop, false);
}

const char *line_hear(struct line *l)
{
	static char text[65536];
	struct slice got = buf_slice(&l->got);
	const char *end, *length;
	size_t n;

	rig_settle(l->rig);
	got = buf_slice(&l->got);
	end = memmem(got.p, got.n, "\r\n\r\n", 4);
	if (!end)
		return "";
	n = (size_t)(end - got.p) + 4;
	memcpy(text, got.p, n);
	text[n] = 0;
	length = strstr(text, "Content-Length: ");
	buf_take(&l->got, n + (length ? (size_t)atoi(length + 16) : 0));
	return text;
}

unsigned line_status(struct line *l)
{
	const char *text = line_hear(l);

	return strncmp(text, "SIP/2.0 ", 8) == 0 ? (unsigned)atoi(text + 8) : 0;
}

void line_request(struct line *l, const char *transport, unsigned n, const char *method,
	const char *domain, const char *via, const char *fields)
{
	char *text = xasprintf("%s sip:j@xmpp.lab SIP/2.0\r\n"
			       "Via: SIP/2.0/%s 127.0.0.1:%u;branch=z9hG4bK%u%s\r\n"
			       "From: <sip:romeo@%s>;tag=1\r\nTo: <sip:j@xmpp.lab>\r\n"
			       "Call-ID: c%u\r\nCSeq: 1 %s\r\nContent-Type: text/plain\r\n%s"
			       "Content-Length: 2\r\n\r\nhi",
		method, transport, 5060, n, via, domain, n, method, fields);

	line_say(l, text);
	xfree(text);
}

/* ---- doors ---- */

void door_open(struct door *d, struct rig *r, uint16_t port)
{
	static const int on = 1;
	struct netaddr a = address("127.0.0.1", port);
	struct sockaddr_storage got;
	socklen_t len = sizeof got;

	d->rig = r;
	d->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	setsockopt(d->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	assert_int_equal(bind(d->fd, &a.sa, netaddr_len(&a)), 0);
	assert_int_equal(listen(d->fd, 64), 0);
	assert_int_equal(getsockname(d->fd, (struct sockaddr *)&got, &len), 0);
	netaddr_from(&a, (struct sockaddr *)&got);
	d->port = netaddr_port(&a);
}

void door_close(struct door *d)
{
	close(d->fd);
}

bool door_take(struct door *d, struct line *l)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof from;
	struct netaddr peer;
	int fd = accept(d->fd, (struct sockaddr *)&from, &len);

	if (fd < 0)
		return false;
	netaddr_from(&peer, (struct sockaddr *)&from);
	adopt(l, d->rig, fd, &peer);
	return true;
}
