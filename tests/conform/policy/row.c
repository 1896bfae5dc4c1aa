#include "row.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const cert_words[] = {"missing", "invalid", "valid", NULL};
const char *const outcome_words[] = {
	"none", "plain-dialback", "tls-dialback", "tls-external", NULL};
static const char *const tls_words[] = {"disabled", "optional", "required", NULL};
static const char *const direction_words[] = {"inbound", "outbound", NULL};
static const char *const levels[] = {"Required", "Optional", "NotSupported"};

/* The order of negotiation-matrix.json: SASL, then TLS, then dialback true and false. */
const char *policy_tls(int policy)
{
	return levels[(policy - 1) / 2 % 3];
}

const char *policy_sasl(int policy)
{
	return levels[(policy - 1) / 6];
}

bool policy_dialback(int policy)
{
	return policy % 2 == 1;
}

bool policy_tls_required(int policy)
{
	return strcmp(policy_tls(policy), levels[0]) == 0;
}

void row_wrong(struct row *r, const char *fmt, ...)
{
	va_list ap;

	if (r->wrong[0])
		return;
	va_start(ap, fmt);
	vsnprintf(r->wrong, sizeof r->wrong, fmt, ap);
	va_end(ap);
}

/* ---- reading ---- */

static const char *const row_keys[] = {
	"policy", "direction", "local_cert", "peer", "outcome", NULL};
static const char *const peer_keys[] = {"tls", "cert", "strict", "dialback", NULL};

static int word_in(const char *const *words, const char *word)
{
	for (int i = 0; word && words[i]; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return -1;
}

static void check_keys(struct row *r, json_t *object, const char *const *known)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
		if (word_in(known, key) < 0)
			row_wrong(r, "unknown key '%s'", key);
}

static int read_word(struct row *r, json_t *object, const char *key, const char *const *words)
{
	int i = word_in(words, json_string_value(json_object_get(object, key)));

	if (i < 0)
		row_wrong(r, "'%s' has no known value", key);
	return i < 0 ? 0 : i;
}

static bool read_bool(struct row *r, json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	if (!json_is_boolean(value))
		row_wrong(r, "'%s' is neither true nor false", key);
	return json_is_true(value);
}

static void read_row(struct row *r, json_t *json, int number)
{
	json_t *peer = json_object_get(json, "peer");

	*r = (struct row){.number = number};
	snprintf(r->domain, sizeof r->domain, "r%d.peer.lab", number);
	check_keys(r, json, row_keys);
	check_keys(r, peer, peer_keys);
	r->policy = (int)json_integer_value(json_object_get(json, "policy"));
	if (r->policy < 1 || r->policy > POLICY__N)
		row_wrong(r, "there is no policy %d", r->policy);
	r->outbound = read_word(r, json, "direction", direction_words);
	r->local_cert = (enum cert)read_word(r, json, "local_cert", cert_words);
	r->tls = (enum peer_tls)read_word(r, peer, "tls", tls_words);
	r->cert = (enum cert)read_word(r, peer, "cert", cert_words);
	r->strict = read_bool(r, peer, "strict");
	r->dialback = read_bool(r, peer, "dialback");
	r->wanted = (enum outcome)read_word(r, json, "outcome", outcome_words);
}

struct row *rows_read(const char *path, size_t *ret_n)
{
	json_error_t e;
	json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &e), *rows, *json;
	struct row *ret;
	size_t i;

	rows = json_object_get(root, "rows");
	if (!json_array_size(rows)) {
		fprintf(stderr, "%s: %s\n", path, root ? "no rows" : e.text);
		json_decref(root);
		return NULL;
	}
	*ret_n = json_array_size(rows);
	ret = calloc(*ret_n, sizeof *ret);
	json_array_foreach(rows, i, json)
		read_row(&ret[i], json, (int)i + 1);
	json_decref(root);
	return ret;
}

/* ---- judging ---- */

static enum outcome seen(const struct row *r)
{
	if (!r->delivered)
		return OUTCOME_NONE;
	if (!r->encrypted)
		return OUTCOME_PLAIN_DIALBACK;
	return r->external ? OUTCOME_TLS_EXTERNAL : OUTCOME_TLS_DIALBACK;
}

/* Who wanted to send a message has been told once that it cannot be. */
static void judge_none(struct row *r)
{
	unsigned errors = r->stream_errors + r->alerts + r->dialback_errors;

	if (r->outbound && r->sip_errors != 1)
		row_wrong(r, "the SIP sender got %u errors", r->sip_errors);
	if (!r->outbound && !errors && !r->peer_gave_up)
		row_wrong(r, "the peer got no error");
	if (r->stream_errors > 1 || r->alerts > 1 || r->dialback_errors > 1)
		row_wrong(r, "%u stream errors, %u alerts, %u dialback errors", r->stream_errors,
			r->alerts, r->dialback_errors);
}

bool row_judge(struct row *r)
{
	if (r->started && !r->finished)
		row_wrong(r, "nothing decided it");
	else if (seen(r) != r->wanted)
		row_wrong(r, "%s", r->sip_errors ? "the SIP sender got an error" : "");
	else if (r->wanted == OUTCOME_NONE)
		judge_none(r);
	else if (r->sip_errors)
		row_wrong(r, "delivered, and the SIP sender got %u errors", r->sip_errors);
	if (seen(r) == r->wanted && !r->wrong[0])
		return true;
	printf("row %d: policy %d, %s, local certificate %s, peer tls %s, cert %s, %s, dialback "
	       "%s: "
	       "expected %s, seen %s; %s\n",
		r->number, r->policy, direction_words[r->outbound], cert_words[r->local_cert],
		tls_words[r->tls], cert_words[r->cert], r->strict ? "strict" : "not strict",
		r->dialback ? "true" : "false", outcome_words[r->wanted], outcome_words[seen(r)],
		r->wrong);
	return false;
}
