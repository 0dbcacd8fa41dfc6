/* Sockets in the file system: dead ones are replaced, nothing else is. */
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/unixsock.h"
#include "t/unit/tap.h"

static char dir[] = "/tmp/pyked-unixsock-XXXXXX";

/* A client of path is taken by fd. */
static bool
meets(const char *path, int fd)
{
	int client = unixsock_connect(path), taken = accept(fd, NULL, NULL);
	bool met = client != -1 && taken != -1;

	if (client != -1)
		(void)close(client);
	if (taken != -1)
		(void)close(taken);
	return met;
}

static void
test_path(const char *what, const char *path)
{
	struct stat st = { .st_mode = 0 };
	int fd = unixsock_listen(path), second;

	ok(fd != -1 && lstat(path, &st) == 0 && S_ISSOCK(st.st_mode),
	    "%s: listens", what);
	ok((st.st_mode & 07777) == 0600, "for its user alone");
	ok((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0 &&
	    (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0, "close-on-exec, "
	    "non-blocking");
	ok(accept(fd, NULL, NULL) == -1 && errno == EAGAIN && meets(path, fd),
	    "and is reached");
	second = unixsock_listen(path);
	ok(second == -1 && errno == EADDRINUSE, "a live one is not replaced");
	/* The attempt has left a connection that is over. */
	(void)close(accept(fd, NULL, NULL));
	ok(meets(path, fd), "nor harmed");
	(void)close(fd);
	ok(unixsock_connect(path) == -1 && errno == ECONNREFUSED,
	    "a dead one refuses");
	fd = unixsock_listen(path);
	ok(fd != -1 && meets(path, fd), "and is replaced");
	(void)close(fd);
	(void)unlink(path);
	ok(unixsock_connect(path) == -1 && errno == ENOENT, "none is none");
}

int
main(void)
{
	char path[PATH_MAX], folder[PATH_MAX / 2];
	int fd;

	if (mkdtemp(dir) == NULL)
		return 1;
	(void)snprintf(path, sizeof(path), "%s/short", dir);
	test_path("a short path", path);
	(void)snprintf(folder, sizeof(folder), "%s/%0200d", dir, 0);
	(void)mkdir(folder, 0700);
	(void)snprintf(path, sizeof(path), "%s/name", folder);
	test_path("a long path", path);
	(void)snprintf(path, sizeof(path), "%s/%0200d", folder, 0);
	ok(unixsock_listen(path) == -1 && errno == ENAMETOOLONG,
	    "a name alone may be too long");

	(void)snprintf(path, sizeof(path), "%s/file", dir);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	ok(fd != -1 && close(fd) == 0 && unixsock_listen(path) == -1 &&
	    errno == EADDRINUSE && access(path, F_OK) == 0,
	    "a file is left alone");
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "%s/none/x", dir);
	ok(unixsock_listen(path) == -1 && errno == ENOENT, "no folder");
	(void)rmdir(folder);
	(void)rmdir(dir);
	return done_testing();
}
