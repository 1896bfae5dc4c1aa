#include "admin/route.h"

#include "admin/admin_priv.h"
#include "base/mem.h"

/* clang-format off */
#define LIST(plural, right, kind, name, what) \
	{"GET", "/api/v1/" plural, RIGHT_##right##_READ, object_list, kind, 0, "list" name, \
		"Lists all " what "s, ordered by key."}
#define ADD(plural, right, kind, name, what) \
	{"POST", "/api/v1/" plural, RIGHT_##right##_WRITE, object_add, kind, \
		API_CHANGES | API_BODY | API_CREATES, "add" name, "Adds a " what "."}
#define ONE(method, path, right, fn, kind, flags, name, text) \
	{method, path, RIGHT_##right, fn, kind, flags, name, text}
#define OBJECTS(plural, right, kind, name, what) \
	LIST(plural, right, kind, name "s", what), \
	ADD(plural, right, kind, name, what), \
	ONE("GET", "/api/v1/" plural "/{key}", right##_READ, object_get, kind, 0, "get" name, \
		"Shows a " what "."), \
	ONE("PATCH", "/api/v1/" plural "/{key}", right##_WRITE, object_set_some, kind, \
		API_CHANGES | API_BODY, "set" name, "Changes some settings of a " what "."), \
	ONE("DELETE", "/api/v1/" plural "/{key}", right##_WRITE, object_remove, kind, API_CHANGES, \
		"remove" name, "Removes a " what ".")
#define SINGLE(path, right, kind, name, what) \
	ONE("GET", "/api/v1/" path, right##_READ, object_get, kind, 0, "get" name, \
		"Shows the " what "."), \
	ONE("PATCH", "/api/v1/" path, right##_WRITE, object_set_some, kind, API_CHANGES | API_BODY, \
		"set" name, "Changes some of the " what ".")

const struct api_route api_routes[] = {
	OBJECTS("partners", PARTNER, OBJECT_PARTNER, "Partner", "partner"),
	OBJECTS("domains", DOMAIN, OBJECT_DOMAIN, "Domain", "local domain"),
	OBJECTS("routes", ROUTE, OBJECT_ROUTE, "Route", "SIP route"),
	OBJECTS("policies", POLICY, OBJECT_POLICY, "Policy", "external access policy"),
	OBJECTS("grants", GRANT, OBJECT_GRANT, "Grant", "grant of a policy to a user"),
	SINGLE("gateway", GATEWAY, OBJECT_GATEWAY, "Gateway", "gateway settings"),
	SINGLE("access", ACCESS, OBJECT_ACCESS, "Access", "settings of the access edge"),
	{"POST", "/api/v1/changes", RIGHT_CONFIG_CHANGE, changes_post, -1, API_CHANGES | API_BODY,
		"change", "Makes several changes, all or none of them."},
	{"GET", "/api/v1/negotiation", RIGHT_PARTNER_READ, negotiation_get, -1, 0, "judgeNegotiation",
		"Says which methods a choice of TLS, SASL and dialback leaves, or why it is "
		"refused."},
	{"GET", "/api/v1/negotiation/matrix", RIGHT_PARTNER_READ, negotiation_matrix_get, -1, 0,
		"listNegotiations", "Says the same of all 18 choices, in the order of the manual."},
	{"GET", "/api/v1/allow", RIGHT_ALLOW_READ, allow_list, -1, 0, "listAllow",
		"Lists the invitations in force: which user lets which contact write to him."},
	{"PUT", "/api/v1/allow", RIGHT_ALLOW_WRITE, allow_put_one, -1, API_BODY, "putAllow",
		"Invites a contact on behalf of a user, or changes when the invitation ends."},
	{"DELETE", "/api/v1/allow", RIGHT_ALLOW_WRITE, allow_remove_one, -1, 0, "removeAllow",
		"Takes an invitation back."},
	{"GET", "/api/v1/streams", RIGHT_STREAM_READ, streams_get, -1, 0, "listStreams",
		"Lists the streams with partners, and the domain pairs that wait for one."},
	{"GET", "/api/v1/streams/watch", RIGHT_STREAM_READ, stream_watch, -1, API_LINES, "watchStreams",
		"Tells of the streams with partners that are there, then of every change, as it happens, "
		"until the client goes."},
	{"GET", "/api/v1/streams/{key}", RIGHT_STREAM_READ, stream_get, -1, 0, "getStream",
		"Shows a stream, its domain pairs and the certificate of its peer."},
	{"DELETE", "/api/v1/streams/{key}", RIGHT_STREAM_CLOSE, stream_close_one, -1, 0, "closeStream",
		"Closes a stream in order. What waits for its domain pairs opens another one."},
	{"GET", "/api/v1/partner-states", RIGHT_STREAM_READ, partner_states_get, -1, 0,
		"listPartnerStates", "Says how all partners are, also those that never had a stream."},
	{"GET", "/api/v1/partners/{key}/state", RIGHT_STREAM_READ, partner_state_get_one, -1, 0,
		"getPartnerState", "Says how a partner is."},
	{"GET", "/api/v1/partners/{key}/attempts", RIGHT_STREAM_READ, partner_attempts_get, -1, 0,
		"listAttempts",
		"Lists the last 50 streams that were tried with a partner, youngest first, step by step."},
	{"GET", "/api/v1/route-states", RIGHT_ROUTE_READ, route_states_get, -1, 0, "listRouteStates",
		"Says how all SIP routes are: targets, connections, rates and the last errors."},
	{"GET", "/api/v1/routes/{key}/state", RIGHT_ROUTE_READ, route_state_get_one, -1, 0,
		"getRouteState", "Says how a SIP route is."},
	{"GET", "/api/v1/certificates", RIGHT_CERTIFICATE_READ, certificates_get, -1, 0,
		"listCertificates", "Lists our own certificates in force."},
	{"POST", "/api/v1/certificates/reload", RIGHT_CERTIFICATE_RELOAD, certificates_reload, -1, 0,
		"reloadCertificates",
		"Has entente.conf and the files of certificates read again, all or nothing."},
	{"POST", "/api/v1/tests", RIGHT_TEST_RUN, tests_post, -1, API_BODY | API_LINES, "test",
		"Tests a partner, one of our domains or a SIP route: a line for each step, and one with "
		"the result."},
	{"GET", "/api/v1/events", RIGHT__N, events_get, -1, API_SIGNED_IN | API_EVENTS, "watch",
		"Tells of what changes, as server-sent events, of the topics the caller has a right to."},
	{"GET", "/api/v1/session", RIGHT__N, session_get, -1, API_PUBLIC, "getSession",
		"Says who is signed in, what he may do, and until when."},
	{"POST", "/api/v1/session", RIGHT__N, session_post, -1, API_PUBLIC | API_BODY, "signIn",
		"Signs in: by name and password, a code of the second factor where there is one, and a new "
		"password in place of a one-time one. Sets the cookie of the session."},
	{"DELETE", "/api/v1/session", RIGHT__N, session_delete, -1, API_SIGNED_IN | API_NOTHING,
		"signOut", "Ends the session."},
	{"POST", "/api/v1/session/password", RIGHT__N, session_password, -1,
		API_SIGNED_IN | API_BODY | API_NOTHING, "setOwnPassword",
		"Sets a new password of the own account, and ends its other sessions."},
	{"POST", "/api/v1/session/totp", RIGHT__N, session_totp_begin, -1, API_SIGNED_IN,
		"beginTotp", "Makes a secret for a second factor, which counts once a code of it has come."},
	{"PUT", "/api/v1/session/totp", RIGHT__N, session_totp_confirm, -1, API_SIGNED_IN | API_BODY,
		"confirmTotp", "Turns the second factor on by its first code, and tells the recovery codes."},
	{"DELETE", "/api/v1/session/totp", RIGHT__N, session_totp_remove, -1,
		API_SIGNED_IN | API_BODY | API_NOTHING, "removeTotp", "Turns the own second factor off."},
	{"GET", "/api/v1/administrators", RIGHT_ADMIN_READ, accounts_list, -1, 0,
		"listAdministrators", "Lists the local accounts of administrators."},
	{"POST", "/api/v1/administrators", RIGHT_ADMIN_WRITE, account_add, -1, API_BODY | API_CREATES,
		"addAdministrator", "Adds an administrator; the answer shows his one-time password, once."},
	{"GET", "/api/v1/administrators/{key}", RIGHT_ADMIN_READ, account_get, -1, 0,
		"getAdministrator", "Shows an administrator."},
	{"PATCH", "/api/v1/administrators/{key}", RIGHT_ADMIN_WRITE, account_set, -1, API_BODY,
		"setAdministrator", "Changes the description or the roles of an administrator, or whether he "
		"may sign in."},
	{"DELETE", "/api/v1/administrators/{key}", RIGHT_ADMIN_WRITE, account_remove, -1, API_NOTHING,
		"removeAdministrator", "Removes an administrator, ends his sessions and revokes his tokens."},
	{"POST", "/api/v1/administrators/{key}/reset", RIGHT_ADMIN_WRITE, account_reset, -1, API_BODY,
		"resetAdministrator", "Gives an administrator a new one-time password, and takes his second "
		"factor away where asked to."},
	{"GET", "/api/v1/roles", RIGHT_ROLE_READ, roles_list, -1, 0, "listRoles",
		"Lists the roles, built in and of this installation."},
	{"POST", "/api/v1/roles", RIGHT_ROLE_WRITE, role_add, -1, API_BODY | API_CREATES, "addRole",
		"Adds a role: a name and a list of rights."},
	{"GET", "/api/v1/roles/{key}", RIGHT_ROLE_READ, role_get, -1, 0, "getRole", "Shows a role."},
	{"PATCH", "/api/v1/roles/{key}", RIGHT_ROLE_WRITE, role_set, -1, API_BODY, "setRole",
		"Changes a role; of a built-in one only whether it requires the second factor."},
	{"DELETE", "/api/v1/roles/{key}", RIGHT_ROLE_WRITE, role_remove, -1, API_NOTHING, "removeRole",
		"Removes a role that nobody has."},
	{"GET", "/api/v1/rights", RIGHT_ROLE_READ, rights_list, -1, 0, "listRights",
		"Lists the rights that roles and tokens are made of."},
	{"GET", "/api/v1/tokens", RIGHT_TOKEN_READ, tokens_list, -1, 0, "listTokens",
		"Lists the API tokens, without what they sign in with."},
	{"POST", "/api/v1/tokens", RIGHT_TOKEN_WRITE, token_add, -1, API_BODY | API_CREATES, "addToken",
		"Makes an API token; the answer shows it, once."},
	{"DELETE", "/api/v1/tokens/{key}", RIGHT_TOKEN_WRITE, token_revoke, -1, API_NOTHING,
		"revokeToken", "Revokes an API token, for good."},
	{"GET", "/api/v1/directory", RIGHT_DIRECTORY_READ, directory_get, -1, 0, "getDirectory",
		"Shows the directory (LDAP, Active Directory) that administrators sign in by."},
	{"PATCH", "/api/v1/directory", RIGHT_DIRECTORY_WRITE, directory_set_some, -1, API_BODY,
		"setDirectory",
		"Changes some of it; needs every right that a group bound to a role gives."},
	{"GET", "/api/v1/directory/bindings", RIGHT_DIRECTORY_READ, directory_bindings_list, -1, 0,
		"listBindings", "Lists which groups of the directory have which roles."},
	{"POST", "/api/v1/directory/bindings", RIGHT_DIRECTORY_WRITE, directory_binding_add, -1,
		API_BODY | API_CREATES, "addBinding",
		"Binds a group to a role; in the place of a suggestion of that name, if there is one."},
	{"PATCH", "/api/v1/directory/bindings/{key}", RIGHT_DIRECTORY_WRITE, directory_binding_set, -1,
		API_BODY, "setBinding", "Changes or confirms the binding of a group to a role."},
	{"DELETE", "/api/v1/directory/bindings/{key}", RIGHT_DIRECTORY_WRITE, directory_binding_remove,
		-1, API_NOTHING, "removeBinding",
		"Removes the binding of a group; sessions that have the role by it lose it."},
	{"POST", "/api/v1/directory/test", RIGHT_DIRECTORY_WRITE, directory_test_post, -1,
		API_BODY | API_LINES, "testDirectory",
		"Tests the servers, and which roles somebody would have: a line for each step, and one "
		"with the result."},
	{"GET", "/api/v1/status", RIGHT_STATUS_READ, status_get, -1, 0, "getStatus",
		"Says how the service is, and what keeps messages from flowing."},
	{"GET", "/api/v1/settings", RIGHT_STATUS_READ, settings_get, -1, 0, "listSettings",
		"Lists the settings of every kind of object: type, default, range, unit and help."},
	{"GET", "/api/v1/generation", RIGHT_STATUS_READ, generation_get, -1, 0, "getGeneration",
		"Tells the generation of the settings in force."},
	{"GET", "/api/v1/health", RIGHT_STATUS_READ, health_get, -1, 0, "getHealth",
		"Says whether the service is ready, and what is wrong."},
	{"GET", "/api/v1/audit", RIGHT_AUDIT_READ, audit_list, -1, 0, "listAudit",
		"Lists what was done and refused, by whom and how, newest first."},
	{"GET", "/api/v1/audit/verify", RIGHT_AUDIT_READ, audit_verify, -1, 0, "verifyAudit",
		"Looks at every line of the audit log: whether it is as it was written and where it was "
		"written, and whether lines are missing."},
	{"GET", "/api/v1/generations", RIGHT_GENERATION_READ, generations_list, -1, 0,
		"listGenerations", "Lists the generations of the settings that are kept, newest first."},
	{"GET", "/api/v1/generations/{key}", RIGHT_GENERATION_READ, generation_show, -1, 0,
		"showGeneration", "Shows a generation: who made it, and what it changed."},
	{"GET", "/api/v1/generations/{key}/diff", RIGHT_GENERATION_READ, generation_diff, -1, 0,
		"diffGenerations",
		"Says what became different from this generation to another: the one in force, or that of "
		"against."},
	{"POST", "/api/v1/generations/{key}/restore", RIGHT_GENERATION_RESTORE, generation_restore, -1,
		API_CHANGES, "restoreGeneration",
		"Makes the settings what they were at a generation, which is a new one; secrets, "
		"administrators, roles, tokens and the logging of message texts stay as they are."},
	{"GET", "/api/v1/export", RIGHT_EXPORT_READ, export_get, -1, 0, "export",
		"Gives the settings as a whole, without secrets: as a body that POST /changes takes."},
	{"GET", "/api/v1/openapi.yaml", RIGHT_STATUS_READ, openapi_get, -1, API_PLAIN, "getOpenapi",
		"This description."},
};
/* clang-format on */

const size_t api_routes_n = ARRAY_LEN(api_routes);

/* "/a/{key}/b": what stands in the place of {key} is one segment, not empty. */
static bool path_matches(const char *pattern, struct slice path, struct slice *ret_param)
{
	struct slice p = slice_of(pattern), rest, segment;
	size_t brace = slice_find(p, '{');

	*ret_param = SL_NONE;
	if (brace == p.n)
		return slice_eq(p, path);
	if (!slice_starts(path, slice_cut(p, brace)))
		return false;
	rest = slice_from(path, brace);
	segment = slice_cut(rest, slice_find(rest, '/'));
	if (!segment.n ||
		!slice_eq(slice_from(rest, segment.n), slice_from(p, slice_find(p, '}') + 1)))
		return false;
	*ret_param = segment;
	return true;
}

const struct api_route *api_route_find(
	struct slice method, struct slice path, struct slice *ret_param, struct buf *ret_allow)
{
	if (slice_eqz(method, "HEAD"))
		method = SL("GET");
	for (size_t i = 0; i < api_routes_n; i++) {
		if (!path_matches(api_routes[i].path, path, ret_param))
			continue;
		if (slice_eqz(method, api_routes[i].method))
			return &api_routes[i];
		buf_printf(ret_allow, "%s%s", ret_allow->n ? ", " : "", api_routes[i].method);
	}
	*ret_param = SL_NONE;
	return NULL;
}

/* The right to see or to change objects of a kind, as its routes have it. */
enum right object_right(enum object_kind kind, bool write)
{
	const char *method = write ? "PATCH" : "GET";
	size_t i = 0;

	while (api_routes[i].kind != (int)kind || strcmp(api_routes[i].method, method) != 0)
		i++;
	return api_routes[i].right;
}
