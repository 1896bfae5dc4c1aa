#include "times.h"

#include <stdlib.h>

#include "proc.h"
#include "report.h"

static const uint64_t SECOND = 1000000000u, SETTLE_NS = 1000000000u;

void times_play(struct times *t, struct good_peers *g, pid_t pid, unsigned round, int which)
{
	struct hist *const latency[] = {&t->round[round][which][0], &t->round[round][which][1]};
	uint64_t cpu = proc_cpu_ns(pid), waited = proc_waited_ns(pid), begin = bench_now_ns();

	t->disturbed[which] -= (double)g->disturbed;
	good_peers_play(g, t->rate, SETTLE_NS + t->seconds * SECOND, SETTLE_NS, latency);
	t->disturbed[which] += (double)g->disturbed;
	t->ns[which] += (double)(bench_now_ns() - begin);
	t->cpu_ns[which] += (double)(proc_cpu_ns(pid) - cpu);
	t->waited_ns[which] += (double)(proc_waited_ns(pid) - waited);
}

unsigned times_rounds(unsigned wanted)
{
	return wanted < TIMES_ROUNDS_MAX ? wanted : TIMES_ROUNDS_MAX;
}

/* ---- report ---- */

static double ms(const struct hist *h, double q)
{
	return (double)hist_quantile_ns(h, q) / 1e6;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of the rounds' p99 in B to that in A beside it: the one in the middle. */
static double middle_ratio(const struct times *t, int way)
{
	double r[TIMES_ROUNDS_MAX] = {0};
	unsigned n = t->rounds;

	for (unsigned i = 0; i < n; i++)
		r[i] = ms(&t->round[i][TIME_B][way], 0.99) / ms(&t->round[i][TIME_A][way], 0.99);
	qsort(r, n, sizeof *r, by_value);
	return n % 2 ? r[n / 2] : (r[n / 2 - 1] + r[n / 2]) / 2;
}

/* Returns the p99 in milliseconds. */
static double report_latency(const struct times *t, int which, int way)
{
	struct hist all = {0};

	for (unsigned i = 0; i < t->rounds; i++)
		hist_add_all(&all, &t->round[i][which][way]);
	report_open(t->name[which]);
	report_num("messages", (double)all.count, 0);
	report_num("p50_ms", ms(&all, 0.5), 3);
	report_num("p90_ms", ms(&all, 0.9), 3);
	report_num("p99_ms", ms(&all, 0.99), 3);
	report_num("p999_ms", ms(&all, 0.999), 3);
	report_num("max_ms", (double)all.max_ns / 1e6, 3);
	report_close();
	return ms(&all, 0.99);
}

static void report_way(const struct times *t, const struct good_peers *g, int way)
{
	const struct good_count *c = &g->count[way];
	double p99[TIMES];

	report_open(good_ways[way]);
	for (int which = 0; which < TIMES; which++)
		p99[which] = report_latency(t, which, way);
	report_num("p99_ratio", p99[TIME_B] / p99[TIME_A], 2);
	report_num("p99_ratio_of_middle_round", middle_ratio(t, way), 2);
	report_num("missing", (double)c->sent - (double)c->done - (double)c->refused, 0);
	report_num("refused", (double)c->refused, 0);
	report_num("twice", (double)c->twice, 0);
	told_report(&c->told, "told");
	report_close();
}

void times_report(const struct times *t, const struct good_peers *g)
{
	report_num("rate", t->rate, 0);
	report_num("rounds", t->rounds, 0);
	for (int way = 0; way < GOOD_WAYS; way++)
		report_way(t, g, way);
	for (int which = 0; which < TIMES; which++) {
		report_open(t->name[which]);
		report_num("cpu_share", t->cpu_ns[which] / t->ns[which], 3);
		report_num("disturbed", t->disturbed[which], 0);
		report_num("waited_share", t->waited_ns[which] / t->ns[which], 3);
		report_close();
	}
}
