#pragma once

/*
 * What is said again and again in the log, so that it cannot be overlooked or taken back there: the
 * head of the audit log, each hour and at both ends, and that the text of messages is logged.
 */
struct admin;
struct heads;

struct heads *heads_new(struct admin *a);

/* A last time, with the store at rest: its worker has ended. NULL is fine. */
void heads_free(struct heads *h);
