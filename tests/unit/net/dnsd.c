#include "dnsd.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"

static void put_name(struct buf *b, const char *name)
{
	struct slice rest = slice_of(name), label;

	while (slice_split(&rest, '.', &label) && label.n) {
		buf_chr(b, (char)label.n);
		buf_slice_add(b, label);
	}
	if (rest.p && rest.n) {
		buf_chr(b, (char)rest.n);
		buf_slice_add(b, rest);
	}
	buf_chr(b, 0);
}

static void put16(struct buf *b, unsigned v)
{
	buf_chr(b, (char)(v >> 8));
	buf_chr(b, (char)v);
}

static void put_string(struct buf *b, const char *s)
{
	buf_chr(b, (char)strlen(s));
	buf_str(b, s);
}

static void put_naptr(struct buf *b, const char *rdata)
{
	unsigned order, preference;
	char flags[16], service[64], target[64];

	sscanf(rdata, "%u %u %15s %63s %63s", &order, &preference, flags, service, target);
	put16(b, order);
	put16(b, preference);
	put_string(b, flags);
	put_string(b, service);
	put_string(b, "");
	put_name(b, target);
}

static void put_rdata(struct buf *b, const struct dnsd_record *r)
{
	struct buf data = {0};
	uint8_t addr[16];
	unsigned v[3];
	char target[64];

	if (r->type == DNSD_SRV) {
		sscanf(r->rdata, "%u %u %u %63s", &v[0], &v[1], &v[2], target);
		for (int i = 0; i < 3; i++)
			put16(&data, v[i]);
		put_name(&data, strcmp(target, ".") ? target : "");
	} else if (r->type == DNSD_NAPTR) {
		put_naptr(&data, r->rdata);
	} else if (r->type == DNSD_CNAME) {
		put_name(&data, r->rdata);
	} else {
		inet_pton(r->type == DNSD_A ? AF_INET : AF_INET6, r->rdata, addr);
		buf_add(&data, addr, r->type == DNSD_A ? 4 : 16);
	}
	put16(b, (unsigned)data.n);
	buf_slice_add(b, buf_slice(&data));
	buf_done(&data);
}

/* The name of the question as text; returns where its type stands. */
static size_t read_question(const uint8_t *p, size_t n, char *name)
{
	size_t at = 12, out = 0;

	while (at < n && p[at]) {
		if (out)
			name[out++] = '.';
		memcpy(name + out, p + at + 1, p[at]);
		out += p[at];
		at += p[at] + 1u;
	}
	name[out] = 0;
	return at + 1;
}

/* How many records of this type the name has. */
static unsigned count(const struct dnsd *s, const char *name, int type)
{
	unsigned n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += !strcasecmp(s->records[i].name, name) && s->records[i].type == type;
	return n;
}

static unsigned answers(const struct dnsd *s, const char *name, int type)
{
	return count(s, name, count(s, name, DNSD_CNAME) ? DNSD_CNAME : type);
}

static unsigned rcode(const struct dnsd *s, const char *name)
{
	if (count(s, name, DNSD_FAILS))
		return 2;
	for (size_t i = 0; i < s->n; i++)
		if (!strcasecmp(s->records[i].name, name))
			return 0;
	return 3;
}

static void put_answers(struct buf *b, const struct dnsd *s, const char *name, int type)
{
	if (count(s, name, DNSD_CNAME))
		type = DNSD_CNAME;
	for (size_t i = 0; i < s->n; i++) {
		if (strcasecmp(s->records[i].name, name) != 0 || s->records[i].type != type)
			continue;
		put16(b, 0xc00c); /* the name of the question */
		put16(b, (unsigned)type);
		put16(b, 1);
		put16(b, 0);
		put16(b, 60);
		put_rdata(b, &s->records[i]);
	}
}

static void answer(
	struct dnsd *s, const uint8_t *q, size_t n, const struct sockaddr *to, socklen_t len)
{
	struct buf b = {0};
	char name[256];
	size_t at = read_question(q, n, name);
	int type = q[at] << 8 | q[at + 1];

	s->questions++;
	if (count(s, name, DNSD_SILENT) || (type == DNSD_AAAA && s->no_aaaa))
		return;
	buf_add(&b, q, 2);
	put16(&b, 0x8180u | rcode(s, name));
	put16(&b, 1);
	put16(&b, answers(s, name, type));
	put16(&b, 0);
	put16(&b, 0);
	buf_add(&b, q + 12, at + 4 - 12);
	put_answers(&b, s, name, type);
	sendto(s->fd, buf_slice(&b).p, b.n, 0, to, len);
	buf_done(&b);
}

static void on_question(void *arg, unsigned events)
{
	struct dnsd *s = arg;
	uint8_t q[1500];
	struct sockaddr_storage from;
	socklen_t len = sizeof from;
	ssize_t n = recvfrom(s->fd, q, sizeof q, MSG_DONTWAIT, (struct sockaddr *)&from, &len);

	if (n > 12)
		answer(s, q, (size_t)n, (struct sockaddr *)&from, len);
}

void dnsd_start(struct dnsd *s, struct loop *l, const struct dnsd_record *records, size_t n)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	*s = (struct dnsd){.records = records, .n = n};
	s->fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (bind(s->fd, (struct sockaddr *)&in, sizeof in) < 0)
		perror("bind");
	s->poll = loop_poll_new(l, s->fd, on_question, s);
	loop_poll_set(s->poll, LOOP_READ);
}

void dnsd_stop(struct dnsd *s)
{
	loop_poll_free(s->poll);
	close(s->fd);
}

struct netaddr dnsd_address(const struct dnsd *s)
{
	struct sockaddr_in in = {0};
	socklen_t len = sizeof in;
	struct netaddr a;

	getsockname(s->fd, (struct sockaddr *)&in, &len);
	netaddr_from(&a, (struct sockaddr *)&in);
	return a;
}
