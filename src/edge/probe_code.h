#pragma once

#include "base/buf.h"
#include "base/slice.h"
#include "edge/probe.h"

/*
 * What a test can say: one table of steps and one of codes, from which the tests speak and from
 * which the manual (entente-test(7)) is printed. Names of steps and codes are stable: scripts look
 * at them. Pure.
 */

/* clang-format off */
/* X(SUFFIX, name, needs when testing a partner, ... one of our domains, what it looks at) */
#define PROBE_STEPS(X) \
	X(SYNTAX, "syntax", NONE, NONE, "the name as it was typed, and its form in DNS") \
	X(PARTNER, "partner", SYNTAX, NO, "whether it is listed, enabled, and nobody else's") \
	X(DOMAIN, "domain", NO, SYNTAX, "whether it is one of our domains, enabled") \
	X(ROUTE, "route", NO, DOMAIN, "where messages to its users go on the SIP side") \
	X(SETTINGS, "settings", PARTNER, NO, "the methods that TLS, SASL and dialback leave") \
	X(SRV, "srv", SYNTAX, DOMAIN, "the SRV records, each one") \
	X(ADDRESS, "address", SRV, SRV, "the addresses of each SRV target") \
	X(DNSSEC, "dnssec", SYNTAX, DOMAIN, "whether the answers are signed, and rightly") \
	X(HERE, "here", NO, ADDRESS, "whether the records lead to our own listeners") \
	X(TCP, "tcp", ADDRESS, NO, "a connection to each address") \
	X(LISTENER, "listener", NO, DOMAIN, "our own listeners, each asked as a partner asks") \
	X(HEADER, "header", TCP, NO, "the stream header, and that it is XMPP at all") \
	X(FEATURES, "features", HEADER, NO, "what the other server offers, in clear and in TLS") \
	X(STARTTLS, "starttls", FEATURES, NO, "the change to TLS") \
	X(TLS, "tls", STARTTLS, LISTENER, "the handshake: version and cipher") \
	X(SERVED, "served", NO, LISTENER, "the certificate shown for it, also without SNI") \
	X(CHAIN, "chain", TLS, SERVED, "whether the certificate leads to a trusted authority") \
	X(NAME, "name", TLS, SERVED, "whether the domain is in it") \
	X(EXPIRY, "expiry", TLS, SERVED, "how long it is valid") \
	X(PURPOSE, "purpose", TLS, SERVED, "what it may be used for") \
	X(EXTERNAL, "external", TLS, NO, "authentication by our certificate (SASL EXTERNAL)") \
	X(DIALBACK, "dialback", FEATURES, NO, "authentication by dialback, with a real key") \
	X(METHOD, "method", FEATURES, NO, "the method that was reached, and those allowed") \
	X(PING, "ping", METHOD, NO, "a ping, whose answer comes on a stream of theirs") \
	X(INBOUND, "inbound", PARTNER, NO, "the last stream that they opened to us") \
	X(RECORD, "record", NO, DOMAIN, "the DNS records to publish")

enum probe_step {
#define X(suffix, ...) PROBE_STEP_##suffix,
	PROBE_STEPS(X)
#undef X
	PROBE_STEP__N,
	PROBE_STEP_NONE, /* nothing before it */
	PROBE_STEP_NO,   /* not in this kind of test */
};

const char *probe_step_name(enum probe_step s);
/* What has to have gone well before it; PROBE_STEP_NO: it is not part of this kind of test. */
enum probe_step probe_step_needs(enum probe_step s, enum probe_kind kind);

/*
 * X(SUFFIX, code, step, result, remedy). The step is the first where it may occur. In a remedy
 * {they} is "Ask the administrator of DOMAIN to ", or nothing when the domain is ours; {domain} is
 * the domain under test; {local} is our domain. A failure becomes a warning where the stream can do
 * without: another address works, or dialback is allowed.
 */
#define PROBE_CODES(X) \
	X(OK, "ok", NONE, PASS, "") \
	X(BLOCKED, "blocked", NONE, SKIPPED, "") \
	X(NOT_NEEDED, "not_needed", NONE, SKIPPED, "") \
	X(NOT_IN_SETTINGS, "not_in_settings", NONE, SKIPPED, "") \
	X(TIME_OVER, "time_over", NONE, SKIPPED, "") \
	X(STOPPED, "stopped", NONE, SKIPPED, "") \
	X(SYNTAX_BAD, "syntax_bad", SYNTAX, FAIL, "Write a domain name, like example.com.") \
	X(SYNTAX_MIXED, "syntax_mixed", SYNTAX, WARN, \
		"The name mixes alphabets whose letters look alike: make sure that this is the " \
		"name you mean.") \
	X(NOT_LISTED, "not_listed", PARTNER, FAIL, "List it: entente partner add {domain}") \
	X(DISABLED, "disabled", PARTNER, FAIL, "Let it in again: entente partner enable {domain}") \
	X(IS_LOCAL, "is_local", PARTNER, FAIL, \
		"This is one of our own domains: entente test domain {domain}") \
	X(OVERLAP, "overlap", PARTNER, WARN, \
		"Sub-domains are not implied: make sure that the domain named here is with the " \
		"right partner.") \
	X(LOCAL_NONE, "local_none", PARTNER, FAIL, \
		"Add a domain to speak for: entente domain add DOMAIN --route NAME") \
	X(LOCAL_UNKNOWN, "local_unknown", PARTNER, FAIL, \
		"Speak for one of our own domains: entente domain list") \
	X(DOMAIN_UNKNOWN, "domain_unknown", DOMAIN, FAIL, \
		"If it is ours, add it: entente domain add {domain} --route NAME; a partner's: " \
		"entente test partner {domain}") \
	X(ROUTE_NONE, "route_none", ROUTE, FAIL, \
		"Say where its users are: entente domain set {domain} --route NAME") \
	X(SETTINGS_WARN, "settings_warn", SETTINGS, WARN, \
		"What the settings leave, and what the warnings mean: entente partner show " \
		"{domain}") \
	X(NO_METHOD, "no_method", SETTINGS, FAIL, \
		"Choose settings that leave a method: entente partner methods") \
	X(NO_CERTIFICATE, "no_certificate", SETTINGS, FAIL, \
		"Give {local} a certificate: a [certificate NAME] section of entente.conf, " \
		"then reload.") \
	X(NO_PASSPHRASE, "no_passphrase", SETTINGS, FAIL, \
		"Set the secret behind dialback keys: entente gateway set " \
		"--dialback-passphrase SECRET") \
	X(SRV_NONE, "srv_none", SRV, WARN, \
		"{they}publish an SRV record for _xmpp-server._tcp.{domain}; until then the " \
		"domain's own address and port 5269 are used.") \
	X(SRV_MISSING, "srv_missing", SRV, FAIL, \
		"Compare the spelling of {domain}; if it is right, {they}publish an SRV record " \
		"for _xmpp-server._tcp.{domain}.") \
	X(SRV_DOT, "srv_dot", SRV, FAIL, \
		"{they}replace the SRV record, whose target \".\" says that {domain} has no " \
		"XMPP server.") \
	X(DNS_TIMEOUT, "dns_timeout", SRV, FAIL, \
		"No name server answered in time: look at [resolver] in entente.conf and at " \
		"the servers of the zone.") \
	X(DNS_FAILED, "dns_failed", SRV, FAIL, \
		"The name servers could not answer: look at [resolver] in entente.conf and at " \
		"the servers of the zone.") \
	X(DNS_SLOW, "dns_slow", SRV, WARN, \
		"DNS is slow, and the first message waits for it: look at the name servers of " \
		"the zone and at [resolver] in entente.conf.") \
	X(ADDRESS_NONE, "address_none", ADDRESS, FAIL, \
		"{they}publish an A or AAAA record for the SRV target, or correct its name.") \
	X(ADDRESS_ALIAS, "address_alias", ADDRESS, WARN, \
		"{they}name a host with an address of its own in the SRV record: an alias " \
		"(CNAME) is not allowed there (RFC 2782).") \
	X(DNSSEC_BOGUS, "dnssec_bogus", DNSSEC, FAIL, \
		"{they}repair the signatures of the zone: the answers are not authentic, and " \
		"nobody who validates will use them.") \
	X(DNSSEC_NEEDED, "dnssec_needed", DNSSEC, FAIL, \
		"{they}sign the zone, or name it in insecure-zones of [resolver], or set " \
		"dnssec to auto.") \
	X(DNSSEC_UNCHECKED, "dnssec_unchecked", DNSSEC, WARN, \
		"Use name servers that pass on signatures ([resolver] forward): as it is, " \
		"forged answers would not be noticed.") \
	X(HERE_ELSEWHERE, "here_elsewhere", HERE, WARN, \
		"None of the addresses is this machine's: right behind a translator (NAT) that " \
		"forwards the port to a listener here, else correct the records.") \
	X(HERE_PORT, "here_port", HERE, FAIL, \
		"The records lead to this machine, to a port where nothing of ours listens: " \
		"correct the record or [xmpp] listen.") \
	X(HERE_PARTLY, "here_partly", HERE, WARN, \
		"Some of the addresses lead elsewhere: partners that choose them do not reach " \
		"this server.") \
	X(TCP_REFUSED, "tcp_refused", TCP, FAIL, \
		"{they}start the server there or open the port in the firewall; or correct the " \
		"port where it stands: in the SRV record, or in the partner's proxy here.") \
	X(TCP_TIMEOUT, "tcp_timeout", TCP, FAIL, \
		"Nothing answers at this address: look at the firewalls on both sides (TCP, " \
		"port as shown).") \
	X(TCP_UNREACHABLE, "tcp_unreachable", TCP, FAIL, \
		"There is no way to this address from here: look at routing and at firewalls " \
		"that reject.") \
	X(TCP_IPV6_DEAD, "tcp_ipv6_dead", TCP, WARN, \
		"IPv6 does not get through and IPv4 does: repair IPv6, or {they}take the AAAA " \
		"record away; every new stream tries it first.") \
	X(REFUSED_LOCAL, "refused_local", TCP, FAIL, \
		"The records lead to this machine itself or to an address that means something " \
		"else everywhere: {they}correct them. In a lab, allow-local = yes in the section " \
		"[test] of entente.conf, and a restart.") \
	X(LISTENER_DEAD, "listener_dead", LISTENER, FAIL, \
		"Our own listener does not answer: look at entente status and at the log.") \
	X(LISTENER_NO_TLS, "listener_no_tls", LISTENER, FAIL, \
		"Give {domain} a certificate: a [certificate NAME] section of entente.conf, " \
		"then reload.") \
	X(HEADER_TIMEOUT, "header_timeout", HEADER, FAIL, \
		"The connection was taken and nothing was said: {they}look whether an XMPP " \
		"server is behind this port, and for a firewall that swallows what passes.") \
	X(CLOSED, "closed", HEADER, FAIL, \
		"The connection was closed without a word: {they}look into the log of that " \
		"server for our address.") \
	X(HEADER_HTTP, "header_http", HEADER, FAIL, \
		"An HTTP server answers at this port: {they}correct the port in the SRV record.") \
	X(HEADER_DIRECT_TLS, "header_direct_tls", HEADER, FAIL, \
		"This port wants TLS from the first byte: {they}name the ordinary server port " \
		"(5269) in _xmpp-server._tcp.") \
	X(HEADER_NOT_XMPP, "header_not_xmpp", HEADER, FAIL, \
		"Something else than XMPP answers at this port: {they}correct the SRV record.") \
	X(HEADER_CLIENT, "header_client", HEADER, FAIL, \
		"This port is for clients: {they}name the server port (5269) in the SRV record.") \
	X(HEADER_BAD, "header_bad", HEADER, FAIL, \
		"Its stream header breaks RFC 6120: {they}update that server.") \
	X(HEADER_OLD, "header_old", HEADER, WARN, \
		"It speaks XMPP 0.9, without TLS: {they}update that server.") \
	X(HOST_UNKNOWN, "host_unknown", HEADER, FAIL, \
		"The server there does not serve {domain}: {they}correct the SRV record or the " \
		"server's domains.") \
	X(NOT_LISTED_THERE, "not_listed_there", HEADER, FAIL, \
		"{they}allow our domain {local}.") \
	X(STREAM_ERROR, "stream_error", HEADER, FAIL, \
		"The server ended the stream with this error: {they}look into its log.") \
	X(FEATURES_TIMEOUT, "features_timeout", FEATURES, FAIL, \
		"No features came: {they}look into the log of that server.") \
	X(STARTTLS_MISSING, "starttls_missing", STARTTLS, FAIL, \
		"TLS has to be used and is not offered: {they}turn on TLS for server " \
		"connections.") \
	X(STARTTLS_NOT_OFFERED, "starttls_not_offered", STARTTLS, WARN, \
		"Streams with {domain} are not encrypted: {they}turn on TLS for server " \
		"connections.") \
	X(STARTTLS_REFUSED, "starttls_refused", STARTTLS, FAIL, \
		"TLS was offered or asked for and then refused: {they}look at that server's " \
		"certificate settings.") \
	X(STARTTLS_WANTED, "starttls_wanted", STARTTLS, FAIL, \
		"The partner requires TLS and our settings exclude it: entente partner set " \
		"{domain} --tls Required") \
	X(TLS_OLD, "tls_old", TLS, FAIL, \
		"No TLS version in common (we speak 1.2 and 1.3): {they}turn on TLS 1.2 or 1.3.") \
	X(TLS_CIPHER, "tls_cipher", TLS, FAIL, \
		"No cipher or signature in common: {they}turn on ciphers with forward secrecy " \
		"(ECDHE with AES-GCM or ChaCha20) and certificates of 2048 bits or more.") \
	X(TLS_OUR_CERTIFICATE, "tls_our_certificate", TLS, FAIL, \
		"The server refuses our certificate already in the handshake: see what it may " \
		"dislike with entente test domain {local}") \
	X(TLS_ALERT, "tls_alert", TLS, FAIL, \
		"The server ended the handshake with this alert: {they}look into its log.") \
	X(TLS_NOT_TLS, "tls_not_tls", TLS, FAIL, \
		"What came after STARTTLS is not TLS: look for something between the servers " \
		"that interferes.") \
	X(TLS_TIMEOUT, "tls_timeout", TLS, FAIL, \
		"The handshake stands still: look for a path that loses large packets (MTU), " \
		"and {they}look at that server.") \
	X(TLS_CLOSED, "tls_closed", TLS, FAIL, \
		"The connection ended in the handshake: {they}look at that server's " \
		"certificate, key and log.") \
	X(TLS_FAILED, "tls_failed", TLS, FAIL, \
		"The handshake failed: {they}look at that server's TLS settings and log.") \
	X(SERVED_OTHER, "served_other", SERVED, WARN, \
		"Without SNI another certificate is shown than with it: servers that send no " \
		"SNI see the wrong one.") \
	X(CERT_NONE, "cert_none", CHAIN, FAIL, "{they}install a certificate.") \
	X(CERT_SELF_SIGNED, "cert_self_signed", CHAIN, FAIL, \
		"{they}install a certificate of a public authority; it is signed by itself.") \
	X(CERT_NO_INTERMEDIATE, "cert_no_intermediate", CHAIN, FAIL, \
		"{they}add the intermediate certificates to the server's chain file: the " \
		"certificate came alone, and its issuer is not a trusted authority.") \
	X(CERT_UNTRUSTED, "cert_untrusted", CHAIN, FAIL, \
		"{they}use an authority that others trust; or add theirs to the file that " \
		"[xmpp] trust names.") \
	X(CERT_PRIVATE, "cert_private", CHAIN, WARN, \
		"Only who trusts your own authority believes this certificate: for partners that " \
		"do not, get one of a public authority.") \
	X(CERT_CHAIN_EXPIRED, "cert_chain_expired", CHAIN, FAIL, \
		"{they}replace the intermediate certificate, which has expired.") \
	X(CERT_WEAK, "cert_weak", CHAIN, FAIL, \
		"{they}get a certificate with a key of 2048 bits or more and without SHA-1.") \
	X(CERT_REVOKED, "cert_revoked", CHAIN, FAIL, \
		"{they}get a new certificate: this one has been revoked.") \
	X(CERT_UNPROVEN, "cert_unproven", CHAIN, FAIL, \
		"Whether it has been revoked has to be known here and is not: {they}staple an OCSP " \
		"response, or see crl-check of [xmpp].") \
	X(CERT_INVALID, "cert_invalid", CHAIN, FAIL, "{they}get a new certificate.") \
	X(CERT_WRONG_NAME, "cert_wrong_name", NAME, FAIL, \
		"{they}get a certificate with {domain} as a subject alternative name (DNS); " \
		"the name of the SRV target is not enough.") \
	X(CERT_EXPIRED, "cert_expired", EXPIRY, FAIL, "{they}renew the certificate.") \
	X(CERT_NOT_YET, "cert_not_yet", EXPIRY, FAIL, \
		"Compare the clocks of both machines; the certificate is not valid yet.") \
	X(CERT_EXPIRES_SOON, "cert_expires_soon", EXPIRY, WARN, \
		"{they}renew the certificate in time.") \
	X(PURPOSE_CLIENT_ONLY, "purpose_client_only", PURPOSE, WARN, \
		"The certificate is for clients only; we accept it, other servers may not: " \
		"{they}get one for servers.") \
	X(PURPOSE_SERVER_ONLY, "purpose_server_only", PURPOSE, WARN, \
		"The certificate is for servers only; some servers (ejabberd 23) then refuse " \
		"EXTERNAL, so allow dialback with such partners.") \
	X(PURPOSE_OTHER, "purpose_other", PURPOSE, WARN, \
		"The certificate is for neither servers nor clients; others may refuse it: " \
		"{they}get one for servers.") \
	X(EXTERNAL_NOT_OFFERED, "external_not_offered", EXTERNAL, FAIL, \
		"The server does not offer EXTERNAL, mostly since it does not accept our " \
		"certificate: entente test domain {local}") \
	X(EXTERNAL_REFUSED, "external_refused", EXTERNAL, FAIL, \
		"The server refused our certificate: see what it may dislike with entente test " \
		"domain {local}, and {they}look into its log.") \
	X(EXTERNAL_TIMEOUT, "external_timeout", EXTERNAL, FAIL, \
		"The server did not answer EXTERNAL: {they}look into its log.") \
	X(DIALBACK_WRONG_KEY, "dialback_wrong_key", DIALBACK, FAIL, \
		"Our listener was asked about another key than the one we gave: nodes with " \
		"different passphrases, or a fault of that server; {they}look into its log.") \
	X(DIALBACK_ELSEWHERE, "dialback_elsewhere", DIALBACK, FAIL, \
		"Somebody else answers for {local}: its SRV record does not lead here: entente " \
		"test domain {local}") \
	X(DIALBACK_DISBELIEVED, "dialback_disbelieved", DIALBACK, FAIL, \
		"Our listener said valid and the server says invalid: {they}look into its log.") \
	X(DIALBACK_UNREACHABLE, "dialback_unreachable", DIALBACK, FAIL, \
		"The server could not ask us back: look at our SRV record and firewall: " \
		"entente test domain {local}") \
	X(DIALBACK_REFUSED, "dialback_refused", DIALBACK, FAIL, \
		"The server does not accept dialback from {local}: {they}allow it, or use " \
		"EXTERNAL with certificates.") \
	X(DIALBACK_NO_ANSWER, "dialback_no_answer", DIALBACK, FAIL, \
		"The key was verified here, and no result came: {they}look into that server's " \
		"log.") \
	X(METHOD_NONE, "method_none", METHOD, FAIL, \
		"No method that the settings allow was reached: repair the first failed step.") \
	X(METHOD_LESS, "method_less", METHOD, WARN, \
		"The best method that the settings allow was not reached: see the steps above.") \
	X(PING_NO_ANSWER, "ping_no_answer", PING, WARN, \
		"The answer did not come: the server probably cannot open a stream to us: " \
		"entente test domain {local}") \
	X(PING_CUT, "ping_cut", PING, FAIL, \
		"The server ended the stream when it was used: {they}look into its log.") \
	X(INBOUND_NEVER, "inbound_never", INBOUND, WARN, \
		"They have not opened a stream to us since the start: if their messages do not " \
		"arrive, entente test domain {local}") \
	X(INBOUND_FAILED, "inbound_failed", INBOUND, WARN, \
		"The last stream that they opened failed; its steps: entente partner attempts " \
		"{domain}")

enum probe_code {
#define X(suffix, ...) PC_##suffix,
	PROBE_CODES(X)
#undef X
	PC__N
};
/* clang-format on */

const char *probe_code_name(enum probe_code c);
enum view_probe_result probe_code_result(enum probe_code c);
enum probe_step probe_code_step(enum probe_code c);

/* Of whom a test speaks. */
struct probe_names {
	enum probe_kind kind;
	const char *domain; /* under test */
	const char *local;  /* ours; PROBE_DOMAIN: the same */
};

/* The remedy with its names filled in, cut at PROBE_REMEDY_MAX. */
void probe_code_remedy(
	enum probe_code c, const struct probe_names *names, char ret[static PROBE_REMEDY_MAX + 1]);

/* mdoc for the manual: the steps in their order, each with its codes. */
void probe_code_man(struct buf *out);
