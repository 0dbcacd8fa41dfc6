/*
 * Detaching from the command that started us, and the locked pid file.
 */
#include "master/daemon.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <libutil.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/str.h"
#include "common/sig.h"
#include "master/pidfile.h"
#include "master/priv.h"

#define PID_TEXT	24	/* a process id, a newline, a NUL */

/* --- into the background --- */

/* The starting command: one byte means that all workers are ready. */
static _Noreturn void
wait_for_child(int report, pid_t child)
{
	ssize_t n;
	char byte;
	int status;

	/* Somebody may lose patience here: the child has its own session. */
	(void)sigprocmask(SIG_SETMASK, sig_wait_mask(), NULL);
	do {
		n = read(report, &byte, 1);
	} while (n == -1 && errno == EINTR);
	if (n == 1)
		_exit(0);
	while (waitpid(child, &status, 0) == -1) {
		if (errno != EINTR)
			_exit(1);
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
		_exit(WEXITSTATUS(status));
	_exit(1);
}

int
daemon_detach(struct daemon *d)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) == -1) {
		log_error("cannot make a pipe: %s", strerror(errno));
		return -1;
	}
	pid = fork();
	if (pid > 0) {
		(void)close(ends[1]);
		wait_for_child(ends[0], pid);
	}
	(void)close(ends[0]);
	if (pid == -1) {
		log_error("cannot fork: %s", strerror(errno));
		(void)close(ends[1]);
		return -1;
	}
	/* Cannot fail in a child just forked: it leads no group. */
	(void)setsid();
	d->report = ends[1];
	return 0;
}

void
daemon_leave_terminal(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC), i;

	if (fd == -1)
		return;
	/* dup2 does not copy close-on-exec: scripts need these three. */
	for (i = 0; i <= STDERR_FILENO; i++)
		(void)dup2(fd, i);
	if (fd > STDERR_FILENO)
		(void)close(fd);
}

void
daemon_ready(struct daemon *d)
{
	/* When nobody waits any more, that is no reason not to go on. */
	ssize_t ignored = write(d->report, "R", 1);

	(void)ignored;
	(void)close(d->report);
	d->report = -1;
	daemon_leave_terminal();
}

/* --- the pid file --- */

static void
tell_holder(const struct conf *conf)
{
	struct pidfile p = pidfile_look(conf->pidfile);
	char since[PIDFILE_TIME];

	pidfile_since(&p, since);
	if (p.pid == 0)
		log_error("another pyked is just starting or ending: it holds "
		    "%s", conf->pidfile);
	else if (conf->file == conf_command_line)
		log_error("another pyked runs already: process %ld, since %s, "
		    "says %s; \"kill %ld\" ends it", (long)p.pid, since,
		    conf->pidfile, (long)p.pid);
	else
		log_error("another pyked runs already: process %ld, since %s, "
		    "says %s; \"pyked -c %s reload\" (or stop) is for that "
		    "one, and a second one needs a pidfile and ports of its "
		    "own", (long)p.pid, since, conf->pidfile, conf->file);
}

static const char *
name_another(const struct conf *conf)
{
	return conf->file == conf_command_line ? "name another lock file" :
	    "name another one with \"pidfile\"";
}

static void
tell_failure(const struct conf *conf, int error)
{
	const char *path = conf->pidfile;

	if (error == EWOULDBLOCK)
		tell_holder(conf);
	else if (error == ELOOP)
		log_error("cannot use the pid file %s: it is a symbolic link",
		    path);
	else if (error == ENOTEMPTY)
		log_error("the pid file %s is there and holds something else, "
		    "which is left as it is: %s", path, name_another(conf));
	else
		log_error("cannot use the pid file %s: %s; %s", path,
		    strerror(error), name_another(conf));
}

/* Empty, or a number and the end of its line: nothing is lost with it. */
static bool
holds_pid(int fd)
{
	char text[PID_TEXT];
	ssize_t n = pread(fd, text, sizeof(text), 0);
	uint64_t pid;

	return n == 0 || (n > 1 && (size_t)n < sizeof(text) &&
	    text[n - 1] == '\n' && str_u64((struct str){ text, (size_t)n - 1 },
	    INT32_MAX, &pid) == 0);
}

static int
write_pid(int fd)
{
	char text[PID_TEXT];
	int n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	if (ftruncate(fd, 0) == -1)
		return -1;
	return write(fd, text, (size_t)n) == n ? 0 : -1;
}

/* Whoever only asks whether we run has the lock for a moment as well: only
 * the second refusal counts. */
static int
open_locked(const char *path)
{
	static const struct timespec moment = { .tv_nsec = 20000000 };
	int fd, i;

	for (i = 0;; i++) {
		fd = flopen(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK |
		    O_CLOEXEC, 0644);
		if (fd != -1 || errno != EWOULDBLOCK || i > 0)
			return fd;
		(void)nanosleep(&moment, NULL);
	}
}

int
daemon_lock(struct daemon *d, const struct conf *conf)
{
	mode_t mask;

	if (!conf->pidfile_set)
		priv_make_folder_of(conf->pidfile);
	/* Everybody may read who runs; nobody waits for the lock. */
	mask = umask(022);
	d->pidfile = open_locked(conf->pidfile);
	(void)umask(mask);
	if (d->pidfile == -1) {
		tell_failure(conf, errno);
		return -1;
	}
	if (!holds_pid(d->pidfile)) {
		tell_failure(conf, ENOTEMPTY);
		return -1;
	}
	d->path = strdup(conf->pidfile);
	if (d->path != NULL && write_pid(d->pidfile) == 0)
		return 0;
	tell_failure(conf, errno);
	return -1;
}

void
daemon_forget(struct daemon *d)
{
	if (d->report != -1)
		(void)close(d->report);
	/* The lock belongs to the open file: it stays the master's. */
	if (d->pidfile != -1)
		(void)close(d->pidfile);
	d->report = d->pidfile = -1;
	free(d->path);
	d->path = NULL;
}

void
daemon_end(struct daemon *d)
{
	if (d->path != NULL)
		(void)unlink(d->path);
	daemon_forget(d);
}
