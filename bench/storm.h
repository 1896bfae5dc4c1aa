#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * What those who mean harm have in common: a process of its own with lower priority, that ends with
 * its parent; threads in it that keep to a rate and rest when they are told; connections that end
 * abruptly.
 */

void *storm_room(size_t n); /* zeros, shared with processes that are forked afterwards */
pid_t storm_fork(void (*play)(void *arg), void *arg);
void storm_end(pid_t pid);

void storm_thread(void *(*run)(void *), void *arg); /* a thread that nobody waits for */
void storm_count(_Atomic uint64_t *n, uint64_t more);

/*
 * Waits until it is active and the next one is due; what was missed while resting is not made up
 * for. 0 a second: never.
 */
void storm_pace(uint64_t *due, const _Atomic int *active, unsigned per_second);

void storm_reset(int fd); /* closes it with a RST */
bool storm_write(int fd, const char *p, size_t n);
void storm_say(int fd, const char *text);
bool storm_hear(int fd, const char *needle); /* reads on until it was said; false: it was not */
