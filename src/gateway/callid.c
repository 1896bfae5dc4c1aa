#include "gateway/callid.h"

#include <openssl/sha.h>

#include "sip/sip.h"

static const struct slice escaped = SL("x-thread:"), hashed = SL("x-thread-hash:");

static void put_escaped(struct buf *out, struct slice thread)
{
	buf_slice_add(out, escaped);
	for (size_t i = 0; i < thread.n; i++) {
		char c = thread.p[i];

		if (ascii_alnum(c) || c == '-' || c == '.' || c == '_')
			buf_chr(out, c);
		else
			buf_printf(out, "%%%02X", (unsigned char)c);
	}
}

static void put_hashed(struct buf *out, struct slice thread)
{
	unsigned char md[SHA256_DIGEST_LENGTH];

	SHA256((const unsigned char *)thread.p, thread.n, md);
	buf_slice_add(out, hashed);
	for (size_t i = 0; i < 16; i++)
		buf_printf(out, "%02x", md[i]);
}

void callid_from_thread(struct buf *out, struct slice thread)
{
	struct buf b;

	if (thread.n <= CALLID_MAX && sip_is_call_id(thread) && !slice_starts(thread, escaped)) {
		buf_slice_add(out, thread);
		return;
	}
	buf_init(&b, CALLID_MAX);
	put_escaped(&b, thread);
	if (b.over)
		put_hashed(out, thread);
	else
		buf_slice_add(out, buf_slice(&b));
	buf_done(&b);
}

struct slice callid_to_thread(struct arena *a, struct slice callid)
{
	struct slice thread = callid;
	struct buf b;

	if (!slice_starts(callid, escaped))
		return callid;
	buf_init(&b, CALLID_MAX);
	if (sip_unescape(&b, slice_from(callid, escaped.n)) == 0 && b.n && !b.over)
		thread = arena_slice(a, buf_slice(&b));
	buf_done(&b);
	return thread;
}
