/* Binding and connecting to a path that may be longer than sun_path. */
#include "common/unixsock.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/net.h"

#define BACKLOG		8
#define CONNECT_S	10

/* The address of path, and the descriptor it needs while it is used (-1:
 * none). Where the path does not fit its folder is opened, which has a short
 * name in /proc. */
struct place {
	struct sockaddr_un addr;
	int folder;
};

static int
find_folder(struct place *p, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder;
	int n;

	if (slash == NULL || slash == path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	folder = strndup(path, (size_t)(slash - path));
	if (folder == NULL)
		return -1;
	p->folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	free(folder);
	if (p->folder == -1)
		return -1;
	n = snprintf(p->addr.sun_path, sizeof(p->addr.sun_path),
	    "/proc/self/fd/%d%s", p->folder, slash);
	if ((size_t)n < sizeof(p->addr.sun_path))
		return 0;
	(void)close(p->folder);
	errno = ENAMETOOLONG;
	return -1;
}

static int
find(struct place *p, const char *path)
{
	*p = (struct place){ .addr.sun_family = AF_UNIX, .folder = -1 };
	if (strlen(path) >= sizeof(p->addr.sun_path))
		return find_folder(p, path);
	(void)snprintf(p->addr.sun_path, sizeof(p->addr.sun_path), "%s", path);
	return 0;
}

static void
release(const struct place *p)
{
	int error = errno;

	if (p->folder != -1)
		(void)close(p->folder);
	errno = error;
}

static const struct sockaddr *
address(const struct place *p)
{
	return (const struct sockaddr *)&p->addr;
}

int
unixsock_client(int patience_s)
{
	struct timeval patience = { .tv_sec = patience_s };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	/* Without it there is no end to a stopped process's full queue, and
	 * that is all. */
	if (fd != -1)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
		    sizeof(patience));
	return fd;
}

int
unixsock_connect(const char *path)
{
	int fd = unixsock_client(CONNECT_S);
	struct place p;
	int rc;

	if (fd == -1)
		return -1;
	if (find(&p, path) == -1)
		return net_give_up(fd);
	rc = connect(fd, address(&p), sizeof(p.addr));
	release(&p);
	return rc == -1 ? net_give_up(fd) : fd;
}

/* Removes a socket whose listener has died: 0, or -1 with EADDRINUSE. */
static int
remove_dead(const char *path)
{
	struct stat st;
	int fd;

	errno = EADDRINUSE;
	if (lstat(path, &st) == -1 || !S_ISSOCK(st.st_mode))
		return -1;
	fd = unixsock_connect(path);
	if (fd == -1 && errno == ECONNREFUSED && unlink(path) == 0)
		return 0;
	if (fd != -1)
		(void)close(fd);
	errno = EADDRINUSE;
	return -1;
}

static int
bind_to(int fd, const char *path, unsigned mode)
{
	struct place p;
	mode_t mask;
	int rc;

	if (find(&p, path) == -1)
		return -1;
	mask = umask(0777 & ~(mode_t)mode);
	rc = bind(fd, address(&p), sizeof(p.addr));
	(void)umask(mask);
	release(&p);
	return rc;
}

int
unixsock_bind(const char *path, unsigned mode)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);

	if (fd == -1)
		return -1;
	if (bind_to(fd, path, mode) == -1 && (errno != EADDRINUSE ||
	    remove_dead(path) == -1 || bind_to(fd, path, mode) == -1))
		return net_give_up(fd);
	return fd;
}

int
unixsock_listen(const char *path)
{
	int fd = unixsock_bind(path, 0600);

	if (fd == -1 || listen(fd, BACKLOG) == 0)
		return fd;
	return net_give_up(fd);
}
