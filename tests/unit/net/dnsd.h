#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "loop/loop.h"
#include "net/address.h"

/* A DNS server with a few records, on the test's own loop. */
enum {
	DNSD_A = 1,
	DNSD_CNAME = 5, /* whatever is asked */
	DNSD_AAAA = 28,
	DNSD_SRV = 33,
	DNSD_NAPTR = 35,
	/* No types: what is asked about this name gets SERVFAIL, or no answer. */
	DNSD_FAILS = -1,
	DNSD_SILENT = -2,
};

struct dnsd_record {
	const char *name;
	int type;
	const char *rdata; /* A, AAAA: address; CNAME: name; SRV: "priority weight port target";
			      NAPTR: "order preference flags service replacement" */
};

struct dnsd {
	const struct dnsd_record *records;
	size_t n;
	bool no_aaaa; /* questions for AAAA are not answered */
	unsigned questions;
	int fd;
	struct loop_poll *poll;
};

void dnsd_start(struct dnsd *s, struct loop *l, const struct dnsd_record *records, size_t n);
void dnsd_stop(struct dnsd *s);
struct netaddr dnsd_address(const struct dnsd *s);
