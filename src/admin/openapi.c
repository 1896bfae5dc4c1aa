#include "admin/admin_priv.h"
#include "admin/openapi_accounts.h"
#include "admin/openapi_history.h"

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
	"    Served on the unix socket of entented (mode 0660): root, the daemon's own user and the\n"
	"    members of its group may use it. Requests that came through a proxy are refused (403).\n"
	"    Every change is validated whole and is one transaction; it raises the generation, which is\n"
	"    the ETag of every answer. A change with If-Match is made only if nothing was changed\n"
	"    meanwhile (else 412); with dry_run=true it is only planned.\n"
	"    Written from the route table; do not edit.\n"
	"  license:\n"
	"    name: Apache-2.0\n"
	"    identifier: Apache-2.0\n"
	"servers:\n"
	"  - url: http://localhost\n"
	"    description: over the unix socket, /run/entente/admin.sock\n"
	"paths:\n";

static const char components[] =
	"components:\n"
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
	"      description: The ETag of an answer; 412 when the settings have changed since.\n"
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
	"        ETag: {schema: {type: string}}\n"
	"      content:\n"
	"        application/json:\n"
	"          schema: {$ref: '#/components/schemas/Changed'}\n"
	"  schemas:\n"
	"    Generation: {type: integer, minimum: 1, description: Rises by one with every change.}\n"
	"    Time: {type: [string, 'null'], format: date-time}\n"
	"    Problem:\n"
	"      type: object\n"
	"      description: RFC 9457 with a stable code, the field it is about, and ways out.\n"
	"      required: [type, status, code, title, detail]\n"
	"      properties:\n"
	"        type: {type: string}\n"
	"        status: {type: integer}\n"
	"        code: {type: string}\n"
	"        title: {type: string}\n"
	"        detail: {type: string}\n"
	"        field: {type: string}\n"
	"        ways_out:\n"
	"          type: array\n"
	"          description: Whole settings that would be accepted, safest first.\n"
	"          items:\n"
	"            type: object\n"
	"            properties:\n"
	"              settings: {type: object}\n"
	"              methods: {type: array, items: {$ref: '#/components/schemas/Method'}}\n"
	"    Method: {type: string, enum: [sasl-over-tls, tls-dialback, tcp-dialback]}\n"
	"    Warning:\n"
	"      type: object\n"
	"      properties:\n"
	"        code: {type: string}\n"
	"        kind: {type: string}\n"
	"        key: {type: string}\n"
	"        field: {type: string}\n"
	"        text: {type: string}\n"
	"    Changed:\n"
	"      type: object\n"
	"      required: [dry_run, generation, plan]\n"
	"      properties:\n"
	"        dry_run: {type: boolean}\n"
	"        generation: {$ref: '#/components/schemas/Generation'}\n"
	"        plan:\n"
	"          type: object\n"
	"          properties:\n"
	"            generation: {$ref: '#/components/schemas/Generation'}\n"
	"            changes: {$ref: '#/components/schemas/PlanChanges'}\n"
	"            warnings: {type: array, items: {$ref: '#/components/schemas/Warning'}}\n"
	"            streams:\n"
	"              type: array\n"
	"              description: The streams that it ends.\n"
	"              items:\n"
	"                type: object\n"
	"                properties:\n"
	"                  dir: {type: string, enum: [in, out]}\n"
	"                  id: {type: [string, 'null']}\n"
	"                  partner: {type: [string, 'null']}\n"
	"                  local: {type: [string, 'null']}\n"
	"                  remote: {type: [string, 'null']}\n"
	"                  reason: {type: string}\n"
	"    Change:\n"
	"      type: object\n"
	"      required: [changes]\n"
	"      properties:\n"
	"        changes:\n"
	"          type: array\n"
	"          minItems: 1\n"
	"          items:\n"
	"            type: object\n"
	"            required: [verb, kind]\n"
	"            properties:\n"
	"              verb: {type: string, enum: [add, set, remove]}\n"
	"              kind: {type: string, enum: [partner, domain, route, policy, grant, gateway, access]}\n"
	"              key: {type: string}\n"
	"              settings: {type: object}\n"
	"    Negotiation:\n"
	"      type: object\n"
	"      properties:\n"
	"        refused: {type: [string, 'null']}\n"
	"        methods: {type: array, items: {$ref: '#/components/schemas/Method'}}\n"
	"        warnings: {type: array, items: {type: string}}\n"
	"        ways_out: {type: array, items: {type: object}}\n"
	"    NegotiationRow:\n"
	"      type: object\n"
	"      properties:\n"
	"        row: {type: integer, minimum: 1, maximum: 18}\n"
	"        settings: {type: object}\n"
	"        verdict: {$ref: '#/components/schemas/Negotiation'}\n"
	"    Allow:\n"
	"      type: object\n"
	"      required: [user, contact]\n"
	"      properties:\n"
	"        user: {type: string, description: Address of the SIP user.}\n"
	"        contact: {type: string, description: Address of the XMPP contact.}\n"
	"        expires: {$ref: '#/components/schemas/Time'}\n"
	"    Stream:\n"
	"      type: object\n"
	"      properties:\n"
	"        direction: {type: string, enum: [in, out]}\n"
	"        state: {type: string, enum: [waiting, connecting, negotiating, up, closing, closed]}\n"
	"        id: {type: [string, 'null'], description: As in the log.}\n"
	"        partner: {type: [string, 'null']}\n"
	"        local_domain: {type: [string, 'null']}\n"
	"        remote_domain: {type: [string, 'null']}\n"
	"        peer: {type: [string, 'null']}\n"
	"        method: {type: [string, 'null']}\n"
	"        tls: {type: [string, 'null']}\n"
	"        cipher: {type: [string, 'null']}\n"
	"        certificate: {type: [string, 'null'], description: The verdict on the peer's.}\n"
	"        certificate_expires: {$ref: '#/components/schemas/Time'}\n"
	"        last_error: {type: [string, 'null'], description: A stable word.}\n"
	"        last_error_text: {type: [string, 'null']}\n"
	"        began: {$ref: '#/components/schemas/Time'}\n"
	"        since: {$ref: '#/components/schemas/Time'}\n"
	"        last_stanza: {$ref: '#/components/schemas/Time'}\n"
	"        next_attempt: {$ref: '#/components/schemas/Time'}\n"
	"        stanzas_in: {type: integer}\n"
	"        stanzas_out: {type: integer}\n"
	"        bytes_in: {type: integer}\n"
	"        bytes_out: {type: integer}\n"
	"        queued: {type: integer}\n"
	"        pairs:\n"
	"          type: array\n"
	"          description: The domain pairs authenticated on it, youngest first.\n"
	"          items:\n"
	"            type: object\n"
	"            properties:\n"
	"              method: {$ref: '#/components/schemas/Method'}\n"
	"              local_domain: {type: string}\n"
	"              remote_domain: {type: string}\n"
	"              since: {$ref: '#/components/schemas/Time'}\n"
	"        peer_certificate:\n"
	"          type: object\n"
	"          description: Only when one stream is asked for.\n"
	"          properties:\n"
	"            fingerprint: {type: string, description: 'SHA-256, hexadecimal'}\n"
	"            subject: {type: string}\n"
	"            issuer: {type: string}\n"
	"            names: {type: string}\n"
	"            not_after: {$ref: '#/components/schemas/Time'}\n"
	"    StreamEvent:\n"
	"      type: object\n"
	"      required: [event, time]\n"
	"      properties:\n"
	"        event:\n"
	"          type: string\n"
	"          description: |\n"
	"            present: it was there when the watch began; complete: all of these have been told;\n"
	"            changed: a new one, or its state or domains are others; closed: it is gone; missed:\n"
	"            some have come and gone that are not told of.\n"
	"          enum: [present, complete, changed, closed, missed]\n"
	"        time: {$ref: '#/components/schemas/Time'}\n"
	"        stream: {$ref: '#/components/schemas/Stream'}\n"
	"    Health: {type: string, enum: [never, connected, idle, failing, disabled]}\n"
	"    PartnerState:\n"
	"      type: object\n"
	"      properties:\n"
	"        state: {$ref: '#/components/schemas/Health'}\n"
	"        inbound: {$ref: '#/components/schemas/Health'}\n"
	"        outbound: {$ref: '#/components/schemas/Health'}\n"
	"        domain: {type: string}\n"
	"        streams_in: {type: integer, description: Authenticated and up.}\n"
	"        streams_out: {type: integer}\n"
	"        stanzas_in: {type: integer, description: Since the start.}\n"
	"        stanzas_out: {type: integer}\n"
	"        queued: {type: integer}\n"
	"        queued_bytes: {type: integer}\n"
	"        failures: {type: integer, description: Streams that failed since the start.}\n"
	"        last_inbound: {$ref: '#/components/schemas/Time'}\n"
	"        last_outbound: {$ref: '#/components/schemas/Time'}\n"
	"        last_error: {type: [string, 'null'], description: A stable word.}\n"
	"        last_error_text: {type: [string, 'null']}\n"
	"        last_error_at: {$ref: '#/components/schemas/Time'}\n"
	"        next_attempt: {$ref: '#/components/schemas/Time'}\n"
	"    Attempt:\n"
	"      type: object\n"
	"      properties:\n"
	"        id: {type: string, description: Of the stream.}\n"
	"        direction: {type: string, enum: [in, out]}\n"
	"        outcome: {type: string, enum: [under-way, authenticated, failed, ended]}\n"
	"        local_domain: {type: [string, 'null']}\n"
	"        remote_domain: {type: [string, 'null']}\n"
	"        peer: {type: [string, 'null']}\n"
	"        began: {$ref: '#/components/schemas/Time'}\n"
	"        reason: {type: [string, 'null'], description: Why it failed or how it ended.}\n"
	"        steps:\n"
	"          type: array\n"
	"          items:\n"
	"            type: object\n"
	"            properties:\n"
	"              step:\n"
	"                type: string\n"
	"                enum: [dns, connect, header, features, starttls, tls, certificate, sasl,\n"
	"                  dialback, verify, ready, end]\n"
	"              result: {type: string, enum: [ok, warn, fail]}\n"
	"              ms: {type: integer, description: After the begin of the attempt.}\n"
	"              text: {type: string}\n"
	"    Certificate:\n"
	"      type: object\n"
	"      properties:\n"
	"        name: {type: string}\n"
	"        domains: {type: array, items: {type: string}}\n"
	"        subject: {type: [string, 'null']}\n"
	"        issuer: {type: [string, 'null']}\n"
	"        names: {type: [string, 'null']}\n"
	"        key: {type: [string, 'null']}\n"
	"        purposes: {type: [string, 'null']}\n"
	"        fingerprint: {type: [string, 'null'], description: 'SHA-256, hexadecimal'}\n"
	"        not_before: {$ref: '#/components/schemas/Time'}\n"
	"        not_after: {$ref: '#/components/schemas/Time'}\n"
	"        days_left: {type: integer}\n"
	"        lacks: {type: [string, 'null'], description: Domains that show it and are not in it.}\n"
	"        warning: {type: [string, 'null']}\n"
	"    Test:\n"
	"      type: object\n"
	"      description: One of partner and domain.\n"
	"      properties:\n"
	"        partner: {type: string, description: A domain of a partner.}\n"
	"        domain: {type: string, description: One of our domains.}\n"
	"        local: {type: string, description: 'With partner: our domain to speak for; else the first.'}\n"
	"    TestLine:\n"
	"      type: object\n"
	"      description: A step, or with the member end the result; entente-test(7) lists steps and codes.\n"
	"      properties:\n"
	"        step: {type: string}\n"
	"        result: {type: string, enum: [pass, warn, fail, skipped]}\n"
	"        code: {type: string}\n"
	"        evidence: {type: string, maxLength: 256}\n"
	"        remedy: {type: string}\n"
	"        ms: {type: integer, description: After the begin of the test.}\n"
	"        end: {type: boolean}\n"
	"        pass: {type: integer}\n"
	"        warn: {type: integer}\n"
	"        fail: {type: integer}\n"
	"        skipped: {type: integer}\n"
	"    Kind:\n"
	"      type: object\n"
	"      description: A kind of object and its settings, in the order of a form.\n"
	"      properties:\n"
	"        kind: {type: string}\n"
	"        path: {type: string, description: Below /api/v1/.}\n"
	"        title: {type: string}\n"
	"        single: {type: boolean, description: 'There is exactly one: no list, no key.'}\n"
	"        settings:\n"
	"          type: array\n"
	"          items:\n"
	"            type: object\n"
	"            properties:\n"
	"              name: {type: string}\n"
	"              type:\n"
	"                type: string\n"
	"                enum: [bool, number, word, text, name, domain, domains, host, next_hop, networks,\n"
	"                  policy, user, secret]\n"
	"              key: {type: boolean, description: Names the object; fixed once it exists.}\n"
	"              required: {type: boolean}\n"
	"              none: {type: boolean, description: May be empty.}\n"
	"              write_only: {type: boolean}\n"
	"              min: {type: integer, description: 'Of a number; characters of a text.'}\n"
	"              max: {type: integer, description: 'Likewise; items of a list.'}\n"
	"              words: {type: array, items: {type: string}, description: The values of a word.}\n"
	"              default: {type: [string, 'null']}\n"
	"              unit: {type: [string, 'null']}\n"
	"              help: {type: string}\n"
	"              range: {type: string, description: In words.}\n"
	"    Status:\n"
	"      type: object\n"
	"      properties:\n"
	"        version: {type: string}\n"
	"        state: {type: string, enum: [starting, ready, draining]}\n"
	"        node: {type: string}\n"
	"        roles: {type: string}\n"
	"        pid: {type: integer}\n"
	"        since: {$ref: '#/components/schemas/Time'}\n"
	"        uptime_seconds: {type: integer}\n"
	"        generation: {$ref: '#/components/schemas/Generation'}\n"
	"        partners: {type: integer}\n"
	"        partners_enabled: {type: integer}\n"
	"        domains: {type: integer}\n"
	"        routes: {type: integer}\n"
	"        body_logging: {type: boolean, description: Texts of messages are being logged.}\n"
	"        counters: {type: object}\n"
	"        hints:\n"
	"          type: array\n"
	"          description: What keeps messages from flowing, and the command that changes it.\n"
	"          items:\n"
	"            type: object\n"
	"            properties:\n"
	"              code: {type: string}\n"
	"              text: {type: string}\n"
	"              command: {type: string}\n";
/* clang-format on */

/* ---- paths ---- */

/* "Partner" of "partner". */
static void schema_name(int kind, struct buf *out)
{
	const char *name = object_classes[kind]->name;

	buf_chr(out, (char)(name[0] - 'a' + 'A'));
	buf_str(out, name + 1);
}

static const struct {
	const char *id, *name;
} query_of[] = {
	{"listStreams", "partner"},
	{"removeAllow", "user"},
	{"removeAllow", "contact"},
	{"watch", "topics"},
	{"closeStream", "dry_run"},
	{"setGateway", "confirm"},
	{"change", "confirm"},
	{"listAudit", "after"},
	{"listAudit", "before"},
	{"listAudit", "limit"},
	{"listAudit", "since"},
	{"listAudit", "who"},
	{"listAudit", "kind"},
	{"listAudit", "key"},
	{"listAudit", "verb"},
	{"verifyAudit", "head"},
	{"listGenerations", "before"},
	{"listGenerations", "limit"},
	{"diffGenerations", "against"},
	{"judgeNegotiation", "tls_negotiation"},
	{"judgeNegotiation", "sasl_negotiation"},
	{"judgeNegotiation", "support_dialback_negotiation"},
};

static void query(const struct api_route *r, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(query_of); i++)
		if (strcmp(query_of[i].id, r->id) == 0)
			buf_printf(out, "        - {name: %s, in: query, schema: {type: string}}\n",
				query_of[i].name);
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

/* What a body or an answer without an object kind is made of. */
static const char *plain_schema(const struct api_route *r)
{
	static const char *const by_path[][2] = {
		{"/api/v1/changes", "Change"},
		{"/api/v1/negotiation", "Negotiation"},
		{"/api/v1/negotiation/matrix", "NegotiationRow"},
		{"/api/v1/allow", "Allow"},
		{"/api/v1/streams", "Stream"},
		{"/api/v1/streams/{key}", "Stream"},
		{"/api/v1/partner-states", "PartnerState"},
		{"/api/v1/partners/{key}/state", "PartnerState"},
		{"/api/v1/partners/{key}/attempts", "Attempt"},
		{"/api/v1/certificates", "Certificate"},
		{"/api/v1/certificates/reload", "Certificate"},
		{"/api/v1/status", "Status"},
		{"/api/v1/settings", "Kind"},
		{"/api/v1/tests", "Test"},
		{"/api/v1/audit", "AuditLine"},
		{"/api/v1/audit/verify", "AuditVerdict"},
		{"/api/v1/generations", "GenerationRow"},
		{"/api/v1/generations/{key}", "GenerationShown"},
		{"/api/v1/generations/{key}/diff", "GenerationDiff"},
		{"/api/v1/export", "Export"},
		{"/api/v1/health", "Health"},
	};

	for (size_t i = 0; i < ARRAY_LEN(by_path); i++)
		if (strcmp(by_path[i][0], r->path) == 0)
			return by_path[i][1];
	return NULL;
}

/* name: of a schema that is not by kind or path; NULL: it is. */
static void ref_to(const struct api_route *r, const char *name, struct buf *out)
{
	buf_str(out, "{$ref: '#/components/schemas/");
	if (name)
		buf_str(out, name);
	else if (r->kind >= 0)
		schema_name(r->kind, out);
	else
		buf_str(out, plain_schema(r));
	buf_str(out, "'}");
}

static void ref(const struct api_route *r, struct buf *out)
{
	ref_to(r, openapi_accounts_answer(r->id), out);
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
	ref_to(r, openapi_accounts_body(r->id), out);
	buf_chr(out, '\n');
}

static bool is_list(const struct api_route *r)
{
	return slice_starts(slice_of(r->id), SL("list")) || r->handle == certificates_reload;
}

static void answer_schema(const struct api_route *r, struct buf *out)
{
	bool wrapped = r->kind >= 0;

	if (is_list(r)) {
		buf_str(out, "{type: object, properties: {items: {type: array, items: ");
		ref(r, out);
		buf_str(out, "}}}");
	} else if (wrapped) {
		buf_str(out, "{type: object, properties: {item: ");
		ref(r, out);
		buf_str(out, "}}");
	} else if (openapi_accounts_answer(r->id) || plain_schema(r)) {
		ref(r, out);
	} else {
		buf_str(out, "{type: object, properties: {generation: "
			     "{$ref: '#/components/schemas/Generation'}}}");
	}
}

static void responses(const struct api_route *r, struct buf *out)
{
	buf_str(out, "      responses:\n");
	if (r->flags & API_CHANGES) {
		buf_str(out, "        '200': {$ref: '#/components/responses/Changed'}\n");
		if (r->flags & API_CREATES)
			buf_str(out, "        '201': {$ref: '#/components/responses/Changed'}\n");
	} else if (r->flags & API_LINES) {
		buf_printf(out,
			"        '200':\n"
			"          description: As it happens, an object a line.\n"
			"          content:\n"
			"            application/x-ndjson:\n"
			"              schema: {$ref: '#/components/schemas/%s'}\n",
			r->handle == stream_watch		? "StreamEvent"
			: r->handle == directory_test_post ? "DirectoryTestLine"
							   : "TestLine");
	} else if (r->flags & API_EVENTS) {
		buf_str(out,
			"        '200':\n"
			"          description: Server-sent events; data is a JSON object.\n"
			"          content: {text/event-stream: {schema: {type: string}}}\n");
	} else if (r->flags & API_NOTHING) {
		buf_str(out, "        '204': {description: Done.}\n");
	} else if (r->flags & API_PLAIN) {
		buf_str(out,
			"        '200': {description: As asked., content: {application/yaml: "
			"{}}}\n");
	} else {
		buf_printf(out,
			"        '%d':\n"
			"          description: As asked.\n"
			"          content:\n"
			"            application/json:\n"
			"              schema: ",
			r->flags & API_CREATES ? 201 : 200);
		answer_schema(r, out);
		buf_chr(out, '\n');
	}
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
	responses(r, out);
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

/* ---- settings ---- */

/* A YAML text in single quotes. */
static void quoted(const char *s, struct buf *out)
{
	buf_chr(out, '\'');
	for (; *s; s++) {
		if (*s == '\'')
			buf_chr(out, '\'');
		buf_chr(out, *s);
	}
	buf_chr(out, '\'');
}

static void words(const struct setting *s, struct buf *out)
{
	buf_str(out, ", enum: [");
	for (size_t i = 0; s->words[i]; i++)
		buf_printf(out, "%s%s", i ? ", " : "", s->words[i]);
	buf_chr(out, ']');
}

static void default_value(const struct setting *s, struct buf *out)
{
	if (!s->deflt || setting_is_list(s))
		return;
	buf_str(out, ", default: ");
	if (s->type == SETTING_BOOL || s->type == SETTING_NUMBER)
		buf_str(out, s->deflt);
	else
		quoted(s->deflt, out);
}

static void property(const struct setting *s, struct buf *out)
{
	const char *type = setting_json_type(s);
	bool unicode = s->type == SETTING_DOMAIN || s->type == SETTING_DOMAINS;

	buf_printf(out, "        %s: {type: ", s->name);
	if (s->flags & SETTING_NONE && !setting_is_list(s))
		buf_printf(out, "[%s, 'null']", type);
	else
		buf_str(out, type);
	if (setting_is_list(s))
		buf_printf(out, ", items: {type: string}, maxItems: %u", s->max);
	if (s->type == SETTING_NUMBER)
		buf_printf(out, ", minimum: %u, maximum: %u", s->min, s->max);
	if (s->type == SETTING_WORD)
		words(s, out);
	default_value(s, out);
	if (s->flags & SETTING_WRITE_ONLY)
		buf_str(out, ", writeOnly: true");
	buf_str(out, ", description: ");
	quoted(s->help, out);
	buf_str(out, "}\n");
	if (s->flags & SETTING_WRITE_ONLY)
		buf_printf(out, "        %s_set: {type: boolean, readOnly: true}\n", s->name);
	if (unicode)
		buf_printf(out, "        %s_unicode: {type: %s, readOnly: true%s}\n", s->name, type,
			setting_is_list(s) ? ", items: {type: string}" : "");
}

static void object_schema(const struct object_class *class, struct buf *out)
{
	buf_str(out, "    ");
	schema_name((int)class->kind, out);
	buf_str(out, ":\n      type: object\n      title: ");
	quoted(class->title, out);
	buf_str(out, "\n      properties:\n");
	for (size_t i = 0; i < class->n_settings; i++)
		property(&class->settings[i], out);
}

void api_openapi(struct buf *out)
{
	buf_str(out, head);
	for (size_t i = 0; i < api_routes_n; i++)
		if (!seen_before(i))
			path(i, out);
	buf_str(out, components);
	buf_str(out, openapi_accounts_components);
	buf_str(out, openapi_history_components);
	for (size_t i = 0; i < OBJECT__N; i++)
		object_schema(object_classes[i], out);
}
