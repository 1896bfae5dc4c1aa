#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/tls.h"
#include "sipnet/route_test_priv.h"

/* One address of a route, tried. */
enum { DAY_S = 86400, SOON_S = 14 * DAY_S };

static const struct address *here(const struct route_test *t)
{
	return &t->v[t->at];
}

/* Steps from this one on were not tried, since another has to succeed first. */
static void skip_from(struct route_test *t, enum route_step from, enum route_step cause)
{
	for (enum route_step s = from; s < ROUTE_STEP__N; s++)
		if (here(t)->transport == SIP_TLS || s == ROUTE_STEP_OPTIONS)
			route_test_say(t, s, RC_BLOCKED, "%s: %s has to succeed first",
				here(t)->text, route_step_name(cause));
}

/* ---- the answer to OPTIONS ---- */

static enum route_code code_of(const struct route_test *t, unsigned status)
{
	switch (status) {
	case 401:
	case 407:
		/* Credentials are for what is sent to users; here it is enough that it answers. */
		return t->route->digest_user ? RC_OK : RC_CREDENTIALS_WANTED;
	case 403:
		return RC_FORBIDDEN;
	case 503:
		return RC_BUSY;
	default:
		return RC_OK;
	}
}

static void answered(struct route_test *t, const struct sip_msg *m)
{
	struct slice who = sip_msg_get(m, SIP_H_SERVER);

	route_test_say(t, ROUTE_STEP_OPTIONS, code_of(t, m->status), "%s: %u %.*s%s%.*s",
		here(t)->text, m->status, SLARG(slice_cut(m->reason, 60)), who.n ? ", " : "",
		SLARG(slice_cut(who, 60)));
}

/* ---- OPTIONS: RURI and To are the next hop, From is a domain that uses the route ---- */

static void put_hop(const struct route_test *t, struct buf *out)
{
	const struct host_port *h = &t->route->next_hop;

	buf_printf(out, strchr(h->host, ':') ? "sip:[%s]" : "sip:%s", h->host);
	if (h->port)
		buf_printf(out, ":%u", h->port);
}

struct words {
	struct buf ruri, to, from;
};

static struct sip_spec options_of(const struct route_test *t, struct words *w)
{
	struct slice domain = route_test_domain(t);

	*w = (struct words){0};
	put_hop(t, &w->ruri);
	buf_printf(&w->to, "<%.*s>", SLARG(buf_slice(&w->ruri)));
	if (domain.n)
		buf_printf(&w->from, "<sip:%.*s>", SLARG(domain));
	return (struct sip_spec){
		.method = SIP_OPTIONS,
		.ruri = buf_slice(&w->ruri),
		.to = buf_slice(&w->to),
		.from = domain.n ? buf_slice(&w->from) : buf_slice(&w->to),
	};
}

static void words_done(struct words *w)
{
	buf_done(&w->ruri);
	buf_done(&w->to);
	buf_done(&w->from);
}

/* ---- UDP: by the transactions that messages have ---- */

static void on_result(void *arg, const struct sip_result *r)
{
	struct route_test *t = arg;

	t->client = NULL;
	if (r->end == SIP_FINAL && r->response)
		answered(t, r->response);
	else
		route_test_say(t, ROUTE_STEP_OPTIONS, RC_NO_ANSWER, "%s: %s", here(t)->text,
			r->end == SIP_UNREACHABLE ? "the network says that nobody is there"
						  : "no answer in time");
	route_test_go_on(t);
}

static void try_udp(struct route_test *t)
{
	struct sip_spec spec;
	struct sip_hop hop;
	struct words w;

	if (!sipnet_hop_to(t->net, t->route, SIP_UDP, &here(t)->addr, &hop)) {
		route_test_say(t, ROUTE_STEP_CONNECT, RC_NO_SOCKET,
			"%s: we listen at no address of its family", here(t)->text);
		skip_from(t, ROUTE_STEP_OPTIONS, ROUTE_STEP_CONNECT);
		route_test_go_on(t);
		return;
	}
	route_test_say(t, ROUTE_STEP_CONNECT, RC_NOT_NEEDED, "%s: datagrams need no connection",
		here(t)->text);
	spec = options_of(t, &w);
	t->client = sip_stack_request(
		t->net->stack, &hop, &spec, ROUTE_TEST_ANSWER_MS, on_result, t, sipnet_now(t->net));
	words_done(&w);
	sipnet_touched(t->net);
}

/* ---- TCP, TLS: on a connection of its own ---- */

/* As live connections have it. */
static const struct sender *sender_of(const struct route_test *t)
{
	return sipnet_sender_for(t->net, here(t)->transport, &here(t)->addr);
}

static void send_options(struct route_test *t)
{
	struct buf id = {0}, branch = {0}, bytes = {0};
	struct words w;
	struct sip_spec spec = options_of(t, &w);

	buf_str(&branch, "z9hG4bK");
	sipnet_id(t->net, &branch);
	sipnet_id(t->net, &id);
	t->call_id = buf_dup(&id);
	spec.call_id = slice_of(t->call_id);
	sip_write_request(&bytes, &spec,
		&(struct sip_stamp){.transport = here(t)->transport,
			.sent_by = slice_of(sender_of(t)->sent_by),
			.branch = buf_slice(&branch),
			.from_tag = spec.call_id,
			.call_id = spec.call_id,
			.user_agent = SL("Entente")});
	flow_send(t->flow, buf_slice(&bytes));
	buf_done(&id);
	buf_done(&branch);
	buf_done(&bytes);
	words_done(&w);
	loop_timer_in(&t->timer, ROUTE_TEST_ANSWER_MS);
}

static enum route_code cert_code(enum cert_verdict v)
{
	static const enum route_code codes[CERT__N] = {
		[CERT_GOOD] = RC_OK,
		[CERT_NONE] = RC_CERT_NONE,
		[CERT_EXPIRED] = RC_CERT_EXPIRED,
		[CERT_SELF_SIGNED] = RC_CERT_SELF_SIGNED,
		[CERT_UNTRUSTED] = RC_CERT_UNTRUSTED,
		[CERT_WEAK] = RC_CERT_WEAK,
		[CERT_REVOKED] = RC_CERT_REVOKED,
		[CERT_UNPROVEN] = RC_CERT_UNPROVEN,
		[CERT_INVALID] = RC_CERT_INVALID,
		[CERT_WRONG_NAME] = RC_NAME_WRONG,
	};

	return codes[v];
}

/* False: what follows is not tried. */
static bool judge_chain(struct route_test *t, const struct conn_tls_info *tls)
{
	int64_t left = tls->expires - (int64_t)(clock_wall_ms() / 1000);
	enum route_code c = cert_code(tls->chain);
	struct buf text = {0};

	if (tls->peer)
		cert_subject(tls->peer, &text);
	if (c == RC_OK && left < SOON_S)
		c = RC_CERT_ENDS_SOON;
	if (tls->chain == CERT_GOOD)
		route_test_say(t, ROUTE_STEP_CERTIFICATE, c, "%s: %.*s, valid for %lld days",
			here(t)->text, SLARG(slice_cut(buf_slice(&text), 120)),
			(long long)(left / DAY_S));
	else
		route_test_say(t, ROUTE_STEP_CERTIFICATE, c, "%s: %.*s%s%s", here(t)->text,
			SLARG(slice_cut(buf_slice(&text), 120)), text.n ? ": " : "",
			cert_verdict_text(tls->chain));
	buf_done(&text);
	return tls->chain == CERT_GOOD;
}

static bool judge_name(struct route_test *t, const struct conn_tls_info *tls)
{
	const struct route *r = t->route;
	const char *wanted = r->tls_names.n ? r->tls_names.v[0].a : r->next_hop.host;
	struct buf names = {0};
	bool good;

	buf_reset(&t->flow->names);
	cert_sip_names(tls->peer, &t->flow->names);
	good = peer_has_name(t->flow, r);
	cert_names(tls->peer, &names);
	route_test_say(t, ROUTE_STEP_NAME, good ? RC_OK : RC_NAME_WRONG, "%s: %s %s%s, it has %.*s",
		here(t)->text, good ? "matches" : "wanted", wanted,
		r->tls_names.n > 1 ? " or another of the list" : "",
		SLARG(slice_cut(buf_slice(&names), 140)));
	buf_done(&names);
	return good;
}

/* The step that the certificate failed at; ROUTE_STEP__N: none. */
static enum route_step judge_tls(struct route_test *t, const struct conn_tls_info *tls)
{
	route_test_say(t, ROUTE_STEP_TLS, tls->own ? RC_OK : RC_TLS_NO_OWN,
		"%s: %s, %s, our certificate: %s", here(t)->text, tls->version, tls->cipher,
		tls->own ? tls->own : "none");
	if (!judge_chain(t, tls))
		return ROUTE_STEP_CERTIFICATE;
	return judge_name(t, tls) ? ROUTE_STEP__N : ROUTE_STEP_NAME;
}

static const char *on_opened(void *arg, struct flow *f)
{
	struct route_test *t = arg;
	const struct conn_tls_info *tls = flow_tls(f);
	enum route_step bad = ROUTE_STEP__N;

	t->opened = true;
	route_test_say(t, ROUTE_STEP_CONNECT, RC_OK, "%s: connected", here(t)->text);
	if (tls)
		bad = judge_tls(t, tls);
	if (bad == ROUTE_STEP__N) {
		send_options(t);
		return NULL;
	}
	skip_from(t, bad + 1, bad);
	t->over = true;
	return "test-over";
}

static void on_message(void *arg, struct flow *f, char *p, size_t n)
{
	struct sip_msg *m;
	struct route_test *t = arg;

	if (t->over)
		return;
	m = xmalloc(sizeof *m);
	if (sip_msg_parse(m, p, n) != SIP_DROP && !m->request && m->status >= 200 &&
		slice_eqz(m->call_id, t->call_id)) {
		answered(t, m);
		t->over = true;
		flow_close(f, "test-over");
	}
	xfree(m);
}

static void on_broken(void *arg, struct flow *f, char *p, size_t n, enum sip_frame_fault fault)
{
	struct route_test *t = arg;

	if (t->over)
		return;
	route_test_say(t, ROUTE_STEP_OPTIONS, RC_NOT_SIP, "%s: %s", here(t)->text,
		sip_frame_fault_text(fault));
	t->over = true;
}

static void on_deaf(void *arg, struct flow *f)
{
	struct route_test *t = arg;

	if (t->over || f->state != FLOW_HALF)
		return;
	route_test_say(t, ROUTE_STEP_OPTIONS, RC_NO_ANSWER, "%s: the peer ended the connection",
		here(t)->text);
	t->over = true;
	flow_end(f, "test-over", "");
}

static bool is_word(const struct flow *f, const char *word)
{
	return f->end && strcmp(f->end, word) == 0;
}

/* It ended before it was open: by TCP, or, where TCP was there, by TLS. */
static void not_opened(struct route_test *t, const struct flow *f)
{
	enum route_step s = ROUTE_STEP_TLS;
	enum route_code c = RC_TLS_FAILED;

	if (here(t)->transport != SIP_TLS || is_word(f, "connect-failed") ||
		is_word(f, "connect-timeout")) {
		s = ROUTE_STEP_CONNECT;
		c = RC_CONNECT_FAILED;
	} else {
		route_test_say(t, ROUTE_STEP_CONNECT, RC_OK, "%s: connected", here(t)->text);
		if (is_word(f, conn_end_name(CONN_END_TLS_ALERT)))
			c = RC_TLS_ALERT;
	}
	route_test_say(t, s, c, "%s: %s%s%s", here(t)->text, f->end, *f->end_text ? ": " : "",
		f->end_text);
	skip_from(t, s + 1, s);
}

static void on_flow_ended(void *arg, struct flow *f)
{
	struct route_test *t = arg;

	if (!t->over && !t->opened)
		not_opened(t, f);
	else if (!t->over) /* TLS 1.3: the peer judges our certificate after our side is through */
		route_test_say(t, ROUTE_STEP_OPTIONS,
			is_word(f, conn_end_name(CONN_END_TLS_ALERT)) ? RC_TLS_ALERT : RC_NO_ANSWER,
			"%s: the connection ended: %s%s%s", here(t)->text, f->end,
			*f->end_text ? ": " : "", f->end_text);
	flow_free(f);
	t->flow = NULL;
	route_test_go_on(t);
}

void route_try_no_answer(void *arg)
{
	struct route_test *t = arg;

	route_test_say(t, ROUTE_STEP_OPTIONS, RC_NO_ANSWER, "%s: no answer within %u s",
		here(t)->text, ROUTE_TEST_ANSWER_MS / 1000);
	t->over = true;
	flow_end(t->flow, "test-over", "");
}

static const struct flow_ops flow_ops = {.opened = on_opened,
	.message = on_message,
	.broken = on_broken,
	.deaf = on_deaf,
	.ended = on_flow_ended};

static void try_stream(struct route_test *t)
{
	struct flow_start start = {.loop = t->net->loop, .ops = &flow_ops, .arg = t};
	struct netaddr from = sipnet_source(sender_of(t));

	if (here(t)->transport == SIP_TLS) {
		start.set = t->net->flows.tls;
		if (!start.set) {
			route_test_say(t, ROUTE_STEP_TLS, RC_TLS_FAILED,
				"%s: this process has neither certificates nor anybody to trust",
				here(t)->text);
			skip_from(t, ROUTE_STEP_CERTIFICATE, ROUTE_STEP_TLS);
			route_test_go_on(t);
			return;
		}
		start.ctx = peer_context(t->net, t->route, &start.sni);
	}
	t->flow = flow_connect(&start, &from, &here(t)->addr);
	t->flow->proven = true;
}

void route_try(struct route_test *t)
{
	if (here(t)->transport == SIP_UDP)
		try_udp(t);
	else
		try_stream(t);
}
