/* Names of UNIX sockets: made, shared, removed. */
#include "master/sockfile.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/unixsock.h"

struct sockfile {
	char *path;			/* owned */
	dev_t dev;			/* which file it was */
	ino_t ino;
	pid_t owner;			/* the process that made it */
	unsigned users;
};

static struct sockfile *
new_file(const char *path)
{
	struct sockfile *f = calloc(1, sizeof(*f));
	struct stat st;

	if (f == NULL)
		return NULL;
	f->path = strdup(path);
	if (f->path == NULL || lstat(path, &st) == -1) {
		free(f->path);
		free(f);
		return NULL;
	}
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	f->owner = getpid();
	f->users = 1;
	return f;
}

static int
give_up(int fd, const char *path)
{
	int error = errno;

	(void)unlink(path);
	(void)close(fd);
	errno = error;
	return -1;
}

int
sockfile_listen(const struct conf_listen *c, struct sockfile **file)
{
	int fd = unixsock_bind(c->path, c->mode);

	*file = NULL;
	if (fd == -1)
		return -1;
	if (listen(fd, c->backlog > 0 ? c->backlog : INT_MAX) == -1)
		return give_up(fd, c->path);
	*file = new_file(c->path);
	return *file == NULL ? give_up(fd, c->path) : fd;
}

struct sockfile *
sockfile_share(struct sockfile *f)
{
	f->users++;
	return f;
}

/* Nobody has put anything else there? */
static bool
is_there(const struct sockfile *f)
{
	struct stat st;

	return lstat(f->path, &st) == 0 && st.st_dev == f->dev &&
	    st.st_ino == f->ino;
}

void
sockfile_admit(const struct sockfile *f, const struct conf_listen *c)
{
	if (is_there(f) && chmod(f->path, c->mode) == -1)
		log_warn("the mode of %s cannot be changed: %s", c->name,
		    strerror(errno));
}

void
sockfile_drop(struct sockfile *f)
{
	if (f == NULL || --f->users > 0)
		return;
	if (f->owner == getpid() && is_there(f))
		(void)unlink(f->path);
	free(f->path);
	free(f);
}

int
sockfile_check(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct stat st;
	char *folder;
	int rc;

	if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode)) {
		errno = EADDRINUSE;
		return -1;
	}
	folder = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	if (folder == NULL)
		return -1;
	rc = faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS);
	free(folder);
	return rc;
}
