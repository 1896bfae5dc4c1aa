#include "daemon/conf.h"

#define C(field)    offsetof(struct conf, field)
#define CERT(field) offsetof(struct conf_cert, field)

/* clang-format off */
const struct conf_key conf_keys[] = {
	{"daemon", "roles", CT_SET, C(roles), "edge gateway admin", 1, ROLE__N, "edge gateway admin", false,
		"What this process does: edge (XMPP streams), gateway (SIP and the translation), "
		"admin (the API that entente speaks to). Edge and gateway go together in this "
		"version."},
	{"daemon", "node", CT_TEXT, C(node), "a", 1, 1, NULL, false,
		"One letter or digit that begins every SIP branch, tag, Call-ID and stanza id of "
		"this process. Nodes that share a store need different ones."},
	{"daemon", "user", CT_TEXT, C(user), "", 0, 32, NULL, false,
		"User to change to when started as root, once the certificates are read and the "
		"admin socket is made; to be read again they must be readable by that user. Empty: "
		"stay who one is. Under systemd leave it empty: the unit starts as user entente "
		"already."},
	{"daemon", "log-level", CT_CHOICE, C(log_level), "info", 0, 0, "error warn info debug", true,
		"error: an operator must act; warn: degraded; info: streams and changes; debug: "
		"every state. Message bodies and secrets are logged at no level."},

	{"store", "dir", CT_PATH, C(store_dir), "/var/lib/entente/store", 1, 1000, NULL, false,
		"Directory of the databases: partners, domains, routes, settings and their "
		"history. Made, with mode 0700, at the first start."},
	{"store", "key-file", CT_PATH, C(key_file), "/var/lib/entente/store.key", 1, 1000, NULL, false,
		"Secret that seals the secrets in the store; made at the first start, mode 0600, "
		"the same on all nodes of a site. Without it the sealed secrets are lost: back it "
		"up apart from the databases."},

	{"log", "body-file", CT_PATH, C(body_file), "", 0, 1000, NULL, false,
		"Where the text of messages is written, an object of JSON a line, while the gateway "
		"setting enable-logging-all-message-bodies is on. Mode 0600; put aside each day and "
		"at 64 MiB. Empty: bodies.log in the directory of the store. It never goes to the "
		"log."},
	{"log", "body-keep-days", CT_NUMBER, C(body_keep_days), "7", 1, 3650, NULL, false,
		"So many days after its last line a file that was put aside is deleted, also when "
		"texts are not written any more."},

	{"xmpp", "listen", CT_ADDRS, C(xmpp_listen), "[::]:5269 0.0.0.0:5269", 1, 32, NULL, false,
		"Addresses that take server-to-server streams from partners."},
	{"xmpp", "trust", CT_TEXT, C(trust), "system", 1, 1000, NULL, true,
		"Whose certificates are believed: system, or a PEM file of certification "
		"authorities. Read again when it changes."},
	{"xmpp", "crl", CT_PATHS, C(crls), "", 0, 64, NULL, true,
		"Files of certificate revocation lists, PEM or DER, read again when they change. A "
		"partner whose certificate is on one is refused, and streams that it authenticated "
		"are closed."},
	{"xmpp", "crl-check", CT_CHOICE, C(crl_check), "auto", 0, 0, "auto require", true,
		"auto: where an authority has no valid list, its certificates count as not "
		"revoked, with a warning about lists that are past their time; require: they are "
		"refused."},

	{"xmpp", "connection-rate", CT_NUMBER, C(connection_rate), "50", 1, 100000, NULL, false,
		"New connections a second from one address (an IPv6 network of 64 bits counts as "
		"one), and streams a second that one partner may open; twice as many at once after "
		"a rest. What is more is closed at once."},
	{"xmpp", "vain-connections", CT_NUMBER, C(vain_connections), "30", 1, 100000, NULL, false,
		"Connections from one address that may come to nothing: that end within a minute and "
		"have brought no stanza. Then it is slowed: a thirtieth of them a second is taken "
		"from it, as long as they go on to come to nothing."},
	{"xmpp", "address-connections", CT_NUMBER, C(address_connections), "64", 1, 100000, NULL, false,
		"Connections from one address that have not been authenticated yet."},
	{"xmpp", "unauthenticated-connections", CT_NUMBER, C(unauthenticated), "1024", 1, 100000, NULL, false,
		"The same from all addresses together. When there are so many, the oldest one of "
		"the address that holds most makes room for the next."},

	{CONF_CERT_SECTION, "chain", CT_PATH, CERT(chain), NULL, 1, 1000, NULL, true,
		"PEM file with our certificate and the intermediate ones, ours first. This file "
		"and the others of the section are read again when they change; certificate and key "
		"may be replaced one after the other, within a minute."},
	{CONF_CERT_SECTION, "key", CT_PATH, CERT(key), NULL, 1, 1000, NULL, true,
		"PEM file with the private key, readable by this process only."},
	{CONF_CERT_SECTION, "intermediates", CT_PATH, CERT(intermediates), "", 0, 1000, NULL, true,
		"PEM file with the intermediate certificates, where they are not in chain."},
	{CONF_CERT_SECTION, "ocsp", CT_PATH, CERT(ocsp), "", 0, 1000, NULL, true,
		"DER file with an OCSP response about the certificate, which is stapled to it. "
		"Something else keeps it fresh."},
	{CONF_CERT_SECTION, "domains", CT_NAMES, CERT(domains), "", 0, 256, NULL, true,
		"Local domains that show this certificate. Empty: every domain that has none of "
		"its own."},

	{"sip", "listen-udp", CT_ADDRS, C(sip_udp), "127.0.0.1:5060 [::1]:5060", 1, 16, NULL, false,
		"Addresses that take SIP over UDP from the configured routes. UDP cannot prove who "
		"sends: listen on loopback or on a network you trust."},
	{"sip", "listen-tcp", CT_ADDRS, C(sip_tcp), "", 0, 16, NULL, false,
		"Addresses that take SIP over TCP from the configured routes, which are known by "
		"their addresses alone: listen on loopback or on a network you trust. Empty: none; "
		"routes with transport tcp are connected to all the same."},
	{"sip", "listen-tls", CT_ADDRS, C(sip_tls), "", 0, 16, NULL, false,
		"Addresses that take SIP over TLS, such as 192.0.2.10:5061, from routes that prove "
		"by their certificate who they are. We show the certificate of the domain that the "
		"peer asks for, else the one without domains. Empty: none; routes with transport tls "
		"are connected to all the same."},
	{"sip", "contact-host", CT_TEXT, C(sip_contact_host), "", 0, 253, NULL, false,
		"The name or address, without port, at which SIP servers reach the listeners above: "
		"it stands in the Contact of sessions, so that what belongs to one comes back to "
		"this host. Over TLS it has to be a name of our certificate. Empty: the address "
		"that a socket listens at or, where that is any, the name of this host."},
	{"sip", "trust", CT_TEXT, C(sip_trust), "", 0, 1000, NULL, true,
		"Whose certificates are believed of SIP routes: a PEM file of certification "
		"authorities, such as that of your own organization, or system. Partners are not "
		"believed by it. Read again when it changes. Empty: those of trust in [xmpp]. The "
		"revocation lists of [xmpp] hold for both."},

	{"sip", "transactions-memory", CT_NUMBER, C(sip_transactions_memory), "512", 16, 65536, NULL, false,
		"Megabytes that SIP transactions may take at most, those included that are kept only "
		"to answer retransmissions: about 0.15 kB for each request of the last 32 seconds. New "
		"requests that find no room are refused (500 with Retry-After); what has begun goes "
		"on."},

	{"sip", "vain-connections", CT_NUMBER, C(sip_vain_connections), "30", 1, 100000, NULL, false,
		"Connections from one address that may come to nothing: that end within a minute and "
		"have carried no request that was let through. Then it is slowed: a thirtieth of them a "
		"second is taken (at least one), the others are closed at once. That holds for the "
		"addresses of routes, too: more where a server of yours connects again and again "
		"without a message."},
	{"sip", "session-idle", CT_NUMBER, C(sip_session_idle), "600", 1, 86400, NULL, false,
		"After how many seconds in which nothing is said a session of a user and a contact "
		"ends (BYE). The next message opens another."},

	{"resolver", "dnssec", CT_CHOICE, C(dnssec), "auto", 0, 0, "auto off require", false,
		"auto: validate, and do without where the network strips signatures; require: "
		"unsigned answers are no answers; off: do not validate."},
	{"resolver", "insecure-zones", CT_NAMES, C(insecure_zones), "", 0, 64, NULL, false,
		"Zones that are not validated, such as internal ones that exist only on this "
		"site."},
	{"resolver", "forward", CT_ADDRS, C(forward), "", 0, 8, NULL, false,
		"Name servers to ask, as address:port. Empty: those of /etc/resolv.conf."},
	{"resolver", "trust-anchors", CT_PATH, C(trust_anchors), "", 0, 1000, NULL, false,
		"File with DS or DNSKEY records, as in a zone file: keys of signed zones that the "
		"root does not lead to, such as private ones. They hold also where dnssec = auto "
		"finds no signatures of the root. Empty: none."},

	{"admin", "socket", CT_PATH, C(admin_socket), "/run/entente/admin.sock", 1, 100, NULL, false,
		"Unix socket of the API, mode 0660. Root, this process's own user and the members "
		"of the group below may use it."},
	{"admin", "group", CT_TEXT, C(admin_group), "entente", 0, 32, NULL, false,
		"Group whose members may administer. Empty, or a group that does not exist: root "
		"and the own user only."},

	{"admin", "directory-reread", CT_NUMBER, C(directory_reread), "300", 1, 3600, NULL, false,
		"How often, in seconds, the account and the groups of somebody who signed in by the "
		"directory are read again. Who was removed, disabled or locked there loses his "
		"session by then; without an answer, after twice as long."},
	{"admin", "listen", CT_ADDRS, C(admin_listen), "127.0.0.1:8443", 0, 32, NULL, false,
		"Addresses of the Control Panel and its API, by HTTPS. Empty: neither, only the "
		"socket."},
	{"admin", "url", CT_TEXT, C(admin_url), "", 0, 300, NULL, false,
		"How browsers reach the panel: https://entente.example:8443. Requests for another "
		"host and changes from pages of another origin are refused. Empty: the first "
		"address of listen."},
	{"admin", "certificate", CT_PATH, C(admin_certificate), "", 0, 1000, NULL, true,
		"PEM file with the panel's certificate and the intermediate ones, read again when "
		"it changes. Empty: a certificate of its own making, which browsers warn of; its "
		"fingerprint is in the log."},
	{"admin", "key", CT_PATH, C(admin_key), "", 0, 1000, NULL, true,
		"PEM file with the private key of that certificate."},
	{"admin", "trusted-proxies", CT_NETS, C(trusted_proxies), "", 0, 64, NULL, false,
		"Proxies before the panel, as addresses or networks (192.0.2.0/24). Only what they "
		"say in X-Forwarded-For or Forwarded of a client's address is believed. They have "
		"to set one of the two and to pass on Host."},
	{"admin", "session-idle", CT_NUMBER, C(session_idle), "900", 5, 86400, NULL, false,
		"After how many seconds without a request of its person a session of the panel ends. "
		"What the panel asks by itself does not count."},
	{"admin", "session-life", CT_NUMBER, C(session_life), "43200", 5, 604800, NULL, false,
		"After how many seconds a session ends, whatever its person does."},
	{"admin", "allow-beside-xmpp", CT_BOOL, C(admin_beside_xmpp), "no", 0, 0, NULL, false,
		"Permits an address of listen, other than loopback, where partners are served as "
		"well ([xmpp] listen). Partners come from the whole Internet: the panel should not "
		"be where they are."},

	{"metrics", "listen", CT_ADDRS, C(metrics), "127.0.0.1:9464", 0, 4, NULL, false,
		"Addresses of /metrics (Prometheus) and /health, without sign-in. Empty: none."},
	{"metrics", "allow-remote", CT_BOOL, C(metrics_remote), "no", 0, 0, NULL, false,
		"Permits metrics addresses outside loopback. What they tell is not secret, but it "
		"is nobody else's business: put a firewall before it."},

	{"test", "allow-local", CT_BOOL, C(test_allow_local), "no", 0, 0, NULL, false,
		"Lets 'entente test' connect to loopback and link-local addresses and to our own "
		"listeners. For a lab: elsewhere such addresses are a mistake in a partner's DNS, "
		"or somebody's try to reach what is only for this machine."},
	{"test", "step-timeout", CT_NUMBER, C(test_step_ms), "10000", 100, 30000, NULL, false,
		"How long each step of 'entente test' may take, in milliseconds."},
	{"test", "per-minute", CT_NUMBER, C(test_per_minute), "6", 1, 600, NULL, false,
		"How many tests this process begins in a minute; one more is refused."},
};
/* clang-format on */

const size_t conf_keys_n = sizeof conf_keys / sizeof conf_keys[0];
