#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/service_priv.h"
#include "view/metrics.h"

/*
 * What changes without a restart: with SIGHUP the bootstrap file is read again; certificates and
 * lists also when their files change. Streams stay.
 */

enum { NOTE_AGAIN_MS = 3600 * 1000 };

/* ---- certificates ---- */

struct new_tls {
	struct loop_call call;
	struct service *service;
	struct tls_set *tls;
};

static void on_edge(struct loop_call *c)
{
	struct new_tls *n = container_of(c, struct new_tls, call);

	edge_set_tls(n->service->edge, n->tls);
	tls_set_unref(n->tls);
	free(n);
}

static void on_gateway(struct loop_call *c)
{
	struct new_tls *n = container_of(c, struct new_tls, call);

	sipnet_set_tls(n->service->sipnet, tls_set_other(n->tls));
	n->call.fn = on_edge;
	loop_post(n->service->edge_runner.loop, &n->call);
}

/* tls is the service's own from now on. */
static void put_in_force(struct service *s, struct tls_set *tls)
{
	struct new_tls *n = xzalloc(sizeof *n);

	n->call.fn = on_gateway;
	n->service = s;
	n->tls = tls_set_ref(tls);
	tls_set_unref(s->tls);
	s->tls = tls;
	metric_add(M_CERTS_LOADED, 1);
	loop_post(s->gateway_runner.loop, &n->call);
	service_note_certificates(s);
}

static void on_files_loaded(void *arg, struct tls_set *tls)
{
	struct service *s = arg;

	log_info(&s->log, "certificates-reloaded", LF_Z("reason", "files-changed"),
		LF_U("certificates", tls_set_count(tls)));
	put_in_force(s, tls);
}

static void on_files_refused(void *arg, const struct err *e)
{
	struct service *s = arg;

	metric_add(M_CERTS_REFUSED, 1);
	log_error(&s->log, "certificates-refused", LF_Z("text", e->text),
		LF_Z("remedy", "those read before stay in force; mend the file"));
}

static void note_again(void *arg)
{
	service_note_certificates(arg);
}

int service_load_certificates(struct service *s, struct err *e)
{
	static const struct watch_ops ops = {on_files_loaded, on_files_refused};
	struct cert_sources *sources = cert_sources_new(s->conf);
	struct buf print = {0};
	int r;

	loop_timer_init(&s->note_timer, s->main, note_again, s);
	cert_sources_print(sources, &print);
	r = cert_sources_load(&s->tls, sources, e);
	if (r == 0)
		s->watch = watch_new(s->main, sources, buf_slice(&print), &ops, s);
	cert_sources_unref(sources);
	buf_done(&print);
	return r;
}

static int reload_tls(struct service *s, const struct conf *c, struct err *e)
{
	struct cert_sources *sources;
	struct buf print = {0};
	struct tls_set *tls;
	int r;

	if (!service_serves(s))
		return 0;
	sources = cert_sources_new(c);
	cert_sources_print(sources, &print);
	r = cert_sources_load(&tls, sources, e);
	if (r == 0) {
		watch_set(s->watch, sources, buf_slice(&print));
		put_in_force(s, tls);
	}
	cert_sources_unref(sources);
	buf_done(&print);
	return r;
}

static int reload_files(struct service *s, const struct conf *c, struct err *e)
{
	return panel_reload(s, c, e) < 0 ? -1 : reload_tls(s, c, e);
}

/* ---- notes ---- */

static void log_notes(const struct service *s, const struct conf_notes *notes)
{
	for (size_t i = 0; i < notes->n; i++)
		log_event(&s->log, notes->v[i].severity == CONF_ERROR ? LOG_ERROR : LOG_WARN,
			"configuration", LF_Z("file", s->conf->path),
			LF_U("line", notes->v[i].line), LF_Z("text", notes->v[i].text));
}

void service_note_certificates(struct service *s)
{
	struct conf_notes notes = {0};
	struct buf all = {0};

	if (!s->tls)
		return;
	certs_notes(s->tls, s->snapshot, (int64_t)(clock_wall_ms() / 1000), &notes);
	conf_notes_write(&notes, "", &all);
	if (!slice_eq(buf_slice(&all), buf_slice(&s->noted)))
		log_notes(s, &notes);
	buf_done(&s->noted);
	s->noted = all;
	conf_notes_done(&notes);
	loop_timer_in(&s->note_timer, NOTE_AGAIN_MS);
}

/* ---- SIGHUP, and an administrator's wish ---- */

/* All or nothing: a file with an error, or a certificate that cannot be read, changes nothing. */
int service_reload(struct service *s, struct err *e)
{
	struct conf_notes notes = {0};
	struct conf *c = conf_read(s->conf->path, &notes);
	int r = c ? reload_files(s, c, e)
		  : err_code(e, ERR_INVALID, "bad_configuration", NULL,
			    "%s has errors; 'entented --check' shows them", s->conf->path);

	if (c)
		conf_needs_restart(s->conf, c, &notes);
	log_notes(s, &notes);
	conf_notes_done(&notes);
	if (r == 0) {
		log_level_set((enum log_level)c->log_level);
		log_info(&s->log, "reloaded", LF_Z("file", s->conf->path));
	} else {
		log_error(&s->log, "reload-refused", LF_Z("file", s->conf->path),
			LF_Z("text", e->text));
	}
	conf_free(c);
	return r;
}
