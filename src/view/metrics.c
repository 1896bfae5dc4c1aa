#include "view/metrics.h"

_Atomic int64_t metric_value[M__N];

static const struct {
	const char *name, *labels, *kind, *help;
} metric_def[M__N] = {
#define METRIC(id, name, labels, kind, help) [M_##id] = {name, labels, kind, help},
	METRICS(METRIC)
#undef METRIC
};

void metrics_write(struct buf *out)
{
	for (int i = 0; i < M__N; i++) {
		const char *name = metric_def[i].name;

		if (i == 0 || strcmp(name, metric_def[i - 1].name) != 0)
			buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, metric_def[i].help, name,
				metric_def[i].kind);
		buf_str(out, name);
		if (*metric_def[i].labels)
			buf_printf(out, "{%s}", metric_def[i].labels);
		buf_printf(out, " %lld\n", (long long)metric_get((enum metric)i));
	}
}
