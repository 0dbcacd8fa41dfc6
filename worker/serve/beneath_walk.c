/*
 * beneath_walk: a path resolved one component at a time.
 *
 * No component is opened through a symbolic link: a link is read and its
 * target put in its place, and a ".." takes the component before it out, and
 * then the walk begins anew. So the kernel never resolves a link or a ".." of
 * its own, and each step is from a directory to what is in it: wherever a
 * rename moves things meanwhile, the walk stays below the directory it began
 * in.
 */
#include "worker/serve/beneath_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define TURNS_MAX	64	/* links and ".." of one path; the kernel has 40
				 * links */
#define AGAIN		(-2)	/* the path was changed: begin anew */

struct walk {
	int dir;			/* borrowed: where it begins */
	int top;			/* owned; "/", once a link led there: it
					 * begins there then; or -1 */
	enum conf_symlinks links;
	int flags;
	size_t at;			/* the component at hand in path */
	size_t n;			/* its length */
	char path[PATH_MAX];		/* no "." and no empty component before
					 * at */
};

static int
fail(int error)
{
	errno = error;
	return -1;
}

/* Closes fd unless a walk begins there; errno survives. */
static void
close_step(const struct walk *w, int fd)
{
	int saved = errno;

	if (fd != w->dir && fd != w->top)
		(void)close(fd);
	errno = saved;
}

/* Puts text in the place of n bytes of the path. */
static int
replace(struct walk *w, size_t at, size_t n, struct str text)
{
	size_t rest = strlen(w->path + at + n) + 1;

	if (at + text.n + rest > sizeof(w->path))
		return fail(ENAMETOOLONG);
	memmove(w->path + at + text.n, w->path + at + n, rest);
	memcpy(w->path + at, text.p, text.n);
	return AGAIN;
}

/* Finds the next component and drops empty ones and "." before it. False at
 * the end of the path. */
static bool
find_component(struct walk *w)
{
	while (w->path[w->at] != '\0') {
		w->n = strcspn(w->path + w->at, "/");
		if (w->n > 1 || (w->n == 1 && w->path[w->at] != '.'))
			return true;
		(void)replace(w, w->at, w->n + (w->path[w->at + w->n] == '/'),
		    STR(""));
	}
	return false;
}

/* ".." and what is before it vanish. */
static int
step_back(struct walk *w)
{
	size_t from = w->at - 1;

	if (w->at == 0)
		return fail(EXDEV);
	while (from > 0 && w->path[from - 1] != '/')
		from--;
	return replace(w, from, w->at + w->n - from, STR("."));
}

/* Links of /proc mean an open file, whatever they look like. */
static bool
is_magic(int link)
{
	struct statfs fs;

	return fstatfs(link, &fs) == -1 || fs.f_type == PROC_SUPER_MAGIC;
}

/* A link's target begins at "/": with the policy `on` so does the path. */
static int
go_to_top(struct walk *w, struct str target)
{
	if (w->links != CONF_SYMLINKS_ON)
		return fail(EXDEV);
	if (w->top == -1)
		w->top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (w->top == -1)
		return -1;
	while (target.n > 0 && target.p[0] == '/')
		target = (struct str){ target.p + 1, target.n - 1 };
	return replace(w, 0, w->at + w->n, target.n == 0 ? STR(".") : target);
}

/* What a link says takes its place. */
static int
read_link(struct walk *w, int link)
{
	char target[PATH_MAX];
	ssize_t n;

	if (w->links == CONF_SYMLINKS_OFF || is_magic(link))
		return fail(ELOOP);
	n = readlinkat(link, "", target, sizeof(target));
	if (n <= 0 || (size_t)n == sizeof(target))
		return fail(n == 0 ? ENOENT : n == -1 ? errno : ENAMETOOLONG);
	if (target[0] == '/')
		return go_to_top(w, (struct str){ target, (size_t)n });
	return replace(w, w->at, w->n, (struct str){ target, (size_t)n });
}

/* The last component, found at fd, which it takes. */
static int
open_last(const struct walk *w, int from, const char *name, int fd)
{
	const char *after = w->path + w->at + w->n;
	int flags = w->flags | (*after == '/' ? O_DIRECTORY : 0), opened;

	if (flags == (O_PATH | O_CLOEXEC))
		return fd;
	/* It was no link a moment ago. With O_PATH one could still be opened,
	 * were it not that a directory is asked for then. */
	opened = openat(from, name, flags | O_NOFOLLOW);
	close_step(w, fd);
	return opened;
}

static int
open_component(struct walk *w, int from, bool last)
{
	char name[NAME_MAX + 1];
	struct stat st;
	int fd, result = -1;

	memcpy(name, w->path + w->at, w->n);
	name[w->n] = '\0';
	fd = openat(from, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == 0) {
		if (!S_ISLNK(st.st_mode))
			return last ? open_last(w, from, name, fd) : fd;
		result = read_link(w, fd);
	}
	close_step(w, fd);
	return result;
}

/* One component, seen from the directory `from`: what is opened in it, -1, or
 * AGAIN. */
static int
step(struct walk *w, int from, bool last)
{
	bool back = w->n == 2 && memcmp(w->path + w->at, "..", 2) == 0;

	if (w->n > NAME_MAX)
		return fail(ENAMETOOLONG);
	if (back && w->links != CONF_SYMLINKS_ON)
		return step_back(w);
	return open_component(w, from, last);
}

static int
walk_once(struct walk *w)
{
	int fd = w->top != -1 ? w->top : w->dir, next;
	const char *after;
	bool last;

	for (w->at = 0; find_component(w); w->at += w->n + 1) {
		after = w->path + w->at + w->n;
		last = after[strspn(after, "/")] == '\0';
		next = step(w, fd, last);
		close_step(w, fd);
		if (last || next < 0)
			return next;
		fd = next;
	}
	/* It ends with "." or is nothing else: the directory itself. */
	next = openat(fd, ".", w->flags);
	close_step(w, fd);
	return next;
}

int
beneath_walk(int dir, const char *path, int flags, enum conf_symlinks links)
{
	struct walk w = { .dir = dir, .top = -1, .links = links,
	    .flags = flags };
	unsigned turns = 0;
	int fd, saved;

	if (path[0] == '\0')
		return fail(ENOENT);
	if (strlcpy(w.path, path, sizeof(w.path)) >= sizeof(w.path))
		return fail(ENAMETOOLONG);
	do
		fd = walk_once(&w);
	while (fd == AGAIN && ++turns < TURNS_MAX);
	saved = fd == AGAIN ? ELOOP : errno;
	if (w.top != -1)
		(void)close(w.top);
	return fd >= 0 ? fd : fail(saved);
}
