#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"

/* --filter: of a list only what matches a pattern of the shell, without regard to case. */

static bool matches(json_t *v, const char *pattern)
{
	struct buf out = {0};
	char *text;
	json_t *one;
	size_t i;
	bool yes = false;

	if (json_is_array(v)) {
		json_array_foreach(v, i, one)
			yes = yes || matches(one, pattern);
		return yes;
	}
	if (json_is_string(v))
		return fnmatch(pattern, json_string_value(v), FNM_CASEFOLD) == 0;
	print_value(v, &out);
	text = buf_dup(&out);
	buf_done(&out);
	yes = fnmatch(pattern, text, FNM_CASEFOLD) == 0;
	free(text);
	return yes;
}

/* "tls-negotiation", "tls_negotiation" and, where the kind has it, "tls". */
static json_t *member(const struct invocation *in, json_t *row, struct slice name)
{
	const struct cli_setting *s = in->kind ? kind_setting(in->kind, name) : NULL;
	char *z = s ? xstrdup(s->name) : slice_dup(name);
	json_t *v;

	for (char *p = z; *p; p++)
		*p = *p == '-' ? '_' : *p;
	v = json_object_get(row, z);
	free(z);
	return v;
}

int filter_items(const struct invocation *in, const char *key, json_t *items)
{
	struct slice filter = slice_of(in->filter);
	size_t eq = slice_find(filter, '='), i = 0;
	struct slice name = eq < filter.n ? slice_cut(filter, eq) : slice_of(key);
	const char *pattern = eq < filter.n ? in->filter + eq + 1 : in->filter;

	if (!in->filter)
		return EXIT_DONE;
	if (json_array_size(items) && !member(in, json_array_get(items, 0), name))
		return usage_error(in, "--filter: there is nothing called '%.*s' in this list",
			SLARG(name));
	while (i < json_array_size(items)) {
		if (matches(member(in, json_array_get(items, i), name), pattern))
			i++;
		else
			json_array_remove(items, i);
	}
	return EXIT_DONE;
}
