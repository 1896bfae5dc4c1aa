#pragma once

#include <stddef.h>

/* A 200 to a request, into `to`, which has room for the request's headers and 64 bytes more; its length. */
size_t sip_ok(char *to, const char *request);
