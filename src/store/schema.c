#include "store/schema.h"

/*
 * Values have no CHECK: federation/ is the one place for rules. Keys and references are here as
 * well, as the last line of defence against a bug of ours.
 */
/* clang-format off */
static const char *const managed_steps[] = {
	"CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;"
	"CREATE TABLE gateway ("
	"  identity TEXT PRIMARY KEY, connection_limit INTEGER NOT NULL,"
	"  partner_connection_limit INTEGER NOT NULL, keep_alive_interval INTEGER NOT NULL,"
	"  stream_establishment_timeout INTEGER NOT NULL, stream_inactivity_timeout INTEGER NOT NULL,"
	"  subscription_refresh_interval INTEGER NOT NULL,"
	"  enable_logging_all_message_bodies TEXT NOT NULL) STRICT;"
	"CREATE TABLE access (identity TEXT PRIMARY KEY, allow_federated_users TEXT NOT NULL) STRICT;"
	"CREATE TABLE route ("
	"  name TEXT PRIMARY KEY, description TEXT, next_hop TEXT NOT NULL, transport TEXT NOT NULL,"
	"  sources TEXT, from_domains TEXT, tls_names TEXT, kind TEXT NOT NULL,"
	"  message_mode TEXT NOT NULL, receive_rate INTEGER, send_rate INTEGER,"
	"  error_wait INTEGER NOT NULL, late_error TEXT NOT NULL, congestion_safe TEXT NOT NULL) STRICT;"
	"CREATE TABLE domain ("
	"  domain TEXT PRIMARY KEY, description TEXT,"
	"  route TEXT REFERENCES route DEFERRABLE INITIALLY DEFERRED) STRICT;"
	"CREATE TABLE partner ("
	"  domain TEXT PRIMARY KEY, additional_domains TEXT, description TEXT,"
	"  partner_type TEXT NOT NULL, tls_negotiation TEXT NOT NULL, sasl_negotiation TEXT NOT NULL,"
	"  support_dialback_negotiation TEXT NOT NULL, enable_keep_alive TEXT NOT NULL,"
	"  proxy_fqdn TEXT, connection_limit INTEGER, enabled TEXT NOT NULL) STRICT;"
	"CREATE TABLE policy ("
	"  identity TEXT PRIMARY KEY, description TEXT, enable_federation_access TEXT NOT NULL,"
	"  enable_xmpp_access TEXT NOT NULL, write_invites TEXT NOT NULL) STRICT;"
	"CREATE TABLE policy_grant ("
	"  user_address TEXT PRIMARY KEY,"
	"  policy TEXT NOT NULL REFERENCES policy DEFERRABLE INITIALLY DEFERRED) STRICT;"
	"CREATE TABLE secret (name TEXT PRIMARY KEY, sealed TEXT NOT NULL) STRICT;"
	/* mac: the chain that shows a change, gap or reorder; filled once the audit log is sealed. */
	"CREATE TABLE audit ("
	"  id INTEGER PRIMARY KEY AUTOINCREMENT, generation INTEGER NOT NULL, at_ms INTEGER NOT NULL,"
	"  who TEXT NOT NULL, source TEXT NOT NULL, way TEXT NOT NULL, verb TEXT NOT NULL,"
	"  kind TEXT NOT NULL, object TEXT NOT NULL, value_before TEXT, value_after TEXT,"
	"  result TEXT NOT NULL, mac TEXT) STRICT;",
	/* seq and prev: what mac was made over, so that a line that was moved says where from. */
	"ALTER TABLE audit ADD COLUMN code TEXT;"
	"ALTER TABLE audit ADD COLUMN times INTEGER NOT NULL DEFAULT 1;"
	"ALTER TABLE audit ADD COLUMN seq INTEGER;"
	"ALTER TABLE audit ADD COLUMN prev TEXT;",
	"CREATE TABLE administrator ("
	"  name TEXT PRIMARY KEY, description TEXT NOT NULL, roles TEXT NOT NULL,"
	"  enabled TEXT NOT NULL, password TEXT NOT NULL, one_time_until INTEGER NOT NULL,"
	"  totp TEXT, totp_last INTEGER NOT NULL, recovery TEXT NOT NULL, epoch INTEGER NOT NULL,"
	"  created INTEGER NOT NULL, last_sign_in INTEGER NOT NULL) STRICT;"
	"CREATE TABLE role ("
	"  name TEXT PRIMARY KEY, title TEXT NOT NULL, rights TEXT NOT NULL,"
	"  requires_totp TEXT NOT NULL) STRICT;"
	"CREATE TABLE token ("
	"  id TEXT PRIMARY KEY, name TEXT NOT NULL, owner TEXT NOT NULL, of_socket TEXT NOT NULL,"
	"  rights TEXT NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL,"
	"  last_used INTEGER NOT NULL, revoked INTEGER NOT NULL, hash TEXT NOT NULL) STRICT;",
	"CREATE TABLE generation ("
	"  generation INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, who TEXT NOT NULL,"
	"  source TEXT NOT NULL, way TEXT NOT NULL, summary TEXT NOT NULL) STRICT;"
	"CREATE TABLE step ("
	"  n INTEGER PRIMARY KEY, kind TEXT NOT NULL, object TEXT NOT NULL, value_before TEXT,"
	"  value_after TEXT) STRICT;",
	"CREATE TABLE directory (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;"
	"CREATE TABLE directory_binding ("
	"  id INTEGER PRIMARY KEY, group_name TEXT NOT NULL, role TEXT NOT NULL,"
	"  confirmed TEXT NOT NULL) STRICT;",
	"ALTER TABLE route ADD COLUMN sender_rate INTEGER;"
	"ALTER TABLE route ADD COLUMN certificate TEXT;"
	"ALTER TABLE route ADD COLUMN digest_user TEXT;"
	"ALTER TABLE route ADD COLUMN trust_identity TEXT NOT NULL DEFAULT 'false';",
	NULL,
};
/* clang-format on */

/* clang-format off */
static const char *const memory_steps[] = {
	"CREATE TABLE allow ("
	"  user_address TEXT NOT NULL, contact TEXT NOT NULL, expires_ms INTEGER NOT NULL,"
	"  created_by TEXT NOT NULL, created_ms INTEGER NOT NULL, owner TEXT NOT NULL,"
	"  lease_until INTEGER NOT NULL, PRIMARY KEY (user_address, contact)) STRICT, WITHOUT ROWID;",
	NULL,
};
/* clang-format on */

const struct schema sqlite_schemas[2] = {
	[HALF_MANAGED] = {"managed.db", "the store",          0x456e746d, "FULL",   managed_steps},
	[HALF_MEMORY] = {"memory.db",  "the store's memory", 0x456e7472, "NORMAL", memory_steps },
};
