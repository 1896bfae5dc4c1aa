#include "admin/session.h"

#include <stdio.h>
#include <stdlib.h>

#include "auth/hash.h"
#include "base/mem.h"

struct sessions {
	struct table table;
	struct list order; /* the one that was idle longest first */
	struct session_limits limits;
	session_gone *gone;
	void *gone_arg;
};

struct sessions *sessions_new(struct session_limits limits)
{
	struct sessions *all = xzalloc(sizeof *all);

	table_init(&all->table);
	list_init(&all->order);
	all->limits = limits;
	return all;
}

void sessions_on_gone(struct sessions *all, session_gone *gone, void *arg)
{
	all->gone = gone;
	all->gone_arg = arg;
}

static struct session *of_order(struct list *node)
{
	return container_of(node, struct session, order);
}

static void free_roles(struct session *s)
{
	for (size_t i = 0; s->roles && s->roles[i]; i++)
		xfree((void *)s->roles[i]);
	xfree(s->roles);
	s->roles = NULL;
}

void session_end(struct sessions *all, struct session *s)
{
	if (all->gone)
		all->gone(all->gone_arg, s);
	table_remove(&all->table, &s->node);
	list_remove(&s->order);
	free_roles(s);
	xfree(s->name);
	xfree(s->display);
	xfree(s->from);
	mem_wipe(s, sizeof *s);
	free(s);
}

void sessions_free(struct sessions *all)
{
	if (!all)
		return;
	list_each_safe(&all->order, it)
		session_end(all, of_order(it));
	table_done(&all->table);
	free(all);
}

static void hex(const uint8_t *p, size_t n, char *ret)
{
	for (size_t i = 0; i < n; i++)
		snprintf(ret + 2 * i, 3, "%02x", p[i]);
}

static bool same_person(const struct session *s, struct slice name, bool of_directory)
{
	return s->of_directory == of_directory && slice_eqz(name, s->name);
}

/* The oldest in use give way: whoever is at work keeps his. */
static void make_room(struct sessions *all, struct slice name)
{
	struct session *oldest = NULL;
	size_t n = 0;

	list_each(&all->order, it) {
		struct session *s = of_order(it);

		if (!slice_eqz(name, s->name))
			continue;
		n++;
		if (!oldest)
			oldest = s;
	}
	if (n < all->limits.max_each && all->table.count >= all->limits.max)
		oldest = of_order(all->order.next); /* of everybody's: there is one */
	else if (n < all->limits.max_each)
		oldest = NULL;
	if (oldest)
		session_end(all, oldest);
}

struct session *session_begin(struct sessions *all, struct slice name, struct slice display,
	struct slice from, const uint8_t random[SESSION_RANDOM], uint64_t now,
	char ret_id[SESSION_ID + 1])
{
	struct session *s = xzalloc(sizeof *s);

	sessions_sweep(all, now);
	make_room(all, name);
	s->name = slice_dup(name);
	s->display = slice_dup(display);
	s->from = slice_dup(from);
	s->began_ms = s->used_ms = now;
	hex(random, SESSION_ID / 2, ret_id);
	hex(random + SESSION_ID / 2, 32, s->csrf);
	hash_text(slice_make(ret_id, SESSION_ID), s->hash);
	table_put(&all->table, &s->node, slice_of(s->hash));
	list_append(&all->order, &s->order);
	return s;
}

uint64_t session_idle_left(const struct sessions *all, const struct session *s, uint64_t now)
{
	uint64_t end = s->used_ms + all->limits.idle_ms, life = session_life_left(all, s, now);
	uint64_t left = end > now ? end - now : 0;

	return left < life ? left : life;
}

uint64_t session_life_left(const struct sessions *all, const struct session *s, uint64_t now)
{
	uint64_t end = s->began_ms + all->limits.life_ms;

	return end > now ? end - now : 0;
}

struct session *session_find_hash(struct sessions *all, struct slice hash, uint64_t now)
{
	struct table_node *n = table_get(&all->table, hash);
	struct session *s = n ? container_of(n, struct session, node) : NULL;

	if (s && !session_idle_left(all, s, now)) {
		session_end(all, s);
		return NULL;
	}
	return s;
}

struct session *session_find(struct sessions *all, struct slice id, uint64_t now)
{
	char hash[65];

	if (id.n != SESSION_ID)
		return NULL;
	hash_text(id, hash);
	return session_find_hash(all, slice_of(hash), now);
}

void session_touch(struct sessions *all, struct session *s, uint64_t now)
{
	s->used_ms = now;
	list_remove(&s->order);
	list_append(&all->order, &s->order);
}

void sessions_end_of(
	struct sessions *all, struct slice name, bool of_directory, const struct session *but)
{
	list_each_safe(&all->order, it) {
		struct session *s = of_order(it);

		if (s != but && same_person(s, name, of_directory))
			session_end(all, s);
	}
}

void sessions_sweep(struct sessions *all, uint64_t now)
{
	list_each_safe(&all->order, it)
		if (!session_idle_left(all, of_order(it), now))
			session_end(all, of_order(it));
}

void session_set_roles(struct session *s, const char *const *roles, size_t n)
{
	const char **v = xcalloc(n + 1, sizeof *v);

	for (size_t i = 0; i < n; i++)
		v[i] = xstrdup(roles[i]);
	free_roles(s);
	s->roles = v;
}

size_t sessions_count(const struct sessions *all)
{
	return all->table.count;
}
