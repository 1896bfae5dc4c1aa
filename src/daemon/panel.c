#include <openssl/x509v3.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/own_cert.h"
#include "daemon/service_priv.h"
#include "net/cert.h"

/*
 * The HTTPS of the administration: its sockets, its certificate (the bootstrap file's or one of our
 * own making), and its renewal. Connections stay when the certificate changes.
 */
enum { RENEW_MS = 24 * 3600 * 1000 };

struct panel {
	struct service *service;
	struct origin_url url;
	int fd[ADDRS_MAX];
	size_t n;
	char *chain, *key; /* the files in force */
	bool own;
	struct tls_set *set; /* read before there was an admin to give it to */
	struct buf print;    /* of its files, then */
	struct watch *watch;
	struct loop_timer renew; /* looks whether our own is still good for long enough */
};

static int64_t now_s(void)
{
	return (int64_t)(clock_wall_ms() / 1000);
}

/* ---- is it believed? ---- */

static bool names_host(X509 *x, const struct origin_url *url)
{
	struct slice host = slice_of(url->host);
	char text[ORIGIN_HOST_MAX + 1];

	if (*url->host == '[')
		host = slice_cut(slice_from(host, 1), host.n - 2);
	*slice_copy(text, host) = '\0';
	return X509_check_host(x, text, 0, 0, NULL) == 1 || X509_check_ip_asc(x, text, 0) == 1;
}

/*
 * By everybody, for our url: only then may browsers be told never to come without HTTPS, which also
 * means never to let a person go on past a warning (RFC 6797 12.1).
 */
static bool is_trusted(const struct panel *p, const struct tls_own *own)
{
	X509_STORE *everybody;
	bool trusted;
	int code;

	if (!names_host(own->cert, &p->url) || tls_system_trust(&everybody, NULL) < 0)
		return false;
	trusted = cert_judge_chain(everybody, own->cert, own->chain, now_s(), &code) == CERT_GOOD;
	X509_STORE_free(everybody);
	return trusted;
}

/* ---- in force ---- */

static int put_in_force(struct panel *p, struct tls_set *set, struct err *e)
{
	const struct tls_own *own = tls_set_own(set, 0);
	bool trusted = is_trusted(p, own);
	char print[CERT_FINGERPRINT + 1], until[32];

	if (admin_set_certificate(p->service->admin, set, trusted, e) < 0)
		return -1;
	cert_fingerprint(own->cert, print);
	clock_iso((uint64_t)own->expires * 1000, until);
	log_info(&p->service->log, "panel-certificate", LF_Z("url", p->url.text),
		LF_Z("sha256", print), LF_Z("until", until), LF_Z("file", p->chain),
		LF_Z("trusted", trusted ? "yes" : "no"));
	if (!names_host(own->cert, &p->url))
		log_warn(&p->service->log, "panel-certificate-name", LF_Z("url", p->url.text),
			LF_Z("remedy", "the certificate is not for this host: change [admin] url "
				       "or the certificate"));
	return 0;
}

static void on_loaded(void *arg, struct tls_set *set)
{
	struct panel *p = arg;
	struct err e;

	if (put_in_force(p, set, &e) < 0)
		log_error(&p->service->log, "panel-certificate-refused", LF_Z("text", e.text));
	tls_set_unref(set);
}

static void on_refused(void *arg, const struct err *e)
{
	struct panel *p = arg;

	log_error(&p->service->log, "panel-certificate-refused", LF_Z("text", e->text),
		LF_Z("remedy", "the one read before stays in force; mend the file"));
}

/* ---- reading ---- */

static int load(struct panel *p, struct cert_sources *sources, struct err *e)
{
	struct tls_set *set;

	buf_reset(&p->print);
	cert_sources_print(sources, &p->print);
	if (cert_sources_load(&set, sources, e) < 0)
		return err_in(e, "[admin] certificate");
	tls_set_unref(p->set);
	p->set = set;
	return 0;
}

static void keep_files(struct panel *p, const char *chain, const char *key)
{
	char *c = xstrdup(chain), *k = xstrdup(key);

	free(p->chain);
	free(p->key);
	p->chain = c;
	p->key = k;
}

/* Where our own is, unless c names one. */
static void choose_files(struct panel *p, const struct conf *c)
{
	AUTO(xfree)
	char *chain = xasprintf("%s/panel-certificate.pem", p->service->conf->store_dir);
	AUTO(xfree) char *key = xasprintf("%s/panel-key.pem", p->service->conf->store_dir);

	p->own = !*c->admin_certificate;
	keep_files(p, p->own ? chain : c->admin_certificate, p->own ? key : c->admin_key);
}

static int make_own(struct panel *p, struct err *e)
{
	bool made;

	if (own_cert_ensure(p->chain, p->key, slice_of(p->url.host), now_s(), &made, e) < 0)
		return err_in(e, "[admin] certificate");
	if (made)
		log_info(&p->service->log, "panel-certificate-made", LF_Z("file", p->chain));
	return 0;
}

/* The files of our own are watched as all others: what is made anew is read by itself. */
static void on_renew(void *arg)
{
	struct panel *p = arg;
	struct err e;

	if (p->own && make_own(p, &e) < 0)
		log_error(&p->service->log, "panel-certificate-not-renewed", LF_Z("text", e.text));
	loop_timer_in(&p->renew, RENEW_MS);
}

/* ---- life ---- */

static int listen_all(struct panel *p, const struct conf_addrs *l, struct err *e)
{
	char host[NETADDR_TEXT];

	for (size_t i = 0; i < l->n; i++) {
		netaddr_print_host(&l->v[i], host);
		if (admin_listen_tcp(host, netaddr_port(&l->v[i]), &p->fd[p->n], e) < 0)
			return err_in(e, "[admin] listen");
		p->n++;
	}
	return 0;
}

int panel_new(struct service *s, struct err *e)
{
	struct cert_sources *sources;
	struct panel *p;
	int r;

	if (!s->conf->admin_listen.n)
		return 0;
	p = s->panel = xzalloc(sizeof *p);
	p->service = s;
	loop_timer_init(&p->renew, s->main, on_renew, p);
	if (conf_admin_url(s->conf, &p->url, e) < 0 || listen_all(p, &s->conf->admin_listen, e) < 0)
		return -1;
	choose_files(p, s->conf);
	if (p->own)
		return 0; /* where it belongs may not be there yet */
	sources = cert_sources_one("panel", p->chain, p->key);
	r = load(p, sources, e);
	cert_sources_unref(sources);
	return r;
}

static int start(struct panel *p, struct cert_sources *sources, struct err *e)
{
	static const struct watch_ops ops = {on_loaded, on_refused};

	if ((p->own && load(p, sources, e) < 0) || put_in_force(p, p->set, e) < 0)
		return -1;
	p->watch = watch_new(p->service->main, sources, buf_slice(&p->print), &ops, p);
	for (size_t i = 0; i < p->n; i++) {
		admin_serve_panel(p->service->admin, p->fd[i]);
		p->fd[i] = -1;
	}
	loop_timer_in(&p->renew, RENEW_MS);
	return 0;
}

int panel_start(struct service *s, struct err *e)
{
	struct panel *p = s->panel;
	struct cert_sources *sources;
	int r;

	if (!p)
		return 0;
	if (p->own && make_own(p, e) < 0)
		return -1;
	sources = cert_sources_one("panel", p->chain, p->key);
	r = start(p, sources, e);
	cert_sources_unref(sources);
	return r;
}

int panel_reload(struct service *s, const struct conf *c, struct err *e)
{
	struct panel *p = s->panel;
	struct cert_sources *sources;
	int r;

	if (!p)
		return 0;
	choose_files(p, c);
	if (p->own && make_own(p, e) < 0)
		return -1;
	sources = cert_sources_one("panel", p->chain, p->key);
	r = load(p, sources, e) < 0 || put_in_force(p, p->set, e) < 0 ? -1 : 0;
	if (r == 0)
		watch_set(p->watch, sources, buf_slice(&p->print));
	cert_sources_unref(sources);
	return r;
}

void panel_free(struct service *s)
{
	struct panel *p = s->panel;

	if (!p)
		return;
	loop_timer_stop(&p->renew);
	watch_free(p->watch);
	for (size_t i = 0; i < p->n; i++)
		if (p->fd[i] >= 0)
			close(p->fd[i]);
	tls_set_unref(p->set);
	buf_done(&p->print);
	free(p->chain);
	free(p->key);
	free(p);
	s->panel = NULL;
}
