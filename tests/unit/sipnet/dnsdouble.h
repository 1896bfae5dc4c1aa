#pragma once

#include <stdio.h>

#include "base/mem.h"
#include "net/dns.h"

/* DNS by hand: these stand in the place of net/dns's. One question at a time. */
struct dns_query {
	char name[300];
	uint16_t port; /* addresses */
	dns_srv_done *srv;
	dns_naptr_done *naptr;
	dns_addrs_done *addrs;
	void *arg;
	bool cancelled;
};
static struct dns_query query;
static unsigned asked;

struct dns_query *dns_srv(
	struct dns *d, const char *service, const char *domain, dns_srv_done *done, void *arg)
{
	query = (struct dns_query){.srv = done, .arg = arg};
	snprintf(query.name, sizeof query.name, "%s.%s", service, domain);
	asked++;
	return &query;
}

struct dns_query *dns_naptr(struct dns *d, const char *domain, dns_naptr_done *done, void *arg)
{
	query = (struct dns_query){.naptr = done, .arg = arg};
	snprintf(query.name, sizeof query.name, "%s", domain);
	asked++;
	return &query;
}

struct dns_query *dns_addrs(
	struct dns *d, const char *host, uint16_t port, dns_addrs_done *done, void *arg)
{
	query = (struct dns_query){.addrs = done, .arg = arg, .port = port};
	snprintf(query.name, sizeof query.name, "%s", host);
	asked++;
	return &query;
}

void dns_cancel(struct dns_query *q)
{
	if (q)
		q->cancelled = true;
}

static inline void answer_addrs(enum dns_status status, const char *const *v)
{
	struct netaddr a[20];
	struct dns_query q = query;
	size_t n = 0;

	for (; v && v[n]; n++)
		assert_int_equal(netaddr_parse_host(&a[n], slice_of(v[n]), q.port), 0);
	assert_non_null(q.addrs);
	q.addrs(q.arg, status, false, a, n);
}

static inline struct srv a_record(
	uint16_t priority, uint16_t weight, uint16_t port, const char *target)
{
	struct srv s = {.priority = priority, .weight = weight, .port = port};

	snprintf(s.target, sizeof s.target, "%s", target);
	return s;
}

static inline void answer_srv(enum dns_status status, const struct srv *v, size_t n)
{
	struct dns_query q = query;

	assert_non_null(q.srv);
	q.srv(q.arg, status, false, v, n);
}

static inline void answer_naptr(enum dns_status status, const struct naptr *v, size_t n)
{
	struct dns_query q = query;

	assert_non_null(q.naptr);
	q.naptr(q.arg, status, false, v, n);
}
