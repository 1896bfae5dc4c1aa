#pragma once

#include <stddef.h>

/*
 * Warnings: a setting that is accepted but that an administrator should hear about. code is stable
 * and for programs, kind and key name the object, field the setting. A zeroed struct is empty.
 */
struct note {
	char code[48];
	char kind[16]; /* "partner" */
	char key[256];
	char field[48];
	char text[320];
};

struct notes {
	struct note *v;
	size_t n, cap;
};

/* text is formatted; n == NULL is fine: nobody listens. */
void notes_add(struct notes *n, const char *kind, const char *key, const char *code,
	const char *field, const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/* The first with this code, or NULL. */
const struct note *notes_find(const struct notes *n, const char *code);

void notes_done(struct notes *n);
