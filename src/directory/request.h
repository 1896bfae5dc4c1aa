#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "directory/protocol.h"

/* A question of entented. */
enum request_op { OP_SIGN_IN, OP_REFRESH, OP_TEST };

struct request {
	json_t *json; /* holds the texts */
	json_int_t id;
	enum request_op op;
	const char *server[DIRECTORY_SERVERS_MAX];
	size_t n_servers;
	const char *ca_file, *bind_dn, *bind_password, *user_base, *user_filter, *group_base;
	const char *name, *password, *dn;
	uint64_t timeout_ms;
	uint64_t deadline_ms; /* monotonic */
};

/* NULL: the line is no question. Freed texts are overwritten: request_memory() before the first. */
struct request *request_parse(struct slice line, uint64_t now_ms);
void request_free(struct request *r);

/* Has JSON's memory overwritten when it is freed. Once, before any of it is used. */
void request_memory(void);
