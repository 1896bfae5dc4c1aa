#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "directory/request.h"

/*
 * What is found out for a question, and the lines that say it. One thread at a time has a reply;
 * lines of several go out whole.
 */
struct reply {
	const struct request *request;
	const char *reason; /* static */
	struct err err;     /* of "unavailable" */
	char *dn, *name, *display;
	json_t *groups;
	size_t bytes; /* of groups */
	bool cut;
};

void reply_init(struct reply *r, const struct request *q);
void reply_done(struct reply *r);

/* "ok" with nothing in it; what the last server gave counts for nothing. */
void reply_reset(struct reply *r);

/* "unavailable", with why; -1. */
int reply_failed(struct reply *r, const struct err *e);

/* Texts as the server gave them; what is no UTF-8 counts as none. */
void reply_group(struct reply *r, struct slice dn, struct slice sid);

/* Of a test; of anything else nothing is written. remedy may be "". */
void reply_step(struct reply *r, const char *step, bool pass, const char *code,
	const char *evidence, const char *remedy);

/* The last line. */
void reply_send(const struct reply *r);
