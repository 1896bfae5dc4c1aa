#include "flow.h"

#include <stdio.h>
#include <stdlib.h>

#include "proc.h"

enum { BATCH = 32, PATIENCE_NS = 3000000000 };

static uint64_t moved_ns;

/* How many may be sent now. */
static uint64_t allowance(const struct flow *f, uint64_t begin_ns)
{
	uint64_t may = f->arrived + f->window;

	if (f->rate > 0)
		may = (uint64_t)((double)(bench_now_ns() - begin_ns) * f->rate / 1e9);
	if (may > f->total)
		may = f->total;
	may = may > f->sent ? may - f->sent : 0;
	return may < BATCH ? may : BATCH;
}

static bool send_one(struct flow *f)
{
	unsigned u = (unsigned)(f->sent % f->users);
	unsigned long long seq = f->sent;
	char stanza[512];
	int n = snprintf(stanza, sizeof stanza,
		"<message from='juliet%u@%s/balcony' to='romeo%u@%s' id='m%llx' type='chat'>"
		"<body>n %llu t %llu of a message of usual length, as people write</body></message>",
		u, f->from, u, f->to, seq, seq, (unsigned long long)bench_now_ns());

	if (!f->put(f->arg, stanza, (size_t)n))
		return false;
	f->sent++;
	return true;
}

void flow_arrived(struct flow *f, const char *body)
{
	char *end;
	uint64_t seq, t;

	if (body[0] != 'n')
		return;
	seq = strtoull(body + 2, &end, 10);
	t = strtoull(end + 3, NULL, 10);
	f->out_of_order += seq != f->arrived;
	f->arrived++;
	moved_ns = bench_now_ns();
	hist_add(&f->latency, moved_ns - t);
}

/* The thread never sleeps: it has a processor of its own, and its wake-ups would be measured too. */
void flow_run(struct flow *f)
{
	uint64_t begin_ns = moved_ns = bench_now_ns(), begin_cpu_ns = bench_thread_ns();

	while (f->arrived < f->total && bench_now_ns() - moved_ns < PATIENCE_NS) {
		for (uint64_t n = allowance(f, begin_ns); n && send_one(f); n--)
			;
		f->turn(f->arg);
	}
	f->seconds = (double)(moved_ns - begin_ns) / 1e9;
	f->ran = (double)(bench_thread_ns() - begin_cpu_ns) / (double)(bench_now_ns() - begin_ns);
}
