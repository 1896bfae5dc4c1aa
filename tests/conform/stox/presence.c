#include <string.h>

#include "base/mem.h"
#include "presence_scene.h"

/*
 * Group presence, as far as the machines and the mapping alone decide it: what a request says of
 * addresses and dialogs, and what the settings decide, waits for the gateway to join them.
 */
const char *const parts_presence[] = {"PR-002", "PR-003", "PR-004", "PR-005", "PR-006", "PR-007",
	"PR-009", "PR-010", "PR-011", "PR-012", "PR-013", "PR-014", "PR-015", "PR-016", "PR-017",
	"PR-018", "PR-020", "PR-021", "PR-023", "PR-024", "PR-028", "PR-029", "PR-030", "PR-032",
	"PR-033", "PR-035", "PR-038", "PR-039", "PR-040", "PR-041", "PR-043", "PR-044", "PR-045",
	"PR-046", "PR-047", "PR-049", "PR-050", "PR-051", "PR-052", "PR-053", "PR-054", "PR-055",
	"PR-056", "PR-057", "PR-058", "PR-059", "PR-060", "PR-prio-", "PR-refresh-", NULL};
const char *const parts_lync_presence[] = {"LY-009", "LY-011", "LY-av-", NULL};

/* ---- what comes ---- */

static void play_notify(struct scene *s, json_t *notify, const char *state)
{
	struct vector *v = s->v;
	json_t *pidf = take(v, notify, "pidf");
	struct scene_notify n = {.state = take_string(v, notify, "subscription_state")};

	take(v, notify, "from");
	take(v, notify, "to");
	take(v, notify, "body"); /* null */
	n.lang = scene_string(v, notify, "content_language");
	n.body = scene_document(v, pidf);
	if (take_flag(v, notify, "unknown_dialog"))
		state = NULL;
	else if (!state)
		state = n.state && !slice_starts(slice_of(n.state), SL("terminated"))
				? "subscribe-sent"
				: "subscribed";
	if (state && !scene_state(s, state))
		fail(v, "unknown state '%s'", state);
	if (!n.state)
		n.state = "active;expires=3600";
	scene_notify(s, &n);
}

static void known_resources(struct scene *s, json_t *known)
{
	json_t *one;
	size_t i;

	json_array_foreach(known, i, one)
		s->announced[s->n_announced++] = slice_of(json_string_value(one));
}

/* PR-047: the 2xx says 500, the NOTIFY nothing. */
static void expires_from_2xx(struct scene *s, json_t *notify)
{
	static const struct watcher_facts facts = {.has_expires = true, .expires = 500};

	scene_state(s, "subscribe-sent");
	scene_answer(s, 200, &facts);
	scene_notify(s,
		&(struct scene_notify){.state = take_string(s->v, notify, "subscription_state")});
	take(s->v, notify, "body");
	if (s->watcher.expires_at != s->now + 500000)
		fail(s->v, "its life is another");
	take(s->v, s->v->out, "expires_taken_from");
}

static void play_answer(struct scene *s, json_t *response, const char *state, bool refresh)
{
	struct vector *v = s->v;
	json_t *status = take(v, response, "status"), *expires = take(v, response, "expires");
	json_t *min = take(v, response, "min_expires");
	struct watcher_facts facts = {.has_expires = expires,
		.expires = (uint32_t)json_integer_value(expires),
		.min_expires = (uint32_t)json_integer_value(min)};

	if (!scene_state(s, state ? state : "subscribe-sent"))
		fail(v, "unknown state '%s'", state);
	if (refresh || (state && strcmp(state, "subscribed") == 0))
		scene_until(s, watcher_deadline(&s->watcher)); /* it is to be renewed */
	scene_clear(s);
	scene_answer(s, (unsigned)json_integer_value(status), &facts);
}

static void play_presence(struct scene *s, json_t *presence, const char *state)
{
	if (!scene_state(s, state ? state : "sip-subscription-active"))
		fail(s->v, "unknown state '%s'", state);
	scene_stanza(s, scene_presence(s->v, presence));
	if (take_string(s->v, s->v->out, "no_request") && s->n_sent)
		fail(s->v, "a request left");
}

/* PR-054: an id that is an xs:ID, and leads back. */
static void reversible(struct scene *s, json_t *presence)
{
	struct vector *v = s->v;
	struct slice from = slice_of(json_string_value(json_object_get(presence, "from"))), id;

	play_presence(s, presence, NULL);
	id = s->n_sent && s->sent[0].pidf ? s->sent[0].pidf->tuples[0].id : SL_NONE;
	for (size_t i = 0; i < id.n; i++)
		if (!ascii_alnum(id.p[i]) && (!i || !strchr("-._", id.p[i])))
			fail(v, "%.*s is no xs:ID", SLARG(id));
	if (!take_flag(v, v->out, "pidf_tuple_id_is_xs_id") || !id.n || !ascii_alpha(id.p[0]) ||
		!take_flag(v, v->out, "reversible") ||
		!slice_eq(presence_resource(&v->arena, id),
			slice_from(from, slice_find(from, '/') + 1)))
		fail(v, "%.*s leads elsewhere", SLARG(id));
}

/* PR-052 */
static void flood(struct scene *s, json_t *sequence)
{
	struct vector *v = s->v;
	json_t *most = take(v, v->out, "notifies_at_most_within_5s"), *one;
	const struct pidf_tuple *last;
	unsigned within;
	size_t i;

	scene_state(s, "sip-subscription-active");
	json_array_foreach(sequence, i, one) {
		scene_stanza(s, scene_presence(v, take(v, one, "presence")));
		scene_until(s, s->now + 300);
	}
	within = s->n_sent;
	scene_taken(s);
	scene_until(s, s->now + 10000);
	last = s->n_sent ? &s->sent[s->n_sent - 1].pidf->tuples[0] : NULL;
	if (within > json_integer_value(most))
		fail(v, "%u requests left at once", within);
	if (!last || strcmp(take_string(v, v->out, "last_state"), "open, no show") != 0 ||
		last->basic != PIDF_OPEN || last->show.p)
		fail(v, "the last state was not told");
}

/* Steps as words. */
static void play_words(struct scene *s, json_t *sequence)
{
	static const struct watcher_facts hour = {.has_expires = true, .expires = 3600};
	json_t *one;
	size_t i;

	json_array_foreach(sequence, i, one) {
		const char *word = json_string_value(one);

		if (strcmp(word, "SUBSCRIBE sent") == 0)
			scene_state(s, "subscribe-sent");
		else if (strcmp(word, "NOTIFY active received") == 0)
			scene_notify(s, &(struct scene_notify){.state = "active;expires=3600"});
		else if (strcmp(word, "200 received") == 0)
			scene_answer(s, 200, &hour);
		else
			fail(s->v, "unknown step '%s'", word);
	}
}

static void play_timer(struct scene *s, const char *event, json_t *left)
{
	struct vector *v = s->v;
	static const struct watcher_facts facts = {.has_expires = true, .expires = 600};

	scene_state(s, "subscribe-sent");
	if (event && strcmp(event, "no NOTIFY within 64*T1 after SUBSCRIBE was sent") == 0) {
		scene_until(s, s->now + 32000);
	} else if (json_integer_value(left) == 600 && take_flag(v, v->in, "xmpp_user_online")) {
		scene_answer(s, 200, &facts);
		scene_notify(s, &(struct scene_notify){.state = "active"});
		scene_clear(s);
		scene_until(s, watcher_deadline(&s->watcher));
		if (take_flag(v, v->out, "before_expiry") &&
			s->now >= s->watcher.expires_at - 30000)
			fail(v, "that is late");
	} else {
		fail(v, "unknown event '%s'", event);
	}
}

/* ---- a SUBSCRIBE ---- */

static void put_field(struct vector *v, struct buf *b, const char *name, json_t *value)
{
	if (json_is_integer(value))
		buf_printf(b, "%s: %lld\r\n", name, (long long)json_integer_value(value));
	else if (json_is_string(value))
		buf_printf(b, "%s: %s\r\n", name, json_string_value(value));
	else if (value)
		fail(v, "%s is neither text nor number", name);
}

/* Its addresses and tags are the dialog's, and not looked at here. */
static struct sip_msg *subscribe(struct vector *v, json_t *request, bool *ret_within)
{
	struct sip_msg *m = arena_alloc(&v->arena, sizeof *m);
	json_t *within;
	char *text;
	struct buf b = {0};

	take(v, request, "method");
	take(v, request, "ruri");
	take(v, request, "from");
	take(v, request, "to");
	within = take(v, request, "in_dialog");
	*ret_within = json_is_true(within);
	buf_str(&b,
		"SUBSCRIBE sip:juliet@example.com SIP/2.0\r\nVia: SIP/2.0/TLS h;branch=z9hG4bK1\r\n"
		"From: <sip:romeo@example.net>;tag=1\r\nTo: <sip:juliet@example.com>\r\n"
		"Call-ID: 1\r\nCSeq: 1 SUBSCRIBE\r\nContact: <sip:romeo@192.0.2.1>\r\n");
	if (*ret_within && !json_object_get(request, "event"))
		buf_str(&b, "Event: presence\r\n"); /* that of its dialog */
	put_field(v, &b, "Event", take(v, request, "event"));
	put_field(v, &b, "Accept", take(v, request, "accept"));
	put_field(v, &b, "Expires", take(v, request, "expires"));
	buf_str(&b, "Content-Length: 0\r\n\r\n");
	text = arena_dup(&v->arena, buf_slice(&b));
	if (sip_msg_parse(m, text, b.n) != SIP_GOOD)
		fail(v, "the request cannot be read");
	buf_done(&b);
	return m;
}

/* Which of them it is depends on the dialog, on what it asks, and on what is known. */
static enum notifier_event asked(const struct scene *s, uint32_t expires, bool within)
{
	if (!expires && within)
		return NOTIFIER_EV_END;
	if (!expires)
		return s->contact.known ? NOTIFIER_EV_READ : NOTIFIER_EV_POLL;
	return s->pair.out == ROSTER_OUT_TO ? NOTIFIER_EV_KNOWN : NOTIFIER_EV_ASK;
}

static void known_presence(struct scene *s, json_t *known)
{
	static const struct presence available = {.type = PRESENCE_AVAILABLE};
	const char *resource;
	json_t *state;

	json_object_foreach(known, resource, state) {
		if (strcmp(json_string_value(state), "open") != 0)
			fail(s->v, "unknown state '%s'", json_string_value(state));
		presence_set_hear(&s->contact, slice_of(resource), &available);
	}
	if (json_is_object(known))
		json_object_clear(known);
}

static void check_notify(struct scene *s)
{
	struct vector *v = s->v;
	json_t *notify = take(v, v->out, "notify");
	const struct sent *sent;

	if (notify && !s->n_sent)
		scene_until(s, s->now + NOTIFIER_WAIT_MS); /* a poll waits for its probe */
	if (!notify)
		return;
	sent = &s->sent[0];
	if (s->n_sent != 1) {
		fail(v, "%u requests left", s->n_sent);
		return;
	}
	scene_compare_pidf(v, sent->pidf, take(v, notify, "pidf"));
	compare(v, notify,
		(struct field[]){{"subscription_state", sent->state}, {"body", yes(sent->pidf)}},
		2);
}

static void play_request(struct scene *s, json_t *request, const char *state)
{
	struct vector *v = s->v;
	json_t *min = take(v, v->in, "gateway_min_expires"), *want = take(v, v->out, "response");
	struct subscription_offer offer = {
		"presence", PIDF_TYPE, min ? (uint32_t)json_integer_value(min) : 60, 3600};
	struct subscription_refusal no = {0};
	struct subscription_wish w = {0};
	bool within, good;

	known_presence(s, take(v, v->in, "known_presence"));
	if (state && !scene_state(s, state))
		fail(v, "unknown state '%s'", state);
	good = subscription_judge(&w, subscribe(v, request, &within), &offer, &no);
	if (good)
		scene_subscribe(s, asked(s, w.expires, within));
	compare(v, want,
		(struct field[]){
			{"status", number(v, good ? 200 : no.status)},
			{"expires", good ? number(v, w.expires) : SL_NONE},
			{"allow_events", slice_eqz(no.field.name, "Allow-Events") ? no.field.value
										  : SL_NONE},
			{"min_expires",
				slice_eqz(no.field.name, "Min-Expires") ? no.field.value : SL_NONE},
		},
		4);
	check_notify(s);
	json_object_clear(take(v, v->out, "may_stanza")); /* nothing that must be */
}

/* ---- one value ---- */

static bool play_priority(struct vector *v)
{
	json_t *from_xmpp = take(v, v->in, "priority"), *distinct;
	const char *from_pidf = take_string(v, v->in, "pidf_priority");
	int last = -1;

	if (from_xmpp)
		compare(v, v->out,
			(struct field[]){{"pidf_priority",
				scene_priority(v, presence_priority_to_pidf(
							  (int)json_integer_value(from_xmpp)))}},
			1);
	if (from_pidf)
		compare(v, v->out,
			(struct field[]){{"priority",
				number(v, (uint64_t)presence_priority_from_pidf(
						  pidf_priority_read(slice_of(from_pidf))))}},
			1);
	if (!take_string(v, v->in, "priorities"))
		return from_xmpp || from_pidf;
	distinct = take(v, v->out, "distinct_values");
	for (int n = 0; n < json_integer_value(distinct); n++) {
		int thousandths = presence_priority_to_pidf(n);

		if (thousandths <= last || scene_priority(v, thousandths).n > 5 ||
			presence_priority_from_pidf(thousandths) != n)
			fail(v, "priority %d is %d", n, thousandths);
		last = thousandths;
	}
	return take(v, v->out, "max_decimals") && take_flag(v, v->out, "round_trip");
}

/* LY-av: the number in its document, as Lync writes it. */
static void play_availability(struct vector *v, json_t *availability)
{
	const char *body = arena_printf(&v->arena,
		"<categories uri='sip:romeo@example.net'><category "
		"name='state'><state><availability>"
		"%lld</availability></state></category></categories>",
		(long long)json_integer_value(availability));
	const struct presence_heard *h;
	struct pidf p;

	if (pidf_read_as(&p, &v->arena, SL(PIDF_TYPE_CATEGORIES), slice_of(body)) != PIDF_GOOD ||
		presence_hear(&h, &v->arena, &p, true, SL_NONE) != 1) {
		fail(v, "there is no information");
		return;
	}
	compare(v, v->out,
		(struct field[]){
			{"type", h->presence.type == PRESENCE_AVAILABLE ? SL_NONE
									: SL("unavailable")},
			{"show", h->presence.show ? slice_of(presence_show_name(h->presence.show))
						  : SL_NONE},
		},
		2);
}

/* ---- Lync ---- */

/* LY-009: a 200 as it comes, and the NOTIFY in it, one after the other. */
static void play_piggyback(struct scene *s, json_t *response)
{
	struct vector *v = s->v;
	json_t *supported = take(v, response, "supported");
	char *p = arena_printf(&v->arena,
		"SIP/2.0 200 OK\r\nVia: SIP/2.0/TLS h;branch=z9hG4bK1\r\n"
		"From: <sip:juliet@example.com>;tag=1\r\nTo: <sip:romeo@example.net>;tag=2\r\n"
		"Call-ID: 1\r\nCSeq: 1 SUBSCRIBE\r\nExpires: 3600\r\nSupported: %s\r\n"
		"subscription-state: %s\r\nContent-Length: 0\r\n\r\n",
		json_string_value(json_array_get(supported, 0)),
		json_string_value(json_object_get(response, "subscription_state")));
	struct scene_notify n = {.state = take_string(v, response, "subscription_state"),
		.body = SL("<presence xmlns='" NS_PIDF "' entity='romeo@example.net'><tuple id='0'>"
			   "<status><basic>open</basic></status></tuple></presence>")};
	static const struct watcher_facts hour = {.has_expires = true, .expires = 3600};
	struct sip_msg *m = arena_alloc(&v->arena, sizeof *m);
	struct subscription_state state;

	if (strcmp(take_string(v, response, "body"), "pidf open") != 0)
		fail(v, "unknown body");
	scene_state(s, "subscribe-sent");
	if (sip_msg_parse(m, p, strlen(p)) != SIP_GOOD || !subscription_piggybacked(&state, m)) {
		fail(v, "it is not taken for a NOTIFY");
		return;
	}
	scene_answer(s, 200, &hour);
	scene_notify(s, &n);
	compare(v, v->out, (struct field[]){{"treated_as", SL("200 + first NOTIFY")}}, 1);
}

/* LY-011: refused for an extension; the next has none. */
static void play_extension(struct scene *s, json_t *response)
{
	struct vector *v = s->v;
	json_t *status = take(v, response, "status"), *next = take(v, v->out, "next_request");
	const char *unsupported = take_string(v, response, "unsupported"),
		   *lacks = take_string(v, next, "proxy_require_lacks");
	static const struct watcher_facts none = {0};

	scene_state(s, "subscribe-sent");
	scene_answer(s, (unsigned)json_integer_value(status), &none);
	if (!unsupported || !lacks || strcmp(unsupported, lacks) != 0 || !s->watcher.plain)
		fail(v, "it is asked for again");
	compare(v, next,
		(struct field[]){{"method", s->n_sent ? slice_of(s->sent[0].method) : SL_NONE}}, 1);
}

/* ---- */

static void play(struct scene *s)
{
	struct vector *v = s->v;
	const char *state = take_string(v, v->in, "state"), *event = take_string(v, v->in, "event");
	json_t *notify = take(v, v->in, "notify"), *presence = take(v, v->in, "presence");
	json_t *response = take(v, v->in, "response_to_subscribe"), *refresh, *sequence, *words;
	json_t *left = take(v, v->in, "dialog_expires_in");

	json_t *request = take(v, v->in, "request");
	json_t *piggyback = take(v, v->in, "subscribe_response_200");
	json_t *extension = take(v, v->in, "subscribe_response");

	refresh = take(v, v->in, "refresh_response");
	sequence = take(v, v->in, "sequence_within_1s");
	words = take(v, v->in, "sequence");
	known_resources(s, take(v, v->in, "known_resources"));
	if (notify && json_object_get(v->out, "expires_taken_from"))
		expires_from_2xx(s, notify);
	else if (notify)
		play_notify(s, notify, state);
	else if (response || refresh)
		play_answer(s, response ? response : refresh, state, refresh);
	else if (presence && json_object_get(v->out, "reversible"))
		reversible(s, presence);
	else if (presence)
		play_presence(s, presence, state);
	else if (request)
		play_request(s, request, state);
	else if (piggyback)
		play_piggyback(s, piggyback);
	else if (extension)
		play_extension(s, extension);
	else if (sequence)
		flood(s, sequence);
	else if (words)
		play_words(s, words);
	else
		play_timer(s, event, left);
	scene_check(s);
}

void run_presence(struct vector *v)
{
	json_t *availability = take(v, v->in, "availability");
	struct scene s;

	if (availability) {
		play_availability(v, availability);
		return;
	}
	if (strncmp(v->id, "PR-prio-", 8) == 0) {
		if (!play_priority(v))
			fail(v, "there is nothing to play");
		return;
	}
	scene_init(&s, v);
	play(&s);
	scene_done(&s);
}
