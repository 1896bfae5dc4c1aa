#include "fake_edge.h"

#include "base/mem.h"
#include "federation/snapshot.h"

unsigned fake_closed;
bool fake_well;

#define HOSTILE "gone\x1b[31m\n\xe2\x80\xaeleft \"quoted\" \xff"

static void add_stream(struct view_streams *l, enum view_stream_state state, uint64_t change)
{
	struct view_stream *s = view_streams_add(l);

	s->id = view_text(l, SL("o1"));
	s->dir = VIEW_OUT;
	s->state = state;
	s->partner = view_text(l, SL("xn--bcher-kva.lab"));
	s->local = view_text(l, SL("sip.lab"));
	s->remote = view_text(l, SL("b\xc3\xbc"
				    "cher.lab"));
	s->error = view_text(l, SL(HOSTILE));
	s->since_ms = 1000;
	s->change = change;
}

static void make_whole(struct view_streams *l)
{
	static const struct view_pair pair = {{"sip.lab", 7},
		{"b\xc3\xbc"
		 "cher.lab",
			11},
		"sasl-over-tls", 2000};
	static const struct view_peer_cert cert = {
		{"CN=x", 4}, {"CN=ca", 5}, {"dns:x", 5}, {"00ff", 4}, 86400};

	l->v[0].pairs = &pair;
	l->v[0].n_pairs = 1;
	l->v[0].cert = &cert;
	l->v[0].expires = 86400;
}

static void changes(struct view_ask *a)
{
	a->found = true;
	a->streams = view_streams_new();
	a->streams->upto = a->since < 2 ? a->since + 1 : a->since;
	if (a->since < 2)
		add_stream(a->streams, a->since ? VIEW_CLOSED : VIEW_UP, a->streams->upto);
}

static void partners(struct view_ask *a)
{
	struct view_partner *p;

	a->partners = view_partners_new();
	p = view_partners_add(a->partners);
	p->domain = SL("xn--bcher-kva.lab");
	p->health = p->out = fake_well ? VIEW_CONNECTED : VIEW_FAILING;
	p->queued = 3;
	p->last_error = arena_slice(&a->partners->arena, SL(HOSTILE));
	p->last_error_ms = 3000;
	if (a->key.p)
		return;
	p = view_partners_add(a->partners);
	p->domain = SL("never.lab");
}

static void attempts(struct view_ask *a)
{
	static struct view_step steps[] = {{"dns", "ok", 3, {"one address", 11}},
		{"connect", "fail", 1250, {"refused\x1b[2J", 11}}};
	struct view_attempt *t;

	a->attempts = view_attempts_new();
	for (int i = 2; i > 0; i--) {
		t = view_attempts_add(a->attempts);
		t->stream = i == 2 ? SL("o2") : SL("o1");
		t->dir = VIEW_OUT;
		t->local = SL("sip.lab");
		t->remote = SL("xn--bcher-kva.lab");
		t->began_ms = 1000u * (unsigned)i;
		t->outcome = "failed";
		t->reason = SL("connect-failed");
		t->steps = steps;
		t->n_steps = ARRAY_LEN(steps);
	}
}

void fake_ask(void *arg, struct loop *asker, struct view_ask *a)
{
	bool stream = a->what == VIEW_ASK_STREAM || a->what == VIEW_ASK_CLOSE;

	a->found = !a->key.p || slice_eqz(a->key, stream ? "o1" : "xn--bcher-kva.lab");
	if (!a->found) {
		a->done(a);
		return;
	}
	if (a->what == VIEW_ASK_JUDGE) {
		a->streams = view_streams_new();
		/* As the edge does: by the settings that would be. */
		if (!snapshot_partner(a->snapshot, SL("xn--bcher-kva.lab"))) {
			add_stream(a->streams, VIEW_UP, 1);
			a->streams->v[0].error = SL("no-longer-partner");
		}
	}
	if (a->what == VIEW_ASK_STREAMS || a->what == VIEW_ASK_STREAM) {
		a->streams = view_streams_new();
		add_stream(a->streams, VIEW_UP, 1);
	}
	if (a->what == VIEW_ASK_STREAM)
		make_whole(a->streams);
	else if (a->what == VIEW_ASK_CHANGES)
		changes(a);
	else if (a->what == VIEW_ASK_CLOSE)
		fake_closed++;
	else if (a->what == VIEW_ASK_PARTNERS)
		partners(a);
	else if (a->what == VIEW_ASK_ATTEMPTS)
		attempts(a);
	a->done(a);
}
