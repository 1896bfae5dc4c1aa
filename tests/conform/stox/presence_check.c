#include <string.h>

#include "base/mem.h"
#include "presence_scene.h"
#include "xml/document.h"
#include "xml/writer.h"

/* What vectors of group presence say, as documents and stanzas, and what left held against it. */

/* ---- documents ---- */

static void put_text(struct buf *b, const char *open, struct slice text, const char *close)
{
	if (!text.p)
		return;
	buf_str(b, open);
	xml_put_text(b, text, XML_BAD_REPLACE);
	buf_str(b, close);
}

struct slice scene_string(struct vector *v, json_t *o, const char *key)
{
	return slice_of(take_string(v, o, key));
}

static void put_tuple(struct vector *v, struct buf *b, json_t *tuple)
{
	struct slice priority = scene_string(v, tuple, "priority");

	buf_str(b, "<tuple");
	xml_put_attr(b, "id", scene_string(v, tuple, "id"));
	buf_str(b, "><status>");
	put_text(b, "<basic>", scene_string(v, tuple, "basic"), "</basic>");
	put_text(b, "<show xmlns='jabber:client'>", scene_string(v, tuple, "show"), "</show>");
	buf_str(b, "</status>");
	if (priority.p)
		buf_printf(b, "<contact priority='%.*s'>sip:romeo@example.net</contact>",
			SLARG(priority));
	put_text(b, "<note>", scene_string(v, tuple, "note"), "</note>");
	buf_str(b, "</tuple>");
}

/* A vector's pidf as a document; absent where it is null or not there. */
struct slice scene_document(struct vector *v, json_t *pidf)
{
	json_t *tuples = take(v, pidf, "tuples"), *activities = take(v, pidf, "activities"), *one;
	struct slice entity = scene_string(v, pidf, "entity"), body;
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

struct slice scene_priority(struct vector *v, int thousandths)
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
		{"priority", t->priority < 0 ? SL_NONE : scene_priority(v, t->priority)},
		{"note", t->n_notes ? t->notes[0].text : SL_NONE},
	};

	compare(v, want, fields, ARRAY_LEN(fields));
}

/* What leaves is written and read again: what counts is what stands in it. */
void scene_compare_pidf(struct vector *v, const struct pidf *p, json_t *want)
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

const struct xml_elem *scene_presence(struct vector *v, json_t *o)
{
	json_t *priority = take(v, o, "priority");
	struct slice text;
	struct buf b = {0};

	buf_str(&b, "<presence xmlns='jabber:server'");
	xml_put_attr(&b, "from", scene_string(v, o, "from"));
	xml_put_attr(&b, "to", scene_string(v, o, "to"));
	xml_put_attr(&b, "xml:lang", scene_string(v, o, "xml_lang"));
	if (json_is_string(json_object_get(o, "type")))
		xml_put_attr(&b, "type", scene_string(v, o, "type"));
	take(v, o, "type");
	take(v, o, "initial");
	buf_chr(&b, '>');
	if (json_is_string(json_object_get(o, "show")))
		put_text(&b, "<show>", scene_string(v, o, "show"), "</show>");
	take(v, o, "show");
	put_text(&b, "<status>", scene_string(v, o, "status"), "</status>");
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
	for (i = 0; i < json_array_size(wanted) && i < s->n_stanzas; i++) {
		one = json_array_get(wanted, i);
		if (json_is_object(one))
			compare_one_stanza(v, s->stanzas[i], one);
		else if (!slice_eqz(type_of(s->stanzas[i]), json_string_value(one)))
			fail(v, "stanza %zu is no %s", i, json_string_value(one));
	}
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
	scene_compare_pidf(v, sent->pidf, take(v, request, "pidf"));
	compare(v, request,
		(struct field[]){
			{"method", slice_of(sent->method)},
			{"in_dialog", yes(sent->within)},
			{"subscription_state", sent->state},
			{"content_language", sent->lang},
		},
		4);
}

void scene_check(struct scene *s)
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
