#include <getopt.h>
#include <stdio.h>

#include "base/log.h"
#include "daemon/check.h"
#include "daemon/conf.h"
#include "daemon/process.h"
#include "daemon/service.h"

enum { EXIT_FAILED = 1, EXIT_USAGE = 2 };

static const char usage[] =
	"usage: entented [--config FILE] [--check]\n"
	"  --config FILE        bootstrap file [" ENTENTE_CONF "]\n"
	"  --check              says what is wrong with the file and the store; 0 nothing, 1 something\n"
	"  --print-config-help  all settings of the file\n"
	"  --print-config       an annotated file with the defaults\n"
	"  --version\n";

static int print(void (*write)(struct buf *out))
{
	struct buf out = {0};
	bool whole;

	write(&out);
	whole = fwrite(buf_slice(&out).p, 1, out.n, stdout) == out.n && fflush(stdout) == 0;
	buf_done(&out);
	return whole ? 0 : EXIT_FAILED;
}

static int check(const char *path)
{
	struct buf out = {0};
	int r;

	process_prepare();
	r = check_all(path, &out);
	fwrite(buf_slice(&out).p, 1, out.n, stderr);
	if (r == 0)
		printf("%s is right\n", path);
	buf_done(&out);
	return r;
}

static int run(const struct conf *c)
{
	struct service *s;
	struct err e;

	log_level_set((enum log_level)c->log_level);
	if (service_new(&s, c, &e) < 0) {
		fprintf(stderr, "entented: %s\n", e.text);
		return EXIT_FAILED;
	}
	service_run(s);
	service_free(s);
	return 0;
}

static int start(const char *path)
{
	struct conf_notes notes = {0};
	struct buf out = {0};
	struct conf *c;
	int r = EXIT_FAILED;

	process_prepare();
	c = conf_read(path, &notes);
	conf_notes_write(&notes, path, &out);
	fwrite(buf_slice(&out).p, 1, out.n, stderr);
	buf_done(&out);
	conf_notes_done(&notes);
	if (c)
		r = run(c);
	conf_free(c);
	return r;
}

int main(int argc, char **argv)
{
	enum { CONFIG, CHECK, HELP_CONFIG, EXAMPLE, VERSION, HELP };
	static const struct option options[] = {
		{"config", required_argument, NULL, CONFIG},
		{"check", no_argument, NULL, CHECK},
		{"print-config-help", no_argument, NULL, HELP_CONFIG},
		{"print-config", no_argument, NULL, EXAMPLE},
		{"version", no_argument, NULL, VERSION},
		{"help", no_argument, NULL, HELP},
		{0},
	};
	const char *path = ENTENTE_CONF;
	bool checks = false;

	for (int o; (o = getopt_long(argc, argv, "", options, NULL)) >= 0;) {
		if (o == CONFIG)
			path = optarg;
		else if (o == CHECK)
			checks = true;
		else if (o == HELP_CONFIG)
			return print(conf_doc_help);
		else if (o == EXAMPLE)
			return print(conf_doc_example);
		else if (o == VERSION)
			return puts("entented " ENTENTE_VERSION) < 0;
		else
			return fputs(usage, o == HELP ? stdout : stderr),
			       o == HELP ? 0 : EXIT_USAGE;
	}
	if (optind < argc)
		return fputs(usage, stderr), EXIT_USAGE;
	return checks ? check(path) : start(path);
}
