#include "federation/domain.h"

#include <string.h>

#include "base/mem.h"

#define F(field) offsetof(struct local_domain, field)
/* clang-format off */
static const struct setting settings[] = {
	{"domain", NULL, SETTING_DOMAIN, SETTING_KEY, F(domain), 1, 253, NULL, NULL, NULL,
		"A SIP domain that Entente speaks for."},
	{"description", NULL, SETTING_TEXT, SETTING_NONE, F(description), 0, 1024, NULL, NULL,
		"characters", "Free text."},
	{"route", NULL, SETTING_NAME, SETTING_NONE, F(route), 1, 64, NULL, NULL, NULL,
		"The SIP route by which its users are reached."},
};
/* clang-format on */
#undef F

static int check(const struct object *o, struct notes *warnings, struct err *e)
{
	const struct local_domain *d = local_domain_of(o);

	if (!strchr(d->domain.a, '.'))
		notes_add(warnings, "domain", d->domain.a, "domain_single_label", "domain",
			"'%s' has no dot; partners on the Internet cannot find it", d->domain.a);
	if (!d->route)
		notes_add(warnings, "domain", d->domain.a, "domain_without_route", "route",
			"without a route nothing is delivered to users of %s", d->domain.a);
	return 0;
}

/* clang-format off */
const struct object_class local_domain_class = {
	OBJECT_DOMAIN, "domain", "domains", "local domain", sizeof(struct local_domain), false, settings,
	ARRAY_LEN(settings), check,
};
/* clang-format on */
