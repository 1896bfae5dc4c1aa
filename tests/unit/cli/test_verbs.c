#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/route.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "unit.h"

/*
 * What the API can do, the shell can: every route has its command. Kept by hand; a route that is
 * missing here fails, and so does a command that is not there. "-": there is none, and why.
 */
/* clang-format off */
static const struct {
	const char *id, *noun, *verb;
} verbs[] = {
	{"listPartners", "partner", "list"},
	{"addPartner", "partner", "add"},
	{"getPartner", "partner", "show"},
	{"setPartner", "partner", "set"},
	{"removePartner", "partner", "remove"},
	{"listDomains", "domain", "list"},
	{"addDomain", "domain", "add"},
	{"getDomain", "domain", "show"},
	{"setDomain", "domain", "set"},
	{"removeDomain", "domain", "remove"},
	{"listRoutes", "route", "list"},
	{"addRoute", "route", "add"},
	{"getRoute", "route", "show"},
	{"setRoute", "route", "set"},
	{"removeRoute", "route", "remove"},
	{"listPolicys", "policy", "list"},
	{"addPolicy", "policy", "add"},
	{"getPolicy", "policy", "show"},
	{"setPolicy", "policy", "set"},
	{"removePolicy", "policy", "remove"},
	{"listGrants", "grant", "list"},
	{"addGrant", "grant", "add"},
	{"getGrant", "grant", "show"},
	{"setGrant", "grant", "set"},
	{"removeGrant", "grant", "remove"},
	{"getGateway", "gateway", "show"},
	{"setGateway", "gateway", "set"},
	{"getAccess", "access", "show"},
	{"setAccess", "access", "set"},
	{"change", "partner", "set"}, /* of several */
	{"judgeNegotiation", "partner", "methods"},
	{"listNegotiations", "partner", "matrix"},
	{"listAllow", "allow", "list"},
	{"putAllow", "allow", NULL},
	{"removeAllow", "allow", "remove"},
	{"listStreams", "stream", "list"},
	{"watchStreams", "stream", "watch"},
	{"getStream", "stream", "show"},
	{"closeStream", "stream", "close"},
	{"listPartnerStates", "partner", "state"},
	{"getPartnerState", "partner", "state"},
	{"listAttempts", "partner", "attempts"},
	{"listRouteStates", "route", "state"},
	{"getRouteState", "route", "state"},
	{"listCertificates", "certificate", "list"},
	{"reloadCertificates", "certificate", "reload"},
	{"test", "test", "partner"},
	{"getStatus", "status", NULL},
	{"getGeneration", "status", NULL},
	{"getSession", "session", "show"},
	{"signIn", "-", "the unix socket says who asks"},
	{"signOut", "-", "the same"},
	{"setOwnPassword", "admin", "reset"},
	{"beginTotp", "-", "it is for who signs in, in the panel"},
	{"confirmTotp", "-", "the same"},
	{"removeTotp", "admin", "reset"},
	{"listAdministrators", "admin", "list"},
	{"addAdministrator", "admin", "create"},
	{"getAdministrator", "admin", "show"},
	{"setAdministrator", "admin", "set"},
	{"removeAdministrator", "admin", "remove"},
	{"resetAdministrator", "admin", "reset"},
	{"listRoles", "role", "list"},
	{"addRole", "role", "add"},
	{"getRole", "role", "show"},
	{"setRole", "role", "set"},
	{"removeRole", "role", "remove"},
	{"listRights", "role", "rights"},
	{"listTokens", "token", "list"},
	{"addToken", "token", "add"},
	{"revokeToken", "token", "revoke"},
	{"getDirectory", "directory", "show"},
	{"setDirectory", "directory", "set"},
	{"listBindings", "directory", "bindings"},
	{"addBinding", "directory", "bind"},
	{"setBinding", "directory", "confirm"},
	{"removeBinding", "directory", "unbind"},
	{"testDirectory", "directory", "test"},
	{"getHealth", "health", NULL},
	{"listAudit", "audit", "list"},
	{"verifyAudit", "audit", "verify"},
	{"listGenerations", "generation", "list"},
	{"showGeneration", "generation", "show"},
	{"diffGenerations", "generation", "diff"},
	{"restoreGeneration", "generation", "restore"},
	{"export", "export", NULL},
	{"watch", "-", "stream watch tells a person; other events are for programs"},
	{"listSettings", "-", "help partner add shows them"},
	{"getOpenapi", "-", "it is for programs"},
};
/* clang-format on */

static bool is_command(const char *noun, const char *verb)
{
	for (const struct command *c = commands; c->noun; c++)
		if (strcmp(c->noun, noun) == 0 && !c->verb == !verb &&
			(!verb || strcmp(c->verb, verb) == 0))
			return true;
	return false;
}

static void every_route_has_a_command(void **state)
{
	unsigned missing = 0;

	for (size_t i = 0; i < api_routes_n; i++) {
		size_t k = 0;

		while (k < ARRAY_LEN(verbs) && strcmp(verbs[k].id, api_routes[i].id) != 0)
			k++;
		if (k < ARRAY_LEN(verbs))
			continue;
		missing++;
		print_error("%s %s (%s) has no row\n", api_routes[i].method, api_routes[i].path,
			api_routes[i].id);
	}
	assert_int_equal(missing, 0);
}

static void every_row_is_of_a_route_and_a_command(void **state)
{
	for (size_t k = 0; k < ARRAY_LEN(verbs); k++) {
		bool there = false;

		for (size_t i = 0; i < api_routes_n; i++)
			there = there || strcmp(verbs[k].id, api_routes[i].id) == 0;
		if (!there)
			fail_msg("there is no route %s", verbs[k].id);
		if (*verbs[k].noun != '-' && !is_command(verbs[k].noun, verbs[k].verb))
			fail_msg("%s: there is no command %s %s", verbs[k].id, verbs[k].noun,
				verbs[k].verb ? verbs[k].verb : "");
	}
}

/* ---- entente-migrate(7) ---- */

static bool takes(const struct command *c, char *option)
{
	static const char *const other[] = {"filter", "default", "yes", "what-if"};
	const char *name = option + 2;
	bool access = c->kind && strcmp(c->kind, "access") == 0;

	for (size_t i = 0; i < ARRAY_LEN(other); i++)
		if (strcmp(name, other[i]) == 0)
			return true;
	if (strncmp(name, "add-", 4) == 0)
		name += 4;
	else if (strncmp(name, "remove-", 7) == 0)
		name += 7;
	return (c->kind && kind_setting(kind_find(c->kind), slice_of(name))) ||
	       (access && kind_setting(kind_find("policy"), slice_of(name)));
}

/* "entente partner set a.example --tls Required" */
static void line_is_a_command(char *line)
{
	char *save = NULL, *noun = strtok_r(line, " \n", &save), *verb = strtok_r(NULL, " \n", &save);
	const struct command *c = commands;

	while (c->noun && (strcmp(c->noun, noun) != 0 ||
				  (c->verb && (!verb || strcmp(c->verb, verb) != 0))))
		c++;
	if (!c->noun)
		fail_msg("there is no command %s %s", noun, verb ? verb : "");
	for (char *w; (w = strtok_r(NULL, " \n", &save));)
		if (strncmp(w, "--", 2) == 0 && !takes(c, w))
			fail_msg("%s %s takes no %s", noun, verb, w);
}

static void every_command_of_the_manual_is_there(void **state)
{
	static const char mark[] = ".Dl entente ";
	FILE *f = fopen(getenv("MIGRATE"), "r");
	char line[256];
	unsigned n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof line, f)) {
		if (strncmp(line, mark, strlen(mark)) != 0)
			continue;
		line_is_a_command(line + strlen(mark));
		n++;
	}
	fclose(f);
	assert_true(n > 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_route_has_a_command),
		cmocka_unit_test(every_row_is_of_a_route_and_a_command),
		cmocka_unit_test(every_command_of_the_manual_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
