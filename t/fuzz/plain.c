/*
 * Runs a fuzz target as a test: each file of its corpus, and damaged copies of
 * it, always the same ones. A broken promise aborts the run; so does a
 * sanitizer.
 *
 *	NAME			all of t/fuzz/corpus/NAME
 *	NAME FILE...		these files, without damage
 */
#include <dirent.h>

#include "t/fuzz/fuzz.h"
#include "t/unit/tap.h"

#define COPIES		100	/* of each file */

static size_t
read_file(const char *name, char *text)
{
	FILE *f = fopen(name, "r");
	size_t n = f == NULL ? 0 : fread(text, 1, FUZZ_MAX, f);

	if (f == NULL || fclose(f) != 0) {
		printf("Bail out! cannot read %s\n", name);
		exit(1);
	}
	return n;
}

static void
run(const char *p, size_t n)
{
	static char room[FUZZ_MAX];

	/* The target has the end of the room for itself. */
	memcpy(room + FUZZ_MAX - n, p, n);
	fuzz(room + FUZZ_MAX - n, n);
}

static void
run_damaged(const char *text, size_t n, uint32_t seed)
{
	char copy[FUZZ_MAX];

	for (unsigned i = 0; i < COPIES; i++) {
		memcpy(copy, text, n);
		run(copy, edge_mutate(&seed, copy, n));
	}
}

static void
run_corpus(const char *folder)
{
	char name[512], text[FUZZ_MAX];
	struct dirent **files;
	int n = scandir(folder, &files, NULL, alphasort);
	uint32_t seed = 1;

	for (int i = 0; i < n; i++) {
		if (files[i]->d_name[0] != '.') {
			size_t len;

			(void)snprintf(name, sizeof(name), "%s/%s", folder,
			    files[i]->d_name);
			len = read_file(name, text);
			run(text, len);
			run_damaged(text, len, seed++);
			ok(true, "%s and %d damaged copies",
			    files[i]->d_name, COPIES);
		}
		free(files[i]);
	}
	if (n >= 0)
		free(files);
	ok(seed > 1, "%s has files", folder);
}

int
main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	char folder[256], text[FUZZ_MAX];

	for (int i = 1; i < argc; i++) {
		size_t n = read_file(argv[i], text);

		run(text, n);
		ok(true, "%s", argv[i]);
	}
	if (argc == 1) {
		(void)snprintf(folder, sizeof(folder), "t/fuzz/corpus/%s",
		    slash == NULL ? argv[0] : slash + 1);
		run_corpus(folder);
	}
	return done_testing();
}
