#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer_priv.h"

#define NS_TLS     "urn:ietf:params:xml:ns:xmpp-tls"
#define NS_SASL    "urn:ietf:params:xml:ns:xmpp-sasl"
#define NS_STREAMS "urn:ietf:params:xml:ns:xmpp-streams"
#define NS_STANZAS "urn:ietf:params:xml:ns:xmpp-stanzas"

static bool secure(const struct talk *t)
{
	return t->w.ssl != NULL;
}

/* ---- what is sent ---- */

static void put_header(struct talk *t)
{
	wire_send(&t->w,
		"<?xml version='1.0'?><stream:stream xmlns='jabber:server' "
		"xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback' "
		"from='%s' to='%s' version='1.0'",
		t->row->domain, t->peer->cfg->local);
	if (t->ours)
		wire_send(&t->w, ">");
	else
		wire_send(&t->w, " id='%s'>", t->id);
}

static void put_message(struct talk *t)
{
	wire_send(&t->w,
		"<message from='juliet@%s' to='romeo@%s' id='m%d' type='chat'><body>row-%d</body>"
		"</message>",
		t->row->domain, t->peer->cfg->local, t->row->number, t->row->number);
	t->row->encrypted = secure(t);
	t->row->external = t->external;
}

/* In order: the other end answers, so that it knows what has arrived (RFC 6120 4.4). */
void script_end(struct talk *t)
{
	if (!t->ending)
		wire_send(&t->w, "</stream:stream>");
	t->ending = true;
}

static void put_result(struct talk *t, const char *type)
{
	wire_send(&t->w, "<db:result from='%s' to='%s' type='%s'>%s</db:result>", t->row->domain,
		t->peer->cfg->local, type,
		strcmp(type, "error") == 0 ? "<error type='cancel'><remote-connection-failed "
					     "xmlns='" NS_STANZAS "'/></error>"
					   : "");
}

static void put_error(struct talk *t, const char *condition)
{
	wire_send(&t->w,
		"<stream:error><%s xmlns='" NS_STREAMS "'/></stream:error></stream:stream>",
		condition);
	t->done = true;
}

/* ---- what our settings allow ---- */

/* A domain's authoritative server has a certificate, whatever the row's stream shows. */
static enum cert own_cert(const struct talk *t)
{
	bool authority = !t->ours && !t->row->outbound;

	return (authority || t->verifies) && t->row->cert == CERT_MISSING ? CERT_VALID
									  : t->row->cert;
}

static bool has_tls(const struct talk *t)
{
	return t->row->tls != PEER_TLS_DISABLED && (t->ours || own_cert(t) != CERT_MISSING);
}

/* Half of the rows go no further than TLS 1.2, without a pattern. */
static int max_version(const struct row *r)
{
	return (uint32_t)r->number * 2654435761u >> 31 ? TLS1_2_VERSION : TLS1_3_VERSION;
}

static void start_tls(struct talk *t)
{
	struct peer *p = t->peer;
	struct wire_tls tls = {
		.ctx = t->ours ? p->client[own_cert(t)] : p->server[own_cert(t)],
		.server = !t->ours,
		.strict = t->row->strict,
		.name = t->ours ? p->cfg->local : NULL,
		.max_version = max_version(t->row),
	};

	if (t->w.n_in)
		row_wrong(t->row, "clear text where TLS begins");
	wire_start_tls(&t->w, &tls);
}

/* The certificate that the other end has shown, as this peer judges it. */
static void judge_certificate(struct talk *t)
{
	X509 *x = SSL_get0_peer_certificate(t->w.ssl);
	bool named = x && X509_check_host(x, t->peer->cfg->local, 0, 0, NULL) == 1;

	t->shown = !x ? CERT_MISSING : t->w.bad_chain || !named ? CERT_INVALID : CERT_VALID;
	if (!t->verifies && t->shown != t->row->local_cert)
		row_wrong(t->row, "entented has shown a certificate that is %s",
			cert_words[t->shown]);
	if (SSL_version(t->w.ssl) < TLS1_2_VERSION)
		row_wrong(t->row, "%s", SSL_get_version(t->w.ssl));
}

static void new_id(struct talk *t)
{
	unsigned char random[12];

	RAND_bytes(random, sizeof random);
	for (size_t i = 0; i < sizeof random; i++)
		sprintf(t->id + 2 * i, "%02x", random[i]);
}

/* ---- as recipient ---- */

static void put_features(struct talk *t)
{
	const struct row *r = t->row;
	bool starttls = has_tls(t) && !secure(t), required = r->tls == PEER_TLS_REQUIRED;

	wire_send(&t->w, "<stream:features>");
	if (starttls)
		wire_send(&t->w, "<starttls xmlns='" NS_TLS "'>%s</starttls>",
			required ? "<required/>" : "");
	if (secure(t) && t->shown == CERT_VALID && !t->authenticated)
		wire_send(&t->w, "<mechanisms xmlns='" NS_SASL
				 "'><mechanism>EXTERNAL</mechanism></mechanisms>");
	if (r->dialback && !t->authenticated && (secure(t) || !required))
		wire_send(
			&t->w, "<dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>");
	wire_send(&t->w, "</stream:features>");
}

static struct row *row_of(const struct peer *p, const char *domain)
{
	for (size_t i = 0; i < p->cfg->n_rows; i++)
		if (strcmp(p->cfg->rows[i].domain, domain) == 0)
			return &p->cfg->rows[i];
	return NULL;
}

static void take_header(struct talk *t, const char *piece)
{
	char to[128], from[128];

	if (!t->row)
		t->row = row_of(t->peer, piece_attr(piece, "to", to, sizeof to));
	if (!t->row || strcmp(piece_attr(piece, "from", from, sizeof from), t->peer->cfg->local)) {
		fprintf(stderr, "a stream header from '%s' to '%s'\n", from, to);
		t->done = true;
		return;
	}
	if (secure(t)) {
		judge_certificate(t);
		if (strcmp(SSL_get_servername(t->w.ssl, TLSEXT_NAMETYPE_host_name) ?: "",
			    t->row->domain))
			row_wrong(t->row, "no SNI, or another");
	}
	new_id(t);
	put_header(t);
	put_features(t);
}

static void on_starttls(struct talk *t, const char *piece)
{
	if (has_tls(t)) {
		wire_send(&t->w, "<proceed xmlns='" NS_TLS "'/>");
		start_tls(t);
	} else {
		wire_send(&t->w, "<failure xmlns='" NS_TLS "'/></stream:stream>");
		t->done = true;
	}
}

static void on_auth(struct talk *t, const char *piece)
{
	if (!secure(t) || t->shown != CERT_VALID)
		row_wrong(t->row, "EXTERNAL was not offered");
	t->authenticated = t->external = true;
	wire_send(&t->w, "<success xmlns='" NS_SASL "'/>");
}

/* A key of ours, or what somebody thinks to be one. */
static void on_verify_request(struct talk *t, const char *piece)
{
	const struct row *r = t->row;
	char id[128], key[128];
	bool good;

	piece_attr(piece, "id", id, sizeof id);
	piece_text(piece, key, sizeof key);
	good = strcmp(id, r->key_id) == 0 && strcmp(key, r->key) == 0 && r->key[0];
	wire_send(&t->w, "<db:verify from='%s' to='%s' id='%s' type='%s'/>", r->domain,
		t->peer->cfg->local, id, good ? "valid" : "invalid");
}

/* Where our keys are verified: at a node that shows what this peer talks to. */
static enum cert authority(const struct row *r)
{
	bool talks = r->local_cert == CERT_INVALID && !r->strict;

	return talks ? r->local_cert : CERT_VALID;
}

static void on_result_request(struct talk *t, const char *piece)
{
	const struct row *r = t->row;
	struct talk *v;

	if (!r->dialback || (r->tls == PEER_TLS_REQUIRED && !secure(t))) {
		put_error(t, "policy-violation");
		return;
	}
	v = talk_new(t->peer, t->row);
	v->verifies = true;
	v->asker = t;
	piece_text(piece, v->key, sizeof v->key);
	talk_connect(v, authority(r));
}

/* ---- as initiator ---- */

/* A stream's id is entented's own, and new each time (RFC 6120 4.7.3). */
static void note_id(struct talk *t, const char *piece)
{
	char *id = strdup(piece_attr(piece, "id", t->id, sizeof t->id)), **found;

	found = tsearch(id, &t->peer->ids, (int (*)(const void *, const void *))strcmp);
	if (!id[0] || *found != id) {
		row_wrong(t->row, "the stream id '%s' was used before", id);
		free(id);
	}
}

/* RFC 6120 5.3.1, 6.3.4, XEP-0178: what may stand in the features where the stream is now. */
static void check_features(struct talk *t, const char *piece)
{
	bool external = strstr(piece, "EXTERNAL") != NULL;
	bool starttls = strstr(piece, "<starttls") != NULL;

	if (secure(t) && starttls)
		row_wrong(t->row, "STARTTLS inside TLS");
	if (external && (!secure(t) || own_cert(t) != CERT_VALID))
		row_wrong(t->row, "EXTERNAL without a good certificate");
	if (starttls && policy_tls_required(t->row->policy) &&
		(!strstr(piece, "<required") || strstr(piece, "<dialback")))
		row_wrong(t->row, "TLS is required and not offered alone");
}

static void prove(struct talk *t)
{
	struct row *r = t->row;

	snprintf(r->key_id, sizeof r->key_id, "%s", t->id);
	snprintf(r->key, sizeof r->key, "%d-%08x", r->number, (unsigned)rand());
	wire_send(&t->w, "<db:result from='%s' to='%s'>%s</db:result>", r->domain,
		t->peer->cfg->local, r->key);
}

/* Encrypted as far as it will be: who we are. */
static void authenticate(struct talk *t, const char *features)
{
	if (t->verifies) {
		wire_send(&t->w, "<db:verify from='%s' to='%s' id='%s'>%s</db:verify>",
			t->row->domain, t->peer->cfg->local, t->asker ? t->asker->id : "", t->key);
	} else if (t->authenticated) {
		put_message(t);
	} else if (strstr(features, "EXTERNAL") && t->shown == CERT_VALID) {
		wire_send(&t->w, "<auth xmlns='" NS_SASL "' mechanism='EXTERNAL'>=</auth>");
	} else if (t->row->dialback) {
		prove(t);
	} else {
		put_message(t); /* nothing is left: it must not pass */
	}
}

static void on_features(struct talk *t, const char *piece)
{
	check_features(t, piece);
	if (secure(t) || t->row->tls == PEER_TLS_DISABLED)
		authenticate(t, piece);
	else if (strstr(piece, "<starttls") || t->row->tls == PEER_TLS_REQUIRED)
		wire_send(&t->w, "<starttls xmlns='" NS_TLS "'/>"); /* RFC 7590 3.1 */
	else
		authenticate(t, piece);
}

static void on_proceed(struct talk *t, const char *piece)
{
	start_tls(t);
	put_header(t);
}

static void on_success(struct talk *t, const char *piece)
{
	t->authenticated = t->external = true;
	put_header(t);
}

static void on_result_answer(struct talk *t, const char *type)
{
	if (strcmp(type, "valid") == 0) {
		t->authenticated = true;
		put_message(t);
	} else {
		t->row->dialback_errors++;
		t->row->finished = true;
	}
}

static void on_verify_answer(struct talk *t, const char *type)
{
	if (t->asker) {
		t->asker->authenticated = strcmp(type, "valid") == 0;
		put_result(t->asker, type);
		t->asker = NULL;
	}
	script_end(t);
}

/* ---- either ---- */

static void on_header(struct talk *t, const char *piece)
{
	if (!t->ours) {
		take_header(t, piece);
		return;
	}
	note_id(t, piece);
	if (secure(t))
		judge_certificate(t);
}

/* A request, whose key must not be seen, or an answer. */
static void on_dialback(struct talk *t, const char *piece,
	void (*request)(struct talk *, const char *), void (*answer)(struct talk *, const char *))
{
	char type[16];

	piece_attr(piece, "type", type, sizeof type);
	if (!type[0] && !secure(t) && policy_tls_required(t->row->policy))
		row_wrong(t->row, "a dialback key in clear");
	if (!type[0] && !t->ours)
		request(t, piece);
	else if (type[0] && t->ours)
		answer(t, type);
	else
		row_wrong(t->row, "dialback in the wrong direction");
}

static void on_result(struct talk *t, const char *piece)
{
	on_dialback(t, piece, on_result_request, on_result_answer);
}

static void on_verify(struct talk *t, const char *piece)
{
	on_dialback(t, piece, on_verify_request, on_verify_answer);
}

static void on_message(struct talk *t, const char *piece)
{
	struct row *r = t->row;
	char wanted[32];

	snprintf(wanted, sizeof wanted, ">row-%d<", r->number);
	if (!t->authenticated || t->ours || !r->outbound || !strstr(piece, wanted)) {
		row_wrong(r, "a stanza where none may be");
		return;
	}
	if (r->delivered)
		row_wrong(r, "delivered twice");
	r->delivered = true;
	r->encrypted = secure(t);
	r->external = t->external;
}

/* Of the row's own stream. */
static bool tells(const struct talk *t)
{
	return t->row && !t->verifies && t->ours != t->row->outbound;
}

static void finish(struct talk *t)
{
	t->done = true;
	if (tells(t) && t->ours)
		t->row->finished = true;
}

static void on_error(struct talk *t, const char *piece)
{
	if (tells(t))
		t->row->stream_errors++;
	finish(t);
}

static void on_end(struct talk *t, const char *piece)
{
	script_end(t);
	finish(t);
}

static const struct {
	const char *begin;
	void (*on)(struct talk *, const char *piece);
} pieces[] = {
	{"<stream:stream", on_header},
	{"<stream:features", on_features},
	{"<stream:error", on_error},
	{"</stream:stream", on_end},
	{"<starttls", on_starttls},
	{"<proceed", on_proceed},
	{"<failure", on_error},
	{"<auth", on_auth},
	{"<success", on_success},
	{"<db:result", on_result},
	{"<db:verify", on_verify},
	{"<message", on_message},
};

void script_piece(struct talk *t, const char *piece)
{
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
		if (strncmp(piece, pieces[i].begin, strlen(pieces[i].begin)) == 0) {
			pieces[i].on(t, piece);
			return;
		}
	if (t->row)
		row_wrong(t->row, "not understood: %.80s", piece);
}

void script_over(struct talk *t)
{
	if (t->asker)
		put_result(t->asker, "error");
	if (tells(t)) {
		t->row->alerts += t->w.alert;
		t->row->peer_gave_up |= t->w.own_alert;
	}
	finish(t);
}

void script_begin(struct talk *t)
{
	put_header(t);
}
