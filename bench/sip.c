#include "sip.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static char *copy_line(char *to, const char *request, const char *name, const char *more)
{
	const char *at = strstr(request, name), *end = at ? strstr(at + 2, "\r\n") : NULL;

	if (!end)
		return to;
	memcpy(to, at + 2, (size_t)(end - at - 2));
	to += end - at - 2;
	return to + sprintf(to, "%s\r\n", more);
}

size_t sip_ok(char *start, const char *request)
{
	char *to = start;
	const char *at = strstr(request, "\r\nTo:"), *tag = at ? strstr(at, ";tag=") : NULL;
	bool has_tag = tag && tag < strstr(at + 2, "\r\n"); /* within a dialog */

	to += sprintf(to, "SIP/2.0 200 OK\r\n");
	to = copy_line(to, request, "\r\nVia:", "");
	to = copy_line(to, request, "\r\nFrom:", "");
	to = copy_line(to, request, "\r\nTo:", has_tag ? "" : ";tag=bench");
	to = copy_line(to, request, "\r\nCall-ID:", "");
	to = copy_line(to, request, "\r\nCSeq:", "");
	to += sprintf(to, "Content-Length: 0\r\n\r\n");
	return (size_t)(to - start);
}
