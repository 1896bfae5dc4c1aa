#include "build.h"

#include "base/mem.h"
#include "unit.h"

struct change build_change(
	const struct config *c, const struct line *l, struct assign *assigns, size_t n)
{
	struct slice rest = slice_of(l->settings ? l->settings : ""), part;
	bool there = config_find(c, l->kind, slice_of(l->key)) != NULL;
	struct change ch = {there ? CHANGE_SET : CHANGE_ADD, l->kind, slice_of(l->key), assigns, 0};

	while (rest.n && slice_split(&rest, '|', &part)) {
		size_t eq = slice_find(part, '=');

		assert_true(ch.n < n);
		assigns[ch.n++] =
			(struct assign){slice_cut(part, eq), ASSIGN_SET, slice_from(part, eq + 1)};
	}
	return ch;
}

void build_line(struct config *c, const struct line *l)
{
	struct assign assigns[16];
	struct change ch = build_change(c, l, assigns, ARRAY_LEN(assigns));
	struct plan plan = {0};
	struct err e;

	if (config_apply(c, &ch, 1, &plan, &e) < 0)
		fail_msg("%s: %s", l->key, e.text);
	plan_done(&plan);
}

struct config *build(const struct line *lines, size_t n)
{
	struct config *c = config_new();

	for (size_t i = 0; i < n; i++)
		build_line(c, &lines[i]);
	return c;
}
