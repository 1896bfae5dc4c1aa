#include "view/probe.h"

const char *view_probe_result_name(enum view_probe_result r)
{
	static const char *const names[PROBE_RESULT__N] = {"pass", "warn", "fail", "skipped"};

	return names[r];
}
