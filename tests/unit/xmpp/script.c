#include "script.h"

#include <stdlib.h>

#include "base/mem.h"
#include "unit.h"
#include "xml/writer.h"
#include "xmpp/header.h"

static const char *const event_names[] = {
	[XSTREAM_HEADER] = "header",
	[XSTREAM_NEED_TLS] = "need-tls",
	[XSTREAM_NEED_DIALBACK] = "need-dialback",
	[XSTREAM_AUTHENTICATED] = "authenticated",
	[XSTREAM_AUTH_FAILED] = "auth-failed",
	[XSTREAM_STANZA] = "stanza",
	[XSTREAM_DB_RESULT] = "db-result",
	[XSTREAM_DB_VERIFY] = "db-verify",
	[XSTREAM_CLOSING] = "closing",
	[XSTREAM_CLOSED] = "closed",
};

static void put(struct buf *out, struct slice s)
{
	buf_chr(out, ' ');
	buf_slice_add(out, s.p ? s : SL("-"));
}

static void put_text(struct buf *out, struct slice text)
{
	if (text.p)
		buf_printf(out, " '%.*s'", SLARG(text));
}

static void print_db(struct buf *out, const struct xstream_db *db)
{
	put(out, db->from);
	put(out, db->to);
	put(out, db->id);
	put(out, db->type);
	put(out, db->key);
	if (db->cond)
		buf_printf(out, " %s", stanza_cond_name(db->cond));
}

void event_print(struct buf *out, struct xstream_event *ev)
{
	buf_str(out, event_names[ev->type]);
	switch (ev->type) {
	case XSTREAM_HEADER:
		put(out, ev->from);
		put(out, ev->to);
		put(out, ev->lang);
		buf_printf(out, " %u.%u", ev->version_major, ev->version_minor);
		break;
	case XSTREAM_AUTHENTICATED:
		put(out, ev->from);
		put(out, ev->to);
		buf_str(out, ev->method == XSTREAM_EXTERNAL ? " external" : " dialback");
		break;
	case XSTREAM_AUTH_FAILED:
		buf_printf(out, " %s", sasl_cond_name(ev->sasl_cond));
		put_text(out, ev->text);
		break;
	case XSTREAM_STANZA:
		put(out, ev->from);
		put(out, ev->to);
		buf_chr(out, ' ');
		xml_put_elem(out, ev->elem, SL("jabber:server"));
		arena_done(&ev->arena);
		break;
	case XSTREAM_DB_RESULT:
	case XSTREAM_DB_VERIFY:
		print_db(out, &ev->db);
		break;
	case XSTREAM_CLOSING:
		buf_printf(out, " %s", xstream_reason_name(ev->reason));
		if (ev->cond)
			buf_printf(out, " %s", stream_cond_name(ev->cond));
		if (ev->sasl_cond)
			buf_printf(out, " %s", sasl_cond_name(ev->sasl_cond));
		put_text(out, ev->text);
		break;
	case XSTREAM_CLOSED:
		buf_str(out, ev->abrupt ? " abrupt" : "");
		break;
	default:
		break;
	}
}

struct xstream_cfg script_cfg(enum xstream_role role, struct xstream_policy policy)
{
	return (struct xstream_cfg){
		.role = role,
		.local = SL("sip.lab"),
		.remote = SL("xmpp.lab"),
		.policy = policy,
	};
}

struct player {
	const struct script *script;
	bool bytewise;
	size_t at;
	struct xstream *x;
	uint64_t now;
	struct buf out, events; /* not yet compared */
};

static void drain(struct player *p)
{
	struct xstream_event ev;
	struct slice out;

	while (xstream_event(p->x, &ev)) {
		event_print(&p->events, &ev);
		buf_chr(&p->events, '\n');
	}
	out = xstream_output(p->x);
	buf_slice_add(&p->out, out);
	xstream_sent(p->x, out.n);
}

static void wrong(struct player *p, const char *what, struct slice got, const char *want)
{
	fail_msg("%s%s, step %zu: %s\ngot:    %.*s\nwanted: %s", p->script->name,
		p->bytewise ? " (byte by byte)" : "", p->at, what, SLARG(got), want);
}

static void say(struct player *p, const char *text)
{
	struct slice all = slice_of(text);

	for (size_t i = 0; p->bytewise && i < all.n; i++) {
		xstream_feed(p->x, slice_make(all.p + i, 1), p->now);
		drain(p);
	}
	if (!p->bytewise)
		xstream_feed(p->x, all, p->now);
}

/* $n is the engine's nth stream id. */
static void expand(struct buf *ret, const char *text)
{
	static const uint8_t seed[32];

	for (; *text; text++) {
		char id[STREAM_ID_LEN + 1];

		if (text[0] == '$' && ascii_digit(text[1])) {
			header_make_id(seed, (unsigned)(*++text - '0'), id);
			buf_str(ret, id);
		} else {
			buf_chr(ret, *text);
		}
	}
}

static void expect_out(struct player *p, const char *text)
{
	struct buf want = {0};

	expand(&want, text);
	buf_chr(&want, '\0');
	if (!slice_eqz(buf_slice(&p->out), want.p + want.off))
		wrong(p, "output", buf_slice(&p->out), want.p + want.off);
	buf_reset(&p->out);
	buf_done(&want);
}

static void expect_event(struct player *p, const char *text)
{
	struct slice all = buf_slice(&p->events), line;

	if (!all.n)
		wrong(p, "no event", SL(""), text);
	slice_split(&all, '\n', &line);
	if (!slice_eqz(line, text))
		wrong(p, "event", line, text);
	buf_take(&p->events, line.n + 1);
}

static void expect_nothing(struct player *p)
{
	if (p->out.n)
		wrong(p, "output nobody expected", buf_slice(&p->out), "");
	if (p->events.n)
		wrong(p, "event nobody expected", buf_slice(&p->events), "");
}

static enum xstream_cert cert_of(struct slice s)
{
	return slice_eqz(s, "good") ? XCERT_GOOD : slice_eqz(s, "bad") ? XCERT_BAD : XCERT_NONE;
}

static void act(struct player *p, const char *action)
{
	struct slice rest = slice_of(action), verb, arg, more;
	struct xstream *x = p->x;

	slice_split(&rest, ' ', &verb);
	more = rest;
	if (!slice_split(&more, ' ', &arg))
		arg = SL("");
	if (slice_eqz(verb, "accept"))
		xstream_accept(x, &p->script->policy, cert_of(arg));
	else if (slice_eqz(verb, "refuse"))
		xstream_refuse(x, stream_cond_parse(arg), more.n ? more : SL_NONE);
	else if (slice_eqz(verb, "tls"))
		xstream_tls_done(x, cert_of(arg));
	else if (slice_eqz(verb, "tls-fail"))
		xstream_tls_failed(x);
	else if (slice_eqz(verb, "close"))
		xstream_close(
			x, arg.n ? stream_cond_parse(arg) : STREAM_OK, more.n ? more : SL_NONE);
	else if (slice_eqz(verb, "tick"))
		xstream_tick(x, p->now = strtoull(arg.p, NULL, 10));
	else if (slice_eqz(verb, "eof"))
		xstream_eof(x, p->now);
	else if (slice_eqz(verb, "valid"))
		buf_str(&p->events, xstream_db_valid(x, arg, more) ? "" : "too late\n");
	else if (slice_eqz(verb, "pair"))
		xstream_pair_add(x, arg, more);
	else if (slice_eqz(verb, "unpair"))
		xstream_pair_remove(x, arg, more);
	else if (slice_eqz(verb, "db-error"))
		xstream_db_send(x, XSTREAM_DB_RESULT,
			&(struct xstream_db){.from = SL("sip.lab"),
				.to = SL("xmpp.lab"),
				.type = SL("error"),
				.cond = stanza_cond_parse(arg)});
	else
		wrong(p, "no such action", slice_of(action), "");
}

static void play(struct player *p, const struct step *step)
{
	switch (step->op) {
	case OP_IN:
		expect_nothing(p);
		say(p, step->text);
		break;
	case OP_DO:
		expect_nothing(p);
		act(p, step->text);
		break;
	case OP_OUT:
		expect_out(p, step->text);
		break;
	case OP_EV:
		expect_event(p, step->text);
		break;
	default:
		break;
	}
	drain(p);
}

static struct xstream *run(const struct script *s, bool bytewise)
{
	struct xstream_cfg cfg = script_cfg(s->role, s->policy);
	struct player p = {.script = s, .bytewise = bytewise, .now = 1000};

	p.x = xstream_new(&cfg, p.now);
	drain(&p);
	for (p.at = 0; p.at < ARRAY_LEN(s->steps) && s->steps[p.at].op; p.at++)
		play(&p, &s->steps[p.at]);
	expect_nothing(&p);
	buf_done(&p.out);
	buf_done(&p.events);
	return p.x;
}

struct xstream *script_play(const struct script *s)
{
	return run(s, false);
}

void script_run(const struct script *s)
{
	xstream_free(run(s, false));
	xstream_free(run(s, true));
}
