#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/*
 * Structured log: one line per event, written with one write(2), safe from any thread.
 *   2026-01-31T12:00:00.000Z info stream-authenticated stream=o17 partner=xmpp.lab method=external
 * Objects carry a struct log whose parent is their owner's; a line inherits the fields of the whole
 * chain. Values are escaped here, so that nothing a peer says can forge a line. Message bodies and
 * secrets are never logged, at any level. Pure folders do not log.
 */
enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct log {
	const struct log *parent;
	char *fields; /* " key=value key=value", escaped; owned; may be NULL */
};

void log_init(struct log *l, const struct log *parent);
void log_done(struct log *l);

/* Adds or replaces a field. */
void log_set(struct log *l, const char *key, struct slice value);
void log_setf(struct log *l, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

struct log_field {
	const char *key; /* NULL ends the list */
	enum { LF_SLICE, LF_UINT, LF_INT } type;
	struct slice s;
	int64_t i;
};
#define LF_S(key, value) ((struct log_field){(key), LF_SLICE, (value), 0})
#define LF_Z(key, value) ((struct log_field){(key), LF_SLICE, slice_of(value), 0})
#define LF_U(key, value) ((struct log_field){(key), LF_UINT, SL_NONE, (int64_t)(value)})
#define LF_I(key, value) ((struct log_field){(key), LF_INT, SL_NONE, (int64_t)(value)})

void log_write(const struct log *l, enum log_level level, const char *event,
	const struct log_field *fields);

/*
 * An absent slice leaves its field out. event is a stable name: "stream-closed". The first element
 * is skipped; it is there so that the list may be empty.
 */
#define log_event(l, level, event, ...)                                                            \
	do {                                                                                       \
		if (log_enabled(level))                                                            \
			log_write((l), (level), (event),                                           \
				(const struct log_field[]){{0}, ##__VA_ARGS__, {0}} + 1);          \
	} while (0)
#define log_error(l, ...) log_event((l), LOG_ERROR, __VA_ARGS__)
#define log_warn(l, ...)  log_event((l), LOG_WARN, __VA_ARGS__)
#define log_info(l, ...)  log_event((l), LOG_INFO, __VA_ARGS__)
#define log_debug(l, ...) log_event((l), LOG_DEBUG, __VA_ARGS__)

bool log_enabled(enum log_level level);

/* The process's level (default info) and where lines go (default standard error). */
void log_level_set(enum log_level level);
bool log_level_parse(struct slice name, enum log_level *ret);
void log_fd_set(int fd);
