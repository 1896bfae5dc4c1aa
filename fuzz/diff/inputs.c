#include "inputs.h"

#include <dirent.h>
#include <stdio.h>

#include "base/mem.h"

enum { FILE_MAX = 1 << 20 };

int inputs_load_file(struct inputs *in, const char *path)
{
	char *bytes = xmalloc(FILE_MAX);
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f) {
		perror(path);
		xfree(bytes);
		return -1;
	}
	n = fread(bytes, 1, FILE_MAX, f);
	fclose(f);
	bytes = xrealloc(bytes, n ? n : 1); /* of its own size: reading past it is seen */
	in->bytes = xrealloc(in->bytes, (in->n + 1) * sizeof *in->bytes);
	in->path = xrealloc(in->path, (in->n + 1) * sizeof *in->path);
	in->bytes[in->n] = slice_make(bytes, n);
	in->path[in->n++] = xstrdup(path);
	return 0;
}

int inputs_load(struct inputs *ret, const char *folder)
{
	struct dirent **entries;
	int n = scandir(folder, &entries, NULL, alphasort), rc = n > 0 ? 0 : -1;

	if (n < 0)
		perror(folder);
	for (int i = 0; i < n; i++) {
		AUTO(xfree) struct dirent *entry = entries[i];
		AUTO(xfree) char *path = xasprintf("%s/%s", folder, entry->d_name);

		if (entry->d_name[0] != '.' && rc == 0)
			rc = inputs_load_file(ret, path);
	}
	if (n >= 0)
		xfree(entries);
	return rc;
}

void inputs_done(struct inputs *in)
{
	for (size_t i = 0; i < in->n; i++) {
		xfree((char *)in->bytes[i].p);
		xfree(in->path[i]);
	}
	xfree(in->bytes);
	xfree(in->path);
}
