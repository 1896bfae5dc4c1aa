#include <time.h>

#include "base/mem.h"
#include "daemon/certs.h"

/* Our own certificates for whoever asks, and what is wrong with them. */

enum { DAY = 86400, SOON = 30 * DAY };

static struct slice text(struct arena *a, X509 *x, void (*put)(X509 *x, struct buf *out))
{
	struct buf b = {0};
	struct slice s;

	put(x, &b);
	s = b.n ? arena_slice(a, buf_slice(&b)) : SL_NONE;
	buf_done(&b);
	return s;
}

static void put_purposes(X509 *x, struct buf *out)
{
	cert_purposes(x, out);
}

/* The local domains that show it and are not among its names. */
static struct slice lacking(struct arena *a, const struct tls_set *tls, const struct tls_own *o,
	const struct snapshot *s)
{
	const struct object *const *v;
	size_t n = snapshot_list(s, OBJECT_DOMAIN, &v);
	struct buf b = {0};
	struct slice all;

	for (size_t i = 0; i < n; i++) {
		const struct local_domain *d = local_domain_of(v[i]);

		if (tls_set_own_for(tls, slice_of(d->domain.a)) == o &&
			!cert_is_for(o->cert, slice_of(d->domain.a)))
			buf_printf(&b, "%s%s", b.n ? " " : "", d->domain.a);
	}
	all = b.n ? arena_slice(a, buf_slice(&b)) : SL_NONE;
	buf_done(&b);
	return all;
}

static const char *warning(const struct view_certificate *v, int64_t left)
{
	if (left <= 0)
		return "expired";
	if (v->lacks.n)
		return "lacks-names";
	return left <= SOON ? "expires-soon" : NULL;
}

/* Rounded towards the past: less than a day is 0, what ended a moment ago is -1. */
static int32_t whole_days(int64_t left)
{
	return (int32_t)(left >= 0 ? left / DAY : -((-left + DAY - 1) / DAY));
}

static void fill(struct view_certificate *v, struct arena *a, const struct tls_own *o, int64_t now)
{
	struct slice *domains = arena_alloc(a, o->n_domains * sizeof *domains);
	char print[CERT_FINGERPRINT + 1];

	for (size_t i = 0; i < o->n_domains; i++)
		domains[i] = arena_slice(a, slice_of(o->domains[i]));
	cert_fingerprint(o->cert, print);
	v->name = arena_slice(a, slice_of(o->name));
	v->domains = domains;
	v->n_domains = o->n_domains;
	v->subject = text(a, o->cert, cert_subject);
	v->issuer = text(a, o->cert, cert_issuer);
	v->names = text(a, o->cert, cert_names);
	v->key = text(a, o->cert, cert_key);
	v->purposes = text(a, o->cert, put_purposes);
	v->fingerprint = arena_slice(a, slice_of(print));
	v->not_before = cert_not_before(o->cert);
	v->not_after = cert_not_after(o->cert);
	v->days_left = whole_days(o->expires - now);
}

struct view_certificates *certs_view(
	const struct tls_set *tls, const struct snapshot *s, int64_t now)
{
	struct view_certificates *l = xzalloc(sizeof *l);

	l->n = tls_set_count(tls);
	l->v = arena_zalloc(&l->arena, l->n * sizeof *l->v);
	for (size_t i = 0; i < l->n; i++) {
		const struct tls_own *o = tls_set_own(tls, i);

		fill(&l->v[i], &l->arena, o, now);
		l->v[i].lacks = lacking(&l->arena, tls, o, s);
		l->v[i].warning = warning(&l->v[i], o->expires - now);
	}
	return l;
}

/* ---- what is not as it should be ---- */

static void note_domain(
	const struct tls_set *tls, const struct local_domain *d, struct conf_notes *notes)
{
	const struct tls_own *o = tls_set_own_for(tls, slice_of(d->domain.a));

	if (!o)
		conf_note(notes, CONF_WARNING, 0,
			"local domain %s has no certificate; add a [certificate NAME] for it",
			d->domain.a);
	else if (!cert_is_for(o->cert, slice_of(d->domain.a)))
		conf_note(notes, CONF_WARNING, 0,
			"certificate '%s' does not name local domain %s, which shows it; partners "
			"that go by certificates will refuse it",
			o->name, d->domain.a);
}

/* What federation/ cannot know: it has never seen the bootstrap file. */
static void note_route(const struct tls_set *tls, const struct route *r, struct conf_notes *notes)
{
	if (r->certificate && !tls_set_named(tls, slice_of(r->certificate)))
		conf_note(notes, CONF_WARNING, 0,
			"route %s is to be shown certificate '%s', and there is no [certificate "
			"%s]; it is shown the one of its local domain",
			r->name, r->certificate, r->certificate);
}

static void note_ocsp(const struct tls_own *o, struct conf_notes *notes)
{
	if (o->ocsp != CERT_OCSP_NONE && o->ocsp != CERT_OCSP_GOOD)
		conf_note(notes, CONF_WARNING, 0,
			"certificate '%s': its OCSP response is %s, so it is not stapled", o->name,
			cert_ocsp_name(o->ocsp));
}

static void note_crls(const struct tls_set *tls, int64_t now, struct conf_notes *notes)
{
	struct buf names = {0};

	if (tls_set_stale_crls(tls, now, &names))
		conf_note(notes, CONF_WARNING, 0,
			"crl: a revocation list is past its time; fetch a new one from: %.*s",
			SLARG(buf_slice(&names)));
	buf_done(&names);
}

void certs_notes(
	const struct tls_set *tls, const struct snapshot *s, int64_t now, struct conf_notes *notes)
{
	const struct object *const *v;
	size_t n = s ? snapshot_list(s, OBJECT_DOMAIN, &v) : 0;

	for (size_t i = 0; i < n; i++)
		note_domain(tls, local_domain_of(v[i]), notes);
	n = s ? snapshot_list(s, OBJECT_ROUTE, &v) : 0;
	for (size_t i = 0; i < n; i++)
		note_route(tls, route_of(v[i]), notes);
	for (size_t i = 0; i < tls_set_count(tls); i++)
		note_ocsp(tls_set_own(tls, i), notes);
	note_crls(tls, now, notes);
}
