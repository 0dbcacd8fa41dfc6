/*
 * beneath: opens files below a directory descriptor and never outside it.
 *
 * Called for everything that a client can name. The kernel enforces the
 * boundary, in one step that no rename can race.
 */
#include "worker/serve/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "worker/serve/beneath_walk.h"

#define RACE_RETRIES	3	/* openat2 says EAGAIN when a rename races */

/* The kernel refuses all but a few flags together with O_PATH. */
static int
all_flags(int flags)
{
	if ((flags & O_PATH) != 0)
		return flags | O_CLOEXEC;
	return flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
}

static uint64_t
resolve_flags(enum conf_symlinks links)
{
	switch (links) {
	case CONF_SYMLINKS_ON:
		return RESOLVE_NO_MAGICLINKS;
	case CONF_SYMLINKS_BENEATH:
		return RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
	default:
		return RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
	}
}

static int
open_by_kernel(int dir, const char *path, int flags, enum conf_symlinks links)
{
	struct open_how how;
	int fd, tries;

	memset(&how, 0, sizeof(how));
	how.flags = (uint64_t)flags;
	how.resolve = resolve_flags(links);
	tries = 0;
	do {
		fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
	} while (fd == -1 && (errno == EINTR ||
	    (errno == EAGAIN && tries++ < RACE_RETRIES)));
	return fd;
}

/* Is there a ".." on the way? Links that are followed anywhere are no leave to
 * name what is outside. */
static bool
goes_up(const char *path)
{
	for (const char *p = strstr(path, ".."); p != NULL;
	    p = strstr(p + 1, ".."))
		if ((p == path || p[-1] == '/') &&
		    (p[2] == '\0' || p[2] == '/'))
			return true;
	return false;
}

int
beneath_open(int dir, const char *path, int flags, enum conf_symlinks links)
{
	static bool no_openat2;
	int fd;

	flags = all_flags(flags);
	if (path[0] == '/' || (links == CONF_SYMLINKS_ON && goes_up(path))) {
		errno = EXDEV;
		return -1;
	}
	if (!no_openat2) {
		fd = open_by_kernel(dir, path, flags, links);
		/* EPERM is what an older sandbox says to a call that it does
		 * not know; the walk finds out what is true of the file. So it
		 * does when renames do not let the kernel be sure. */
		if (fd != -1 || (errno != ENOSYS && errno != EPERM &&
		    errno != EAGAIN))
			return fd;
		no_openat2 = errno == ENOSYS;
	}
	return beneath_walk(dir, path, flags, links);
}
