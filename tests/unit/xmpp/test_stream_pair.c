#include "unit.h"

#include "base/mem.h"
#include "script.h"

/*
 * Two engines joined in memory, the initiator's output the recipient's input and the reverse, with
 * a driver on either side and a TLS that only switches. Every policy against every policy, every
 * verdict on either certificate, the bytes in pieces of several sizes.
 */
enum outcome { NONE, PLAIN_DIALBACK, TLS_DIALBACK, TLS_EXTERNAL };

static const char *const outcome_names[] = {
	"none", "plain-dialback", "tls-dialback", "tls-external"};

struct side {
	struct xstream *x;
	struct xstream_policy policy;
	enum xstream_cert verdict; /* on the other side's certificate */
	struct buf wire;           /* what it has written and the other has not read */
	bool wants_tls, closed;
	enum outcome outcome;
	size_t stanzas;
	uint64_t now;
};

static const struct xstream_policy policies[] = {
	{XTLS_REQUIRED, true,  false, false},
	{XTLS_REQUIRED, true,  true,  false},
	{XTLS_REQUIRED, false, true,  false},
	{XTLS_OPTIONAL, true,  false, false},
	{XTLS_OPTIONAL, true,  true,  true },
	{XTLS_OPTIONAL, false, true,  true },
	{XTLS_OFF,      false, false, true },
	{XTLS_OFF,      true,  true,  true },
	{XTLS_OFF,      true,  false, false},
};

/*
 * In words: TLS first, if both are able; then the initiator judges the recipient, then the
 * recipient the initiator; EXTERNAL needs good certificates on both sides and wins over dialback;
 * dialback needs both sides' consent; nothing falls back from TLS to clear.
 */
static enum outcome expected(const struct side *i, const struct side *r)
{
	const struct xstream_policy *a = &i->policy, *b = &r->policy;

	if (a->tls != XTLS_OFF && b->tls != XTLS_OFF) {
		if (i->verdict == XCERT_GOOD && r->verdict == XCERT_GOOD && a->external &&
			b->external)
			return TLS_EXTERNAL;
		return a->dialback_tls && b->dialback_tls ? TLS_DIALBACK : NONE;
	}
	if (a->tls == XTLS_REQUIRED || b->tls == XTLS_REQUIRED)
		return NONE;
	return a->dialback_clear && b->dialback_clear ? PLAIN_DIALBACK : NONE;
}

static void on_db_request(struct side *s, const struct xstream_db *db)
{
	bool offered = xstream_offer(s->x)->dialback;
	struct xstream_db answer = {.from = db->to,
		.to = db->from,
		.type = offered ? SL("valid") : SL("error"),
		.cond = offered ? STANZA_OK : STANZA_POLICY_VIOLATION};

	assert_slice(db->key, "key");
	xstream_db_send(s->x, XSTREAM_DB_RESULT, &answer);
	if (offered)
		assert_true(xstream_db_valid(s->x, db->from, db->to));
	else
		xstream_close(s->x, STREAM_POLICY_VIOLATION, SL_NONE);
}

static void on_db(struct side *s, const struct xstream_db *db)
{
	if (!db->type.p)
		on_db_request(s, db);
	else if (slice_eqz(db->type, "valid"))
		assert_true(xstream_db_valid(s->x, db->from, db->to));
}

static void on_event(struct side *s, struct xstream_event *ev)
{
	struct xstream_db ask = {.from = SL("sip.lab"), .to = SL("xmpp.lab"), .key = SL("key")};

	switch (ev->type) {
	case XSTREAM_HEADER:
		assert_slice(ev->from, "sip.lab");
		assert_slice(ev->to, "xmpp.lab");
		xstream_accept(s->x, &s->policy, s->verdict);
		break;
	case XSTREAM_NEED_TLS:
		s->wants_tls = true;
		break;
	case XSTREAM_NEED_DIALBACK:
		xstream_db_send(s->x, XSTREAM_DB_RESULT, &ask);
		break;
	case XSTREAM_DB_RESULT:
		on_db(s, &ev->db);
		break;
	case XSTREAM_AUTHENTICATED:
		s->outcome = ev->method == XSTREAM_EXTERNAL ? TLS_EXTERNAL
			     : xstream_encrypted(s->x)      ? TLS_DIALBACK
							    : PLAIN_DIALBACK;
		break;
	case XSTREAM_STANZA:
		assert_slice(ev->from, "sip.lab");
		s->stanzas++;
		arena_done(&ev->arena);
		break;
	case XSTREAM_CLOSED:
		s->closed = true;
		break;
	default:
		break;
	}
}

static void drain(struct side *s)
{
	struct xstream_event ev;
	struct slice out;

	while (xstream_event(s->x, &ev))
		on_event(s, &ev);
	out = xstream_output(s->x);
	buf_slice_add(&s->wire, out);
	xstream_sent(s->x, out.n);
}

/* One piece from a to b; false when there was none. */
static bool carry(struct side *a, struct side *b, size_t piece)
{
	struct slice s = slice_cut(buf_slice(&a->wire), piece);

	drain(a);
	if (!a->wire.n)
		return false;
	s = slice_cut(buf_slice(&a->wire), piece);
	xstream_feed(b->x, s, b->now);
	buf_take(&a->wire, s.n);
	drain(b);
	return true;
}

/* The handshake is done once both are at it and the clear bytes are through. */
static bool handshake(struct side *i, struct side *r)
{
	if (!i->wants_tls || !r->wants_tls)
		return false;
	assert_int_equal(i->wire.n + r->wire.n, 0);
	i->wants_tls = r->wants_tls = false;
	xstream_tls_done(r->x, XCERT_NONE);
	xstream_tls_done(i->x, i->verdict);
	return true;
}

static void talk(struct side *i, struct side *r, size_t piece)
{
	bool more = true;

	while (more) {
		more = carry(i, r, piece);
		more = carry(r, i, piece) || more;
		more = handshake(i, r) || more;
	}
}

static void open_both(struct side *i, struct side *r)
{
	struct xstream_cfg out = {.role = XSTREAM_INITIATOR,
		.local = SL("sip.lab"),
		.remote = SL("xmpp.lab"),
		.policy = i->policy,
		.seed = {1}};
	struct xstream_cfg in = {.role = XSTREAM_RECIPIENT, .local = SL("xmpp.lab"), .seed = {2}};

	i->x = xstream_new(&out, 0);
	r->x = xstream_new(&in, 0);
}

/* Stanzas in one direction, then the end from one side: both come to theirs. */
static void use_and_close(struct side *i, struct side *r, size_t piece)
{
	assert_true(xstream_may_send(i->x));
	assert_true(xstream_pair_has(i->x, SL("xmpp.lab"), SL("sip.lab")));
	assert_true(xstream_pair_has(r->x, SL("sip.lab"), SL("xmpp.lab")));
	for (int k = 0; k < 3; k++)
		buf_str(&i->wire,
			"<message from='a@sip.lab' to='b@xmpp.lab'><body>x</body></message>");
	talk(i, r, piece);
	assert_int_equal(r->stanzas, 3);
	xstream_close(piece % 2 ? i->x : r->x, STREAM_OK, SL_NONE);
	talk(i, r, piece);
}

static void one_case(struct side i, struct side r, size_t piece)
{
	enum outcome want = expected(&i, &r);

	open_both(&i, &r);
	talk(&i, &r, piece);
	if (i.outcome != want || r.outcome != want)
		fail_msg("tls %d ext %d db %d/%d against tls %d ext %d db %d/%d, verdicts %d and "
			 "%d, "
			 "pieces of %zu: %s and %s, wanted %s",
			i.policy.tls, i.policy.external, i.policy.dialback_tls,
			i.policy.dialback_clear, r.policy.tls, r.policy.external,
			r.policy.dialback_tls, r.policy.dialback_clear, i.verdict, r.verdict, piece,
			outcome_names[i.outcome], outcome_names[r.outcome], outcome_names[want]);
	if (want != NONE)
		use_and_close(&i, &r, piece);
	/* Nobody hangs: whoever failed has told the other. */
	assert_true(i.closed && r.closed);
	assert_int_equal(xstream_deadline(i.x), UINT64_MAX);
	assert_int_equal(xstream_deadline(r.x), UINT64_MAX);
	buf_done(&i.wire);
	buf_done(&r.wire);
	xstream_free(i.x);
	xstream_free(r.x);
}

static void every_policy_against_every_policy(void **state)
{
	static const size_t pieces[] = {1, 10, 1000};
	size_t seen[4] = {0};

	for (size_t a = 0; a < ARRAY_LEN(policies); a++)
		for (size_t b = 0; b < ARRAY_LEN(policies); b++)
			for (unsigned v = 0; v < 9; v++)
				for (size_t p = 0; p < ARRAY_LEN(pieces); p++) {
					struct side i = {.policy = policies[a],
						.verdict = (enum xstream_cert)(v / 3)};
					struct side r = {.policy = policies[b],
						.verdict = (enum xstream_cert)(v % 3)};

					one_case(i, r, pieces[p]);
					seen[expected(&i, &r)]++;
				}
	for (size_t o = 0; o < ARRAY_LEN(seen); o++)
		assert_true(seen[o] > 0);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_policy_against_every_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
