#include "edge/sight.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clean.h"
#include "base/clock.h"
#include "base/mem.h"
#include "edge/edge_priv.h"

/* ---- a stream ---- */

enum view_stream_state sight_state(const struct stream *s)
{
	if (s->end.closing || s->conn_closing || s->ended)
		return VIEW_CLOSING;
	if (s->authenticated)
		return VIEW_UP;
	return s->x ? VIEW_NEGOTIATING : VIEW_CONNECTING;
}

void sight_began(struct stream *s)
{
	s->sight.began_ms = s->sight.state_ms = s->since_ms;
	s->sight.state = sight_state(s);
	s->attempt = attempt_new(s->inbound, s->id, s->since_ms, loop_now(s->edge->loop));
}

static void note_peer(struct stream *s)
{
	char text[NETADDR_TEXT];

	if (!s->conn || !conn_peer(s->conn)->sa.sa_family)
		return;
	attempt_peer(s->attempt, netaddr_print(conn_peer(s->conn), text));
	if (s->inbound && !attempt_has(s->attempt, ATTEMPT_CONNECT, ATTEMPT_OK))
		attempt_note(s->attempt, ATTEMPT_CONNECT, ATTEMPT_OK, loop_now(s->edge->loop),
			"from %s", text);
}

void sight_changed(struct stream *s)
{
	enum view_stream_state now = sight_state(s);
	struct sight_edge *e = &s->edge->sight;

	if (now != s->sight.state)
		s->sight.state_ms = clock_wall_ms();
	s->sight.state = now;
	note_peer(s);
	if (!s->partner || s->ended)
		return; /* strangers are not told of: anybody can make any number of them */
	attempt_pair(s->attempt, s->local, s->remote);
	attempts_keep(&s->partner->sight.attempts, s->attempt);
	list_remove(&s->sight.node);
	list_append(&e->changed, &s->sight.node);
	s->sight.change = ++e->change;
}

static struct sight_pair *find_pair(const struct stream *s, struct slice local, struct slice remote)
{
	struct sight_pair *p = s->sight.pairs;

	while (p && !(slice_eqz(local, p->local) && slice_eqz(remote, p->remote)))
		p = p->next;
	return p;
}

void sight_paired(
	struct stream *s, struct slice local, struct slice remote, enum negotiation_method method)
{
	struct sight_pair *p;

	attempt_authenticated(s->attempt);
	if (s->sight.n_pairs == SIGHT_PAIRS || find_pair(s, local, remote))
		return;
	p = xzalloc(sizeof *p);
	p->method = method;
	p->since_ms = clock_wall_ms();
	p->local = slice_dup(local);
	p->remote = slice_dup(remote);
	p->next = s->sight.pairs;
	s->sight.pairs = p;
	s->sight.n_pairs++;
	sight_changed(s);
}

void sight_authenticated(struct stream *s, const struct xstream_event *ev)
{
	enum negotiation_method m = METHOD_SASL_OVER_TLS;

	if (ev->method == XSTREAM_DIALBACK)
		m = xstream_encrypted(s->x) ? METHOD_TLS_DIALBACK : METHOD_TCP_DIALBACK;
	if (s->inbound)
		sight_paired(s, ev->to, ev->from, m);
	else
		sight_paired(s, ev->from, ev->to, m);
}

/* ---- its end ---- */

const char *sight_end_word(const struct stream_end *e)
{
	return e->why ? e->why : xstream_reason_name(e->reason);
}

/* Opened to verify a key, and closed in order: it was never to carry stanzas. */
static bool only_verified(const struct stream *s)
{
	enum xstream_reason r = s->end.reason;

	return attempt_has(s->attempt, ATTEMPT_VERIFY, ATTEMPT_OK) &&
	       (r == XSTREAM_R_PEER || r == XSTREAM_R_LOCAL);
}

const char sight_closed_by_hand[] = "closed-by-administrator";

static bool by_settings(const struct stream *s)
{
	const char *why = s->end.why;

	return why && (strcmp(why, edge_refusal_name(EDGE_SETTINGS_CHANGED)) == 0 ||
			      strcmp(why, edge_refusal_name(EDGE_SHUTDOWN)) == 0 ||
			      strcmp(why, sight_closed_by_hand) == 0);
}

/* Anybody can call himself a partner's server, and fail. */
static bool proved_itself(const struct stream *s)
{
	return !s->inbound || s->authenticated || (s->secured && s->cert == CERT_GOOD);
}

static void count_end(struct stream *s, bool failed)
{
	struct sight_partner *p = &s->partner->sight;

	p->stanzas_in += s->stanzas_in;
	p->stanzas_out += s->stanzas_out;
	if (s->authenticated)
		*(s->inbound ? &p->last_in_ms : &p->last_out_ms) = s->since_ms;
	if (!proved_itself(s))
		return;
	if (s->inbound)
		p->in_failed = failed;
	if (!failed)
		return;
	p->failures++;
	p->error_ms = clock_wall_ms();
	snprintf(p->error, sizeof p->error, "%s", sight_end_word(&s->end));
	clean_text(p->error_text, sizeof p->error_text, slice_of(s->end.text));
}

static void drop_gone(struct sight_edge *e)
{
	struct sight_gone *g = container_of(list_pop(&e->gone), struct sight_gone, node);

	e->n_gone--;
	e->forgotten = g->change;
	view_streams_free(g->row);
	free(g);
}

static void tell_watchers(struct stream *s)
{
	struct sight_edge *e = &s->edge->sight;
	struct sight_gone *g;

	if (!s->partner || loop_now(s->edge->loop) > e->watched_until_ms)
		return;
	if (e->n_gone == SIGHT_GONE_KEPT)
		drop_gone(e);
	g = xzalloc(sizeof *g);
	g->change = ++e->change;
	g->row = view_streams_new();
	view_stream_row(g->row, s, false);
	g->row->v[0].state = VIEW_CLOSED;
	g->row->v[0].change = g->change;
	g->row->v[0].since_ms = clock_wall_ms();
	list_append(&e->gone, &g->node);
	e->n_gone++;
}

/* The partner with a domain of which this one is a sub-domain; the nearest. */
static const struct partner *partner_above(const struct stream *s, struct slice domain)
{
	const struct partner *p = NULL;
	size_t dot;

	while (!p && (dot = slice_find(domain, '.')) < domain.n) {
		domain = slice_from(domain, dot + 1);
		p = snapshot_partner(s->edge->snapshot, domain);
	}
	return p;
}

/*
 * Nobody's stream, except that whoever made it calls itself a sub-domain of a partner: perhaps one
 * that ought to be listed, so its attempt is kept with the partner's. They are bounded, whoever
 * makes them (attempts_keep()).
 */
static void keep_for_partner_above(struct stream *s)
{
	struct arena a = {0};
	const char *remote = s->inbound && s->remote ? edge_ascii(&a, slice_of(s->remote)) : NULL;
	const struct partner *above = remote ? partner_above(s, slice_of(remote)) : NULL;
	struct partner_state *p;

	if (above) {
		note_peer(s);
		attempt_pair(s->attempt, s->local, remote);
		p = partner_state_get(s->edge, above);
		attempts_keep(&p->sight.attempts, s->attempt);
		partner_state_unref(s->edge, p);
	}
	arena_done(&a);
}

static void note_over(struct stream *s, bool failed)
{
	attempt_note(s->attempt, ATTEMPT_END, failed ? ATTEMPT_FAIL : ATTEMPT_OK,
		loop_now(s->edge->loop), "%s%s%s", sight_end_word(&s->end),
		s->end.text[0] ? ": " : "", s->end.text);
	attempt_over(s->attempt, failed, sight_end_word(&s->end));
}

void sight_ended(struct stream *s)
{
	bool failed = !s->authenticated && !only_verified(s) && !by_settings(s);

	list_each(&s->edge->sight.cursors, it) {
		struct sight_cursor *c = container_of(it, struct sight_cursor, node);

		if (c->next == &s->node)
			c->next = s->node.next;
	}
	list_remove(&s->sight.node);
	if (!s->partner) {
		keep_for_partner_above(s);
		note_over(s, failed);
		return;
	}
	note_peer(s);
	note_over(s, failed);
	count_end(s, failed);
	tell_watchers(s);
}

void sight_free(struct stream *s)
{
	struct sight_pair *p;

	while ((p = s->sight.pairs)) {
		s->sight.pairs = p->next;
		free(p->local);
		free(p->remote);
		free(p);
	}
	s->attempt = attempt_unref(s->attempt);
}

/* ---- partners and the edge ---- */

void sight_partner_done(struct sight_partner *p)
{
	attempts_free(p->attempts);
	p->attempts = NULL;
}

void sight_init(struct sight_edge *e)
{
	list_init(&e->changed);
	list_init(&e->gone);
	list_init(&e->cursors);
}

void sight_forget_gone(struct sight_edge *e)
{
	while (e->n_gone)
		drop_gone(e);
}

void sight_done(struct sight_edge *e)
{
	sight_forget_gone(e);
}
