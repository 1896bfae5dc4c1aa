#include "fuzz.h"

#include "xmpp/jid.h"

/* A JID is stable: printed and parsed it is the same, and its domain has an encoded form. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct slice in = slice_make(p, n), ascii;
	struct buf escaped = {0}, back = {0};
	struct arena a = {0};
	struct jid j, again;

	if (jid_parse(&j, &a, in, NULL) == 0) {
		assert(j.domain.n > 0 && j.local.n <= JID_PART_MAX && j.resource.n <= JID_PART_MAX);
		assert(jid_parse(&again, &a, jid_full(&a, &j), NULL) == 0 && jid_eq(&j, &again));
		ascii = jid_domain_ascii(&a, &j);
		assert(jid_make(&again, &a, j.local, ascii, j.resource, NULL) == 0);
		assert(jid_eq(&j, &again));
	}
	jid_escape(&escaped, in);
	jid_unescape(&back, buf_slice(&escaped));
	assert(slice_eq(buf_slice(&back), in));
	buf_done(&escaped);
	buf_done(&back);
	arena_done(&a);
	return 0;
}
