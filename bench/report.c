#include "report.h"

#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool first;
static char command[512];

const char *bench_commit(void)
{
	static char commit[64];
	FILE *f;

	if (commit[0])
		return commit;
	strcpy(commit, "unknown");
	f = popen("cd '" BENCH_SOURCE "' 2>/dev/null && git rev-parse --short HEAD 2>/dev/null && "
		  "{ git diff --quiet HEAD -- ../src . 2>/dev/null || echo +; }",
		"r");
	if (f && fscanf(f, "%40s", commit) == 1) {
		char more[4];

		if (fscanf(f, "%3s", more) == 1)
			strcat(commit, more);
	}
	if (f)
		pclose(f);
	return commit;
}

static void key(const char *name)
{
	printf("%s\"%s\": ", first ? "" : ", ", name);
	first = false;
}

void report_begin(const char *bench, int argc, char **argv)
{
	int n = snprintf(command, sizeof command, "bench/%s", basename(argv[0]));

	for (int i = 1; i < argc && n < (int)sizeof command; i++)
		n += snprintf(command + n, sizeof command - (size_t)n, " %s", argv[i]);
	printf("{");
	first = true;
	report_str("bench", bench);
}

void report_num(const char *name, double value, int decimals)
{
	key(name);
	printf("%.*f", decimals, value);
}

void report_str(const char *name, const char *value)
{
	key(name);
	putchar('"');
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			putchar('\\');
		putchar((unsigned char)*value < ' ' ? ' ' : *value);
	}
	putchar('"');
}

void report_open(const char *name)
{
	key(name);
	printf("{");
	first = true;
}

void report_close(void)
{
	printf("}");
	first = false;
}

void report_end(void)
{
	report_str("commit", bench_commit());
	report_str("command", command);
	printf("}\n");
	fflush(stdout);
}
