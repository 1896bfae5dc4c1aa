#pragma once

#include "base/buf.h"
#include "view/probe.h"

/*
 * What a test of a SIP route can say: one table of steps and one of codes, from which the test
 * speaks and from which the manual (entente-test(7)) is printed. Names of both are stable. Pure.
 */

/* clang-format off */
/* X(SUFFIX, name, what it looks at) */
#define ROUTE_STEPS(X) \
	X(ROUTE, "route", "whether there is such a route, and whether a local domain uses it") \
	X(RESOLVE, "resolve", "the addresses of the next hop, as they are in use") \
	X(CONNECT, "connect", "a connection to each address, by TCP") \
	X(TLS, "tls", "the handshake: version, cipher, and which certificate of ours was shown") \
	X(CERTIFICATE, "certificate", "whether the peer's leads to a trusted authority, and how long it is valid") \
	X(NAME, "name", "whether it has one of the route's names (RFC 5922)") \
	X(OPTIONS, "options", "an OPTIONS request, and its answer")

/* X(SUFFIX, code, step, result, remedy); in a remedy {route} is the route's name. */
#define ROUTE_CODES(X) \
	X(OK, "ok", ROUTE, PASS, "") \
	X(BLOCKED, "blocked", ROUTE, SKIPPED, "") \
	X(NOT_NEEDED, "not_needed", ROUTE, SKIPPED, "") \
	X(TIME_OVER, "time_over", ROUTE, SKIPPED, "") \
	X(STOPPED, "stopped", ROUTE, SKIPPED, "") \
	X(ROUTE_UNUSED, "route_unused", ROUTE, WARN, \
		"No local domain uses it: entente domain set DOMAIN --route {route}") \
	X(ADDRESS_NONE, "address_none", RESOLVE, FAIL, \
		"Correct the DNS records of the next hop, or name another one: entente route set {route} --next-hop sip:HOST:PORT") \
	X(NO_SOCKET, "no_socket", CONNECT, FAIL, \
		"Listen with an address of this family in entente.conf: [sip] listen, listen-tcp or listen-tls") \
	X(CONNECT_FAILED, "connect_failed", CONNECT, FAIL, \
		"See whether a SIP server listens there and whether a firewall is between; the port and the transport of the route have to be its own.") \
	X(TLS_FAILED, "tls_failed", TLS, FAIL, \
		"See whether TLS 1.2 or 1.3 is spoken at this port; the peer's log says more.") \
	X(TLS_ALERT, "tls_alert", TLS, FAIL, \
		"The peer refused the handshake: it has to trust the authority of our certificate and to list its name. entente certificate list shows ours; entente route set {route} --certificate NAME chooses another one.") \
	X(TLS_NO_OWN, "tls_no_own", TLS, WARN, \
		"We have no certificate to show, and most peers ask for one: add a [certificate NAME] section to entente.conf.") \
	X(CERT_NONE, "cert_none", CERTIFICATE, FAIL, "The peer has to show a certificate.") \
	X(CERT_EXPIRED, "cert_expired", CERTIFICATE, FAIL, \
		"The peer needs a new certificate; else look at the clock of this machine.") \
	X(CERT_SELF_SIGNED, "cert_self_signed", CERTIFICATE, FAIL, \
		"Add the peer's authority to the file that [sip] trust (or, without one, [xmpp] trust) names, or give the peer a certificate of a known one.") \
	X(CERT_UNTRUSTED, "cert_untrusted", CERTIFICATE, FAIL, \
		"Add the peer's authority to the file that [sip] trust (or, without one, [xmpp] trust) names; the peer has to send the intermediate certificates, too.") \
	X(CERT_WEAK, "cert_weak", CERTIFICATE, FAIL, \
		"The peer needs a certificate with a stronger key or signature.") \
	X(CERT_REVOKED, "cert_revoked", CERTIFICATE, FAIL, "The peer needs a new certificate: this one was revoked.") \
	X(CERT_UNPROVEN, "cert_unproven", CERTIFICATE, FAIL, \
		"Whether it was revoked has to be known: name a current list of its authority in [xmpp] crl.") \
	X(CERT_INVALID, "cert_invalid", CERTIFICATE, FAIL, "The peer's certificate or one above it is not in order.") \
	X(CERT_ENDS_SOON, "cert_ends_soon", CERTIFICATE, WARN, "The peer's certificate should be renewed.") \
	X(NAME_WRONG, "name_wrong", NAME, FAIL, \
		"Give the peer a certificate with the name of the next hop, or say which names it has: entente route set {route} --tls-names NAME") \
	X(NO_ANSWER, "no_answer", OPTIONS, FAIL, \
		"What takes connections or datagrams there does not answer SIP requests from our address: see whether the peer lists us, and its log.") \
	X(NOT_SIP, "not_sip", OPTIONS, FAIL, "What answers there does not speak SIP: look at the port.") \
	X(BUSY, "busy", OPTIONS, WARN, "The peer says that it is overloaded or closed (503): see its log.") \
	X(FORBIDDEN, "forbidden", OPTIONS, WARN, \
		"The peer answers and does not let us in: list our address, or the name of our certificate, there.") \
	X(CREDENTIALS_WANTED, "credentials_wanted", OPTIONS, WARN, \
		"The peer asks who we are: entente route set {route} --digest-user NAME --digest-password PASSWORD, or list our address there.")
/* clang-format on */

enum route_step {
#define X(suffix, ...) ROUTE_STEP_##suffix,
	ROUTE_STEPS(X)
#undef X
		ROUTE_STEP__N
};

enum route_code {
#define X(suffix, ...) RC_##suffix,
	ROUTE_CODES(X)
#undef X
		RC__N
};

const char *route_step_name(enum route_step s);
const char *route_code_name(enum route_code c);
enum view_probe_result route_code_result(enum route_code c);

/* One step as it is told: with its evidence made printable and its remedy filled; free(). */
struct view_probe_step *route_code_step(enum route_step s, enum route_code c, const char *route,
	struct slice evidence, uint32_t ms);

/* The table for entente-test(7). */
void route_code_man(struct buf *out);
