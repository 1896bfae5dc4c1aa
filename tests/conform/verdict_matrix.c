/*
 * verdict_matrix FILE: holds every row of policy-matrix.json (which kind of stream results when a
 * partner's settings meet a peer) against the function that decides at either end of a stream.
 * policy_matrix plays the same rows live. A line per row that differs; ends "N passed, N failed". A
 * key or a word it does not know is a failure.
 */

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "edge/judge.h"
#include "xmpp/negotiate.h"

struct row {
	json_t *json;
	size_t number;
	bool failed;
};

static void fail(struct row *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void fail(struct row *r, const char *fmt, ...)
{
	va_list ap;

	printf("row %zu: ", r->number);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	r->failed = true;
}

static void check_keys(struct row *r, json_t *object, const char *const *known)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value) {
		size_t i = 0;

		while (known[i] && strcmp(known[i], key) != 0)
			i++;
		if (!known[i])
			fail(r, "unknown key '%s'", key);
	}
}

/* The index of the word in a list that ends with NULL. */
static int read_word(struct row *r, json_t *object, const char *key, const char *const *words)
{
	const char *word = json_string_value(json_object_get(object, key));

	for (int i = 0; word && words[i]; i++)
		if (strcmp(word, words[i]) == 0)
			return i;
	fail(r, "%s is none of its words", key);
	return 0;
}

static bool read_bool(struct row *r, json_t *object, const char *key)
{
	json_t *v = json_object_get(object, key);

	if (!json_is_boolean(v))
		fail(r, "%s is neither true nor false", key);
	return json_is_true(v);
}

static const char *const tls_words[] = {"disabled", "optional", "required", NULL};
static const char *const cert_words[] = {"missing", "invalid", "valid", NULL};
static const char *const direction_words[] = {"outbound", "inbound", NULL};
static const char *const outcome_words[] = {
	"none", "plain-dialback", "tls-dialback", "tls-external", NULL};

/* The words stand in the order of these. */
_Static_assert(XTLS_OFF == 0 && XTLS_REQUIRED == 2 && XCERT_NONE == 0 && XCERT_GOOD == 2 &&
		       XNEG_NONE == 0 && XNEG_TLS_EXTERNAL == 3,
	"as the lists of words");

/* Rows of negotiation-matrix.json: dialback changes first, then SASL, then TLS as here. */
static bool read_policy(struct row *r, struct negotiation *ret)
{
	static const enum negotiation_level tls[] = {
		NEGOTIATION_REQUIRED, NEGOTIATION_OPTIONAL, NEGOTIATION_NOT_SUPPORTED};
	json_int_t n = json_integer_value(json_object_get(r->json, "policy")) - 1;

	if (n < 0 || n >= 18) {
		fail(r, "policy is no row of the negotiation matrix");
		return false;
	}
	*ret = (struct negotiation){
		.tls = tls[n / 2 % 3],
		.sasl = (enum negotiation_level)(n / 6),
		.dialback = n % 2 == 0,
	};
	if (negotiation_judge(*ret).refused)
		fail(r, "such a setting cannot be saved");
	return true;
}

static struct xneg_end read_peer(struct row *r, json_t *peer)
{
	static const char *const keys[] = {"tls", "cert", "strict", "dialback", NULL};
	bool dialback = read_bool(r, peer, "dialback");

	check_keys(r, peer, keys);
	return (struct xneg_end){
		.policy = {.tls = (enum xtls_policy)read_word(r, peer, "tls", tls_words),
			.external = true,
			.dialback_tls = dialback,
			.dialback_clear = dialback},
		.cert = (enum xstream_cert)read_word(r, peer, "cert", cert_words),
		.strict = read_bool(r, peer, "strict"),
	};
}

static void check_row(struct row *r)
{
	static const char *const keys[] = {
		"policy", "direction", "local_cert", "peer", "outcome", NULL};
	bool outbound = read_word(r, r->json, "direction", direction_words) == 0;
	int want = read_word(r, r->json, "outcome", outcome_words);
	struct xneg_end peer = read_peer(r, json_object_get(r->json, "peer")), own = {0};
	enum xneg_outcome got;
	struct negotiation n;
	enum xneg_fail why;

	check_keys(r, r->json, keys);
	if (!read_policy(r, &n))
		return;
	own.policy = edge_policy(n, true);
	own.cert = (enum xstream_cert)read_word(r, r->json, "local_cert", cert_words);
	got = outbound ? xneg_meet(&own, &peer, &why) : xneg_meet(&peer, &own, &why);
	if ((int)got != want)
		fail(r, "%s (%s), not %s", xneg_outcome_name(got), xneg_fail_text(why),
			outcome_words[want]);
	if ((got == XNEG_NONE) != (why != XNEG_OK))
		fail(r, "%s, and why: '%s'", xneg_outcome_name(got), xneg_fail_text(why));
}

int main(int argc, char **argv)
{
	json_error_t error;
	json_t *file = argc == 2 ? json_load_file(argv[1], 0, &error) : NULL;
	json_t *rows = json_object_get(file, "rows"), *json;
	size_t i, failed = 0;

	if (!json_is_array(rows)) {
		fprintf(stderr, "usage: verdict_matrix FILE, with a list \"rows\"\n");
		return 2;
	}
	json_array_foreach(rows, i, json) {
		struct row r = {json, i + 1, false};

		check_row(&r);
		failed += r.failed;
	}
	printf("%zu passed, %zu failed\n", json_array_size(rows) - failed, failed);
	json_decref(file);
	return failed > 0;
}
