#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * In which order servers are tried: as they are listed, those that failed within the last minute
 * behind the others. Any thread.
 */
enum { SERVERS_FAILED_MS = 60 * 1000 };

/* Sorts server[0 .. n) in place. */
void servers_order(const char **server, size_t n, uint64_t now_ms);

void servers_note(const char *server, bool failed, uint64_t now_ms);
