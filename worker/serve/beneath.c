/*
 * beneath: opens files below a directory descriptor and never outside it.
 *
 * Called for everything that a client can name. The kernel enforces the
 * boundary, in one step that no rename can race; the walk for kernels without
 * openat2 buys the same safety by following no symbolic link at all.
 */
#include "worker/serve/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RACE_RETRIES	3	/* openat2 says EAGAIN when a rename races */

/* The kernel refuses all but a few flags together with O_PATH. */
static int
all_flags(int flags)
{
	if ((flags & O_PATH) != 0)
		return flags | O_CLOEXEC;
	return flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
}

static int
open_by_kernel(int dir, const char *path, int flags)
{
	struct open_how how;
	int fd, tries;

	memset(&how, 0, sizeof(how));
	how.flags = (uint64_t)all_flags(flags);
	how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
	tries = 0;
	do {
		fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
	} while (fd == -1 && (errno == EINTR ||
	    (errno == EAGAIN && tries++ < RACE_RETRIES)));
	return fd;
}

/* The last component; a link is refused, where O_PATH would open the link. */
static int
open_last(int dir, const char *name, int flags)
{
	struct stat st;
	int fd;

	fd = openat(dir, name, all_flags(flags) | O_NOFOLLOW);
	if (fd == -1 || (flags & O_PATH) == 0)
		return fd;
	if (fstat(fd, &st) == 0 && !S_ISLNK(st.st_mode))
		return fd;
	(void)close(fd);
	errno = ELOOP;
	return -1;
}

/* Takes the next component off *path into name: 0, or -1 with errno. */
static int
next_component(const char **path, char name[NAME_MAX + 1])
{
	size_t n;

	n = strcspn(*path, "/");
	if (n > NAME_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(name, *path, n);
	name[n] = '\0';
	if (strcmp(name, "..") == 0) {
		errno = EXDEV;
		return -1;
	}
	*path += n;
	*path += strspn(*path, "/");
	return 0;
}

/* Closes fd unless it is the caller's own descriptor; errno survives. */
static void
close_step(int fd, int dir)
{
	int saved;

	saved = errno;
	if (fd != dir)
		(void)close(fd);
	errno = saved;
}

static int
open_by_walk(int dir, const char *path, int flags)
{
	char name[NAME_MAX + 1];
	int fd, next;

	if (path[0] == '/' || path[0] == '\0') {
		errno = path[0] == '/' ? EXDEV : ENOENT;
		return -1;
	}
	if (path[strlen(path) - 1] == '/')
		flags |= O_DIRECTORY;
	for (fd = dir; next_component(&path, name) == 0; fd = next) {
		if (*path == '\0') {
			next = open_last(fd, name, flags);
			close_step(fd, dir);
			return next;
		}
		next = openat(fd, name,
		    O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		close_step(fd, dir);
		if (next == -1)
			return -1;
	}
	close_step(fd, dir);
	return -1;
}

int
beneath_open(int dir, const char *path, int flags)
{
	static bool no_openat2;
	int fd;

	if (!no_openat2) {
		fd = open_by_kernel(dir, path, flags);
		/* EPERM is what an older sandbox says to a call that it does
		 * not know; the walk finds out what is true of the file. */
		if (fd != -1 || (errno != ENOSYS && errno != EPERM))
			return fd;
		no_openat2 = errno == ENOSYS;
	}
	return open_by_walk(dir, path, flags);
}
