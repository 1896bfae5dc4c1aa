#include "directory/reply.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "text/utf8.h"

void reply_init(struct reply *r, const struct request *q)
{
	*r = (struct reply){.request = q};
	reply_reset(r);
}

void reply_done(struct reply *r)
{
	json_decref(r->groups);
	xfree(r->dn);
	xfree(r->name);
	xfree(r->display);
}

void reply_reset(struct reply *r)
{
	const struct request *q = r->request;

	reply_done(r);
	*r = (struct reply){.request = q, .reason = "ok", .groups = json_array()};
}

int reply_failed(struct reply *r, const struct err *e)
{
	r->reason = "unavailable";
	r->err = *e;
	return -1;
}

void reply_group(struct reply *r, struct slice dn, struct slice sid)
{
	enum { BYTES = DIRECTORY_ANSWER_MAX / 3 }; /* JSON may double some, and there is the rest */

	r->bytes += dn.n + sid.n + sizeof "{'dn':'','sid':''},";
	if (r->bytes > BYTES)
		r->cut = true;
	else if (utf8_valid(dn))
		json_array_append_new(r->groups,
			json_pack("{s:s%, s:s%}", "dn", dn.p, dn.n, "sid", sid.n ? sid.p : "", sid.n));
}

/* ---- writing ---- */

static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER;

/* The other end has gone: so do we. */
static void write_all(const char *p, size_t n)
{
	while (n) {
		ssize_t some = write(STDOUT_FILENO, p, n);

		if (some < 0 && errno != EINTR)
			_exit(0);
		if (some > 0) {
			p += some;
			n -= (size_t)some;
		}
	}
}

/* Takes j. */
static void write_line(json_t *j)
{
	char *line = json_dumps(j, JSON_COMPACT);
	json_free_t free_line;

	json_decref(j);
	if (!line)
		_exit(1);
	json_get_alloc_funcs(NULL, &free_line);
	pthread_mutex_lock(&writing);
	write_all(line, strlen(line));
	write_all("\n", 1);
	pthread_mutex_unlock(&writing);
	free_line(line);
}

static json_t *plain(const char *s)
{
	json_t *j = s ? json_string(s) : NULL;

	return j ? j : json_string("");
}

void reply_step(struct reply *r, const char *step, bool pass, const char *code,
	const char *evidence, const char *remedy)
{
	json_t *j;

	if (r->request->op != OP_TEST)
		return;
	j = json_pack("{s:I, s:s, s:s, s:s}", "id", r->request->id, "step", step, "result",
		pass ? "pass" : "fail", "code", code);
	json_object_set_new(j, "evidence", plain(evidence));
	json_object_set_new(j, "remedy", plain(remedy));
	write_line(j);
}

void reply_send(const struct reply *r)
{
	json_t *j = json_pack("{s:I, s:s, s:s, s:O, s:b}", "id", r->request->id, "reason", r->reason,
		"code", r->err.code, "groups", r->groups, "cut", r->cut);

	json_object_set_new(j, "text", plain(r->err.text));
	json_object_set_new(j, "dn", plain(r->dn));
	json_object_set_new(j, "name", plain(r->name));
	json_object_set_new(j, "display", plain(r->display));
	write_line(j);
}
