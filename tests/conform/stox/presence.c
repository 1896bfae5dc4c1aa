#include <string.h>

#include "base/mem.h"
#include "presence_scene.h"
#include "xml/document.h"
#include "xml/writer.h"

/*
 * Group presence, as far as the machines and the mapping alone decide it: what a request says of
 * addresses and dialogs, and what the settings decide, waits for the gateway to join them.
 */
const char *const parts_presence[] = {"PR-002", "PR-003", "PR-004", "PR-005", "PR-006", "PR-007",
	"PR-009", "PR-010", "PR-011", "PR-012", "PR-013", "PR-014", "PR-015", "PR-016", "PR-017",
	"PR-018", "PR-020", "PR-021", "PR-023", "PR-024", "PR-035", "PR-038", "PR-039", "PR-040",
	"PR-041", "PR-043", "PR-044", "PR-045", "PR-046", "PR-047", "PR-052", "PR-053", "PR-054",
	"PR-055", "PR-056", "PR-057", "PR-058", "PR-059", "PR-060", "PR-prio-", "PR-refresh-",
	NULL};
const char *const parts_availability[] = {"LY-av-", NULL};

/* ---- documents ---- */

static void put_text(struct buf *b, const char *open, struct slice text, const char *close)
{
	if (!text.p)
		return;
	buf_str(b, open);
	xml_put_text(b, text, XML_BAD_REPLACE);
	buf_str(b, close);
}

static struct slice string(struct vector *v, json_t *o, const char *key)
{
	return slice_of(take_string(v, o, key));
}

static void put_tuple(struct vector *v, struct buf *b, json_t *tuple)
{
	struct slice priority = string(v, tuple, "priority");

	buf_str(b, "<tuple");
	xml_put_attr(b, "id", string(v, tuple, "id"));
	buf_str(b, "><status>");
	put_text(b, "<basic>", string(v, tuple, "basic"), "</basic>");
	put_text(b, "<show xmlns='jabber:client'>", string(v, tuple, "show"), "</show>");
	buf_str(b, "</status>");
	if (priority.p)
		buf_printf(b, "<contact priority='%.*s'>sip:romeo@example.net</contact>",
			SLARG(priority));
	put_text(b, "<note>", string(v, tuple, "note"), "</note>");
	buf_str(b, "</tuple>");
}

/* A vector's pidf as a document; absent where it is null or not there. */
static struct slice document(struct vector *v, json_t *pidf)
{
	json_t *tuples = take(v, pidf, "tuples"), *activities = take(v, pidf, "activities"), *one;
	struct slice entity = string(v, pidf, "entity"), body;
	struct buf b = {0};
	size_t i;

	if (!json_is_object(pidf))
		return SL_NONE;
	buf_str(&b, "<presence xmlns='" NS_PIDF "'");
	xml_put_attr(&b, "entity", entity.p ? entity : SL("pres:romeo@example.net"));
	buf_chr(&b, '>');
	json_array_foreach(tuples, i, one)
		put_tuple(v, &b, one);
	if (activities)
		buf_str(&b, "<d:person xmlns:d='" NS_PIDF ":data-model' id='p'><activities "
			    "xmlns='" NS_PIDF ":rpid'>");
	json_array_foreach(activities, i, one)
		buf_printf(&b, "<%s/>", json_string_value(one));
	buf_str(&b, activities ? "</activities></d:person></presence>" : "</presence>");
	body = arena_slice(&v->arena, buf_slice(&b));
	buf_done(&b);
	return body;
}

static struct slice priority_text(struct vector *v, int thousandths)
{
	struct slice text;
	struct buf b = {0};

	pidf_priority_write(&b, thousandths);
	text = arena_slice(&v->arena, buf_slice(&b));
	buf_done(&b);
	return text;
}

static void compare_tuple(struct vector *v, const struct pidf_tuple *t, json_t *want)
{
	static const char *const basics[] = {NULL, "open", "closed"};
	struct field fields[] = {
		{"id", t->id},
		{"basic", slice_of(basics[t->basic])},
		{"show", t->show},
		{"priority", t->priority < 0 ? SL_NONE : priority_text(v, t->priority)},
		{"note", t->n_notes ? t->notes[0].text : SL_NONE},
	};

	compare(v, want, fields, ARRAY_LEN(fields));
}

/* What leaves is written and read again: what counts is what stands in it. */
static void compare_pidf(struct vector *v, const struct pidf *p, json_t *want)
{
	json_t *tuples = take(v, want, "tuples"), *activities = take(v, want, "activities"), *one;
	struct pidf again;
	struct buf b = {0};
	size_t i;

	if (!want)
		return;
	if (p)
		pidf_write(&b, p);
	if (!p ||
		pidf_read(&again, &v->arena, arena_slice(&v->arena, buf_slice(&b))) != PIDF_GOOD ||
		again.n_tuples != json_array_size(tuples)) {
		fail(v, "the document is %.*s", SLARG(buf_slice(&b)));
		buf_done(&b);
		return;
	}
	json_array_foreach(tuples, i, one)
		compare_tuple(v, &again.tuples[i], one);
	json_array_foreach(activities, i, one)
		for (unsigned a = 0; a < PIDF_ACTIVITY__N; a++)
			if (strcmp(json_string_value(one), pidf_activity_name(a)) == 0 &&
				(!(again.person.activities & 1u << a) ||
					!(again.tuples[0].activities & 1u << a)))
				fail(v, "activity %s is missing", pidf_activity_name(a));
	compare(v, want, (struct field[]){{"entity", again.entity}}, 1);
	buf_done(&b);
}

/* ---- stanzas ---- */

static const struct xml_elem *stanza_of(struct vector *v, json_t *o)
{
	json_t *priority = take(v, o, "priority");
	struct slice text;
	struct buf b = {0};

	buf_str(&b, "<presence xmlns='jabber:server'");
	xml_put_attr(&b, "from", string(v, o, "from"));
	xml_put_attr(&b, "to", string(v, o, "to"));
	xml_put_attr(&b, "xml:lang", string(v, o, "xml_lang"));
	if (json_is_string(json_object_get(o, "type")))
		xml_put_attr(&b, "type", string(v, o, "type"));
	take(v, o, "type");
	take(v, o, "initial");
	buf_chr(&b, '>');
	if (json_is_string(json_object_get(o, "show")))
		put_text(&b, "<show>", string(v, o, "show"), "</show>");
	take(v, o, "show");
	put_text(&b, "<status>", string(v, o, "status"), "</status>");
	if (priority)
		buf_printf(
			&b, "<priority>%lld</priority>", (long long)json_integer_value(priority));
	buf_str(&b, "</presence>");
	text = arena_slice(&v->arena, buf_slice(&b));
	buf_done(&b);
	return xml_document_read(&v->arena, text);
}

static void compare_one_stanza(struct vector *v, const struct xml_elem *e, json_t *want)
{
	struct slice priority = xml_child_text(e, SL_NONE, SL("priority"), &v->arena);
	struct field fields[] = {
		{"name", e->name},
		{"type", xml_attr(e, SL("type"))},
		{"from", xml_attr(e, SL("from"))},
		{"to", xml_attr(e, SL("to"))},
		{"show", xml_child_text(e, SL_NONE, SL("show"), &v->arena)},
		{"status", xml_child_text(e, SL_NONE, SL("status"), &v->arena)},
		{"xml_lang", xml_attr_ns(e, SL(XML_NS_XML), SL("lang"))},
		{"priority", priority},
	};

	compare(v, want, fields, ARRAY_LEN(fields));
}

static struct slice type_of(const struct xml_elem *e)
{
	struct slice type = xml_attr(e, SL("type"));

	return type.p ? type : SL("available");
}

static bool in_list(json_t *list, struct slice text)
{
	size_t i;
	json_t *one;

	json_array_foreach(list, i, one)
		if (slice_eqz(text,
			    json_string_value(
				    json_is_object(one) ? json_object_get(one, "type") : one)))
			return true;
	return false;
}

/* Bounds that vectors put on stanzas, instead of naming them. */
static void check_bounds(struct scene *s)
{
	struct vector *v = s->v;
	json_t *allowed = take(v, v->out, "stanzas_allowed"), *some;
	const char *none = take_string(v, v->out, "no_stanza_of_type");
	bool no_available = take_flag(v, v->out, "no_available_stanza");

	some = take(v, v->out, "stanzas_at_most");
	for (unsigned i = 0; i < s->n_stanzas; i++) {
		struct slice type = type_of(s->stanzas[i]);

		if ((allowed && !in_list(allowed, type)) || (some && !in_list(some, type)) ||
			slice_eqz(type, none ? none : "\n") ||
			(no_available && slice_eqz(type, "available")))
			fail(v, "a stanza of type %.*s left", SLARG(type));
	}
	if (some && s->n_stanzas > json_array_size(some))
		fail(v, "%u stanzas left", s->n_stanzas);
}

static void check_stanzas(struct scene *s)
{
	struct vector *v = s->v;
	json_t *wanted = take(v, v->out, "stanzas"), *one_of = take(v, v->out, "stanzas_one_of");
	json_t *one;
	size_t i;

	if (take_flag(v, v->out, "no_stanza") && s->n_stanzas)
		fail(v, "%u stanzas left", s->n_stanzas);
	if (wanted && json_array_size(wanted) != s->n_stanzas)
		fail(v, "%u stanzas left", s->n_stanzas);
	for (i = 0; i < json_array_size(wanted) && i < s->n_stanzas; i++)
		compare_one_stanza(v, s->stanzas[i], json_array_get(wanted, i));
	if (one_of && (s->n_stanzas != 1 || !in_list(one_of, type_of(s->stanzas[0]))))
		fail(v, "none of the stanzas that may leave did, alone");
	json_array_foreach(one_of, i, one)
		json_object_clear(one); /* alternatives: understood as a whole */
	check_bounds(s);
}

/* ---- what became of it ---- */

static const char *dialog_of(const struct scene *s)
{
	switch (s->watcher.state) {
	case WATCHER_OFF:
	case WATCHER_RESTING:
		return "terminated";
	case WATCHER_ACTIVE:
		return s->watcher.expires_at == UINT64_MAX ? "for ever" : "kept-until-expiry";
	default:
		return "another";
	}
}

static void check_state(struct scene *s)
{
	struct vector *v = s->v;
	bool kept = s->pair.in == ROSTER_IN_FROM || s->pair.in == ROSTER_IN_ASKED;
	const char *contact = take_string(v, v->out, "contact_state");
	json_t *retry = take(v, v->out, "retry"), *established;

	if (contact && s->n_announced)
		fail(v, "the contact is told that somebody is there");
	if (retry && watcher_deadline(&s->watcher) == UINT64_MAX)
		fail(v, "it is not tried again");
	established = json_object_get(v->out, "dialog");
	if (established && strcmp(json_string_value(established), "established-by-notify") == 0) {
		take(v, v->out, "dialog");
		if (s->watcher.state != WATCHER_ACTIVE)
			fail(v, "there is no dialog");
	}
	compare(v, v->out,
		(struct field[]){
			{"authorization", kept ? SL("kept") : SL("cancelled")},
			{"dialog", slice_of(dialog_of(s))},
			{"subscription",
				s->watcher.state == WATCHER_RESTING ? SL("failed") : SL("other")},
		},
		3);
}

/* When a new subscription is asked for, in the words of vectors; SL_NONE: never. */
static struct slice again(struct scene *s)
{
	uint64_t at = watcher_deadline(&s->watcher);

	if (s->watcher.state != WATCHER_RESTING)
		return SL_NONE;
	if (at <= s->now)
		return SL("immediately");
	return slice_of(arena_printf(&s->v->arena, "after %u s", (unsigned)((at - s->now) / 1000)));
}

static void check_next(struct scene *s)
{
	struct vector *v = s->v;
	json_t *next = take(v, v->out, "next_request"), *least;
	const struct sent *sent = &s->sent[0];

	compare(v, v->out, (struct field[]){{"resubscribe", again(s)}}, 1);
	if (!next)
		return;
	if (!s->n_sent)
		scene_until(s, s->now);
	if (!s->n_sent) {
		fail(v, "no request follows");
		return;
	}
	least = take(v, next, "expires_at_least");
	if (least && sent->expires < json_integer_value(least))
		fail(v, "Expires is %u", sent->expires);
	compare(v, next,
		(struct field[]){
			{"method", slice_of(sent->method)}, {"new_dialog", yes(!sent->within)}},
		2);
}

static void check_request(struct scene *s)
{
	struct vector *v = s->v;
	json_t *request = take(v, v->out, "request");
	const struct sent *sent = &s->sent[0];

	if (!request)
		return;
	if (s->n_sent != 1) {
		fail(v, "%u requests left", s->n_sent);
		return;
	}
	compare_pidf(v, sent->pidf, take(v, request, "pidf"));
	compare(v, request,
		(struct field[]){
			{"method", slice_of(sent->method)},
			{"in_dialog", yes(sent->within)},
			{"subscription_state", sent->state},
			{"content_language", sent->lang},
		},
		4);
}

static void check_all(struct scene *s)
{
	struct vector *v = s->v;
	json_t *response = take(v, v->out, "response"), *notify_response;

	notify_response = take(v, v->out, "notify_response");
	if (response)
		compare(v, response, (struct field[]){{"status", number(v, s->response)}}, 1);
	if (notify_response && json_integer_value(notify_response) != s->response)
		fail(v, "NOTIFY got %u", s->response);
	check_stanzas(s);
	check_request(s);
	check_next(s);
	check_state(s);
}

/* ---- what comes ---- */

static void play_notify(struct scene *s, json_t *notify, const char *state)
{
	struct vector *v = s->v;
	json_t *pidf = take(v, notify, "pidf");
	struct scene_notify n = {.state = take_string(v, notify, "subscription_state")};

	take(v, notify, "from");
	take(v, notify, "to");
	take(v, notify, "body"); /* null */
	n.lang = string(v, notify, "content_language");
	n.body = document(v, pidf);
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
	scene_stanza(s, stanza_of(s->v, presence));
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
		scene_stanza(s, stanza_of(v, take(v, one, "presence")));
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

/* ---- one value ---- */

static bool play_priority(struct vector *v)
{
	json_t *from_xmpp = take(v, v->in, "priority"), *distinct;
	const char *from_pidf = take_string(v, v->in, "pidf_priority");
	int last = -1;

	if (from_xmpp)
		compare(v, v->out,
			(struct field[]){{"pidf_priority",
				priority_text(v, presence_priority_to_pidf(
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

		if (thousandths <= last || priority_text(v, thousandths).n > 5 ||
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

/* ---- */

static void play(struct scene *s)
{
	struct vector *v = s->v;
	const char *state = take_string(v, v->in, "state"), *event = take_string(v, v->in, "event");
	json_t *notify = take(v, v->in, "notify"), *presence = take(v, v->in, "presence");
	json_t *response = take(v, v->in, "response_to_subscribe"), *refresh, *sequence, *words;
	json_t *left = take(v, v->in, "dialog_expires_in");

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
	else if (sequence)
		flood(s, sequence);
	else if (words)
		play_words(s, words);
	else
		play_timer(s, event, left);
	check_all(s);
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
