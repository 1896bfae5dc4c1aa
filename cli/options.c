#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"

int usage_error(const struct invocation *in, const char *fmt, ...)
{
	va_list ap;

	fputs("entente: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	if (in->command)
		fprintf(stderr, "usage: entente %s%s%s%s%s\n", in->command->noun,
			in->command->verb ? " " : "", in->command->verb ? in->command->verb : "",
			*in->command->args ? " " : "", in->command->args);
	return EXIT_USAGE;
}

/* The settings a command takes: its kind's, and with "access" those of the global policy. */
static const struct cli_setting *find(const struct invocation *in, struct slice name)
{
	const struct cli_setting *s = kind_setting(in->kind, name);

	if (!s && strcmp(in->kind->name, "access") == 0)
		s = kind_setting(kind_find("policy"), name);
	return s;
}

static void list_options(const struct cli_kind *k, struct buf *out)
{
	for (const struct cli_setting *s = k->settings; s->name; s++)
		if (!s->key)
			buf_printf(out, " --%s", s->option);
}

static int unknown_option(const struct invocation *in, struct slice name)
{
	struct buf all = {0};
	int r;

	list_options(in->kind, &all);
	if (strcmp(in->kind->name, "access") == 0)
		list_options(kind_find("policy"), &all);
	buf_chr(&all, '\0');
	r = usage_error(
		in, "there is no setting --%.*s; there are%s", SLARG(name), buf_slice(&all).p);
	buf_done(&all);
	return r;
}

/* {"add": "..."} beside what is there already. */
static void put_part(json_t *settings, const char *name, const char *part, const char *value)
{
	json_t *parts = json_object_get(settings, name);

	if (!json_is_object(parts)) {
		parts = json_object();
		json_object_set_new(settings, name, parts);
	}
	json_object_set_new(parts, part, json_string(value));
}

/* --add-NAME and --remove-NAME of lists; NULL: it is neither. */
static const char *list_part(struct slice *name)
{
	static const char *const part[] = {"add", "remove"};

	for (size_t i = 0; i < ARRAY_LEN(part); i++) {
		size_t n = strlen(part[i]);

		if (name->n > n + 1 && slice_starts(*name, slice_of(part[i])) &&
			(name->p[n] == '-' || name->p[n] == '_')) {
			*name = slice_from(*name, n + 1);
			return part[i];
		}
	}
	return NULL;
}

static int put_setting(struct invocation *in, struct slice typed, const char *value)
{
	struct slice name = typed;
	const struct cli_setting *s = find(in, name);
	const char *part = s ? NULL : list_part(&name);

	if (part)
		s = find(in, name);
	if (!s)
		return unknown_option(in, typed);
	if (s->key)
		return usage_error(in, "%s is what names the %s; it stands without --", s->name,
			in->kind->title);
	if (part && !s->list)
		return usage_error(in, "--%.*s: %s is no list; write --%s VALUE", SLARG(typed),
			s->option, s->option);
	if (json_object_get(in->settings, s->name) && !part)
		return usage_error(in, "--%s is given twice", s->option);
	if (part)
		put_part(in->settings, s->name, part, value);
	else
		json_object_set_new(in->settings, s->name, json_string(value));
	return 0;
}

/* --default NAME: back to what it is without being set. */
static int put_default(struct invocation *in, const char *name)
{
	const struct cli_setting *s = find(in, slice_of(name));

	if (!s)
		return unknown_option(in, slice_of(name));
	json_object_set_new(in->settings, s->name, json_null());
	return 0;
}

static bool is_utf8(const char *s)
{
	json_t *text = json_string(s);

	json_decref(text);
	return text;
}

/* Options that are no settings; false: it is none of those the command takes. */
static bool put_named(struct invocation *in, struct slice name, const char *value)
{
	const struct {
		const char *name;
		unsigned flag;
		const char **field;
	} named[] = {
		{"expires", TAKES_EXPIRES, &in->expires},
		{"local", TAKES_LOCAL, &in->local},
		{"partner", TAKES_PARTNER, &in->partner},
		{"last", TAKES_LAST, &in->last},
		{"filter", TAKES_FILTER, &in->filter},
	};

	for (size_t i = 0; i < ARRAY_LEN(named); i++) {
		if (!(in->command->flags & named[i].flag) || !slice_eqz(name, named[i].name))
			continue;
		*named[i].field = value;
		return true;
	}
	return false;
}

/* The word of the command's options that is called so: "role=roles+"; absent: none is. */
static struct slice find_plain(const struct command *c, struct slice name)
{
	struct slice rest = slice_of(c->options ? c->options : ""), word;

	while (slice_split(&rest, ' ', &word)) {
		size_t n = 0;

		while (n < word.n && !strchr("=+?", word.p[n]))
			n++;
		if (slice_eq(slice_cut(word, n), name))
			return word;
	}
	return SL_NONE;
}

static char *plain_member(struct slice word)
{
	size_t eq = slice_find(word, '=');
	struct slice member = eq < word.n ? slice_from(word, eq + 1) : word;

	if (slice_ends(member, SL("+")) || slice_ends(member, SL("?")))
		member = slice_cut(member, member.n - 1);
	return slice_dup(member);
}

static int put_truth(struct invocation *in, const char *member, struct slice name, const char *value)
{
	bool yes = strcmp(value, "true") == 0;

	if (!yes && strcmp(value, "false") != 0)
		return usage_error(in, "--%.*s is true or false", SLARG(name));
	json_object_set_new(in->settings, member, json_boolean(yes));
	return 0;
}

static int put_plain(struct invocation *in, struct slice word, struct slice name, const char *value)
{
	char *member = plain_member(word);
	json_t *list;
	int r = 0;

	if (slice_ends(word, SL("?"))) {
		r = put_truth(in, member, name, value);
	} else if (slice_ends(word, SL("+"))) {
		list = json_object_get(in->settings, member);
		if (!list) {
			list = json_array();
			json_object_set_new(in->settings, member, list);
		}
		json_array_append_new(list, json_string(value));
	} else {
		json_object_set_new(in->settings, member, json_string(value));
	}
	free(member);
	return r;
}

static int put_option(struct invocation *in, struct slice name, const char *value)
{
	struct slice plain;

	if (!is_utf8(value))
		return usage_error(in, "the value of --%.*s is not UTF-8", SLARG(name));
	if (put_named(in, name, value))
		return 0;
	plain = find_plain(in->command, name);
	if (plain.p)
		return put_plain(in, plain, name, value);
	if (!(in->command->flags & TAKES_SETTINGS))
		return usage_error(in, "there is no option --%.*s here", SLARG(name));
	if (slice_eqz(name, "default"))
		return put_default(in, value);
	return put_setting(in, name, value);
}

static int read_words(struct invocation *in)
{
	bool only_names = false;

	for (int i = 0; i < in->argc; i++) {
		struct slice word = slice_of(in->argv[i]), name;
		size_t eq = slice_find(word, '=');
		const char *value;

		if (only_names || !slice_starts(word, SL("--"))) {
			in->argv[in->names++] = in->argv[i];
			continue;
		}
		if (word.n == 2) {
			only_names = true;
			continue;
		}
		name = slice_from(slice_cut(word, eq), 2);
		value = eq < word.n ? word.p + eq + 1 : i + 1 < in->argc ? in->argv[++i] : NULL;
		if (!value)
			return usage_error(in, "--%.*s has no value", SLARG(name));
		if (put_option(in, name, value) != 0)
			return EXIT_USAGE;
	}
	return 0;
}

int options_read(struct invocation *in)
{
	const struct command *c = in->command;
	int r = read_words(in);

	if (r != 0)
		return r;
	if (in->names < c->min)
		return usage_error(in, c->min == 2 ? "two names are needed" : "a name is missing");
	if (c->max >= 0 && in->names > c->max)
		return usage_error(in, "'%s' is too much", in->argv[c->max]);
	for (int i = 0; i < in->names; i++) {
		if (!*in->argv[i])
			return usage_error(in, "a name is empty");
		if (!is_utf8(in->argv[i]))
			return usage_error(in, "a name is not UTF-8");
	}
	return 0;
}
