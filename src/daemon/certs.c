#include "daemon/certs.h"

#include <stdlib.h>

#include "base/mem.h"

int certs_load(struct tls_set **ret, const struct conf *c, struct err *e)
{
	struct tls_cert_files *files = xcalloc(c->n_cert + 1, sizeof *files);
	int r;

	for (size_t i = 0; i < c->n_cert; i++)
		files[i] = (struct tls_cert_files){
			.name = c->cert[i].name,
			.chain = c->cert[i].chain,
			.key = c->cert[i].key,
			.domains = (const char *const *)c->cert[i].domains.v,
			.n_domains = c->cert[i].domains.n,
		};
	r = tls_set_load(ret, files, c->n_cert, c->trust, e);
	free(files);
	return r;
}
