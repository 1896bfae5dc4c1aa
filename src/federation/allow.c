#include "federation/allow.h"

#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "federation/address.h"
#include "federation/snapshot.h"

/*
 * The key is "user\0contact": neither part can have a NUL. It is put together on the stack, so that
 * asking allocates nothing.
 */
enum { ADDRESS_MAX = 3071, KEY_MAX = 2 * ADDRESS_MAX + 1 };

struct allow_entry {
	struct table_node node;
	uint64_t expires_ms;
	size_t user_n;
	char key[];
};

struct allow_set {
	struct table entries;
};

struct allow_set *allow_new(void)
{
	struct allow_set *s = xzalloc(sizeof *s);

	table_init(&s->entries);
	return s;
}

void allow_free(struct allow_set *s)
{
	if (!s)
		return;
	table_each(&s->entries, n)
		xfree(container_of(n, struct allow_entry, node));
	table_done(&s->entries);
	xfree(s);
}

static struct slice make_key(char key[KEY_MAX], struct slice user, struct slice contact)
{
	if (!user.n || !contact.n || user.n > ADDRESS_MAX || contact.n > ADDRESS_MAX)
		return SL_NONE;
	memcpy(key, user.p, user.n);
	key[user.n] = '\0';
	memcpy(key + user.n + 1, contact.p, contact.n);
	return slice_make(key, user.n + 1 + contact.n);
}

static struct allow_entry *find(const struct allow_set *s, struct slice key)
{
	struct table_node *n = key.p ? table_get(&s->entries, key) : NULL;

	return n ? container_of(n, struct allow_entry, node) : NULL;
}

bool allow_put(struct allow_set *s, struct slice user, struct slice contact, uint64_t expires_ms)
{
	char buf[KEY_MAX];
	struct slice key = make_key(buf, user, contact);
	struct allow_entry *entry = find(s, key);

	if (!key.p)
		return false;
	if (!entry) {
		entry = xmalloc(sizeof *entry + key.n);
		memcpy(entry->key, key.p, key.n);
		entry->user_n = user.n;
		table_put(&s->entries, &entry->node, slice_make(entry->key, key.n));
	}
	entry->expires_ms = expires_ms;
	return true;
}

static void drop(struct allow_set *s, struct allow_entry *entry)
{
	table_remove(&s->entries, &entry->node);
	xfree(entry);
}

bool allow_remove(struct allow_set *s, struct slice user, struct slice contact)
{
	char buf[KEY_MAX];
	struct allow_entry *entry = find(s, make_key(buf, user, contact));

	if (!entry)
		return false;
	drop(s, entry);
	return true;
}

static bool expired(const struct allow_entry *entry, uint64_t now_ms)
{
	return entry->expires_ms && entry->expires_ms <= now_ms;
}

bool allow_has(const struct allow_set *s, struct slice user, struct slice contact, uint64_t now_ms)
{
	char buf[KEY_MAX];
	const struct allow_entry *entry =
		s->entries.count ? find(s, make_key(buf, user, contact)) : NULL;

	return entry && !expired(entry, now_ms);
}

size_t allow_count(const struct allow_set *s)
{
	return s->entries.count;
}

static void tell(const struct allow_entry *entry, allow_each_fn *fn, void *arg)
{
	struct slice key = entry->node.key;

	fn(arg, slice_cut(key, entry->user_n), slice_from(key, entry->user_n + 1),
		entry->expires_ms);
}

void allow_each(const struct allow_set *s, allow_each_fn *fn, void *arg)
{
	table_each(&s->entries, n)
		tell(container_of(n, struct allow_entry, node), fn, arg);
}

typedef bool entry_fn(const struct allow_entry *entry, void *arg);

static size_t drop_if(
	struct allow_set *s, entry_fn *wanted, void *wanted_arg, allow_each_fn *fn, void *arg)
{
	size_t gone = 0;

	table_each(&s->entries, n) {
		struct allow_entry *entry = container_of(n, struct allow_entry, node);

		if (!wanted(entry, wanted_arg))
			continue;
		if (fn)
			tell(entry, fn, arg);
		drop(s, entry);
		gone++;
	}
	return gone;
}

static bool is_expired(const struct allow_entry *entry, void *arg)
{
	return expired(entry, *(const uint64_t *)arg);
}

size_t allow_expire(struct allow_set *s, uint64_t now_ms, allow_each_fn *fn, void *arg)
{
	return drop_if(s, is_expired, &now_ms, fn, arg);
}

struct judges {
	const struct snapshot *before, *now;
};

static bool changed_hands(const struct allow_entry *entry, void *arg)
{
	const struct judges *j = arg;
	struct slice domain = address_domain(slice_from(entry->node.key, entry->user_n + 1));
	const struct partner *now = snapshot_partner(j->now, domain), *before;

	if (!now || !j->before)
		return !now;
	before = snapshot_partner(j->before, domain);
	return !before || strcmp(before->domain.a, now->domain.a) != 0;
}

size_t allow_rejudge(struct allow_set *s, const struct snapshot *before, const struct snapshot *now,
	allow_each_fn *fn, void *arg)
{
	struct judges j = {before, now};

	return drop_if(s, changed_hands, &j, fn, arg);
}
