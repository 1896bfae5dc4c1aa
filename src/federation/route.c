#include "federation/route.h"

#include <string.h>

#include "base/mem.h"
#include "federation/setting_ops.h"

static const char *const transport_words[] = {"udp", "tcp", "tls", "auto", NULL};
static const char *const kind_words[] = {"generic", "microsoft-edge", "microsoft-pool", NULL};
static const char *const mode_words[] = {"pager", "session", "auto", NULL};
static const char *const late_error_words[] = {"message", "off", NULL};

#define F(field) offsetof(struct route, field)
/* clang-format off */
static const struct setting settings[] = {
	{"name", NULL, SETTING_NAME, SETTING_KEY, F(name), 1, 64, NULL, NULL, NULL,
		"What the route is called here."},
	{"description", NULL, SETTING_TEXT, SETTING_NONE, F(description), 0, 1024, NULL, NULL,
		"characters", "Free text."},
	{"next_hop", NULL, SETTING_NEXT_HOP, SETTING_REQUIRED, F(next_hop), 0, 253, NULL, NULL, NULL,
		"Where requests to its users are sent."},
	{"transport", NULL, SETTING_WORD, 0, F(transport), 0, 0, transport_words, "udp", NULL,
		"How. udp and tcp are for loopback and trusted networks only; auto: as DNS says of the "
		"next hop."},
	{"sources", NULL, SETTING_NETWORKS, SETTING_NONE, F(sources), 0, 64, NULL, NULL, "networks",
		"Addresses from which its requests are taken; empty: those of the next hop."},
	{"from_domains", NULL, SETTING_DOMAINS, SETTING_NONE, F(from_domains), 0, 256, NULL, NULL,
		"domains",
		"Local domains that its requests may have in From; empty: those that use this route."},
	{"tls_names", NULL, SETTING_DOMAINS, SETTING_NONE, F(tls_names), 0, 64, NULL, NULL, "names",
		"Names of which the peer's certificate must have one; empty: the next hop's host."},
	{"kind", NULL, SETTING_WORD, 0, F(kind), 0, 0, kind_words, "generic", NULL,
		"What stands there: its customs are followed."},
	{"message_mode", "mode", SETTING_WORD, 0, F(message_mode), 0, 0, mode_words, "pager", NULL,
		"pager: each message for itself; session: within a dialog; auto: session where it works."},
	{"receive_rate", NULL, SETTING_NUMBER, SETTING_NONE, F(receive_rate), 1, 1000000, NULL, NULL,
		"requests/s", "Requests a second that are taken from it; empty: no limit."},
	{"send_rate", NULL, SETTING_NUMBER, SETTING_NONE, F(send_rate), 1, 1000000, NULL, NULL,
		"messages/s", "Messages a second that are sent to it; empty: no limit, but 20 to a microsoft-edge."},
	{"sender_rate", NULL, SETTING_NUMBER, SETTING_NONE, F(sender_rate), 1, 1000000, NULL, NULL,
		"requests/s", "Requests a second that are taken from one sender; empty: no limit."},
	{"error_wait", NULL, SETTING_NUMBER, 0, F(error_wait), 0, 2000, NULL, "300", "ms",
		"How long the answer to a message waits for an error from the partner."},
	{"late_error", NULL, SETTING_WORD, 0, F(late_error), 0, 0, late_error_words, "message", NULL,
		"Whether a message tells the sender of an error that came after the answer."},
	{"congestion_safe", NULL, SETTING_BOOL, 0, F(congestion_safe), 0, 0, NULL, "false", NULL,
		"Every hop on the path controls congestion, so that messages over 1300 bytes may go."},
	{"certificate", NULL, SETTING_NAME, SETTING_NONE, F(certificate), 1, 64, NULL, NULL, NULL,
		"Which [certificate NAME] of entente.conf it is shown; empty: that of the local domain."},
	{"digest_user", NULL, SETTING_TEXT, SETTING_NONE, F(digest_user), 1, 128, NULL, NULL,
		"characters", "User name for it, where it asks who we are (Digest); empty: none."},
	{"digest_password", NULL, SETTING_SECRET, SETTING_NONE | SETTING_WRITE_ONLY,
		F(digest_password), 1, 128, NULL, NULL, NULL,
		"Password of digest_user; kept sealed and never shown."},
	{"trust_identity", NULL, SETTING_BOOL, 0, F(trust_identity), 0, 0, NULL, "false", NULL,
		"P-Asserted-Identity is believed when it comes from it, and sent to it."},
};
/* clang-format on */
#undef F

static bool may_be_tls(const struct route *r)
{
	return r->transport == ROUTE_TLS || r->transport == ROUTE_LOCATED;
}

static int check_transport(const struct route *r, struct err *e)
{
	if (r->tls_names.n && !may_be_tls(r))
		return err_code(e, ERR_INVALID, "needs_tls", "tls_names",
			"tls_names: there is no certificate without transport tls; leave it empty");
	if (r->certificate && !may_be_tls(r))
		return err_code(e, ERR_INVALID, "needs_tls", "certificate",
			"certificate: none is shown without transport tls; leave it empty");
	if (r->kind != ROUTE_GENERIC && r->transport != ROUTE_TLS)
		return err_code(e, ERR_INVALID, "needs_tls", "kind",
			"kind: %s speaks only over transport tls; right would be generic, or tls",
			kind_words[r->kind]);
	if (r->congestion_safe && r->transport == ROUTE_UDP)
		return err_code(e, ERR_INVALID, "needs_stream_transport", "congestion_safe",
			"congestion_safe: udp does not control congestion; right would be false, "
			"or "
			"transport tcp or tls");
	return 0;
}

/* RFC 1122, RFC 1918, RFC 6598, RFC 3927; RFC 4291, RFC 4193. */
static bool is_private(const struct network *n)
{
	/* clang-format off */
	static const struct network nets[] = {
		{{[10] = 0xff, [11] = 0xff, 127}, 104}, {{[10] = 0xff, [11] = 0xff, 10}, 104},
		{{[10] = 0xff, [11] = 0xff, 172, 16}, 108}, {{[10] = 0xff, [11] = 0xff, 192, 168}, 112},
		{{[10] = 0xff, [11] = 0xff, 100, 64}, 106}, {{[10] = 0xff, [11] = 0xff, 169, 254}, 112},
		{{[15] = 1}, 128}, {{0xfc}, 7}, {{0xfe, 0x80}, 10},
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(nets); i++)
		if (n->bits >= nets[i].bits && network_has(&nets[i], n->addr))
			return true;
	return false;
}

static void warn_next_hop(const struct route *r, struct notes *warnings)
{
	struct network n;

	if (r->transport != ROUTE_TLS && network_read_host(slice_of(r->next_hop.host), &n) &&
		!is_private(&n))
		notes_add(warnings, "route", r->name, "route_not_private", "next_hop",
			"the next hop of a route without TLS is outside private networks; whoever "
			"is on the "
			"way can read and forge messages");
}

static void warn_sources(const struct route *r, struct notes *warnings)
{
	for (size_t i = 0; i < r->sources.n; i++)
		if (r->transport != ROUTE_TLS && !is_private(&r->sources.v[i])) {
			notes_add(warnings, "route", r->name, "route_not_private", "sources",
				"sources of a route without TLS reach beyond private networks; "
				"whoever can "
				"forge them can speak for your users");
			return;
		}
}

/* It stands in a quoted-string of a header field; a line break would begin another. */
static int check_digest(const struct route *r, struct err *e)
{
	if (!r->digest_user || !strpbrk(r->digest_user, "\t\r\n"))
		return 0;
	return err_code(e, ERR_INVALID, "control_character", "digest_user",
		"digest_user: has a tabulator or a line break; right would be one line");
}

/* One without the other is no mistake: an export and the history have no passwords. */
static void warn_digest(const struct route *r, struct notes *warnings)
{
	if (r->digest_password && !r->digest_user)
		notes_add(warnings, "route", r->name, "digest_user_missing", "digest_user",
			"there is a password and no user name: it is not used");
	if (!r->digest_user)
		return;
	if (!r->digest_password)
		notes_add(warnings, "route", r->name, "digest_password_missing", "digest_password",
			"there is a user name and no password; where the route asks who we are, "
			"messages are refused");
	if (r->transport != ROUTE_TLS)
		notes_add(warnings, "route", r->name, "digest_not_private", "digest_user",
			"without TLS whoever is on the way can try passwords against what he "
			"hears; the password has to be long and random");
}

static void warn_trust(const struct route *r, struct notes *warnings)
{
	if (r->trust_identity && r->transport != ROUTE_TLS)
		notes_add(warnings, "route", r->name, "trust_not_private", "trust_identity",
			"without TLS whoever can send from its addresses can speak for any user, "
			"and "
			"who is on the way reads identities that asked to be kept private");
}

/* The INVITE of a session has about as many bytes as a datagram may (RFC 3261 18.1.1). */
static void warn_mode(const struct route *r, struct notes *warnings)
{
	if (r->message_mode == ROUTE_PAGER && r->kind != ROUTE_GENERIC)
		notes_add(warnings, "route", r->name, "mode_not_of_kind", "message_mode",
			"user agents of %s take messages within sessions only; right would be "
			"session",
			kind_words[r->kind]);
	if (r->message_mode != ROUTE_PAGER && r->transport == ROUTE_UDP)
		notes_add(warnings, "route", r->name, "mode_over_udp", "message_mode",
			"without tcp or tls what is over 1300 bytes is not sent, within a session "
			"too");
}

static void warn_rates(const struct route *r, struct notes *warnings)
{
	if (r->receive_rate && r->sender_rate > r->receive_rate)
		notes_add(warnings, "route", r->name, "sender_rate_above_total", "sender_rate",
			"sender_rate %u is never reached: receive_rate is %u", r->sender_rate,
			r->receive_rate);
}

uint32_t route_send_rate(const struct route *r)
{
	if (!r->send_rate && r->kind == ROUTE_MICROSOFT_EDGE)
		return ROUTE_EDGE_RATE;
	return r->send_rate;
}

static int check(const struct object *o, struct notes *warnings, struct err *e)
{
	const struct route *r = route_of(o);

	if (check_transport(r, e) < 0 || check_digest(r, e) < 0)
		return -1;
	warn_next_hop(r, warnings);
	warn_sources(r, warnings);
	warn_digest(r, warnings);
	warn_trust(r, warnings);
	warn_mode(r, warnings);
	warn_rates(r, warnings);
	if (r->late_error == ROUTE_LATE_OFF)
		notes_add(warnings, "route", r->name, "late_errors_not_told", "late_error",
			"senders are not told of errors that come after %u ms", r->error_wait);
	return 0;
}

/* clang-format off */
const struct object_class route_class = {
	OBJECT_ROUTE, "route", "routes", "SIP route", sizeof(struct route), false, settings,
	ARRAY_LEN(settings), check,
};
/* clang-format on */
