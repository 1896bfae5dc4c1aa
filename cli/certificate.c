#include "base/mem.h"
#include "cli/cli.h"

/* Our own certificates. */

static int show(const struct invocation *in, struct answer *a)
{
	static const struct column columns[] = {{"NAME", "name"}, {"DOMAINS", "domains"},
		{"SUBJECT", "subject"}, {"ISSUER", "issuer"}, {"KEY", "key"},
		{"NOT AFTER", "not_after"}, {"DAYS", "days_left"}, {"LACKS", "lacks"},
		{"WARNING", "warning"}};

	return answer_list(in, a, columns, ARRAY_LEN(columns));
}

int cmd_certificates(struct invocation *in)
{
	struct answer a;
	int code = answer_get(in, "/api/v1/certificates", &a);

	return code == EXIT_DONE ? show(in, &a) : code;
}

int cmd_certificate_reload(struct invocation *in)
{
	struct answer a;
	int code;

	if (in->what_if)
		return usage_error(in, "--what-if is for settings");
	request(in, "POST", "/api/v1/certificates/reload", NULL, &a);
	code = answer_code(in, &a);
	if (code == EXIT_DONE)
		return show(in, &a);
	answer_done(&a);
	return code;
}
