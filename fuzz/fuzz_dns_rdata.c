#include "fuzz.h"

#include <string.h>

#include "net/rdata.h"

/* A text that ends within its room; of a name: without dots around it, and none of them double. */
static void check_text(const char *text, size_t room)
{
	assert(memchr(text, 0, room));
}

static void check_name(const char *name)
{
	size_t n = strlen(name);

	check_text(name, SRV_TARGET_MAX + 1);
	assert(!n || (name[0] != '.' && name[n - 1] != '.' && !strstr(name, "..")));
}

/* The input as each of the records that we read from the wire. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct slice wire = slice_make(p, n);
	char name[SRV_TARGET_MAX + 1];
	struct naptr naptr;
	struct srv srv;

	if (rdata_name(wire, name))
		check_name(name);
	if (rdata_srv(wire, &srv))
		check_name(srv.target);
	if (rdata_naptr(wire, &naptr)) {
		check_text(naptr.flags, sizeof naptr.flags);
		check_text(naptr.service, sizeof naptr.service);
		check_name(naptr.replacement);
	}
	return 0;
}
