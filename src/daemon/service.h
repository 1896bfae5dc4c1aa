#pragma once

#include "base/err.h"
#include "daemon/conf.h"

/*
 * The whole service: store, the three loops with what lives on them, and what joins them. The admin
 * loop runs on the thread of the caller, the others on threads of their own.
 */
struct service;

/* Opens, binds, drops privileges; nothing runs yet. Borrows c for good. */
int service_new(struct service **ret, const struct conf *c, struct err *e);

/* Runs until SIGTERM or SIGINT, then ends in order: a bounded time, after which it returns. */
void service_run(struct service *s);

void service_free(struct service *s); /* NULL is fine */
