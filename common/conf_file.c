/*
 * The files a configuration is made of: their text and their folders.
 */
#include "common/conf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/arena.h"
#include "common/buf.h"

static int
read_all(int fd, struct buf *out)
{
	ssize_t n;

	for (;;) {
		if (buf_len(out) > CONF_FILE_MAX) {
			errno = EFBIG;
			return -1;
		}
		if (buf_reserve(out, 16384) == -1) {
			errno = ENOMEM;
			return -1;
		}
		n = read(fd, buf_tail(out), buf_room(out));
		if (n == 0)
			return 0;
		if (n > 0)
			buf_added(out, (size_t)n);
		else if (errno != EINTR)
			return -1;
	}
}

int
conf_file_read(const char *path, struct buf *out)
{
	struct stat st;
	int fd, result = -1, error;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			errno = EISDIR;
		else if (!S_ISREG(st.st_mode))
			errno = EINVAL;
		else
			result = read_all(fd, out);
	}
	error = errno;
	(void)close(fd);
	errno = error;
	return result;
}

size_t
conf_file_bom(struct str text)
{
	return str_starts(text, STR("\xef\xbb\xbf")) ? 3 : 0;
}

/* file's folder and path in one; path alone when it is absolute. */
char *
conf_file_beside(struct arena *a, const char *file, struct str path)
{
	const char *slash = file == NULL ? NULL : strrchr(file, '/');

	if (slash == NULL || (path.n > 0 && path.p[0] == '/'))
		return arena_strdup(a, path);
	return arena_printf(a, "%.*s%.*s", (int)(slash + 1 - file), file,
	    (int)path.n, path.p);
}

/* Takes "//", "/./", "/../" and a last slash out of an absolute path. */
static void
normalise(char *path)
{
	char *from = path, *to = path;
	size_t n;

	while (*from != '\0') {
		from += strspn(from, "/");
		n = strcspn(from, "/");
		if (n == 2 && memcmp(from, "..", 2) == 0) {
			while (to > path && *--to != '/')
				;
		} else if (n > 0 && !(n == 1 && *from == '.')) {
			*to++ = '/';
			memmove(to, from, n);
			to += n;
		}
		from += n;
	}
	if (to == path)
		*to++ = '/';
	*to = '\0';
}

char *
conf_file_resolve(struct arena *a, const char *file, struct str path)
{
	char *result = conf_file_beside(a, file, path), *cwd;

	if (result != NULL && result[0] != '/') {
		cwd = getcwd(NULL, 0);
		if (cwd == NULL)
			return NULL;
		result = arena_printf(a, "%s/%s", cwd, result);
		free(cwd);
	}
	if (result != NULL)
		normalise(result);
	return result;
}
