#include "view/ask.h"

void view_ask_done(struct view_ask *a)
{
	if (!a)
		return;
	view_streams_free(a->streams);
	view_partners_free(a->partners);
	view_attempts_free(a->attempts);
	a->streams = NULL;
	a->partners = NULL;
	a->attempts = NULL;
}
