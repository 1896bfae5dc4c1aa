#include "rig.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "edge/edge_priv.h"
#include "edge/outbound.h"
#include "unit.h"
#include "xml/writer.h"

/* ---- the gateway's end ---- */

static void on_fate(void *arg, struct link_down *d)
{
	struct side *s = arg;

	assert(s->n_fates < SIDE_MAX);
	s->fates[s->n_fates++] = (struct fate){d->fate_id, d->fate, d->reason};
	link_down_free(d);
}

static void on_lost(void *arg, enum link_reason reason, const uint64_t *ids, size_t n)
{
	struct side *s = arg;

	for (size_t i = 0; i < n; i++)
		s->lost[s->n_lost++] = ids[i];
	s->lost_reason = reason;
}

static void on_stanza(void *arg, struct link_up *up)
{
	struct side *s = arg;
	struct buf text = {0};

	assert(s->n_ups < SIDE_MAX && s->n_kept < SIDE_MAX);
	xml_put_elem(&text, up->stanza, SL("jabber:server"));
	s->ups[s->n_ups++] = buf_dup(&text);
	buf_done(&text);
	if (s->keep_ups)
		s->kept[s->n_kept++] = up;
	else
		link_up_done(s->link, up);
}

void side_release(struct side *s)
{
	for (size_t i = 0; i < s->n_kept; i++)
		link_up_done(s->link, s->kept[i]);
	s->n_kept = 0;
	s->keep_ups = false;
}

struct fate side_fate(const struct side *s, uint64_t id)
{
	struct fate found = {0};
	int n = 0;

	for (size_t i = 0; i < s->n_fates; i++) {
		if (s->fates[i].id != id)
			continue;
		found = s->fates[i];
		n++;
	}
	if (n != 1)
		fail_msg("%d fates for %llu", n, (unsigned long long)id);
	return found;
}

bool side_lost(const struct side *s, uint64_t id)
{
	for (size_t i = 0; i < s->n_lost; i++)
		if (s->lost[i] == id)
			return true;
	return false;
}

unsigned side_received(const struct side *s, uint64_t id)
{
	char mark[32];
	unsigned n = 0;

	snprintf(mark, sizeof mark, "id='m%llu'", (unsigned long long)id);
	for (size_t i = 0; i < s->n_ups; i++)
		n += strstr(s->ups[i], mark) && !strstr(s->ups[i], "type='error'");
	return n;
}

static const struct link_gateway_ops gateway_ops = {on_fate, on_lost, on_stanza};

/* ---- life ---- */

void rig_init(struct rig *r)
{
	r->loop = loop_new_fake("rig", 1000000);
	r->pki = pki_new();
}

void rig_done(struct rig *r)
{
	loop_free(r->loop);
	pki_free(r->pki);
}

void rig_turn(struct rig *r)
{
	usleep(100);
	loop_turn(r->loop, false);
	loop_fake_advance(r->loop, 1);
}

void rig_turns(struct rig *r, unsigned n)
{
	while (n-- > 0)
		rig_turn(r);
}

void rig_pass(struct rig *r, unsigned ms)
{
	for (unsigned left = ms; left > 0;) {
		unsigned step = left < 100 ? left : 100;

		for (int i = 0; i < 3; i++) {
			usleep(100);
			loop_turn(r->loop, false);
		}
		loop_fake_advance(r->loop, step);
		left -= step;
	}
}

static struct tls_set *load_tls(struct rig *r, const struct side_options *o)
{
	struct pki_spec spec = {.dns = (const char *const[]){o->domain, NULL}};
	struct pki_files files = o->cert ? *o->cert : pki_issue(r->pki, o->domain, &spec);
	struct tls_cert_files f = {.name = o->domain, .chain = files.chain, .key = files.key};
	struct tls_set *set = NULL;
	struct err e;

	if (tls_set_load(&set, &f, 1, o->trust ? o->trust : pki_trust(r->pki), &e) < 0)
		fail_msg("%s", e.text);
	return set;
}

void side_init(struct side *s, struct rig *r, const struct side_options *o)
{
	struct netaddr listen;
	struct edge_config config = {.listen = &listen, .n_listen = 1, .limits = o->limits};
	struct err e;

	*s = (struct side){.rig = r, .domain = o->domain};
	netaddr_parse_host(&listen, SL("127.0.0.1"), o->port);
	s->tls = load_tls(r, o);
	config.tls = s->tls;
	config.dns = (struct dns_config){
		.dnssec = DNS_SEC_OFF, .forward = o->dns ? o->dns : &listen, .n_forward = 1};
	s->link =
		link_local_new((struct link_limits){SIDE_MAX, o->up_credits ? o->up_credits : 100});
	link_local_gateway(s->link, r->loop, &gateway_ops, s);
	if (edge_new(&s->edge, r->loop, &config, s->link, NULL, &e) < 0)
		fail_msg("%s", e.text);
}

void side_done(struct side *s)
{
	edge_free(s->edge);
	tls_set_unref(s->tls);
	side_release(s);
	rig_turns(s->rig, 3); /* the fates that edge_free() gave */
	for (size_t i = 0; i < s->n_ups; i++)
		free(s->ups[i]);
	link_local_free(s->link);
}

uint16_t side_port(const struct side *s)
{
	struct netaddr a = edge_address(s->edge, 0);

	return netaddr_port(&a);
}

int rig_silent(uint16_t *ret_port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof in;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof in), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	*ret_port = ntohs(in.sin_port);
	return fd;
}

/* ---- settings ---- */

static void set(struct object *o, const char *name, const char *value)
{
	struct err e;

	if (value && object_set(o, slice_of(name), slice_of(value), &e) < 0)
		fail_msg("%s: %s", name, e.text);
}

static void put_local(struct config *c, const char *domain)
{
	struct object *d = object_new(&local_domain_class);

	set(d, "domain", domain);
	config_put(c, d);
}

static void put_partner(struct config *c, const struct side_partner *p)
{
	struct object *o = object_new(&partner_class);
	char proxy[32], limit[16];

	snprintf(proxy, sizeof proxy, "127.0.0.1:%u", p->port ? p->port : 9);
	snprintf(limit, sizeof limit, "%u", p->limit);
	set(o, "domain", p->domain);
	set(o, "additional_domains", p->more_domains);
	set(o, "proxy", p->no_proxy ? NULL : proxy);
	set(o, "tls", p->tls);
	set(o, "sasl", p->sasl);
	set(o, "dialback", p->dialback ? p->dialback : "false");
	set(o, "enabled", p->disabled ? "false" : "true");
	set(o, "keep_alive", p->no_pings ? "false" : "true");
	set(o, "connection_limit", p->limit ? limit : NULL);
	config_put(c, o);
}

/* ---- what is foreseen is what happens ---- */

static bool is_over(const struct stream *s)
{
	return s->end.closing || s->ended || s->end.why;
}

struct fates_of_streams {
	struct stream_fate {
		char id[16];
		bool foreseen, over;
	} v[SIDE_MAX];
	size_t n;
};

static struct stream_fate *fate_of(struct fates_of_streams *all, const char *id)
{
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->v[i].id, id) == 0)
			return &all->v[i];
	return NULL;
}

static void foresee(struct edge *e, const struct snapshot *snapshot, struct fates_of_streams *all)
{
	struct view_streams *l = view_streams_new();

	list_each(&e->streams, it) {
		const struct stream *s = container_of(it, struct stream, node);

		if (is_over(s))
			continue;
		assert_true(all->n < SIDE_MAX);
		snprintf(all->v[all->n].id, sizeof all->v[0].id, "%s", s->id);
		all->v[all->n++].over = true; /* until it is seen to be there */
	}
	edge_foresee(e, snapshot, l);
	for (size_t i = 0; i < l->n; i++) {
		char *id = slice_dup(l->v[i].id);
		struct stream_fate *f = fate_of(all, id);

		assert_true(l->v[i].error.n > 0);
		if (f)
			f->foreseen = true;
		free(id);
	}
	view_streams_free(l);
}

static void compare_fates(struct edge *e, struct fates_of_streams *all)
{
	list_each(&e->streams, it) {
		const struct stream *s = container_of(it, struct stream, node);
		struct stream_fate *f = fate_of(all, s->id);

		if (f)
			f->over = is_over(s);
	}
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].foreseen != all->v[i].over)
			fail_msg("%s was %sforeseen to end and has %sended", all->v[i].id,
				all->v[i].foreseen ? "" : "not ", all->v[i].over ? "" : "not ");
}

static void set_snapshot(struct edge *e, struct snapshot *snapshot)
{
	struct fates_of_streams all = {0};

	foresee(e, snapshot, &all);
	edge_set_snapshot(e, snapshot);
	compare_fates(e, &all);
}

/* Every change of settings in these tests ends the streams that were foreseen, and no other. */
void side_settings(struct side *s, const struct side_partner *p)
{
	static uint64_t generation;
	struct config *c = config_new();
	struct object *g = object_copy(config_find(c, OBJECT_GATEWAY, SL("global")));
	struct snapshot *snapshot;
	char passphrase[128], limit[16];
	struct err e;

	set(g, "stream_inactivity_timeout", p->inactivity);
	set(g, "keep_alive_interval", p->keep_alive);
	set(g, "stream_establishment_timeout", p->establishment);
	if (p->all_limit) {
		snprintf(limit, sizeof limit, "%u", p->all_limit);
		set(g, "partner_connection_limit", limit);
		set(g, "connection_limit", limit);
	}
	snprintf(passphrase, sizeof passphrase, "the passphrase of %s", s->domain);
	set(g, "dialback_passphrase", passphrase);
	config_put(c, g);
	put_local(c, s->domain);
	if (p->second_local)
		put_local(c, p->second_local);
	if (p->third_local)
		put_local(c, p->third_local);
	if (!p->no_partner)
		put_partner(c, p);
	if (p->also)
		put_partner(c, p->also);
	if (snapshot_build(&snapshot, c, ++generation, NULL, &e) < 0)
		fail_msg("%s", e.text);
	config_free(c);
	set_snapshot(s->edge, snapshot);
	snapshot_unref(snapshot);
}

/* ---- sending ---- */

static void send_down(struct side *s, const char *from_domain, const char *to_domain,
	uint64_t fate_id, unsigned deadline_ms, const char *xml)
{
	struct link_down *d =
		link_down_new(slice_of(from_domain), slice_of(to_domain), slice_of(xml));

	d->fate_id = fate_id;
	d->deadline_ms = loop_now(s->rig->loop) + deadline_ms;
	assert_true(link_send(s->link, d));
}

void side_send_xml(struct side *s, const char *to_domain, uint64_t fate_id, unsigned deadline_ms,
	const char *xml)
{
	send_down(s, s->domain, to_domain, fate_id, deadline_ms, xml);
}

void side_send_from(struct side *s, const char *from_domain, const char *to_domain,
	uint64_t fate_id, unsigned deadline_ms)
{
	char xml[512];

	snprintf(xml, sizeof xml,
		"<message from='romeo@%s' to='juliet@%s' id='m%llu'><body>hello</body></message>",
		from_domain, to_domain, (unsigned long long)fate_id);
	send_down(s, from_domain, to_domain, fate_id, deadline_ms, xml);
}

void side_send_quiet(struct side *s, const char *to_domain, const char *xml)
{
	struct link_down *d =
		link_down_new(slice_of(s->domain), slice_of(to_domain), slice_of(xml));

	d->quiet = true;
	d->deadline_ms = loop_now(s->rig->loop) + 20000;
	assert_true(link_send(s->link, d));
}

void side_send(struct side *s, const char *to_domain, uint64_t fate_id, unsigned deadline_ms)
{
	side_send_from(s, s->domain, to_domain, fate_id, deadline_ms);
}
