#include "view/certificates.h"

#include <stdlib.h>

void view_certificates_free(struct view_certificates *l)
{
	if (!l)
		return;
	arena_done(&l->arena);
	free(l);
}
