#include "federation/gateway.h"

#include "base/mem.h"

#define F(field) offsetof(struct gateway_settings, field)
/* clang-format off */
static const struct setting gateway_settings[] = {
	{"connection_limit", NULL, SETTING_NUMBER, 0, F(connection_limit), 1, 1000000, NULL, "1000",
		"connections", "Connections with all partners at once."},
	{"partner_connection_limit", NULL, SETTING_NUMBER, 0, F(partner_connection_limit), 1, 1000000,
		NULL, "20", "connections",
		"Connections with one partner at once; at most connection_limit."},
	{"keep_alive_interval", NULL, SETTING_NUMBER, 0, F(keep_alive_interval), 10, 86400, NULL, "300",
		"s", "A stream on which nothing has come for so long is tested with a ping."},
	{"stream_establishment_timeout", NULL, SETTING_NUMBER, 0, F(stream_establishment_timeout), 1, 600,
		NULL, "60", "s", "A stream that is not ready by then is given up."},
	{"stream_inactivity_timeout", NULL, SETTING_NUMBER, 0, F(stream_inactivity_timeout), 30, 604800,
		NULL, "600", "s", "A stream that has carried no stanza for so long is closed."},
	{"subscription_refresh_interval", NULL, SETTING_NUMBER, 0, F(subscription_refresh_interval), 60,
		2592000, NULL, "28800", "s", "How long a presence subscription lasts before it is renewed."},
	{"enable_logging_all_message_bodies", NULL, SETTING_BOOL, 0, F(enable_logging_all_message_bodies),
		0, 0, NULL, "false", NULL, "Writes the text of messages to a file of its own."},
	{"dialback_passphrase", NULL, SETTING_SECRET, SETTING_NONE | SETTING_WRITE_ONLY,
		F(dialback_passphrase), 16, 256, NULL, NULL, NULL,
		"The secret behind dialback keys; empty: a new random one is made."},
};
/* clang-format on */
#undef F

static int check_gateway(const struct object *o, struct notes *warnings, struct err *e)
{
	const struct gateway_settings *g = gateway_of(o);

	if (g->partner_connection_limit > g->connection_limit)
		return err_code(e, ERR_INVALID, "partner_limit_above_total",
			"partner_connection_limit",
			"partner_connection_limit: %u is more than the connection_limit of %u; "
			"right would "
			"be 1 to %u",
			g->partner_connection_limit, g->connection_limit, g->connection_limit);
	if (g->enable_logging_all_message_bodies)
		notes_add(warnings, "gateway", "global", "bodies_logged",
			"enable_logging_all_message_bodies",
			"the text of every message is written to a file, where whoever may read it "
			"sees what people say to each other");
	if (g->stream_inactivity_timeout <= g->keep_alive_interval)
		notes_add(warnings, "gateway", "global", "inactivity_before_keep_alive",
			"stream_inactivity_timeout",
			"streams are closed for inactivity after %u s, before "
			"the keep-alive interval of %u s has passed",
			g->stream_inactivity_timeout, g->keep_alive_interval);
	return 0;
}

/* clang-format off */
const struct object_class gateway_class = {
	OBJECT_GATEWAY, "gateway", "gateway", "gateway", sizeof(struct gateway_settings), true,
	gateway_settings, ARRAY_LEN(gateway_settings), check_gateway,
};
/* clang-format on */

#define F(field) offsetof(struct access_settings, field)
static const struct setting access_settings[] = {
	{"allow_federated_users", "federation", SETTING_BOOL, 0, F(allow_federated_users), 0, 0,
         NULL, "false", NULL, "Federation for all users; false turns everything off."},
};
#undef F

/* clang-format off */
const struct object_class access_class = {
	OBJECT_ACCESS, "access", "access", "access", sizeof(struct access_settings), true,
	access_settings, ARRAY_LEN(access_settings), NULL,
};
/* clang-format on */
