#pragma once

#include "admin/gate.h"

/* A sign-in under way, private to signin*.c. */
struct signin {
	struct api_call *call;
	char *name;       /* as asked for: trimmed, ASCII letters small */
	char network[64]; /* what the address counts as (auth/throttle.h) */
};

/* It is somebody: session, cookie, answer. s is gone. display may be absent. */
struct session *signin_begin_session(struct signin *s, struct slice name, struct slice display);
void signin_answer(struct signin *s, const struct session *session);

/*
 * It is nobody, and e says why to the client; why is the reason for the audit log (NULL: the code
 * of e). Codes that are no wrong guess do not count against the slow-down. s is gone.
 */
void signin_refuse(struct signin *s, const struct err *e, const char *why);

/* From now on a->directory is asked for names that are no local account's (signin_directory.c). */
void signin_by_directory(struct admin *a);

/* Body of GET /session. */
void session_json(const struct api_call *c, struct buf *out);
