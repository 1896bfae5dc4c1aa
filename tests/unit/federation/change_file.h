#pragma once

#include <jansson.h>

#include "base/arena.h"
#include "federation/change.h"

/*
 * A change as the files in tests/data have it: {"verb", "kind", "key", "set" {name: value}, "add",
 * "remove"}. A value is a string, number, bool, null or list, or says how to make a long one:
 * {"repeat": "x", "times": 10, "then": "y"}, {"domains": 257}. Fails the test on a key it does not
 * know; `also` lists those that the caller reads. All memory is the arena's.
 */
struct change change_read(json_t *json, const char *const *also, struct arena *a);

/* The whole file; fails the test when it is not there or not JSON. */
json_t *change_file_load(const char *name);

/* Applies the "setup" of a file. */
struct config;
void change_file_setup(json_t *file, struct config *c);
