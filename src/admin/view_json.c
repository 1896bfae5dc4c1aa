#include "admin/admin_priv.h"
#include "base/clock.h"
#include "federation/setting.h"

void json_text(struct buf *out, const char *name, struct slice s)
{
	buf_printf(out, ", \"%s\": ", name);
	if (s.p)
		json_quote(out, s);
	else
		buf_str(out, "null");
}

void json_when(struct buf *out, const char *name, uint64_t wall_ms)
{
	char iso[32];

	clock_iso(wall_ms, iso);
	json_text(out, name, wall_ms ? slice_of(iso) : SL_NONE);
}

void json_number(struct buf *out, const char *name, uint64_t n)
{
	buf_printf(out, ", \"%s\": %llu", name, (unsigned long long)n);
}

static void pairs(const struct view_stream *s, struct buf *out)
{
	buf_str(out, ", \"pairs\": [");
	for (size_t i = 0; i < s->n_pairs; i++) {
		buf_printf(out, "%s{\"method\": \"%s\"", i ? ", " : "", s->pairs[i].method);
		json_text(out, "local_domain", s->pairs[i].local);
		json_text(out, "remote_domain", s->pairs[i].remote);
		json_when(out, "since", s->pairs[i].since_ms);
		buf_chr(out, '}');
	}
	buf_chr(out, ']');
}

static void peer_certificate(const struct view_peer_cert *c, struct buf *out)
{
	buf_str(out, ", \"peer_certificate\": {\"fingerprint\": ");
	json_quote(out, c->fingerprint);
	json_text(out, "subject", c->subject);
	json_text(out, "issuer", c->issuer);
	json_text(out, "names", c->names);
	json_when(out, "not_after", c->not_after > 0 ? (uint64_t)c->not_after * 1000 : 0);
	buf_chr(out, '}');
}

void stream_json(const struct view_stream *s, struct buf *out)
{
	buf_printf(out, "{\"direction\": \"%s\", \"state\": \"%s\"", view_dir_name(s->dir),
		view_state_name(s->state));
	json_text(out, "id", s->id);
	json_text(out, "partner", s->partner);
	json_text(out, "local_domain", s->local);
	json_text(out, "remote_domain", s->remote);
	json_text(out, "peer", s->peer);
	json_text(out, "method", s->method);
	json_text(out, "tls", s->tls);
	json_text(out, "cipher", s->cipher);
	json_text(out, "certificate", s->verdict);
	json_when(out, "certificate_expires", s->expires > 0 ? (uint64_t)s->expires * 1000 : 0);
	json_text(out, "last_error", s->error);
	json_text(out, "last_error_text", s->error_text);
	json_when(out, "began", s->began_ms);
	json_when(out, "since", s->since_ms);
	json_when(out, "last_stanza", s->stanza_ms);
	json_when(out, "next_attempt", s->retry_ms);
	json_number(out, "stanzas_in", s->stanzas_in);
	json_number(out, "stanzas_out", s->stanzas_out);
	json_number(out, "bytes_in", s->bytes_in);
	json_number(out, "bytes_out", s->bytes_out);
	json_number(out, "queued", s->queued);
	pairs(s, out);
	if (s->cert)
		peer_certificate(s->cert, out);
	buf_chr(out, '}');
}
