#include "xmpp/pairs.h"

#include <stdlib.h>

#include "base/mem.h"
#include "xmpp/jid.h"
#include "xmpp/stanza.h"

void pairs_done(struct pairs *p)
{
	for (size_t i = 0; i < p->n; i++)
		free((char *)p->v[i].remote.p);
	free(p->v);
	*p = (struct pairs){0};
}

static struct pair *find(const struct pairs *p, struct slice remote, struct slice local)
{
	for (size_t i = 0; i < p->n; i++)
		if (slice_eq(p->v[i].remote, remote) && slice_eq(p->v[i].local, local))
			return &p->v[i];
	return NULL;
}

bool pairs_have(const struct pairs *p, struct slice remote, struct slice local)
{
	return find(p, remote, local) != NULL;
}

void pairs_add(struct pairs *p, struct slice remote, struct slice local)
{
	char *block;

	if (find(p, remote, local))
		return;
	if (p->n == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 2;
		p->v = xrealloc(p->v, p->cap * sizeof *p->v);
	}
	block = xmalloc(remote.n + local.n + 1);
	memcpy(block, remote.p, remote.n);
	memcpy(block + remote.n, local.p, local.n);
	p->v[p->n++] =
		(struct pair){slice_make(block, remote.n), slice_make(block + remote.n, local.n)};
}

void pairs_remove(struct pairs *p, struct slice remote, struct slice local)
{
	struct pair *at = find(p, remote, local);

	if (!at)
		return;
	free((char *)at->remote.p);
	*at = p->v[--p->n];
}

static bool canonical(struct slice domain, struct arena *a, struct slice *ret)
{
	struct jid j;

	if (!domain.n || jid_make(&j, a, SL_NONE, domain, SL_NONE, NULL) < 0)
		return false;
	*ret = j.domain;
	return true;
}

static bool knows_remote(const struct pairs *p, struct slice remote)
{
	for (size_t i = 0; i < p->n; i++)
		if (slice_eq(p->v[i].remote, remote))
			return true;
	return false;
}

enum stream_cond pairs_check(const struct pairs *p, struct slice from, struct slice to,
	struct arena *a, struct pair *ret)
{
	struct slice remote = stanza_domain(from), local = stanza_domain(to);
	/* Nearly always they are written as in the pair, which is canonical. */
	const struct pair *hit = find(p, remote, local);

	if (!hit) {
		if (!canonical(remote, a, &remote) || !canonical(local, a, &local))
			return STREAM_IMPROPER_ADDRESSING;
		hit = find(p, remote, local);
	}
	if (!hit)
		return knows_remote(p, remote) ? STREAM_HOST_UNKNOWN : STREAM_INVALID_FROM;
	*ret = *hit;
	return STREAM_OK;
}
