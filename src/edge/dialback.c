#include "edge/dialback.h"

#include "base/mem.h"

void dialback_secrets_set(struct dialback_secrets *s, struct slice passphrase, uint64_t now_ms)
{
	struct dialback_secret next;

	if (!passphrase.n) {
		dialback_secrets_wipe(s);
		return;
	}
	dialback_secret_make(&next, passphrase);
	if (s->has && mem_equal_ct(&s->now, &next, sizeof next)) {
		mem_wipe(&next, sizeof next);
		return;
	}
	s->before = s->now;
	s->has_before = s->has;
	s->before_until_ms = now_ms + DIALBACK_GRACE_MS;
	s->now = next;
	s->has = true;
	mem_wipe(&next, sizeof next);
}

void dialback_secrets_wipe(struct dialback_secrets *s)
{
	mem_wipe(s, sizeof *s);
}

bool dialback_secrets_verify(const struct dialback_secrets *s, struct slice receiving,
	struct slice originating, struct slice id, struct slice key, uint64_t now_ms)
{
	bool is = s->has && dialback_key_is(&s->now, receiving, originating, id, key);

	/* Both are always compared: which one fits takes no other time than which does not. */
	if (s->has_before && now_ms < s->before_until_ms)
		is |= dialback_key_is(&s->before, receiving, originating, id, key);
	return is;
}
