#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

/*
 * The file that message texts are written to: mode 0600, a line each. It is put aside under a name
 * with the time when a day (UTC) or its size is over, and deleted so many days after its last line.
 * Blocks; of one thread at a time.
 */
struct body_file;

enum { BODY_FILE_BYTES = 64 << 20 };

/* path is copied; nothing is opened yet. bytes 0: BODY_FILE_BYTES. */
struct body_file *body_file_new(const char *path, unsigned keep_days, size_t bytes);
void body_file_free(struct body_file *f); /* NULL is fine */

/* Appends a line, which ends with a line end. ERR_UNAVAILABLE: it cannot be written. */
int body_file_write(struct body_file *f, struct slice line, uint64_t wall_ms, struct err *e);

/* Puts aside what is of an earlier day, and deletes what is too old; also when nothing is written.
 */
void body_file_sweep(struct body_file *f, uint64_t wall_ms);

/* Closes it; the next line opens it again. */
void body_file_close(struct body_file *f);
