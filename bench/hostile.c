#include "hostile.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "storm.h"

enum { HEAD = 70000, CHUNK = 50, DEAF_BYTES = 2 << 20, WINDOW = 4096, GARBAGE = 4096 };

static const char *const transports[BY__N] = {[BY_TCP] = "TCP", [BY_TLS] = "TLS"};

/* ---- requests ---- */

size_t hostile_request(const struct hostile_world *w, const char *method, const char *transport,
	const char *sent_by, const char *more, char to[static HOSTILE_REQUEST])
{
	static _Atomic uint64_t last;
	unsigned long long id = atomic_fetch_add_explicit(&last, 1, memory_order_relaxed);
	bool is_message = strcmp(method, "MESSAGE") == 0;
	char uri[64] = "sip:juliet0@p0.bench";

	if (!is_message)
		snprintf(uri, sizeof uri, "sip:127.0.0.1:%u", w->udp_port);
	return (size_t)snprintf(to, HOSTILE_REQUEST,
		"%s %s SIP/2.0\r\nVia: SIP/2.0/%s %s;branch=z9hG4bKh%llx%s\r\nMax-Forwards: 70\r\n"
		"From: <sip:mallory@elsewhere.bench>;tag=h%llx\r\nTo: <%s>\r\nCall-ID: "
		"h%llx@elsewhere.bench\r\n"
		"CSeq: 1 %s\r\n%sContent-Length: %d\r\n\r\n%s",
		method, uri, transport, sent_by, id, more, id, uri, id, method,
		is_message ? "Content-Type: text/plain\r\n" : "", is_message ? 5 : 0,
		is_message ? "hello" : "");
}

static size_t request(const struct hostile *h, const char *method, char to[static HOSTILE_REQUEST])
{
	char own[32];

	snprintf(own, sizeof own, "%s:5060", inet_ntoa(h->world->from[h->by]));
	return hostile_request(h->world, method, transports[h->by], own, "", to);
}

static void ask(struct hostile *h, struct line *l)
{
	char m[HOSTILE_REQUEST];

	line_write(l, m, request(h, "OPTIONS", m));
	line_answers(l, h->count->answers, 1, true);
}

/* ---- what they do; true: the connection is kept ---- */

static bool stall_head(struct hostile *h, struct line *l)
{
	char m[HOSTILE_REQUEST];

	line_write(l, m, request(h, "MESSAGE", m) / 2);
	return true;
}

static bool stall_body(struct hostile *h, struct line *l)
{
	char m[HOSTILE_REQUEST];

	line_write(l, m, request(h, "MESSAGE", m) - 3);
	return true;
}

static bool reset_at_once(struct hostile *h, struct line *l)
{
	(void)h, (void)l;
	return false;
}

static bool reset_middle(struct hostile *h, struct line *l)
{
	stall_head(h, l);
	return false;
}

static bool half_close(struct hostile *h, struct line *l)
{
	char m[HOSTILE_REQUEST];

	line_write(l, m, request(h, "OPTIONS", m));
	line_half_close(l);
	line_answers(l, h->count->answers, 2, true); /* to the end: there is one */
	return false;
}

static bool renegotiate(struct hostile *h, struct line *l)
{
	if (SSL_renegotiate(l->ssl) == 1 && SSL_do_handshake(l->ssl) == 1 &&
		!SSL_renegotiate_pending(l->ssl))
		storm_count(&h->count->renegotiated, 1);
	ask(h, l);
	return false;
}

static bool huge_head(struct hostile *h, struct line *l)
{
	static const char field[] = "X-Filler: nothing in particular\r\n";
	char m[HOSTILE_REQUEST], *all = malloc(HEAD + sizeof field);
	size_t n = request(h, "OPTIONS", m) - 2;

	memcpy(all, m, n);
	for (; n < HEAD; n += sizeof field - 1)
		memcpy(all + n, field, sizeof field - 1);
	line_write(l, all, n);
	line_answers(l, h->count->answers, 2, true);
	free(all);
	return false;
}

static bool byte_by_byte(struct hostile *h, struct line *l)
{
	char m[HOSTILE_REQUEST];
	size_t n = request(h, "OPTIONS", m);

	for (size_t i = 0; i < n; i++)
		if (!line_write(l, m + i, 1))
			return false;
	line_answers(l, h->count->answers, 1, true);
	return false;
}

static bool write_some(struct hostile *h, struct line *l, const char *method, unsigned requests)
{
	char some[CHUNK * HOSTILE_REQUEST];
	size_t n = 0;

	for (unsigned i = 0; i < requests; i++)
		n += request(h, method, some + n);
	return line_write(l, some, n);
}

static bool pipeline(struct hostile *h, struct line *l, const char *method)
{
	unsigned seen = 0, wanted = h->world->pipelined;

	for (unsigned i = 0; i < wanted; i += CHUNK) {
		if (!write_some(h, l, method, wanted - i < CHUNK ? wanted - i : CHUNK))
			return false;
		seen += line_answers(l, h->count->answers, wanted - seen, false);
	}
	line_answers(l, h->count->answers, wanted - seen, true);
	return false;
}

static bool pipeline_options(struct hostile *h, struct line *l)
{
	return pipeline(h, l, "OPTIONS");
}

static bool pipeline_message(struct hostile *h, struct line *l)
{
	return pipeline(h, l, "MESSAGE");
}

/* Until entented reads no more, which it does not while too many answers wait. */
static bool deaf(struct hostile *h, struct line *l)
{
	static const int window = WINDOW;

	setsockopt(l->fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
	for (size_t n = 0; n < DEAF_BYTES && atomic_load(h->world->active); n += CHUNK * 300)
		if (!write_some(h, l, "OPTIONS", CHUNK))
			break;
	return true;
}

static bool forged(struct hostile *h, struct line *l)
{
	char m[HOSTILE_REQUEST], victim[32], more[64];

	snprintf(victim, sizeof victim, "%s:5060", inet_ntoa(h->world->victim));
	snprintf(more, sizeof more, ";rport=9;received=%s", inet_ntoa(h->world->victim));
	line_write(l, m, hostile_request(h->world, "OPTIONS", transports[h->by], victim, more, m));
	line_answers(l, h->count->answers, 1, true);
	return false;
}

/* ---- strangers ---- */

static bool stranger_message(struct hostile *h, struct line *l)
{
	char m[HOSTILE_REQUEST];

	line_write(l, m, request(h, "MESSAGE", m));
	line_answers(l, h->count->answers, 2, true);
	return false;
}

static bool garbage(struct hostile *h, struct line *l)
{
	char bytes[GARBAGE];

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)rand();
	(void)h;
	line_write(l, bytes, sizeof bytes);
	return true;
}

/* entented makes its keys and signature for something that costs nothing. */
static bool only_hello(struct hostile *h, struct line *l)
{
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
	SSL *ssl = SSL_new(h->world->ctx_stranger);
	char hello[4096];
	int n;

	SSL_set_bio(ssl, in, out);
	SSL_connect(ssl);
	n = BIO_read(out, hello, sizeof hello);
	SSL_free(ssl);
	if (n > 0 && line_write(l, hello, (size_t)n) && recv(l->fd, hello, sizeof hello, 0) < 0)
		storm_count(&h->count->refused, 1);
	return false;
}

static bool cut_hello(struct hostile *h, struct line *l)
{
	static const char half[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";

	(void)h;
	line_write(l, half, sizeof half - 1);
	return true;
}

/* ---- kinds ---- */

enum who { ROUTE, STRANGER };
enum how { PLAIN, SECURE, SECURE_12 }; /* of what goes by TLS */
enum { TCP = 1 << BY_TCP, TLS = 1 << BY_TLS };

/* clang-format off */
static const struct kind {
	const char *name;
	bool (*run)(struct hostile *h, struct line *l);
	enum who who;
	unsigned by;
	enum how how;
	bool heavy;
} kinds[] = {
	{"stall_head", stall_head, ROUTE, TCP | TLS, SECURE, false},
	{"stall_body", stall_body, ROUTE, TCP | TLS, SECURE, false},
	{"reset_at_once", reset_at_once, ROUTE, TCP | TLS, SECURE, false},
	{"reset_middle", reset_middle, ROUTE, TCP | TLS, SECURE, false},
	{"half_close", half_close, ROUTE, TCP | TLS, SECURE, false},
	{"forged", forged, ROUTE, TCP | TLS, SECURE, false},
	{"renegotiate", renegotiate, ROUTE, TLS, SECURE_12, false},
	{"huge_head", huge_head, ROUTE, TCP | TLS, SECURE, true},
	{"byte_by_byte", byte_by_byte, ROUTE, TCP | TLS, SECURE, true},
	{"pipeline_options", pipeline_options, ROUTE, TCP | TLS, SECURE, true},
	{"pipeline_message", pipeline_message, ROUTE, TCP | TLS, SECURE, true},
	{"deaf", deaf, ROUTE, TCP | TLS, SECURE, true},
	{"stranger_message", stranger_message, STRANGER, TCP | TLS, SECURE, false},
	{"stranger_garbage", garbage, STRANGER, TCP | TLS, PLAIN, false},
	{"stranger_hello", only_hello, STRANGER, TLS, PLAIN, false},
	{"stranger_cut", cut_hello, STRANGER, TLS, PLAIN, false},
};
/* clang-format on */
_Static_assert(sizeof kinds / sizeof *kinds == HOSTILE_KINDS, "kinds of hostile peers");

const char *hostile_name(unsigned kind)
{
	return kind < HOSTILE_KINDS ? kinds[kind].name : NULL;
}

bool hostile_goes_by(unsigned kind, int by)
{
	return kinds[kind].by & 1u << by;
}

/* Strangers have 250 addresses; which one is next. */
static struct in_addr stranger(const struct hostile_world *w)
{
	static _Atomic uint32_t last;
	uint32_t n = atomic_fetch_add_explicit(&last, 1, memory_order_relaxed);

	return (struct in_addr){.s_addr = htonl(ntohl(w->strangers.s_addr) + n % 250)};
}

static bool open_one(const struct hostile *h, const struct kind *k, struct line *l)
{
	const struct hostile_world *w = h->world;
	SSL_CTX *ctx = k->who == STRANGER    ? w->ctx_stranger
		       : k->how == SECURE_12 ? w->ctx_12
					     : w->ctx;

	if (!line_open(l, k->who == STRANGER ? stranger(w) : w->from[h->by], w->port[h->by]))
		return false;
	if (h->by == BY_TCP || k->how == PLAIN || line_secure(l, ctx))
		return true;
	line_end(l);
	return false;
}

static void keep(struct hostile *h, const struct line *l)
{
	struct line *place = &h->kept[h->n_kept % HOSTILE_KEPT];

	if (h->n_kept++ >= HOSTILE_KEPT)
		line_end(place);
	*place = *l;
}

void *hostile_run(void *arg)
{
	struct hostile *h = arg;
	const struct kind *k = &kinds[h->kind];
	uint64_t due = 0;

	for (;;) {
		struct line l;

		storm_pace(&due, h->world->active, k->heavy ? h->world->heavy : h->world->light);
		storm_count(&h->count->connections, 1);
		if (!open_one(h, k, &l))
			storm_count(&h->count->refused, 1);
		else if (k->run(h, &l))
			keep(h, &l);
		else
			line_end(&l);
	}
	return NULL;
}
