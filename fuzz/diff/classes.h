#pragma once

#include "base/buf.h"
#include "reading.h"

/*
 * A difference between our parser and another: one takes the message and the other does not, or
 * both take it and an aspect has another value.
 */
struct difference {
	enum parser with;
	bool verdict;       /* taken by one of them only */
	enum aspect aspect; /* without verdict */
	struct slice input;
	const struct reading *ours, *theirs;
};

enum diff_kind { WE_REFUSE, WE_TAKE, VALUES };

enum right {
	RIGHT_OURS,
	RIGHT_THEIRS,
	RIGHT_BOTH, /* the specification leaves it open, or neither is held to it */
};

/* Every known class of differences. docs/sip-conformance.md has the same rows. */
struct diff_class {
	const char *name; /* that of its example in corpus/sip_diff, too */
	unsigned with;    /* parsers, as bits */
	enum diff_kind kind;
	bool (*is)(const struct difference *d);
	enum right right;
	const char *why; /* with the section of RFC 3261, or of the RFC named */
};
extern const struct diff_class diff_classes[];
extern const unsigned n_diff_classes;

/* The first class that the difference is of, or NULL: nobody has judged it yet. */
const struct diff_class *diff_class_find(const struct difference *d);

/* The row of the document: "| name | ... |", without a line break. */
void diff_class_row(struct buf *out, const struct diff_class *c);
