#include <curl/curl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"

static const char default_socket[] = "/run/entente/admin.sock";

/* ---- global options: anywhere, so that one may append --json to a line from the history ---- */

/* Takes the option at argv[*i]; 1: it was one, 0: it was none, -1: its value is missing. */
static int global_option(struct invocation *in, int argc, char **argv, int *i)
{
	static const char *const with_value[] = {"--socket", "--if-match"};
	const char **field[] = {&in->socket, &in->if_match};

	if (strcmp(argv[*i], "--json") == 0)
		return in->json = true;
	if (strcmp(argv[*i], "--what-if") == 0)
		return in->what_if = true;
	if (strcmp(argv[*i], "--yes") == 0)
		return in->yes = true;
	for (size_t k = 0; k < ARRAY_LEN(with_value); k++) {
		size_t n = strlen(with_value[k]);

		if (strncmp(argv[*i], with_value[k], n) != 0 || !strchr("=", argv[*i][n]))
			continue;
		if (argv[*i][n] == '=') {
			*field[k] = argv[*i] + n + 1;
			return 1;
		}
		if (*i + 1 == argc)
			return usage_error(in, "%s has no value", with_value[k]), -1;
		*field[k] = argv[++*i];
		return 1;
	}
	return 0;
}

/* What is left of the words after the global options goes to in->argv. */
static int take_globals(struct invocation *in, int argc, char **argv)
{
	in->argv = xcalloc((size_t)argc + 1, sizeof *in->argv);
	for (int i = 0; i < argc; i++) {
		int r;

		if (strcmp(argv[i], "--") == 0) {
			while (i < argc)
				in->argv[in->argc++] = argv[i++];
			break;
		}
		r = global_option(in, argc, argv, &i);
		if (r < 0)
			return EXIT_USAGE;
		if (r == 0)
			in->argv[in->argc++] = argv[i];
	}
	return 0;
}

/* ---- commands ---- */

static bool is_noun(const char *s)
{
	for (const struct command *c = commands; c->noun; c++)
		if (strcmp(c->noun, s) == 0)
			return true;
	return false;
}

static const struct command *find_command(const char *noun, const char *verb)
{
	const struct command *bare = NULL;

	for (const struct command *c = commands; c->noun; c++) {
		if (strcmp(c->noun, noun) != 0)
			continue;
		if (c->verb && verb && strcmp(c->verb, verb) == 0)
			return c;
		if (!c->verb)
			bare = c;
	}
	return bare;
}

static int no_command(const char *noun, const char *verb)
{
	fprintf(stderr, "entente: there is no command '%s%s%s'", noun, verb ? " " : "",
		verb ? verb : "");
	if (is_noun(noun)) {
		fputs("; there are", stderr);
		for (const struct command *c = commands; c->noun; c++)
			if (strcmp(c->noun, noun) == 0)
				fprintf(stderr, " '%s %s'", noun, c->verb ? c->verb : c->args);
	}
	fputs("\n'entente help' lists the commands\n", stderr);
	return EXIT_USAGE;
}

static int help(const char *noun, const char *verb)
{
	struct buf out = {0};

	if (!noun)
		return help_all();
	if (strcmp(noun, "--man") == 0)
		help_man(&out);
	for (const struct command *c = commands; c->noun; c++)
		if (strcmp(c->noun, noun) == 0 &&
			(!verb || (c->verb && strcmp(c->verb, verb) == 0)))
			help_command(c, &out);
	print_out(&out);
	if (out.n == 0)
		return no_command(noun, verb);
	buf_done(&out);
	return EXIT_DONE;
}

static bool is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* "entente partner add a.example --help": the last word, unless it is a name or a value. */
static bool ends_with_help(const struct invocation *in)
{
	for (int i = 0; i < in->argc; i++)
		if (strcmp(in->argv[i], "--") == 0)
			return false;
	return in->argc > 1 && is_help(in->argv[in->argc - 1]) &&
	       strncmp(in->argv[in->argc - 2], "--", 2) != 0;
}

static int help_at_the_end(const struct invocation *in)
{
	const struct command *c = in->argc > 2 ? find_command(in->argv[0], in->argv[1]) : NULL;

	return help(in->argv[0], c ? c->verb : NULL);
}

static int run(struct invocation *in)
{
	const char *noun = in->argv[0], *verb = in->argc > 1 ? in->argv[1] : NULL;
	int code;

	in->command = find_command(noun, verb);
	if (!in->command)
		return no_command(noun, verb);
	in->argv += in->command->verb ? 2 : 1;
	in->argc -= in->command->verb ? 2 : 1;
	in->kind = in->command->kind ? kind_find(in->command->kind) : NULL;
	in->settings = json_object();
	code = options_read(in);
	if (code == 0)
		code = in->command->run(in);
	json_decref(in->settings);
	return code;
}

static int dispatch(struct invocation *in)
{
	const char *first = in->argc ? in->argv[0] : "";

	if (strcmp(first, "help") == 0 || is_help(first))
		return help(in->argc > 1 ? in->argv[1] : NULL, in->argc > 2 ? in->argv[2] : NULL);
	if (strcmp(first, "version") == 0 || strcmp(first, "--version") == 0)
		return puts("entente " ENTENTE_VERSION) < 0 ? EXIT_NO : EXIT_DONE;
	if (strcmp(first, "complete") == 0)
		return cmd_complete(in);
	if (!*first) {
		fputs("entente: no command; 'entente help' lists them\n", stderr);
		return EXIT_USAGE;
	}
	return ends_with_help(in) ? help_at_the_end(in) : run(in);
}

int main(int argc, char **argv)
{
	struct invocation in = {.typed = argv + 1, .n_typed = argc > 1 ? argc - 1 : 0};
	char **words;
	int code;

	setlocale(LC_ALL, "");
	in.socket = getenv("ENTENTE_SOCKET");
	if (!in.socket || !*in.socket)
		in.socket = default_socket;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	code = take_globals(&in, in.n_typed, in.typed);
	words = in.argv;
	if (code == 0)
		code = dispatch(&in);
	free(words);
	curl_global_cleanup();
	if (fflush(stdout) != 0 && code == EXIT_DONE)
		code = EXIT_NO;
	return code;
}
