#include "fuzz.h"

#include "base/mem.h"
#include "sip/locate.h"

struct bytes {
	const uint8_t *p, *end;
};

static unsigned take(struct bytes *b)
{
	return b->p < b->end ? *b->p++ : 0;
}

/* A text of the input, which ends at a zero. */
static struct slice take_text(struct bytes *b)
{
	struct slice text = slice_make(b->p, (size_t)(b->end - b->p));

	text = slice_cut(text, slice_find(text, 0));
	b->p += text.n + (b->p + text.n < b->end);
	return text;
}

static size_t take_naptr(struct bytes *b, struct sip_naptr *v)
{
	size_t n = take(b) % (SIP_NAPTR_MAX + 1);

	for (size_t i = 0; i < n; i++) {
		v[i].order = (uint16_t)take(b);
		v[i].preference = (uint16_t)take(b);
		v[i].flags = take_text(b);
		v[i].service = take_text(b);
		v[i].regexp = take_text(b);
		v[i].replacement = take_text(b);
	}
	return n;
}

static bool is_end(enum sip_locate_ask ask)
{
	return ask == SIP_ASK_HOST || ask == SIP_ASK_RECORDS || ask == SIP_LOCATE_NONE ||
	       ask == SIP_LOCATE_FAILED;
}

/* Whatever DNS says, the search ends, and within the transports that the route allows. */
static void search(struct bytes *b)
{
	static const enum sip_transport of_way[] = {
		[SIP_BY_UDP] = SIP_UDP, [SIP_BY_TCP] = SIP_TCP, [SIP_BY_TLS] = SIP_TLS};
	enum sip_locate_way way = (enum sip_locate_way)(take(b) % 4);
	struct sip_naptr v[SIP_NAPTR_MAX];
	struct sip_locate l;

	sip_locate_start(&l, "example.net", (uint16_t)(take(b) % 2 * 5080), way);
	for (unsigned asked = 0; !is_end(l.ask); asked++) {
		enum sip_dns answer = (enum sip_dns)(take(b) % 4);
		size_t n = l.ask == SIP_ASK_NAPTR && answer == SIP_DNS_FOUND ? take_naptr(b, v) : 0;

		assert(asked < SIP_NAPTR_MAX + 5);
		assert(memchr(l.name, 0, sizeof l.name) && l.name[0]);
		sip_locate_answer(&l, answer, v, n);
	}
	if (l.ask == SIP_ASK_HOST || l.ask == SIP_ASK_RECORDS)
		assert(way == SIP_BY_AUTO ? l.transport <= SIP_TLS : l.transport == of_way[way]);
	if (l.ask == SIP_ASK_HOST)
		assert(l.port && memchr(l.name, 0, sizeof l.name));
}

/* The one taken is in use, and none in use is better. */
static void pick(struct bytes *b)
{
	struct sip_candidate v[256];
	size_t n = take(b);
	uint64_t random = 0;
	int taken;

	for (size_t i = 0; i < n; i++)
		v[i] = (struct sip_candidate){.priority = (uint16_t)(take(b) % 4),
			.weight = (uint16_t)(take(b) * 257u),
			.record = (uint8_t)i,
			.rank = (uint8_t)(take(b) % 3),
			.out = take(b) % 2};
	for (unsigned i = 0; i < 8; i++)
		random = random << 8 | take(b);
	taken = sip_locate_pick(v, n, random);
	assert(taken < (int)n);
	for (size_t i = 0; i < n; i++) {
		if (v[i].out)
			continue;
		assert(taken >= 0 && !v[taken].out);
		assert(v[taken].rank <= v[i].rank);
		assert(v[taken].rank < v[i].rank || v[taken].priority <= v[i].priority);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct bytes b = {p, p + n};

	if (!n)
		return 0;
	if (take(&b) % 2)
		search(&b);
	else
		pick(&b);
	return 0;
}
