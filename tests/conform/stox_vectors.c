/*
 * stox_vectors [--group NAME,NAME...] FILE...: plays mapping vectors (docs: vectors of RFC 7247,
 * 7572 and more) against the gateway's own objects. A line for each failure; ends "N passed, N
 * failed". A key nobody understands is a failure. Groups, and parts of groups, that are not built
 * are reported only when asked for.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "stox/vector.h"

/* Of some groups only a part is built: parts names it, an id or the beginning of some; NULL: all.
 */
static const struct group {
	const char *name;
	void (*run)(struct vector *v);
	const char *const *parts;
} groups[] = {
	{"address", run_address, NULL},
	{"error", run_error, NULL},
	{"im", run_im, NULL},
	{"cpim-imdn", run_cpim, NULL},
	{"session", run_session, parts_session},
	{"lync", run_session, parts_lync},
	{"lync", run_presence, parts_lync_presence},
	{"presence", run_presence, parts_presence},
};

struct tally {
	unsigned passed, failed;
};

static bool is_built(const struct group *g, const char *id)
{
	size_t i = 0;

	while (g->parts && g->parts[i] && !slice_starts(slice_of(id), slice_of(g->parts[i])))
		i++;
	return !g->parts || g->parts[i];
}

/* The line of this group that has built id, else one that has not; NULL: there is none. */
static const struct group *group_find(const char *name, const char *id)
{
	const struct group *found = NULL;

	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		if (strcmp(groups[i].name, name) == 0 && (!found || is_built(&groups[i], id)))
			found = &groups[i];
	return found;
}

/* Nothing may be left of what was not understood. */
static void check_left(struct vector *v, json_t *o)
{
	const char *key;
	json_t *value;
	size_t i;

	if (json_is_array(o))
		json_array_foreach(o, i, value)
			check_left(v, value);
	json_object_foreach(o, key, value)
		fail(v, "unknown key '%s'", key);
}

/* timer: nobody says anything. encode, decode: one format alone. */
static bool known_direction(const char *dir)
{
	static const char *const names[] = {"sip2xmpp", "xmpp2sip", "timer", "encode", "decode"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(dir, names[i]) == 0)
			return true;
	return false;
}

static void run(struct vector *v, json_t *vector, const struct group *g)
{
	const char *dir = take_string(v, vector, "dir");
	json_t *rt = take(v, vector, "rt");

	take(v, vector, "id");
	take(v, vector, "group");
	take(v, vector, "spec");
	take(v, vector, "basis");
	take(v, vector, "erratum");
	take(v, vector, "note");
	v->in = take(v, vector, "in");
	v->out = take(v, vector, "out");
	v->rt = json_is_true(rt);
	v->sip2xmpp = dir && strcmp(dir, "sip2xmpp") == 0;
	if (!dir || !known_direction(dir))
		fail(v, "unknown direction '%s'", dir ? dir : "");
	else if (!json_is_object(v->in) || !json_is_object(v->out))
		fail(v, "in or out is missing");
	else
		g->run(v);
	check_left(v, vector);
	check_left(v, v->pool);
}

/* Objects that were taken lie in the pool: what is left in them was not understood either. */
static void play(json_t *vector, const struct group *g, struct tally *t)
{
	json_t *copy = json_deep_copy(vector);
	struct vector v = {
		.id = json_string_value(json_object_get(vector, "id")),
		.pool = json_array(),
	};

	if (!v.id)
		v.id = "(no id)";
	run(&v, copy, g);
	*(v.failed ? &t->failed : &t->passed) += 1;
	json_decref(v.pool);
	json_decref(copy);
	arena_done(&v.arena);
}

/* Is name in the list that was asked for? None asked: yes. */
static bool wanted(const char *asked, const char *name)
{
	struct slice rest = slice_of(asked), one;

	if (!asked)
		return group_find(name, "") != NULL;
	while (slice_split(&rest, ',', &one))
		if (slice_eqz(one, name))
			return true;
	return false;
}

static void play_all(json_t *vectors, const char *asked, struct tally *t)
{
	json_t *vector;
	size_t i;

	json_array_foreach(vectors, i, vector) {
		const char *name = json_string_value(json_object_get(vector, "group"));
		const char *id = json_string_value(json_object_get(vector, "id"));
		const struct group *g = group_find(name ? name : "", id ? id : "");

		if (!name || !wanted(asked, name))
			continue;
		if (g && is_built(g, id ? id : "")) {
			play(vector, g, t);
		} else if (asked) {
			printf("%s: %s %s is not built\n", id, g ? "this of group" : "group", name);
			t->failed++;
		}
	}
}

static int play_file(const char *path, const char *asked, struct tally *t)
{
	json_error_t e;
	json_t *file = json_load_file(path, 0, &e);
	json_t *vectors = json_object_get(file, "vectors");

	if (!json_is_array(vectors)) {
		fprintf(stderr, "%s: %s\n", path, file ? "there are no vectors in it" : e.text);
		json_decref(file);
		return -1;
	}
	play_all(vectors, asked, t);
	json_decref(file);
	return 0;
}

int main(int argc, char **argv)
{
	const char *asked = NULL;
	struct tally t = {0};
	int i = 1;

	if (argc > 2 && strcmp(argv[1], "--group") == 0) {
		asked = argv[2];
		i = 3;
	}
	if (i >= argc) {
		fprintf(stderr, "usage: %s [--group NAME,NAME...] FILE...\n", argv[0]);
		return 2;
	}
	log_level_set(LOG_ERROR);
	for (; i < argc; i++)
		if (play_file(argv[i], asked, &t) < 0)
			return 2;
	printf("%u passed, %u failed\n", t.passed, t.failed);
	return t.failed ? 1 : 0;
}
