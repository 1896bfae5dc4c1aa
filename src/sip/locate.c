#include "sip/locate.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum { SIP_PORT = 5060, SIPS_PORT = 5061 };

/* The transports in the order in which auto asks for them, with what they are called in DNS. */
/* clang-format off */
static const struct kind {
	enum sip_transport transport;
	const char *srv, *naptr; /* RFC 3263 4.1 */
} kinds[] = {
	{SIP_TLS, "_sips._tcp", "SIPS+D2T"},
	{SIP_TCP, "_sip._tcp",  "SIP+D2T"},
	{SIP_UDP, "_sip._udp",  "SIP+D2U"},
};
/* clang-format on */

static uint16_t port_of(enum sip_transport t)
{
	return t == SIP_TLS ? SIPS_PORT : SIP_PORT;
}

static enum sip_transport transport_of(enum sip_locate_way way)
{
	/* 4.1: an address or a port without a transport is meant for UDP. */
	static const enum sip_transport t[] = {
		[SIP_BY_UDP] = SIP_UDP, SIP_TCP, SIP_TLS, [SIP_BY_AUTO] = SIP_UDP};

	return t[way];
}

enum sip_transport sip_locate_literal(enum sip_locate_way way, uint16_t *port)
{
	if (!*port)
		*port = port_of(transport_of(way));
	return transport_of(way);
}

/* ---- questions ---- */

static void end_by(struct sip_locate *l, enum sip_locate_ask how)
{
	l->ask = how;
}

static void ask_host(struct sip_locate *l, enum sip_transport t, uint16_t port)
{
	l->ask = SIP_ASK_HOST;
	l->transport = t;
	l->port = port;
	snprintf(l->name, sizeof l->name, "%s", l->host);
}

static void ask_srv(struct sip_locate *l, const struct kind *k)
{
	l->ask = SIP_ASK_SRV;
	l->transport = k->transport;
	snprintf(l->name, sizeof l->name, "%s.%s", k->srv, l->host);
}

static void ask_naptr(struct sip_locate *l)
{
	l->ask = SIP_ASK_NAPTR;
	snprintf(l->name, sizeof l->name, "%s", l->host);
}

/* The SRV records that the next of the usable NAPTR records names. */
static void ask_named(struct sip_locate *l)
{
	l->ask = SIP_ASK_SRV;
	l->transport = l->naptr[l->at_naptr].transport;
	snprintf(l->name, sizeof l->name, "%s", l->naptr[l->at_naptr].name);
}

static const struct kind *kind_of(enum sip_transport t)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i].transport == t)
			return &kinds[i];
	assert(!"a transport without service");
	return NULL;
}

void sip_locate_start(
	struct sip_locate *l, const char *host, uint16_t port, enum sip_locate_way way)
{
	memset(l, 0, sizeof *l);
	l->host = host;
	l->way = way;
	if (port)
		ask_host(l, transport_of(way), port);
	else if (way == SIP_BY_AUTO)
		ask_naptr(l);
	else
		ask_srv(l, kind_of(transport_of(way)));
}

/* ---- NAPTR ---- */

/* What can be used: a service that we speak, and a name of SRV records to go on with. */
static const struct kind *usable(const struct sip_naptr *r)
{
	if (!slice_ieq(r->flags, SL("s")) || r->regexp.n || !r->replacement.n ||
		r->replacement.n >= SIP_LOCATE_NAME)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (slice_ieq(r->service, slice_of(kinds[i].naptr)))
			return &kinds[i];
	return NULL;
}

/* RFC 3403 4.1: once one of an order can be used, those of a higher order do not count. */
static unsigned best_order(const struct sip_naptr *v, size_t n)
{
	unsigned best = UINT16_MAX + 1;

	for (size_t i = 0; i < n; i++)
		if (usable(&v[i]) && v[i].order < best)
			best = v[i].order;
	return best;
}

static void keep_naptr(struct sip_locate *l, const struct sip_naptr *r)
{
	char *name = l->naptr[l->n_naptr].name;

	l->naptr[l->n_naptr].transport = usable(r)->transport;
	memcpy(name, r->replacement.p, r->replacement.n);
	name[r->replacement.n] = 0;
	l->n_naptr++;
}

/* Those of the lowest order, by preference; alike ones as they came. */
static void sort_naptr(struct sip_locate *l, const struct sip_naptr *v, size_t n)
{
	unsigned order = best_order(v, n);
	bool used[SIP_NAPTR_MAX] = {false};

	for (;;) {
		const struct sip_naptr *best = NULL;

		for (size_t i = 0; i < n; i++)
			if (!used[i] && usable(&v[i]) && v[i].order == order &&
				(!best || v[i].preference < best->preference))
				best = &v[i];
		if (!best)
			return;
		used[best - v] = true;
		keep_naptr(l, best);
	}
}

static void take_naptr(
	struct sip_locate *l, enum sip_dns answer, const struct sip_naptr *v, size_t n)
{
	if (answer == SIP_DNS_FAILED) {
		end_by(l, SIP_LOCATE_FAILED);
		return;
	}
	if (answer == SIP_DNS_FOUND)
		sort_naptr(l, v, n < SIP_NAPTR_MAX ? n : SIP_NAPTR_MAX);
	if (l->n_naptr)
		ask_named(l);
	else
		ask_srv(l, &kinds[0]);
}

/* ---- SRV ---- */

/* auto: the next transport; after the last the host itself, unless SIP over UDP was denied. */
static void next_kind(struct sip_locate *l)
{
	if (++l->next < ARRAY_LEN(kinds))
		ask_srv(l, &kinds[l->next]);
	else if (l->denied_udp)
		end_by(l, SIP_LOCATE_NONE);
	else
		ask_host(l, SIP_UDP, SIP_PORT);
}

static void no_records(struct sip_locate *l)
{
	if (l->n_naptr && ++l->at_naptr < l->n_naptr)
		ask_named(l);
	else if (l->n_naptr) /* it names services, and none of them has a server */
		end_by(l, SIP_LOCATE_NONE);
	else if (l->way == SIP_BY_AUTO)
		next_kind(l);
	else if (l->denied)
		end_by(l, SIP_LOCATE_NONE);
	else
		ask_host(l, l->transport, port_of(l->transport));
}

static void take_srv(struct sip_locate *l, enum sip_dns answer)
{
	switch (answer) {
	case SIP_DNS_FOUND:
		end_by(l, SIP_ASK_RECORDS);
		break;
	case SIP_DNS_FAILED:
		end_by(l, SIP_LOCATE_FAILED);
		break;
	case SIP_DNS_DENIED:
		l->denied = true;
		if (l->transport == SIP_UDP)
			l->denied_udp = true;
		no_records(l);
		break;
	case SIP_DNS_ABSENT:
		no_records(l);
		break;
	}
}

void sip_locate_answer(
	struct sip_locate *l, enum sip_dns answer, const struct sip_naptr *v, size_t n)
{
	assert(l->ask == SIP_ASK_NAPTR || l->ask == SIP_ASK_SRV);
	if (l->ask == SIP_ASK_NAPTR)
		take_naptr(l, answer, v, n);
	else
		take_srv(l, answer);
}

/* ---- the choice ---- */

/* Is a to be tried before b, whatever the weights are? */
static bool is_before(const struct sip_candidate *a, const struct sip_candidate *b)
{
	return a->rank != b->rank ? a->rank < b->rank : a->priority < b->priority;
}

static bool is_beside(const struct sip_candidate *a, const struct sip_candidate *b)
{
	return a->rank == b->rank && a->priority == b->priority;
}

static const struct sip_candidate *best_of(const struct sip_candidate *v, size_t n)
{
	const struct sip_candidate *best = NULL;

	for (size_t i = 0; i < n; i++)
		if (!v[i].out && (!best || is_before(&v[i], best)))
			best = &v[i];
	return best;
}

/* The first candidate of each record that stands beside the best, in order. */
static size_t contenders(const struct sip_candidate *v, size_t n, uint8_t ret[static 256])
{
	const struct sip_candidate *best = best_of(v, n);
	bool seen[256] = {false};
	size_t n_ret = 0;

	for (size_t i = 0; best && i < n; i++) {
		if (v[i].out || !is_beside(&v[i], best) || seen[v[i].record])
			continue;
		seen[v[i].record] = true;
		ret[n_ret++] = (uint8_t)i;
	}
	return n_ret;
}

/* Random numbers are used as RFC 2782 says: a sum that is reached; weight 0 goes first. */
int sip_locate_pick(const struct sip_candidate *v, size_t n, uint64_t random)
{
	uint8_t among[256];
	size_t n_among = contenders(v, n, among);
	uint64_t total = 0, sum = 0, at;

	assert(n <= 256);
	if (!n_among)
		return -1;
	for (size_t i = 0; i < n_among; i++)
		total += v[among[i]].weight;
	at = random % (total + 1);
	/* Of several with weight 0 and nothing else each has the same chance. */
	if (!total)
		return among[random % n_among];
	for (size_t i = 0; i < n_among && at == 0; i++)
		if (!v[among[i]].weight)
			return among[i];
	for (size_t i = 0; i < n_among; i++) {
		sum += v[among[i]].weight;
		if (v[among[i]].weight && sum >= at)
			return among[i];
	}
	assert(!"the sum reaches the total");
	return -1;
}
