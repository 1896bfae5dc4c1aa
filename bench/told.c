#include "told.h"

#include <stdio.h>
#include <string.h>

#include "report.h"

void told_add(struct told *t, const char *text, size_t n)
{
	unsigned i = 0;

	if (n >= TOLD_TEXT)
		n = TOLD_TEXT - 1;
	while (i < TOLD_TEXTS && t->kinds[i].n &&
		(strlen(t->kinds[i].text) != n || memcmp(t->kinds[i].text, text, n) != 0))
		i++;
	if (i == TOLD_TEXTS)
		strcpy(t->kinds[i].text, "other");
	else if (!t->kinds[i].n)
		snprintf(t->kinds[i].text, TOLD_TEXT, "%.*s", (int)n, text);
	t->kinds[i].n++;
}

/* Points behind what; NULL: it is not there. */
static const char *behind(const char *p, const char *end, const char *what)
{
	const char *at = memmem(p, (size_t)(end - p), what, strlen(what));

	return at ? at + strlen(what) : NULL;
}

/* The condition is the first child of <error/>, its text the content of <text/>. */
void told_add_stanza(struct told *t, const char *stanza, size_t n)
{
	const char *end = stanza + n, *error = behind(stanza, end, "<error"),
		   *cond = error ? behind(error, end, "><") : NULL,
		   *text = cond ? behind(cond, end, "<text") : NULL;
	char words[TOLD_TEXT];
	int k;

	if (text)
		text = behind(text, end, ">");
	k = snprintf(words, sizeof words, "%.*s: %.*s", cond ? (int)strcspn(cond, " />") : 1,
		cond ? cond : "?", text ? (int)strcspn(text, "<") : 0, text ? text : "");
	told_add(t, words, k < TOLD_TEXT ? (size_t)k : TOLD_TEXT - 1);
}

void told_report(const struct told *t, const char *key)
{
	if (!t->kinds[0].n)
		return;
	report_open(key);
	for (unsigned i = 0; i <= TOLD_TEXTS; i++)
		if (t->kinds[i].n)
			report_num(t->kinds[i].text, (double)t->kinds[i].n, 0);
	report_close();
}
