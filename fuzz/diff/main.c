/*
 * sip_diff: our reader of SIP messages against those of libsofia-sip-ua and libosip2. A difference
 * that is in no class of the table (classes.c) is a failure: somebody has to say who is right.
 *
 *   sip_diff examples FOLDER DOCUMENT   each class has its example in FOLDER, of its name, and its
 *                                       row in DOCUMENT
 *   sip_diff run SECONDS ROUNDS SEED KEEP FOLDER...
 *       for so many seconds of processor time, but no more than so many messages: those of the
 *       folders, changed a little; the same ones each time. Those without a class go to KEEP.
 *   sip_diff show FILE...               what each parser says, and which classes it comes to
 *   sip_diff table                      the rows for DOCUMENT
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "classes.h"
#include "inputs.h"
#include "mutate.h"

enum {
	BATCH = 5000,     /* messages of one process */
	STUCK = 20,       /* seconds for one batch and parser before it counts as stuck */
	FAILURES_MAX = 40 /* then it ends: the rest would be the same */
};

/* The other libraries leak where a message is broken. */
const char *__asan_default_options(void);
__attribute__((visibility("default"), used)) const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

/* What a worker shares with who started it: what it is at, in case it dies. */
struct shared {
	uint64_t round;
	enum parser at;
	uint64_t failures;
	uint64_t same;      /* messages without any difference */
	uint64_t seen[256]; /* of each class */
};
static struct shared *shared;

static struct reading readings[PARSER__N];

static void read_all(struct slice in)
{
	shared->at = OURS;
	read_ours(&readings[OURS], in.p, in.n);
	shared->at = SOFIA;
	read_sofia(&readings[SOFIA], in.p, in.n);
	shared->at = OSIP;
	read_osip(&readings[OSIP], in.p, in.n);
	shared->at = OURS;
}

static bool same(enum aspect a, const struct reading *x, const struct reading *y)
{
	if (x->silent[a] || y->silent[a])
		return true;
	/* Schemes, hosts and transports are the same in any case (7.3.1, 19.1.4). */
	return !x->value[a].p == !y->value[a].p && slice_ieq(x->value[a], y->value[a]);
}

typedef void on_difference(const struct difference *d, void *arg);

static unsigned each_difference(struct slice in, on_difference *told, void *arg)
{
	unsigned n = 0;

	read_all(in);
	for (unsigned p = SOFIA; p < PARSER__N; p++) {
		struct difference d = {.with = (enum parser)p,
			.input = in,
			.ours = &readings[OURS],
			.theirs = &readings[p]};

		d.verdict = d.ours->taken != d.theirs->taken;
		if (d.verdict) {
			told(&d, arg);
			n++;
		}
		if (!d.ours->taken || !d.theirs->taken)
			continue;
		for (unsigned a = 0; a < ASPECT__N; a++) {
			d.aspect = (enum aspect)a;
			if (!same(d.aspect, d.ours, d.theirs)) {
				told(&d, arg);
				n++;
			}
		}
	}
	return n;
}

/* ---- words ---- */

static void print_bytes(struct slice s)
{
	if (!s.p) {
		printf("(absent)");
		return;
	}
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < ' ' || c >= 0x7f || c == '\\')
			printf("\\x%02x", c);
		else
			putchar(c);
	}
}

static void print_difference(const struct difference *d)
{
	if (d->verdict) {
		printf("%s: we %s it, they %s it (%s)", parser_name(d->with),
			d->ours->taken ? "take" : "refuse", d->theirs->taken ? "take" : "refuse",
			d->ours->taken ? d->theirs->why : d->ours->why);
		return;
	}
	printf("%s: %s: ours \"", parser_name(d->with), aspect_name(d->aspect));
	print_bytes(d->ours->value[d->aspect]);
	printf("\", theirs \"");
	print_bytes(d->theirs->value[d->aspect]);
	printf("\"");
}

/* ---- run ---- */

struct run {
	struct inputs inputs;
	uint64_t seed;
	const char *keep;
};

static void keep_input(const struct run *run, struct slice in)
{
	AUTO(xfree)
	char *path = xasprintf("%s/%" PRIu64 "-%" PRIu64, run->keep, run->seed, shared->round);
	FILE *f = fopen(path, "wb");

	if (!f || fwrite(in.p, 1, in.n, f) != in.n)
		perror(path);
	if (f)
		fclose(f);
	printf("    kept as %s\n", path);
}

static void judge(const struct difference *d, void *arg)
{
	const struct diff_class *c = diff_class_find(d);

	if (c) {
		shared->seen[c - diff_classes]++;
		return;
	}
	shared->failures++;
	print_difference(d);
	printf("\n");
	keep_input(arg, d->input);
}

static void work(struct run *run, uint64_t end)
{
	struct buf b = {0};

	for (; shared->round < end && shared->failures < FAILURES_MAX; shared->round++) {
		struct dice dice = dice_make(run->seed, shared->round);

		alarm(STUCK);
		mutate(&b, &dice, run->inputs.bytes, run->inputs.n);
		if (!each_difference(buf_slice(&b), judge, run))
			shared->same++;
	}
	buf_done(&b);
}

/* A worker died. When we were at it, that is a failure; else what another parser is known for. */
static void told_death(struct run *run, int status)
{
	struct buf b = {0};
	struct dice dice = dice_make(run->seed, shared->round);

	mutate(&b, &dice, run->inputs.bytes, run->inputs.n);
	printf("%s: ends at message %" PRIu64 ": status %d\n", parser_name(shared->at),
		shared->round, status);
	shared->failures++;
	keep_input(run, buf_slice(&b));
	buf_done(&b);
	shared->round++;
}

static double processor_seconds(void)
{
	struct rusage r;

	getrusage(RUSAGE_CHILDREN, &r);
	return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
	       (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

static int batch(struct run *run, uint64_t end)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		perror("fork");
		return -1;
	}
	if (!pid) {
		work(run, end);
		fflush(NULL);
		_exit(0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status)
		told_death(run, status);
	return 0;
}

static int report(uint64_t rounds)
{
	for (unsigned i = 0; i < n_diff_classes; i++)
		if (shared->seen[i])
			printf("%10" PRIu64 " %s\n", shared->seen[i], diff_classes[i].name);
	printf("%" PRIu64 " messages in %.0f s of processor time, %" PRIu64
	       " read the same by all, %" PRIu64 " differences without a class\n",
		rounds, processor_seconds(), shared->same, shared->failures);
	return shared->failures || !rounds ? 1 : 0;
}

static int run_command(int argc, char **argv)
{
	struct run run = {0};
	uint64_t seconds, rounds;
	int rc = 0;

	if (argc < 5 || slice_u64(slice_of(argv[0]), 86400, &seconds) < 0 ||
		slice_u64(slice_of(argv[1]), UINT64_MAX, &rounds) < 0 ||
		slice_u64(slice_of(argv[2]), UINT64_MAX, &run.seed) < 0)
		return 2;
	run.keep = argv[3];
	for (int i = 4; i < argc && rc == 0; i++)
		rc = inputs_load(&run.inputs, argv[i]);
	while (rc == 0 && shared->round < rounds && processor_seconds() < (double)seconds &&
		shared->failures < FAILURES_MAX) {
		uint64_t end = shared->round + BATCH;

		rc = batch(&run, end < rounds ? end : rounds);
	}
	inputs_done(&run.inputs);
	return rc < 0 ? 1 : report(shared->round);
}

/* ---- examples ---- */

struct example {
	const char *name; /* of the class that it is for */
	bool shown;
	unsigned unknown;
};

static void look(const struct difference *d, void *arg)
{
	const struct diff_class *c = diff_class_find(d);
	struct example *e = arg;

	if (!c)
		e->unknown++;
	else if (strcmp(c->name, e->name) == 0)
		e->shown = true;
}

static bool check_example(const char *path, struct slice in)
{
	const char *slash = strrchr(path, '/');
	struct example e = {.name = slash ? slash + 1 : path};

	each_difference(in, look, &e);
	if (e.shown && !e.unknown)
		return true;
	printf("%s: %s\n", path,
		e.unknown ? "a difference without a class" : "does not show its class");
	return false;
}

/* Every class has an example of its name. */
static unsigned missing_examples(const struct inputs *in)
{
	unsigned missing = 0;

	for (unsigned i = 0; i < n_diff_classes; i++) {
		bool found = false;

		for (size_t k = 0; k < in->n && !found; k++)
			found = slice_ends(slice_of(in->path[k]), slice_of(diff_classes[i].name)) &&
				in->path[k][strlen(in->path[k]) - strlen(diff_classes[i].name) -
					    1] == '/';
		if (!found) {
			printf("%s: has no example\n", diff_classes[i].name);
			missing++;
		}
	}
	return missing;
}

/* Rows of the table in the document: those of the classes, all of them and no others, in order. */
static unsigned wrong_rows(struct slice document)
{
	struct slice line;
	struct buf row = {0};
	unsigned wrong = 0, i = 0;
	bool inside = false;

	while (slice_split(&document, '\n', &line)) {
		if (slice_starts(line, SL("#")))
			inside = slice_eqz(line, "## Differences from other parsers");
		if (!inside || !slice_starts(line, SL("| `")))
			continue;
		buf_reset(&row);
		if (i < n_diff_classes)
			diff_class_row(&row, &diff_classes[i]);
		i++;
		if (slice_eq(line, buf_slice(&row)))
			continue;
		wrong++;
		printf("the document has   %.*s\nand the table has  %.*s\n", SLARG(line),
			SLARG(buf_slice(&row)));
	}
	buf_done(&row);
	if (i != n_diff_classes) {
		printf("the document has %u rows, the table %u\n", i, n_diff_classes);
		wrong++;
	}
	return wrong;
}

static int examples_command(int argc, char **argv)
{
	struct inputs in = {0}, document = {0};
	unsigned passed = 0, failed = 0, wrong;

	if (argc != 2)
		return 2;
	if (inputs_load(&in, argv[0]) < 0 || inputs_load_file(&document, argv[1]) < 0)
		return 1;
	for (size_t i = 0; i < in.n; i++)
		if (check_example(in.path[i], in.bytes[i]))
			passed++;
		else
			failed++;
	wrong = wrong_rows(document.bytes[0]);
	failed += missing_examples(&in) + wrong;
	printf("%u passed, %u failed\n", passed + !wrong, failed);
	inputs_done(&in);
	inputs_done(&document);
	return failed > 0;
}

static int table_command(int argc, char **argv)
{
	for (unsigned i = 0; i < n_diff_classes; i++) {
		struct buf row = {0};

		diff_class_row(&row, &diff_classes[i]);
		printf("%.*s\n", SLARG(buf_slice(&row)));
		buf_done(&row);
	}
	return 0;
}

/* ---- show ---- */

static void show(const struct difference *d, void *arg)
{
	const struct diff_class *c = diff_class_find(d);

	printf("  %s: ", c ? c->name : "NO CLASS");
	print_difference(d);
	printf("\n");
}

static int show_command(int argc, char **argv)
{
	struct inputs in = {0};
	int rc = 0;

	for (int i = 0; i < argc && rc == 0; i++)
		rc = inputs_load_file(&in, argv[i]);
	for (size_t i = 0; i < in.n; i++) {
		printf("%s\n", in.path[i]);
		if (!each_difference(in.bytes[i], show, NULL))
			printf("  all the same: %s\n", readings[OURS].taken ? "taken" : "refused");
	}
	inputs_done(&in);
	return rc < 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} commands[] = {{"examples", examples_command}, {"run", run_command},
		{"show", show_command}, {"table", table_command}};

	shared = mmap(
		NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (unsigned i = 0; argc > 1 && i < ARRAY_LEN(commands); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 2, argv + 2);
	fprintf(stderr, "usage: sip_diff examples FOLDER DOCUMENT | run SECONDS ROUNDS SEED KEEP "
			"FOLDER... | "
			"show FILE... | table\n");
	return 2;
}
