/*
 * The protocol of sd_notify(3): one datagram of NAME=value lines. Nothing is
 * waited for, and a manager that does not listen changes nothing.
 */
#include "master/notify.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct sockaddr_un manager;
static socklen_t manager_len;		/* 0 = nobody is to be told */

void
notify_save(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t n = path == NULL ? 0 : strlen(path);

	manager_len = 0;
	if (n < 2 || (path[0] != '/' && path[0] != '@') ||
	    n >= sizeof(manager.sun_path))
		return;
	manager.sun_family = AF_UNIX;
	memcpy(manager.sun_path, path, n);
	/* "@" is how the NUL of an abstract name is written. */
	if (path[0] == '@')
		manager.sun_path[0] = '\0';
	manager_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
}

static void
tell(const char *text)
{
	ssize_t ignored;
	int fd;

	if (manager_len == 0)
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return;
	ignored = sendto(fd, text, strlen(text), MSG_NOSIGNAL,
	    (const struct sockaddr *)&manager, manager_len);
	(void)ignored;
	(void)close(fd);
}

void
notify_ready(unsigned generation)
{
	char text[128];

	(void)snprintf(text, sizeof(text),
	    "READY=1\nMAINPID=%ld\nSTATUS=generation %u serves\n",
	    (long)getpid(), generation);
	tell(text);
}

void
notify_reloading(void)
{
	struct timespec now;
	char text[128];

	/* The manager must be able to tell this reload from an earlier one. */
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	(void)snprintf(text, sizeof(text),
	    "RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=reloading\n",
	    (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	tell(text);
}

void
notify_stopping(void)
{
	tell("STOPPING=1\nSTATUS=stopping\n");
}
