/*
 * Reading a pid file. The lock on it, and nothing else, says that somebody
 * lives: its text may be an old one, or a dead one's.
 */
#include "master/pidfile.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "common/str.h"

#define TEXT_MAX	24

/* The number in the file, or 0. */
static pid_t
read_pid(int fd)
{
	char text[TEXT_MAX];
	ssize_t n = read(fd, text, sizeof(text));
	uint64_t pid = 0;

	if (n < 2 || text[n - 1] != '\n' || str_u64((struct str){ text,
	    (size_t)n - 1 }, INT32_MAX, &pid) == -1)
		return 0;
	return (pid_t)pid;
}

struct pidfile
pidfile_look(const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct pidfile p = { .state = PIDFILE_UNKNOWN, .error = errno };
	struct stat st;

	if (fd == -1) {
		if (p.error == ENOENT)
			p.state = PIDFILE_NONE;
		return p;
	}
	/* Closing gives the lock back, if it was to be had. */
	if (flock(fd, LOCK_SH | LOCK_NB) == 0) {
		p.state = PIDFILE_STALE;
	} else if (errno == EWOULDBLOCK) {
		p.state = PIDFILE_HELD;
		p.pid = read_pid(fd);
		if (fstat(fd, &st) == 0)
			p.since = st.st_mtime;
	} else {
		p.error = errno;
	}
	(void)close(fd);
	return p;
}

void
pidfile_since(const struct pidfile *p, char text[PIDFILE_TIME])
{
	struct tm tm;

	(void)localtime_r(&p->since, &tm);
	if (strftime(text, PIDFILE_TIME, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		text[0] = '\0';
}
