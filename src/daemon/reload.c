#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "daemon/certs.h"
#include "daemon/service_priv.h"

/* SIGHUP: the file is read again; what can change without a restart changes, streams stay. */

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

static int reload_tls(struct service *s, const struct conf *c, struct err *e)
{
	struct new_tls *n;
	struct tls_set *tls;

	if (!service_serves(s))
		return 0;
	if (certs_load(&tls, c, e) < 0)
		return -1;
	n = xzalloc(sizeof *n);
	n->call.fn = on_edge;
	n->service = s;
	n->tls = tls_set_ref(tls);
	tls_set_unref(s->tls);
	s->tls = tls;
	loop_post(s->edge_runner.loop, &n->call);
	return 0;
}

static void log_notes(const struct service *s, const struct conf_notes *notes)
{
	for (size_t i = 0; i < notes->n; i++)
		log_event(&s->log, notes->v[i].severity == CONF_ERROR ? LOG_ERROR : LOG_WARN,
			"configuration", LF_Z("file", s->conf->path),
			LF_U("line", notes->v[i].line), LF_Z("text", notes->v[i].text));
}

/* All or nothing: a file with an error, or a certificate that cannot be read, changes nothing. */
void service_reload(struct service *s)
{
	struct conf_notes notes = {0};
	struct conf *c = conf_read(s->conf->path, &notes);
	struct err e = {.text = "the file has errors"};

	if (c)
		conf_needs_restart(s->conf, c, &notes);
	log_notes(s, &notes);
	conf_notes_done(&notes);
	if (c && reload_tls(s, c, &e) == 0) {
		log_level_set((enum log_level)c->log_level);
		log_info(&s->log, "reloaded", LF_Z("file", s->conf->path));
	} else {
		log_error(&s->log, "reload-refused", LF_Z("file", s->conf->path),
			LF_Z("text", e.text));
	}
	conf_free(c);
}
