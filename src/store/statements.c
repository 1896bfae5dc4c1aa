#include "store/backend.h"

#include <string.h>

#define AUDIT_COLUMNS                                                                              \
	"id, generation, at_ms, who, source, way, verb, kind, object, value_before, value_after, " \
	"result, code, times, seq, prev, mac"

#define GENERATION_COLUMNS "generation, at_ms, who, source, way, summary"

/* clang-format off */
const struct stmt_def stmt_defs[STMT__N] = {
	[STMT_META_LIST] = {HALF_MANAGED, "meta", OP_LIST, 2, 1,
		"SELECT name, value FROM meta ORDER BY name"},
	[STMT_META_PUT] = {HALF_MANAGED, "meta", OP_PUT, 2, 1,
		"INSERT INTO meta (name, value) VALUES ($1, $2) "
		"ON CONFLICT (name) DO UPDATE SET value = excluded.value"},

	[STMT_GATEWAY_LIST] = {HALF_MANAGED, "gateway", OP_LIST, 8, 1,
		"SELECT identity, connection_limit, partner_connection_limit, keep_alive_interval, "
		"stream_establishment_timeout, stream_inactivity_timeout, subscription_refresh_interval, "
		"enable_logging_all_message_bodies FROM gateway ORDER BY identity"},
	[STMT_GATEWAY_PUT] = {HALF_MANAGED, "gateway", OP_PUT, 8, 1,
		"INSERT INTO gateway (identity, connection_limit, partner_connection_limit, "
		"keep_alive_interval, stream_establishment_timeout, stream_inactivity_timeout, "
		"subscription_refresh_interval, enable_logging_all_message_bodies) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (identity) DO UPDATE SET "
		"connection_limit = excluded.connection_limit, "
		"partner_connection_limit = excluded.partner_connection_limit, "
		"keep_alive_interval = excluded.keep_alive_interval, "
		"stream_establishment_timeout = excluded.stream_establishment_timeout, "
		"stream_inactivity_timeout = excluded.stream_inactivity_timeout, "
		"subscription_refresh_interval = excluded.subscription_refresh_interval, "
		"enable_logging_all_message_bodies = excluded.enable_logging_all_message_bodies"},

	[STMT_ACCESS_LIST] = {HALF_MANAGED, "access", OP_LIST, 2, 1,
		"SELECT identity, allow_federated_users FROM access ORDER BY identity"},
	[STMT_ACCESS_PUT] = {HALF_MANAGED, "access", OP_PUT, 2, 1,
		"INSERT INTO access (identity, allow_federated_users) VALUES ($1, $2) "
		"ON CONFLICT (identity) DO UPDATE SET "
		"allow_federated_users = excluded.allow_federated_users"},

	[STMT_ROUTE_LIST] = {HALF_MANAGED, "route", OP_LIST, 18, 1,
		"SELECT name, description, next_hop, transport, sources, from_domains, tls_names, kind, "
		"message_mode, receive_rate, send_rate, sender_rate, error_wait, late_error, "
		"congestion_safe, certificate, digest_user, trust_identity FROM route ORDER BY name"},
	[STMT_ROUTE_PUT] = {HALF_MANAGED, "route", OP_PUT, 18, 1,
		"INSERT INTO route (name, description, next_hop, transport, sources, from_domains, "
		"tls_names, kind, message_mode, receive_rate, send_rate, sender_rate, error_wait, "
		"late_error, congestion_safe, certificate, digest_user, trust_identity) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, "
		"$18) ON CONFLICT (name) DO UPDATE SET description = excluded.description, "
		"next_hop = excluded.next_hop, transport = excluded.transport, "
		"sources = excluded.sources, from_domains = excluded.from_domains, "
		"tls_names = excluded.tls_names, kind = excluded.kind, "
		"message_mode = excluded.message_mode, receive_rate = excluded.receive_rate, "
		"send_rate = excluded.send_rate, sender_rate = excluded.sender_rate, "
		"error_wait = excluded.error_wait, late_error = excluded.late_error, "
		"congestion_safe = excluded.congestion_safe, certificate = excluded.certificate, "
		"digest_user = excluded.digest_user, trust_identity = excluded.trust_identity"},
	[STMT_ROUTE_DROP] = {HALF_MANAGED, "route", OP_DROP, 18, 1, "DELETE FROM route WHERE name = $1"},

	[STMT_DOMAIN_LIST] = {HALF_MANAGED, "domain", OP_LIST, 3, 1,
		"SELECT domain, description, route FROM domain ORDER BY domain"},
	[STMT_DOMAIN_PUT] = {HALF_MANAGED, "domain", OP_PUT, 3, 1,
		"INSERT INTO domain (domain, description, route) VALUES ($1, $2, $3) "
		"ON CONFLICT (domain) DO UPDATE SET description = excluded.description, "
		"route = excluded.route"},
	[STMT_DOMAIN_DROP] = {HALF_MANAGED, "domain", OP_DROP, 3, 1,
		"DELETE FROM domain WHERE domain = $1"},

	[STMT_PARTNER_LIST] = {HALF_MANAGED, "partner", OP_LIST, 11, 1,
		"SELECT domain, additional_domains, description, partner_type, tls_negotiation, "
		"sasl_negotiation, support_dialback_negotiation, enable_keep_alive, proxy_fqdn, "
		"connection_limit, enabled FROM partner ORDER BY domain"},
	[STMT_PARTNER_PUT] = {HALF_MANAGED, "partner", OP_PUT, 11, 1,
		"INSERT INTO partner (domain, additional_domains, description, partner_type, "
		"tls_negotiation, sasl_negotiation, support_dialback_negotiation, enable_keep_alive, "
		"proxy_fqdn, connection_limit, enabled) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) "
		"ON CONFLICT (domain) DO UPDATE SET additional_domains = excluded.additional_domains, "
		"description = excluded.description, partner_type = excluded.partner_type, "
		"tls_negotiation = excluded.tls_negotiation, "
		"sasl_negotiation = excluded.sasl_negotiation, "
		"support_dialback_negotiation = excluded.support_dialback_negotiation, "
		"enable_keep_alive = excluded.enable_keep_alive, proxy_fqdn = excluded.proxy_fqdn, "
		"connection_limit = excluded.connection_limit, enabled = excluded.enabled"},
	[STMT_PARTNER_DROP] = {HALF_MANAGED, "partner", OP_DROP, 11, 1,
		"DELETE FROM partner WHERE domain = $1"},

	[STMT_POLICY_LIST] = {HALF_MANAGED, "policy", OP_LIST, 5, 1,
		"SELECT identity, description, enable_federation_access, enable_xmpp_access, "
		"write_invites FROM policy ORDER BY identity"},
	[STMT_POLICY_PUT] = {HALF_MANAGED, "policy", OP_PUT, 5, 1,
		"INSERT INTO policy (identity, description, enable_federation_access, "
		"enable_xmpp_access, write_invites) VALUES ($1, $2, $3, $4, $5) "
		"ON CONFLICT (identity) DO UPDATE SET description = excluded.description, "
		"enable_federation_access = excluded.enable_federation_access, "
		"enable_xmpp_access = excluded.enable_xmpp_access, "
		"write_invites = excluded.write_invites"},
	[STMT_POLICY_DROP] = {HALF_MANAGED, "policy", OP_DROP, 5, 1,
		"DELETE FROM policy WHERE identity = $1"},

	[STMT_GRANT_LIST] = {HALF_MANAGED, "policy_grant", OP_LIST, 2, 1,
		"SELECT user_address, policy FROM policy_grant ORDER BY user_address"},
	[STMT_GRANT_PUT] = {HALF_MANAGED, "policy_grant", OP_PUT, 2, 1,
		"INSERT INTO policy_grant (user_address, policy) VALUES ($1, $2) "
		"ON CONFLICT (user_address) DO UPDATE SET policy = excluded.policy"},
	[STMT_GRANT_DROP] = {HALF_MANAGED, "policy_grant", OP_DROP, 2, 1,
		"DELETE FROM policy_grant WHERE user_address = $1"},

	[STMT_SECRET_LIST] = {HALF_MANAGED, "secret", OP_LIST, 2, 1,
		"SELECT name, sealed FROM secret ORDER BY name"},
	[STMT_SECRET_PUT] = {HALF_MANAGED, "secret", OP_PUT, 2, 1,
		"INSERT INTO secret (name, sealed) VALUES ($1, $2) "
		"ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed"},
	[STMT_SECRET_DROP] = {HALF_MANAGED, "secret", OP_DROP, 2, 1,
		"DELETE FROM secret WHERE name = $1"},

	[STMT_AUDIT_LIST] = {HALF_MANAGED, "audit", OP_AFTER, 17, 1,
		"SELECT " AUDIT_COLUMNS " FROM audit WHERE id > $1 ORDER BY id LIMIT $2", true},
	[STMT_AUDIT_BEFORE] = {HALF_MANAGED, "audit", OP_BEFORE, 17, 1,
		"SELECT " AUDIT_COLUMNS " FROM audit WHERE id < $1 ORDER BY id DESC LIMIT $2", true},
	[STMT_AUDIT_PUT] = {HALF_MANAGED, "audit", OP_PUT, 17, 1,
		"INSERT INTO audit (" AUDIT_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, "
		"$10, $11, $12, $13, $14, $15, $16, $17) ON CONFLICT (id) DO UPDATE SET "
		"seq = excluded.seq, prev = excluded.prev, mac = excluded.mac", true},

	[STMT_ACCOUNT_LIST] = {HALF_MANAGED, "administrator", OP_LIST, 12, 1,
		"SELECT name, description, roles, enabled, password, one_time_until, totp, totp_last, "
		"recovery, epoch, created, last_sign_in FROM administrator ORDER BY name"},
	[STMT_ACCOUNT_PUT] = {HALF_MANAGED, "administrator", OP_PUT, 12, 1,
		"INSERT INTO administrator (name, description, roles, enabled, password, "
		"one_time_until, totp, totp_last, recovery, epoch, created, last_sign_in) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) "
		"ON CONFLICT (name) DO UPDATE SET description = excluded.description, "
		"roles = excluded.roles, enabled = excluded.enabled, password = excluded.password, "
		"one_time_until = excluded.one_time_until, totp = excluded.totp, "
		"totp_last = excluded.totp_last, recovery = excluded.recovery, "
		"epoch = excluded.epoch, created = excluded.created, "
		"last_sign_in = excluded.last_sign_in"},
	[STMT_ACCOUNT_DROP] = {HALF_MANAGED, "administrator", OP_DROP, 12, 1,
		"DELETE FROM administrator WHERE name = $1"},
	[STMT_ACCOUNT_ROLE_LIST] = {HALF_MANAGED, "role", OP_LIST, 4, 1,
		"SELECT name, title, rights, requires_totp FROM role ORDER BY name"},
	[STMT_ACCOUNT_ROLE_PUT] = {HALF_MANAGED, "role", OP_PUT, 4, 1,
		"INSERT INTO role (name, title, rights, requires_totp) VALUES ($1, $2, $3, $4) "
		"ON CONFLICT (name) DO UPDATE SET title = excluded.title, rights = excluded.rights, "
		"requires_totp = excluded.requires_totp"},
	[STMT_ACCOUNT_ROLE_DROP] = {HALF_MANAGED, "role", OP_DROP, 4, 1,
		"DELETE FROM role WHERE name = $1"},
	[STMT_TOKEN_LIST] = {HALF_MANAGED, "token", OP_LIST, 10, 1,
		"SELECT id, name, owner, of_socket, rights, created, expires, last_used, revoked, hash "
		"FROM token ORDER BY id"},
	[STMT_TOKEN_PUT] = {HALF_MANAGED, "token", OP_PUT, 10, 1,
		"INSERT INTO token (id, name, owner, of_socket, rights, created, expires, last_used, "
		"revoked, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
		"ON CONFLICT (id) DO UPDATE SET last_used = excluded.last_used, "
		"revoked = excluded.revoked"},
	[STMT_TOKEN_DROP] = {HALF_MANAGED, "token", OP_DROP, 10, 1, "DELETE FROM token WHERE id = $1"},

	[STMT_GENERATION_LIST] = {HALF_MANAGED, "generation", OP_AFTER, 6, 1,
		"SELECT " GENERATION_COLUMNS " FROM generation WHERE generation > $1 "
		"ORDER BY generation LIMIT $2", true},
	[STMT_GENERATION_BEFORE] = {HALF_MANAGED, "generation", OP_BEFORE, 6, 1,
		"SELECT " GENERATION_COLUMNS " FROM generation WHERE generation < $1 "
		"ORDER BY generation DESC LIMIT $2", true},
	[STMT_GENERATION_PUT] = {HALF_MANAGED, "generation", OP_PUT, 6, 1,
		"INSERT INTO generation (" GENERATION_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6) "
		"ON CONFLICT (generation) DO UPDATE SET at_ms = excluded.at_ms, "
		"who = excluded.who, source = excluded.source, way = excluded.way, "
		"summary = excluded.summary", true},
	[STMT_GENERATION_FORGET] = {HALF_MANAGED, "generation", OP_FORGET, 6, 1,
		"DELETE FROM generation WHERE generation <= $1", true},

	[STMT_STEP_LIST] = {HALF_MANAGED, "step", OP_AFTER, 5, 1,
		"SELECT n, kind, object, value_before, value_after FROM step WHERE n > $1 "
		"ORDER BY n LIMIT $2", true},
	[STMT_STEP_BEFORE] = {HALF_MANAGED, "step", OP_BEFORE, 5, 1,
		"SELECT n, kind, object, value_before, value_after FROM step WHERE n < $1 "
		"ORDER BY n DESC LIMIT $2", true},
	[STMT_STEP_PUT] = {HALF_MANAGED, "step", OP_PUT, 5, 1,
		"INSERT INTO step (n, kind, object, value_before, value_after) "
		"VALUES ($1, $2, $3, $4, $5) ON CONFLICT (n) DO UPDATE SET kind = excluded.kind, "
		"object = excluded.object, value_before = excluded.value_before, "
		"value_after = excluded.value_after", true},
	[STMT_STEP_FORGET] = {HALF_MANAGED, "step", OP_FORGET, 5, 1,
		"DELETE FROM step WHERE n <= $1", true},

	[STMT_DIRECTORY_LIST] = {HALF_MANAGED, "directory", OP_LIST, 2, 1,
		"SELECT name, value FROM directory ORDER BY name"},
	[STMT_DIRECTORY_PUT] = {HALF_MANAGED, "directory", OP_PUT, 2, 1,
		"INSERT INTO directory (name, value) VALUES ($1, $2) "
		"ON CONFLICT (name) DO UPDATE SET value = excluded.value"},
	[STMT_BINDING_LIST] = {HALF_MANAGED, "directory_binding", OP_AFTER, 4, 1,
		"SELECT id, group_name, role, confirmed FROM directory_binding WHERE id > $1 "
		"ORDER BY id LIMIT $2", true},
	[STMT_BINDING_PUT] = {HALF_MANAGED, "directory_binding", OP_PUT, 4, 1,
		"INSERT INTO directory_binding (id, group_name, role, confirmed) "
		"VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO UPDATE SET "
		"group_name = excluded.group_name, role = excluded.role, "
		"confirmed = excluded.confirmed", true},
	[STMT_BINDING_DROP] = {HALF_MANAGED, "directory_binding", OP_DROP, 4, 1,
		"DELETE FROM directory_binding WHERE id = $1", true},

	[STMT_ALLOW_LIST] = {HALF_MEMORY, "allow", OP_LIST, 7, 2,
		"SELECT user_address, contact, expires_ms, created_by, created_ms, owner, lease_until "
		"FROM allow ORDER BY user_address, contact"},
	[STMT_ALLOW_PUT] = {HALF_MEMORY, "allow", OP_PUT, 7, 2,
		"INSERT INTO allow (user_address, contact, expires_ms, created_by, created_ms, owner, "
		"lease_until) VALUES ($1, $2, $3, $4, $5, $6, $7) "
		"ON CONFLICT (user_address, contact) DO UPDATE SET expires_ms = excluded.expires_ms, "
		"created_by = excluded.created_by, created_ms = excluded.created_ms, "
		"owner = excluded.owner, lease_until = excluded.lease_until"},
	[STMT_ALLOW_DROP] = {HALF_MEMORY, "allow", OP_DROP, 7, 2,
		"DELETE FROM allow WHERE user_address = $1 AND contact = $2"},
};
/* clang-format on */

const struct backend_ops *backend_find(const char *name, struct err *e)
{
	static const struct backend_ops *const all[] = {
		&sqlite_backend, &look_backend, &ram_backend};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	err_code(e, ERR_INVALID, "backend_unknown", "store",
		"there is no store '%s'; right would be sqlite", name);
	return NULL;
}

void backend_close(struct backend *b)
{
	if (b)
		b->ops->close(b);
}
