#include "admin/openapi_schema.h"

#include <stddef.h>

/* What goes on: streams, partners, certificates, tests, events. */

/* clang-format off */
#define DIRECTION WORDS("in, out")
#define SERVICE_STATE WORDS("starting, ready, draining")

const struct openapi_schema openapi_live[] = {
	{"StreamState", NULL, NULL, WORDS("waiting, connecting, negotiating, up, closing, closed")},
	{"Stream", NULL, OBJECT(
		{"direction", DIRECTION},
		{"state", REF("StreamState")},
		{"id", TEXT_OR_NULL ABOUT("As in the log.")},
		{"partner", TEXT_OR_NULL},
		{"local_domain", TEXT_OR_NULL},
		{"remote_domain", TEXT_OR_NULL},
		{"peer", TEXT_OR_NULL},
		{"method", TEXT_OR_NULL},
		{"tls", TEXT_OR_NULL},
		{"cipher", TEXT_OR_NULL},
		{"certificate", TEXT_OR_NULL ABOUT("The verdict on that of the peer.")},
		{"certificate_expires", TIME},
		{"last_error", TEXT_OR_NULL ABOUT("A stable word.")},
		{"last_error_text", TEXT_OR_NULL},
		{"began", TIME},
		{"since", TIME},
		{"last_stanza", TIME},
		{"next_attempt", TIME},
		{"stanzas_in", COUNT},
		{"stanzas_out", COUNT},
		{"bytes_in", COUNT},
		{"bytes_out", COUNT},
		{"queued", COUNT},
		{"pairs", LIST(REF("Pair")) ABOUT("The domain pairs authenticated on it, youngest first.")},
		{"peer_certificate?", REF("PeerCertificate") ABOUT("Only when one stream is asked for.")})},
	{"Pair", NULL, OBJECT(
		{"method", REF("Method")},
		{"local_domain", TEXT},
		{"remote_domain", TEXT},
		{"since", MOMENT})},
	{"PeerCertificate", NULL, OBJECT(
		{"fingerprint", TEXT ABOUT("SHA-256, hexadecimal.")},
		{"subject", TEXT},
		{"issuer", TEXT},
		{"names", TEXT},
		{"not_after", TIME})},
	{"StreamClosing", "What is closed, or (dry_run) would be.", OBJECT(
		{"dry_run?", WHETHER},
		{"state", REF("StreamState")},
		{"id", TEXT})},
	{"StreamEvent", NULL, OBJECT(
		{"event", WORDS("present, complete, changed, closed, missed")
			ABOUT("present: it was there when the watch began; complete: all of these have been told; "
			"changed: a new one, or its state or domains are others; closed: it is gone; missed: some "
			"have come and gone that are not told of.")},
		{"time", MOMENT},
		{"stream?", REF("Stream") ABOUT("Not of complete and missed.")})},
	{"PartnerHealth", NULL, NULL, WORDS("never, connected, idle, failing, disabled")},
	{"PartnerState", NULL, OBJECT(
		{"state", REF("PartnerHealth")},
		{"inbound", REF("PartnerHealth")},
		{"outbound", REF("PartnerHealth")},
		{"domain", TEXT},
		{"streams_in", COUNT ABOUT("Authenticated and up.")},
		{"streams_out", COUNT},
		{"stanzas_in", COUNT ABOUT("Since the start.")},
		{"stanzas_out", COUNT},
		{"queued", COUNT},
		{"queued_bytes", COUNT},
		{"failures", COUNT ABOUT("Streams that failed since the start.")},
		{"last_inbound", TIME},
		{"last_outbound", TIME},
		{"last_error", TEXT_OR_NULL ABOUT("A stable word.")},
		{"last_error_text", TEXT_OR_NULL},
		{"last_error_at", TIME},
		{"next_attempt", TIME})},
	{"Attempt", NULL, OBJECT(
		{"id", TEXT ABOUT("Of the stream.")},
		{"direction", DIRECTION},
		{"outcome", WORDS("under-way, authenticated, failed, ended")},
		{"local_domain", TEXT_OR_NULL},
		{"remote_domain", TEXT_OR_NULL},
		{"peer", TEXT_OR_NULL},
		{"began", MOMENT},
		{"reason", TEXT_OR_NULL ABOUT("Why it failed or how it ended.")},
		{"steps", LIST(REF("AttemptStep"))})},
	{"AttemptStep", NULL, OBJECT(
		{"step", WORDS("dns, connect, header, features, starttls, tls, certificate, sasl, dialback, "
			"verify, ready, end")},
		{"result", WORDS("ok, warn, fail")},
		{"ms", COUNT ABOUT("After the begin of the attempt.")},
		{"text", TEXT})},
	{"Certificate", NULL, OBJECT(
		{"name", TEXT},
		{"domains", LIST(TEXT)},
		{"subject", TEXT_OR_NULL},
		{"issuer", TEXT_OR_NULL},
		{"names", TEXT_OR_NULL},
		{"key", TEXT_OR_NULL},
		{"purposes", TEXT_OR_NULL},
		{"fingerprint", TEXT_OR_NULL ABOUT("SHA-256, hexadecimal.")},
		{"not_before", TIME},
		{"not_after", TIME},
		{"days_left", "type: integer" ABOUT("Less than 0: it has expired.")},
		{"lacks", TEXT_OR_NULL ABOUT("Domains that show it and are not in it.")},
		{"warning", TEXT_OR_NULL})},
	{"Test", "One of partner, domain and route.", OBJECT(
		{"partner?", TEXT ABOUT("A domain of a partner.")},
		{"domain?", TEXT ABOUT("One of our domains.")},
		{"route?", TEXT ABOUT("The name of a SIP route.")},
		{"local?", TEXT ABOUT("With partner: our domain to speak for; else the first.")})},
	{"TestLine", "A step, or the result; entente-test(7) lists steps and codes.", NULL,
		"oneOf: [{" REF("TestStep") "}, {" REF("TestEnd") "}]"},
	{"TestStep", NULL, OBJECT(
		{"step", TEXT},
		{"result", WORDS("pass, warn, fail, skipped")},
		{"code", TEXT},
		{"evidence", TEXT ", maxLength: 256"},
		{"remedy", TEXT},
		{"ms", COUNT ABOUT("After the begin of the test.")})},
	{"TestEnd", "The last line.", OBJECT(
		{"end", WHETHER ", enum: [true]"},
		{"result", WORDS("pass, warn, fail")},
		{"pass", COUNT},
		{"warn", COUNT},
		{"fail", COUNT},
		{"skipped", COUNT})},
	{"Status", NULL, OBJECT(
		{"version", TEXT},
		{"state", SERVICE_STATE},
		{"node", TEXT},
		{"roles", TEXT},
		{"pid", COUNT},
		{"since", MOMENT},
		{"uptime_seconds", COUNT},
		{"generation", REF("Generation")},
		{"partners", COUNT},
		{"partners_enabled", COUNT},
		{"domains", COUNT},
		{"routes", COUNT},
		{"body_logging", WHETHER ABOUT("Texts of messages are being logged.")},
		{"counters", REF("StatusCounters")},
		{"hints", LIST(REF("Hint")) ABOUT("What keeps messages from flowing.")})},
	{"StatusCounters", NULL, OBJECT(
		{"since", WORDS("start")},
		{"from_sip", COUNT},
		{"from_xmpp", COUNT},
		{"delivered_to_sip", COUNT},
		{"delivered_to_xmpp", COUNT},
		{"errors_told_to_sip", COUNT},
		{"errors_told_to_xmpp", COUNT},
		{"late_errors", COUNT},
		{"denied", COUNT},
		{"streams_in", COUNT},
		{"streams_out", COUNT},
		{"queued", COUNT},
		{"sip_unlisted", COUNT},
		{"sip_kernel_drops", COUNT})},
	{"Hint", NULL, OBJECT(
		{"code", TEXT},
		{"text", TEXT},
		{"command", TEXT ABOUT("That changes it.")})},
	{"Health", NULL, OBJECT(
		{"ready", WHETHER},
		{"state", SERVICE_STATE},
		{"problems", LIST(REF("HealthProblem"))})},
	{"HealthProblem", NULL, OBJECT(
		{"code", TEXT},
		{"text", TEXT})},
	{"CurrentGeneration", NULL, OBJECT(
		{"generation", REF("Generation")})},
	{"HelloEvent", "The first one.", OBJECT(
		{"topics", LIST(TEXT) ABOUT("Those that will be told of.")})},
	{"StreamChange", NULL, OBJECT(
		{"event", WORDS("changed, closed")},
		{"stream", REF("Stream")})},
	{"CountersEvent", NULL, OBJECT(
		{"at", MOMENT},
		{"messages_from_sip", COUNT},
		{"messages_from_xmpp", COUNT},
		{"delivered_to_sip", COUNT},
		{"delivered_to_xmpp", COUNT},
		{"errors_told_to_sip", COUNT},
		{"errors_told_to_xmpp", COUNT},
		{"denied", COUNT},
		{"streams_in", COUNT},
		{"streams_out", COUNT},
		{"queued", COUNT})},
	{"SessionEvent", "Then the answer ends.", OBJECT(
		{"state", WORDS("changed, ended")})},
	{"BodyLoggingEvent", NULL, OBJECT(
		{"'on'", WHETHER})}, /* a word of YAML 1.1 */
	{"PlainEvent", "That it happened is all.", NULL,
		"type: object, additionalProperties: false"},
	{0},
};
/* clang-format on */
