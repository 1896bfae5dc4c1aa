#include <arpa/inet.h>
#include <unistd.h>

#include "admin/admin_priv.h"
#include "base/clock.h"
#include "base/mem.h"
#include "federation/setting.h"
#include "view/certificates.h"
#include "view/metrics.h"

/* ---- what keeps messages from flowing ---- */

struct hints {
	const struct snapshot *snapshot;
	struct buf *out;
	unsigned n;
	bool no_commands;
};

static void hint(struct hints *h, const char *code, const char *text, const char *command)
{
	buf_printf(h->out, "%s{\"code\": \"%s\"", h->n++ ? ", " : "", code);
	json_text(h->out, "text", slice_of(text));
	if (!h->no_commands)
		json_text(h->out, "command", slice_of(command));
	buf_chr(h->out, '}');
}

static size_t count(const struct snapshot *s, enum object_kind kind)
{
	const struct object *const *v;

	return snapshot_list(s, kind, &v);
}

static size_t partners_enabled(const struct snapshot *s)
{
	const struct object *const *v;
	size_t n = snapshot_list(s, OBJECT_PARTNER, &v), enabled = 0;

	for (size_t i = 0; i < n; i++)
		enabled += partner_of(v[i])->enabled;
	return enabled;
}

static bool some_policy_opens(const struct snapshot *s)
{
	const struct object *const *v;
	size_t n = snapshot_list(s, OBJECT_POLICY, &v);

	for (size_t i = 0; i < n; i++)
		if (policy_of(v[i])->enable_federation_access &&
			policy_of(v[i])->enable_xmpp_access)
			return true;
	return false;
}

static bool some_domain_has_no_route(const struct snapshot *s)
{
	const struct object *const *v;
	size_t n = snapshot_list(s, OBJECT_DOMAIN, &v);

	for (size_t i = 0; i < n; i++)
		if (!local_domain_of(v[i])->route)
			return true;
	return false;
}

/* ---- what is wrong with streams and certificates ---- */

enum { HINTS_MAX = 5 }; /* about partners; the rest is counted */

static void failing_partner(struct hints *h, const struct view_partner *p)
{
	char *text = xasprintf("Partner %.*s is failing: %.*s.", SLARG(p->domain),
		SLARG(p->last_error.p ? p->last_error : SL("its last stream failed")));
	char *command = xasprintf("entente partner attempts %.*s", SLARG(p->domain));

	hint(h, "partner_failing", text, command);
	xfree(text);
	xfree(command);
}

static void failing_partners(struct hints *h, const struct view_partners *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].health == VIEW_FAILING && n++ < HINTS_MAX)
			failing_partner(h, &l->v[i]);
	if (n > HINTS_MAX) {
		char *text = xasprintf("%zu more partners are failing.", n - HINTS_MAX);

		hint(h, "partners_failing", text, "entente partner state");
		xfree(text);
	}
}

static void expiring(struct hints *h, const struct view_certificate *c)
{
	char *text;

	if (c->days_left < 0)
		text = xasprintf(
			"The certificate %.*s has expired: partners refuse it.", SLARG(c->name));
	else
		text = xasprintf("The certificate %.*s expires in %d days.", SLARG(c->name),
			(int)c->days_left);
	hint(h, c->days_left < 0 ? "certificate_expired" : "certificate_expires", text,
		"entente certificate list");
	xfree(text);
}

static void certificates(struct hints *h, const struct admin *a)
{
	struct view_certificates *l =
		a->hooks->certificates ? a->hooks->certificates(a->hooks_arg) : NULL;

	for (size_t i = 0; l && i < l->n; i++) {
		const struct view_certificate *c = &l->v[i];

		if (c->days_left <= 30)
			expiring(h, c);
		if (c->lacks.n) {
			char *text = xasprintf("The certificate %.*s is not good for %.*s.",
				SLARG(c->name), SLARG(c->lacks));

			hint(h, "certificate_lacks_names", text, "entente certificate list");
			xfree(text);
		}
	}
	view_certificates_free(l);
}

/* ---- all of it ---- */

static bool logs_bodies(const struct snapshot *s)
{
	return snapshot_gateway(s)->enable_logging_all_message_bodies;
}

static void hints(struct hints *h)
{
	const struct snapshot *s = h->snapshot;

	if (logs_bodies(s))
		hint(h, "bodies_logged", "The text of every message is written to a file.",
			"entente gateway set --enable-logging-all-message-bodies false");

	if (!snapshot_access(s)->allow_federated_users)
		hint(h, "federation_off",
			"Federation is switched off: nobody may talk to any partner.",
			"entente access set --allow-federated-users true");
	if (!some_policy_opens(s))
		hint(h, "policy_closed", "No policy permits XMPP federation: no user may use it.",
			"entente access set --enable-federation-access true --enable-xmpp-access "
			"true");
	if (count(s, OBJECT_ROUTE) == 0)
		hint(h, "no_route", "There is no SIP route: no SIP server is trusted.",
			"entente route add NAME --next-hop sip:HOST:PORT");
	if (count(s, OBJECT_DOMAIN) == 0)
		hint(h, "no_domain", "There is no local domain: we speak for nobody.",
			"entente domain add DOMAIN --route NAME");
	else if (some_domain_has_no_route(s))
		hint(h, "domain_without_route",
			"A local domain has no SIP route: nothing is delivered to its users.",
			"entente domain set DOMAIN --route NAME");
	if (count(s, OBJECT_PARTNER) == 0)
		hint(h, "no_partner", "There is no partner: nobody may send us streams.",
			"entente partner add DOMAIN");
	else if (partners_enabled(s) == 0)
		hint(h, "no_partner_enabled", "All partners are disabled.",
			"entente partner enable DOMAIN");
}

/* ---- status ---- */

static void number(struct buf *out, const char *name, enum metric m)
{
	buf_printf(out, ", \"%s\": %lld", name, (long long)metric_get(m));
}

static void counters(struct buf *out)
{
	buf_str(out, ", \"counters\": {\"since\": \"start\"");
	number(out, "from_sip", M_SIP_MESSAGES_IN);
	number(out, "from_xmpp", M_XMPP_MESSAGES_IN);
	number(out, "delivered_to_sip", M_SIP_DELIVERED);
	number(out, "delivered_to_xmpp", M_XMPP_DELIVERED);
	number(out, "errors_told_to_sip", M_SIP_ERRORS);
	number(out, "errors_told_to_xmpp", M_XMPP_ERRORS);
	number(out, "late_errors", M_LATE_ERRORS);
	number(out, "denied", M_DENIED);
	number(out, "streams_in", M_STREAMS_IN);
	number(out, "streams_out", M_STREAMS_OUT);
	number(out, "queued", M_QUEUED);
	number(out, "sip_unlisted", M_SIP_UNLISTED);
	number(out, "sip_kernel_drops", M_SIP_KERNEL_DROPS);
	buf_chr(out, '}');
}

static void identity(const struct admin *a, struct buf *out)
{
	uint64_t now = clock_wall_ms();
	char since[32];

	clock_iso(a->started_ms, since);
	buf_printf(out, "{\"version\": \"%s\", \"state\": \"%s\", \"node\": ", ENTENTE_VERSION,
		a->state ? a->state : "ready");
	json_quote(out, slice_of(a->node));
	buf_str(out, ", \"roles\": ");
	json_quote(out, slice_of(a->roles));
	buf_printf(out, ", \"pid\": %d, \"since\": \"%s\", \"uptime_seconds\": %llu", (int)getpid(),
		since,
		(unsigned long long)(now > a->started_ms ? (now - a->started_ms) / 1000 : 0));
}

/* All that is wrong; a NULL: there is no edge. */
static void problems(struct admin *admin, struct view_ask *a, struct buf *out, bool no_commands)
{
	struct hints h = {admin->snapshot, out, 0, no_commands};

	hints(&h);
	certificates(&h, admin);
	if (a)
		failing_partners(&h, a->partners);
}

static void status_answer(struct api_call *c, struct view_ask *a)
{
	const struct snapshot *s = c->admin->snapshot;
	uint64_t generation = snapshot_generation(s);
	struct buf json = {0};

	identity(c->admin, &json);
	buf_printf(&json,
		", \"generation\": %llu, \"partners\": %zu, \"partners_enabled\": %zu, "
		"\"domains\": %zu, \"routes\": %zu",
		(unsigned long long)generation, count(s, OBJECT_PARTNER), partners_enabled(s),
		count(s, OBJECT_DOMAIN), count(s, OBJECT_ROUTE));
	buf_printf(&json, ", \"body_logging\": %s", logs_bodies(s) ? "true" : "false");
	counters(&json);
	buf_str(&json, ", \"hints\": [");
	problems(c->admin, a, &json, false);
	buf_str(&json, "]}");
	call_answer_at(c, 200, generation, &json);
}

void status_get(struct api_call *c)
{
	if (c->admin->hooks->ask && !c->admin->ending)
		edge_question(c, VIEW_ASK_PARTNERS, SL_NONE, status_answer);
	else
		status_answer(c, NULL);
}

static void health_answer(struct api_call *c, struct view_ask *a)
{
	const char *state = c->admin->state;
	struct buf json = {0};

	buf_printf(&json, "{\"ready\": %s, \"state\": \"%s\", \"problems\": [",
		state ? "false" : "true", state ? state : "ready");
	problems(c->admin, a, &json, true);
	buf_str(&json, "]}");
	call_answer(c, 200, &json);
}

void health_get(struct api_call *c)
{
	if (c->admin->hooks->ask && !c->admin->ending)
		edge_question(c, VIEW_ASK_PARTNERS, SL_NONE, health_answer);
	else
		health_answer(c, NULL);
}

void generation_get(struct api_call *c)
{
	uint64_t generation = snapshot_generation(c->admin->snapshot);
	struct buf json = {0};

	buf_printf(&json, "{\"generation\": %llu}", (unsigned long long)generation);
	call_answer_at(c, 200, generation, &json);
}

void openapi_get(struct api_call *c)
{
	struct buf text = {0};

	api_openapi(&text);
	call_answer_text(c, "application/yaml", &text);
}

/* ---- the loopback port: anybody on this machine may look ---- */

static bool is_literal(struct slice host)
{
	char text[64];
	uint8_t addr[16];

	if (host.n > 2 && *host.p == '[')
		host = slice_cut(slice_from(host, 1), host.n - 2);
	if (host.n == 0 || host.n >= sizeof text)
		return false;
	*slice_copy(text, host) = '\0';
	return inet_pton(AF_INET, text, addr) == 1 || inet_pton(AF_INET6, text, addr) == 1;
}

/*
 * A page of somebody else's whose name has come to mean our address (DNS rebinding) asks for that
 * name. Who asks by an address, for localhost or for the panel's host asks for us; who names no
 * host is no browser.
 */
static bool is_ours(const struct admin *a, struct slice authority)
{
	size_t bracket = slice_rfind(authority, ']');
	struct slice host = slice_cut(
		authority, bracket < authority.n ? bracket + 1 : slice_find(authority, ':'));

	return !authority.p || is_literal(host) || slice_ieq(host, SL("localhost")) ||
	       (*a->url.host && slice_ieq(host, slice_of(a->url.host)));
}

void metrics_request(void *arg, struct http_req *r)
{
	struct admin *a = arg;
	struct slice method = http_method(r), path = http_path(r);
	const char *type = "text/plain; charset=utf-8";
	struct buf body = {0};
	unsigned status = 200;

	if (!is_ours(a, http_header(r, "host"))) {
		status = 421;
		buf_str(&body, "ask by the address, or for localhost\n");
	} else if (!slice_eqz(method, "GET") && !slice_eqz(method, "HEAD")) {
		status = 405;
		http_reply_header(r, "allow", "GET");
		buf_str(&body, "only GET\n");
	} else if (slice_eqz(path, "/metrics")) {
		type = "text/plain; version=0.0.4; charset=utf-8";
		metrics_write(&body);
	} else if (slice_eqz(path, "/health")) {
		status = a->state ? 503 : 200;
		buf_printf(&body, "%s\n", a->state ? a->state : "ok");
	} else {
		status = 404;
		buf_str(&body, "there are /metrics and /health\n");
	}
	http_reply(r, status, type, &body);
}
