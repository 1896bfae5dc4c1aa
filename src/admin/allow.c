#include <jansson.h>
#include <stdlib.h>
#include <time.h>

#include "admin/admin_priv.h"
#include "base/clock.h"
#include "base/mem.h"
#include "federation/address.h"
#include "federation/setting.h"

/* The invitations are the gateway's: they are asked for and changed on its loop. */

struct asking {
	struct admin_allow allow;
	struct api_call *call;
};

static void asking_free(struct asking *k)
{
	arena_done(&k->allow.arena);
	free(k);
}

/* "2026-12-31T23:59:59Z", what an HTTP client has at hand; fractions of a second are dropped. */
int time_read(const char *s, uint64_t *ret_ms, struct err *e)
{
	struct tm tm = {0};
	const char *rest = s ? strptime(s, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;

	if (rest && *rest == '.')
		rest += 1 + strspn(rest + 1, "0123456789");
	if (!rest || strcmp(rest, "Z") != 0 || timegm(&tm) <= 0)
		return err_code(e, ERR_INVALID, "time_syntax", "expires",
			"expires is no time in UTC; write it like 2026-12-31T23:59:59Z, or null "
			"for never");
	*ret_ms = (uint64_t)timegm(&tm) * 1000;
	if (*ret_ms <= clock_wall_ms())
		return err_code(e, ERR_INVALID, "expires_in_past", "expires",
			"%s is past; give a time to come, or null for never", s);
	return 0;
}

static int read_address(
	struct slice typed, const char *field, struct asking *k, struct slice *ret, struct err *e)
{
	if (!typed.p || !typed.n)
		return err_code(
			e, ERR_INVALID, "required", field, "%s is missing: name@domain", field);
	if (address_admin(ret, &k->allow.arena, typed, e) == 0)
		return 0;
	snprintf(e->field, sizeof e->field, "%s", field);
	return -1;
}

/* An entry that could never be asked for is a slip of whoever wrote it. */
static int check_domains(const struct snapshot *s, const struct admin_allow_entry *a, struct err *e)
{
	struct slice user = address_domain(a->user), contact = address_domain(a->contact);

	if (!snapshot_local(s, user))
		return err_code(e, ERR_INVALID, "user_not_local", "user",
			"%.*s is not one of the local domains; 'entente domain list' shows them",
			SLARG(user));
	if (!snapshot_partner(s, contact))
		return err_code(e, ERR_INVALID, "not_partner", "contact",
			"%.*s is the domain of no partner; 'entente partner list' shows them",
			SLARG(contact));
	return 0;
}

static void entry_json(const struct admin_allow_entry *a, struct buf *out)
{
	char iso[32];

	buf_str(out, "{\"user\": ");
	json_quote(out, a->user);
	buf_str(out, ", \"contact\": ");
	json_quote(out, a->contact);
	clock_iso(a->expires_ms, iso);
	if (a->expires_ms)
		buf_printf(out, ", \"expires\": \"%s\"}", iso);
	else
		buf_str(out, ", \"expires\": null}");
}

static void list_json(const struct admin_allow *a, struct buf *out)
{
	buf_str(out, "{\"items\": [");
	for (size_t i = 0; i < a->n; i++) {
		buf_str(out, i ? ",\n" : "\n");
		entry_json(&a->list[i], out);
	}
	buf_str(out, "]}");
}

/* "romeo@sip.lab juliet@xmpp.lab" is or is no longer invited. */
static void audit(const struct asking *k)
{
	const struct admin_allow_entry *a = &k->allow.entry;
	char *key = xasprintf("%.*s %.*s", SLARG(a->user), SLARG(a->contact));

	call_audit(k->call, k->allow.verb == ADMIN_ALLOW_PUT ? "set" : "remove", "allow",
		slice_of(key), NULL);
	xfree(key);
}

static void on_done(struct admin_allow *a)
{
	struct asking *k = container_of(a, struct asking, allow);
	struct buf json = {0};

	k->call->admin->asked--;
	if (a->result < 0) {
		call_problem(k->call, &a->err, NULL);
	} else {
		if (a->verb == ADMIN_ALLOW_LIST) {
			list_json(a, &json);
		} else {
			audit(k);
			entry_json(&a->entry, &json);
		}
		call_answer(k->call, 200, &json);
	}
	asking_free(k);
}

static struct asking *asking_new(struct api_call *c, enum admin_allow_verb verb)
{
	struct asking *k = xzalloc(sizeof *k);

	k->call = c;
	k->allow.verb = verb;
	k->allow.done = on_done;
	snprintf(k->allow.by, sizeof k->allow.by, "%s", c->who.name);
	return k;
}

static void ask(struct asking *k, int r, struct err *e)
{
	struct admin *a = k->call->admin;

	if (r == 0 && !a->hooks->allow)
		r = err_code(e, ERR_UNAVAILABLE, "no_gateway", NULL, "this process has no gateway");
	if (r == 0) {
		a->asked++;
		a->hooks->allow(a->hooks_arg, &k->allow);
		return;
	}
	call_problem(k->call, e, NULL);
	asking_free(k);
}

void allow_list(struct api_call *c)
{
	struct err e;

	ask(asking_new(c, ADMIN_ALLOW_LIST), 0, &e);
}

static struct slice member(json_t *body, const char *name)
{
	return slice_of(json_string_value(json_object_get(body, name)));
}

static int read_entry(struct asking *k, json_t *body, struct err *e)
{
	struct admin_allow_entry *a = &k->allow.entry;
	json_t *expires = json_object_get(body, "expires");

	if (read_address(member(body, "user"), "user", k, &a->user, e) < 0 ||
		read_address(member(body, "contact"), "contact", k, &a->contact, e) < 0 ||
		check_domains(k->call->admin->snapshot, a, e) < 0)
		return -1;
	if (!expires || json_is_null(expires))
		return 0;
	return time_read(json_string_value(expires), &a->expires_ms, e);
}

void allow_put_one(struct api_call *c)
{
	struct asking *k = asking_new(c, ADMIN_ALLOW_PUT);
	json_t *body = NULL;
	struct err e;
	int r = change_body(c, &body, &e);

	if (r == 0)
		r = read_entry(k, body, &e);
	json_decref(body);
	ask(k, r, &e);
}

/* Also where a domain is no longer ours or a partner's: what is left over can be removed. */
void allow_remove_one(struct api_call *c)
{
	struct asking *k = asking_new(c, ADMIN_ALLOW_REMOVE);
	struct admin_allow_entry *a = &k->allow.entry;
	struct err e;
	int r = read_address(http_query(c->req, "user"), "user", k, &a->user, &e);

	if (r == 0)
		r = read_address(http_query(c->req, "contact"), "contact", k, &a->contact, &e);
	ask(k, r, &e);
}
