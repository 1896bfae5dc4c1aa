#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "gateway/offer.h"

static const struct offer_place place = {.host = SL("192.0.2.9"), .port = 5061, .id = 42};

/* The answer can be read, its lines are those of the offer, and one is taken (RFC 3264 6). */
static void check_answer(const struct offer *o)
{
	struct sdp *s = malloc(sizeof *s);
	struct buf b = {0};
	int bad;

	offer_answer(&b, o, &place, SL("sip:juliet@example.com"));
	bad = sdp_parse(s, buf_slice(&b));
	assert(bad == 0);
	assert(s->n_media == (o->sdp ? o->sdp->n_media : 1));
	for (unsigned i = 0; i < s->n_media; i++)
		assert(s->media[i].port == (i == o->media ? place.port : 0));
	buf_done(&b);
	free(s);
}

static void check_refusal(const struct message_refusal *no)
{
	struct sip_warning w;

	assert(no->status == 400 || no->status == 403 || no->status == 415 || no->status == 488);
	if (slice_eqz(no->field.name, "Warning"))
		assert(sip_warning_parse(no->field.value, &w) == 0);
}

/* What an INVITE offers: its description, its first message, its parties. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char *copy = malloc(n + 1);
	struct sip_msg *m = malloc(sizeof *m);
	struct message_refusal no = {0};
	struct arena a = {0};
	unsigned accepts = 0;
	struct offer o;

	memcpy(copy, p, n);
	if (sip_msg_parse(m, copy, n) == SIP_GOOD) {
		if (offer_read(&o, &a, m, &no)) {
			check_answer(&o);
			/* the same once more is the same session */
			bool again = offer_again(&o, &a, m, o.sdp->n_media, o.media, &no);

			assert(again);
		} else {
			check_refusal(&no);
		}
		if (offer_again(&o, &a, m, 1, 0, &no))
			check_answer(&o);
		offer_answered(m, &accepts);
	}
	arena_done(&a);
	free(copy);
	free(m);
	return 0;
}
