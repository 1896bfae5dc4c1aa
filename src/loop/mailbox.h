#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * The way from one loop's thread to another: many senders, one receiver, first in first out per
 * sender, no lock. A mail is embedded in the object that travels and whose ownership goes with it;
 * posting never fails and never allocates. What bounds a mailbox is the credits of those who post
 * (link/link.h), not the mailbox.
 */
struct loop;
struct mailbox;

struct mail {
	_Atomic(struct mail *) next;
};

/* Runs on the receiver's loop, once for each mail, in order; mail belongs to the handler. */
typedef void mailbox_handler(void *arg, struct mail *mail);

/* On the receiver's thread. Mails that come before the loop runs are kept. */
struct mailbox *mailbox_new(struct loop *loop, mailbox_handler *handler, void *arg);

/*
 * Any thread, also before the receiver runs. Wakes it at most once per batch: at once, or, where a
 * loop posts in its turn, at the end of that.
 */
void mailbox_post(struct mailbox *mb, struct mail *mail);

/*
 * On the receiver's thread, after every sender has stopped. Mails not handled yet are given to the
 * handler first. NULL is fine.
 */
void mailbox_free(struct mailbox *mb);
