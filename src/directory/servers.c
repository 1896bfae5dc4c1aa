#include "directory/servers.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "directory/protocol.h"

/* The oldest note makes room: forgotten is as good as working. */
static struct note {
	char server[256];
	uint64_t until_ms; /* 0: free */
} notes[2 * DIRECTORY_SERVERS_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct note *find(const char *server)
{
	for (size_t i = 0; i < ARRAY_LEN(notes); i++)
		if (notes[i].until_ms && strcmp(notes[i].server, server) == 0)
			return &notes[i];
	return NULL;
}

static struct note *oldest(void)
{
	struct note *o = notes;

	for (size_t i = 1; i < ARRAY_LEN(notes); i++)
		if (notes[i].until_ms < o->until_ms)
			o = &notes[i];
	return o;
}

void servers_note(const char *server, bool failed, uint64_t now_ms)
{
	struct note *n;

	if (strlen(server) >= sizeof n->server)
		return;
	pthread_mutex_lock(&lock);
	n = find(server);
	if (failed && !n) {
		n = oldest();
		snprintf(n->server, sizeof n->server, "%s", server);
	}
	if (n)
		n->until_ms = failed ? now_ms + SERVERS_FAILED_MS : 0;
	pthread_mutex_unlock(&lock);
}

static bool failing(const char *server, uint64_t now_ms)
{
	const struct note *n = find(server);

	return n && n->until_ms > now_ms;
}

void servers_order(const char **server, size_t n, uint64_t now_ms)
{
	const char *good[DIRECTORY_SERVERS_MAX] = {0}, *bad[DIRECTORY_SERVERS_MAX] = {0};
	size_t n_good = 0, n_bad = 0;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < n && i < DIRECTORY_SERVERS_MAX; i++)
		if (failing(server[i], now_ms))
			bad[n_bad++] = server[i];
		else
			good[n_good++] = server[i];
	pthread_mutex_unlock(&lock);
	memcpy(server, good, n_good * sizeof *good);
	memcpy(server + n_good, bad, n_bad * sizeof *bad);
}
