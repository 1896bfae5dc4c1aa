#include "federation/domain_index.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "federation/partner.h"

void domain_index_init(struct domain_index *ix, const struct config *c)
{
	const struct object *const *v;
	size_t n = config_list(c, OBJECT_PARTNER, &v);

	*ix = (struct domain_index){0};
	table_init(&ix->table);
	for (size_t i = 0; i < n; i++)
		ix->cap += 1 + partner_of(v[i])->additional_domains.n;
	ix->cap += config_list(c, OBJECT_DOMAIN, &v);
	ix->v = xcalloc(ix->cap + 1, sizeof *ix->v);
}

void domain_index_done(struct domain_index *ix)
{
	table_done(&ix->table);
	xfree(ix->v);
	*ix = (struct domain_index){0};
}

static void put_key(struct domain_index *ix, struct domain_key *key, struct domain_entry *entry,
	const char *domain)
{
	key->entry = entry;
	table_put(&ix->table, &key->node, slice_of(domain));
}

const struct domain_entry *domain_index_add(
	struct domain_index *ix, const struct object *owner, const struct domain_name *name)
{
	const struct domain_entry *other = domain_index_get(ix, slice_of(name->a));
	struct domain_entry *entry;

	if (other)
		return other;
	assert(ix->n < ix->cap);
	entry = &ix->v[ix->n++];
	entry->owner = owner;
	entry->name = name;
	put_key(ix, &entry->a, entry, name->a);
	if (strcmp(name->a, name->u) != 0)
		put_key(ix, &entry->u, entry, name->u);
	return NULL;
}

struct domain_entry *domain_index_get(const struct domain_index *ix, struct slice domain)
{
	struct table_node *n = table_get(&ix->table, domain);

	return n ? container_of(n, struct domain_key, node)->entry : NULL;
}
