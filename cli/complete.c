#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"

/* What a shell offers when Tab is pressed: from the tables of commands and settings, and names from
 * the daemon when it answers. */

static void offer(const char *candidate, const char *begun)
{
	if (strncmp(candidate, begun, strlen(begun)) == 0)
		puts(candidate);
}

static void offer_nouns(const char *begun)
{
	for (const struct command *c = commands; c->noun; c++)
		if (c == commands || strcmp(c->noun, c[-1].noun) != 0)
			offer(c->noun, begun);
	offer("help", begun);
	offer("version", begun);
}

static void offer_verbs(const char *noun, const char *begun)
{
	for (const struct command *c = commands; c->noun; c++)
		if (strcmp(c->noun, noun) == 0 && c->verb)
			offer(c->verb, begun);
}

static void offer_option(const char *prefix, const char *name, const char *begun)
{
	char *option = xasprintf("--%s%s", prefix, name);

	for (char *p = option; *p; p++)
		*p = *p == '_' ? '-' : *p;
	offer(option, begun);
	free(option);
}

static void offer_settings(const char *kind, bool whole, const char *begun)
{
	for (const struct cli_setting *s = kind_find(kind)->settings; s->name; s++) {
		const char *name = whole ? s->name : s->option;

		if (s->key)
			continue;
		offer_option("", name, begun);
		if (s->list) {
			offer_option("add-", name, begun);
			offer_option("remove-", name, begun);
		}
	}
}

/* "role=roles+ title": the names in front of what says where they go. */
static void offer_plain(const struct command *c, const char *begun)
{
	struct slice rest = slice_of(c->options ? c->options : ""), word;

	while (slice_split(&rest, ' ', &word)) {
		char *name = slice_dup(word);

		name[strcspn(name, "=+?")] = '\0';
		offer_option("", name, begun);
		free(name);
	}
}

static void offer_options(const struct command *c, const char *begun)
{
	static const struct {
		const char *name;
		unsigned flag; /* 0: everywhere */
	} options[] = {{"expires", TAKES_EXPIRES}, {"local", TAKES_LOCAL},
		{"partner", TAKES_PARTNER}, {"last", TAKES_LAST}, {"filter", TAKES_FILTER},
		{"default", TAKES_SETTINGS}, {"json", 0}, {"what-if", 0}, {"yes", 0},
		{"if-match", 0}, {"socket", 0}, {"help", 0}};
	bool access = c->run == cmd_access_set;

	offer_plain(c, begun);
	if (c->flags & TAKES_SETTINGS)
		offer_settings(c->kind, access, begun);
	if (access)
		offer_settings("policy", true, begun);
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if ((c->flags & options[i].flag) == options[i].flag)
			offer_option("", options[i].name, begun);
}

/* "Required, Optional or NotSupported", "true or false": the words are what may be typed. */
static void offer_choices(const char *range, const char *begun)
{
	char *words = xstrdup(range), *save = NULL;

	if (strstr(range, " or ") && !strpbrk(range, "0123456789.;()"))
		for (char *w = strtok_r(words, ", ", &save); w; w = strtok_r(NULL, ", ", &save))
			if (strcmp(w, "or") != 0)
				offer(w, begun);
	free(words);
}

/* The names there are: the first member of each row of the list. */
static void offer_names(const struct invocation *in, const char *plural, const char *begun)
{
	char *path = api_path(plural, NULL);
	struct answer a;
	json_t *row;
	size_t i;

	request(in, "GET", path, NULL, &a);
	json_array_foreach(json_object_get(a.json, "items"), i, row) {
		const char *name = json_string_value(json_object_iter_value(json_object_iter(row)));

		if (name)
			offer(name, begun);
	}
	answer_done(&a);
	free(path);
}

static void offer_values(
	const struct invocation *in, const struct command *c, const char *option, const char *begun)
{
	const struct cli_setting *s =
		c->kind ? kind_setting(kind_find(c->kind), slice_of(option + 2)) : NULL;

	if (s)
		offer_choices(s->range, begun);
	else if (c->options && strcmp(option, "--right") == 0)
		offer_names(in, "rights", begun);
	else if (c->options && strcmp(option, "--role") == 0)
		offer_names(in, "roles", begun);
}

/* Kinds that are none of the settings: the noun, and its list. */
static const char *list_of(const char *noun)
{
	static const char *const lists[][2] = {
		{"admin", "administrators"}, {"role", "roles"}, {"token", "tokens"}};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		if (strcmp(lists[i][0], noun) == 0)
			return lists[i][1];
	return NULL;
}

static bool makes_one(const struct command *c)
{
	return c->verb && (strcmp(c->verb, "add") == 0 || strcmp(c->verb, "create") == 0);
}

static void offer_arguments(const struct invocation *in, const struct command *c, const char *begun)
{
	if (c->max == 0 || makes_one(c))
		return;
	if (list_of(c->noun))
		offer_names(in, list_of(c->noun), begun);
	if (c->kind)
		offer_names(in, kind_find(c->kind)->plural, begun);
	else if (strstr(c->args, "DOMAIN"))
		offer_names(in, "partners", begun);
}

static const struct command *command_of(const char *noun, const char *verb)
{
	for (const struct command *c = commands; c->noun; c++)
		if (strcmp(c->noun, noun) == 0 &&
			(!c->verb || (verb && strcmp(c->verb, verb) == 0)))
			return c;
	return NULL;
}

/* words[n - 1] is begun, and may be empty. */
static void complete_words(const struct invocation *in, int n, char **words)
{
	const char *begun = words[n - 1], *before = n > 1 ? words[n - 2] : "";
	const struct command *c = n > 1 ? command_of(words[0], n > 2 ? words[1] : NULL) : NULL;

	if (n == 1)
		offer_nouns(begun);
	else if (n == 2)
		offer_verbs(words[0], begun);
	if (!c || (n == 2 && c->verb))
		return;
	if (strncmp(before, "--", 2) == 0 && !strchr(before, '='))
		offer_values(in, c, before, begun);
	else if (strncmp(begun, "--", 2) == 0)
		offer_options(c, begun);
	else
		offer_arguments(in, c, begun);
}

/* Global options may stand anywhere and are no words of the command. */
static int without_globals(int n, char **words)
{
	int kept = 0;

	for (int i = 0; i < n; i++) {
		bool last = i == n - 1;

		if (!last &&
			(strcmp(words[i], "--json") == 0 || strcmp(words[i], "--what-if") == 0 ||
				strcmp(words[i], "--yes") == 0))
			continue;
		words[kept++] = words[i];
	}
	return kept;
}

int cmd_complete(struct invocation *in)
{
	int skip = in->argc > 1 && strcmp(in->argv[1], "--") == 0 ? 2 : 1;
	int n = without_globals(in->argc - skip, in->argv + skip);

	if (n > 0)
		complete_words(in, n, in->argv + skip);
	return EXIT_DONE;
}
