#include "admin/openapi_schema.h"

#include <stddef.h>

/* The audit log, generations, the settings as a whole. */

/* clang-format off */
#define CHANGES LIST(REF("PlannedChange"))
#define GENERATION_ROW \
	{"generation", REF("Generation")}, \
	{"at", MOMENT}, \
	{"who", TEXT}, \
	{"from", TEXT}, \
	{"way", TEXT}, \
	{"summary", TEXT}

const struct openapi_schema openapi_history[] = {
	{"AuditLine", NULL, OBJECT(
		{"id", COUNT},
		{"at", MOMENT},
		{"who", TEXT},
		{"from", TEXT ABOUT("Address, or process on this machine.")},
		{"way", WORDS("cli, api, panel, import, start")},
		{"verb", TEXT},
		{"kind", TEXT},
		{"key", TEXT},
		{"generation", COUNT ABOUT("0: it is about none.")},
		{"before", "type: [object, 'null']"},
		{"after", "type: [object, 'null']" ABOUT("Of a refusal: what was asked for.")},
		{"result", WORDS("done, refused")},
		{"code", TEXT_OR_NULL ABOUT("Of the refusal.")},
		{"times", COUNT ABOUT("It happened as often within a minute.")})},
	{"AuditVerdict", NULL, OBJECT(
		{"ok", WHETHER},
		{"lines", COUNT},
		{"head", REF("AuditHead")},
		{"problems", LIST(REF("AuditProblem"))})},
	{"AuditHead", "The last line, as an event audit-head of the log has it.", OBJECT(
		{"id", COUNT},
		{"mac", TEXT},
		{"count", COUNT})},
	{"AuditProblem", NULL, OBJECT(
		{"code", WORDS("changed, gap, order, truncated")},
		{"id", COUNT ABOUT("The line; of truncated, the first one missing.")},
		{"text", TEXT})},
	{"GenerationRow", NULL, OBJECT(GENERATION_ROW)},
	{"GenerationShown", NULL, OBJECT(
		GENERATION_ROW,
		{"changes", "oneOf: [{" CHANGES "}, {type: 'null'}]"
			ABOUT("Null where the generation before it is no longer kept.")})},
	{"GenerationDiff", NULL, OBJECT(
		{"from", REF("Generation")},
		{"to", REF("Generation")},
		{"changes", CHANGES})},
	{"Export", NULL, OBJECT(
		{"format", WORDS("entente-config")},
		{"version", COUNT},
		{"generation", REF("Generation")},
		{"changes", LIST(REF("ExportedChange")) ABOUT("They make these settings of the defaults.")})},
	{"ExportedChange", NULL, OBJECT(
		{"verb", WORDS("add, set")},
		{"kind", REF("ObjectKind")},
		{"key", TEXT},
		{"settings", "type: object"})},
	{0},
};
/* clang-format on */
