/* Making a path absolute while the current folder is still known. */
#include "master/path.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *
path_absolute(const char *file)
{
	char folder[PATH_MAX], *full;

	if (file[0] == '/')
		full = strdup(file);
	else if (getcwd(folder, sizeof(folder)) == NULL) {
		(void)fprintf(stderr, "pyked: %s: the current folder is not "
		    "known: %s\n", file, strerror(errno));
		return NULL;
	} else if (asprintf(&full, "%s/%s", folder, file) == -1)
		full = NULL;
	if (full == NULL)
		(void)fprintf(stderr, "pyked: out of memory\n");
	return full;
}
