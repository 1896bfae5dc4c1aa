#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"

enum { CONNECT_MS = 5000, WHOLE_MS = 60000, ANSWER_MAX = 256 * 1024 * 1024 };

char *percent(const char *s)
{
	struct buf out = {0};
	char *r;

	for (; *s; s++) {
		if (ascii_alnum(*s) || strchr("-._~", *s))
			buf_chr(&out, *s);
		else
			buf_printf(&out, "%%%02X", (unsigned char)*s);
	}
	r = buf_dup(&out);
	buf_done(&out);
	return r;
}

char *api_path(const char *prefix, const char *key)
{
	char *k, *path;

	if (!key)
		return xasprintf("/api/v1/%s", prefix);
	k = percent(key);
	path = xasprintf("/api/v1/%s/%s", prefix, k);
	free(k);
	return path;
}

static size_t on_data(char *p, size_t size, size_t n, void *arg)
{
	struct buf *b = arg;

	buf_add(b, p, size * n);
	return b->over ? 0 : size * n;
}

static void not_reached(struct answer *a, CURL *curl, CURLcode why, const char *socket)
{
	long os = 0;

	curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &os);
	a->status = 0;
	a->refused = (int)os;
	if (os == EACCES || os == EPERM)
		snprintf(a->problem, sizeof a->problem,
			"you may not use %s: become root or a member of its group", socket);
	else if (why == CURLE_COULDNT_CONNECT)
		snprintf(a->problem, sizeof a->problem,
			"entented is not reached at %s (%s); is it running? Another socket is "
			"given with --socket PATH",
			socket, os ? strerror((int)os) : curl_easy_strerror(why));
	else
		snprintf(a->problem, sizeof a->problem, "no answer from entented at %s: %s", socket,
			curl_easy_strerror(why));
}

static struct curl_slist *headers(const struct invocation *in, const char *method, bool body)
{
	/* Without "Expect:", a long body waits a second for a go-ahead that never comes. */
	struct curl_slist *l = curl_slist_append(NULL, "Expect:");

	if (body)
		l = curl_slist_append(l, "Content-Type: application/json");
	if (in->if_match) {
		char *s = xasprintf("If-Match: \"%s\"", in->if_match);

		l = curl_slist_append(l, s);
		free(s);
	} else if (strcmp(method, "GET") != 0) {
		l = curl_slist_append(l, "If-Match: *"); /* whatever the settings are by now */
	}
	return l;
}

static void set_up(CURL *curl, const struct invocation *in, const char *method, const char *path,
	const char *body, struct answer *ret)
{
	char *url = xasprintf("http://localhost%s%s%s", path,
		!in->what_if        ? ""
		: strchr(path, '?') ? "&"
				    : "?",
		in->what_if ? "dry_run=true" : "");

	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, in->socket);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)WHOLE_MS);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &ret->body);
	if (body)
		curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, body);
	free(url);
}

/* ---- an answer in lines ---- */

struct lines {
	CURL *curl;
	struct answer *answer;
	request_line *fn;
	void *arg;
	bool enough;
};

static void take_line(struct lines *l, struct slice text)
{
	json_t *j = json_loadb(text.p, text.n, JSON_DECODE_ANY, NULL);

	if (j && !l->fn(l->arg, j))
		l->enough = true;
	json_decref(j);
}

static size_t on_lines(char *p, size_t size, size_t n, void *arg)
{
	struct lines *l = arg;
	struct buf *b = &l->answer->body;
	struct slice held;
	size_t end;

	buf_add(b, p, size * n);
	curl_easy_getinfo(l->curl, CURLINFO_RESPONSE_CODE, &l->answer->status);
	if (l->answer->status != 200) /* the body is a problem */
		return b->over ? 0 : size * n;
	while (held = buf_slice(b), (end = slice_find(held, '\n')) < held.n && !l->enough) {
		take_line(l, slice_cut(held, end));
		buf_take(b, end + 1);
	}
	return l->enough || b->over ? 0 : size * n;
}

/* ---- asking ---- */

/* lines NULL: the answer is wanted whole. */
static void perform(const struct invocation *in, const char *method, const char *path, json_t *body,
	struct lines *lines, struct answer *ret)
{
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	struct curl_slist *fields = headers(in, method, text);
	CURL *curl = curl_easy_init();
	CURLcode why;

	*ret = (struct answer){0};
	buf_init(&ret->body, ANSWER_MAX);
	set_up(curl, in, method, path, text, ret);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fields);
	if (lines) {
		lines->curl = curl;
		curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_lines);
		curl_easy_setopt(curl, CURLOPT_WRITEDATA, lines);
		curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 0L);
	}
	why = curl_easy_perform(curl);
	if (why == CURLE_OK || (lines && lines->enough))
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &ret->status);
	else
		not_reached(ret, curl, why, in->socket);
	curl_easy_cleanup(curl);
	curl_slist_free_all(fields);
	free(text);
}

void request(const struct invocation *in, const char *method, const char *path, json_t *body,
	struct answer *ret)
{
	perform(in, method, path, body, NULL, ret);
	ret->json = json_loadb(buf_slice(&ret->body).p, ret->body.n, 0, NULL);
}

void request_lines(const struct invocation *in, const char *method, const char *path, json_t *body,
	request_line *line, void *arg, struct answer *ret)
{
	struct lines l = {.answer = ret, .fn = line, .arg = arg};

	perform(in, method, path, body, &l, ret);
	ret->json = ret->status == 200 ? json_true()
				       : json_loadb(buf_slice(&ret->body).p, ret->body.n, 0, NULL);
}

void answer_done(struct answer *a)
{
	json_decref(a->json);
	buf_done(&a->body);
	*a = (struct answer){0};
}
