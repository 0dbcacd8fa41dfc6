/*
 * The child puts what it keeps into three places of the shared table that are
 * held free for that, and then asks for a table of its own with nothing in it
 * above these: only what is below them is copied. Its worker, which has slept
 * meanwhile, takes the places back.
 *
 *	0 1 2 | listeners, logs ... | places | thousands of connections
 *	copied, then closed                  | not copied
 */
#include "worker/serve/cgi_share.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

/* AddressSanitizer would go on watching what the child left on the stack that
 * it was lent; of vfork it knows. */
#if defined(CLOSE_RANGE_UNSHARE) && !defined(__SANITIZE_ADDRESS__)

#define NPLACES		3
#define STACK_SIZE	32768	/* for a few system calls */

static int null = -1;			/* owned: /dev/null */
static int places[NPLACES] = { -1, -1, -1 };	/* owned, of it too */
static int end;				/* above all of them */

void
cgi_share_open(void)
{
	int i;

	/* Asks for nothing but whether there is such a thing. */
	if (close_range(~0u, ~0u, CLOSE_RANGE_UNSHARE) == -1)
		return;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	end = null == -1 ? 0 : 3;
	for (i = 0; i < NPLACES && end > 0; i++) {
		places[i] = fcntl(null, F_DUPFD_CLOEXEC, 3);
		if (places[i] == -1)
			end = 0;
		else if (places[i] >= end)
			end = places[i] + 1;
	}
}

void
cgi_share_close(void)
{
	int i;

	for (i = 0; i < NPLACES; i++) {
		if (places[i] != -1)
			(void)close(places[i]);
		places[i] = -1;
	}
	if (null != -1)
		(void)close(null);
	null = -1;
	end = 0;
}

bool
cgi_share_pays(unsigned descriptors)
{
	return end > 0 && descriptors >= CGI_SHARE_FROM;
}

/* Takes back what the child put there. */
static void
clear_places(void)
{
	int i;

	for (i = 0; i < NPLACES; i++)
		while (dup3(null, places[i], O_CLOEXEC) == -1 &&
		    errno == EINTR)
			continue;
}

pid_t
cgi_share_fork(int (*child)(void *arg), void *arg)
{
	_Alignas(16) char stack[STACK_SIZE];
	int saved;
	pid_t pid;

	assert(end > 0);
	pid = clone(child, stack + sizeof(stack),
	    CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, arg);
	saved = errno;
	clear_places();
	errno = saved;
	return pid;
}

int
cgi_share_leave(int fds[3])
{
	int i;

	for (i = 0; i < NPLACES; i++) {
		if (dup3(fds[i], places[i], O_CLOEXEC) == -1)
			return -1;
		fds[i] = places[i];
	}
	return close_range((unsigned)end, ~0u, CLOSE_RANGE_UNSHARE);
}

#else

void
cgi_share_open(void)
{
}

void
cgi_share_close(void)
{
}

bool
cgi_share_pays(unsigned descriptors)
{
	(void)descriptors;
	return false;
}

pid_t
cgi_share_fork(int (*child)(void *arg), void *arg)
{
	(void)child;
	(void)arg;
	errno = ENOSYS;
	return -1;
}

int
cgi_share_leave(int fds[3])
{
	(void)fds;
	errno = ENOSYS;
	return -1;
}

#endif
