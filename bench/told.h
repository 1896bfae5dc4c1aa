#pragma once

#include <stddef.h>
#include <stdint.h>

/* What senders were told instead: each wording, and how often. */
enum { TOLD_TEXTS = 12, TOLD_TEXT = 120 };
struct told {
	struct {
		char text[TOLD_TEXT];
		uint64_t n;
	} kinds[TOLD_TEXTS + 1]; /* the last one: all others */
};

void told_add(struct told *t, const char *text, size_t n);
/* "resource-constraint: too many ..." of an error stanza. */
void told_add_stanza(struct told *t, const char *stanza, size_t n);
/* An object of that name in the report; nothing when nobody was told anything. */
void told_report(const struct told *t, const char *key);
