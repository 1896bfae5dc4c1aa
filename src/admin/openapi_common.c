#include "admin/openapi_schema.h"

#include <stddef.h>

/* Refusals, changes and what the settings are made of. */

/* clang-format off */
#define NEGOTIATED \
	{"tls_negotiation", REF("Level")}, \
	{"sasl_negotiation", REF("Level")}, \
	{"support_dialback_negotiation", WHETHER}
#define VERB WORDS("add, set, remove")

const struct openapi_schema openapi_common[] = {
	{"Generation", NULL, NULL,
		"type: integer, minimum: 1, description: Rises by one with every change."},
	{"Time", NULL, NULL, "type: [string, 'null'], format: date-time"},
	{"Moment", NULL, NULL, "type: string, format: date-time"},
	{"Problem", "RFC 9457 with a stable code, the field it is about, and ways out.", OBJECT(
		{"type", TEXT ", enum: ['about:blank']"},
		{"status", "type: integer, minimum: 400, maximum: 599"},
		{"code", TEXT ABOUT("Stable.")},
		{"title", TEXT},
		{"detail", TEXT},
		{"field?", TEXT},
		{"ways_out?", LIST(REF("WayOut")) ABOUT("Settings that would be accepted, safest first.")})},
	{"WayOut", NULL, OBJECT(
		{"settings", REF("NegotiationSettings")},
		{"methods", LIST(REF("Method"))})},
	{"Method", NULL, NULL, WORDS("sasl-over-tls, tls-dialback, tcp-dialback")},
	{"Level", NULL, NULL, WORDS("Required, Optional, NotSupported")},
	{"Warning", "Of a plan.", OBJECT(
		{"code", TEXT},
		{"kind", TEXT},
		{"key", TEXT},
		{"field", TEXT},
		{"text", TEXT})},
	{"ItemWarning", "Of an object as it is.", OBJECT(
		{"code", TEXT},
		{"field", TEXT},
		{"text", TEXT})},
	{"Changed", NULL, OBJECT(
		{"dry_run", WHETHER},
		{"generation", REF("Generation")},
		{"plan", REF("Plan")})},
	{"Plan", NULL, OBJECT(
		{"generation", REF("Generation")},
		{"changes", LIST(REF("PlannedChange"))},
		{"warnings", LIST(REF("Warning"))},
		{"streams", LIST(REF("PlannedClose")) ABOUT("The streams that it ends.")})},
	{"PlannedChange", NULL, OBJECT(
		{"verb", VERB},
		{"kind", REF("ObjectKind")},
		{"key", TEXT},
		{"fields", LIST(REF("FieldChange"))})},
	{"FieldChange", NULL, OBJECT(
		{"name", TEXT},
		{"before", TEXT},
		{"after", TEXT})},
	{"PlannedClose", NULL, OBJECT(
		{"dir", WORDS("in, out")},
		{"id", TEXT_OR_NULL},
		{"partner", TEXT_OR_NULL},
		{"local", TEXT_OR_NULL},
		{"remote", TEXT_OR_NULL},
		{"reason", TEXT})},
	{"ObjectKind", NULL, NULL, WORDS("partner, domain, route, policy, grant, gateway, access")},
	{"Changes", NULL, OBJECT(
		{"changes", LIST(REF("Change")) ", minItems: 1"},
		{"format?", WORDS("entente-config") ABOUT("As GET /export gives it.")},
		{"version?", COUNT},
		{"generation?", REF("Generation")})},
	{"Change", NULL, OBJECT(
		{"verb", VERB},
		{"kind", REF("ObjectKind")},
		{"key?", TEXT},
		{"settings?", "type: object"})},
	{"ListChange", "In place of a list: the rest of it stays.", OBJECT(
		{"add?", LIST(TEXT)},
		{"remove?", LIST(TEXT)})},
	{"NegotiationSettings", NULL, OBJECT(NEGOTIATED)},
	{"Negotiation", NULL, OBJECT(
		{"refused", TEXT_OR_NULL ABOUT("A stable code.")},
		{"methods", LIST(REF("Method"))},
		{"warnings", LIST(TEXT) ABOUT("Stable codes.")},
		{"ways_out", LIST(REF("NegotiationSettings"))})},
	{"NegotiationRow", NULL, OBJECT(
		{"row", "type: integer, minimum: 1, maximum: 18"},
		{"settings", REF("NegotiationSettings")},
		{"verdict", REF("Negotiation")})},
	{"Allow", NULL, OBJECT(
		{"user", TEXT ABOUT("Address of the SIP user.")},
		{"contact", TEXT ABOUT("Address of the XMPP contact.")},
		{"expires", TIME})},
	{"NewAllow", NULL, OBJECT(
		{"user", TEXT ABOUT("Address of the SIP user.")},
		{"contact", TEXT ABOUT("Address of the XMPP contact.")},
		{"expires?", TIME})},
	{"Kind", "A kind of object and its settings, in the order of a form.", OBJECT(
		{"kind", REF("ObjectKind")},
		{"path", TEXT ABOUT("Below /api/v1/.")},
		{"title", TEXT},
		{"single", WHETHER ABOUT("There is exactly one: no list, no key.")},
		{"settings", LIST(REF("Setting"))})},
	{"Setting", NULL, OBJECT(
		{"name", TEXT},
		{"type", WORDS("bool, number, word, text, name, domain, domains, host, next_hop, networks, "
			"policy, user, secret")},
		{"key", WHETHER ABOUT("Names the object; fixed once it exists.")},
		{"required", WHETHER},
		{"none", WHETHER ABOUT("May be empty.")},
		{"write_only", WHETHER},
		{"min", COUNT ABOUT("Of a number; characters of a text.")},
		{"max", COUNT ABOUT("Likewise; items of a list.")},
		{"words?", LIST(TEXT) ABOUT("The values of a word.")},
		{"default", TEXT_OR_NULL},
		{"unit", TEXT_OR_NULL},
		{"help", TEXT},
		{"range", TEXT ABOUT("In words.")})},
	{0},
};
/* clang-format on */
