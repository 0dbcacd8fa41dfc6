/*
 * Signal-driven input: F_SETSIG, and a signalfd to read it from.
 */
#include "worker/announce.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/sig.h"

#if defined(__linux__) && defined(F_SETSIG)

#include <sys/signalfd.h>

#define READ_MAX	64	/* signals at a time */

/* A queued signal; SIGIO comes in its place when the queue is full. */
static void
add_ours(sigset_t *set)
{
	(void)sigaddset(set, SIGRTMIN);
	(void)sigaddset(set, SIGIO);
}

int
announce_open(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	add_ours(&set);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == -1)
		return -1;
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

const sigset_t *
announce_wait_mask(void)
{
	static sigset_t mask;	/* made once */
	static bool made;

	if (!made) {
		mask = *sig_wait_mask();
		add_ours(&mask);
		made = true;
	}
	return &mask;
}

int
announce_start(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1 || fcntl(fd, F_SETOWN, getpid()) == -1 ||
	    fcntl(fd, F_SETSIG, SIGRTMIN) == -1 ||
	    fcntl(fd, F_SETFL, flags | O_ASYNC) == -1)
		return -1;
	/* Where there is no such thing the flag is silently left out. */
	flags = fcntl(fd, F_GETFL);
	return flags != -1 && (flags & O_ASYNC) ? 0 : -1;
}

void
announce_stop(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	/* If it fails there is a signal too many. */
	if (flags != -1)
		(void)fcntl(fd, F_SETFL, flags & ~O_ASYNC);
}

/* Of UNIX sockets the kernel announces room only after a send that failed with
 * O_ASYNC on; of others whenever somebody waited for it. */
bool
announce_is_mute(int fd)
{
	int domain;
	socklen_t n = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) == 0 &&
	    domain == AF_UNIX;
}

int
announce_read(int from, int *fds, int room, bool *lost)
{
	struct signalfd_siginfo info[READ_MAX];
	size_t most = (size_t)(room < READ_MAX ? room : READ_MAX);
	ssize_t n = read(from, info, most * sizeof(*info));
	int found = 0;

	for (ssize_t i = 0; i < n / (ssize_t)sizeof(*info); i++) {
		if (info[i].ssi_signo == SIGIO)
			*lost = true;
		else
			fds[found++] = info[i].ssi_fd;
	}
	return found;
}

#else

int
announce_open(void)
{
	return -1;
}

const sigset_t *
announce_wait_mask(void)
{
	return sig_wait_mask();
}

int
announce_start(int fd)
{
	(void)fd;
	return -1;
}

void
announce_stop(int fd)
{
	(void)fd;
}

bool
announce_is_mute(int fd)
{
	(void)fd;
	return false;
}

int
announce_read(int from, int *fds, int room, bool *lost)
{
	(void)from;
	(void)fds;
	(void)room;
	(void)lost;
	return 0;
}

#endif
