#pragma once

#include "base/slice.h"

/* Bodies in several parts (RFC 2046 5.1; SIP: RFC 5621). Pure; all slices are views of the body. */

enum { MULTIPART_PARTS = 16, MULTIPART_BOUNDARY = 70 };

/* Values as they stand there: folded ones have their line ends. */
struct multipart_part {
	struct slice type;        /* Content-Type; absent: text/plain */
	struct slice disposition; /* Content-Disposition; absent */
	struct slice encoding;    /* Content-Transfer-Encoding; absent: as it is */
	struct slice id;          /* Content-ID, with its brackets; absent */
	struct slice body;
};

/*
 * How many parts there are; -1: the boundary is none (empty, over 70 bytes), there is no part, the
 * last one has no end, or there are more than MULTIPART_PARTS. Lines may end in LF alone. What
 * stands before the first part and behind the last says nothing (5.1.1).
 */
int multipart_read(
	struct multipart_part ret[MULTIPART_PARTS], struct slice boundary, struct slice body);
