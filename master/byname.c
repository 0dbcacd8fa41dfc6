/* From a file's name to a socket's. */
#include "master/byname.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/net.h"
#include "common/unixsock.h"

#define BACKLOG		8
/* Whoever has taken the name before us does not hold anybody up with it. */
#define CONNECT_S	1

/* FNV-1a: the name must be short, and nothing depends on it being secret. */
static uint64_t
hash(uint64_t h, const char *p)
{
	for (; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * 0x100000001b3;
	return h;
}

/* The folder is resolved, as it is reached in many ways; the last name stands
 * for whatever it is a link to. */
static uint64_t
hash_file(uint64_t h, const char *file)
{
	const char *slash = strrchr(file, '/');
	char *folder = slash == NULL ? NULL :
	    strndup(file, (size_t)(slash - file) + 1);
	char *real = folder == NULL ? NULL : realpath(folder, NULL);

	if (real != NULL)
		h = hash(hash(h, real), slash);
	else
		h = hash(h, file);
	free(real);
	free(folder);
	return h;
}

/* Containers may share a network, and with it these names: each has a root of
 * its own. */
static socklen_t
make_address(const char *file, struct sockaddr_un *addr)
{
	struct stat st = { .st_ino = 0 };
	char root[48];
	uint64_t h = 0xcbf29ce484222325;
	int n;

	(void)stat("/", &st);
	(void)snprintf(root, sizeof(root), "%llu:%llu ",
	    (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	h = hash_file(hash(h, root), file);
	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	n = snprintf(addr->sun_path + 1, sizeof(addr->sun_path) - 1,
	    "pyked-%016llx", (unsigned long long)h);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
	    (size_t)n);
}

int
byname_listen(const char *file)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	struct sockaddr_un addr;
	socklen_t len = make_address(file, &addr);

	if (fd == -1)
		return -1;
	if (bind(fd, (const struct sockaddr *)&addr, len) == -1 ||
	    listen(fd, BACKLOG) == -1)
		return net_give_up(fd);
	return fd;
}

int
byname_connect(const char *file)
{
	int fd = unixsock_client(CONNECT_S);
	struct sockaddr_un addr;
	socklen_t len = make_address(file, &addr);

	if (fd == -1)
		return -1;
	if (connect(fd, (const struct sockaddr *)&addr, len) == -1)
		return net_give_up(fd);
	return fd;
}
