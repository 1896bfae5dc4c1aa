#include <jansson.h>
#include <stdlib.h>

#include "admin/admin_priv.h"
#include "base/mem.h"
#include "federation/setting.h"

/*
 * Tests of partners, of our own domains and of SIP routes. Steps are told as they come, one line
 * each, and a last line counts them; what keeps a test from being made is an ordinary refusal.
 */
struct test {
	struct api_call *call;
	struct admin *admin;
	void *handle; /* NULL: over */
	void (*stop)(void *arg, void *handle);
	bool begun; /* the answer is */
	unsigned results[PROBE_RESULT__N];
};

static void on_gone(void *arg)
{
	struct test *t = arg;

	if (t->handle)
		t->stop(t->admin->hooks_arg, t->handle);
}

static void begin_answer(struct test *t)
{
	if (t->begun)
		return;
	t->begun = true;
	call_stream_begin(t->call, on_gone, t);
}

static void text(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, ", \"%s\": ", name);
	json_quote(out, slice_of(value));
}

static void on_step(void *arg, struct view_probe_step *s)
{
	struct test *t = arg;
	struct buf line = {0};

	begin_answer(t);
	t->results[s->result] += !s->advice;
	buf_printf(&line, "{\"step\": \"%s\", \"result\": \"%s\", \"code\": \"%s\"", s->step,
		view_probe_result_name(s->result), s->code);
	text(&line, "evidence", s->evidence);
	text(&line, "remedy", s->remedy);
	buf_printf(&line, ", \"ms\": %u}", s->ms);
	call_stream_put(t->call, buf_slice(&line));
	buf_done(&line);
	free(s);
}

static const char *whole_result(const struct test *t)
{
	if (t->results[PROBE_FAIL])
		return view_probe_result_name(PROBE_FAIL);
	return view_probe_result_name(t->results[PROBE_WARN] ? PROBE_WARN : PROBE_PASS);
}

static void put_end(struct test *t)
{
	struct buf line = {0};

	begin_answer(t);
	buf_printf(&line, "{\"end\": true, \"result\": \"%s\"", whole_result(t));
	for (enum view_probe_result r = 0; r < PROBE_RESULT__N; r++)
		buf_printf(&line, ", \"%s\": %u", view_probe_result_name(r), t->results[r]);
	buf_chr(&line, '}');
	call_stream_put(t->call, buf_slice(&line));
	buf_done(&line);
}

static void on_done(void *arg, const struct err *refused)
{
	struct test *t = arg;

	t->admin->asked--;
	t->handle = NULL;
	if (refused) {
		call_problem(t->call, refused, NULL);
	} else {
		put_end(t);
		call_stream_end(t->call);
	}
	free(t);
}

static void start(struct api_call *c, const struct admin_probe *what)
{
	const struct admin_hooks *h = c->admin->hooks;
	struct test *t = xzalloc(sizeof *t);
	struct admin_probe p = *what;

	t->call = c;
	t->admin = c->admin;
	t->admin->asked++;
	p.step = on_step;
	p.done = on_done;
	p.arg = t;
	t->stop = p.route ? h->route_probe_stop : h->probe_stop;
	t->handle = (p.route ? h->route_probe : h->probe)(c->admin->hooks_arg, c->admin->loop, &p);
}

/* A member of the body that is a text; absent: not there. False: it is something else. */
static bool member(json_t *body, const char *name, struct slice *ret, struct err *e)
{
	json_t *v = json_object_get(body, name);

	*ret = SL_NONE;
	if (!v)
		return true;
	if (!json_is_string(v)) {
		err_code(e, ERR_INVALID, "bad_value", name, "%s is a name, as a text", name);
		return false;
	}
	*ret = slice_make(json_string_value(v), json_string_length(v));
	return true;
}

static int read_body(json_t *body, struct admin_probe *ret, struct err *e)
{
	struct slice partner, domain, route;
	const char *name;
	json_t *v;

	json_object_foreach(body, name, v)
		if (strcmp(name, "partner") != 0 && strcmp(name, "domain") != 0 &&
			strcmp(name, "local") != 0 && strcmp(name, "route") != 0)
			return err_code(e, ERR_INVALID, "unknown_setting", NULL,
				"there is no '%.40s' here; there are partner, domain, route and "
				"local",
				name);
	if (!member(body, "partner", &partner, e) || !member(body, "domain", &domain, e) ||
		!member(body, "route", &route, e) || !member(body, "local", &ret->local, e))
		return -1;
	if (!!partner.p + !!domain.p + !!route.p != 1)
		return err_code(e, ERR_INVALID, "missing_value", NULL,
			"name a partner's domain as \"partner\", one of ours as \"domain\", or a "
			"SIP route as \"route\"");
	if (!partner.p && ret->local.p)
		return err_code(e, ERR_INVALID, "bad_value", "local",
			"local goes with partner: the domain to speak for");
	ret->partner = partner.p;
	ret->route = route.p;
	ret->domain = partner.p ? partner : route.p ? route : domain;
	if (!ret->local.p)
		ret->local = SL("");
	return 0;
}

static int may_test(const struct admin_hooks *h, const struct admin_probe *p, struct err *e)
{
	if (p->route && !h->route_probe)
		return err_code(e, ERR_UNAVAILABLE, "no_gateway", NULL,
			"this process has no gateway, so it has no SIP routes");
	if (!p->route && !h->probe)
		return err_code(e, ERR_UNAVAILABLE, "no_edge", NULL,
			"this process has no edge, so it can test nobody");
	return 0;
}

void tests_post(struct api_call *c)
{
	struct admin_probe p = {0};
	json_t *body = NULL;
	struct err e;

	if (change_body(c, &body, &e) < 0 || read_body(body, &p, &e) < 0 ||
		may_test(c->admin->hooks, &p, &e) < 0) {
		call_problem(c, &e, NULL);
	} else {
		start(c, &p);
	}
	json_decref(body);
}
