#include "daemon/check.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "daemon/certs.h"
#include "daemon/conf.h"
#include "federation/snapshot.h"
#include "net/tls.h"
#include "store/store.h"

enum { DAY = 86400, EXPIRES_SOON = 30 * DAY };

/* ---- certificates ---- */

static void check_private(const struct conf_cert *cert, struct conf_notes *n)
{
	struct stat st;

	if (stat(cert->key, &st) == 0 && st.st_mode & (S_IROTH | S_IWOTH))
		conf_note(n, CONF_WARNING, cert->line,
			"key: %s can be read by everybody; chmod 640 it", cert->key);
}

static void check_expiry(const struct tls_own *o, int64_t now, struct conf_notes *n)
{
	if (o->expires <= now)
		conf_note(n, CONF_ERROR, 0,
			"certificate '%s' has expired, or one that is sent with it; partners will "
			"refuse it",
			o->name);
	else if (o->expires - now < EXPIRES_SOON)
		conf_note(n, CONF_WARNING, 0, "certificate '%s' expires in %lld days", o->name,
			(long long)((o->expires - now) / DAY));
}

static struct tls_set *check_certificates(const struct conf *c, struct conf_notes *n)
{
	struct cert_sources *sources = cert_sources_new(c);
	struct tls_set *tls = NULL;
	struct err e;

	for (size_t i = 0; i < c->n_cert; i++)
		check_private(&c->cert[i], n);
	if (cert_sources_load(&tls, sources, &e) < 0)
		conf_note(n, CONF_ERROR, 0, "%s", e.text);
	for (size_t i = 0; tls && i < tls_set_count(tls); i++)
		check_expiry(tls_set_own(tls, i), (int64_t)time(NULL), n);
	cert_sources_unref(sources);
	return tls;
}

/* ---- what is in the store ---- */

static void check_domains(const struct snapshot *s, struct conf_notes *n)
{
	const struct object *const *v;
	size_t count = snapshot_list(s, OBJECT_DOMAIN, &v);

	for (size_t i = 0; i < count; i++) {
		const struct local_domain *d = local_domain_of(v[i]);

		if (!d->route)
			conf_note(n, CONF_WARNING, 0,
				"local domain %s has no SIP route; its users get no messages",
				d->domain.a);
	}
}

static bool is_loopback(const struct network *n)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	static const uint8_t one[16] = {[15] = 1};

	if (memcmp(n->addr, mapped, sizeof mapped) == 0)
		return n->addr[12] == 127 && n->bits >= 104;
	return memcmp(n->addr, one, sizeof one) == 0 && n->bits == 128;
}

/* Loopback and private networks are an administrator's to trust; the rest of the Internet is not.
 */
static bool is_private(const struct network *n)
{
	static const struct network reserved[] = {
		{{[10] = 0xff, [11] = 0xff, [12] = 10}, 104},
		{{[10] = 0xff, [11] = 0xff, [12] = 172, [13] = 16}, 108},
		{{[10] = 0xff, [11] = 0xff, [12] = 192, [13] = 168}, 112},
		{{[10] = 0xff, [11] = 0xff, [12] = 169, [13] = 254}, 112},
		{{0xfc}, 7},
		{{0xfe, 0x80}, 10},
	};

	if (is_loopback(n))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(reserved); i++)
		if (n->bits >= reserved[i].bits && network_has(&reserved[i], n->addr))
			return true;
	return false;
}

/* The peer's requests within a session come to our Contact: by a listener, or by a connection that
 * happens to be there. */
static void check_sessions(const struct conf *c, const struct route *r, struct conf_notes *n)
{
	static const char *const names[] = {[ROUTE_UDP] = "listen-udp",
		[ROUTE_TCP] = "listen-tcp",
		[ROUTE_TLS] = "listen-tls",
		[ROUTE_LOCATED] = "listen-tls"};
	const size_t listeners[] = {[ROUTE_UDP] = c->sip_udp.n,
		[ROUTE_TCP] = c->sip_tcp.n,
		[ROUTE_TLS] = c->sip_tls.n,
		[ROUTE_LOCATED] = c->sip_udp.n + c->sip_tcp.n + c->sip_tls.n};

	if (r->message_mode == ROUTE_PAGER || listeners[r->transport])
		return;
	conf_note(n, CONF_WARNING, 0,
		"route %s carries sessions, but '%s' in [sip] is empty: its servers cannot connect "
		"to us, and what they say in a session arrives only while a connection of ours is "
		"there",
		r->name, names[r->transport]);
}

static void check_route(const struct route *r, struct conf_notes *n)
{
	if (r->transport == ROUTE_TLS)
		return;
	if (r->sources.n == 0 && strcmp(r->next_hop.host, "localhost") != 0)
		conf_note(n, CONF_WARNING, 0,
			"route %s names no sources: whoever %s resolves to is trusted; name its "
			"addresses with 'entente route set %s --sources'",
			r->name, r->next_hop.host, r->name);
	for (size_t i = 0; i < r->sources.n; i++)
		if (!is_private(&r->sources.v[i]))
			conf_note(n, CONF_WARNING, 0,
				"route %s trusts addresses of the open Internet without TLS, where "
				"a sender's address proves little; use transport tls, a private "
				"network or a tunnel",
				r->name);
}

static void check_routes(const struct conf *c, const struct snapshot *s, struct conf_notes *n)
{
	const struct object *const *v;
	size_t count = snapshot_list(s, OBJECT_ROUTE, &v);

	for (size_t i = 0; i < count; i++) {
		check_route(route_of(v[i]), n);
		check_sessions(c, route_of(v[i]), n);
	}
}

/* Rows of an older version, or of a hand that went past us, may break a rule of today. */
static void check_managed(const struct snapshot *s, struct conf_notes *n)
{
	struct notes warnings = {0};
	struct err e;

	if (config_check(snapshot_config(s), &warnings, &e) < 0)
		conf_note(n, CONF_ERROR, 0, "store: %s", e.text);
	for (size_t i = 0; i < warnings.n; i++)
		conf_note(n, CONF_WARNING, 0, "%s %s: %s (%s)", warnings.v[i].kind,
			warnings.v[i].key, warnings.v[i].text, warnings.v[i].code);
	notes_done(&warnings);
}

/* NULL: there is none, or none that can be read. */
static struct snapshot *check_store(const struct conf *c, struct conf_notes *n)
{
	struct store_options o = {"sqlite-look", c->store_dir, c->key_file};
	struct snapshot *s;
	struct store *store;
	struct err e;

	if (access(c->store_dir, F_OK) < 0 && errno == ENOENT) {
		conf_note(n, CONF_WARNING, 0,
			"there is no store at %s yet; the first start makes it", c->store_dir);
		return NULL;
	}
	if (store_open(&store, &o, &e) < 0) {
		conf_note(n, CONF_ERROR, 0, "store: %s", e.text);
		return NULL;
	}
	if (store_steps_taken(store))
		conf_note(n, CONF_WARNING, 0,
			"the store was written by an earlier version; the next start brings it to this "
			"one, and the earlier one cannot read it then: keep a copy");
	s = store_snapshot(store);
	check_managed(s, n);
	check_domains(s, n);
	check_routes(c, s, n);
	store_close(store);
	return s;
}

int check_all(const char *path, struct buf *out)
{
	struct conf_notes notes = {0};
	struct conf *c = conf_read(path, &notes);
	struct tls_set *tls = NULL;
	struct snapshot *s = NULL;
	int r;

	if (c) {
		tls = c->roles & 1u << ROLE_EDGE ? check_certificates(c, &notes) : NULL;
		s = check_store(c, &notes);
	}
	if (tls)
		certs_notes(tls, s, (int64_t)time(NULL), &notes);
	conf_notes_write(&notes, path, out);
	r = notes.errors ? 1 : 0;
	tls_set_unref(tls);
	snapshot_unref(s);
	conf_notes_done(&notes);
	conf_free(c);
	return r;
}
