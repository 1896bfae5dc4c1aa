#include <string.h>

#include "base/mem.h"
#include "edge/probe_talk.h"

/* What the header and the features of a test's stream say, in words. */

static void put_word(struct buf *out, bool there, const char *word)
{
	if (there)
		buf_printf(out, "%s%s", out->n ? ", " : "", word);
}

void talk_say_features(struct probe_talk *t)
{
	const struct xstream_features *f = xstream_offer(t->x);
	struct buf text = {0};

	put_word(&text, f->starttls, f->starttls_required ? "STARTTLS (required)" : "STARTTLS");
	put_word(&text, f->external, "EXTERNAL");
	put_word(&text, f->mechanisms && !f->external, "other mechanisms than EXTERNAL");
	put_word(&text, f->dialback, f->dialback_errors ? "dialback (errors)" : "dialback");
	probe_say(t->probe, PROBE_STEP_FEATURES, PC_OK, "in %s: %.*s",
		xstream_encrypted(t->x) ? "TLS" : "clear",
		SLARG(text.n ? buf_slice(&text) : SL("nothing")));
	buf_done(&text);
}

void talk_say_header(struct probe_talk *t)
{
	bool old = !slice_contains(slice_make(t->raw, t->n_raw), SL("version="));

	probe_say(t->probe, PROBE_STEP_HEADER, old ? PC_HEADER_OLD : PC_OK,
		"after %llu ms, stream id %.*s", talk_took(t), SLARG(xstream_id(t->x)));
}

static void skip_tls(struct probe_talk *t, bool because_of_starttls)
{
	static const enum probe_step rest[] = {PROBE_STEP_TLS, PROBE_STEP_CHAIN, PROBE_STEP_NAME,
		PROBE_STEP_EXPIRY, PROBE_STEP_PURPOSE, PROBE_STEP_EXTERNAL};

	for (size_t i = 0; i < ARRAY_LEN(rest); i++)
		if (because_of_starttls)
			probe_block(t->probe, rest[i], PROBE_STEP_STARTTLS);
		else
			probe_say(t->probe, rest[i], PC_NOT_IN_SETTINGS, "%s", "");
}

/* What the features in clear mean for TLS. */
void talk_judge_starttls(struct probe_talk *t)
{
	const struct xstream_features *f = xstream_offer(t->x);
	struct probe *p = t->probe;
	bool floor = t->policy.floor && t->policy.tls != XTLS_REQUIRED;
	bool clear = t->policy.dialback_clear && t->policy.tls != XTLS_REQUIRED && !floor;

	if (t->policy.tls == XTLS_OFF && f->starttls_required) {
		probe_say(p, PROBE_STEP_STARTTLS, PC_STARTTLS_WANTED, "TLS is required there");
	} else if (t->policy.tls == XTLS_OFF) {
		probe_say(p, PROBE_STEP_STARTTLS, PC_NOT_IN_SETTINGS, "TLS NotSupported");
		skip_tls(t, false);
	} else if (!f->starttls) {
		probe_say(p, PROBE_STEP_STARTTLS,
			clear ? PC_STARTTLS_NOT_OFFERED : PC_STARTTLS_MISSING,
			floor ? "not offered, and TLS has failed there: nothing is sent in clear "
				"before it works again"
			      : "not offered");
		if (clear)
			skip_tls(t, true);
	}
}
