#include "peer.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"
#include "xmpp/dialback.h"

#define STREAM_ID "id-of-stream"

static const char *answer_of(
	const struct peer *p, const char *from, const char *to, enum peer_answer *ret)
{
	*ret = PEER_VALID;
	for (size_t i = 0; i < ARRAY_LEN(p->answers) && p->answers[i].from; i++)
		if (strcmp(p->answers[i].from, from) == 0 && strcmp(p->answers[i].to, to) == 0)
			*ret = p->answers[i].answer;
	return *ret == PEER_VALID ? "valid" : *ret == PEER_INVALID ? "invalid" : "error";
}

static void say(struct peer_conn *c, const char *text)
{
	if (c->conn && !c->ended)
		conn_write(c->conn, slice_of(text));
}

static void end(struct peer_conn *c)
{
	if (c->ended)
		return;
	say(c, "</stream:stream>");
	c->ended = true;
	conn_close(c->conn, 0, 1000);
}

static void put_features(struct peer_conn *c)
{
	const struct peer *p = c->peer;
	char text[600];

	snprintf(text, sizeof text, "<stream:features>%s%s%s</stream:features>",
		p->tls && !c->tls ? "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>" : "",
		c->tls && !c->external ? "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"
					 "<mechanism>EXTERNAL</mechanism></mechanisms>"
				       : "",
		p->no_dialback || (p->tls && !c->tls) ? ""
		: p->no_errors
			? "<dialback xmlns='urn:xmpp:features:dialback'/>"
			: "<dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>");
	say(c, text);
}

static void on_header(struct peer_conn *c)
{
	say(c, "<stream:stream xmlns='jabber:server' from='xmpp.lab' to='sip.lab' "
	       "xmlns:stream='http://etherx.jabber.org/streams' version='1.0' "
	       "xmlns:db='jabber:server:dialback' id='" STREAM_ID "'>");
	put_features(c);
}

/* "<db:result from='F' to='T'>KEY</db:result>" */
static void on_key(struct peer_conn *c, const char *element)
{
	char from[64], to[64], key[80], want[DIALBACK_KEY_SIZE], text[400];
	struct dialback_secret secret;
	enum peer_answer answer;
	const char *type;

	if (sscanf(element, "<db:result from='%63[^']' to='%63[^']'>%79[^<]", from, to, key) != 3)
		fail_msg("no key: %s", element);
	dialback_secret_make(&secret, SL("the passphrase of sip.lab"));
	dialback_key(&secret, slice_of(to), slice_of(from), SL(STREAM_ID), want);
	c->peer->n_keys++;
	c->peer->false_keys += strcmp(key, want) != 0;
	type = answer_of(c->peer, from, to, &answer);
	if (answer == PEER_SILENT)
		return;
	snprintf(text, sizeof text, "<db:result from='%s' to='%s' type='%s'>%s</db:result>", to,
		from, type,
		strcmp(type, "error") == 0 ? "<error type='cancel'><item-not-found "
					     "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
					   : "");
	say(c, text);
	if (answer == PEER_ERROR_CLOSE)
		end(c);
}

static void on_starttls(struct peer_conn *c)
{
	say(c, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
	conn_tls_start(c->conn, CONN_SERVER, c->peer->set,
		tls_set_for(c->peer->set, SL("xmpp.lab")), SL_NONE);
	c->tls = true;
}

static void on_auth(struct peer_conn *c)
{
	c->external = true;
	say(c, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
}

static void on_end_tag(struct peer_conn *c)
{
	if (!c->peer->mute_end)
		end(c);
}

/* What begins so is whole when it ends so. */
static const struct {
	const char *first, *last;
	void (*fn)(struct peer_conn *c);
} elements[] = {
	{"<?xml", "?>", NULL},
	{"<stream:stream ", ">", on_header},
	{"<starttls", "/>", on_starttls},
	{"<auth", "</auth>", on_auth},
	{"<db:result", "</db:result>", NULL},
	{"<message", "</message>", NULL},
	{"<iq", "</iq>", NULL},
	{"<stream:error", "</stream:error>", NULL},
	{"</stream:stream", ">", on_end_tag},
};

/* Deals with one element; false: there is none that is whole. */
static bool take_one(struct peer_conn *c)
{
	char text[1 << 15];
	size_t n = c->got.n < sizeof text - 1 ? c->got.n : sizeof text - 1;

	memcpy(text, buf_slice(&c->got).p ? buf_slice(&c->got).p : "", n);
	text[n] = 0;
	if (n && text[0] == ' ') {
		buf_take(&c->got, 1);
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(elements); i++) {
		char *stop;

		if (strncmp(text, elements[i].first, strlen(elements[i].first)) != 0)
			continue;
		stop = strstr(text, elements[i].last);
		if (!stop)
			return false;
		stop += strlen(elements[i].last);
		*stop = 0;
		buf_take(&c->got, (size_t)(stop - text));
		if (strncmp(text, "<db:", 4) == 0)
			on_key(c, text);
		else if (elements[i].fn)
			elements[i].fn(c);
		return true;
	}
	if (n)
		fail_msg("what is this: %s", text);
	return false;
}

static void on_data(void *arg, struct slice bytes)
{
	struct peer_conn *c = arg;

	if (c->ended)
		return;
	buf_slice_add(&c->got, bytes);
	buf_slice_add(&c->all, bytes);
	while (!c->ended && take_one(c))
		;
}

static void on_secure(void *arg)
{
}

static void on_flushed(void *arg, uint64_t offset)
{
}

static void gone(struct peer_conn *c)
{
	if (!c->conn)
		return;
	conn_free(c->conn);
	c->conn = NULL;
	c->peer->open--;
}

static void on_eof(void *arg, bool clean)
{
	struct peer_conn *c = arg;

	if (!c->ended)
		conn_close(c->conn, 0, 1000);
	c->ended = true;
}

static void on_closed(void *arg, enum conn_end e, const char *text)
{
	gone(arg);
}

static const struct conn_ops ops = {NULL, on_secure, on_data, on_flushed, on_eof, on_closed};

static void on_accept(void *arg, int fd, const struct netaddr *from)
{
	struct peer *p = arg;
	struct peer_conn *c = &p->conns[p->n_conns];

	if (p->refuses) {
		close(fd);
		return;
	}
	assert_true(p->n_conns < PEER_CONNS);
	p->n_conns++;
	p->open++;
	if (p->open > p->most)
		p->most = p->open;
	c->peer = p;
	c->conn = conn_accept(p->rig->loop, fd, from, &ops, c);
}

void peer_init(struct peer *p, struct rig *r)
{
	static const char *const names[] = {"xmpp.lab", NULL};
	struct pki_files f = pki_issue(r->pki, "peer", &(struct pki_spec){.dns = names});
	struct netaddr any;
	struct err e;

	*p = (struct peer){.rig = r};
	netaddr_parse_host(&any, SL("127.0.0.1"), 0);
	if (listener_new(&p->listener, r->loop, &any, on_accept, p, &e) < 0 ||
		tls_set_load(&p->set,
			&(struct tls_cert_files){.name = "peer", .chain = f.chain, .key = f.key}, 1,
			pki_trust(r->pki), &e) < 0)
		fail_msg("%s", e.text);
	any = listener_address(p->listener);
	p->port = netaddr_port(&any);
}

void peer_done(struct peer *p)
{
	listener_free(p->listener);
	for (unsigned i = 0; i < p->n_conns; i++) {
		gone(&p->conns[i]);
		buf_done(&p->conns[i].got);
		buf_done(&p->conns[i].all);
	}
	tls_set_unref(p->set);
}

unsigned peer_received(const struct peer *p, uint64_t id, int *ret_conn)
{
	char mark[32];
	unsigned n = 0;

	if (ret_conn)
		*ret_conn = -1;
	snprintf(mark, sizeof mark, " id='m%llu'", (unsigned long long)id);
	for (unsigned i = 0; i < p->n_conns; i++) {
		struct slice rest = buf_slice(&p->conns[i].all);
		const char *at;

		while (rest.n && (at = memmem(rest.p, rest.n, mark, strlen(mark)))) {
			rest = slice_make(at + 1, rest.n - (size_t)(at + 1 - rest.p));
			n++;
			if (ret_conn)
				*ret_conn = (int)i;
		}
	}
	return n;
}

bool peer_has(const struct peer *p, unsigned conn, const char *text)
{
	return slice_contains(buf_slice(&p->conns[conn].all), slice_of(text));
}

void peer_say(struct peer *p, unsigned conn, const char *text)
{
	say(&p->conns[conn], text);
}

void peer_drop(struct peer *p, unsigned conn)
{
	gone(&p->conns[conn]);
}
