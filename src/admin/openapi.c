#include "admin/admin_priv.h"
#include "admin/openapi_schema.h"

#include "base/mem.h"
#include "federation/object.h"

/*
 * docs/openapi.yaml, written from the route table and the settings of each kind of object. Only
 * what neither knows (the shapes of answers) is spelled out here.
 */

/* clang-format off */
static const char head[] =
	"openapi: 3.1.0\n"
	"info:\n"
	"  title: Entente\n"
	"  version: v1\n"
	"  summary: Administration of Entente, XMPP federation for SIP deployments.\n"
	"  description: |\n"
	"    Served on the unix socket of entented (mode 0660), where root, the daemon's own user and the\n"
	"    members of its group may use it and requests that came through a proxy are refused (403); and\n"
	"    by HTTPS, for sessions and tokens. x-right names the right that an operation needs.\n"
	"    Every change is validated whole and is one transaction; it raises the generation, which is\n"
	"    the ETag of every answer. A change with If-Match is made only if nothing was changed\n"
	"    meanwhile (else 412); with dry_run=true it is only planned.\n"
	"    An answer has the members that its schema names and no other. Any request may also be refused\n"
	"    with 405, 413, 421, 429, 500, 503 and 504.\n"
	"    Written from the route table; do not edit.\n"
	"  license:\n"
	"    name: Apache-2.0\n"
	"    identifier: Apache-2.0\n"
	"servers:\n"
	"  - url: http://localhost\n"
	"    description: over the unix socket, /run/entente/admin.sock\n"
	"  - url: https://localhost:8443\n"
	"    description: where the panel is; admin.url names it\n"
	"security: [{session: []}, {token: []}, {}]\n"
	"paths:\n";

static const char components[] =
	"components:\n"
	"  securitySchemes:\n"
	"    session:\n"
	"      type: apiKey\n"
	"      in: cookie\n"
	"      name: __Host-entente\n"
	"      description: As POST /session sets it; changes need the field x-csrf-token, and Origin.\n"
	"    token: {type: http, scheme: bearer}\n"
	"  parameters:\n"
	"    Key:\n"
	"      name: key\n"
	"      in: path\n"
	"      required: true\n"
	"      description: What names the object, in any form an administrator may type it.\n"
	"      schema: {type: string}\n"
	"    IfMatch:\n"
	"      name: If-Match\n"
	"      in: header\n"
	"      description: The ETag of an answer, else 412; * for whatever it is; missing is 428, but for dry_run.\n"
	"      schema: {type: string, examples: ['\"17\"']}\n"
	"    DryRun:\n"
	"      name: dry_run\n"
	"      in: query\n"
	"      description: true plans the change and makes nothing different.\n"
	"      schema: {type: boolean, default: false}\n"
	"  responses:\n"
	"    Problem:\n"
	"      description: Refused; what is wrong and what would be right.\n"
	"      content:\n"
	"        application/problem+json:\n"
	"          schema: {$ref: '#/components/schemas/Problem'}\n"
	"    Changed:\n"
	"      description: Done, or planned.\n"
	"      headers:\n"
	"        ETag: {required: true, schema: {type: string}}\n"
	"      content:\n"
	"        application/json:\n"
	"          schema: {$ref: '#/components/schemas/Changed'}\n"
	"  schemas:\n";
/* clang-format on */

/* ---- paths ---- */

/* What a body and an answer are made of, where it is no object of the settings. */
/* clang-format off */
static const struct io {
	const char *id, *body, *answer; /* schemas; NULL: none */
} ios[] = {
	{"change", "Changes", NULL},
	{"judgeNegotiation", NULL, "Negotiation"},
	{"listNegotiations", NULL, "NegotiationRow"},
	{"listAllow", NULL, "Allow"},
	{"putAllow", "NewAllow", "Allow"},
	{"removeAllow", NULL, "Allow"},
	{"listStreams", NULL, "Stream"},
	{"watchStreams", NULL, "StreamEvent"},
	{"getStream", NULL, "Stream"},
	{"closeStream", NULL, "StreamClosing"},
	{"listPartnerStates", NULL, "PartnerState"},
	{"getPartnerState", NULL, "PartnerState"},
	{"listRouteStates", NULL, "RouteState"},
	{"getRouteState", NULL, "RouteState"},
	{"listAttempts", NULL, "Attempt"},
	{"listCertificates", NULL, "Certificate"},
	{"reloadCertificates", NULL, "Certificate"},
	{"test", "Test", "TestLine"},
	{"getSession", NULL, "Session"},
	{"signIn", "SignIn", "Session"},
	{"setOwnPassword", "OwnPassword", NULL},
	{"beginTotp", NULL, "TotpSecret"},
	{"confirmTotp", "TotpCode", "RecoveryCodes"},
	{"removeTotp", "TotpRemoval", NULL},
	{"listAdministrators", NULL, "Administrator"},
	{"addAdministrator", "NewAdministrator", "AdministratorItem"},
	{"getAdministrator", NULL, "AdministratorItem"},
	{"setAdministrator", "AdministratorSettings", "AdministratorItem"},
	{"resetAdministrator", "Reset", "AdministratorItem"},
	{"listRoles", NULL, "Role"},
	{"addRole", "NewRole", "RoleItem"},
	{"getRole", NULL, "RoleItem"},
	{"setRole", "RoleSettings", "RoleItem"},
	{"listRights", NULL, "Right"},
	{"listTokens", NULL, "Token"},
	{"addToken", "NewToken", "TokenShown"},
	{"getDirectory", NULL, "Directory"},
	{"setDirectory", "DirectorySettings", "Directory"},
	{"listBindings", NULL, "Binding"},
	{"addBinding", "NewBinding", "Binding"},
	{"setBinding", "BindingSettings", "Binding"},
	{"testDirectory", "DirectoryTest", "DirectoryTestLine"},
	{"getStatus", NULL, "Status"},
	{"listSettings", NULL, "Kind"},
	{"getGeneration", NULL, "CurrentGeneration"},
	{"getHealth", NULL, "Health"},
	{"listAudit", NULL, "AuditLine"},
	{"verifyAudit", NULL, "AuditVerdict"},
	{"listGenerations", NULL, "GenerationRow"},
	{"showGeneration", NULL, "GenerationShown"},
	{"diffGenerations", NULL, "GenerationDiff"},
	{"export", NULL, "Export"},
};

/* refused: the status of an argument that is not right; 0: it always is. */
static const struct query {
	const char *id, *name, *schema;
	unsigned refused;
} queries[] = {
	{"listStreams", "partner", TEXT, 0},
	{"removeAllow", "user", TEXT, 422},
	{"removeAllow", "contact", TEXT, 422},
	{"watch", "topics", TEXT, 422},
	{"closeStream", "dry_run", WHETHER, 400},
	{"setGateway", "confirm", WORDS("log-bodies"), 0},
	{"change", "confirm", WORDS("log-bodies"), 0},
	{"listAudit", "after", COUNT, 400},
	{"listAudit", "before", COUNT, 400},
	{"listAudit", "limit", "type: integer, minimum: 0, maximum: 1000, default: 100", 400},
	{"listAudit", "since", TEXT, 400},
	{"listAudit", "who", TEXT, 0},
	{"listAudit", "kind", TEXT, 0},
	{"listAudit", "key", TEXT, 0},
	{"listAudit", "verb", TEXT, 0},
	{"verifyAudit", "head", TEXT, 400},
	{"listGenerations", "before", COUNT, 400},
	{"listGenerations", "limit", "type: integer, minimum: 0, maximum: 1000, default: 100", 400},
	{"diffGenerations", "against", COUNT, 400},
	{"judgeNegotiation", "tls_negotiation", REF("Level"), 422},
	{"judgeNegotiation", "sasl_negotiation", REF("Level"), 422},
	{"judgeNegotiation", "support_dialback_negotiation", WHETHER, 422},
};
/* clang-format on */

static const struct io *io_of(const struct api_route *r)
{
	static const struct io none = {0};

	for (size_t i = 0; i < ARRAY_LEN(ios); i++)
		if (strcmp(ios[i].id, r->id) == 0)
			return &ios[i];
	return &none;
}

static void query(const struct api_route *r, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(queries); i++)
		if (strcmp(queries[i].id, r->id) == 0)
			buf_printf(out, "        - {name: %s, in: query, schema: {%s}}\n",
				queries[i].name, queries[i].schema);
}

static void parameters(const struct api_route *r, struct buf *out)
{
	struct buf list = {0};

	if (strchr(r->path, '{'))
		buf_str(&list, "        - $ref: '#/components/parameters/Key'\n");
	if (r->flags & API_CHANGES)
		buf_str(&list, "        - $ref: '#/components/parameters/IfMatch'\n"
			       "        - $ref: '#/components/parameters/DryRun'\n");
	query(r, &list);
	if (list.n)
		buf_str(out, "      parameters:\n");
	buf_slice_add(out, buf_slice(&list));
	buf_done(&list);
}

static void ref(const char *name, struct buf *out)
{
	buf_printf(out, "{$ref: '#/components/schemas/%s'}", name);
}

static void ref_object(const struct api_route *r, enum openapi_form form, struct buf *out)
{
	buf_str(out, "{$ref: '#/components/schemas/");
	openapi_object_name(r->kind, form, out);
	buf_str(out, "'}");
}

static void request_body(const struct api_route *r, struct buf *out)
{
	if (!(r->flags & API_BODY))
		return;
	buf_str(out, "      requestBody:\n"
		     "        required: true\n"
		     "        content:\n"
		     "          application/json:\n"
		     "            schema: ");
	if (r->kind >= 0)
		ref_object(r, r->flags & API_CREATES ? OPENAPI_NEW : OPENAPI_SETTINGS, out);
	else
		ref(io_of(r)->body, out);
	buf_chr(out, '\n');
}

/* ---- answers ---- */

static bool is_list(const struct api_route *r)
{
	return slice_starts(slice_of(r->id), SL("list")) || r->handle == certificates_reload;
}

/* An object of nothing but these members. */
static const char whole[] = "{type: object, additionalProperties: false, required: [";

static void object_answer(const struct api_route *r, struct buf *out)
{
	bool partner = r->kind == OBJECT_PARTNER;

	buf_printf(out,
		"%sgeneration, item, warnings%s], properties: {"
		"generation: {$ref: '#/components/schemas/Generation'}, "
		"warnings: {type: array, items: {$ref: '#/components/schemas/ItemWarning'}}, "
		"%sitem: ",
		whole, partner ? ", negotiation" : "",
		partner ? "negotiation: {$ref: '#/components/schemas/Negotiation'}, " : "");
	ref_object(r, OPENAPI_SHOWN, out);
	buf_str(out, "}}");
}

static void list_answer(const struct api_route *r, struct buf *out)
{
	bool objects = r->kind >= 0;

	buf_printf(out, "%s%sitems], properties: {%sitems: {type: array, items: ", whole,
		objects ? "generation, " : "",
		objects ? "generation: {$ref: '#/components/schemas/Generation'}, " : "");
	if (objects)
		ref_object(r, OPENAPI_SHOWN, out);
	else
		ref(io_of(r)->answer, out);
	buf_str(out, "}}}");
}

static void json_answer(const struct api_route *r, struct buf *out)
{
	buf_printf(out,
		"        '%d':\n"
		"          description: As asked.\n"
		"          content:\n"
		"            application/json:\n"
		"              schema: ",
		r->flags & API_CREATES ? 201 : 200);
	if (is_list(r))
		list_answer(r, out);
	else if (r->kind >= 0)
		object_answer(r, out);
	else
		ref(io_of(r)->answer, out);
	buf_chr(out, '\n');
}

static const char events_answer[] =
	"        '200':\n"
	"          description: Server-sent events; data is a JSON object, of a schema by event.\n"
	"          content:\n"
	"            text/event-stream:\n"
	"              schema: {type: string}\n"
	"              x-events:\n"
	"                hello: {$ref: '#/components/schemas/HelloEvent'}\n"
	"                missed: {$ref: '#/components/schemas/PlainEvent'}\n"
	"                partner-state: {$ref: '#/components/schemas/PartnerState'}\n"
	"                stream: {$ref: '#/components/schemas/StreamChange'}\n"
	"                generation: {$ref: '#/components/schemas/CurrentGeneration'}\n"
	"                counters: {$ref: '#/components/schemas/CountersEvent'}\n"
	"                certificate: {$ref: '#/components/schemas/PlainEvent'}\n"
	"                audit: {$ref: '#/components/schemas/PlainEvent'}\n"
	"                session: {$ref: '#/components/schemas/SessionEvent'}\n"
	"                body-logging: {$ref: '#/components/schemas/BodyLoggingEvent'}\n";

static void success(const struct api_route *r, struct buf *out)
{
	if (r->flags & API_CHANGES) {
		buf_str(out, "        '200': {$ref: '#/components/responses/Changed'}\n");
		if (r->flags & API_CREATES)
			buf_str(out, "        '201': {$ref: '#/components/responses/Changed'}\n");
	} else if (r->flags & API_LINES) {
		buf_str(out, "        '200':\n"
			     "          description: As it happens, an object a line.\n"
			     "          content:\n"
			     "            application/x-ndjson:\n"
			     "              schema: ");
		ref(io_of(r)->answer, out);
		buf_chr(out, '\n');
	} else if (r->flags & API_EVENTS) {
		buf_str(out, events_answer);
	} else if (r->flags & API_NOTHING) {
		buf_str(out, "        '204': {description: Done.}\n");
	} else if (r->flags & API_PLAIN) {
		buf_str(out, "        '200': {description: As asked., "
			     "content: {application/yaml: {}}}\n");
	} else {
		json_answer(r, out);
	}
}

static bool query_refused(const struct api_route *r, unsigned status)
{
	for (size_t i = 0; i < ARRAY_LEN(queries); i++)
		if (queries[i].refused == status && strcmp(queries[i].id, r->id) == 0)
			return true;
	return false;
}

/* The refusals that follow from what a route takes; any may be 405, 413, 429, 500 or 503 as well.
 */
static void refusals(const struct api_route *r, struct buf *out)
{
	bool body = r->flags & API_BODY, changes = r->flags & API_CHANGES;
	const struct {
		unsigned status;
		bool there;
	} all[] = {
		{400, body || changes || query_refused(r, 400)},
		{401, true},
		{403, true},
		{404, strchr(r->path, '{')},
		{409, r->flags & API_CREATES && r->handle != token_add},
		{412, changes},
		{415, body},
		{422, body || query_refused(r, 422)},
		{428, changes},
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i].there)
			buf_printf(out, "        '%u': {$ref: '#/components/responses/Problem'}\n",
				all[i].status);
	buf_str(out, "        default: {$ref: '#/components/responses/Problem'}\n");
}

static void lower(const char *s, struct buf *out)
{
	for (; *s; s++)
		buf_chr(out, ascii_lower1(*s));
}

static void operation(const struct api_route *r, struct buf *out)
{
	buf_str(out, "    ");
	lower(r->method, out);
	buf_printf(out, ":\n      operationId: %s\n      summary: '%s'\n      x-right: %s\n", r->id,
		r->help,
		r->flags & API_PUBLIC      ? "none"
		: r->flags & API_SIGNED_IN ? "signed-in"
					   : right_name(r->right));
	parameters(r, out);
	request_body(r, out);
	buf_str(out, "      responses:\n");
	success(r, out);
	refusals(r, out);
}

/* The methods of a path stand together, at the place of its first row. */
static void path(size_t first, struct buf *out)
{
	buf_printf(out, "  %s:\n", api_routes[first].path);
	for (size_t i = first; i < api_routes_n; i++)
		if (strcmp(api_routes[i].path, api_routes[first].path) == 0)
			operation(&api_routes[i], out);
}

static bool seen_before(size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(api_routes[i].path, api_routes[n].path) == 0)
			return true;
	return false;
}

/* ---- all else ---- */

/* "name?": may be missing. */
static int name_length(const struct openapi_member *m)
{
	return (int)strcspn(m->name, "?");
}

static void members(const struct openapi_member *v, struct buf *out)
{
	const char *comma = "";

	buf_str(out, "      type: object\n      additionalProperties: false\n      required: [");
	for (const struct openapi_member *m = v; m->name; m++) {
		if (m->name[name_length(m)])
			continue;
		buf_printf(out, "%s%s", comma, m->name);
		comma = ", ";
	}
	buf_str(out, "]\n      properties:\n");
	for (const struct openapi_member *m = v; m->name; m++)
		buf_printf(out, "        %.*s: {%s}\n", name_length(m), m->name, m->schema);
}

static void schemas(const struct openapi_schema *s, struct buf *out)
{
	for (; s->name; s++) {
		buf_printf(out, "    %s:%s", s->name, s->members ? "\n" : " {");
		if (s->about)
			buf_printf(out,
				s->members ? "      description: '%s'\n" : "description: '%s', ",
				s->about);
		if (s->members)
			members(s->members, out);
		else
			buf_printf(out, "%s}\n", s->schema);
	}
}

void api_openapi(struct buf *out)
{
	buf_str(out, head);
	for (size_t i = 0; i < api_routes_n; i++)
		if (!seen_before(i))
			path(i, out);
	buf_str(out, components);
	schemas(openapi_common, out);
	schemas(openapi_live, out);
	schemas(openapi_routes, out);
	schemas(openapi_accounts, out);
	schemas(openapi_history, out);
	for (size_t i = 0; i < OBJECT__N; i++)
		openapi_object_schemas(object_classes[i], out);
}
