#include "fuzz.h"

#include "base/mem.h"
#include "sip/sip.h"

static struct sip_msg m;

/* Events in words: what they are, of how many bytes. */
struct seen {
	struct buf words;
	struct sip_frame frame;
};

/* The framer and the reader have the same idea of where a message ends. */
static void check_message(struct slice whole)
{
	char *copy = xmalloc(whole.n);

	memcpy(copy, whole.p, whole.n);
	if (sip_msg_parse(&m, copy, whole.n) == SIP_GOOD)
		assert(m.body.p + m.body.n == copy + whole.n);
	xfree(copy);
}

static void look(struct seen *s, struct slice whole, struct slice *rest, bool *broken)
{
	for (;;) {
		size_t used = 0;
		enum sip_frame_event event = sip_frame_look(&s->frame, rest->p, rest->n, &used);

		assert(used <= rest->n && (used > 0) == (event != SIP_FRAME_MORE));
		if (event == SIP_FRAME_MORE)
			return;
		buf_printf(&s->words, "%d", event);
		if (event == SIP_FRAME_MESSAGE)
			check_message(slice_cut(*rest, used));
		if (event == SIP_FRAME_BROKEN) {
			buf_printf(&s->words, " %d", s->frame.fault);
			*broken = true;
			return;
		}
		*rest = slice_from(*rest, used);
		buf_printf(&s->words, " %zu\n", (size_t)(rest->p - whole.p));
	}
}

static void read_stream(struct seen *s, struct slice in, size_t piece)
{
	struct slice rest = slice_cut(in, 0);
	bool broken = false;

	while (!broken && rest.p + rest.n < in.p + in.n) {
		size_t left = (size_t)(in.p + in.n - rest.p - rest.n);

		rest.n += piece < left ? piece : left;
		look(s, in, &rest, &broken);
	}
}

/* All at once, byte by byte and in pieces between: the same messages, pings and faults. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct slice in = slice_make(p, n);
	struct seen once = {0}, bytewise = {0}, pieces = {0};

	if (!n)
		return 0;
	read_stream(&once, in, n);
	read_stream(&bytewise, in, 1);
	read_stream(&pieces, in, 7);
	assert(slice_eq(buf_slice(&once.words), buf_slice(&bytewise.words)));
	assert(slice_eq(buf_slice(&once.words), buf_slice(&pieces.words)));
	buf_done(&once.words);
	buf_done(&bytewise.words);
	buf_done(&pieces.words);
	return 0;
}
