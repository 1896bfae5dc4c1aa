#include "directory/request.h"

#include <stdlib.h>
#include <string.h>

#include "auth/dn.h"
#include "base/mem.h"

/* ---- memory that is overwritten ---- */

struct block {
	size_t n;
	_Alignas(16) char bytes[];
};

static void *block_alloc(size_t n)
{
	struct block *b = malloc(sizeof *b + n);

	if (!b)
		return NULL;
	b->n = n;
	/* cppcheck-suppress memleak; block_free() finds its way back */
	return b->bytes;
}

static void block_free(void *p)
{
	struct block *b;

	if (!p)
		return;
	b = container_of(p, struct block, bytes);
	mem_wipe(b->bytes, b->n);
	free(b);
}

void request_memory(void)
{
	json_set_alloc_funcs(block_alloc, block_free);
}

/* ---- reading ---- */

static bool text(json_t *json, const char *name, const char **ret)
{
	*ret = json_string_value(json_object_get(json, name));
	return *ret;
}

static bool texts(struct request *r)
{
	json_t *j = r->json;

	return text(j, "ca_file", &r->ca_file) && text(j, "bind_dn", &r->bind_dn) &&
	       text(j, "bind_password", &r->bind_password) && text(j, "user_base", &r->user_base) &&
	       text(j, "user_filter", &r->user_filter) && text(j, "group_base", &r->group_base) &&
	       text(j, "name", &r->name) && text(j, "password", &r->password) &&
	       text(j, "dn", &r->dn);
}

/* No other scheme: ldap:// is StartTLS, and what is in clear has no name here. */
static bool server_good(const char *s)
{
	return s && (strncmp(s, "ldaps://", 8) == 0 || strncmp(s, "ldap://", 7) == 0) &&
	       !strpbrk(s, " ,?");
}

static bool servers(struct request *r)
{
	json_t *list = json_object_get(r->json, "servers"), *one;
	size_t i;

	if (!json_is_array(list) || json_array_size(list) > DIRECTORY_SERVERS_MAX)
		return false;
	json_array_foreach(list, i, one) {
		r->server[i] = json_string_value(one);
		if (!server_good(r->server[i]))
			return false;
	}
	r->n_servers = json_array_size(list);
	return r->n_servers;
}

static bool op(struct request *r)
{
	static const char *const names[] = {"sign_in", "refresh", "test"};
	const char *name;

	if (!text(r->json, "op", &name))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(names[i], name) == 0) {
			r->op = (enum request_op)i;
			return true;
		}
	return false;
}

/* An empty password is a bind without one, which servers grant to anybody (RFC 4513 5.1.2). */
static bool complete(const struct request *r)
{
	if (filter_check(slice_of(r->user_filter), NULL) < 0)
		return false;
	if (r->op == OP_REFRESH)
		return *r->dn;
	return r->op == OP_TEST || (*r->name && *r->password);
}

static bool read_all(struct request *r)
{
	json_t *id = json_object_get(r->json, "id"), *timeout = json_object_get(r->json, "timeout");

	r->id = json_integer_value(id);
	r->timeout_ms = (uint64_t)json_integer_value(timeout) * 1000;
	return json_is_integer(id) && json_is_integer(timeout) && r->timeout_ms >= 1000 &&
	       r->timeout_ms <= DIRECTORY_DEADLINE_MS && op(r) && servers(r) && texts(r) &&
	       complete(r);
}

struct request *request_parse(struct slice line, uint64_t now_ms)
{
	struct request *r = xzalloc(sizeof *r);

	r->json = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES, NULL);
	r->deadline_ms = now_ms + DIRECTORY_DEADLINE_MS;
	if (json_is_object(r->json) && read_all(r))
		return r;
	request_free(r);
	return NULL;
}

void request_free(struct request *r)
{
	if (!r)
		return;
	json_decref(r->json);
	xfree(r);
}
