#include "auth/proxy.h"

#include <arpa/inet.h>
#include <string.h>

enum { ADDRESS_BITS = 128, MAPPED_BITS = 96, HOPS_MAX = 32 };

static const uint8_t mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};

/* ---- addresses ---- */

static bool read_address(struct slice s, uint8_t ret[16])
{
	char text[PROXY_ADDRESS_TEXT];

	if (s.n >= sizeof text || s.n == 0 || memchr(s.p, '\0', s.n))
		return false;
	*slice_copy(text, s) = '\0';
	if (inet_pton(AF_INET6, text, ret) == 1)
		return true;
	memcpy(ret, mapped_prefix, sizeof mapped_prefix);
	return inet_pton(AF_INET, text, ret + sizeof mapped_prefix) == 1;
}

static bool is_ipv4(const uint8_t a[16])
{
	return memcmp(a, mapped_prefix, sizeof mapped_prefix) == 0;
}

static void print_address(const uint8_t a[16], char ret[static PROXY_ADDRESS_TEXT])
{
	if (is_ipv4(a))
		inet_ntop(AF_INET, a + sizeof mapped_prefix, ret, PROXY_ADDRESS_TEXT);
	else
		inet_ntop(AF_INET6, a, ret, PROXY_ADDRESS_TEXT);
}

/* ---- networks ---- */

/* Are all bits from `bits` on 0? */
static bool ends_in_zeroes(const struct proxy_network *n)
{
	for (unsigned i = n->bits; i < ADDRESS_BITS; i++)
		if (n->addr[i / 8] & 0x80 >> i % 8)
			return false;
	return true;
}

int proxy_network_parse(struct proxy_network *ret, struct slice text, struct err *e)
{
	size_t slash = slice_find(text, '/');
	struct proxy_network n = {.bits = ADDRESS_BITS};
	uint64_t bits;

	if (!read_address(slice_cut(text, slash), n.addr))
		return err_set(e, ERR_INVALID,
			"'%.*s' is no address and no network; write 192.0.2.1 or 192.0.2.0/24",
			SLARG(slice_cut(text, 60)));
	if (slash < text.n) {
		bool v4 = is_ipv4(n.addr);

		if (slice_u64(slice_from(text, slash + 1), v4 ? 32 : ADDRESS_BITS, &bits) < 0)
			return err_set(e, ERR_INVALID,
				"'%.*s': behind the slash stands a number from 0 to %d",
				SLARG(slice_cut(text, 60)), v4 ? 32 : ADDRESS_BITS);
		n.bits = (uint8_t)(bits + (v4 ? MAPPED_BITS : 0));
	}
	if (!ends_in_zeroes(&n))
		return err_set(e, ERR_INVALID,
			"'%.*s' is an address within a network, not a network",
			SLARG(slice_cut(text, 60)));
	*ret = n;
	return 0;
}

static bool network_has(const struct proxy_network *n, const uint8_t addr[16])
{
	unsigned whole = n->bits / 8, rest = n->bits % 8;

	return memcmp(n->addr, addr, whole) == 0 &&
	       (rest == 0 || (n->addr[whole] ^ addr[whole]) >> (8 - rest) == 0);
}

static bool is_trusted(const struct proxy_networks *l, const uint8_t addr[16])
{
	for (size_t i = 0; i < l->n; i++)
		if (network_has(&l->v[i], addr))
			return true;
	return false;
}

bool proxy_trusted(const struct proxy_networks *trusted, struct slice address)
{
	uint8_t addr[16];

	return read_address(address, addr) && is_trusted(trusted, addr);
}

/* ---- fields ---- */

/* "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80" */
static bool read_node(struct slice s, uint8_t ret[16])
{
	size_t end;

	s = slice_trim(s);
	end = slice_find(s, ']');
	if (s.n && *s.p == '[')
		return end < s.n && read_address(slice_from(slice_cut(s, end), 1), ret);
	if (slice_find(s, ':') == slice_rfind(s, ':'))
		s = slice_cut(s, slice_find(s, ':'));
	return read_address(s, ret);
}

/* The value of "for" in an element of Forwarded: for="[2001:db8::1]:80";proto=https */
static struct slice forwarded_node(struct slice element)
{
	struct slice part;

	while (slice_split(&element, ';', &part)) {
		part = slice_trim(part);
		if (!slice_istarts(part, SL("for=")))
			continue;
		part = slice_trim(slice_from(part, 4));
		if (part.n >= 2 && part.p[0] == '"' && part.p[part.n - 1] == '"')
			part = slice_cut(slice_from(part, 1), part.n - 2);
		return part;
	}
	return SL("");
}

/* The last element of a list; *rest keeps what stands before it. False when there is none. */
static bool last_element(struct slice *rest, struct slice *ret)
{
	size_t comma;

	if (!rest->p)
		return false;
	comma = slice_rfind(*rest, ',');
	if (comma == rest->n) {
		*ret = *rest;
		*rest = SL_NONE;
	} else {
		*ret = slice_from(*rest, comma + 1);
		*rest = slice_cut(*rest, comma);
	}
	return true;
}

/* From the right: who is trusted vouches for the one it names. */
static void walk(
	const struct proxy_networks *trusted, struct slice list, bool forwarded, uint8_t at[16])
{
	struct slice element;
	uint8_t next[16];

	for (unsigned hops = 0; hops < HOPS_MAX && is_trusted(trusted, at); hops++) {
		if (!last_element(&list, &element) ||
			!read_node(forwarded ? forwarded_node(element) : element, next))
			return;
		memcpy(at, next, sizeof next);
	}
}

void proxy_client(const struct proxy_networks *trusted, const struct proxy_request *q,
	char ret[static PROXY_ADDRESS_TEXT])
{
	uint8_t peer[16], a[16], b[16];

	*ret = '\0';
	if (!read_address(q->peer, peer))
		return;
	memcpy(a, peer, sizeof a);
	memcpy(b, peer, sizeof b);
	walk(trusted, q->forwarded, true, a);
	walk(trusted, q->forwarded_for, false, b);
	if (!q->forwarded.p)
		print_address(b, ret);
	else if (!q->forwarded_for.p || memcmp(a, b, sizeof a) == 0)
		print_address(a, ret);
	else
		print_address(peer, ret);
}
