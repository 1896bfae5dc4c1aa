#pragma once

#include <sys/types.h>

#include "admin/admin.h"
#include "admin/call.h"
#include "admin/directory.h"
#include "auth/origin.h"
#include "admin/events.h"
#include "federation/change.h"
#include "federation/snapshot.h"
#include "loop/worker.h"

/* What the files of this folder share. */
struct admin {
	struct loop *loop;
	struct http *http;
	struct worker *worker; /* one thread: changes are made in the order they came */
	struct store *store;   /* the worker's */
	struct snapshot *snapshot;
	struct events *events;
	struct heads *heads;
	struct gate *gate;           /* gate.h: sessions, accounts, slow-down */
	struct directory *directory; /* NULL: there is none */
	gid_t group;
	right_set granted; /* what callers of the unix socket may do */
	struct origin_url url;
	char *node, *roles;
	const char *state;   /* NULL: ready */
	unsigned asked;      /* hooks that have not called back */
	bool ending;         /* no hook is called any more */
	uint64_t started_ms; /* wall clock */
	const struct admin_hooks *hooks;
	void *hooks_arg;
};

/* ---- change.c: every way to the store ---- */

/* Changes being asked for; strings and assigns lie in the arena. */
struct change_list {
	struct arena arena;
	struct change *v;
	size_t n;
};
void change_list_done(struct change_list *l);

/* Makes the changes in the worker and answers; takes what is in l. created: 201. */
void change_run(struct api_call *c, struct change_list *l, bool created);

/* Likewise, the changes being those that lead back to a generation. */
void change_restore(struct api_call *c, uint64_t generation);

/* Settings of a JSON object, one assign or more each; json is borrowed, texts are copied. */
struct json_t;
int change_settings(
	struct json_t *settings, struct change_list *l, struct change *ch, struct err *e);

/* The body as a JSON object, to be given to json_decref(). */
int change_body(struct api_call *c, struct json_t **ret, struct err *e);

/* ---- ask.c: questions to the edge ---- */

/*
 * Asks; answer() runs later with the question answered and found, and answers c; what came with it
 * is freed after it. When there is no edge, or nothing was found, c is answered here.
 */
typedef void edge_answer(struct api_call *c, struct view_ask *a);
void edge_question(struct api_call *c, enum view_what what, struct slice key, edge_answer *answer);

/* Answers c: this process has no edge. */
void edge_missing(struct api_call *c);

/* "2026-12-31T23:59:59Z", a time to come (allow.c). */
int time_read(const char *s, uint64_t *ret_ms, struct err *e);

/* ---- view_json.c: members ", "name": value" of a JSON object ---- */
void json_text(struct buf *out, const char *name, struct slice s);      /* absent: null */
void json_when(struct buf *out, const char *name, uint64_t wall_ms);    /* 0: null */
void json_number(struct buf *out, const char *name, uint64_t n);
void stream_json(const struct view_stream *s, struct buf *out);
void partner_state_json(const struct view_partner *p, struct buf *out);

/* ---- handlers ---- */
void object_list(struct api_call *c);
void object_get(struct api_call *c);
void object_add(struct api_call *c);
void object_set_some(struct api_call *c);
void object_remove(struct api_call *c);
void changes_post(struct api_call *c);
void negotiation_get(struct api_call *c);
void negotiation_matrix_get(struct api_call *c);
void streams_get(struct api_call *c);
void stream_get(struct api_call *c);
void stream_close_one(struct api_call *c);
void stream_watch(struct api_call *c);
void partner_states_get(struct api_call *c);
void route_states_get(struct api_call *c);
void route_state_get_one(struct api_call *c);
void partner_state_get_one(struct api_call *c);
void partner_attempts_get(struct api_call *c);
void certificates_get(struct api_call *c);
void certificates_reload(struct api_call *c);
void allow_list(struct api_call *c);
void allow_put_one(struct api_call *c);
void allow_remove_one(struct api_call *c);
void tests_post(struct api_call *c);
void status_get(struct api_call *c);
void settings_get(struct api_call *c);
void generation_get(struct api_call *c);
void openapi_get(struct api_call *c);
void audit_list(struct api_call *c);
void audit_verify(struct api_call *c);
void generations_list(struct api_call *c);
void generation_show(struct api_call *c);
void generation_diff(struct api_call *c);
void generation_restore(struct api_call *c);
void export_get(struct api_call *c);
void health_get(struct api_call *c);

void session_get(struct api_call *c);
void session_post(struct api_call *c);
void session_delete(struct api_call *c);
void session_password(struct api_call *c);
void session_totp_begin(struct api_call *c);
void session_totp_confirm(struct api_call *c);
void session_totp_remove(struct api_call *c);
void accounts_list(struct api_call *c);
void account_get(struct api_call *c);
void account_add(struct api_call *c);
void account_set(struct api_call *c);
void account_remove(struct api_call *c);
void account_reset(struct api_call *c);
void roles_list(struct api_call *c);
void role_get(struct api_call *c);
void role_add(struct api_call *c);
void role_set(struct api_call *c);
void role_remove(struct api_call *c);
void rights_list(struct api_call *c);
void directory_get(struct api_call *c);
void directory_set_some(struct api_call *c);
void directory_bindings_list(struct api_call *c);
void directory_binding_add(struct api_call *c);
void directory_binding_set(struct api_call *c);
void directory_binding_remove(struct api_call *c);
void directory_test_post(struct api_call *c);
void tokens_list(struct api_call *c);
void token_add(struct api_call *c);
void token_revoke(struct api_call *c);

/* The rights a JSON list names, in the arena; NULL: it is not there (roles.c). */
int read_rights(struct json_t *body, struct arena *a, const right_set **ret, struct err *e);

/* context.c: TLS as browsers get it, with the first certificate of the set. */
struct ssl_ctx_st *context_new(const struct tls_set *set, struct err *e);
void context_free(struct ssl_ctx_st *ctx);

/* The http_handler of the panel's listener: the API, and the files of the panel. */
void panel_request(void *arg, struct http_req *r);

/* The http_handler of /metrics and /health. */
void metrics_request(void *arg, struct http_req *r);

enum right object_right(enum object_kind kind, bool write);
