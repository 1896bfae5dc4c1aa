#include <assert.h>
#include <string.h>

#include "cli/cli.h"

/* Written at build time from the setting tables of federation/ (src/daemon/gen.c). */
#include "cli_settings.inc"

const struct cli_kind *kind_find(const char *name)
{
	const struct cli_kind *k = cli_kinds;

	while (k->name && strcmp(k->name, name) != 0)
		k++;
	assert(k->name);
	return k;
}

/* "TlsNegotiation", "tls-negotiation" and "tls_negotiation" are one. */
static bool same_name(const char *a, struct slice b)
{
	size_t i = 0;

	for (;; a++, i++) {
		while (*a == '_' || *a == '-')
			a++;
		while (i < b.n && (b.p[i] == '_' || b.p[i] == '-'))
			i++;
		if (!*a || i == b.n)
			return !*a && i == b.n;
		if (ascii_lower1(*a) != ascii_lower1(b.p[i]))
			return false;
	}
}

const struct cli_setting *kind_setting(const struct cli_kind *k, struct slice name)
{
	for (const struct cli_setting *s = k->settings; s->name; s++)
		if (same_name(s->name, name) || same_name(s->option, name))
			return s;
	return NULL;
}
