#include "daemon/certs.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/mem.h"

struct cert_sources {
	_Atomic unsigned refs;
	struct arena arena;
	struct tls_files files;
	const char **paths;
	size_t n_paths;
};

/* "": none. */
static const char *optional(struct arena *a, const char *path)
{
	return *path ? arena_dup(a, slice_of(path)) : NULL;
}

static const char *const *copy_names(struct arena *a, const struct conf_names *names)
{
	const char **v = arena_alloc(a, names->n * sizeof *v);

	for (size_t i = 0; i < names->n; i++)
		v[i] = arena_dup(a, slice_of(names->v[i]));
	return v;
}

static struct tls_cert_files copy_cert(struct arena *a, const struct conf_cert *c)
{
	return (struct tls_cert_files){
		.name = arena_dup(a, slice_of(c->name)),
		.chain = arena_dup(a, slice_of(c->chain)),
		.key = arena_dup(a, slice_of(c->key)),
		.intermediates = optional(a, c->intermediates),
		.ocsp = optional(a, c->ocsp),
		.domains = copy_names(a, &c->domains),
		.n_domains = c->domains.n,
	};
}

static void add_path(struct cert_sources *s, const char *path)
{
	if (path)
		s->paths[s->n_paths++] = path;
}

static void list_paths(struct cert_sources *s)
{
	const struct tls_files *f = &s->files;

	s->paths = arena_alloc(&s->arena, (4 * f->n_certs + f->n_crls + 2) * sizeof *s->paths);
	for (size_t i = 0; i < f->n_certs; i++) {
		add_path(s, f->certs[i].chain);
		add_path(s, f->certs[i].key);
		add_path(s, f->certs[i].intermediates);
		add_path(s, f->certs[i].ocsp);
	}
	for (size_t i = 0; i < f->n_crls; i++)
		add_path(s, f->crls[i]);
	add_path(s, tls_trust_file(f->trust));
	if (f->other_trust)
		add_path(s, tls_trust_file(f->other_trust));
}

struct cert_sources *cert_sources_new(const struct conf *c)
{
	struct cert_sources *s = xzalloc(sizeof *s);
	struct tls_cert_files *certs = arena_alloc(&s->arena, c->n_cert * sizeof *certs);

	atomic_init(&s->refs, 1);
	for (size_t i = 0; i < c->n_cert; i++)
		certs[i] = copy_cert(&s->arena, &c->cert[i]);
	s->files = (struct tls_files){
		.certs = certs,
		.n_certs = c->n_cert,
		.trust = arena_dup(&s->arena, slice_of(c->trust)),
		.other_trust = optional(&s->arena, c->sip_trust),
		.crls = copy_names(&s->arena, &c->crls),
		.n_crls = c->crls.n,
		.crl_require = c->crl_check == CRL_REQUIRE,
	};
	list_paths(s);
	return s;
}

struct cert_sources *cert_sources_one(const char *name, const char *chain, const char *key)
{
	struct cert_sources *s = xzalloc(sizeof *s);
	struct tls_cert_files *cert = arena_zalloc(&s->arena, sizeof *cert);

	atomic_init(&s->refs, 1);
	cert->name = arena_dup(&s->arena, slice_of(name));
	cert->chain = arena_dup(&s->arena, slice_of(chain));
	cert->key = arena_dup(&s->arena, slice_of(key));
	s->files = (struct tls_files){
		.certs = cert,
		.n_certs = 1,
		.trust = cert->chain, /* nobody is judged by it */
	};
	list_paths(s);
	return s;
}

struct cert_sources *cert_sources_ref(struct cert_sources *s)
{
	atomic_fetch_add(&s->refs, 1);
	return s;
}

void cert_sources_unref(struct cert_sources *s)
{
	if (!s || atomic_fetch_sub(&s->refs, 1) > 1)
		return;
	arena_done(&s->arena);
	free(s);
}

int cert_sources_load(struct tls_set **ret, const struct cert_sources *s, struct err *e)
{
	return tls_set_load_files(ret, &s->files, e);
}

static void print_file(const char *path, struct buf *ret)
{
	struct stat st;

	if (stat(path, &st) < 0)
		buf_printf(ret, "error %d\n", errno);
	else
		buf_printf(ret, "%ju %ju %jd %jd.%09ld %jd.%09ld\n", (uintmax_t)st.st_dev,
			(uintmax_t)st.st_ino, (intmax_t)st.st_size, (intmax_t)st.st_mtim.tv_sec,
			st.st_mtim.tv_nsec, (intmax_t)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
}

void cert_sources_print(const struct cert_sources *s, struct buf *ret)
{
	for (size_t i = 0; i < s->n_paths; i++)
		print_file(s->paths[i], ret);
}
