#include "xml/pool.h"

#include <expat.h>
#include <stdlib.h>

#include "base/mem.h"

struct parked {
	XML_Parser expat;
	size_t given;
};

struct xml_pool {
	unsigned n, max;
	struct parked parked[];
};

struct xml_pool *xml_pool_new(unsigned max)
{
	struct xml_pool *p = xzalloc(sizeof *p + max * sizeof p->parked[0]);

	p->max = max;
	return p;
}

void xml_pool_free(struct xml_pool *p)
{
	if (!p)
		return;
	while (p->n)
		XML_ParserFree(p->parked[--p->n].expat);
	free(p);
}

unsigned xml_pool_count(const struct xml_pool *p)
{
	return p->n;
}

bool xml_pool_put(struct xml_pool *p, XML_Parser expat, size_t given)
{
	if (p->n == p->max)
		return false;
	p->parked[p->n++] = (struct parked){expat, given};
	return true;
}

XML_Parser xml_pool_take(struct xml_pool *p, size_t *ret_given)
{
	if (!p->n)
		return NULL;
	*ret_given = p->parked[--p->n].given;
	return p->parked[p->n].expat;
}
