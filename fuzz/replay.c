/* Runs a fuzz target over files and folders of files: the corpus as an ordinary test. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"

/* Of the exact size, so that reading past its end is seen. */
static int replay_file(const char *path, size_t size)
{
	AUTO(xfree) uint8_t *p = xmalloc(size);
	FILE *f = fopen(path, "rb");

	if (!f || fread(p, 1, size, f) != size) {
		perror(path);
		if (f)
			fclose(f);
		return -1;
	}
	fclose(f);
	fprintf(stderr, "%s\n", path); /* stays the last line when it crashes */
	LLVMFuzzerTestOneInput(p, size);
	return 1;
}

/* The number of inputs run, or -1. */
static int replay(const char *path)
{
	struct dirent **entries;
	struct stat st;
	int n, total = 0;

	if (stat(path, &st) < 0) {
		perror(path);
		return -1;
	}
	if (S_ISREG(st.st_mode))
		return replay_file(path, (size_t)st.st_size);
	n = scandir(path, &entries, NULL, alphasort);
	if (n < 0) {
		perror(path);
		return -1;
	}
	for (int i = 0; i < n; i++) {
		AUTO(xfree) struct dirent *entry = entries[i];
		AUTO(xfree) char *inner = xasprintf("%s/%s", path, entry->d_name);
		int done = entry->d_name[0] == '.' || total < 0 ? 0 : replay(inner);

		total = done < 0 ? -1 : total + done;
	}
	xfree(entries);
	return total;
}

int main(int argc, char **argv)
{
	int total = 0;

	for (int i = 1; i < argc; i++) {
		int done = replay(argv[i]);

		if (done < 0)
			return 1;
		total += done;
	}
	printf("%d inputs replayed\n", total);
	return total > 0 ? 0 : 1;
}
